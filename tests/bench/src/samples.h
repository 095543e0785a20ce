/* samples.h - a set of measured values. All are kept, so percentiles are exact.
 * Zero-initialised is a valid empty set. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>

struct samples {
    double *values;
    size_t count;
    size_t size;
    bool sorted;
};

void samples_release(struct samples *s);
void samples_add(struct samples *s, double value);

/* Nearest rank; NAN when there is no sample. */
double samples_percentile(struct samples *s, double percent);

#endif
