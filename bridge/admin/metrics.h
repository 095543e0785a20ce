/* metrics.h - figures for Prometheus, in its text format, version 0.0.4. What a page
 * costs grows with the domains, not with users, rooms or messages. */
#ifndef METRICS_H
#define METRICS_H

#include <stdint.h>

#include <bridge/strbuf.h>

#include "core.h"
#include "pulse.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metrics_source {
    const struct core *core;
    const struct pulse *pulse;
    uint64_t started; /* clock_monotonic() */
};

void metrics_write(const struct metrics_source *source, struct strbuf *out);

#endif
