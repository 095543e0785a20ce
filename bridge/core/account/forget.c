#include "forget.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>

#include "contact.h"
#include "delivery.h"
#include "domain.h"
#include "preference.h"
#include "session.h"

#define DAY_MS (24 * 60 * 60 * 1000)

/* Contacts in one turn of the loop, and the time between: a user may have thousands,
 * and others wait for the stream meanwhile. */
#define STEP_CONTACTS 100
#define STEP_MS 20
/* Until a stream that is down may be up again. */
#define WAIT_MS 1000

struct forgetting {
    struct core *core;
    char *domain; /* NULL: all */
    char *user;
    char **pairs; /* domain, address, domain, ...: the contacts that are to be told */
    size_t count;
    size_t size;
    size_t told;
    bool concluded; /* the sessions have been closed */
    uv_timer_t timer;
    store_done *done;
    void *arg;
    struct forgetting *next, **link; /* in core->forgettings, when rows are gone */
};

static bool add_contact(void *arg, const struct store_contact *contact)
{
    struct forgetting *f = arg;

    if (f->domain && strcmp(f->domain, contact->domain))
        return true;
    if (contact->subscription == STORE_SUB_DECLINED) /* is in no roster */
        return true;
    if (f->count == f->size) {
        f->size = f->size ? 2 * f->size : 64;
        f->pairs = bridge_realloc(f->pairs, f->size * sizeof *f->pairs);
    }
    f->pairs[f->count++] = bridge_strdup(contact->domain);
    f->pairs[f->count++] = bridge_strdup(contact->address);
    return true;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* Nothing of it is left but the timer. */
static void release(struct forgetting *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->pairs[i]);
    free(f->pairs);
    free(f->domain);
    free(f->user);
    uv_close((uv_handle_t *)&f->timer, on_timer_closed);
}

static void end(struct forgetting *f)
{
    if (f->link) {
        *f->link = f->next;
        if (f->next)
            f->next->link = f->link;
    }
    release(f);
}

static void answer(struct forgetting *f, const struct bridge_error *why)
{
    if (f->done)
        f->done(f->arg, why);
    f->done = NULL;
}

static struct bridge_host *find_transport(const struct core *core, const char *domain)
{
    for (size_t i = 0; i < core->host_count; i++) {
        if (core->hosts[i]->transport && !strcmp(core->hosts[i]->name, domain))
            return core->hosts[i];
    }
    return NULL;
}

/* False: a stream is down. */
static bool tell_some(struct forgetting *f, size_t most)
{
    for (; f->told < f->count && most; f->told += 2, most--) {
        struct bridge_host *host = find_transport(f->core, f->pairs[f->told]);
        if (!host) /* it is not served any more */
            continue;
        if (!component_is_up(host->component))
            return false;
        contact_drop(host, f->user, f->pairs[f->told + 1]);
    }
    return true;
}

static struct bridge_session *find_session(const struct forgetting *f, size_t i)
{
    struct bridge_host *host = f->core->hosts[i];

    return f->domain && strcmp(f->domain, host->name) != 0 ? NULL : session_find(host, f->user);
}

/* Nothing of what the sessions go on doing is to be stored after the removal. */
static void mark_sessions(const struct forgetting *f, bool leaving)
{
    for (size_t i = 0; i < f->core->host_count; i++) {
        struct bridge_session *session = find_session(f, i);
        if (session)
            session->leaving = leaving;
    }
}

static void close_sessions(const struct forgetting *f)
{
    for (size_t i = 0; i < f->core->host_count; i++) {
        struct bridge_session *session = find_session(f, i);
        if (!session)
            continue;
        contact_drop_all(session); /* watched, but not yet stored */
        session_close(session, "The user has left");
    }
}

/* For who asked it is over. */
static void conclude(struct forgetting *f)
{
    if (!f->concluded)
        close_sessions(f);
    f->concluded = true;
    answer(f, NULL);
}

static void on_timer(uv_timer_t *timer)
{
    struct forgetting *f = timer->data;
    bool up = tell_some(f, STEP_CONTACTS);

    if (f->told == f->count || !up)
        conclude(f);
    if (f->told == f->count)
        end(f);
    else
        uv_timer_start(timer, on_timer, up ? STEP_MS : WAIT_MS, 0);
}

static void enlist(struct forgetting *f)
{
    struct core *core = f->core;

    f->next = core->forgettings;
    f->link = &core->forgettings;
    if (f->next)
        f->next->link = &f->next;
    core->forgettings = f;
}

/* What waits to be delivered, either way. */
static void drop_messages(const struct forgetting *f)
{
    struct core *core = f->core;

    for (size_t i = 0; i < core->host_count; i++) {
        if (!f->domain || !strcmp(f->domain, core->hosts[i]->name))
            deliveries_forget(core->hosts[i]->deliveries, f->user);
    }
}

static void on_removed(void *arg, const struct bridge_error *why)
{
    struct forgetting *f = arg;

    if (why) {
        mark_sessions(f, false);
        answer(f, why);
        end(f);
        return;
    }
    enlist(f);
    drop_messages(f);
    on_timer(&f->timer);
}

void forget_user(struct core *core, const char *domain, const char *user, store_done *done,
                 void *arg)
{
    struct forgetting *f = bridge_alloc(sizeof *f);

    changes_drop(core, domain, user);
    f->core = core;
    f->domain = bridge_strdup(domain);
    f->user = bridge_strdup(user);
    f->done = done;
    f->arg = arg;
    uv_timer_init(core->loop, &f->timer);
    f->timer.data = f;
    mark_sessions(f, true);
    store_user_contacts(core->store, user, add_contact, f);
    store_user_remove(core->store, domain, user, clock_wall() / DAY_MS, on_removed, f);
}

void forget_stop(struct core *core)
{
    while (core->forgettings) {
        struct forgetting *f = core->forgettings;
        tell_some(f, f->count);
        conclude(f);
        end(f);
    }
}
