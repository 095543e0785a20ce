/* Deliveries in the database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "store_lab.h"

#define DOMAIN "sms.example.net"
#define USER "juliet@example.net"
#define BASE \
    .domain = DOMAIN, .user = USER, .contact = "+15550100", .body = "hi", .created = 1000, \
    .next = 2000, .deadline = 3000

static void put(struct store *store, const struct store_delivery *d)
{
    store_delivery_put(store, d, on_done, &outcome);
}

/* How the last of so many ended. */
static const char *wait_for(int all)
{
    run_until(&outcome.all, all);
    return outcome.good == all ? "" : outcome.text;
}

static struct store *begin(void)
{
    memset(&outcome, 0, sizeof outcome);
    return open_store();
}

static void every_member_is_kept(void **state)
{
    struct store *store = begin();
    struct store_delivery d;

    (void)state;
    assert_false(store_delivery_get(store, 7, &d));
    put(store, &(struct store_delivery){ BASE, .id = 7, .client = "c", .to = "t", .stanza = "s",
                                         .mark = "m", .foreign = "f", .receipt = true,
                                         .state = 2, .attempts = 3, .reason = "r" });
    assert_string_equal(wait_for(1), "");
    assert_true(store_delivery_get(store, 7, &d));
    assert_string_equal(d.domain, DOMAIN);
    assert_string_equal(d.user, USER);
    assert_string_equal(d.contact, "+15550100");
    assert_int_equal(d.direction, 0);
    assert_string_equal(d.client, "c");
    assert_string_equal(d.to, "t");
    assert_string_equal(d.stanza, "s");
    assert_string_equal(d.mark, "m");
    assert_string_equal(d.foreign, "f");
    assert_string_equal(d.body, "hi");
    assert_true(d.receipt);
    assert_int_equal(d.state, 2);
    assert_int_equal(d.attempts, 3);
    assert_int_equal(d.created, 1000);
    assert_int_equal(d.next, 2000);
    assert_int_equal(d.deadline, 3000);
    assert_string_equal(d.reason, "r");
    close_store(store);
}

static void a_mark_is_taken_once_for_a_conversation(void **state)
{
    struct store *store = begin();

    (void)state;
    put(store, &(struct store_delivery){ BASE, .id = 1, .mark = "m" });
    assert_string_equal(wait_for(1), "");
    put(store, &(struct store_delivery){ BASE, .id = 2, .mark = "m" });
    assert_string_equal(wait_for(2), "this message is there already");
    assert_int_equal(outcome.conflict, 1);
    put(store, &(struct store_delivery){ BASE, .id = 3 });
    put(store, &(struct store_delivery){ BASE, .id = 4 }); /* none is no mark */
    struct store_delivery other = { BASE, .id = 5, .mark = "m" };
    other.contact = "+15550101";
    put(store, &other);
    run_until(&outcome.all, 5);
    assert_int_equal(outcome.good, 4);
    assert_int_equal(store_delivery_by_mark(store, DOMAIN, USER, "+15550100", "m"), 1);
    assert_int_equal(store_delivery_by_mark(store, DOMAIN, USER, "+15550101", "m"), 5);
    assert_int_equal(store_delivery_by_mark(store, DOMAIN, USER, "+15550102", "m"), 0);
    close_store(store);
}

static void what_the_network_gives_is_taken_once_even_when_the_row_is_gone(void **state)
{
    struct store *store = begin();
    struct store_delivery d;

    (void)state;
    assert_false(store_delivery_seen(store, DOMAIN, "f"));
    put(store, &(struct store_delivery){ BASE, .id = 1, .direction = 1, .foreign = "f" });
    assert_string_equal(wait_for(1), "");
    assert_true(store_delivery_seen(store, DOMAIN, "f"));
    store_delivery_remove(store, 1, on_done, &outcome);
    assert_string_equal(wait_for(2), "");
    put(store, &(struct store_delivery){ BASE, .id = 2, .direction = 1, .foreign = "f" });
    assert_string_equal(wait_for(3), "this message has been here before");
    assert_false(store_delivery_get(store, 2, &d)); /* all of it or nothing */
    /* Ours to the network have names that it chose: two may have one. */
    put(store, &(struct store_delivery){ BASE, .id = 3, .foreign = "g" });
    put(store, &(struct store_delivery){ BASE, .id = 4, .foreign = "g" });
    run_until(&outcome.all, 5);
    assert_int_equal(outcome.good, 4);
    assert_int_equal(store_delivery_by_foreign(store, DOMAIN, "g"), 4);
    assert_int_equal(store_delivery_by_foreign(store, DOMAIN, "f"), 0);
    close_store(store);
}

static void a_change_keeps_what_it_does_not_name(void **state)
{
    struct store *store = begin();
    struct store_delivery d;

    (void)state;
    put(store, &(struct store_delivery){ BASE, .id = 1, .foreign = "f", .reason = "r" });
    store_delivery_change(store, &(struct store_delivery_change){
                                     .id = 1, .state = 2, .attempts = 1, .next = 5,
                                     .deadline = 6 }, on_done, &outcome);
    assert_string_equal(wait_for(2), "");
    assert_true(store_delivery_get(store, 1, &d));
    assert_int_equal(d.state, 2);
    assert_int_equal(d.attempts, 1);
    assert_int_equal(d.next, 5);
    assert_int_equal(d.deadline, 6);
    assert_string_equal(d.foreign, "f");
    assert_string_equal(d.reason, "r");
    assert_string_equal(d.body, "hi");

    const struct store_delivery notice = { BASE, .id = 2, .direction = 1, .stanza = "n" };
    store_delivery_change(store, &(struct store_delivery_change){
                                     .id = 1, .state = 3, .foreign = "g", .reason = "s",
                                     .forget = true, .notice = &notice }, on_done, &outcome);
    assert_string_equal(wait_for(3), "");
    assert_true(store_delivery_get(store, 1, &d));
    assert_string_equal(d.foreign, "g");
    assert_string_equal(d.reason, "s");
    assert_null(d.body);
    assert_int_equal(store_delivery_by_stanza(store, DOMAIN, USER, "n"), 2);
    assert_int_equal(store_delivery_by_stanza(store, DOMAIN, "romeo@example.net", "n"), 0);

    /* Nobody's fate, but a notice. */
    const struct store_delivery last = { BASE, .id = 3, .direction = 1, .stanza = "l" };
    store_delivery_change(store, &(struct store_delivery_change){ .id = 99, .notice = &last },
                          on_done, &outcome);
    assert_string_equal(wait_for(4), "");
    assert_true(store_delivery_get(store, 3, &d));
    close_store(store);
}

/* A number that was given to the network must never mean another message. */
static void ids_are_not_used_twice_whatever_is_removed(void **state)
{
    struct store *store = begin();

    (void)state;
    assert_int_equal(store_delivery_last(store), 0);
    put(store, &(struct store_delivery){ BASE, .id = 41 });
    put(store, &(struct store_delivery){ BASE, .id = 42 });
    store_delivery_remove(store, 42, on_done, &outcome);
    assert_string_equal(wait_for(3), "");
    assert_int_equal(store_delivery_last(store), 42);
    close_store(store);
    store = open_store();
    assert_int_equal(store_delivery_last(store), 42);
    close_store(store);
}

struct list {
    int64_t ids[8];
    size_t count, most;
};

static bool add_id(void *arg, const struct store_delivery *d)
{
    struct list *list = arg;

    assert_null(d->body);
    list->ids[list->count++] = d->id;
    return list->count < list->most;
}

static void walks_see_one_state_of_one_transport_in_order(void **state)
{
    struct store *store = begin();
    struct list list = { .most = 8 };

    (void)state;
    for (int64_t id = 1; id <= 6; id++)
        put(store, &(struct store_delivery){ BASE, .id = id, .state = id == 3 ? 2 : 0 });
    struct store_delivery other = { BASE, .id = 7 };
    other.domain = "email.example.net";
    put(store, &other);
    assert_string_equal(wait_for(7), "");
    store_delivery_each(store, DOMAIN, 0, 1, add_id, &list);
    assert_int_equal(list.count, 4);
    assert_int_equal(list.ids[0], 2);
    assert_int_equal(list.ids[1], 4);
    assert_int_equal(list.ids[3], 6);
    list = (struct list){ .most = 2 };
    store_delivery_each(store, DOMAIN, 0, 0, add_id, &list);
    assert_int_equal(list.count, 2);
    close_store(store);
}

static void what_was_sent_and_is_late_comes_by_its_deadline(void **state)
{
    struct store *store = begin();
    struct list list = { .most = 8 };

    (void)state;
    for (int64_t id = 1; id <= 4; id++) {
        struct store_delivery d = { BASE, .id = id, .state = id == 4 ? 0 : 2 };
        d.deadline = 100 - id;
        put(store, &d);
    }
    assert_string_equal(wait_for(4), "");
    store_delivery_late(store, DOMAIN, 99, add_id, &list);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.ids[0], 3);
    assert_int_equal(list.ids[1], 2);
    close_store(store);
}

static void what_is_over_is_dropped_when_its_time_has_come(void **state)
{
    struct store *store = begin();
    struct store_delivery d;

    (void)state;
    put(store, &(struct store_delivery){ BASE, .id = 1, .state = 3 });
    put(store, &(struct store_delivery){ BASE, .id = 2, .state = 2 });
    put(store, &(struct store_delivery){ BASE, .id = 3, .direction = 1, .foreign = "f",
                                         .state = 5 });
    store_delivery_prune(store, 3000, 1000, on_done, &outcome);
    assert_string_equal(wait_for(4), "");
    assert_true(store_delivery_get(store, 1, &d)); /* its deadline is now */
    store_delivery_prune(store, 3001, 1000, on_done, &outcome);
    assert_string_equal(wait_for(5), "");
    assert_false(store_delivery_get(store, 1, &d));
    assert_true(store_delivery_get(store, 2, &d)); /* not over */
    assert_false(store_delivery_get(store, 3, &d));
    assert_true(store_delivery_seen(store, DOMAIN, "f"));
    store_delivery_prune(store, 0, 1001, on_done, &outcome);
    assert_string_equal(wait_for(6), "");
    assert_false(store_delivery_seen(store, DOMAIN, "f"));
    close_store(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_member_is_kept),
        TEST(a_mark_is_taken_once_for_a_conversation),
        TEST(what_the_network_gives_is_taken_once_even_when_the_row_is_gone),
        TEST(a_change_keeps_what_it_does_not_name),
        TEST(ids_are_not_used_twice_whatever_is_removed),
        TEST(walks_see_one_state_of_one_transport_in_order),
        TEST(what_was_sent_and_is_late_comes_by_its_deadline),
        TEST(what_is_over_is_dropped_when_its_time_has_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
