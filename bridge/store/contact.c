/* Contacts: legacy addresses in users' rosters. */
#include "store_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>

/* --- writing ---------------------------------------------------------------- */

struct contact_write {
    struct write write; /* first: the writer frees the whole */
    struct store_contact contact;
    char text[]; /* its strings */
};

static const struct store_contact *contact_of(const struct write *write)
{
    return &((const struct contact_write *)write)->contact;
}

static int bind_key(sqlite3_stmt *q, const struct write *write)
{
    const struct store_contact *c = contact_of(write);
    int rc = sqlite3_bind_text(q, 1, c->domain, -1, SQLITE_STATIC);

    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(q, 2, c->user, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(q, 3, c->address, -1, SQLITE_STATIC);
    return rc;
}

static int bind_contact(sqlite3_stmt *q, const struct write *write)
{
    const struct store_contact *c = contact_of(write);
    int rc = bind_key(q, write);

    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(q, 4, c->name, -1, SQLITE_STATIC); /* NULL stays NULL */
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(q, 5, c->subscription);
    return rc;
}

const struct write_type contact_put_type = {
    .sql = "INSERT INTO contact(domain, user, address, name, subscription)"
           " VALUES(?1, ?2, ?3, ?4, ?5)"
           " ON CONFLICT(domain, user, address) DO UPDATE"
           " SET name = excluded.name, subscription = excluded.subscription",
    .bind = bind_contact,
};

const struct write_type contact_remove_type = {
    .sql = "DELETE FROM contact WHERE domain = ?1 AND user = ?2 AND address = ?3",
    .bind = bind_key,
};

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

/* Append to the block at *end. */
static const char *keep(char **end, const char *text)
{
    size_t size = size_of(text);
    char *kept = *end;

    if (!text)
        return NULL;
    memcpy(kept, text, size);
    *end += size;
    return kept;
}

static size_t strings_size(const struct store_contact *c)
{
    return size_of(c->domain) + size_of(c->user) + size_of(c->address) + size_of(c->name);
}

static void keep_strings(struct store_contact *to, const struct store_contact *from,
                         char *block)
{
    *to = (struct store_contact){
        .domain = keep(&block, from->domain),
        .user = keep(&block, from->user),
        .address = keep(&block, from->address),
        .name = keep(&block, from->name),
        .subscription = from->subscription,
    };
}

static void put(struct store *store, enum write_kind kind, const struct store_contact *contact,
                store_done *done, void *arg)
{
    struct contact_write *w = bridge_alloc(sizeof *w + strings_size(contact));

    assert(contact->domain && contact->user && contact->address);
    w->write = (struct write){ .kind = kind, .done = done, .arg = arg };
    keep_strings(&w->contact, contact, w->text);
    writer_put(store->writer, &w->write);
}

void store_contact_put(struct store *store, const struct store_contact *contact,
                       store_done *done, void *arg)
{
    put(store, WRITE_CONTACT_PUT, contact, done, arg);
}

void store_contact_remove(struct store *store, const char *domain, const char *user,
                          const char *address, store_done *done, void *arg)
{
    struct store_contact key = { .domain = domain, .user = user, .address = address };

    put(store, WRITE_CONTACT_REMOVE, &key, done, arg);
}

/* --- reading ---------------------------------------------------------------- */

#define COLUMNS                                                                                \
    "SELECT domain, user, address, name, subscription FROM contact WHERE domain = ?1"

const char contact_find_sql[] = COLUMNS " AND user = ?2 AND address = ?3";
const char contacts_of_user_sql[] = COLUMNS " AND user = ?2 ORDER BY address";
const char contacts_sql[] = COLUMNS " ORDER BY user, address";

static struct store_contact row_of(sqlite3_stmt *q)
{
    return (struct store_contact){
        .domain = (const char *)sqlite3_column_text(q, 0),
        .user = (const char *)sqlite3_column_text(q, 1),
        .address = (const char *)sqlite3_column_text(q, 2),
        .name = (const char *)sqlite3_column_text(q, 3),
        .subscription = (unsigned)sqlite3_column_int(q, 4),
    };
}

bool store_contact_find(struct store *store, const char *domain, const char *user,
                        const char *address, struct store_contact *out)
{
    sqlite3_stmt *q = store->reads[READ_CONTACT];

    sqlite3_bind_text(q, 1, domain, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 2, user, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 3, address, -1, SQLITE_STATIC);
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) {
        /* Copied: a statement that is not reset would hold on to this state
         * of the database, and to the WAL with it. */
        struct store_contact row = row_of(q);
        char *block = bridge_alloc(strings_size(&row));
        keep_strings(out, &row, block);
        free(store->found); /* not before: the arguments may point into it */
        store->found = block;
    } else if (rc != SQLITE_DONE) {
        store_read_failed(store);
    }
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
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
    sqlite3_bind_text(q, 1, domain, -1, SQLITE_STATIC);
    if (user)
        sqlite3_bind_text(q, 2, user, -1, SQLITE_STATIC);
    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        struct store_contact row = row_of(q);
        if (!each(arg, &row))
            break;
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        store_read_failed(store);
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    sqlite3_finalize(own);
}
