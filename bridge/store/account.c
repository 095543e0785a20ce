/* Accounts: who is registered with a transport, and the invitations to it. */
#include "store_parts.h"

#include <bridge/clock.h>

/* --- writing ---------------------------------------------------------------- */

const struct write_type account_put_type = {
    .sql = "INSERT INTO account(domain, user, since) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING",
};

const struct write_type invitation_use_type = {
    .sql = "DELETE FROM invitation WHERE code = ?1 AND domain = ?2 AND expires > ?3",
    .unless_changed = { BRIDGE_MEMBERSHIP, "this invitation is not good, or not any more" },
};

void store_account_put(struct store *store, const char *domain, const char *user,
                       const struct store_setting *settings, size_t count,
                       const char *invitation, store_done *done, void *arg)
{
    int64_t now = clock_wall();
    struct write *write =
        write_new(WRITE_ACCOUNT_PUT, VALUES(TEXT(domain), TEXT(user), NUMBER(now)));

    if (invitation)
        write_add(write, write_new(WRITE_INVITATION_USE,
                                   VALUES(TEXT(invitation), TEXT(domain), NUMBER(now))));
    settings_add(write, settings, count);
    write_add(write, activity_new(user, now / DAY_MS));
    store_put(store, write, done, arg);
}

const struct write_type invitations_expire_type = {
    .sql = "DELETE FROM invitation WHERE expires <= ?1",
};

const struct write_type invitation_put_type = {
    .sql = "INSERT INTO invitation(code, domain, maker, expires) VALUES(?1, ?2, ?3, ?4)",
};

void store_invitation_put(struct store *store, const struct store_invitation *i,
                          store_done *done, void *arg)
{
    struct write *write = write_new(WRITE_INVITATIONS_EXPIRE, VALUES(NUMBER(clock_wall())));

    write_add(write, write_new(WRITE_INVITATION_PUT, VALUES(TEXT(i->code), TEXT(i->domain),
                                                            TEXT(i->maker),
                                                            NUMBER(i->expires))));
    store_put(store, write, done, arg);
}

/* --- reading ---------------------------------------------------------------- */

const char account_find_sql[] = "SELECT since FROM account WHERE domain = ?1 AND user = ?2";
const char accounts_sql[] = "SELECT user, since FROM account"
                            " WHERE domain = ?1 AND user > ?2 ORDER BY user";

bool store_account_find(struct store *store, const char *domain, const char *user,
                        int64_t *since)
{
    sqlite3_stmt *q = read_begin(store, READ_ACCOUNT, VALUES(TEXT(domain), TEXT(user)));
    int rc = sqlite3_step(q);

    if (rc == SQLITE_ROW && since)
        *since = sqlite3_column_int64(q, 0);
    read_end(store, q, rc);
    return rc == SQLITE_ROW;
}

void store_account_each(struct store *store, const char *domain, const char *after,
                        bool (*each)(void *arg, const char *user, int64_t since), void *arg)
{
    sqlite3_stmt *q =
        read_begin(store, READ_ACCOUNTS, VALUES(TEXT(domain), TEXT(after ? after : "")));
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW &&
           each(arg, read_text(q, 0), sqlite3_column_int64(q, 1)))
        continue;
    read_end(store, q, rc);
}
