#include "request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <bridge/strbuf.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Feed it in pieces of so many bytes: the words with | between them, or why not. */
static const char *parse(const char *data, size_t len, size_t piece)
{
    static struct request r;
    static char out[REQUEST_MAX + 64];
    struct bridge_error err;
    enum request_state state = REQUEST_MORE;

    r = (struct request){ 0 };
    for (size_t at = 0; at < len && state == REQUEST_MORE; at += piece)
        state = request_feed(&r, data + at, len - at < piece ? len - at : piece, &err);
    if (state == REQUEST_MORE)
        return "(more)";
    if (state == REQUEST_BAD)
        return strcpy(out, err.text);
    *out = 0;
    for (unsigned i = 0; i < r.count; i++) {
        strcat(out, i ? "|" : "");
        strcat(out, r.words[i]);
    }
    assert_null(r.words[r.count]);
    return out;
}

static void assert_parsed(const char *data, size_t len, const char *expected)
{
    for (size_t piece = 1; piece <= len; piece++) {
        const char *found = parse(data, len, piece);
        if (strcmp(found, expected))
            fail_msg("%.80s in pieces of %zu is '%s', not '%s'", data, piece, found, expected);
    }
}

static void splits_words_at_tabs_however_the_bytes_come(void **state)
{
    static const struct {
        const char *line, *words;
    } rows[] = {
        { "status\n", "status" },
        { "log\tdebug\n", "log|debug" },
        { "disconnect\tromeo@example.net\tirc.example.net\n",
          "disconnect|romeo@example.net|irc.example.net" },
        { "backup\t/var/backups/of today, \"all\".db\n",
          "backup|/var/backups/of today, \"all\".db" },
        { "backup\t/srv/Verona é ☃\n", "backup|/srv/Verona é ☃" },
        { "1\t2\t3\t4\t5\t6\t7\t8\n", "1|2|3|4|5|6|7|8" },
        { "status", "(more)" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_parsed(rows[i].line, strlen(rows[i].line), rows[i].words);
}

static void refuses_what_is_no_request_and_says_why(void **state)
{
    static const struct {
        const char *line, *why;
    } rows[] = {
        { "\n", "the request is empty" },
        { "\tstatus\n", "the request is empty" },
        { "log\t\n", "a word of the request is empty" },
        { "log\t\tdebug\n", "a word of the request is empty" },
        { "1\t2\t3\t4\t5\t6\t7\t8\t9\n", "the request has too many words" },
        { "status\r\n", "a request is UTF-8 without control characters" },
        { "sta\x1b[2Jtus\n", "a request is UTF-8 without control characters" },
        { "sta\x7ftus\n", "a request is UTF-8 without control characters" },
        { "caf\xe9\n", "a request is UTF-8 without control characters" },
        { "\xc0\x80\n", "a request is UTF-8 without control characters" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_parsed(rows[i].line, strlen(rows[i].line), rows[i].why);
    assert_parsed("sta\0tus\n", 8, "a request is UTF-8 without control characters");
}

static void refuses_a_second_request_in_the_same_piece(void **state)
{
    (void)state;
    assert_string_equal(parse("status\nstatus\n", 14, 14), "a connection is for one request");
    assert_string_equal(parse("status\n\n", 8, 8), "a connection is for one request");
}

static void takes_the_longest_request_and_no_longer_one(void **state)
{
    static char line[REQUEST_MAX + 1];
    static const size_t pieces[] = { 1, 7, 4096, sizeof line };

    (void)state;
    for (size_t i = 0; i < COUNT(pieces); i++) {
        memset(line, 'x', sizeof line);
        line[REQUEST_MAX - 1] = '\n';
        assert_int_equal(strlen(parse(line, REQUEST_MAX, pieces[i])), REQUEST_MAX - 1);
        line[REQUEST_MAX - 1] = 'x';
        line[REQUEST_MAX] = '\n';
        assert_string_equal(parse(line, REQUEST_MAX + 1, pieces[i]), "the request is too long");
        /* Refused before its end, which may never come. */
        assert_string_equal(parse(line, REQUEST_MAX, pieces[i]), "the request is too long");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_words_at_tabs_however_the_bytes_come),
        cmocka_unit_test(refuses_what_is_no_request_and_says_why),
        cmocka_unit_test(refuses_a_second_request_in_the_same_piece),
        cmocka_unit_test(takes_the_longest_request_and_no_longer_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
