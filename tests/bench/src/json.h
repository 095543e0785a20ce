/* json.h - writes the one JSON object that is the result of a run.
 *
 * Keys are constants of the harness and not escaped; `key` is NULL for the
 * outermost object. */
#ifndef BENCH_JSON_H
#define BENCH_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include "samples.h"

struct json {
    FILE *file;
    bool comma; /* the next member needs one before it */
};

void json_open(struct json *j, const char *key);
void json_close(struct json *j);
void json_number(struct json *j, const char *key, double value); /* null if not finite */
void json_string(struct json *j, const char *key, const char *value);

/* PREFIX_p50_us and so on, up to PREFIX_max_us. */
void json_percentiles(struct json *j, const char *prefix, struct samples *us);

#endif
