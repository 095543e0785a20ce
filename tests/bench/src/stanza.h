/* stanza.h - reading a stanza without building a tree: the harness must cost
 * less than what it measures, so it looks only at the bytes it needs. */
#ifndef BENCH_STANZA_H
#define BENCH_STANZA_H

#include <stdbool.h>
#include <stddef.h>

struct text {
    const char *p; /* not NUL-terminated */
    size_t len;
};

/* Borrowed from the splitter's queue. */
struct stanza {
    const char *xml;
    size_t len;
    size_t head; /* length of the start tag */
};

bool text_is(struct text t, const char *word);

bool stanza_is(const struct stanza *st, const char *element);

/* An attribute of the start tag, not unescaped; {NULL, 0} if there is none. */
struct text stanza_attribute(const struct stanza *st, const char *name);

bool stanza_contains(const struct stanza *st, const char *needle);

#endif
