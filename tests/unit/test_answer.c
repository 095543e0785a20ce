#include "answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct answer answer;
static int wakes, releases;

static void on_wake(void *arg)
{
    (void)arg;
    wakes++;
}

static void on_release(void *state)
{
    (void)state;
    releases++;
}

static const struct answer_source source = { .release = on_release };

static int setup(void **state)
{
    (void)state;
    wakes = releases = 0;
    answer_init(&answer, on_wake, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    answer_release(&answer);
    return 0;
}

#define assert_said(text) assert_string_equal(strbuf_text(&answer.out), text)

static void tells_the_kinds_of_lines_apart(void **state)
{
    (void)state;
    answer_heading(&answer, "USER\tROOMS");
    answer_line(&answer, "%s\t%d", "juliet@example.net", 3);
    answer_line(&answer, "%s", "");
    answer_progress(&answer, "%d %%", 40);
    answer_ok(&answer);
    assert_said("# USER\tROOMS\n"
                "- juliet@example.net\t3\n"
                "- \n"
                "~ 40 %\n"
                "ok\n");
}

static void makes_one_harmless_line_of_any_text(void **state)
{
    (void)state;
    answer_line(&answer, "%s", "ok\nok\r\x1b[2J\x07\xe9\xc2\x9b!");
    answer_end(&answer, ANSWER_FAILED, "%s", "never\nok");
    assert_said("- ok ok[2J\xef\xbf\xbd!\nfailed never ok\n");
}

static void says_nothing_after_the_end(void **state)
{
    (void)state;
    answer_end(&answer, ANSWER_USAGE, "expected: log [LEVEL]");
    answer_line(&answer, "more");
    answer_progress(&answer, "more");
    answer_end(&answer, ANSWER_FAILED, "more");
    answer_ok(&answer);
    assert_true(answer.ended);
    assert_said("usage expected: log [LEVEL]\n");
}

static void an_end_releases_the_source_once(void **state)
{
    (void)state;
    answer_go_on(&answer, &source, NULL);
    assert_int_equal(releases, 0);
    answer_ok(&answer);
    assert_int_equal(releases, 1);
    answer_ok(&answer);
    answer_release(&answer);
    assert_int_equal(releases, 1);
}

static void giving_up_releases_the_source(void **state)
{
    (void)state;
    answer_go_on(&answer, &source, NULL);
    answer_release(&answer);
    assert_int_equal(releases, 1);
}

static void is_full_long_before_its_limit(void **state)
{
    int lines = 0;

    (void)state;
    for (; !answer_full(&answer); lines++)
        answer_line(&answer, "%0100d", 0);
    if (answer.out.len < 1000 || answer.out.len > 1 << 20)
        fail_msg("full after %d lines, %zu bytes", lines, answer.out.len);
    assert_false(answer.ended);
}

static void says_so_instead_of_half_an_answer_that_is_too_long(void **state)
{
    static char line[100001];

    (void)state;
    memset(line, 'x', sizeof line - 1);
    for (int i = 0; i < 100; i++)
        answer_line(&answer, "%s", line);
    answer_ok(&answer);
    assert_said("failed the answer is too long to be told here: see the log\n");
}

static void wakes_its_owner(void **state)
{
    (void)state;
    answer_wake(&answer);
    assert_int_equal(wakes, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(tells_the_kinds_of_lines_apart),
        CASE(makes_one_harmless_line_of_any_text),
        CASE(says_nothing_after_the_end),
        CASE(an_end_releases_the_source_once),
        CASE(giving_up_releases_the_source),
        CASE(is_full_long_before_its_limit),
        CASE(says_so_instead_of_half_an_answer_that_is_too_long),
        CASE(wakes_its_owner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
