/* chat.h - PRIVMSG, NOTICE and CTCP, both ways. */
#ifndef IRC_CHAT_H
#define IRC_CHAT_H

#include "link.h"

/* --- downcalls --------------------------------------------------------------- */

int chat_send(struct irc_link *link, const char *nick, const char *address,
              const struct bridge_message *message, struct bridge_error *err);
int chat_say(struct irc_link *link, const char *channel, struct bridge_room *room,
             const struct bridge_message *message, struct bridge_error *err);

/* --- for the link -------------------------------------------------------------- */

/* Did this error answer a message? Its sender is told. */
bool chat_refused(struct irc_link *link, const struct irc_message *m);

/* Handlers of lines. */
void chat_on_privmsg(struct irc_link *link, const struct irc_message *m);
void chat_on_notice(struct irc_link *link, const struct irc_message *m);
void chat_on_invite(struct irc_link *link, const struct irc_message *m);

#endif
