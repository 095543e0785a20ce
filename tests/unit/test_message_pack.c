/* Messages as they are kept: nothing is lost on the way there and back. */
#include "message_pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void there_and_back_everything_is_the_same(void **state)
{
    const char *const reactions[] = { "\xf0\x9f\x91\x8d", "!" };
    const struct bridge_attachment attachments[] = {
        { "https://example.net/a.png", "a.png", "image/png", "a cat", 1234 },
        { .url = "https://example.net/b", .size = -1 },
    };
    const struct bridge_message message = {
        .id = "m1", .body = "two\nlines \"quoted\" \\ <&>", .kind = BRIDGE_ACTION,
        .time = INT64_C(1700000000123), .subject = "s", .thread = "t", .replaces = "r",
        .retracts = "x", .answers = "a", .answers_to = "juliet", .quote = "q", .reacts = "m0",
        .reactions = reactions, .reaction_count = 2,
        .attachments = attachments, .attachment_count = 2,
        .receipt = true, .displayed = true, .no_store = true,
    };
    struct unpacked_message u;
    struct bridge_error err;

    (void)state;
    char *text = message_pack(&message);
    assert_int_equal(message_unpack(text, &u, &err), 0);
    const struct bridge_message *m = &u.message;
    assert_string_equal(m->id, message.id);
    assert_string_equal(m->body, message.body);
    assert_int_equal(m->kind, BRIDGE_ACTION);
    assert_int_equal(m->time, message.time);
    assert_string_equal(m->subject, "s");
    assert_string_equal(m->thread, "t");
    assert_string_equal(m->replaces, "r");
    assert_string_equal(m->retracts, "x");
    assert_string_equal(m->answers, "a");
    assert_string_equal(m->answers_to, "juliet");
    assert_string_equal(m->quote, "q");
    assert_string_equal(m->reacts, "m0");
    assert_int_equal(m->reaction_count, 2);
    assert_string_equal(m->reactions[0], reactions[0]);
    assert_string_equal(m->reactions[1], "!");
    assert_int_equal(m->attachment_count, 2);
    assert_string_equal(m->attachments[0].url, attachments[0].url);
    assert_string_equal(m->attachments[0].name, "a.png");
    assert_string_equal(m->attachments[0].type, "image/png");
    assert_string_equal(m->attachments[0].description, "a cat");
    assert_int_equal(m->attachments[0].size, 1234);
    assert_null(m->attachments[1].name);
    assert_int_equal(m->attachments[1].size, -1);
    assert_true(m->receipt && m->displayed && m->no_store);
    message_unpack_release(&u);
    free(text);
}

static void what_is_not_there_is_not_there_afterwards(void **state)
{
    struct unpacked_message u;
    struct bridge_error err;

    (void)state;
    char *text = message_pack(&(struct bridge_message){ .body = "" });
    assert_string_equal(text, "{\"body\":\"\",\"kind\":\"text\"}");
    assert_int_equal(message_unpack(text, &u, &err), 0);
    assert_string_equal(u.message.body, "");
    assert_null(u.message.id);
    assert_null(u.message.reacts);
    assert_int_equal(u.message.time, 0);
    assert_int_equal(u.message.attachment_count, 0);
    assert_false(u.message.receipt);
    message_unpack_release(&u);
    free(text);
}

/* XEP-0444 §2.3: all reactions are taken back. */
static void no_reactions_are_not_the_same_as_none_mentioned(void **state)
{
    struct unpacked_message u;
    struct bridge_error err;

    (void)state;
    char *text = message_pack(&(struct bridge_message){ .body = "", .reacts = "m0" });
    assert_int_equal(message_unpack(text, &u, &err), 0);
    assert_string_equal(u.message.reacts, "m0");
    assert_int_equal(u.message.reaction_count, 0);
    message_unpack_release(&u);
    free(text);
}

static void bad_utf8_is_replaced(void **state)
{
    struct unpacked_message u;
    struct bridge_error err;

    (void)state;
    char *text = message_pack(&(struct bridge_message){ .body = "a\xff" "b" });
    assert_int_equal(message_unpack(text, &u, &err), 0);
    assert_string_equal(u.message.body, "a\xef\xbf\xbd" "b");
    message_unpack_release(&u);
    free(text);
}

static void what_is_damaged_is_told_and_not_shown(void **state)
{
    static const char *const bad[] = {
        "", "secret", "{\"body\":\"secret", "[]", "{}", "{\"body\":1}", "{\"body\":\"s\"} secret",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct unpacked_message u;
        struct bridge_error err = { BRIDGE_OK, "" };
        if (!message_unpack(bad[i], &u, &err))
            fail_msg("'%s' was taken", bad[i]);
        assert_int_equal(err.code, BRIDGE_INVALID);
        assert_null(strstr(err.text, "secret"));
        message_unpack_release(&u);
    }
}

static void members_of_the_wrong_kind_are_left_out(void **state)
{
    struct unpacked_message u;
    struct bridge_error err;

    (void)state;
    assert_int_equal(message_unpack("{\"body\":\"b\",\"id\":7,\"kind\":\"song\",\"time\":\"now\","
                                    "\"receipt\":1,\"reactions\":[1,\"!\"],"
                                    "\"attachments\":[{\"name\":\"no url\"},3],\"new\":[]}",
                                    &u, &err), 0);
    assert_null(u.message.id);
    assert_int_equal(u.message.kind, BRIDGE_TEXT);
    assert_int_equal(u.message.time, 0);
    assert_false(u.message.receipt);
    assert_int_equal(u.message.reaction_count, 1);
    assert_int_equal(u.message.attachment_count, 0);
    message_unpack_release(&u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back_everything_is_the_same),
        cmocka_unit_test(what_is_not_there_is_not_there_afterwards),
        cmocka_unit_test(no_reactions_are_not_the_same_as_none_mentioned),
        cmocka_unit_test(bad_utf8_is_replaced),
        cmocka_unit_test(what_is_damaged_is_told_and_not_shown),
        cmocka_unit_test(members_of_the_wrong_kind_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
