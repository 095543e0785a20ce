/* Contacts in rosters: RFC 6121 §3 and §4, XEP-0100. */
#include <bridge/host.h>

#include <string.h>

#include "contact.h"
#include "dialogue.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define USER_JID "juliet@example.net"
#define ROMEO "romeo@" LAB_DOMAIN
#define ASK(type, to) "<presence type='" type "' from='" USER_JID "' to='" to "'/>"
#define SHOWN(type, inside) \
    "<presence type='" type "' to='" USER_JID "' from='" ROMEO "'>" inside "</presence>"
#define AVAILABLE(inside) \
    "<presence to='" USER_JID "' from='" ROMEO "'>" inside "</presence>"
#define REQUEST(nick) SHOWN("subscribe", "<nick xmlns='" NS_NICK "'>" nick "</nick>")
#define GONE SHOWN("unsubscribed", "") SHOWN("unavailable", "")

static void show(enum bridge_show how, const char *status, const char *nick)
{
    bridge_contact_presence(fake_transport_session(), "romeo",
                            &(struct bridge_presence){ .show = how, .status = status, .nick = nick });
}

static unsigned stored(const char *address)
{
    struct store_contact row;

    return store_contact_find(lab.core->store, LAB_DOMAIN, USER_JID, address, &row)
               ? row.subscription
               : 0;
}

/* juliet has romeo in her roster, and he is online; his request waits. */
static void subscribe(void)
{
    RECV(ASK("subscribe", ROMEO));
    fake_store_commit();
    DOWN("open " USER_JID "\n"
         "watch romeo of " USER_JID "\n");
    show(BRIDGE_ONLINE, NULL, NULL);
    SENT(SHOWN("subscribed", "") REQUEST("romeo") AVAILABLE(""));
    assert_int_equal(stored("romeo"), STORE_SUB_TO | STORE_SUB_ASKED);
}

/* --- subscriptions -------------------------------------------------------- */

/* Only what is durable is promised. */
static void a_subscription_is_confirmed_once_it_is_stored(void **state)
{
    (void)state;
    RECV(ASK("subscribe", "RoMeO@" LAB_DOMAIN));
    SENT("");
    DOWN("");
    fake_store_commit();
    assert_int_equal(fake_store_contacts(), 1);
    SENT(SHOWN("subscribed", "") REQUEST("romeo"));
    DOWN("open " USER_JID "\n"
         "watch romeo of " USER_JID "\n");
}

static void a_subscription_that_cannot_be_stored_is_refused(void **state)
{
    (void)state;
    fake_store_fail("the disk is full");
    RECV(ASK("subscribe", ROMEO));
    fake_store_commit();
    SENT(SHOWN("error", ERROR("wait", "recipient-unavailable")));
    DOWN("");
    assert_int_equal(fake_store_contacts(), 0);
    subscribe(); /* again, later */
}

static void asking_twice_is_confirmed_twice(void **state)
{
    (void)state;
    subscribe();
    RECV(ASK("subscribe", ROMEO));
    fake_store_commit();
    assert_int_equal(fake_store_contacts(), 1);
    SENT(SHOWN("subscribed", "") AVAILABLE(""));
    DOWN("");
}

/* That she does not want him is remembered: a network that lists him all the same
 * must not put him back. */
static void who_is_taken_out_of_the_roster_is_watched_no_more(void **state)
{
    (void)state;
    subscribe();
    RECV(ASK("unsubscribe", ROMEO));
    SENT("");
    fake_store_commit();
    SENT(SHOWN("unsubscribe", "") GONE);
    DOWN("unwatch romeo of " USER_JID "\n");
    assert_int_equal(stored("romeo"), STORE_SUB_DECLINED);
    RECV(ASK("unsubscribed", ROMEO)); /* her server's other half of the removal */
    RECV(ASK("unsubscribe", ROMEO));  /* repeated: its answer was lost */
    SENT(GONE);
    RECV(ASK("probe", ROMEO));
    SENT(SHOWN("unsubscribed", ""));
    assert_false(fake_store_commit());
    show(BRIDGE_AWAY, NULL, NULL); /* too late */
    SENT("");
}

static void only_people_can_be_subscribed_to(void **state)
{
    static const char *const addresses[] = { ROOM, ("%net@" LAB_DOMAIN) };

    (void)state;
    for (size_t i = 0; i < COUNT(addresses); i++) {
        struct strbuf in = STRBUF_INIT(512), out = STRBUF_INIT(1024);
        strbuf_addf(&in, ASK("subscribe", "%s"), addresses[i]);
        strbuf_addf(&out, "<presence type='error' to='" USER_JID "' from='%s'>"
                    ERROR("cancel", "feature-not-implemented") "</presence>", addresses[i]);
        RECV(strbuf_text(&in));
        SENT(strbuf_text(&out));
        strbuf_release(&in);
        strbuf_release(&out);
    }
    RECV(ASK("subscribe", "bad@" LAB_DOMAIN));
    SENT("<presence type='error' to='" USER_JID "' from='bad@" LAB_DOMAIN "'>"
         ERROR_TEXT("modify", "jid-malformed", "the network has no such addresses")
         "</presence>");
    assert_false(fake_store_commit());
}

/* Answers and other types ask for nothing. */
static void the_rest_is_silence(void **state)
{
    static const char *const stanzas[] = {
        ASK("subscribed", ROMEO), ASK("unsubscribed", ROMEO), ASK("unavailable", ROMEO),
        ASK("unavailable", LAB_DOMAIN), ASK("unsubscribed", LAB_DOMAIN),
        ASK("strange", ROMEO), ASK("unsubscribe", ROOM), ASK("probe", ROOM),
        ASK("unavailable", "bad@" LAB_DOMAIN), ASK("error", ROMEO),
        ASK("error", "bad@" LAB_DOMAIN),
        "<presence from='" BALCONY "' to='" ROMEO "'/>",
        "<presence from='" BALCONY "' to='" LAB_DOMAIN "'/>",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(stanzas); i++) {
        RECV(stanzas[i]);
        SENT("");
        DOWN("");
        assert_false(fake_store_commit());
    }
}

static void a_removal_that_cannot_be_stored_is_told(void **state)
{
    (void)state;
    subscribe();
    fake_store_fail("the disk is full");
    RECV(ASK("unsubscribe", ROMEO));
    fake_store_commit();
    SENT(SHOWN("error", ERROR_TEXT("wait", "recipient-unavailable", "the disk is full")));
    DOWN("");
    RECV(ASK("unsubscribe", ROMEO)); /* again, later */
    fake_store_commit();
    SENT(SHOWN("unsubscribe", "") GONE);
    DOWN("unwatch romeo of " USER_JID "\n");
}

static void a_granted_request_lets_the_contact_see(void **state)
{
    (void)state;
    subscribe();
    RECV(ASK("subscribed", ROMEO));
    fake_store_commit();
    assert_int_equal(stored("romeo"), STORE_SUB_BOTH);
    RECV(ASK("subscribed", ROMEO));
    assert_false(fake_store_commit());
    RECV(ASK("subscribe", ROMEO)); /* nothing to ask for any more */
    SENT(SHOWN("subscribed", "") AVAILABLE(""));
    assert_false(fake_store_commit());
}

/* She still sees him; he is not to ask again. */
static void a_refused_request_leaves_the_rest(void **state)
{
    (void)state;
    subscribe();
    RECV(ASK("unsubscribed", ROMEO));
    fake_store_commit();
    assert_int_equal(stored("romeo"), STORE_SUB_TO);
    RECV(ASK("subscribe", ROMEO));
    SENT(SHOWN("subscribed", "") AVAILABLE(""));
    assert_false(fake_store_commit());
}

static void offer(const char *name)
{
    contact_change(fake_transport_host(), USER_JID, "romeo", SUBSCRIPTION_OFFERED, name);
}

static void a_request_that_bounces_may_be_made_again(void **state)
{
    (void)state;
    offer("Romeo");
    fake_store_commit();
    SENT(REQUEST("Romeo"));
    offer("Romeo");
    assert_false(fake_store_commit()); /* it waits */
    RECV("<presence type='error' from='" USER_JID "' to='" ROMEO "'>"
         ERROR("cancel", "remote-server-not-found") "</presence>");
    fake_store_commit();
    assert_int_equal(stored("romeo"), 0);
    offer(NULL);
    fake_store_commit();
    SENT(REQUEST("romeo"));
    DOWN("");
}

static void an_offer_that_is_declined_is_not_repeated(void **state)
{
    (void)state;
    offer("Romeo");
    fake_store_commit();
    SENT(REQUEST("Romeo"));
    RECV(ASK("unsubscribed", ROMEO));
    fake_store_commit();
    assert_int_equal(stored("romeo"), STORE_SUB_DECLINED);
    offer("Romeo");
    assert_false(fake_store_commit());
    SENT("");
    RECV(ASK("subscribe", ROMEO)); /* she thinks better of it */
    fake_store_commit();
    DOWN("open " USER_JID "\n"
         "watch romeo of " USER_JID "\n");
    SENT(SHOWN("subscribed", "") REQUEST("Romeo"));
}

/* Her server has put him into the roster (XEP-0356). */
static void a_contact_that_the_server_has_added_is_shown(void **state)
{
    struct store_contact row;

    (void)state;
    contact_change(fake_transport_host(), USER_JID, "romeo", SUBSCRIPTION_SETTLED, "Romeo");
    fake_store_commit();
    DOWN("open " USER_JID "\n"
         "watch romeo of " USER_JID "\n");
    SENT(SHOWN("probe", ""));
    contact_change(fake_transport_host(), USER_JID, "romeo", SUBSCRIPTION_NAMED, "R. Montague");
    fake_store_commit();
    assert_true(store_contact_find(lab.core->store, LAB_DOMAIN, USER_JID, "romeo", &row));
    assert_string_equal(row.name, "R. Montague");
    assert_int_equal(row.subscription, STORE_SUB_BOTH);
    contact_change(fake_transport_host(), USER_JID, "romeo", SUBSCRIPTION_RELEASED, NULL);
    fake_store_commit();
    SENT(SHOWN("unsubscribe", "") GONE);
    DOWN("unwatch romeo of " USER_JID "\n");
    assert_int_equal(fake_store_contacts(), 0);
}

/* Each finds what the one before has left, whatever the store still writes. */
static void changes_that_come_together_are_made_in_order(void **state)
{
    (void)state;
    RECV(ASK("subscribe", ROMEO) ASK("subscribed", ROMEO) ASK("probe", ROMEO)
         ASK("unsubscribe", ROMEO) ASK("subscribe", ROMEO));
    SENT("");
    fake_store_commit();
    SENT(SHOWN("subscribed", "") REQUEST("romeo"));
    DOWN("open " USER_JID "\n"
         "watch romeo of " USER_JID "\n");
    fake_store_commit();
    assert_int_equal(stored("romeo"), STORE_SUB_BOTH);
    SENT("");
    fake_store_commit();
    SENT(SHOWN("unsubscribe", "") GONE);
    DOWN("unwatch romeo of " USER_JID "\n");
    fake_store_commit();
    SENT(SHOWN("subscribed", "") REQUEST("romeo"));
    DOWN("watch romeo of " USER_JID "\n");
    assert_int_equal(stored("romeo"), STORE_SUB_TO | STORE_SUB_ASKED);
    assert_false(fake_store_commit());
}

static void a_flood_of_changes_costs_no_more_than_a_few(void **state)
{
    int commits = 0;

    (void)state;
    RECV(ASK("subscribe", ROMEO));
    for (int i = 0; i < 10000; i++)
        RECV(ASK("unsubscribe", ROMEO) ASK("unsubscribed", ROMEO) ASK("subscribed", ROMEO));
    while (fake_store_commit())
        commits++;
    assert_in_range(commits, 1, 8);
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_in_range(sent.count, 1, 32);
    canonical_release(&sent);
    fake_transport_forget();
}

/* --- probes --------------------------------------------------------------- */

static void a_subscriber_that_probes_is_shown_what_is_known(void **state)
{
    (void)state;
    subscribe();
    show(BRIDGE_DND, "busy", NULL);
    SENT(AVAILABLE("<show>dnd</show><status>busy</status>"));
    RECV(ASK("probe", ROMEO));
    SENT(AVAILABLE("<show>dnd</show><status>busy</status>"));
    DOWN("");
}

/* RFC 6121 §4.3.2. */
static void who_is_no_subscriber_learns_nothing(void **state)
{
    (void)state;
    subscribe();
    RECV("<presence type='probe' from='nurse@example.net' to='" ROMEO "'/>");
    SENT("<presence type='unsubscribed' to='nurse@example.net' from='" ROMEO "'/>");
    RECV(ASK("probe", "mercutio@" LAB_DOMAIN));
    SENT("<presence type='unsubscribed' to='" USER_JID "' from='mercutio@" LAB_DOMAIN "'/>");
    DOWN("");
}

/* --- presence ------------------------------------------------------------- */

static void presence_is_shown_as_the_network_tells_it(void **state)
{
    static const struct {
        enum bridge_show how;
        const char *type;
        const char *inside;
    } shows[] = {
        { BRIDGE_OFFLINE, " type='unavailable'", "" },
        { BRIDGE_ONLINE, "", "" },
        { BRIDGE_CHAT, "", "<show>chat</show>" },
        { BRIDGE_AWAY, "", "<show>away</show>" },
        { BRIDGE_XA, "", "<show>xa</show>" },
        { BRIDGE_DND, "", "<show>dnd</show>" },
    };

    (void)state;
    subscribe();
    for (size_t i = 0; i < COUNT(shows); i++) {
        struct strbuf xml = STRBUF_INIT(1024);
        strbuf_addf(&xml, "<presence to='" USER_JID "' from='" ROMEO "'%s>%s"
                    "<status>a \"&lt;b&gt;\"\xef\xbf\xbd</status>"
                    "<nick xmlns='" NS_NICK "'>R &amp; J</nick></presence>",
                    shows[i].type, shows[i].inside);
        show(shows[i].how, "a \"<b>\"\x01", "R & J");
        SENT(strbuf_text(&xml));
        strbuf_release(&xml);
    }
}

static void presence_of_who_is_not_watched_is_not_shown(void **state)
{
    (void)state;
    subscribe();
    bridge_contact_presence(fake_transport_session(), "mercutio",
                            &(struct bridge_presence){ .show = BRIDGE_ONLINE });
    SENT("");
}

static void a_huge_status_does_not_hide_the_presence(void **state)
{
    struct strbuf huge = STRBUF_INIT(1u << 20);

    (void)state;
    subscribe();
    for (int i = 0; i < 100000; i++)
        strbuf_adds(&huge, "\xe2\x98\x83'");
    show(BRIDGE_AWAY, strbuf_text(&huge), strbuf_text(&huge));
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 1);
    assert_non_null(strstr(sent.stanzas[0].text, "\"away\""));
    assert_null(strstr(sent.stanzas[0].text, "\xef\xbf\xbd")); /* cut between characters */
    canonical_release(&sent);
    strbuf_release(&huge);
}

static void a_network_without_presence_shows_contacts_as_online(void **state)
{
    (void)state;
    lab.transport->watch = NULL;
    lab.transport->unwatch = NULL;
    RECV(ASK("subscribe", ROMEO));
    fake_store_commit();
    SENT(SHOWN("subscribed", "") AVAILABLE("") REQUEST("romeo"));
    DOWN("open " USER_JID "\n");
    RECV(ASK("unsubscribe", ROMEO));
    fake_store_commit();
    SENT(SHOWN("unsubscribe", "") GONE);
    DOWN("");
}

static void what_keeps_a_contact_from_being_watched_is_its_status(void **state)
{
    (void)state;
    fake_transport_fail("watch", BRIDGE_BUSY, "the network watches too many");
    RECV(ASK("subscribe", ROMEO));
    fake_store_commit();
    SENT(SHOWN("subscribed", "")
         SHOWN("unavailable", "<status>the network watches too many</status>")
         REQUEST("romeo"));
    DOWN("open " USER_JID "\n"
         "watch romeo of " USER_JID "\n");
    RECV(ASK("probe", ROMEO)); /* tried again */
    DOWN("watch romeo of " USER_JID "\n");
    show(BRIDGE_ONLINE, NULL, NULL);
    struct canonical sent = lab_take(LAB_DOMAIN);
    canonical_release(&sent);
}

static void what_keeps_a_user_out_is_the_status_of_the_contacts(void **state)
{
    (void)state;
    fake_transport_fail("open", BRIDGE_AUTH, "the network wants a password");
    RECV(ASK("subscribe", ROMEO));
    fake_store_commit();
    SENT(SHOWN("subscribed", "")
         SHOWN("unavailable", "<status>the network wants a password</status>")
         REQUEST("romeo"));
    DOWN("open " USER_JID "\n");
}

static void an_avatar_is_told_by_its_hash(void **state)
{
    static const struct bridge_picture picture = { "image/png", "abc", 3 };

    (void)state;
    subscribe();
    bridge_contact_presence(fake_transport_session(), "romeo",
                            &(struct bridge_presence){ .show = BRIDGE_ONLINE,
                                                       .avatar = &picture });
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 1);
    assert_non_null(strstr(sent.stanzas[0].text, "a9993e364706816aba3e25717850c26c9cd0d89d"));
    canonical_release(&sent);
}

/* --- the transport itself -------------------------------------------------- */

#define DOMAIN_SAYS(type, inside) \
    "<presence type='" type "' to='" USER_JID "' from='" LAB_DOMAIN "'>" inside "</presence>"
#define DOMAIN_IS_THERE "<presence to='" USER_JID "' from='" LAB_DOMAIN "'/>"

/* XEP-0100 §4.1. */
static void the_transport_itself_can_be_in_the_roster(void **state)
{
    (void)state;
    contact_change(fake_transport_host(), USER_JID, "", SUBSCRIPTION_OFFERED, NULL);
    fake_store_commit();
    SENT(DOMAIN_SAYS("subscribe", "<nick xmlns='" NS_NICK "'>A fake network</nick>"));
    RECV(ASK("subscribed", LAB_DOMAIN) ASK("subscribe", LAB_DOMAIN));
    fake_store_commit();
    fake_store_commit();
    SENT(DOMAIN_SAYS("subscribed", "") DOMAIN_IS_THERE);
    DOWN("open " USER_JID "\n"); /* it is nobody whom the network could watch */
    assert_int_equal(stored(""), STORE_SUB_BOTH);
    RECV(ASK("probe", LAB_DOMAIN));
    SENT(DOMAIN_IS_THERE);
    contact_change(fake_transport_host(), USER_JID, "", SUBSCRIPTION_RELEASED, NULL);
    fake_store_commit();
    SENT(DOMAIN_SAYS("unsubscribe", "") DOMAIN_SAYS("unsubscribed", "")
         DOMAIN_SAYS("unavailable", ""));
    DOWN("");
}

static void a_login_that_fails_is_the_status_of_the_transport(void **state)
{
    (void)state;
    fake_transport_fail("open", BRIDGE_AUTH, "the network wants a password");
    RECV(ASK("subscribe", LAB_DOMAIN));
    fake_store_commit();
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 3);
    assert_non_null(strstr(sent.stanzas[1].text, "the network wants a password"));
    canonical_release(&sent);
    DOWN("open " USER_JID "\n");
}

/* Nobody can log in there. */
static void the_front_door_is_in_no_roster(void **state)
{
    (void)state;
    dialogue_stream = LAB_GATEWAY;
    RECV(ASK("subscribe", LAB_GATEWAY));
    SENT("<presence type='error' to='" USER_JID "' from='" LAB_GATEWAY "'>"
         ERROR("cancel", "feature-not-implemented") "</presence>");
    RECV(ASK("probe", LAB_GATEWAY) ASK("unsubscribed", LAB_GATEWAY)
         "<presence from='" BALCONY "' to='" LAB_GATEWAY "'/>"
         "<presence type='unavailable' from='" BALCONY "' to='" LAB_GATEWAY "'/>");
    SENT("");
    assert_false(fake_store_commit());
    dialogue_stream = LAB_DOMAIN;
}

/* --- the stream, the end -------------------------------------------------- */

static void everybody_is_shown_again_after_a_reconnect(void **state)
{
    (void)state;
    subscribe();
    lab_cut(LAB_DOMAIN);
    LOGGED("error", "connection reset by peer");
    show(BRIDGE_AWAY, "meanwhile", NULL); /* lost with the stream, but known */
    lab_reconnect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    SENT(AVAILABLE("<show>away</show><status>meanwhile</status>"));
    DOWN("");
}

static void everybody_is_watched_from_the_start(void **state)
{
    struct bridge_error err;
    const struct store_contact contacts[] = {
        { LAB_DOMAIN, USER_JID, "romeo", NULL, STORE_SUB_TO },
        { LAB_DOMAIN, USER_JID, "nurse", NULL, STORE_SUB_ASKED }, /* juliet does not see her */
        { "other.example.net", USER_JID, "romeo", NULL, STORE_SUB_TO },
    };

    (void)state;
    assert_int_equal(lab_start(&err), 0);
    for (size_t i = 0; i < COUNT(contacts); i++)
        store_contact_put(lab.core->store, &contacts[i], NULL, NULL);
    fake_store_commit();
    DOWN("start " LAB_DOMAIN " -\n");
    lab_connect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    DOWN("open " USER_JID "\n"
         "watch romeo of " USER_JID "\n");
    show(BRIDGE_ONLINE, NULL, NULL);
    SENT(AVAILABLE(""));
    RECV(ASK("probe", "nurse@" LAB_DOMAIN));
    SENT("<presence type='unsubscribed' to='" USER_JID "' from='nurse@" LAB_DOMAIN "'/>");
}

static void everybody_goes_offline_when_the_gateway_stops(void **state)
{
    (void)state;
    subscribe();
    core_stop(lab.core, "Maintenance");
    DOWN("close " USER_JID ": Maintenance\n");
    SENT(SHOWN("unavailable", ""));
    /* The store is being closed: nothing more is asked of it. */
    RECV(ASK("subscribe", "nurse@" LAB_DOMAIN) ASK("probe", ROMEO) ASK("unsubscribe", ROMEO));
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 3);
    for (size_t i = 0; i < sent.count; i++)
        assert_non_null(strstr(sent.stanzas[i].text, "recipient-unavailable"));
    canonical_release(&sent);
}

static void a_stream_that_comes_up_while_we_stop_asks_nothing_of_the_store(void **state)
{
    struct bridge_error err;

    (void)state;
    assert_int_equal(lab_start(&err), 0);
    fake_transport_forget();
    lab_connect(LAB_DOMAIN);
    core_stop(lab.core, "enough");
    lab_shake_hands(LAB_DOMAIN);
    SENT("");
    DOWN("");
}

static void what_was_subscribed_while_we_stop_is_kept(void **state)
{
    (void)state;
    RECV(ASK("subscribe", ROMEO));
    core_stop(lab.core, "enough");
    struct conn *conn = lab_conn(LAB_DOMAIN);
    fake_store_commit(); /* closes the store, then the stream */
    assert_non_null(strstr(strbuf_text(fake_conn_written(conn)), "type='subscribed'"));
    lab_settle();
    DOWN("stop\n");
}

static void a_watched_contact_keeps_the_session(void **state)
{
    (void)state;
    subscribe();
    for (int i = 0; i < 200; i++) {
        fake_timer_advance(25000);
        RECV(" ");
    }
    DOWN("");
    SENT("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_subscription_is_confirmed_once_it_is_stored),
        TEST(a_subscription_that_cannot_be_stored_is_refused),
        TEST(asking_twice_is_confirmed_twice),
        TEST(who_is_taken_out_of_the_roster_is_watched_no_more),
        TEST(a_removal_that_cannot_be_stored_is_told),
        TEST(a_granted_request_lets_the_contact_see),
        TEST(a_refused_request_leaves_the_rest),
        TEST(a_request_that_bounces_may_be_made_again),
        TEST(an_offer_that_is_declined_is_not_repeated),
        TEST(a_contact_that_the_server_has_added_is_shown),
        TEST(changes_that_come_together_are_made_in_order),
        TEST(a_flood_of_changes_costs_no_more_than_a_few),
        TEST(only_people_can_be_subscribed_to),
        TEST(the_rest_is_silence),
        TEST(a_subscriber_that_probes_is_shown_what_is_known),
        TEST(who_is_no_subscriber_learns_nothing),
        TEST(presence_is_shown_as_the_network_tells_it),
        TEST(presence_of_who_is_not_watched_is_not_shown),
        TEST(a_huge_status_does_not_hide_the_presence),
        TEST(a_network_without_presence_shows_contacts_as_online),
        TEST(what_keeps_a_contact_from_being_watched_is_its_status),
        TEST(what_keeps_a_user_out_is_the_status_of_the_contacts),
        TEST(an_avatar_is_told_by_its_hash),
        TEST(the_transport_itself_can_be_in_the_roster),
        TEST(a_login_that_fails_is_the_status_of_the_transport),
        TEST_GATEWAY(the_front_door_is_in_no_roster),
        TEST(everybody_is_shown_again_after_a_reconnect),
        TEST_DOWN(everybody_is_watched_from_the_start),
        TEST(everybody_goes_offline_when_the_gateway_stops),
        TEST_DOWN(a_stream_that_comes_up_while_we_stop_asks_nothing_of_the_store),
        TEST(what_was_subscribed_while_we_stop_is_kept),
        TEST(a_watched_contact_keeps_the_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
