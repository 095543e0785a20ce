#include <bridge/utf8.h>

#include <bridge/strbuf.h>

uint32_t utf8_decode(const char *text, size_t len, size_t *used)
{
    static const uint32_t smallest[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *p = (const unsigned char *)text;
    unsigned n;
    uint32_t c;

    *used = 1;
    if (p[0] < 0x80)
        return p[0];
    if (p[0] >= 0xf0) {
        n = 4;
        c = p[0] & 0x07u;
    } else if (p[0] >= 0xe0) {
        n = 3;
        c = p[0] & 0x0fu;
    } else {
        n = 2;
        c = p[0] & 0x1fu;
    }
    if (p[0] < 0xc2 || p[0] > 0xf4 || len < n)
        return UTF8_BAD;
    for (unsigned i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return UTF8_BAD;
        c = c << 6 | (p[i] & 0x3fu);
    }
    if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return UTF8_BAD;
    *used = n;
    return c;
}

/* Bytes at the start that are visible ASCII: nearly all of what passes here, and
 * not worth a call for each. */
static size_t ascii_run(const char *text, size_t len)
{
    size_t n = 0;

    while (n < len && text[n] >= ' ' && text[n] < 0x7f)
        n++;
    return n;
}

bool utf8_valid(const char *text, size_t len)
{
    size_t used;

    for (size_t i = 0; i < len; i += used) {
        i += ascii_run(text + i, len - i);
        if (i == len)
            break;
        if (utf8_decode(text + i, len - i, &used) == UTF8_BAD)
            return false;
    }
    return true;
}

size_t utf8_cut(const char *text, size_t len, size_t max)
{
    size_t used;

    if (len <= max)
        return len;
    /* The last character that begins before `max` ends at or before it, or is
     * left out; its start is at most three bytes back. */
    for (size_t back = 1; back <= 3 && back <= max; back++) {
        if (utf8_decode(text + max - back, len - (max - back), &used) != UTF8_BAD)
            return used > back ? max - back : max;
    }
    return max;
}

bool utf8_is_xml(uint32_t c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return c <= 0xd7ff || (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

static void add_clean(struct strbuf *out, const char *text, size_t len, bool latin1)
{
    size_t run = 0; /* start of what can be copied as it is */
    size_t used;

    for (size_t i = 0; i < len; i += used) {
        i += ascii_run(text + i, len - i);
        if (i == len)
            break;
        uint32_t c = utf8_decode(text + i, len - i, &used);
        if (c >= 0x20 && c != 0x7f && utf8_is_xml(c) && !(c >= 0x80 && c < 0xa0))
            continue;
        if (c == '\t' || c == '\n')
            continue;
        strbuf_add(out, text + run, i - run);
        run = i + used;
        if (c == UTF8_BAD && latin1 && (unsigned char)text[i] >= 0xa0) {
            unsigned byte = (unsigned char)text[i];
            strbuf_addch(out, (char)(0xc0 | byte >> 6));
            strbuf_addch(out, (char)(0x80 | (byte & 0x3f)));
        } else if (c >= 0xa0) { /* bad bytes and characters that XML has not */
            strbuf_adds(out, "\xef\xbf\xbd");
        }
    }
    strbuf_add(out, text + run, len - run);
}

void utf8_add_clean(struct strbuf *out, const char *text, size_t len)
{
    add_clean(out, text, len, false);
}

void utf8_add_clean_latin1(struct strbuf *out, const char *text, size_t len)
{
    add_clean(out, text, len, !utf8_valid(text, len));
}
