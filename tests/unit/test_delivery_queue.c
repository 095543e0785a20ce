/* Whose turn it is: order within a conversation, turns between them, times. */
#include "delivery_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000000)
#define NEVER INT64_MAX

static struct delivery_queue q;

static int teardown(void **state)
{
    (void)state;
    delivery_queue_release(&q);
    return 0;
}

static struct delivery_item *add(enum delivery_direction direction, int64_t id, const char *user,
                                 const char *contact, int64_t next)
{
    struct delivery_life life = { direction, DELIVERY_WAITING, 0, next, NEVER };

    return delivery_queue_add(&q, id, &life, user, contact);
}

/* Take the next one into hand; 0 if there is none. */
static int64_t take(int64_t now)
{
    struct delivery_item *item = delivery_queue_next(&q, now);

    if (!item)
        return 0;
    item->life.state = DELIVERY_IN_HAND;
    delivery_queue_changed(&q, item);
    return item->id;
}

static void done(int64_t id)
{
    delivery_queue_remove(&q, delivery_queue_find(&q, id));
}

static void retry(int64_t id, int64_t next)
{
    struct delivery_item *item = delivery_queue_find(&q, id);

    item->life.state = DELIVERY_WAITING;
    item->life.next = next;
    delivery_queue_changed(&q, item);
}

/* --- lanes ------------------------------------------------------------------------ */

static void what_a_user_has_is_counted(void **state)
{
    (void)state;
    add(DELIVERY_OUT, 1, "juliet", "nurse", 0);
    add(DELIVERY_OUT, 2, "juliet", "tybalt", 0);
    add(DELIVERY_OUT, 3, "romeo", "nurse", 0);
    assert_int_equal(delivery_queue_user(&q, "juliet"), 2);
    assert_int_equal(take(NOW), 1);
    assert_int_equal(delivery_queue_user(&q, "juliet"), 2);
    done(1);
    assert_int_equal(delivery_queue_user(&q, "juliet"), 1);
    assert_int_equal(take(NOW), 2);
    done(2);
    assert_int_equal(take(NOW), 3); /* and lanes that are empty go */
    assert_int_equal(delivery_queue_user(&q, "juliet"), 0);
    assert_int_equal(delivery_queue_user(&q, "romeo"), 1);
    assert_int_equal(q.users.count, 1);
}

static void to_a_network_one_waits_for_the_other(void **state)
{
    (void)state;
    add(DELIVERY_OUT, 1, "juliet", "a", 0);
    add(DELIVERY_OUT, 2, "juliet", "a", 0);
    assert_int_equal(take(NOW), 1);
    assert_int_equal(take(NOW), 0);
    done(1);
    assert_int_equal(take(NOW), 2);
    done(2);
    assert_int_equal(delivery_queue_count(&q), 0);
    assert_int_equal(q.lanes.count, 0);
}

static void conversations_take_turns(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 3; i++) {
        add(DELIVERY_OUT, 10 * i + 1, "juliet", "a", 0);
        add(DELIVERY_OUT, 10 * i + 2, "juliet", "b", 0);
        add(DELIVERY_OUT, 10 * i + 3, "romeo", "a", 0);
    }
    for (int64_t i = 0; i < 3; i++) {
        assert_int_equal(take(NOW), 10 * i + 1);
        assert_int_equal(take(NOW), 10 * i + 2);
        assert_int_equal(take(NOW), 10 * i + 3);
        assert_int_equal(take(NOW), 0);
        for (int64_t k = 1; k <= 3; k++)
            done(10 * i + k);
    }
}

static void the_two_directions_are_not_one_conversation(void **state)
{
    (void)state;
    add(DELIVERY_OUT, 1, "juliet", "a", 0);
    add(DELIVERY_IN, 2, "juliet", "a", 0);
    assert_int_equal(take(NOW), 1);
    assert_int_equal(take(NOW), 2);
    assert_int_equal(delivery_queue_lane(&q, DELIVERY_OUT, "juliet", "a"), 1);
    assert_int_equal(delivery_queue_lane(&q, DELIVERY_IN, "juliet", "a"), 1);
    assert_int_equal(delivery_queue_lane(&q, DELIVERY_IN, "juliet", "b"), 0);
}

/* Keys that would be one if they were only put together. */
static void names_do_not_run_into_each_other(void **state)
{
    (void)state;
    add(DELIVERY_OUT, 1, "ab", "c", 0);
    add(DELIVERY_OUT, 2, "a", "bc", 0);
    assert_int_equal(take(NOW), 1);
    assert_int_equal(take(NOW), 2);
}

static void to_a_user_many_are_on_the_way_at_once(void **state)
{
    (void)state;
    for (int64_t i = 1; i <= DELIVERY_AHEAD + 2; i++)
        add(DELIVERY_IN, i, "juliet", "a", 0);
    for (int64_t i = 1; i <= DELIVERY_AHEAD; i++)
        assert_int_equal(take(NOW), i);
    assert_int_equal(take(NOW), 0);
    done(1);
    assert_int_equal(take(NOW), DELIVERY_AHEAD + 1);
    assert_int_equal(take(NOW), 0);
}

static void what_came_back_goes_before_what_is_behind_it(void **state)
{
    (void)state;
    for (int64_t i = 1; i <= 4; i++)
        add(DELIVERY_IN, i, "juliet", "a", 0);
    assert_int_equal(take(NOW), 1);
    assert_int_equal(take(NOW), 2);
    assert_int_equal(take(NOW), 3);
    retry(2, NOW + 5000);
    assert_int_equal(take(NOW), 0); /* 4 waits behind 2 */
    done(1);
    assert_int_equal(take(NOW + 4999), 0);
    assert_int_equal(take(NOW + 5000), 2);
    assert_int_equal(take(NOW + 5000), 4);
}

/* The user's server found out late that it could not pass it on. */
static void what_comes_back_after_it_was_gone_takes_its_old_place(void **state)
{
    (void)state;
    add(DELIVERY_IN, 3, "juliet", "a", NOW + 9);
    add(DELIVERY_IN, 5, "juliet", "a", 0);
    add(DELIVERY_IN, 1, "juliet", "a", 0);
    add(DELIVERY_IN, 4, "juliet", "a", 0);
    assert_int_equal(take(NOW), 1);
    assert_int_equal(take(NOW), 0);
    assert_int_equal(take(NOW + 9), 3);
    assert_int_equal(take(NOW + 9), 4);
    assert_int_equal(take(NOW + 9), 5);
    done(5);
    add(DELIVERY_IN, 6, "juliet", "a", 0);
    assert_int_equal(take(NOW + 9), 6);
}

/* --- times ------------------------------------------------------------------------ */

static void what_is_not_due_holds_back_its_conversation_only(void **state)
{
    (void)state;
    add(DELIVERY_OUT, 1, "juliet", "a", 0);
    add(DELIVERY_OUT, 2, "juliet", "a", 0);
    add(DELIVERY_OUT, 3, "romeo", "a", 0);
    assert_int_equal(take(NOW), 1);
    retry(1, NOW + 5000);
    assert_int_equal(take(NOW), 3);
    assert_int_equal(take(NOW), 0);
    assert_int_equal(delivery_queue_wake(&q), NOW + 5000);
    assert_int_equal(take(NOW + 5000), 1);
    done(1);
    assert_int_equal(delivery_queue_wake(&q), 0);
    assert_int_equal(take(NOW + 5000), 2);
    assert_int_equal(delivery_queue_wake(&q), NEVER);
}

static void a_deadline_comes_before_a_later_attempt(void **state)
{
    (void)state;
    struct delivery_item *item = add(DELIVERY_OUT, 1, "juliet", "a", NOW + 9000);
    item->life.deadline = NOW + 100;
    delivery_queue_changed(&q, item);
    assert_int_equal(delivery_queue_wake(&q), NOW + 100);
    assert_null(delivery_queue_next(&q, NOW + 99));
    assert_ptr_equal(delivery_queue_next(&q, NOW + 100), item);
}

/* Against the plainest way to know it. */
static void the_earliest_of_many_is_the_next(void **state)
{
    enum { LANES = 200 };
    int64_t due[LANES];
    unsigned seed = 1;

    (void)state;
    for (int64_t i = 0; i < LANES; i++) {
        char contact[8];
        snprintf(contact, sizeof contact, "c%d", (int)i);
        due[i] = NOW + rand_r(&seed) % 1000;
        add(DELIVERY_OUT, i + 1, "juliet", contact, due[i]);
    }
    for (int step = 0; step < 2000; step++) {
        int64_t i = rand_r(&seed) % LANES;
        due[i] = NOW + rand_r(&seed) % 1000;
        retry(i + 1, due[i]);
        int64_t earliest = NEVER;
        for (int k = 0; k < LANES; k++)
            earliest = due[k] < earliest ? due[k] : earliest;
        assert_int_equal(delivery_queue_wake(&q), earliest);
    }
    int64_t last = 0;
    for (int i = 0; i < LANES; i++) {
        int64_t wake = delivery_queue_wake(&q);
        int64_t id = take(wake ? wake : last);
        assert_true(id > 0 && due[id - 1] >= last);
        last = due[id - 1];
        done(id);
    }
    assert_int_equal(q.lanes.count, 0);
}

static void what_is_removed_while_it_waits_is_gone(void **state)
{
    (void)state;
    add(DELIVERY_OUT, 1, "juliet", "a", 0);
    add(DELIVERY_OUT, 2, "juliet", "a", 0);
    add(DELIVERY_OUT, 3, "juliet", "b", NOW + 1);
    done(1);
    done(3);
    assert_null(delivery_queue_find(&q, 1));
    assert_int_equal(take(NOW), 2);
    done(2);
    add(DELIVERY_OUT, 4, "juliet", "a", 0);
    done(4); /* while its lane is in the list of the ready ones */
    assert_int_equal(take(NOW), 0);
    assert_int_equal(q.lanes.count, 0);
    assert_int_equal(delivery_queue_wake(&q), NEVER);
}

#define TEST(function) cmocka_unit_test_teardown(function, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_user_has_is_counted),
        TEST(to_a_network_one_waits_for_the_other),
        TEST(conversations_take_turns),
        TEST(the_two_directions_are_not_one_conversation),
        TEST(names_do_not_run_into_each_other),
        TEST(to_a_user_many_are_on_the_way_at_once),
        TEST(what_comes_back_after_it_was_gone_takes_its_old_place),
        TEST(what_came_back_goes_before_what_is_behind_it),
        TEST(what_is_not_due_holds_back_its_conversation_only),
        TEST(a_deadline_comes_before_a_later_attempt),
        TEST(the_earliest_of_many_is_the_next),
        TEST(what_is_removed_while_it_waits_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
