#include <bridge/clock.h>

#include <stdbool.h>
#include <time.h>

static bool frozen;
static uint64_t frozen_monotonic;
static int64_t frozen_wall;

static int64_t now(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint64_t clock_monotonic(void)
{
    return frozen ? frozen_monotonic : (uint64_t)now(CLOCK_MONOTONIC);
}

int64_t clock_wall(void)
{
    return frozen ? frozen_wall : now(CLOCK_REALTIME);
}

void clock_freeze(uint64_t monotonic, int64_t wall)
{
    frozen = true;
    frozen_monotonic = monotonic;
    frozen_wall = wall;
}

void clock_release(void)
{
    frozen = false;
}
