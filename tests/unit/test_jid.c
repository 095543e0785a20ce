#include "jid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void assert_part(const char *what, const char *found, const char *expected)
{
    if (!found != !expected || (found && strcmp(found, expected) != 0))
        fail_msg("%s is '%s', not '%s'", what, found ? found : "(none)",
                 expected ? expected : "(none)");
}

static void takes_the_good_examples_of_rfc_7622(void **state)
{
    /* §3.5, in the order of its table. Where PRECIS and the stringprep of
     * today's servers differ, this is the latter: "ß" and "ς" fold. */
    static const struct {
        const char *text, *full, *local, *domain, *resource;
    } rows[] = {
        { "juliet@example.com", "juliet@example.com", "juliet", "example.com", NULL },
        { "juliet@example.com/foo", "juliet@example.com/foo", "juliet", "example.com", "foo" },
        { "juliet@example.com/foo bar", "juliet@example.com/foo bar", "juliet", "example.com",
          "foo bar" },
        { "juliet@example.com/foo@bar", "juliet@example.com/foo@bar", "juliet", "example.com",
          "foo@bar" },
        { "foo\\20bar@example.com", "foo\\20bar@example.com", "foo\\20bar", "example.com",
          NULL },
        { "fussball@example.com", "fussball@example.com", "fussball", "example.com", NULL },
        { "fußball@example.com", "fussball@example.com", "fussball", "example.com", NULL },
        { "π@example.com", "π@example.com", "π", "example.com", NULL },
        { "Σ@example.com/foo", "σ@example.com/foo", "σ", "example.com", "foo" },
        { "σ@example.com/foo", "σ@example.com/foo", "σ", "example.com", "foo" },
        { "ς@example.com/foo", "σ@example.com/foo", "σ", "example.com", "foo" },
        { "king@example.com/♚", "king@example.com/♚", "king", "example.com", "♚" },
        { "example.com", "example.com", NULL, "example.com", NULL },
        { "example.com/foobar", "example.com/foobar", NULL, "example.com", "foobar" },
        { "a.example.com/b@example.net", "a.example.com/b@example.net", NULL, "a.example.com",
          "b@example.net" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bridge_error err;
        struct jid *jid = jid_parse(rows[i].text, &err);

        if (!jid)
            fail_msg("%s was refused: %s", rows[i].text, err.text);
        assert_part("address", jid_full(jid), rows[i].full);
        assert_part("localpart", jid_local(jid), rows[i].local);
        assert_part("domain", jid_domain(jid), rows[i].domain);
        assert_part("resource", jid_resource(jid), rows[i].resource);
        jid_free(jid);
    }
}

static void refuses_what_is_no_address_and_says_which_part(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        /* RFC 7622 §3.5 */
        { "\"juliet\"@example.com", "bad localpart in '\"juliet\"@example.com'" },
        { "foo bar@example.com", "bad localpart in 'foo bar@example.com'" },
        { "@example.com", "bad localpart in '@example.com'" },
        { "example.com/", "bad resource in 'example.com/'" },
        { "juliet@", "bad domain in 'juliet@'" },
        { "/foobar", "bad domain in '/foobar'" },
        /* every other character of nodeprep's own list */
        { "a&b@example.com", "bad localpart in 'a&b@example.com'" },
        { "a'b@example.com", "bad localpart in 'a'b@example.com'" },
        { "a:b@example.com", "bad localpart in 'a:b@example.com'" },
        { "a<b@example.com", "bad localpart in 'a<b@example.com'" },
        { "a>b@example.com", "bad localpart in 'a>b@example.com'" },
        { "a\x7f@example.com", "bad localpart in 'a @example.com'" },
        { "a\t@example.com", "bad localpart in 'a @example.com'" },
        /* the same, once folded: FULLWIDTH COMMERCIAL AT */
        { "a＠b@example.com", "bad localpart in 'a＠b@example.com'" },
        { "a\xc2\xa0" "b@example.com", "bad localpart in 'a\xc2\xa0" "b@example.com'" },
        /* nothing is left: SOFT HYPHEN maps to nothing */
        { "\xc2\xad@example.com", "bad localpart in '\xc2\xad@example.com'" },
        { "", "bad domain in ''" },
        { ".", "bad domain in '.'" },
        { "a@b@example.com", "bad domain in 'a@b@example.com'" },
        { "example..com", "bad domain in 'example..com'" },
        { ".example.com", "bad domain in '.example.com'" },
        { "example.com..", "bad domain in 'example.com..'" },
        { "example.com:5222", "bad domain in 'example.com:5222'" },
        { "exam ple.com", "bad domain in 'exam ple.com'" },
        { "example．．com", "bad domain in 'example．．com'" },
        { "example.com／x", "bad domain in 'example.com／x'" },
        { "\xce\x84x", "bad domain in '\xce\x84x'" }, /* GREEK TONOS: a space and an accent */
        { "[]", "bad domain in '[]'" },
        { "[::1", "bad domain in '[::1'" },
        { "[::1]x", "bad domain in '[::1]x'" },
        { "[::1%eth0]", "bad domain in '[::1%eth0]'" },
        { "[127.0.0.1]", "bad domain in '[127.0.0.1]'" },
        { "example.com/a\x01", "bad resource in 'example.com/a '" },
        { "example.com/a\x7f", "bad resource in 'example.com/a '" },
        /* bytes that are not UTF-8: alone, overlong, a surrogate, cut */
        { "\xff@example.com", "bad localpart in '\xff@example.com'" },
        { "\xc0\xaf@example.com", "bad localpart in '\xc0\xaf@example.com'" },
        { "example.com/\xed\xa0\x80", "bad resource in 'example.com/\xed\xa0\x80'" },
        { "example\xe2\x82", "bad domain in 'example\xe2\x82'" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bridge_error err;
        struct jid *jid = jid_parse(rows[i].text, &err);

        if (jid)
            fail_msg("%s was taken for %s", rows[i].text, jid_full(jid));
        assert_string_equal(err.text, rows[i].why);
        assert_int_equal(err.code, BRIDGE_ADDRESS);
    }
}

static void folds_what_is_the_same_address_to_the_same_text(void **state)
{
    static const struct {
        const char *text, *full;
    } rows[] = {
        { "Juliet@Example.COM/Balcony", "juliet@example.com/Balcony" },
        { "juliet@example.com.", "juliet@example.com" },
        { "JÜRGEN@BÜCHER.example", "jürgen@bücher.example" },
        { "henry\xe2\x85\xa3@example.com", "henryiv@example.com" }, /* ROMAN NUMERAL FOUR */
        { "♚@example.com", "♚@example.com" },
        { "e\xcc\x81@example.com/e\xcc\x81", "é@example.com/é" },
        { "juliet@example.com/ foo", "juliet@example.com/ foo" },
        { "#Chan%irc.libera.chat@irc.example.com/Nick[1]",
          "#chan%irc.libera.chat@irc.example.com/Nick[1]" },
        { "+15551234567@sms.example.com", "+15551234567@sms.example.com" },
        { "a@127.0.0.1", "a@127.0.0.1" },
        { "a@[0:0::1]/x", "a@[::1]/x" },
        { "a@[2001:DB8::A]", "a@[2001:db8::a]" },
        { "example.com/😀", "example.com/😀" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bridge_error err;
        struct jid *jid = jid_parse(rows[i].text, &err);

        if (!jid)
            fail_msg("%s was refused: %s", rows[i].text, err.text);
        assert_string_equal(jid_full(jid), rows[i].full);
        jid_free(jid);
    }
}

static void bare_address_leaves_out_the_resource(void **state)
{
    static const struct {
        const char *text, *bare;
    } rows[] = {
        { "juliet@example.com/balcony", "juliet@example.com" },
        { "juliet@example.com", "juliet@example.com" },
        { "example.com/a/b@c", "example.com" },
        { "example.com", "example.com" },
    };
    struct bridge_error err;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jid *jid = jid_parse(rows[i].text, &err);

        assert_string_equal(jid_bare(jid), rows[i].bare);
        jid_free(jid);
    }
}

/* "aaa...a@example.com" and the like: a part of so many bytes. */
static char *with_part(const char *before, size_t len, const char *after)
{
    struct strbuf text = STRBUF_INIT(8192);

    strbuf_adds(&text, before);
    for (size_t i = 0; i < len; i++)
        strbuf_addch(&text, 'a');
    strbuf_adds(&text, after);
    return strbuf_detach(&text);
}

static void takes_parts_of_1023_bytes_and_no_more(void **state)
{
    static const struct {
        const char *before, *after;
    } rows[] = {
        { "", "@example.com/r" },
        { "a@", "/r" },
        { "a@example.com/", "" },
    };
    struct bridge_error err;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *fits = with_part(rows[i].before, 1023, rows[i].after);
        char *large = with_part(rows[i].before, 1024, rows[i].after);
        struct jid *jid = jid_parse(fits, &err);

        assert_non_null(jid);
        assert_string_equal(jid_full(jid), fits);
        assert_null(jid_parse(large, &err));
        jid_free(jid);
        free(fits);
        free(large);
    }
}

static void refuses_a_part_that_grows_past_the_limit_when_folded(void **state)
{
    struct strbuf text = STRBUF_INIT(4096);
    struct bridge_error err;

    (void)state;
    /* U+FDFA becomes 33 bytes of Arabic. */
    for (int i = 0; i < 40; i++)
        strbuf_adds(&text, "\xef\xb7\xba");
    assert_null(jid_new("a", "example.com", strbuf_text(&text), &err));
    assert_int_equal(err.code, BRIDGE_ADDRESS);
    strbuf_release(&text);
}

static void builds_from_parts(void **state)
{
    struct bridge_error err;
    struct jid *jid = jid_new("Alice\\40example.org", "Email.Example.com", "A/b@c", &err);

    (void)state;
    assert_string_equal(jid_full(jid), "alice\\40example.org@email.example.com/A/b@c");
    jid_free(jid);
    jid = jid_new(NULL, "example.com", NULL, &err);
    assert_string_equal(jid_full(jid), "example.com");
    assert_null(jid_local(jid));
    assert_null(jid_resource(jid));
    jid_free(jid);
}

static void refuses_parts_that_would_be_cut_elsewhere(void **state)
{
    static const struct {
        const char *local, *domain, *resource, *why;
    } rows[] = {
        { "a@b", "c", NULL, "bad localpart in 'a@b@c'" },
        { "a/b", "c", NULL, "bad localpart in 'a/b@c'" },
        { "", "c", NULL, "bad localpart in '@c'" },
        { "a", "b@c", NULL, "bad domain in 'a@b@c'" },
        { "a", "b/c", NULL, "bad domain in 'a@b/c'" },
        { "a", "b", "", "bad resource in 'a@b/'" },
        { NULL, "", "r", "bad domain in '/r'" },
    };
    struct bridge_error err;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_null(jid_new(rows[i].local, rows[i].domain, rows[i].resource, &err));
        assert_string_equal(err.text, rows[i].why);
    }
}

static void prepares_nicks(void **state)
{
    struct strbuf out = STRBUF_INIT(2048);
    struct bridge_error err;

    (void)state;
    assert_int_equal(jid_prepare_resource(&out, "Ro\xef\xac\x81|away", &err), 0);
    assert_string_equal(strbuf_text(&out), "Rofi|away");
    strbuf_reset(&out);
    assert_int_equal(jid_prepare_resource(&out, "a\x02" "b", &err), -1);
    assert_string_equal(err.text, "'a b' cannot be a nickname here");
    assert_int_equal(jid_prepare_resource(&out, "", &err), -1);
    assert_int_equal(out.len, 0);
    strbuf_release(&out);
}

/* 0 and up to n-1, the same in each run. */
static unsigned draw(uint64_t *seed, unsigned n)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33) % n;
}

static void parsing_its_own_result_changes_nothing(void **state)
{
    static const char *const pieces[] = { "a", "Z", "@", "/", ".", "-", "[", ":", "]", "ß", "Σ",
                                          "é", "e\xcc\x81", "Ⅳ", "＠", "א", "😀", "\\20", "1" };
    struct strbuf text = STRBUF_INIT(256);
    struct bridge_error err;
    uint64_t seed = 7;
    size_t taken = 0;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        strbuf_reset(&text);
        for (unsigned n = 1 + draw(&seed, 8); n--;)
            strbuf_adds(&text, pieces[draw(&seed, COUNT(pieces))]);
        struct jid *jid = jid_parse(strbuf_text(&text), &err);
        if (!jid)
            continue;
        taken++;
        struct jid *again = jid_parse(jid_full(jid), &err);
        if (!again)
            fail_msg("%s became %s, which is no address", strbuf_text(&text), jid_full(jid));
        assert_string_equal(jid_full(again), jid_full(jid));
        jid_free(again);
        jid_free(jid);
    }
    assert_true(taken > 1000);
    strbuf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_good_examples_of_rfc_7622),
        cmocka_unit_test(refuses_what_is_no_address_and_says_which_part),
        cmocka_unit_test(folds_what_is_the_same_address_to_the_same_text),
        cmocka_unit_test(bare_address_leaves_out_the_resource),
        cmocka_unit_test(takes_parts_of_1023_bytes_and_no_more),
        cmocka_unit_test(refuses_a_part_that_grows_past_the_limit_when_folded),
        cmocka_unit_test(builds_from_parts),
        cmocka_unit_test(refuses_parts_that_would_be_cut_elsewhere),
        cmocka_unit_test(prepares_nicks),
        cmocka_unit_test(parsing_its_own_result_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
