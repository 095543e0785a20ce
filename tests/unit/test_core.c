/* Starting, stopping and SIGHUP. */
#include "core.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/log.h>

#include "config.h"
#include "dialogue.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- start and stop ------------------------------------------------------- */

static void a_store_that_does_not_open_stops_the_start(void **state)
{
    struct bridge_error err;

    (void)state;
    free(lab.core->options->database);
    lab.core->options->database = bridge_strdup(FAKE_STORE_BAD_PATH);
    assert_int_equal(lab_start(&err), -1);
    assert_string_equal(err.text, "cannot open " FAKE_STORE_BAD_PATH);
    DOWN("");
    assert_int_equal(fake_conn_count(), 0);
}

static void a_transport_that_does_not_start_stops_the_start(void **state)
{
    struct bridge_error err;

    (void)state;
    fake_transport_fail("start", BRIDGE_INVALID, "the network wants a port");
    assert_int_equal(lab_start(&err), -1);
    assert_string_equal(err.text, "the network wants a port");
    DOWN("start " LAB_DOMAIN " -\n");
    assert_int_equal(fake_conn_count(), 0);
}

/* The options of another domain besides. */
static void add_transport(struct options *o, const char *domain)
{
    o->transports = bridge_realloc(o->transports,
                                   (o->transport_count + 1) * sizeof *o->transports);
    o->transports[o->transport_count++] = (struct transport_options){
        .plugin = bridge_strdup("fake"),
        .domain = bridge_strdup(domain),
        .secret = bridge_strdup(LAB_SECRET),
        .transport = lab.transport,
    };
}

static void a_name_that_is_no_domain_stops_the_start(void **state)
{
    struct bridge_error err;

    (void)state;
    add_transport(lab.core->options, "not a domain");
    assert_int_equal(lab_start(&err), -1);
    assert_string_equal(err.text, "bad domain in 'not a domain'");
    DOWN("start " LAB_DOMAIN " -\n");
    core_stop(lab.core, "could not start"); /* what was started ends in order */
    fake_store_commit();
    lab_settle();
    lab_settle();
    assert_true(lab.stopped);
    DOWN("stop\n");
}

static void a_front_door_that_is_no_domain_stops_the_start(void **state)
{
    struct bridge_error err;

    (void)state;
    lab.core->options->gateway.domain = bridge_strdup("@");
    lab.core->options->gateway.secret = bridge_strdup(LAB_SECRET);
    assert_int_equal(lab_start(&err), -1);
    assert_string_equal(err.text, "bad domain in '@'");
    DOWN("");
}

static void stopping_ends_everything_once_the_store_is_closed(void **state)
{
    (void)state;
    dialogue_join();
    core_stop(lab.core, "Maintenance");
    DOWN("close juliet@example.net: Maintenance\n");
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 1);
    canonical_release(&sent);
    assert_non_null(lab_conn(LAB_DOMAIN));
    lab_settle();
    assert_non_null(lab_conn(LAB_DOMAIN)); /* completions may still have to be told */
    fake_store_commit();
    assert_null(lab_conn(LAB_DOMAIN));
    DOWN("");
    lab_settle();
    DOWN("stop\n");
    assert_true(lab.stopped);
}

/* --- reload --------------------------------------------------------------- */

static void set(char **to, const char *text)
{
    free(*to);
    *to = bridge_strdup(text);
}

static void give_settings(struct transport_options *t, const char *greeting, int64_t port)
{
    struct fake_settings *s = bridge_alloc(sizeof *s);

    s->greeting = bridge_strdup(greeting);
    s->port = port;
    t->settings = s;
}

/* Options like those that run, for a change here and there. */
static struct options *fresh_with(bool gateway)
{
    struct options *o = lab_options(gateway);

    give_settings(&o->transports[0], "hello", 6667);
    return o;
}

static struct options *fresh(void)
{
    return fresh_with(true);
}

static int setup_reload(void **state)
{
    (void)state;
    dialogue_stream = LAB_DOMAIN;
    lab.transport = fake_transport_reset();
    lab.transport->settings = fake_settings;
    lab.transport->settings_size = sizeof(struct fake_settings);
    lab_new(fresh());
    struct bridge_error err;
    assert_int_equal(lab_start(&err), 0);
    DOWN("start " LAB_DOMAIN " hello\n");
    lab_connect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    lab_shake_hands(LAB_GATEWAY);
    return 0;
}

static void reload_is_over(void)
{
    LOGGED("info", "reload: the configuration was read again");
}

static void the_same_again_changes_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        core_reload(lab.core, fresh());
        reload_is_over();
        DOWN("reload hello\n"); /* all or nothing: it may compare */
    }
    assert_int_equal(core_streams_up(lab.core), 2);
}

static void what_may_change_does(void **state)
{
    (void)state;
    struct options *o = fresh();
    o->log.level = LOG_LEVEL_INFO;
    set(&o->gateway.name, "New door");
    free(((struct fake_settings *)o->transports[0].settings)->greeting);
    ((struct fake_settings *)o->transports[0].settings)->greeting = bridge_strdup("good day");
    core_reload(lab.core, o);
    reload_is_over();
    assert_int_equal(log_threshold, LOG_LEVEL_INFO);
    DOWN("reload good day\n");
    dialogue_stream = LAB_GATEWAY;
    RECV("<iq type='get' id='1' from='a@b' to='" LAB_GATEWAY "'>"
         "<query xmlns='" NS_DISCO_INFO "'/></iq>");
    struct canonical sent = lab_take(LAB_GATEWAY);
    assert_non_null(strstr(sent.stanzas[0].text, "name='New door'"));
    canonical_release(&sent);
}

static void what_needs_a_restart_is_told(void **state)
{
    (void)state;
    struct options *o = fresh();
    o->xmpp.port = 5275;
    ((struct fake_settings *)o->transports[0].settings)->port = 7000;
    add_transport(o, "new.example.net");
    core_reload(lab.core, o);
    reload_is_over();
    LOGGED("warning", "reload: a change of xmpp.port needs a restart");
    LOGGED("warning", "reload: " LAB_DOMAIN ": a change of port needs a restart");
    LOGGED("warning", "reload: new.example.net: adding a transport needs a restart");
    DOWN("");
    core_reload(lab.core, fresh()); /* as it was: nothing to say */
    reload_is_over();
    LOGGED("warning", "reload: a change of xmpp.port needs a restart");
    DOWN("reload hello\n");
}

static void a_transport_that_is_gone_or_another_goes_on_until_the_restart(void **state)
{
    (void)state;
    struct options *o = fresh();
    set(&o->transports[0].domain, "other.example.net");
    core_reload(lab.core, o);
    reload_is_over();
    LOGGED("warning", LAB_DOMAIN ": removing or replacing a transport needs a restart");
    LOGGED("warning", "other.example.net: adding a transport needs a restart");
    o = fresh();
    set(&o->transports[0].plugin, "another");
    core_reload(lab.core, o);
    reload_is_over();
    LOGGED("warning", LAB_DOMAIN ": removing or replacing a transport needs a restart");
    DOWN("");
    RECV("<iq type='get' id='1' from='a@b' to='" LAB_DOMAIN "'>" PING "</iq>");
    SENT("<iq type='result' id='1' to='a@b' from='" LAB_DOMAIN "'/>");
}

static void check_secret(const char *domain, const char *expected)
{
    lab_cut(domain);
    LOGGED("error", "connection reset by peer");
    lab_reconnect(domain);
    lab_feed(domain, "<stream:stream xmlns='" NS_COMPONENT "' xmlns:stream='" NS_STREAM
                     "' id='" LAB_STREAM_ID "'>");
    struct strbuf *written = fake_conn_written(lab_conn(domain));
    assert_string_equal(strbuf_text(written), expected);
    strbuf_reset(written);
    lab_feed(domain, "<handshake/>");
}

/* printf 3BF96D32changed | sha1sum, and with "changed too" */
static void secrets_are_used_from_the_next_connection_on(void **state)
{
    (void)state;
    struct options *o = fresh();
    set(&o->transports[0].secret, "changed");
    set(&o->gateway.secret, "changed too");
    core_reload(lab.core, o);
    reload_is_over();
    DOWN("reload hello\n");
    assert_int_equal(core_streams_up(lab.core), 2);
    check_secret(LAB_DOMAIN, "<handshake>c4378b64fd3cdeb869d6e382ba1c0d3da3aff98c</handshake>");
    check_secret(LAB_GATEWAY,
                 "<handshake>243622998759822492b69fb6fad708d98255587b</handshake>");
}

static void a_front_door_that_came_moved_or_went_waits_for_the_restart(void **state)
{
    (void)state;
    struct options *o = fresh();
    set(&o->gateway.domain, "door.example.net");
    set(&o->gateway.secret, "not for this one");
    core_reload(lab.core, o);
    reload_is_over();
    LOGGED("warning", "reload: a change of gateway.domain needs a restart");
    core_reload(lab.core, fresh_with(false));
    LOGGED("warning", "reload: a change of gateway.domain needs a restart");
    reload_is_over();
    fake_transport_forget();
    check_secret(LAB_GATEWAY, "<handshake>" LAB_HANDSHAKE "</handshake>");
}

/* Names in the options need not be as JIDs have them. */
static void a_domain_in_capitals_reloads(void **state)
{
    (void)state;
    struct bridge_error err;
    set(&lab.core->options->transports[0].domain, "T.Example.Net.");
    assert_int_equal(lab_start(&err), 0);
    fake_transport_forget();
    struct options *o = lab_options(false);
    set(&o->transports[0].domain, "T.Example.Net.");
    core_reload(lab.core, o);
    reload_is_over();
    lab_connect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
}

#define TEST_RELOAD(function) \
    cmocka_unit_test_setup_teardown(function, setup_reload, dialogue_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_DOWN(a_store_that_does_not_open_stops_the_start),
        TEST_DOWN(a_transport_that_does_not_start_stops_the_start),
        TEST_DOWN(a_name_that_is_no_domain_stops_the_start),
        TEST_DOWN(a_front_door_that_is_no_domain_stops_the_start),
        TEST(stopping_ends_everything_once_the_store_is_closed),
        TEST_RELOAD(the_same_again_changes_nothing),
        TEST_RELOAD(what_may_change_does),
        TEST_RELOAD(what_needs_a_restart_is_told),
        TEST_RELOAD(a_transport_that_is_gone_or_another_goes_on_until_the_restart),
        TEST_RELOAD(secrets_are_used_from_the_next_connection_on),
        TEST_RELOAD(a_front_door_that_came_moved_or_went_waits_for_the_restart),
        TEST_DOWN(a_domain_in_capitals_reloads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
