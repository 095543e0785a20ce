/* Patterns of users, and the arithmetic of limits. The clock is the test's. */
#include "permit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/strbuf.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- patterns ----------------------------------------------------------------------- */

static const struct {
    const char *pattern;
    const char *user; /* bare JID, prepared as every JID that comes in */
    bool matches;
} matches[] = {
    { "juliet@example.com", "juliet@example.com", true },
    { "juliet@example.com", "romeo@example.com", false },
    { "juliet@example.com", "juliet@example.net", false },
    { "juliet@example.com", "example.com", false },
    { "juliet@example.com", "juliet", false },
    { "Juliet@EXAMPLE.com", "juliet@example.com", true },
    { "JÜLIET@example.com", "jüliet@example.com", true },
    { "example.com", "juliet@example.com", true },
    { "*@example.com", "juliet@example.com", true },
    { "*@Example.COM.", "juliet@example.com", true },
    { "example.com", "example.com", true }, /* a service there */
    { "*@example.com", "example.com", true },
    { "example.com", "juliet@sub.example.com", false },
    { "example.com", "juliet@badexample.com", false },
    { "example.com", "juliet@example.com.evil.net", false },
    { "example.com", "example.com@evil.net", false }, /* a localpart that looks like it */
    { "juliet@example.com", "juliet\\40example.com@evil.net", false },
    { "juliet@example.com", "juliet@example.community", false },
    { "*", "juliet@example.com", true },
    { "*", "example.com", true },
    { "bücher.example", "juliet@bücher.example", true },
    { "192.0.2.1", "juliet@192.0.2.1", true },
};

static void a_pattern_names_one_user_a_domain_or_everybody(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(matches); i++) {
        struct permit_users users = { 0 };
        struct bridge_error err;
        assert_false(permit_users_have(&users, matches[i].user));
        if (permit_users_add(&users, matches[i].pattern, &err))
            fail_msg("%s: %s", matches[i].pattern, err.text);
        if (permit_users_have(&users, matches[i].user) != matches[i].matches)
            fail_msg("%s %s %s", matches[i].pattern,
                     matches[i].matches ? "does not match" : "matches", matches[i].user);
        permit_users_release(&users);
        assert_false(permit_users_have(&users, matches[i].user));
    }
}

static const char *const hostile[] = {
    "", " ", "@", "*@", "@example.com", "juliet@", "**", "*@*", "*@@example.com",
    "*@juliet@example.com", "juliet@example.com/balcony", "example.com/balcony", "*/x",
    "*.example.com", "*@*.example.com", "jul*@example.com", "juliet@*", "juliet@*.com",
    "exa mple.com", "jul iet@example.com", "juliet@exa mple.com", "jul\"iet@example.com",
    "juliet@example.com\n", "\xff\xfe@example.com", "juliet@\xc0\xaf", "@@", "*@\x01",
};

static void what_is_no_pattern_is_refused_and_shown(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hostile); i++) {
        struct permit_users users = { 0 };
        struct bridge_error err = { BRIDGE_OK, "" };
        if (!permit_users_add(&users, hostile[i], &err))
            fail_msg("'%s' was taken", hostile[i]);
        assert_int_equal(err.code, BRIDGE_ADDRESS);
        if (!strstr(err.text, "expected \"user@domain\""))
            fail_msg("'%s': %s", hostile[i], err.text);
        assert_int_equal(users.names.count, 0);
        assert_false(users.everybody);
    }
}

static void a_pattern_of_any_length_does_no_harm(void **state)
{
    static const size_t lengths[] = { 1023, 1024, 4096, 1 << 20 };

    (void)state;
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct permit_users users = { 0 };
        struct bridge_error err;
        char *pattern = bridge_alloc(lengths[i] + 20);
        memset(pattern, 'a', lengths[i]);
        strcpy(pattern + lengths[i], "@example.com");
        assert_int_equal(permit_users_add(&users, pattern, &err), lengths[i] <= 1023 ? 0 : -1);
        assert_int_equal(permit_users_have(&users, pattern), lengths[i] <= 1023);
        permit_users_release(&users);
        free(pattern);
    }
}

static void the_same_pattern_twice_is_one(void **state)
{
    static const char *const same[] = { "example.com", "*@example.com", "EXAMPLE.com" };
    struct permit_users users = { 0 };
    struct bridge_error err;

    (void)state;
    for (size_t i = 0; i < COUNT(same); i++)
        assert_int_equal(permit_users_add(&users, same[i], &err), 0);
    assert_int_equal(users.names.count, 1);
    permit_users_release(&users);
}

static void a_transport_is_open_to_everybody_or_to_those_who_are_named(void **state)
{
    struct permit permit = { 0 };
    struct bridge_error err;

    (void)state;
    assert_false(permit_admits(&permit, "juliet@example.com")); /* nobody has said so */
    permit_users_add(&permit.allowed, "example.com", &err);
    assert_true(permit_admits(&permit, "juliet@example.com"));
    assert_false(permit_admits(&permit, "juliet@example.net"));
    permit.open = true;
    assert_true(permit_admits(&permit, "juliet@example.net"));
    permit_users_release(&permit.allowed);
}

/* --- minutes ------------------------------------------------------------------------- */

#define DAY_MS INT64_C(86400000)
#define NOON (20000 * DAY_MS + DAY_MS / 2)

enum what { SEND, JOIN };

static int use_one(struct permit *permit, struct permit_usage *usage, enum what what,
                   struct bridge_error *err)
{
    if (what == JOIN)
        return permit_join(permit, usage, err);
    if (permit_message(permit, usage, err))
        return -1;
    permit_count(usage);
    return 0;
}

/* How often it can be done before it is refused; at most `most` times. */
static int use(struct permit *permit, struct permit_usage *usage, enum what what, int most,
               struct bridge_error *err)
{
    int n = 0;

    while (n < most && !use_one(permit, usage, what, err))
        n++;
    if (n < most)
        assert_int_equal(err->code, BRIDGE_BUSY);
    return n;
}

#define YOU(limit, wait) "You may send " limit " a minute here; try again in " wait
#define ALL(limit, wait) \
    "All users together may send " limit " a minute here; try again in " wait
#define JOINS(limit, wait) \
    "You may join rooms or add contacts " limit " a minute here; try again in " wait

static const struct {
    enum what what;
    struct permit_limits limits;
    struct {
        uint64_t after;   /* ms since the row before */
        int times;        /* it works then, */
        const char *text; /* and what is said of the next time; NULL: it works, too */
    } steps[5];
} minutes[] = {
    { SEND, { 0 }, { { 0, 5000, NULL } } },
    { JOIN, { .messages_per_minute = 1, .messages_per_day = 1, .total_per_minute = 1 },
      { { 0, 5000, NULL } } },
    { SEND, { .joins_per_minute = 1 }, { { 0, 5000, NULL } } },
    { SEND, { .messages_per_minute = 30 },
      { { 0, 30, YOU("30 messages", "2 s") },
        { 1999, 0, YOU("30 messages", "1 s") },
        { 1, 1, YOU("30 messages", "2 s") },
        { 10000, 5, YOU("30 messages", "2 s") },
        { 3600000, 30, YOU("30 messages", "2 s") } } },
    { SEND, { .messages_per_minute = 1 },
      { { 0, 1, YOU("1 message", "60 s") },
        { 59000, 0, YOU("1 message", "1 s") },
        { 1000, 1, YOU("1 message", "60 s") } } },
    { SEND, { .messages_per_minute = 7 }, /* a minute is no multiple of it */
      { { 0, 7, YOU("7 messages", "9 s") },
        { 60000, 7, YOU("7 messages", "9 s") } } },
    { SEND, { .messages_per_minute = PERMIT_PER_MINUTE_MAX },
      { { 0, PERMIT_PER_MINUTE_MAX, YOU("100000 messages", "1 s") },
        { 3, 5, YOU("100000 messages", "1 s") } } },
    { SEND, { .total_per_minute = 2 },
      { { 0, 2, ALL("2 messages", "30 s") },
        { 30000, 1, ALL("2 messages", "30 s") } } },
    { JOIN, { .joins_per_minute = 60 },
      { { 0, 60, JOINS("60 times", "1 s") },
        { 5000, 5, JOINS("60 times", "1 s") } } },
    { SEND, { .messages_per_minute = 5, .total_per_minute = 3 },
      { { 0, 3, ALL("3 messages", "20 s") } } },
};

static void a_limit_of_a_minute_is_used_up_and_comes_back_evenly(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(minutes); i++) {
        struct permit permit = { .limits = minutes[i].limits };
        struct permit_usage usage = { 0 };
        uint64_t now = 12345;
        for (size_t k = 0; k < COUNT(minutes[i].steps); k++) {
            struct bridge_error err = { BRIDGE_OK, "" };
            const char *text = minutes[i].steps[k].text;
            now += minutes[i].steps[k].after;
            clock_freeze(now, NOON);
            int expected = minutes[i].steps[k].times;
            int times = use(&permit, &usage, minutes[i].what, expected + (text != NULL), &err);
            if (times != expected)
                fail_msg("row %zu, step %zu: %d times, not %d", i, k, times, expected);
            assert_string_equal(err.text, text ? text : "");
        }
    }
}

static void users_do_not_share_their_limits_but_those_of_all(void **state)
{
    struct permit permit = { .limits = { .messages_per_minute = 10, .total_per_minute = 15 } };
    struct permit_usage juliet = { 0 }, romeo = { 0 };
    struct bridge_error err;

    (void)state;
    clock_freeze(0, NOON);
    assert_int_equal(use(&permit, &juliet, SEND, 99, &err), 10);
    /* What she is refused is not taken from the others. */
    assert_int_equal(use(&permit, &juliet, SEND, 99, &err), 0);
    assert_int_equal(use(&permit, &romeo, SEND, 99, &err), 5);
    /* Nor what the others have used up from him. */
    assert_int_equal(use(&permit, &romeo, SEND, 99, &err), 0);
    permit.limits.total_per_minute = 0;
    assert_int_equal(use(&permit, &romeo, SEND, 99, &err), 5);
}

static void a_limit_can_change_at_any_time(void **state)
{
    struct permit permit = { .limits = { .messages_per_minute = 100 } };
    struct permit_usage usage = { 0 };
    struct bridge_error err;

    (void)state;
    clock_freeze(0, NOON);
    assert_int_equal(use(&permit, &usage, SEND, 60, &err), 60);
    permit.limits.messages_per_minute = 10; /* of which the same part is used up */
    assert_int_equal(use(&permit, &usage, SEND, 99, &err), 4);
    permit.limits.messages_per_minute = 0;
    assert_int_equal(use(&permit, &usage, SEND, 99, &err), 99);
    permit.limits.messages_per_minute = 1;
    assert_int_equal(use(&permit, &usage, SEND, 99, &err), 0);
    clock_freeze(60000, NOON);
    assert_int_equal(use(&permit, &usage, SEND, 99, &err), 1);
}

/* --- days ---------------------------------------------------------------------------- */

#define OVER(n) \
    "You have sent " n " today, the most that is allowed here; it goes on at 00:00 UTC"

static void a_limit_of_a_day_ends_at_midnight_utc(void **state)
{
    static const struct {
        int64_t limit;
        int64_t wall;
        int times;
        const char *text;
    } rows[] = {
        { 3, NOON, 3, OVER("3 messages") },
        { 3, 20001 * DAY_MS - 1, 0, OVER("3 messages") },
        { 3, 20001 * DAY_MS, 3, OVER("3 messages") },
        { 1, 20001 * DAY_MS, 0, OVER("1 message") }, /* a reload */
        { 5, 20001 * DAY_MS, 2, OVER("5 messages") },
        { 1, 20000 * DAY_MS, 1, OVER("1 message") }, /* the clock was set back */
    };
    struct permit permit = { 0 };
    struct permit_usage usage = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bridge_error err = { BRIDGE_OK, "" };
        permit.limits.messages_per_day = rows[i].limit;
        clock_freeze(0, rows[i].wall);
        assert_int_equal(permit_today(), rows[i].wall / DAY_MS);
        int times = use(&permit, &usage, SEND, 99, &err);
        if (times != rows[i].times)
            fail_msg("row %zu: %d times, not %d", i, times, rows[i].times);
        assert_string_equal(err.text, rows[i].text);
    }
}

static void only_what_was_accepted_counts_for_the_day(void **state)
{
    struct permit permit = { .limits = { .messages_per_day = 2 } };
    struct permit_usage usage = { 0 };
    struct bridge_error err;

    (void)state;
    clock_freeze(0, NOON);
    for (int i = 0; i < 10; i++) /* the network refuses them all */
        assert_int_equal(permit_message(&permit, &usage, &err), 0);
    assert_int_equal(use(&permit, &usage, SEND, 99, &err), 2);
    /* What the day's limit refuses takes nothing from the minute's. */
    permit.limits.messages_per_minute = 5;
    assert_int_equal(use(&permit, &usage, SEND, 99, &err), 0);
    permit.limits.messages_per_day = 99;
    assert_int_equal(use(&permit, &usage, SEND, 99, &err), 5);
}

static int teardown(void **state)
{
    (void)state;
    clock_release();
    return 0;
}

#define TEST(function) cmocka_unit_test_teardown(function, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pattern_names_one_user_a_domain_or_everybody),
        TEST(what_is_no_pattern_is_refused_and_shown),
        TEST(a_pattern_of_any_length_does_no_harm),
        TEST(the_same_pattern_twice_is_one),
        TEST(a_transport_is_open_to_everybody_or_to_those_who_are_named),
        TEST(a_limit_of_a_minute_is_used_up_and_comes_back_evenly),
        TEST(users_do_not_share_their_limits_but_those_of_all),
        TEST(a_limit_can_change_at_any_time),
        TEST(a_limit_of_a_day_ends_at_midnight_utc),
        TEST(only_what_was_accepted_counts_for_the_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
