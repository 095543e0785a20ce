/* The deliveries of fake_store.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>

#include "delivery_state.h"
#include "fake_store.h"

struct row {
    struct row *next;
    struct store_delivery d; /* its texts are ours */
};

static struct row *rows;  /* by id */
static char *seen[1024];  /* "domain name" */
static size_t seen_count;
static int64_t last;
static struct store_delivery got; /* what the last store_delivery_get() gave */

static const char **texts_of(struct store_delivery *d, size_t n)
{
    const char **texts[] = { &d->domain, &d->user, &d->contact, &d->client,  &d->to,
                             &d->stanza, &d->mark, &d->foreign, &d->body, &d->reason };

    return n < sizeof texts / sizeof *texts ? texts[n] : NULL;
}

static void own_texts(struct store_delivery *d)
{
    const char **text;

    for (size_t i = 0; (text = texts_of(d, i)); i++)
        *text = bridge_strdup(*text);
}

static void free_texts(struct store_delivery *d)
{
    const char **text;

    for (size_t i = 0; (text = texts_of(d, i)); i++) {
        free((char *)*text);
        *text = NULL;
    }
}

static struct row **find(int64_t id)
{
    struct row **at = &rows;

    while (*at && (*at)->d.id < id)
        at = &(*at)->next;
    return at;
}

static void remove_row(struct row **at)
{
    struct row *row = *at;

    *at = row->next;
    free_texts(&row->d);
    free(row);
}

static void insert(const struct store_delivery *d)
{
    struct row **at = find(d->id), *row = bridge_alloc(sizeof *row);

    assert(!*at || (*at)->d.id != d->id);
    row->d = *d;
    own_texts(&row->d);
    row->next = *at;
    *at = row;
    if (d->id > last)
        last = d->id;
}

static char *seen_key(const char *domain, const char *foreign)
{
    struct strbuf key = STRBUF_INIT(65536);

    strbuf_addf(&key, "%s %s", domain, foreign);
    return strbuf_detach(&key);
}

static bool is_seen(const char *key)
{
    for (size_t i = 0; i < seen_count; i++) {
        if (!strcmp(seen[i], key))
            return true;
    }
    return false;
}

/* --- writing ------------------------------------------------------------------------- */

static int apply_put(void *arg, bool ok, struct bridge_error *err)
{
    struct store_delivery *d = arg;
    bool in = d->direction == DELIVERY_IN && d->foreign;
    char *key = in ? seen_key(d->domain, d->foreign) : NULL;
    bool there = (in && is_seen(key)) ||
                 (d->mark && store_delivery_by_mark(NULL, d->domain, d->user, d->contact, d->mark));
    int rc = 0;

    if (ok && there) {
        rc = bridge_fail(err, BRIDGE_CONFLICT, "it is there already");
    } else if (ok) {
        insert(d);
        if (in) {
            assert(seen_count < sizeof seen / sizeof *seen);
            seen[seen_count++] = key;
            key = NULL;
        }
    }
    free(key);
    free_texts(d);
    free(d);
    return rc;
}

void store_delivery_put(struct store *store, const struct store_delivery *delivery,
                        store_done *done, void *arg)
{
    struct store_delivery *copy = bridge_alloc(sizeof *copy);

    (void)store;
    *copy = *delivery;
    own_texts(copy);
    fake_store_queue(apply_put, copy, done, arg);
}

struct change {
    struct store_delivery_change change;
    struct store_delivery notice;
};

static void take(const char **text, const char *with)
{
    if (!with)
        return;
    free((char *)*text);
    *text = bridge_strdup(with);
}

static void change_row(struct row *row, const struct store_delivery_change *c)
{
    row->d.state = c->state;
    row->d.attempts = c->attempts;
    row->d.next = c->next;
    row->d.deadline = c->deadline;
    take(&row->d.foreign, c->foreign);
    take(&row->d.reason, c->reason);
    if (c->forget) {
        free((char *)row->d.body);
        row->d.body = NULL;
    }
}

static int apply_change(void *arg, bool ok, struct bridge_error *err)
{
    struct change *c = arg;
    struct row *row = *find(c->change.id);

    (void)err;
    if (ok && row && row->d.id == c->change.id)
        change_row(row, &c->change);
    if (ok && c->change.notice)
        insert(c->change.notice);
    free((char *)c->change.foreign);
    free((char *)c->change.reason);
    free_texts(&c->notice);
    free(c);
    return 0;
}

void store_delivery_change(struct store *store, const struct store_delivery_change *change,
                           store_done *done, void *arg)
{
    struct change *c = bridge_alloc(sizeof *c);

    (void)store;
    c->change = *change;
    c->change.foreign = bridge_strdup(change->foreign);
    c->change.reason = bridge_strdup(change->reason);
    if (change->notice) {
        c->notice = *change->notice;
        own_texts(&c->notice);
        c->change.notice = &c->notice;
    }
    fake_store_queue(apply_change, c, done, arg);
}

static int apply_remove(void *arg, bool ok, struct bridge_error *err)
{
    int64_t *id = arg;
    struct row **at = find(*id);

    (void)err;
    if (ok && *at && (*at)->d.id == *id)
        remove_row(at);
    free(id);
    return 0;
}

void store_delivery_remove(struct store *store, int64_t id, store_done *done, void *arg)
{
    int64_t *copy = bridge_alloc(sizeof *copy);

    (void)store;
    *copy = id;
    fake_store_queue(apply_remove, copy, done, arg);
}

static int apply_prune(void *arg, bool ok, struct bridge_error *err)
{
    int64_t *now = arg;

    (void)err;
    for (struct row **at = &rows; ok && *at;) {
        if ((*at)->d.state >= DELIVERY_DELIVERED && (*at)->d.deadline < *now)
            remove_row(at);
        else
            at = &(*at)->next;
    }
    free(now);
    return 0;
}

void store_delivery_prune(struct store *store, int64_t now, int64_t seen_before, store_done *done,
                          void *arg)
{
    int64_t *copy = bridge_alloc(sizeof *copy);

    (void)store;
    (void)seen_before;
    *copy = now;
    fake_store_queue(apply_prune, copy, done, arg);
}

/* --- reading ------------------------------------------------------------------------- */

int64_t store_delivery_last(struct store *store)
{
    (void)store;
    return last;
}

bool store_delivery_get(struct store *store, int64_t id, struct store_delivery *out)
{
    struct row *row = *find(id);

    (void)store;
    free_texts(&got);
    if (!row || row->d.id != id)
        return false;
    got = row->d;
    own_texts(&got);
    *out = got;
    return true;
}

static bool same(const char *a, const char *b)
{
    return a && b && !strcmp(a, b);
}

int64_t store_delivery_by_foreign(struct store *store, const char *domain, const char *foreign)
{
    (void)store;
    for (struct row *row = rows; row; row = row->next) {
        if (row->d.direction == DELIVERY_OUT && same(row->d.domain, domain) &&
            same(row->d.foreign, foreign))
            return row->d.id;
    }
    return 0;
}

int64_t store_delivery_by_mark(struct store *store, const char *domain, const char *user,
                               const char *contact, const char *mark)
{
    (void)store;
    for (struct row *row = rows; row; row = row->next) {
        if (same(row->d.domain, domain) && same(row->d.user, user) &&
            same(row->d.contact, contact) && same(row->d.mark, mark))
            return row->d.id;
    }
    return 0;
}

int64_t store_delivery_by_stanza(struct store *store, const char *domain, const char *user,
                                 const char *stanza)
{
    (void)store;
    for (struct row *row = rows; row; row = row->next) {
        if (row->d.direction == DELIVERY_IN && same(row->d.domain, domain) &&
            same(row->d.user, user) && same(row->d.stanza, stanza))
            return row->d.id;
    }
    return 0;
}

bool store_delivery_seen(struct store *store, const char *domain, const char *foreign)
{
    char *key = seen_key(domain, foreign);
    bool found = is_seen(key);

    (void)store;
    free(key);
    return found;
}

void store_delivery_each(struct store *store, const char *domain, unsigned state, int64_t after,
                         bool (*each)(void *arg, const struct store_delivery *delivery), void *arg)
{
    (void)store;
    for (struct row *row = rows; row; row = row->next) {
        if (row->d.id > after && row->d.state == state && same(row->d.domain, domain) &&
            !each(arg, &row->d))
            return;
    }
}

void store_delivery_late(struct store *store, const char *domain, int64_t now,
                         bool (*each)(void *arg, const struct store_delivery *delivery), void *arg)
{
    (void)store;
    for (struct row *row = rows; row; row = row->next) {
        if (row->d.state == DELIVERY_SENT && row->d.deadline < now &&
            same(row->d.domain, domain) && !each(arg, &row->d))
            return;
    }
}

void store_user_deliveries(struct store *store, const char *user,
                           bool (*each)(void *arg, const struct store_delivery *delivery),
                           void *arg)
{
    (void)store;
    for (struct row *row = rows; row; row = row->next) {
        if (same(row->d.user, user) && !each(arg, &row->d))
            return;
    }
}

/* --- for the tests ---------------------------------------------------------------------- */

void fake_deliveries_clear(void)
{
    if (!fake_deliveries_kept)
        fake_deliveries_forget();
}

bool fake_deliveries_kept;

void fake_deliveries_forget(void)
{
    while (rows)
        remove_row(&rows);
    while (seen_count)
        free(seen[--seen_count]);
    free_texts(&got);
    last = 0;
    fake_deliveries_kept = false;
}

size_t fake_deliveries_count(void)
{
    size_t count = 0;

    for (const struct row *row = rows; row; row = row->next)
        count++;
    return count;
}

void fake_deliveries_write(struct strbuf *out)
{
    for (const struct row *row = rows; row; row = row->next)
        strbuf_addf(out, "%lld %s %s %u %s%s%s\n", (long long)row->d.id,
                    row->d.direction == DELIVERY_OUT ? "out" : "in",
                    delivery_word((enum delivery_state)row->d.state), row->d.attempts,
                    row->d.foreign ? row->d.foreign : "-", row->d.body ? " body" : "",
                    row->d.reason ? " reason" : "");
}
