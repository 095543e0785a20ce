/* A copy of the database while bridged runs.
 *
 * Stage by stage in the thread pool, on connections that only the job has; in
 * between the loop may report, or cancel. One reading transaction lasts from
 * the first page to the last: so the copy is one state, and what is written
 * meanwhile does not make SQLite begin anew. */
#include "store_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bridge/strbuf.h>

#include "file.h"
#include "sqlite_error.h"

#define PATH_LIMIT  65536
#define STAGE_PAGES 1024 /* 4 MiB: a moment for the disk, and for who waits to cancel */

enum stage { OPEN, COPY, KEEP, DISCARD };

struct store_backup {
    uv_work_t work;
    uv_loop_t *loop;
    char *source;
    char *file; /* the name that a whole copy gets */
    char *part; /* the name until then */
    enum stage stage;
    bool failed;
    bool copied;
    struct bridge_error why;
    int fd; /* of the part; open until SQLite has closed it, or its locks would go */
    sqlite3 *from, *to;
    sqlite3_backup *copy;
    const struct store_backup_events *events; /* NULL: cancelled */
    void *arg;
};

/* --- in the thread pool ----------------------------------------------------- */

static int fail_part(struct store_backup *b, const char *path)
{
    static const struct {
        int number;
        const char *why;
    } known[] = {
        { EEXIST, "there is such a file already: remove it, or take another name" },
        { ENOENT, "there is no such directory" },
        { EACCES, "bridged's user may not write there; beside its database it may" },
        { EROFS, "bridged may not write there; beside its database it may" },
        { ENOSPC, "the disk is full: make room on it" },
        { EDQUOT, "the disk is full: make room on it" },
    };
    int number = errno;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].number == number)
            return bridge_fail(&b->why, BRIDGE_INVALID, "%s: %s", path, known[i].why);
    }
    return bridge_fail(&b->why, BRIDGE_INVALID, "%s: %s", path, strerror(number));
}

static int create_part(struct store_backup *b)
{
    struct stat status;

    if (!lstat(b->file, &status)) {
        errno = EEXIST;
        return fail_part(b, b->file);
    }
    b->fd = open(b->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return b->fd < 0 ? fail_part(b, b->part) : 0;
}

/* The copy is nobody's yet: it needs neither a journal nor SQLite's syncs. */
static int open_part(struct store_backup *b)
{
    if (sqlite3_open_v2(b->part, &b->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ||
        sqlite3_exec(b->to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL,
                     NULL))
        return sqlite_fail(&b->why, b->to, b->part);
    return 0;
}

static int open_both(struct store_backup *b)
{
    b->from = store_connect_reader(b->source, &b->why);
    if (!b->from)
        return -1;
    if (sqlite3_exec(b->from, "BEGIN; SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL))
        return sqlite_fail(&b->why, b->from, b->source);
    if (create_part(b) || open_part(b))
        return -1;
    b->copy = sqlite3_backup_init(b->to, "main", b->from, "main");
    return b->copy ? 0 : sqlite_fail(&b->why, b->to, b->part);
}

/* Written to the disk each time: all of it at the end would hold up everybody's
 * commits. */
static int copy_some(struct store_backup *b)
{
    int rc = sqlite3_backup_step(b->copy, STAGE_PAGES);

    b->copied = rc == SQLITE_DONE;
    if (rc != SQLITE_OK && rc != SQLITE_DONE) {
        sqlite3_backup_finish(b->copy); /* tells the error to `to` */
        b->copy = NULL;
        return sqlite_fail(&b->why, b->to, b->part);
    }
    return fdatasync(b->fd) ? fail_part(b, b->part) : 0;
}

static int close_both(struct store_backup *b)
{
    int rc = sqlite3_backup_finish(b->copy); /* NULL is fine, here and below */

    b->copy = NULL;
    if (rc)
        sqlite_fail(&b->why, b->to, b->part);
    sqlite3_close(b->to);
    sqlite3_close(b->from);
    b->to = b->from = NULL;
    return rc ? -1 : 0;
}

static void remove_part(struct store_backup *b)
{
    close(b->fd);
    b->fd = -1;
    unlink(b->part);
}

/* A link, as rename() would replace what has got that name meanwhile. */
static int keep(struct store_backup *b)
{
    if (close_both(b))
        return -1;
    if (fsync(b->fd) || link(b->part, b->file))
        return fail_part(b, b->file);
    remove_part(b);
    return file_sync_directory(b->file) ? fail_part(b, b->file) : 0;
}

static int discard(struct store_backup *b)
{
    close_both(b);
    if (b->fd >= 0)
        remove_part(b);
    return 0;
}

static void run_stage(uv_work_t *work)
{
    static int (*const stages[])(struct store_backup *) = {
        [OPEN] = open_both,
        [COPY] = copy_some,
        [KEEP] = keep,
        [DISCARD] = discard,
    };
    struct store_backup *b = work->data;

    if (stages[b->stage](b))
        b->failed = true;
}

/* --- the loop --------------------------------------------------------------- */

static void end(struct store_backup *b)
{
    if (b->events)
        b->events->on_done(b->arg, b->failed ? &b->why : NULL);
    free(b->source);
    free(b->file);
    free(b->part);
    free(b);
}

static void report(struct store_backup *b)
{
    uint64_t all = (uint64_t)sqlite3_backup_pagecount(b->copy);
    uint64_t left = (uint64_t)sqlite3_backup_remaining(b->copy);

    b->events->on_progress(b->arg, all - left, all);
}

static void on_stage_done(uv_work_t *work, int status)
{
    struct store_backup *b = work->data;

    (void)status; /* never cancelled in the queue */
    if (b->stage == DISCARD || (b->stage == KEEP && !b->failed)) {
        end(b);
        return;
    }
    if (b->stage == COPY && !b->failed && b->events)
        report(b); /* which may cancel */
    if (b->failed || !b->events)
        b->stage = DISCARD;
    else
        b->stage = b->copied ? KEEP : COPY;
    uv_queue_work(b->loop, &b->work, run_stage, on_stage_done);
}

struct store_backup *store_backup(struct store *store, const char *file,
                                  const struct store_backup_events *events, void *arg)
{
    struct store_backup *b = bridge_alloc(sizeof *b);
    struct strbuf part = STRBUF_INIT(PATH_LIMIT);

    strbuf_addf(&part, "%s.part", file);
    *b = (struct store_backup){ .loop = store->loop,
                                .source = bridge_strdup(store->path),
                                .file = bridge_strdup(file),
                                .part = strbuf_detach(&part),
                                .fd = -1,
                                .events = events,
                                .arg = arg };
    b->work.data = b;
    uv_queue_work(b->loop, &b->work, run_stage, on_stage_done);
    return b;
}

void store_backup_cancel(struct store_backup *backup)
{
    backup->events = NULL;
}
