/* numeric.h - what the error numerics of IRC mean for us: a code that decides
 * what the XMPP user is told, and words. */
#ifndef IRC_NUMERIC_H
#define IRC_NUMERIC_H

#include <stdbool.h>

#include <bridge/error.h>

/* 400 to 599 and the like: something was refused. */
bool numeric_is_error(const char *verb);

/* Set *err for what the server refused with `verb`; its own words follow ours. */
void numeric_explain(const char *verb, const char *server_words, struct bridge_error *err);
/* The same in English, for the log. */
void numeric_log(const char *verb, const char *server_words, struct bridge_error *err);

#endif
