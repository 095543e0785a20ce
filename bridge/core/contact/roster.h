/* roster.h - contacts that a network lists, on their way into the rosters of its
 * users (bridge_contact_listed() in bridge/host.h), each in the best way there is:
 *
 *   1. the user's server lets us change rosters (privilege.h): it is simply there;
 *   2. a client of the user takes suggestions (XEP-0144): it asks the user, or not;
 *   3. the contact asks for a subscription, as any stranger would.
 *
 * A way that fails is left for the next one. All goes in small steps, or a network
 * with many contacts would flood the server and the user. */
#ifndef ROSTER_H
#define ROSTER_H

#include <uv.h>

#include "session.h"

/* Contacts that are listed for one user; a network that lists more is not
 * listened to. */
#define ROSTER_LISTED_MAX 5000
/* At each step so many users get a stanza each; steps follow each other after so
 * many ms, or when there was nothing that could be done yet, after so many. */
#define ROSTER_STEP_USERS 20
#define ROSTER_STEP_MS 50
#define ROSTER_WAIT_MS 500
/* A server says what it grants after the handshake, ejabberd in its own time: so
 * long no second best way is taken. */
#define ROSTER_GRACE_MS 2000
/* Contacts in one suggestion to a client. */
#define ROSTER_BATCH_MAX 50

struct roster;  /* of one session */
struct rosters; /* all of them, and whose turn it is */

/* A server grants something else than before: who has been asked to add a contact
 * need not be any more. */
void roster_granted(struct bridge_host *host);

/* The session ends. `roster` may be NULL. */
void roster_free(struct roster *roster);

struct rosters *rosters_new(uv_loop_t *loop);
void rosters_stop(struct rosters *rosters); /* every session has been closed */
void rosters_free(struct rosters *rosters);

#endif
