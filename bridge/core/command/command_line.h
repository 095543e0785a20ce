/* command_line.h - a line of chat as a command: words, "..." around those with
 * spaces, NAME=VALUE. No I/O. */
#ifndef COMMAND_LINE_H
#define COMMAND_LINE_H

#include <stddef.h>

#include <bridge/error.h>

#include "form.h"

#define COMMAND_LINE_MAX 20000 /* bytes of a line */
#define COMMAND_WORDS_MAX 2000

struct command_line {
    char *block;  /* holds the words */
    char **words; /* the first is the command */
    size_t count;
};

/* Cut a line into words at white space. Inside of "..." a backslash makes the
 * next character an ordinary one. -1 with *err set: too long, too many words, a
 * quote that nobody closed. release() in any case. */
int command_line_parse(const char *text, struct command_line *line, struct bridge_error *err);
void command_line_release(struct command_line *line);

/* Put the words behind the command into the fields: VAR=VALUE where it says, the
 * others in order; one of several lines takes all that
 * are left. values[i], for each field, as form_read() has them, NULL if not given;
 * fields may be NULL. -1 with *err set, and no value set. */
int command_line_fill(const struct command_line *line, const struct form_field *fields,
                      char **values, struct bridge_error *err);

/* How many letters to change, add or drop to make one word of the other;
 * capitals do not count. */
size_t command_line_distance(const char *a, const char *b);

#endif
