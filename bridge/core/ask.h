/* ask.h - requests of our own (iq) to servers and users' clients, and their
 * answers.
 *
 * Only whom was asked can answer: by id, from the JID that the request went to,
 * to the one that it came from, on the stream of the same domain. The number of
 * open requests is bounded, and so is their time. */
#ifndef ASK_H
#define ASK_H

#include <stdbool.h>

#include <bridge/error.h>
#include <strophe.h>

#include "domain.h"
#include "jid.h"

#define ASK_WAIT_MS 30000
#define ASK_MAX 10000 /* open at a time, of all domains */

struct ask;  /* a request that waits for its answer */
struct asks; /* all of them */

/* The end of a request. `iq` is the result as it came, borrowed; it is NULL
 * when there is none, because of *why: the stanza error that came instead, or
 * BRIDGE_RETRY when the time is over or the stream is lost. */
typedef void ask_done(void *arg, xmpp_stanza_t *iq, const struct bridge_error *why);

struct ask_request {
    const char *type;    /* "get" or "set" */
    const char *from;    /* a JID of ours; NULL: the domain */
    const char *to;      /* prepared, as jid.h has it */
    const char *payload; /* XML */
};

/* `done` is called exactly once, never within this call. NULL with *err set if
 * nothing was sent: the stream is down, or ASK_MAX is reached. */
struct ask *ask_send(struct bridge_host *host, const struct ask_request *request,
                     ask_done *done, void *arg, struct bridge_error *err);
/* Whatever comes, `done` is not called any more. `ask` may be NULL. */
void ask_cancel(struct ask *ask);

/* An iq of type result or error has come. False if it answers nothing of ours. */
bool ask_answered(struct bridge_host *host, xmpp_stanza_t *iq, const struct jid *from,
                  const struct jid *to);
/* One that was too large has come, of which only the root is left. */
bool ask_dropped(struct bridge_host *host, xmpp_stanza_t *root, const struct jid *from,
                 const struct jid *to, const struct bridge_error *why);

/* The stream is lost: nothing that was asked on it will be answered. */
void ask_lost(struct bridge_host *host);

struct asks *asks_new(uv_loop_t *loop);
/* We stop: whatever is still open ends as if its stream were lost. */
void asks_stop(struct asks *asks);
void asks_free(struct asks *asks); /* after asks_stop() and the loop's end */

#endif
