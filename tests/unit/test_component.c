#include "component.h"

#include <string.h>

#include "dialogue.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SECOND UINT64_C(1000)
#define HELLO "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' " \
              "xmlns:stream='http://etherx.jabber.org/streams' id='" LAB_STREAM_ID "'>"
#define STREAM_ERROR(condition) \
    "<stream:error><" condition " xmlns='" NS_STREAMS "'/></stream:error>"
#define PING_FROM(from, id) \
    "<iq type='get' id='" id "' from='" from "' to='" LAB_DOMAIN "'>" PING "</iq>"

static bool is_up(void)
{
    return core_streams_up(lab.core) == 1;
}

static void start(void)
{
    struct bridge_error err;

    assert_int_equal(lab_start(&err), 0);
    DOWN("start " LAB_DOMAIN " -\n");
}

static void skip_sent(size_t count)
{
    struct canonical sent = lab_take(LAB_DOMAIN);

    assert_int_equal(sent.count, count);
    canonical_release(&sent);
}

/* --- handshake ------------------------------------------------------------ */

static void connects_where_the_options_say(void **state)
{
    (void)state;
    start();
    assert_int_equal(fake_conn_count(), 1);
    assert_string_equal(fake_conn_host(fake_conn_at(0)), "xmpp.example.net");
    assert_int_equal(fake_conn_port(fake_conn_at(0)), 5347);
    assert_int_equal(fake_conn_tls(fake_conn_at(0)), CONN_TLS_OFF);
}

/* XEP-0114 §3: its own example is the digest of this id and the secret "test". */
static void proves_the_secret_and_is_up_when_the_server_agrees(void **state)
{
    (void)state;
    start();
    lab_connect(LAB_DOMAIN);
    struct strbuf *written = fake_conn_written(lab_conn(LAB_DOMAIN));
    RECV(HELLO);
    assert_string_equal(strbuf_text(written),
                        "<handshake>aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e</handshake>");
    strbuf_reset(written);
    assert_false(is_up());
    assert_int_equal(lab.changes, 0);
    RECV("<handshake/>");
    assert_true(is_up());
    assert_int_equal(lab.changes, 1);
    LOGGED("info", "component[" LAB_DOMAIN "]: up, connected to xmpp.example.net:5347");
}

static void ignores_stanzas_until_the_server_agrees(void **state)
{
    (void)state;
    start();
    lab_connect(LAB_DOMAIN);
    struct strbuf *written = fake_conn_written(lab_conn(LAB_DOMAIN));
    RECV(HELLO PING_FROM("a@b", "1")
         "<presence from='a@b' to='x@" LAB_DOMAIN "' type='subscribe'/>");
    assert_string_equal(strbuf_text(written), "<handshake>" LAB_HANDSHAKE "</handshake>");
    strbuf_reset(written);
    RECV("<handshake/>");
    DOWN("");
    SENT("");
}

static void later_handshakes_are_ignored(void **state)
{
    (void)state;
    RECV("<handshake/>");
    LOGGED("warning", "ignored a stanza from '' to ''");
    assert_true(is_up());
    assert_int_equal(lab.changes, 1);
}

/* --- trouble -------------------------------------------------------------- */

static const struct {
    const char *condition;
    const char *advice; /* NULL: there is none, and the condition is shown */
} advices[] = {
    { "not-authorized", "the XMPP server refused the secret: make `secret`" },
    { "host-unknown", "the XMPP server does not know this domain: add a Component" },
    { "conflict", "another program is connected to the XMPP server as this domain" },
    { "invalid-namespace", "set xmpp.port in bridge.conf to the server's component port" },
    { "invalid-from", "refused a sender address of ours" },
    { "policy-violation", "broke off for a limit of its own" },
    { "system-shutdown", NULL },
    { "internal-server-error", NULL },
};

static void a_stream_error_is_told_with_what_the_admin_should_do(void **state)
{
    (void)state;
    start();
    for (size_t i = 0; i < COUNT(advices); i++) {
        struct strbuf text = STRBUF_INIT(1024);
        strbuf_addf(&text, "<stream:error><text xmlns='" NS_STREAMS "'>what it says</text>"
                    "<%s xmlns='" NS_STREAMS "'/></stream:error></stream:stream>",
                    advices[i].condition);
        lab_reconnect(LAB_DOMAIN);
        RECV(HELLO);
        RECV(strbuf_text(&text));
        assert_null(lab_conn(LAB_DOMAIN)); /* we close it */
        lab_settle();
        strbuf_reset(&text);
        strbuf_addf(&text, "the XMPP server ended the stream: %s: what it says",
                    advices[i].condition);
        LOGGED("error", advices[i].advice ? advices[i].advice : strbuf_text(&text));
        assert_int_equal(!component_advice(advices[i].condition), !advices[i].advice);
        strbuf_release(&text);
    }
}

static void the_same_trouble_is_told_once(void **state)
{
    (void)state;
    start();
    for (int i = 0; i < 3; i++) {
        lab_reconnect(LAB_DOMAIN);
        RECV(HELLO STREAM_ERROR("host-unknown"));
        lab_settle();
        LOGGED(i ? "debug" : "error", "does not know this domain");
    }
    lab_reconnect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN); /* well again */
    RECV(STREAM_ERROR("host-unknown"));
    lab_settle();
    LOGGED("error", "does not know this domain");
}

static void what_is_not_xml_ends_the_stream_and_nothing_else(void **state)
{
    static const struct {
        const char *sent;
        const char *log;
    } cases[] = {
        { "<presence from='a@b' to=x/>", "sent what is not XML" },
        { "<message>\x01</message>", "sent what is not XML" },
        { "<message>&lol;</message>", "sent what is not XML" },
        { "</stream:stream>", "the XMPP server closed the stream" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        RECV(cases[i].sent);
        assert_null(lab_conn(LAB_DOMAIN));
        assert_false(is_up());
        lab_settle();
        LOGGED("error", cases[i].log);
        lab_reconnect(LAB_DOMAIN);
        lab_shake_hands(LAB_DOMAIN);
        assert_true(is_up());
    }
}

static void a_port_that_speaks_something_else_is_told_so(void **state)
{
    static const struct {
        const char *sent;
        const char *log;
    } cases[] = {
        { "HTTP/1.1 400 Bad Request\r\n\r\n", "sent what is not XML" },
        { "<html>", "what answers there is not an XMPP server" },
        { "<stream:stream xmlns='jabber:server' xmlns:stream='" NS_STREAM "' id='1'>",
          "the XMPP server does not take components on this port" },
        { "<stream:stream xmlns='" NS_COMPONENT "' xmlns:stream='" NS_STREAM "'>",
          "opened the stream without an id" },
        { "<stream:stream xmlns='urn:x' xmlns:stream='urn:y' id='1'>",
          "what answers there is not an XMPP server" },
    };

    (void)state;
    start();
    for (size_t i = 0; i < COUNT(cases); i++) {
        lab_reconnect(LAB_DOMAIN);
        RECV(cases[i].sent);
        lab_settle();
        LOGGED("error", cases[i].log);
    }
}

static void a_server_that_does_not_answer_is_given_up(void **state)
{
    (void)state;
    start();
    lab_connect(LAB_DOMAIN);
    fake_timer_advance(19 * SECOND);
    assert_non_null(lab_conn(LAB_DOMAIN));
    fake_timer_advance(1 * SECOND);
    assert_null(lab_conn(LAB_DOMAIN));
    lab_settle();
    LOGGED("error", "did not answer as an XMPP component port within 20 s");
    lab_reconnect(LAB_DOMAIN);
}

static void options_that_make_no_connection_are_tried_again(void **state)
{
    (void)state;
    fake_conn_refuse(BRIDGE_INVALID, "cannot read /etc/ca.pem");
    start();
    assert_int_equal(fake_conn_count(), 0);
    LOGGED("error", "cannot read /etc/ca.pem; trying again in");
    lab_reconnect(LAB_DOMAIN); /* the file is there now */
    lab_shake_hands(LAB_DOMAIN);
    assert_true(is_up());
}

/* A second, doubled up to a minute, less a quarter at most. */
static void waits_longer_each_time_and_from_the_start_after_success(void **state)
{
    static const uint64_t waits[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
    static const struct bridge_error why = { BRIDGE_RETRY, "connection refused" };

    (void)state;
    start();
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT(waits); i++) {
            fake_conn_end(fake_conn_at(0), &why);
            LOGGED(i ? "debug" : "error", "connection refused; trying again in");
            uint64_t wait = fake_timer_next();
            assert_in_range(wait, waits[i] * SECOND * 3 / 4, waits[i] * SECOND);
            fake_timer_advance(wait - 1);
            assert_int_equal(fake_conn_count(), 0);
            fake_timer_advance(1);
            assert_int_equal(fake_conn_count(), 1);
        }
        lab_connect(LAB_DOMAIN);
        lab_shake_hands(LAB_DOMAIN);
    }
}

/* --- silence -------------------------------------------------------------- */

#define ALIVE(n) "<iq type='get' from='" LAB_DOMAIN "' to='" LAB_DOMAIN "' id='alive-" #n "'>" \
                 PING "</iq>"

static void a_silent_server_is_pinged_then_given_up(void **state)
{
    (void)state;
    fake_timer_advance(30 * SECOND - 1);
    SENT("");
    fake_timer_advance(1);
    SENT(ALIVE(1));
    fake_timer_advance(30 * SECOND - 1);
    assert_true(is_up());
    fake_timer_advance(1);
    assert_false(is_up());
    lab_settle();
    LOGGED("error", "the XMPP server has not answered for 60 s");
    lab_reconnect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
}

/* Every server routes it back to us, and then our own answer. */
static void the_ping_is_answered_by_ourselves(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        fake_timer_advance(30 * SECOND);
        skip_sent(1);
        fake_timer_advance(1 * SECOND);
        RECV(PING_FROM(LAB_DOMAIN, "alive-1"));
        SENT("<iq type='result' id='alive-1' from='" LAB_DOMAIN "' to='" LAB_DOMAIN "'/>");
        RECV("<iq type='result' id='alive-1' from='" LAB_DOMAIN "' to='" LAB_DOMAIN "'/>");
        assert_true(is_up());
    }
}

static void a_server_that_says_anything_is_not_pinged(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        fake_timer_advance(29 * SECOND);
        RECV(" ");
    }
    SENT("");
    fake_timer_advance(30 * SECOND);
    SENT(ALIVE(1));
}

/* --- congestion ----------------------------------------------------------- */

static void transports_are_throttled_while_the_server_does_not_read(void **state)
{
    (void)state;
    fake_conn_clog(lab_conn(LAB_DOMAIN));
    DOWN("");
    RECV(PING_FROM("a@b", "1"));
    DOWN("throttle on\n");
    RECV(PING_FROM("a@b", "2"));
    DOWN("");
    fake_conn_drain(lab_conn(LAB_DOMAIN));
    DOWN("throttle off\n");
    fake_conn_drain(lab_conn(LAB_DOMAIN));
    DOWN("");
    skip_sent(2);
}

static void a_throttled_transport_goes_on_when_the_stream_is_lost(void **state)
{
    (void)state;
    fake_conn_clog(lab_conn(LAB_DOMAIN));
    RECV(PING_FROM("a@b", "1"));
    DOWN("throttle on\n");
    lab_cut(LAB_DOMAIN);
    DOWN("throttle off\n");
    LOGGED("error", "connection reset by peer");
}

static void a_transport_without_throttle_is_left_alone(void **state)
{
    (void)state;
    lab.transport->throttle = NULL;
    fake_conn_clog(lab_conn(LAB_DOMAIN));
    RECV(PING_FROM("a@b", "1"));
    fake_conn_drain(lab_conn(LAB_DOMAIN));
    DOWN("");
    skip_sent(1);
}

/* --- stanzas that go nowhere ---------------------------------------------- */

static void receive_huge(const char *head, const char *tail)
{
    struct strbuf xml = STRBUF_INIT(2u << 20);

    strbuf_adds(&xml, head);
    for (int i = 0; i < 60000; i++)
        strbuf_adds(&xml, "0123456789");
    strbuf_adds(&xml, tail);
    RECV(strbuf_text(&xml));
    strbuf_release(&xml);
}

static void a_huge_stanza_is_answered_with_an_error(void **state)
{
    (void)state;
    receive_huge("<message from='" BALCONY "' to='romeo@" LAB_DOMAIN "' id='big'><body>",
                 "</body></message>");
    SENT("<message type='error' id='big' to='" BALCONY "' from='romeo@" LAB_DOMAIN "'>"
         ERROR("cancel", "not-allowed") "</message>");
    LOGGED("warning", "dropped a stanza from " BALCONY);
    DOWN("");
}

static void a_huge_answer_or_error_is_not_answered(void **state)
{
    (void)state;
    receive_huge("<iq type='result' from='a@b' to='" LAB_DOMAIN "' id='x'><a>", "</a></iq>");
    LOGGED("warning", "dropped a stanza");
    receive_huge("<message type='error' from='a@b' to='" LAB_DOMAIN "' id='x'><a>",
                 "</a></message>");
    LOGGED("warning", "dropped a stanza");
    SENT("");
}

static void a_huge_stanza_for_another_domain_is_not_answered(void **state)
{
    (void)state;
    receive_huge("<message from='a@b' to='x@elsewhere.example' id='x'><a>", "</a></message>");
    LOGGED("warning", "dropped a stanza");
    LOGGED("warning", "ignored a stanza from 'a@b' to 'x@elsewhere.example'");
    SENT("");
}

static void stanzas_without_proper_addresses_are_ignored(void **state)
{
    static const char *const stanzas[] = {
        "<message to='romeo@" LAB_DOMAIN "'><body>x</body></message>",
        "<message from='a@b'><body>x</body></message>",
        "<message from='a@b' to='romeo@elsewhere.example'><body>x</body></message>",
        "<message from='@' to='romeo@" LAB_DOMAIN "'><body>x</body></message>",
        "<message from='a@b' to='/x'><body>x</body></message>",
        "<iq type='get' id='1' from='a@b' to='sub." LAB_DOMAIN "'>" PING "</iq>",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(stanzas); i++) {
        RECV(stanzas[i]);
        SENT("");
        DOWN("");
        LOGGED("warning", "ignored a stanza from '");
    }
}

/* --- the end -------------------------------------------------------------- */

static void ends_with_the_end_of_the_stream(void **state)
{
    (void)state;
    core_stop(lab.core, "maintenance");
    struct conn *conn = lab_conn(LAB_DOMAIN);
    fake_store_commit();
    assert_string_equal(strbuf_text(fake_conn_written(conn)), "</stream:stream>");
    assert_false(lab.stopped);
    lab_settle();
    assert_true(lab.stopped);
    DOWN("stop\n");
}

static void reach_waiting(void)
{
    fake_conn_refuse(BRIDGE_INVALID, "no such file");
    start();
    LOGGED("error", "no such file");
}

static void reach_opening(void)
{
    start();
    lab_connect(LAB_DOMAIN);
}

static void reach_shaking(void)
{
    reach_opening();
    RECV(HELLO);
}

static void reach_up(void)
{
    reach_opening();
    lab_shake_hands(LAB_DOMAIN);
}

static void reach_clogged(void)
{
    reach_up();
    fake_conn_clog(lab_conn(LAB_DOMAIN));
}

static void reach_closing(void)
{
    reach_up();
    RECV("</stream:stream>");
}

/* The conn, the timer and the component must end once, whatever they did. */
static void ends_in_every_state(void **state)
{
    static void (*const reach[])(void) = {
        reach_waiting, start, reach_opening, reach_shaking, reach_up, reach_clogged,
        reach_closing,
    };

    for (size_t i = 0; i < COUNT(reach); i++) {
        if (i) {
            assert_int_equal(dialogue_teardown(state), 0);
            dialogue_setup_down(state);
        }
        reach[i]();
        core_stop(lab.core, "enough");
        fake_store_commit();
        lab_settle();
        lab_settle();
        assert_true(lab.stopped);
        DOWN("stop\n");
    }
}

static void two_domains_have_a_stream_each(void **state)
{
    (void)state;
    assert_int_equal(core_streams_up(lab.core), 2);
    lab_cut(LAB_DOMAIN);
    LOGGED("error", "component[" LAB_DOMAIN "]");
    assert_int_equal(core_streams_up(lab.core), 1);
    dialogue_stream = LAB_GATEWAY;
    RECV("<iq type='get' id='1' from='a@b' to='" LAB_GATEWAY "'>" PING "</iq>");
    SENT("<iq type='result' id='1' to='a@b' from='" LAB_GATEWAY "'/>");
    lab_reconnect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    assert_int_equal(core_streams_up(lab.core), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_DOWN(connects_where_the_options_say),
        TEST_DOWN(proves_the_secret_and_is_up_when_the_server_agrees),
        TEST_DOWN(ignores_stanzas_until_the_server_agrees),
        TEST(later_handshakes_are_ignored),
        TEST_DOWN(a_stream_error_is_told_with_what_the_admin_should_do),
        TEST_DOWN(the_same_trouble_is_told_once),
        TEST(what_is_not_xml_ends_the_stream_and_nothing_else),
        TEST_DOWN(a_port_that_speaks_something_else_is_told_so),
        TEST_DOWN(a_server_that_does_not_answer_is_given_up),
        TEST_DOWN(options_that_make_no_connection_are_tried_again),
        TEST_DOWN(waits_longer_each_time_and_from_the_start_after_success),
        TEST(a_silent_server_is_pinged_then_given_up),
        TEST(the_ping_is_answered_by_ourselves),
        TEST(a_server_that_says_anything_is_not_pinged),
        TEST(transports_are_throttled_while_the_server_does_not_read),
        TEST(a_throttled_transport_goes_on_when_the_stream_is_lost),
        TEST(a_transport_without_throttle_is_left_alone),
        TEST(a_huge_stanza_is_answered_with_an_error),
        TEST(a_huge_answer_or_error_is_not_answered),
        TEST(a_huge_stanza_for_another_domain_is_not_answered),
        TEST(stanzas_without_proper_addresses_are_ignored),
        TEST(ends_with_the_end_of_the_stream),
        TEST_DOWN(ends_in_every_state),
        TEST_GATEWAY(two_domains_have_a_stream_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
