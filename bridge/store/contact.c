/* Contacts: legacy addresses in users' rosters. */
#include "store_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>

/* --- writing ---------------------------------------------------------------- */

const struct write_type contact_put_type = {
    .sql = "INSERT INTO contact(domain, user, address, name, subscription)"
           " VALUES(?1, ?2, ?3, ?4, ?5)"
           " ON CONFLICT(domain, user, address) DO UPDATE"
           " SET name = excluded.name, subscription = excluded.subscription",
};

const struct write_type contact_remove_type = {
    .sql = "DELETE FROM contact WHERE domain = ?1 AND user = ?2 AND address = ?3",
};

void store_contact_put(struct store *store, const struct store_contact *c, store_done *done,
                       void *arg)
{
    assert(c->domain && c->user && c->address);
    store_put(store,
              write_new(WRITE_CONTACT_PUT,
                        VALUES(TEXT(c->domain), TEXT(c->user), TEXT(c->address), TEXT(c->name),
                               NUMBER(c->subscription))),
              done, arg);
}

void store_contact_remove(struct store *store, const char *domain, const char *user,
                          const char *address, store_done *done, void *arg)
{
    store_put(
        store,
        write_new(WRITE_CONTACT_REMOVE, VALUES(TEXT(domain), TEXT(user), TEXT(address))),
        done, arg);
}

/* --- reading ---------------------------------------------------------------- */

#define COLUMNS                                                                                \
    "SELECT domain, user, address, name, subscription FROM contact WHERE domain = ?1"

const char contact_find_sql[] = COLUMNS " AND user = ?2 AND address = ?3";
const char contacts_of_user_sql[] = COLUMNS " AND user = ?2 ORDER BY address";
const char contacts_sql[] = COLUMNS " ORDER BY user, address";
const char contact_owners_sql[] = "SELECT DISTINCT user FROM contact"
                                  " WHERE domain = ?1 AND user > ?2 ORDER BY user";

static struct store_contact row_of(sqlite3_stmt *q)
{
    return (struct store_contact){
        .domain = read_text(q, 0),
        .user = read_text(q, 1),
        .address = read_text(q, 2),
        .name = read_text(q, 3),
        .subscription = (unsigned)sqlite3_column_int(q, 4),
    };
}

/* Append to the block at *end. */
static const char *keep(char **end, const char *text)
{
    char *kept = *end;

    if (!text)
        return NULL;
    *end = stpcpy(kept, text) + 1;
    return kept;
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

/* A copy in one block, which the first string begins. */
static struct store_contact contact_copy(const struct store_contact *c)
{
    char *end = bridge_alloc(size_of(c->domain) + size_of(c->user) + size_of(c->address) +
                             size_of(c->name));

    return (struct store_contact){
        .domain = keep(&end, c->domain),
        .user = keep(&end, c->user),
        .address = keep(&end, c->address),
        .name = keep(&end, c->name),
        .subscription = c->subscription,
    };
}

bool store_contact_find(struct store *store, const char *domain, const char *user,
                        const char *address, struct store_contact *out)
{
    sqlite3_stmt *q =
        read_begin(store, READ_CONTACT, VALUES(TEXT(domain), TEXT(user), TEXT(address)));
    int rc = sqlite3_step(q);

    if (rc == SQLITE_ROW) {
        const struct store_contact row = row_of(q);
        *out = contact_copy(&row);
        free(store->found); /* not before: the arguments may point into it */
        store->found = (char *)out->domain;
    }
    read_end(store, q, rc);
    return rc == SQLITE_ROW;
}

void store_contact_each(struct store *store, const char *domain, const char *user,
                        bool (*each)(void *arg, const struct store_contact *contact), void *arg)
{
    sqlite3_stmt *q = store->reads[user ? READ_CONTACTS_OF_USER : READ_CONTACTS];
    sqlite3_stmt *own = NULL;
    int rc;

    /* `each` may begin a walk of its own. */
    if (sqlite3_stmt_busy(q)) {
        if (sqlite3_prepare_v2(store->reader, sqlite3_sql(q), -1, &own, NULL)) {
            store_read_failed(store);
            return;
        }
        q = own;
    }
    value_bind(q, (const struct value[]){ TEXT(domain), TEXT(user) }, user ? 2 : 1);
    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        const struct store_contact row = row_of(q);
        if (!each(arg, &row))
            break;
    }
    read_end(store, q, rc);
    sqlite3_finalize(own);
}

void store_contact_owners(struct store *store, const char *domain, const char *after,
                          bool (*each)(void *arg, const char *user), void *arg)
{
    sqlite3_stmt *q = read_begin(store, READ_CONTACT_OWNERS,
                                 VALUES(TEXT(domain), TEXT(after ? after : "")));
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW && each(arg, read_text(q, 0)))
        continue;
    read_end(store, q, rc);
}
