#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <bridge/clock.h>
#include <bridge/error.h>
#include <bridge/utf8.h>

static void failing_sets_code_and_text_and_returns_minus_one(void **state)
{
    struct bridge_error err;

    (void)state;
    assert_int_equal(bridge_fail(&err, BRIDGE_NOT_FOUND, "no %s at %d", "room", 7), -1);
    assert_int_equal(err.code, BRIDGE_NOT_FOUND);
    assert_string_equal(err.text, "no room at 7");
}

static void an_error_may_be_built_from_itself(void **state)
{
    struct bridge_error err;

    (void)state;
    bridge_fail(&err, BRIDGE_RETRY, "disk full");
    bridge_fail(&err, BRIDGE_BUSY, "cannot save: %s", err.text);
    assert_string_equal(err.text, "cannot save: disk full");
    assert_int_equal(err.code, BRIDGE_BUSY);
}

static void control_characters_become_spaces(void **state)
{
    struct bridge_error err;

    (void)state;
    bridge_fail(&err, BRIDGE_REJECTED, "550%s", " no\r\nsuch\tuser\x7f\x1b[0m \xc3\xa9");
    assert_string_equal(err.text, "550 no  such user  [0m \xc3\xa9");
}

static void long_texts_are_cut_between_characters(void **state)
{
    static const char *const characters[] = { "a", "\xc3\xa9", "\xe2\x82\xac",
                                              "\xf0\x9f\x98\x80" };

    (void)state;
    for (size_t c = 0; c < 4; c++) {
        for (int pad = 0; pad < 8; pad++) {
            char text[4 * BRIDGE_ERROR_MAX] = "";
            struct bridge_error err;
            size_t width = strlen(characters[c]);
            size_t len = 0;
            memset(text, '-', (size_t)pad);
            for (len = (size_t)pad; len < 2 * BRIDGE_ERROR_MAX; len += width)
                memcpy(text + len, characters[c], width);
            bridge_fail(&err, BRIDGE_INVALID, "%s", text);
            assert_true(utf8_valid(err.text, strlen(err.text)));
            assert_in_range(strlen(err.text), BRIDGE_ERROR_MAX - 5, BRIDGE_ERROR_MAX - 1);
            assert_memory_equal(err.text, text, strlen(err.text));
        }
    }
}

static void a_text_that_just_fits_is_not_cut(void **state)
{
    char text[BRIDGE_ERROR_MAX + 1];
    struct bridge_error err;

    (void)state;
    memset(text, 'a', sizeof text);
    text[BRIDGE_ERROR_MAX - 1] = 0;
    bridge_fail(&err, BRIDGE_INVALID, "%s", text);
    assert_string_equal(err.text, text);
    memcpy(text + BRIDGE_ERROR_MAX - 3, "\xc3\xa9", 2); /* ends with a whole character */
    bridge_fail(&err, BRIDGE_INVALID, "%s", text);
    assert_string_equal(err.text, text);
}

static void clocks_stand_still_when_frozen_and_go_on_when_released(void **state)
{
    (void)state;
    clock_freeze(5, -7);
    assert_int_equal(clock_monotonic(), 5);
    assert_int_equal(clock_wall(), -7);
    clock_freeze(6, 8);
    assert_int_equal(clock_monotonic(), 6);
    assert_int_equal(clock_wall(), 8);
    clock_release();
    uint64_t before = clock_monotonic();
    assert_true(before > 6);
    assert_true(clock_monotonic() >= before);
    assert_true(clock_wall() > INT64_C(1600000000000)); /* milliseconds, after 2020 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_sets_code_and_text_and_returns_minus_one),
        cmocka_unit_test(an_error_may_be_built_from_itself),
        cmocka_unit_test(control_characters_become_spaces),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(a_text_that_just_fits_is_not_cut),
        cmocka_unit_test(clocks_stand_still_when_frozen_and_go_on_when_released),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
