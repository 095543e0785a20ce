#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "casemap.h"
#include "recent.h"

#define MAP casemap_rfc1459

static void an_error_finds_the_latest_message_to_that_name(void **state)
{
    struct recent r = { 0 };

    (void)state;
    assert_null(recent_fail(&r, "bob%net", MAP, 0));
    recent_add(&r, "bob%net", "m1", 1000);
    recent_add(&r, "eve%net", "m2", 1000);
    recent_add(&r, "bob%net", "m3", 1000);
    assert_null(recent_fail(&r, "other%net", MAP, 1000));
    assert_string_equal(recent_fail(&r, "BOB%net", MAP, 1000), "m3");
    assert_string_equal(recent_fail(&r, "bob%net", MAP, 1000), "m1");
    assert_null(recent_fail(&r, "bob%net", MAP, 1000));
    recent_release(&r);
}

static void a_message_of_several_lines_fails_once(void **state)
{
    struct recent r = { 0 };

    (void)state;
    recent_add(&r, "bob%net", "m1", 1000);
    for (int i = 0; i < 3; i++)
        recent_add(&r, "bob%net", "m2", 1000);
    assert_string_equal(recent_fail(&r, "bob%net", MAP, 1000), "m2");
    assert_null(recent_fail(&r, "bob%net", MAP, 1000));
    assert_null(recent_fail(&r, "bob%net", MAP, 1000));
    assert_string_equal(recent_fail(&r, "bob%net", MAP, 1000), "m1");
    recent_release(&r);
}

static void old_messages_are_not_blamed(void **state)
{
    struct recent r = { 0 };

    (void)state;
    recent_add(&r, "bob%net", "m1", 1000);
    assert_null(recent_fail(&r, "bob%net", MAP, 1000 + 60001));
    recent_release(&r);
}

static void only_some_are_remembered(void **state)
{
    static const char *const ids[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };
    struct recent r = { 0 };

    (void)state;
    for (int i = 0; i < 10; i++)
        recent_add(&r, "bob%net", ids[i], 0);
    for (int i = 9; i >= 2; i--)
        assert_string_equal(recent_fail(&r, "bob%net", MAP, 0), ids[i]);
    assert_null(recent_fail(&r, "bob%net", MAP, 0));
    recent_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_finds_the_latest_message_to_that_name),
        cmocka_unit_test(a_message_of_several_lines_fails_once),
        cmocka_unit_test(old_messages_are_not_blamed),
        cmocka_unit_test(only_some_are_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
