/* domain.h - one domain that we serve: the front door's or a transport's, with
 * its stream to the XMPP server, its transport and its users' sessions.
 *
 * Plugins know it as struct bridge_host. */
#ifndef DOMAIN_H
#define DOMAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/map.h>
#include <bridge/strbuf.h>
#include <bridge/transport.h>

#include "caps.h"
#include "component.h"
#include "core.h"
#include "jid.h"
#include "options.h"
#include "permit.h"

struct bridge_host {
    struct core *core;
    char *name;                               /* the domain */
    const struct bridge_transport *transport; /* NULL: the front door */
    void *instance;                           /* the transport's own */
    struct component *component;
    struct map sessions; /* struct bridge_session by bare JID */
    size_t rooms, watches; /* of all sessions */
    struct map changes;  /* of contacts, while the store writes (contact.c) */
    struct herald *herald; /* NULL: the front door, or the end */
    unsigned stream;     /* how many streams there have been */
    bool congested;      /* the server does not keep up with what we send */
    struct budget *budget;         /* NULL: the transport does not charge */
    struct deliveries *deliveries; /* NULL: the transport has no deliver() */
    int64_t deliver_within;        /* hours */
    int64_t keep_dead_letters;     /* days */
    uint64_t since;      /* clock_monotonic() when the stream came up or went down last */
    struct permit permit;
    struct map grants; /* privilege.h: by domain of who granted it */
    bool invited_only; /* who registers needs an invitation, and everybody an account */
    /* XEP-0115, of the domain itself and of its contacts; "" until asked for (describe.h) */
    char caps[2][CAPS_VER_SIZE];
};

/* What a localpart of this domain means. `address` is canonical. */
struct target {
    enum bridge_address kind; /* NONE: the domain itself, or err is set */
    struct strbuf address;
};

struct bridge_host *domain_new(struct core *core, const char *name, const char *secret,
                               const struct transport_options *t, struct bridge_error *err);
/* The sessions are gone and the stream is closed: end the transport. */
void domain_stop(struct bridge_host *host);
/* After domain_stop(). */
void domain_free(struct bridge_host *host);

/* Classify jid's localpart (absent: kind NONE, returns 0). -1 with *err set
 * when it is no address here. target->address must be initialised. */
int domain_target(struct bridge_host *host, const struct jid *jid, struct target *target,
                  struct bridge_error *err);

/* Append the JID of a legacy address here; that of the domain for one which
 * cannot be a JID: a server may close the stream for a bad `from`. */
void domain_add_jid(struct bridge_host *host, struct strbuf *out, const char *address);

/* A stanza that concerns no session: dropped while the stream is down. */
void domain_send(struct bridge_host *host, const struct strbuf *stanza);

#endif
