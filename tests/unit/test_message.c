/* Messages to and from people; what waits while the stream is down. */
#include <bridge/host.h>

#include <stdio.h>
#include <string.h>

#include "dialogue.h"
#include "session.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define CHAT(to, id, body) \
    "<message type='chat' id='" id "' from='" BALCONY "' to='" to "'>" body "</message>"
#define REFUSED(from, id, error) \
    "<message type='error' id='" id "' to='" BALCONY "' from='" from "'>" error "</message>"
#define ROMEO "romeo@" LAB_DOMAIN
#define HEARD(body) \
    "<message type='chat' id='*' to='juliet@example.net' from='" ROMEO "'><body>" body \
    "</body></message>"

static struct bridge_session *open_session(void)
{
    RECV(CHAT(ROMEO, "m0", "<body>hello</body>"));
    DOWN("open juliet@example.net\n"
         "send romeo id=m0: hello\n");
    return fake_transport_session();
}

static void hear(struct bridge_session *session, const char *body)
{
    bridge_message(session, "romeo", &(struct bridge_message){ .body = body });
}

/* Time passes on a stream on which the server says something. */
static void pass(uint64_t ms)
{
    for (; ms > 25000; ms -= 25000) {
        fake_timer_advance(25000);
        RECV(" ");
    }
    fake_timer_advance(ms);
    RECV(" ");
}

/* --- to people ------------------------------------------------------------ */

static const struct {
    const char *what;
    const char *stanza;
    const char *calls;
} accepted[] = {
    { "chat", CHAT(ROMEO, "1", "<body>soft</body>"), "send romeo id=1: soft\n" },
    { "no type", "<message id='2' from='" BALCONY "' to='" ROMEO "'><body>x</body></message>",
      "send romeo id=2: x\n" },
    { "no id", "<message from='" BALCONY "' to='" ROMEO "'><body>x</body></message>",
      "send romeo id=-: x\n" },
    { "an action", CHAT(ROMEO, "3", "<body>/me waves</body>"),
      "send romeo id=3 action: waves\n" },
    { "lines", CHAT(ROMEO, "4", "<body>a\nb</body>"), "send romeo id=4: a\nb\n" },
    { "a resource", CHAT(ROMEO "/x", "5", "<body>x</body>"), "send romeo id=5: x\n" },
    { "case", CHAT("RoMeO@T.Example.NET", "6", "<body>x</body>"), "send romeo id=6: x\n" },
    { "XEP-0106", CHAT("a\\40b\\5c20@" LAB_DOMAIN, "7", "<body>x</body>"),
      "send a@b\\20 id=7: x\n" },
    { "a service", CHAT("%net@" LAB_DOMAIN, "8", "<body>list</body>"),
      "send %net id=8: list\n" },
    { "text beside markup",
      CHAT(ROMEO, "9",
           "<html xmlns='http://jabber.org/protocol/xhtml-im'><body>no</body></html>"
           "<body>yes</body><body xml:lang='de'>ja</body>"),
      "send romeo id=9: yes\n" },
    { "no text: chat states, receipts",
      CHAT(ROMEO, "10", "<composing xmlns='http://jabber.org/protocol/chatstates'/>"), "" },
};

static void a_message_reaches_the_network(void **state)
{
    (void)state;
    open_session();
    for (size_t i = 0; i < COUNT(accepted); i++) {
        RECV(accepted[i].stanza);
        if (strcmp(fake_transport_calls(), accepted[i].calls) != 0)
            print_error("%s\n", accepted[i].what);
        DOWN(accepted[i].calls);
        SENT("");
    }
}

static const struct {
    const char *stanza;
    const char *answer;
} refused[] = {
    { CHAT("bad@" LAB_DOMAIN, "1", "<body>x</body>"),
      REFUSED("bad@" LAB_DOMAIN, "1",
              ERROR_TEXT("modify", "jid-malformed", "the network has no such addresses")) },
    { CHAT("old@" LAB_DOMAIN, "2", "<body>x</body>"),
      REFUSED("old@" LAB_DOMAIN, "2",
              "<error type='cancel'><gone xmlns='" NS_STANZAS "'>xmpp:new@t.example.net</gone>"
              "<text xmlns='" NS_STANZAS "'>*</text></error>") },
    { CHAT(ROOM, "4", "<body>x</body>"), REFUSED(ROOM, "4", ERROR("modify", "bad-request")) },
    { "<message type='groupchat' id='5' from='" BALCONY "' to='" ROMEO "'><body>x</body>"
      "</message>",
      REFUSED(ROMEO, "5", ERROR("modify", "bad-request")) },
    { "<message type='groupchat' id='6' from='" BALCONY "' to='" LAB_DOMAIN "'><body>x</body>"
      "</message>", REFUSED(LAB_DOMAIN, "6", ERROR("modify", "bad-request")) },
    /* an error is never answered */
    { "<message type='error' id='7' from='" BALCONY "' to='bad@" LAB_DOMAIN "'><error/>"
      "</message>", "" },
    { "<message type='error' id='8' from='" BALCONY "' to='" ROMEO "'><body>x</body><error/>"
      "</message>", "" },
};

static void what_goes_nowhere_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        RECV(refused[i].stanza);
        SENT(refused[i].answer);
        DOWN("");
    }
}

static void what_the_network_refuses_comes_back(void **state)
{
    (void)state;
    fake_transport_fail("open", BRIDGE_MEMBERSHIP, "the network wants you to register");
    RECV(CHAT(ROMEO, "1", "<body>x</body>"));
    DOWN("open juliet@example.net\n");
    SENT(REFUSED(ROMEO, "1", ERROR_TEXT("auth", "registration-required",
                                        "the network wants you to register")));
    fake_transport_fail("send", BRIDGE_NOT_FOUND, "the network knows no romeo");
    RECV(CHAT(ROMEO, "2", "<body>x</body>"));
    DOWN("open juliet@example.net\n"
         "send romeo id=2: x\n");
    SENT(REFUSED(ROMEO, "2", ERROR_TEXT("cancel", "item-not-found",
                                        "the network knows no romeo")));
}

static void each_user_has_one_session(void **state)
{
    (void)state;
    open_session();
    RECV("<message from='juliet@example.net/chamber' to='" ROMEO "'><body>a</body></message>");
    DOWN("send romeo id=-: a\n");
    RECV("<message from='nurse@example.net/x' to='" ROMEO "'><body>b</body></message>");
    DOWN("open nurse@example.net\n"
         "send romeo id=-: b\n");
    assert_int_equal(fake_transport_sessions(), 2);
}

static void say_long(const char *head, size_t len, const char *tail)
{
    struct strbuf xml = STRBUF_INIT(1u << 20);

    strbuf_adds(&xml, head);
    for (size_t i = 0; i < len; i++)
        strbuf_addch(&xml, 'x');
    strbuf_adds(&xml, tail);
    RECV(strbuf_text(&xml));
    strbuf_release(&xml);
}

/* Accepted or answered, never neither. */
static void a_long_text_goes_through_and_a_longer_one_comes_back(void **state)
{
    (void)state;
    dialogue_join();
    say_long("<message id='1' from='" BALCONY "' to='" ROMEO "'><body>", 200000,
             "</body></message>");
    assert_int_equal(strlen(fake_transport_calls()), strlen("send romeo id=1: \n") + 200000);
    fake_transport_forget();
    SENT("");
    say_long("<message id='2' from='" BALCONY "' to='" ROMEO "'><body>", 200001,
             "</body></message>");
    SENT(REFUSED(ROMEO, "2", ERROR("cancel", "not-allowed")));
    say_long("<message type='groupchat' id='3' from='" BALCONY "' to='" ROOM "'><body>", 200001,
             "</body></message>");
    SENT(REFUSED(ROOM, "3", ERROR("cancel", "not-allowed")));
    say_long("<message type='groupchat' id='4' from='" BALCONY "' to='" ROOM "'><subject>",
             200001, "</subject></message>");
    SENT(REFUSED(ROOM, "4", ERROR("cancel", "not-allowed")));
    DOWN("");
}

/* --- to occupants (XEP-0045 §7.5) ----------------------------------------- */

static void a_private_message_goes_to_the_person_behind_the_nick(void **state)
{
    (void)state;
    dialogue_join();
    RECV(CHAT(ROOM "/romeo", "p1",
              "<body>psst</body><x xmlns='http://jabber.org/protocol/muc#user'/>"));
    DOWN("occupant #r romeo\n"
         "send romeo id=p1: psst\n");
    SENT("");
}

static const struct {
    const char *stanza;
    const char *answer;
} private[] = {
    { CHAT(ROOM "/nobody", "1", "<body>x</body>"),
      REFUSED(ROOM "/nobody", "1", ERROR("cancel", "item-not-found")) },
    { "<message id='2' from='" CHAMBER "' to='" ROOM "/romeo'><body>x</body></message>",
      "<message type='error' id='2' to='" CHAMBER "' from='" ROOM "/romeo'>"
      ERROR("cancel", "not-acceptable") "</message>" },
    { "<message id='3' from='x@example.net/y' to='" ROOM "/romeo'><body>x</body></message>",
      "<message type='error' id='3' to='x@example.net/y' from='" ROOM "/romeo'>"
      ERROR("cancel", "not-acceptable") "</message>" },
    { "<message type='groupchat' id='4' from='" BALCONY "' to='" ROOM "/romeo'><body>x</body>"
      "</message>", REFUSED(ROOM "/romeo", "4", ERROR("modify", "bad-request")) },
    { CHAT(ROOM, "5", "<body>x</body>"), REFUSED(ROOM, "5", ERROR("modify", "bad-request")) },
};

static void a_private_message_to_nobody_comes_back(void **state)
{
    (void)state;
    dialogue_join();
    for (size_t i = 0; i < COUNT(private); i++) {
        RECV(private[i].stanza);
        SENT(private[i].answer);
        DOWN("");
    }
    lab.transport->occupant = NULL;
    RECV(CHAT(ROOM "/romeo", "6", "<body>x</body>"));
    SENT(REFUSED(ROOM "/romeo", "6", ERROR("cancel", "feature-not-implemented")));
}

static void a_private_message_that_the_network_refuses_comes_back(void **state)
{
    (void)state;
    dialogue_join();
    fake_transport_fail("occupant", BRIDGE_NOT_FOUND, "the network has lost him");
    RECV(CHAT(ROOM "/romeo", "1", "<body>x</body>"));
    DOWN("occupant #r romeo\n");
    SENT(REFUSED(ROOM "/romeo", "1",
                 ERROR_TEXT("cancel", "item-not-found", "the network has lost him")));
}

/* --- from people ---------------------------------------------------------- */

static void what_a_contact_writes_goes_to_all_clients_of_the_user(void **state)
{
    (void)state;
    struct bridge_session *session = open_session();
    assert_string_equal(bridge_session_user(session), "juliet@example.net");
    bridge_message(session, "romeo", &(struct bridge_message){ .body = "it <is> my lady" });
    SENT(HEARD("it &lt;is&gt; my lady"));
    bridge_message(session, "romeo", &(struct bridge_message){ .body = "sighs",
                                                               .kind = BRIDGE_ACTION });
    SENT(HEARD("/me sighs"));
    bridge_message(session, "a@b c",
                   &(struct bridge_message){ .body = "x", .time = INT64_C(1034590437005) });
    SENT("<message type='chat' id='*' to='juliet@example.net' "
         "from='a\\40b\\20c@" LAB_DOMAIN "'><body>x</body>"
         "<delay xmlns='urn:xmpp:delay' stamp='2002-10-14T10:13:57.005Z'/>"
         "</message>");
}

static void an_address_that_cannot_be_a_jid_is_shown_as_the_domain(void **state)
{
    static const char *const addresses[] = { "", " x", "x ", "\x01", "a\xff", "a\xef\xbf\xbd" };
    char huge[1100];

    (void)state;
    struct bridge_session *session = open_session();
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = 0;
    for (size_t i = 0; i <= COUNT(addresses); i++) {
        bridge_message(session, i < COUNT(addresses) ? addresses[i] : huge,
                       &(struct bridge_message){ .body = "x" });
        SENT("<message type='chat' id='*' to='juliet@example.net' from='" LAB_DOMAIN "'>"
             "<body>x</body></message>");
        LOGGED("warning", "an address of the network cannot be a JID");
    }
}

static void a_text_too_long_for_a_stanza_is_dropped_and_logged(void **state)
{
    struct strbuf body = STRBUF_INIT(1u << 20);

    (void)state;
    struct bridge_session *session = open_session();
    for (int i = 0; i < 50000; i++)
        strbuf_adds(&body, "&<>");
    hear(session, strbuf_text(&body));
    LOGGED("warning", "dropped a stanza for juliet@example.net: too large to send");
    hear(session, "next");
    SENT(HEARD("next"));
    strbuf_release(&body);
}

/* --- failures afterwards -------------------------------------------------- */

static const struct bridge_error lost = { BRIDGE_RETRY, "the network lost it" };
#define LOST ERROR_TEXT("wait", "recipient-unavailable", "the network lost it")

static void a_failure_goes_to_the_client_that_wrote(void **state)
{
    (void)state;
    dialogue_join();
    struct bridge_session *session = fake_transport_session();
    RECV(CHAT("ROMEO@" LAB_DOMAIN "/x", "m1", "<body>x</body>"));
    RECV(CHAT(ROOM "/romeo", "m2", "<body>x</body>"));
    RECV("<message type='groupchat' id='m3' from='" BALCONY "' to='" ROOM "'><body>x</body>"
         "</message>");
    RECV("<message type='groupchat' id='m4' from='" BALCONY "' to='" ROOM "'>"
         "<subject>x</subject></message>");
    fake_transport_forget();
    bridge_message_failed(session, "romeo", "m1", &lost);
    SENT(REFUSED(ROMEO, "m1", LOST));
    bridge_message_failed(session, "romeo", "m2", &lost);
    SENT(REFUSED(ROOM "/romeo", "m2", LOST));
    bridge_message_failed(session, "#r", "m3", &lost);
    SENT(REFUSED(ROOM, "m3", LOST));
    bridge_message_failed(session, "#r", "m4", &lost);
    SENT(REFUSED(ROOM, "m4", LOST));
}

#define TOLD(address) \
    "<message type='chat' id='*' to='juliet@example.net' from='" address "@" LAB_DOMAIN "'>" \
    "<body>A message of yours was not delivered: the network lost it</body></message>"

static void a_failure_of_an_unknown_message_is_told_in_words(void **state)
{
    (void)state;
    struct bridge_session *session = open_session();
    bridge_message_failed(session, "romeo", "other", &lost);
    SENT(TOLD("romeo"));
    bridge_message_failed(session, "romeo", NULL, &lost);
    SENT(TOLD("romeo"));
    bridge_message_failed(session, "mercutio", "m0", &lost); /* the id was for another */
    SENT(TOLD("mercutio"));
}

static void the_last_thirty_two_messages_are_remembered(void **state)
{
    char xml[512], expected[1024];

    (void)state;
    struct bridge_session *session = open_session(); /* m0 */
    for (int i = 1; i <= 32; i++) {
        snprintf(xml, sizeof xml, CHAT(ROMEO, "m%d", "<body>x</body>"), i);
        RECV(xml);
    }
    fake_transport_forget();
    bridge_message_failed(session, "romeo", "m0", &lost);
    SENT(TOLD("romeo"));
    for (int i = 1; i <= 32; i++) {
        snprintf(xml, sizeof xml, "m%d", i);
        snprintf(expected, sizeof expected, REFUSED(ROMEO, "%s", LOST), xml);
        bridge_message_failed(session, "romeo", xml, &lost);
        SENT(expected);
    }
}

static void of_two_with_one_id_the_later_is_meant(void **state)
{
    (void)state;
    struct bridge_session *session = open_session();
    RECV("<message id='m0' from='" CHAMBER "' to='" ROMEO "'><body>x</body></message>");
    fake_transport_forget();
    bridge_message_failed(session, "romeo", "m0", &lost);
    SENT("<message type='error' id='m0' to='" CHAMBER "' from='" ROMEO "'>" LOST "</message>");
}

/* --- while the stream is down --------------------------------------------- */

static void cut(void)
{
    lab_cut(LAB_DOMAIN);
    LOGGED("error", "connection reset by peer");
}

static void come_back(void)
{
    lab_reconnect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
}

#define ARE_YOU_THERE(client) \
    "<iq type='get' id='*' to='" client "' from='" ROOM "'>" PING "</iq>"

static void what_is_said_meanwhile_waits_in_order_then_the_clients_are_pinged(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    dialogue_join_too(CHAMBER);
    struct bridge_session *session = fake_transport_session();
    cut();
    bridge_room_message(room, "romeo", &(struct bridge_message){ .body = "one" });
    hear(session, "two");
    bridge_room_departed(room, "romeo", BRIDGE_LEFT, NULL, NULL);
    assert_true(lab.core->backlog > 0);
    come_back();
    SENT(SAID(BALCONY, "romeo", "*", "one")
         SAID(CHAMBER, "romeo", "*", "one")
         HEARD("two")
         "<presence type='unavailable' to='" BALCONY "' from='" ROOM "/romeo'>"
         USER(ITEM("admin", "none")) "</presence>"
         "<presence type='unavailable' to='" CHAMBER "' from='" ROOM "/romeo'>"
         USER(ITEM("admin", "none")) "</presence>"
         ARE_YOU_THERE(BALCONY)
         ARE_YOU_THERE(CHAMBER));
    assert_int_equal(lab.core->backlog, 0);
    bridge_room_message(room, NULL, &(struct bridge_message){ .body = "three" });
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 2);
    canonical_release(&sent);
    DOWN("");
}

static void a_join_that_was_under_way_is_completed(void **state)
{
    (void)state;
    RECV(JOIN(BALCONY, "jul"));
    cut();
    bridge_room_joined(fake_transport_room(), "jul");
    come_back();
    SENT(SELF(BALCONY, "jul") NO_SUBJECT(BALCONY) ARE_YOU_THERE(BALCONY));
    DOWN("open juliet@example.net\njoin #r jul\n");
}

static void fill_backlog(struct bridge_session *session)
{
    char body[1000];

    memset(body, 'x', sizeof body - 1);
    body[sizeof body - 1] = 0;
    for (size_t i = 0; i < SESSION_BACKLOG_MAX / sizeof body + 1; i++)
        hear(session, body);
}

static void who_would_have_heard_too_much_must_enter_again(void **state)
{
    (void)state;
    dialogue_join();
    struct bridge_session *juliet = fake_transport_session();
    RECV("<message from='nurse@example.net/x' to='" ROMEO "'><body>b</body></message>");
    struct bridge_session *nurse = fake_transport_session();
    fake_transport_forget();
    cut();
    fill_backlog(juliet);
    LOGGED("warning", "what juliet@example.net would have received is dropped");
    assert_int_equal(lab.core->backlog, 0);
    fill_backlog(juliet); /* said once */
    bridge_message(nurse, "romeo", &(struct bridge_message){ .body = "for you" });
    come_back();
    SENT_ANYHOW(2, "<message type='chat' id='*' to='nurse@example.net' from='" ROMEO "'>"
                   "<body>for you</body></message>"
                   "<presence type='unavailable' to='" BALCONY "' from='" ROOM "/jul'>"
                   "<status>Too much was said here while the XMPP server was away. "
                   "Please join again.</status>"
                   USER("<item affiliation='none' role='none'>"
                        "<reason>Too much was said here while the XMPP server was away. "
                        "Please join again.</reason></item>" CODE(110) CODE(333))
                   "</presence>");
    DOWN("leave #r\n");
    assert_int_equal(lab.core->backlog, 0);
    hear(juliet, "again");
    SENT(HEARD("again"));
}

static void all_together_have_a_limit_too(void **state)
{
    enum { USERS = CORE_BACKLOG_MAX / 60000 + 2 };
    static struct bridge_session *sessions[USERS];
    static char body[60001];
    char xml[256];

    (void)state;
    for (int i = 0; i < USERS; i++) {
        snprintf(xml, sizeof xml, "<message from='u%d@example.net/x' to='" ROMEO "'>"
                 "<body>b</body></message>", i);
        RECV(xml);
        sessions[i] = fake_transport_session();
    }
    fake_transport_forget();
    cut();
    memset(body, 'x', sizeof body - 1);
    for (int i = 0; i < USERS; i++) {
        hear(sessions[i], body);
        assert_in_range(lab.core->backlog, 1, CORE_BACKLOG_MAX);
    }
    LOGGED("warning", "would have received is dropped");
    while (strstr(strbuf_text(&lab.log), "would have received is dropped"))
        LOGGED("warning", "would have received is dropped");
    come_back();
    assert_int_equal(lab.core->backlog, 0);
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_in_range(sent.count, USERS - 10, USERS - 1);
    canonical_release(&sent);
}

static void what_waits_is_let_go_with_its_session(void **state)
{
    (void)state;
    struct bridge_session *session = open_session();
    cut();
    hear(session, "never mind");
    core_stop(lab.core, "enough");
    assert_int_equal(lab.core->backlog, 0);
    DOWN("close juliet@example.net: enough\n");
}

/* --- sessions end --------------------------------------------------------- */

static void a_session_that_nobody_uses_is_closed(void **state)
{
    (void)state;
    struct bridge_session *session = open_session();
    pass(29 * 60000);
    hear(session, "still there?"); /* counts as use */
    SENT(HEARD("still there?"));
    pass(29 * 60000);
    RECV(CHAT(ROMEO, "m1", "<body>still here</body>")); /* so does this */
    DOWN("send romeo id=m1: still here\n");
    pass(29 * 60000);
    DOWN("");
    pass(3 * 60000);
    DOWN("close juliet@example.net: idle\n");
    assert_int_equal(fake_transport_sessions(), 0);
    open_session();
}

static void a_session_in_a_room_is_kept(void **state)
{
    (void)state;
    dialogue_join();
    pass(120 * 60000);
    DOWN("");
    RECV("<presence type='unavailable' from='" BALCONY "' to='" ROOM "/jul'/>");
    struct canonical sent = lab_take(LAB_DOMAIN);
    canonical_release(&sent);
    DOWN("leave #r\n");
    pass(2 * 60000);
    DOWN("close juliet@example.net: idle\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_reaches_the_network),
        TEST(what_goes_nowhere_comes_back),
        TEST(what_the_network_refuses_comes_back),
        TEST(each_user_has_one_session),
        TEST(a_long_text_goes_through_and_a_longer_one_comes_back),
        TEST(a_private_message_goes_to_the_person_behind_the_nick),
        TEST(a_private_message_to_nobody_comes_back),
        TEST(a_private_message_that_the_network_refuses_comes_back),
        TEST(what_a_contact_writes_goes_to_all_clients_of_the_user),
        TEST(an_address_that_cannot_be_a_jid_is_shown_as_the_domain),
        TEST(a_text_too_long_for_a_stanza_is_dropped_and_logged),
        TEST(a_failure_goes_to_the_client_that_wrote),
        TEST(a_failure_of_an_unknown_message_is_told_in_words),
        TEST(the_last_thirty_two_messages_are_remembered),
        TEST(of_two_with_one_id_the_later_is_meant),
        TEST(what_is_said_meanwhile_waits_in_order_then_the_clients_are_pinged),
        TEST(a_join_that_was_under_way_is_completed),
        TEST(who_would_have_heard_too_much_must_enter_again),
        TEST(all_together_have_a_limit_too),
        TEST(what_waits_is_let_go_with_its_session),
        TEST(a_session_that_nobody_uses_is_closed),
        TEST(a_session_in_a_room_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
