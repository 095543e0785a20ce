/* router.h - what to do with a stanza from the XMPP server: by kind, by type
 * and by what its address means. Owns no protocol. */
#ifndef ROUTER_H
#define ROUTER_H

#include "domain.h"

void router_stanza(struct bridge_host *host, xmpp_stanza_t *stanza);
/* One of which only the root is left: it is refused because of *why. */
void router_dropped(struct bridge_host *host, xmpp_stanza_t *root,
                    const struct bridge_error *why);

#endif
