#include "delivery_state.h"

#include <assert.h>

#include <bridge/backoff.h>

/* Between attempts. A phone company or a mail server that is down stays so for
 * minutes, and who asks too often is asked to go away. */
#define RETRY_FIRST_MS 5000
#define RETRY_MOST_MS (15 * 60 * 1000)

#define SAVE DELIVERY_DO_SAVE
#define FORGET DELIVERY_DO_FORGET
#define RECEIPT DELIVERY_DO_RECEIPT
#define ERROR DELIVERY_DO_ERROR
#define BURY DELIVERY_DO_BURY
#define HAND DELIVERY_DO_HAND

/* Absent cells are all zero: STAY. */
enum change { STAY, GO, RETRY };

struct cell {
    enum change change;
    enum delivery_state to;
    unsigned actions;
};

typedef const struct cell table[DELIVERY_STATE_COUNT][DELIVERY_EV_COUNT];

/* A report may come for what waits: about an attempt before a crash. */
static table out = {
    [DELIVERY_WAITING] = {
        [DELIVERY_EV_DUE] = { GO, DELIVERY_IN_HAND, HAND },
        [DELIVERY_EV_TAKEN] = { GO, DELIVERY_SENT, SAVE | FORGET },
        [DELIVERY_EV_ARRIVED] = { GO, DELIVERY_DELIVERED, SAVE | FORGET | RECEIPT },
        [DELIVERY_EV_REFUSED] = { GO, DELIVERY_FAILED, SAVE | FORGET | ERROR },
        [DELIVERY_EV_LATE] = { GO, DELIVERY_FAILED, SAVE | FORGET | ERROR },
    },
    /* LATE waits for the transport's word: it may be going out at this moment. */
    [DELIVERY_IN_HAND] = {
        [DELIVERY_EV_TAKEN] = { GO, DELIVERY_SENT, SAVE | FORGET },
        [DELIVERY_EV_ARRIVED] = { GO, DELIVERY_DELIVERED, SAVE | FORGET | RECEIPT },
        [DELIVERY_EV_REFUSED] = { GO, DELIVERY_FAILED, SAVE | FORGET | ERROR },
        [DELIVERY_EV_LATER] = { RETRY, DELIVERY_WAITING, SAVE },
        [DELIVERY_EV_LOST] = { GO, DELIVERY_WAITING, 0 },
    },
    [DELIVERY_SENT] = {
        [DELIVERY_EV_ARRIVED] = { GO, DELIVERY_DELIVERED, SAVE | RECEIPT },
        [DELIVERY_EV_REFUSED] = { GO, DELIVERY_FAILED, SAVE | ERROR },
        [DELIVERY_EV_LATE] = { GO, DELIVERY_ENDED, SAVE },
    },
};

static table in = {
    [DELIVERY_WAITING] = {
        [DELIVERY_EV_DUE] = { GO, DELIVERY_IN_HAND, HAND },
        [DELIVERY_EV_ARRIVED] = { GO, DELIVERY_DELIVERED, SAVE | FORGET },
        [DELIVERY_EV_LATE] = { GO, DELIVERY_FAILED, SAVE | BURY },
    },
    [DELIVERY_IN_HAND] = {
        [DELIVERY_EV_TAKEN] = { GO, DELIVERY_SENT, SAVE },
        [DELIVERY_EV_ARRIVED] = { GO, DELIVERY_DELIVERED, SAVE | FORGET },
        [DELIVERY_EV_REFUSED] = { GO, DELIVERY_FAILED, SAVE | BURY },
        [DELIVERY_EV_LATER] = { RETRY, DELIVERY_WAITING, SAVE },
        [DELIVERY_EV_LOST] = { GO, DELIVERY_WAITING, 0 },
    },
    /* The server may still find out that it cannot pass it on. */
    [DELIVERY_SENT] = {
        [DELIVERY_EV_ARRIVED] = { GO, DELIVERY_DELIVERED, SAVE | FORGET },
        [DELIVERY_EV_REFUSED] = { GO, DELIVERY_FAILED, SAVE | BURY },
        [DELIVERY_EV_LATER] = { RETRY, DELIVERY_WAITING, SAVE },
        [DELIVERY_EV_LATE] = { GO, DELIVERY_ENDED, SAVE | FORGET },
    },
};

static int64_t next_attempt(const struct delivery_life *life, const struct delivery_event *event)
{
    struct backoff b = { RETRY_FIRST_MS, RETRY_MOST_MS, life->attempts };
    uint64_t wait = backoff_next(&b);

    /* Nobody means more than a month, whatever is said. */
    uint64_t after = event->after < UINT64_C(31) * 86400000 ? event->after : 0;
    return event->now + (int64_t)(after > wait ? after : wait);
}

unsigned delivery_step(struct delivery_life *life, const struct delivery_event *event)
{
    table *t = life->direction == DELIVERY_OUT ? &out : &in;
    const struct cell *cell = &(*t)[life->state][event->kind];

    if (cell->change == STAY)
        return 0;
    life->state = cell->to;
    if (cell->change == RETRY) {
        life->next = next_attempt(life, event);
        life->attempts++;
    }
    if (event->kind == DELIVERY_EV_TAKEN)
        life->deadline = event->grace;
    return cell->actions;
}

bool delivery_is_over(const struct delivery_life *life)
{
    return life->state >= DELIVERY_DELIVERED;
}

const char *delivery_word(enum delivery_state state)
{
    static const char *const words[] = {
#define X(name, word) [DELIVERY_##name] = word,
        DELIVERY_STATES(X)
#undef X
    };

    assert(state < DELIVERY_STATE_COUNT);
    return words[state];
}
