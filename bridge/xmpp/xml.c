#include "xml.h"

#include <stdint.h>
#include <string.h>

#include <bridge/utf8.h>

/* How a byte is written: 0 as it is, COMPLEX after a look at the whole
 * character, else as this entry of `written`. */
enum { PLAIN, LT, GT, AMP, QUOT, APOS, TAB, NEWLINE, RETURN, FORBIDDEN, COMPLEX };

static const struct {
    const char *text;
    size_t len;
} written[] = {
#define WRITTEN(literal) { literal, sizeof literal - 1 }
    [LT] = WRITTEN("&lt;"),
    [GT] = WRITTEN("&gt;"),
    [AMP] = WRITTEN("&amp;"),
    [QUOT] = WRITTEN("&quot;"),
    [APOS] = WRITTEN("&apos;"),
    [TAB] = WRITTEN("&#9;"),
    [NEWLINE] = WRITTEN("&#10;"),
    [RETURN] = WRITTEN("&#13;"),
    [FORBIDDEN] = WRITTEN("\xef\xbf\xbd"), /* U+FFFD */
#undef WRITTEN
};

#define TWICE(x) x, x
#define EIGHT(x) TWICE(x), TWICE(x), TWICE(x), TWICE(x)
#define SIXTEEN(x) EIGHT(x), EIGHT(x)

static const unsigned char classes[256] = {
    EIGHT(FORBIDDEN), FORBIDDEN, TAB, NEWLINE, TWICE(FORBIDDEN), RETURN, TWICE(FORBIDDEN),
    SIXTEEN(FORBIDDEN),
    ['"'] = QUOT, ['&'] = AMP, ['\''] = APOS, ['<'] = LT, ['>'] = GT,
    [0x80] = SIXTEEN(COMPLEX), SIXTEEN(COMPLEX), SIXTEEN(COMPLEX), SIXTEEN(COMPLEX),
    SIXTEEN(COMPLEX), SIXTEEN(COMPLEX), SIXTEEN(COMPLEX), SIXTEEN(COMPLEX),
};

void xml_text_n(struct strbuf *out, const char *text, size_t len)
{
    size_t run = 0; /* start of what can be copied as it is */
    size_t i = 0;

    while (i < len) {
        size_t used = 1;
        unsigned class = classes[(unsigned char)text[i]];
        if (class == COMPLEX) {
            uint32_t c = utf8_decode(text + i, len - i, &used);
            class = c != UTF8_BAD && utf8_is_xml(c) ? PLAIN : FORBIDDEN;
        }
        if (class != PLAIN) {
            strbuf_add(out, text + run, i - run);
            strbuf_add(out, written[class].text, written[class].len);
            run = i + used;
        }
        i += used;
    }
    strbuf_add(out, text + run, len - run);
}

void xml_text(struct strbuf *out, const char *text)
{
    xml_text_n(out, text, strlen(text));
}

void xml_attribute(struct strbuf *out, const char *name, const char *value)
{
    if (!value)
        return;
    strbuf_addch(out, ' ');
    strbuf_adds(out, name);
    strbuf_add(out, "='", 2);
    xml_text(out, value);
    strbuf_addch(out, '\'');
}

void xml_element(struct strbuf *out, const char *name, const char *text)
{
    if (!text)
        return;
    strbuf_addch(out, '<');
    strbuf_adds(out, name);
    strbuf_addch(out, '>');
    xml_text(out, text);
    strbuf_add(out, "</", 2);
    strbuf_add(out, name, strcspn(name, " "));
    strbuf_addch(out, '>');
}
