/* store_parts.h - what the files of this directory share of a store. */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include <sqlite3.h>

#include "store.h"
#include "value.h"
#include "writer.h"

#define DAY_MS (24 * 60 * 60 * 1000)

/* Reading statements, prepared once. */
enum read_kind {
    READ_CONTACT,
    READ_CONTACTS_OF_USER,
    READ_CONTACTS,
    READ_CONTACT_OWNERS,
    READ_ACCOUNT,
    READ_ACCOUNTS,
    READ_SETTING,
    READ_SETTING_OWNER,
    READ_SETTINGS,
    READ_SETTINGS_OF_ADDRESS,
    READ_COUNTER,
    READ_EXPENSE,
    READ_USER_EXPENSES,
    READ_USER_CONTACTS,
    READ_USER_COUNTERS,
    READ_USER_ACCOUNTS,
    READ_USER_SETTINGS,
    READ_USER_INVITATIONS,
    READ_USER_DELIVERIES,
    READ_USER_DAY,
    READ_DELIVERY,
    READ_DELIVERIES,
    READ_DELIVERIES_LATE,
    READ_DELIVERY_LAST,
    READ_DELIVERY_BY_FOREIGN,
    READ_DELIVERY_BY_MARK,
    READ_DELIVERY_BY_STANZA,
    READ_SEEN,
    READ_KINDS
};

struct store {
    uv_loop_t *loop;
    char *path;
    int lock; /* descriptor of PATH.lock, held as long as the store */
    sqlite3 *reader;
    sqlite3_stmt *reads[READ_KINDS];
    struct writer *writer;
    char *found;    /* the strings of the last store_contact_find(), */
    char *delivery; /* and store_delivery_get() */

    bool degraded;
    struct bridge_error trouble;
    void (*on_health)(void *arg, const struct bridge_error *why);
    void *health_arg;
    void (*on_closed)(void *arg);
    void *closed_arg;
};

extern const char contact_find_sql[], contacts_of_user_sql[], contacts_sql[]; /* contact.c */
extern const char contact_owners_sql[];
extern const char account_find_sql[], accounts_sql[];                    /* account.c */
extern const char setting_get_sql[], setting_owner_sql[], settings_sql[]; /* setting.c */
extern const char settings_of_address_sql[];
extern const char expense_find_sql[], user_expenses_sql[];
extern const char counter_find_sql[];                                    /* counter.c */
extern const char user_contacts_sql[], user_counters_sql[];              /* user.c */
extern const char user_accounts_sql[], user_settings_sql[];
extern const char user_invitations_sql[], user_day_sql[];
extern const char user_deliveries_sql[]; /* delivery.c */
extern const char delivery_get_sql[], deliveries_sql[], deliveries_late_sql[]; /* delivery.c */
extern const char delivery_last_sql[], delivery_by_foreign_sql[], delivery_by_mark_sql[];
extern const char delivery_by_stanza_sql[], seen_find_sql[];

extern const char *const read_sql[READ_KINDS];

/* A statement with its values bound, to be stepped through, and ended with the last
 * step's result. One of a kind at a time. */
sqlite3_stmt *read_begin(struct store *store, enum read_kind kind, const struct value *values,
                         size_t count);
void read_end(struct store *store, sqlite3_stmt *q, int rc);
/* The one number that a statement gives, 0 if there is no row. */
int64_t read_number(struct store *store, enum read_kind kind, const struct value *values,
                    size_t count);
const char *read_text(sqlite3_stmt *q, int column); /* until the next step; NULL is NULL */

/* Queue a write (writer.h). */
void store_put(struct store *store, struct write *write, store_done *done, void *arg);

/* Parts of a write (setting.c, user.c). */
void settings_add(struct write *write, const struct store_setting *settings, size_t count);
struct write *activity_new(const char *user, int64_t day);

/* The rows of a statement that reads whole settings, and its end (setting.c). */
void settings_walk(struct store *store, sqlite3_stmt *q,
                   bool (*each)(void *arg, const struct store_setting *setting), void *arg);

/* A connection for a job in the thread pool, where it may wait for a lock. NULL
 * with *err set. */
sqlite3 *store_connect_reader(const char *path, struct bridge_error *err);

/* Log what the reader's last error was: nothing else can be done about it. */
void store_read_failed(const struct store *store);

#endif
