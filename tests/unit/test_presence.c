/* The user's own presence, and contacts shown when it was not the user who asked
 * (RFC 6121 §4, XEP-0100 §4.3, §4.4, §5). */
#include <bridge/clock.h>
#include <bridge/host.h>

#include <stdio.h>
#include <string.h>

#include "contact.h"
#include "dialogue.h"
#include "herald.h"

#define USER_JID "juliet@example.net"
#define ROMEO "romeo@" LAB_DOMAIN
#define NURSE "nurse@" LAB_DOMAIN

#define FROM(client, to, inside) \
    "<presence from='" client "' to='" to "'>" inside "</presence>"
#define TYPE(type, client, to) "<presence type='" type "' from='" client "' to='" to "'/>"
#define TO_USER(type, from) "<presence type='" type "' to='" USER_JID "' from='" from "'/>"
#define SHOWN(from, inside) "<presence to='" USER_JID "' from='" from "'>" inside "</presence>"

static void put(const char *user, const char *address, unsigned subscription)
{
    store_contact_put(lab.core->store,
                      &(struct store_contact){ LAB_DOMAIN, user, address, NULL, subscription },
                      NULL, NULL);
}

static void report(const char *contact, enum bridge_show show)
{
    bridge_contact_presence(fake_transport_session(), contact,
                            &(struct bridge_presence){ .show = show });
}

/* Since nobody asks for more, they are shown the moment that it takes. */
static void later(void)
{
    fake_timer_advance(HERALD_DELAY_MS + HERALD_PAUSE_MS);
}

/* The stream comes up with these in the store. */
static void come_up(void)
{
    fake_store_commit();
    lab_connect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
}

static void start(void)
{
    struct bridge_error err;

    assert_int_equal(lab_start(&err), 0);
    DOWN("start " LAB_DOMAIN " -\n");
}

/* juliet has romeo and the nurse, both ways, and is there. */
static void juliet_is_there(void)
{
    start();
    put(USER_JID, "nurse", STORE_SUB_BOTH);
    put(USER_JID, "romeo", STORE_SUB_BOTH);
    come_up();
    SENT(TO_USER("probe", NURSE)); /* once, whomever she has */
    DOWN("");
    RECV(FROM(BALCONY, NURSE, ""));
    DOWN("open " USER_JID "\n"
         "presence online of " USER_JID ": - (-)\n");
    later();
    DOWN("watch nurse of " USER_JID "\n"
         "watch romeo of " USER_JID "\n");
    report("nurse", BRIDGE_ONLINE);
    report("romeo", BRIDGE_ONLINE);
    SENT(SHOWN(NURSE, "") SHOWN(ROMEO, ""));
}

/* --- the user's clients --------------------------------------------------------- */

static void the_best_client_is_what_the_network_sees(void **state)
{
    (void)state;
    juliet_is_there();
    RECV(FROM(CHAMBER, NURSE, "<show>dnd</show><status>asleep</status><priority>5</priority>"
              "<nick xmlns='" NS_NICK "'>Jule</nick>"));
    DOWN("presence dnd of " USER_JID ": asleep (Jule)\n");
    RECV(FROM(BALCONY, NURSE, "<show>away</show>")); /* it has a lower priority */
    DOWN("");
    RECV(TYPE("unavailable", CHAMBER, NURSE));
    DOWN("presence away of " USER_JID ": - (-)\n");
    RECV(FROM(BALCONY, NURSE, "<show>xa</show>"));
    RECV(FROM(BALCONY, NURSE, "<show>chat</show>"));
    RECV(FROM(BALCONY, NURSE, "<show>nonsense</show><priority>1000</priority>"));
    DOWN("presence xa of " USER_JID ": - (-)\n"
         "presence chat of " USER_JID ": - (-)\n"
         "presence online of " USER_JID ": - (-)\n");
    SENT("");
}

static void what_is_told_to_every_contact_is_told_to_the_network_once(void **state)
{
    (void)state;
    juliet_is_there();
    RECV(FROM(BALCONY, NURSE, "<show>away</show>") FROM(BALCONY, ROMEO, "<show>away</show>")
         FROM(BALCONY, LAB_DOMAIN, "<show>away</show>"));
    DOWN("presence away of " USER_JID ": - (-)\n");
}

static void who_goes_sees_nothing_more_and_gets_it_all_again_on_return(void **state)
{
    (void)state;
    juliet_is_there();
    RECV(TYPE("unavailable", BALCONY, NURSE) TYPE("unavailable", BALCONY, ROMEO));
    assert_non_null(strstr(fake_transport_calls(), "unwatch nurse of " USER_JID));
    assert_non_null(strstr(fake_transport_calls(), "unwatch romeo of " USER_JID));
    assert_non_null(strstr(fake_transport_calls(), "presence offline of " USER_JID));
    fake_transport_forget();
    SENT(""); /* there is nobody to see it */
    report("romeo", BRIDGE_AWAY);
    SENT("");

    /* Her server asks for him; for the nurse it does not. */
    RECV(FROM(BALCONY, ROMEO, "") TYPE("probe", USER_JID, ROMEO));
    DOWN("presence online of " USER_JID ": - (-)\n"
         "watch romeo of " USER_JID "\n");
    report("romeo", BRIDGE_AWAY);
    SENT(SHOWN(ROMEO, "<show>away</show>"));
    later();
    DOWN("watch nurse of " USER_JID "\n");
    report("nurse", BRIDGE_ONLINE);
    SENT(SHOWN(NURSE, ""));
}

static void who_is_gone_before_it_is_shown_is_not_watched(void **state)
{
    (void)state;
    juliet_is_there();
    RECV(TYPE("unavailable", BALCONY, ROMEO)); /* that one alone */
    RECV(TYPE("unavailable", BALCONY, NURSE));
    fake_transport_forget();
    RECV(FROM(BALCONY, NURSE, "") TYPE("unavailable", BALCONY, NURSE));
    fake_transport_forget();
    later();
    DOWN("");
    SENT("");
}

/* XEP-0100 §4.4: the client is there, but does not want the transport. */
static void who_logs_out_of_the_transport_sees_the_contacts_go(void **state)
{
    (void)state;
    juliet_is_there();
    RECV(TYPE("unavailable", BALCONY, LAB_DOMAIN));
    SENT_ANYHOW(2, TO_USER("unavailable", NURSE) TO_USER("unavailable", ROMEO));
    assert_non_null(strstr(fake_transport_calls(), "presence offline of " USER_JID));
    fake_transport_forget();
}

/* A client that hides from one contact is there for the others (RFC 6121 §4.6). */
static void hiding_from_one_contact_is_not_going(void **state)
{
    (void)state;
    juliet_is_there();
    RECV(FROM(BALCONY, ROMEO, ""));
    RECV(TYPE("unavailable", BALCONY, NURSE));
    DOWN("");
    RECV(TYPE("unavailable", BALCONY, ROMEO));
    assert_non_null(strstr(fake_transport_calls(), "presence offline of " USER_JID));
    fake_transport_forget();
}

/* Whichever her server says first. */
static void who_hides_from_one_contact_for_good_is_there_for_the_others(void **state)
{
    (void)state;
    juliet_is_there();
    RECV(TYPE("unsubscribed", USER_JID, NURSE)); /* where she was heard */
    fake_store_commit();
    RECV(TYPE("unavailable", BALCONY, NURSE));
    DOWN("");
    SENT("");
    RECV(FROM(BALCONY, ROMEO, "<show>away</show>"));
    DOWN("presence away of " USER_JID ": - (-)\n");

    RECV(TYPE("subscribed", USER_JID, NURSE) FROM(BALCONY, NURSE, "<show>away</show>"));
    fake_store_commit();
    RECV(TYPE("unavailable", BALCONY, NURSE));
    fake_transport_forget();
    RECV(TYPE("unsubscribed", USER_JID, NURSE));
    fake_store_commit();
    SENT(TO_USER("probe", ROMEO)); /* has she really gone? */
    RECV(FROM(BALCONY, ROMEO, ""));
    DOWN("presence online of " USER_JID ": - (-)\n");
    later();
    DOWN("watch nurse of " USER_JID "\n"
         "watch romeo of " USER_JID "\n");
}

static void who_hides_from_all_still_sees_the_contacts(void **state)
{
    (void)state;
    juliet_is_there();
    RECV(TYPE("unsubscribed", USER_JID, NURSE) TYPE("unsubscribed", USER_JID, ROMEO));
    fake_store_commit();
    DOWN("presence offline of " USER_JID ": - (-)\n"); /* as far as anybody can know */
    RECV(TYPE("unavailable", BALCONY, NURSE) TYPE("unavailable", BALCONY, ROMEO));
    DOWN("");
    report("romeo", BRIDGE_AWAY);
    SENT(SHOWN(ROMEO, "<show>away</show>"));
}

/* As servers do it: first it looks as if she had gone. */
static void who_goes_to_hide_still_sees_the_contacts(void **state)
{
    (void)state;
    start();
    put(USER_JID, "romeo", STORE_SUB_BOTH);
    come_up();
    SENT(TO_USER("probe", ROMEO));
    RECV(FROM(BALCONY, ROMEO, ""));
    later();
    DOWN("open " USER_JID "\n"
         "presence online of " USER_JID ": - (-)\n"
         "watch romeo of " USER_JID "\n");
    RECV(TYPE("unavailable", BALCONY, ROMEO) TYPE("unsubscribed", USER_JID, ROMEO));
    DOWN("unwatch romeo of " USER_JID "\n"
         "presence offline of " USER_JID ": - (-)\n");
    fake_store_commit();
    fake_timer_advance(HERALD_PAUSE_MS);
    DOWN("watch romeo of " USER_JID "\n");
}

static void who_comes_and_hides_at_once_still_sees_the_contacts(void **state)
{
    (void)state;
    start();
    put(USER_JID, "romeo", STORE_SUB_BOTH);
    come_up();
    SENT(TO_USER("probe", ROMEO));
    RECV(FROM(BALCONY, ROMEO, ""));
    RECV(TYPE("unavailable", BALCONY, ROMEO) TYPE("unsubscribed", USER_JID, ROMEO));
    DOWN("open " USER_JID "\n"
         "presence online of " USER_JID ": - (-)\n"
         "presence offline of " USER_JID ": - (-)\n");
    fake_store_commit();
    later();
    DOWN("watch romeo of " USER_JID "\n");
}

static void a_server_that_cannot_be_reached_is_nobody_being_there(void **state)
{
    (void)state;
    juliet_is_there();
    RECV("<presence type='error' from='" USER_JID "' to='" ROMEO "'>"
         ERROR("cancel", "not-acceptable") "</presence>"); /* says nothing of the kind */
    DOWN("");
    RECV("<presence type='error' from='" USER_JID "' to='" ROMEO "'>"
         ERROR("cancel", "remote-server-not-found") "</presence>");
    assert_non_null(strstr(fake_transport_calls(), "presence offline of " USER_JID));
    fake_transport_forget();
    SENT("");
}

/* Presence can be sent to anybody by anybody. */
static void presence_of_a_stranger_opens_nothing(void **state)
{
    (void)state;
    start();
    put(USER_JID, "romeo", STORE_SUB_TO | STORE_SUB_ASKED);
    come_up();
    DOWN("open " USER_JID "\n"
         "watch romeo of " USER_JID "\n");
    RECV(FROM("paris@example.net/x", ROMEO, "") FROM("paris@example.net/x", LAB_DOMAIN, ""));
    DOWN("");
    SENT("");
}

static void clients_beyond_number_cost_no_memory(void **state)
{
    char xml[256];

    (void)state;
    juliet_is_there();
    for (int i = 0; i < 5000; i++) {
        snprintf(xml, sizeof xml, FROM(USER_JID "/%d", NURSE, "<status>%d</status>"), i, i);
        RECV(xml);
    }
    fake_transport_forget();
    for (int i = 0; i < 4999; i++) {
        snprintf(xml, sizeof xml, TYPE("unavailable", USER_JID "/%d", NURSE), i);
        RECV(xml);
    }
    assert_null(strstr(fake_transport_calls(), "offline"));
    RECV(TYPE("unavailable", USER_JID "/4999", NURSE));
    assert_non_null(strstr(fake_transport_calls(), "presence offline"));
    fake_transport_forget();
}

static void being_there_holds_the_session_where_it_is_a_login(void **state)
{
    (void)state;
    start();
    put(USER_JID, "", STORE_SUB_FROM);
    come_up();
    SENT(TO_USER("probe", LAB_DOMAIN));
    RECV(FROM(BALCONY, LAB_DOMAIN, ""));
    DOWN("open " USER_JID "\n"
         "presence online of " USER_JID ": - (-)\n");
    for (int i = 0; i < 200; i++) {
        fake_timer_advance(25000);
        RECV(" ");
    }
    DOWN("");
    RECV(TYPE("unavailable", BALCONY, LAB_DOMAIN));
    DOWN("presence offline of " USER_JID ": - (-)\n");
    for (int i = 0; i < 200; i++) {
        fake_timer_advance(25000);
        RECV(" ");
    }
    DOWN("close " USER_JID ": idle\n");
}

/* --- the stream ------------------------------------------------------------------- */

static void reconnect(void)
{
    lab_cut(LAB_DOMAIN);
    LOGGED("error", "connection reset by peer");
    lab_reconnect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
}

static void after_a_reconnect_those_who_are_there_are_shown_everything(void **state)
{
    (void)state;
    juliet_is_there();
    reconnect();
    SENT(TO_USER("probe", NURSE));
    later();
    SENT(""); /* whether she is there has not been said */
    RECV(FROM(BALCONY, NURSE, ""));
    later();
    SENT(SHOWN(NURSE, "") SHOWN(ROMEO, ""));
    DOWN(""); /* the network has noticed nothing */
}

static void who_does_not_answer_after_a_reconnect_has_gone(void **state)
{
    (void)state;
    juliet_is_there();
    reconnect();
    SENT(TO_USER("probe", NURSE));
    for (int i = 0; i < 10; i++) {
        fake_timer_advance(25000);
        RECV(" ");
    }
    assert_non_null(strstr(fake_transport_calls(), "presence offline of " USER_JID));
    fake_transport_forget();
    SENT("");
}

/* What a server with many users sees when we start. */
static void a_start_is_no_flood(void **state)
{
    enum { USERS = 240, EACH = 4 };
    char user[64], address[64];
    size_t probes = 0, shown = 0, most = 0;

    (void)state;
    start();
    fake_transport_obey(true);
    for (int i = 0; i < USERS; i++) {
        snprintf(user, sizeof user, "user%d@example.net", i);
        for (int k = 0; k < EACH; k++) {
            snprintf(address, sizeof address, "c%d", k);
            put(user, address, i % 2 ? STORE_SUB_BOTH : STORE_SUB_TO);
        }
    }
    come_up();
    for (int turn = 0; turn < 100; turn++) {
        struct canonical sent = lab_take(LAB_DOMAIN);
        for (size_t i = 0; i < sent.count; i++) {
            bool probe = strstr(sent.stanzas[i].text, "type='probe'") != NULL;
            probes += probe;
            shown += !probe;
        }
        most = sent.count > most ? sent.count : most;
        canonical_release(&sent);
        fake_timer_advance(HERALD_PAUSE_MS);
    }
    assert_int_equal(probes, USERS / 2); /* one for each who can answer */
    assert_int_equal(shown, USERS / 2 * EACH);
    assert_in_range(most, 1, HERALD_BATCH);
    fake_transport_forget();
}

static void a_server_that_does_not_keep_up_is_waited_for(void **state)
{
    (void)state;
    start();
    put(USER_JID, "romeo", STORE_SUB_BOTH);
    put("paris@example.net", "romeo", STORE_SUB_BOTH);
    lab.core->hosts[0]->congested = true;
    come_up();
    fake_timer_advance(1000);
    SENT("");
    lab.core->hosts[0]->congested = false;
    fake_timer_advance(HERALD_PAUSE_MS);
    SENT(TO_USER("probe", ROMEO)
         "<presence type='probe' to='paris@example.net' from='" ROMEO "'/>");
}

static void who_may_be_there_or_not_is_shown_contacts_in_pages(void **state)
{
    char address[64];
    size_t shown = 0;

    (void)state;
    start();
    fake_transport_obey(true);
    for (int k = 0; k < 3 * HERALD_BATCH; k++) {
        snprintf(address, sizeof address, "c%d", k);
        put(USER_JID, address, k % 3 ? STORE_SUB_TO : STORE_SUB_DECLINED);
    }
    come_up();
    for (int turn = 0; turn < 10; turn++) {
        struct canonical sent = lab_take(LAB_DOMAIN);
        shown += sent.count;
        assert_in_range(sent.count, 0, HERALD_BATCH);
        canonical_release(&sent);
        fake_timer_advance(HERALD_PAUSE_MS);
    }
    assert_int_equal(shown, 2 * HERALD_BATCH);
    fake_transport_forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_DOWN(the_best_client_is_what_the_network_sees),
        TEST_DOWN(what_is_told_to_every_contact_is_told_to_the_network_once),
        TEST_DOWN(who_goes_sees_nothing_more_and_gets_it_all_again_on_return),
        TEST_DOWN(who_is_gone_before_it_is_shown_is_not_watched),
        TEST_DOWN(who_logs_out_of_the_transport_sees_the_contacts_go),
        TEST_DOWN(hiding_from_one_contact_is_not_going),
        TEST_DOWN(who_hides_from_one_contact_for_good_is_there_for_the_others),
        TEST_DOWN(who_hides_from_all_still_sees_the_contacts),
        TEST_DOWN(who_goes_to_hide_still_sees_the_contacts),
        TEST_DOWN(who_comes_and_hides_at_once_still_sees_the_contacts),
        TEST_DOWN(a_server_that_cannot_be_reached_is_nobody_being_there),
        TEST_DOWN(presence_of_a_stranger_opens_nothing),
        TEST_DOWN(clients_beyond_number_cost_no_memory),
        TEST_DOWN(being_there_holds_the_session_where_it_is_a_login),
        TEST_DOWN(after_a_reconnect_those_who_are_there_are_shown_everything),
        TEST_DOWN(who_does_not_answer_after_a_reconnect_has_gone),
        TEST_DOWN(a_start_is_no_flood),
        TEST_DOWN(a_server_that_does_not_keep_up_is_waited_for),
        TEST_DOWN(who_may_be_there_or_not_is_shown_contacts_in_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
