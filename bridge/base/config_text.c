#include "config_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include <sodium.h>

#define TEXT_LIMIT   (4u << 20) /* bytes, includes expanded */
#define SOURCE_LIMIT 256        /* files */
#define DEPTH_LIMIT  10         /* of includes in includes */
#define FAULT_LIMIT  (1u << 20)

/* --- faults ---------------------------------------------------------------- */

void config_faults_init(struct config_faults *faults)
{
    *faults = (struct config_faults){ .text = STRBUF_INIT(FAULT_LIMIT) };
}

void config_faults_release(struct config_faults *faults)
{
    strbuf_release(&faults->text);
    faults->count = 0;
}

void config_fault_add(struct config_faults *faults, const char *file, unsigned line,
                      const char *key, const char *message)
{
    struct strbuf fault = STRBUF_INIT(FAULT_LIMIT);

    strbuf_adds(&fault, file);
    if (line)
        strbuf_addf(&fault, ":%u", line);
    if (key && *key)
        strbuf_addf(&fault, ": %s", key);
    strbuf_addf(&fault, ": %s\n", message);
    /* A file with more faults than anyone reads: the first ones are shown. */
    if (fault.len <= FAULT_LIMIT - faults->text.len)
        strbuf_add(&faults->text, fault.data, fault.len);
    faults->count++;
    strbuf_release(&fault);
}

/* --- the scanner ------------------------------------------------------------ */

/* One file on its way into the text. */
struct scan {
    struct config_text *to;
    struct config_faults *faults;
    const char *p;   /* what is not yet copied; there is a NUL at `end` */
    const char *end;
    size_t source;
    unsigned line;
    unsigned depth;
    bool includes;   /* may it include others? */
    bool line_start; /* nothing but blanks so far on this line */
};

static int fail(struct scan *s, const char *message)
{
    config_fault_add(s->faults, s->to->sources[s->source].path, s->line, NULL, message);
    return -1;
}

static void begin_line(struct scan *s)
{
    struct config_text *t = s->to;

    if (!(t->place_count & (t->place_count - 1))) { /* full: at powers of two */
        size_t room = t->place_count ? t->place_count * 2 : 1;
        t->places = bridge_realloc(t->places, room * sizeof *t->places);
    }
    t->places[t->place_count++] = (struct config_place){ s->source, s->line };
    s->line_start = true;
}

/* End the line that is being written, so that the next comes from `s`. */
static void switch_to(struct scan *s)
{
    if (s->to->text.len)
        strbuf_addch(&s->to->text, '\n');
    begin_line(s);
}

static void copy(struct scan *s, size_t len)
{
    for (const char *end = s->p + len; s->p < end;) {
        const char *newline = memchr(s->p, '\n', (size_t)(end - s->p));
        const char *stop = newline ? newline + 1 : end;
        strbuf_add(&s->to->text, s->p, (size_t)(stop - s->p));
        s->p = stop;
        if (newline) {
            s->line++;
            begin_line(s);
        } else {
            s->line_start = false;
        }
    }
}

static int scan_string(struct scan *s)
{
    const char *p = s->p + 1;

    while (p < s->end && *p != '"') {
        if (!strncmp(p, "\\x00", 4) || !strncmp(p, "\\X00", 4))
            return fail(s, "the text that begins here has a NUL character");
        p += *p == '\\' && p + 1 < s->end ? 2 : 1;
    }
    if (p >= s->end)
        return fail(s, "the text that begins here has no closing quote");
    copy(s, (size_t)(p + 1 - s->p));
    return 0;
}

static int scan_comment(struct scan *s)
{
    const char *end;

    if (s->p[0] == '/' && s->p[1] == '*') {
        end = strstr(s->p + 2, "*/");
        if (!end)
            return fail(s, "the comment that begins here has no end");
        copy(s, (size_t)(end + 2 - s->p));
        return 0;
    }
    end = memchr(s->p, '\n', (size_t)(s->end - s->p));
    copy(s, (size_t)((end ? end : s->end) - s->p));
    return 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Could it continue a number, of any kind? */
static bool is_number_part(char c)
{
    return is_digit(c) || is_letter(c) || c == '_' || c == '.' || c == '+' || c == '-';
}

/* Past the whole number at p, and its value; NULL if there is none. */
static const char *whole_number(const char *p, bool *fits)
{
    bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
    const char *digits = p + (hex ? 2 : *p == '-' || *p == '+');
    const char *end = digits;

    while (hex ? is_hex(*end) : is_digit(*end))
        end++;
    if (end == digits)
        return NULL;
    errno = 0;
    (void)strtoll(p, NULL, hex ? 16 : 10);
    *fits = errno == 0;
    return end;
}

static int scan_number(struct scan *s)
{
    const char *word_end = s->p + 1;
    bool fits;

    while (is_number_part(*word_end))
        word_end++;
    const char *end = whole_number(s->p, &fits);
    const char *past = end;
    for (int i = 0; past && i < 2 && *past == 'L'; i++)
        past++;
    if (past != word_end) { /* a fraction, or nonsense: for libconfig to judge */
        copy(s, (size_t)(word_end - s->p));
        return 0;
    }
    if (fits) {
        copy(s, (size_t)(end - s->p));
        strbuf_addch(&s->to->text, 'L');
    } else {
        strbuf_adds(&s->to->text, *s->p == '-' ? "-1.0e99" : "+1.0e99");
    }
    s->p = word_end;
    s->line_start = false;
    return 0;
}

static int scan_name(struct scan *s)
{
    const char *end = s->p + 1;

    while (is_letter(*end) || is_digit(*end) || *end == '-' || *end == '_' || *end == '*')
        end++;
    copy(s, (size_t)(end - s->p));
    return 0;
}

static int scan_blank(struct scan *s)
{
    bool line_start = s->line_start;

    copy(s, 1);
    s->line_start = line_start;
    return 0;
}

static int add_file(struct scan *from, struct config_text *to, const char *path,
                    struct config_faults *faults);

/* @include "path", first on its line. */
static int scan_include(struct scan *s)
{
    static const char word[] = "@include";
    size_t len = sizeof word - 1;

    if (!s->line_start || strncmp(s->p, word, len)) {
        copy(s, 1);
        return 0;
    }
    const char *name = s->p + len;
    name += strspn(name, " \t");
    const char *quote = *name == '"' ? name + 1 + strcspn(name + 1, "\"\n") : NULL;
    if (!quote || *quote != '"')
        return fail(s, "expected @include \"path\"");
    if (!s->includes)
        return fail(s, "nothing can be included here");
    char *path = bridge_strndup(name + 1, (size_t)(quote - name - 1));
    char *beside = config_beside(s->to->sources[s->source].path, path);
    int rc = add_file(s, s->to, beside, s->faults);
    free(beside);
    free(path);
    s->p = quote + 1;
    switch_to(s);
    return rc;
}

static int scan_token(struct scan *s)
{
    char c = *s->p;

    if (c == '"')
        return scan_string(s);
    if (c == '#' || (c == '/' && (s->p[1] == '/' || s->p[1] == '*')))
        return scan_comment(s);
    if (c == '@')
        return scan_include(s);
    if (is_digit(c) || c == '-' || c == '+' || c == '.')
        return scan_number(s);
    if (is_letter(c) || c == '*')
        return scan_name(s);
    if (c == ' ' || c == '\t')
        return scan_blank(s);
    copy(s, 1);
    return 0;
}

static int scan_all(struct scan *s)
{
    if (memchr(s->p, 0, (size_t)(s->end - s->p)))
        return fail(s, "this is not a text file: it has a NUL byte");
    if (!strncmp(s->p, "\xef\xbb\xbf", 3)) /* the byte order mark of some editors */
        s->p += 3;
    switch_to(s);
    while (s->p < s->end && !s->to->text.overflow) {
        if (scan_token(s))
            return -1;
    }
    if (s->to->text.overflow)
        return fail(s, "the configuration is larger than 4 MiB");
    return 0;
}

/* --- files ------------------------------------------------------------------ */

char *config_beside(const char *from, const char *name)
{
    struct strbuf path = STRBUF_INIT(TEXT_LIMIT);
    const char *slash = strrchr(from, '/');

    if (*name != '/' && slash)
        strbuf_add(&path, from, (size_t)(slash + 1 - from));
    strbuf_adds(&path, name);
    return strbuf_detach(&path);
}

static size_t add_source(struct config_text *t, const char *path, bool world_readable)
{
    t->sources = bridge_realloc(t->sources, (t->source_count + 1) * sizeof *t->sources);
    t->sources[t->source_count] =
        (struct config_source){ .path = bridge_strdup(path), .world_readable = world_readable };
    return t->source_count++;
}

static void wipe(struct strbuf *b)
{
    if (b->data)
        sodium_memzero(b->data, b->size);
    strbuf_release(b);
}

/* `from` is the scan that includes it, NULL for the first file. */
static int add_file(struct scan *from, struct config_text *to, const char *path,
                    struct config_faults *faults)
{
    struct strbuf data = STRBUF_INIT(TEXT_LIMIT);
    struct scan s = { .to = to, .faults = faults, .line = 1, .includes = true };
    struct stat status;
    struct bridge_error err;
    int rc = -1;

    if (from && from->depth + 1 > DEPTH_LIMIT)
        return fail(from, "includes are nested more than 10 deep; does a file include itself?");
    if (to->source_count == SOURCE_LIMIT)
        return fail(from, "more than 256 files are included");
    if (file_read(path, TEXT_LIMIT, &data, &status, &err)) {
        if (from) /* the admin looks for the line that names it */
            config_fault_add(faults, to->sources[from->source].path, from->line, path,
                             err.text);
        else
            config_fault_add(faults, path, 0, NULL, err.text);
        goto out;
    }
    s.source = add_source(to, path, status.st_mode & S_IROTH);
    s.depth = from ? from->depth + 1 : 0;
    s.p = strbuf_text(&data);
    s.end = s.p + data.len;
    rc = scan_all(&s);
out:
    wipe(&data);
    return rc;
}

int config_text_open(struct config_text *text, const char *path, struct config_faults *faults)
{
    *text = (struct config_text){ .text = STRBUF_INIT(TEXT_LIMIT) };
    return add_file(NULL, text, path, faults);
}

int config_text_parse(struct config_text *text, const char *name, const char *data, size_t len,
                      struct config_faults *faults)
{
    *text = (struct config_text){ .text = STRBUF_INIT(TEXT_LIMIT) };
    char *copied = bridge_strndup(data, len); /* the scanner wants a NUL at the end */
    struct scan s = {
        .to = text,
        .faults = faults,
        .p = copied,
        .end = copied + len,
        .source = add_source(text, name, false),
        .line = 1,
    };
    int rc = scan_all(&s);
    sodium_memzero(copied, len);
    free(copied);
    return rc;
}

void config_text_release(struct config_text *text)
{
    wipe(&text->text);
    for (size_t i = 0; i < text->source_count; i++)
        free(text->sources[i].path);
    free(text->sources);
    free(text->places);
}

const struct config_source *config_text_place(const struct config_text *text, unsigned line,
                                              unsigned *source_line)
{
    if (!line) {
        *source_line = 0;
        return &text->sources[0];
    }
    size_t n = line <= text->place_count ? line - 1 : text->place_count - 1;
    *source_line = text->places[n].line;
    return &text->sources[text->places[n].source];
}
