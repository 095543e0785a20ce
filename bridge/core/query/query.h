/* query.h - iq requests: disco, version, ping on every JID of ours. */
#ifndef QUERY_H
#define QUERY_H

#include <bridge/error.h>
#include <bridge/strbuf.h>
#include <strophe.h>

#include "domain.h"
#include "jid.h"

/* An iq of type get or set to `target` (that of `to`); always answered. */
void query_answer(struct bridge_host *host, xmpp_stanza_t *iq, const struct jid *from,
                  const struct jid *to, const struct target *target);

/* --- for those who answer -------------------------------------------------------- */

/* All borrowed; who answers later keeps copies. */
struct query {
    struct bridge_host *host;
    xmpp_stanza_t *iq;
    xmpp_stanza_t *payload;
    const struct jid *from;
    const struct jid *to;
    const struct target *target;
};

/* The sender's view of the room that is addressed, or NULL. */
struct bridge_room *query_room(const struct query *q);

void query_refuse(const struct query *q, enum bridge_code code, const char *text);
void query_refuse_with(const struct query *q, const struct bridge_error *why);
/* "<iq type='result' from= to= id=": go on with ">" and the payload, then
 * query_finish(). */
struct strbuf *query_begin(const struct query *q);
void query_finish(const struct query *q, struct strbuf *out);

#endif
