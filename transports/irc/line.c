#include "line.h"

#include <assert.h>
#include <string.h>

#define PARAMS_OF_LIBRARY 10 /* further ones it loses */

void irc_reader_init(struct irc_reader *r)
{
    *r = (struct irc_reader){ .partial = STRBUF_INIT(IRC_TAGS_MAX + IRC_LINE_MAX + 2) };
}

void irc_reader_release(struct irc_reader *r)
{
    strbuf_release(&r->partial);
}

/* Cut "@tags " off. False if nothing is left. */
static bool split_tags(const char *text, size_t len, struct irc_line *out)
{
    *out = (struct irc_line){ .text = text, .len = len };
    if (*text == '@') {
        const char *space = memchr(text, ' ', len);
        if (!space)
            return false;
        out->tags = text + 1;
        out->tags_len = (size_t)(space - text) - 1;
        out->text = space;
        out->len = len - (size_t)(space - text);
    }
    while (out->len && *out->text == ' ') {
        out->text++;
        out->len--;
    }
    return out->len > 0;
}

/* Returns what the callback does. */
static bool take(struct irc_reader *r, const char *text, size_t len,
                 bool (*each)(void *arg, const struct irc_line *line), void *arg)
{
    struct irc_line line;

    while (len && text[len - 1] == '\r')
        len--;
    if (!len)
        return true;
    if (memchr(text, 0, len) || memchr(text, '\r', len) || !split_tags(text, len, &line) ||
        line.len > IRC_LINE_MAX || line.tags_len + 2 > IRC_TAGS_MAX) {
        r->dropped++;
        return true;
    }
    return each(arg, &line);
}

static void keep(struct irc_reader *r, const char *data, size_t len)
{
    if (r->skipping)
        return;
    strbuf_add(&r->partial, data, len);
    if (r->partial.overflow) {
        strbuf_release(&r->partial);
        r->skipping = true;
        r->dropped++;
    }
}

void irc_reader_feed(struct irc_reader *r, const char *data, size_t len,
                     bool (*line)(void *arg, const struct irc_line *line), void *arg)
{
    bool more = true;

    while (more && len) {
        const char *end = memchr(data, '\n', len);
        if (!end) {
            keep(r, data, len);
            return;
        }
        size_t used = (size_t)(end - data);
        if (r->skipping) {
            r->skipping = false;
        } else if (r->partial.len) {
            keep(r, data, used);
            if (!r->skipping)
                more = take(r, r->partial.data, r->partial.len, line, arg);
            r->skipping = false;
            strbuf_release(&r->partial); /* ten thousand idle links hold no buffer */
        } else {
            more = take(r, data, used, line, arg);
        }
        data += used + 1;
        len -= used + 1;
    }
}

/* --- the contract with libircclient ---------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static size_t word(const char *p, const char *end)
{
    const char *space = memchr(p, ' ', (size_t)(end - p));

    return (size_t)((space ? space : end) - p);
}

static const char *skip_spaces(const char *p, const char *end)
{
    while (p < end && *p == ' ')
        p++;
    return p;
}

static bool is_verb(const char *p, size_t len)
{
    if (len && is_digit(*p))
        return len == 3 && is_digit(p[1]) && is_digit(p[2]);
    for (size_t i = 0; i < len; i++) {
        if (!is_upper(p[i]) && !is_lower(p[i]))
            return false;
    }
    return len > 0;
}

static bool has_lower(const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (is_lower(p[i]))
            return true;
    }
    return false;
}

static bool is(const char *verb, size_t len, const char *name)
{
    return strlen(name) == len && !memcmp(verb, name, len);
}

/* What libircclient does by itself with these, or does wrong:
 * 000 dereferences NULL; 005 has more than ten parameters; KILL it swallows;
 * MODE it takes for ours when our nick is only the beginning of the target;
 * PING it answers. The others are about the connection, which it has not. */
static bool is_reserved(const char *verb, size_t len)
{
    static const char *const reserved[] = { "000",   "005",  "AUTHENTICATE", "CAP",
                                            "ERROR", "KILL", "MODE",         "PING" };

    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if (is(verb, len, reserved[i]))
            return true;
    }
    return false;
}

/* Count the parameters from `p`, which is at the space after the verb or at
 * `end`. Clears *plain for what the library gets wrong in them. */
static unsigned count_params(const char *p, const char *end, bool *plain)
{
    unsigned count = 0;

    while (p < end) {
        const char *param = skip_spaces(p, end);
        if (param != p + 1) /* it makes empty parameters of double spaces */
            *plain = false;
        if (param == end)
            break;
        count++;
        /* CTCP: it cuts requests, swallows DCC, and loses whom it was sent to. */
        const char *text = *param == ':' ? param + 1 : param;
        if (count == 2 && text < end && *text == '\1')
            *plain = false;
        if (*param == ':')
            break;
        p = param + word(param, end);
    }
    return count;
}

enum irc_verdict irc_line_judge(const struct irc_line *line)
{
    const char *p = line->text;
    const char *end = p + line->len;
    bool plain = line->len <= IRC_LIBRARY_MAX;

    if (*p == ':') {
        size_t len = word(p, end);
        if (len < 2 || len == line->len)
            return IRC_LINE_BAD;
        p = skip_spaces(p + len, end);
        plain = plain && p == line->text + len + 1;
    } else {
        plain = false; /* NICK without a source crashes the library */
    }
    size_t len = word(p, end);
    if (!is_verb(p, len))
        return IRC_LINE_BAD;
    if (len < 3 || has_lower(p, len) || is_reserved(p, len))
        plain = false;
    unsigned count = count_params(p + len, end, &plain);
    /* With fewer parameters it reads what the line before left in its buffer. */
    if (count < (is(p, len, "NOTICE") ? 2 : 1) || count > PARAMS_OF_LIBRARY)
        plain = false;
    return plain ? IRC_LINE_PLAIN : IRC_LINE_OURS;
}

void irc_line_parse(const struct irc_line *line, struct irc_pieces *pieces,
                    struct irc_message *out)
{
    char *p = pieces->text;
    unsigned count = 0;

    assert(line->len <= IRC_LINE_MAX);
    memcpy(p, line->text, line->len);
    p[line->len] = 0;
    *out = (struct irc_message){
        .tags = line->tags, .tags_len = line->tags_len, .source = "", .params = pieces->params
    };
    if (*p == ':') {
        out->source = p + 1;
        p += strcspn(p, " ");
        *p++ = 0; /* not bad, so a verb follows */
        p += strspn(p, " ");
    }
    out->verb = p;
    for (; *p && *p != ' '; p++) {
        if (is_lower(*p))
            *p = (char)(*p - 'a' + 'A');
    }
    while (*p && count < IRC_PARAMS_MAX) {
        *p++ = 0;
        p += strspn(p, " ");
        if (!*p)
            break;
        if (*p == ':') {
            pieces->params[count++] = p + 1;
            break;
        }
        pieces->params[count++] = p;
        p += strcspn(p, " ");
    }
    *p = *p == ' ' ? 0 : *p; /* after the last parameter that we keep */
    out->count = count;
}

/* --- sources ---------------------------------------------------------------- */

bool irc_source_nick(const char *source, char *nick, size_t size)
{
    size_t len = strcspn(source, "!@");

    if (!source[len] && memchr(source, '.', len))
        return false;
    if (!len || len >= size)
        return false;
    memcpy(nick, source, len);
    nick[len] = 0;
    return true;
}
