/* ability.h - what the clients of our users can do: announced with their presence
 * (XEP-0115), looked up (XEP-0030) when somebody wants to know.
 *
 * What one client says counts for all with the same hash if the hash is true;
 * otherwise for that client alone. */
#ifndef ABILITY_H
#define ABILITY_H

#include <stdbool.h>

#include "inbound.h"
#include "session.h"

/* Clients of one user that are kept, the latest; hashes that are remembered. */
#define ABILITY_CLIENTS_MAX 8
#define ABILITY_HASHES_MAX 1000

enum ability {
    ABILITY_ROSTERX = 1 << 0, /* contacts can be suggested to it (XEP-0144) */
};

struct able_client;
struct ability_hashes; /* what is known of hashes that were true */

/* Presence of any type, to anything; it has done what else it does. */
void ability_presence(const struct inbound *in);

/* The client (full JID) of this user that has the ability, or NULL. Sets *pending
 * if there is one of which it is not known yet: then it is being asked. */
const char *ability_find(struct bridge_session *session, enum ability ability,
                        bool *pending);
/* It has proven not to have it. */
void ability_deny(struct bridge_session *session, const char *client,
                  enum ability ability);

/* The session ends. */
void ability_forget_all(struct bridge_session *session);

struct ability_hashes *ability_hashes_new(void);
void ability_hashes_free(struct ability_hashes *hashes);

#endif
