/* die.h - what the harness does about faults of its own: it says so and ends. */
#ifndef BENCH_DIE_H
#define BENCH_DIE_H

#include <stddef.h>

void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Only the first 20 are shown: a gateway that misbehaves does so 100,000 times. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

void *must_alloc(size_t size); /* zeroed */
void *must_realloc(void *old, size_t size);
char *must_strdup(const char *text);

#endif
