/* The example transport as the core sees it: how a plugin's test looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <bridge/strbuf.h>

#include "config.h"
#include "fake_host.h"

extern const struct bridge_plugin bridge_plugin;

static void *settings; /* the defaults */
static struct bridge_session *juliet;

#define CHECK(line) assert_string_equal(fake_upcall(), line)
#define QUIET() CHECK("")

static int set_up(void **state)
{
    const struct bridge_transport *echo = bridge_plugin.transport;
    struct bridge_error err;

    (void)state;
    settings = bridge_alloc(echo->settings_size);
    settings_defaults(echo->settings, settings);
    assert_true(fake_start(settings, &err));
    juliet = fake_session("juliet@example.net");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_stop();
    settings_release(bridge_plugin.transport->settings, settings);
    free(settings);
    return 0;
}

static int enter_room(void **state)
{
    set_up(state);
    assert_int_equal(fake_join(juliet, "room1", "jul", NULL), 0);
    while (*fake_upcall())
        ;
    return 0;
}

static void only_addresses_that_begin_with_room_are_rooms(void **state)
{
    (void)state;
    assert_string_equal(fake_classify("room"), "room room");
    assert_string_equal(fake_classify("roomy"), "room roomy");
    assert_string_equal(fake_classify("roo"), "contact roo");
    assert_string_equal(fake_classify("+15551234567"), "contact +15551234567");
}

static void a_contact_repeats_what_it_is_told(void **state)
{
    (void)state;
    assert_int_equal(fake_send(juliet, "nymph", BRIDGE_TEXT, "1", "who's there?"), 0);
    CHECK("message nymph TEXT who's there?");
    assert_int_equal(fake_send(juliet, "nymph", BRIDGE_ACTION, NULL, "waits"), 0);
    CHECK("message nymph ACTION waits");
    QUIET();
}

static void a_contact_says_that_it_has_heard_before_it_answers(void **state)
{
    const struct bridge_message message = { .id = "1", .body = "hello?", .receipt = true };

    (void)state;
    assert_int_equal(fake_send_message(juliet, "nymph", &message), 0);
    CHECK("signal nymph received 1");
    CHECK("message nymph TEXT hello?");
    QUIET();
}

static void a_contact_does_not_answer_what_a_robot_said(void **state)
{
    (void)state;
    assert_int_equal(fake_send(juliet, "nymph", BRIDGE_NOTICE, "1", "I am a robot"), 0);
    QUIET();
}

static void a_room_names_everybody_before_it_lets_one_in(void **state)
{
    (void)state;
    assert_int_equal(fake_join(juliet, "room1", "jul", NULL), 0);
    CHECK("room_occupant room1 echo none moderator 0");
    CHECK("room_occupant room1 jul none participant 0");
    CHECK("room_subject room1 echo 0 Say something");
    CHECK("room_joined room1 jul");
    QUIET();
}

static void a_room_repeats_what_is_said_after_the_sender_has_her_copy(void **state)
{
    (void)state;
    assert_int_equal(fake_say(juliet, "room1", BRIDGE_TEXT, "id7", "hello"), 0);
    CHECK("room_message room1 jul TEXT id7 hello");
    CHECK("room_message room1 echo TEXT - hello");
    QUIET();
}

static void the_nick_of_the_room_itself_is_taken(void **state)
{
    (void)state;
    assert_int_equal(fake_join(juliet, "room2", "echo", NULL), -1);
    CHECK("error CONFLICT echo is my nick");
    QUIET();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define IN(test, where) cmocka_unit_test_setup_teardown(test, where, tear_down)
        IN(only_addresses_that_begin_with_room_are_rooms, set_up),
        IN(a_contact_repeats_what_it_is_told, set_up),
        IN(a_contact_says_that_it_has_heard_before_it_answers, set_up),
        IN(a_contact_does_not_answer_what_a_robot_said, set_up),
        IN(a_room_names_everybody_before_it_lets_one_in, set_up),
        IN(a_room_repeats_what_is_said_after_the_sender_has_her_copy, enter_room),
        IN(the_nick_of_the_room_itself_is_taken, enter_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
