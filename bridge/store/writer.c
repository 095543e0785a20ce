#include "writer.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>

#include "sqlite_error.h"

#define BATCH_MAX     4000                /* writes in one transaction */
#define ENDING_NS     2000000             /* of one turn of the loop, for telling their ends */
#define BUSY_TIMEOUT  5000                /* ms: somebody's backup holds the lock */
#define PROBE_SECONDS 2                   /* between attempts while degraded */
#define PROBE_SQL     "UPDATE schema_version SET probes = probes + 1"

/* Around a write of several parts. */
enum mark { MARK_BEGIN, MARK_UNDO, MARK_END, MARKS };
static const char *const mark_sql[MARKS] = {
    [MARK_BEGIN] = "SAVEPOINT write",
    [MARK_UNDO] = "ROLLBACK TO write",
    [MARK_END] = "RELEASE write",
};

/* Writes that end together. */
struct batch {
    struct batch *next;
    struct write *first;
    bool committed;          /* else `why` */
    bool refused;            /* never tried: says nothing about the disk */
    bool begun;              /* its writes are being told */
    uint64_t took;           /* ns, the commit */
    struct bridge_error why;
};

struct writer {
    uv_thread_t thread;
    uv_async_t async; /* there are `ended` batches */
    uv_mutex_t mutex; /* for the members up to the next blank line */
    uv_cond_t wake;
    struct write *queue, **queue_end;
    size_t waiting; /* in the queue or in a transaction; only the loop changes it */
    struct batch *ended, **ended_end;
    bool closing;
    bool finished; /* the thread is about to return */

    sqlite3 *db; /* the thread's, as are these */
    sqlite3_stmt *statements[WRITE_KINDS];
    sqlite3_stmt *marks[MARKS];
    sqlite3_stmt *probe;
    bool degraded;
    char *path;

    struct batch *ending; /* the loop's: batches whose writes are being told */
    bool reported;        /* on_health() was told of trouble */
    struct store_figures figures;
    const struct writer_events *events;
    void *arg;
};

static const struct write_type *const types[WRITE_KINDS] = {
    [WRITE_CONTACT_PUT] = &contact_put_type,
    [WRITE_CONTACT_REMOVE] = &contact_remove_type,
    [WRITE_ACCOUNT_PUT] = &account_put_type,
    [WRITE_SETTING_PUT] = &setting_put_type,
    [WRITE_SETTING_REMOVE] = &setting_remove_type,
    [WRITE_INVITATION_PUT] = &invitation_put_type,
    [WRITE_INVITATION_USE] = &invitation_use_type,
    [WRITE_INVITATIONS_EXPIRE] = &invitations_expire_type,
    [WRITE_ACTIVITY_PUT] = &activity_put_type,
    [WRITE_COUNTER_PUT] = &counter_put_type,
    [WRITE_COUNTERS_FORGET] = &counters_forget_type,
    [WRITE_EXPENSE_PUT] = &expense_put_type,
    [WRITE_EXPENSES_FORGET] = &expenses_forget_type,
    [WRITE_USER_EXPENSES_REMOVE] = &user_expenses_remove_type,
    [WRITE_USER_CONTACTS_REMOVE] = &user_contacts_remove_type,
    [WRITE_USER_ACCOUNTS_REMOVE] = &user_accounts_remove_type,
    [WRITE_USER_SETTINGS_REMOVE] = &user_settings_remove_type,
    [WRITE_USER_INVITATIONS_REMOVE] = &user_invitations_remove_type,
    [WRITE_USER_COUNTERS_REMOVE] = &user_counters_remove_type,
    [WRITE_USER_DELIVERIES_REMOVE] = &user_deliveries_remove_type,
    [WRITE_USER_ACTIVITY_REMOVE] = &user_activity_remove_type,
    [WRITE_DELIVERY_PUT] = &delivery_put_type,
    [WRITE_DELIVERY_CHANGE] = &delivery_change_type,
    [WRITE_DELIVERY_REMOVE] = &delivery_remove_type,
    [WRITE_SEEN_PUT] = &seen_put_type,
    [WRITE_DELIVERIES_PRUNE] = &deliveries_prune_type,
    [WRITE_SEEN_PRUNE] = &seen_prune_type,
};

/* --- writes ----------------------------------------------------------------- */

static size_t size_of(const struct value *value)
{
    return value->text ? strlen(value->text) + 1 : 0;
}

struct write *write_new(enum write_kind kind, const struct value *values, size_t count)
{
    size_t size = sizeof(struct write) + count * sizeof *values;
    size_t text = size;

    for (size_t i = 0; i < count; i++)
        size += size_of(&values[i]);
    struct write *write = bridge_alloc(size);
    write->kind = kind;
    write->count = count;
    for (size_t i = 0; i < count; i++) {
        write->values[i] = values[i];
        if (!values[i].text)
            continue;
        write->values[i].text = memcpy((char *)write + text, values[i].text,
                                       size_of(&values[i]));
        text += size_of(&values[i]);
    }
    return write;
}

void write_add(struct write *write, struct write *part)
{
    while (write->part)
        write = write->part;
    write->part = part;
}

static void write_free(struct write *write)
{
    free(write->why);
    while (write) {
        struct write *part = write->part;
        free(write);
        write = part;
    }
}

/* --- the thread ------------------------------------------------------------- */

static int step(sqlite3_stmt *q)
{
    int rc = sqlite3_step(q);

    sqlite3_reset(q);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int exec(struct writer *w, const char *sql)
{
    return sqlite3_exec(w->db, sql, NULL, NULL, NULL);
}

/* Is it the write's own fault? Then SQLite has undone that statement only. */
static bool is_own_fault(int rc)
{
    int primary = rc & 0xff;

    return primary == SQLITE_CONSTRAINT || primary == SQLITE_TOOBIG ||
           primary == SQLITE_MISMATCH;
}

/* The error of a write that fails alone. */
static struct bridge_error *own_error(struct write *write)
{
    write->why = bridge_alloc(sizeof *write->why);
    return write->why;
}

static int apply_part(struct writer *w, struct write *write, const struct write *part)
{
    const struct write_type *type = types[part->kind];
    sqlite3_stmt *q = w->statements[part->kind];
    int rc = value_bind(q, part->values, part->count);

    if (rc == SQLITE_OK)
        rc = step(q);
    if (is_own_fault(rc)) {
        bridge_fail(own_error(write), BRIDGE_INVALID, "this cannot be stored: %s",
                    sqlite3_errmsg(w->db));
        rc = SQLITE_OK;
    } else if (rc == SQLITE_OK && type->unless_changed.text && !sqlite3_changes(w->db)) {
        bridge_fail(own_error(write), type->unless_changed.code, "%s",
                    type->unless_changed.text);
    }
    sqlite3_clear_bindings(q);
    return rc;
}

/* SQLite undoes a statement by itself; only of several there is more to undo. */
static int apply_one(struct writer *w, struct write *write)
{
    int rc = write->part ? step(w->marks[MARK_BEGIN]) : SQLITE_OK;

    for (struct write *part = write; part && rc == SQLITE_OK && !write->why; part = part->part)
        rc = apply_part(w, write, part);
    if (!write->part || rc != SQLITE_OK)
        return rc;
    if (write->why)
        rc = step(w->marks[MARK_UNDO]);
    return rc == SQLITE_OK ? step(w->marks[MARK_END]) : rc;
}

/* This is where the disk is waited for. */
static int commit(struct writer *w, uint64_t *took)
{
    uint64_t begun = uv_hrtime();
    int rc = exec(w, "COMMIT");

    *took = uv_hrtime() - begun;
    return rc;
}

/* Without writes: the probe. */
static int apply_all(struct writer *w, struct write *first, uint64_t *took)
{
    int rc = exec(w, "BEGIN IMMEDIATE");

    if (rc == SQLITE_OK && !first)
        rc = step(w->probe);
    for (struct write *write = first; write && rc == SQLITE_OK; write = write->next)
        rc = apply_one(w, write);
    return rc == SQLITE_OK ? commit(w, took) : rc;
}

static void run_batch(struct writer *w, struct batch *batch)
{
    batch->committed = apply_all(w, batch->first, &batch->took) == SQLITE_OK;
    w->degraded = !batch->committed;
    if (batch->committed)
        return;
    sqlite_fail(&batch->why, w->db, w->path);
    batch->why.code = BRIDGE_RETRY;
    exec(w, "ROLLBACK"); /* fails if SQLite did it already */
}

/* The mutex is held. Cut the first writes off the queue. */
static struct write *take_writes(struct writer *w)
{
    struct write *first = w->queue;
    struct write **end = &first;

    for (int n = 0; *end && n < BATCH_MAX; n++)
        end = &(*end)->next;
    w->queue = *end;
    if (!w->queue)
        w->queue_end = &w->queue;
    *end = NULL;
    return first;
}

/* The mutex is held. */
static void add_ended(struct writer *w, struct batch *batch)
{
    *w->ended_end = batch;
    w->ended_end = &batch->next;
    uv_async_send(&w->async);
}

/* The mutex is held. Until there is something to do; false: nothing ever again. */
static bool wait_for_work(struct writer *w)
{
    while (!w->queue && !w->closing) {
        if (!w->degraded)
            uv_cond_wait(&w->wake, &w->mutex);
        else if (uv_cond_timedwait(&w->wake, &w->mutex, PROBE_SECONDS * UINT64_C(1000000000)))
            return true;
    }
    return w->queue != NULL;
}

static void release_database(struct writer *w)
{
    for (int i = 0; i < WRITE_KINDS; i++)
        sqlite3_finalize(w->statements[i]);
    for (int i = 0; i < MARKS; i++)
        sqlite3_finalize(w->marks[i]);
    sqlite3_finalize(w->probe);
    sqlite3_close(w->db);
}

static void run(void *arg)
{
    struct writer *w = arg;

    uv_mutex_lock(&w->mutex);
    while (wait_for_work(w)) {
        struct batch *batch = bridge_alloc(sizeof *batch);
        batch->first = take_writes(w);
        uv_mutex_unlock(&w->mutex);
        run_batch(w, batch);
        uv_mutex_lock(&w->mutex);
        add_ended(w, batch);
    }
    uv_mutex_unlock(&w->mutex);

    /* Here and not on the loop: it may take as long as the disk likes. */
    sqlite3_wal_checkpoint_v2(w->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    release_database(w);

    uv_mutex_lock(&w->mutex);
    w->finished = true;
    uv_async_send(&w->async);
    uv_mutex_unlock(&w->mutex);
}

/* --- the loop --------------------------------------------------------------- */

static void report_health(struct writer *w, const struct batch *batch)
{
    if (batch->refused || (batch->committed && !w->reported))
        return;
    w->reported = !batch->committed;
    w->events->on_health(w->arg, batch->committed ? NULL : &batch->why);
}

const double store_commit_bounds[STORE_COMMIT_BOUNDS] = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5,
};

static void measure(struct store_figures *f, const struct batch *batch)
{
    double seconds = (double)batch->took / 1e9;
    size_t i = 0;

    if (batch->refused)
        return;
    if (!batch->committed) {
        f->failed++;
        return;
    }
    while (i < STORE_COMMIT_BOUNDS && seconds > store_commit_bounds[i])
        i++;
    f->within[i]++;
    f->commits++;
    f->seconds += seconds;
    for (const struct write *write = batch->first; write; write = write->next)
        f->writes += !write->why;
}

void writer_figures(const struct writer *w, struct store_figures *out)
{
    *out = w->figures;
    out->waiting = w->waiting;
}

static void end_write(const struct batch *batch, struct write *write)
{
    if (write->done)
        write->done(write->arg, batch->committed ? write->why : &batch->why);
    write_free(write);
}

/* As many as the turn has time for. Returns how many of the queue's. */
static size_t end_writes(struct writer *w)
{
    uint64_t end = uv_hrtime() + ENDING_NS;
    size_t count = 0;
    struct batch *batch;

    while ((batch = w->ending) && uv_hrtime() < end) {
        struct write *write = batch->first;
        if (!batch->begun) {
            measure(&w->figures, batch);
            report_health(w, batch);
        }
        batch->begun = true;
        if (!write) { /* it was the probe, or all are told */
            w->ending = batch->next;
            free(batch);
            continue;
        }
        batch->first = write->next;
        count += !batch->refused;
        end_write(batch, write);
    }
    return count;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct writer *w = handle->data;
    const struct writer_events *events = w->events;
    void *arg = w->arg;

    uv_cond_destroy(&w->wake);
    uv_mutex_destroy(&w->mutex);
    free(w->path);
    free(w);
    events->on_closed(arg);
}

static void on_async(uv_async_t *async)
{
    struct writer *w = async->data;
    struct batch **end = &w->ending;

    while (*end)
        end = &(*end)->next;
    uv_mutex_lock(&w->mutex);
    *end = w->ended;
    w->ended = NULL;
    w->ended_end = &w->ended;
    bool finished = w->finished;
    uv_mutex_unlock(&w->mutex);

    size_t count = end_writes(w);

    uv_mutex_lock(&w->mutex);
    w->waiting -= count;
    finished = finished && !w->ended;
    uv_mutex_unlock(&w->mutex);
    if (w->ending) {
        uv_async_send(async);
    } else if (finished && !uv_is_closing((uv_handle_t *)async)) {
        uv_thread_join(&w->thread); /* it has nothing more to do */
        uv_close((uv_handle_t *)async, on_handle_closed);
    }
}

static void refuse(struct writer *w, struct write *write, enum bridge_code code,
                   const char *text)
{
    struct batch *batch = bridge_alloc(sizeof *batch);

    batch->first = write;
    batch->refused = true;
    bridge_fail(&batch->why, code, "%s", text);
    add_ended(w, batch);
}

void writer_put(struct writer *w, struct write *write)
{
    write->next = NULL;
    write->why = NULL;
    uv_mutex_lock(&w->mutex);
    if (w->closing) {
        refuse(w, write, BRIDGE_RETRY, "bridged is stopping");
    } else if (w->waiting >= WRITER_LIMIT) {
        refuse(w, write, BRIDGE_BUSY,
               "the disk does not keep up: too much waits to be written");
    } else {
        *w->queue_end = write;
        w->queue_end = &write->next;
        w->waiting++;
        uv_cond_signal(&w->wake);
    }
    uv_mutex_unlock(&w->mutex);
}

void writer_close(struct writer *w)
{
    uv_mutex_lock(&w->mutex);
    w->closing = true;
    uv_cond_signal(&w->wake);
    uv_mutex_unlock(&w->mutex);
}

static int prepare(struct writer *w, const char *sql, sqlite3_stmt **q,
                   struct bridge_error *err)
{
    if (sqlite3_prepare_v3(w->db, sql, -1, SQLITE_PREPARE_PERSISTENT, q, NULL) == SQLITE_OK)
        return 0;
    return sqlite_fail(err, w->db, w->path);
}

static int prepare_all(struct writer *w, struct bridge_error *err)
{
    for (int i = 0; i < WRITE_KINDS; i++) {
        if (prepare(w, types[i]->sql, &w->statements[i], err))
            return -1;
    }
    for (int i = 0; i < MARKS; i++) {
        if (prepare(w, mark_sql[i], &w->marks[i], err))
            return -1;
    }
    return prepare(w, PROBE_SQL, &w->probe, err);
}

struct writer *writer_start(uv_loop_t *loop, sqlite3 *db, const char *path,
                            const struct writer_events *events, void *arg,
                            struct bridge_error *err)
{
    struct writer *w = bridge_alloc(sizeof *w);

    *w = (struct writer){ .db = db, .path = bridge_strdup(path), .events = events, .arg = arg };
    w->queue_end = &w->queue;
    w->ended_end = &w->ended;
    if (prepare_all(w, err)) {
        release_database(w);
        free(w->path);
        free(w);
        return NULL;
    }
    sqlite3_busy_timeout(db, BUSY_TIMEOUT);
    w->async.data = w;
    /* Each fails only without memory or descriptors, at start-up: as bad as out
     * of memory. */
    int rc = uv_mutex_init(&w->mutex) || uv_cond_init(&w->wake) ||
             uv_async_init(loop, &w->async, on_async) || uv_thread_create(&w->thread, run, w);
    assert(!rc);
    return w;
}
