/* migrate.h - the schema, as the steps that led to it.
 *
 * Version n is what the first n migrations make. A step that was released is
 * never changed: another one follows it. */
#ifndef MIGRATE_H
#define MIGRATE_H

#include <stddef.h>

#include <bridge/error.h>
#include <sqlite3.h>

/* "BRGD": what marks a database as ours (PRAGMA application_id). */
#define STORE_APPLICATION_ID 0x42524744

extern const char *const store_migrations[]; /* SQL, ends with NULL */

/* Bring the database up to date: each missing step in a transaction of its
 * own. Before the first one a copy of what is there goes to "PATH.vN.backup"
 * and to the disk, unless the database is new. Refused: a database that is not
 * ours, or newer than the list. */
int migrate(sqlite3 *db, const char *path, const char *const *steps, struct bridge_error *err);

/* Is it ours and up to date? Changes nothing. */
int migrate_check(sqlite3 *db, const char *path, const char *const *steps,
                  struct bridge_error *err);

#endif
