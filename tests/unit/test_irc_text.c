#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <bridge/utf8.h>

#include "text.h"

/* The pieces of a text, joined by "|". */
static const char *pieces(const char *text, size_t budget)
{
    static char out[5000];
    const char *piece;
    size_t len;
    size_t n = 0;

    while ((len = text_next_piece(&text, budget, &piece))) {
        assert_true(len <= budget);
        memcpy(out + n, piece, len);
        n += len;
        out[n++] = '|';
    }
    out[n ? n - 1 : 0] = 0;
    return out;
}

static void texts_are_split_where_people_would(void **state)
{
    static const struct {
        const char *text;
        size_t budget;
        const char *pieces;
    } cases[] = {
        { "", 20, "" },
        { "hello", 20, "hello" },
        { "one\ntwo\r\nthree\rfour", 20, "one|two|three|four" },
        { "\n\none\n\n\n", 20, "one" },
        { "one\n \t \ntwo", 20, "one|two" },
        { "  indented\n\tby a tab", 20, "  indented|\tby a tab" },
        { "twelve chars", 12, "twelve chars" },
        { "twelve chars more", 12, "twelve chars|more" },
        { "twelve words", 11, "twelve|words" },
        { "a   lot   of   spaces", 10, "a   lot|of   space|s" },
        { "a wordwithoutanyspace", 10, "a wordwith|outanyspac|e" },
        { "trailing  ", 9, "trailing" },
        { "trailing \nnext", 9, "trailing |next" },
        { "          words", 5, "words" },
        { "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 5, "\xc3\xa4\xc3\xa4|\xc3\xa4\xc3\xa4" },
        { "\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 7, "\xf0\x9f\x98\x80|\xf0\x9f\x98\x80" },
        { "ab\xf0\x9f\x98\x80", 5, "ab|\xf0\x9f\x98\x80" },
        { "\x80\x80\x80\x80\x80\x80", 4, "\x80\x80\x80\x80|\x80\x80" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(pieces(cases[i].text, cases[i].budget), cases[i].pieces);
}

static void nothing_but_spaces_is_lost_in_splitting(void **state)
{
    char text[400];
    unsigned seed = 1;

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        size_t len = 0;
        while (len < sizeof text - 5) {
            static const char *const parts[] = { "a",        "word ",        " ",
                                                 "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                                 "\n",       "xyz" };
            seed = seed * 1103515245 + 12345;
            const char *part = parts[seed >> 16 & 7];
            memcpy(text + len, part, strlen(part) + 1);
            len += strlen(part);
        }
        const char *got = pieces(text, 4 + round % 60);
        assert_true(utf8_valid(got, strlen(got)));
        for (const char *p = text; *p; p++) {
            if (*p == ' ' || *p == '\n')
                continue;
            while (*got == ' ' || *got == '|')
                got++;
            assert_int_equal(*got, *p);
            got++;
        }
    }
}

static void the_budget_is_what_others_receive_in_one_line(void **state)
{
    const char *line = ":nick!user@host PRIVMSG #chan :\r\n";

    (void)state;
    assert_int_equal(text_budget(512, strlen("nick!user@host"), "PRIVMSG", "#chan"),
                     512 - strlen(line));
    assert_int_equal(text_budget(512, 5000, "PRIVMSG", "#chan"), 64); /* never nothing */
}

static void formatting_goes_and_text_stays(void **state)
{
    static const char *const cases[][2] = {
        { "plain", "plain" },
        { "\x02"
          "bold\x02 \x1d"
          "it\x1d \x1f"
          "un\x1f \x1e"
          "st\x1e \x11"
          "mono\x11 \x16"
          "rev\x16 \x0f",
          "bold it un st mono rev " },
        { "\x03"
          "4red",
          "red" },
        { "\x03"
          "04red",
          "red" },
        { "\x03"
          "0412",
          "12" },
        { "\x03"
          "4,5red",
          "red" },
        { "\x03"
          "04,05red",
          "red" },
        { "\x03"
          "4,red",
          ",red" },
        { "\x03"
          ",5red",
          ",5red" },
        { "\x03"
          "04,123",
          "3" },
        { "a\x03", "a" },
        { "\x03\x03"
          "5x",
          "x" },
        { "\x04"
          "ff00FFhex",
          "hex" },
        { "\x04"
          "ff00ff,00ff00hex",
          "hex" },
        { "\x04"
          "ff00ff,00ffhex",
          ",00ffhex" },
        { "\x04"
          "ff00",
          "ff00" },
        { "\x04", "" },
        { "tab\there", "tab\there" },
        { "\x01\x07\x1b[31m", "[31m" },
        { "caf\xc3\xa9", "caf\xc3\xa9" },
        { "caf\xe9", "caf\xc3\xa9" },
        { "\x03"
          "4caf\xe9 \xc3\xa9",
          "caf\xc3\xa9 \xc3\xa9" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf out = STRBUF_INIT(200);
        text_add_clean(&out, cases[i][0], strlen(cases[i][0]));
        assert_string_equal(strbuf_text(&out), cases[i][1]);
        strbuf_release(&out);
    }
}

static void ctcp_is_told_from_text(void **state)
{
    static const struct {
        const char *text;
        const char *verb; /* NULL: no CTCP */
        const char *rest;
    } cases[] = {
        { "hello", NULL, NULL },
        { "", NULL, NULL },
        { "x\1ACTION y\1", NULL, NULL },
        { "\1ACTION waves\1", "ACTION", "waves" },
        { "\1ACTION waves", "ACTION", "waves" },
        { "\1action  two  spaces\1", "ACTION", " two  spaces" },
        { "\1ACTION\1", "ACTION", "" },
        { "\1ACTION \1", "ACTION", "" },
        { "\1VERSION\1 and more", "VERSION", "" },
        { "\1", "", "" },
        { "\1\1", "", "" },
        { "\1 x\1", "", "x" },
        { "\1AVERBOFSIXTEENCH x\1", "", "x" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text_ctcp ctcp;
        bool is = text_parse_ctcp(cases[i].text, &ctcp);
        assert_int_equal(is, cases[i].verb != NULL);
        if (!is)
            continue;
        assert_string_equal(ctcp.verb, cases[i].verb);
        assert_int_equal(ctcp.rest_len, strlen(cases[i].rest));
        assert_memory_equal(ctcp.rest, cases[i].rest, ctcp.rest_len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_split_where_people_would),
        cmocka_unit_test(nothing_but_spaces_is_lost_in_splitting),
        cmocka_unit_test(the_budget_is_what_others_receive_in_one_line),
        cmocka_unit_test(formatting_goes_and_text_stays),
        cmocka_unit_test(ctcp_is_told_from_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
