/* clock.h - time that tests can set. */
#ifndef BRIDGE_CLOCK_H
#define BRIDGE_CLOCK_H

#include <stdint.h>

uint64_t clock_monotonic(void); /* milliseconds since some point in the past */
int64_t clock_wall(void);       /* milliseconds since 1970-01-01 UTC */

/* Freeze both clocks at these values; clock_release() sets them going again.
 * For tests: timers of the event loop are not affected. */
void clock_freeze(uint64_t monotonic, int64_t wall);
void clock_release(void);

#endif
