/* splitter.h - finds where the children of <stream:stream> start and end.
 *
 * Assumes well-formed XML without comments and CDATA: a component has no reason
 * to send either, and the harness ends loudly when it meets one. */
#ifndef BENCH_SPLITTER_H
#define BENCH_SPLITTER_H

#include <stddef.h>

#include "queue.h"
#include "stanza.h"

/* Zero-initialised is the state before <stream:stream>. */
struct splitter {
    int depth;      /* open elements, the stream being 1 */
    size_t scanned; /* bytes of the queue that were looked at */
    size_t head;    /* length of the current stanza's start tag */
    size_t used;    /* bytes of the last event, eaten by the next call */
};

enum split {
    SPLIT_MORE,   /* nothing complete: read more */
    SPLIT_OPEN,   /* <stream:stream>, in *st */
    SPLIT_STANZA, /* a stanza, in *st */
    SPLIT_CLOSE,  /* </stream:stream> */
};

/* The next event in the queue; *st is valid until the next call. */
enum split splitter_next(struct splitter *s, struct queue *in, struct stanza *st);

#endif
