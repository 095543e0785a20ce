/* Permissions and limits between the XMPP server and a transport. */
#include "guard.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>

#include "dialogue.h"

#define JULIET "juliet@example.net"
#define ROMEO "romeo@example.org"
#define MERCUTIO "mercutio@example.net"
#define FRIEND "friend@" LAB_DOMAIN
#define FRIEND_ASKS \
    "<presence type='subscribe' from='" FRIEND "' to='" JULIET "'>" \
    "<nick xmlns='" NS_NICK "'>friend</nick></presence>"

#define SAY(user, id) \
    "<message type='chat' from='" user "/x' to='" FRIEND "' id='" id "'>" \
    "<body>hi</body></message>"
#define REFUSED(user, id, type, condition) \
    "<message type='error' from='" FRIEND "' to='" user "/x' id='" id "'>" \
    ERROR(type, condition) "</message>"
#define FORBIDDEN(user) REFUSED(user, "1", "auth", "forbidden")
#define BUSY(user, id) REFUSED(user, id, "wait", "resource-constraint")

#define TODAY_OVER(n) \
    "You have sent " n " today, the most that is allowed here; it goes on at 00:00 UTC"
#define NO_MORE "The gateway is no longer open to this user"

/* This is said in what the next SENT takes. */
static void told(const char *text)
{
    const char *sent = strbuf_text(fake_conn_written(lab_conn(LAB_DOMAIN)));

    if (!strstr(sent, text))
        fail_msg("not told: %s\nbut: %s", text, sent);
}

/* --- options ------------------------------------------------------------------------- */

static void add_text(struct setting_strings *to, const char *text)
{
    to->items = bridge_realloc(to->items, (to->count + 1) * sizeof *to->items);
    to->items[to->count++] = bridge_strdup(text);
}

static void allow(struct options *o, const char *who, const char *transport)
{
    struct allow_rule rule = { .who = bridge_strdup(who) };
    struct allow_rule *rules =
        bridge_realloc(o->allow.items, (o->allow.count + 1) * sizeof rule);

    add_text(&rule.transports, transport);
    rules[o->allow.count++] = rule;
    o->allow.items = rules;
}

static void reload(struct options *o)
{
    core_reload(lab.core, o);
    LOGGED("info", "reload: the configuration was read again");
}

static struct permit_limits *limits_of(struct options *o)
{
    return &o->transports[0].limits;
}

static void reload_daily_limit(int64_t limit)
{
    struct options *o = lab_options(false);

    limits_of(o)->messages_per_day = limit;
    reload(o);
}

/* --- who ----------------------------------------------------------------------------- */

static void a_transport_that_is_not_open_by_default_is_open_to_nobody(void **state)
{
    struct bridge_error err;

    (void)state;
    lab.transport->open_by_default = false;
    assert_int_equal(lab_start(&err), 0);
    LOGGED("warning", LAB_DOMAIN ": is open to nobody: name its users in `allow`");
    lab_connect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    DOWN("start " LAB_DOMAIN " -\n");

    RECV(SAY(JULIET, "1"));
    told(LAB_DOMAIN " is not open to " JULIET);
    SENT(FORBIDDEN(JULIET));
    RECV("<presence id='2' from='" JULIET "/x' to='" ROOM "/jul'>" MUC "</presence>");
    told(LAB_DOMAIN " is not open to " JULIET);
    SENT("<presence type='error' id='2' from='" ROOM "/jul' to='" JULIET "/x'>"
         ERROR("auth", "forbidden") "</presence>");
    RECV("<presence type='subscribe' id='3' from='" JULIET "' to='" FRIEND "'/>");
    told(LAB_DOMAIN " is not open to " JULIET);
    SENT("<presence type='error' id='3' from='" FRIEND "' to='" JULIET "'>"
         ERROR("auth", "forbidden") "</presence>");
    assert_false(fake_store_commit());
    DOWN("");

    /* What leads nowhere is open to everybody. */
    RECV("<iq type='get' id='4' from='" JULIET "/x' to='" FRIEND "'>" PING "</iq>");
    SENT("<iq type='result' id='4' from='" FRIEND "' to='" JULIET "/x'/>");
    RECV("<presence type='unsubscribe' from='" JULIET "' to='" FRIEND "'/>");
    fake_store_commit();
    SENT("<presence type='unsubscribed' from='" FRIEND "' to='" JULIET "'/>"
         "<presence type='unavailable' from='" FRIEND "' to='" JULIET "'/>");
    RECV("<presence type='unavailable' from='" JULIET "/x' to='" ROOM "/jul'/>");
    SENT("");
}

static void whom_a_rule_names_is_let_in_and_nobody_else(void **state)
{
    static const char *const names[] = { "fake", LAB_DOMAIN, "T.EXAMPLE.net" };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct options *o = lab_options(false);
        allow(o, "*@example.net", names[i]);
        allow(o, ROMEO, "another");
        reload(o);
        RECV(SAY(ROMEO, "1"));
        told(LAB_DOMAIN " is not open to " ROMEO);
        SENT(FORBIDDEN(ROMEO));
        RECV(SAY(JULIET, "1"));
        SENT("");
    }
    DOWN("open " JULIET "\nsend friend id=1: hi\nsend friend id=1: hi\nsend friend id=1: hi\n");
}

static void a_rule_for_another_transport_changes_nothing(void **state)
{
    struct options *o = lab_options(false);

    (void)state;
    allow(o, ROMEO, "another");
    reload(o);
    RECV(SAY(JULIET, "1"));
    SENT("");
    DOWN("open " JULIET "\nsend friend id=1: hi\n");
}

static void a_rule_that_is_gone_lets_nobody_in(void **state)
{
    struct options *o = lab_options(false);

    (void)state;
    allow(o, JULIET, "fake");
    reload(o);
    RECV(SAY(JULIET, "1"));
    DOWN("open " JULIET "\nsend friend id=1: hi\n");
    o = lab_options(false);
    allow(o, ROMEO, "fake");
    reload(o);
    DOWN("close " JULIET ": " NO_MORE "\n");
    RECV(SAY(JULIET, "1"));
    told(LAB_DOMAIN " is not open to " JULIET);
    SENT(FORBIDDEN(JULIET));
}

static void a_rule_opens_what_is_closed_by_default(void **state)
{
    struct options *o = lab_options(false);

    (void)state;
    lab.transport->open_by_default = false;
    allow(o, "example.net", "fake");
    reload(o);
    RECV(SAY(JULIET, "1"));
    SENT("");
    DOWN("open " JULIET "\nsend friend id=1: hi\n");
    RECV(SAY(ROMEO, "1"));
    told(LAB_DOMAIN " is not open to " ROMEO);
    SENT(FORBIDDEN(ROMEO));
}

static void a_ban_stands_above_every_rule(void **state)
{
    struct options *o = lab_options(false);

    (void)state;
    allow(o, "*", "fake");
    add_text(&o->banned, ROMEO);
    reload(o);
    RECV(SAY(ROMEO, "1"));
    told(LAB_DOMAIN " has banned " ROMEO);
    SENT(FORBIDDEN(ROMEO));
    RECV(SAY(JULIET, "1"));
    SENT("");
    DOWN("open " JULIET "\nsend friend id=1: hi\n");
}

/* XEP-0157 has URIs; people are shown what they would type. */
static void a_refusal_names_the_admin(void **state)
{
    static const struct {
        const char *uri;
        const char *text;
    } rows[] = {
        { "xmpp:admin@example.net", "; ask admin@example.net" },
        { "XMPP:admin@example.net?message;body=hi", "; ask admin@example.net" },
        { "mailto:admin@example.net", "; ask admin@example.net" },
        { "https://example.net/help?me", "; ask https://example.net/help?me" },
        { "", "" },
        { "xmpp:", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf expected = STRBUF_INIT(4096);
        struct bridge_error err;
        struct options *o = lab_options(false);
        add_text(&o->banned, ROMEO);
        add_text(&o->gateway.admins, rows[i].uri);
        add_text(&o->gateway.admins, "xmpp:other@example.net");
        reload(o);
        assert_int_equal(guard_admit(lab.core->hosts[0], ROMEO, &err), -1);
        strbuf_addf(&expected, LAB_DOMAIN " has banned " ROMEO "%s", rows[i].text);
        assert_string_equal(err.text, strbuf_text(&expected));
        assert_int_equal(err.code, BRIDGE_FORBIDDEN);
        strbuf_release(&expected);
    }
}

static void a_ban_ends_the_session_at_once(void **state)
{
    struct options *o = lab_options(false);

    (void)state;
    RECV("<presence type='subscribe' from='" JULIET "' to='" FRIEND "'/>");
    fake_store_commit();
    bridge_contact_presence(fake_transport_session(), "friend",
                            &(struct bridge_presence){ .show = BRIDGE_ONLINE });
    SENT("<presence type='subscribed' from='" FRIEND "' to='" JULIET "'/>" FRIEND_ASKS
         "<presence from='" FRIEND "' to='" JULIET "'/>");
    DOWN("open " JULIET "\nwatch friend of " JULIET "\n");
    RECV(SAY(ROMEO, "1"));
    DOWN("open " ROMEO "\nsend friend id=1: hi\n");

    add_text(&o->banned, "example.net");
    reload(o);
    DOWN("close " JULIET ": " NO_MORE "\n"); /* and not romeo */
    SENT("<presence type='unavailable' from='" FRIEND "' to='" JULIET "'/>");
    RECV("<presence type='probe' from='" JULIET "' to='" FRIEND "'/>");
    SENT("<presence type='unavailable' from='" FRIEND "' to='" JULIET "'>"
         "<status>" LAB_DOMAIN " has banned " JULIET "</status></presence>");
    RECV(SAY(JULIET, "1"));
    told(LAB_DOMAIN " has banned " JULIET);
    SENT(FORBIDDEN(JULIET));

    reload(lab_options(false)); /* forgiven */
    RECV(SAY(JULIET, "1"));
    SENT("");
    DOWN("open " JULIET "\nsend friend id=1: hi\n");
}

static void a_ban_takes_the_user_out_of_rooms(void **state)
{
    struct options *o = lab_options(false);

    (void)state;
    dialogue_join();
    add_text(&o->banned, JULIET);
    reload(o);
    DOWN("close " JULIET ": " NO_MORE "\n");
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 1);
    assert_non_null(strstr(sent.stanzas[0].text, "type='unavailable'"));
    assert_non_null(strstr(sent.stanzas[0].text, NO_MORE));
    canonical_release(&sent);
    RECV(JOIN(BALCONY, "jul"));
    told(LAB_DOMAIN " has banned " JULIET);
    SENT("<presence type='error' from='" ROOM "/jul' to='" BALCONY "'>"
         ERROR("auth", "forbidden") "</presence>");
}

/* --- minutes --------------------------------------------------------------------------- */

static void too_many_messages_come_back_until_there_is_room_again(void **state)
{
    struct options *o = lab_options(false);

    (void)state;
    limits_of(o)->messages_per_minute = 2;
    reload(o);
    RECV(SAY(JULIET, "1") SAY(JULIET, "2") SAY(JULIET, "3"));
    DOWN("open " JULIET "\nsend friend id=1: hi\nsend friend id=2: hi\n");
    told("You may send 2 messages a minute here; try again in 30 s");
    SENT(BUSY(JULIET, "3"));
    RECV(SAY(ROMEO, "1"));
    DOWN("open " ROMEO "\nsend friend id=1: hi\n");
    clock_freeze(clock_monotonic() + 30000, clock_wall());
    RECV(SAY(JULIET, "4"));
    DOWN("send friend id=4: hi\n");
    SENT("");
}

static void limits_hold_from_the_start(void **state)
{
    struct bridge_error err;

    (void)state;
    limits_of(lab.core->options)->messages_per_minute = 1;
    assert_int_equal(lab_start(&err), 0);
    lab_connect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    RECV(SAY(JULIET, "1") SAY(JULIET, "2"));
    fake_transport_forget();
    told("You may send 1 message a minute here; try again in 60 s");
    SENT(BUSY(JULIET, "2"));
}

static void rooms_subjects_and_private_messages_count_too(void **state)
{
    static const char *const more[] = {
        "<message type='groupchat' id='4' from='" BALCONY "' to='" ROOM "'>"
        "<body>four</body></message>",
        "<message type='groupchat' id='4' from='" BALCONY "' to='" ROOM "'>"
        "<subject>four</subject></message>",
        "<message type='chat' id='4' from='" BALCONY "' to='" ROOM "/romeo'>"
        "<body>four</body></message>",
    };
    struct options *o = lab_options(false);

    (void)state;
    dialogue_join();
    limits_of(o)->messages_per_minute = 3;
    reload(o);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        RECV(more[i]);
    SENT("");
    fake_transport_forget();
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        RECV(more[i]);
        told("You may send 3 messages a minute here; try again in 20 s");
        struct canonical sent = lab_take(LAB_DOMAIN);
        assert_int_equal(sent.count, 1);
        canonical_release(&sent);
        if (strstr(fake_transport_calls(), "four"))
            fail_msg("went out: %s", fake_transport_calls());
        fake_transport_forget();
    }
}

static void all_users_share_the_total(void **state)
{
    struct options *o = lab_options(false);

    (void)state;
    limits_of(o)->total_per_minute = 1;
    reload(o);
    RECV(SAY(JULIET, "1") SAY(ROMEO, "1"));
    DOWN("open " JULIET "\nsend friend id=1: hi\nopen " ROMEO "\n");
    told("All users together may send 1 message a minute here; try again in "
         "60 s");
    SENT(BUSY(ROMEO, "1"));
}

static void joins_and_subscriptions_have_a_limit_and_coming_back_has_none(void **state)
{
    static const char text[] = "You may join rooms or add contacts 2 times a minute here; try "
                               "again in 30 s";
    struct options *o = lab_options(false);

    (void)state;
    limits_of(o)->joins_per_minute = 2;
    reload(o);
    dialogue_join();
    dialogue_join_too(CHAMBER); /* in the same room: the network does not notice */
    RECV("<presence type='subscribe' from='" JULIET "' to='" FRIEND "'/>");
    assert_true(fake_store_commit());
    DOWN("watch friend of " JULIET "\n");
    SENT("<presence type='subscribed' from='" FRIEND "' to='" JULIET "'/>" FRIEND_ASKS);

    RECV("<presence type='subscribe' id='2' from='" JULIET "' to='nurse@" LAB_DOMAIN "'/>");
    assert_false(fake_store_commit());
    told(text);
    SENT("<presence type='error' id='2' from='nurse@" LAB_DOMAIN "' to='" JULIET "'>"
         ERROR("wait", "resource-constraint") "</presence>");
    RECV("<presence id='3' from='" BALCONY "' to='#s@" LAB_DOMAIN "/jul'>" MUC "</presence>");
    told(text);
    SENT("<presence type='error' id='3' from='#s@" LAB_DOMAIN "/jul' to='" BALCONY "'>"
         ERROR("wait", "resource-constraint") "</presence>");
    DOWN("");
}

/* --- days -------------------------------------------------------------------------------- */

static int64_t today(void)
{
    return permit_today();
}

static int64_t stored(const char *user)
{
    return store_counter_get(lab.core->store, LAB_DOMAIN, user, today());
}

/* She sends so many; all of them go out. */
static void send_some(int count)
{
    while (count--)
        RECV(SAY(JULIET, "1"));
    SENT("");
    fake_transport_forget();
}

static void a_daily_limit_holds_until_midnight(void **state)
{
    (void)state;
    reload_daily_limit(3);
    send_some(3);
    RECV(SAY(JULIET, "1"));
    told(TODAY_OVER("3 messages"));
    SENT(BUSY(JULIET, "1"));
    RECV(SAY(ROMEO, "1"));
    SENT("");
    fake_transport_forget();
    clock_freeze(clock_monotonic(), (today() + 1) * 86400000);
    send_some(3);
    RECV(SAY(JULIET, "1"));
    told(TODAY_OVER("3 messages"));
    SENT(BUSY(JULIET, "1"));
}

static void what_the_network_refuses_does_not_count(void **state)
{
    (void)state;
    reload_daily_limit(2);
    for (int i = 0; i < 5; i++) {
        fake_transport_fail("send", BRIDGE_REJECTED, "not here");
        RECV(SAY(JULIET, "1"));
        SENT(REFUSED(JULIET, "1", "cancel", "not-allowed"));
    }
    fake_transport_forget();
    send_some(2);
    RECV(SAY(JULIET, "1"));
    told(TODAY_OVER("2 messages"));
    SENT(BUSY(JULIET, "1"));
}

static void what_was_sent_before_the_restart_counts(void **state)
{
    const struct store_counter before[] = {
        { LAB_DOMAIN, JULIET, today(), 9 },
        { LAB_DOMAIN, ROMEO, today() - 1, 9 },
        { "other.example.net", ROMEO, today(), 9 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        store_counter_put(lab.core->store, &before[i], NULL, NULL);
    fake_store_commit();
    reload_daily_limit(10);
    send_some(1);
    RECV(SAY(JULIET, "1"));
    told(TODAY_OVER("10 messages"));
    SENT(BUSY(JULIET, "1"));
    for (int i = 0; i < 10; i++)
        RECV(SAY(ROMEO, "1"));
    SENT("");
    fake_transport_forget();
    RECV(SAY(ROMEO, "1"));
    told(TODAY_OVER("10 messages"));
    SENT(BUSY(ROMEO, "1"));
}

static void counts_are_saved_together_after_a_moment(void **state)
{
    (void)state;
    reload_daily_limit(1000);
    send_some(7);
    RECV(SAY(ROMEO, "1"));
    fake_transport_forget();
    assert_false(fake_store_commit()); /* a message costs no write */
    fake_timer_advance(GUARD_SAVE_MS - 1);
    send_some(1);
    RECV(SAY(MERCUTIO, "1")); /* who begins now does not hold up the others */
    fake_transport_forget();
    assert_false(fake_store_commit());
    fake_timer_advance(1);
    assert_true(fake_store_commit());
    assert_int_equal(stored(JULIET), 8);
    assert_int_equal(stored(ROMEO), 1);
    assert_int_equal(stored(MERCUTIO), 1);

    fake_timer_advance(10 * GUARD_SAVE_MS);
    assert_false(fake_store_commit()); /* nothing is new */
    send_some(2);
    fake_timer_advance(GUARD_SAVE_MS);
    assert_true(fake_store_commit());
    assert_int_equal(stored(JULIET), 10);
}

static void a_count_that_could_not_be_saved_is_saved_with_the_next(void **state)
{
    (void)state;
    reload_daily_limit(1000);
    send_some(7);
    fake_store_fail("the disk is full");
    fake_timer_advance(GUARD_SAVE_MS);
    fake_store_commit();
    assert_int_equal(stored(JULIET), 0);
    send_some(1);
    fake_timer_advance(GUARD_SAVE_MS);
    fake_store_commit();
    assert_int_equal(stored(JULIET), 8);
}

static void a_session_that_ends_saves_its_count(void **state)
{
    struct options *o = lab_options(false);

    (void)state;
    reload_daily_limit(1000);
    send_some(5);
    RECV(SAY(ROMEO, "1"));
    fake_transport_forget();
    add_text(&o->banned, JULIET);
    limits_of(o)->messages_per_day = 1000;
    reload(o);
    DOWN("close " JULIET ": " NO_MORE "\n");
    assert_true(fake_store_commit());
    assert_int_equal(stored(JULIET), 5);
    assert_int_equal(stored(ROMEO), 0); /* not yet */
    fake_timer_advance(GUARD_SAVE_MS);
    fake_store_commit();
    assert_int_equal(stored(ROMEO), 1);
}

static int64_t stored_yesterday(const char *user)
{
    return store_counter_get(lab.core->store, LAB_DOMAIN, user, today() - 1);
}

static void counts_of_past_days_are_dropped_once_a_day(void **state)
{
    const struct store_counter past = { LAB_DOMAIN, ROMEO, today() - 1, 9 };

    (void)state;
    reload_daily_limit(1000);
    for (int i = 0; i < 2; i++) {
        store_counter_put(lab.core->store, &past, NULL, NULL);
        fake_store_commit();
        assert_int_equal(stored_yesterday(ROMEO), 9);
        send_some(1);
        fake_timer_advance(GUARD_SAVE_MS);
        fake_store_commit();
        assert_int_equal(stored_yesterday(ROMEO), i * 9); /* not every two seconds */
    }
    assert_int_equal(stored(JULIET), 2);
}

static void without_a_daily_limit_nothing_is_counted(void **state)
{
    (void)state;
    send_some(5);
    fake_timer_advance(10 * GUARD_SAVE_MS);
    assert_false(fake_store_commit());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_DOWN(a_transport_that_is_not_open_by_default_is_open_to_nobody),
        TEST(whom_a_rule_names_is_let_in_and_nobody_else),
        TEST(a_rule_for_another_transport_changes_nothing),
        TEST(a_rule_that_is_gone_lets_nobody_in),
        TEST(a_rule_opens_what_is_closed_by_default),
        TEST(a_ban_stands_above_every_rule),
        TEST(a_refusal_names_the_admin),
        TEST(a_ban_ends_the_session_at_once),
        TEST(a_ban_takes_the_user_out_of_rooms),
        TEST(too_many_messages_come_back_until_there_is_room_again),
        TEST_DOWN(limits_hold_from_the_start),
        TEST(rooms_subjects_and_private_messages_count_too),
        TEST(all_users_share_the_total),
        TEST(joins_and_subscriptions_have_a_limit_and_coming_back_has_none),
        TEST(a_daily_limit_holds_until_midnight),
        TEST(what_the_network_refuses_does_not_count),
        TEST(what_was_sent_before_the_restart_counts),
        TEST(counts_are_saved_together_after_a_moment),
        TEST(a_count_that_could_not_be_saved_is_saved_with_the_next),
        TEST(a_session_that_ends_saves_its_count),
        TEST(counts_of_past_days_are_dropped_once_a_day),
        TEST(without_a_daily_limit_nothing_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
