/* writer.h - the one thread that changes the database.
 *
 * The loop's thread queues writes; the writer's thread applies what is waiting
 * in one transaction, and the completions run on the loop after the commit, in
 * the order of the queue. A transaction that fails is rolled back whole and its
 * writes complete with BRIDGE_RETRY. A write that no retry can help (it breaks
 * a rule of the schema) completes with BRIDGE_INVALID, alone.
 *
 * From the first failure until the next success the writer is degraded, and
 * makes a small write of its own every few seconds to find out. */
#ifndef WRITER_H
#define WRITER_H

#include <bridge/error.h>
#include <sqlite3.h>
#include <uv.h>

#include "store.h"

/* Writes that wait; more of them complete at once with BRIDGE_BUSY. */
#define WRITER_LIMIT 100000

enum write_kind {
    WRITE_CONTACT_PUT,
    WRITE_CONTACT_REMOVE,
    WRITE_COUNTER_PUT,
    WRITE_COUNTERS_FORGET,
    WRITE_USER_CONTACTS_REMOVE,
    WRITE_USER_COUNTERS_REMOVE,
    WRITE_KINDS
};

/* The first member of a struct with the values, allocated in one piece; the
 * writer frees it. */
struct write {
    enum write_kind kind;
    store_done *done; /* may be NULL */
    void *arg;
    struct write *next;       /* the writer's */
    struct bridge_error *why; /* the writer's: this write alone failed */
};

/* One statement for each kind, prepared once. bind() sets its parameters to
 * values that live as long as the write, and returns SQLite's result. */
struct write_type {
    const char *sql;
    int (*bind)(sqlite3_stmt *q, const struct write *write);
};

extern const struct write_type contact_put_type, contact_remove_type;  /* contact.c */
extern const struct write_type counter_put_type, counters_forget_type; /* counter.c */
extern const struct write_type user_contacts_remove_type; /* user.c */
extern const struct write_type user_counters_remove_type;

struct writer_events {
    void (*on_health)(void *arg, const struct bridge_error *why); /* NULL: well again */
    void (*on_closed)(void *arg);                                 /* last; the writer is gone */
};

struct writer;

/* The connection becomes the writer's; it is closed if this fails (NULL). The
 * database has its schema already. `path` is for messages and copied. */
struct writer *writer_start(uv_loop_t *loop, sqlite3 *db, const char *path,
                            const struct writer_events *events, void *arg,
                            struct bridge_error *err);
void writer_put(struct writer *writer, struct write *write);

/* Apply what is queued, run the completions, write everything back into the
 * main file, then on_closed. */
void writer_close(struct writer *writer);

#endif
