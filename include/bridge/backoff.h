/* backoff.h - when to try again: exponential, with jitter, so that a thousand
 * clients of a server that comes back do not arrive in the same second. */
#ifndef BRIDGE_BACKOFF_H
#define BRIDGE_BACKOFF_H

#include <stdint.h>

struct backoff {
    uint64_t first; /* ms */
    uint64_t most;  /* ms */
    unsigned tries; /* failures in a row so far */
};

/* Count a failure; returns the milliseconds to wait: first * 2^tries, at most
 * `most`, of which a random quarter is taken off. */
uint64_t backoff_next(struct backoff *b);
void backoff_reset(struct backoff *b); /* it worked */

#endif
