#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bridge/log.h>
#include <bridge/strbuf.h>

#include "migrate.h"
#include "sqlite_error.h"
#include "store_parts.h"

#define PATH_LIMIT      65536
#define OPEN_TIMEOUT    1000       /* ms to wait for another program's lock */
#define READER_TIMEOUT  5          /* ms: the loop must not wait */
#define CHECKED_AT_ONCE (64 << 20) /* bytes that quick_check reads in a moment */

/* --- the file --------------------------------------------------------------- */

static int fail_file(struct bridge_error *err, const char *path)
{
    static const struct {
        int number;
        const char *advice;
    } known[] = {
        { ENOENT, "create its directory, owned by bridged's user" },
        { ENOTDIR, "create its directory, owned by bridged's user" },
        { EACCES, "give the file and its directory to bridged's user" },
        { EROFS, "the disk is mounted read-only; use a directory that can be written" },
        { ENOSPC, "the disk is full; make room on it" },
        { EDQUOT, "the disk is full; make room on it" },
    };
    int number = errno;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].number == number)
            return bridge_fail(err, BRIDGE_INVALID, "cannot use %s (%s): %s", path,
                               strerror(number), known[i].advice);
    }
    return bridge_fail(err, BRIDGE_INVALID, "cannot use %s: %s", path, strerror(number));
}

static int fail_locked(int lock, const char *path, struct bridge_error *err)
{
    char pid[16];
    ssize_t len = pread(lock, pid, sizeof pid - 1, 0);

    pid[len > 0 ? len : 0] = 0;
    pid[strspn(pid, "0123456789")] = 0;
    return bridge_fail(err, BRIDGE_CONFLICT,
                       "%s is in use by another bridged (process %s): stop that one first",
                       path, *pid ? pid : "unknown");
}

/* SQLite's own locks come and go with transactions, and two daemons on one
 * database would send every message twice: so we have a lock of ours, as long
 * as the process lives. The file stays: who removes it could meet its next
 * owner. */
static int take_lock(struct store *store, struct bridge_error *err)
{
    struct strbuf path = STRBUF_INIT(PATH_LIMIT);
    int rc = -1;

    strbuf_addf(&path, "%s.lock", store->path);
    store->lock = open(strbuf_text(&path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock < 0) {
        fail_file(err, strbuf_text(&path));
    } else if (flock(store->lock, LOCK_EX | LOCK_NB)) {
        fail_locked(store->lock, store->path, err);
    } else {
        /* The number is a help for people; a full disk may well refuse it. */
        if (ftruncate(store->lock, 0) || dprintf(store->lock, "%ld\n", (long)getpid()) < 0)
            log_debug("store", "cannot write %s", strbuf_text(&path));
        rc = 0;
    }
    strbuf_release(&path);
    return rc;
}

/* Only we may read it: SQLite would create it as the umask allows, and gives
 * its WAL the same mode. */
static int create_file(const char *path, struct stat *status, struct bridge_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

    if (fd < 0 || fstat(fd, status)) {
        fail_file(err, path);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    close(fd);
    if (!S_ISREG(status->st_mode))
        return bridge_fail(err, BRIDGE_INVALID, "%s is not a regular file", path);
    return 0;
}

/* Whoever closed the database last emptied its WAL: one with content is left
 * by a crash or a power cut. */
static bool is_unclean(const char *path)
{
    struct strbuf wal = STRBUF_INIT(PATH_LIMIT);
    struct stat status;

    strbuf_addf(&wal, "%s-wal", path);
    bool unclean = !stat(strbuf_text(&wal), &status) && status.st_size > 0;
    strbuf_release(&wal);
    return unclean;
}

/* --- connections ------------------------------------------------------------ */

static int check_pages(sqlite3 *db, const char *path, struct bridge_error *err)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &q, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(q);
    if (rc != SQLITE_ROW) {
        sqlite_fail(err, db, path);
    } else {
        const char *verdict = (const char *)sqlite3_column_text(q, 0);
        if (!strcmp(verdict, "ok"))
            rc = SQLITE_OK;
        else
            bridge_fail(err, BRIDGE_INVALID,
                        "%s: it is damaged: restore a backup or try sqlite3's .recover (%s)",
                        path, verdict);
    }
    sqlite3_finalize(q);
    return rc == SQLITE_OK ? 0 : -1;
}

/* quick_check reads the whole file, which can take minutes: too long for every
 * start. A clean file was good when it was closed, and after a kill SQLite
 * recovers by itself; what it cannot see is a disk that lied in a power cut. So
 * it is checked then, if that is quick, and otherwise the admin is told. */
static int check(sqlite3 *db, const char *path, const struct stat *status,
                 struct bridge_error *err)
{
    if (status->st_size <= CHECKED_AT_ONCE)
        return check_pages(db, path, err);
    log_warning("store", "%s was not closed in order and is too large to be checked now; "
                         "sqlite3 %s 'PRAGMA quick_check' does it while bridged runs",
                path, path);
    return 0;
}

/* The file system must be able to have a WAL (a network share is not). */
static int set_wal(sqlite3 *db, const char *path, struct bridge_error *err)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &q, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(q);
    if (rc != SQLITE_ROW) {
        sqlite_fail(err, db, path);
    } else if (strcmp((const char *)sqlite3_column_text(q, 0), "wal")) {
        bridge_fail(err, BRIDGE_INVALID,
                    "%s: this file system cannot hold the database: use a local disk", path);
    } else {
        rc = SQLITE_OK;
    }
    sqlite3_finalize(q);
    return rc == SQLITE_OK ? 0 : -1;
}

static sqlite3 *connect_to(const char *path, int timeout, const char *pragmas,
                           struct bridge_error *err)
{
    sqlite3 *db = NULL;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ||
        sqlite3_extended_result_codes(db, 1) || sqlite3_busy_timeout(db, timeout) ||
        sqlite3_exec(db, pragmas, NULL, NULL, NULL)) {
        sqlite_fail(err, db, path);
        sqlite3_close(db);
        return NULL;
    }
    return db;
}

/* The writing connection, with the schema up to date. */
static sqlite3 *open_database(const char *path, struct bridge_error *err)
{
    struct stat status;

    if (create_file(path, &status, err))
        return NULL;
    bool unclean = is_unclean(path);
    sqlite3 *db = connect_to(path, OPEN_TIMEOUT,
                             "PRAGMA trusted_schema = OFF;"
                             "PRAGMA cell_size_check = ON;"
                             "PRAGMA synchronous = FULL;"
                             "PRAGMA secure_delete = ON;" /* what is forgotten is gone */
                             /* Each page that does not fit is read again; each time that
                              * the WAL is moved into the database costs two syncs. */
                             "PRAGMA cache_size = -16000;" /* KB */
                             "PRAGMA wal_autocheckpoint = 4000;" /* pages */
                             "SELECT count(*) FROM sqlite_schema",
                             err);
    if (!db)
        return NULL;
    /* Nothing is changed before migrate() has seen that the file is ours. */
    if ((unclean && check(db, path, &status, err)) ||
        migrate(db, path, store_migrations, err) || set_wal(db, path, err)) {
        sqlite3_close(db);
        return NULL;
    }
    return db;
}

sqlite3 *store_connect_reader(const char *path, struct bridge_error *err)
{
    return connect_to(path, OPEN_TIMEOUT, "PRAGMA query_only = ON", err);
}

static int prepare_reads(struct store *store, struct bridge_error *err)
{
    for (int i = 0; i < READ_KINDS; i++) {
        if (sqlite3_prepare_v3(store->reader, read_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->reads[i], NULL))
            return sqlite_fail(err, store->reader, store->path);
    }
    return 0;
}

static int open_reader(struct store *store, struct bridge_error *err)
{
    store->reader = connect_to(store->path, READER_TIMEOUT, "PRAGMA query_only = ON", err);
    return store->reader ? prepare_reads(store, err) : -1;
}

/* --- the store -------------------------------------------------------------- */

static void store_free(struct store *store)
{
    for (int i = 0; i < READ_KINDS; i++)
        sqlite3_finalize(store->reads[i]);
    sqlite3_close(store->reader);
    if (store->lock >= 0)
        close(store->lock);
    free(store->found);
    free(store->delivery);
    free(store->path);
    free(store);
}

static void on_writer_health(void *arg, const struct bridge_error *why)
{
    struct store *store = arg;
    bool news = store->degraded != (why != NULL);

    store->degraded = why != NULL;
    if (why)
        store->trouble = *why; /* it may have another reason than before */
    if (!news)
        return;
    if (why)
        log_error("store", "nothing can be saved: %s", why->text);
    else
        log_info("store", "%s: can be written again", store->path);
    if (store->on_health)
        store->on_health(store->health_arg, why);
}

static void on_writer_closed(void *arg)
{
    struct store *store = arg;
    void (*on_closed)(void *) = store->on_closed;
    void *closed_arg = store->closed_arg;

    store_free(store);
    if (on_closed)
        on_closed(closed_arg);
}

static const struct writer_events writer_events = {
    .on_health = on_writer_health,
    .on_closed = on_writer_closed,
};

struct store *store_open(uv_loop_t *loop, const char *path, struct bridge_error *err)
{
    struct store *store = bridge_alloc(sizeof *store);
    sqlite3 *db = NULL;

    store->loop = loop;
    store->path = bridge_strdup(path);
    if (take_lock(store, err))
        goto failed;
    db = open_database(path, err);
    if (!db || open_reader(store, err))
        goto failed;
    store->writer = writer_start(loop, db, path, &writer_events, store, err);
    db = NULL; /* the writer's, whatever it says */
    if (store->writer)
        return store;
failed:
    sqlite3_close(db);
    store_free(store);
    return NULL;
}

/* One transaction, to the end: its first statement takes the state that all see. */
static int begin_reading(struct store *store, struct bridge_error *err)
{
    if (sqlite3_exec(store->reader, "BEGIN", NULL, NULL, NULL))
        return sqlite_fail(err, store->reader, store->path);
    if (migrate_check(store->reader, store->path, store_migrations, err))
        return -1;
    return prepare_reads(store, err);
}

struct store *store_open_reader(const char *path, struct bridge_error *err)
{
    struct store *store = bridge_alloc(sizeof *store);

    store->path = bridge_strdup(path);
    store->lock = -1;
    store->reader = store_connect_reader(path, err);
    if (store->reader && !begin_reading(store, err))
        return store;
    store_free(store);
    return NULL;
}

void store_close_reader(struct store *store)
{
    store_free(store);
}

void store_close(struct store *store, void (*on_closed)(void *arg), void *arg)
{
    store->on_closed = on_closed;
    store->closed_arg = arg;
    writer_close(store->writer);
}

void store_on_health(struct store *store, void (*cb)(void *arg, const struct bridge_error *why),
                     void *arg)
{
    store->on_health = cb;
    store->health_arg = arg;
}

void store_put(struct store *store, struct write *write, store_done *done, void *arg)
{
    write->done = done;
    write->arg = arg;
    writer_put(store->writer, write);
}

void store_figures(const struct store *store, struct store_figures *out)
{
    writer_figures(store->writer, out);
}

const struct bridge_error *store_trouble(const struct store *store)
{
    return store->degraded ? &store->trouble : NULL;
}
