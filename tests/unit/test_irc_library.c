#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "library.h"

static struct irc_library *library;

static int start(void **state)
{
    struct bridge_error err;

    (void)state;
    library = irc_library_new(&err);
    assert_non_null(library);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    irc_library_free(library);
    return 0;
}

static char seen[5000];

static void note(void *arg, const struct irc_message *m)
{
    size_t n = (size_t)snprintf(seen, sizeof seen, "%s|%s", m->source, m->verb);

    (void)arg;
    for (unsigned i = 0; i < m->count; i++)
        n += (size_t)snprintf(seen + n, sizeof seen - n, "|%s", m->params[i]);
}

/* What the handler got of this line; "" when it was not called. */
static const char *fed(const char *text)
{
    const struct irc_line line = { .text = text, .len = strlen(text) };

    *seen = 0;
    bool handled = irc_library_feed(library, &line, note, NULL);
    assert_int_equal(handled, *seen != 0);
    return seen;
}

static void lines_are_parsed_the_same_by_whoever_parses_them(void **state)
{
    static const char *const cases[][2] = {
        { ":a!u@h PRIVMSG #c :hello there", "a!u@h|PRIVMSG|#c|hello there" },
        { ":a!u@h PRIVMSG nobody :x", "a!u@h|PRIVMSG|nobody|x" },
        { ":a!u@h PRIVMSG #c :", "a!u@h|PRIVMSG|#c|" },
        { ":a!u@h PRIVMSG #c :\1ACTION is\1", "a!u@h|PRIVMSG|#c|\1ACTION is\1" },
        { ":a!u@h NOTICE #c :x", "a!u@h|NOTICE|#c|x" },
        { ":a!u@h NICK b", "a!u@h|NICK|b" },
        { ":a!u@h JOIN :#c", "a!u@h|JOIN|#c" },
        { ":a!u@h PART #c :bye", "a!u@h|PART|#c|bye" },
        { ":a!u@h KICK #c b :out", "a!u@h|KICK|#c|b|out" },
        { ":a!u@h TOPIC #c :t", "a!u@h|TOPIC|#c|t" },
        { ":a!u@h INVITE me #c", "a!u@h|INVITE|me|#c" },
        { ":a!u@h MODE #c +bo m n", "a!u@h|MODE|#c|+bo|m|n" },
        { ":a!u@h QUIT", "a!u@h|QUIT" },
        { ":a!u@h AWAY :gone", "a!u@h|AWAY|gone" },
        { ":s 001 me :Welcome", "s|001|me|Welcome" },
        { ":s 353 me = #c :a @b", "s|353|me|=|#c|a @b" },
        { ":s 999 me", "s|999|me" },
        { ":s 000 me", "s|000|me" },
        { "NICK foo", "|NICK|foo" },
        { "PING :x", "|PING|x" },
        { ":s 005 a b c d e f g h i j k l m n :are", "s|005|a|b|c|d|e|f|g|h|i|j|k|l|m|n|are" },
        { ":abc", "" },
        { ":", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(fed(cases[i][0]), cases[i][1]);
}

/* One library serves the links of all users: nothing of one may reach another. */
static void nothing_is_left_of_one_line_in_the_next(void **state)
{
    static const char *const before[] = {
        ":a!u@h PRIVMSG #c :some long text that stays in a buffer",
        ":s 001 nobody :Welcome",
        ":s 376 nobody :End",
        ":s 433 * nobody :In use",
        ": !u@h NICK x",
        ":nobody!u@h NICK :next",
        ":a!u@h MODE nobody +i",
        ":a!u@h KILL nobody :x",
        "ERROR :Closing Link",
        "PING :x",
        ":a!u@h PRIVMSG nobody :\1DCC SEND x 1 1 1\1",
        ":a!u@h PRIVMSG nobody :\1VERSION\1",
    };
    static const char *const after[][2] = {
        { ":b!u@h QUIT", "b!u@h|QUIT" },
        { ":b!u@h PART #d", "b!u@h|PART|#d" },
        { ":b!u@h PRIVMSG nobody :x", "b!u@h|PRIVMSG|nobody|x" },
        { ":b!u@h PRIVMSG next :x", "b!u@h|PRIVMSG|next|x" },
        { ":b!u@h NOTICE nobody :x", "b!u@h|NOTICE|nobody|x" },
        { ":nobody!u@h NICK :again", "nobody!u@h|NICK|again" },
        { ":s 001 b :Welcome", "s|001|b|Welcome" },
        { ":s 376 b :End", "s|376|b|End" },
    };
    struct strbuf out = STRBUF_INIT(1000);

    (void)state;
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        for (size_t k = 0; k < sizeof after / sizeof *after; k++) {
            fed(before[i]);
            assert_string_equal(fed(after[k][0]), after[k][1]);
            /* Nor does the library say anything that we did not. */
            strbuf_reset(&out);
            assert_int_equal(irc_library_format(library, &out, IRC_NICK, "n", NULL), 0);
            assert_string_equal(strbuf_text(&out), "NICK n\r\n");
        }
    }
    strbuf_release(&out);
}

static void format_inside(void *arg, const struct irc_message *m)
{
    assert_int_equal(irc_library_format(library, arg, IRC_PONG, NULL, m->params[1]), 0);
    note(NULL, m); /* the line is still whole */
}

static void a_handler_may_format_while_its_line_is_parsed(void **state)
{
    static const char text[] = ":a!u@h PRIVMSG #c :one two";
    const struct irc_line line = { .text = text, .len = sizeof text - 1 };
    struct strbuf out = STRBUF_INIT(1000);

    (void)state;
    assert_true(irc_library_feed(library, &line, format_inside, &out));
    assert_string_equal(strbuf_text(&out), "PONG :one two\r\n");
    assert_string_equal(seen, "a!u@h|PRIVMSG|#c|one two");
    strbuf_release(&out);
}

static void commands_are_lines_of_irc(void **state)
{
    static const struct {
        enum irc_command command;
        const char *target, *text;
        const char *line; /* NULL: refused */
    } cases[] = {
        { IRC_CAP, "LS", "302", "CAP LS :302\r\n" },
        { IRC_CAP, "END", NULL, "CAP END\r\n" },
        { IRC_JOIN, "#c", NULL, "JOIN #c\r\n" },
        { IRC_JOIN, "#c", "key", "JOIN #c :key\r\n" },
        { IRC_NICK, "n", NULL, "NICK n\r\n" },
        { IRC_NOTICE, "n", "t t", "NOTICE n :t t\r\n" },
        { IRC_PART, "#c", NULL, "PART #c\r\n" },
        { IRC_PART, "#c", "bye bye", "PART #c :bye bye\r\n" },
        { IRC_PASS, NULL, "p w", "PASS :p w\r\n" },
        { IRC_PING, NULL, "x", "PING :x\r\n" },
        { IRC_PONG, NULL, "x y", "PONG :x y\r\n" },
        { IRC_PRIVMSG, "#c", ":)", "PRIVMSG #c ::)\r\n" },
        { IRC_PRIVMSG, "#c", "%s%n%x", "PRIVMSG #c :%s%n%x\r\n" },
        { IRC_QUIT, NULL, "bye", "QUIT :bye\r\n" },
        { IRC_TOPIC, "#c", "", "TOPIC #c :\r\n" },
        { IRC_USER, "u", "r %s", "USER u 0 * :r %s\r\n" },
        { IRC_PRIVMSG, "#c", "a\r\nQUIT :b\nNICK c\rx", "PRIVMSG #c :aQUIT :bNICK cx\r\n" },
        { IRC_PRIVMSG, "#c\r\nQUIT", "x", "PRIVMSG #cQUIT :x\r\n" },
        { IRC_PRIVMSG, "#c #d", "x", NULL },
        { IRC_PRIVMSG, ":c", "x", NULL },
        { IRC_PRIVMSG, "", "x", NULL },
        { IRC_JOIN, "\r\n", NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf out = STRBUF_INIT(1000);
        int rc =
            irc_library_format(library, &out, cases[i].command, cases[i].target, cases[i].text);
        assert_int_equal(rc, cases[i].line ? 0 : -1);
        assert_string_equal(strbuf_text(&out), cases[i].line ? cases[i].line : "");
        strbuf_release(&out);
    }
}

static void too_long_commands_are_refused_and_leave_nothing_behind(void **state)
{
    struct strbuf text = STRBUF_INIT(5000);
    struct strbuf out = STRBUF_INIT(5000);

    (void)state;
    while (text.len < IRC_LIBRARY_MAX - 24 - 2)
        strbuf_addch(&text, 'x');
    assert_int_equal(irc_library_format(library, &out, IRC_PRIVMSG, "#c", text.data), 0);
    assert_int_equal(out.len, strlen("PRIVMSG #c :\r\n") + text.len);
    strbuf_adds(&text, "xx");
    while (text.len < 4000) {
        strbuf_addch(&text, 'x');
        strbuf_reset(&out);
        assert_int_equal(irc_library_format(library, &out, IRC_PRIVMSG, "#c", text.data), -1);
        assert_int_equal(irc_library_format(library, &out, IRC_JOIN, text.data, NULL), -1);
        assert_int_equal(out.len, 0);
    }
    strbuf_reset(&out);
    assert_int_equal(irc_library_format(library, &out, IRC_NICK, "n", NULL), 0);
    assert_string_equal(strbuf_text(&out), "NICK n\r\n");
    strbuf_release(&text);
    strbuf_release(&out);
}

static void other_peoples_descriptors_are_left_alone(void **state)
{
    int fds[2];
    char c = 0;

    /* close() is redirected in this program too, and passes through. */
    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    fed(":a!u@h PRIVMSG #c :x");
    assert_int_equal(read(fds[0], &c, 1), 1);
    assert_int_equal(close(fds[1]), 0);
    assert_int_equal(read(fds[0], &c, 1), 0);
    assert_int_equal(close(fds[0]), 0);
    assert_int_equal(close(fds[0]), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_parsed_the_same_by_whoever_parses_them),
        cmocka_unit_test(nothing_is_left_of_one_line_in_the_next),
        cmocka_unit_test(a_handler_may_format_while_its_line_is_parsed),
        cmocka_unit_test(commands_are_lines_of_irc),
        cmocka_unit_test(too_long_commands_are_refused_and_leave_nothing_behind),
        cmocka_unit_test(other_peoples_descriptors_are_left_alone),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
