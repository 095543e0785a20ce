/* adhoc.h - the commands as ad-hoc commands (XEP-0050). */
#ifndef ADHOC_H
#define ADHOC_H

#include <stdbool.h>

#include <strophe.h>

#include "domain.h"
#include "jid.h"

/* An iq of type set with <command/>, to the domain itself; always answered,
 * perhaps later. */
void adhoc_answer(struct bridge_host *host, xmpp_stanza_t *iq, xmpp_stanza_t *command,
                  const struct jid *from);

/* Append what disco says of a node of ours to this user: the list of commands,
 * or one of them. False, and nothing appended, if it is no such node. */
bool adhoc_write_info(struct bridge_host *host, const char *user, const char *node,
                      struct strbuf *out);
bool adhoc_write_items(struct bridge_host *host, const char *user, const char *node,
                       struct strbuf *out);

#endif
