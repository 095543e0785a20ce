/* How many contacts everybody has: a walk through all of them, so in the thread
 * pool, on a connection of its own. */
#include "store_parts.h"

#include <stdlib.h>

#include <bridge/strbuf.h>

#include "sqlite_error.h"

struct store_census {
    uv_work_t work;
    char *path;
    char *domain; /* NULL: all */
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

static int count_all(struct store_census *c, sqlite3 *db)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(db,
                                c->domain ? "SELECT user, count(*) FROM contact"
                                            " WHERE domain = ?1 GROUP BY user ORDER BY user"
                                          : "SELECT user, count(*) FROM contact"
                                            " GROUP BY user ORDER BY user",
                                -1, &q, NULL);

    if (rc == SQLITE_OK && c->domain)
        rc = sqlite3_bind_text(q, 1, c->domain, -1, SQLITE_STATIC);
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

    c->failed = !db || count_all(c, db);
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

struct store_census *store_census(struct store *store, const char *domain,
                                  store_census_done *done, void *arg)
{
    struct store_census *c = bridge_alloc(sizeof *c);

    c->path = bridge_strdup(store->path);
    c->domain = bridge_strdup(domain);
    c->done = done;
    c->arg = arg;
    c->work.data = c;
    uv_queue_work(store->loop, &c->work, run, on_run);
    return c;
}

void store_census_cancel(struct store_census *census)
{
    census->done = NULL;
}
