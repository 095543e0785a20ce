/* Deliveries: what is accepted reaches the other side or its sender hears of it,
 * whatever fails in between. */
#include "delivery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/host.h>

#include "delivery_dead.h"
#include "delivery_state.h"
#include "dialogue.h"
#include "domain.h"

#define SECOND UINT64_C(1000)
#define HOUR (UINT64_C(3600) * SECOND)

#define SAYS(id, contact, body) \
    "<message type='chat' id='" id "' from='" BALCONY "' to='" contact "@" LAB_DOMAIN "'><body>" \
    body "</body></message>"
#define ASKS(id, contact, body) \
    "<message type='chat' id='" id "' from='" BALCONY "' to='" contact "@" LAB_DOMAIN "'><body>" \
    body "</body><request xmlns='urn:xmpp:receipts'/></message>"
#define FAILED(id, contact, error) \
    "<message type='error' id='" id "' to='" BALCONY "' from='" contact "@" LAB_DOMAIN "'>" error \
    "</message>"
#define RECEIVED(id, contact) \
    "<message id='*' to='" BALCONY "' from='" contact "@" LAB_DOMAIN "'>" \
    "<received xmlns='urn:xmpp:receipts' id='" id "'/></message>"
#define PROOF(n) \
    "<iq type='get' from='" LAB_DOMAIN "' to='" LAB_DOMAIN "' id='proof-" #n "'>" PING "</iq>"

static void begin(void)
{
    struct bridge_error err;

    assert_int_equal(lab_start(&err), 0);
    lab_connect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    DOWN("start " LAB_DOMAIN " -\n");
    fake_timer_advance(0);
}

static int setup(void **state)
{
    int rc = dialogue_setup_down(state);

    lab.transport->deliver = fake_transport_deliver;
    lab.transport->features = BRIDGE_HAS_RECEIPT;
    begin();
    return rc;
}

static int teardown(void **state)
{
    int rc = dialogue_teardown(state);

    fake_deliveries_forget();
    return rc;
}

/* What is stored is stored, and what is due is done. */
static void settle(void)
{
    fake_store_commit();
    fake_timer_advance(0);
    fake_store_commit();
    fake_timer_advance(0);
}

static void drop_sent(void)
{
    struct canonical sent = lab_take(LAB_DOMAIN);

    canonical_release(&sent);
}

/* Time passes, and the server lives. */
static void wait(uint64_t ms)
{
    for (; ms > 20 * SECOND; ms -= 20 * SECOND) {
        fake_timer_advance(20 * SECOND);
        RECV(" ");
        fake_store_commit();
    }
    fake_timer_advance(ms);
    RECV(" ");
}

static struct bridge_host *host(void)
{
    return fake_transport_host();
}

#define ROWS(text) rows((text), __LINE__)
static void rows(const char *expected, int line)
{
    struct strbuf out = STRBUF_INIT(65536);

    fake_deliveries_write(&out);
    if (strcmp(strbuf_text(&out), expected) != 0)
        fail_msg("line %d: the database has\n%sand not\n%s", line, strbuf_text(&out), expected);
    strbuf_release(&out);
}

static const char *stanza_of(int64_t id)
{
    struct store_delivery row;

    assert_true(store_delivery_get(NULL, id, &row));
    return row.stanza;
}

/* The user's server sends it back. */
static void bounce(int64_t id, const char *user, const char *type, const char *condition)
{
    struct strbuf xml = STRBUF_INIT(4096);

    strbuf_addf(&xml, "<message type='error' id='%s' from='%s' to='alice@" LAB_DOMAIN "'>"
                      "<error type='%s'><%s xmlns='" NS_STANZAS "'/></error></message>",
                stanza_of(id), user, type, condition);
    RECV(strbuf_text(&xml));
    strbuf_release(&xml);
}

/* --- to a network --------------------------------------------------------------------- */

static void goes_out_after_it_is_stored(void **state)
{
    (void)state;
    RECV(SAYS("m1", "alice", "hi"));
    DOWN("open juliet@example.net\n");
    settle();
    DOWN("deliver 1 alice id=m1: hi\n");
    ROWS("1 out waiting 0 - body\n");
    bridge_delivery_sent(host(), 1, "SM1");
    settle();
    ROWS("1 out sent 0 SM1\n");
    SENT("");
}

static void who_asked_hears_that_it_arrived(void **state)
{
    (void)state;
    RECV(ASKS("m1", "alice", "hi"));
    settle();
    bridge_delivery_sent(host(), 1, "SM1");
    settle();
    assert_int_equal(bridge_delivery_find(host(), "SM1"), 1);
    assert_int_equal(bridge_delivery_find(host(), "SM2"), 0);
    bridge_delivery_arrived(host(), 1);
    SENT(""); /* first it is stored */
    settle();
    SENT(RECEIVED("m1", "alice") PROOF(1));
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1 receipt: hi\n");
    ROWS("1 out delivered 0 SM1\n2 in waiting 0 - body\n");
    RECV(PROOF(1));
    settle();
    ROWS("1 out delivered 0 SM1\n2 in sent 0 - body\n");
}

/* Markers are no deliveries: nothing is lost with them. The id is the one that the
 * transport has, whichever the client means its message by. */
static void a_stored_message_can_be_read_and_taken_back(void **state)
{
    (void)state;
    lab.transport->features = BRIDGE_HAS_DISPLAYED | BRIDGE_HAS_RETRACTION;
    RECV("<message type='chat' id='m1' from='" BALCONY "' to='alice@" LAB_DOMAIN "'>"
         "<body>hi</body><markable xmlns='urn:xmpp:chat-markers:0'/>"
         "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>");
    settle();
    bridge_signal(fake_transport_session(), "alice",
                  &(struct bridge_signal){ .kind = BRIDGE_DISPLAYED, .id = "m1" });
    SENT("<message type='chat' id='*' to='" BALCONY "' from='alice@" LAB_DOMAIN "'>"
         "<displayed xmlns='urn:xmpp:chat-markers:0' id='m1'/></message>");
    bridge_delivery_sent(host(), 1, "SM1");
    settle();
    RECV("<message type='chat' id='m2' from='" BALCONY "' to='alice@" LAB_DOMAIN "'>"
         "<retract xmlns='urn:xmpp:message-retract:1' id='o1'/></message>");
    settle();
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1 displayed: hi\n"
         "deliver 2 alice id=m2 retracts=m1: \n");
}

static void who_did_not_ask_hears_nothing(void **state)
{
    (void)state;
    RECV(SAYS("m1", "alice", "hi"));
    settle();
    bridge_delivery_sent(host(), 1, NULL);
    bridge_delivery_arrived(host(), 1);
    settle();
    SENT("");
    ROWS("1 out delivered 0 -\n");
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1: hi\n");
}

static void a_failure_is_told_in_the_words_of_the_network(void **state)
{
    static const struct bridge_error why = { BRIDGE_REJECTED, "this number is not in use" };

    (void)state;
    RECV(SAYS("m1", "alice", "hi"));
    settle();
    bridge_delivery_failed(host(), 1, &why);
    settle();
    SENT(FAILED("m1", "alice", ERROR_TEXT("cancel", "not-allowed", "this number is not in use"))
             PROOF(1));
    ROWS("1 out failed 0 - reason\n2 in waiting 0 - body\n");
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1: hi\n");
}

static void reports_that_come_late_twice_or_for_nobody_change_nothing(void **state)
{
    static const struct bridge_error why = { BRIDGE_REJECTED, "no" };

    (void)state;
    RECV(ASKS("m1", "alice", "hi"));
    settle();
    bridge_delivery_arrived(host(), 1); /* overtakes "sent" */
    bridge_delivery_sent(host(), 1, "SM1");
    bridge_delivery_failed(host(), 1, &why);
    bridge_delivery_arrived(host(), 1);
    settle();
    bridge_delivery_failed(host(), 1, &why);
    bridge_delivery_arrived(host(), 99);
    settle();
    SENT(RECEIVED("m1", "alice") PROOF(1));
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1 receipt: hi\n");
}

static void a_conversation_keeps_its_order_and_others_do_not_wait(void **state)
{
    static const struct bridge_error why = { BRIDGE_RETRY, "busy" };

    (void)state;
    RECV(SAYS("m1", "alice", "one"));
    RECV(SAYS("m2", "alice", "two"));
    RECV(SAYS("m3", "bob", "three"));
    settle();
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1: one\ndeliver 3 bob id=m3: three\n");
    bridge_delivery_later(host(), 1, &why, 60 * SECOND);
    settle();
    ROWS("1 out waiting 1 - body reason\n2 out waiting 0 - body\n3 out waiting 0 - body\n");
    wait(60 * SECOND - 1);
    DOWN("");
    fake_timer_advance(1);
    settle();
    DOWN("deliver 1 alice id=m1: one\n");
    bridge_delivery_sent(host(), 1, NULL);
    settle();
    DOWN("deliver 2 alice id=m2: two\n");
}

static void what_cannot_be_tried_now_is_tried_later(void **state)
{
    (void)state;
    fake_transport_fail("deliver", BRIDGE_RETRY, "not connected");
    RECV(SAYS("m1", "alice", "hi"));
    settle();
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1: hi\n");
    ROWS("1 out waiting 1 - body reason\n");
    fake_timer_advance(5 * SECOND);
    DOWN("deliver 1 alice id=m1: hi\n");
    SENT("");
}

static void what_is_refused_at_once_is_told(void **state)
{
    (void)state;
    fake_transport_fail("deliver", BRIDGE_INVALID, "not a number");
    RECV(SAYS("m1", "alice", "hi"));
    settle();
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1: hi\n");
    SENT(FAILED("m1", "alice", ERROR_TEXT("modify", "bad-request", "not a number")) PROOF(1));
}

static void after_two_days_the_sender_is_told_and_in_words_too(void **state)
{
    static const struct bridge_error why = { BRIDGE_RETRY, "down" };

    (void)state;
    RECV(SAYS("m1", "alice", "hi"));
    settle();
    bridge_delivery_later(host(), 1, &why, 47 * HOUR);
    settle();
    wait(47 * HOUR);
    bridge_delivery_later(host(), 1, &why, 2 * HOUR);
    settle();
    drop_sent();
    wait(1 * HOUR);
    settle();
    SENT(FAILED("m1", "alice", ERROR("wait", "recipient-unavailable"))
         "<message type='chat' id='*' to='juliet@example.net' from='alice@" LAB_DOMAIN "'>"
         "<body>Your message of 2023-11-14 22:13 UTC was not delivered: It could not be delivered "
         "in time, and is not tried any more: down</body></message>" PROOF(1));
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1: hi\n"
         "close juliet@example.net: idle\nopen juliet@example.net\ndeliver 1 alice id=m1: hi\n"
         "close juliet@example.net: idle\n");
}

static void without_reports_of_arrival_sent_is_the_end(void **state)
{
    (void)state;
    lab.transport->features = 0;
    RECV(SAYS("m1", "alice", "hi"));
    settle();
    bridge_delivery_sent(host(), 1, "SM1");
    settle();
    ROWS("1 out ended 0 SM1\n");
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1: hi\n");
}

/* --- what comes again ------------------------------------------------------------------- */

static void what_is_sent_again_goes_out_once(void **state)
{
    (void)state;
    RECV(SAYS("m1", "alice", "hi"));
    RECV(SAYS("m1", "alice", "hi")); /* while it is being stored */
    settle();
    RECV(SAYS("m1", "alice", "hi")); /* while it is in hand */
    settle();
    bridge_delivery_sent(host(), 1, NULL);
    settle();
    RECV(SAYS("m1", "alice", "hi"));
    settle();
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1: hi\n");
    assert_int_equal(fake_deliveries_count(), 1);
    SENT("");
}

static void clients_that_use_an_id_twice_are_understood(void **state)
{
    (void)state;
    RECV(SAYS("1", "alice", "hi"));
    RECV(SAYS("1", "alice", "there"));
    RECV(SAYS("1", "bob", "hi"));
    settle();
    assert_int_equal(fake_deliveries_count(), 3);
    DOWN("open juliet@example.net\ndeliver 1 alice id=1: hi\ndeliver 3 bob id=1: hi\n");
}

static void who_sends_again_hears_the_end_again(void **state)
{
    static const struct bridge_error why = { BRIDGE_REJECTED, "no such number" };

    (void)state;
    RECV(ASKS("m1", "alice", "hi"));
    RECV(SAYS("m2", "bob", "hi"));
    settle();
    bridge_delivery_arrived(host(), 1);
    bridge_delivery_failed(host(), 2, &why);
    settle();
    SENT(RECEIVED("m1", "alice")
             FAILED("m2", "bob", ERROR_TEXT("cancel", "not-allowed", "no such number")) PROOF(1));
    RECV(ASKS("m1", "alice", "hi"));
    SENT(RECEIVED("m1", "alice"));
    RECV(SAYS("m2", "bob", "hi"));
    SENT(FAILED("m2", "bob", ERROR_TEXT("cancel", "not-allowed", "no such number")));
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1 receipt: hi\ndeliver 2 bob id=m2: hi\n");
}

/* --- when the disk fails ------------------------------------------------------------------ */

static void what_cannot_be_stored_is_not_accepted(void **state)
{
    (void)state;
    RECV(SAYS("m1", "alice", "hi"));
    fake_store_fail("the disk is full");
    settle();
    SENT(FAILED("m1", "alice", ERROR("wait", "resource-constraint")));
    RECV(SAYS("m2", "alice", "hi")); /* known before it is tried */
    SENT(FAILED("m2", "alice", ERROR("wait", "resource-constraint")));
    settle();
    RECV(SAYS("m3", "alice", "hi")); /* nothing has been written since */
    SENT(FAILED("m3", "alice", ERROR("wait", "resource-constraint")));
    DOWN("open juliet@example.net\n");
    ROWS("");
}

static void what_the_disk_did_not_take_is_written_when_it_is_well(void **state)
{
    (void)state;
    RECV(ASKS("m1", "alice", "hi"));
    settle();
    bridge_delivery_sent(host(), 1, "SM1");
    fake_store_fail("the disk is full");
    settle();
    ROWS("1 out waiting 0 - body\n");
    bridge_delivery_arrived(host(), 1); /* it is not forgotten that it was sent */
    settle();
    settle();
    ROWS("1 out delivered 0 SM1\n2 in waiting 0 - body\n");
    SENT(RECEIVED("m1", "alice") PROOF(1));
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1 receipt: hi\n");
}

/* --- after a crash ------------------------------------------------------------------------- */

static void restart(void)
{
    fake_deliveries_kept = true;
    lab_end();
    lab_new(lab_options(false));
    lab.transport->deliver = fake_transport_deliver;
    lab.transport->features = BRIDGE_HAS_RECEIPT;
    fake_transport_forget();
    begin();
}

static void goes_on_where_it_was(void **state)
{
    (void)state;
    RECV(SAYS("m1", "alice", "one"));
    RECV(SAYS("m2", "alice", "two"));
    RECV(ASKS("m3", "bob", "three"));
    settle();
    bridge_delivery_sent(host(), 3, "SM3");
    settle();
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1: one\ndeliver 3 bob id=m3 receipt: three\n");
    restart();
    settle();
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1: one\n");
    bridge_delivery_arrived(host(), bridge_delivery_find(host(), "SM3"));
    settle();
    SENT(RECEIVED("m3", "bob") PROOF(1));
    RECV(SAYS("m1", "alice", "one")); /* its sender has seen no receipt */
    settle();
    DOWN("");
}

/* --- to a user ------------------------------------------------------------------------------ */

static int taken, refused;
static void on_taken(void *arg, const struct bridge_error *why)
{
    (void)arg;
    if (why)
        refused++;
    else
        taken++;
}

static void take(const char *foreign, const char *body)
{
    taken = refused = 0;
    bridge_take(host(), "juliet@example.net", "alice", foreign,
                &(struct bridge_message){ .body = body }, on_taken, NULL);
    assert_int_equal(taken + refused, 0);
}

#define GOT(body) \
    "<message type='chat' id='*' to='juliet@example.net' from='alice@" LAB_DOMAIN "'>" \
    "<body>" body "</body><origin-id xmlns='urn:xmpp:sid:0' id='*'/></message>"

static void the_network_is_told_after_it_is_stored(void **state)
{
    (void)state;
    take("MO1", "hi");
    fake_timer_advance(0);
    assert_int_equal(taken, 0);
    SENT("");
    settle();
    assert_int_equal(taken, 1);
    SENT(GOT("hi") PROOF(1));
    RECV(PROOF(1));
    settle();
    ROWS("1 in sent 0 MO1 body\n");
}

static void what_the_network_gives_twice_is_shown_once(void **state)
{
    (void)state;
    take("MO1", "hi");
    settle();
    SENT(GOT("hi") PROOF(1));
    take("MO1", "hi");
    settle();
    assert_int_equal(taken, 1);
    SENT("");
}

static void what_cannot_be_stored_stays_with_the_network(void **state)
{
    (void)state;
    take("MO1", "hi");
    fake_store_fail("the disk is full");
    settle();
    assert_int_equal(refused, 1);
    SENT("");
    take("MO1", "hi");
    settle();
    assert_int_equal(refused, 1); /* not before the disk is well */
    fake_store_commit();
}

static void what_is_not_proven_is_written_again_with_the_same_id(void **state)
{
    (void)state;
    take("MO1", "one");
    settle();
    struct canonical first = lab_take(LAB_DOMAIN);
    take("MO2", "two");
    settle();
    struct canonical second = lab_take(LAB_DOMAIN);
    lab_cut(LAB_DOMAIN);
    lab_reconnect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    settle();
    LOGGED("error", "connection reset by peer");
    struct canonical again = lab_take(LAB_DOMAIN);
    assert_int_equal(again.count, 3);
    assert_string_equal(again.stanzas[0].text, first.stanzas[0].text);
    assert_string_equal(again.stanzas[1].text, second.stanzas[0].text);
    canonical_release(&first);
    canonical_release(&second);
    canonical_release(&again);
    RECV(PROOF(1)); /* of the stream before: proves nothing */
    settle();
    ROWS("1 in waiting 0 MO1 body\n2 in waiting 0 MO2 body\n");
    RECV(PROOF(3));
    settle();
    ROWS("1 in sent 0 MO1 body\n2 in sent 0 MO2 body\n");
}

static void a_server_that_cannot_pass_it_on_now_gets_it_again(void **state)
{
    (void)state;
    take("MO1", "hi");
    settle();
    struct canonical sent = lab_take(LAB_DOMAIN);
    canonical_release(&sent);
    RECV(PROOF(1));
    settle();
    bounce(1, "juliet@example.net", "wait", "remote-server-timeout");
    settle();
    ROWS("1 in waiting 1 MO1 body reason\n");
    fake_timer_advance(5 * SECOND);
    settle();
    SENT(GOT("hi") PROOF(2));
    bounce(1, "romeo@example.net", "cancel", "item-not-found"); /* not his to say */
    settle();
    ROWS("1 in waiting 1 MO1 body reason\n");
    bounce(1, "juliet@example.net", "cancel", "item-not-found");
    settle();
    ROWS("1 in failed 1 MO1 body reason\n");
    LOGGED("warning", "dead letter: ");
    bounce(1, "juliet@example.net", "wait", "remote-server-timeout");
    settle();
    ROWS("1 in failed 1 MO1 body reason\n");
}

/* --- how long it is kept ------------------------------------------------------------------ */

static void what_is_over_is_kept_for_a_while(void **state)
{
    (void)state;
    lab.core->hosts[0]->keep_dead_letters = 5;
    RECV(SAYS("m1", "alice", "hi"));
    settle();
    bridge_delivery_arrived(host(), 1);
    take("MO1", "hi");
    settle();
    drop_sent();
    bounce(2, "juliet@example.net", "cancel", "item-not-found");
    settle();
    LOGGED("warning", "dead letter: ");
    wait(71 * HOUR);
    ROWS("1 out delivered 0 -\n2 in failed 0 MO1 body reason\n");
    wait(2 * HOUR);
    ROWS("2 in failed 0 MO1 body reason\n");
    wait(46 * HOUR);
    ROWS("2 in failed 0 MO1 body reason\n");
    wait(2 * HOUR);
    ROWS("");
    drop_sent();
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1: hi\n"
         "close juliet@example.net: idle\n");
}

/* --- a user who leaves ---------------------------------------------------------------------- */

static void of_a_user_who_leaves_nothing_waits(void **state)
{
    (void)state;
    RECV(SAYS("m1", "alice", "one"));
    RECV(SAYS("m2", "alice", "two"));
    settle();
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1: one\n");
    lab_cut(LAB_DOMAIN);
    LOGGED("error", "connection reset by peer");
    take("MO1", "hi");
    settle();
    deliveries_forget(host()->deliveries, "romeo@example.net");
    struct delivery_counts counts;
    deliveries_count(host()->deliveries, &counts);
    assert_int_equal(counts.out_waiting, 1);
    assert_int_equal(counts.out_hand, 1);
    assert_int_equal(counts.in_waiting, 1);
    deliveries_forget(host()->deliveries, "juliet@example.net");
    deliveries_count(host()->deliveries, &counts);
    assert_int_equal(counts.out_waiting + counts.out_hand + counts.in_waiting, 0);
    lab_reconnect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    settle();
    SENT("");
}

/* --- what is counted ------------------------------------------------------------------------ */

static int64_t oldest(void)
{
    struct delivery_counts counts;

    deliveries_count(host()->deliveries, &counts);
    return counts.oldest;
}

static void the_age_of_the_oldest_that_has_not_gone_is_known(void **state)
{
    int64_t now = clock_wall();

    (void)state;
    assert_int_equal(oldest(), 0);
    RECV(SAYS("m1", "alice", "one"));
    settle();
    wait(5 * SECOND);
    RECV(SAYS("m2", "alice", "two"));
    settle();
    assert_in_range(oldest(), now, now + 1000); /* the transport has it */
    bridge_delivery_sent(host(), 1, NULL);
    settle();
    assert_in_range(oldest(), now + 5000, now + 6000);
    bridge_delivery_sent(host(), 2, NULL);
    settle();
    assert_int_equal(oldest(), 0);
    DOWN("open juliet@example.net\ndeliver 1 alice id=m1: one\n"
         "deliver 2 alice id=m2: two\n");
}

/* --- dead letters --------------------------------------------------------------------------- */

static size_t progress, ended;
static void on_progress(void *arg, size_t done)
{
    (void)arg;
    progress = done;
}

static void on_ended(void *arg, size_t done, const struct bridge_error *why)
{
    (void)arg;
    assert_null(why);
    ended = done;
}

static const struct dead_letters_events dead_events = { on_progress, on_ended };

static bool count_dead(void *arg, const struct store_delivery *letter)
{
    assert_int_equal(letter->direction, DELIVERY_IN);
    ++*(int *)arg;
    return true;
}

static int dead(void)
{
    int count = 0;

    dead_letters_each(host(), 0, count_dead, &count);
    return count;
}

/* Messages 1 to n are dead letters. */
static void bury(int n)
{
    char foreign[16];

    for (int i = 1; i <= n; i++) {
        snprintf(foreign, sizeof foreign, "MO%d", i);
        take(foreign, "hi");
        settle();
        drop_sent();
        bounce(i, "juliet@example.net", "cancel", "item-not-found");
        settle();
        LOGGED("warning", "dead letter: ");
    }
    assert_int_equal(dead(), n);
    progress = ended = 0;
}

static void a_dead_letter_can_be_tried_again(void **state)
{
    (void)state;
    bury(2);
    assert_null(dead_letters_end(host(), DEAD_LETTER_RETRY, 3, &dead_events, NULL));
    assert_non_null(dead_letters_end(host(), DEAD_LETTER_RETRY, 1, &dead_events, NULL));
    settle();
    assert_int_equal(ended, 1);
    assert_int_equal(dead(), 1);
    SENT(GOT("hi") PROOF(3));
    RECV(PROOF(3));
    settle();
    ROWS("1 in sent 0 MO1 body reason\n2 in failed 0 MO2 body reason\n");
}

static void who_asks_twice_at_once_has_it_tried_once(void **state)
{
    struct delivery_counts counts;

    (void)state;
    bury(1);
    assert_non_null(dead_letters_end(host(), DEAD_LETTER_RETRY, 0, &dead_events, NULL));
    assert_non_null(dead_letters_end(host(), DEAD_LETTER_RETRY, 1, &dead_events, NULL));
    settle();
    SENT(GOT("hi") PROOF(2));
    RECV(PROOF(2));
    settle();
    ROWS("1 in sent 0 MO1 body reason\n");
    deliveries_count(host()->deliveries, &counts);
    assert_int_equal(counts.in_hand, 0);
}

static void all_of_them_can_be_dropped(void **state)
{
    (void)state;
    bury(3);
    assert_non_null(dead_letters_end(host(), DEAD_LETTER_DROP, 0, &dead_events, NULL));
    settle();
    settle();
    assert_int_equal(progress, 3);
    assert_int_equal(ended, 3);
    ROWS("");
    assert_null(dead_letters_end(host(), DEAD_LETTER_DROP, 0, &dead_events, NULL));
}

static void who_does_not_wait_for_the_end_is_not_called(void **state)
{
    (void)state;
    bury(1);
    dead_letters_leave(dead_letters_end(host(), DEAD_LETTER_DROP, 1, &dead_events, NULL));
    settle();
    assert_int_equal(ended, 0);
    assert_int_equal(dead(), 0);
}

static void what_the_users_client_has_received_is_over(void **state)
{
    struct strbuf xml = STRBUF_INIT(4096);

    (void)state;
    take("MO1", "hi");
    settle();
    drop_sent();
    strbuf_addf(&xml, "<message from='" BALCONY "' to='alice@" LAB_DOMAIN "'>"
                      "<received xmlns='urn:xmpp:receipts' id='%s'/></message>", stanza_of(1));
    RECV(strbuf_text(&xml));
    settle();
    ROWS("1 in delivered 0 MO1\n");
    strbuf_release(&xml);
}

#define IT(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IT(goes_out_after_it_is_stored),
        IT(who_asked_hears_that_it_arrived),
        IT(a_stored_message_can_be_read_and_taken_back),
        IT(who_did_not_ask_hears_nothing),
        IT(a_failure_is_told_in_the_words_of_the_network),
        IT(reports_that_come_late_twice_or_for_nobody_change_nothing),
        IT(a_conversation_keeps_its_order_and_others_do_not_wait),
        IT(what_cannot_be_tried_now_is_tried_later),
        IT(what_is_refused_at_once_is_told),
        IT(after_two_days_the_sender_is_told_and_in_words_too),
        IT(without_reports_of_arrival_sent_is_the_end),
        IT(what_is_sent_again_goes_out_once),
        IT(clients_that_use_an_id_twice_are_understood),
        IT(who_sends_again_hears_the_end_again),
        IT(what_cannot_be_stored_is_not_accepted),
        IT(what_the_disk_did_not_take_is_written_when_it_is_well),
        IT(goes_on_where_it_was),
        IT(the_network_is_told_after_it_is_stored),
        IT(what_the_network_gives_twice_is_shown_once),
        IT(what_cannot_be_stored_stays_with_the_network),
        IT(what_is_not_proven_is_written_again_with_the_same_id),
        IT(a_server_that_cannot_pass_it_on_now_gets_it_again),
        IT(what_the_users_client_has_received_is_over),
        IT(what_is_over_is_kept_for_a_while),
        IT(the_age_of_the_oldest_that_has_not_gone_is_known),
        IT(of_a_user_who_leaves_nothing_waits),
        IT(a_dead_letter_can_be_tried_again),
        IT(who_asks_twice_at_once_has_it_tried_once),
        IT(all_of_them_can_be_dropped),
        IT(who_does_not_wait_for_the_end_is_not_called),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
