/* canonical.h - stanzas in one way of writing, so that two can be compared as
 * text: attributes in order, in one kind of quotes, an element a line. */
#ifndef CANONICAL_H
#define CANONICAL_H

#include <stdbool.h>
#include <stddef.h>

#include <bridge/strbuf.h>

struct canonical_stanza {
    char *text;
    char *from, *to; /* of its root; NULL if absent */
};

struct canonical {
    struct canonical_stanza *stanzas;
    size_t count;
    char *fault; /* NULL, or why the text is not whole stanzas */
};

/* Parse a sequence of stanzas, and perhaps the end of the stream behind them
 * (which counts as one). An id that begins with `ids` (may be NULL) is written
 * as '*'; so is the text of a stanza error, if there is any, except when it
 * begins with "the network": then somebody may want to see that it came
 * through. XEP-0115's <c/> is left out: it is in all presence that we send, and
 * changes with every feature (test_describe.c looks at it). */
struct canonical canonical_parse(const char *text, size_t len, const char *ids);
void canonical_release(struct canonical *c);

#endif
