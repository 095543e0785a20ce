/* What users may spend: each, all together, on a day, over a restart. */
#include "budget.h"

#include <string.h>

#include <bridge/clock.h>
#include <bridge/host.h>

#include "dialogue.h"

#define JULIET "juliet@example.net"
#define ROMEO "romeo@example.net"
#define CENT INT64_C(10000)
#define DAY_MS (UINT64_C(24) * 60 * 60 * 1000)

static struct bridge_host *host(void)
{
    return lab.core->hosts[0];
}

static void begin(int64_t own, int64_t total)
{
    struct options *o = lab_options(false);
    struct bridge_error err;

    lab.transport->charges = true;
    o->transports[0].limits.spend_per_day = own;
    o->transports[0].limits.total_spend_per_day = total;
    lab_end();
    lab_new(o);
    lab.transport->charges = true;
    assert_int_equal(lab_start(&err), 0);
    fake_transport_forget();
}

static const char *charge(const char *user, int64_t price)
{
    static struct bridge_error err;

    if (!budget_charge(host(), user, price, &err))
        return "";
    assert_int_equal(err.code, BRIDGE_BUSY);
    return err.text;
}

#define OWN "This would cost more than the 2.05 that you may spend a day here; it goes on at " \
            "00:00 UTC"
#define ALL "All users together have spent what is allowed here for today; it goes on at 00:00 UTC"

static void each_user_may_spend_so_much_and_all_together(void **state)
{
    (void)state;
    begin(205, 300);
    assert_string_equal(charge(JULIET, 200 * CENT), "");
    assert_string_equal(charge(JULIET, 6 * CENT), OWN);
    assert_string_equal(charge(JULIET, 5 * CENT), ""); /* the whole of it */
    assert_string_equal(charge(JULIET, 1), OWN);
    assert_string_equal(charge(ROMEO, 96 * CENT), ALL);
    assert_string_equal(charge(ROMEO, 95 * CENT), "");
    assert_string_equal(charge(ROMEO, 0), "");
    assert_string_equal(charge(ROMEO, 1), ALL);
}

static void a_price_beyond_all_measure_is_refused(void **state)
{
    (void)state;
    begin(205, 0);
    assert_string_equal(charge(JULIET, INT64_MAX), OWN);
    assert_string_equal(charge(JULIET, 205 * CENT), "");
}

static void what_was_not_done_costs_nothing(void **state)
{
    (void)state;
    begin(205, 300);
    assert_string_equal(charge(JULIET, 205 * CENT), "");
    budget_refund(host(), JULIET, 100 * CENT);
    assert_string_equal(charge(JULIET, 101 * CENT), OWN);
    assert_string_equal(charge(ROMEO, 195 * CENT), "");
    budget_refund(host(), ROMEO, 1000 * CENT); /* never below nothing */
    assert_string_equal(charge(ROMEO, 205 * CENT), "");
}

static void no_limit_is_no_limit(void **state)
{
    (void)state;
    begin(0, 0);
    assert_string_equal(charge(JULIET, 1000000 * CENT), "");
    assert_string_equal(charge(JULIET, 1000000 * CENT), "");
}

static void the_next_day_is_a_new_one(void **state)
{
    (void)state;
    begin(205, 205);
    assert_string_equal(charge(JULIET, 205 * CENT), "");
    clock_freeze(clock_monotonic(), clock_wall() / (int64_t)DAY_MS * (int64_t)DAY_MS +
                                        (int64_t)DAY_MS - 1);
    assert_string_equal(charge(JULIET, 1), OWN);
    fake_store_commit();
    assert_int_equal(fake_store_rows(), 2);
    clock_freeze(clock_monotonic(), clock_wall() + 1);
    assert_string_equal(charge(JULIET, 204 * CENT), "");
    fake_store_commit();
    assert_int_equal(fake_store_rows(), 2);
}

static void a_restart_forgives_nothing(void **state)
{
    (void)state;
    begin(205, 300);
    assert_string_equal(charge(JULIET, 200 * CENT), "");
    fake_store_commit();
    assert_int_equal(store_expense_get(lab.core->store, LAB_DOMAIN, JULIET,
                                       clock_wall() / (int64_t)DAY_MS), 200 * CENT);
    budget_free(host()->budget); /* as if it had just been started */
    host()->budget = budget_new(host());
    assert_string_equal(charge(JULIET, 6 * CENT), OWN);
    assert_string_equal(charge(ROMEO, 101 * CENT), ALL);
    assert_string_equal(charge(JULIET, 5 * CENT), "");
}

static void only_where_it_costs_something_there_is_a_budget(void **state)
{
    (void)state;
    assert_null(host()->budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_DOWN(each_user_may_spend_so_much_and_all_together),
        TEST_DOWN(a_price_beyond_all_measure_is_refused),
        TEST_DOWN(what_was_not_done_costs_nothing),
        TEST_DOWN(no_limit_is_no_limit),
        TEST_DOWN(the_next_day_is_a_new_one),
        TEST_DOWN(a_restart_forgives_nothing),
        TEST(only_where_it_costs_something_there_is_a_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
