/* Lines of chat as commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command_line.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    const char *text;
    const char *words; /* each in brackets; or the fault */
} lines[] = {
    { "", "" },
    { " \t\n ", "" },
    { "help", "[help]" },
    { "  a  b\tc\nd ", "[a][b][c][d]" },
    { "a \"b c\" d", "[a][b c][d]" },
    { "a \"\" b", "[a][][b]" },
    { "x=\"b c\"d", "[x=b cd]" },
    { "\"a \\\" \\\\ b\"", "[a \" \\ b]" },
    { "a\\b", "[a\\b]" },
    { "\"", "A quotation mark is open: close it with a second one" },
    { "a \"b", "A quotation mark is open: close it with a second one" },
    { "\"\\\"", "A quotation mark is open: close it with a second one" },
    { "\"\\", "A quotation mark is open: close it with a second one" },
};

static void lines_are_cut_into_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct strbuf out = STRBUF_INIT(1000);
        struct command_line line;
        struct bridge_error err;
        if (command_line_parse(lines[i].text, &line, &err))
            strbuf_adds(&out, err.text);
        else
            for (size_t k = 0; k < line.count; k++)
                strbuf_addf(&out, "[%s]", line.words[k]);
        assert_string_equal(strbuf_text(&out), lines[i].words);
        command_line_release(&line);
        strbuf_release(&out);
    }
}

static void a_line_has_limits(void **state)
{
    struct strbuf text = STRBUF_INIT(1 << 20);
    struct command_line line;
    struct bridge_error err;

    (void)state;
    for (int i = 0; i < COMMAND_WORDS_MAX; i++)
        strbuf_adds(&text, "x ");
    assert_int_equal(command_line_parse(strbuf_text(&text), &line, &err), 0);
    assert_int_equal(line.count, COMMAND_WORDS_MAX);
    command_line_release(&line);
    strbuf_adds(&text, "x");
    assert_int_equal(command_line_parse(strbuf_text(&text), &line, &err), -1);
    assert_string_equal(err.text, "These are too many words for a command");
    command_line_release(&line);
    strbuf_reset(&text);
    for (int i = 0; i <= COMMAND_LINE_MAX; i++)
        strbuf_addch(&text, 'x');
    assert_int_equal(command_line_parse(strbuf_text(&text), &line, &err), -1);
    assert_string_equal(err.text, "This is too long for a command");
    command_line_release(&line);
    strbuf_release(&text);
}

/* --- fields -------------------------------------------------------------------------- */

static const struct form_option sizes[] = { { "s", NULL }, { "l", NULL }, { 0 } };
static const struct form_field mixed[] = {
    { .var = "FORM_TYPE", .type = FORM_HIDDEN, .initial = "x" },
    { .var = "name", .type = FORM_TEXT_SINGLE, .label = "Name", .required = true },
    { .var = "size", .type = FORM_LIST_SINGLE, .label = "Size", .options = sizes },
    { .var = "text", .type = FORM_TEXT_MULTI, .label = "Text" },
    { .var = "note", .type = FORM_TEXT_SINGLE, .label = "Note" },
    { 0 },
};
static const struct form_field jids[] = {
    { .var = "who", .type = FORM_JID_MULTI, .label = "Who", .required = true }, { 0 },
};

static const struct {
    const char *text;
    const struct form_field *fields;
    const char *values; /* each in brackets, - for none; or the fault */
} fills[] = {
    { "c", mixed, "--" "---" },
    { "c a", mixed, "-[a]---" },
    { "c a L", mixed, "-[a][l]--" },
    { "c a l b c d", mixed, "-[a][l][b c d]-" },
    { "c note=n a size=s b note", mixed, "-[a][s][b note][n]" },
    { "c \"note=a b\"", mixed, "----[a b]" },
    { "c name=x=y", mixed, "-[x=y]---" },
    { "c FORM_TYPE=x", mixed, "-[FORM_TYPE=x]---" },
    { "c http://x/?a=b", mixed, "-[http://x/?a=b]---" },
    { "c a xl", mixed, "Size: choose one of s, l" },
    { "c", NULL, "" },
    { "c a", NULL, "\"a\" is one word too many" },
    { "c A@b c@d,E@f", jids, "[a@b\nc@d\ne@f]" },
    { "c who=A@b c@d", jids, "[a@b\nc@d]" },
    { "c a@b @", jids, "Who: an address such as user@example.com is needed" },
};

static void words_fill_the_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(fills); i++) {
        struct strbuf out = STRBUF_INIT(1000);
        char *values[COUNT(mixed)];
        struct command_line line;
        struct bridge_error err;
        assert_int_equal(command_line_parse(fills[i].text, &line, &err), 0);
        if (command_line_fill(&line, fills[i].fields, values, &err))
            strbuf_adds(&out, err.text);
        else
            for (size_t k = 0; k < form_count(fills[i].fields); k++)
                strbuf_addf(&out, values[k] ? "[%s]" : "-", values[k]);
        assert_string_equal(strbuf_text(&out), fills[i].values);
        form_release(values, form_count(fills[i].fields));
        command_line_release(&line);
        strbuf_release(&out);
    }
}

static void the_distance_of_words_counts_slips(void **state)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } rows[] = {
        { "", "", 0 }, { "a", "", 1 }, { "", "ab", 2 }, { "help", "HELP", 0 },
        { "statsu", "status", 2 }, { "stats", "status", 1 }, { "forgot", "forget", 1 },
        { "kitten", "sitting", 3 },
        { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "a", 32 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(command_line_distance(rows[i].a, rows[i].b), rows[i].distance);
        assert_int_equal(command_line_distance(rows[i].b, rows[i].a), rows[i].distance);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_cut_into_words),
        cmocka_unit_test(a_line_has_limits),
        cmocka_unit_test(words_fill_the_fields),
        cmocka_unit_test(the_distance_of_words_counts_slips),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
