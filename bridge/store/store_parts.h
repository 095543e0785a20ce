/* store_parts.h - what the files of this directory share of a store. */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include <sqlite3.h>

#include "store.h"
#include "writer.h"

/* Reading statements, prepared once. */
enum read_kind {
    READ_CONTACT,
    READ_CONTACTS_OF_USER,
    READ_CONTACTS,
    READ_COUNTER,
    READ_USER_CONTACTS,
    READ_USER_COUNTERS,
    READ_KINDS
};

struct store {
    uv_loop_t *loop;
    char *path;
    int lock; /* descriptor of PATH.lock, held as long as the store */
    sqlite3 *reader;
    sqlite3_stmt *reads[READ_KINDS];
    struct writer *writer;
    char *found; /* the strings of the last store_contact_find() */

    bool degraded;
    struct bridge_error trouble;
    void (*on_health)(void *arg, const struct bridge_error *why);
    void *health_arg;
    void (*on_closed)(void *arg);
    void *closed_arg;
};

extern const char contact_find_sql[], contacts_of_user_sql[], contacts_sql[]; /* contact.c */
extern const char counter_find_sql[];                                         /* counter.c */
extern const char user_contacts_sql[], user_counters_sql[];                         /* user.c */

/* A connection for a job in the thread pool, where it may wait for a lock. NULL
 * with *err set. */
sqlite3 *store_connect_reader(const char *path, struct bridge_error *err);

/* Log what the reader's last error was: nothing else can be done about it. */
void store_read_failed(const struct store *store);

#endif
