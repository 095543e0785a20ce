#include "migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bridge/log.h>
#include <bridge/strbuf.h>

#include "file.h"
#include "sqlite_error.h"

#define PATH_LIMIT 65536

const char *const store_migrations[] = {
    /* 1: contacts. schema_version.probes counts the writes that only find out
     * whether writing works. */
    "CREATE TABLE schema_version("
    "  id INTEGER PRIMARY KEY CHECK(id = 1),"
    "  version INTEGER NOT NULL,"
    "  probes INTEGER NOT NULL DEFAULT 0"
    ") STRICT;"
    "INSERT INTO schema_version(id, version) VALUES(1, 0);"
    "CREATE TABLE contact("
    "  domain TEXT NOT NULL,"
    "  user TEXT NOT NULL,"
    "  address TEXT NOT NULL,"
    "  name TEXT,"
    "  subscription INTEGER NOT NULL CHECK(subscription BETWEEN 0 AND 3),"
    "  PRIMARY KEY(domain, user, address)"
    ") STRICT, WITHOUT ROWID;",
    /* 2: what users have sent. One row each, of the last day on which they did. */
    "CREATE TABLE counter("
    "  domain TEXT NOT NULL,"
    "  user TEXT NOT NULL,"
    "  day INTEGER NOT NULL,"
    "  messages INTEGER NOT NULL CHECK(messages >= 0),"
    "  PRIMARY KEY(domain, user)"
    ") STRICT, WITHOUT ROWID;",
    /* 3: what there is about one user, at any transport. */
    "CREATE INDEX contact_user ON contact(user);"
    "CREATE INDEX counter_user ON counter(user);",
    /* 4: accounts and what users set; two more bits in a contact's subscription.
     * An invitation is its maker's, but whoever has the code may use it. Activity
     * is the last day: of those who have set something, and those who want to be
     * forgotten after so many days without any. */
    "ALTER TABLE contact RENAME TO contact_before;"
    "CREATE TABLE contact("
    "  domain TEXT NOT NULL,"
    "  user TEXT NOT NULL,"
    "  address TEXT NOT NULL,"
    "  name TEXT,"
    "  subscription INTEGER NOT NULL CHECK(subscription BETWEEN 0 AND 15),"
    "  PRIMARY KEY(domain, user, address)"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO contact SELECT domain, user, address, name, subscription FROM contact_before;"
    "DROP TABLE contact_before;"
    "CREATE INDEX contact_user ON contact(user);"
    "CREATE TABLE account("
    "  domain TEXT NOT NULL,"
    "  user TEXT NOT NULL,"
    "  since INTEGER NOT NULL,"
    "  PRIMARY KEY(domain, user)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX account_user ON account(user);"
    "CREATE TABLE setting("
    "  domain TEXT NOT NULL,"
    "  user TEXT NOT NULL,"
    "  address TEXT NOT NULL,"
    "  key TEXT NOT NULL,"
    "  value TEXT NOT NULL,"
    "  PRIMARY KEY(domain, user, address, key)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX setting_user ON setting(user);"
    "CREATE INDEX setting_value ON setting(domain, key, value) WHERE address = '';"
    "CREATE TABLE invitation("
    "  code TEXT PRIMARY KEY NOT NULL,"
    "  domain TEXT NOT NULL,"
    "  maker TEXT NOT NULL,"
    "  expires INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX invitation_maker ON invitation(maker);"
    "CREATE INDEX invitation_expires ON invitation(expires);"
    "CREATE TABLE activity("
    "  user TEXT PRIMARY KEY NOT NULL,"
    "  day INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;",
    /* 5: deliveries. An id is never used twice, whatever is deleted. */
    "CREATE TABLE delivery("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  domain TEXT NOT NULL,"
    "  user TEXT NOT NULL,"
    "  contact TEXT NOT NULL,"
    "  direction INTEGER NOT NULL CHECK(direction BETWEEN 0 AND 1),"
    "  client TEXT,"
    "  recipient TEXT,"
    "  stanza TEXT,"
    "  mark TEXT,"
    "  foreign_id TEXT,"
    "  body TEXT,"
    "  receipt INTEGER NOT NULL,"
    "  state INTEGER NOT NULL CHECK(state BETWEEN 0 AND 5),"
    "  attempts INTEGER NOT NULL,"
    "  created INTEGER NOT NULL,"
    "  next INTEGER NOT NULL,"
    "  deadline INTEGER NOT NULL,"
    "  reason TEXT"
    ") STRICT;"
    "CREATE UNIQUE INDEX delivery_mark ON delivery(domain, user, contact, mark);"
    "CREATE INDEX delivery_foreign ON delivery(domain, foreign_id) WHERE foreign_id NOT NULL;"
    "CREATE INDEX delivery_stanza ON delivery(stanza) WHERE direction = 1 AND stanza NOT NULL;"
    "CREATE INDEX delivery_state ON delivery(domain, state, id);"
    "CREATE INDEX delivery_sent ON delivery(domain, deadline) WHERE state = 2;"
    "CREATE INDEX delivery_over ON delivery(deadline) WHERE state >= 3;"
    "CREATE INDEX delivery_user ON delivery(user);"
    "CREATE TABLE seen("
    "  domain TEXT NOT NULL,"
    "  foreign_id TEXT NOT NULL,"
    "  time INTEGER NOT NULL,"
    "  PRIMARY KEY(domain, foreign_id)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX seen_time ON seen(time);",
    /* 6: what users have spent, in millionths. One row each, of the last day on which
     * they did; user '' is everybody together. */
    "CREATE TABLE expense("
    "  domain TEXT NOT NULL,"
    "  user TEXT NOT NULL,"
    "  day INTEGER NOT NULL,"
    "  spent INTEGER NOT NULL CHECK(spent >= 0),"
    "  PRIMARY KEY(domain, user)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX expense_user ON expense(user);",
    NULL,
};

/* The one integer that a query gives. */
static int get_int(sqlite3 *db, const char *sql, int *out)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &q, NULL);

    if (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW)
        *out = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    return rc == SQLITE_ROW ? 0 : -1;
}

/* 0 is a new database: an empty file, or one whose first step was interrupted. */
static int get_version(sqlite3 *db, const char *path, int *version, struct bridge_error *err)
{
    int id = 0;
    int tables = 0;

    if (get_int(db, "PRAGMA application_id", &id) ||
        get_int(db, "SELECT count(*) FROM sqlite_schema", &tables))
        return sqlite_fail(err, db, path);
    *version = 0;
    if (id == 0 && tables == 0)
        return 0;
    if (id != STORE_APPLICATION_ID)
        return bridge_fail(
            err, BRIDGE_INVALID,
            "%s is the database of another program: give bridged a file of its own", path);
    if (get_int(db, "SELECT version FROM schema_version", version))
        return sqlite_fail(err, db, path);
    return 0;
}

/* --- the copy --------------------------------------------------------------- */

static int copy_into(sqlite3 *db, const char *path)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(db, "VACUUM INTO ?1", -1, &q, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_bind_text(q, 1, path, -1, SQLITE_STATIC);
        rc = sqlite3_step(q);
    }
    sqlite3_finalize(q);
    return rc == SQLITE_DONE ? 0 : -1;
}

/* An empty file that only we can read: SQLite's own would take the umask's word. */
static int create_private(const char *path)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

/* Under its name stands a whole copy or none. */
static int back_up(sqlite3 *db, const char *path, int version, struct bridge_error *err)
{
    struct strbuf copy = STRBUF_INIT(PATH_LIMIT);
    struct strbuf part = STRBUF_INIT(PATH_LIMIT);
    int rc = -1;

    strbuf_addf(&copy, "%s.v%d.backup", path, version);
    strbuf_addf(&part, "%s.part", strbuf_text(&copy));
    if (create_private(part.data)) {
        bridge_fail(err, BRIDGE_RETRY, "cannot write the copy %s: %s", part.data,
                    strerror(errno));
    } else if (copy_into(db, part.data)) {
        sqlite_fail(err, db, part.data);
    } else if (file_sync(part.data) || rename(part.data, copy.data) ||
               file_sync_directory(path)) {
        bridge_fail(err, BRIDGE_RETRY, "cannot keep the copy %s: %s", copy.data,
                    strerror(errno));
    } else {
        log_info("store", "%s: version %d copied to %s", path, version, copy.data);
        rc = 0;
    }
    if (rc)
        unlink(part.data);
    strbuf_release(&copy);
    strbuf_release(&part);
    return rc;
}

/* --- the steps -------------------------------------------------------------- */

static int run_step(sqlite3 *db, const char *path, const char *sql, int version,
                    struct bridge_error *err)
{
    struct strbuf all = STRBUF_INIT(1 << 20);

    strbuf_addf(&all,
                "BEGIN IMMEDIATE;"
                "PRAGMA application_id = %d;"
                "%s;"
                "UPDATE schema_version SET version = %d;"
                "COMMIT;",
                STORE_APPLICATION_ID, sql, version);
    int rc = sqlite3_exec(db, strbuf_text(&all), NULL, NULL, NULL);
    strbuf_release(&all);
    if (rc == SQLITE_OK)
        return 0;
    sqlite_fail(err, db, path);
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL); /* fails if SQLite did it */
    return -1;
}

static int compare_versions(sqlite3 *db, const char *path, const char *const *steps,
                            int *version, int *newest, struct bridge_error *err)
{
    *newest = 0;
    while (steps[*newest])
        ++*newest;
    if (get_version(db, path, version, err))
        return -1;
    if (*version <= *newest)
        return 0;
    return bridge_fail(err, BRIDGE_INVALID,
                       "%s has version %d, this bridged knows versions up to %d: install the "
                       "newer bridged again, or restore %s.v%d.backup",
                       path, *version, *newest, path, *newest);
}

int migrate_check(sqlite3 *db, const char *path, const char *const *steps,
                  struct bridge_error *err)
{
    int version, newest;

    if (compare_versions(db, path, steps, &version, &newest, err))
        return -1;
    if (version == newest)
        return 0;
    return bridge_fail(err, BRIDGE_INVALID,
                       "%s has version %d, not %d: start this bridged once, which brings it up "
                       "to date", path, version, newest);
}

int migrate(sqlite3 *db, const char *path, const char *const *steps, struct bridge_error *err)
{
    int version, newest;

    if (compare_versions(db, path, steps, &version, &newest, err))
        return -1;
    if (version > 0 && version < newest && back_up(db, path, version, err))
        return -1;
    bool created = version == 0;
    for (; version < newest; version++) {
        if (run_step(db, path, steps[version], version + 1, err))
            return -1;
    }
    if (created && file_sync_directory(path))
        return bridge_fail(err, BRIDGE_RETRY, "cannot keep %s: %s", path, strerror(errno));
    return 0;
}
