/* Settings: what users have set, of an account, a network, a room or a contact. */
#include "store_parts.h"

#include <assert.h>

#include <bridge/clock.h>

/* --- writing ---------------------------------------------------------------- */

const struct write_type setting_put_type = {
    .sql = "INSERT INTO setting(domain, user, address, key, value) VALUES(?1, ?2, ?3, ?4, ?5)"
           " ON CONFLICT(domain, user, address, key) DO UPDATE SET value = excluded.value",
};

const struct write_type setting_remove_type = {
    .sql = "DELETE FROM setting"
           " WHERE domain = ?1 AND user = ?2 AND address = ?3 AND key = ?4",
};

static struct write *setting_new(const struct store_setting *s)
{
    if (!s->value)
        return write_new(WRITE_SETTING_REMOVE, VALUES(TEXT(s->domain), TEXT(s->user),
                                                      TEXT(s->address), TEXT(s->key)));
    return write_new(WRITE_SETTING_PUT, VALUES(TEXT(s->domain), TEXT(s->user), TEXT(s->address),
                                               TEXT(s->key), TEXT(s->value)));
}

void settings_add(struct write *write, const struct store_setting *settings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        write_add(write, setting_new(&settings[i]));
}

void store_settings_put(struct store *store, const struct store_setting *settings, size_t count,
                        store_done *done, void *arg)
{
    assert(count > 0);
    struct write *write = activity_new(settings->user, clock_wall() / DAY_MS);

    settings_add(write, settings, count);
    store_put(store, write, done, arg);
}

/* --- reading ---------------------------------------------------------------- */

const char setting_get_sql[] = "SELECT value FROM setting"
                               " WHERE domain = ?1 AND user = ?2 AND address = ?3 AND key = ?4";
const char setting_owner_sql[] =
    "SELECT user FROM setting"
    " WHERE domain = ?1 AND key = ?2 AND value = ?3 AND address = '' ORDER BY user LIMIT 1";

#define COLUMNS                                                                                \
    "SELECT domain, user, address, key, value FROM setting WHERE domain = ?1 AND user = ?2"

const char settings_sql[] = COLUMNS " ORDER BY address, key";
const char settings_of_address_sql[] = COLUMNS " AND address = ?3 ORDER BY key";

/* Append the one text that a question has for an answer. */
static bool add_answer(struct store *store, sqlite3_stmt *q, struct strbuf *out)
{
    int rc = sqlite3_step(q);

    if (rc == SQLITE_ROW)
        strbuf_adds(out, read_text(q, 0));
    read_end(store, q, rc);
    return rc == SQLITE_ROW;
}

bool store_setting_get(struct store *store, const char *domain, const char *user,
                       const char *address, const char *key, struct strbuf *value)
{
    return add_answer(store,
                      read_begin(store, READ_SETTING,
                                 VALUES(TEXT(domain), TEXT(user), TEXT(address), TEXT(key))),
                      value);
}

bool store_setting_owner(struct store *store, const char *domain, const char *key,
                         const char *value, struct strbuf *user)
{
    return add_answer(store,
                      read_begin(store, READ_SETTING_OWNER,
                                 VALUES(TEXT(domain), TEXT(key), TEXT(value))),
                      user);
}

void settings_walk(struct store *store, sqlite3_stmt *q,
                   bool (*each)(void *arg, const struct store_setting *setting), void *arg)
{
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        const struct store_setting setting = {
            .domain = read_text(q, 0),
            .user = read_text(q, 1),
            .address = read_text(q, 2),
            .key = read_text(q, 3),
            .value = read_text(q, 4),
        };
        if (!each(arg, &setting))
            break;
    }
    read_end(store, q, rc);
}

void store_setting_each(struct store *store, const char *domain, const char *user,
                        const char *address,
                        bool (*each)(void *arg, const struct store_setting *setting), void *arg)
{
    const struct value values[] = { TEXT(domain), TEXT(user), TEXT(address) };
    sqlite3_stmt *q = address ? read_begin(store, READ_SETTINGS_OF_ADDRESS, values, 3)
                              : read_begin(store, READ_SETTINGS, values, 2);

    settings_walk(store, q, each, arg);
}
