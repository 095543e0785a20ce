#include "xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/utf8.h>
#include <cmocka.h>
#include <expat.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void writes_text_that_is_safe_in_content_and_attributes(void **state)
{
    static const struct {
        const char *text, *xml;
    } rows[] = {
        { "", "" },
        { "plain", "plain" },
        { "<a href=\"x\">'&'</a>", "&lt;a href=&quot;x&quot;&gt;&apos;&amp;&apos;&lt;/a&gt;" },
        { "]]>", "]]&gt;" },
        { "a\tb\nc\r\nd", "a&#9;b&#10;c&#13;&#10;d" },
        { "grüße 日本 😀", "grüße 日本 😀" },
        { "\x7f\xc2\x85", "\x7f\xc2\x85" }, /* XML 1.0 allows both */
        /* each of these alone would end the stream */
        { "a\x01" "b", "a\xef\xbf\xbd" "b" },
        { "a\x1f", "a\xef\xbf\xbd" },
        { "a\xff", "a\xef\xbf\xbd" },
        { "\xef\xbf\xbe", "\xef\xbf\xbd" },                         /* U+FFFE */
        { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* a surrogate */
        { "\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd" },                 /* overlong "<" */
        { "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd" },                 /* cut */
        { "\xe2\x82<", "\xef\xbf\xbd\xef\xbf\xbd&lt;" },
    };
    struct strbuf out = STRBUF_INIT(1024);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        strbuf_reset(&out);
        xml_text(&out, rows[i].text);
        assert_string_equal(strbuf_text(&out), rows[i].xml);
    }
    strbuf_release(&out);
}

static void counted_text_may_hold_a_nul(void **state)
{
    struct strbuf out = STRBUF_INIT(64);

    (void)state;
    xml_text_n(&out, "a\0b", 3);
    assert_string_equal(strbuf_text(&out), "a\xef\xbf\xbd" "b");
    strbuf_release(&out);
}

static void leaves_out_what_is_absent(void **state)
{
    struct strbuf out = STRBUF_INIT(256);

    (void)state;
    xml_attribute(&out, "id", NULL);
    xml_element(&out, "body", NULL);
    assert_string_equal(strbuf_text(&out), "");
    xml_attribute(&out, "id", "");
    xml_attribute(&out, "to", "o'hara@x");
    xml_element(&out, "body", "");
    assert_string_equal(strbuf_text(&out), " id='' to='o&apos;hara@x'<body></body>");
    strbuf_release(&out);
}

static void end_tag_has_no_attributes(void **state)
{
    struct strbuf out = STRBUF_INIT(256);

    (void)state;
    xml_element(&out, "text xmlns='urn:x' xml:lang='en'", "a<b");
    assert_string_equal(strbuf_text(&out), "<text xmlns='urn:x' xml:lang='en'>a&lt;b</text>");
    strbuf_release(&out);
}

static void passing_the_limit_leaves_nothing(void **state)
{
    struct strbuf out = STRBUF_INIT(16);

    (void)state;
    xml_element(&out, "body", "<<<<<<");
    assert_true(out.overflow);
    assert_string_equal(strbuf_text(&out), "");
    strbuf_release(&out);
}

/* 0 and up to n-1, the same in each run. */
static unsigned draw(uint64_t *seed, unsigned n)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33) % n;
}

/* Half of them bytes from anywhere, half characters from anywhere. */
static void draw_bytes(struct strbuf *text, uint64_t *seed)
{
    strbuf_reset(text);
    for (unsigned n = draw(seed, 24); n--;) {
        unsigned c = draw(seed, 0x110000);
        if (draw(seed, 2)) {
            strbuf_addch(text, (char)draw(seed, 256));
        } else if (c >= 0x10000) {
            strbuf_addch(text, (char)(0xf0 | c >> 18));
            strbuf_addch(text, (char)(0x80 | (c >> 12 & 63)));
            strbuf_addch(text, (char)(0x80 | (c >> 6 & 63)));
            strbuf_addch(text, (char)(0x80 | (c & 63)));
        } else {
            strbuf_addch(text, (char)(0xe0 | c >> 12));
            strbuf_addch(text, (char)(0x80 | (c >> 6 & 63)));
            strbuf_addch(text, (char)(0x80 | (c & 63)));
        }
    }
}

/* What should arrive, written here another way: character by character. */
static void clean(struct strbuf *out, const struct strbuf *text)
{
    size_t used;

    strbuf_reset(out);
    for (size_t i = 0; i < text->len; i += used) {
        uint32_t c = utf8_decode(text->data + i, text->len - i, &used);
        if (c == UTF8_BAD || !utf8_is_xml(c))
            strbuf_adds(out, "\xef\xbf\xbd");
        else
            strbuf_add(out, text->data + i, used);
    }
}

struct seen {
    struct strbuf attribute, content;
};

static void on_start(void *arg, const char *name, const char **attributes)
{
    struct seen *seen = arg;

    (void)name;
    strbuf_adds(&seen->attribute, attributes[1]);
}

static void on_text(void *arg, const char *text, int len)
{
    struct seen *seen = arg;

    strbuf_add(&seen->content, text, (size_t)len);
}

static void a_parser_reads_any_bytes_back_cleaned(void **state)
{
    struct strbuf text = STRBUF_INIT(1024), expected = STRBUF_INIT(1024);
    struct strbuf xml = STRBUF_INIT(4096);
    struct seen seen = { STRBUF_INIT(1024), STRBUF_INIT(1024) };
    XML_Parser parser = XML_ParserCreate("UTF-8");
    uint64_t seed = 1998;

    (void)state;
    for (int i = 0; i < 50000; i++) {
        draw_bytes(&text, &seed);
        clean(&expected, &text);
        strbuf_reset(&seen.attribute);
        strbuf_reset(&seen.content);
        strbuf_reset(&xml);
        for (int quote = 0; quote < 2; quote++) {
            strbuf_addf(&xml, quote ? "'>" : "<a b='");
            xml_text_n(&xml, strbuf_text(&text), text.len);
        }
        strbuf_adds(&xml, "</a>");
        XML_ParserReset(parser, "UTF-8");
        XML_SetUserData(parser, &seen);
        XML_SetStartElementHandler(parser, on_start);
        XML_SetCharacterDataHandler(parser, on_text);
        if (XML_Parse(parser, xml.data, (int)xml.len, 1) != XML_STATUS_OK)
            fail_msg("'%s': %s", xml.data, XML_ErrorString(XML_GetErrorCode(parser)));
        assert_string_equal(strbuf_text(&seen.attribute), strbuf_text(&expected));
        assert_string_equal(strbuf_text(&seen.content), strbuf_text(&expected));
    }
    XML_ParserFree(parser);
    strbuf_release(&text);
    strbuf_release(&expected);
    strbuf_release(&xml);
    strbuf_release(&seen.attribute);
    strbuf_release(&seen.content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_text_that_is_safe_in_content_and_attributes),
        cmocka_unit_test(counted_text_may_hold_a_nul),
        cmocka_unit_test(leaves_out_what_is_absent),
        cmocka_unit_test(end_tag_has_no_attributes),
        cmocka_unit_test(passing_the_limit_leaves_nothing),
        cmocka_unit_test(a_parser_reads_any_bytes_back_cleaned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
