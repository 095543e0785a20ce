#include "dialogue.h"

#include <stdio.h>
#include <string.h>

#include <bridge/clock.h>

#include "forget.h"
#include "preference.h"
#include "retention.h"

#define JULIET "juliet@example.net"
#define ROMEO "romeo@example.net"
#define DAY_MS INT64_C(86400000)
#define ELSEWHERE "gone.example.net" /* not served any more */

static void put_contact(const char *domain, const char *user, const char *address)
{
    const struct store_contact contact = { domain, user, address, NULL, STORE_SUB_BOTH };

    store_contact_put(lab.core->store, &contact, NULL, NULL);
}

static void put_setting(const char *user, const char *key, const char *value)
{
    const struct store_setting setting = { "", user, "", key, value };

    store_settings_put(lab.core->store, &setting, 1, NULL, NULL);
}

/* How forgetting ended: "", or why it did not. */
static struct {
    int count;
    char text[BRIDGE_ERROR_MAX];
} ended;

static void on_forgotten(void *arg, const struct bridge_error *why)
{
    (void)arg;
    ended.count++;
    strcpy(ended.text, why ? why->text : "");
}

static void forget(const char *domain)
{
    memset(&ended, 0, sizeof ended);
    forget_user(lab.core, domain, JULIET, on_forgotten, NULL);
    assert_int_equal(ended.count, 0);
    fake_store_commit();
}

#define GONE(address) \
    "<presence type='unsubscribe' to='" JULIET "' from='" address "@" LAB_DOMAIN "'/>" \
    "<presence type='unsubscribed' to='" JULIET "' from='" address "@" LAB_DOMAIN "'/>" \
    "<presence type='unavailable' to='" JULIET "' from='" address "@" LAB_DOMAIN "'/>"

/* --- forgetting ------------------------------------------------------------------ */

static void one_transport_is_left_and_the_rest_stays(void **state)
{
    const struct store_contact removed = { LAB_DOMAIN, JULIET, "tybalt", NULL,
                                           STORE_SUB_DECLINED };
    int64_t since;

    (void)state;
    store_contact_put(lab.core->store, &removed, NULL, NULL);
    put_contact(LAB_DOMAIN, JULIET, "nurse");
    put_contact(ELSEWHERE, JULIET, "nurse");
    put_contact(LAB_DOMAIN, ROMEO, "nurse");
    store_account_put(lab.core->store, LAB_DOMAIN, JULIET, NULL, 0, NULL, NULL, NULL);
    fake_store_commit();
    forget(LAB_DOMAIN);
    assert_int_equal(ended.count, 1);
    assert_string_equal(ended.text, "");
    SENT(GONE("nurse"));
    assert_false(store_account_find(lab.core->store, LAB_DOMAIN, JULIET, &since));
    assert_int_equal(fake_store_contacts(), 2);
    forget(NULL);
    SENT("");
    assert_int_equal(fake_store_contacts(), 1);
    assert_int_equal(fake_store_rows(), 1);
}

static void a_session_ends_when_the_contacts_are_told(void **state)
{
    (void)state;
    dialogue_join();
    put_contact(LAB_DOMAIN, JULIET, "nurse");
    fake_store_commit();
    forget("other.example.net"); /* not hers there */
    SENT("");
    forget(LAB_DOMAIN);
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 4);
    assert_non_null(strstr(sent.stanzas[1].text, "unsubscribed"));
    assert_non_null(strstr(sent.stanzas[3].text, ROOM "/jul"));
    canonical_release(&sent);
    DOWN("close " JULIET ": The user has left\n");
}

static void a_failure_leaves_everything_as_it_was(void **state)
{
    (void)state;
    put_contact(LAB_DOMAIN, JULIET, "nurse");
    fake_store_commit();
    fake_store_fail("the disk is full");
    forget(NULL);
    assert_int_equal(ended.count, 1);
    assert_string_equal(ended.text, "the disk is full");
    SENT("");
    assert_int_equal(fake_store_contacts(), 1);
}

/* How a change of settings ended. */
static enum bridge_code changed;

static void on_changed(void *arg, const struct bridge_error *why)
{
    (void)arg;
    changed = why ? why->code : BRIDGE_OK;
}

/* Whoever asks for it: a user, an admin, or nobody. */
static void what_is_still_being_checked_is_not_stored_later(void **state)
{
    const struct preference_of of = { .host = fake_transport_host(), .user = JULIET };
    char *values[PREFERENCE_MAX] = { NULL };

    (void)state;
    lab.transport->preferences = fake_preferences;
    fake_transport_hold(true);
    struct preference_sheet *sheet = preference_sheet_new(&of, PREFERENCE_REGISTER);
    values[preference_sheet_find(sheet, "username")] = bridge_strdup("jul");
    values[preference_sheet_find(sheet, "password")] = bridge_strdup("R0m30");
    preference_register(sheet, values, NULL, on_changed, NULL);
    assert_non_null(fake_transport_change());
    forget("other.example.net");
    assert_int_equal(changed, BRIDGE_OK);
    forget(NULL);
    assert_int_equal(changed, BRIDGE_RETRY);
    bridge_change_done(fake_transport_change(), NULL, NULL);
    fake_store_commit();
    assert_int_equal(fake_store_rows(), 0);
    fake_transport_forget();
}

/* Contacts that were told since the last time. */
static size_t told_now(void)
{
    struct canonical sent = lab_take(LAB_DOMAIN);
    size_t count = 0;

    for (size_t i = 0; i < sent.count; i++)
        count += strstr(sent.stanzas[i].text, "type='unsubscribed'") != NULL;
    canonical_release(&sent);
    return count;
}

static void put_many(int count)
{
    for (int i = 0; i < count; i++) {
        char address[16];
        snprintf(address, sizeof address, "c%d", i);
        put_contact(LAB_DOMAIN, JULIET, address);
    }
    fake_store_commit();
}

static void many_contacts_are_told_a_hundred_in_a_turn(void **state)
{
    (void)state;
    put_many(250);
    forget(NULL);
    assert_int_equal(told_now(), 100);
    assert_int_equal(ended.count, 0);
    fake_timer_advance(19);
    assert_int_equal(told_now(), 0);
    fake_timer_advance(1);
    assert_int_equal(told_now(), 100);
    assert_int_equal(ended.count, 0);
    fake_timer_advance(20);
    assert_int_equal(told_now(), 50);
    assert_int_equal(ended.count, 1);
}

static void contacts_wait_for_their_stream_and_nobody_waits_for_them(void **state)
{
    (void)state;
    put_many(2);
    lab_cut(LAB_DOMAIN);
    lab_settle();
    forget(NULL);
    assert_int_equal(ended.count, 1);
    lab_reconnect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    assert_int_equal(told_now(), 0);
    fake_timer_advance(1000);
    assert_int_equal(told_now(), 2);
    assert_int_equal(ended.count, 1);
    LOGGED("error", "connection reset");
}

static void stopping_tells_the_rest(void **state)
{
    (void)state;
    put_many(250);
    forget(NULL);
    assert_int_equal(told_now(), 100);
    core_stop(lab.core, "stop");
    fake_store_commit();
    assert_int_equal(ended.count, 1);
    assert_int_equal(told_now(), 150);
}

/* --- retention -------------------------------------------------------------------- */

static void pass_days(int days)
{
    clock_freeze(clock_monotonic(), clock_wall() + days * DAY_MS);
}

/* Who wanted to be kept for these days, so many days ago. */
static void keep(const char *user, const char *days, int ago)
{
    pass_days(-ago);
    put_setting(user, "keep-days", days);
    pass_days(ago);
}

/* Time in which the server answers pings. */
static void live(uint64_t ms)
{
    fake_timer_advance(ms);
    struct canonical sent = lab_take(LAB_DOMAIN);
    for (size_t i = 0; i < sent.count; i++) {
        const char *id = strstr(sent.stanzas[i].text, "id='alive-");
        char answer[256];
        if (!id)
            continue;
        snprintf(answer, sizeof answer,
                 "<iq type='result' from='" LAB_DOMAIN "' to='" LAB_DOMAIN "' %.*s/>",
                 (int)strcspn(id, " >"), id);
        RECV(answer);
    }
    canonical_release(&sent);
}

/* Until the store is asked who has lapsed. */
static void begin_sweep(void)
{
    while (!lab.core->retention.census)
        live(10000);
    fake_store_commit();
}

static void sweep(void)
{
    begin_sweep();
    while (lab.core->retention.count) {
        live(RETENTION_PAUSE_MS);
        fake_store_commit();
    }
    live(0);
}

static void who_did_nothing_for_as_long_as_wanted_is_forgotten(void **state)
{
    (void)state;
    keep(JULIET, "30", 31);
    keep(ROMEO, "31", 31);
    put_setting("nurse@example.net", "language", "de");
    put_contact(LAB_DOMAIN, JULIET, "x");
    fake_store_commit();
    sweep();
    assert_int_equal(fake_store_contacts(), 0);
    assert_int_equal(fake_store_rows(), 4); /* romeo's and the nurse's, with activity */
    LOGGED("info", "users forgotten, as they wanted: 1");
    sweep(); /* a day later */
    assert_int_equal(fake_store_rows(), 2);
}

static void what_the_user_does_is_noted_once_a_day(void **state)
{
    int64_t day = 0, today = clock_wall() / DAY_MS;

    (void)state;
    put_setting(JULIET, "keep-days", "30");
    fake_store_commit();
    dialogue_join();
    assert_true(fake_store_commit());
    pass_days(2);
    RECV("<message type='groupchat' from='" BALCONY "' to='" ROOM "'><body>a</body></message>");
    assert_true(store_user_day(lab.core->store, JULIET, &day));
    assert_int_equal(day, today);
    assert_true(fake_store_commit());
    assert_true(store_user_day(lab.core->store, JULIET, &day));
    assert_int_equal(day, today + 2);
    RECV("<message type='groupchat' from='" BALCONY "' to='" ROOM "'><body>b</body></message>");
    assert_false(fake_store_commit());
    pass_days(1);
    RECV("<message type='error' from='" BALCONY "' to='" ROOM "'><body>b</body>"
         ERROR("wait", "resource-constraint") "</message>");
    assert_false(fake_store_commit());
    fake_transport_forget();
}

/* Clients go on saying things until the session is closed. */
static void of_who_is_being_forgotten_nothing_is_noted(void **state)
{
    (void)state;
    put_setting(JULIET, "keep-days", "30");
    fake_store_commit();
    dialogue_join();
    fake_store_commit();
    pass_days(1);
    forget_user(lab.core, NULL, JULIET, NULL, NULL);
    RECV("<message type='groupchat' from='" BALCONY "' to='" ROOM "'><body>a</body></message>");
    fake_store_commit();
    assert_int_equal(fake_store_rows(), 0);
    struct canonical sent = lab_take(LAB_DOMAIN);
    canonical_release(&sent);
    fake_transport_forget();
}

static void of_others_nothing_is_noted(void **state)
{
    int64_t day;

    (void)state;
    dialogue_join();
    fake_store_commit();
    assert_false(store_user_day(lab.core->store, JULIET, &day));
}

/* A session may last for weeks without a word of its user's. */
static void who_has_a_session_is_not_forgotten(void **state)
{
    (void)state;
    put_setting(JULIET, "keep-days", "1");
    fake_store_commit();
    dialogue_join();
    fake_store_commit();
    store_user_remove(lab.core->store, NULL, JULIET, 0, NULL, NULL);
    keep(JULIET, "1", 9);
    fake_store_commit();
    sweep();
    assert_int_equal(fake_store_rows(), 2);
    struct canonical sent = lab_take(LAB_DOMAIN);
    canonical_release(&sent);
    fake_transport_forget();
}

static void a_disk_that_fails_is_tried_again_the_next_day(void **state)
{
    (void)state;
    keep(JULIET, "1", 9);
    keep(ROMEO, "1", 9);
    fake_store_commit();
    begin_sweep();
    fake_store_fail("the disk is full");
    live(RETENTION_PAUSE_MS);
    fake_store_commit();
    LOGGED("warning", "the disk is full: the next attempt is tomorrow");
    assert_int_equal(fake_store_rows(), 4);
    sweep();
    assert_int_equal(fake_store_rows(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_transport_is_left_and_the_rest_stays),
        TEST(a_session_ends_when_the_contacts_are_told),
        TEST(a_failure_leaves_everything_as_it_was),
        TEST(what_is_still_being_checked_is_not_stored_later),
        TEST(many_contacts_are_told_a_hundred_in_a_turn),
        TEST(contacts_wait_for_their_stream_and_nobody_waits_for_them),
        TEST(stopping_tells_the_rest),
        TEST(who_did_nothing_for_as_long_as_wanted_is_forgotten),
        TEST(what_the_user_does_is_noted_once_a_day),
        TEST(of_who_is_being_forgotten_nothing_is_noted),
        TEST(of_others_nothing_is_noted),
        TEST(who_has_a_session_is_not_forgotten),
        TEST(a_disk_that_fails_is_tried_again_the_next_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
