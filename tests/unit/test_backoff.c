#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bridge/backoff.h>

static void doubles_up_to_the_most_and_takes_off_at_most_a_quarter(void **state)
{
    static const uint64_t expected[] = { 1000, 2000, 4000, 8000, 10000, 10000 };
    struct backoff b = { .first = 1000, .most = 10000 };

    (void)state;
    for (unsigned i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_in_range(backoff_next(&b), expected[i] - expected[i] / 4, expected[i]);
        assert_int_equal(b.tries, i + 1);
    }
}

static void spreads_those_that_failed_together(void **state)
{
    uint64_t least = UINT64_MAX, most = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct backoff b = { .first = 1000000, .most = 1000000 };
        uint64_t wait = backoff_next(&b);
        least = wait < least ? wait : least;
        most = wait > most ? wait : most;
    }
    /* A thousand throws all missing a fifth of the range: never. */
    assert_in_range(least, 750000, 800000);
    assert_in_range(most, 950000, 1000000);
}

static void starts_again_after_success(void **state)
{
    struct backoff b = { .first = 100, .most = 100000 };

    (void)state;
    for (int i = 0; i < 5; i++)
        backoff_next(&b);
    backoff_reset(&b);
    assert_int_equal(b.tries, 0);
    assert_in_range(backoff_next(&b), 75, 100);
}

static void stays_in_range_at_the_edges(void **state)
{
    static const struct {
        struct backoff b;
        uint64_t least, most;
    } cases[] = {
        { { .first = 0, .most = 100 }, 0, 0 },
        { { .first = 0, .most = 100, .tries = UINT32_MAX }, 0, 0 },
        { { .first = 5, .most = 0 }, 0, 0 },
        { { .first = 500, .most = 100 }, 75, 100 },
        { { .first = 1, .most = UINT64_MAX, .tries = 70 }, UINT64_MAX / 4 * 3, UINT64_MAX },
        { { .first = 3, .most = 1000, .tries = UINT32_MAX }, 750, 1000 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct backoff b = cases[i].b;
        assert_in_range(backoff_next(&b), cases[i].least, cases[i].most);
        assert_true(b.tries >= cases[i].b.tries);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_up_to_the_most_and_takes_off_at_most_a_quarter),
        cmocka_unit_test(spreads_those_that_failed_together),
        cmocka_unit_test(starts_again_after_success),
        cmocka_unit_test(stays_in_range_at_the_edges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
