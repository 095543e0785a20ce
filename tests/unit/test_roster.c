/* Contacts that the network lists, on their way into rosters: XEP-0356, XEP-0144,
 * and by asking. */
#include "roster.h"

#include <bridge/host.h>

#include <stdio.h>
#include <string.h>

#include "ability.h"
#include "contact.h"
#include "dialogue.h"
#include "forget.h"
#include "privilege.h"
#include "store.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define SERVER "example.net"
#define JULIET "juliet@" SERVER
#define ALICE "alice@" LAB_DOMAIN
#define BOB "bob@" LAB_DOMAIN

#define PERM(type) "<perm access='roster' type='" type "'/>"
#define SAYS(from, version, perms) \
    "<message from='" from "' to='" LAB_DOMAIN "'><privilege xmlns='urn:xmpp:privilege:" version \
    "'>" perms "</privilege></message>"
#define GRANT(type) SAYS(SERVER, "2", PERM(type))

#define IQ(type, to, payload) \
    "<iq type='" type "' from='" LAB_DOMAIN "' to='" to "' id='*'>" payload "</iq>"
#define ROSTER(items) "<query xmlns='jabber:iq:roster'>" items "</query>"
#define READ IQ("get", JULIET, ROSTER(""))
#define SET(item) IQ("set", JULIET, ROSTER(item))
#define GROUP(name) "<group>" name "</group>"
#define BOTH(jid, name, groups) \
    "<item jid='" jid "' name='" name "' subscription='both'>" groups "</item>"
#define NAMED(jid, name, groups) "<item jid='" jid "' name='" name "'>" groups "</item>"
#define REMOVED(jid) SET("<item jid='" jid "' subscription='remove'/>")

#define SUBSCRIBE(jid, nick) \
    "<presence type='subscribe' to='" JULIET "' from='" jid "'><nick xmlns='" NS_NICK "'>" nick \
    "</nick></presence>"
#define PRESENCE(type, jid) "<presence type='" type "' to='" JULIET "' from='" jid "'/>"
#define RELEASED(jid) \
    PRESENCE("unsubscribe", jid) PRESENCE("unsubscribed", jid) PRESENCE("unavailable", jid)

#define SUGGESTED(client, items) IQ("set", client, "<x xmlns='" NS_ROSTERX "'>" items "</x>")
#define ITEM_TO(action, jid, name, groups) \
    "<item action='" action "' jid='" jid "' name='" name "'>" groups "</item>"

/* juliet uses the transport; what servers grant without delay is known. */
static void begin(void)
{
    struct bridge_error err;

    assert_non_null(session_open(lab.core->hosts[0], JULIET, &err));
    DOWN("open " JULIET "\n");
    fake_timer_advance(ROSTER_GRACE_MS);
}

static void list(const char *address, const char *name, const char *group)
{
    bridge_contact_listed(fake_transport_session(),
                          &(struct bridge_contact){ .address = address, .name = name, .group = group });
}

static void unlist(const char *address)
{
    bridge_contact_unlisted(fake_transport_session(), address);
}

/* The next step; what it stores is durable. */
static void step(void)
{
    fake_timer_advance(ROSTER_STEP_MS);
    fake_store_commit();
}

/* Time in which anything would have happened. */
static void nothing_happens(void)
{
    RECV(" ");
    fake_timer_advance(10000);
    fake_store_commit();
    SENT("");
    DOWN("");
}

/* To the latest request. */
static void answer_of(const char *from, const char *type, const char *inside)
{
    struct strbuf xml = STRBUF_INIT(1u << 20);

    strbuf_addf(&xml, "<iq type='%s' from='%s' to='" LAB_DOMAIN "' id='%s%llx'>%s</iq>", type, from,
                lab.core->id_prefix, (unsigned long long)lab.core->next_id, inside);
    RECV(strbuf_text(&xml));
    strbuf_release(&xml);
    fake_store_commit();
}

#define RESULT(inside) answer_of(JULIET, "result", (inside))
#define FAILURE(inside) answer_of(JULIET, "error", (inside))

static unsigned stored(const char *address)
{
    struct store_contact contact;

    return store_contact_find(lab.core->store, LAB_DOMAIN, JULIET, address, &contact)
               ? contact.subscription
               : 0;
}

/* The server has taken alice into the roster. */
static void place_alice(void)
{
    RECV(GRANT("set"));
    begin();
    list("alice", "Alice", "Friends");
    step();
    SENT(SET(BOTH(ALICE, "Alice", GROUP("Friends"))));
    RESULT("");
    SENT(PRESENCE("probe", ALICE));
    DOWN("watch alice of " JULIET "\n");
}

/* Somebody sends n stanzas, whatever they are. */
static void sent_some(size_t n)
{
    struct canonical sent = lab_take(LAB_DOMAIN);

    assert_int_equal(sent.count, n);
    canonical_release(&sent);
}

static void show_alice(void)
{
    bridge_contact_presence(fake_transport_session(), "alice",
                            &(struct bridge_presence){ .show = BRIDGE_AWAY });
    sent_some(1);
}

/* --- what the server grants (XEP-0356) --------------------------------------------- */

static void where_it_is_granted_contacts_are_simply_there(void **state)
{
    (void)state;
    place_alice();
    assert_int_equal(stored("alice"), STORE_SUB_BOTH);
    show_alice();
    nothing_happens();
}

static void to_say_it_again_costs_nothing(void **state)
{
    (void)state;
    place_alice();
    for (int i = 0; i < 3; i++) {
        list("alice", "Alice", "Friends");
        nothing_happens();
    }
    session_close(fake_transport_session(), "idle");
    DOWN("close " JULIET ": idle\n");
    SENT(PRESENCE("unavailable", ALICE));
    begin(); /* the next session learns it from the store */
    list("alice", "Alice", "Friends");
    nothing_happens();
}

/* Before ejabberd's word arrives a moment may pass. */
static void a_grant_is_waited_for(void **state)
{
    struct bridge_error err;

    (void)state;
    assert_non_null(session_open(lab.core->hosts[0], JULIET, &err));
    DOWN("open " JULIET "\n");
    list("alice", "Alice", NULL);
    fake_timer_advance(ROSTER_GRACE_MS - 100);
    SENT("");
    RECV(SAYS(SERVER, "1", PERM("set")));
    fake_timer_advance(ROSTER_WAIT_MS);
    SENT(SET(BOTH(ALICE, "Alice", "")));
    FAILURE(ERROR("cancel", "conflict")); /* of this one alone */
    fake_timer_advance(ROSTER_GRACE_MS);
    fake_store_commit();
    SENT(SUBSCRIBE(ALICE, "Alice"));
    list("bob", NULL, NULL);
    step();
    SENT(SET(BOTH(BOB, "bob", "")));
    RESULT("");
    SENT(PRESENCE("probe", BOB));
    DOWN("watch bob of " JULIET "\n");
}

/* Who cannot be believed, or says something else. */
static void others_cannot_grant_it(void **state)
{
    static const char *const words[] = {
        SAYS("mallory@" SERVER, "2", PERM("both")),
        SAYS(SERVER "/x", "2", PERM("both")),
        SAYS("example.org", "2", PERM("both")),
        SAYS(SERVER, "3", PERM("both")),
        SAYS(SERVER, "2", PERM("none")),
        SAYS(SERVER, "2", PERM("get")),
        SAYS(SERVER, "2", "<perm access='message' type='outgoing'/>"),
        "<message type='error' from='" SERVER "' to='" LAB_DOMAIN "'><privilege xmlns='"
        NS_PRIVILEGE_2 "'>" PERM("both") "</privilege></message>",
        "<message from='" SERVER "' to='romeo@" LAB_DOMAIN "'><privilege xmlns='"
        NS_PRIVILEGE_2 "'>" PERM("both") "</privilege></message>",
    };

    (void)state;
    begin();
    for (size_t i = 0; i < COUNT(words); i++) {
        RECV(words[i]);
        assert_false(privilege_granted(lab.core->hosts[0], JULIET, PRIVILEGE_ROSTER_SET));
    }
    fake_transport_forget(); /* what is no such word is a message */
    list("alice", "Alice", "Friends");
    step();
    SENT(SUBSCRIBE(ALICE, "Alice"));
    assert_int_equal(stored("alice"), STORE_SUB_ASKED);
    nothing_happens();
}

/* What the user has made of it stays. */
static void the_roster_is_read_first_where_that_is_granted(void **state)
{
    (void)state;
    RECV(GRANT("both"));
    begin();
    list("alice", "Alice", "Friends");
    list("bob", "Bob", NULL);
    step();
    SENT(READ);
    RESULT(ROSTER(NAMED(ALICE, "My love", GROUP("Verona") GROUP("Friends"))
                  "<item jid='nurse@example.net'/>"));
    step();
    SENT(SET(BOTH(ALICE, "My love", GROUP("Verona") GROUP("Friends"))));
    RESULT("");
    SENT(PRESENCE("probe", ALICE));
    step();
    SENT(SET(BOTH(BOB, "Bob", "")));
    RESULT("");
    SENT(PRESENCE("probe", BOB));
    DOWN("watch alice of " JULIET "\nwatch bob of " JULIET "\n");
    nothing_happens();
}

static void a_roster_that_cannot_be_read_is_changed_all_the_same(void **state)
{
    (void)state;
    RECV(GRANT("both"));
    begin();
    list("alice", "Alice", NULL);
    step();
    SENT(READ);
    FAILURE(ERROR("auth", "forbidden"));
    LOGGED("info", "lets us read rosters, but that does not work");
    step();
    SENT(SET(BOTH(ALICE, "Alice", "")));
    RESULT("");
    SENT(PRESENCE("probe", ALICE));
    DOWN("watch alice of " JULIET "\n");
}

static void another_name_and_group_are_changed(void **state)
{
    (void)state;
    place_alice();
    list("alice", "Alice L.", "Friends");
    step();
    SENT(SET(NAMED(ALICE, "Alice L.", GROUP("Friends"))));
    list("alice", "Alice Liddell", "Work"); /* while the server writes */
    RESULT("");
    SENT("");
    step();
    SENT(SET(NAMED(ALICE, "Alice Liddell", GROUP("Work"))));
    RESULT("");
    nothing_happens();
    assert_int_equal(stored("alice"), STORE_SUB_BOTH);
}

static void a_name_of_the_users_own_stays(void **state)
{
    (void)state;
    place_alice();
    RECV(GRANT("both"));
    list("alice", "Alice L.", "Friends");
    step();
    SENT(READ);
    RESULT(ROSTER(BOTH(ALICE, "My love", GROUP("Friends"))));
    nothing_happens();
    list("alice", "Alice L.", NULL);
    step();
    SENT(READ);
    RESULT(ROSTER(BOTH(ALICE, "My love", GROUP("Friends"))));
    step();
    SENT(SET(NAMED(ALICE, "My love", "")));
    RESULT("");
    list("alice", "Alice P.", NULL); /* still in no group */
    step();
    SENT(READ);
    RESULT(ROSTER(BOTH(ALICE, "My love", "")));
    nothing_happens();
    list("alice", "Alice L.", "Work");
    step();
    SENT(READ);
    RESULT(ROSTER(BOTH(ALICE, "My love", GROUP("Verona"))));
    step();
    SENT(SET(NAMED(ALICE, "My love", GROUP("Verona") GROUP("Work"))));
    RESULT("");
    nothing_happens();
}

static void groups_of_the_users_own_stay(void **state)
{
    (void)state;
    place_alice();
    RECV(GRANT("both"));
    list("alice", "Alice L.", "Friends");
    step();
    SENT(READ);
    RESULT(ROSTER(BOTH(ALICE, "Alice", GROUP("Verona") GROUP("Friends"))));
    step();
    SENT(SET(NAMED(ALICE, "Alice L.", GROUP("Verona") GROUP("Friends"))));
    RESULT("");
    nothing_happens();
}

static void who_is_listed_no_more_leaves_the_roster(void **state)
{
    (void)state;
    place_alice();
    unlist("alice");
    fake_store_commit();
    SENT(RELEASED(ALICE));
    DOWN("unwatch alice of " JULIET "\n");
    step();
    SENT(REMOVED(ALICE));
    FAILURE(ERROR("modify", "item-not-found")); /* as good */
    assert_int_equal(stored("alice"), 0);
    unlist("alice");
    nothing_happens();
    list("alice", "Alice", "Friends");
    step();
    SENT(SET(BOTH(ALICE, "Alice", GROUP("Friends"))));
    unlist("alice"); /* before the server has answered */
    RESULT("");
    SENT("");
    step();
    SENT(REMOVED(ALICE));
    list("alice", "Alice", NULL);
    RESULT("");
    step();
    SENT(SET(BOTH(ALICE, "Alice", "")));
    RESULT("");
    SENT(PRESENCE("probe", ALICE));
    DOWN("watch alice of " JULIET "\n");
}

/* ejabberd 23.01: two <error/>, of type wait. */
static void a_server_that_fails_is_asked_once(void **state)
{
    (void)state;
    RECV(SAYS(SERVER, "1", PERM("both")));
    begin();
    list("bob", "Bob", NULL);
    list("alice", "Alice", NULL);
    step();
    SENT(READ);
    RESULT(ROSTER(""));
    step();
    SENT(SET(BOTH(BOB, "Bob", "")));
    FAILURE(ERROR("wait", "internal-server-error") ERROR("wait", "internal-server-error"));
    LOGGED("info", "lets us change rosters, but that does not work");
    step();
    step();
    SENT(SUBSCRIBE(ALICE, "Alice") SUBSCRIBE(BOB, "Bob"));
    nothing_happens();
    assert_null(strstr(strbuf_text(&lab.log), "info: " LAB_DOMAIN ": " SERVER));
    RECV("<presence type='unsubscribed' from='" JULIET "' to='" BOB "'/>");
    fake_store_commit();
    lab_cut(LAB_DOMAIN); /* perhaps it is another version by then */
    lab_settle();
    LOGGED("error", "connection reset");
    lab_reconnect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    RECV(SAYS(SERVER, "1", PERM("set")));
    fake_timer_advance(10000);
    SENT(SET(BOTH(ALICE, "Alice", "")));
    RESULT("");
    SENT(PRESENCE("probe", ALICE));
    DOWN("watch alice of " JULIET "\n");
}

static void a_server_that_does_not_answer_is_asked_once(void **state)
{
    (void)state;
    RECV(GRANT("set"));
    begin();
    list("alice", "Alice", NULL);
    step();
    SENT(SET(BOTH(ALICE, "Alice", "")));
    RECV(" ");
    fake_timer_advance(20000);
    RECV(" ");
    SENT("");
    fake_timer_advance(11000);
    fake_store_commit();
    LOGGED("info", "did not answer");
    SENT(SUBSCRIBE(ALICE, "Alice"));
}

/* Whoever has been asked and has not answered need not answer any more. */
static void what_is_granted_late_helps_those_who_were_asked(void **state)
{
    (void)state;
    begin();
    list("alice", "Alice", NULL);
    list("bob", "Bob", NULL);
    step();
    step();
    SENT(SUBSCRIBE(ALICE, "Alice") SUBSCRIBE(BOB, "Bob"));
    RECV("<presence type='unsubscribed' from='" JULIET "' to='" BOB "'/>");
    fake_store_commit();
    RECV(GRANT("set"));
    step();
    fake_timer_advance(ROSTER_WAIT_MS);
    SENT(SET(BOTH(ALICE, "Alice", "")));
    RESULT("");
    SENT(PRESENCE("probe", ALICE));
    DOWN("watch alice of " JULIET "\n");
    nothing_happens(); /* bob is not wanted */
}

static void what_is_taken_back_is_not_used(void **state)
{
    (void)state;
    place_alice();
    RECV(GRANT("none"));
    list("bob", "Bob", NULL);
    step();
    SENT(SUBSCRIBE(BOB, "Bob"));
}

static void lose_stream(void)
{
    lab_cut(LAB_DOMAIN);
    lab_settle();
    LOGGED("error", "connection reset");
    fake_timer_advance(200);
    lab_reconnect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    fake_timer_advance(ROSTER_WAIT_MS);
}

/* Whatever was on its way is done on the next one. */
static void a_lost_stream_is_waited_for(void **state)
{
    (void)state;
    RECV(GRANT("both"));
    begin();
    list("alice", "Alice", NULL);
    step();
    SENT(READ);
    lose_stream();
    SENT(""); /* the grant was for the other stream */
    RECV(GRANT("both"));
    fake_timer_advance(ROSTER_WAIT_MS);
    SENT(READ);
    RESULT(ROSTER(""));
    step();
    SENT(SET(BOTH(ALICE, "Alice", "")));
    lose_stream();
    RECV(GRANT("set"));
    fake_timer_advance(ROSTER_WAIT_MS);
    SENT(SET(BOTH(ALICE, "Alice", "")));
    RESULT("");
    SENT(PRESENCE("probe", ALICE));
    DOWN("watch alice of " JULIET "\n");
    unlist("alice");
    fake_store_commit();
    SENT(RELEASED(ALICE));
    DOWN("unwatch alice of " JULIET "\n");
    step();
    SENT(REMOVED(ALICE));
    lose_stream();
    RECV(GRANT("set"));
    fake_timer_advance(ROSTER_WAIT_MS);
    SENT(REMOVED(ALICE));
    RESULT("");
    nothing_happens();
}

/* RFC 6121 §2.1.6: a push has an answer. */
static void pushes_are_taken_from_who_grants(void **state)
{
#define PUSH(from) \
    "<iq type='set' id='p' from='" from "' to='" LAB_DOMAIN "'>" ROSTER(NAMED(ALICE, "x", "")) "</iq>"
#define NO_SERVICE(to) \
    "<iq type='error' id='p' from='" LAB_DOMAIN "' to='" to "'>" \
    ERROR("cancel", "service-unavailable") "</iq>"

    (void)state;
    RECV(PUSH(JULIET));
    SENT(NO_SERVICE(JULIET));
    RECV(GRANT("both"));
    RECV(PUSH(JULIET));
    SENT("<iq type='result' id='p' from='" LAB_DOMAIN "' to='" JULIET "'/>");
    RECV(PUSH(BALCONY));
    SENT(NO_SERVICE(BALCONY));
    RECV(PUSH("juliet@example.org"));
    SENT(NO_SERVICE("juliet@example.org"));
}

static void everybody_may_say_so_and_memory_is_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < PRIVILEGE_DOMAINS_MAX + 10; i++) {
        char xml[512];
        snprintf(xml, sizeof xml, SAYS("n%d.example.org", "2", PERM("both")), i);
        RECV(xml);
    }
    assert_int_equal(lab.core->hosts[0]->grants.count, PRIVILEGE_DOMAINS_MAX);
}

/* --- asking the user --------------------------------------------------------------- */

static void the_user_is_asked_once(void **state)
{
    (void)state;
    begin();
    list("alice", "Alice", NULL);
    step();
    SENT(SUBSCRIBE(ALICE, "Alice"));
    list("alice", "Alice", NULL);
    nothing_happens();
    session_close(fake_transport_session(), "idle");
    DOWN("close " JULIET ": idle\n");
    begin();
    list("alice", "Alice", NULL);
    nothing_happens();
}

static void who_was_not_wanted_is_not_offered_again(void **state)
{
    (void)state;
    begin();
    list("alice", "Alice", NULL);
    step();
    SENT(SUBSCRIBE(ALICE, "Alice"));
    RECV("<presence type='unsubscribed' from='" JULIET "' to='" ALICE "'/>");
    fake_store_commit();
    assert_int_equal(stored("alice"), STORE_SUB_DECLINED);
    list("alice", "Alice B.", "Work");
    nothing_happens();
    unlist("alice");
    nothing_happens();
    list("alice", "Alice C.", "Work");
    nothing_happens();
    RECV(GRANT("both"));
    nothing_happens();
    assert_int_equal(stored("alice"), STORE_SUB_DECLINED);
}

/* A network with many contacts does not flood the user. */
static void many_are_asked_about_one_by_one(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 40; i++) {
        char address[16];
        snprintf(address, sizeof address, "c%d", i);
        list(address, NULL, NULL);
    }
    for (int i = 0; i < 40; i++) {
        SENT("");
        step();
        sent_some(1);
    }
    nothing_happens();
}

/* Until the session ends the network goes on listing, and what was begun comes to its end. */
static void who_is_being_forgotten_gets_no_contacts(void **state)
{
    (void)state;
    place_alice();
    list("bob", "Bob", NULL);
    step();
    SENT(SET(BOTH(BOB, "Bob", "")));
    list("carol", NULL, NULL);
    forget_user(lab.core, NULL, JULIET, NULL, NULL);
    RESULT("");
    DOWN("unwatch alice of " JULIET "\nclose " JULIET ": The user has left\n");
    SENT(RELEASED(ALICE));
    assert_int_equal(fake_store_contacts(), 0);
    nothing_happens();
}

static void who_could_not_be_forgotten_gets_them_later(void **state)
{
    (void)state;
    RECV(GRANT("set"));
    begin();
    list("alice", "Alice", NULL);
    fake_store_fail("the disk is full");
    forget_user(lab.core, NULL, JULIET, NULL, NULL);
    fake_timer_advance(ROSTER_WAIT_MS);
    SENT("");
    fake_store_commit();
    fake_timer_advance(ROSTER_WAIT_MS);
    SENT(SET(BOTH(ALICE, "Alice", "")));
}

static void a_network_that_lists_without_end_is_not_listened_to(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < ROSTER_LISTED_MAX + 2; i++) {
        char address[16];
        snprintf(address, sizeof address, "c%d", i);
        list(address, NULL, NULL);
    }
    LOGGED("warning", "c5000 is left out");
    LOGGED("warning", "c5001 is left out");
}

/* XEP-0106: such an address would be that of the domain itself. */
static void an_address_that_is_none_is_left_out(void **state)
{
    (void)state;
    begin();
    list(" ", "Nobody", NULL);
    unlist(" ");
    unlist("stranger");
    nothing_happens();
    LOGGED("warning", "cannot be a JID");
}

/* --- suggesting it to a client (XEP-0144) -------------------------------------------- */

#define CAPS(ver) "<c xmlns='" NS_CAPS "' hash='sha-1' node='urn:gajim' ver='" ver "'/>"
#define INFO_OF(client, node) \
    IQ("get", client, "<query xmlns='" NS_DISCO_INFO "' node='" node "'/>")
/* printf 'http://jabber.org/protocol/rosterx<' | openssl sha1 -binary | base64 */
#define VER "W8ldQDS5XTYBQ0Fqfv7+auJVhgY="
#define ABLE "<query xmlns='" NS_DISCO_INFO "'><feature var='" NS_ROSTERX "'/></query>"

static void arrive(const char *client, const char *inside)
{
    struct strbuf xml = STRBUF_INIT(4096);

    strbuf_addf(&xml, "<presence from='%s' to='" LAB_DOMAIN "'>%s</presence>", client, inside);
    RECV(strbuf_text(&xml));
    strbuf_release(&xml);
    fake_transport_forget(); /* it is told who is there */
}

/* juliet's client takes suggestions. */
static void begin_able(void)
{
    begin();
    arrive(BALCONY, CAPS(VER));
    SENT("");
    list("alice", "Alice", "Friends");
    step();
    SENT(INFO_OF(BALCONY, "urn:gajim#" VER));
    step();
    SENT("");
    answer_of(BALCONY, "result", ABLE);
    fake_timer_advance(ROSTER_WAIT_MS);
}

static void a_client_that_can_is_told(void **state)
{
    (void)state;
    begin_able();
    SENT(SUGGESTED(BALCONY, ITEM_TO("add", ALICE, "Alice", GROUP("Friends"))));
    list("bob", NULL, NULL);
    list("carol", NULL, NULL);
    step();
    SENT("");
    answer_of(BALCONY, "result", "");
    step();
    SENT(SUGGESTED(BALCONY, ITEM_TO("add", BOB, "bob", "")
                   ITEM_TO("add", "carol@" LAB_DOMAIN, "carol", "")));
    answer_of(BALCONY, "result", "");
    nothing_happens();
    list("alice", "Alice", "Friends");
    list("bob", NULL, NULL);
    nothing_happens();
}

/* What is known of one client is known of all that are the same. */
static void the_same_client_is_not_asked_twice(void **state)
{
    (void)state;
    begin_able();
    SENT(SUGGESTED(BALCONY, ITEM_TO("add", ALICE, "Alice", GROUP("Friends"))));
    answer_of(BALCONY, "result", "");
    RECV("<presence type='unavailable' from='" BALCONY "' to='" LAB_DOMAIN "'/>");
    arrive(CHAMBER, CAPS(VER));
    list("bob", NULL, NULL);
    step();
    SENT(SUGGESTED(CHAMBER, ITEM_TO("add", BOB, "bob", "")));
    answer_of(CHAMBER, "result", "");
    nothing_happens();
}

/* XEP-0115 §5.4: what is not what was announced is its own alone. */
static void a_false_announcement_spoils_nothing(void **state)
{
    (void)state;
    begin();
    arrive(CHAMBER, CAPS(VER));
    list("alice", "Alice", NULL);
    step();
    SENT(INFO_OF(CHAMBER, "urn:gajim#" VER));
    answer_of(CHAMBER, "result", "<query xmlns='" NS_DISCO_INFO "'><feature var='x'/></query>");
    fake_timer_advance(ROSTER_WAIT_MS);
    fake_store_commit();
    SENT(SUBSCRIBE(ALICE, "Alice"));
    arrive(BALCONY, CAPS(VER));
    list("bob", NULL, NULL);
    step();
    SENT(INFO_OF(BALCONY, "urn:gajim#" VER));
    answer_of(BALCONY, "result", ABLE);
    fake_timer_advance(ROSTER_WAIT_MS);
    SENT(SUGGESTED(BALCONY, ITEM_TO("add", BOB, "bob", "")));
    answer_of(BALCONY, "result", "");
}

/* Without XEP-0115 nothing is announced, and each is asked for itself. */
static void a_client_that_announces_nothing_is_asked(void **state)
{
    (void)state;
    begin();
    arrive(BALCONY, "");
    list("alice", "Alice", NULL);
    step();
    SENT(IQ("get", BALCONY, "<query xmlns='" NS_DISCO_INFO "'/>"));
    answer_of(BALCONY, "error", ERROR("cancel", "service-unavailable"));
    fake_timer_advance(ROSTER_WAIT_MS);
    fake_store_commit();
    SENT(SUBSCRIBE(ALICE, "Alice"));
}

static void a_client_that_refuses_is_left_alone(void **state)
{
    (void)state;
    begin_able();
    SENT(SUGGESTED(BALCONY, ITEM_TO("add", ALICE, "Alice", GROUP("Friends"))));
    answer_of(BALCONY, "error", ERROR("cancel", "service-unavailable"));
    step();
    SENT(SUBSCRIBE(ALICE, "Alice"));
    list("bob", NULL, NULL);
    step();
    SENT(SUBSCRIBE(BOB, "bob"));
}

static void a_client_is_told_of_names_and_departures(void **state)
{
    (void)state;
    begin_able();
    SENT(SUGGESTED(BALCONY, ITEM_TO("add", ALICE, "Alice", GROUP("Friends"))));
    answer_of(BALCONY, "result", "");
    RECV("<presence type='subscribe' from='" JULIET "' to='" ALICE "'/>"); /* she wants it */
    fake_store_commit();
    SENT(PRESENCE("subscribed", ALICE) SUBSCRIBE(ALICE, "alice"));
    DOWN("watch alice of " JULIET "\n");
    show_alice();
    list("alice", "Alice L.", "Friends");
    list("bob", NULL, NULL); /* which is another stanza: XEP-0144 §5 */
    step();
    SENT(SUGGESTED(BALCONY, ITEM_TO("modify", ALICE, "Alice L.", GROUP("Friends"))));
    answer_of(BALCONY, "result", "");
    step();
    SENT(SUGGESTED(BALCONY, ITEM_TO("add", BOB, "bob", "")));
    answer_of(BALCONY, "result", "");
    nothing_happens();
    unlist("alice");
    fake_store_commit();
    SENT(RELEASED(ALICE));
    DOWN("unwatch alice of " JULIET "\n");
    step();
    SENT(SUGGESTED(BALCONY, ITEM_TO("delete", ALICE, "Alice L.", "")));
    answer_of(BALCONY, "result", "");
    nothing_happens();
}

/* Of one user, and of all hashes. */
static void clients_are_bounded(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < ABILITY_CLIENTS_MAX + 3; i++) {
        char client[64];
        snprintf(client, sizeof client, JULIET "/%d", i);
        arrive(client, CAPS("x"));
        arrive(client, CAPS("x"));
    }
    arrive("mallory@example.org/x", CAPS("x")); /* has no session */
    RECV("<presence from='" JULIET "/10' to='" ROOM "/j'>" CAPS("y") "</presence>");
    sent_some(1); /* she is not in there */
    list("alice", "Alice", NULL);
    step();
    sent_some(ABILITY_CLIENTS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(where_it_is_granted_contacts_are_simply_there),
        TEST(to_say_it_again_costs_nothing),
        TEST(a_grant_is_waited_for),
        TEST(others_cannot_grant_it),
        TEST(the_roster_is_read_first_where_that_is_granted),
        TEST(a_roster_that_cannot_be_read_is_changed_all_the_same),
        TEST(another_name_and_group_are_changed),
        TEST(a_name_of_the_users_own_stays),
        TEST(groups_of_the_users_own_stay),
        TEST(who_is_listed_no_more_leaves_the_roster),
        TEST(a_server_that_fails_is_asked_once),
        TEST(a_server_that_does_not_answer_is_asked_once),
        TEST(what_is_granted_late_helps_those_who_were_asked),
        TEST(what_is_taken_back_is_not_used),
        TEST(a_lost_stream_is_waited_for),
        TEST(pushes_are_taken_from_who_grants),
        TEST(everybody_may_say_so_and_memory_is_bounded),
        TEST(the_user_is_asked_once),
        TEST(who_was_not_wanted_is_not_offered_again),
        TEST(many_are_asked_about_one_by_one),
        TEST(who_is_being_forgotten_gets_no_contacts),
        TEST(who_could_not_be_forgotten_gets_them_later),
        TEST(a_network_that_lists_without_end_is_not_listened_to),
        TEST(an_address_that_is_none_is_left_out),
        TEST(a_client_that_can_is_told),
        TEST(the_same_client_is_not_asked_twice),
        TEST(a_false_announcement_spoils_nothing),
        TEST(a_client_that_announces_nothing_is_asked),
        TEST(a_client_that_refuses_is_left_alone),
        TEST(a_client_is_told_of_names_and_departures),
        TEST(clients_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
