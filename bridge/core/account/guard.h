/* guard.h - what permit.h says, applied to sessions: who gets one, and how much
 * may be done with it. Disco, ping and what takes leave are open to everybody.
 *
 * What users have sent today survives a restart. The counts are saved together,
 * GUARD_SAVE_MS after the first that was not yet, and when a session ends: a
 * crash forgets the messages of that time. */
#ifndef GUARD_H
#define GUARD_H

#include <stdbool.h>

#include <bridge/error.h>
#include <uv.h>

#include "permit.h"

struct bridge_host;
struct bridge_session;
struct core;

#define GUARD_SAVE_MS 2000

/* The core's. */
struct guard {
    struct permit_users banned;
    struct bridge_session *unsaved; /* those whose count is not in the store */
    uv_timer_t save;
    int64_t day; /* earlier counts have been dropped from the store */
};

/* A session's. */
struct guard_account {
    struct permit_usage usage;
    bool loaded; /* usage.sent has what the store knew */
    struct bridge_session *next, **link; /* in guard.unsaved; link NULL: not in it */
};

void guard_init(struct core *core);
/* Take `allow` and `ban` from the options. The limits are the domains'. */
void guard_set_rules(struct core *core);
/* Every session has been closed. */
void guard_stop(struct core *core);
void guard_release(struct core *core);

/* May this user (bare JID) have a session? -1 with *err set (BRIDGE_FORBIDDEN). */
int guard_admit(const struct bridge_host *host, const char *user, struct bridge_error *err);

/* As permit_message(), permit_join() and permit_count(). */
int guard_message(struct bridge_session *session, struct bridge_error *err);
int guard_join(struct bridge_session *session, struct bridge_error *err);
void guard_count(struct bridge_session *session);

/* The session ends. */
void guard_forget(struct bridge_session *session);

#endif
