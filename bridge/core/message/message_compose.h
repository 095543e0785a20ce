/* message_compose.h - a contact's message to a user, as whole stanzas. No I/O. */
#ifndef MESSAGE_COMPOSE_H
#define MESSAGE_COMPOSE_H

#include <bridge/message.h>
#include <bridge/strbuf.h>

#include "domain.h"

/* Append one part (message_write.h): <message type='chat'> from the contact to the
 * user's bare JID. The main part has this id, the others one of their own. `origin`: it
 * has its origin-id, too (XEP-0359), for those who may see it twice. */
void message_compose(struct strbuf *out, struct bridge_host *host, const char *user,
                     const char *contact, const struct bridge_message *message, size_t part,
                     const char *id, bool origin);

#endif
