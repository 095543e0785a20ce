#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <bridge/log.h>

#include "config.h"
#include "settings_sample.h"

static void drop_log(enum log_level level, const char *line)
{
    (void)level;
    (void)line;
}

/* Read a text that must be without fault. */
static void read_text(const char *text, struct sample *values)
{
    struct config_faults faults;

    config_faults_init(&faults);
    memset(values, 0, sizeof *values);
    struct config *config = config_parse("bridge.conf", text, strlen(text), &faults);
    assert_string_equal(strbuf_text(&faults.text), "");
    config_fill(config_root(config), sample_rows, values, NULL, NULL, &faults);
    assert_string_equal(strbuf_text(&faults.text), "");
    config_close(config);
    config_faults_release(&faults);
}

/* --- defaults and release --------------------------------------------------- */

static void defaults_come_from_the_rows(void **state)
{
    struct sample values = { 0 };

    (void)state;
    settings_defaults(sample_rows, &values);
    assert_null(values.server);
    assert_null(values.nick);
    assert_null(values.secret);
    assert_int_equal(values.port, 6697);
    assert_int_equal(values.size, 4294967296);
    assert_int_equal(values.offset, -1);
    assert_true(values.tls);
    assert_int_equal(values.colour, SAMPLE_GREEN);
    assert_int_equal(values.admins.count, 0);
    assert_int_equal(values.charsets.count, 2);
    assert_string_equal(values.charsets.items[0], "UTF-8");
    assert_string_equal(values.charsets.items[1], "ISO-8859-1");
    assert_int_equal(values.main.port, 6697);
    assert_int_equal(values.spare.port, 7000);
    assert_int_equal(values.networks.count, 0);
    settings_release(sample_rows, &values);
}

static void lists_of_words_may_be_written_in_any_way(void **state)
{
    static const char *const ways[] = { "a,b c", " a , b c ", "( \"a\", \"b c\" )",
                                        "(\"a\",\"b c\",)" };

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct setting_strings strings = { 0 };
        const struct setting rows[] = {
            { .key = "x", .type = SETTING_STRINGS, .initial = ways[i] },
            { 0 },
        };
        settings_defaults(rows, &strings);
        assert_int_equal(strings.count, 2);
        assert_string_equal(strings.items[0], "a");
        assert_string_equal(strings.items[1], "b c");
        settings_release(rows, &strings);
    }
}

static void release_leaves_nothing_and_may_be_repeated(void **state)
{
    static const struct sample nothing;
    struct sample values;

    (void)state;
    read_text("server = \"s\"; secret = \"x\"; token = \"t\"; admins = ( \"a\" );"
              "networks = ( { name = \"n\"; password = \"p\"; } );",
              &values);
    settings_release(sample_rows, &values);
    settings_release(sample_rows, &values);
    assert_null(values.server);
    assert_null(values.secret);
    assert_null(values.admins.items);
    assert_null(values.networks.items);
    assert_int_equal(values.networks.count, nothing.networks.count);
}

/* --- comparison ------------------------------------------------------------- */

static void changes_are_named_unless_they_can_be_reloaded(void **state)
{
#define BASE "server = \"s\"; secret = \"x\";"
    static const struct {
        const char *before, *after;
        const char *key; /* NULL: no change that needs a restart */
    } cases[] = {
        { "", "", NULL },
        { "port = 6697;", "", NULL },
        { "port = 1;", "port = 2;", "port" },
        { "size = 1;", "size = 2;", NULL },
        { "size = 1; tls = true;", "size = 2; tls = false;", "tls" },
        { "colour = \"red\";", "", "colour" },
        { "nick = \"a\";", "", "nick" },
        { "", "nick = \"a\";", "nick" },
        { "nick = \"a\";", "nick = \"b\";", "nick" },
        { "token = \"a\";", "token = \"b\";", "token" },
        { "admins = ( \"a\" );", "admins = ( \"b\" );", "admins" },
        { "admins = ( \"a\" );", "admins = ( \"a\", \"a\" );", "admins" },
        { "admins = ( \"a\" );", "admins = [ \"a\" ];", NULL },
        { "main = { name = \"a\"; };", "main = { name = \"b\"; };", "main.name" },
        { "main = { name = \"a\"; port = 1; };", "main = { name = \"a\"; };", NULL },
        { "spare = { port = 1; };", "", "spare.port" },
        { "networks = ( { name = \"a\"; } );", "", "networks" },
        { "networks = ( { name = \"a\"; }, { name = \"b\"; password = \"p\"; } );",
          "networks = ( { name = \"a\"; }, { name = \"b\"; password = \"q\"; } );",
          "networks[1].password" },
        { "networks = ( { name = \"a\"; port = 1; } );", "networks = ( { name = \"a\"; } );",
          NULL },
        { "networks = ( { name = \"a\"; port = 1; } ); ",
          "networks = ( { name = \"a\"; tls = false; } );", "networks[0].tls" },
    };
    struct strbuf path = STRBUF_INIT(4096);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sample before, after;
        char text[512];
        snprintf(text, sizeof text, BASE "%s", cases[i].before);
        read_text(text, &before);
        snprintf(text, sizeof text, BASE "%s", cases[i].after);
        read_text(text, &after);
        const char *key = settings_changed(sample_rows, &before, &after, &path);
        assert_string_equal(key ? key : "(none)", cases[i].key ? cases[i].key : "(none)");
        settings_release(sample_rows, &before);
        settings_release(sample_rows, &after);
    }
    strbuf_release(&path);
}

/* --- the example ------------------------------------------------------------ */

static void the_example_reads_like_this(void **state)
{
    static const char expected[] =
        "    # Host name of the server. This sentence goes on for long enough that it\n"
        "    # must be wrapped before the eightieth column.\n"
        "    # Another line.\n"
        "    server = \"irc.libera.chat\";\n"
        "\n"
        "    # Nick.\n"
        "    # nick = \"a \\\"quoted\\\" \\\\ nick\";\n"
        "\n"
        "    # The component's secret.\n"
        "    # Or secret_file = \"path\", or secret_credential = \"name\".\n"
        "    secret = \"change me\";\n"
        "\n"
        "    # Of the provider.\n"
        "    # Or token_file = \"path\", or token_credential = \"name\".\n"
        "    # token = \"AC0123\";\n"
        "\n"
        "    # TCP port.\n"
        "    # From 1 to 65535.\n"
        "    port = 6697;\n"
        "\n"
        "    # Bytes.\n"
        "    size = 4294967296;\n"
        "\n"
        "    # May be negative.\n"
        "    offset = -1;\n"
        "\n"
        "    # Encrypt.\n"
        "    tls = true;\n"
        "\n"
        "    # Of the door.\n"
        "    # One of \"red\", \"green\", \"blue\".\n"
        "    colour = \"green\";\n"
        "\n"
        "    # Who may.\n"
        "    # admins = ( \"admin@example.com\" );\n"
        "\n"
        "    # Tried in this order.\n"
        "    charsets = ( \"UTF-8\", \"ISO-8859-1\" );\n"
        "\n"
        "    # The first network.\n"
        "    # main =\n"
        "    # {\n"
        "    #     # What the network is called here.\n"
        "    #     name = \"libera\";\n"
        "\n"
        "    #     # For networks that ask for one.\n"
        "    #     # Or password_file = \"path\", or password_credential = \"name\".\n"
        "    #     # password = \"change me\";\n"
        "\n"
        "    #     # TCP port.\n"
        "    #     # From 1 to 65535.\n"
        "    #     port = 6697;\n"
        "\n"
        "    #     # Encrypt.\n"
        "    #     tls = true;\n"
        "    # };\n"
        "\n"
        "    # The second network.\n"
        "    spare =\n"
        "    {\n"
        "        # TCP port.\n"
        "        # From 1 to 65535.\n"
        "        port = 7000;\n"
        "    };\n"
        "\n"
        "    # All others.\n"
        "    # networks =\n"
        "    # ( {\n"
        "    #     # What the network is called here.\n"
        "    #     name = \"libera\";\n"
        "\n"
        "    #     # For networks that ask for one.\n"
        "    #     # Or password_file = \"path\", or password_credential = \"name\".\n"
        "    #     # password = \"change me\";\n"
        "\n"
        "    #     # TCP port.\n"
        "    #     # From 1 to 65535.\n"
        "    #     port = 6697;\n"
        "\n"
        "    #     # Encrypt.\n"
        "    #     tls = true;\n"
        "    # } );\n";
    struct strbuf out = STRBUF_INIT(65536);

    (void)state;
    settings_print(&out, sample_rows, 1);
    assert_string_equal(strbuf_text(&out), expected);
    strbuf_release(&out);
}

static void the_example_parses_back_to_the_defaults(void **state)
{
    struct strbuf out = STRBUF_INIT(65536);
    struct strbuf path = STRBUF_INIT(4096);
    struct sample values, defaults = { 0 };

    (void)state;
    settings_print(&out, sample_rows, 0);
    read_text(out.data, &values);
    assert_string_equal(values.server, "irc.libera.chat");
    assert_string_equal(values.secret, "change me");
    settings_defaults(sample_rows, &defaults);
    defaults.server = bridge_strdup("irc.libera.chat");
    defaults.secret = bridge_strdup("change me");
    assert_null(settings_changed(sample_rows, &values, &defaults, &path));
    settings_release(sample_rows, &values);
    settings_release(sample_rows, &defaults);
    strbuf_release(&out);
    strbuf_release(&path);
}

/* Take "# " away from what is not a sentence: then everything is set. */
static void uncomment(struct strbuf *out, const char *text)
{
    for (; *text; text += strcspn(text, "\n") + 1) {
        const char *line = text + strspn(text, " ");
        while (!strncmp(line, "# ", 2) || !strncmp(line, "#  ", 3))
            line += 2 + strspn(line + 2, " ");
        bool code = strchr("{}()", *line) || (*line >= 'a' && *line <= 'z');
        if (*line && *line != '\n' && code)
            strbuf_add(out, line, strcspn(line, "\n") + 1);
    }
}

static void the_example_parses_back_with_its_comments_taken_away(void **state)
{
    struct strbuf out = STRBUF_INIT(65536);
    struct strbuf bare = STRBUF_INIT(65536);
    struct sample values;

    (void)state;
    settings_print(&out, sample_rows, 0);
    uncomment(&bare, out.data);
    read_text(strstr(bare.data, "server"), &values);
    assert_string_equal(values.nick, "a \"quoted\" \\ nick");
    assert_string_equal(values.token, "AC0123");
    assert_string_equal(values.main.password, "change me");
    assert_int_equal(values.networks.count, 1);
    settings_release(sample_rows, &values);
    strbuf_release(&out);
    strbuf_release(&bare);
}

static void long_words_and_long_lines_are_wrapped_or_left_whole(void **state)
{
    static const char word[] = "https://www.example.com/a/very/long/address/that/does/not/fit/"
                               "into/a/line/of/seventy/nine/columns";
    char help[256];
    char expected[512];
    const struct setting rows[] = {
        { .key = "x", .type = SETTING_BOOL, .initial = "false", .help = help },
        { 0 },
    };
    struct strbuf out = STRBUF_INIT(65536);

    (void)state;
    snprintf(help, sizeof help, "See %s for more.\n\nEnd.", word);
    snprintf(expected, sizeof expected,
             "# See\n# %s\n# for more.\n#\n# End.\nx = false;\n", word);
    settings_print(&out, rows, 0);
    assert_string_equal(strbuf_text(&out), expected);
    strbuf_release(&out);
}

static void no_comment_passes_the_79th_column(void **state)
{
    struct strbuf help = STRBUF_INIT(65536);
    struct strbuf out = STRBUF_INIT(1 << 20);
    struct setting rows[] = { { .key = "x", .type = SETTING_BOOL, .initial = "true" }, { 0 } };

    (void)state;
    for (int i = 1; i < 300; i++)
        strbuf_addf(&help, "%.*s ", i * 7 % 13 + 1, "abcdefghijklmnop");
    rows[0].help = strbuf_text(&help);
    for (unsigned indent = 0; indent < 5; indent++)
        settings_print(&out, rows, indent);
    for (const char *p = out.data; *p; p += strcspn(p, "\n") + 1)
        assert_in_range(strcspn(p, "\n"), 0, 79);
    strbuf_release(&help);
    strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_come_from_the_rows),
        cmocka_unit_test(lists_of_words_may_be_written_in_any_way),
        cmocka_unit_test(release_leaves_nothing_and_may_be_repeated),
        cmocka_unit_test(changes_are_named_unless_they_can_be_reloaded),
        cmocka_unit_test(the_example_reads_like_this),
        cmocka_unit_test(the_example_parses_back_to_the_defaults),
        cmocka_unit_test(the_example_parses_back_with_its_comments_taken_away),
        cmocka_unit_test(long_words_and_long_lines_are_wrapped_or_left_whole),
        cmocka_unit_test(no_comment_passes_the_79th_column),
    };

    log_capture(drop_log);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
