/* preference.h - the settings of users (include/bridge/preference.h): which there
 * are, what they are now, and how they change.
 *
 * A sheet is the settings of one thing as form fields that hold what is set now.
 * Each face, a form or a chat, shows a sheet and gives it back with what was
 * filled in. From then on it is a change: its values are checked here, then by
 * the transport, then stored, all of them or none, and in the end the transport
 * is told. One thing has one change on its way. */
#ifndef PREFERENCE_H
#define PREFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/error.h>
#include <bridge/host.h>
#include <bridge/preference.h>
#include <bridge/strbuf.h>
#include <uv.h>

#include "form.h"

struct core;

/* Rows that a transport may have, and the gateway. */
#define PREFERENCE_MAX 40
/* Values that a user may have set of networks, rooms and contacts, at one transport: there is
 * no end to their addresses. */
#define PREFERENCE_PLACES_MAX 1000
/* How long a transport may check, in ms. */
#define PREFERENCE_CHECK_MS (60 * 1000)

/* Whose settings, and of what. */
struct preference_of {
    struct bridge_host *host; /* the front door: of the gateway as a whole */
    const char *user;         /* bare JID */
    enum bridge_address kind; /* NONE: of the account */
    const char *address;      /* canonical; of the account it does not count */
    bool admin;               /* who asks may change PREFERENCE_BY_ADMIN */
};

struct preference_sheet {
    struct bridge_host *host;
    char *user;
    char *address; /* "": of the account */
    unsigned scope; /* one of PREFERENCE_ACCOUNT... */
    bool admin;
    bool account; /* there is one, or is to be: what is required must be there */
    size_t count;
    const struct preference *rows[PREFERENCE_MAX];
    /* As the rows, then { 0 }. `initial` is what holds now; of a secret nothing
     * shows. What only admins may change is fixed text to others. */
    struct form_field fields[PREFERENCE_MAX + 1];
    bool set[PREFERENCE_MAX];                    /* by the user */
    char *texts[PREFERENCE_MAX];                 /* the fields', ... */
    struct form_option *options[PREFERENCE_MAX]; /* ... to be freed */
};

/* Is there anything to set? */
bool preference_any(const struct bridge_host *host, enum bridge_address kind);
/* A setting with this key? */
bool preference_named(const struct bridge_host *host, enum bridge_address kind, const char *key);

/* All settings of the thing, or those with all of these flags: the others are
 * not on the sheet, and stay. */
struct preference_sheet *preference_sheet_new(const struct preference_of *of, unsigned flags);
void preference_sheet_free(struct preference_sheet *sheet); /* may be NULL */
/* The row with this key, or -1. */
int preference_sheet_find(const struct preference_sheet *sheet, const char *key);

/* NULL: stored, or as it was before already. Otherwise nothing has changed. */
typedef void preference_done(void *arg, const struct bridge_error *why);

/* Take what was filled in: values[i] for each field is what it held, and stays as
 * it is; another value that form_check() has let pass; NULL, which empties it, but
 * not a secret; or "", which empties anything. The sheet and the values are taken
 * over. `done` comes once, perhaps within the call. */
void preference_change(struct preference_sheet *sheet, char **values, preference_done *done,
                       void *arg);
/* The same for a sheet of the account, and the user is registered with it.
 * `invitation` may be NULL. */
void preference_register(struct preference_sheet *sheet, char **values, const char *invitation,
                         preference_done *done, void *arg);

/* What the user has set for the gateway as a whole, or its initial value; false
 * if neither. */
bool preference_of_gateway(struct core *core, const char *user, const char *key,
                           struct strbuf *value);

/* Is this a table as <bridge/preference.h> has them? NULL is. */
int preference_check_rows(const struct preference *rows, struct bridge_error *err);

/* --- changes on their way: the core's ------------------------------------------- */

struct changes {
    struct bridge_change *first; /* the oldest */
    size_t count;
    uv_timer_t timer; /* the oldest's time-out */
};

void changes_init(struct core *core);
/* Everything about the user is about to be removed, at one domain or (NULL) at all:
 * what is not yet in the store shall not come after it. */
void changes_drop(struct core *core, const char *domain, const char *user);
void changes_stop(struct core *core);
/* The transports have stopped: nobody ends a check any more. */
void changes_release(struct core *core);

#endif
