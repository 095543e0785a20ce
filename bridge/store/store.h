/* store.h - what bridged remembers, in one SQLite file.
 *
 * The loop thread reads, on a connection of its own, by primary key or index
 * only. Every write is queued and applied by one writer thread: what is waiting
 * goes into one transaction (WAL, synchronous=FULL), and the completions run on
 * the loop after the commit. So a completion without error means durable.
 *
 * A failed transaction (disk full, read-only, locked, I/O error) is rolled back
 * whole; its operations complete with BRIDGE_RETRY; the store is then degraded
 * until a commit succeeds (it tries by itself). Nothing is half-written. */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/error.h>
#include <bridge/strbuf.h>
#include <uv.h>

struct store;

/* Open or create; apply the migrations that are missing, each in a transaction
 * of its own, after copying the file to "PATH.vN.backup". Refused, with a
 * sentence that says what to do: a database of a newer version, one that is
 * not ours, corrupt, read-only, or locked by another process. Blocks: start-up
 * only. */
struct store *store_open(uv_loop_t *loop, const char *path, struct bridge_error *err);

/* Apply everything queued, run the completions, close, then call back (NULL:
 * nobody). Reading is possible until then; what is put now is refused. */
void store_close(struct store *store, void (*on_closed)(void *arg), void *arg);

/* For reading only: of this store's functions, those that read. Another thread or
 * process may have it open meanwhile; what is read is one state of it. Refused: also
 * a database of an older version. Blocks. */
struct store *store_open_reader(const char *path, struct bridge_error *err);
void store_close_reader(struct store *store);

/* Called when the store becomes degraded (why) and when it is well again
 * (NULL). */
void store_on_health(struct store *store, void (*cb)(void *arg, const struct bridge_error *why),
                     void *arg);
const struct bridge_error *store_trouble(const struct store *store); /* NULL: well */

/* What the disk has taken since the store was opened. */
#define STORE_COMMIT_BOUNDS 10
extern const double store_commit_bounds[STORE_COMMIT_BOUNDS]; /* seconds, ascending */

struct store_figures {
    uint64_t commits; /* transactions that are on the disk, */
    uint64_t failed;  /* and that are not */
    uint64_t writes;  /* on the disk */
    double seconds;   /* that all commits took together */
    uint64_t within[STORE_COMMIT_BOUNDS + 1]; /* commits up to each bound, not to the one
                                                 before; the last: longer than all */
    size_t waiting; /* writes that are not on the disk yet */
};
void store_figures(const struct store *store, struct store_figures *out);

/* `why`: BRIDGE_RETRY, the disk did not take it; BRIDGE_BUSY, 100,000 writes
 * wait already; BRIDGE_INVALID, no retry can help. Those that were tried
 * complete in the order of the calls. */
typedef void store_done(void *arg, const struct bridge_error *why);

/* --- contacts: legacy addresses in users' rosters ------------------------- */

enum store_subscription { /* RFC 6121 §3, seen from the user */
    STORE_SUB_NONE = 0,
    STORE_SUB_TO = 1,   /* the user sees the contact's presence */
    STORE_SUB_FROM = 2, /* the contact sees the user's */
    STORE_SUB_BOTH = 3,
    STORE_SUB_ASKED = 4,    /* the contact has asked to see it, and waits */
    STORE_SUB_DECLINED = 8, /* the user does not want the contact: it is not offered again */
};

struct store_contact {
    const char *domain;  /* of the transport */
    const char *user;    /* bare JID */
    const char *address; /* canonical legacy address (localpart, unescaped) */
    const char *name;    /* display name, or NULL */
    unsigned subscription;
};

/* Insert or replace. The strings are copied. `done` may be NULL. */
void store_contact_put(struct store *store, const struct store_contact *contact,
                       store_done *done, void *arg);
void store_contact_remove(struct store *store, const char *domain, const char *user,
                          const char *address, store_done *done, void *arg);

/* Reads see what is durable: not what is still queued. */
bool store_contact_find(struct store *store, const char *domain, const char *user,
                        const char *address, struct store_contact *out);
/* (*out's strings live until the next call of store_contact_find) */

/* One user's contacts on one transport; `user` NULL: everybody's there.
 * The callback returns false to stop; its contact is borrowed. One walk sees
 * one state of the database, whatever is written meanwhile. */
void store_contact_each(struct store *store, const char *domain, const char *user,
                        bool (*each)(void *arg, const struct store_contact *contact),
                        void *arg);

/* Everybody who has contacts on a transport, in order, those after `after` (NULL:
 * from the first): for walks in many steps. The callback returns false to stop. */
void store_contact_owners(struct store *store, const char *domain, const char *after,
                          bool (*each)(void *arg, const char *user), void *arg);

/* --- accounts and settings ----------------------------------------------------- */

/* One value that a user has set. */
struct store_setting {
    const char *domain;  /* of the transport; "": of the gateway as a whole */
    const char *user;    /* bare JID */
    const char *address; /* of the network, room or contact; "": of the account */
    const char *key;
    const char *value; /* NULL: not set. Secrets are sealed (seal.h) before they come here */
};

/* Set, change and remove one user's, all or none. `count` > 0. The strings are copied. */
void store_settings_put(struct store *store, const struct store_setting *settings, size_t count,
                        store_done *done, void *arg);
/* Append the value; false if there is none. By primary key. */
bool store_setting_get(struct store *store, const char *domain, const char *user,
                       const char *address, const char *key, struct strbuf *value);
/* Append the user (the first, by name) whose account here has this value; false if
 * nobody's has. By index. */
bool store_setting_owner(struct store *store, const char *domain, const char *key,
                         const char *value, struct strbuf *user);
/* All that a user has set here; `address` NULL: whatever it is of. The callback
 * returns false to stop, and must not begin another such walk. */
void store_setting_each(struct store *store, const char *domain, const char *user,
                        const char *address,
                        bool (*each)(void *arg, const struct store_setting *setting),
                        void *arg);

/* Register the user with a transport, with these settings; also one who is
 * registered, whose account they change. `invitation`: a code that is used up
 * with it, or NULL. Completes with BRIDGE_MEMBERSHIP, and nothing is done, when the
 * code is not good (any more) for this transport. */
void store_account_put(struct store *store, const char *domain, const char *user,
                       const struct store_setting *settings, size_t count,
                       const char *invitation, store_done *done, void *arg);
/* Registered? `since`, ms since 1970, may be NULL. */
bool store_account_find(struct store *store, const char *domain, const char *user,
                        int64_t *since);
/* The accounts of a transport, by user; those after `after` (NULL: from the first).
 * The callback returns false to stop. */
void store_account_each(struct store *store, const char *domain, const char *after,
                        bool (*each)(void *arg, const char *user, int64_t since), void *arg);

/* A code that lets one user register with a transport. */
struct store_invitation {
    const char *code;
    const char *domain;
    const char *maker; /* bare JID of the admin */
    int64_t expires;   /* ms since 1970 */
};

/* BRIDGE_INVALID if there is such a code. Those that have expired are dropped on
 * the way. The strings are copied. */
void store_invitation_put(struct store *store, const struct store_invitation *invitation,
                          store_done *done, void *arg);

/* The user did something on this day (since 1970-01-01, UTC); who sets something
 * (store_settings_put, store_account_put) does. */
void store_user_seen(struct store *store, const char *user, int64_t day, store_done *done,
                     void *arg);

/* --- counters: what a user has sent on one day ------------------------------- */

struct store_counter {
    const char *domain; /* of the transport */
    const char *user;   /* bare JID */
    int64_t day;        /* since 1970-01-01, UTC */
    int64_t messages;
};

/* Replaces the count of another day. That of the same day can only grow: who
 * counted on from what was durable then shall not undo what was still queued.
 * The strings are copied. `done` may be NULL. */
void store_counter_put(struct store *store, const struct store_counter *counter,
                       store_done *done, void *arg);

/* The durable count of this day, 0 if there is none. */
int64_t store_counter_get(struct store *store, const char *domain, const char *user,
                          int64_t day);

/* Drop everybody's counts of the days before this one. */
void store_counters_forget(struct store *store, int64_t day, store_done *done, void *arg);

/* --- deliveries: messages on their way ------------------------------------------ */

/* One row for each, kept until some time after its end. */
struct store_delivery {
    int64_t id;          /* chosen by the caller, larger than any before */
    const char *domain;  /* of the transport */
    const char *user;    /* bare JID */
    const char *contact; /* canonical legacy address */
    unsigned direction;  /* enum delivery_direction */
    const char *client;  /* full JID that sent it; NULL: to a user */
    const char *to;      /* what that wrote to, where errors come from; or NULL */
    const char *stanza;  /* id of the stanza, or NULL */
    const char *mark;    /* by which it is known when it comes again, or NULL */
    const char *foreign; /* the network's name for it, or NULL */
    const char *body;    /* NULL: forgotten */
    bool receipt;        /* the sender asked for one */
    unsigned state, attempts;
    int64_t created, next, deadline; /* ms since 1970 */
    const char *reason; /* why it failed or was put off, or NULL */
};

/* The largest id there ever was. */
int64_t store_delivery_last(struct store *store);

/* Completes with BRIDGE_CONFLICT, and nothing is done, if it is there already: the
 * mark with this domain, user and contact, or, to a user, the foreign name with this
 * domain. The strings are copied. */
void store_delivery_put(struct store *store, const struct store_delivery *delivery,
                        store_done *done, void *arg);

struct store_delivery_change {
    int64_t id;
    unsigned state, attempts;
    int64_t next, deadline;
    const char *foreign; /* NULL: as it was; as is reason */
    const char *reason;
    bool forget;                         /* the body */
    const struct store_delivery *notice; /* put together with it, or NULL */
};

/* All of it or nothing. An id that is gone: only the notice. */
void store_delivery_change(struct store *store, const struct store_delivery_change *change,
                           store_done *done, void *arg);
void store_delivery_remove(struct store *store, int64_t id, store_done *done, void *arg);

/* (*out's strings live until the next call of this function) */
bool store_delivery_get(struct store *store, int64_t id, struct store_delivery *out);
/* The id, 0 if there is none: by the network's name; by mark; by the id of a stanza
 * to this user. */
int64_t store_delivery_by_foreign(struct store *store, const char *domain, const char *foreign);
int64_t store_delivery_by_mark(struct store *store, const char *domain, const char *user,
                               const char *contact, const char *mark);
int64_t store_delivery_by_stanza(struct store *store, const char *domain, const char *user,
                                 const char *stanza);
/* Has a message to a user with this foreign name been taken? */
bool store_delivery_seen(struct store *store, const char *domain, const char *foreign);

/* The deliveries of a transport in one state, by id, those after `after`, without
 * body. The callback returns false to stop. */
void store_delivery_each(struct store *store, const char *domain, unsigned state,
                         int64_t after,
                         bool (*each)(void *arg, const struct store_delivery *delivery),
                         void *arg);
/* Those that are sent, and whose deadline is before `now`, likewise. */
void store_delivery_late(struct store *store, const char *domain, int64_t now,
                         bool (*each)(void *arg, const struct store_delivery *delivery),
                         void *arg);

/* Drop deliveries that are over (enum delivery_state) and whose deadline is before
 * `now`, and foreign names that were taken before `seen`: at most 1,000 of each. */
void store_delivery_prune(struct store *store, int64_t now, int64_t seen, store_done *done,
                          void *arg);

/* --- expenses: what was spent on one day, in millionths --------------------------- */

/* The sum until now, whatever it was before. `user` "": of everybody together. A row
 * each, of the last day; store_counters_forget() drops them, too. */
void store_expense_put(struct store *store, const char *domain, const char *user, int64_t day,
                       int64_t spent, store_done *done, void *arg);
/* The durable sum of this day, 0 if there is none. */
int64_t store_expense_get(struct store *store, const char *domain, const char *user,
                          int64_t day);

/* --- users: all that there is about one, at whatever transport --------------- */

/* By domain; also of domains that are no longer served. The callback returns
 * false to stop, and must not begin another such walk. */
void store_user_contacts(struct store *store, const char *user,
                         bool (*each)(void *arg, const struct store_contact *contact),
                         void *arg);
void store_user_counters(struct store *store, const char *user,
                         bool (*each)(void *arg, const struct store_counter *counter),
                         void *arg);

void store_user_expenses(struct store *store, const char *user,
                         bool (*each)(void *arg, const char *domain, int64_t day, int64_t spent),
                         void *arg);
void store_user_accounts(struct store *store, const char *user,
                         bool (*each)(void *arg, const char *domain, int64_t since), void *arg);
void store_user_settings(struct store *store, const char *user,
                         bool (*each)(void *arg, const struct store_setting *setting),
                         void *arg);
/* By id, with their bodies. */
void store_user_deliveries(struct store *store, const char *user,
                           bool (*each)(void *arg, const struct store_delivery *delivery),
                           void *arg);
/* Those that the user has made. */
void store_user_invitations(struct store *store, const char *user,
                            bool (*each)(void *arg, const struct store_invitation *invitation),
                            void *arg);
/* The last day on which the user is known to have done something. */
bool store_user_day(struct store *store, const char *user, int64_t *day);

/* Forget the user, at one transport or (domain NULL) at all: every row, in every
 * table; but a count of `today`, or nobody could be held to a limit:
 * store_counters_forget() drops that. What is put afterwards stays. All or none. */
void store_user_remove(struct store *store, const char *domain, const char *user, int64_t today,
                       store_done *done, void *arg);

/* --- walks through all users -------------------------------------------------- */

struct store_census_user {
    char *user; /* bare JID */
    size_t contacts;
};

/* Sorted by user, as strcmp() sorts. They are the callee's, for
 * store_census_free(). */
typedef void store_census_done(void *arg, struct store_census_user *users, size_t count,
                               const struct bridge_error *why);
void store_census_free(struct store_census_user *users, size_t count);

/* Count the contacts of everybody who has some, at `domain` or (NULL) anywhere.
 * `done` is called once, unless it is cancelled. It may outlive the store. */
struct store_census *store_census(struct store *store, const char *domain,
                                  store_census_done *done, void *arg);
void store_census_cancel(struct store_census *census);

/* In the same way, those who have set "keep-days" (domain "", address "") and have
 * done nothing for longer: that many whole days before `today`. */
struct store_census *store_lapsed(struct store *store, int64_t today, store_census_done *done,
                                  void *arg);

struct store_backup_events {
    void (*on_progress)(void *arg, uint64_t done, uint64_t all); /* pages; all > 0 */
    /* Last. NULL: the copy is under its name, and on the disk. */
    void (*on_done)(void *arg, const struct bridge_error *why);
};

/* Copy the database, as it is at this moment, to a new file that only we can
 * read. Under its name stands a whole copy or nothing; "FILE.part" is in use
 * until then. Reading and writing go on meanwhile, though the WAL grows until
 * the end. It may outlive the store. */
struct store_backup *store_backup(struct store *store, const char *file,
                                  const struct store_backup_events *events, void *arg);
/* No event comes any more, and nothing is left behind, unless it was all but
 * done. Not after on_done. */
void store_backup_cancel(struct store_backup *backup);

#endif
