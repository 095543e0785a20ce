/* writer.h - the one thread that changes the database.
 *
 * The loop's thread queues writes; the writer's thread applies what is waiting
 * in one transaction, and the completions run on the loop after the commit, in
 * the order of the queue. A transaction that fails is rolled back whole and its
 * writes complete with BRIDGE_RETRY. A write that no retry can help (it breaks
 * a rule of the schema) completes with BRIDGE_INVALID, alone.
 *
 * A write may have several parts: all of them are applied, or none.
 *
 * From the first failure until the next success the writer is degraded, and
 * makes a small write of its own every few seconds to find out. */
#ifndef WRITER_H
#define WRITER_H

#include <bridge/error.h>
#include <sqlite3.h>
#include <uv.h>

#include "store.h"
#include "value.h"

/* Writes that wait; more of them complete at once with BRIDGE_BUSY. */
#define WRITER_LIMIT 100000

enum write_kind {
    WRITE_CONTACT_PUT,
    WRITE_CONTACT_REMOVE,
    WRITE_ACCOUNT_PUT,
    WRITE_SETTING_PUT,
    WRITE_SETTING_REMOVE,
    WRITE_INVITATION_PUT,
    WRITE_INVITATION_USE,
    WRITE_INVITATIONS_EXPIRE,
    WRITE_ACTIVITY_PUT,
    WRITE_COUNTER_PUT,
    WRITE_COUNTERS_FORGET,
    WRITE_EXPENSE_PUT,
    WRITE_EXPENSES_FORGET,
    WRITE_USER_EXPENSES_REMOVE,
    WRITE_USER_CONTACTS_REMOVE,
    WRITE_USER_ACCOUNTS_REMOVE,
    WRITE_USER_SETTINGS_REMOVE,
    WRITE_USER_INVITATIONS_REMOVE,
    WRITE_USER_COUNTERS_REMOVE,
    WRITE_USER_DELIVERIES_REMOVE,
    WRITE_USER_ACTIVITY_REMOVE,
    WRITE_DELIVERY_PUT,
    WRITE_DELIVERY_CHANGE,
    WRITE_DELIVERY_REMOVE,
    WRITE_SEEN_PUT,
    WRITE_DELIVERIES_PRUNE,
    WRITE_SEEN_PRUNE,
    WRITE_KINDS
};

struct write {
    enum write_kind kind;
    store_done *done; /* of the first part; may be NULL */
    void *arg;
    struct write *part;       /* the next one of the same write, or NULL */
    struct write *next;       /* the writer's */
    struct bridge_error *why; /* the writer's: this write alone failed */
    size_t count;
    struct value values[]; /* then their texts */
};

/* With copies of the values: write_new(WRITE_CONTACT_REMOVE, VALUES(TEXT(domain), ...)). */
struct write *write_new(enum write_kind kind, const struct value *values, size_t count);
/* Append a part, which belongs to the write then. */
void write_add(struct write *write, struct write *part);

/* One statement for each kind, prepared once, with the values as ?1, ?2, ... */
struct write_type {
    const char *sql;
    /* What it means that no row was changed (`text` NULL: nothing): then the write
     * fails with this, and none of its parts is applied. */
    struct {
        enum bridge_code code;
        const char *text;
    } unless_changed;
};

extern const struct write_type contact_put_type, contact_remove_type; /* contact.c */
extern const struct write_type account_put_type, invitation_put_type; /* account.c */
extern const struct write_type invitation_use_type, invitations_expire_type;
extern const struct write_type setting_put_type, setting_remove_type;  /* setting.c */
extern const struct write_type counter_put_type, counters_forget_type; /* counter.c */
extern const struct write_type expense_put_type, expenses_forget_type;
extern const struct write_type user_expenses_remove_type;              /* user.c */
extern const struct write_type activity_put_type;                      /* user.c */
extern const struct write_type user_contacts_remove_type, user_accounts_remove_type;
extern const struct write_type user_settings_remove_type, user_invitations_remove_type;
extern const struct write_type user_counters_remove_type, user_activity_remove_type;
extern const struct write_type user_deliveries_remove_type;
extern const struct write_type delivery_put_type, delivery_change_type; /* delivery.c */
extern const struct write_type delivery_remove_type, seen_put_type;
extern const struct write_type deliveries_prune_type, seen_prune_type;

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
/* The write is the writer's then. */
void writer_put(struct writer *writer, struct write *write);

/* From the loop's thread, as all of these; nothing is waited for. */
void writer_figures(const struct writer *writer, struct store_figures *out);

/* Apply what is queued, run the completions, write everything back into the
 * main file, then on_closed. */
void writer_close(struct writer *writer);

#endif
