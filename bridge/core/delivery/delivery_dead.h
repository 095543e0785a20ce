/* delivery_dead.h - dead letters: messages to users which their servers have refused
 * for good, or could not take in time. They are kept for 30 days, for the admin to
 * look at, to have tried again, or to drop. */
#ifndef DELIVERY_DEAD_H
#define DELIVERY_DEAD_H

#include <stdbool.h>
#include <stdint.h>

#include <bridge/error.h>

#include "delivery.h"
#include "store.h"

/* Those of one domain by id, after `after`, without their texts. The callback returns
 * false to stop. */
void dead_letters_each(struct bridge_host *host, int64_t after,
                       bool (*each)(void *arg, const struct store_delivery *letter), void *arg);

enum dead_letter_end { DEAD_LETTER_RETRY, DEAD_LETTER_DROP };

struct dead_letters_job;
struct dead_letters_events {
    void (*on_progress)(void *arg, size_t done); /* so far; optional */
    /* Last. With *why it stopped after so many. */
    void (*on_done)(void *arg, size_t done, const struct bridge_error *why);
};

/* Let one of them (`id`), or all (0), be tried again or dropped, some at a time. NULL:
 * there is none, and nobody is called; otherwise later. */
struct dead_letters_job *dead_letters_end(struct bridge_host *host, enum dead_letter_end end,
                                          int64_t id, const struct dead_letters_events *events,
                                          void *arg);
/* Nobody waits any more: it goes on with what it has begun, and calls nobody. */
void dead_letters_leave(struct dead_letters_job *job);

#endif
