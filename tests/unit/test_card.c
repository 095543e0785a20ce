/* vCards and avatars: XEP-0054, XEP-0153, XEP-0292. */
#include "card.h"

#include <string.h>

#include "dialogue.h"
#include "lookup.h"
#include "session.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void the_hash_of_a_picture_is_the_sha1_of_its_bytes(void **state)
{
    static const char large[BRIDGE_PICTURE_MAX + 1];
    static const struct {
        struct bridge_picture picture;
        const char *hash;
    } cases[] = {
        /* FIPS 180-2, appendix A.1. */
        { { "image/png", "abc", 3 }, "a9993e364706816aba3e25717850c26c9cd0d89d" },
        { { "image/jpeg", "abc", 3 }, "a9993e364706816aba3e25717850c26c9cd0d89d" },
        /* head -c 65536 /dev/zero | sha1sum */
        { { "image/webp", large, BRIDGE_PICTURE_MAX },
          "1adc95bebe9eea8c112d40cd04ab7a8d75c4f961" },
        { { "image/webp", large, sizeof large }, "" },
        { { "image/gif", "", 0 }, "" },
        { { "image/svg+xml", "abc", 3 }, "" },
        { { NULL, "abc", 3 }, "" },
    };
    char hex[CARD_HASH_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        card_avatar_hash(&cases[i].picture, hex);
        assert_string_equal(hex, cases[i].hash);
    }
    card_avatar_hash(NULL, hex);
    assert_string_equal(hex, "");
}

/* --- words ------------------------------------------------------------------ */

#define ROMEO "romeo@" LAB_DOMAIN
#define USER_JID "juliet@example.net"

#define IQ(type, from, to, inside) \
    "<iq type='" type "' id='q' from='" from "' to='" to "'>" inside "</iq>"
#define REFUSED_TO(client, from, type, condition) \
    "<iq type='error' id='q' to='" client "' from='" from "'>" ERROR(type, condition) "</iq>"
#define REFUSED(from, type, condition) REFUSED_TO(BALCONY, from, type, condition)

#define ASK "<vCard xmlns='vcard-temp'/>"
#define ASK_4 \
    "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:vcard4'/></pubsub>"
#define CARD(inside) "<vCard xmlns='vcard-temp'>" inside "</vCard>"
#define CARD_4(inside) \
    "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:vcard4'>" \
    "<item id='current'><vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>" inside \
    "</vcard></item></items></pubsub>"

#define ROMEOS(name) CARD("<FN>" name "</FN><N/><JABBERID>" ROMEO "</JABBERID>")
#define ROMEOS_4(name) \
    CARD_4("<kind><text>individual</text></kind><fn><text>" name "</text></fn>" \
           "<impp><uri>xmpp:" ROMEO "</uri></impp>")

#define ANSWERED(client, from, inside) IQ("result", from, client, inside)

static void known(size_t n, const char *name)
{
    bridge_lookup_done(fake_transport_lookup(n), &(struct bridge_card){ .name = name }, NULL);
}

/* The n-th of many contacts: a question from juliet, and what comes of it. */
static void ask_for(unsigned n)
{
    struct strbuf xml = STRBUF_INIT(1024);

    strbuf_addf(&xml, IQ("get", BALCONY, "c%u@" LAB_DOMAIN, ASK), n);
    RECV(strbuf_text(&xml));
    strbuf_release(&xml);
}

/* How many stanzas of this type were sent, and no other. */
static size_t sent_count(const char *type)
{
    struct canonical sent = lab_take(LAB_DOMAIN);
    size_t count = sent.count;

    for (size_t i = 0; i < count; i++)
        assert_non_null(strstr(sent.stanzas[i].text, type));
    canonical_release(&sent);
    return count;
}

/* Lines that the transport was asked, since the last time. */
static size_t down_count(void)
{
    size_t count = 0;

    for (const char *p = fake_transport_calls(); *p; p++)
        count += *p == '\n';
    fake_transport_forget();
    return count;
}

/* --- contacts --------------------------------------------------------------- */

static void the_network_says_who_a_contact_is(void **state)
{
    (void)state;
    RECV(IQ("get", BALCONY, ROMEO, ASK));
    DOWN("open " USER_JID "\nlookup romeo of " USER_JID "\n");
    SENT("");
    known(0, "Romeo <Montague>");
    SENT(ANSWERED(BALCONY, ROMEO, ROMEOS("Romeo &lt;Montague>")));
    RECV(IQ("get", BALCONY, ROMEO, ASK_4));
    DOWN("lookup romeo of " USER_JID "\n");
    known(1, "Romeo");
    SENT(ANSWERED(BALCONY, ROMEO, ROMEOS_4("Romeo")));
}

static void a_network_may_know_nothing_or_nobody(void **state)
{
    static const struct bridge_error nobody = { BRIDGE_NOT_FOUND, "the network has no romeo" };

    (void)state;
    RECV(IQ("get", BALCONY, ROMEO, ASK));
    bridge_lookup_done(fake_transport_lookup(0), NULL, NULL);
    SENT(ANSWERED(BALCONY, ROMEO, ROMEOS("romeo")));
    RECV(IQ("get", BALCONY, ROMEO, ASK));
    bridge_lookup_done(fake_transport_lookup(1), &(struct bridge_card){ .name = "x" }, &nobody);
    SENT("<iq type='error' id='q' to='" BALCONY "' from='" ROMEO "'>"
         ERROR_TEXT("cancel", "item-not-found", "the network has no romeo") "</iq>");
    fake_transport_forget();
}

static void a_network_without_cards_is_not_asked(void **state)
{
    (void)state;
    lab.transport->lookup = NULL;
    RECV(IQ("get", BALCONY, ROMEO "/x", ASK));
    SENT(ANSWERED(BALCONY, ROMEO "/x", ROMEOS("romeo")));
    RECV(IQ("get", BALCONY, ROMEO, ASK_4));
    SENT(ANSWERED(BALCONY, ROMEO, ROMEOS_4("romeo")));
    DOWN("");
}

static void who_may_not_use_the_network_learns_nothing_from_it(void **state)
{
    (void)state;
    fake_transport_fail("open", BRIDGE_MEMBERSHIP, "the network wants you to register");
    RECV(IQ("get", BALCONY, ROMEO, ASK));
    SENT("<iq type='error' id='q' to='" BALCONY "' from='" ROMEO "'>"
         ERROR_TEXT("auth", "registration-required", "the network wants you to register")
         "</iq>");
    DOWN("open " USER_JID "\n");
}

/* --- many ------------------------------------------------------------------- */

static void who_asks_for_the_same_contact_shares_the_answer(void **state)
{
    (void)state;
    RECV(IQ("get", BALCONY, ROMEO, ASK) IQ("get", CHAMBER, ROMEO, ASK_4)
         IQ("get", BALCONY, ROMEO, ASK));
    DOWN("open " USER_JID "\nlookup romeo of " USER_JID "\n");
    known(0, "Romeo");
    SENT(ANSWERED(BALCONY, ROMEO, ROMEOS("Romeo")) ANSWERED(CHAMBER, ROMEO, ROMEOS_4("Romeo"))
         ANSWERED(BALCONY, ROMEO, ROMEOS("Romeo")));
    /* Another user's view of him is another question. */
    RECV(IQ("get", BALCONY, ROMEO, ASK) IQ("get", "nurse@example.net/x", ROMEO, ASK));
    DOWN("lookup romeo of " USER_JID "\nopen nurse@example.net\n"
         "lookup romeo of nurse@example.net\n");
    known(2, "R.");
    SENT(ANSWERED("nurse@example.net/x", ROMEO, ROMEOS("R.")));
    known(1, "Romeo");
    SENT(ANSWERED(BALCONY, ROMEO, ROMEOS("Romeo")));
}

static void the_network_gets_a_few_questions_at_a_time(void **state)
{
    (void)state;
    for (unsigned n = 0; n < LOOKUP_RUNNING_MAX + 2; n++)
        ask_for(n);
    assert_int_equal(down_count(), 1 + LOOKUP_RUNNING_MAX);
    known(3, "three");
    DOWN("lookup c16 of " USER_JID "\n");
    known(0, "none");
    DOWN("lookup c17 of " USER_JID "\n");
    assert_int_equal(sent_count("result"), 2);
    for (size_t n = 1; n < LOOKUP_RUNNING_MAX + 2; n++) {
        if (n != 3)
            known(n, "x");
    }
    assert_int_equal(sent_count("result"), LOOKUP_RUNNING_MAX);
    DOWN("");
}

/* A network that answers at once, in the middle of a long queue. */
static void answers_may_come_within_the_question(void **state)
{
    struct bridge_lookup *running[LOOKUP_RUNNING_MAX];

    (void)state;
    for (unsigned n = 0; n < 400; n++)
        ask_for(n);
    for (size_t n = 0; n < LOOKUP_RUNNING_MAX; n++)
        running[n] = fake_transport_lookup(n);
    fake_transport_obey(true);
    for (size_t n = 0; n < LOOKUP_RUNNING_MAX; n++)
        bridge_lookup_done(running[n], NULL, NULL);
    assert_int_equal(sent_count("result"), 400);
    assert_int_equal(down_count(), 401);
}

static void too_many_questions_are_refused(void **state)
{
    (void)state;
    for (unsigned n = 0; n < LOOKUP_ASKERS_MAX; n++)
        ask_for(n);
    SENT("");
    ask_for(LOOKUP_ASKERS_MAX);
    SENT(REFUSED("c500@" LAB_DOMAIN, "wait", "resource-constraint"));
    RECV(IQ("get", "nurse@example.net/x", ROMEO, ASK));
    known(LOOKUP_RUNNING_MAX, "Romeo");
    SENT(ANSWERED("nurse@example.net/x", ROMEO, ROMEOS("Romeo")));
    known(0, "x");
    assert_int_equal(sent_count("result"), 1);
    ask_for(LOOKUP_ASKERS_MAX);
    SENT("");
    session_close(session_find(fake_transport_host(), USER_JID), "the end");
    assert_int_equal(sent_count("recipient-unavailable"), LOOKUP_ASKERS_MAX);
    fake_transport_forget();
}

static void a_huge_id_is_not_kept(void **state)
{
    struct strbuf xml = STRBUF_INIT(4096);

    (void)state;
    strbuf_addf(&xml, "<iq type='get' id='%01001d' from='" BALCONY "' to='" ROMEO "'>" ASK
                "</iq>", 0);
    RECV(strbuf_text(&xml));
    assert_int_equal(sent_count("bad-request"), 1);
    DOWN("open " USER_JID "\n");
    strbuf_release(&xml);
}

/* --- time ------------------------------------------------------------------- */

/* With a server that is not silent: it would be pinged. */
static void let_pass(uint64_t ms)
{
    for (uint64_t step; ms; ms -= step) {
        step = ms < 10000 ? ms : 10000;
        RECV(" ");
        fake_timer_advance(step);
    }
}

static void a_network_that_says_nothing_is_not_waited_for(void **state)
{
    (void)state;
    RECV(IQ("get", BALCONY, ROMEO, ASK));
    let_pass(LOOKUP_WAIT_MS / 2);
    RECV(IQ("get", BALCONY, "nurse@" LAB_DOMAIN, ASK));
    let_pass(LOOKUP_WAIT_MS / 2 - 1);
    SENT("");
    let_pass(1);
    SENT(REFUSED(ROMEO, "wait", "remote-server-timeout"));
    let_pass(LOOKUP_WAIT_MS / 2);
    SENT(REFUSED("nurse@" LAB_DOMAIN, "wait", "remote-server-timeout"));
    known(0, "Romeo"); /* too late */
    SENT("");
    DOWN("open " USER_JID "\nlookup romeo of " USER_JID "\nlookup nurse of " USER_JID "\n");
}

/* One that is still being answered is not asked twice. */
static void who_asks_again_gets_the_late_answer(void **state)
{
    (void)state;
    RECV(IQ("get", BALCONY, ROMEO, ASK));
    let_pass(LOOKUP_WAIT_MS);
    SENT(REFUSED(ROMEO, "wait", "remote-server-timeout"));
    RECV(IQ("get", BALCONY, ROMEO, ASK));
    DOWN("open " USER_JID "\nlookup romeo of " USER_JID "\n");
    let_pass(LOOKUP_WAIT_MS - 1);
    known(0, "Romeo");
    SENT(ANSWERED(BALCONY, ROMEO, ROMEOS("Romeo")));
    let_pass(LOOKUP_WAIT_MS);
    SENT("");
}

static void what_waited_in_vain_is_not_asked(void **state)
{
    (void)state;
    for (unsigned n = 0; n < LOOKUP_RUNNING_MAX + 1; n++)
        ask_for(n);
    let_pass(LOOKUP_WAIT_MS);
    assert_int_equal(sent_count("remote-server-timeout"), LOOKUP_RUNNING_MAX + 1);
    assert_int_equal(down_count(), 1 + LOOKUP_RUNNING_MAX);
    ask_for(100);
    DOWN("");
    known(0, "x"); /* there is room for it now */
    DOWN("lookup c100 of " USER_JID "\n");
    known(LOOKUP_RUNNING_MAX, "x");
    assert_int_equal(sent_count("result"), 1);
}

static void the_end_of_a_session_answers_all(void **state)
{
    (void)state;
    RECV(IQ("get", BALCONY, ROMEO, ASK) IQ("get", CHAMBER, ROMEO, ASK));
    fake_transport_forget();
    session_close(fake_transport_session(), "the end");
    DOWN("close " USER_JID ": the end\n");
    SENT(REFUSED(ROMEO, "wait", "recipient-unavailable")
         REFUSED_TO(CHAMBER, ROMEO, "wait", "recipient-unavailable"));
    let_pass(LOOKUP_WAIT_MS);
    SENT("");
}

static void (*ordinary_close)(void *data, const char *reason);

/* As a network does that gives up what it was asked when it is told to go. */
static void answer_and_close(void *data, const char *reason)
{
    bridge_lookup_done(fake_transport_lookup(0), NULL, NULL);
    assert_int_equal(down_count(), 0);
    ordinary_close(data, reason);
}

static void who_is_leaving_is_asked_no_more(void **state)
{
    (void)state;
    ordinary_close = lab.transport->close;
    lab.transport->close = answer_and_close;
    for (unsigned n = 0; n < LOOKUP_RUNNING_MAX + 1; n++)
        ask_for(n);
    fake_transport_forget();
    session_close(fake_transport_session(), "the end");
    DOWN("close " USER_JID ": the end\n");
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, LOOKUP_RUNNING_MAX + 1);
    assert_non_null(strstr(sent.stanzas[0].text, "result"));
    canonical_release(&sent);
}

/* --- occupants -------------------------------------------------------------- */

#define OCCUPANTS CARD("<FN>romeo</FN><N/>")

static void an_occupant_is_who_is_behind_the_nick(void **state)
{
    (void)state;
    dialogue_join();
    fake_transport_forget();
    RECV(IQ("get", BALCONY, ROOM "/romeo", ASK));
    DOWN("occupant #r romeo\nlookup romeo of " USER_JID "\n");
    bridge_lookup_done(fake_transport_lookup(0), NULL, NULL);
    SENT(ANSWERED(BALCONY, ROOM "/romeo", OCCUPANTS));
    lab.transport->lookup = NULL;
    RECV(IQ("get", BALCONY, ROOM "/romeo", ASK));
    SENT(ANSWERED(BALCONY, ROOM "/romeo", OCCUPANTS));
    DOWN("occupant #r romeo\n");
}

static void only_those_inside_see_occupants(void **state)
{
    (void)state;
    RECV(IQ("get", BALCONY, ROOM "/romeo", ASK));
    SENT(REFUSED(ROOM "/romeo", "modify", "bad-request"));
    dialogue_join();
    fake_transport_forget();
    RECV(IQ("get", CHAMBER, ROOM "/romeo", ASK));
    SENT(REFUSED_TO(CHAMBER, ROOM "/romeo", "modify", "bad-request"));
    RECV(IQ("get", BALCONY, ROOM "/tybalt", ASK));
    SENT(REFUSED(ROOM "/tybalt", "cancel", "item-not-found"));
    DOWN("");
    fake_transport_fail("occupant", BRIDGE_FORBIDDEN, "the network hides people");
    RECV(IQ("get", BALCONY, ROOM "/romeo", ASK_4));
    SENT("<iq type='error' id='q' to='" BALCONY "' from='" ROOM "/romeo'>"
         ERROR_TEXT("auth", "forbidden", "the network hides people") "</iq>");
    DOWN("occupant #r romeo\n");
    lab.transport->occupant = NULL;
    RECV(IQ("get", BALCONY, ROOM "/romeo", ASK));
    SENT(REFUSED(ROOM "/romeo", "cancel", "service-unavailable"));
    DOWN("");
}

/* --- our own ---------------------------------------------------------------- */

#define HELP "Write \"help\" to this address: the answer says what can be done here."

static void domains_rooms_and_networks_have_cards_too(void **state)
{
    static char *admins[] = { "xmpp:a@example.net", "mailto:a@example.net",
                              "https://example.net/help?a&b" };
    struct options *o = lab.core->options;

    (void)state;
    RECV(IQ("get", BALCONY, LAB_DOMAIN, ASK));
    SENT(ANSWERED(BALCONY, LAB_DOMAIN, CARD("<FN>A fake network</FN><N/><DESC>" HELP "</DESC>"
                                            "<JABBERID>" LAB_DOMAIN "</JABBERID>")));
    RECV(IQ("get", BALCONY, "%net@" LAB_DOMAIN, ASK_4));
    SENT(ANSWERED(BALCONY, "%net@" LAB_DOMAIN,
                  CARD_4("<kind><text>application</text></kind><fn><text>%net</text></fn>"
                         "<impp><uri>xmpp:%25net@" LAB_DOMAIN "</uri></impp>")));
    RECV(IQ("get", BALCONY, ROOM, ASK_4));
    SENT(ANSWERED(BALCONY, ROOM, CARD_4("<kind><text>group</text></kind><fn><text>#r</text></fn>"
                                        "<impp><uri>xmpp:%23r@" LAB_DOMAIN "</uri></impp>")));
    o->gateway.admins = (struct setting_strings){ admins, COUNT(admins) };
    dialogue_stream = LAB_GATEWAY;
    RECV(IQ("get", BALCONY, LAB_GATEWAY, ASK));
    SENT(ANSWERED(BALCONY, LAB_GATEWAY,
                  CARD("<FN>Gateway</FN><N/><EMAIL><INTERNET/><USERID>a@example.net</USERID>"
                       "</EMAIL><URL>https://example.net/help?a&amp;b</URL><DESC>" HELP "</DESC>"
                       "<JABBERID>" LAB_GATEWAY "</JABBERID>")));
    o->gateway.admins = (struct setting_strings){ 0 };
    DOWN("");
}

static void cards_are_not_to_be_changed(void **state)
{
    static const char *const addresses[] = { ROMEO, LAB_DOMAIN, ROOM, ROOM "/romeo" };
    static const char *const changes[] = {
        CARD("<FN>x</FN>"),
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:vcard4'/>"
        "</pubsub>",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(addresses); i++) {
        for (size_t k = 0; k < COUNT(changes); k++) {
            struct strbuf in = STRBUF_INIT(1024), out = STRBUF_INIT(1024);
            strbuf_addf(&in, IQ("set", BALCONY, "%s", "%s"), addresses[i], changes[k]);
            strbuf_addf(&out, REFUSED("%s", "auth", "forbidden"), addresses[i]);
            RECV(strbuf_text(&in));
            SENT(strbuf_text(&out));
            strbuf_release(&in);
            strbuf_release(&out);
        }
    }
    DOWN("");
}

static void nothing_else_is_published(void **state)
{
    (void)state;
#define PUBSUB(inside) "<pubsub xmlns='http://jabber.org/protocol/pubsub'>" inside "</pubsub>"
    RECV(IQ("get", BALCONY, ROMEO, PUBSUB("<items node='urn:xmpp:avatar:data'/>")));
    SENT(REFUSED(ROMEO, "cancel", "item-not-found"));
    RECV(IQ("get", BALCONY, ROMEO, PUBSUB("<items/>")));
    SENT(REFUSED(ROMEO, "cancel", "item-not-found"));
    RECV(IQ("get", BALCONY, ROMEO, PUBSUB("<subscriptions/>")));
    SENT(REFUSED(ROMEO, "cancel", "feature-not-implemented"));
    DOWN("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_of_a_picture_is_the_sha1_of_its_bytes),
        TEST(the_network_says_who_a_contact_is),
        TEST(a_network_may_know_nothing_or_nobody),
        TEST(a_network_without_cards_is_not_asked),
        TEST(who_may_not_use_the_network_learns_nothing_from_it),
        TEST(who_asks_for_the_same_contact_shares_the_answer),
        TEST(the_network_gets_a_few_questions_at_a_time),
        TEST(answers_may_come_within_the_question),
        TEST(too_many_questions_are_refused),
        TEST(a_huge_id_is_not_kept),
        TEST(a_network_that_says_nothing_is_not_waited_for),
        TEST(who_asks_again_gets_the_late_answer),
        TEST(what_waited_in_vain_is_not_asked),
        TEST(the_end_of_a_session_answers_all),
        TEST(who_is_leaving_is_asked_no_more),
        TEST(an_occupant_is_who_is_behind_the_nick),
        TEST(only_those_inside_see_occupants),
        TEST_GATEWAY(domains_rooms_and_networks_have_cards_too),
        TEST(cards_are_not_to_be_changed),
        TEST(nothing_else_is_published),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
