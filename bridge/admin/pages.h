/* pages.h - what monitoring fetches by HTTP: /health. */
#ifndef PAGES_H
#define PAGES_H

#include <stdint.h>

#include "core.h"
#include "web.h"

struct pages {
    struct core *core;
    uint64_t started; /* clock_monotonic() */
};

void pages_init(struct pages *pages, struct core *core);

/* Before the loop runs. Both live at least as long as the listener; the core has its
 * store whenever the loop runs until then. */
void pages_add(struct pages *pages, struct web *web);

#endif
