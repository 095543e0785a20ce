/* lookup.h - asking networks who somebody is, on behalf of users: lookup() down,
 * bridge_lookup_done() up.
 *
 * Clients ask for hundreds of contacts at once when they see them for the first
 * time. Of one user's questions a few are with the network and the others wait
 * for their turn; who asks for the same contact shares the answer. */
#ifndef LOOKUP_H
#define LOOKUP_H

#include <bridge/error.h>
#include <bridge/message.h>
#include <uv.h>

#include "session.h"

#define LOOKUP_WAIT_MS 30000
/* Of one session: with the network at a time, and questions in all. */
#define LOOKUP_RUNNING_MAX 16
#define LOOKUP_ASKERS_MAX 500

struct lookups;         /* all of them */
struct session_lookups; /* those of a session */

/* As bridge_lookup_done(): either may be NULL. */
typedef void lookup_done(void *arg, const struct bridge_card *card,
                         const struct bridge_error *why);

/* The session's transport has lookup(). `done` is called exactly once, perhaps
 * within this call: with what the network says or, when LOOKUP_WAIT_MS are over
 * (BRIDGE_TIMEOUT) or the session ends (BRIDGE_RETRY), with an error. -1 with *err
 * set if too much waits already; then it is not called. */
int lookup_ask(struct bridge_session *session, const char *contact, lookup_done *done,
               void *arg, struct bridge_error *err);

/* The session ends: the network is asked no more, though it may still answer; and,
 * once the transport has let go of the session, it does not answer any more. */
void lookup_stop(struct bridge_session *session);
void lookup_release(struct bridge_session *session);

struct lookups *lookups_new(uv_loop_t *loop);
void lookups_stop(struct lookups *lookups); /* every session has been closed */
void lookups_free(struct lookups *lookups); /* after that and the loop's end */

#endif
