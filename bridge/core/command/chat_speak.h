/* chat_speak.h - what chats say: to whom, in which words, and the texts of help. */
#ifndef CHAT_SPEAK_H
#define CHAT_SPEAK_H

#include "command.h"

/* What stands before a command here: nothing in front of a domain, which takes
 * nothing else; "/" where other lines are for people. */
const char *chat_slash(const struct command_place *place);

/* A message from the place to a client (full JID). */
void chat_say(const struct command_place *place, const char *client, const char *text);
void chat_sayf(const struct command_place *place, const char *client, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What the call's user is told in the end: answer() of its face. */
void chat_tell_outcome(struct command_call *call);

/* Everything that this user may write here; more about one command. */
void chat_help(const struct command_place *place, const char *user, const char *client);
void chat_explain(const struct command_place *place, const char *client,
                  const struct command *command);

#endif
