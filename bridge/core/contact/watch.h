/* watch.h - contacts whose presence a user is being shown.
 *
 * `address` "" is the transport itself, in the roster of those who have
 * registered (XEP-0100 §4.1): there as long as its session can be had. */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>

#include "domain.h"
#include "session.h"

/* Show the contact's presence, now and at each change. Whatever goes wrong
 * leaves it offline, with the reason as status. */
void watch_begin(struct bridge_host *host, const char *user, const char *address);
/* Not any more; nothing is sent. */
void watch_end(struct bridge_session *session, const char *address);

/* The user is not there to see anything: end all; with `farewell`, every
 * contact goes offline in the roster first. */
void watch_end_all(struct bridge_session *session, bool farewell);
/* The session ends, and the transport knows of it no more: every contact goes
 * offline in the roster. */
void watch_release(struct bridge_session *session);

/* Has the contact been shown since the stream came up? */
bool watch_is_shown(const struct bridge_session *session, const char *address);
/* The addresses of all, for the caller to free. */
char **watch_list(const struct bridge_session *session, size_t *count);
/* What the network calls the contact, or NULL. */
const char *watch_nick(const struct bridge_session *session, const char *address);

/* Begin "<presence from to type"; the caller ends it. */
void watch_write_start(struct strbuf *out, struct bridge_host *host, const char *user,
                       const char *address, const char *type);
/* Presence without content: "subscribed", "probe", "unavailable" and the like. */
void watch_send_type(struct bridge_host *host, const char *user, const char *address,
                     const char *type);

#endif
