/* router.h - what to do with a stanza from the XMPP server: by kind, by type
 * and by what its address means. Owns no protocol. */
#ifndef ROUTER_H
#define ROUTER_H

#include "domain.h"

void router_stanza(struct bridge_host *host, xmpp_stanza_t *stanza);

#endif
