#include "herald.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/map.h>
#include <uv.h>

#include "client.h"
#include "contact.h"
#include "core.h"
#include "domain.h"
#include "store.h"
#include "watch.h"

struct visit {
    struct visit *next;
    char *user;
    char *after; /* the last contact that was seen to, or NULL */
    enum herald_visit how;
    uint64_t due;
};

struct herald {
    struct bridge_host *host;
    uv_timer_t timer;
    uint64_t wakes;      /* when the timer fires; 0: it does not run */
    bool running;        /* the stream is up */
    bool walking;        /* through those who have contacts */
    char *after;         /* the last one seen to, or NULL */
    struct map visits;   /* by user */
    struct visit *first; /* by due */
    struct visit **last;
};

static void set_text(char **text, const char *to)
{
    char *old = *text;

    *text = bridge_strdup(to);
    free(old);
}

/* --- visits ---------------------------------------------------------------------- */

static void end_first_visit(struct herald *h)
{
    struct visit *v = h->first;

    h->first = v->next;
    if (!h->first)
        h->last = &h->first;
    map_removes(&h->visits, v->user);
    free(v->user);
    free(v->after);
    free(v);
}

static struct visit *visit_new(struct herald *h, const char *user, enum herald_visit how,
                               uint64_t delay)
{
    struct visit *v = bridge_alloc(sizeof *v);

    v->user = bridge_strdup(user);
    v->how = how;
    v->due = clock_monotonic() + delay;
    map_puts(&h->visits, v->user, v);
    return v;
}

/* Contacts of one visit that are still to be shown. */
struct page {
    const struct herald *h;
    const struct visit *visit;
    const struct bridge_session *session; /* NULL: none yet */
    char *addresses[HERALD_BATCH];
    size_t count;
    size_t most;
};

static bool add_to_page(void *arg, const struct store_contact *contact)
{
    struct page *p = arg;
    const char *address = contact->address;

    if (p->visit->after && strcmp(address, p->visit->after) <= 0)
        return true;
    if (!(contact->subscription & STORE_SUB_TO))
        return true;
    if (p->session && watch_is_shown(p->session, address))
        return true;
    p->addresses[p->count++] = bridge_strdup(address);
    return p->count < p->most;
}

/* Show some of the contacts of the first in the queue. Returns how many. */
static size_t visit_some(struct herald *h, size_t most)
{
    struct visit *v = h->first;
    struct page page = {
        .h = h, .visit = v, .session = session_find(h->host, v->user), .most = most
    };

    if (v->how == VISIT_IF_THERE && !(page.session && client_is_there(page.session))) {
        end_first_visit(h);
        return 0;
    }
    store_contact_each(h->host->core->store, h->host->name, v->user, add_to_page, &page);
    for (size_t i = 0; i < page.count; i++) {
        watch_begin(h->host, v->user, page.addresses[i]);
        set_text(&v->after, page.addresses[i]);
        free(page.addresses[i]);
    }
    if (page.count < most)
        end_first_visit(h);
    return page.count;
}

/* --- everybody ------------------------------------------------------------------- */

static bool take_first(void *arg, const char *user)
{
    set_text(arg, user);
    return false;
}

static char *next_owner(struct herald *h)
{
    char *user = NULL;

    store_contact_owners(h->host->core->store, h->host->name, h->after, take_first, &user);
    return user;
}

/* Ahead of those who wait. */
static void put_first(struct herald *h, const char *user)
{
    struct visit *v = visit_new(h, user, VISIT_ANYHOW, 0);

    v->next = h->first;
    h->first = v;
    if (!v->next)
        h->last = &v->next;
}

static void put_last(struct herald *h, const char *user)
{
    struct visit *v = visit_new(h, user, VISIT_IF_THERE, HERALD_DELAY_MS);

    *h->last = v;
    h->last = &v->next;
}

static void see_to_next_owner(struct herald *h)
{
    struct strbuf ear = STRBUF_INIT(4096);
    char *user = next_owner(h);

    h->walking = user != NULL;
    if (user && contact_find_ear(h->host, user, &ear))
        watch_send_type(h->host, user, strbuf_text(&ear), "probe");
    else if (user && !map_finds(&h->visits, user))
        put_first(h, user);
    free(h->after);
    h->after = user;
    strbuf_release(&ear);
}

/* --- turns ----------------------------------------------------------------------- */

static bool visit_is_due(const struct herald *h)
{
    return h->first && h->first->due <= clock_monotonic();
}

bool herald_is_idle(const struct herald *h)
{
    return !h->walking && !visit_is_due(h);
}

static void on_turn(uv_timer_t *timer);

/* Never later than it has been waiting for already, or a crowd that comes one by one
 * would keep it waiting. */
static void wait(struct herald *h)
{
    uint64_t now = clock_monotonic();
    uint64_t due = now + HERALD_PAUSE_MS;

    if (herald_is_idle(h)) {
        if (!h->first)
            return;
        due = h->first->due;
    }
    if (h->wakes && h->wakes <= due)
        return;
    h->wakes = due;
    uv_timer_start(&h->timer, on_turn, due - now, 0);
}

static void take_turn(struct herald *h)
{
    size_t left = HERALD_BATCH;

    while (left && !h->host->congested && !herald_is_idle(h)) {
        if (visit_is_due(h)) {
            left -= visit_some(h, left);
        } else {
            see_to_next_owner(h);
            left--;
        }
    }
    wait(h);
}

static void on_turn(uv_timer_t *timer)
{
    struct herald *h = timer->data;

    h->wakes = 0;
    take_turn(h);
}

/* --- the interface ------------------------------------------------------------------ */

struct herald *herald_new(struct bridge_host *host)
{
    struct herald *h = bridge_alloc(sizeof *h);

    h->host = host;
    h->last = &h->first;
    h->timer.data = h;
    uv_timer_init(host->core->loop, &h->timer);
    return h;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void herald_free(struct herald *h)
{
    if (!h)
        return;
    herald_stop(h);
    map_release(&h->visits);
    uv_close((uv_handle_t *)&h->timer, on_timer_closed);
}

void herald_start(struct herald *h)
{
    h->running = true;
    h->walking = true;
    take_turn(h);
}

void herald_stop(struct herald *h)
{
    h->running = false;
    h->walking = false;
    while (h->first)
        end_first_visit(h);
    set_text(&h->after, NULL);
    uv_timer_stop(&h->timer);
    h->wakes = 0;
}

void herald_visit(struct herald *h, const char *user, enum herald_visit how)
{
    struct visit *v = map_finds(&h->visits, user);

    if (!h->running)
        return;
    if (v && how == VISIT_ANYHOW)
        v->how = how;
    else if (!v && how == VISIT_ANYHOW)
        put_first(h, user);
    else if (!v)
        put_last(h, user);
    wait(h);
}
