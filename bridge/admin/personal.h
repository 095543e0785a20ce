/* personal.h - one user's data, for the machine's admin: see them, delete them. */
#ifndef PERSONAL_H
#define PERSONAL_H

#include "answer.h"
#include "core.h"

/* The user is a bare JID. Both end later. */
void personal_export(struct core *core, const char *user, struct answer *answer);
void personal_forget(struct core *core, const char *user, struct answer *answer);

#endif
