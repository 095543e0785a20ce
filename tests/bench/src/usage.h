/* usage.h - what the gateway and its descendants use, from /proc. */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <stdint.h>

#include "json.h"

/* Running sums; what a phase cost is the difference of two. Times in seconds. */
struct usage {
    uint64_t time;     /* now_ns() */
    double cpu;        /* user and system, in steps of 10 ms */
    double scheduled;  /* the same quantity as the scheduler counts it, in ns */
    double switches;   /* context switches */
    double disk_bytes; /* written to the block layer */
    double harness_cpu;
    double machine_busy;   /* all processes on all processors */
    double machine_stolen; /* by other guests of the host */
    double machine_total;
};

void usage_read(struct usage *u);

/* Members of an object for what was used from `a` to `b`; with `unit`, say "msg",
 * also cpu_us_per_UNIT, for `count` of them. */
void usage_json(struct json *j, const struct usage *a, const struct usage *b, double count,
                const char *unit);

/* kB, but for the last ones. */
struct memory {
    double rss;
    double pss;
    double private_;
    double peak_rss;
    double threads;
    double descriptors;
};

void memory_read(struct memory *m);
void memory_reset_peak(void);
void memory_json(struct json *j, const char *key, const struct memory *m);

#endif
