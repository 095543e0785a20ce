/* One user's data, whatever the transport: what the user may ask for, and may
 * ask to be forgotten. */
#include "store_parts.h"

/* --- activity --------------------------------------------------------------- */

/* The clock may be set back. */
const struct write_type activity_put_type = {
    .sql = "INSERT INTO activity(user, day) VALUES(?1, ?2)"
           " ON CONFLICT(user) DO UPDATE SET day = max(day, excluded.day)",
};

struct write *activity_new(const char *user, int64_t day)
{
    return write_new(WRITE_ACTIVITY_PUT, VALUES(TEXT(user), NUMBER(day)));
}

void store_user_seen(struct store *store, const char *user, int64_t day, store_done *done,
                     void *arg)
{
    store_put(store, activity_new(user, day), done, arg);
}

const char user_day_sql[] = "SELECT day FROM activity WHERE user = ?1";

bool store_user_day(struct store *store, const char *user, int64_t *day)
{
    sqlite3_stmt *q = read_begin(store, READ_USER_DAY, VALUES(TEXT(user)));
    int rc = sqlite3_step(q);

    if (rc == SQLITE_ROW)
        *day = sqlite3_column_int64(q, 0);
    read_end(store, q, rc);
    return rc == SQLITE_ROW;
}

/* --- forgetting ------------------------------------------------------------- */

/* ?1 the user, ?2 the transport or NULL, ?3 today */
#define OF_USER " WHERE user = ?1 AND (?2 IS NULL OR domain = ?2)"

const struct write_type user_contacts_remove_type = { .sql = "DELETE FROM contact" OF_USER };
const struct write_type user_accounts_remove_type = { .sql = "DELETE FROM account" OF_USER };
const struct write_type user_settings_remove_type = { .sql = "DELETE FROM setting" OF_USER };
const struct write_type user_invitations_remove_type = {
    .sql = "DELETE FROM invitation WHERE maker = ?1 AND (?2 IS NULL OR domain = ?2)",
};
const struct write_type user_counters_remove_type = {
    .sql = "DELETE FROM counter" OF_USER " AND day < ?3",
};
const struct write_type user_expenses_remove_type = {
    .sql = "DELETE FROM expense" OF_USER " AND day < ?3",
};
/* After the others: who has nothing left anywhere was never here. */
const struct write_type user_activity_remove_type = {
    .sql = "DELETE FROM activity WHERE user = ?1 AND (?2 IS NULL OR NOT ("
           "EXISTS (SELECT 1 FROM contact WHERE user = ?1) OR "
           "EXISTS (SELECT 1 FROM account WHERE user = ?1) OR "
           "EXISTS (SELECT 1 FROM setting WHERE user = ?1) OR "
           "EXISTS (SELECT 1 FROM invitation WHERE maker = ?1)))",
};

const struct write_type user_deliveries_remove_type = { .sql = "DELETE FROM delivery" OF_USER };

/* One for each table that knows users, and how many of the values it takes. */
static const struct {
    enum write_kind kind;
    size_t values;
} removals[] = {
    { WRITE_USER_CONTACTS_REMOVE, 2 }, { WRITE_USER_ACCOUNTS_REMOVE, 2 },
    { WRITE_USER_SETTINGS_REMOVE, 2 }, { WRITE_USER_INVITATIONS_REMOVE, 2 },
    { WRITE_USER_COUNTERS_REMOVE, 3 }, { WRITE_USER_ACTIVITY_REMOVE, 2 },
    { WRITE_USER_DELIVERIES_REMOVE, 2 }, { WRITE_USER_EXPENSES_REMOVE, 3 },
};
#define REMOVALS (sizeof removals / sizeof *removals)

void store_user_remove(struct store *store, const char *domain, const char *user, int64_t today,
                       store_done *done, void *arg)
{
    const struct value values[] = { TEXT(user), TEXT(domain), NUMBER(today) };
    struct write *write = write_new(removals[0].kind, values, removals[0].values);

    for (size_t i = 1; i < REMOVALS; i++)
        write_add(write, write_new(removals[i].kind, values, removals[i].values));
    store_put(store, write, done, arg);
}

/* --- reading ---------------------------------------------------------------- */

const char user_contacts_sql[] = "SELECT domain, address, name, subscription FROM contact"
                                 " WHERE user = ?1 ORDER BY domain, address";
const char user_counters_sql[] = "SELECT domain, day, messages FROM counter"
                                 " WHERE user = ?1 ORDER BY domain";
const char user_expenses_sql[] = "SELECT domain, day, spent FROM expense"
                                 " WHERE user = ?1 ORDER BY domain";
const char user_accounts_sql[] = "SELECT domain, since FROM account"
                                 " WHERE user = ?1 ORDER BY domain";
const char user_settings_sql[] = "SELECT domain, user, address, key, value FROM setting"
                                 " WHERE user = ?1 ORDER BY domain, address, key";
const char user_invitations_sql[] = "SELECT code, domain, expires FROM invitation"
                                    " WHERE maker = ?1 ORDER BY domain, code";

void store_user_contacts(struct store *store, const char *user,
                         bool (*each)(void *arg, const struct store_contact *contact),
                         void *arg)
{
    sqlite3_stmt *q = read_begin(store, READ_USER_CONTACTS, VALUES(TEXT(user)));
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        const struct store_contact contact = {
            .domain = read_text(q, 0),
            .user = user,
            .address = read_text(q, 1),
            .name = read_text(q, 2),
            .subscription = (unsigned)sqlite3_column_int(q, 3),
        };
        if (!each(arg, &contact))
            break;
    }
    read_end(store, q, rc);
}

void store_user_counters(struct store *store, const char *user,
                         bool (*each)(void *arg, const struct store_counter *counter),
                         void *arg)
{
    sqlite3_stmt *q = read_begin(store, READ_USER_COUNTERS, VALUES(TEXT(user)));
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        const struct store_counter counter = {
            .domain = read_text(q, 0),
            .user = user,
            .day = sqlite3_column_int64(q, 1),
            .messages = sqlite3_column_int64(q, 2),
        };
        if (!each(arg, &counter))
            break;
    }
    read_end(store, q, rc);
}

void store_user_accounts(struct store *store, const char *user,
                         bool (*each)(void *arg, const char *domain, int64_t since), void *arg)
{
    sqlite3_stmt *q = read_begin(store, READ_USER_ACCOUNTS, VALUES(TEXT(user)));
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW &&
           each(arg, read_text(q, 0), sqlite3_column_int64(q, 1)))
        continue;
    read_end(store, q, rc);
}

void store_user_settings(struct store *store, const char *user,
                         bool (*each)(void *arg, const struct store_setting *setting),
                         void *arg)
{
    settings_walk(store, read_begin(store, READ_USER_SETTINGS, VALUES(TEXT(user))), each, arg);
}

void store_user_invitations(struct store *store, const char *user,
                            bool (*each)(void *arg, const struct store_invitation *invitation),
                            void *arg)
{
    sqlite3_stmt *q = read_begin(store, READ_USER_INVITATIONS, VALUES(TEXT(user)));
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        const struct store_invitation invitation = {
            .code = read_text(q, 0),
            .domain = read_text(q, 1),
            .maker = user,
            .expires = sqlite3_column_int64(q, 2),
        };
        if (!each(arg, &invitation))
            break;
    }
    read_end(store, q, rc);
}

void store_user_expenses(struct store *store, const char *user,
                         bool (*each)(void *arg, const char *domain, int64_t day, int64_t spent),
                         void *arg)
{
    sqlite3_stmt *q = read_begin(store, READ_USER_EXPENSES, VALUES(TEXT(user)));
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW &&
           each(arg, read_text(q, 0), sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2)))
        continue;
    read_end(store, q, rc);
}
