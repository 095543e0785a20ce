/* client.h - which clients a user has running, as presence tells it to those who
 * may see it: our contacts, and the transport itself (RFC 6121 §4.2, §4.4, §4.5).
 *
 * Not knowing is not the same as knowing that there are none: while we may not
 * see a user's presence, contacts are shown all the same. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>

#include "inbound.h"
#include "session.h"

/* Of one user; more are as if they had gone. */
#define CLIENTS_MAX 16

struct clients;

/* Presence without type, "unavailable" or "error", to a contact or ("") to the
 * transport itself. */
void client_available(const struct inbound *in, const char *address);
void client_unavailable(const struct inbound *in, const char *address);
void client_bounced(const struct inbound *in, const char *address);

/* The user does not let this address see the presence any more. */
void client_deafened(struct bridge_host *host, const char *user, const char *address);

/* Is one of them known to be there? */
bool client_is_there(const struct bridge_session *session);

/* Those that have not been heard of since the stream came up are gone. */
void client_forget_silent(struct bridge_session *session);

void clients_free(struct clients *clients); /* may be NULL */

#endif
