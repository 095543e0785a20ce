#include "samples.h"

#include <math.h>
#include <stdlib.h>

#include "die.h"

void samples_release(struct samples *s)
{
    free(s->values);
    *s = (struct samples){ 0 };
}

void samples_add(struct samples *s, double value)
{
    if (s->count == s->size) {
        s->size = s->size ? s->size * 2 : 1024;
        s->values = must_realloc(s->values, s->size * sizeof *s->values);
    }
    s->values[s->count++] = value;
    s->sorted = false;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return x < y ? -1 : x > y;
}

double samples_percentile(struct samples *s, double percent)
{
    if (!s->count)
        return NAN;
    if (!s->sorted) {
        qsort(s->values, s->count, sizeof *s->values, compare);
        s->sorted = true;
    }
    size_t rank = (size_t)ceil(percent / 100 * (double)s->count);
    return s->values[rank ? rank - 1 : 0];
}
