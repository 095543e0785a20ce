/* Subscriptions of one contact: every event in every state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store.h"
#include "subscription.h"

enum {
    TO = STORE_SUB_TO,
    FROM = STORE_SUB_FROM,
    BOTH = STORE_SUB_BOTH,
    ASKED = STORE_SUB_ASKED,
    DECLINED = STORE_SUB_DECLINED,
    ADD = SAY_SUBSCRIBED | SAY_PRESENCE,
    ADD_AND_ASK = ADD | SAY_SUBSCRIBE,
    REMOVE = SAY_UNSUBSCRIBED | SAY_UNAVAILABLE,
    REMOVE_AND_LEAVE = REMOVE | SAY_UNSUBSCRIBE,
};

static const struct {
    unsigned now;
    enum subscription_event event;
    unsigned next;
    unsigned then;
} cases[] = {
    { 0, SUBSCRIPTION_WANTED, TO | ASKED, ADD_AND_ASK },
    { TO, SUBSCRIPTION_WANTED, TO, ADD }, /* refused, or of before we asked back */
    { TO | ASKED, SUBSCRIPTION_WANTED, TO | ASKED, ADD },
    { ASKED, SUBSCRIPTION_WANTED, TO | ASKED, ADD },
    { FROM, SUBSCRIPTION_WANTED, BOTH, ADD },
    { BOTH, SUBSCRIPTION_WANTED, BOTH, ADD },
    { DECLINED, SUBSCRIPTION_WANTED, TO | ASKED, ADD_AND_ASK },

    { 0, SUBSCRIPTION_UNWANTED, 0, REMOVE },
    { TO, SUBSCRIPTION_UNWANTED, DECLINED, REMOVE },
    { TO | ASKED, SUBSCRIPTION_UNWANTED, DECLINED, REMOVE_AND_LEAVE },
    { ASKED, SUBSCRIPTION_UNWANTED, DECLINED, REMOVE_AND_LEAVE },
    { FROM, SUBSCRIPTION_UNWANTED, DECLINED, REMOVE_AND_LEAVE },
    { BOTH, SUBSCRIPTION_UNWANTED, DECLINED, REMOVE_AND_LEAVE },
    { DECLINED, SUBSCRIPTION_UNWANTED, DECLINED, REMOVE },

    { 0, SUBSCRIPTION_GRANTED, 0, 0 },
    { TO, SUBSCRIPTION_GRANTED, BOTH, 0 },
    { TO | ASKED, SUBSCRIPTION_GRANTED, BOTH, 0 },
    { ASKED, SUBSCRIPTION_GRANTED, FROM, 0 },
    { FROM, SUBSCRIPTION_GRANTED, FROM, 0 },
    { BOTH, SUBSCRIPTION_GRANTED, BOTH, 0 },
    { DECLINED, SUBSCRIPTION_GRANTED, FROM, 0 },

    { 0, SUBSCRIPTION_DENIED, 0, 0 },
    { TO, SUBSCRIPTION_DENIED, TO, 0 },
    { TO | ASKED, SUBSCRIPTION_DENIED, TO, 0 },
    { ASKED, SUBSCRIPTION_DENIED, DECLINED, 0 },
    { FROM, SUBSCRIPTION_DENIED, DECLINED, HEAR_NO_MORE },
    { BOTH, SUBSCRIPTION_DENIED, TO, HEAR_NO_MORE },
    { DECLINED, SUBSCRIPTION_DENIED, DECLINED, 0 },

    { TO | ASKED, SUBSCRIPTION_LOST, TO, 0 },
    { ASKED, SUBSCRIPTION_LOST, 0, 0 },
    { BOTH, SUBSCRIPTION_LOST, BOTH, 0 },

    { 0, SUBSCRIPTION_OFFERED, ASKED, SAY_SUBSCRIBE },
    { TO, SUBSCRIPTION_OFFERED, TO | ASKED, SAY_SUBSCRIBE },
    { TO | ASKED, SUBSCRIPTION_OFFERED, TO | ASKED, 0 },
    { FROM, SUBSCRIPTION_OFFERED, FROM, 0 },
    { BOTH, SUBSCRIPTION_OFFERED, BOTH, 0 },
    { DECLINED, SUBSCRIPTION_OFFERED, DECLINED, 0 },

    { 0, SUBSCRIPTION_SETTLED, BOTH, SAY_PRESENCE | SAY_PROBE },
    { TO | ASKED, SUBSCRIPTION_SETTLED, BOTH, SAY_PROBE },
    { FROM, SUBSCRIPTION_SETTLED, BOTH, SAY_PRESENCE },
    { BOTH, SUBSCRIPTION_SETTLED, BOTH, 0 },

    { BOTH, SUBSCRIPTION_NAMED, BOTH, 0 },
    { 0, SUBSCRIPTION_NAMED, 0, 0 },

    { 0, SUBSCRIPTION_RELEASED, 0, 0 },
    { DECLINED, SUBSCRIPTION_RELEASED, 0, 0 },
    { ASKED, SUBSCRIPTION_RELEASED, 0, REMOVE_AND_LEAVE },
    { TO, SUBSCRIPTION_RELEASED, 0, REMOVE_AND_LEAVE },
    { BOTH, SUBSCRIPTION_RELEASED, 0, REMOVE_AND_LEAVE },
};

static void every_event_in_every_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct subscription_step step = subscription_step(cases[i].now, cases[i].event);
        if (step.next != cases[i].next || step.then != cases[i].then)
            fail_msg("event %d in state %u: state %u, saying %u; expected %u, %u",
                     (int)cases[i].event, cases[i].now, step.next, step.then, cases[i].next,
                     cases[i].then);
    }
}

/* A server that repeats itself changes nothing more. */
static void an_event_that_comes_twice_changes_nothing_more(void **state)
{
    (void)state;
    for (unsigned now = 0; now < 16; now++) {
        for (int event = 0; event <= SUBSCRIPTION_RELEASED; event++) {
            unsigned next = subscription_step(now, event).next;
            assert_int_equal(subscription_step(next, event).next, next);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_in_every_state),
        cmocka_unit_test(an_event_that_comes_twice_changes_nothing_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
