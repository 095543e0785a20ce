/* The life of a message: every event in every state, both ways. */
#include "delivery_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <bridge/strbuf.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NOW INT64_C(1700000000000)
#define DEADLINE (NOW + 1000)
#define GRACE (NOW + 600000)

/* What is not in this table changes nothing. */
static const struct row {
    enum delivery_direction direction;
    enum delivery_state from;
    enum delivery_event_kind event;
    enum delivery_state to;
    const char *actions;
} rows[] = {
    /* To a network: the next one waits until this one has been taken. */
    { DELIVERY_OUT, DELIVERY_WAITING, DELIVERY_EV_DUE, DELIVERY_IN_HAND, "hand" },
    { DELIVERY_OUT, DELIVERY_IN_HAND, DELIVERY_EV_TAKEN, DELIVERY_SENT, "save forget" },
    { DELIVERY_OUT, DELIVERY_SENT, DELIVERY_EV_ARRIVED, DELIVERY_DELIVERED, "save receipt" },
    { DELIVERY_OUT, DELIVERY_SENT, DELIVERY_EV_REFUSED, DELIVERY_FAILED, "save error" },
    { DELIVERY_OUT, DELIVERY_SENT, DELIVERY_EV_LATE, DELIVERY_ENDED, "save" },
    /* The report of arrival overtakes that of acceptance. */
    { DELIVERY_OUT, DELIVERY_IN_HAND, DELIVERY_EV_ARRIVED, DELIVERY_DELIVERED,
      "save forget receipt" },
    { DELIVERY_OUT, DELIVERY_IN_HAND, DELIVERY_EV_REFUSED, DELIVERY_FAILED,
      "save forget error" },
    { DELIVERY_OUT, DELIVERY_IN_HAND, DELIVERY_EV_LATER, DELIVERY_WAITING, "save" },
    { DELIVERY_OUT, DELIVERY_IN_HAND, DELIVERY_EV_LOST, DELIVERY_WAITING, "" },
    /* It was in hand when we were killed, and the network had it. */
    { DELIVERY_OUT, DELIVERY_WAITING, DELIVERY_EV_TAKEN, DELIVERY_SENT, "save forget" },
    { DELIVERY_OUT, DELIVERY_WAITING, DELIVERY_EV_ARRIVED, DELIVERY_DELIVERED,
      "save forget receipt" },
    { DELIVERY_OUT, DELIVERY_WAITING, DELIVERY_EV_REFUSED, DELIVERY_FAILED,
      "save forget error" },
    { DELIVERY_OUT, DELIVERY_WAITING, DELIVERY_EV_LATE, DELIVERY_FAILED,
      "save forget error" },

    /* To a user: the stream keeps the order, so the next one follows at once. */
    { DELIVERY_IN, DELIVERY_WAITING, DELIVERY_EV_DUE, DELIVERY_IN_HAND, "hand" },
    { DELIVERY_IN, DELIVERY_WAITING, DELIVERY_EV_ARRIVED, DELIVERY_DELIVERED,
      "save forget" },
    { DELIVERY_IN, DELIVERY_WAITING, DELIVERY_EV_LATE, DELIVERY_FAILED, "save bury" },
    { DELIVERY_IN, DELIVERY_IN_HAND, DELIVERY_EV_TAKEN, DELIVERY_SENT, "save" },
    { DELIVERY_IN, DELIVERY_IN_HAND, DELIVERY_EV_ARRIVED, DELIVERY_DELIVERED, "save forget" },
    { DELIVERY_IN, DELIVERY_IN_HAND, DELIVERY_EV_REFUSED, DELIVERY_FAILED, "save bury" },
    { DELIVERY_IN, DELIVERY_IN_HAND, DELIVERY_EV_LATER, DELIVERY_WAITING, "save" },
    { DELIVERY_IN, DELIVERY_IN_HAND, DELIVERY_EV_LOST, DELIVERY_WAITING, "" },
    /* The user's server says that it cannot pass it on, after ours had it. */
    { DELIVERY_IN, DELIVERY_SENT, DELIVERY_EV_LATER, DELIVERY_WAITING, "save" },
    { DELIVERY_IN, DELIVERY_SENT, DELIVERY_EV_REFUSED, DELIVERY_FAILED, "save bury" },
    { DELIVERY_IN, DELIVERY_SENT, DELIVERY_EV_ARRIVED, DELIVERY_DELIVERED, "save forget" },
    { DELIVERY_IN, DELIVERY_SENT, DELIVERY_EV_LATE, DELIVERY_ENDED, "save forget" },
};

static const char *words(unsigned actions, struct strbuf *out)
{
    static const struct {
        unsigned bit;
        const char *word;
    } all[] = {
        { DELIVERY_DO_SAVE, "save" },       { DELIVERY_DO_FORGET, "forget" },
        { DELIVERY_DO_RECEIPT, "receipt" }, { DELIVERY_DO_ERROR, "error" },
        { DELIVERY_DO_BURY, "bury" },       { DELIVERY_DO_HAND, "hand" },
    };

    strbuf_reset(out);
    for (size_t i = 0; i < COUNT(all); i++) {
        if (actions & all[i].bit)
            strbuf_addf(out, "%s%s", out->len ? " " : "", all[i].word);
    }
    return strbuf_text(out);
}

static const struct row *row_of(enum delivery_direction direction, enum delivery_state from,
                                enum delivery_event_kind event)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].direction == direction && rows[i].from == from && rows[i].event == event)
            return &rows[i];
    }
    return NULL;
}

static void check(enum delivery_direction direction, enum delivery_state from,
                  enum delivery_event_kind kind)
{
    const struct row *row = row_of(direction, from, kind);
    struct delivery_life life = { direction, from, 1, NOW, DEADLINE };
    struct delivery_event event = { kind, NOW, 0, GRACE };
    struct strbuf did = STRBUF_INIT(256);

    unsigned actions = delivery_step(&life, &event);
    enum delivery_state to = row ? row->to : from;
    const char *expected = row ? row->actions : "";
    if (life.state != to || strcmp(words(actions, &did), expected) != 0)
        fail_msg("%s, %s, event %d: now %s, did '%s'; expected %s, '%s'",
                 direction == DELIVERY_OUT ? "out" : "in", delivery_word(from), (int)kind,
                 delivery_word(life.state), strbuf_text(&did), delivery_word(to), expected);
    assert_int_equal(life.deadline, row && kind == DELIVERY_EV_TAKEN ? GRACE : DEADLINE);
    assert_int_equal(life.attempts, row && kind == DELIVERY_EV_LATER ? 2 : 1);
    strbuf_release(&did);
}

static void every_event_in_every_state(void **state)
{
    (void)state;
    for (int direction = 0; direction < 2; direction++)
        for (int from = 0; from < DELIVERY_STATE_COUNT; from++)
            for (int event = 0; event < DELIVERY_EV_COUNT; event++)
                check((enum delivery_direction)direction, (enum delivery_state)from,
                      (enum delivery_event_kind)event);
}

/* Whatever comes in whatever order: the sender hears of it at most once. */
static void it_ends_once(void **state)
{
    (void)state;
    for (unsigned long seed = 0; seed < 7 * 7 * 7 * 7 * 7 * 7; seed++) {
        struct delivery_life life = { DELIVERY_OUT, DELIVERY_WAITING, 0, NOW, DEADLINE };
        unsigned long left = seed;
        int told = 0;
        for (int i = 0; i < 6; i++, left /= 7) {
            struct delivery_event event = { (enum delivery_event_kind)(left % 7), NOW, 0, GRACE };
            bool over = delivery_is_over(&life);
            unsigned actions = delivery_step(&life, &event);
            told += !!(actions & (DELIVERY_DO_RECEIPT | DELIVERY_DO_ERROR));
            assert_false(over && actions);
        }
        assert_true(told <= 1);
        assert_int_equal(told, life.state == DELIVERY_DELIVERED || life.state == DELIVERY_FAILED);
    }
}

static int64_t retried(unsigned attempts, uint64_t after)
{
    struct delivery_life life = { DELIVERY_OUT, DELIVERY_IN_HAND, attempts, NOW, DEADLINE };
    struct delivery_event event = { DELIVERY_EV_LATER, NOW, after, 0 };

    delivery_step(&life, &event);
    return life.next - NOW;
}

static void waits_longer_each_time_up_to_a_quarter_of_an_hour(void **state)
{
    static const int64_t most[] = { 5000, 10000, 20000, 40000, 80000, 160000, 320000, 640000,
                                    900000, 900000 };

    (void)state;
    for (unsigned i = 0; i < COUNT(most); i++)
        assert_in_range(retried(i, 0), most[i] * 3 / 4, most[i]);
    assert_in_range(retried(4000000000u, 0), 675000, 900000);
}

static void waits_as_long_as_the_network_asks_if_that_is_longer(void **state)
{
    (void)state;
    assert_int_equal(retried(0, 60000), 60000);
    assert_in_range(retried(9, 60000), 675000, 900000);
    assert_in_range(retried(0, UINT64_MAX), 3750, 5000); /* nobody means that */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_in_every_state),
        cmocka_unit_test(it_ends_once),
        cmocka_unit_test(waits_longer_each_time_up_to_a_quarter_of_an_hour),
        cmocka_unit_test(waits_as_long_as_the_network_asks_if_that_is_longer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
