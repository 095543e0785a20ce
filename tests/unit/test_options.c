/* bridge.conf and the plugins that it names. PLUGINS holds the ones that
 * core.cmake builds from tests/unit/plugins. */
#include "options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bridge/host.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- plugins -------------------------------------------------------------- */

static const struct {
    const char *name;
    enum bridge_code code;
    const char *text; /* part of it */
} bad_plugins[] = {
    { "", BRIDGE_INVALID, "'' is no plugin name" },
    { "../complete", BRIDGE_INVALID, "is no plugin name" },
    { "Complete", BRIDGE_INVALID, "is no plugin name" },
    { "complete.so", BRIDGE_INVALID, "is no plugin name" },
    { "a23456789b23456789c23456789d23456789e23456789f23456789g23456789hijklm", BRIDGE_INVALID,
      "is no plugin name" },
    { "absent", BRIDGE_NOT_FOUND, "no plugin absent.so in " PLUGINS ": check the name" },
    { "text", BRIDGE_INVALID, "/text.so cannot be loaded as a plugin" },
    { "nothing", BRIDGE_INVALID, "is no bridged plugin: it does not export bridge_plugin" },
    { "later", BRIDGE_INVALID, "built for another bridged (plugin interface 4711, this one " },
    { "greedy", BRIDGE_INVALID, "undefined symbol: bridge_that_never_was" },
    { "bare", BRIDGE_INVALID, "is incomplete" },
    { "lacks_type", BRIDGE_INVALID, "is incomplete" },
    { "lacks_description", BRIDGE_INVALID, "is incomplete" },
    { "lacks_settings_size", BRIDGE_INVALID, "is incomplete" },
    { "lacks_start", BRIDGE_INVALID, "is incomplete" },
    { "lacks_reload", BRIDGE_INVALID, "is incomplete" }, /* it has settings that need it */
    { "lacks_stop", BRIDGE_INVALID, "is incomplete" },
    { "lacks_classify", BRIDGE_INVALID, "is incomplete" },
    { "lacks_open", BRIDGE_INVALID, "is incomplete" },
    { "lacks_close", BRIDGE_INVALID, "is incomplete" },
    { "lacks_send", BRIDGE_INVALID, "is incomplete" },
    { "lacks_watch", BRIDGE_INVALID, "is incomplete" },
    { "lacks_unwatch", BRIDGE_INVALID, "is incomplete" },
    { "lacks_leave", BRIDGE_INVALID, "is incomplete" },
    { "lacks_say", BRIDGE_INVALID, "is incomplete" },
};

static void a_plugin_that_keeps_no_rule_is_refused_with_a_reason(void **state)
{
    struct plugins *plugins = plugins_new(PLUGINS);

    (void)state;
    for (int twice = 0; twice < 2; twice++) {
        for (size_t i = 0; i < COUNT(bad_plugins); i++) {
            struct bridge_error err = { BRIDGE_OK, "" };
            if (plugins_get(plugins, bad_plugins[i].name, &err))
                fail_msg("%s was taken", bad_plugins[i].name);
            if (err.code != bad_plugins[i].code || !strstr(err.text, bad_plugins[i].text))
                fail_msg("%s: %d: %s", bad_plugins[i].name, err.code, err.text);
        }
    }
    plugins_free(plugins);
}

static void a_plugin_is_loaded_once(void **state)
{
    struct plugins *plugins = plugins_new(PLUGINS);
    struct bridge_error err;

    (void)state;
    const struct bridge_plugin *plugin = plugins_get(plugins, "complete", &err);
    assert_non_null(plugin);
    assert_int_equal(plugin->abi, BRIDGE_ABI);
    assert_string_equal(plugin->transport->type, "sample");
    assert_ptr_equal(plugins_get(plugins, "complete", &err), plugin);
    plugins_free(plugins);
    plugins_free(NULL);
}

static void a_plugin_is_looked_for_in_each_directory(void **state)
{
    struct plugins *plugins = plugins_new("/nonexistent:" PLUGINS);
    struct bridge_error err;

    (void)state;
    assert_non_null(plugins_get(plugins, "complete", &err));
    assert_null(plugins_get(plugins, "absent", &err));
    assert_non_null(strstr(err.text, "no plugin absent.so in /nonexistent:" PLUGINS));
    plugins_free(plugins);
}

/* --- the file ------------------------------------------------------------- */

struct reading {
    struct plugins *plugins;
    struct options *options;
    struct config_faults faults;
};

static void load(struct reading *r, const char *text)
{
    char path[] = "/tmp/test_options.XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    r->plugins = plugins_new(PLUGINS);
    config_faults_init(&r->faults);
    r->options = options_load(path, r->plugins, &r->faults);
    unlink(path);
}

static void finish(struct reading *r)
{
    options_free(r->options);
    config_faults_release(&r->faults);
    plugins_free(r->plugins);
}

static void check_fault(const struct reading *r, const char *part)
{
    if (!strstr(strbuf_text(&r->faults.text), part))
        fail_msg("not told: %s\nbut:\n%s", part, strbuf_text(&r->faults.text));
}

static void admins_are_users(void **state)
{
    static const char *const bad[] = { "example.net", "a@example.net/phone", "@", "a b@c", "" };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct strbuf text = STRBUF_INIT(4096), fault = STRBUF_INIT(4096);
        struct reading r;
        strbuf_addf(&text, "gateway = {\n admins = ( \"%s\" ); };\n"
                           "transports = ( { plugin = \"complete\"; "
                           "domain = \"a.example.net\"; secret = \"s\"; "
                           "greeting = \"x\"; } );\n", bad[i]);
        strbuf_addf(&fault, "expected users as \"admin@example.com\" in admins, found \"%s\"",
                    bad[i]);
        load(&r, strbuf_text(&text));
        assert_null(r.options);
        check_fault(&r, strbuf_text(&fault));
        assert_int_equal(r.faults.count, 1);
        finish(&r);
        strbuf_release(&text);
        strbuf_release(&fault);
    }
}

static void everything_is_read(void **state)
{
    struct reading r;

    (void)state;
    load(&r, "xmpp = { server = \"xmpp.example.net\"; port = 5275; };\n"
             "gateway = { domain = \"Gateway.Example.NET.\"; secret = \"s1\";\n"
             "  name = \"Door\"; admin_addresses = ( \"mailto:a@example.net\" );\n"
             "  admins = ( \"Admin@Example.NET\", \"b@example.net\" ); };\n"
             "database = \"/tmp/b.db\"; log = { level = \"debug\"; };\n"
             "transports = (\n"
             "  { plugin = \"complete\"; domain = \"a.example.net\"; secret = \"s2\";\n"
             "    greeting = \"hi\"; login = { password = \"p\"; }; },\n"
             "  { plugin = \"complete\"; domain = \"B.example.net\"; secret = \"s3\";\n"
             "    greeting = \"ho\"; port = 7; } );\n");
    if (!r.options)
        fail_msg("%s", strbuf_text(&r.faults.text));
    const struct options *o = r.options;
    assert_string_equal(o->xmpp.server, "xmpp.example.net");
    assert_int_equal(o->xmpp.port, 5275);
    assert_false(o->xmpp.tls);
    assert_string_equal(o->gateway.domain, "gateway.example.net"); /* as JIDs have it */
    assert_string_equal(o->gateway.secret, "s1");
    assert_string_equal(o->gateway.name, "Door");
    assert_int_equal(o->gateway.admins.count, 1);
    assert_int_equal(o->gateway.admin_jids.count, 2);
    assert_string_equal(o->gateway.admin_jids.items[0], "admin@example.net");
    assert_string_equal(o->gateway.admin_jids.items[1], "b@example.net");
    assert_int_equal(o->log.level, 3);
    assert_int_equal(o->transport_count, 2);
    assert_string_equal(o->transports[0].plugin, "complete");
    assert_string_equal(o->transports[0].domain, "a.example.net");
    assert_string_equal(o->transports[1].domain, "b.example.net");
    assert_string_equal(o->transports[1].secret, "s3");
    assert_string_equal(o->transports[1].transport->type, "sample");
    assert_non_null(o->transports[1].settings);
    finish(&r);
}

static void little_is_needed(void **state)
{
    struct reading r;

    (void)state;
    load(&r, "transports = ( { plugin = \"complete\"; domain = \"a.example.net\";\n"
             "  secret = \"s\"; greeting = \"hi\"; } );\n");
    if (!r.options)
        fail_msg("%s", strbuf_text(&r.faults.text));
    assert_string_equal(r.options->xmpp.server, "127.0.0.1");
    assert_int_equal(r.options->xmpp.port, 5347);
    assert_null(r.options->gateway.domain);
    assert_int_equal(r.options->log.level, 2);
    finish(&r);
}

static void a_secret_may_be_in_a_file(void **state)
{
    char path[] = "/tmp/test_options.XXXXXX";
    struct strbuf text = STRBUF_INIT(1024);
    struct reading r;

    (void)state;
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "s3\n", 3), 3);
    close(fd);
    strbuf_addf(&text, "transports = ( { plugin = \"complete\"; domain = \"a.example.net\";\n"
                "secret_file = \"%s\"; greeting = \"hi\";\n"
                "login = { password_file = \"%s\"; }; } );\n", path, path);
    load(&r, strbuf_text(&text));
    unlink(path);
    if (!r.options)
        fail_msg("%s", strbuf_text(&r.faults.text));
    assert_string_equal(r.options->transports[0].secret, "s3");
    finish(&r);
    strbuf_release(&text);
}

static void who_may_use_what_is_read(void **state)
{
    struct reading r;

    (void)state;
    load(&r, "allow = ( { who = \"*@example.com\"; transports = ( \"complete\" ); },\n"
             "  { who = \"juliet@example.net\"; transports = ( \"A.example.net\" ); } );\n"
             "ban = ( \"spam.example\", \"tybalt@example.com\" );\n"
             "transports = ( { plugin = \"complete\"; domain = \"a.example.net\";\n"
             "  secret = \"s\"; greeting = \"hi\";\n"
             "  limits = { messages_per_day = 5; total_per_minute = 0; }; } );\n");
    if (!r.options)
        fail_msg("%s", strbuf_text(&r.faults.text));
    const struct allow_rule *rules = r.options->allow.items;
    assert_int_equal(r.options->allow.count, 2);
    assert_string_equal(rules[0].who, "*@example.com");
    assert_int_equal(rules[1].transports.count, 1);
    assert_int_equal(r.options->banned.count, 2);
    const struct permit_limits *limits = &r.options->transports[0].limits;
    assert_int_equal(limits->messages_per_day, 5);
    assert_int_equal(limits->total_per_minute, 0);
    assert_int_equal(limits->messages_per_minute, 30); /* it is not open by default */
    assert_int_equal(limits->joins_per_minute, 600);
    finish(&r);
}

static void faults_of_rules_are_told_with_their_place(void **state)
{
    static const char *const parts[] = {
        ":1: allow[0].who: expected \"user@domain\", ",
        "found \"jul*@example.com\"",
        ":2: allow[1].transports: expected plugins or domains of `transports`, found \"fax\"",
        ":2: allow[1].who: missing; expected text in quotes",
        ":3: allow[2].transports: ", /* which would be nothing, or everything? */
        ":4: allow[3].transports: missing",
        ":5: ban: expected \"user@domain\", ",
        ":7: transports[0].limits.messages_per_minute: expected a whole number from 0 to 100",
        ":7: transports[0].limits.messages_per_hour: unknown key",
    };
    struct reading r;

    (void)state;
    load(&r, "allow = ( { who = \"jul*@example.com\"; transports = ( \"complete\" ); },\n"
             "  { transports = ( \"complete\", \"fax\" ); },\n"
             "  { who = \"*\"; transports = ( ); },\n"
             "  { who = \"*\"; } );\n"
             "ban = ( \"good.example\", \"@\" );\n"
             "transports = ( { plugin = \"complete\"; domain = \"a.example.net\";\n"
             "  limits = { messages_per_minute = -1; messages_per_hour = 1; };\n"
             "  secret = \"s\"; greeting = \"hi\"; } );\n");
    assert_null(r.options);
    for (size_t i = 0; i < COUNT(parts); i++)
        check_fault(&r, parts[i]);
    assert_int_equal(r.faults.count, COUNT(parts) - 1);
    finish(&r);
}

static void all_faults_are_told_at_once(void **state)
{
    static const char *const parts[] = {
        ":1: xmpp.port: ",
        ":1: xmpp.sever: ",
        ":2: gateway: expected a secret for the domain, found none",
        ":3: log.level: ",
        ":4: colour: ",
        ":6: transports[0].plugin: there is no plugin ",
        ":7: transports[1].domain: each domain can be served once, gw.example.net is already",
        ":7: transports[1].greeting: ",
        ":8: transports[2].port: ",
        ":8: transports[2].domain: expected a domain name, found \"not a domain\"",
        ":9: transports[3].domain: each domain can be served once, c.example.net is already",
        ":9: transports[3].grating: ",
        "transports[4].plugin: ",
        "transports[4].secret: ",
    };
    struct reading r;

    (void)state;
    load(&r, "xmpp = { port = 0; sever = \"x\"; };\n"
             "gateway = { domain = \"gw.example.net\"; };\n"
             "log = { level = \"loud\"; };\n"
             "colour = \"red\";\n"
             "transports = (\n"
             "{ plugin = \"absent\"; domain = \"c.example.net\"; secret = \"s\"; x = 1; },\n"
             "{ plugin = \"complete\"; domain = \"GW.example.net\"; secret = \"s\"; },\n"
             "{ plugin = \"complete\"; domain = \"not a domain\"; secret = \"s\"; "
             "greeting = \"x\"; port = 70000; },\n"
             "{ plugin = \"complete\"; domain = \"C.example.net.\"; secret = \"s\"; "
             "greeting = \"x\"; grating = \"y\"; },\n"
             "{ domain = \"d.example.net\"; }\n"
             ");\n");
    assert_null(r.options);
    for (size_t i = 0; i < COUNT(parts); i++)
        check_fault(&r, parts[i]);
    if (r.faults.count != COUNT(parts))
        fail_msg("%zu faults instead of %zu:\n%s", r.faults.count, COUNT(parts),
                 strbuf_text(&r.faults.text));
    finish(&r);
}

static void a_file_without_transports_is_at_fault(void **state)
{
    static const struct {
        const char *file;
        const char *fault;
    } cases[] = {
        { "", "transports: " },
        { "transports = ();\n", "transports: this must not be empty" },
        { "transports = \"irc\";\n", "transports: " },
        { "transports = ( \"irc\" );\n", "transports" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct reading r;
        load(&r, cases[i].file);
        assert_null(r.options);
        check_fault(&r, cases[i].fault);
        finish(&r);
    }
}

static void a_file_that_cannot_be_read_is_a_fault(void **state)
{
    struct reading r = { .plugins = plugins_new(PLUGINS) };

    (void)state;
    config_faults_init(&r.faults);
    assert_null(options_load("/nowhere/bridge.conf", r.plugins, &r.faults));
    assert_int_equal(r.faults.count, 1);
    check_fault(&r, "/nowhere/bridge.conf");
    finish(&r);
}

/* --- the example ---------------------------------------------------------- */

static void the_example_names_every_key_and_can_be_read_back(void **state)
{
    static const char *const names[] = { "complete" };
    static const char *const keys[] = { "server", "tls_name", "admin_addresses", "database",
                                        "level", "plugin", "domain", "secret", "greeting",
                                        "password" };
    struct strbuf text = STRBUF_INIT(1u << 20);
    struct bridge_error err;
    struct reading r;

    (void)state;
    struct plugins *plugins = plugins_new(PLUGINS);
    assert_int_equal(options_print(&text, plugins, names, 1, &err), 0);
    plugins_free(plugins);
    for (size_t i = 0; i < COUNT(keys); i++)
        assert_non_null(strstr(strbuf_text(&text), keys[i]));
    load(&r, strbuf_text(&text));
    if (!r.options)
        fail_msg("%s%s", strbuf_text(&r.faults.text), strbuf_text(&text));
    assert_string_equal(r.options->transports[0].plugin, "complete");
    assert_string_equal(r.options->transports[0].domain, "complete.example.com");
    finish(&r);
    strbuf_release(&text);
}

static void an_example_with_a_missing_plugin_fails(void **state)
{
    static const char *const names[] = { "complete", "absent" };
    struct strbuf text = STRBUF_INIT(1u << 20);
    struct bridge_error err;

    (void)state;
    struct plugins *plugins = plugins_new(PLUGINS);
    assert_int_equal(options_print(&text, plugins, names, 2, &err), -1);
    assert_int_equal(err.code, BRIDGE_NOT_FOUND);
    plugins_free(plugins);
    strbuf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plugin_that_keeps_no_rule_is_refused_with_a_reason),
        cmocka_unit_test(a_plugin_is_loaded_once),
        cmocka_unit_test(a_plugin_is_looked_for_in_each_directory),
        cmocka_unit_test(admins_are_users),
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(little_is_needed),
        cmocka_unit_test(a_secret_may_be_in_a_file),
        cmocka_unit_test(who_may_use_what_is_read),
        cmocka_unit_test(faults_of_rules_are_told_with_their_place),
        cmocka_unit_test(all_faults_are_told_at_once),
        cmocka_unit_test(a_file_without_transports_is_at_fault),
        cmocka_unit_test(a_file_that_cannot_be_read_is_a_fault),
        cmocka_unit_test(the_example_names_every_key_and_can_be_read_back),
        cmocka_unit_test(an_example_with_a_missing_plugin_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
