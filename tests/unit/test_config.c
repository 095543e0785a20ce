#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <bridge/log.h>

#include "config.h"
#include "settings_sample.h"

/* Every text is read with these two lines in front, unless it is about them. */
#define NEEDED "server = \"s\";\nsecret = \"x\";\n"

static struct sample values;
static struct config_faults faults;
static struct strbuf logged = STRBUF_INIT(65536);
static char directory[64];

static void keep_log(enum log_level level, const char *line)
{
    (void)level;
    strbuf_addf(&logged, "%s\n", line);
}

static void forget(void)
{
    settings_release(sample_rows, &values);
    memset(&values, 0, sizeof values);
    config_faults_release(&faults);
    config_faults_init(&faults);
    strbuf_reset(&logged);
}

static int setup(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/bridge-test-config-XXXXXX");
    assert_non_null(mkdtemp(directory));
    log_capture(keep_log);
    forget();
    return 0;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    forget();
    strbuf_release(&logged);
    log_capture(NULL);
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

static void fill(struct config *config)
{
    if (config)
        config_fill(config_root(config), sample_rows, &values, NULL, NULL, &faults);
    config_close(config);
}

static void read_text(const char *text)
{
    forget();
    fill(config_parse("bridge.conf", text, strlen(text), &faults));
}

static const char *path_in(const char *name)
{
    static char path[4][128];
    static unsigned next;
    char *p = path[next++ % 4];

    snprintf(p, sizeof path[0], "%s/%s", directory, name);
    return p;
}

static const char *write_file(const char *name, const char *data, size_t len, mode_t mode)
{
    const char *path = path_in(name);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static const char *write_text(const char *name, const char *text)
{
    return write_file(name, text, strlen(text), 0600);
}

static void read_path(const char *path)
{
    forget();
    fill(config_open(path, &faults));
}

/* The faults without the path of the test's directory. */
static const char *faults_here(void)
{
    static struct strbuf out = STRBUF_INIT(65536);
    const char *text = strbuf_text(&faults.text);
    size_t len = strlen(directory) + 1;

    strbuf_release(&out);
    while (*text) {
        if (!strncmp(text, directory, len - 1) && text[len - 1] == '/')
            text += len;
        else
            strbuf_addch(&out, *text++);
    }
    text = strbuf_text(&out);
    return text;
}

static void no_faults(void)
{
    assert_string_equal(strbuf_text(&faults.text), "");
    assert_int_equal(faults.count, 0);
}

/* --- values ----------------------------------------------------------------- */

static void reads_every_type(void **state)
{
    (void)state;
    read_text("server = \"irc.example.net\"; secret : \"s\\x41\\\"\\n\";\n"
              "nick = \"Zo\xc3\xab \xf0\x9f\x98\x80\" \" two\";\n"
              "port = 65535; size = 5000000000; offset = -9223372036854775808;\n"
              "tls = false; colour = \"blue\";\n"
              "admins = ( \"a\", \"b\" ); charsets = [ \"UTF-8\" ];\n"
              "main = { name = \"m\"; port = 0x1f; };\n"
              "networks = ( { name = \"one\"; }, { name = \"two\"; tls = FALSE; } );\n");
    no_faults();
    assert_string_equal(values.server, "irc.example.net");
    assert_string_equal(values.secret, "sA\"\n");
    assert_string_equal(values.nick, "Zo\xc3\xab \xf0\x9f\x98\x80 two");
    assert_int_equal(values.port, 65535);
    assert_int_equal(values.size, 5000000000);
    assert_true(values.offset == INT64_MIN);
    assert_false(values.tls);
    assert_int_equal(values.colour, SAMPLE_BLUE);
    assert_int_equal(values.admins.count, 2);
    assert_string_equal(values.admins.items[1], "b");
    assert_int_equal(values.charsets.count, 1);
    assert_string_equal(values.main.name, "m");
    assert_int_equal(values.main.port, 31);
    assert_int_equal(values.spare.port, 7000);
    assert_int_equal(values.networks.count, 2);
    const struct sample_network *two = (struct sample_network *)values.networks.items + 1;
    assert_string_equal(two->name, "two");
    assert_int_equal(two->port, 6697);
    assert_false(two->tls);
}

static void absent_keys_take_their_defaults(void **state)
{
    (void)state;
    read_text(NEEDED);
    no_faults();
    assert_null(values.nick);
    assert_null(values.token);
    assert_int_equal(values.port, 6697);
    assert_int_equal(values.size, 4294967296);
    assert_int_equal(values.offset, -1);
    assert_true(values.tls);
    assert_int_equal(values.colour, SAMPLE_GREEN);
    assert_int_equal(values.admins.count, 0);
    assert_int_equal(values.charsets.count, 2);
    assert_string_equal(values.charsets.items[1], "ISO-8859-1");
    assert_null(values.main.name);
    assert_int_equal(values.main.port, 6697);
    assert_int_equal(values.networks.count, 0);
}

/* libconfig 1.5 alone gives wrong numbers for most of these, and no error. */
static void whole_numbers_are_exact_or_refused(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
        const char *fault; /* NULL: none */
    } cases[] = {
        { "0", 0, NULL },
        { "-0", 0, NULL },
        { "+7", 7, NULL },
        { "007", 7, NULL },
        { "2147483647", 2147483647, NULL },
        { "2147483648", 2147483648, NULL },
        { "-2147483649", -2147483649, NULL },
        { "4294967295", 4294967295, NULL },
        { "9007199254740993", 9007199254740993, NULL },
        { "9223372036854775807", INT64_MAX, NULL },
        { "-9223372036854775808", INT64_MIN, NULL },
        { "5L", 5, NULL },
        { "5000000000LL", 5000000000, NULL },
        { "0x7fffffffffffffff", INT64_MAX, NULL },
        { "0XfF", 255, NULL },
        { "0xFFL", 255, NULL },
        { "5/* five */", 5, NULL },
        { "5# five\n", 5, NULL },
        { "9223372036854775808", 0, "a number that is too large" },
        { "-9223372036854775809", 0, "a number that is too small" },
        { "9223372036854775808L", 0, "a number that is too large" },
        { "99999999999999999999999999999999999999", 0, "a number that is too large" },
        { "0x8000000000000000", 0, "a number that is too large" },
        { "0xFFFFFFFFFFFFFFFFFF", 0, "a number that is too large" },
        { "1.5", 0, "a number with a fraction" },
        { "1.0e-5", 0, "a number with a fraction" },
        { "true", 0, "true" },
        { "\"5\"", 0, "\"5\"" },
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, NEEDED "offset =\n%s;\nport = 9;", cases[i].text);
        read_text(text);
        if (!cases[i].fault) {
            assert_string_equal(strbuf_text(&faults.text), "");
            assert_int_equal(values.offset, cases[i].value);
            assert_int_equal(values.port, 9);
            continue;
        }
        snprintf(text, sizeof text,
                 "bridge.conf:3: offset: expected a whole number from -9223372036854775808 on, "
                 "found %s\n",
                 cases[i].fault);
        assert_string_equal(strbuf_text(&faults.text), text);
    }
}

static void numbers_in_texts_names_and_comments_are_left_alone(void **state)
{
    (void)state;
    read_text(
        "# 5 10\n// 5 10\n/* 5\n 10 \" */ server = \"5 # 10 \\\" /* 11\"; secret = \"1\\\\\";\n"
        "network5 = 5;\nadmins = ( \"a/5\", \"//5\" );\n");
    assert_string_equal(strbuf_text(&faults.text),
                        "bridge.conf:5: network5: unknown key; did you mean \"networks\"?\n");
    assert_string_equal(values.server, "5 # 10 \" /* 11");
    assert_string_equal(values.secret, "1\\");
    assert_string_equal(values.admins.items[1], "//5");
}

/* --- faults ----------------------------------------------------------------- */

static void faults_say_what_was_expected_and_found(void **state)
{
    static const struct {
        const char *text, *fault;
    } cases[] = {
        { "port = 0;",
          "3: port: expected a whole number from 1 to 65535, found 0 (too small)" },
        { "port = 65536;",
          "3: port: expected a whole number from 1 to 65535, found 65536 (too large)" },
        { "port = 4294967295;",
          "3: port: expected a whole number from 1 to 65535, found 4294967295 (too large)" },
        { "\n\nport = \"x\";",
          "5: port: expected a whole number from 1 to 65535, found \"x\"" },
        { "size = -1;", "3: size: expected a whole number from 0 on, found -1 (too small)" },
        { "port = 5tls = true;", "3: port: expected a whole number from 1 to 65535, found a "
                                 "number that runs into the next word" },
        { "tls = \"yes\";", "3: tls: expected true or false, found \"yes\"" },
        { "tls = 1;", "3: tls: expected true or false, found 1" },
        { "nick = 5;", "3: nick: expected text in quotes, found 5" },
        { "nick = { a = 1; };", "3: nick: expected text in quotes, found a group { ... }" },
        { "colour = \"pink\";",
          "3: colour: expected one of \"red\", \"green\", \"blue\", found \"pink\"" },
        { "colour = ( \"red\" );",
          "3: colour: expected one of \"red\", \"green\", \"blue\", found a list ( ... )" },
        { "admins = \"a\";",
          "3: admins: expected a list of texts ( \"...\", \"...\" ), found \"a\"" },
        { "admins = ( \"a\", 7 );", "3: admins[1]: expected text in quotes, found 7" },
        { "main = 5;", "3: main: expected a group { ... }, found 5" },
        { "main = { };", "3: main.name: missing; expected text in quotes" },
        { "main = { name = \"\"; };", "3: main.name: this must not be empty" },
        { "networks = { };", "3: networks: expected a list of groups ( { ... }, { ... } ), "
                             "found a group { ... }" },
        { "networks = ( { name = \"a\"; },\n 5 );",
          "4: networks[1]: expected a group { ... }, found 5" },
        { "networks = ( { name = \"a\"; },\n {\n name = \"b\"; prot = 5; } );",
          "5: networks[1].prot: unknown key; did you mean \"port\"?" },
        { "transports = [ 1 ];", "3: transports[0]: expected a group { ... }, found 1" },
        { "transports = true;",
          "3: transports: expected a list of groups ( { ... }, { ... } ), "
          "found true" },
        { "sevrer = 5;", "3: sevrer: unknown key; did you mean \"server\"?" },
        { "token-file = 5;", "3: token-file: unknown key; did you mean \"token_file\"?" },
        { "entirely_different = 5;", "3: entirely_different: unknown key" },
        { "nick = \"a\nb\";",
          "3: nick: the text has a control character or a line break in it" },
        { "nick = \"\\\\x00\";", NULL },
        { "nick = \"a\\x00b\";", "3: the text that begins here has a NUL character" },
        { "nick = \"\x7f\";",
          "3: nick: the text has a control character or a line break in it" },
        { "nick = \"\xc2\x85\";",
          "3: nick: the text has a control character or a line break in it" },
        { "nick = \"\xff\";", "3: nick: the text is not UTF-8" },
        { "tls = \"a\nb\tc\x01\";", "3: tls: expected true or false, found \"a b c\"" },
        { "tls = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9\";",
          "3: tls: expected true or false, found "
          "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\"" },
        /* of the whole file */
        { "port = 1;\n\nport = 2;", "5: this key is given twice" },
        { "main = { name = \"a\";\nname = \"b\"; };", "4: this key is given twice" },
        { "port = ;",
          "3: this is not understood; does a ';', a quote or a bracket lack here or "
          "above?" },
        { "nick = \"a;\n\n", "3: the text that begins here has no closing quote" },
        { "\n/* port", "4: the comment that begins here has no end" },
        { "@include \"other.conf\"", "3: nothing can be included here" },
        { "@include other.conf", "3: expected @include \"path\"" },
        { "nick = 5 @include \"x\"", "3: this is not understood; does a ';', a quote or a "
                                     "bracket lack here or above?" },
    };
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, NEEDED "%s", cases[i].text);
        read_text(text);
        if (cases[i].fault)
            snprintf(text, sizeof text, "bridge.conf:%s\n", cases[i].fault);
        else
            *text = 0;
        assert_string_equal(strbuf_text(&faults.text), text);
        assert_int_equal(faults.count, cases[i].fault != NULL);
    }
}

static void all_faults_come_at_once_in_the_order_of_the_file(void **state)
{
    (void)state;
    read_text("tls = 5;\nprot = 5;\nport = true;\n");
    assert_string_equal(
        strbuf_text(&faults.text),
        "bridge.conf:1: tls: expected true or false, found 5\n"
        "bridge.conf:2: prot: unknown key; did you mean \"port\"?\n"
        "bridge.conf:3: port: expected a whole number from 1 to 65535, found true\n"
        "bridge.conf: server: missing; expected text in quotes\n"
        "bridge.conf: secret: missing; expected text in quotes (or secret_file, or "
        "secret_credential)\n");
    assert_int_equal(faults.count, 5);
}

static void more_faults_than_fit_are_counted(void **state)
{
    struct strbuf text = STRBUF_INIT(1 << 20);

    (void)state;
    for (int i = 0; i < 2000; i++)
        strbuf_addf(&text, "x%d-%0400d = 1;\n", i, 0);
    forget();
    fill(config_parse("bridge.conf", text.data, text.len, &faults));
    strbuf_release(&text);
    assert_int_equal(faults.count, 2002);
    assert_false(faults.text.overflow);
    assert_true(faults.text.len > 500000);
}

static void deep_nesting_is_a_fault(void **state)
{
    struct strbuf text = STRBUF_INIT(1 << 20);

    (void)state;
    for (int i = 0; i < 50000; i++)
        strbuf_adds(&text, "a={");
    forget();
    fill(config_parse("bridge.conf", text.data, text.len, &faults));
    strbuf_release(&text);
    assert_string_equal(strbuf_text(&faults.text),
                        "bridge.conf:1: groups and lists are nested too deep\n");
}

static void a_nul_byte_is_a_fault(void **state)
{
    (void)state;
    forget();
    fill(config_parse("bridge.conf", "port = 5;\0tls = 7;", 18, &faults));
    assert_string_equal(strbuf_text(&faults.text),
                        "bridge.conf:1: this is not a text file: it has a NUL byte\n");
}

/* --- files ------------------------------------------------------------------ */

static void includes_keep_their_lines_and_their_numbers_exact(void **state)
{
    (void)state;
    mkdir(path_in("conf.d"), 0700);
    write_text("conf.d/a.conf", "\xef\xbb\xbf"
                                "size = 4294967297;\ntls = 3;\n@include \"b.conf\" nick");
    write_text("conf.d/b.conf", "secret = \"b\";\nport = 4294967295;");
    read_path(write_text("bridge.conf", "server = \"s\";\n  @include \"conf.d/a.conf\" = 7;\n\n"
                                        "colour = 1;\n"));
    assert_string_equal(
        faults_here(),
        "conf.d/a.conf:2: tls: expected true or false, found 3\n"
        "conf.d/b.conf:2: port: expected a whole number from 1 to 65535, found 4294967295 (too "
        "large)\n"
        "conf.d/a.conf:3: nick: expected text in quotes, found 7\n"
        "bridge.conf:4: colour: expected one of \"red\", \"green\", \"blue\", found 1\n");
    assert_int_equal(values.size, 4294967297);
    assert_string_equal(values.secret, "b");
}

static void a_group_may_come_from_a_file(void **state)
{
    (void)state;
    write_text("main.conf", "name = \"m\";\nport = 70;");
    read_path(write_text("bridge.conf", NEEDED "main = {\n@include \"main.conf\"\n};\n"));
    no_faults();
    assert_int_equal(values.main.port, 70);
}

static void what_cannot_be_included_is_a_fault_where_it_stands(void **state)
{
    static const struct {
        const char *text, *fault;
    } cases[] = {
        { "\n@include \"absent.conf\"\n",
          "bridge.conf:2: absent.conf: cannot open it: No such file or directory\n" },
        { "@include \"bridge.conf\"", "bridge.conf:1: includes are nested more than 10 deep; "
                                      "does a file include itself?\n" },
        { "@include \"/dev/zero\"", "bridge.conf:1: /dev/zero: it is not a regular file\n" },
        { "@include \"open.conf\"\nserver = \"x\";\n",
          "open.conf:2: the text that begins here has no closing quote\n" },
    };

    (void)state;
    write_text("open.conf", "\nserver = \"abc");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_path(write_text("bridge.conf", cases[i].text));
        assert_string_equal(faults_here(), cases[i].fault);
    }
}

static void many_includes_are_a_fault(void **state)
{
    struct strbuf text = STRBUF_INIT(65536);

    (void)state;
    write_text("empty.conf", "");
    for (int i = 0; i < 300; i++)
        strbuf_adds(&text, "@include \"empty.conf\"\n");
    read_path(write_text("bridge.conf", text.data));
    strbuf_release(&text);
    assert_string_equal(faults_here(), "bridge.conf:256: more than 256 files are included\n");
}

static void a_file_that_cannot_be_read_is_a_fault(void **state)
{
    (void)state;
    read_path("/nonexistent/bridge.conf");
    assert_string_equal(
        strbuf_text(&faults.text),
        "/nonexistent/bridge.conf: cannot open it: No such file or directory\n");
    read_path(directory);
    assert_string_equal(strchr(strbuf_text(&faults.text), ':'), ": it is not a regular file\n");
}

/* --- secrets ---------------------------------------------------------------- */

static void secrets_come_from_files(void **state)
{
    static const struct {
        const char *content;
        const char *secret; /* NULL: a fault */
        const char *fault;
    } cases[] = {
        { "hunter2", "hunter2", "" },
        { "hunter2\n", "hunter2", "" },
        { "hunter2\r\n", "hunter2", "" },
        { "hunter2\n\n", "hunter2\n", "" },
        { " a\xc3\xa9 ", " a\xc3\xa9 ", "" },
        { "-----BEGIN\nabc\n-----END\n", "-----BEGIN\nabc\n-----END", "" },
        { "", NULL, "bridge.conf:2: secret_file: the file is empty\n" },
        { "\n", NULL, "bridge.conf:2: secret_file: the file is empty\n" },
        { "a\x01", NULL,
          "bridge.conf:2: secret_file: the text has a control character or a line break in "
          "it\n" },
        { "a\xff", NULL, "bridge.conf:2: secret_file: the text is not UTF-8\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text("secret", cases[i].content);
        read_path(write_text("bridge.conf", "server = \"s\";\nsecret_file = \"secret\";\n"));
        assert_string_equal(faults_here(), cases[i].fault);
        if (cases[i].secret)
            assert_string_equal(values.secret, cases[i].secret);
        else
            assert_null(values.secret);
        assert_string_equal(strbuf_text(&logged), "");
    }
}

static void secrets_come_from_credentials(void **state)
{
    char text[256];
    static const struct {
        const char *name, *fault;
    } cases[] = {
        { "irc", "" },
        { "absent",
          "bridge.conf:2: secret_credential: cannot open it: No such file or directory\n" },
        { "../irc",
          "bridge.conf:2: secret_credential: expected the name of a credential, without "
          "slashes\n" },
        { "..", "bridge.conf:2: secret_credential: expected the name of a credential, without "
                "slashes\n" },
        { "", "bridge.conf:2: secret_credential: this must not be empty\n" },
    };

    (void)state;
    write_text("irc", "from systemd\n");
    setenv("CREDENTIALS_DIRECTORY", directory, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, "server = \"s\";\nsecret_credential = \"%s\";",
                 cases[i].name);
        read_text(text);
        assert_string_equal(strbuf_text(&faults.text), cases[i].fault);
        if (!*cases[i].fault)
            assert_string_equal(values.secret, "from systemd");
    }
    unsetenv("CREDENTIALS_DIRECTORY");
    read_text("server = \"s\";\nsecret_credential = \"irc\";");
    assert_string_equal(strbuf_text(&faults.text),
                        "bridge.conf:2: secret_credential: $CREDENTIALS_DIRECTORY is not set: "
                        "systemd sets it (LoadCredential=)\n");
}

static void a_secret_given_twice_is_a_fault(void **state)
{
    (void)state;
    write_text("secret", "x");
    read_path(write_text("bridge.conf", NEEDED "secret_file = \"secret\";\n"));
    assert_string_equal(faults_here(),
                        "bridge.conf:3: secret_file: this secret is given twice, in different "
                        "ways\n");
    /* also when the first way does not work */
    read_path(
        write_text("bridge.conf", "server = \"s\"; secret = 7;\nsecret_file = \"secret\";"));
    assert_string_equal(faults_here(),
                        "bridge.conf:1: secret: expected text in quotes, found a number\n"
                        "bridge.conf:2: secret_file: this secret is given twice, in different "
                        "ways\n");
}

static void faults_and_logs_never_show_a_secret(void **state)
{
    static const char *const lines[] = {
        "secret = 7777777;",
        "secret = ( \"7777777\" );",
        "secret = \"7777777\x01\";",
        "secret_file = \"7777777\";",
        "secret_file = 7777777;",
        "secret_file = \"7777777\"; secret = \"7777777\";",
        "secret_credential = \"7777777\";",
        "secret_credential = \"777/7777\";",
        "secret = \"7777777\" 7777777;",
        "secret = \"7777777;\n",
        "secret = 77777777777777777777777;",
        "secret = \"7777777\" secret = \"7777777\";",
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        snprintf(text, sizeof text, "server = \"s\";\n%s", lines[i]);
        read_path(write_file("bridge.conf", text, strlen(text), 0644));
        assert_true(faults.count > 0);
        if (strstr(faults_here(), "777") || strstr(strbuf_text(&logged), "777"))
            fail_msg("%s shows a secret: %s%s", lines[i], faults_here(), strbuf_text(&logged));
    }
}

static void readable_secrets_are_warned_of(void **state)
{
    char expected[256];

    (void)state;
    read_path(write_file("bridge.conf", NEEDED, strlen(NEEDED), 0644));
    no_faults();
    snprintf(expected, sizeof expected,
             "config: %s:2: secret: every user of this machine can read this file\n",
             path_in("bridge.conf"));
    assert_string_equal(strbuf_text(&logged), expected);

    write_file("secret", "x", 1, 0604);
    read_path(write_text("bridge.conf", "server = \"s\"; secret_file = \"secret\";"));
    no_faults();
    snprintf(expected, sizeof expected,
             "config: %s:1: secret_file: every user of this machine can read that file\n",
             path_in("bridge.conf"));
    assert_string_equal(strbuf_text(&logged), expected);
}

/* --- groups by hand --------------------------------------------------------- */

static bool is_plugin(void *arg, const char *key)
{
    return !strcmp(key, arg);
}

static void groups_can_be_visited_by_hand(void **state)
{
    static const char text[] = NEEDED "transports = ( { plugin = \"irc\"; port = 1; },\n"
                                      "  \"x\",\n  { plugin = 5; } );\n";
    struct sample_network network = { 0 };

    (void)state;
    forget();
    struct config *config = config_parse("bridge.conf", text, strlen(text), &faults);
    struct config_group *root = config_root(config);
    struct config_group *first = config_list_group(root, "transports", 0);
    struct config_group *second = config_list_group(root, "transports", 1);

    assert_string_equal(config_peek(first, "plugin"), "irc");
    assert_null(config_peek(second, "plugin"));
    assert_null(config_peek(second, "absent"));
    assert_null(config_list_group(root, "transports", 2));
    assert_null(config_list_group(root, "absent", 0));
    assert_null(config_list_group(root, "server", 0));

    config_fill(first, sample_spare_rows, &network, is_plugin, "plugin", &faults);
    no_faults();
    assert_int_equal(network.port, 1);
    settings_release(sample_spare_rows, &network);
    config_fill(first, sample_spare_rows, &network, is_plugin, "plug", &faults);
    config_fault(&faults, second, "plugin", "no such plugin: %d", 5);
    config_fault(&faults, second, "absent", "hm");
    config_fault(&faults, second, NULL, "ho");
    config_fault(&faults, root, NULL, "all of it");
    config_close(config);
    assert_string_equal(strbuf_text(&faults.text),
                        "bridge.conf:3: transports[0].plugin: unknown key\n"
                        "bridge.conf:5: transports[2].plugin: no such plugin: 5\n"
                        "bridge.conf:5: transports[2].absent: hm\n"
                        "bridge.conf:5: transports[2]: ho\n"
                        "bridge.conf: all of it\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_type),
        cmocka_unit_test(absent_keys_take_their_defaults),
        cmocka_unit_test(whole_numbers_are_exact_or_refused),
        cmocka_unit_test(numbers_in_texts_names_and_comments_are_left_alone),
        cmocka_unit_test(faults_say_what_was_expected_and_found),
        cmocka_unit_test(all_faults_come_at_once_in_the_order_of_the_file),
        cmocka_unit_test(more_faults_than_fit_are_counted),
        cmocka_unit_test(deep_nesting_is_a_fault),
        cmocka_unit_test(a_nul_byte_is_a_fault),
        cmocka_unit_test(includes_keep_their_lines_and_their_numbers_exact),
        cmocka_unit_test(a_group_may_come_from_a_file),
        cmocka_unit_test(what_cannot_be_included_is_a_fault_where_it_stands),
        cmocka_unit_test(many_includes_are_a_fault),
        cmocka_unit_test(a_file_that_cannot_be_read_is_a_fault),
        cmocka_unit_test(secrets_come_from_files),
        cmocka_unit_test(secrets_come_from_credentials),
        cmocka_unit_test(a_secret_given_twice_is_a_fault),
        cmocka_unit_test(faults_and_logs_never_show_a_secret),
        cmocka_unit_test(readable_secrets_are_warned_of),
        cmocka_unit_test(groups_can_be_visited_by_hand),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
