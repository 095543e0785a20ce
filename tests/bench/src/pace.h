/* pace.h - how fast messages are sent, and how long the harness waits. All
 * return early when the gateway died. */
#ifndef BENCH_PACE_H
#define BENCH_PACE_H

#include <stdint.h>

void pace_run(double seconds);

/* Until the gateway uses almost no CPU, but no longer than two seconds: one with
 * many sessions may never be that quiet. */
void pace_settle(void);

/* As fast as it goes with at most `window` messages under way. */
void pace_saturate(uint64_t count, double seconds, uint64_t window);

/* At a fixed rate, whatever the gateway does: a slow one does not slow the sender. */
void pace_at_rate(double rate, double seconds);

/* Until every message arrived, or none did for `patience` seconds. */
void pace_drain(double patience);

#endif
