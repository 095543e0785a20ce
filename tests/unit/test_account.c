/* Accounts, settings, invitations, activity: what users leave in the store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <bridge/clock.h>
#include <bridge/strbuf.h>
#include <sqlite3.h>

#include "store_lab.h"
#include "store_parts.h"

#define JULIET "juliet@example.net"
#define ROMEO  "romeo@example.net"
#define IRC    "irc.example.net"
#define SMS    "sms.example.net"
#define COUNT(array) (sizeof(array) / sizeof *(array))

#define NOW (20000 * (int64_t)DAY_MS + 5000)

static struct store *store;

static int setup_store(void **state)
{
    clock_freeze(0, NOW);
    if (setup(state))
        return -1;
    store = open_store();
    memset(&outcome, 0, sizeof outcome);
    return 0;
}

static int teardown_store(void **state)
{
    close_store(store);
    clock_release();
    return teardown(state);
}

/* What was put completes, so many times well. */
static void ended(int all, int good)
{
    run_until(&outcome.all, all);
    if (outcome.all != all || outcome.good != good)
        fail_msg("%d of %d are written: %s", outcome.good, outcome.all, outcome.text);
    memset(&outcome, 0, sizeof outcome);
}

static void put_settings(const struct store_setting *settings, size_t count)
{
    store_settings_put(store, settings, count, on_done, &outcome);
}

static bool add_setting(void *arg, const struct store_setting *s)
{
    strbuf_addf(arg, "%s/%s/%s/%s=%s ", s->domain, s->user, s->address, s->key, s->value);
    return true;
}

static bool add_first_setting(void *arg, const struct store_setting *s)
{
    add_setting(arg, s);
    return false;
}

static bool add_account(void *arg, const char *name, int64_t since)
{
    strbuf_addf(arg, "%s@%lld ", name, (long long)since);
    return true;
}

static bool add_invitation(void *arg, const struct store_invitation *i)
{
    strbuf_addf(arg, "%s/%s/%s/%lld ", i->code, i->domain, i->maker, (long long)i->expires);
    return true;
}

static bool add_contact(void *arg, const struct store_contact *contact)
{
    strbuf_addf(arg, "%s/%s/%u ", contact->domain, contact->address, contact->subscription);
    return true;
}

static bool add_counter(void *arg, const struct store_counter *counter)
{
    strbuf_addf(arg, "%s/%lld ", counter->domain, (long long)counter->messages);
    return true;
}

/* Everything that there is about the user. */
static void has_of(const char *user, const char *expected)
{
    struct strbuf out = STRBUF_INIT(8192);
    int64_t day;

    store_user_accounts(store, user, add_account, &out);
    strbuf_adds(&out, "| ");
    store_user_settings(store, user, add_setting, &out);
    strbuf_adds(&out, "| ");
    store_user_contacts(store, user, add_contact, &out);
    strbuf_adds(&out, "| ");
    store_user_counters(store, user, add_counter, &out);
    strbuf_adds(&out, "| ");
    store_user_invitations(store, user, add_invitation, &out);
    strbuf_adds(&out, "|");
    if (store_user_day(store, user, &day))
        strbuf_addf(&out, " %lld", (long long)day);
    assert_string_equal(strbuf_text(&out), expected);
    strbuf_release(&out);
}

static void setting_is(const char *domain, const char *user, const char *address,
                       const char *key, const char *expected)
{
    struct strbuf value = STRBUF_INIT(65536);

    strbuf_adds(&value, "<");
    bool found = store_setting_get(store, domain, user, address, key, &value);
    assert_int_equal(found, expected != NULL);
    assert_string_equal(strbuf_text(&value) + 1, expected ? expected : "");
    strbuf_release(&value);
}

/* --- settings ------------------------------------------------------------------ */

static void settings_are_kept_changed_and_removed(void **state)
{
    const struct store_setting first[] = {
        { IRC, JULIET, "", "nick", "jul" },
        { IRC, JULIET, "libera", "nick", "jules" },
        { "", JULIET, "", "language", "" },
    };
    const struct store_setting second[] = {
        { IRC, JULIET, "", "nick", NULL },
        { IRC, JULIET, "libera", "nick", "' OR 1" },
        { IRC, JULIET, "", "absent", NULL },
    };

    (void)state;
    put_settings(first, COUNT(first));
    assert_int_equal(outcome.all, 0); /* never from within the call */
    ended(1, 1);
    setting_is(IRC, JULIET, "", "nick", "jul");
    setting_is(IRC, JULIET, "libera", "nick", "jules");
    setting_is("", JULIET, "", "language", ""); /* set, to nothing */
    setting_is(SMS, JULIET, "", "nick", NULL);
    setting_is(IRC, ROMEO, "", "nick", NULL);
    put_settings(second, COUNT(second));
    ended(1, 1);
    setting_is(IRC, JULIET, "", "nick", NULL);
    setting_is(IRC, JULIET, "libera", "nick", "' OR 1");
}

static void settings_are_listed_by_what_they_are_of(void **state)
{
    const struct store_setting settings[] = {
        { IRC, JULIET, "libera", "b", "1" }, { IRC, JULIET, "libera", "a", "2" },
        { IRC, JULIET, "", "c", "3" },       { SMS, JULIET, "", "d", "4" },
    };
    static const struct {
        const char *domain, *user, *address, *found;
    } rows[] = {
        { IRC, JULIET, "libera", IRC "/" JULIET "/libera/a=2 " IRC "/" JULIET "/libera/b=1 " },
        { IRC, JULIET, "", IRC "/" JULIET "//c=3 " },
        { IRC, JULIET, NULL,
          IRC "/" JULIET "//c=3 " IRC "/" JULIET "/libera/a=2 " IRC "/" JULIET "/libera/b=1 " },
        { IRC, ROMEO, NULL, "" },
    };
    struct strbuf out = STRBUF_INIT(4096);

    (void)state;
    put_settings(settings, COUNT(settings));
    ended(1, 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        strbuf_reset(&out);
        store_setting_each(store, rows[i].domain, rows[i].user, rows[i].address, add_setting,
                           &out);
        assert_string_equal(strbuf_text(&out), rows[i].found);
    }
    strbuf_reset(&out);
    store_setting_each(store, IRC, JULIET, NULL, add_first_setting, &out);
    assert_string_equal(strbuf_text(&out), rows[1].found);
    strbuf_release(&out);
}

/* A value that the schema forbids, in the midst of good ones. */
static void one_bad_setting_leaves_all_as_they_were(void **state)
{
    const struct store_setting before[] = {
        { IRC, JULIET, "", "a", "1" },
        { IRC, JULIET, "", "b", "1" },
    };
    const struct store_setting bad[] = {
        { IRC, JULIET, "", "a", "2" },
        { IRC, JULIET, "", "b", NULL },
        { NULL, JULIET, "", "c", "2" },
        { IRC, JULIET, "", "d", "2" },
        { IRC, JULIET, NULL, "e", "2" },
    };
    const struct store_setting others[] = { { IRC, ROMEO, "", "a", "3" } };

    (void)state;
    put_settings(before, COUNT(before));
    ended(1, 1);
    put_settings(bad, COUNT(bad));
    put_settings(others, COUNT(others)); /* in the same transaction, and well */
    run_until(&outcome.all, 2);
    assert_int_equal(outcome.invalid, 1);
    assert_int_equal(outcome.good, 1);
    assert_string_equal(outcome.text,
                        "this cannot be stored: NOT NULL constraint failed: setting.domain");
    has_of(JULIET, "| " IRC "/" JULIET "//a=1 " IRC "/" JULIET "//b=1 | | | | 20000");
    setting_is(IRC, ROMEO, "", "a", "3");
    assert_null(store_trouble(store));
}

static void the_owner_of_a_value_is_found(void **state)
{
    const struct store_setting romeo[] = {
        { SMS, ROMEO, "", "number", "+1" },
        { SMS, ROMEO, "", "mail", "+3" },
        { SMS, ROMEO, "+9", "number", "+2" }, /* of a contact: not the account's */
        { IRC, ROMEO, "", "number", "+3" },
    };
    const struct store_setting juliet[] = { { SMS, JULIET, "", "number", "+1" } };
    static const struct {
        const char *key, *value, *owner;
    } rows[] = {
        { "number", "+1", JULIET }, /* the first by name */
        { "number", "+2", NULL },
        { "number", "+3", NULL },
        { "mail", "+3", ROMEO },
    };

    (void)state;
    put_settings(romeo, COUNT(romeo));
    put_settings(juliet, COUNT(juliet));
    ended(2, 2);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct strbuf user = STRBUF_INIT(4096);
        bool found = store_setting_owner(store, SMS, rows[i].key, rows[i].value, &user);
        assert_int_equal(found, rows[i].owner != NULL);
        assert_string_equal(strbuf_text(&user), rows[i].owner ? rows[i].owner : "");
        strbuf_release(&user);
    }
}

/* --- accounts ------------------------------------------------------------------ */

static void account(const char *user, const struct store_setting *setting, const char *code)
{
    store_account_put(store, SMS, user, setting, setting ? 1 : 0, code, on_done, &outcome);
}

static void an_account_comes_with_its_settings_and_keeps_its_time(void **state)
{
    const struct store_setting number = { SMS, JULIET, "", "number", "+1" };
    const struct store_setting changed = { SMS, JULIET, "", "number", "+2" };
    int64_t since = 0;

    (void)state;
    assert_false(store_account_find(store, SMS, JULIET, &since));
    account(JULIET, &number, NULL);
    ended(1, 1);
    assert_true(store_account_find(store, SMS, JULIET, &since));
    assert_int_equal(since, NOW);
    assert_false(store_account_find(store, IRC, JULIET, NULL));
    clock_freeze(0, NOW + 1);
    account(JULIET, &changed, NULL);
    ended(1, 1);
    assert_true(store_account_find(store, SMS, JULIET, &since));
    assert_int_equal(since, NOW);
    setting_is(SMS, JULIET, "", "number", "+2");
}

static bool add_first_account(void *arg, const char *name, int64_t since)
{
    add_account(arg, name, since);
    return false;
}

static void accounts_are_listed_in_pages(void **state)
{
    static const char *const names[] = { "c@d", "a@d", "b@d" };
    struct strbuf out = STRBUF_INIT(4096);

    (void)state;
    clock_freeze(0, 7);
    for (size_t i = 0; i < COUNT(names); i++)
        account(names[i], NULL, NULL);
    store_account_put(store, IRC, "d@d", NULL, 0, NULL, on_done, &outcome);
    ended(4, 4);
    store_account_each(store, SMS, NULL, add_first_account, &out);
    store_account_each(store, SMS, "a@d", add_account, &out);
    store_account_each(store, SMS, "c@d", add_account, &out);
    assert_string_equal(strbuf_text(&out), "a@d@7 b@d@7 c@d@7 ");
    strbuf_release(&out);
}

/* Nothing of an account stands on a disk that has no room for all of it. */
static void a_full_disk_takes_all_of_an_account_or_nothing(void **state)
{
    static char large[60000];
    const struct store_setting setting = { SMS, JULIET, "", "signature", large };

    (void)state;
    memset(large, 'x', sizeof large - 1);
    fill_disk();
    account(JULIET, &setting, NULL);
    run_until(&outcome.all, 1);
    make_room();
    assert_int_equal(outcome.retry, 1);
    has_of(JULIET, "| | | | |");
    memset(&outcome, 0, sizeof outcome);
    account(JULIET, &setting, NULL);
    ended(1, 1);
    setting_is(SMS, JULIET, "", "signature", large);
}

/* --- another reader ------------------------------------------------------------ */

static void another_reader_sees_one_state_beside_the_store(void **state)
{
    struct bridge_error err = { 0 };
    int64_t since;

    (void)state;
    account(JULIET, NULL, NULL);
    ended(1, 1);
    struct store *reader = store_open_reader(path, &err);
    assert_non_null(reader);
    account(ROMEO, NULL, NULL);
    ended(1, 1);
    assert_true(store_account_find(reader, SMS, JULIET, &since));
    assert_false(store_account_find(reader, SMS, ROMEO, &since));
    assert_true(store_account_find(store, SMS, ROMEO, &since));
    store_close_reader(reader);
}

static void another_reader_changes_nothing_and_makes_nothing(void **state)
{
    static const struct {
        const char *sql, *why;
    } rows[] = {
        { "UPDATE schema_version SET version = 1",
          "start this bridged once, which brings it up to date" },
        { "UPDATE schema_version SET version = 99", "install the newer bridged again" },
        { "PRAGMA application_id = 7", "is the database of another program" },
    };
    struct bridge_error err = { 0 };
    char absent[160];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        exec_raw(rows[i].sql);
        assert_null(store_open_reader(path, &err));
        assert_non_null(strstr(err.text, rows[i].why));
    }
    snprintf(absent, sizeof absent, "%s.absent", path);
    assert_null(store_open_reader(absent, &err));
    assert_non_null(strstr(err.text, absent));
    assert_int_equal(access(absent, F_OK), -1);
}

/* --- invitations --------------------------------------------------------------- */

static void invite(const char *code, const char *domain, int64_t expires)
{
    const struct store_invitation i = { code, domain, ROMEO, expires };

    store_invitation_put(store, &i, on_done, &outcome);
}

static void an_invitation_is_good_once_here_and_in_time(void **state)
{
    static const struct {
        const char *user, *code;
        int64_t now;
        bool good;
    } rows[] = {
        { "a@d", "wrong", NOW, false },
        { "a@d", "elsewhere", NOW, false }, /* is for another transport */
        { "a@d", "short", NOW + 10, false },
        { "a@d", "long", NOW + 10, true },
        { "b@d", "long", NOW + 10, false }, /* used up */
        { "b@d", "longer", NOW + 99, true },
    };
    const struct store_setting number = { SMS, "a@d", "", "number", "+1" };

    (void)state;
    invite("elsewhere", IRC, NOW + 100);
    invite("short", SMS, NOW + 10);
    invite("long", SMS, NOW + 11);
    invite("longer", SMS, NOW + 100);
    ended(4, 4);
    for (size_t i = 0; i < COUNT(rows); i++) {
        clock_freeze(0, rows[i].now);
        account(rows[i].user, &number, rows[i].code);
        run_until(&outcome.all, 1);
        assert_int_equal(outcome.good, rows[i].good);
        assert_int_equal(outcome.membership, !rows[i].good);
        /* nothing is done, or all */
        assert_int_equal(store_account_find(store, SMS, rows[i].user, NULL), rows[i].good);
        setting_is(SMS, "a@d", "", "number", i < 3 ? NULL : "+1");
        memset(&outcome, 0, sizeof outcome);
    }
    assert_null(store_trouble(store));
}

static void a_code_is_given_once_and_dropped_when_it_has_expired(void **state)
{
    (void)state;
    invite("x", SMS, NOW + 10);
    invite("x", IRC, NOW + 20);
    run_until(&outcome.all, 2);
    assert_int_equal(outcome.invalid, 1);
    has_of(ROMEO, "| | | | x/" SMS "/" ROMEO "/1728000005010 |");
    memset(&outcome, 0, sizeof outcome);
    clock_freeze(0, NOW + 10);
    invite("y", IRC, NOW + 20);
    ended(1, 1);
    has_of(ROMEO, "| | | | y/" IRC "/" ROMEO "/1728000005020 |");
}

/* --- contacts ------------------------------------------------------------------ */

static bool add_two_owners(void *arg, const char *user)
{
    strbuf_addf(arg, "%s ", user);
    return ((struct strbuf *)arg)->len % 8 != 0;
}

static void owners_of_contacts_are_told_once_each_in_pages(void **state)
{
    static const char *const keys[][3] = {
        { SMS, "c@d", "1" }, { SMS, "a@d", "1" }, { SMS, "a@d", "2" },
        { SMS, "b@d", "1" }, { IRC, "e@d", "1" }, { SMS, "d@d", "1" },
    };
    struct strbuf out = STRBUF_INIT(4096);

    (void)state;
    for (size_t i = 0; i < COUNT(keys); i++) {
        const struct store_contact c = { keys[i][0], keys[i][1], keys[i][2], NULL,
                                         STORE_SUB_ASKED | STORE_SUB_DECLINED };
        store_contact_put(store, &c, on_done, &outcome);
    }
    ended(6, 6);
    store_contact_owners(store, SMS, NULL, add_two_owners, &out);
    assert_string_equal(strbuf_text(&out), "a@d b@d ");
    store_contact_owners(store, SMS, "b@d", add_two_owners, &out);
    assert_string_equal(strbuf_text(&out), "a@d b@d c@d d@d ");
    store_contact_owners(store, SMS, "d@d", add_two_owners, &out);
    assert_string_equal(strbuf_text(&out), "a@d b@d c@d d@d ");
    strbuf_release(&out);
}

/* --- forgetting ---------------------------------------------------------------- */

static void fill(const char *user)
{
    static int64_t last_delivery;
    static const char *const domains[] = { IRC, SMS };
    const struct store_setting own[] = { { "", user, "", "language", "de" } };

    for (size_t i = 0; i < COUNT(domains); i++) {
        const struct store_setting nick[] = { { domains[i], user, "x", "nick", "n" } };
        const struct store_contact contact = { domains[i], user, "c", NULL, STORE_SUB_BOTH };
        const struct store_counter counter = { domains[i], user, 19999, 5 };
        const struct store_invitation invitation = { i ? "s" : "i", domains[i], user, NOW * 2 };
        store_account_put(store, domains[i], user, nick, 1, NULL, on_done, &outcome);
        store_contact_put(store, &contact, on_done, &outcome);
        store_counter_put(store, &counter, on_done, &outcome);
        store_expense_put(store, domains[i], user, 19999, 7, on_done, &outcome);
        store_delivery_put(store, &(struct store_delivery){
                                      .id = ++last_delivery, .domain = domains[i], .user = user,
                                      .contact = "c", .body = "b" }, on_done, &outcome);
        if (!strcmp(user, JULIET))
            store_invitation_put(store, &invitation, on_done, &outcome);
        else
            on_done(&outcome, NULL);
    }
    put_settings(own, 1);
    ended(13, 13);
}

static void a_user_is_forgotten_here_or_everywhere(void **state)
{
    (void)state;
    fill(JULIET);
    fill(ROMEO);
    store_user_remove(store, IRC, JULIET, 20000, on_done, &outcome);
    ended(1, 1);
    has_of(JULIET, SMS "@1728000005000 | /" JULIET "//language=de " SMS "/" JULIET
                       "/x/nick=n | " SMS "/c/3 | " SMS "/5 | s/" SMS "/" JULIET
                       "/3456000010000 | 20000");
    store_user_remove(store, NULL, JULIET, 20000, on_done, &outcome);
    ended(1, 1);
    has_of(JULIET, "| | | | |");
    has_of(ROMEO, IRC "@1728000005000 " SMS "@1728000005000 | /" ROMEO "//language=de " IRC
                      "/" ROMEO "/x/nick=n " SMS "/" ROMEO "/x/nick=n | " IRC "/c/3 " SMS
                      "/c/3 | " IRC "/5 " SMS "/5 | | 20000");
}

/* No table that knows users is left out of store_user_remove(), nor will be. */
static void every_table_that_knows_users_is_emptied(void **state)
{
    static const char sql[] =
        "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c"
        " WHERE m.type = 'table' AND c.name IN ('user', 'maker', 'owner', 'sender')";
    sqlite3 *db;
    sqlite3_stmt *q;
    int tables = 0;

    (void)state;
    fill(JULIET);
    store_user_remove(store, NULL, JULIET, 20000, on_done, &outcome);
    ended(1, 1);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    while (sqlite3_step(q) == SQLITE_ROW) {
        char check[256];
        snprintf(check, sizeof check, "SELECT count(*) = 0 FROM %s WHERE %s = '" JULIET "'",
                 read_text(q, 0), read_text(q, 1));
        assert_true_sql(path, check);
        tables++;
    }
    assert_true(tables >= 6);
    sqlite3_finalize(q);
    sqlite3_close(db);
}

/* --- activity ------------------------------------------------------------------ */

struct roll {
    int done;
    struct strbuf users;
};

static void on_lapsed(void *arg, struct store_census_user *users, size_t count,
                      const struct bridge_error *why)
{
    struct roll *roll = arg;

    assert_null(why);
    for (size_t i = 0; i < count; i++)
        strbuf_addf(&roll->users, "%s/%zu ", users[i].user, users[i].contacts);
    store_census_free(users, count);
    roll->done++;
}

static void lapsed_are(int64_t today, const char *expected)
{
    struct roll roll = { .users = STRBUF_INIT(4096) };

    store_lapsed(store, today, on_lapsed, &roll);
    run_until(&roll.done, 1);
    assert_string_equal(strbuf_text(&roll.users), expected);
    strbuf_release(&roll.users);
}

static void keep(const char *user, const char *domain, const char *days)
{
    const struct store_setting setting[] = { { domain, user, "", "keep-days", days } };

    put_settings(setting, 1);
    ended(1, 1);
}

static void who_did_nothing_for_longer_than_wanted_has_lapsed(void **state)
{
    const struct store_contact contact = { SMS, "b@d", "c", NULL, STORE_SUB_BOTH };

    (void)state;
    keep("a@d", "", "30");
    keep("b@d", "", "3");
    keep("c@d", SMS, "3"); /* means nothing there */
    keep("e@d", "", "");
    keep("f@d", "", "0");
    store_contact_put(store, &contact, on_done, &outcome);
    ended(1, 1);
    lapsed_are(20003, "");
    lapsed_are(20004, "b@d/1 ");
    lapsed_are(20031, "a@d/0 b@d/1 ");
    store_user_seen(store, "a@d", 20010, on_done, &outcome);
    store_user_seen(store, "b@d", 19000, on_done, &outcome); /* the clock was set back */
    ended(2, 2);
    lapsed_are(20003, "");
    lapsed_are(20031, "b@d/1 ");
    lapsed_are(20041, "a@d/0 b@d/1 ");
}

/* --- how it is read ------------------------------------------------------------- */

/* One user's rows are few and may be sorted. */
static bool is_of_one_user(const char *sql)
{
    return strstr(sql, "user = ?1") || strstr(sql, "maker = ?1");
}

/* Where several would do, and some of them lead to all rows of a domain or a user. */
static const char *right_index(int kind)
{
    return kind == READ_SETTING_OWNER        ? "setting_value"
           : kind == READ_DELIVERY_BY_STANZA ? "delivery_stanza"
                                             : "";
}

/* The loop must not wait: no statement of its reads a whole table, or sorts one. */
static void every_read_goes_by_an_index(void **state)
{
    (void)state;
    for (int i = 0; i < READ_KINDS; i++) {
        struct strbuf sql = STRBUF_INIT(4096);
        sqlite3_stmt *q;
        strbuf_addf(&sql, "EXPLAIN QUERY PLAN %s", read_sql[i]);
        assert_int_equal(sqlite3_prepare_v2(store->reader, strbuf_text(&sql), -1, &q, NULL),
                         SQLITE_OK);
        while (sqlite3_step(q) == SQLITE_ROW) {
            if (!strstr(read_text(q, 3), right_index(i)))
                fail_msg("among too many: %s", read_text(q, 3));
            bool sorts = strstr(read_text(q, 3), "USE TEMP B-TREE") != NULL;
            if (strncmp(read_text(q, 3), "SEARCH ", 7) &&
                strcmp(read_text(q, 3), "SCAN sqlite_sequence") && /* one row */
                !(sorts && is_of_one_user(read_sql[i])))
                fail_msg("%s: %s", read_sql[i], read_text(q, 3));
        }
        sqlite3_finalize(q);
        strbuf_release(&sql);
    }
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_store, teardown_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(settings_are_kept_changed_and_removed),
        TEST(settings_are_listed_by_what_they_are_of),
        TEST(one_bad_setting_leaves_all_as_they_were),
        TEST(the_owner_of_a_value_is_found),
        TEST(an_account_comes_with_its_settings_and_keeps_its_time),
        TEST(accounts_are_listed_in_pages),
        TEST(a_full_disk_takes_all_of_an_account_or_nothing),
        TEST(another_reader_sees_one_state_beside_the_store),
        TEST(another_reader_changes_nothing_and_makes_nothing),
        TEST(an_invitation_is_good_once_here_and_in_time),
        TEST(a_code_is_given_once_and_dropped_when_it_has_expired),
        TEST(owners_of_contacts_are_told_once_each_in_pages),
        TEST(a_user_is_forgotten_here_or_everywhere),
        TEST(every_table_that_knows_users_is_emptied),
        TEST(who_did_nothing_for_longer_than_wanted_has_lapsed),
        TEST(every_read_goes_by_an_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
