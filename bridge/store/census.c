/* Walks through all users, so in the thread pool, on a connection of its own. */
#include "store_parts.h"

#include <stdlib.h>

#include <bridge/strbuf.h>

#include "sqlite_error.h"

/* Whom the user has removed (STORE_SUB_DECLINED) is no contact. */
static const char count_sql[] = "SELECT user, count(*) FROM contact WHERE subscription <> 8"
                                " GROUP BY user ORDER BY user";
static const char count_here_sql[] = "SELECT user, count(*) FROM contact"
                                     " WHERE domain = ?1 AND subscription <> 8"
                                     " GROUP BY user ORDER BY user";
static const char lapsed_sql[] =
    "SELECT user, (SELECT count(*) FROM contact WHERE contact.user = setting.user)"
    " FROM setting JOIN activity USING(user)"
    " WHERE domain = '' AND address = '' AND key = 'keep-days'"
    " AND CAST(value AS INTEGER) > 0 AND day + CAST(value AS INTEGER) < ?1 ORDER BY user";

struct store_census {
    uv_work_t work;
    char *path;
    const char *sql; /* gives users and how many contacts they have */
    struct value value; /* for ?1 */
    char *domain; /* the value, if it is a text */
    struct store_census_user *users;
    size_t count;
    bool failed;
    struct bridge_error why;
    store_census_done *done; /* NULL: cancelled */
    void *arg;
};

static void add_user(struct store_census *c, sqlite3_stmt *q)
{
    if (!(c->count & (c->count - 1))) /* 0 or a power of two: full */
        c->users = bridge_realloc(c->users, (c->count ? 2 * c->count : 1) * sizeof *c->users);
    c->users[c->count++] = (struct store_census_user){
        .user = bridge_strdup((const char *)sqlite3_column_text(q, 0)),
        .contacts = (size_t)sqlite3_column_int64(q, 1),
    };
}

static int walk(struct store_census *c, sqlite3 *db)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(db, c->sql, -1, &q, NULL);

    if (rc == SQLITE_OK)
        rc = value_bind(q, &c->value, (size_t)sqlite3_bind_parameter_count(q));
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(q);
        if (rc == SQLITE_ROW)
            add_user(c, q);
    }
    if (rc != SQLITE_DONE)
        sqlite_fail(&c->why, db, c->path);
    sqlite3_finalize(q);
    return rc == SQLITE_DONE ? 0 : -1;
}

static void run(uv_work_t *work)
{
    struct store_census *c = work->data;
    sqlite3 *db = store_connect_reader(c->path, &c->why);

    c->failed = !db || walk(c, db);
    sqlite3_close(db);
}

void store_census_free(struct store_census_user *users, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(users[i].user);
    free(users);
}

static void on_run(uv_work_t *work, int status)
{
    struct store_census *c = work->data;

    (void)status; /* never cancelled in the queue */
    if (c->done)
        c->done(c->arg, c->users, c->count, c->failed ? &c->why : NULL);
    else
        store_census_free(c->users, c->count);
    free(c->path);
    free(c->domain);
    free(c);
}

static struct store_census *start(struct store *store, const char *sql, struct value value,
                                  store_census_done *done, void *arg)
{
    struct store_census *c = bridge_alloc(sizeof *c);

    c->path = bridge_strdup(store->path);
    c->sql = sql;
    c->domain = bridge_strdup(value.text);
    c->value = value;
    c->value.text = c->domain;
    c->done = done;
    c->arg = arg;
    c->work.data = c;
    uv_queue_work(store->loop, &c->work, run, on_run);
    return c;
}

struct store_census *store_census(struct store *store, const char *domain,
                                  store_census_done *done, void *arg)
{
    return start(store, domain ? count_here_sql : count_sql, TEXT(domain), done, arg);
}

struct store_census *store_lapsed(struct store *store, int64_t today, store_census_done *done,
                                  void *arg)
{
    return start(store, lapsed_sql, NUMBER(today), done, arg);
}

void store_census_cancel(struct store_census *census)
{
    census->done = NULL;
}
