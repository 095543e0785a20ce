#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bridge/clock.h>
#include <bridge/strbuf.h>
#include <jansson.h>

#include "delivery_state.h"
#include "export.h"
#include "fake_store.h"
#include "seal.h"

#define JULIET "juliet@example.net"
#define ROMEO "romeo@example.net"
#define SMS "sms.example.net"
#define BORN INT64_C(1700000000000) /* 2023-11-14T22:13:20Z */

static struct store *store;

static int setup(void **state)
{
    struct bridge_error err;

    (void)state;
    clock_freeze(0, BORN);
    store = store_open(NULL, "bridge.db", &err);
    return store ? 0 : -1;
}

static void on_closed(void *arg)
{
    (void)arg;
}

static int teardown(void **state)
{
    (void)state;
    store_close(store, on_closed, NULL);
    fake_store_commit();
    clock_release();
    return 0;
}

static bool add_line(void *arg, const char *line)
{
    strbuf_addf(arg, "%s\n", line);
    return true;
}

/* Every line of the user's export; it is JSON. */
static void exported(const char *user, const char *expected)
{
    struct strbuf text = STRBUF_INIT(1 << 20);
    json_error_t why;

    export_user(store, user, add_line, &text);
    assert_string_equal(strbuf_text(&text), expected);
    json_t *json = json_loads(strbuf_text(&text), 0, &why);
    if (!json)
        fail_msg("%s", why.text);
    json_decref(json);
    strbuf_release(&text);
}

static void fill(const char *user, const char *sealed)
{
    const struct store_setting settings[] = {
        { SMS, user, "", "number", "+1" },
        { SMS, user, "", "password", sealed },
        { SMS, user, "+2", "nick", "\"N\"\n" },
    };
    const struct store_contact contacts[] = {
        { SMS, user, "+2", NULL, STORE_SUB_TO | STORE_SUB_ASKED },
        { SMS, user, "+3", "Zo\xc3\xab\xff", STORE_SUB_DECLINED },
    };
    const struct store_counter counter = { SMS, user, 19675, 9 };
    const struct store_invitation invitation = { user, SMS, user, BORN + 86400000 };

    store_account_put(store, SMS, user, settings, 3, NULL, NULL, NULL);
    store_contact_put(store, &contacts[0], NULL, NULL);
    store_contact_put(store, &contacts[1], NULL, NULL);
    store_expense_put(store, SMS, user, 19675, 50000, NULL, NULL);
    store_counter_put(store, &counter, NULL, NULL);
    store_invitation_put(store, &invitation, NULL, NULL);
}

static void put_message(const char *user, int64_t id, unsigned direction, const char *body)
{
    const struct store_delivery d = { .id = id, .domain = SMS, .user = user, .contact = "+2",
                                      .direction = direction, .body = body,
                                      .state = DELIVERY_SENT, .created = BORN };

    store_delivery_put(store, &d, NULL, NULL);
}

static void everything_of_one_user_is_told_but_secrets(void **state)
{
    struct strbuf sealed = STRBUF_INIT(4096);

    (void)state;
    seal_add(&sealed, NULL, "sesame");
    fill(JULIET, strbuf_text(&sealed));
    fill(ROMEO, strbuf_text(&sealed));
    strbuf_release(&sealed);
    put_message(JULIET, 1, DELIVERY_OUT, "{\"body\": \"Hi\"}");
    put_message(JULIET, 2, DELIVERY_IN, "<message/>");
    put_message(JULIET, 3, DELIVERY_OUT, NULL);
    put_message(ROMEO, 4, DELIVERY_OUT, NULL);
    fake_store_commit();
    exported(JULIET,
        "{\n"
        "  \"user\": \"juliet@example.net\",\n"
        "  \"accounts\": [\n"
        "    {\"transport\": \"sms.example.net\", \"since\": \"2023-11-14T22:13:20Z\"}\n"
        "  ],\n"
        "  \"settings\": [\n"
        "    {\"transport\": \"sms.example.net\", \"of\": \"\", \"key\": \"number\", "
        "\"value\": \"+1\"},\n"
        "    {\"transport\": \"sms.example.net\", \"of\": \"\", \"key\": \"password\", "
        "\"value\": \"set\"},\n"
        "    {\"transport\": \"sms.example.net\", \"of\": \"+2\", \"key\": \"nick\", "
        "\"value\": \"\\\"N\\\"\\n\"}\n"
        "  ],\n"
        "  \"contacts\": [\n"
        "    {\"transport\": \"sms.example.net\", \"address\": \"+2\", \"name\": null, "
        "\"subscription\": \"to\", \"asked\": true},\n"
        "    {\"transport\": \"sms.example.net\", \"address\": \"+3\", "
        "\"name\": \"Zo\xc3\xab\xef\xbf\xbd\", \"subscription\": \"none\", "
        "\"declined\": true}\n"
        "  ],\n"
        "  \"messages\": [\n"
        "    {\"transport\": \"sms.example.net\", \"address\": \"+2\", "
        "\"direction\": \"sent\", \"state\": \"sent\", \"time\": \"2023-11-14T22:13:20Z\", "
        "\"reason\": null, \"message\": {\"body\": \"Hi\"}},\n"
        "    {\"transport\": \"sms.example.net\", \"address\": \"+2\", "
        "\"direction\": \"received\", \"state\": \"sent\", "
        "\"time\": \"2023-11-14T22:13:20Z\", \"reason\": null, \"message\": \"<message/>\"},\n"
        "    {\"transport\": \"sms.example.net\", \"address\": \"+2\", "
        "\"direction\": \"sent\", \"state\": \"sent\", \"time\": \"2023-11-14T22:13:20Z\", "
        "\"reason\": null, \"message\": null}\n"
        "  ],\n"
        "  \"sent\": [\n"
        "    {\"transport\": \"sms.example.net\", \"day\": \"2023-11-14\", "
        "\"messages\": 9}\n"
        "  ],\n"
        "  \"spent\": [\n"
        "    {\"transport\": \"sms.example.net\", \"day\": \"2023-11-14\", "
        "\"millionths\": 50000}\n"
        "  ],\n"
        "  \"invitations\": [\n"
        "    {\"transport\": \"sms.example.net\", \"code\": \"juliet@example.net\", "
        "\"expires\": \"2023-11-15T22:13:20Z\"}\n"
        "  ],\n"
        "  \"last_used\": \"2023-11-14\"\n"
        "}\n");
}

static void of_a_stranger_there_is_nothing(void **state)
{
    (void)state;
    fill(ROMEO, "x");
    fake_store_commit();
    exported(JULIET, "{\n"
                     "  \"user\": \"juliet@example.net\",\n"
                     "  \"accounts\": [\n"
                     "  ],\n"
                     "  \"settings\": [\n"
                     "  ],\n"
                     "  \"contacts\": [\n"
                     "  ],\n"
                     "  \"messages\": [\n"
                     "  ],\n"
                     "  \"sent\": [\n"
                     "  ],\n"
                     "  \"spent\": [\n"
                     "  ],\n"
                     "  \"invitations\": [\n"
                     "  ],\n"
                     "  \"last_used\": null\n"
                     "}\n");
}

static bool count_down(void *arg, const char *line)
{
    (void)line;
    return --*(int *)arg > 0;
}

static void who_has_enough_is_told_no_more(void **state)
{
    (void)state;
    fill(JULIET, "x");
    fake_store_commit();
    for (int n = 1; n < 20; n++) {
        int left = n;
        export_user(store, JULIET, count_down, &left);
        assert_int_equal(left, 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everything_of_one_user_is_told_but_secrets),
        TEST(of_a_stranger_there_is_nothing),
        TEST(who_has_enough_is_told_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
