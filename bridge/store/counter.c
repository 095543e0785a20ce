/* Counters: what users have sent, and spent, on one day. */
#include "store_parts.h"

/* --- writing ---------------------------------------------------------------- */

const struct write_type counter_put_type = {
    .sql = "INSERT INTO counter(domain, user, day, messages) VALUES(?1, ?2, ?3, ?4)"
           " ON CONFLICT(domain, user) DO UPDATE SET day = excluded.day, messages ="
           " iif(day = excluded.day, max(messages, excluded.messages), excluded.messages)",
};

void store_counter_put(struct store *store, const struct store_counter *c, store_done *done,
                       void *arg)
{
    store_put(store,
              write_new(WRITE_COUNTER_PUT, VALUES(TEXT(c->domain), TEXT(c->user),
                                                  NUMBER(c->day), NUMBER(c->messages))),
              done, arg);
}

const struct write_type counters_forget_type = {
    .sql = "DELETE FROM counter WHERE day < ?1",
};

const struct write_type expenses_forget_type = {
    .sql = "DELETE FROM expense WHERE day < ?1",
};

void store_counters_forget(struct store *store, int64_t day, store_done *done, void *arg)
{
    struct write *write = write_new(WRITE_COUNTERS_FORGET, VALUES(NUMBER(day)));

    write_add(write, write_new(WRITE_EXPENSES_FORGET, VALUES(NUMBER(day))));
    store_put(store, write, done, arg);
}

const struct write_type expense_put_type = {
    .sql = "INSERT INTO expense(domain, user, day, spent) VALUES(?1, ?2, ?3, ?4)"
           " ON CONFLICT(domain, user) DO UPDATE SET day = excluded.day, spent = excluded.spent",
};

void store_expense_put(struct store *store, const char *domain, const char *user, int64_t day,
                       int64_t spent, store_done *done, void *arg)
{
    store_put(store,
              write_new(WRITE_EXPENSE_PUT,
                        VALUES(TEXT(domain), TEXT(user), NUMBER(day), NUMBER(spent))),
              done, arg);
}

/* --- reading ---------------------------------------------------------------- */

const char counter_find_sql[] =
    "SELECT messages FROM counter WHERE domain = ?1 AND user = ?2 AND day = ?3";

int64_t store_counter_get(struct store *store, const char *domain, const char *user,
                          int64_t day)
{
    return read_number(store, READ_COUNTER, VALUES(TEXT(domain), TEXT(user), NUMBER(day)));
}

const char expense_find_sql[] =
    "SELECT spent FROM expense WHERE domain = ?1 AND user = ?2 AND day = ?3";

int64_t store_expense_get(struct store *store, const char *domain, const char *user,
                          int64_t day)
{
    return read_number(store, READ_EXPENSE, VALUES(TEXT(domain), TEXT(user), NUMBER(day)));
}
