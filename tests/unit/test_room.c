/* XEP-0045 as clients see it; sections are its own. */
#include <bridge/host.h>

#include <stdio.h>
#include <string.h>

#include "dialogue.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define AT(client) " to='" client "' from='" ROOM "'"
#define FROM(client, nick) " to='" client "' from='" ROOM "/" nick "'"
#define GONE(client, nick, item, codes) \
    "<presence type='unavailable'" FROM(client, nick) ">" USER(item codes) "</presence>"
#define REFUSED(client, nick, error) \
    "<presence type='error'" FROM(client, nick) ">" MUC error "</presence>"
#define GROUPCHAT(client, id, inside) \
    "<message type='groupchat' id='" id "' from='" client "' to='" ROOM "'>" inside "</message>"
#define ASK_NICK(client, nick) "<presence from='" client "' to='" ROOM "/" nick "'/>"

static const struct bridge_occupant participant = { .role = BRIDGE_PARTICIPANT };
static const struct bridge_occupant moderator = {
    .affiliation = BRIDGE_ADMIN, .role = BRIDGE_MODERATOR
};

/* The user's own nicks fold as ASCII does. */
static const unsigned char *ascii_fold(void)
{
    static unsigned char fold[256];

    for (int i = 0; i < 256; i++)
        fold[i] = (unsigned char)(i >= 'A' && i <= 'Z' ? i + 32 : i);
    return fold;
}

/* juliet has asked, the network has not answered yet. */
static struct bridge_room *half_joined(void)
{
    RECV(JOIN(BALCONY, "jul"));
    DOWN("open juliet@example.net\n"
         "join #r jul\n");
    return fake_transport_room();
}

/* --- entering ------------------------------------------------------------- */

/* §7.1: the others, oneself, the subject, what is said. */
static void the_others_come_first_then_oneself_then_the_subject_then_messages(void **state)
{
    (void)state;
    struct bridge_room *room = half_joined();
    bridge_room_subject(room, "Wherefore", "romeo", 0);
    bridge_room_message(room, "romeo", &(struct bridge_message){ .body = "early" });
    bridge_room_occupant(room, "romeo", &moderator);
    bridge_room_occupant(room, "jul", &participant);
    bridge_room_occupant(room, "nurse", &participant);
    bridge_room_message(room, "nurse", &(struct bridge_message){ .body = "bird" });
    SENT(OCCUPANT(BALCONY, "romeo", "admin", "moderator")
         OCCUPANT(BALCONY, "nurse", "none", "participant"));
    bridge_room_joined(room, "jul");
    SENT(SELF(BALCONY, "jul")
         "<message type='groupchat' id='*'" FROM(BALCONY, "romeo") ">"
         "<subject>Wherefore</subject></message>"
         SAID(BALCONY, "romeo", "*", "early")
         SAID(BALCONY, "nurse", "*", "bird"));
    bridge_room_message(room, "nurse", &(struct bridge_message){ .body = "late" });
    SENT(SAID(BALCONY, "nurse", "*", "late"));
}

/* §7.2.15: an empty subject is sent too, or the client waits for it. */
static void a_room_may_be_empty_and_without_subject(void **state)
{
    (void)state;
    bridge_room_joined(half_joined(), "jul");
    SENT(SELF(BALCONY, "jul") NO_SUBJECT(BALCONY));
}

static void a_subject_tells_when_it_was_set(void **state)
{
    (void)state;
    struct bridge_room *room = half_joined();
    bridge_room_subject(room, "old", NULL, INT64_C(1034590437123));
    bridge_room_joined(room, "jul");
    SENT(SELF(BALCONY, "jul")
         "<message type='groupchat' id='*'" AT(BALCONY) "><subject>old</subject>"
         "<delay xmlns='urn:xmpp:delay' from='" ROOM "' stamp='2002-10-14T10:13:57.123Z'/>"
         "</message>");
}

/* §7.2.2: another nick than the one asked for. */
static void a_nick_that_the_network_chose_is_told_with_210(void **state)
{
    (void)state;
    struct bridge_room *room = half_joined();
    bridge_room_set_nick(room, "jul_");
    bridge_room_occupant(room, "jul_", &participant);
    bridge_room_occupant(room, "jul", &participant);
    SENT(OCCUPANT(BALCONY, "jul", "none", "participant"));
    bridge_room_joined(room, "jul_");
    SENT("<presence" FROM(BALCONY, "jul_") ">"
         USER(ITEM("none", "participant") CODE(110) CODE(210)) "</presence>"
         NO_SUBJECT(BALCONY));
    assert_string_equal(bridge_room_nick(room), "jul_");
}

static void the_rooms_own_word_may_be_its_nick(void **state)
{
    (void)state;
    struct bridge_room *room = half_joined();
    bridge_room_joined(room, bridge_room_nick(room));
    SENT(SELF(BALCONY, "jul") NO_SUBJECT(BALCONY));
}

static void a_password_goes_to_the_network(void **state)
{
    (void)state;
    RECV("<presence from='" BALCONY "' to='" ROOM "/jul'><x xmlns='" NS_MUC "'>"
         "<password>open &lt;sesame&gt;</password><history maxstanzas='0'/></x></presence>");
    DOWN("open juliet@example.net\n"
         "join #r jul password=open <sesame>\n");
}

/* §7.2.1: without a nick. */
static void a_join_without_nick_is_malformed(void **state)
{
    (void)state;
    RECV("<presence id='n' from='" BALCONY "' to='" ROOM "'>" MUC "</presence>");
    SENT("<presence id='n' type='error'" AT(BALCONY) ">" ERROR("modify", "jid-malformed")
         "</presence>");
    DOWN("");
}

static void a_network_without_rooms_says_so(void **state)
{
    (void)state;
    lab.transport->join = NULL;
    RECV(JOIN(BALCONY, "jul"));
    SENT("<presence type='error'" FROM(BALCONY, "jul") ">"
         ERROR("cancel", "feature-not-implemented") "</presence>");
    DOWN("");
}

/* §7.2.17, and one condition for each code. */
static const struct {
    enum bridge_code code;
    const char *type;
    const char *condition;
} refusals[] = {
    { BRIDGE_RETRY, "wait", "recipient-unavailable" },
    { BRIDGE_BUSY, "wait", "resource-constraint" },
    { BRIDGE_REJECTED, "cancel", "not-allowed" },
    { BRIDGE_FORBIDDEN, "auth", "forbidden" },
    { BRIDGE_AUTH, "auth", "not-authorized" },
    { BRIDGE_MEMBERSHIP, "auth", "registration-required" },
    { BRIDGE_CONFLICT, "cancel", "conflict" },
    { BRIDGE_NOT_FOUND, "cancel", "item-not-found" },
    { BRIDGE_NO_HOST, "cancel", "remote-server-not-found" },
    { BRIDGE_ADDRESS, "modify", "jid-malformed" },
    { BRIDGE_INVALID, "modify", "bad-request" },
    { BRIDGE_UNSUPPORTED, "cancel", "feature-not-implemented" },
    { BRIDGE_OUTSIDE, "cancel", "not-acceptable" },
    { BRIDGE_NO_SERVICE, "cancel", "service-unavailable" },
    { BRIDGE_TIMEOUT, "wait", "remote-server-timeout" },
    { BRIDGE_INCOMPLETE, "modify", "not-acceptable" },
};

static void expect_refusal(size_t i)
{
    struct strbuf xml = STRBUF_INIT(4096);

    strbuf_addf(&xml,
                "<presence id='j1' type='error'" FROM(BALCONY, "jul") ">" MUC
                "<error type='%s'><%s xmlns='" NS_STANZAS "'/><text xmlns='" NS_STANZAS "'>"
                "the network is against it</text></error></presence>",
                refusals[i].type, refusals[i].condition);
    SENT(strbuf_text(&xml));
    strbuf_release(&xml);
}

static void a_refused_join_says_why_and_leaves_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        for (int later = 0; later < 2; later++) {
            const char *call = i || later ? "join #r jul\n"
                                          : "open juliet@example.net\njoin #r jul\n";
            if (!later)
                fake_transport_fail("join", refusals[i].code, "the network is against it");
            RECV("<presence id='j1' from='" BALCONY "' to='" ROOM "/jul'>" MUC "</presence>");
            DOWN(call);
            if (later) {
                struct bridge_error why;
                SENT("");
                bridge_fail(&why, refusals[i].code, "the network is against it");
                bridge_room_refused(fake_transport_room(), &why);
            }
            expect_refusal(i);
        }
    }
    /* The room is gone each time: */
    RECV(GROUPCHAT(BALCONY, "g", "<body>hello?</body>"));
    SENT("<message type='error' id='g'" AT(BALCONY) ">" ERROR("cancel", "not-acceptable")
         "</message>");
}

static void a_refused_session_refuses_the_join(void **state)
{
    (void)state;
    fake_transport_fail("open", BRIDGE_FORBIDDEN, "the network is not for you");
    RECV(JOIN(BALCONY, "jul"));
    DOWN("open juliet@example.net\n");
    SENT("<presence type='error'" FROM(BALCONY, "jul") ">"
         ERROR_TEXT("auth", "forbidden", "the network is not for you") "</presence>");
}

/* --- several clients ------------------------------------------------------ */

/* §7.2.8: the same user may be in with several clients under one nick. */
static void a_second_client_is_told_everything_and_the_network_nothing(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    bridge_room_occupant(room, "nurse", &participant);
    bridge_room_subject(room, "Wherefore", "romeo", INT64_C(1000));
    SENT(OCCUPANT(BALCONY, "nurse", "none", "participant")
         "<message type='groupchat' id='*'" FROM(BALCONY, "romeo") ">"
         "<subject>Wherefore</subject>"
         "<delay xmlns='urn:xmpp:delay' from='" ROOM "' stamp='1970-01-01T00:00:01.000Z'/>"
         "</message>");
    RECV(JOIN(CHAMBER, "capulet"));
    DOWN("");
    SENT_ANYHOW(2, OCCUPANT(CHAMBER, "romeo", "admin", "moderator")
                   OCCUPANT(CHAMBER, "nurse", "none", "participant"));
    SENT("<presence" FROM(CHAMBER, "jul") ">"
         USER(ITEM("none", "participant") CODE(110) CODE(210)) "</presence>"
         "<message type='groupchat' id='*'" FROM(CHAMBER, "romeo") ">"
         "<subject>Wherefore</subject>"
         "<delay xmlns='urn:xmpp:delay' from='" ROOM "' stamp='1970-01-01T00:00:01.000Z'/>"
         "</message>");
    bridge_room_message(room, "romeo", &(struct bridge_message){ .body = "but soft" });
    SENT(SAID(BALCONY, "romeo", "*", "but soft")
         SAID(CHAMBER, "romeo", "*", "but soft"));
}

static void a_client_that_comes_during_a_join_hears_the_rest_with_the_first(void **state)
{
    (void)state;
    struct bridge_room *room = half_joined();
    bridge_room_occupant(room, "romeo", &moderator);
    SENT(OCCUPANT(BALCONY, "romeo", "admin", "moderator"));
    RECV(JOIN(CHAMBER, "jul"));
    DOWN("");
    SENT(OCCUPANT(CHAMBER, "romeo", "admin", "moderator"));
    bridge_room_occupant(room, "nurse", &participant);
    SENT(OCCUPANT(BALCONY, "nurse", "none", "participant")
         OCCUPANT(CHAMBER, "nurse", "none", "participant"));
    bridge_room_joined(room, "jul");
    SENT(SELF(BALCONY, "jul")
         SELF(CHAMBER, "jul")
         NO_SUBJECT(BALCONY)
         NO_SUBJECT(CHAMBER));
}

static void a_refused_join_is_told_to_every_client_that_waits(void **state)
{
    static const struct bridge_error why = { BRIDGE_CONFLICT, "the network has one" };

    (void)state;
    struct bridge_room *room = half_joined();
    RECV(JOIN(CHAMBER, "capulet"));
    bridge_room_refused(room, &why);
    SENT(REFUSED(BALCONY, "jul", ERROR_TEXT("cancel", "conflict", "the network has one"))
         REFUSED(CHAMBER, "capulet", ERROR_TEXT("cancel", "conflict", "the network has one")));
}

/* §7.2.1: <x/> from inside means that the client has lost track. */
static void a_client_that_joins_again_is_told_everything_again(void **state)
{
    (void)state;
    dialogue_join();
    for (int i = 0; i < 3; i++) {
        RECV(JOIN(BALCONY, "jul"));
        DOWN("");
        SENT(OCCUPANT(BALCONY, "romeo", "admin", "moderator")
             SELF(BALCONY, "jul")
             NO_SUBJECT(BALCONY));
    }
}

/* It does not know the nick that it was given: no wish for another one. */
static void a_client_joins_again_under_the_nick_that_it_had_asked_for(void **state)
{
    (void)state;
    bridge_room_joined(half_joined(), "jul_");
    static const char self[] = "<presence" FROM(BALCONY, "jul_") ">"
                               USER(ITEM("none", "participant") CODE(110) CODE(210))
                               "</presence>" NO_SUBJECT(BALCONY);
    SENT(self);
    RECV(JOIN(BALCONY, "jul"));
    DOWN("");
    SENT(self);
    RECV(JOIN(BALCONY, "jul_"));
    DOWN("");
    SENT(SELF(BALCONY, "jul_") NO_SUBJECT(BALCONY));
}

static void sixty_four_clients_are_enough(void **state)
{
    char xml[256];

    (void)state;
    bridge_room_joined(half_joined(), "jul");
    for (int i = 1; i < 64; i++) {
        snprintf(xml, sizeof xml, JOIN("juliet@example.net/%d", "jul"), i);
        RECV(xml);
    }
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 64 * 2);
    canonical_release(&sent);
    RECV(JOIN("juliet@example.net/64", "jul"));
    SENT(REFUSED("juliet@example.net/64", "jul", ERROR("wait", "resource-constraint")));
    RECV(JOIN("juliet@example.net/63", "jul")); /* is in already */
    SENT(SELF("juliet@example.net/63", "jul") NO_SUBJECT("juliet@example.net/63"));
    RECV(JOIN("romeo@example.net/x", "rom")); /* has a view of his own */
    DOWN("open romeo@example.net\njoin #r rom\n");
}

/* --- talking -------------------------------------------------------------- */

/* §7.4: reflected to all under the nick, with the sender's id. */
/* XEP-0359: without it, some clients show the message twice. */
static void the_senders_copy_has_its_origin_id(void **state)
{
    struct bridge_room *room = dialogue_join();

    (void)state;
    RECV("<message type='groupchat' id='m1' from='" BALCONY "' to='" ROOM "'><body>O</body>"
         "<origin-id xmlns='" NS_SID "' id='o&apos;1'/></message>");
    DOWN("say #r id=m1: O\n");
    bridge_room_message(room, "jul", &(struct bridge_message){ .id = "m1", .body = "O" });
    SENT("<message type='groupchat' id='m1' to='" BALCONY "' from='" ROOM "/jul'><body>O</body>"
         "<origin-id xmlns='urn:xmpp:sid:0' id='o&apos;1'/></message>");
}

static void what_one_says_goes_to_the_network_and_comes_back_to_all(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    dialogue_join_too(CHAMBER);
    RECV(GROUPCHAT(BALCONY, "m1", "<body>O Romeo</body>"));
    DOWN("say #r id=m1: O Romeo\n");
    SENT("");
    bridge_room_message(room, "jul", &(struct bridge_message){ .id = "m1", .body = "O Romeo" });
    SENT(SAID(BALCONY, "jul", "m1", "O Romeo")
         SAID(CHAMBER, "jul", "m1", "O Romeo"));
    RECV("<message type='groupchat' from='" CHAMBER "' to='" ROOM "'><body>/me sighs</body>"
         "</message>");
    DOWN("say #r id=- action: sighs\n");
    bridge_room_message(room, "jul",
                        &(struct bridge_message){ .body = "sighs", .kind = BRIDGE_ACTION });
    SENT(SAID(BALCONY, "jul", "*", "/me sighs")
         SAID(CHAMBER, "jul", "*", "/me sighs"));
}

static void what_the_network_refuses_comes_back_as_an_error(void **state)
{
    (void)state;
    dialogue_join();
    fake_transport_fail("say", BRIDGE_FORBIDDEN, "the network says you are muted");
    RECV(GROUPCHAT(BALCONY, "m1", "<body>O</body>"));
    DOWN("say #r id=m1: O\n");
    SENT("<message type='error' id='m1'" AT(BALCONY) ">"
         ERROR_TEXT("auth", "forbidden", "the network says you are muted") "</message>");
}

/* §7.4: only who is inside, and this means the client. */
static void who_is_not_inside_cannot_speak(void **state)
{
    static const char *const clients[] = { CHAMBER, "romeo@example.net/orchard" };

    (void)state;
    dialogue_join();
    for (size_t i = 0; i < COUNT(clients); i++) {
        struct strbuf in = STRBUF_INIT(4096), out = STRBUF_INIT(4096);
        strbuf_addf(&in, GROUPCHAT("%s", "m", "<body>hello</body>"), clients[i]);
        strbuf_addf(&out, "<message type='error' id='m'" AT("%s") ">"
                    ERROR("cancel", "not-acceptable") "</message>", clients[i]);
        RECV(strbuf_text(&in));
        SENT(strbuf_text(&out));
        DOWN("");
        strbuf_release(&in);
        strbuf_release(&out);
    }
}

static void nobody_speaks_before_being_inside(void **state)
{
    (void)state;
    half_joined();
    RECV(GROUPCHAT(BALCONY, "m", "<body>hello</body>"));
    DOWN("");
    SENT("<message type='error' id='m'" AT(BALCONY) ">" ERROR("cancel", "not-acceptable")
         "</message>");
}

static void messages_of_the_room_and_with_a_time_are_told_as_such(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    bridge_room_message(room, NULL, &(struct bridge_message){ .body = "a notice" });
    SENT("<message type='groupchat' id='*'" AT(BALCONY) "><body>a notice</body></message>");
    bridge_room_message(room, "romeo", &(struct bridge_message){
                                           .body = "then", .time = INT64_C(1034590437005) });
    SENT("<message type='groupchat' id='*'" FROM(BALCONY, "romeo") "><body>then</body>"
         "<delay xmlns='urn:xmpp:delay' from='" ROOM "' stamp='2002-10-14T10:13:57.005Z'/>"
         "</message>");
}

static void times_that_no_stamp_can_tell_are_left_out(void **state)
{
    static const int64_t times[] = { -1, INT64_MIN, INT64_MAX, INT64_C(253402300800000) };

    (void)state;
    struct bridge_room *room = dialogue_join();
    for (size_t i = 0; i < COUNT(times); i++) {
        bridge_room_message(room, "romeo",
                            &(struct bridge_message){ .body = "when?", .time = times[i] });
        SENT(SAID(BALCONY, "romeo", "*", "when?"));
    }
}

/* --- the subject ---------------------------------------------------------- */

static void the_subject_is_changed_through_the_network(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    RECV(GROUPCHAT(BALCONY, "s1", "<subject>Names &amp; roses</subject>"));
    DOWN("subject #r id=s1: Names & roses\n");
    SENT("");
    bridge_room_subject(room, "Names & roses", "jul", 0);
    SENT("<message type='groupchat' id='*'" FROM(BALCONY, "jul") ">"
         "<subject>Names &amp; roses</subject></message>");
    RECV(GROUPCHAT(BALCONY, "s2", "<subject/>"));
    DOWN("subject #r id=s2: \n");
    bridge_room_subject(room, "", "jul", 0);
    SENT("<message type='groupchat' id='*'" FROM(BALCONY, "jul") "><subject/></message>");
}

/* Live, it has no stamp; to those who come later it has (§7.2.15). */
static void who_comes_later_hears_since_when_the_subject_is(void **state)
{
    (void)state;
    bridge_room_subject(dialogue_join(), "now", "romeo", 0);
    SENT("<message type='groupchat' id='*'" FROM(BALCONY, "romeo") "><subject>now</subject>"
         "</message>");
    fake_timer_advance(20000);
    RECV(JOIN(CHAMBER, "jul"));
    SENT(OCCUPANT(CHAMBER, "romeo", "admin", "moderator")
         SELF(CHAMBER, "jul")
         "<message type='groupchat' id='*'" FROM(CHAMBER, "romeo") "><subject>now</subject>"
         "<delay xmlns='urn:xmpp:delay' from='" ROOM "' stamp='2023-11-14T22:13:20.000Z'/>"
         "</message>");
}

static void a_refused_subject_comes_back_as_an_error(void **state)
{
    (void)state;
    dialogue_join();
    fake_transport_fail("subject", BRIDGE_FORBIDDEN, "the network wants an operator");
    RECV(GROUPCHAT(BALCONY, "s1", "<subject>mine</subject>"));
    DOWN("subject #r id=s1: mine\n");
    SENT("<message type='error' id='s1'" AT(BALCONY) ">"
         ERROR_TEXT("auth", "forbidden", "the network wants an operator") "</message>");
    lab.transport->subject = NULL;
    RECV(GROUPCHAT(BALCONY, "s2", "<subject>mine</subject>"));
    SENT("<message type='error' id='s2'" AT(BALCONY) ">"
         ERROR("cancel", "feature-not-implemented") "</message>");
}

/* §8.1: beside a body or a thread it is no change of the room's. */
static void a_subject_beside_a_body_or_a_thread_is_none(void **state)
{
    (void)state;
    dialogue_join();
    RECV(GROUPCHAT(BALCONY, "1", "<subject>x</subject><body>y</body>"));
    DOWN("say #r id=1: Subject: x\ny\n"); /* in words, as to people */
    RECV(GROUPCHAT(BALCONY, "2", "<subject>x</subject><thread>t</thread>"));
    RECV(GROUPCHAT(BALCONY, "3", "<active xmlns='http://jabber.org/protocol/chatstates'/>"));
    DOWN("");
    SENT("");
}

/* --- nicks ---------------------------------------------------------------- */

/* §7.6. */
static void a_nick_change_of_ones_own_goes_through_the_network(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    dialogue_join_too(CHAMBER);
    RECV(ASK_NICK(BALCONY, "capulet"));
    DOWN("rename #r capulet\n");
    SENT("");
    bridge_room_renamed(room, "jul", "capulet");
    SENT(GONE(BALCONY, "jul", "<item affiliation='none' role='participant' nick='capulet'/>",
              CODE(303) CODE(110))
         GONE(CHAMBER, "jul", "<item affiliation='none' role='participant' nick='capulet'/>",
              CODE(303) CODE(110))
         SELF(BALCONY, "capulet")
         SELF(CHAMBER, "capulet"));
    assert_string_equal(bridge_room_nick(room), "capulet");
}

static void a_nick_change_of_another_is_told(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    bridge_room_renamed(room, "romeo", "montague");
    SENT(GONE(BALCONY, "romeo", "<item affiliation='admin' role='moderator' nick='montague'/>",
              CODE(303))
         OCCUPANT(BALCONY, "montague", "admin", "moderator"));
    assert_false(bridge_room_find(room, "romeo", NULL));
    bridge_room_renamed(room, "nobody", "somebody");
    SENT("");
}

/* Our view was wrong about who has the nick: the one who takes it does. */
static void a_nick_that_somebody_takes_is_theirs(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    bridge_room_occupant(room, "nurse", &participant);
    bridge_room_renamed(room, "romeo", "nurse");
    SENT(OCCUPANT(BALCONY, "nurse", "none", "participant")
         GONE(BALCONY, "romeo", "<item affiliation='admin' role='moderator' nick='nurse'/>",
              CODE(303))
         OCCUPANT(BALCONY, "nurse", "admin", "moderator"));
    bridge_room_departed(room, "nurse", BRIDGE_LEFT, NULL, NULL);
    SENT(GONE(BALCONY, "nurse", ITEM("admin", "none"), ""));
    assert_false(bridge_room_find(room, "nurse", NULL));
}

static void a_nick_change_during_the_join_is_not_told_of_oneself(void **state)
{
    (void)state;
    struct bridge_room *room = half_joined();
    bridge_room_occupant(room, "jul", &participant);
    bridge_room_renamed(room, "jul", "guest42");
    SENT("");
    bridge_room_joined(room, "guest42");
    SENT("<presence" FROM(BALCONY, "guest42") ">"
         USER(ITEM("none", "participant") CODE(110) CODE(210)) "</presence>"
         NO_SUBJECT(BALCONY));
}

static void a_refused_nick_is_told_to_the_client_that_asked(void **state)
{
    static const struct bridge_error why = { BRIDGE_CONFLICT, "the network has one" };

    (void)state;
    struct bridge_room *room = dialogue_join();
    dialogue_join_too(CHAMBER);
    RECV("<presence id='n7' from='" CHAMBER "' to='" ROOM "/romeo'/>");
    DOWN("rename #r romeo\n");
    bridge_room_nick_failed(room, "romeo", &why);
    SENT("<presence type='error' id='n7'" FROM(CHAMBER, "romeo") ">" MUC
         ERROR_TEXT("cancel", "conflict", "the network has one") "</presence>");
    assert_string_equal(bridge_room_nick(room), "jul");
    bridge_room_nick_failed(room, "x", &why); /* nobody had asked */
    SENT(REFUSED(BALCONY, "x", ERROR_TEXT("cancel", "conflict", "the network has one"))
         REFUSED(CHAMBER, "x", ERROR_TEXT("cancel", "conflict", "the network has one")));
}

static void a_nick_refused_at_once_is_told_once(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    fake_transport_fail("rename", BRIDGE_INVALID, "the network wants letters");
    RECV("<presence id='n8' from='" BALCONY "' to='" ROOM "/42'/>");
    DOWN("rename #r 42\n");
    SENT("<presence type='error' id='n8'" FROM(BALCONY, "42") ">" MUC
         ERROR_TEXT("modify", "bad-request", "the network wants letters") "</presence>");
    assert_string_equal(bridge_room_nick(room), "jul");
    /* It is over with that: a later failure is not its. */
    static const struct bridge_error why = { BRIDGE_CONFLICT, "the network has one" };
    bridge_room_nick_failed(room, "x", &why);
    SENT(REFUSED(BALCONY, "x", ERROR_TEXT("cancel", "conflict", "the network has one")));
    lab.transport->rename = NULL;
    RECV(ASK_NICK(BALCONY, "43"));
    SENT(REFUSED(BALCONY, "43", ERROR("cancel", "feature-not-implemented")));
}

static void a_nick_is_not_changed_before_one_is_inside(void **state)
{
    (void)state;
    half_joined();
    RECV(ASK_NICK(BALCONY, "capulet"));
    DOWN("");
    SENT(REFUSED(BALCONY, "capulet", ERROR("wait", "recipient-unavailable")));
}

static void a_client_that_has_left_hears_nothing_of_the_nick_it_wanted(void **state)
{
    static const struct bridge_error why = { BRIDGE_CONFLICT, "the network has one" };

    (void)state;
    struct bridge_room *room = dialogue_join();
    dialogue_join_too(CHAMBER);
    RECV(ASK_NICK(CHAMBER, "romeo"));
    RECV("<presence type='unavailable' from='" CHAMBER "' to='" ROOM "/jul'/>");
    DOWN("rename #r romeo\n");
    SENT(GONE(CHAMBER, "jul", ITEM("none", "none"), CODE(110)));
    bridge_room_nick_failed(room, "romeo", &why);
    SENT("");
}

/* --- coming and going ----------------------------------------------------- */

static void changes_of_a_role_are_told_and_repetitions_are_not(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    struct bridge_occupant is;
    bridge_room_occupant(room, "nurse", &participant);
    SENT(OCCUPANT(BALCONY, "nurse", "none", "participant"));
    bridge_room_occupant(room, "nurse", &participant);
    SENT("");
    bridge_room_occupant(room, "nurse",
                         &(struct bridge_occupant){ .role = BRIDGE_PARTICIPANT, .flags = 7 });
    SENT(""); /* flags are the transport's own */
    assert_true(bridge_room_find(room, "nurse", &is));
    assert_int_equal(is.flags, 7);
    bridge_room_occupant(room, "nurse", &(struct bridge_occupant){ .affiliation = BRIDGE_MEMBER,
                                                                   .role = BRIDGE_VISITOR });
    SENT(OCCUPANT(BALCONY, "nurse", "member", "visitor"));
    bridge_room_occupant(room, "jul", &(struct bridge_occupant){ .affiliation = BRIDGE_OWNER,
                                                                 .role = BRIDGE_MODERATOR });
    SENT("<presence" FROM(BALCONY, "jul") ">"
         USER(ITEM("owner", "moderator") CODE(110)) "</presence>");
}

/* §7.14, §8.2, §9.1, §10.x: who goes how. */
static const struct {
    enum bridge_departure how;
    const char *affiliation;
    const char *codes;
    bool forced; /* actor and reason are in the item */
} departures[] = {
    { BRIDGE_LEFT, "admin", "", false },
    { BRIDGE_KICKED, "admin", CODE(307), true },
    { BRIDGE_BANNED, "outcast", CODE(301), true },
    { BRIDGE_CUT, "admin", CODE(333), true },
};

static void expect_gone(size_t i, const char *client, const char *nick, const char *first)
{
    struct strbuf xml = STRBUF_INIT(4096);

    strbuf_addf(&xml, "<presence type='unavailable' to='%s' from='" ROOM "/%s'>"
                "<status>so &lt;there&gt;</status><x xmlns='" NS_MUC_USER "'>"
                "<item affiliation='%s' role='none'><actor nick='prince'/>",
                client, nick, departures[i].affiliation);
    if (departures[i].forced)
        strbuf_adds(&xml, "<reason>so &lt;there&gt;</reason>");
    strbuf_addf(&xml, "</item>%s%s</x></presence>", first, departures[i].codes);
    SENT(strbuf_text(&xml));
    strbuf_release(&xml);
}

static void how_another_goes_is_told(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    for (size_t i = 0; i < COUNT(departures); i++) {
        bridge_room_departed(room, "romeo", departures[i].how, "prince", "so <there>");
        expect_gone(i, BALCONY, "romeo", "");
        assert_false(bridge_room_find(room, "romeo", NULL));
        bridge_room_departed(room, "romeo", departures[i].how, NULL, NULL);
        SENT("");
        bridge_room_occupant(room, "romeo", &moderator);
        SENT(OCCUPANT(BALCONY, "romeo", "admin", "moderator"));
    }
}

static void when_oneself_goes_the_room_is_over(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(departures); i++) {
        RECV(JOIN(BALCONY, "jul"));
        struct bridge_room *room = fake_transport_room();
        bridge_room_occupant(room, "jul", &moderator);
        bridge_room_joined(room, "jul");
        struct canonical sent = lab_take(LAB_DOMAIN);
        canonical_release(&sent);
        fake_transport_forget();
        bridge_room_departed(room, "jul", departures[i].how, "prince", "so <there>");
        expect_gone(i, BALCONY, "jul", CODE(110));
        DOWN(""); /* it knows */
    }
}

static void everything_that_is_optional_may_be_left_out(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    bridge_room_departed(room, "romeo", BRIDGE_LEFT, NULL, NULL);
    SENT(GONE(BALCONY, "romeo", ITEM("admin", "none"), ""));
    bridge_room_departed(room, "jul", BRIDGE_KICKED, NULL, NULL);
    SENT(GONE(BALCONY, "jul", ITEM("none", "none"), CODE(110) CODE(307)));
}

static void who_is_put_out_while_entering_was_refused(void **state)
{
    (void)state;
    bridge_room_departed(half_joined(), "jul", BRIDGE_BANNED, NULL, "the network knows you");
    SENT(REFUSED(BALCONY, "jul", ERROR_TEXT("auth", "forbidden", "the network knows you")));
    RECV(JOIN(BALCONY, "jul"));
    DOWN("join #r jul\n");
    bridge_room_departed(fake_transport_room(), "jul", BRIDGE_CUT, NULL, NULL);
    SENT(REFUSED(BALCONY, "jul", ERROR("wait", "recipient-unavailable")));
}

/* §7.14: per client; the network hears of the last. */
static void the_last_client_that_leaves_takes_the_user_out(void **state)
{
    (void)state;
    dialogue_join();
    dialogue_join_too(CHAMBER);
    RECV("<presence type='unavailable' from='" BALCONY "' to='" ROOM "/jul'>"
         "<status>bye</status></presence>");
    SENT(GONE(BALCONY, "jul", ITEM("none", "none"), CODE(110)));
    DOWN("");
    RECV("<presence type='unavailable' from='" BALCONY "' to='" ROOM "/jul'/>"); /* again */
    SENT("");
    RECV("<presence type='unavailable' from='" CHAMBER "' to='" ROOM "/jul'>"
         "<status>good night</status></presence>");
    SENT(GONE(CHAMBER, "jul", ITEM("none", "none"), CODE(110)));
    DOWN("leave #r: good night\n");
}

static void one_may_give_up_while_entering(void **state)
{
    (void)state;
    half_joined();
    RECV("<presence type='unavailable' from='" BALCONY "' to='" ROOM "/jul'/>");
    SENT(GONE(BALCONY, "jul", ITEM("none", "none"), CODE(110)));
    DOWN("leave #r\n");
}

/* §7.2.18: presence from outside is answered with a kick. */
static void a_client_that_wrongly_believes_to_be_inside_is_put_right(void **state)
{
    (void)state;
    RECV("<presence from='" BALCONY "' to='" ROOM "/jul'><show>away</show></presence>");
    SENT("<presence type='unavailable'" FROM(BALCONY, "jul") ">"
         "<status>You are not in this room; join it again</status>"
         USER("<item affiliation='none' role='none'>"
              "<reason>You are not in this room; join it again</reason></item>"
              CODE(110) CODE(307) CODE(333)) "</presence>");
    DOWN("");
    dialogue_join();
    RECV("<presence from='" BALCONY "' to='" ROOM "/jul'><show>away</show></presence>");
    SENT("");
    DOWN("");
}

/* --- ghosts --------------------------------------------------------------- */

static const struct {
    const char *condition;
    const char *type;
    bool gone;
} bounces[] = {
    /* XEP-0045, "Ghost Users" */
    { "gone", "cancel", true },
    { "item-not-found", "cancel", true },
    { "recipient-unavailable", "wait", true },
    { "redirect", "modify", true },
    { "remote-server-not-found", "cancel", true },
    { "remote-server-timeout", "wait", true },
    /* RFC 6121 §8.5.3.2, for a resource that is not there */
    { "service-unavailable", "cancel", true },
    /* a client that does not know XEP-0199, and servers with opinions */
    { "feature-not-implemented", "cancel", false },
    { "not-acceptable", "modify", false },
    { "policy-violation", "wait", false },
    { "resource-constraint", "wait", false },
    { "forbidden", "auth", false },
};

static void bounce(const char *stanza, size_t i)
{
    struct strbuf xml = STRBUF_INIT(4096);

    strbuf_addf(&xml, "<%s type='error' id='x' from='" CHAMBER "' to='" ROOM "'>"
                "<error type='%s'><%s xmlns='" NS_STANZAS "'/></error></%s>",
                stanza, bounces[i].type, bounces[i].condition, stanza);
    RECV(strbuf_text(&xml));
    strbuf_release(&xml);
}

static void what_cannot_be_delivered_removes_the_client(void **state)
{
    static const char *const stanzas[] = { "message", "presence", "iq" };

    (void)state;
    struct bridge_room *room = dialogue_join();
    for (size_t i = 0; i < COUNT(bounces); i++) {
        for (size_t k = 0; k < COUNT(stanzas); k++) {
            dialogue_join_too(CHAMBER);
            bounce(stanzas[k], i);
            SENT("");
            DOWN("");
            bridge_room_message(room, "romeo", &(struct bridge_message){ .body = "hear" });
            if (bounces[i].gone)
                SENT(SAID(BALCONY, "romeo", "*", "hear"));
            else
                SENT(SAID(BALCONY, "romeo", "*", "hear") SAID(CHAMBER, "romeo", "*", "hear"));
        }
    }
}

static void the_last_ghost_takes_the_user_out(void **state)
{
    (void)state;
    dialogue_join();
    RECV("<message type='error' from='" BALCONY "' to='" ROOM "/romeo'><error type='cancel'>"
         "<service-unavailable xmlns='" NS_STANZAS "'/></error></message>");
    SENT("");
    DOWN("leave #r\n");
    RECV("<message type='error' from='" BALCONY "' to='" ROOM "/romeo'><error type='cancel'>"
         "<service-unavailable xmlns='" NS_STANZAS "'/></error></message>");
    DOWN("");
}

/* --- the end of the room -------------------------------------------------- */

static void when_the_gateway_stops_everybody_is_told_with_332(void **state)
{
    (void)state;
    dialogue_join();
    dialogue_join_too(CHAMBER);
    core_stop(lab.core, "Maintenance");
    DOWN("close juliet@example.net: Maintenance\n");
#define SHUT(client) \
    "<presence type='unavailable'" FROM(client, "jul") "><status>Maintenance</status>" \
    USER("<item affiliation='none' role='none'><reason>Maintenance</reason></item>" \
         CODE(110) CODE(332)) "</presence>"
    SENT(SHUT(BALCONY) SHUT(CHAMBER));
    RECV(JOIN(BALCONY, "jul")); /* until the store is closed, we are asked */
    SENT("<presence type='error'" FROM(BALCONY, "jul") ">"
         ERROR("wait", "recipient-unavailable") "</presence>");
    RECV("<presence type='unavailable' from='" BALCONY "' to='" ROOM "/jul'/>");
    SENT("");
}

/* --- names that fold ------------------------------------------------------ */

static void nicks_are_compared_as_the_network_does(void **state)
{
    (void)state;
    struct bridge_room *room = half_joined();
    bridge_room_set_casemap(room, ascii_fold());
    bridge_room_occupant(room, "Romeo", &moderator);
    bridge_room_occupant(room, "JUL", &participant); /* oneself */
    SENT(OCCUPANT(BALCONY, "Romeo", "admin", "moderator"));
    bridge_room_joined(room, "JUL");
    SENT("<presence" FROM(BALCONY, "JUL") ">"
         USER(ITEM("none", "participant") CODE(110) CODE(210)) "</presence>"
         NO_SUBJECT(BALCONY));
    assert_true(bridge_room_find(room, "ROMEO", NULL));
    bridge_room_renamed(room, "romeo", "ROMEO");
    SENT(GONE(BALCONY, "Romeo", "<item affiliation='admin' role='moderator' nick='ROMEO'/>",
              CODE(303))
         OCCUPANT(BALCONY, "ROMEO", "admin", "moderator"));
    bridge_room_departed(room, "rOMEO", BRIDGE_LEFT, NULL, NULL);
    SENT(GONE(BALCONY, "ROMEO", ITEM("admin", "none"), ""));
    bridge_room_departed(room, "jul", BRIDGE_LEFT, NULL, NULL);
    SENT(GONE(BALCONY, "JUL", ITEM("none", "none"), CODE(110)));
}

/* --- what networks may send ----------------------------------------------- */

static void texts_are_cleaned_and_escaped(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    bridge_room_occupant(room, "a'b\"c&<>", &participant);
    SENT(OCCUPANT(BALCONY, "a&apos;b&quot;c&amp;&lt;>", "none", "participant"));
    bridge_room_message(room, "a'b\"c&<>",
                        &(struct bridge_message){ .body = "]]>\x01\x1b[0m\xff&\t\n\r</body>" });
    SENT(SAID(BALCONY, "a&apos;b&quot;c&amp;&lt;>", "*",
              "]]&gt;\xef\xbf\xbd\xef\xbf\xbd[0m\xef\xbf\xbd&amp;\t\n&#13;&lt;/body&gt;"));
    bridge_room_subject(room, "\x02'\"<\xed\xa0\x80", "x' y='z", 0);
    SENT("<message type='groupchat' id='*'" FROM(BALCONY, "x&apos; y=&apos;z") ">"
         "<subject>\xef\xbf\xbd'\"&lt;\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd</subject>"
         "</message>");
    bridge_room_departed(room, "a'b\"c&<>", BRIDGE_KICKED, "o'p", "\x03'<");
    SENT("<presence type='unavailable'" FROM(BALCONY, "a&apos;b&quot;c&amp;&lt;>") ">"
         "<status>\xef\xbf\xbd'&lt;</status>"
         USER("<item affiliation='none' role='none'><actor nick=\"o'p\"/>"
              "<reason>\xef\xbf\xbd'&lt;</reason></item>" CODE(307)) "</presence>");
}

/* A server may drop the stanza, or the stream, for a JID that is none. */
static void a_nick_that_no_jid_can_have_is_not_shown(void **state)
{
    char huge[2000];

    (void)state;
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = 0;
    const char *const nicks[] = {
        "", "a\x01z", "a\nz", "a\x7fz", "\xff", "a\xef\xbf\xbd", huge,
    };
    struct bridge_room *room = dialogue_join();
    for (size_t i = 0; i < COUNT(nicks); i++) {
        bridge_room_occupant(room, nicks[i], &participant);
        bridge_room_departed(room, nicks[i], BRIDGE_LEFT, NULL, NULL);
        SENT("");
        bridge_room_message(room, nicks[i], &(struct bridge_message){ .body = "boo" });
        bridge_room_subject(room, "boo", nicks[i], 0);
        SENT("<message type='groupchat' id='*'" AT(BALCONY) "><body>boo</body></message>"
             "<message type='groupchat' id='*'" AT(BALCONY) "><subject>boo</subject>"
             "</message>");
        bridge_room_renamed(room, "jul", nicks[i]);
        assert_string_equal(bridge_room_nick(room), "jul");
        SENT("");
        bridge_room_renamed(room, "romeo", nicks[i]); /* he is out of sight */
        SENT(GONE(BALCONY, "romeo", ITEM("admin", "none"), ""));
        bridge_room_occupant(room, "romeo", &moderator);
        bridge_room_departed(room, "romeo", BRIDGE_KICKED, nicks[i], NULL);
        bridge_room_occupant(room, "romeo", &moderator);
        SENT(OCCUPANT(BALCONY, "romeo", "admin", "moderator")
             GONE(BALCONY, "romeo", ITEM("admin", "none"), CODE(307))
             OCCUPANT(BALCONY, "romeo", "admin", "moderator"));
    }
}

static void an_own_nick_that_no_jid_can_have_stays_as_it_was(void **state)
{
    (void)state;
    struct bridge_room *room = half_joined();
    bridge_room_set_nick(room, "j\x01");
    bridge_room_joined(room, "");
    SENT(SELF(BALCONY, "jul") NO_SUBJECT(BALCONY));
}

static void the_longest_nick_works(void **state)
{
    struct strbuf nick = STRBUF_INIT(2000), xml = STRBUF_INIT(8000);

    (void)state;
    for (int i = 0; i < 1023; i++)
        strbuf_addch(&nick, 'n');
    strbuf_addf(&xml, JOIN(BALCONY, "%s"), strbuf_text(&nick));
    RECV(strbuf_text(&xml));
    fake_transport_forget();
    struct bridge_room *room = fake_transport_room();
    bridge_room_set_casemap(room, ascii_fold());
    bridge_room_joined(room, strbuf_text(&nick));
    strbuf_reset(&xml);
    strbuf_addf(&xml, SELF(BALCONY, "%s") NO_SUBJECT(BALCONY), strbuf_text(&nick));
    SENT(strbuf_text(&xml));
    bridge_room_departed(room, strbuf_text(&nick), BRIDGE_LEFT, NULL, NULL);
    strbuf_reset(&xml);
    strbuf_addf(&xml, GONE(BALCONY, "%s", ITEM("none", "none"), CODE(110)), strbuf_text(&nick));
    SENT(strbuf_text(&xml));
    strbuf_release(&nick);
    strbuf_release(&xml);
}

/* What must be told is told, however much a network says with it. */
static void huge_texts_are_cut_where_the_stanza_matters(void **state)
{
    struct strbuf huge = STRBUF_INIT(1u << 20);

    (void)state;
    for (int i = 0; i < 300000; i++)
        strbuf_addch(&huge, '"');
    struct bridge_room *room = half_joined();
    bridge_room_subject(room, strbuf_text(&huge), NULL, 0);
    bridge_room_joined(room, "jul");
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 2);
    canonical_release(&sent);
    bridge_room_message(room, "romeo", &(struct bridge_message){ .body = strbuf_text(&huge) });
    LOGGED("warning", "dropped a stanza for " BALCONY ": too large to send");
    SENT("");
    bridge_room_departed(room, "jul", BRIDGE_KICKED, NULL, strbuf_text(&huge));
    sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 1);
    canonical_release(&sent);
    strbuf_release(&huge);
}

/* More than is kept before the self-presence goes out at once, in order. */
static void a_flood_while_entering_keeps_its_order(void **state)
{
    char body[1024];

    (void)state;
    struct bridge_room *room = half_joined();
    for (int i = 0; i < 200; i++) {
        snprintf(body, sizeof body, "%d %0900d", i, 0);
        bridge_room_message(room, "romeo", &(struct bridge_message){ .body = body });
    }
    bridge_room_joined(room, "jul");
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 202);
    for (int i = 0, next = 0; i < 202; i++) {
        snprintf(body, sizeof body, "\"%d 0", next);
        next += strstr(sent.stanzas[i].text, body) != NULL;
        if (i == 201)
            assert_int_equal(next, 200);
    }
    canonical_release(&sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_others_come_first_then_oneself_then_the_subject_then_messages),
        TEST(a_room_may_be_empty_and_without_subject),
        TEST(a_subject_tells_when_it_was_set),
        TEST(a_nick_that_the_network_chose_is_told_with_210),
        TEST(the_rooms_own_word_may_be_its_nick),
        TEST(a_password_goes_to_the_network),
        TEST(a_join_without_nick_is_malformed),
        TEST(a_network_without_rooms_says_so),
        TEST(a_refused_join_says_why_and_leaves_nothing),
        TEST(a_refused_session_refuses_the_join),
        TEST(a_second_client_is_told_everything_and_the_network_nothing),
        TEST(a_client_that_comes_during_a_join_hears_the_rest_with_the_first),
        TEST(a_refused_join_is_told_to_every_client_that_waits),
        TEST(a_client_that_joins_again_is_told_everything_again),
        TEST(a_client_joins_again_under_the_nick_that_it_had_asked_for),
        TEST(sixty_four_clients_are_enough),
        TEST(the_senders_copy_has_its_origin_id),
        TEST(what_one_says_goes_to_the_network_and_comes_back_to_all),
        TEST(what_the_network_refuses_comes_back_as_an_error),
        TEST(who_is_not_inside_cannot_speak),
        TEST(nobody_speaks_before_being_inside),
        TEST(messages_of_the_room_and_with_a_time_are_told_as_such),
        TEST(times_that_no_stamp_can_tell_are_left_out),
        TEST(the_subject_is_changed_through_the_network),
        TEST(who_comes_later_hears_since_when_the_subject_is),
        TEST(a_refused_subject_comes_back_as_an_error),
        TEST(a_subject_beside_a_body_or_a_thread_is_none),
        TEST(a_nick_change_of_ones_own_goes_through_the_network),
        TEST(a_nick_change_of_another_is_told),
        TEST(a_nick_that_somebody_takes_is_theirs),
        TEST(a_nick_change_during_the_join_is_not_told_of_oneself),
        TEST(a_refused_nick_is_told_to_the_client_that_asked),
        TEST(a_nick_refused_at_once_is_told_once),
        TEST(a_nick_is_not_changed_before_one_is_inside),
        TEST(a_client_that_has_left_hears_nothing_of_the_nick_it_wanted),
        TEST(changes_of_a_role_are_told_and_repetitions_are_not),
        TEST(how_another_goes_is_told),
        TEST(when_oneself_goes_the_room_is_over),
        TEST(everything_that_is_optional_may_be_left_out),
        TEST(who_is_put_out_while_entering_was_refused),
        TEST(the_last_client_that_leaves_takes_the_user_out),
        TEST(one_may_give_up_while_entering),
        TEST(a_client_that_wrongly_believes_to_be_inside_is_put_right),
        TEST(what_cannot_be_delivered_removes_the_client),
        TEST(the_last_ghost_takes_the_user_out),
        TEST(when_the_gateway_stops_everybody_is_told_with_332),
        TEST(nicks_are_compared_as_the_network_does),
        TEST(texts_are_cleaned_and_escaped),
        TEST(a_nick_that_no_jid_can_have_is_not_shown),
        TEST(an_own_nick_that_no_jid_can_have_stays_as_it_was),
        TEST(the_longest_nick_works),
        TEST(huge_texts_are_cut_where_the_stanza_matters),
        TEST(a_flood_while_entering_keeps_its_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
