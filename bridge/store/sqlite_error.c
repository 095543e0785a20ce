#include "sqlite_error.h"

#include <stddef.h>
#include <string.h>

static const struct sentence {
    int result; /* primary code */
    enum bridge_code code;
    const char *text;
} sentences[] = {
    { SQLITE_FULL, BRIDGE_RETRY, "the disk is full: make room on it" },
    { SQLITE_READONLY, BRIDGE_RETRY,
      "it cannot be written: give the file and its directory to bridged's user, and check that "
      "the disk is not mounted read-only" },
    { SQLITE_PERM, BRIDGE_RETRY, "bridged's user may not use it: change its owner" },
    { SQLITE_CANTOPEN, BRIDGE_RETRY,
      "it cannot be opened: check that bridged's user may write to its directory" },
    { SQLITE_BUSY, BRIDGE_RETRY, "another program has locked it: end that program" },
    { SQLITE_LOCKED, BRIDGE_RETRY, "another program has locked it: end that program" },
    { SQLITE_CORRUPT, BRIDGE_RETRY,
      "it is damaged: stop bridged, and restore a backup or try sqlite3's .recover" },
    { SQLITE_NOTADB, BRIDGE_INVALID,
      "it is not a database: move the file away, or restore a backup" },
    { SQLITE_IOERR, BRIDGE_RETRY, "the disk does not read or write: look at the kernel's log" },
};

int sqlite_fail(struct bridge_error *err, sqlite3 *db, const char *path)
{
    int result = sqlite3_errcode(db) & 0xff;

    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        const struct sentence *s = &sentences[i];
        if (s->result == result)
            return bridge_fail(err, s->code, "%s: %s (SQLite: %s, %d)", path, s->text,
                               sqlite3_errmsg(db), sqlite3_extended_errcode(db));
    }
    return bridge_fail(err, BRIDGE_RETRY, "%s: SQLite says: %s (%d)", path, sqlite3_errmsg(db),
                       sqlite3_extended_errcode(db));
}
