/* inbound.h - one stanza from the XMPP server on its way to its handler, and the
 * handlers for messages and presence. */
#ifndef INBOUND_H
#define INBOUND_H

#include <strophe.h>

#include "domain.h"
#include "jid.h"

struct bridge_room;

struct inbound {
    struct bridge_host *host;
    xmpp_stanza_t *stanza;
    const char *type; /* never NULL */
    const char *id;   /* may be NULL */
    struct jid *from;
    struct jid *to;
    struct target target; /* what `to` means */
};

/* Answer with the stanza error for *why, if the stanza may have an answer. */
void inbound_refuse(const struct inbound *in, const struct bridge_error *why);
void inbound_refuse_with(const struct inbound *in, enum bridge_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The sender's view of the room that is addressed, if the sender is inside. */
struct bridge_room *inbound_room(const struct inbound *in);

/* Does this error say that its sender is not there? */
bool inbound_is_undeliverable(const struct inbound *in);

/* A stanza came back, perhaps a ping of ours. */
void inbound_bounced(const struct inbound *in);

void message_receive(const struct inbound *in);  /* message_in.c */
void presence_receive(const struct inbound *in); /* presence_in.c */

#endif
