/* forget.h - a user is forgotten: asked for by the user (the command, or
 * unregistering), by an admin, or because the user has done nothing for as long as
 * the user wanted to be remembered (retention.h). */
#ifndef FORGET_H
#define FORGET_H

#include "core.h"

/* Delete what is stored about this user (bare JID) at one transport, or (domain
 * NULL) at all: every row, in every table, but today's counts. After the commit the
 * contacts leave the user's roster, many of them not all in one turn, and then the
 * sessions end. `done` comes last; with `why` nothing was done. It does not wait for
 * a stream that is down: contacts there are told when it is up again. */
void forget_user(struct core *core, const char *domain, const char *user, store_done *done,
                 void *arg);

/* The core stops: what is left to be told is told now. */
void forget_stop(struct core *core);

#endif
