/* chat.h - the commands as a conversation. What users write to a domain of ours
 * is a command line, and what a command lacks is asked for. What they write to a
 * network, a room or a contact is for people, unless it begins with "/" and the
 * word of a command that there is here, or answers a question of ours with "/". */
#ifndef CHAT_H
#define CHAT_H

#include <stdbool.h>

#include <strophe.h>

#include "inbound.h"

/* Answers of this kind, of one user: so many at once, then one each so many ms.
 * What is beyond is not answered: it is no person who types so fast. */
#define CHAT_BURST 20
#define CHAT_PAUSE_MS 1000

struct chat_budgets;
struct chat_budgets *chat_budgets_new(void);
void chat_budgets_free(struct chat_budgets *budgets);

/* A message with a body, of a type that may be answered, to the domain itself.
 * Not answered: what is delayed, what comes from a domain or from ourselves. */
void chat_receive(struct bridge_host *host, xmpp_stanza_t *message, const struct jid *from,
                  const char *text);

/* A message to an address, before it goes to the network. True: it was a command,
 * and is done with. False: it is for people; a slash that kept it from being a
 * command ("//help") is one less in the stanza then. */
bool chat_take(const struct inbound *in);

#endif
