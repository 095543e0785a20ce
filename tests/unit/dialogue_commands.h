/* dialogue_commands.h - dialogues in which the user may be an admin, and time
 * passes for what waits. A test program includes it once, after dialogue.h; its
 * TEST and TEST_GATEWAY end with nobody an admin. */
#ifndef DIALOGUE_COMMANDS_H
#define DIALOGUE_COMMANDS_H

#include <bridge/clock.h>

#include "core.h"
#include "dialogue.h"

#define USER_JID "juliet@example.net" /* whose client BALCONY is */

static char *admins[] = { USER_JID };

static void make_admin(bool is)
{
    lab.core->options->gateway.admin_jids =
        (struct setting_strings){ is ? admins : NULL, is ? 1 : 0 };
}

static int teardown(void **state)
{
    make_admin(false);
    return dialogue_teardown(state);
}

/* Timers do not run: the stream's pings would find nobody. */
__attribute__((unused)) static void let_pass(uint64_t ms)
{
    clock_freeze(clock_monotonic() + ms, clock_wall() + (int64_t)ms);
}

#undef TEST
#undef TEST_GATEWAY
#define TEST(function) cmocka_unit_test_setup_teardown(function, dialogue_setup, teardown)
#define TEST_GATEWAY(function) \
    cmocka_unit_test_setup_teardown(function, dialogue_setup_gateway, teardown)

#endif
