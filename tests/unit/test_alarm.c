/* Admins are told of the store's trouble. */
#include "alarm.h"

#include "dialogue_commands.h"

#define TOLD(from, text) \
    "<message type='chat' id='*' to='" USER_JID "' from='" from "'><body>" text "</body></message>"
#define TROUBLE(from) \
    TOLD(from, "The gateway cannot write to its database: the disk is full. Until it can, " \
               "messages that must be stored are refused; what was accepted before is kept. " \
               "It tries again by itself.")
#define WELL(from) TOLD(from, "The gateway can write to its database again.")

static void write_something(void)
{
    const struct store_contact contact = {
        .domain = LAB_DOMAIN, .user = "romeo@example.net", .address = "alice"
    };

    store_contact_put(lab.core->store, &contact, NULL, NULL);
    fake_store_commit();
}

static void fail_to_write(void)
{
    fake_store_fail("the disk is full");
    write_something();
}

static void each_trouble_is_told_once(void **state)
{
    (void)state;
    make_admin(true);
    dialogue_stream = LAB_GATEWAY;
    for (int i = 0; i < 2; i++) {
        fail_to_write();
        SENT(TROUBLE(LAB_GATEWAY));
        fail_to_write();
        SENT("");
        write_something();
        SENT(WELL(LAB_GATEWAY));
        write_something();
        SENT("");
    }
}

static void without_a_front_door_a_transport_tells(void **state)
{
    (void)state;
    make_admin(true);
    fail_to_write();
    SENT(TROUBLE(LAB_DOMAIN));
    write_something();
    SENT(WELL(LAB_DOMAIN));
}

static void what_could_not_be_told_is_told_when_the_stream_is_up(void **state)
{
    (void)state;
    make_admin(true);
    lab_cut(LAB_DOMAIN);
    LOGGED("error", "connection reset by peer");
    fail_to_write();
    lab_reconnect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    SENT(TROUBLE(LAB_DOMAIN));
}

/* It would be no news when the stream is up. */
static void what_is_over_by_then_is_not_told(void **state)
{
    (void)state;
    make_admin(true);
    lab_cut(LAB_DOMAIN);
    LOGGED("error", "connection reset by peer");
    fail_to_write();
    write_something();
    lab_reconnect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    SENT("");
}

static void nobody_else_is_told(void **state)
{
    (void)state;
    fail_to_write();
    write_something();
    SENT("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_GATEWAY(each_trouble_is_told_once),
        TEST(without_a_front_door_a_transport_tells),
        TEST(what_could_not_be_told_is_told_when_the_stream_is_up),
        TEST(what_is_over_by_then_is_not_told),
        TEST(nobody_else_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
