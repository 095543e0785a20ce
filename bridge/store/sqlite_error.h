/* sqlite_error.h - what went wrong in a database, as a sentence that says what
 * to do. */
#ifndef SQLITE_ERROR_H
#define SQLITE_ERROR_H

#include <bridge/error.h>
#include <sqlite3.h>

/* The connection's last error, about the file `path`. Returns -1. */
int sqlite_fail(struct bridge_error *err, sqlite3 *db, const char *path);

#endif
