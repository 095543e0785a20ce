#include "jid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Every address that XEP-0106 shows, and its edge cases. */
static const struct {
    const char *text, *localpart;
} both_ways[] = {
    /* §3.1, §3.2 */
    { "d'artagnan", "d\\27artagnan" },
    { "tréville@musketeers.lit", "tréville\\40musketeers.lit" },
    { "treville@musketeers.lit", "treville\\40musketeers.lit" },
    { "a b\"c&d'e/f:g<h>i@j", "a\\20b\\22c\\26d\\27e\\2ff\\3ag\\3ch\\3ei\\40j" },
    /* §4.2: what looks like an escape is kept apart from one */
    { "\\27", "\\5c27" },
    { "\\5c", "\\5c5c" },
    { "\\3and\\2is\\5cool", "\\5c3and\\2is\\5c5cool" },
    /* §4.3 */
    { "\\2plus\\2is\\4", "\\2plus\\2is\\4" },
    { "foo\\bar", "foo\\bar" },
    { "foob\\41r", "foob\\41r" },
    { "c:\\5commas", "c\\3a\\5c5commas" },
    /* §5.1 */
    { "space cadet", "space\\20cadet" },
    { "call me \"ishmael\"", "call\\20me\\20\\22ishmael\\22" },
    { "at&t guy", "at\\26t\\20guy" },
    { "/.fanboy", "\\2f.fanboy" },
    { "::foo::", "\\3a\\3afoo\\3a\\3a" },
    { "<foo>", "\\3cfoo\\3e" },
    { "user@host", "user\\40host" },
    { "c:\\net", "c\\3a\\net" },
    { "c:\\\\net", "c\\3a\\\\net" },
    { "c:\\cool stuff", "c\\3a\\cool\\20stuff" },
    /* §5.2 to §5.7 */
    { "here's_a_wild_&_/cr%zy/_address", "here\\27s_a_wild_\\26_\\2fcr%zy\\2f_address" },
    { "here's_a_wild_&_/cr%zy/_address_for:<wv>(\"IMPS\")",
      "here\\27s_a_wild_\\26_\\2fcr%zy\\2f_address_for\\3a\\3cwv\\3e(\\22IMPS\\22)" },
    { "CN=D'Artagnan Saint-Andr\\E9,O=Example & Company, Inc.,DC=example,DC=com",
      "CN=D\\27Artagnan\\20Saint-Andr\\E9,O=Example\\20\\26\\20Company,\\20Inc.,DC=example,"
      "DC=com" },
    { "somenick!user\"&'/:<>\\3address",
      "somenick!user\\22\\26\\27\\2f\\3a\\3c\\3e\\5c3address" },
    /* A backslash stays alone at the end, before others, and before a
     * character that is escaped itself. */
    { "\\", "\\" },
    { "a\\", "a\\" },
    { "a\\2", "a\\2" },
    { "\\\\20", "\\\\5c20" },
    { "\\@", "\\\\40" },
    { "\\5\\5c", "\\5\\5c5c" },
    /* nodeprep will lower-case these, so that they would be escapes then */
    { "\\2F", "\\5c2F" },
    { "\\5C", "\\5c5C" },
    { "\\3A\\3E", "\\5c3A\\5c3E" },
    { "\\4A", "\\4A" },
    { "#chan%irc.libera.chat", "#chan%irc.libera.chat" },
    { "+15551234567", "+15551234567" },
};

static void escapes_as_the_examples_of_xep_0106(void **state)
{
    struct strbuf out = STRBUF_INIT(1024);
    struct bridge_error err;

    (void)state;
    for (size_t i = 0; i < COUNT(both_ways); i++) {
        strbuf_reset(&out);
        assert_int_equal(jid_escape(&out, both_ways[i].text, &err), 0);
        assert_string_equal(strbuf_text(&out), both_ways[i].localpart);
    }
    strbuf_release(&out);
}

static void unescapes_as_the_examples_of_xep_0106(void **state)
{
    struct strbuf out = STRBUF_INIT(1024);

    (void)state;
    for (size_t i = 0; i < COUNT(both_ways); i++) {
        strbuf_reset(&out);
        jid_unescape(&out, both_ways[i].localpart);
        assert_string_equal(strbuf_text(&out), both_ways[i].text);
    }
    strbuf_release(&out);
}

static void unescapes_nothing_but_the_ten_sequences(void **state)
{
    static const struct {
        const char *localpart, *text;
    } rows[] = {
        { "foo\\5cbar", "foo\\bar" },
        { "a\\2Fb", "a\\2Fb" }, /* case is significant; a prepared localpart has none */
        { "a\\00b\\0ab\\7f", "a\\00b\\0ab\\7f" },
        { "\\5c5c20", "\\5c20" }, /* once, not again in the result */
        { "\\5c\\20a", "\\ a" },
        { "\\20a\\20", " a " }, /* nobody may send it (§4.1 rule 6); jid_escape() refuses it */
        { "", "" },
    };
    struct strbuf out = STRBUF_INIT(1024);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        strbuf_reset(&out);
        jid_unescape(&out, rows[i].localpart);
        assert_string_equal(strbuf_text(&out), rows[i].text);
    }
    strbuf_release(&out);
}

static void refuses_what_cannot_become_a_localpart(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        { " foo", "an address cannot begin or end with a space: ' foo'" },
        { "foo ", "an address cannot begin or end with a space: 'foo '" },
        { " ", "an address cannot begin or end with a space: ' '" },
        { "", "'' cannot be an address" },
        { "a\xff", "'a\xff' cannot be an address" },
    };
    struct strbuf out = STRBUF_INIT(1024);
    struct bridge_error err;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(jid_escape(&out, rows[i].text, &err), -1);
        assert_string_equal(err.text, rows[i].why);
        assert_int_equal(err.code, BRIDGE_ADDRESS);
        assert_int_equal(out.len, 0);
    }
    strbuf_release(&out);
}

/* 0 and up to n-1, the same in each run. */
static unsigned draw(uint64_t *seed, unsigned n)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33) % n;
}

/* Text made of what escaping is about. */
static void draw_text(struct strbuf *text, uint64_t *seed)
{
    static const char *const pieces[] = { " ", "\"", "&", "'", "/", ":", "<", ">", "@", "\\",
                                          "2", "3", "4", "5", "0", "6", "7", "a", "c", "e",
                                          "f", "C", "F", "x", "é", "日", "😀", "%", "#" };

    strbuf_reset(text);
    for (unsigned n = 1 + draw(seed, 12); n--;)
        strbuf_adds(text, pieces[draw(seed, COUNT(pieces))]);
}

static void any_text_comes_back_as_it_was(void **state)
{
    struct strbuf text = STRBUF_INIT(256);
    struct strbuf escaped = STRBUF_INIT(1024), back = STRBUF_INIT(1024);
    struct bridge_error err;
    uint64_t seed = 106;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        draw_text(&text, &seed);
        strbuf_reset(&escaped);
        strbuf_reset(&back);
        if (jid_escape(&escaped, strbuf_text(&text), &err) != 0)
            continue; /* a space at an end */
        jid_unescape(&back, strbuf_text(&escaped));
        assert_string_equal(strbuf_text(&back), strbuf_text(&text));
    }
    strbuf_release(&text);
    strbuf_release(&escaped);
    strbuf_release(&back);
}

static void only_case_is_lost_in_an_address(void **state)
{
    struct strbuf text = STRBUF_INIT(256);
    struct strbuf escaped = STRBUF_INIT(1024), back = STRBUF_INIT(1024);
    struct bridge_error err;
    uint64_t seed = 6122;

    (void)state;
    for (int i = 0; i < 50000; i++) {
        draw_text(&text, &seed);
        strbuf_reset(&escaped);
        strbuf_reset(&back);
        if (jid_escape(&escaped, strbuf_text(&text), &err) != 0)
            continue;
        struct jid *jid = jid_new(strbuf_text(&escaped), "example.com", NULL, &err);
        if (!jid)
            fail_msg("'%s' became '%s': %s", strbuf_text(&text), strbuf_text(&escaped),
                     err.text);
        jid_unescape(&back, jid_local(jid));
        if (strcasecmp(strbuf_text(&back), strbuf_text(&text)) != 0)
            fail_msg("'%s' came back as '%s'", strbuf_text(&text), strbuf_text(&back));
        jid_free(jid);
    }
    strbuf_release(&text);
    strbuf_release(&escaped);
    strbuf_release(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_as_the_examples_of_xep_0106),
        cmocka_unit_test(unescapes_as_the_examples_of_xep_0106),
        cmocka_unit_test(unescapes_nothing_but_the_ten_sequences),
        cmocka_unit_test(refuses_what_cannot_become_a_localpart),
        cmocka_unit_test(any_text_comes_back_as_it_was),
        cmocka_unit_test(only_case_is_lost_in_an_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
