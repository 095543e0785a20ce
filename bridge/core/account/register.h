/* register.h - accounts: a user's registration with a transport (XEP-0077,
 * XEP-0100 §4.1 to §4.3), whichever way it is asked for. */
#ifndef REGISTER_H
#define REGISTER_H

#include <stdbool.h>

#include <bridge/error.h>

#include "domain.h"
#include "preference.h"
#include "query.h"

/* Can users register here: is an account needed, or something to be set? */
bool register_offered(const struct bridge_host *host);
/* Does one need an account, by the transport's or the admin's will? */
bool register_needed(const struct bridge_host *host);
bool register_has(const struct bridge_host *host, const char *user);

/* May this user use the transport (`allow`, `ban`), and has what accounts need?
 * -1 with *err set (BRIDGE_FORBIDDEN, BRIDGE_MEMBERSHIP). */
int register_admit(const struct bridge_host *host, const char *user, struct bridge_error *err);
/* May this user register, or change the account? */
int register_may(const struct bridge_host *host, const char *user, struct bridge_error *err);

/* What the user is asked: before there is an account what it begins with, later
 * all that it has. */
struct preference_sheet *register_sheet(struct bridge_host *host, const char *user);
/* The code that is asked for besides, if register_wants_code(). */
extern const struct form_field register_code_field;
bool register_wants_code(const struct bridge_host *host, const char *user);

/* Register the user, or change the account; then the transport comes into the
 * roster (XEP-0100 §4.1). The sheet and the values are taken over, as by
 * preference_change(). `code` may be NULL. */
void register_put(struct preference_sheet *sheet, char **values, const char *code,
                  preference_done *done, void *arg);
/* End it: contacts leave the roster, and what is stored of the user here is
 * deleted. BRIDGE_MEMBERSHIP if there is nothing to end. */
void register_remove(struct bridge_host *host, const char *user, preference_done *done,
                     void *arg);

/* jabber:iq:register */
void register_answer(const struct query *q);

#endif
