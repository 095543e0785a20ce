/* splitter.h - bytes of an XML stream to stanzas. No I/O.
 *
 * expat without its namespace processing: prefixes are resolved here, so that
 * an unbound one costs only the attribute or element that has it and never the
 * stream (ejabberd forwards such children), and attributes with a prefix are
 * dropped except xml:lang, so that nobody forges `from` with `x:from`
 * (LIBRARIES §B.2). Comments, processing instructions, CDATA sections (taken as
 * text) and a document type (refused, and with it every entity) are dealt with
 * here; depth, size and text are bounded. A stanza past a bound is dropped
 * whole and reported, the stream goes on; what expat cannot parse ends it.
 *
 * Stanzas are libstrophe trees. */
#ifndef SPLITTER_H
#define SPLITTER_H

#include <stddef.h>

#include <bridge/error.h>
#include <strophe.h>

struct splitter;

struct splitter_limits {
    size_t depth;  /* elements inside each other, the stanza being 1 (64) */
    size_t bytes;  /* of one stanza, as received (512 KiB) */
    size_t attributes; /* of one element (64) */
    size_t elements;   /* in one stanza (8192) */
};

struct splitter_events {
    /* <stream:stream> of the peer; either may be NULL. */
    void (*on_open)(void *arg, const char *id, const char *from);
    /* One complete child of the stream, borrowed: clone it to keep it. The
     * splitter must not be freed inside; splitter_stop() may be called. */
    void (*on_stanza)(void *arg, xmpp_stanza_t *stanza);
    /* A stanza passed a limit and was dropped. `stanza` is its root element
     * with attributes, without children, for an error answer. */
    void (*on_dropped)(void *arg, xmpp_stanza_t *stanza, const struct bridge_error *why);
    void (*on_end)(void *arg); /* </stream:stream> */
};

/* limits NULL, or members 0: the defaults in parentheses. */
struct splitter *splitter_new(const struct splitter_limits *limits,
                              const struct splitter_events *events, void *arg);
void splitter_free(struct splitter *s); /* s may be NULL */

/* 0, or -1 with *err set: the stream is not XML (or splitter_stop() was
 * called: then *err is BRIDGE_OK) and the splitter takes no more. */
int splitter_feed(struct splitter *s, const char *data, size_t len, struct bridge_error *err);

/* No further events, not even from the bytes being fed. */
void splitter_stop(struct splitter *s);

/* The process's libstrophe context, needed to make stanzas. */
xmpp_ctx_t *stanza_context(void);

#endif
