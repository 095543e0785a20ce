/* export.h - all that is stored about a user, as JSON (RFC 8259): for the user, who
 * may ask for it, and for the admin who is asked. Secrets are not shown, only that
 * they are set. */
#ifndef EXPORT_H
#define EXPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <bridge/error.h>

#include "store.h"

/* Takes the text part by part: whole lines, without the newline at their end. False
 * to stop. */
typedef bool export_line(void *arg, const char *line);

/* The user is a bare JID. */
void export_user(struct store *store, const char *user, export_line *line, void *arg);

/* The same from the file, of which one state is read, whoever else uses it meanwhile.
 * Blocks: not on the loop. -1 with *err set. */
int export_from(const char *database, const char *user, export_line *line, void *arg,
                struct bridge_error *err);

#endif
