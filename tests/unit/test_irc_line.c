#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "line.h"

/* --- bytes to lines ------------------------------------------------------------ */

static char seen[20000];

static bool note(void *arg, const struct irc_line *line)
{
    size_t n = strlen(seen);
    int *left = arg;

    if (line->tags)
        n += (size_t)snprintf(seen + n, sizeof seen - n, "(%.*s)", (int)line->tags_len,
                              line->tags);
    snprintf(seen + n, sizeof seen - n, "%.*s|", (int)line->len, line->text);
    return --*left > 0;
}

/* What comes of the bytes, fed `step` at a time; *dropped counts. */
static const char *read_all(const char *data, size_t len, size_t step, unsigned long *dropped)
{
    struct irc_reader r;
    int left = 1000;

    irc_reader_init(&r);
    *seen = 0;
    for (size_t i = 0; i < len; i += step)
        irc_reader_feed(&r, data + i, len - i < step ? len - i : step, note, &left);
    *dropped = r.dropped;
    irc_reader_release(&r);
    return seen;
}

static void lines_come_out_whatever_the_packets(void **state)
{
    static const struct {
        const char *data;
        size_t len;
        const char *lines;
        unsigned long dropped;
    } cases[] = {
#define BYTES(text) text, sizeof text - 1
        { BYTES("PING a\r\nPING b\r\n"), "PING a|PING b|", 0 },
        { BYTES("PING a\nPING b\n"), "PING a|PING b|", 0 },
        { BYTES("\r\n\r\n\nPING a\r\n\r\n"), "PING a|", 0 },
        { BYTES("PING a\r\r\n"), "PING a|", 0 },
        { BYTES("PING a"), "", 0 },
        { BYTES("PI\rNG a\r\nPING b\r\n"), "PING b|", 1 },
        { BYTES("PI\0NG a\r\nPING b\r\n"), "PING b|", 1 },
        { BYTES("@a=b;c :x PING a\r\n"), "(a=b;c):x PING a|", 0 },
        { BYTES("@a=b   PING a\r\n"), "(a=b)PING a|", 0 },
        { BYTES("@ PING a\r\n"), "()PING a|", 0 },
        { BYTES("@a=b\r\n@a=b \r\n@\r\nPING b\r\n"), "PING b|", 3 },
        { BYTES("   PING a\r\n   \r\n"), "PING a|", 1 },
#undef BYTES
    };
    unsigned long dropped;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t step = 1; step <= cases[i].len; step++) {
            assert_string_equal(read_all(cases[i].data, cases[i].len, step, &dropped),
                                cases[i].lines);
            assert_int_equal(dropped, cases[i].dropped);
        }
    }
}

static void too_long_lines_are_dropped_and_the_next_is_not(void **state)
{
    static const struct {
        size_t tags, text;
        bool kept;
    } cases[] = {
        { 0, IRC_LINE_MAX, true },       { 0, IRC_LINE_MAX + 1, false },
        { 0, 5 * IRC_LINE_MAX, false },  { IRC_TAGS_MAX - 2, IRC_LINE_MAX, true },
        { IRC_TAGS_MAX + 1, 10, false }, { IRC_TAGS_MAX, IRC_LINE_MAX, false },
        { 100000, 100000, false },
    };
    static const size_t steps[] = { 1, 7, 1000, 1u << 20 };
    unsigned long dropped;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf b = STRBUF_INIT(1u << 20);
        if (cases[i].tags)
            strbuf_addch(&b, '@');
        for (size_t k = 0; k < cases[i].tags; k++)
            strbuf_addch(&b, 't');
        if (cases[i].tags)
            strbuf_addch(&b, ' ');
        for (size_t k = 0; k < cases[i].text; k++)
            strbuf_addch(&b, 'x');
        strbuf_adds(&b, "\r\nPING b\r\n");
        for (size_t k = 0; k < 4; k++) {
            const char *got = read_all(b.data, b.len, steps[k], &dropped);
            assert_int_equal(dropped, !cases[i].kept);
            assert_string_equal(got + strlen(got) - strlen("PING b|"), "PING b|");
            assert_int_equal(strlen(got) > 10, cases[i].kept);
        }
        strbuf_release(&b);
    }
}

static void reading_stops_when_told(void **state)
{
    static const char text[] = "PING a\r\nPING b\r\nPING c\r\n";
    struct irc_reader r;
    int left = 2;

    (void)state;
    irc_reader_init(&r);
    *seen = 0;
    irc_reader_feed(&r, text, sizeof text - 1, note, &left);
    assert_string_equal(seen, "PING a|PING b|");
    irc_reader_release(&r);
}

static void an_idle_reader_holds_no_memory(void **state)
{
    struct irc_reader r;
    int left = 10;

    (void)state;
    irc_reader_init(&r);
    irc_reader_feed(&r, "PING ", 5, note, &left);
    assert_non_null(r.partial.data);
    irc_reader_feed(&r, "a\r\n", 3, note, &left);
    assert_null(r.partial.data);
    irc_reader_release(&r);
}

/* --- the contract ---------------------------------------------------------------- */

static const char *verdict(const char *text)
{
    static const char *const names[] = { "bad", "plain", "ours" };
    const struct irc_line line = { .text = text, .len = strlen(text) };

    return names[irc_line_judge(&line)];
}

static void the_library_sees_only_what_it_parses_right(void **state)
{
    static const char *const cases[][2] = {
        { ":a!u@h PRIVMSG #c :hello there", "plain" },
        { ":a!u@h PRIVMSG #c hello", "plain" },
        { ":a!u@h PRIVMSG #c :", "plain" },
        { ":a!u@h JOIN #c", "plain" },
        { ":a!u@h JOIN :#c", "plain" },
        { ":a!u@h QUIT :bye", "plain" },
        { ":s.x 353 me = #c :a b c", "plain" },
        { ":s.x NOTICE me :x", "plain" },
        { ":a!u@h JOIN #c ", "plain" },
        { ":s x 1 2 3 4 5 6 7 8 9 10", "ours" }, /* a verb of one letter */
        { ":s XYZ 1 2 3 4 5 6 7 8 9 10", "plain" },
        { ":s XYZ 1 2 3 4 5 6 7 8 9 :10 and more", "plain" },
        { ":s XYZ 1 2 3 4 5 6 7 8 9 10 11", "ours" },
        { "NICK foo", "ours" },
        { "PING :x", "ours" },
        { ":s PING x", "ours" },
        { ":s PINGS x", "plain" },
        { ":s 000 me x", "ours" },
        { ":s 001 me :x", "plain" },
        { ":s 005 me A=B :are supported", "ours" },
        { ":s CAP * LS :x", "ours" },
        { ":s ERROR :x", "ours" },
        { ":s KILL me :x", "ours" },
        { ":s MODE me +i", "ours" },
        { ":s AUTHENTICATE +", "ours" },
        { ":a!u@h privmsg #c :x", "ours" },
        { ":a!u@h Privmsg #c :x", "ours" },
        { ":a!u@h QUIT", "ours" },
        { ":a!u@h QUIT ", "ours" },
        { ":a!u@h NOTICE", "ours" },
        { ":a!u@h NOTICE me", "ours" },
        { ":a!u@h PRIVMSG me :\1ACTION x\1", "ours" },
        { ":a!u@h PRIVMSG me \1VERSION\1", "ours" },
        { ":a!u@h NOTICE me :\1VERSION x\1", "ours" },
        { ":a!u@h PRIVMSG  #c :x", "ours" },
        { ":a!u@h  PRIVMSG #c :x", "ours" },
        { ":a!u@h PRIVMSG #c  :x", "ours" },
        { ":a!u@h JOIN #c  ", "ours" },
        { ":a!u@h PRIVMSG #c :two  spaces", "plain" },
        { ":", "bad" },
        { ":abc", "bad" },
        { ":abc ", "bad" },
        { ": PRIVMSG #c :x", "bad" },
        { ":a 0001 x", "bad" },
        { ":a 00 x", "bad" },
        { ":a 12a x", "bad" },
        { ":a PRIV-MSG x", "bad" },
        { "\xff\xfe", "bad" },
        { "*", "bad" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(verdict(cases[i][0]), cases[i][1]) != 0)
            fail_msg("'%s' is %s, not %s", cases[i][0], verdict(cases[i][0]), cases[i][1]);
    }
}

static void long_lines_are_ours(void **state)
{
    struct strbuf b = STRBUF_INIT(IRC_LINE_MAX);

    (void)state;
    strbuf_adds(&b, ":a!u@h PRIVMSG #c :");
    while (b.len < IRC_LIBRARY_MAX)
        strbuf_addch(&b, 'x');
    assert_string_equal(verdict(strbuf_text(&b)), "plain");
    strbuf_addch(&b, 'x');
    assert_string_equal(verdict(strbuf_text(&b)), "ours");
    strbuf_release(&b);
}

static void our_parser_takes_the_rest(void **state)
{
    /* source, verb and parameters in one string */
    static const char *const cases[][2] = {
        { "PING :a b", "|PING|a b" },
        { ":s ping x", "s|PING|x" },
        { ":a!u@h QUIT", "a!u@h|QUIT" },
        { ":a!u@h QUIT ", "a!u@h|QUIT" },
        { ":a   MODE   #c   +o    b  ", "a|MODE|#c|+o|b" },
        { ":a X :", "a|X|" },
        { ":a X b: :c:d", "a|X|b:|c:d" },
        { ":a X 1 2 3 4 5 6 7 8 9 10 11 :12 13", "a|X|1|2|3|4|5|6|7|8|9|10|11|12 13" },
    };
    struct irc_pieces pieces;
    struct irc_message m;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct irc_line line = { .text = cases[i][0], .len = strlen(cases[i][0]) };
        char got[200];
        irc_line_parse(&line, &pieces, &m);
        size_t n = (size_t)snprintf(got, sizeof got, "%s|%s", m.source, m.verb);
        for (unsigned k = 0; k < m.count; k++)
            n += (size_t)snprintf(got + n, sizeof got - n, "|%s", m.params[k]);
        assert_string_equal(got, cases[i][1]);
    }
}

static void parameters_without_end_are_left_out(void **state)
{
    struct strbuf b = STRBUF_INIT(IRC_LINE_MAX);
    struct irc_pieces pieces;
    struct irc_message m;

    (void)state;
    strbuf_adds(&b, "X");
    for (int i = 0; i < 1000; i++)
        strbuf_adds(&b, " p");
    const struct irc_line line = { .text = b.data, .len = b.len };
    irc_line_parse(&line, &pieces, &m);
    assert_int_equal(m.count, IRC_PARAMS_MAX);
    assert_string_equal(m.params[IRC_PARAMS_MAX - 1], "p");
    strbuf_release(&b);
}

static void servers_are_no_nicks(void **state)
{
    static const char *const cases[][2] = {
        { "nick!user@host", "nick" },
        { "nick", "nick" },
        { "nick@host", "nick" },
        { "irc.example.org", NULL },
        { "a.b!u@h", "a.b" },
        { "", NULL },
        { "!u@h", NULL },
        { "0123456789", NULL },
    };
    char nick[10];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool is = irc_source_nick(cases[i][0], nick, sizeof nick);
        assert_int_equal(is, cases[i][1] != NULL);
        if (is)
            assert_string_equal(nick, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_out_whatever_the_packets),
        cmocka_unit_test(too_long_lines_are_dropped_and_the_next_is_not),
        cmocka_unit_test(reading_stops_when_told),
        cmocka_unit_test(an_idle_reader_holds_no_memory),
        cmocka_unit_test(the_library_sees_only_what_it_parses_right),
        cmocka_unit_test(long_lines_are_ours),
        cmocka_unit_test(our_parser_takes_the_rest),
        cmocka_unit_test(parameters_without_end_are_left_out),
        cmocka_unit_test(servers_are_no_nicks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
