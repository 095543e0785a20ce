#include "pace.h"

#include "clock.h"
#include "gateway.h"
#include "loop.h"
#include "traffic.h"
#include "usage.h"

#define PATIENCE_S 5
#define SETTLE_S   2
#define QUIET_S    0.001 /* CPU in a tenth of a second */

void pace_run(double seconds)
{
    uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);

    for (uint64_t now; (now = now_ns()) < end && !gateway.dead;)
        loop_step(end - now);
}

void pace_settle(void)
{
    uint64_t end = now_ns() + SETTLE_S * NS_PER_S;
    struct usage before, after;

    usage_read(&after);
    do {
        before = after;
        pace_run(0.1);
        usage_read(&after);
    } while (after.scheduled - before.scheduled > QUIET_S && now_ns() < end && !gateway.dead);
}

void pace_drain(double patience)
{
    uint64_t seen = traffic_progress();
    uint64_t since = now_ns();

    while (traffic.done < traffic.sent && !gateway.dead) {
        loop_step(20 * NS_PER_MS);
        if (traffic_progress() != seen) {
            seen = traffic_progress();
            since = now_ns();
        } else if (seconds_between(since, now_ns()) > patience) {
            return;
        }
    }
}

void pace_saturate(uint64_t count, double seconds, uint64_t window)
{
    uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);

    while (traffic.sent < count && now_ns() < end && !gateway.dead) {
        while (traffic.sent - traffic.done < window && traffic.sent < count)
            traffic_send();
        loop_step(20 * NS_PER_MS);
    }
    pace_drain(PATIENCE_S);
}

void pace_at_rate(double rate, double seconds)
{
    uint64_t count = (uint64_t)(rate * seconds);
    uint64_t gap = (uint64_t)(1e9 / rate);
    uint64_t next = now_ns() + 10 * NS_PER_MS;

    while (traffic.sent < count && !gateway.dead) {
        uint64_t now = now_ns();
        if (now >= next) {
            traffic_send();
            next += gap;
            now = next;
        }
        loop_step(next - now);
    }
    pace_drain(PATIENCE_S);
}
