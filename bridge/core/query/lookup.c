#include "lookup.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <bridge/clock.h>
#include <bridge/host.h>
#include <bridge/map.h>
#include <bridge/words.h>

#include "addressee.h"
#include "core.h"

struct asker {
    lookup_done *done;
    void *arg;
    STAILQ_ENTRY(asker) next;
};
STAILQ_HEAD(askers, asker);

/* A question. It waits for its turn; then it is with the network until that has
 * answered, and if that takes too long, nobody asks any more: then it is in
 * neither queue. */
struct bridge_lookup {
    struct bridge_session *session;
    char *contact;
    struct askers askers;
    bool running; /* with the network */
    uint64_t deadline;
    TAILQ_ENTRY(bridge_lookup) in_time, in_turn;
};
TAILQ_HEAD(lookup_queue, bridge_lookup);

struct lookups {
    struct lookup_queue by_deadline; /* those for which somebody waits */
    uv_timer_t timer;                /* to the first deadline */
};

struct session_lookups {
    struct map by_contact;
    struct lookup_queue waiting; /* for their turn */
    unsigned running;
    unsigned askers;
    bool busy; /* start_waiting() is under way, or the session ends */
};

/* --- deadlines --------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

static void set_timer(struct lookups *all)
{
    const struct bridge_lookup *first = TAILQ_FIRST(&all->by_deadline);
    uint64_t now = clock_monotonic();

    if (first)
        uv_timer_start(&all->timer, on_timer, first->deadline > now ? first->deadline - now : 0,
                       0);
    else
        uv_timer_stop(&all->timer);
}

static void begin_wait(struct bridge_lookup *lookup)
{
    struct lookups *all = lookup->session->host->core->lookups;

    lookup->deadline = clock_monotonic() + LOOKUP_WAIT_MS;
    TAILQ_INSERT_TAIL(&all->by_deadline, lookup, in_time);
    if (TAILQ_FIRST(&all->by_deadline) == lookup)
        set_timer(all);
}

/* --- ends -------------------------------------------------------------------------- */

static void answer(struct bridge_lookup *lookup, const struct bridge_card *card,
                   const struct bridge_error *why)
{
    struct session_lookups *own = lookup->session->lookups;
    struct asker *asker;

    if (!STAILQ_EMPTY(&lookup->askers))
        TAILQ_REMOVE(&lookup->session->host->core->lookups->by_deadline, lookup, in_time);
    while ((asker = STAILQ_FIRST(&lookup->askers))) {
        STAILQ_REMOVE_HEAD(&lookup->askers, next);
        own->askers--;
        asker->done(asker->arg, card, why);
        free(asker);
    }
}

static void lookup_free(struct bridge_lookup *lookup)
{
    struct session_lookups *own = lookup->session->lookups;

    map_removes(&own->by_contact, lookup->contact);
    if (lookup->running)
        own->running--;
    else
        TAILQ_REMOVE(&own->waiting, lookup, in_turn);
    free(lookup->contact);
    free(lookup);
}

/* The network answers some at once, within our call of it: then the loop that is
 * under way goes on. */
static void start_waiting(struct bridge_session *session)
{
    struct session_lookups *own = session->lookups;
    struct bridge_lookup *lookup;

    if (own->busy)
        return;
    own->busy = true;
    while (own->running < LOOKUP_RUNNING_MAX && (lookup = TAILQ_FIRST(&own->waiting))) {
        TAILQ_REMOVE(&own->waiting, lookup, in_turn);
        lookup->running = true;
        own->running++;
        addressee_of_session(session);
        session->host->transport->lookup(session->data, lookup->contact, lookup);
    }
    own->busy = false;
}

void bridge_lookup_done(struct bridge_lookup *lookup, const struct bridge_card *card,
                        const struct bridge_error *why)
{
    struct bridge_session *session = lookup->session;

    assert(lookup->running);
    answer(lookup, why ? NULL : card, why);
    lookup_free(lookup);
    start_waiting(session);
}

/* The network may still answer what is with it; what has waited in vain is not
 * even asked. */
static void on_timer(uv_timer_t *timer)
{
    struct lookups *all = timer->data;
    uint64_t now = clock_monotonic();
    struct bridge_lookup *first;
    struct bridge_error why;

    while ((first = TAILQ_FIRST(&all->by_deadline)) && first->deadline <= now) {
        addressee_of_session(first->session);
        bridge_fail(&why, BRIDGE_TIMEOUT,
                    _("The network has not said in time who this is; try again later"));
        answer(first, NULL, &why);
        if (!first->running)
            lookup_free(first);
    }
    set_timer(all);
}

void lookup_stop(struct bridge_session *session)
{
    if (session->lookups)
        session->lookups->busy = true;
}

void lookup_release(struct bridge_session *session)
{
    struct session_lookups *own = session->lookups;
    struct bridge_lookup *lookup;
    struct bridge_error why;

    if (!own)
        return;
    addressee_of_session(session);
    bridge_fail(&why, BRIDGE_RETRY,
                _("The connection to the network has ended; try again later"));
    for (size_t i = 0; (lookup = map_next(&own->by_contact, &i)); i = 0) {
        answer(lookup, NULL, &why);
        lookup_free(lookup); /* changes the map: begin again */
    }
    map_release(&own->by_contact);
    free(own);
    session->lookups = NULL;
}

/* --- asking ------------------------------------------------------------------------ */

static struct session_lookups *lookups_of(struct bridge_session *session)
{
    if (!session->lookups) {
        session->lookups = bridge_alloc(sizeof *session->lookups);
        TAILQ_INIT(&session->lookups->waiting);
    }
    return session->lookups;
}

static struct bridge_lookup *lookup_new(struct bridge_session *session, const char *contact)
{
    struct bridge_lookup *lookup = bridge_alloc(sizeof *lookup);

    lookup->session = session;
    lookup->contact = bridge_strdup(contact);
    STAILQ_INIT(&lookup->askers);
    map_puts(&session->lookups->by_contact, lookup->contact, lookup);
    TAILQ_INSERT_TAIL(&session->lookups->waiting, lookup, in_turn);
    return lookup;
}

static void add_asker(struct bridge_lookup *lookup, lookup_done *done, void *arg)
{
    struct asker *asker = bridge_alloc(sizeof *asker);

    if (STAILQ_EMPTY(&lookup->askers))
        begin_wait(lookup);
    asker->done = done;
    asker->arg = arg;
    STAILQ_INSERT_TAIL(&lookup->askers, asker, next);
    lookup->session->lookups->askers++;
}

int lookup_ask(struct bridge_session *session, const char *contact, lookup_done *done,
               void *arg, struct bridge_error *err)
{
    struct session_lookups *own = lookups_of(session);

    if (own->askers >= LOOKUP_ASKERS_MAX)
        return bridge_fail(err, BRIDGE_BUSY,
                           _("You have asked about too many people at once; try again later"));
    struct bridge_lookup *lookup = map_finds(&own->by_contact, contact);
    if (!lookup)
        lookup = lookup_new(session, contact);
    add_asker(lookup, done, arg);
    start_waiting(session);
    return 0;
}

/* --- life -------------------------------------------------------------------------- */

struct lookups *lookups_new(uv_loop_t *loop)
{
    struct lookups *all = bridge_alloc(sizeof *all);

    TAILQ_INIT(&all->by_deadline);
    uv_timer_init(loop, &all->timer);
    all->timer.data = all;
    return all;
}

void lookups_stop(struct lookups *all)
{
    assert(TAILQ_EMPTY(&all->by_deadline));
    uv_close((uv_handle_t *)&all->timer, NULL);
}

void lookups_free(struct lookups *all)
{
    free(all);
}
