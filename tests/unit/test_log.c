#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <bridge/log.h>
#include <bridge/strbuf.h>
#include <bridge/utf8.h>

static struct strbuf lines = STRBUF_INIT(1 << 20);
static int evaluated;

static void keep(enum log_level level, const char *line)
{
    strbuf_addf(&lines, "%d %s\n", level, line);
}

static int setup(void **state)
{
    (void)state;
    strbuf_reset(&lines);
    log_capture(keep);
    log_set_level(LOG_LEVEL_INFO);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    log_capture(NULL);
    log_set_level(LOG_LEVEL_INFO);
    strbuf_release(&lines);
    return 0;
}

static const char *costly(void)
{
    evaluated++;
    return "x";
}

static void levels_below_the_threshold_cost_nothing(void **state)
{
    (void)state;
    evaluated = 0;
    log_debug("p", "%s", costly());
    assert_int_equal(evaluated, 0);
    log_info("p", "%s", costly());
    log_warning("", "%s", costly());
    log_error(NULL, "%s", costly());
    assert_int_equal(evaluated, 3);
    assert_string_equal(strbuf_text(&lines), "2 p: x\n1 x\n0 x\n");
    strbuf_reset(&lines);
    log_set_level(LOG_LEVEL_ERROR);
    log_warning("p", "%s", costly());
    assert_string_equal(strbuf_text(&lines), "");
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("p", "%s", costly());
    assert_string_equal(strbuf_text(&lines), "3 p: x\n");
}

static void remote_text_can_neither_forge_lines_nor_move_the_cursor(void **state)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        { "plain \xc3\xa9 \xf0\x9f\x98\x80", "plain \xc3\xa9 \xf0\x9f\x98\x80" },
        { "a\nb\rc\td", "a\\x0ab\\x0dc\\x09d" },
        { "\x1b[2J\x7f", "\\x1b[2J\\x7f" },
        { "\xc2\x9b" "2J", "\\xc2\\x9b2J" }, /* C1: CSI */
        { "\xff\xc3", "\\xff\\xc3" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[256];
        strbuf_reset(&lines);
        log_info(cases[i].text, "%s", cases[i].text);
        snprintf(expected, sizeof expected, "2 %s: %s\n", cases[i].shown, cases[i].shown);
        assert_string_equal(strbuf_text(&lines), expected);
    }
}

static void long_lines_are_cut_and_stay_whole_lines(void **state)
{
    char *text = bridge_alloc(100001);

    (void)state;
    for (int control = 0; control < 2; control++) {
        memset(text, control ? '\x01' : 'a', 100000);
        strbuf_reset(&lines);
        log_info("prefix", "%s", text);
        assert_true(lines.len > 4000 && lines.len < 30000);
        assert_memory_equal(lines.data, "2 prefix: ", 10);
        strbuf_reset(&lines);
        log_info(text, "%s", "the end"); /* a prefix longer than any line */
        assert_true(lines.len > 0 && lines.len < 60000);
        assert_non_null(strstr(lines.data, ": the end"));
    }
    free(text);
}

static void a_line_is_cut_between_characters(void **state)
{
    char text[8192] = "";

    (void)state;
    for (int pad = 0; pad < 4; pad++) {
        size_t len = (size_t)pad;
        memset(text, '-', len);
        for (; len < 6000; len += 4)
            memcpy(text + len, "\xf0\x9f\x98\x80", 5);
        strbuf_reset(&lines);
        log_info("p", "%s", text);
        assert_null(strstr(lines.data, "\\x"));
    }
}

/* What really reaches standard error. */
static void written(struct strbuf *out)
{
    int pipes[2];
    int saved = dup(STDERR_FILENO);

    assert_int_equal(pipe(pipes), 0);
    log_capture(NULL);
    dup2(pipes[1], STDERR_FILENO);
    log_warning("irc", "down: %s", "a\nb");
    dup2(saved, STDERR_FILENO);
    log_capture(keep);
    close(saved);
    close(pipes[1]);
    char *room = strbuf_reserve(out, 1000);
    ssize_t n = read(pipes[0], room, 1000);
    assert_true(n > 0);
    room[n] = 0;
    out->len += (size_t)n;
    close(pipes[0]);
}

static void lines_go_to_standard_error_with_time_or_priority(void **state)
{
    struct strbuf out = STRBUF_INIT(4096);
    int year, month, day, hour, minute, second, ms, end = 0;

    (void)state;
    unsetenv("JOURNAL_STREAM");
    written(&out);
    assert_int_equal(sscanf(out.data, "%4d-%2d-%2dT%2d:%2d:%2d.%3d %n", &year, &month, &day,
                            &hour, &minute, &second, &ms, &end),
                     7);
    assert_string_equal(out.data + end, "warning: irc: down: a\\x0ab\n");
    strbuf_reset(&out);
    setenv("JOURNAL_STREAM", "8:1", 1);
    written(&out);
    unsetenv("JOURNAL_STREAM");
    assert_string_equal(out.data, "<4>irc: down: a\\x0ab\n");
    strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(levels_below_the_threshold_cost_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(remote_text_can_neither_forge_lines_nor_move_the_cursor,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(long_lines_are_cut_and_stay_whole_lines, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_line_is_cut_between_characters, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_go_to_standard_error_with_time_or_priority, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
