#include "delivery_dead.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>

#include "delivery_parts.h"

#define PAGE 500

/* --- looking ----------------------------------------------------------------------- */

struct look {
    bool (*each)(void *arg, const struct store_delivery *letter);
    void *arg;
};

/* Those to a network that failed are not dead: their senders were told. */
static bool look_at(void *arg, const struct store_delivery *row)
{
    const struct look *look = arg;

    return row->direction != DELIVERY_IN || look->each(look->arg, row);
}

void dead_letters_each(struct bridge_host *host, int64_t after,
                       bool (*each)(void *arg, const struct store_delivery *letter), void *arg)
{
    struct look look = { each, arg };

    if (host->deliveries)
        store_delivery_each(host->core->store, host->name, DELIVERY_FAILED, after, look_at, &look);
}

/* --- ending ------------------------------------------------------------------------ */

struct dead_letters_job {
    struct bridge_host *host;
    enum dead_letter_end end;
    int64_t after;
    bool all;
    size_t done, begun, ended;
    struct bridge_error why;
    const struct dead_letters_events *events; /* NULL: nobody waits */
    void *arg;
};

static size_t begin_page(struct dead_letters_job *job);

static void on_page(struct dead_letters_job *job)
{
    if (job->events && job->events->on_progress)
        job->events->on_progress(job->arg, job->done);
    if (job->all && job->why.code == BRIDGE_OK && !job->host->core->stopping && begin_page(job))
        return;
    if (job->events)
        job->events->on_done(job->arg, job->done, job->why.code == BRIDGE_OK ? NULL : &job->why);
    free(job);
}

static void on_ended(struct dead_letters_job *job, const struct bridge_error *why)
{
    if (why)
        job->why = *why;
    else
        job->done++;
    if (++job->ended == job->begun)
        on_page(job);
}

static void on_dropped(void *arg, const struct bridge_error *why)
{
    on_ended(arg, why);
}

/* One that is to be tried again. */
struct revival {
    struct dead_letters_job *job;
    int64_t id;
};

static void on_revived(void *arg, const struct bridge_error *why)
{
    struct revival *r = arg;
    struct deliveries *d = r->job->host->deliveries;
    struct store_delivery row;

    if (!why && !d->stopped && store_delivery_get(d->host->core->store, r->id, &row))
        delivery_enqueue(d, &row);
    on_ended(r->job, why);
    free(r);
}

static void revive(struct dead_letters_job *job, int64_t id)
{
    struct revival *r = bridge_alloc(sizeof *r);

    *r = (struct revival){ job, id };
    store_delivery_change(job->host->core->store,
                          &(struct store_delivery_change){
                              .id = id, .state = DELIVERY_WAITING,
                              .deadline = delivery_deadline(job->host->deliveries) },
                          on_revived, r);
}

struct page {
    int64_t ids[PAGE];
    size_t count;
    size_t most;
};

static bool collect(void *arg, const struct store_delivery *letter)
{
    struct page *page = arg;

    page->ids[page->count++] = letter->id;
    return page->count < page->most;
}

/* How many it is. */
static size_t begin_page(struct dead_letters_job *job)
{
    struct page page = { .most = job->all ? PAGE : 1 };

    dead_letters_each(job->host, job->after, collect, &page);
    if (!job->all && page.count && page.ids[0] != job->after + 1)
        page.count = 0; /* the next one, and not the one that was meant */
    job->begun = page.count;
    job->ended = 0;
    for (size_t i = 0; i < page.count; i++) {
        job->after = page.ids[i];
        if (job->end == DEAD_LETTER_RETRY)
            revive(job, page.ids[i]);
        else
            store_delivery_remove(job->host->core->store, page.ids[i], on_dropped, job);
    }
    return page.count;
}

struct dead_letters_job *dead_letters_end(struct bridge_host *host, enum dead_letter_end end,
                                          int64_t id, const struct dead_letters_events *events,
                                          void *arg)
{
    struct dead_letters_job *job = bridge_alloc(sizeof *job);

    *job = (struct dead_letters_job){ .host = host, .end = end, .after = id ? id - 1 : 0,
                                      .all = !id, .events = events, .arg = arg };
    if (begin_page(job))
        return job;
    free(job);
    return NULL;
}

void dead_letters_leave(struct dead_letters_job *job)
{
    job->events = NULL;
}
