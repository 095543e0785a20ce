/* describe.h - what we say of ourselves and of our addresses (XEP-0030), and
 * the same as a hash in presence (XEP-0115). One table holds what is said where
 * (describe.c): a feature stands there exactly if it is served. */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include "query.h"

void describe_answer_info(const struct query *q);
void describe_answer_items(const struct query *q);

/* Is this the node that our presence names, with what is true now? Answer then
 * as without a node. */
bool describe_has_node(const struct query *q, const char *node);

/* Append <c/> (XEP-0115) for the presence of the domain's contacts or, `kind`
 * BRIDGE_ADDRESS_NONE, of the domain itself. */
void describe_write_caps(struct bridge_host *host, enum bridge_address kind,
                         struct strbuf *out);
/* Something that is said may have changed: the options. */
void describe_forget(struct bridge_host *host);

#endif
