#include "fake_store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/strbuf.h>

#define DAY_MS (24 * 60 * 60 * 1000)

enum table { ACCOUNT, ACTIVITY, CONTACT, COUNTER, EXPENSE, INVITATION, SETTING };

/* A row of any table. Its key is the table and the first four columns; what a table
 * does not have is "". */
struct row {
    struct row *next;
    enum table table;
    char *domain, *user, *address;
    char *key;   /* of a setting; an invitation's code */
    char *value; /* of a setting; a contact's name; may be NULL */
    int64_t day; /* of a counter or the last activity; an account's or invitation's time */
    int64_t number; /* a contact's subscription, a counter's messages */
};

enum verb { PUT, REMOVE, FORGET_COUNTERS, FORGET_USER };

/* Part of an operation: all of them are done, or none. */
struct step {
    struct step *next;
    enum verb verb;
    struct row row;
};

struct operation {
    struct operation *next;
    struct step *steps;
    fake_store_apply *apply; /* and this; NULL: nothing */
    void *apply_arg;
    char *invitation; /* is used up; NULL: needs none */
    store_done *done;
    void *arg;
};

struct store {
    struct row *rows; /* sorted */
    struct operation *queue; /* oldest first */
    void (*on_closed)(void *arg);
    void *arg;
    void (*on_health)(void *arg, const struct bridge_error *why);
    void *health_arg;
    struct bridge_error trouble;
};

static struct store *open_store;
static struct bridge_error failure;

/* --- rows --------------------------------------------------------------------- */

static char *copy(const char *text)
{
    return bridge_strdup(text ? text : "");
}

static struct row row_copy(const struct row *row)
{
    return (struct row){ .table = row->table,
                         .domain = copy(row->domain),
                         .user = copy(row->user),
                         .address = copy(row->address),
                         .key = copy(row->key),
                         .value = bridge_strdup(row->value),
                         .day = row->day,
                         .number = row->number };
}

static void row_release(struct row *row)
{
    free(row->domain);
    free(row->user);
    free(row->address);
    free(row->key);
    free(row->value);
}

static int row_compare(const struct row *a, const struct row *b)
{
    int order = (int)a->table - (int)b->table;

    if (!order)
        order = strcmp(a->domain, b->domain);
    if (!order)
        order = strcmp(a->user, b->user);
    if (!order)
        order = strcmp(a->address, b->address);
    return order ? order : strcmp(a->key, b->key);
}

static void remove_at(struct row **at)
{
    struct row *row = *at;

    *at = row->next;
    row_release(row);
    free(row);
}

/* Where it is, or would be. */
static struct row **place_of(struct store *store, const struct row *key)
{
    struct row **at = &store->rows;

    while (*at && row_compare(*at, key) < 0)
        at = &(*at)->next;
    return at;
}

static struct row **find_place(struct store *store, const struct row *key)
{
    struct row **at = place_of(store, key);

    return *at && !row_compare(*at, key) ? at : NULL;
}

#define KEY(...) row_copy(&(struct row){ __VA_ARGS__ })

/* Borrowed; NULL: there is none. */
static const struct row *find(struct store *store, struct row key)
{
    assert(store == open_store && !store->on_closed);
    struct row **at = find_place(store, &key);
    row_release(&key);
    return at ? *at : NULL;
}

static bool is_of(const struct row *row, enum table table, const char *domain, const char *user)
{
    return row->table == table && (!domain || !strcmp(row->domain, domain)) &&
           (!user || !strcmp(row->user, user));
}

/* The next row of a walk; NULL columns are any. */
static const struct row *next_of(struct store *store, const struct row *row, enum table table,
                                 const char *domain, const char *user)
{
    assert(store == open_store && !store->on_closed);
    for (row = row ? row->next : store->rows; row; row = row->next) {
        if (is_of(row, table, domain, user))
            return row;
    }
    return NULL;
}

/* --- writing ------------------------------------------------------------------ */

static struct operation *queue(struct store *store, store_done *done, void *arg)
{
    struct operation *op = bridge_alloc(sizeof *op);
    struct operation **at = &store->queue;

    assert(store == open_store && !store->on_closed);
    op->done = done;
    op->arg = arg;
    while (*at)
        at = &(*at)->next;
    *at = op;
    return op;
}

static void add_step(struct operation *op, enum verb verb, const struct row *row)
{
    struct step *step = bridge_alloc(sizeof *step);
    struct step **at = &op->steps;

    step->verb = verb;
    step->row = row_copy(row);
    while (*at)
        at = &(*at)->next;
    *at = step;
}

/* What a row that stands already has to say. */
static void merge(struct row *row, const struct row *old)
{
    if (row->table == COUNTER && row->day == old->day && row->number < old->number)
        row->number = old->number;
    if (row->table == ACTIVITY && row->day < old->day)
        row->day = old->day;
    if (row->table == ACCOUNT)
        row->day = old->day;
}

static void put(struct store *store, const struct row *given)
{
    struct row *row = bridge_alloc(sizeof *row);
    struct row **at = place_of(store, given);

    *row = row_copy(given);
    if (*at && !row_compare(*at, row)) {
        merge(row, *at);
        remove_at(at);
    }
    row->next = *at;
    *at = row;
}

/* Everybody's counters of the days before. */
static bool is_past_counter(const struct row *row, const struct row *what)
{
    return (row->table == COUNTER || row->table == EXPENSE) && row->day < what->day;
}

/* All that is about the user, here or ("") anywhere. */
static bool is_about(const struct row *row, const struct row *what)
{
    return !strcmp(row->user, what->user) &&
           (!*what->domain || !strcmp(row->domain, what->domain)) &&
           ((row->table != COUNTER && row->table != EXPENSE) || row->day < what->day);
}

static void forget(struct store *store, const struct row *what,
                   bool (*is_meant)(const struct row *row, const struct row *what))
{
    struct row **at = &store->rows;

    while (*at) {
        if (is_meant(*at, what))
            remove_at(at);
        else
            at = &(*at)->next;
    }
}

static bool is_trace(const struct row *row, const struct row *what)
{
    return row->table == ACTIVITY && !strcmp(row->user, what->user);
}

/* Who has nothing left anywhere was never here. */
static void forget_user(struct store *store, const struct row *what)
{
    bool left = false;

    forget(store, what, is_about);
    for (const struct row *row = store->rows; row; row = row->next)
        left = left || (!strcmp(row->user, what->user) && row->table != ACTIVITY &&
                        row->table != COUNTER);
    if (!left)
        forget(store, what, is_trace);
}

static void run_step(struct store *store, const struct step *step)
{
    struct row **at = find_place(store, &step->row);

    if (step->verb == PUT)
        put(store, &step->row);
    else if (step->verb == REMOVE && at)
        remove_at(at);
    else if (step->verb == FORGET_COUNTERS)
        forget(store, &step->row, is_past_counter);
    else if (step->verb == FORGET_USER)
        forget_user(store, &step->row);
}

static struct row **find_invitation(struct store *store, const char *code)
{
    struct row **at = &store->rows;

    while (*at && ((*at)->table != INVITATION || strcmp((*at)->key, code)))
        at = &(*at)->next;
    return *at ? at : NULL;
}

static int use_invitation(struct store *store, const char *code, const char *domain,
                          struct bridge_error *err)
{
    struct row **at = find_invitation(store, code);

    if (!at || strcmp((*at)->domain, domain) || (*at)->day <= clock_wall())
        return bridge_fail(err, BRIDGE_MEMBERSHIP, "the invitation is not good (any more)");
    remove_at(at);
    return 0;
}

static int apply(struct store *store, const struct operation *op, struct bridge_error *err)
{
    const struct row *first = op->steps ? &op->steps->row : NULL;

    if (op->invitation && use_invitation(store, op->invitation, first->domain, err))
        return -1;
    if (first && first->table == INVITATION && op->steps->verb == PUT &&
        find_invitation(store, first->key))
        return bridge_fail(err, BRIDGE_INVALID, "there is such a code already");
    for (const struct step *step = op->steps; step; step = step->next)
        run_step(store, step);
    return op->apply ? op->apply(op->apply_arg, true, err) : 0;
}

static void operation_free(struct operation *op)
{
    while (op->steps) {
        struct step *step = op->steps;
        op->steps = step->next;
        row_release(&step->row);
        free(step);
    }
    free(op->invitation);
    free(op);
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
    bool fails = failure.code != BRIDGE_OK;

    store->queue = NULL;
    tell_health(store);
    while (list) {
        struct operation *op = list;
        struct bridge_error why = failure;
        bool bad = fails || apply(store, op, &why);
        if (fails && op->apply)
            op->apply(op->apply_arg, false, &why);
        list = op->next;
        if (op->done)
            op->done(op->arg, bad ? &why : NULL);
        operation_free(op);
    }
    failure.code = BRIDGE_OK;
}

void fake_store_queue(fake_store_apply *change, void *change_arg, store_done *done, void *arg)
{
    struct operation *op = bridge_alloc(sizeof *op), **at = &open_store->queue;

    assert(!open_store->on_closed);
    *op = (struct operation){ .apply = change, .apply_arg = change_arg, .done = done, .arg = arg };
    while (*at)
        at = &(*at)->next;
    *at = op;
}

bool fake_store_commit(void)
{
    struct store *store = open_store;

    if (!store || (!store->queue && !store->on_closed))
        return false;
    run_queue(store);
    if (store->on_closed) {
        open_store = NULL;
        while (store->rows)
            remove_at(&store->rows);
        fake_deliveries_clear();
        store->on_closed(store->arg);
        free(store);
    }
    return true;
}

void fake_store_fail(const char *text)
{
    bridge_fail(&failure, BRIDGE_RETRY, "%s", text);
}

static size_t count_rows(bool of_contacts)
{
    size_t count = 0;

    for (struct row *row = open_store ? open_store->rows : NULL; row; row = row->next)
        count += !of_contacts || row->table == CONTACT;
    return count;
}

size_t fake_store_contacts(void)
{
    return count_rows(true);
}

size_t fake_store_rows(void)
{
    return count_rows(false);
}

/* --- store.h: the store ------------------------------------------------------- */

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

/* The one that is open. */
struct store *store_open_reader(const char *path, struct bridge_error *err)
{
    if (open_store && strcmp(path, FAKE_STORE_BAD_PATH) != 0)
        return open_store;
    bridge_fail(err, BRIDGE_INVALID, "cannot open %s", path);
    return NULL;
}

void store_close_reader(struct store *store)
{
    assert(store == open_store);
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

const double store_commit_bounds[STORE_COMMIT_BOUNDS] = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5,
};

struct store_figures fake_store_figures;

void store_figures(const struct store *store, struct store_figures *out)
{
    (void)store;
    *out = fake_store_figures;
}

const struct bridge_error *store_trouble(const struct store *store)
{
    return store->trouble.code == BRIDGE_OK ? NULL : &store->trouble;
}

/* --- contacts ----------------------------------------------------------------- */

static struct store_contact contact_of(const struct row *row)
{
    return (struct store_contact){ .domain = row->domain,
                                   .user = row->user,
                                   .address = row->address,
                                   .name = row->value,
                                   .subscription = (unsigned)row->number };
}

void store_contact_put(struct store *store, const struct store_contact *c, store_done *done,
                       void *arg)
{
    const struct row row = { .table = CONTACT,
                             .domain = (char *)c->domain,
                             .user = (char *)c->user,
                             .address = (char *)c->address,
                             .value = (char *)c->name,
                             .number = c->subscription };

    add_step(queue(store, done, arg), PUT, &row);
}

void store_contact_remove(struct store *store, const char *domain, const char *user,
                          const char *address, store_done *done, void *arg)
{
    const struct row row = { .table = CONTACT, .domain = (char *)domain, .user = (char *)user,
                             .address = (char *)address };

    add_step(queue(store, done, arg), REMOVE, &row);
}

bool store_contact_find(struct store *store, const char *domain, const char *user,
                        const char *address, struct store_contact *out)
{
    const struct row *row = find(store, KEY(.table = CONTACT, .domain = (char *)domain,
                                            .user = (char *)user, .address = (char *)address));

    if (row)
        *out = contact_of(row);
    return row != NULL;
}

void store_contact_each(struct store *store, const char *domain, const char *user,
                        bool (*each)(void *arg, const struct store_contact *contact), void *arg)
{
    const struct row *row = NULL;

    while ((row = next_of(store, row, CONTACT, domain, user))) {
        const struct store_contact contact = contact_of(row);
        if (!each(arg, &contact))
            return;
    }
}

void store_contact_owners(struct store *store, const char *domain, const char *after,
                          bool (*each)(void *arg, const char *user), void *arg)
{
    const struct row *row = NULL;
    const char *last = after;

    while ((row = next_of(store, row, CONTACT, domain, NULL))) {
        if (last && strcmp(row->user, last) <= 0)
            continue;
        last = row->user;
        if (!each(arg, last))
            return;
    }
}

/* --- accounts and settings ---------------------------------------------------- */

static struct store_setting setting_of(const struct row *row)
{
    return (struct store_setting){ .domain = row->domain,
                                   .user = row->user,
                                   .address = row->address,
                                   .key = row->key,
                                   .value = row->value };
}

static void add_settings(struct operation *op, const struct store_setting *settings,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct store_setting *s = &settings[i];
        const struct row row = { .table = SETTING,
                                 .domain = (char *)s->domain,
                                 .user = (char *)s->user,
                                 .address = (char *)s->address,
                                 .key = (char *)s->key,
                                 .value = (char *)s->value };
        add_step(op, s->value ? PUT : REMOVE, &row);
    }
}

static void add_activity(struct operation *op, const char *user, int64_t day)
{
    add_step(op, PUT, &(struct row){ .table = ACTIVITY, .user = (char *)user, .day = day });
}

void store_settings_put(struct store *store, const struct store_setting *settings, size_t count,
                        store_done *done, void *arg)
{
    struct operation *op = queue(store, done, arg);

    assert(count > 0);
    add_settings(op, settings, count);
    add_activity(op, settings[0].user, clock_wall() / DAY_MS);
}

bool store_setting_get(struct store *store, const char *domain, const char *user,
                       const char *address, const char *key, struct strbuf *value)
{
    const struct row *row = find(store, KEY(.table = SETTING, .domain = (char *)domain,
                                            .user = (char *)user, .address = (char *)address,
                                            .key = (char *)key));

    if (row)
        strbuf_adds(value, row->value);
    return row != NULL;
}

bool store_setting_owner(struct store *store, const char *domain, const char *key,
                         const char *value, struct strbuf *user)
{
    const struct row *row = NULL;

    while ((row = next_of(store, row, SETTING, domain, NULL))) {
        if (!*row->address && !strcmp(row->key, key) && !strcmp(row->value, value)) {
            strbuf_adds(user, row->user);
            return true;
        }
    }
    return false;
}

void store_setting_each(struct store *store, const char *domain, const char *user,
                        const char *address,
                        bool (*each)(void *arg, const struct store_setting *setting), void *arg)
{
    const struct row *row = NULL;

    while ((row = next_of(store, row, SETTING, domain, user))) {
        const struct store_setting setting = setting_of(row);
        if ((!address || !strcmp(row->address, address)) && !each(arg, &setting))
            return;
    }
}

void store_account_put(struct store *store, const char *domain, const char *user,
                       const struct store_setting *settings, size_t count,
                       const char *invitation, store_done *done, void *arg)
{
    struct operation *op = queue(store, done, arg);
    const struct row row = { .table = ACCOUNT, .domain = (char *)domain, .user = (char *)user,
                             .day = clock_wall() };

    op->invitation = bridge_strdup(invitation);
    add_step(op, PUT, &row);
    add_settings(op, settings, count);
    add_activity(op, user, clock_wall() / DAY_MS);
}

bool store_account_find(struct store *store, const char *domain, const char *user,
                        int64_t *since)
{
    const struct row *row = find(store, KEY(.table = ACCOUNT, .domain = (char *)domain,
                                            .user = (char *)user));

    if (row && since)
        *since = row->day;
    return row != NULL;
}

void store_account_each(struct store *store, const char *domain, const char *after,
                        bool (*each)(void *arg, const char *user, int64_t since), void *arg)
{
    const struct row *row = NULL;

    while ((row = next_of(store, row, ACCOUNT, domain, NULL))) {
        if ((!after || strcmp(row->user, after) > 0) && !each(arg, row->user, row->day))
            return;
    }
}

static bool is_expired(const struct row *row, const struct row *what)
{
    return row->table == INVITATION && row->day <= what->day;
}

void store_invitation_put(struct store *store, const struct store_invitation *invitation,
                          store_done *done, void *arg)
{
    const struct row row = { .table = INVITATION,
                             .domain = (char *)invitation->domain,
                             .user = (char *)invitation->maker,
                             .key = (char *)invitation->code,
                             .day = invitation->expires };

    forget(store, &(struct row){ .day = clock_wall() }, is_expired);
    add_step(queue(store, done, arg), PUT, &row);
}

/* --- counters ----------------------------------------------------------------- */

void store_counter_put(struct store *store, const struct store_counter *counter,
                       store_done *done, void *arg)
{
    const struct row row = { .table = COUNTER,
                             .domain = (char *)counter->domain,
                             .user = (char *)counter->user,
                             .day = counter->day,
                             .number = counter->messages };

    add_step(queue(store, done, arg), PUT, &row);
}

int64_t store_counter_get(struct store *store, const char *domain, const char *user,
                          int64_t day)
{
    const struct row *row = find(store, KEY(.table = COUNTER, .domain = (char *)domain,
                                            .user = (char *)user));

    return row && row->day == day ? row->number : 0;
}

void store_counters_forget(struct store *store, int64_t day, store_done *done, void *arg)
{
    add_step(queue(store, done, arg), FORGET_COUNTERS, &(struct row){ .day = day });
}

void store_expense_put(struct store *store, const char *domain, const char *user, int64_t day,
                       int64_t spent, store_done *done, void *arg)
{
    const struct row row = { .table = EXPENSE, .domain = (char *)domain, .user = (char *)user,
                             .day = day, .number = spent };

    add_step(queue(store, done, arg), PUT, &row);
}

int64_t store_expense_get(struct store *store, const char *domain, const char *user,
                          int64_t day)
{
    const struct row *row = find(store, KEY(.table = EXPENSE, .domain = (char *)domain,
                                            .user = (char *)user));

    return row && row->day == day ? row->number : 0;
}

void store_user_expenses(struct store *store, const char *user,
                         bool (*each)(void *arg, const char *domain, int64_t day, int64_t spent),
                         void *arg)
{
    const struct row *row = NULL;

    while ((row = next_of(store, row, EXPENSE, NULL, user)) &&
           each(arg, row->domain, row->day, row->number))
        continue;
}

/* --- users -------------------------------------------------------------------- */

void store_user_contacts(struct store *store, const char *user,
                         bool (*each)(void *arg, const struct store_contact *contact), void *arg)
{
    store_contact_each(store, NULL, user, each, arg);
}

void store_user_counters(struct store *store, const char *user,
                         bool (*each)(void *arg, const struct store_counter *counter), void *arg)
{
    const struct row *row = NULL;

    while ((row = next_of(store, row, COUNTER, NULL, user))) {
        const struct store_counter counter = { .domain = row->domain,
                                               .user = row->user,
                                               .day = row->day,
                                               .messages = row->number };
        if (!each(arg, &counter))
            return;
    }
}

void store_user_accounts(struct store *store, const char *user,
                         bool (*each)(void *arg, const char *domain, int64_t since), void *arg)
{
    const struct row *row = NULL;

    while ((row = next_of(store, row, ACCOUNT, NULL, user))) {
        if (!each(arg, row->domain, row->day))
            return;
    }
}

void store_user_settings(struct store *store, const char *user,
                         bool (*each)(void *arg, const struct store_setting *setting),
                         void *arg)
{
    store_setting_each(store, NULL, user, NULL, each, arg);
}

void store_user_invitations(struct store *store, const char *user,
                            bool (*each)(void *arg, const struct store_invitation *invitation),
                            void *arg)
{
    const struct row *row = NULL;

    while ((row = next_of(store, row, INVITATION, NULL, user))) {
        const struct store_invitation invitation = { .code = row->key,
                                                     .domain = row->domain,
                                                     .maker = row->user,
                                                     .expires = row->day };
        if (!each(arg, &invitation))
            return;
    }
}

bool store_user_day(struct store *store, const char *user, int64_t *day)
{
    const struct row *row = find(store, KEY(.table = ACTIVITY, .user = (char *)user));

    if (row)
        *day = row->day;
    return row != NULL;
}

void store_user_seen(struct store *store, const char *user, int64_t day, store_done *done,
                     void *arg)
{
    add_activity(queue(store, done, arg), user, day);
}

struct store_census {
    int64_t today;
    store_census_done *done; /* NULL: cancelled */
    void *arg;
};

static bool is_lapsed(struct store *store, const struct row *row, int64_t today)
{
    int64_t day;

    return !*row->address && !strcmp(row->key, "keep-days") &&
           store_user_day(store, row->user, &day) && day + atoll(row->value) < today;
}

static void on_lapsed(void *arg, const struct bridge_error *why)
{
    struct store_census *census = arg;
    struct store *store = open_store;
    struct store_census_user *users = bridge_alloc(count_rows(false) * sizeof *users + 1);
    const struct row *row = NULL;
    size_t count = 0;

    while (census->done && !why && (row = next_of(store, row, SETTING, "", NULL))) {
        if (is_lapsed(store, row, census->today))
            users[count++].user = bridge_strdup(row->user);
    }
    if (census->done)
        census->done(census->arg, users, count, why);
    else
        store_census_free(users, count);
    free(census);
}

struct store_census *store_lapsed(struct store *store, int64_t today, store_census_done *done,
                                  void *arg)
{
    struct store_census *census = bridge_alloc(sizeof *census);

    *census = (struct store_census){ .today = today, .done = done, .arg = arg };
    queue(store, on_lapsed, census); /* no step: it only comes in its turn */
    return census;
}

/* Weak: test_verb.c looks on with functions of its own. */
__attribute__((weak)) void store_census_cancel(struct store_census *census)
{
    census->done = NULL;
}

__attribute__((weak)) void store_census_free(struct store_census_user *users, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(users[i].user);
    free(users);
}

void store_user_remove(struct store *store, const char *domain, const char *user, int64_t today,
                       store_done *done, void *arg)
{
    const struct row row = { .domain = (char *)domain, .user = (char *)user, .day = today };

    add_step(queue(store, done, arg), FORGET_USER, &row);
}
