/* Deliveries: messages on their way, until some time after their end. */
#include "store_parts.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>

/* As enum delivery_direction and enum delivery_state have them: rows keep them. */
#define IN      1
#define IS_SENT "state = 2"
#define IS_OVER "state >= 3"

/* --- writing ---------------------------------------------------------------- */

const struct write_type delivery_put_type = {
    .sql = "INSERT INTO delivery(id, domain, user, contact, direction, client, recipient, stanza,"
           " mark, foreign_id, body, receipt, state, attempts, created, next, deadline, reason)"
           " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
           " ?18) ON CONFLICT(domain, user, contact, mark) DO NOTHING",
    .unless_changed = { BRIDGE_CONFLICT, "this message is there already" },
};

const struct write_type seen_put_type = {
    .sql = "INSERT INTO seen(domain, foreign_id, time) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING",
    .unless_changed = { BRIDGE_CONFLICT, "this message has been here before" },
};

static struct write *put_new(const struct store_delivery *d)
{
    return write_new(WRITE_DELIVERY_PUT,
                     VALUES(NUMBER(d->id), TEXT(d->domain), TEXT(d->user), TEXT(d->contact),
                            NUMBER(d->direction), TEXT(d->client), TEXT(d->to), TEXT(d->stanza),
                            TEXT(d->mark), TEXT(d->foreign), TEXT(d->body), NUMBER(d->receipt),
                            NUMBER(d->state), NUMBER(d->attempts), NUMBER(d->created),
                            NUMBER(d->next), NUMBER(d->deadline), TEXT(d->reason)));
}

void store_delivery_put(struct store *store, const struct store_delivery *d, store_done *done,
                        void *arg)
{
    struct write *write = put_new(d);

    if (d->direction == IN && d->foreign)
        write_add(write, write_new(WRITE_SEEN_PUT, VALUES(TEXT(d->domain), TEXT(d->foreign),
                                                          NUMBER(d->created))));
    store_put(store, write, done, arg);
}

const struct write_type delivery_change_type = {
    .sql = "UPDATE delivery SET state = ?2, attempts = ?3, next = ?4, deadline = ?5,"
           " foreign_id = ifnull(?6, foreign_id), reason = ifnull(?7, reason),"
           " body = iif(?8, NULL, body) WHERE id = ?1",
};

void store_delivery_change(struct store *store, const struct store_delivery_change *c,
                           store_done *done, void *arg)
{
    struct write *write =
        write_new(WRITE_DELIVERY_CHANGE,
                  VALUES(NUMBER(c->id), NUMBER(c->state), NUMBER(c->attempts), NUMBER(c->next),
                         NUMBER(c->deadline), TEXT(c->foreign), TEXT(c->reason),
                         NUMBER(c->forget)));

    if (c->notice)
        write_add(write, put_new(c->notice));
    store_put(store, write, done, arg);
}

const struct write_type delivery_remove_type = { .sql = "DELETE FROM delivery WHERE id = ?1" };

void store_delivery_remove(struct store *store, int64_t id, store_done *done, void *arg)
{
    store_put(store, write_new(WRITE_DELIVERY_REMOVE, VALUES(NUMBER(id))), done, arg);
}

const struct write_type deliveries_prune_type = {
    .sql = "DELETE FROM delivery WHERE id IN (SELECT id FROM delivery"
           " WHERE " IS_OVER " AND deadline < ?1 LIMIT 1000)",
};
const struct write_type seen_prune_type = {
    .sql = "DELETE FROM seen WHERE (domain, foreign_id) IN"
           " (SELECT domain, foreign_id FROM seen WHERE time < ?1 LIMIT 1000)",
};

void store_delivery_prune(struct store *store, int64_t now, int64_t seen, store_done *done,
                          void *arg)
{
    struct write *write = write_new(WRITE_DELIVERIES_PRUNE, VALUES(NUMBER(now)));

    write_add(write, write_new(WRITE_SEEN_PRUNE, VALUES(NUMBER(seen))));
    store_put(store, write, done, arg);
}

/* --- reading ---------------------------------------------------------------- */

#define COLUMNS(body)                                                                          \
    "id, domain, user, contact, direction, client, recipient, stanza, mark, foreign_id, " body \
    ", receipt, state, attempts, created, next, deadline, reason"

const char delivery_get_sql[] = "SELECT " COLUMNS("body") " FROM delivery WHERE id = ?1";
const char deliveries_sql[] = "SELECT " COLUMNS("NULL") " FROM delivery"
                              " WHERE domain = ?1 AND state = ?2 AND id > ?3 ORDER BY id";
const char deliveries_late_sql[] = "SELECT " COLUMNS("NULL") " FROM delivery"
                                   " WHERE " IS_SENT " AND deadline < ?2 AND domain = ?1"
                                   " ORDER BY deadline";
const char user_deliveries_sql[] = "SELECT " COLUMNS("body") " FROM delivery"
                                   " WHERE user = ?1 ORDER BY id";
const char delivery_last_sql[] = "SELECT seq FROM sqlite_sequence WHERE name = 'delivery'";
const char delivery_by_foreign_sql[] =
    "SELECT id FROM delivery WHERE domain = ?1 AND foreign_id = ?2 AND direction = 0"
    " ORDER BY id DESC LIMIT 1";
const char delivery_by_mark_sql[] =
    "SELECT id FROM delivery WHERE domain = ?1 AND user = ?2 AND contact = ?3 AND mark = ?4";
const char delivery_by_stanza_sql[] =
    "SELECT id FROM delivery INDEXED BY delivery_stanza" /* not all that the user has */
    " WHERE stanza = ?3 AND direction = 1 AND domain = ?1 AND user = ?2";
const char seen_find_sql[] = "SELECT 1 FROM seen WHERE domain = ?1 AND foreign_id = ?2";

static struct store_delivery row_of(sqlite3_stmt *q)
{
    return (struct store_delivery){
        .id = sqlite3_column_int64(q, 0),
        .domain = read_text(q, 1),
        .user = read_text(q, 2),
        .contact = read_text(q, 3),
        .direction = (unsigned)sqlite3_column_int(q, 4),
        .client = read_text(q, 5),
        .to = read_text(q, 6),
        .stanza = read_text(q, 7),
        .mark = read_text(q, 8),
        .foreign = read_text(q, 9),
        .body = read_text(q, 10),
        .receipt = sqlite3_column_int(q, 11),
        .state = (unsigned)sqlite3_column_int(q, 12),
        .attempts = (unsigned)sqlite3_column_int64(q, 13),
        .created = sqlite3_column_int64(q, 14),
        .next = sqlite3_column_int64(q, 15),
        .deadline = sqlite3_column_int64(q, 16),
        .reason = read_text(q, 17),
    };
}

/* Its texts, in one block that begins with the first. */
static char *own_texts(struct store_delivery *d)
{
    const char **texts[] = { &d->domain, &d->user, &d->contact, &d->client, &d->to,
                             &d->stanza, &d->mark, &d->foreign, &d->body,   &d->reason };
    size_t size = 0, count = sizeof texts / sizeof *texts;

    for (size_t i = 0; i < count; i++)
        size += *texts[i] ? strlen(*texts[i]) + 1 : 0;
    char *block = bridge_realloc(NULL, size), *at = block;
    for (size_t i = 0; i < count; i++) {
        if (!*texts[i])
            continue;
        char *copy = at;
        at = stpcpy(at, *texts[i]) + 1;
        *texts[i] = copy;
    }
    return block;
}

bool store_delivery_get(struct store *store, int64_t id, struct store_delivery *out)
{
    sqlite3_stmt *q = read_begin(store, READ_DELIVERY, VALUES(NUMBER(id)));
    int rc = sqlite3_step(q);

    if (rc == SQLITE_ROW) {
        *out = row_of(q);
        free(store->delivery);
        store->delivery = own_texts(out);
    }
    read_end(store, q, rc);
    return rc == SQLITE_ROW;
}

int64_t store_delivery_last(struct store *store)
{
    return read_number(store, READ_DELIVERY_LAST, NULL, 0);
}

int64_t store_delivery_by_foreign(struct store *store, const char *domain, const char *foreign)
{
    return read_number(store, READ_DELIVERY_BY_FOREIGN, VALUES(TEXT(domain), TEXT(foreign)));
}

int64_t store_delivery_by_mark(struct store *store, const char *domain, const char *user,
                               const char *contact, const char *mark)
{
    return read_number(store, READ_DELIVERY_BY_MARK,
                      VALUES(TEXT(domain), TEXT(user), TEXT(contact), TEXT(mark)));
}

int64_t store_delivery_by_stanza(struct store *store, const char *domain, const char *user,
                                 const char *stanza)
{
    return read_number(store, READ_DELIVERY_BY_STANZA,
                      VALUES(TEXT(domain), TEXT(user), TEXT(stanza)));
}

bool store_delivery_seen(struct store *store, const char *domain, const char *foreign)
{
    return read_number(store, READ_SEEN, VALUES(TEXT(domain), TEXT(foreign))) != 0;
}

static void walk(struct store *store, sqlite3_stmt *q,
                 bool (*each)(void *arg, const struct store_delivery *delivery), void *arg)
{
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        const struct store_delivery row = row_of(q);
        if (!each(arg, &row))
            break;
    }
    read_end(store, q, rc);
}

void store_delivery_each(struct store *store, const char *domain, unsigned state, int64_t after,
                         bool (*each)(void *arg, const struct store_delivery *delivery),
                         void *arg)
{
    walk(store, read_begin(store, READ_DELIVERIES,
                           VALUES(TEXT(domain), NUMBER(state), NUMBER(after))), each, arg);
}

void store_delivery_late(struct store *store, const char *domain, int64_t now,
                         bool (*each)(void *arg, const struct store_delivery *delivery), void *arg)
{
    walk(store, read_begin(store, READ_DELIVERIES_LATE, VALUES(TEXT(domain), NUMBER(now))), each,
         arg);
}

void store_user_deliveries(struct store *store, const char *user,
                           bool (*each)(void *arg, const struct store_delivery *delivery),
                           void *arg)
{
    walk(store, read_begin(store, READ_USER_DELIVERIES, VALUES(TEXT(user))), each, arg);
}
