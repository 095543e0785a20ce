/* One user's data, whatever the transport: what the user may ask for, and may
 * ask to be forgotten. */
#include "store_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>

/* --- forgetting ------------------------------------------------------------- */

struct user_write {
    struct write write; /* first: the writer frees the whole */
    int64_t day;
    char user[];
};

static int bind_user(sqlite3_stmt *q, const struct write *write)
{
    return sqlite3_bind_text(q, 1, ((const struct user_write *)write)->user, -1, SQLITE_STATIC);
}

const struct write_type user_contacts_remove_type = {
    .sql = "DELETE FROM contact WHERE user = ?1",
    .bind = bind_user,
};

static int bind_user_and_day(sqlite3_stmt *q, const struct write *write)
{
    int rc = bind_user(q, write);

    return rc == SQLITE_OK
               ? sqlite3_bind_int64(q, 2, ((const struct user_write *)write)->day)
               : rc;
}

const struct write_type user_counters_remove_type = {
    .sql = "DELETE FROM counter WHERE user = ?1 AND day < ?2",
    .bind = bind_user_and_day,
};

/* One for each table that knows users. */
static const enum write_kind removals[] = {
    WRITE_USER_CONTACTS_REMOVE,
    WRITE_USER_COUNTERS_REMOVE,
};
#define REMOVALS (sizeof removals / sizeof *removals)

/* What is told when the last table is done. */
struct removal {
    size_t left;
    struct bridge_error why; /* of the first failure */
    store_done *done;
    void *arg;
};

static void on_removed(void *arg, const struct bridge_error *why)
{
    struct removal *r = arg;

    if (why && r->why.code == BRIDGE_OK)
        r->why = *why;
    if (--r->left)
        return;
    if (r->done)
        r->done(r->arg, r->why.code == BRIDGE_OK ? NULL : &r->why);
    free(r);
}

void store_user_remove(struct store *store, const char *domain, const char *user, int64_t today,
                       store_done *done, void *arg)
{
    assert(!domain);
    size_t size = strlen(user) + 1;
    struct removal *r = bridge_alloc(sizeof *r);

    *r = (struct removal){ .left = REMOVALS, .done = done, .arg = arg };
    for (size_t i = 0; i < REMOVALS; i++) {
        struct user_write *w = bridge_alloc(sizeof *w + size);
        w->write = (struct write){ .kind = removals[i], .done = on_removed, .arg = r };
        w->day = today;
        memcpy(w->user, user, size);
        writer_put(store->writer, &w->write);
    }
}

/* --- reading ---------------------------------------------------------------- */

const char user_contacts_sql[] = "SELECT domain, address, name, subscription FROM contact"
                                 " WHERE user = ?1 ORDER BY domain, address";
const char user_counters_sql[] = "SELECT domain, day, messages FROM counter"
                                 " WHERE user = ?1 ORDER BY domain";

static sqlite3_stmt *begin(struct store *store, enum read_kind kind, const char *user)
{
    sqlite3_stmt *q = store->reads[kind];

    assert(!sqlite3_stmt_busy(q));
    sqlite3_bind_text(q, 1, user, -1, SQLITE_STATIC);
    return q;
}

static void end(struct store *store, sqlite3_stmt *q, int rc)
{
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        store_read_failed(store);
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
}

void store_user_contacts(struct store *store, const char *user,
                         bool (*each)(void *arg, const struct store_contact *contact),
                         void *arg)
{
    sqlite3_stmt *q = begin(store, READ_USER_CONTACTS, user);
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        const struct store_contact contact = {
            .domain = (const char *)sqlite3_column_text(q, 0),
            .user = user,
            .address = (const char *)sqlite3_column_text(q, 1),
            .name = (const char *)sqlite3_column_text(q, 2),
            .subscription = (unsigned)sqlite3_column_int(q, 3),
        };
        if (!each(arg, &contact))
            break;
    }
    end(store, q, rc);
}

void store_user_counters(struct store *store, const char *user,
                         bool (*each)(void *arg, const struct store_counter *counter),
                         void *arg)
{
    sqlite3_stmt *q = begin(store, READ_USER_COUNTERS, user);
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        const struct store_counter counter = {
            .domain = (const char *)sqlite3_column_text(q, 0),
            .user = user,
            .day = sqlite3_column_int64(q, 1),
            .messages = sqlite3_column_int64(q, 2),
        };
        if (!each(arg, &counter))
            break;
    }
    end(store, q, rc);
}
