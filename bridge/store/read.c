#include "store_parts.h"

#include <assert.h>

#include <bridge/log.h>

#include "sqlite_error.h"

const char *const read_sql[READ_KINDS] = {
    [READ_CONTACT] = contact_find_sql,
    [READ_CONTACTS_OF_USER] = contacts_of_user_sql,
    [READ_CONTACTS] = contacts_sql,
    [READ_CONTACT_OWNERS] = contact_owners_sql,
    [READ_ACCOUNT] = account_find_sql,
    [READ_ACCOUNTS] = accounts_sql,
    [READ_SETTING] = setting_get_sql,
    [READ_SETTING_OWNER] = setting_owner_sql,
    [READ_SETTINGS] = settings_sql,
    [READ_SETTINGS_OF_ADDRESS] = settings_of_address_sql,
    [READ_COUNTER] = counter_find_sql,
    [READ_EXPENSE] = expense_find_sql,
    [READ_USER_EXPENSES] = user_expenses_sql,
    [READ_USER_CONTACTS] = user_contacts_sql,
    [READ_USER_COUNTERS] = user_counters_sql,
    [READ_USER_ACCOUNTS] = user_accounts_sql,
    [READ_USER_SETTINGS] = user_settings_sql,
    [READ_USER_INVITATIONS] = user_invitations_sql,
    [READ_USER_DELIVERIES] = user_deliveries_sql,
    [READ_USER_DAY] = user_day_sql,
    [READ_DELIVERY] = delivery_get_sql,
    [READ_DELIVERIES] = deliveries_sql,
    [READ_DELIVERIES_LATE] = deliveries_late_sql,
    [READ_DELIVERY_LAST] = delivery_last_sql,
    [READ_DELIVERY_BY_FOREIGN] = delivery_by_foreign_sql,
    [READ_DELIVERY_BY_MARK] = delivery_by_mark_sql,
    [READ_DELIVERY_BY_STANZA] = delivery_by_stanza_sql,
    [READ_SEEN] = seen_find_sql,
};

sqlite3_stmt *read_begin(struct store *store, enum read_kind kind, const struct value *values,
                         size_t count)
{
    sqlite3_stmt *q = store->reads[kind];

    assert(!sqlite3_stmt_busy(q));
    value_bind(q, values, count); /* cannot fail: as many as the statement has */
    return q;
}

void read_end(struct store *store, sqlite3_stmt *q, int rc)
{
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        store_read_failed(store);
    /* A statement that is not reset would hold on to this state of the database,
     * and to the WAL with it. */
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
}

int64_t read_number(struct store *store, enum read_kind kind, const struct value *values,
                    size_t count)
{
    sqlite3_stmt *q = read_begin(store, kind, values, count);
    int rc = sqlite3_step(q);
    int64_t number = rc == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;

    read_end(store, q, rc);
    return number;
}

const char *read_text(sqlite3_stmt *q, int column)
{
    return (const char *)sqlite3_column_text(q, column);
}

void store_read_failed(const struct store *store)
{
    struct bridge_error err;

    sqlite_fail(&err, store->reader, store->path);
    log_error("store", "cannot read: %s", err.text);
}
