/* component.h - one XEP-0114 stream to the XMPP server, for one domain, kept
 * up for ever: connect, handshake, ping, reconnect.
 *
 * While it is down component_send() drops; who needs more keeps it (session.h).
 * The stream is ordered, so whatever answers a later ping proves that the
 * server has taken everything before it. */
#ifndef COMPONENT_H
#define COMPONENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/conn.h>
#include <bridge/error.h>
#include <strophe.h>
#include <uv.h>

struct component;

struct component_options {
    const char *server; /* host name or address, for conn.h */
    uint16_t port;
    bool tls;
    const char *tls_name; /* NULL: server */
    const char *ca_file;  /* NULL: the system's */
    const char *domain;
    const char *secret;
};

struct component_events {
    void (*on_up)(void *arg);
    void (*on_down)(void *arg); /* once after each on_up, when the stream is lost */
    void (*on_stanza)(void *arg, xmpp_stanza_t *stanza); /* borrowed */
    /* Too large or too deep: `root` is its root element alone. */
    void (*on_dropped)(void *arg, xmpp_stanza_t *root, const struct bridge_error *why);
    /* The server has taken all that was sent before component_prove() returned this
     * mark. Not for marks of an earlier stream. Optional. */
    void (*on_proven)(void *arg, uint64_t mark);
    /* The server does not keep up with what we send (true), or does again. */
    void (*on_congested)(void *arg, bool congested);
    void (*on_closed)(void *arg); /* after component_close(), last */
};

/* Start connecting. The options are copied; `events` is borrowed for the
 * component's life. NULL with *err set if the options make no sense. */
struct component *component_new(uv_loop_t *loop, const struct component_options *options,
                                const struct component_events *events, void *arg,
                                struct bridge_error *err);

/* So many whole stanzas, already XML. */
void component_send(struct component *c, const char *data, size_t len, size_t stanzas);
bool component_is_up(const struct component *c);

struct component_counts {
    uint64_t in, out; /* stanzas since the start: of users and servers, and ours */
};
struct component_counts component_count(const struct component *c);

/* Ask for proof that the server has taken all that was sent until now: XEP-0114 has
 * no acknowledgements, but what we send to ourselves comes back through it, in
 * order. Returns the mark for on_proven(), larger each time; 0 while the stream is
 * down. One for many stanzas is enough. */
uint64_t component_prove(struct component *c);

/* Use another secret from the next connection on. */
void component_set_secret(struct component *c, const char *secret);

/* Say goodbye and close; nothing but on_closed is called any more. */
void component_close(struct component *c);

/* What an admin should change for this stream error condition, for `domain`:
 * a sentence, or NULL for conditions that only time heals. */
const char *component_advice(const char *condition);

#endif
