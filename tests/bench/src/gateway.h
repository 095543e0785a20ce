/* gateway.h - the process under test. */
#ifndef BENCH_GATEWAY_H
#define BENCH_GATEWAY_H

#include <stdbool.h>
#include <sys/types.h>

#include "adapter.h"
#include "json.h"

struct gateway {
    pid_t pid;
    bool dead;
    int status; /* as of waitpid(), once dead */
};
extern struct gateway gateway;

/* Its output goes to gateway.log in the work directory. */
void gateway_start(const struct adapter *a, const struct offer *o);
void gateway_kill(void);

/* SIGTERM, after 30 seconds SIGKILL, and how it ended, also if it was dead already. */
void gateway_stop(struct json *j);

#endif
