#include "stanza.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "splitter.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void keep(void *arg, xmpp_stanza_t *stanza)
{
    xmpp_stanza_t **kept = arg;

    if (*kept)
        xmpp_stanza_release(*kept);
    *kept = xmpp_stanza_clone(stanza);
}

/* The stanza as it arrives from a server; the caller releases it. */
static xmpp_stanza_t *received(const char *xml)
{
    static const struct splitter_events events = { .on_stanza = keep };
    static const char head[] = "<stream:stream xmlns='" NS_COMPONENT "' "
                               "xmlns:stream='" NS_STREAM "'>";
    xmpp_stanza_t *stanza = NULL;
    struct splitter *s = splitter_new(NULL, &events, &stanza);
    struct bridge_error err;

    assert_int_equal(splitter_feed(s, head, strlen(head), &err), 0);
    if (splitter_feed(s, xml, strlen(xml), &err) != 0 || !stanza)
        fail_msg("%s is no stanza", xml);
    splitter_free(s);
    return stanza;
}

static const char *id_of(xmpp_stanza_t *s)
{
    const char *id = s ? xmpp_stanza_get_id(s) : NULL;

    return id ? id : "(none)";
}

static void finds_children_by_name_and_namespace(void **state)
{
    xmpp_stanza_t *s = received("<message>text<body xmlns='urn:other' id='1'/><body id='2'/>"
                                "<x xmlns='" NS_MUC_USER "' id='3'/><body id='4'/></message>");

    (void)state;
    assert_string_equal(id_of(stanza_child(s, "body", NS_COMPONENT)), "2");
    assert_string_equal(id_of(stanza_child(s, "body", "urn:other")), "1");
    assert_string_equal(id_of(stanza_child(s, "body", NULL)), "1");
    assert_string_equal(id_of(stanza_child(s, "x", NS_MUC_USER)), "3");
    assert_string_equal(id_of(stanza_child_ns(s, NS_MUC_USER)), "3");
    assert_string_equal(id_of(stanza_payload(s)), "1");
    assert_null(stanza_child(s, "x", NS_MUC));
    assert_null(stanza_child(s, "bod", NULL));
    assert_null(stanza_child_ns(s, NS_MUC));
    assert_null(stanza_payload(stanza_payload(s)));
    xmpp_stanza_release(s);
}

static void a_stanza_with_text_alone_has_no_payload(void **state)
{
    xmpp_stanza_t *s = received("<iq>text</iq>");

    (void)state;
    assert_null(stanza_payload(s));
    assert_null(stanza_child(s, "query", NULL));
    xmpp_stanza_release(s);
}

static void text_is_that_of_the_element_itself(void **state)
{
    struct strbuf out = STRBUF_INIT(64);
    xmpp_stanza_t *s = received("<a>one &lt;<b>two</b>three<c/></a>");

    (void)state;
    assert_true(stanza_text(s, &out));
    assert_string_equal(strbuf_text(&out), "one <three");
    strbuf_reset(&out);
    assert_true(stanza_text(stanza_child(s, "c", NULL), &out));
    assert_string_equal(strbuf_text(&out), "");
    assert_false(stanza_text(stanza_child(s, "d", NULL), &out));
    strbuf_release(&out);
    xmpp_stanza_release(s);
}

#define COND(name) "<" name " xmlns='" NS_STANZAS "'/>"
#define TEXT(text) "<text xmlns='" NS_STANZAS "'>" text "</text>"

static const struct {
    enum bridge_code code;
    const char *error; /* what goes between <error and </error> for the text "w" */
} written[] = {
    { BRIDGE_RETRY, " type='wait'>" COND("recipient-unavailable") TEXT("w") },
    { BRIDGE_BUSY, " type='wait'>" COND("resource-constraint") TEXT("w") },
    { BRIDGE_REJECTED, " type='cancel'>" COND("not-allowed") TEXT("w") },
    { BRIDGE_FORBIDDEN, " type='auth'>" COND("forbidden") TEXT("w") },
    { BRIDGE_AUTH, " type='auth'>" COND("not-authorized") TEXT("w") },
    { BRIDGE_MEMBERSHIP, " type='auth'>" COND("registration-required") TEXT("w") },
    { BRIDGE_CONFLICT, " type='cancel'>" COND("conflict") TEXT("w") },
    { BRIDGE_NOT_FOUND, " type='cancel'>" COND("item-not-found") TEXT("w") },
    { BRIDGE_NO_HOST, " type='cancel'>" COND("remote-server-not-found") TEXT("w") },
    { BRIDGE_ADDRESS, " type='modify'>" COND("jid-malformed") TEXT("w") },
    { BRIDGE_MOVED, " type='cancel'><gone xmlns='" NS_STANZAS "'>xmpp:w</gone>"
                    TEXT("please write to w") },
    { BRIDGE_INVALID, " type='modify'>" COND("bad-request") TEXT("w") },
    { BRIDGE_UNSUPPORTED, " type='cancel'>" COND("feature-not-implemented") TEXT("w") },
    { BRIDGE_OUTSIDE, " type='cancel'>" COND("not-acceptable") TEXT("w") },
    { BRIDGE_NO_SERVICE, " type='cancel'>" COND("service-unavailable") TEXT("w") },
    { BRIDGE_TIMEOUT, " type='wait'>" COND("remote-server-timeout") TEXT("w") },
    { BRIDGE_INCOMPLETE, " type='modify'>" COND("not-acceptable") TEXT("w") },
};

static void every_code_has_one_condition_and_comes_back(void **state)
{
    struct strbuf out = STRBUF_INIT(4096), expected = STRBUF_INIT(4096);
    struct strbuf xml = STRBUF_INIT(4096);

    (void)state;
    for (size_t i = 0; i < COUNT(written); i++) {
        struct bridge_error why = { written[i].code, "w" }, back;

        strbuf_reset(&out);
        strbuf_reset(&expected);
        strbuf_reset(&xml);
        stanza_error_write(&out, &why);
        strbuf_addf(&expected, "<error%s</error>", written[i].error);
        assert_string_equal(strbuf_text(&out), strbuf_text(&expected));

        strbuf_addf(&xml, "<iq type='error'>%s</iq>", strbuf_text(&out));
        xmpp_stanza_t *s = received(strbuf_text(&xml));
        stanza_error_read(s, &back);
        assert_int_equal(back.code, why.code == BRIDGE_TIMEOUT ? BRIDGE_RETRY : why.code);
        assert_string_equal(back.text, "w");
        xmpp_stanza_release(s);
    }
    strbuf_release(&out);
    strbuf_release(&expected);
    strbuf_release(&xml);
}

static void the_reason_is_escaped_and_may_be_absent(void **state)
{
    struct bridge_error why = { BRIDGE_BUSY, "<\xff&" };
    struct strbuf out = STRBUF_INIT(4096);

    (void)state;
    stanza_error_write(&out, &why);
    assert_string_equal(strbuf_text(&out), "<error type='wait'>" COND("resource-constraint")
                        TEXT("&lt;\xef\xbf\xbd&amp;") "</error>");
    strbuf_reset(&out);
    why.text[0] = 0;
    stanza_error_write(&out, &why);
    assert_string_equal(strbuf_text(&out),
                        "<error type='wait'>" COND("resource-constraint") "</error>");
    strbuf_release(&out);
}

static void a_new_address_is_a_uri_and_comes_back(void **state)
{
    static const struct {
        const char *jid, *uri;
    } rows[] = {
        { "alice\\40example.org@email.example.com",
          "xmpp:alice%5C40example.org@email.example.com" },
        { "#chan%irc.libera.chat@irc.example.com",
          "xmpp:%23chan%25irc.libera.chat@irc.example.com" },
        { "a@example.com/b?c d&e", "xmpp:a@example.com/b%3Fc%20d%26e" },
        { "π@example.com", "xmpp:π@example.com" },
        { "a@[::1]", "xmpp:a@%5B%3A%3A1%5D" },
    };
    struct strbuf out = STRBUF_INIT(4096), uri = STRBUF_INIT(4096);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bridge_error why, back;

        strbuf_reset(&out);
        strbuf_reset(&uri);
        bridge_fail(&why, BRIDGE_MOVED, "%s", rows[i].jid);
        strbuf_adds(&out, "<message type='error'>");
        stanza_error_write(&out, &why);
        strbuf_adds(&out, "</message>");
        xmpp_stanza_t *s = received(strbuf_text(&out));
        stanza_text(stanza_child(stanza_payload(s), "gone", NS_STANZAS), &uri);
        assert_string_equal(strbuf_text(&uri), rows[i].uri);
        stanza_error_read(s, &back);
        assert_int_equal(back.code, BRIDGE_MOVED);
        assert_string_equal(back.text, rows[i].jid);
        xmpp_stanza_release(s);
    }
    strbuf_release(&out);
    strbuf_release(&uri);
}

static void reads_what_others_say(void **state)
{
    static const struct {
        const char *error;
        enum bridge_code code;
        const char *text;
    } rows[] = {
        { "<error type='cancel'>" COND("service-unavailable") "</error>", BRIDGE_NO_SERVICE,
          "service unavailable" },
        { "<error type='wait'>" COND("service-unavailable") TEXT("too busy") "</error>",
          BRIDGE_RETRY, "too busy" },
        { "<error type='wait'>" COND("resource-constraint") "</error>", BRIDGE_BUSY,
          "resource constraint" },
        { "<error type='cancel'>" TEXT("first") COND("remote-server-timeout") "</error>",
          BRIDGE_RETRY, "first" },
        { "<error type='cancel'>" COND("internal-server-error") "</error>", BRIDGE_RETRY,
          "internal server error" },
        { "<error type='auth'>" COND("subscription-required") "</error>", BRIDGE_MEMBERSHIP,
          "subscription required" },
        { "<error type='modify'>" COND("policy-violation") "</error>", BRIDGE_REJECTED,
          "policy violation" },
        { "<error type='cancel'>" COND("from-the-future") "</error>", BRIDGE_REJECTED,
          "from the future" },
        { "<error type='wait'>" COND("from-the-future") "</error>", BRIDGE_RETRY,
          "from the future" },
        { "<error type='modify'><redirect xmlns='" NS_STANZAS "'>xmpp:New@x.example?message"
          "</redirect></error>", BRIDGE_MOVED, "new@x.example" },
        /* an address that is none, or not of XMPP, is no address */
        { "<error type='cancel'>" COND("gone") "</error>", BRIDGE_NOT_FOUND, "gone" },
        { "<error type='cancel'><gone xmlns='" NS_STANZAS "'>mailto:a@b</gone></error>",
          BRIDGE_NOT_FOUND, "gone" },
        { "<error type='cancel'><gone xmlns='" NS_STANZAS "'>xmpp:a%00b@c</gone></error>",
          BRIDGE_MOVED, "a%00b@c" },
        { "<error type='cancel'><gone xmlns='" NS_STANZAS "'>xmpp:a%22b@c</gone>"
          TEXT("away") "</error>", BRIDGE_NOT_FOUND, "away" },
        /* conditions count only in their namespace */
        { "<error type='cancel'><conflict xmlns='urn:x'/>" COND("forbidden") "</error>",
          BRIDGE_FORBIDDEN, "forbidden" },
        { "<error type='wait'><conflict xmlns='urn:x'/></error>", BRIDGE_RETRY,
          "undefined condition" },
        { "<error/>", BRIDGE_REJECTED, "undefined condition" },
        { "", BRIDGE_REJECTED, "an error without a reason" },
    };
    struct strbuf xml = STRBUF_INIT(4096);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bridge_error why;

        strbuf_reset(&xml);
        strbuf_addf(&xml, "<message type='error'><body/>%s</message>", rows[i].error);
        xmpp_stanza_t *s = received(strbuf_text(&xml));
        stanza_error_read(s, &why);
        assert_string_equal(why.text, rows[i].text);
        assert_int_equal(why.code, rows[i].code);
        xmpp_stanza_release(s);
    }
    strbuf_release(&xml);
}

static void an_address_too_long_for_the_error_is_not_cut(void **state)
{
    struct strbuf xml = STRBUF_INIT(4096);
    struct bridge_error why;

    (void)state;
    strbuf_adds(&xml, "<iq type='error'><error type='cancel'>"
                      "<gone xmlns='" NS_STANZAS "'>xmpp:");
    for (int i = 0; i < BRIDGE_ERROR_MAX; i++)
        strbuf_addch(&xml, 'a');
    strbuf_adds(&xml, "@example.com</gone></error></iq>");
    xmpp_stanza_t *s = received(strbuf_text(&xml));
    stanza_error_read(s, &why);
    assert_int_equal(why.code, BRIDGE_NOT_FOUND);
    assert_string_equal(why.text, "gone");
    xmpp_stanza_release(s);
    strbuf_release(&xml);
}

#define WHY "<error type='auth'>" COND("forbidden") TEXT("no") "</error>"

static void refuses_with_the_addresses_swapped(void **state)
{
    static const struct {
        const char *xml, *from, *answer;
    } rows[] = {
        { "<message from='a@b/c' to='d@e' id='1' type='groupchat'><body>x</body></message>",
          NULL,
          "<message type='error' from='d@e' to='a@b/c' id='1'>" WHY "</message>" },
        { "<message from='a@b/c' to='d@e'/>", NULL,
          "<message type='error' from='d@e' to='a@b/c'>" WHY "</message>" },
        { "<presence from='a@b/c' to='d@e/old' id='&lt;&apos;'/>", "d@e/nick",
          "<presence type='error' from='d@e/nick' to='a@b/c' id='&lt;&apos;'>" WHY
          "</presence>" },
        { "<iq type='set' from='a@b' to='e' id='2'><query xmlns='urn:q'/></iq>", NULL,
          "<iq type='error' from='e' to='a@b' id='2'>" WHY "</iq>" },
        { "<message type='result' from='a@b' to='e'/>", NULL,
          "<message type='error' from='e' to='a@b'>" WHY "</message>" },
    };
    const struct bridge_error why = { BRIDGE_FORBIDDEN, "no" };
    struct strbuf out = STRBUF_INIT(4096);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        xmpp_stanza_t *s = received(rows[i].xml);

        strbuf_reset(&out);
        assert_true(stanza_refuse(&out, s, rows[i].from, &why));
        assert_string_equal(strbuf_text(&out), rows[i].answer);
        xmpp_stanza_release(s);
    }
    strbuf_release(&out);
}

static void does_not_answer_errors_results_or_nobody(void **state)
{
    static const char *const rows[] = {
        "<message type='error' from='a@b/c' to='d@e' id='1'/>",
        "<presence type='error' from='a@b/c' to='d@e'/>",
        "<iq type='error' from='a@b/c' to='d@e' id='1'/>",
        "<iq type='result' from='a@b/c' to='d@e' id='1'/>",
        "<message to='d@e'/>",
        "<message from='a@b'/>",
        "<handshake from='a@b' to='d@e'/>",
        "<stream:error from='a@b' to='d@e'/>",
    };
    const struct bridge_error why = { BRIDGE_FORBIDDEN, "no" };
    struct strbuf out = STRBUF_INIT(4096);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        xmpp_stanza_t *s = received(rows[i]);

        if (stanza_refuse(&out, s, NULL, &why))
            fail_msg("%s was answered", rows[i]);
        assert_int_equal(out.len, 0);
        xmpp_stanza_release(s);
    }
    strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_children_by_name_and_namespace),
        cmocka_unit_test(a_stanza_with_text_alone_has_no_payload),
        cmocka_unit_test(text_is_that_of_the_element_itself),
        cmocka_unit_test(every_code_has_one_condition_and_comes_back),
        cmocka_unit_test(the_reason_is_escaped_and_may_be_absent),
        cmocka_unit_test(a_new_address_is_a_uri_and_comes_back),
        cmocka_unit_test(reads_what_others_say),
        cmocka_unit_test(an_address_too_long_for_the_error_is_not_cut),
        cmocka_unit_test(refuses_with_the_addresses_swapped),
        cmocka_unit_test(does_not_answer_errors_results_or_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
