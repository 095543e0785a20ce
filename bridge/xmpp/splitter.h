/* splitter.h - bytes of an XML stream to stanzas. No I/O.
 *
 * expat without its namespace processing: prefixes are resolved here, and
 * attributes with a prefix are dropped except xml:lang, so that nobody forges
 * `from` with `x:from`, which some servers pass on. An element with an unbound
 * prefix, which some pass on too, is dropped with all that is in it, and costs
 * nobody the stream. Comments and processing instructions are ignored, CDATA sections
 * are text, a document type is refused, and with it every entity.
 *
 * Depth, size and number of elements are bounded. A stanza past a bound is
 * dropped whole and reported, the stream goes on. What expat cannot parse ends
 * the stream; so does a stanza of four times `bytes`, which no server passes
 * on. The result never depends on how the bytes are cut into reads.
 *
 * Stanzas are libstrophe trees. Every element knows its namespace
 * (xmpp_stanza_get_ns(), "" for none), its name has no prefix, and text between
 * two elements is one node. jabber:client is read as jabber:component:accept
 * everywhere, so NS_COMPONENT is the namespace of all stanzas. Elements in
 * other namespaces (stream:error) arrive the same way. */
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
    size_t elements;   /* in one stanza (8192; side by side 2048) */
};

struct splitter_events {
    /* <stream:stream> of the peer; either may be NULL. */
    void (*on_open)(void *arg, const char *id, const char *from);
    /* One complete child of the stream, borrowed: clone it to keep it. The
     * splitter must not be freed inside; splitter_stop() may be called. */
    void (*on_stanza)(void *arg, xmpp_stanza_t *stanza);
    /* A stanza passed a limit and was dropped. `stanza` is its root element
     * with from, to, id and type, without children, for an error answer. May
     * be NULL, as may on_end. */
    void (*on_dropped)(void *arg, xmpp_stanza_t *stanza, const struct bridge_error *why);
    void (*on_end)(void *arg); /* </stream:stream>; what follows is ignored */
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

/* The process's libstrophe context, needed to make stanzas. Lives as long as
 * the process; its allocator aborts, so that libstrophe's calls cannot fail. */
xmpp_ctx_t *stanza_context(void);

#endif
