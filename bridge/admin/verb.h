/* verb.h - what an admin can ask for, by the first word of a request. */
#ifndef VERB_H
#define VERB_H

#include <stdbool.h>
#include <stdint.h>

#include <bridge/strbuf.h>

#include "answer.h"
#include "core.h"
#include "request.h"

struct admin {
    struct core *core;
    uint64_t started; /* clock_monotonic() */
    /* Read the configuration again, as SIGHUP does. Appends, a line each, what
     * is wrong (and returns -1: nothing was changed) or what needs a restart. */
    int (*reload)(void *arg, struct strbuf *report);
    void *arg;
};

/* Do what a request that is ready asks for. The answer ends now or later. */
void verb_run(struct admin *admin, const struct request *request, struct answer *answer);

/* Does it change something? Then the log shall tell who asked. */
bool verb_changes(const char *name);

#endif
