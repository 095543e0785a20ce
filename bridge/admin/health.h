/* health.h - is all well? For load balancers, monitoring, and people in a hurry. */
#ifndef HEALTH_H
#define HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include <bridge/strbuf.h>

#include "core.h"

/* Append it as JSON. `started` is of clock_monotonic(). Returns whether every stream is
 * up and the database can be written. */
bool health_write(const struct core *core, uint64_t started, struct strbuf *out);

#endif
