/* delivery.h - messages that must not be lost, both ways, for transports that have
 * deliver(): kept in the database from the moment they are accepted until their end.
 *
 * To a network: stored, then given to the transport; its reports (bridge/host.h) move
 * them on; receipts and errors for the sender are messages to a user in their turn.
 * To a user: stored, then the network is told, then they are written to the stream;
 * what the server has not proven to have is written again after the stream is back,
 * with the same id. Who goes when is in delivery_queue.h, what may happen when in
 * delivery_state.h. */
#ifndef DELIVERY_H
#define DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include <bridge/error.h>
#include <bridge/message.h>

#include "domain.h"
#include "session.h"

/* Waiting or in hand, of one domain: more is refused, and networks must wait. */
#define DELIVERY_WAITING_MAX 1000000
/* Waiting from one user to one contact. */
#define DELIVERY_LANE_MAX 1000
/* In hand at a time, of one domain: to the network, to users. */
#define DELIVERY_OUT_MAX 1000
#define DELIVERY_IN_MAX 1000

struct deliveries;

/* For a domain whose transport has deliver(), otherwise NULL, which all that follow
 * take and do nothing with. Waits until deliveries_start(). */
struct deliveries *deliveries_new(struct bridge_host *host);
/* The store is open and the transport is started: go on with what is waiting. */
void deliveries_start(struct deliveries *d);
/* Begin nothing more; the store is still open. */
void deliveries_stop(struct deliveries *d);
void deliveries_free(struct deliveries *d); /* after the store is closed */

/* The stream's ups and downs, and what it has proven (component.h). */
void deliveries_up(struct deliveries *d);
void deliveries_down(struct deliveries *d);
void deliveries_proven(struct deliveries *d, uint64_t mark);
/* The session of this user ends: what the transport had in hand for it is lost. */
void deliveries_forsaken(struct deliveries *d, const char *user);
/* The user's rows are gone: nothing of them waits any more. Looks at every
 * conversation. */
void deliveries_forget(struct deliveries *d, const char *user);
/* Once a minute: deadlines, and what is kept long enough. */
void deliveries_sweep(struct deliveries *d);
/* The store takes writes again. */
void deliveries_store_well(struct deliveries *d);

struct delivery_origin {
    const char *client; /* full JID of who wrote */
    const char *to;     /* what it wrote to */
};

/* A user's message to a contact: store it, then deliver it. -1 with *err set: it is not
 * accepted. After 0 its sender is told of a failure, whatever happens. What came
 * before, with the same id and content, is not sent again. */
int delivery_accept(struct bridge_session *session, const char *contact,
                    const struct bridge_message *message, const struct delivery_origin *origin,
                    struct bridge_error *err);

/* A message to a user came back, or was received, by the stanza's id. False: it is none
 * of these. */
bool delivery_bounced(struct bridge_host *host, const char *user, const char *id,
                      const struct bridge_error *why);
bool delivery_received(struct bridge_host *host, const char *user, const char *id);

struct delivery_counts {
    size_t out_waiting, out_hand;
    size_t in_waiting, in_hand;
    uint64_t accepted, sent, delivered, failed; /* to the network, since the start */
    uint64_t taken, duplicates, proven, dead;   /* to users, since the start */
    int64_t oldest; /* ms since 1970, when the oldest that waits or is in hand was
                       accepted; 0: there is none */
};
void deliveries_count(const struct deliveries *d, struct delivery_counts *out);
/* Of one user, waiting or in hand: to the network, to the user. */
void deliveries_count_user(const struct deliveries *d, const char *user, size_t *out,
                           size_t *in);

#endif
