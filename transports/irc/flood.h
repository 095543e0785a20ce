/* flood.h - a link's lines that wait because servers disconnect who sends too
 * fast: a burst at once, then so many a second. No I/O, no clock. */
#ifndef IRC_FLOOD_H
#define IRC_FLOOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOOD_QUEUE_MAX (64u << 10) /* bytes that may wait, with what belongs to them */

/* A line that waits. If it belongs to a message whose sender must hear of its
 * failure, it carries the message's id and address. */
struct flood_line {
    struct flood_line *next;
    const char *id;      /* NULL: none */
    const char *address; /* NULL without an id */
    const char *text;    /* with CR LF */
    size_t len;
    size_t size; /* of all this */
};

struct flood {
    uint64_t burst;   /* lines */
    uint64_t gap;     /* ms per line afterwards; 0: no limit */
    uint64_t full_at; /* when the whole burst can be used again */
    struct flood_line *first, *last;
    size_t queued; /* bytes */
};

void flood_init(struct flood *f, uint64_t burst, uint64_t rate);
void flood_release(struct flood *f); /* what waits is dropped */

/* Bytes that a line of `len` takes in the queue. */
size_t flood_line_size(size_t len, const char *address, const char *id);

/* Queue a line; everything is copied. FLOOD_QUEUE_MAX is the caller's to
 * observe: a message goes in whole or not at all. */
void flood_add(struct flood *f, const char *text, size_t len, const char *address,
               const char *id);

/* The next line that may be sent now, to be freed by the caller with free();
 * NULL when there is none, or it is too early. */
struct flood_line *flood_take(struct flood *f, uint64_t now);

/* A line went out past the queue: it counts all the same. */
void flood_spend(struct flood *f, uint64_t now);

/* The next line regardless of time, for giving up. */
struct flood_line *flood_drop(struct flood *f);

/* When flood_take() will next have something, if something waits. */
uint64_t flood_next_at(const struct flood *f, uint64_t now);

#endif
