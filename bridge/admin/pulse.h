/* pulse.h - how long the event loop's turns are. While one lasts nobody is served: over
 * PULSE_STALL_MS it is a stall. */
#ifndef PULSE_H
#define PULSE_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#define PULSE_STALL_MS 10

struct pulse {
    uv_loop_t *loop;
    uv_prepare_t prepare;
    bool begun;
    uint64_t last, idle; /* when this turn began; what had been waited until then: ns */
    uint64_t busy;       /* of all turns: ns */
    uint64_t longest;    /* of one: ns */
    uint64_t stalls;
};

/* Before the loop runs. Does not keep it running. */
void pulse_start(struct pulse *pulse, uv_loop_t *loop);
void pulse_stop(struct pulse *pulse); /* the loop has to turn once more */

#endif
