/* roll.h - lists of whom we serve, which may be long: they are written piece by
 * piece. `host` NULL: of all domains. */
#ifndef ROLL_H
#define ROLL_H

#include "answer.h"
#include "core.h"
#include "domain.h"

/* Every session: who, where, rooms, clients in them, contacts, idle time. */
void roll_sessions(struct core *core, struct bridge_host *host, struct answer *answer);

/* Everybody with contacts or sessions, and how many. */
void roll_users(struct core *core, struct bridge_host *host, struct answer *answer);

/* Append a time of so many milliseconds as ps(1) does: [[days-]hours:]mm:ss. */
void roll_add_age(struct strbuf *out, uint64_t ms);

#endif
