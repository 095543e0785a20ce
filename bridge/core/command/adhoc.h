/* adhoc.h - the commands as ad-hoc commands (XEP-0050). */
#ifndef ADHOC_H
#define ADHOC_H

#include <stdbool.h>

#include <strophe.h>

#include "command.h"
#include "jid.h"

/* An iq of type set with <command/>; always answered, perhaps later. */
void adhoc_answer(const struct command_place *place, xmpp_stanza_t *iq, xmpp_stanza_t *command,
                  const struct jid *from);

/* Is there any command for this user here? Only then is the feature told. */
bool adhoc_offers(const struct command_place *place, const char *user);

/* Append what disco says of a node of this place to this user: the list of
 * commands, or one of them. False, and nothing appended, if it is no such node. */
bool adhoc_write_info(const struct command_place *place, const char *user, const char *node,
                      struct strbuf *out);
bool adhoc_write_items(const struct command_place *place, const char *user, const char *node,
                       struct strbuf *out);

#endif
