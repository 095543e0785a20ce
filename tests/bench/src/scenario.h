/* scenario.h - what is done to a gateway, and what is reported about it. */
#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include <stdbool.h>
#include <stdio.h>

#include "json.h"

bool scenario_exists(const char *name);

/* With the gateway up; adds the results to `out`. The name must exist. */
void scenario_run(const char *name, struct json *out);
void scenario_list(FILE *f);

#endif
