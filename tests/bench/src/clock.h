/* clock.h - the one clock of the harness. Sender and receiver are one process,
 * so times taken at both ends may be subtracted. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_S  1000000000ull
#define NS_PER_MS 1000000ull

static inline uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static inline double seconds_between(uint64_t from, uint64_t to)
{
    return (double)(int64_t)(to - from) / 1e9;
}

#endif
