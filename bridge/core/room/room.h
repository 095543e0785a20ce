/* room.h - XEP-0045, once for all transports: one user's view of a room, with
 * the user's clients in it. The upcalls of plugins are in bridge/host.h.
 *
 * A view exists from the first client's join until the last client has left
 * or the transport says that the user is out. */
#ifndef ROOM_H
#define ROOM_H

#include <stdbool.h>
#include <stddef.h>

#include <bridge/host.h>

#include "session.h"

/* Of messages that can be meant later a client must know the id that the room gave
 * (XEP-0359; XEP-0444 and XEP-0461, "Using the correct ID"). It is that of the stanza:
 * nobody but the user and ourselves gives ids here. So it is with these features. */
#define ROOM_NEEDS_IDS \
    (BRIDGE_HAS_REPLY | BRIDGE_HAS_REACTION | BRIDGE_HAS_RETRACTION | BRIDGE_HAS_DISPLAYED)

/* A client's presence that asks for a place in a room, or for another nick. */
struct room_request {
    const char *client;   /* full JID */
    const char *nick;
    const char *id;       /* of the stanza, for errors; or NULL */
    const char *password; /* or NULL */
};

/* A client enters, or has lost track of being inside: then it is told all over
 * again (XEP-0045 §7.2.1). An error is answered here. */
void room_enter(struct bridge_session *session, const char *address,
                const struct room_request *request);

struct bridge_session *room_session(const struct bridge_room *room);
struct bridge_room *room_find(struct bridge_session *session, const char *address);
bool room_has_client(const struct bridge_room *room, const char *client);
/* The n-th client (full JID), in no particular order; NULL past the last. */
const char *room_client(const struct bridge_room *room, size_t n);

/* Did this client, which is inside, enter under `nick`? */
bool room_entered_as(const struct bridge_room *room, const char *client, const char *nick);
/* Before bridge_room_joined() nobody may speak. */
bool room_is_joined(const struct bridge_room *room);
size_t room_occupants(const struct bridge_room *room); /* how many */
const char *room_subject(const struct bridge_room *room); /* NULL: none */

/* A client asked for another nick. */
void room_change_nick(struct bridge_room *room, const struct room_request *request);

/* A client behaves as if it were in a room, and is not: it is told that it is
 * out (XEP-0045 §7.2.18). `occupant` is the JID that it wrote to. */
void room_expel(struct bridge_host *host, const struct jid *occupant, const char *client);

/* A client left by itself; it gets its unavailable presence. The room may be
 * gone afterwards. */
void room_leave(struct bridge_room *room, const char *client, const char *reason);

/* A client has proven dead (an error came back): nothing is sent to it. The
 * room may be gone afterwards. */
void room_client_gone(struct bridge_room *room, const char *client);

/* The view ends because we stop (status 332) or the session does. */
void room_shut(struct bridge_room *room, const char *reason);

/* Too much was said while the stream was down: everybody must come in anew. */
void room_lost(struct bridge_room *room);

/* Ask every client whether it is still there; iq answers go to
 * room_client_gone(). */
void room_ping_clients(struct bridge_room *room);

#endif
