/* XEP-0054, XEP-0292. */
#include "vcard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "digest.h"
#include "xml.h"

#define TEMP(inside) "<vCard xmlns='vcard-temp'>" inside "</vCard>"
#define FOUR(inside) "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>" inside "</vcard>"

static void check(const struct vcard *vcard, const char *temp, const char *four)
{
    struct strbuf out = STRBUF_INIT(XML_STANZA_MAX);

    vcard_write_temp(&out, vcard);
    assert_string_equal(strbuf_text(&out), temp);
    strbuf_reset(&out);
    vcard_write_4(&out, vcard);
    assert_string_equal(strbuf_text(&out), four);
    strbuf_release(&out);
}

static void everything_that_is_known(void **state)
{
    static const struct bridge_picture red = { "image/png", "foobar", 6 };
    static const struct bridge_card card = {
        .name = "Romeo <Montague>", .nick = "R & J", .phone = "+15551234567",
        .email = "romeo@example.org", .url = "https://example.org/?a&b",
        .organisation = "House of Montague", .note = "in\nlove", .avatar = &red,
    };

    (void)state;
    check(&(struct vcard){ VCARD_PERSON, "romeo@t.example", "romeo", &card },
          TEMP("<FN>Romeo &lt;Montague&gt;</FN><N/>"
               "<PHOTO><TYPE>image/png</TYPE><BINVAL>Zm9vYmFy</BINVAL></PHOTO>"
               "<NICKNAME>R &amp; J</NICKNAME><TEL><VOICE/><NUMBER>+15551234567</NUMBER></TEL>"
               "<EMAIL><INTERNET/><USERID>romeo@example.org</USERID></EMAIL>"
               "<ORG><ORGNAME>House of Montague</ORGNAME></ORG>"
               "<URL>https://example.org/?a&amp;b</URL><DESC>in&#10;love</DESC>"
               "<JABBERID>romeo@t.example</JABBERID>"),
          FOUR("<kind><text>individual</text></kind>"
               "<fn><text>Romeo &lt;Montague&gt;</text></fn>"
               "<photo><uri>data:image/png;base64,Zm9vYmFy</uri></photo>"
               "<nickname><text>R &amp; J</text></nickname>"
               "<tel><uri>tel:+15551234567</uri></tel>"
               "<email><text>romeo@example.org</text></email>"
               "<org><text>House of Montague</text></org>"
               "<url><uri>https://example.org/?a&amp;b</uri></url>"
               "<note><text>in&#10;love</text></note>"
               "<impp><uri>xmpp:romeo@t.example</uri></impp>"));
}

static void nothing_is_known(void **state)
{
    static const struct bridge_card empty = { .name = "", .nick = "", .note = "" };

    (void)state;
    check(&(struct vcard){ VCARD_GROUP, NULL, "#r", NULL }, TEMP("<FN>#r</FN><N/>"),
          FOUR("<kind><text>group</text></kind><fn><text>#r</text></fn>"));
    check(&(struct vcard){ VCARD_APPLICATION, "#r@t.example", "#r", &empty },
          TEMP("<FN>#r</FN><N/><JABBERID>#r@t.example</JABBERID>"),
          FOUR("<kind><text>application</text></kind><fn><text>#r</text></fn>"
               "<impp><uri>xmpp:%23r@t.example</uri></impp>"));
}

static void a_nick_is_a_name(void **state)
{
    static const struct bridge_card card = { .nick = "jul" };

    (void)state;
    check(&(struct vcard){ VCARD_PERSON, NULL, "x", &card },
          TEMP("<FN>jul</FN><N/><NICKNAME>jul</NICKNAME>"),
          FOUR("<kind><text>individual</text></kind><fn><text>jul</text></fn>"
               "<nickname><text>jul</text></nickname>"));
}

/* Clients make links of these. */
static void what_would_mislead_is_left_out(void **state)
{
    const struct bridge_card cards[] = {
        { .url = "javascript:alert(1)" }, { .url = "file:///etc/passwd" },
        { .url = "https://a b" },         { .url = "https://a\nb" },
        { .phone = "+1;phone-context=x" }, { .phone = "call me" },
        { .phone = "+" },                 { .phone = "" },
        { .avatar = &(struct bridge_picture){ "image/svg+xml", "<svg/>", 6 } },
        { .avatar = &(struct bridge_picture){ "image/png", "", 0 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cards / sizeof *cards; i++)
        check(&(struct vcard){ VCARD_PERSON, NULL, "x", &cards[i] }, TEMP("<FN>x</FN><N/>"),
              FOUR("<kind><text>individual</text></kind><fn><text>x</text></fn>"));
}

/* The worst of everything, with the longest JIDs around it: it goes out whole. */
static void the_largest_card_fits_into_a_stanza(void **state)
{
    static unsigned char bytes[BRIDGE_PICTURE_MAX];
    static char quotes[8192], jid[3072], url[600] = "https://";
    const struct bridge_picture picture = { "image/webp", bytes, sizeof bytes };
    const struct bridge_card card = { quotes, quotes, NULL, quotes, url, quotes, quotes,
                                      &picture };
    const struct vcard vcard = { VCARD_PERSON, jid, quotes, &card };
    const size_t envelope = 6 * (3071 + 3071 + 1000) + 400;
    struct strbuf out = STRBUF_INIT(XML_STANZA_MAX - envelope);

    (void)state;
    memset(quotes, '"', sizeof quotes - 1);
    memset(jid, '\'', sizeof jid - 1);
    memset(url + 8, '\'', 500);
    vcard_write_temp(&out, &vcard);
    assert_false(out.overflow);
    assert_non_null(strstr(out.data, "<URL>"));
    strbuf_reset(&out);
    vcard_write_4(&out, &vcard);
    assert_false(out.overflow);
    strbuf_release(&out);
}

static void long_texts_are_cut_between_characters(void **state)
{
    char name[600], expected[640];
    const struct bridge_card card = { .name = name };

    (void)state;
    memset(name, 'x', 511);
    strcpy(name + 511, "\xc3\xa9 and so on");
    memset(expected, 'x', sizeof expected);
    memcpy(expected, TEMP("<FN>"), strlen("<vCard xmlns='vcard-temp'><FN>"));
    strcpy(expected + strlen("<vCard xmlns='vcard-temp'><FN>") + 511, "</FN><N/></vCard>");
    struct strbuf out = STRBUF_INIT(4096);
    vcard_write_temp(&out, &(struct vcard){ VCARD_PERSON, NULL, "x", &card });
    assert_string_equal(strbuf_text(&out), expected);
    strbuf_release(&out);
}

/* RFC 4648 §10; SHA-1 of FIPS 180-2, appendix A.1. */
static void base64_and_digests(void **state)
{
    static const char *const pairs[][2] = {
        { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" },
    };
    char hex[DIGEST_HEX_SIZE], text[DIGEST_BASE64_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct strbuf out = STRBUF_INIT(100);
        strbuf_addch(&out, '>');
        base64_add(&out, pairs[i][0], strlen(pairs[i][0]));
        strbuf_addch(&out, '<');
        assert_int_equal(out.len, strlen(pairs[i][1]) + 2);
        assert_memory_equal(out.data + 1, pairs[i][1], out.len - 2);
        strbuf_release(&out);
    }
    digest_hex("abc", 3, hex);
    assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
    digest_base64("abc", 3, text);
    assert_string_equal(text, "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_is_known),
        cmocka_unit_test(nothing_is_known),
        cmocka_unit_test(a_nick_is_a_name),
        cmocka_unit_test(what_would_mislead_is_left_out),
        cmocka_unit_test(the_largest_card_fits_into_a_stanza),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(base64_and_digests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
