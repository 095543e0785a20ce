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

/* A client (full JID) enters, under `nick`. An error is answered here. */
void room_enter(struct bridge_session *session, const char *address, const char *client,
                const char *nick, const char *password);

struct bridge_room *room_find(struct bridge_session *session, const char *address);
bool room_has_client(const struct bridge_room *room, const char *client);

/* Everything that room_enter() sends, again, for a client that is inside. */
void room_replay(struct bridge_room *room, const char *client);

/* A client asked for another nick. */
void room_change_nick(struct bridge_room *room, const char *client, const char *nick);

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

size_t room_occupants(const struct bridge_room *room);
const char *room_subject(const struct bridge_room *room); /* NULL: none */

#endif
