#include "text.h"

#include <string.h>

#include <bridge/utf8.h>

#define BUDGET_MIN 64 /* whatever a server says: pieces of a word would be noise */

/* --- out -------------------------------------------------------------------- */

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static size_t cut(const char *text, size_t len, size_t budget)
{
    if (len <= budget)
        return len;
    /* Not before the middle: a long word after a short one is cut instead. */
    for (size_t i = budget; i > budget / 2; i--) {
        if (text[i] != ' ')
            continue;
        while (i > 1 && text[i - 1] == ' ')
            i--;
        return i;
    }
    size_t n = utf8_cut(text, len, budget);
    return n ? n : budget;
}

size_t text_next_piece(const char **text, size_t budget, const char **piece)
{
    const char *p = *text;

    for (;;) {
        while (is_line_end(*p))
            p++;
        size_t line = strcspn(p, "\r\n");
        size_t len = cut(p, line, budget);
        bool ends = len == line;
        const char *next = p + len;
        while (!ends && *next == ' ') /* the space that was cut at */
            next++;
        if (strspn(p, " \t") < len || !len) {
            *text = next;
            *piece = p;
            return len;
        }
        p = next; /* nothing to see in it */
    }
}

size_t text_budget(size_t linelen, size_t source, const char *verb, const char *target)
{
    /* ":source VERB target :text\r\n" */
    size_t around = 1 + source + 1 + strlen(verb) + 1 + strlen(target) + 2 + 2;

    return around + BUDGET_MIN <= linelen ? linelen - around : BUDGET_MIN;
}

/* --- in --------------------------------------------------------------------- */

static size_t run_of(const char *p, const char *end, const char *set, size_t most)
{
    size_t n = 0;

    while (n < most && p + n < end && p[n] && strchr(set, p[n]))
        n++;
    return n;
}

/* Bytes of "NN,MM" or "RRGGBB,RRGGBB": at least `least` digits a colour, at most
 * `most`. The comma belongs to it only before another colour. */
static size_t colours(const char *p, const char *end, const char *set, size_t least,
                      size_t most)
{
    size_t n = run_of(p, end, set, most);

    if (n < least)
        return 0;
    if (p + n < end && p[n] == ',') {
        size_t second = run_of(p + n + 1, end, set, most);
        if (second >= least)
            n += 1 + second;
    }
    return n;
}

static bool is_colour_code(char c)
{
    return c == '\3' || c == '\4';
}

void text_add_clean(struct strbuf *out, const char *text, size_t len)
{
    const char *end = text + len;
    const char *p = text;

    while (p < end && !is_colour_code(*p))
        p++;
    if (p == end) { /* cleaning drops the other codes: they are control characters */
        utf8_add_clean_latin1(out, text, len);
        return;
    }
    struct strbuf plain = STRBUF_INIT(len);
    strbuf_add(&plain, text, (size_t)(p - text));
    while (p < end) {
        if (*p == '\3')
            p += 1 + colours(p + 1, end, "0123456789", 1, 2);
        else if (*p == '\4')
            p += 1 + colours(p + 1, end, "0123456789abcdefABCDEF", 6, 6);
        else
            strbuf_addch(&plain, *p++);
    }
    utf8_add_clean_latin1(out, strbuf_text(&plain), plain.len);
    strbuf_release(&plain);
}

bool text_parse_ctcp(const char *text, struct text_ctcp *out)
{
    if (*text != '\1')
        return false;
    const char *p = text + 1;
    size_t len = strcspn(p, "\1");
    size_t verb = strcspn(p, " \1");

    out->verb[0] = 0;
    if (verb < sizeof out->verb) {
        for (size_t i = 0; i < verb; i++)
            out->verb[i] = p[i] >= 'a' && p[i] <= 'z' ? (char)(p[i] - 'a' + 'A') : p[i];
        out->verb[verb] = 0;
    }
    out->rest = p + verb + (verb < len);
    out->rest_len = len - verb - (verb < len);
    return true;
}
