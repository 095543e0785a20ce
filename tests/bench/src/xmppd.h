/* xmppd.h - the fake XMPP server, which accepts XEP-0114 components.
 *
 * A gateway may open a stream for each of its domains. The stream of `domain` is
 * the measured one; the others are accepted and answered, and what they say is
 * counted and otherwise ignored. All have the same secret. */
#ifndef BENCH_XMPPD_H
#define BENCH_XMPPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "stanza.h"

struct xmppd {
    const char *domain;
    const char *secret;
    void (*on_stanza)(const struct stanza *st); /* all of `domain` but iq requests */
    FILE *dump_in; /* NULL, or where the measured stream is copied */
    FILE *dump_out;
    int port;
    bool up; /* the handshake of `domain` is done */
    uint64_t handshakes;
    uint64_t bytes_in;     /* of the measured stream */
    uint64_t side_stanzas; /* of other domains' streams */
};
extern struct xmppd xmppd;

void xmppd_start(int port);

/* To the measured component, queued until xmppd_flush(). */
void xmppd_send(const char *xml, size_t len);
void xmppd_flush(void);
size_t xmppd_unsent(void);

/* Stop reading from the measured component, or go on. */
void xmppd_pause(bool pause);

#endif
