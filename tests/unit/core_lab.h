/* core_lab.h - the real core with nothing real around it: the XMPP server, the
 * network, the disk, time and the log are fakes in memory, so that everything
 * that happens is what a step below makes happen.
 *
 * Streams are named by their domain. The ones here: */
#ifndef CORE_LAB_H
#define CORE_LAB_H

#include <stdbool.h>
#include <stddef.h>

#include <bridge/strbuf.h>

#include "canonical.h"
#include "core.h"
#include "fake_conn.h"
#include "fake_store.h"
#include "fake_timer.h"
#include "fake_transport.h"

#define LAB_DOMAIN "t.example.net"
#define LAB_GATEWAY "gateway.example.net"

#define LAB_STREAM_ID "3BF96D32"
#define LAB_SECRET "test"
/* printf 3BF96D32test | sha1sum */
#define LAB_HANDSHAKE "aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e"

struct lab {
    uv_loop_t loop;
    struct core *core;
    struct bridge_transport *transport;
    struct strbuf log; /* "warning: line\n" */
    size_t changes;    /* calls of on_change */
    bool stopped;
};
extern struct lab lab;

/* Options with one transport, of the fake, at LAB_DOMAIN; a front door at
 * LAB_GATEWAY if asked for. The caller's. */
struct options *lab_options(bool gateway);

void lab_new(struct options *options); /* core_new(), nothing started */
int lab_start(struct bridge_error *err);
/* core_stop() and core_free(), wherever the core was; every fake must then be
 * as it was before. */
void lab_end(void);

/* The stream of a domain, or NULL while it has no connection or ends it. */
struct conn *lab_conn(const char *domain);

/* Connect and complete the handshake. What is written until then is checked
 * and dropped. */
void lab_connect(const char *domain);
void lab_shake_hands(const char *domain);
/* Let time pass until the domain has a connection, then lab_connect(). */
void lab_reconnect(const char *domain);
void lab_cut(const char *domain); /* the connection is reset */

void lab_feed(const char *domain, const char *xml);
/* What the core has written on the domain's stream since the last time. Each
 * stanza must be well-formed, from a valid JID of the domain, and to one, or
 * `fault` says so: a server closes the stream for less. The caller releases it. */
struct canonical lab_take(const char *domain);

/* Let callbacks come that are due, without time passing. */
void lab_settle(void);

#endif
