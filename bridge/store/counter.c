/* Counters: what users have sent on one day. */
#include "store_parts.h"

#include <string.h>

#include <bridge/strbuf.h>

/* --- writing ---------------------------------------------------------------- */

struct counter_write {
    struct write write; /* first: the writer frees the whole */
    struct store_counter counter;
    char text[]; /* its strings */
};

static int bind_counter(sqlite3_stmt *q, const struct write *write)
{
    const struct store_counter *c = &((const struct counter_write *)write)->counter;
    int rc = sqlite3_bind_text(q, 1, c->domain, -1, SQLITE_STATIC);

    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(q, 2, c->user, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(q, 3, c->day);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(q, 4, c->messages);
    return rc;
}

const struct write_type counter_put_type = {
    .sql = "INSERT INTO counter(domain, user, day, messages) VALUES(?1, ?2, ?3, ?4)"
           " ON CONFLICT(domain, user) DO UPDATE SET day = excluded.day, messages ="
           " iif(day = excluded.day, max(messages, excluded.messages), excluded.messages)",
    .bind = bind_counter,
};

void store_counter_put(struct store *store, const struct store_counter *counter,
                       store_done *done, void *arg)
{
    size_t domain_size = strlen(counter->domain) + 1;
    size_t user_size = strlen(counter->user) + 1;
    struct counter_write *w = bridge_alloc(sizeof *w + domain_size + user_size);

    w->write = (struct write){ .kind = WRITE_COUNTER_PUT, .done = done, .arg = arg };
    w->counter = *counter;
    w->counter.domain = memcpy(w->text, counter->domain, domain_size);
    w->counter.user = memcpy(w->text + domain_size, counter->user, user_size);
    writer_put(store->writer, &w->write);
}

struct day_write {
    struct write write;
    int64_t day;
};

static int bind_day(sqlite3_stmt *q, const struct write *write)
{
    return sqlite3_bind_int64(q, 1, ((const struct day_write *)write)->day);
}

const struct write_type counters_forget_type = {
    .sql = "DELETE FROM counter WHERE day < ?1",
    .bind = bind_day,
};

void store_counters_forget(struct store *store, int64_t day, store_done *done, void *arg)
{
    struct day_write *w = bridge_alloc(sizeof *w);

    w->write = (struct write){ .kind = WRITE_COUNTERS_FORGET, .done = done, .arg = arg };
    w->day = day;
    writer_put(store->writer, &w->write);
}

/* --- reading ---------------------------------------------------------------- */

const char counter_find_sql[] =
    "SELECT messages FROM counter WHERE domain = ?1 AND user = ?2 AND day = ?3";

int64_t store_counter_get(struct store *store, const char *domain, const char *user,
                          int64_t day)
{
    sqlite3_stmt *q = store->reads[READ_COUNTER];
    int64_t messages = 0;

    sqlite3_bind_text(q, 1, domain, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 2, user, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 3, day);
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW)
        messages = sqlite3_column_int64(q, 0);
    else if (rc != SQLITE_DONE)
        store_read_failed(store);
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    return messages;
}
