/* Settings: what a sheet shows, what a change does, and who is told. */
#include "dialogue.h"

#include <stdlib.h>
#include <string.h>

#include "preference.h"
#include "session.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define JULIET "juliet@example.net"
#define ROMEO "romeo@example.net"

/* --- asking -------------------------------------------------------------------------- */

static struct {
    size_t count; /* of answers */
    struct bridge_error why;
} end;

static void on_done(void *arg, const struct bridge_error *why)
{
    (void)arg;
    end.count++;
    end.why = why ? *why : (struct bridge_error){ .code = BRIDGE_OK };
}

static struct preference_sheet *sheet_of(const char *user, enum bridge_address kind,
                                         const char *address, bool admin)
{
    const struct preference_of of = { .host = fake_transport_host(), .user = user, .kind = kind,
                                      .address = address, .admin = admin };

    lab.transport->preferences = fake_preferences;
    return preference_sheet_new(&of, 0);
}

/* As a form that was sent back with these fields changed: "key=value;...", where
 * "key" alone was emptied. */
static char **fill_in(const struct preference_sheet *sheet, const char *pairs)
{
    char **values = bridge_alloc((sheet->count + 1) * sizeof *values);
    char *copy = bridge_strdup(pairs), *rest = copy, *pair;

    for (size_t i = 0; i < sheet->count; i++)
        values[i] = sheet->fields[i].type == FORM_FIXED ? NULL
                                                        : bridge_strdup(sheet->fields[i].initial);
    while ((pair = strtok_r(rest, ";", &rest))) {
        char *value = strchr(pair, '=');
        if (value)
            *value++ = 0;
        int i = preference_sheet_find(sheet, pair);
        assert_true(i >= 0);
        free(values[i]);
        values[i] = bridge_strdup(value);
    }
    free(copy);
    return values;
}

static void change_sheet(struct preference_sheet *sheet, const char *lines)
{
    char **values = fill_in(sheet, lines);

    end.count = 0;
    preference_change(sheet, values, on_done, NULL);
    free(values);
}

static void change(const char *user, const char *lines)
{
    change_sheet(sheet_of(user, BRIDGE_ADDRESS_NONE, NULL, false), lines);
}

static void enrol(const char *user, const char *lines, const char *invitation)
{
    struct preference_sheet *sheet = sheet_of(user, BRIDGE_ADDRESS_NONE, NULL, false);
    char **values = fill_in(sheet, lines);

    end.count = 0;
    preference_register(sheet, values, invitation, on_done, NULL);
    free(values);
}

#define ENDED(code, text) ended((code), (text), __LINE__)
#define STORED() (fake_store_commit(), ENDED(BRIDGE_OK, ""))

static void ended(enum bridge_code code, const char *text, int line)
{
    if (end.count != 1 || end.why.code != code || strcmp(end.why.text, text) != 0) {
        print_error("--- %zu ends, the last %u: %s\n", end.count, end.why.code, end.why.text);
        _fail(__FILE__, line);
    }
    end.count = 0;
    end.why = (struct bridge_error){ .code = BRIDGE_OK };
}

/* What the account has now, as "key=value" lines. */
#define HOLDS(user, lines) holds((user), BRIDGE_ADDRESS_NONE, NULL, (lines), __LINE__)
#define HOLDS_AT(kind, address, lines) holds(JULIET, (kind), (address), (lines), __LINE__)

static void holds(const char *user, enum bridge_address kind, const char *address,
                  const char *lines, int line)
{
    struct preference_sheet *sheet = sheet_of(user, kind, address, true);
    struct strbuf out = STRBUF_INIT(100000);

    for (size_t i = 0; i < sheet->count; i++) {
        if (sheet->fields[i].initial)
            strbuf_addf(&out, "%s=%s\n", sheet->fields[i].var, sheet->fields[i].initial);
    }
    preference_sheet_free(sheet);
    if (strcmp(strbuf_text(&out), lines) != 0) {
        print_error("--- holds:\n%s--- expected:\n%s", strbuf_text(&out), lines);
        _fail(__FILE__, line);
    }
    strbuf_release(&out);
}

/* Without a front door the gateway's own settings are here, too. */
#define NOTHING "loud=0\nlanguage=auto\n"

/* --- changing ------------------------------------------------------------------------- */

static void values_are_checked_stored_and_shown(void **state)
{
    (void)state;
    HOLDS(JULIET, NOTHING);
    change(JULIET, "username=jul;signature=so\nlong;loud=1");
    DOWN("check " JULIET ": username=jul signature=so\nlong loud=1\n");
    HOLDS(JULIET, NOTHING); /* not before it is on the disk */
    assert_int_equal(end.count, 0);
    STORED();
    HOLDS(JULIET, "username=jul\nsignature=so\nlong\nloud=1\nlanguage=auto\n");
    HOLDS(ROMEO, NOTHING);
}

static void what_is_left_as_it_was_is_not_written(void **state)
{
    (void)state;
    change(JULIET, "");
    ENDED(BRIDGE_OK, "");
    DOWN("");
    assert_false(fake_store_commit());
    change(JULIET, "username=jul;loud=1");
    STORED();
    fake_transport_forget();
    size_t rows = fake_store_rows();
    change(JULIET, "username=jul;loud=0");
    STORED();
    DOWN("check " JULIET ": username=jul loud=0\n");
    assert_int_equal(fake_store_rows(), rows);
}

static void an_emptied_field_is_unset(void **state)
{
    (void)state;
    change(JULIET, "signature=x;loud=1");
    STORED();
    change(JULIET, "signature;loud");
    STORED();
    DOWN("check " JULIET ": signature=x loud=1\ncheck " JULIET ": loud=0\n");
    HOLDS(JULIET, NOTHING);
}

static void a_secret_is_sealed_kept_and_never_shown(void **state)
{
    struct strbuf stored = STRBUF_INIT(1000);

    (void)state;
    change(JULIET, "password=R0m30");
    STORED();
    assert_true(store_setting_get(lab.core->store, LAB_DOMAIN, JULIET, "", "password", &stored));
    assert_null(strstr(strbuf_text(&stored), "R0m30"));
    strbuf_release(&stored);
    HOLDS(JULIET, NOTHING);

    change(JULIET, "password;loud=1"); /* empty: it stays, and can be checked again */
    STORED();
    DOWN("check " JULIET ": password=R0m30 loud=0\n"
         "check " JULIET ": password=R0m30 loud=1\n");
    change(JULIET, "password=");
    STORED();
    DOWN("check " JULIET ": loud=1\n");
    assert_null(strstr(strbuf_text(&lab.log), "R0m30"));
}

static void a_session_is_told_and_reads_the_new_values(void **state)
{
    struct strbuf value = STRBUF_INIT(1000);
    struct bridge_error err;

    (void)state;
    struct bridge_session *session = session_open(fake_transport_host(), JULIET, &err);
    assert_non_null(session);
    fake_transport_forget();
    change(JULIET, "password=R0m30");
    DOWN("check " JULIET ": password=R0m30 loud=0\n");
    STORED();
    DOWN("changed " JULIET "\n");
    assert_true(bridge_preference(session, NULL, "password", &value));
    assert_string_equal(strbuf_text(&value), "R0m30");
    strbuf_reset(&value);
    assert_true(bridge_preference(session, NULL, "loud", &value));
    assert_string_equal(strbuf_text(&value), "0");
    strbuf_reset(&value);
    assert_false(bridge_preference(session, NULL, "username", &value));
    assert_false(bridge_preference(session, NULL, "no-such", &value));
    assert_int_equal(value.len, 0);
    strbuf_release(&value);
}

static void rooms_networks_and_contacts_have_their_own(void **state)
{
    struct strbuf value = STRBUF_INIT(1000);
    struct bridge_error err;

    (void)state;
    HOLDS_AT(BRIDGE_ADDRESS_ROOM, "#r", "loud=0\ncolour=red\n");
    HOLDS_AT(BRIDGE_ADDRESS_CONTACT, "x", "loud=0\nvolume=5\n");
    struct bridge_session *session = session_open(fake_transport_host(), JULIET, &err);
    fake_transport_forget();
    change_sheet(sheet_of(JULIET, BRIDGE_ADDRESS_ROOM, "#r", false), "colour=blue");
    STORED();
    DOWN("check " JULIET " #r: loud=0 colour=blue\nchanged " JULIET " #r\n");
    HOLDS_AT(BRIDGE_ADDRESS_ROOM, "#r", "loud=0\ncolour=blue\n");
    HOLDS_AT(BRIDGE_ADDRESS_ROOM, "#s", "loud=0\ncolour=red\n");
    assert_true(bridge_preference(session, "#r", "colour", &value));
    assert_string_equal(strbuf_text(&value), "blue");
    strbuf_release(&value);
}

static void the_gateways_own_concern_no_transport(void **state)
{
    struct strbuf value = STRBUF_INIT(1000);

    (void)state;
    change(JULIET, "language=de;keep-days=30");
    DOWN("");
    STORED();
    assert_true(preference_of_gateway(lab.core, JULIET, "language", &value));
    strbuf_addch(&value, ' ');
    assert_true(store_setting_get(lab.core->store, "", JULIET, "", "keep-days", &value));
    assert_string_equal(strbuf_text(&value), "de 30");
    strbuf_release(&value);
    assert_false(preference_of_gateway(lab.core, ROMEO, "keep-days", &value));
}

static void with_a_front_door_they_are_there_alone(void **state)
{
    const struct preference_of door = { .host = lab.core->hosts[0], .user = JULIET };

    (void)state;
    HOLDS(JULIET, "loud=0\n");
    struct preference_sheet *sheet = preference_sheet_new(&door, 0);
    assert_int_equal(sheet->count, 2);
    assert_string_equal(sheet->fields[0].var, "language");
    change_sheet(sheet, "language=fr");
    STORED();
    sheet = preference_sheet_new(&door, 0);
    assert_string_equal(sheet->fields[0].initial, "fr");
    preference_sheet_free(sheet);
}

/* --- refusals ------------------------------------------------------------------------- */

static void what_the_transport_refuses_is_not_stored(void **state)
{
    (void)state;
    fake_transport_fail("check", BRIDGE_AUTH, "there is no such user");
    change(JULIET, "username=nobody;loud=1");
    ENDED(BRIDGE_AUTH, "Name: there is no such user");
    DOWN("check " JULIET ": username=nobody loud=1\n");
    assert_false(fake_store_commit());
    HOLDS(JULIET, NOTHING);
}

static void what_the_disk_does_not_take_is_told(void **state)
{
    (void)state;
    change(JULIET, "loud=1");
    fake_store_fail("the disk is full");
    fake_store_commit();
    ENDED(BRIDGE_RETRY, "the disk is full");
    DOWN("check " JULIET ": loud=1\n");
    HOLDS(JULIET, NOTHING);
}

static void nobody_takes_what_is_somebody_elses(void **state)
{
    (void)state;
    change(ROMEO, "username=rose");
    STORED();
    change(JULIET, "username=rose");
    ENDED(BRIDGE_CONFLICT, "Name: somebody else has this already");
    change(ROMEO, "username=rose;loud=1"); /* one's own is no conflict */
    STORED();
    fake_transport_forget();
}

/* The second is as good as taken while the first is on its way. */
static void nor_what_somebody_else_is_about_to_take(void **state)
{
    (void)state;
    fake_transport_hold(true);
    change(ROMEO, "username=rose");
    struct bridge_change *first = fake_transport_change();
    change(JULIET, "username=rose");
    ENDED(BRIDGE_CONFLICT, "Name: somebody else has this already");
    bridge_change_done(first, NULL, NULL);
    change(JULIET, "username=rose"); /* queued, not yet durable */
    ENDED(BRIDGE_CONFLICT, "Name: somebody else has this already");
    STORED();
    fake_transport_forget();
}

static void only_admins_change_what_is_theirs(void **state)
{
    struct preference_sheet *sheet;

    (void)state;
    sheet = sheet_of(JULIET, BRIDGE_ADDRESS_NONE, NULL, false);
    int i = preference_sheet_find(sheet, "credit");
    assert_int_equal(sheet->fields[i].type, FORM_FIXED);
    assert_string_equal(sheet->fields[i].initial, "Credit: -");
    change_sheet(sheet, "credit=100");
    ENDED(BRIDGE_FORBIDDEN, "Credit: only an administrator can change this");
    change_sheet(sheet_of(JULIET, BRIDGE_ADDRESS_NONE, NULL, true), "credit=100");
    STORED();
    change(JULIET, "loud=1"); /* and it stays */
    STORED();
    DOWN("check " JULIET ": loud=0 credit=100\ncheck " JULIET ": loud=1 credit=100\n");
}

/* --- accounts ------------------------------------------------------------------------- */

static bool is_registered(const char *user)
{
    return store_account_find(lab.core->store, LAB_DOMAIN, user, NULL);
}

static void an_account_has_what_is_required(void **state)
{
    (void)state;
    enrol(JULIET, "loud=1", NULL);
    ENDED(BRIDGE_INCOMPLETE, "Name: this is missing");
    assert_false(is_registered(JULIET));
    enrol(JULIET, "username=jul", NULL);
    STORED();
    assert_true(is_registered(JULIET));
    enrol(JULIET, "username", NULL);
    ENDED(BRIDGE_INCOMPLETE, "Name: this is missing");
    enrol(JULIET, "loud=1", NULL);
    STORED();
    enrol(JULIET, "", NULL); /* as it is already */
    ENDED(BRIDGE_OK, "");
    assert_false(fake_store_commit());
    fake_transport_forget();
}

static void an_invitation_lets_one_in(void **state)
{
    const struct store_invitation rose = { .code = "rose", .domain = LAB_DOMAIN,
                                           .maker = "admin@example.net", .expires = INT64_MAX };

    (void)state;
    lab.transport->check = NULL;
    store_invitation_put(lab.core->store, &rose, NULL, NULL);
    fake_store_commit();
    enrol(JULIET, "username=jul", "daisy");
    fake_store_commit();
    assert_int_equal(end.why.code, BRIDGE_MEMBERSHIP);
    assert_false(is_registered(JULIET));
    HOLDS(JULIET, NOTHING);
    enrol(JULIET, "username=jul", "rose");
    STORED();
    assert_true(is_registered(JULIET));
    enrol(ROMEO, "username=rom", "rose");
    fake_store_commit();
    assert_int_equal(end.why.code, BRIDGE_MEMBERSHIP);
}

/* --- time ------------------------------------------------------------------------------ */

static void one_thing_has_one_change_at_a_time(void **state)
{
    (void)state;
    fake_transport_hold(true);
    change(JULIET, "username=jul");
    change(JULIET, "loud=1");
    ENDED(BRIDGE_BUSY, "A change of these settings is still being checked; wait until it has "
                       "ended");
    struct bridge_change *first = fake_transport_change();
    change_sheet(sheet_of(JULIET, BRIDGE_ADDRESS_ROOM, "#r", false), "loud=1");
    bridge_change_done(fake_transport_change(), NULL, NULL);
    STORED();
    bridge_change_done(first, NULL, NULL);
    STORED();
    fake_transport_forget();
}

static void a_check_that_takes_too_long_is_given_up(void **state)
{
    (void)state;
    fake_transport_hold(true);
    change(JULIET, "username=jul");
    struct bridge_change *slow = fake_transport_change();
    fake_timer_advance(PREFERENCE_CHECK_MS / 2);
    change(ROMEO, "username=rom");
    struct bridge_change *quick = fake_transport_change();
    fake_timer_advance(PREFERENCE_CHECK_MS / 2 - 1);
    assert_int_equal(end.count, 0);
    fake_timer_advance(1);
    ENDED(BRIDGE_RETRY, "The network did not say in time whether that is right; nothing was "
                        "changed. Try again later");
    change(JULIET, "loud=1"); /* the transport still has the first in hand */
    assert_int_equal(end.why.code, BRIDGE_BUSY);
    end.count = 0;
    bridge_change_done(slow, NULL, NULL); /* in vain */
    assert_int_equal(end.count, 0);
    assert_false(fake_store_commit());
    bridge_change_done(quick, NULL, NULL);
    STORED();
    HOLDS(JULIET, NOTHING);
    fake_transport_forget();
    struct canonical pings = lab_take(LAB_DOMAIN);
    canonical_release(&pings);
}

static void nobody_sets_something_of_every_address(void **state)
{
    char address[32];

    (void)state;
    lab.transport->check = NULL;
    for (size_t i = 0; i < PREFERENCE_PLACES_MAX; i++) {
        snprintf(address, sizeof address, "#r%zu", i);
        const struct store_setting setting = { LAB_DOMAIN, JULIET, address, "loud", "1" };
        store_settings_put(lab.core->store, &setting, 1, NULL, NULL);
    }
    fake_store_commit();
    change_sheet(sheet_of(JULIET, BRIDGE_ADDRESS_ROOM, "#r", false), "loud=1");
    ENDED(BRIDGE_BUSY, "You have made settings of too many places; empty those of some others "
                       "first");
    change_sheet(sheet_of(JULIET, BRIDGE_ADDRESS_ROOM, "#r7", false), "loud");
    STORED();
    change_sheet(sheet_of(JULIET, BRIDGE_ADDRESS_ROOM, "#r", false), "loud=1");
    STORED();
    change_sheet(sheet_of(ROMEO, BRIDGE_ADDRESS_ROOM, "#r", false), "loud=1");
    STORED();
    change(JULIET, "loud=1");
    STORED();
}

static void who_is_deleted_gets_nothing_stored_afterwards(void **state)
{
    (void)state;
    fake_transport_hold(true);
    change(JULIET, "username=jul");
    struct bridge_change *held = fake_transport_change();
    changes_drop(lab.core, NULL, ROMEO);
    assert_int_equal(end.count, 0);
    changes_drop(lab.core, LAB_DOMAIN, JULIET);
    ENDED(BRIDGE_RETRY, "Nothing was changed: what is stored about you is being deleted");
    bridge_change_done(held, NULL, NULL);
    assert_false(fake_store_commit());
    fake_transport_forget();
}

static void the_end_ends_changes_too(void **state)
{
    (void)state;
    fake_transport_hold(true);
    change(JULIET, "username=jul");
    core_stop(lab.core, "the end");
    ENDED(BRIDGE_RETRY, "The gateway is shutting down; try again later");
    struct canonical rest = lab_take(LAB_DOMAIN);
    canonical_release(&rest);
    fake_transport_forget(); /* teardown frees it: the transport never answered */
}

/* --- tables of plugins ------------------------------------------------------------------ */

#define GOOD .key = "k", .type = PREFERENCE_TEXT, .scopes = PREFERENCE_ROOM, .label = "K"
static const struct preference_choice choices[] = { { "a", NULL }, { 0 } };

static const struct {
    struct preference row;
    const char *fault; /* NULL: none */
} tables[] = {
    { { GOOD }, NULL },
    { { .key = "K", .type = PREFERENCE_TEXT, .scopes = PREFERENCE_ROOM, .label = "K" }, "bad key" },
    { { .type = PREFERENCE_TEXT, .scopes = PREFERENCE_ROOM, .label = "K" }, "bad key" },
    { { .key = "language", .type = PREFERENCE_TEXT, .scopes = PREFERENCE_ROOM, .label = "K" },
      "taken" },
    { { .key = "k", .type = (enum preference_type)99, .scopes = PREFERENCE_ROOM, .label = "K" },
      "type" },
    { { .key = "k", .type = PREFERENCE_TEXT, .label = "K" }, "scopes" },
    { { .key = "k", .type = PREFERENCE_TEXT, .scopes = PREFERENCE_ROOM }, "label" },
    { { GOOD, .flags = PREFERENCE_UNIQUE }, "flags" },
    { { GOOD, .flags = PREFERENCE_REQUIRED }, "flags" },
    { { GOOD, .max = 100000 }, "bounds" },
    { { .key = "k", .type = PREFERENCE_INT, .scopes = PREFERENCE_ROOM, .label = "K", .min = 1 },
      "bounds" },
    { { .key = "k", .type = PREFERENCE_CHOICE, .scopes = PREFERENCE_ROOM, .label = "K" },
      "bounds" },
    { { .key = "k", .type = PREFERENCE_CHOICE, .scopes = PREFERENCE_ROOM, .label = "K",
        .choices = choices, .initial = "b" }, "initial" },
    { { .key = "k", .type = PREFERENCE_BOOL, .scopes = PREFERENCE_ROOM, .label = "K",
        .initial = "yes" }, "initial" },
    { { .key = "k", .type = PREFERENCE_SECRET, .scopes = PREFERENCE_ACCOUNT, .label = "K",
        .initial = "x" }, "exclude" },
};

static void a_table_that_makes_no_sense_is_refused(void **state)
{
    struct bridge_error err;

    (void)state;
    assert_int_equal(preference_check_rows(NULL, &err), 0);
    assert_int_equal(preference_check_rows(fake_preferences, &err), 0);
    for (size_t i = 0; i < COUNT(tables); i++) {
        const struct preference rows[] = { tables[i].row, { 0 } };
        int rc = preference_check_rows(rows, &err);
        if (!rc != !tables[i].fault || (rc && !strstr(err.text, tables[i].fault)))
            fail_msg("%zu: %s", i, rc ? err.text : "taken");
    }
    const struct preference twice[] = { { GOOD }, { GOOD }, { 0 } };
    assert_int_equal(preference_check_rows(twice, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_are_checked_stored_and_shown),
        TEST(what_is_left_as_it_was_is_not_written),
        TEST(an_emptied_field_is_unset),
        TEST(a_secret_is_sealed_kept_and_never_shown),
        TEST(a_session_is_told_and_reads_the_new_values),
        TEST(rooms_networks_and_contacts_have_their_own),
        TEST(the_gateways_own_concern_no_transport),
        TEST_GATEWAY(with_a_front_door_they_are_there_alone),
        TEST(what_the_transport_refuses_is_not_stored),
        TEST(what_the_disk_does_not_take_is_told),
        TEST(nobody_takes_what_is_somebody_elses),
        TEST(nor_what_somebody_else_is_about_to_take),
        TEST(only_admins_change_what_is_theirs),
        TEST(an_account_has_what_is_required),
        TEST(an_invitation_lets_one_in),
        TEST(one_thing_has_one_change_at_a_time),
        TEST(a_check_that_takes_too_long_is_given_up),
        TEST(nobody_sets_something_of_every_address),
        TEST(who_is_deleted_gets_nothing_stored_afterwards),
        TEST(the_end_ends_changes_too),
        cmocka_unit_test(a_table_that_makes_no_sense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
