/* pages.h - what monitoring fetches by HTTP: /health and /metrics. */
#ifndef PAGES_H
#define PAGES_H

#include <stdint.h>

#include "core.h"
#include "pulse.h"
#include "web.h"

struct pages {
    struct core *core;
    uint64_t started; /* clock_monotonic() */
    struct pulse pulse;
};

/* Before the loop runs, and before the core is started. Pages and core live at least
 * as long as the listener, and the core has its store whenever a page is asked for. */
void pages_open(struct pages *pages, struct core *core, struct web *web);
/* After the listener's end. */
void pages_close(struct pages *pages);

#endif
