/* query.h - iq requests: disco, version, ping on every JID of ours. */
#ifndef QUERY_H
#define QUERY_H

#include "domain.h"
#include "jid.h"

/* An iq of type get or set to `target` (that of `to`); always answered. */
void query_answer(struct bridge_host *host, xmpp_stanza_t *iq, const struct jid *from,
                  const struct jid *to, const struct target *target);

#endif
