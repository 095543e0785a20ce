/* delivery_state.h - the life of one stored message, either way: what may happen
 * to it, and what follows. No I/O, no clock.
 *
 *     waiting --> in hand --> sent --> delivered
 *        ^___________|           \---> failed, or ended: nobody can tell
 *
 * To a network: `sent` means that the network took it. To a user: in hand means
 * written to the stream, and `sent` that the XMPP server provably has it. What
 * is in hand when bridged dies is waiting again.
 *
 * Forward only: each message comes to one end, once; whatever is reported
 * afterwards, again, or in the wrong order changes nothing. The one way back is
 * that of a message to a user whose server said, after all, that it cannot take
 * it now. */
#ifndef DELIVERY_STATE_H
#define DELIVERY_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define DELIVERY_STATES(X) \
    X(WAITING, "waiting") \
    X(IN_HAND, "in hand") \
    X(SENT, "sent") \
    X(DELIVERED, "delivered") \
    X(FAILED, "failed") \
    X(ENDED, "ended")

enum delivery_state {
#define X(name, word) DELIVERY_##name,
    DELIVERY_STATES(X)
#undef X
    DELIVERY_STATE_COUNT
};

enum delivery_direction { DELIVERY_OUT /* to a network */, DELIVERY_IN /* to a user */ };

enum delivery_event_kind {
    DELIVERY_EV_DUE,     /* its time and its turn have come */
    DELIVERY_EV_TAKEN,   /* the other side has it */
    DELIVERY_EV_ARRIVED, /* and so has the person */
    DELIVERY_EV_REFUSED, /* and never will have */
    DELIVERY_EV_LATER,   /* not now */
    DELIVERY_EV_LOST,    /* it was in the hands of a session or stream that is gone */
    DELIVERY_EV_LATE,    /* its deadline has passed */
    DELIVERY_EV_COUNT
};

struct delivery_life {
    enum delivery_direction direction;
    enum delivery_state state;
    unsigned attempts; /* that came to LATER */
    int64_t next;      /* when it is due, ms since 1970 */
    int64_t deadline;  /* when LATE comes, ms since 1970 */
};

struct delivery_event {
    enum delivery_event_kind kind;
    int64_t now;    /* ms since 1970 */
    uint64_t after; /* LATER: not before so many ms (Retry-After); 0: not said */
    int64_t grace;  /* TAKEN: the fate is waited for until then, ms since 1970 */
};

/* What to do, as bits; in this order. */
enum {
    DELIVERY_DO_SAVE = 1,     /* state, attempts, next, deadline */
    DELIVERY_DO_FORGET = 2,   /* the body is needed no more */
    DELIVERY_DO_RECEIPT = 4,  /* its sender asked to hear of it */
    DELIVERY_DO_ERROR = 8,    /* its sender must hear of it */
    DELIVERY_DO_BURY = 16,    /* keep it as a dead letter, and tell the admin */
    DELIVERY_DO_HAND = 32,    /* hand it over */
};

/* Let it happen. Returns what to do. */
unsigned delivery_step(struct delivery_life *life, const struct delivery_event *event);

bool delivery_is_over(const struct delivery_life *life);
const char *delivery_word(enum delivery_state state); /* "sent" */

#endif
