/* register.h - how a link introduces itself: CAP, PASS, NICK, USER, until the
 * server has said what it is (IRCv3 capability-negotiation, RFC 2812 §3.1). */
#ifndef IRC_REGISTER_H
#define IRC_REGISTER_H

#include "link.h"

/* Set link->nick, checked and cut for its first use. NULL: make one of the
 * user's address. */
void register_choose_nick(struct irc_link *link, const char *nick);

void register_begin(struct irc_link *link); /* the connection is up */

/* A room is asked for under `nick`: if the last one was refused, try this one. */
void register_try_nick(struct irc_link *link, const char *nick);

/* An error while we introduce ourselves. */
void register_refused(struct irc_link *link, const struct irc_message *m);

/* Handlers of lines. */
void register_on_cap(struct irc_link *link, const struct irc_message *m);
void register_on_welcome(struct irc_link *link, const struct irc_message *m);  /* 001 */
void register_on_isupport(struct irc_link *link, const struct irc_message *m); /* 005 */
void register_on_motd_end(struct irc_link *link, const struct irc_message *m); /* 376, 422 */
void register_on_host(struct irc_link *link, const struct irc_message *m);     /* 396 */

#endif
