#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <bridge/strbuf.h>
#include <bridge/utf8.h>

static size_t encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
    return n;
}

static void every_character_decodes_to_itself_and_none_if_cut(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x110000; c++) {
        char text[4];
        size_t used;
        size_t len = encode(c, text);
        bool good = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
        uint32_t got = utf8_decode(text, len, &used);
        if (got != (good ? c : UTF8_BAD) || used != (good ? len : 1))
            fail_msg("U+%04x gives %x, %zu bytes", c, got, used);
        for (size_t cut = 1; cut < len; cut++) {
            /* an exact copy, so that reading past it is found */
            char *part = bridge_strndup(text, cut);
            part = bridge_realloc(part, cut);
            assert_true(utf8_decode(part, cut, &used) == UTF8_BAD && used == 1);
            free(part);
        }
    }
}

static void bad_sequences_are_bad(void **state)
{
    static const char *const bad[] = {
        "\x80",         "\xbf",         "\xc0\x80",         "\xc1\xbf",     "\xc2",
        "\xc2\x41",     "\xc2\xc2",     "\xe0\x80\x80",     "\xe0\x9f\xbf", "\xe2\x82",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff",
        "\xf0\x9f\x98\x41", "\xe2\x82\xc2",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t used;
        if (utf8_decode(bad[i], strlen(bad[i]), &used) != UTF8_BAD || used != 1)
            fail_msg("case %zu is taken for a character", i);
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
    }
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("a\0\xc3\xa9\xf0\x9f\x98\x80", 8));
}

/* The definition, slowly: walk from the front. */
static size_t slow_cut(const char *text, size_t len, size_t max)
{
    size_t n = 0;
    size_t used;

    while (n < len) {
        utf8_decode(text + n, len - n, &used);
        if (n + used > max)
            return n;
        n += used;
    }
    return n;
}

static void cuts_fall_between_characters_at_every_offset(void **state)
{
    static const char *const texts[] = {
        "",
        "abc",
        "a\xc3\xa9\xc3\xa9z",
        "\xe2\x82\xac\xe2\x82\xac",
        "\xf0\x9f\x98\x80\xf0\x9f\x98\x80!",
        "a\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa9z\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
        "\x80\x80\x80\x80\x80\x80", /* bytes that are no characters */
        "\xf0\x9f\x98",             /* a character that is cut already */
        "ab\xf0\x9f\x98",
        "\xf0\xf0\xf0\x9f\x98\x80\x80\x80",
        "\xe2\x82\xe2\x82\xac\xac\xc3",
        "\xff\xfe\xc3\xa9",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t len = strlen(texts[i]);
        for (size_t l = 0; l <= len; l++) {
            for (size_t max = 0; max <= len + 2; max++) {
                size_t got = utf8_cut(texts[i], l, max);
                size_t want = slow_cut(texts[i], l, max);
                if (got != want)
                    fail_msg("text %zu of %zu bytes, at most %zu: %zu, expected %zu", i, l, max,
                             got, want);
            }
        }
    }
}

static void random_bytes_are_cut_like_the_slow_way(void **state)
{
    static const char alphabet[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xff\xed\xa0";
    uint32_t seed = 12345;

    (void)state;
    for (int round = 0; round < 100000; round++) {
        char text[12];
        for (size_t i = 0; i < sizeof text; i++) {
            seed = seed * 1664525 + 1013904223;
            text[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        size_t max = (seed >> 8) % (sizeof text + 1);
        assert_int_equal(utf8_cut(text, sizeof text, max), slow_cut(text, sizeof text, max));
    }
}

static void xml_characters_are_those_of_the_standard(void **state)
{
    static const struct {
        uint32_t c;
        bool allowed;
    } cases[] = {
        { 0, false },      { 8, false },      { 9, true },        { 10, true },
        { 11, false },     { 13, true },      { 14, false },      { 0x1f, false },
        { 0x20, true },    { 0x7f, true },    { 0x85, true },     { 0xd7ff, true },
        { 0xd800, false }, { 0xdfff, false }, { 0xe000, true },   { 0xfffd, true },
        { 0xfffe, false }, { 0xffff, false }, { 0x10000, true },  { 0x10ffff, true },
        { 0x110000, false }, { UTF8_BAD, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (utf8_is_xml(cases[i].c) != cases[i].allowed)
            fail_msg("U+%04x: expected %d", cases[i].c, cases[i].allowed);
    }
}

#define FFFD "\xef\xbf\xbd"

static void cleaned_text_is_safe_for_xmpp_and_people(void **state)
{
    static const struct {
        const char *text;
        size_t len; /* 0: strlen */
        const char *clean, *latin1;
    } cases[] = {
        { "", 0, "", "" },
        { "plain", 0, "plain", "plain" },
        { "a\tb\nc\r\n", 0, "a\tb\nc\n", "a\tb\nc\n" },
        { "a\0b", 3, "ab", "ab" },
        { "\x1b[31mred\x07\x7f", 0, "[31mred", "[31mred" },
        { "\xc2\x85\xc2\x9b"
          "x",
          0, "x", "x" }, /* C1 */
        { "\xc3\xa9\xf0\x9f\x98\x80", 0, "\xc3\xa9\xf0\x9f\x98\x80",
          "\xc3\xa9\xf0\x9f\x98\x80" },
        { "\xef\xbf\xbe|\xef\xbf\xbf", 0, FFFD "|" FFFD, FFFD "|" FFFD },
        { "caf\xe9", 0, "caf" FFFD, "caf\xc3\xa9" },
        { "\xff\xa0", 0, FFFD FFFD, "\xc3\xbf\xc2\xa0" },
        { "\x80x", 0, FFFD "x", FFFD "x" },
        { "\xc3\xa9 \xe9", 0, "\xc3\xa9 " FFFD, "\xc3\xa9 \xc3\xa9" },
        { "\xed\xa0\x80", 0, FFFD FFFD FFFD, "\xc3\xad\xc2\xa0" FFFD },
        { "a\xf0\x9f\x98", 0, "a" FFFD FFFD FFFD, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf out = STRBUF_INIT(1000);
        size_t len = cases[i].len ? cases[i].len : strlen(cases[i].text);
        utf8_add_clean(&out, cases[i].text, len);
        assert_string_equal(strbuf_text(&out), cases[i].clean);
        strbuf_reset(&out);
        utf8_add_clean_latin1(&out, cases[i].text, len);
        if (cases[i].latin1)
            assert_string_equal(strbuf_text(&out), cases[i].latin1);
        assert_true(utf8_valid(strbuf_text(&out), out.len));
        strbuf_release(&out);
    }
}

static void every_pair_of_bytes_becomes_valid_xml(void **state)
{
    struct strbuf out = STRBUF_INIT(1000);

    (void)state;
    for (unsigned n = 0; n < 0x20000; n++) {
        char text[3] = { (char)(n >> 8), (char)n, 'x' };
        strbuf_reset(&out);
        (n & 0x10000 ? utf8_add_clean_latin1 : utf8_add_clean)(&out, text, sizeof text);
        size_t used;
        for (size_t i = 0; i < out.len; i += used) {
            uint32_t c = utf8_decode(out.data + i, out.len - i, &used);
            if (c == UTF8_BAD || !utf8_is_xml(c) || c == '\r' || (c >= 0x7f && c < 0xa0))
                fail_msg("%04x leaves U+%04x", n, c);
        }
    }
    strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_decodes_to_itself_and_none_if_cut),
        cmocka_unit_test(bad_sequences_are_bad),
        cmocka_unit_test(cuts_fall_between_characters_at_every_offset),
        cmocka_unit_test(random_bytes_are_cut_like_the_slow_way),
        cmocka_unit_test(xml_characters_are_those_of_the_standard),
        cmocka_unit_test(cleaned_text_is_safe_for_xmpp_and_people),
        cmocka_unit_test(every_pair_of_bytes_becomes_valid_xml),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
