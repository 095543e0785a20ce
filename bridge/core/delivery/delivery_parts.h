/* delivery_parts.h - what delivery*.c share. */
#ifndef DELIVERY_PARTS_H
#define DELIVERY_PARTS_H

#include <bridge/map.h>
#include <uv.h>

#include "core.h"
#include "delivery.h"
#include "delivery_queue.h"
#include "store.h"

/* A sender who was told at once knows what is meant; later it is said in words. */
#define LATE_MS (10 * 60 * 1000)
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

/* Written to the stream, in this order; not proven yet. */
struct flight {
    int64_t id;
    uint64_t mark; /* of component_prove(); 0: not asked yet */
};

struct deliveries {
    struct bridge_host *host;
    struct delivery_queue out, in;
    struct map fates;     /* struct fate by id: changes on their way to the disk */
    struct map accepting; /* struct acceptance by key: being stored */
    size_t out_hand, in_hand;
    struct delivery_item *hand; /* those that the transport has */
    struct flight *flights; /* a ring of DELIVERY_IN_MAX */
    size_t first_flight, flight_count;
    uint64_t proven; /* the last mark that came back */
    int64_t read_to; /* this id and those before are in the queues */
    bool loading;
    bool up;
    bool stopped;
    bool unsaved; /* a fate could not be written */
    struct answer *answers, **last_answer; /* to be given when the timer fires */
    uv_timer_t timer;
    bool scheduled; /* it is set, */
    uint64_t when;  /* for then (clock_monotonic()) */
    struct delivery_counts counts;
};

/* What a report adds to an event. */
struct report {
    const char *foreign; /* this and the next may be NULL */
    const struct bridge_error *why;
};

/* What one turn of the loop may do of one kind. */
struct delivery_portion {
    uint64_t end; /* uv_hrtime() */
    int left;
};
struct delivery_portion delivery_portion_new(void);
bool delivery_portion_take(struct delivery_portion *portion); /* false: enough for now */

/* Let it happen to this delivery, wherever it is kept. False if it is not known, or over. */
bool delivery_happen(struct deliveries *d, int64_t id, const struct delivery_event *event,
                     const struct report *report);
/* Go on after so many ms, or earlier. */
void delivery_schedule(struct deliveries *d, uint64_t ms);
int64_t delivery_next_id(struct deliveries *d);
/* Until when what is accepted now is tried. */
int64_t delivery_deadline(const struct deliveries *d);
/* Can something be stored now? -1 with *err set. */
int delivery_may_store(struct deliveries *d, struct bridge_error *err);
/* A row waits; a new one has been stored. */
void delivery_enqueue(struct deliveries *d, const struct store_delivery *row);
void delivery_stored(struct deliveries *d, const struct store_delivery *row);

/* What is said next is for this user (addressee.h). */
void delivery_speak_to(struct deliveries *d, const char *user);

/* delivery_out.c: give it to the transport. */
void delivery_hand_out(struct deliveries *d, int64_t id);
/* A stanza for the sender of a row: its receipt, or the error. NULL: nobody to tell. */
struct store_delivery *delivery_notice_new(struct deliveries *d, const struct store_delivery *row,
                                           const struct bridge_error *why);
void delivery_notice_free(struct store_delivery *notice); /* may be NULL */

/* delivery_in.c: write it to the stream; ask for proof of what was written. */
void delivery_hand_in(struct deliveries *d, int64_t id);
void delivery_ask_proof(struct deliveries *d);
/* A portion of what is proven; the rest in the next turn. */
void delivery_settle_proven(struct deliveries *d);
void delivery_give_answers(struct deliveries *d);

#endif
