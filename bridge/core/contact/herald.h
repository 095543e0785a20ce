/* herald.h - shows contacts to users when it was not they who asked: once the
 * stream is up, and when somebody is found to be there. Little by little, as a
 * server with many users can take it.
 *
 * When the stream comes up, everybody who has contacts here is seen to: whose
 * presence we may see is asked for it, once, and shown the contacts on the
 * answer; others are shown them at once. */
#ifndef HERALD_H
#define HERALD_H

#include <stdbool.h>

struct bridge_host;
struct herald;

/* Stanzas in one turn of the loop, and the pause before the next: 5,000 a second,
 * and fewer if the server reads more slowly. */
#define HERALD_BATCH 50
#define HERALD_PAUSE_MS 10
/* A server that tells us of a user's arrival asks for the contacts itself, so what
 * it does not ask for comes a little later. */
#define HERALD_DELAY_MS 1000

struct herald *herald_new(struct bridge_host *host);
void herald_free(struct herald *herald); /* may be NULL */

/* The stream is up; it is down. */
void herald_start(struct herald *herald);
void herald_stop(struct herald *herald);

enum herald_visit {
    VISIT_ANYHOW,
    VISIT_IF_THERE, /* unless all clients have gone by then */
};

/* Show the user (bare JID) all contacts that have not been shown since the stream
 * came up: soon, or to who may be there HERALD_DELAY_MS from now. */
void herald_visit(struct herald *herald, const char *user, enum herald_visit how);

/* Nothing is left to be done now. */
bool herald_is_idle(const struct herald *herald);

#endif
