#include "fake_store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>

struct row {
    struct row *next;
    struct store_contact contact; /* its strings are owned */
};

struct tally {
    struct tally *next;
    struct store_counter counter; /* its strings are owned */
};

/* With a row or a tally, or else to forget the tallies before a day. */
struct operation {
    struct operation *next;
    struct row *row; /* to put, or to remove the like of */
    bool remove;
    struct tally *tally;
    int64_t day;
    char *user; /* whose rows go, too; NULL: nobody's */
    store_done *done;
    void *arg;
};

struct store {
    struct row *rows;
    struct tally *tallies;
    struct operation *queue; /* oldest first */
    void (*on_closed)(void *arg);
    void *arg;
    void (*on_health)(void *arg, const struct bridge_error *why);
    void *health_arg;
    struct bridge_error trouble;
};

static struct store *open_store;
static struct bridge_error failure;

static struct row *row_new(const char *domain, const char *user, const char *address)
{
    struct row *row = bridge_alloc(sizeof *row);

    row->contact.domain = bridge_strdup(domain);
    row->contact.user = bridge_strdup(user);
    row->contact.address = bridge_strdup(address);
    return row;
}

static void row_free(struct row *row)
{
    free((char *)row->contact.domain);
    free((char *)row->contact.user);
    free((char *)row->contact.address);
    free((char *)row->contact.name);
    free(row);
}

static void tally_free(struct tally *tally)
{
    free((char *)tally->counter.domain);
    free((char *)tally->counter.user);
    free(tally);
}

static struct row **find(struct store *store, const struct store_contact *c)
{
    struct row **at = &store->rows;

    for (; *at; at = &(*at)->next) {
        const struct store_contact *other = &(*at)->contact;
        if (!strcmp(other->domain, c->domain) && !strcmp(other->user, c->user) &&
            !strcmp(other->address, c->address))
            return at;
    }
    return at;
}

static struct tally **find_tally(struct store *store, const char *domain, const char *user)
{
    struct tally **at = &store->tallies;

    while (*at && (strcmp((*at)->counter.domain, domain) || strcmp((*at)->counter.user, user)))
        at = &(*at)->next;
    return at;
}

static void queue(struct store *store, const struct operation *what)
{
    struct operation *op = bridge_alloc(sizeof *op);
    struct operation **at = &store->queue;

    assert(store == open_store && !store->on_closed);
    *op = *what;
    while (*at)
        at = &(*at)->next;
    *at = op;
}

static void apply_tally(struct store *store, struct tally *tally)
{
    struct tally **at = find_tally(store, tally->counter.domain, tally->counter.user);

    if (*at) {
        struct tally *old = *at;
        *at = old->next;
        if (old->counter.day == tally->counter.day &&
            old->counter.messages > tally->counter.messages)
            tally->counter.messages = old->counter.messages;
        tally_free(old);
    }
    tally->next = store->tallies;
    store->tallies = tally;
}

/* `user` NULL: everybody's */
static void forget_tallies(struct store *store, int64_t day, const char *user)
{
    struct tally **at = &store->tallies;

    while (*at) {
        struct tally *tally = *at;
        if (tally->counter.day < day && (!user || !strcmp(tally->counter.user, user))) {
            *at = tally->next;
            tally_free(tally);
        } else {
            at = &tally->next;
        }
    }
}

static void forget_rows(struct store *store, const char *user)
{
    struct row **at = &store->rows;

    while (*at) {
        struct row *row = *at;
        if (!strcmp(row->contact.user, user)) {
            *at = row->next;
            row_free(row);
        } else {
            at = &row->next;
        }
    }
}

static void apply_row(struct store *store, struct operation *op)
{
    struct row **at = find(store, &op->row->contact);

    if (*at) {
        struct row *old = *at;
        *at = old->next;
        row_free(old);
    }
    if (op->remove) {
        row_free(op->row);
    } else {
        op->row->next = store->rows;
        store->rows = op->row;
    }
}

static void apply(struct store *store, struct operation *op)
{
    if (op->row)
        apply_row(store, op);
    else if (op->tally)
        apply_tally(store, op->tally);
    else
        forget_tallies(store, op->day, op->user);
    if (op->user)
        forget_rows(store, op->user);
}

static void drop(struct operation *op)
{
    if (op->row)
        row_free(op->row);
    if (op->tally)
        tally_free(op->tally);
}

static void tell_health(struct store *store)
{
    if (store->trouble.code == failure.code)
        return;
    store->trouble = failure;
    if (store->on_health)
        store->on_health(store->health_arg, failure.code == BRIDGE_OK ? NULL : &failure);
}

static void run_queue(struct store *store)
{
    struct operation *list = store->queue;
    const struct bridge_error *why = failure.code == BRIDGE_OK ? NULL : &failure;

    store->queue = NULL;
    tell_health(store);
    while (list) {
        struct operation *op = list;
        list = op->next;
        if (why)
            drop(op);
        else
            apply(store, op);
        if (op->done)
            op->done(op->arg, why);
        free(op->user);
        free(op);
    }
    failure.code = BRIDGE_OK;
}

bool fake_store_commit(void)
{
    struct store *store = open_store;

    if (!store || (!store->queue && !store->on_closed))
        return false;
    run_queue(store);
    if (store->on_closed) {
        open_store = NULL;
        while (store->rows) {
            struct row *row = store->rows;
            store->rows = row->next;
            row_free(row);
        }
        forget_tallies(store, INT64_MAX, NULL);
        store->on_closed(store->arg);
        free(store);
    }
    return true;
}

void fake_store_fail(const char *text)
{
    bridge_fail(&failure, BRIDGE_RETRY, "%s", text);
}

size_t fake_store_contacts(void)
{
    size_t count = 0;

    for (struct row *row = open_store ? open_store->rows : NULL; row; row = row->next)
        count++;
    return count;
}

/* --- store.h ------------------------------------------------------------------ */

struct store *store_open(uv_loop_t *loop, const char *path, struct bridge_error *err)
{
    (void)loop;
    if (!strcmp(path, FAKE_STORE_BAD_PATH)) {
        bridge_fail(err, BRIDGE_INVALID, "cannot open %s", path);
        return NULL;
    }
    assert(!open_store);
    open_store = bridge_alloc(sizeof *open_store);
    return open_store;
}

void store_close(struct store *store, void (*on_closed)(void *arg), void *arg)
{
    assert(store == open_store && !store->on_closed);
    store->on_closed = on_closed;
    store->arg = arg;
}

void store_on_health(struct store *store, void (*cb)(void *arg, const struct bridge_error *why),
                     void *arg)
{
    store->on_health = cb;
    store->health_arg = arg;
}

const struct bridge_error *store_trouble(const struct store *store)
{
    return store->trouble.code == BRIDGE_OK ? NULL : &store->trouble;
}

void store_contact_put(struct store *store, const struct store_contact *contact,
                       store_done *done, void *arg)
{
    struct row *row = row_new(contact->domain, contact->user, contact->address);

    row->contact.name = bridge_strdup(contact->name);
    row->contact.subscription = contact->subscription;
    queue(store, &(struct operation){ .row = row, .done = done, .arg = arg });
}

void store_contact_remove(struct store *store, const char *domain, const char *user,
                          const char *address, store_done *done, void *arg)
{
    queue(store, &(struct operation){ .row = row_new(domain, user, address), .remove = true,
                                      .done = done, .arg = arg });
}

bool store_contact_find(struct store *store, const char *domain, const char *user,
                        const char *address, struct store_contact *out)
{
    const struct store_contact key = { .domain = domain, .user = user, .address = address };

    assert(store == open_store && !store->on_closed);
    struct row *row = *find(store, &key);
    if (row)
        *out = row->contact;
    return row != NULL;
}

void store_contact_each(struct store *store, const char *domain, const char *user,
                        bool (*each)(void *arg, const struct store_contact *contact), void *arg)
{
    assert(store == open_store && !store->on_closed);
    for (struct row *row = store->rows; row; row = row->next) {
        const struct store_contact *c = &row->contact;
        if (!strcmp(c->domain, domain) && (!user || !strcmp(c->user, user)) && !each(arg, c))
            return;
    }
}

void store_counter_put(struct store *store, const struct store_counter *counter,
                       store_done *done, void *arg)
{
    struct tally *tally = bridge_alloc(sizeof *tally);

    tally->counter = *counter;
    tally->counter.domain = bridge_strdup(counter->domain);
    tally->counter.user = bridge_strdup(counter->user);
    queue(store, &(struct operation){ .tally = tally, .done = done, .arg = arg });
}

int64_t store_counter_get(struct store *store, const char *domain, const char *user,
                          int64_t day)
{
    assert(store == open_store && !store->on_closed);
    const struct tally *tally = *find_tally(store, domain, user);
    return tally && tally->counter.day == day ? tally->counter.messages : 0;
}

void store_counters_forget(struct store *store, int64_t day, store_done *done, void *arg)
{
    queue(store, &(struct operation){ .day = day, .done = done, .arg = arg });
}

void store_user_contacts(struct store *store, const char *user,
                         bool (*each)(void *arg, const struct store_contact *contact), void *arg)
{
    assert(store == open_store && !store->on_closed);
    for (struct row *row = store->rows; row; row = row->next) {
        if (!strcmp(row->contact.user, user) && !each(arg, &row->contact))
            return;
    }
}

void store_user_counters(struct store *store, const char *user,
                         bool (*each)(void *arg, const struct store_counter *counter), void *arg)
{
    assert(store == open_store && !store->on_closed);
    for (struct tally *tally = store->tallies; tally; tally = tally->next) {
        if (!strcmp(tally->counter.user, user) && !each(arg, &tally->counter))
            return;
    }
}

void store_user_remove(struct store *store, const char *domain, const char *user, int64_t today,
                       store_done *done, void *arg)
{
    assert(!domain);
    queue(store, &(struct operation){ .user = bridge_strdup(user), .day = today, .done = done,
                                      .arg = arg });
}
