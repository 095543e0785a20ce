#include "delivery_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/log.h>
#include <bridge/words.h>

#include "component.h"

/* In one turn of the loop: handed over, or for so long; rows read. */
#define TURN_MAX 200
#define TURN_NS 2000000
#define PAGE_MAX 2000

/* How long an ended delivery is remembered, so that it is known when its sender, who
 * has seen no receipt, sends it again; and a network's names. */
#define REMEMBER_MS (3 * DAY_MS)
#define SEEN_MS (90 * DAY_MS)

static bool is_dead_letter(const struct delivery_life *life)
{
    return life->direction == DELIVERY_IN && life->state == DELIVERY_FAILED;
}

/* --- what must reach the disk ------------------------------------------------------- */

/* The last word on a delivery, until the disk has it. Kept so that what is reported
 * meanwhile finds the truth, and for another try when the disk fails. */
struct fate {
    int64_t id;
    struct deliveries *d;
    struct delivery_life life;
    char *foreign;
    char *reason;
    bool forget;
    struct store_delivery *notice; /* until it is stored, */
    unsigned notice_with;          /* by this write */
    unsigned begun, ended;         /* writes */
    bool failed;                   /* one of them */
};

static void fate_free(struct fate *fate)
{
    map_remove(&fate->d->fates, (const char *)&fate->id, sizeof fate->id);
    delivery_notice_free(fate->notice);
    free(fate->foreign);
    free(fate->reason);
    free(fate);
}

static void on_fate_written(void *arg, const struct bridge_error *why)
{
    struct fate *fate = arg;
    struct deliveries *d = fate->d;

    fate->ended++;
    if (why) {
        fate->failed = true;
    } else if (fate->notice && fate->ended == fate->notice_with) {
        delivery_stored(d, fate->notice);
        delivery_notice_free(fate->notice);
        fate->notice = NULL;
    }
    if (fate->ended < fate->begun)
        return;
    if (!fate->failed || d->stopped)
        fate_free(fate);
    else
        d->unsaved = true; /* deliveries_store_well() */
}

static void write_fate(struct fate *fate)
{
    const struct store_delivery_change change = {
        .id = fate->id,
        .state = fate->life.state,
        .attempts = fate->life.attempts,
        .next = fate->life.next,
        .deadline = fate->life.deadline,
        .foreign = fate->foreign,
        .reason = fate->reason,
        .forget = fate->forget,
        .notice = fate->notice,
    };

    fate->begun++;
    if (fate->notice)
        fate->notice_with = fate->begun;
    store_delivery_change(fate->d->host->core->store, &change, on_fate_written, fate);
}

static struct fate *fate_get(struct deliveries *d, int64_t id)
{
    struct fate *fate = map_find(&d->fates, (const char *)&id, sizeof id);

    if (!fate) {
        fate = bridge_alloc(sizeof *fate);
        fate->id = id;
        fate->d = d;
        map_put(&d->fates, (const char *)&fate->id, sizeof fate->id, fate);
    }
    return fate;
}

static void replace(char **text, const char *with)
{
    if (!with)
        return;
    free(*text);
    *text = bridge_strdup(with);
}

/* The sender's client, and what it wrote to, are in the row. */
static struct store_delivery *notice_for(struct deliveries *d, int64_t id,
                                         const struct bridge_error *why)
{
    struct store_delivery row;

    if (!store_delivery_get(d->host->core->store, id, &row))
        return NULL;
    return delivery_notice_new(d, &row, why);
}

/* With what was the matter the last time. */
static const struct bridge_error *too_late(struct deliveries *d, int64_t id,
                                           struct bridge_error *why)
{
    struct store_delivery row;
    if (!store_delivery_get(d->host->core->store, id, &row))
        row = (struct store_delivery){ .user = "" };
    delivery_speak_to(d, row.user);
    if (row.reason)
        bridge_fail(why, BRIDGE_RETRY,
                    _("It could not be delivered in time, and is not tried any more: %s"),
                    row.reason);
    else
        bridge_fail(why, BRIDGE_RETRY,
                    _("It could not be delivered in time, and is not tried any more"));
    return why;
}

static void save(struct deliveries *d, int64_t id, const struct delivery_life *life,
                 unsigned actions, const struct report *report)
{
    struct fate *fate = fate_get(d, id);
    const struct bridge_error *why = report->why;
    struct bridge_error late;

    if (!why && actions & DELIVERY_DO_ERROR)
        why = too_late(d, id, &late);
    fate->life = *life;
    replace(&fate->foreign, report->foreign);
    replace(&fate->reason, why ? why->text : NULL);
    fate->forget |= !!(actions & DELIVERY_DO_FORGET);
    if (actions & (DELIVERY_DO_RECEIPT | DELIVERY_DO_ERROR)) {
        assert(!fate->notice); /* it ends once */
        fate->notice = notice_for(d, id, actions & DELIVERY_DO_ERROR ? why : NULL);
    }
    write_fate(fate);
}

void deliveries_store_well(struct deliveries *d)
{
    struct fate *fate;
    size_t i = 0;

    if (!d || !d->unsaved)
        return;
    d->unsaved = false;
    while ((fate = map_next(&d->fates, &i))) {
        if (fate->failed && fate->ended == fate->begun) {
            fate->failed = false;
            write_fate(fate);
        }
    }
}

/* --- what happens --------------------------------------------------------------------- */

static void count(struct deliveries *d, const struct delivery_life *life, unsigned actions)
{
    struct delivery_counts *c = &d->counts;
    bool out = life->direction == DELIVERY_OUT;

    if (!(actions & DELIVERY_DO_SAVE))
        return;
    c->sent += out && life->state == DELIVERY_SENT;
    c->delivered += out && life->state == DELIVERY_DELIVERED;
    c->failed += out && life->state == DELIVERY_FAILED;
    c->proven += !out && life->state == DELIVERY_SENT;
    c->dead += is_dead_letter(life);
}

/* The life changes; *actions says what is to be done. */
static bool change(struct deliveries *d, struct delivery_life *life,
                   const struct delivery_event *event, unsigned *actions)
{
    size_t *hand = life->direction == DELIVERY_OUT ? &d->out_hand : &d->in_hand;
    enum delivery_state before = life->state;

    *actions = delivery_step(life, event);
    if (before == life->state && !*actions)
        return false;
    *hand -= before == DELIVERY_IN_HAND;
    *hand += life->state == DELIVERY_IN_HAND;
    if (delivery_is_over(life))
        life->deadline = event->now + (is_dead_letter(life) ? d->host->keep_dead_letters * DAY_MS
                                                            : REMEMBER_MS);
    count(d, life, *actions);
    return true;
}

static void bury(struct deliveries *d, int64_t id, const struct report *report)
{
    log_warning(d->host->name, "message %lld for a user is a dead letter: %s", (long long)id,
                report->why ? report->why->text : "its time is over");
}

/* What the transport has in hand can be found without looking at all that waits. */
static void track_hand(struct deliveries *d, struct delivery_item *item)
{
    bool in_hand = item->life.state == DELIVERY_IN_HAND;

    if (item->life.direction == DELIVERY_OUT && in_hand && !item->hand_link) {
        item->hand_next = d->hand;
        item->hand_link = &d->hand;
        if (d->hand)
            d->hand->hand_link = &item->hand_next;
        d->hand = item;
    } else if (item->hand_link && !in_hand) {
        *item->hand_link = item->hand_next;
        if (item->hand_next)
            item->hand_next->hand_link = item->hand_link;
        item->hand_link = NULL;
    }
}

/* It is in a queue. */
static bool happen_queued(struct deliveries *d, struct delivery_item *item,
                          const struct delivery_event *event, const struct report *report)
{
    struct delivery_queue *q = item->life.direction == DELIVERY_OUT ? &d->out : &d->in;
    int64_t id = item->id;
    unsigned actions;

    if (!change(d, &item->life, event, &actions))
        return false;
    struct delivery_life life = item->life;
    track_hand(d, item);
    if (life.state == DELIVERY_WAITING || life.state == DELIVERY_IN_HAND)
        delivery_queue_changed(q, item);
    else
        delivery_queue_remove(q, item);
    if (actions & DELIVERY_DO_SAVE)
        save(d, id, &life, actions, report);
    if (actions & DELIVERY_DO_BURY)
        bury(d, id, report);
    if (actions & DELIVERY_DO_HAND) { /* last: the transport may answer within it */
        if (life.direction == DELIVERY_OUT)
            delivery_hand_out(d, id);
        else
            delivery_hand_in(d, id);
    }
    delivery_schedule(d, 0);
    return true;
}

/* It was sent some time ago: only its row, or its last words, know of it. */
static bool happen_later(struct deliveries *d, int64_t id, const struct delivery_event *event,
                         const struct report *report)
{
    const struct fate *fate = map_find(&d->fates, (const char *)&id, sizeof id);
    struct store_delivery row;
    struct delivery_life life;
    unsigned actions;

    if (fate) {
        life = fate->life;
    } else {
        if (!store_delivery_get(d->host->core->store, id, &row) ||
            strcmp(row.domain, d->host->name) != 0)
            return false;
        life = (struct delivery_life){ (enum delivery_direction)row.direction,
                                       (enum delivery_state)row.state, row.attempts, row.next,
                                       row.deadline };
    }
    if (!change(d, &life, event, &actions))
        return false;
    save(d, id, &life, actions, report);
    if (actions & DELIVERY_DO_BURY)
        bury(d, id, report);
    if (life.state == DELIVERY_WAITING && store_delivery_get(d->host->core->store, id, &row)) {
        row.state = life.state;
        row.attempts = life.attempts;
        row.next = life.next;
        delivery_enqueue(d, &row);
    }
    return true;
}

bool delivery_happen(struct deliveries *d, int64_t id, const struct delivery_event *event,
                     const struct report *report)
{
    struct delivery_item *item = delivery_queue_find(&d->out, id);

    if (!item)
        item = delivery_queue_find(&d->in, id);
    return item ? happen_queued(d, item, event, report) : happen_later(d, id, event, report);
}

static void happen_now(struct deliveries *d, struct delivery_item *item)
{
    static const struct report none = { 0 };
    int64_t now = clock_wall();
    bool late = item->life.deadline <= now;

    happen_queued(d, item,
                  &(struct delivery_event){ .kind = late ? DELIVERY_EV_LATE : DELIVERY_EV_DUE,
                                            .now = now },
                  &none);
}

/* --- turns ---------------------------------------------------------------------------- */

int64_t delivery_next_id(struct deliveries *d)
{
    return ++d->host->core->last_delivery;
}

int delivery_may_store(struct deliveries *d, struct bridge_error *err)
{
    if (d->stopped)
        return bridge_fail(err, BRIDGE_RETRY,
                           _("The gateway is shutting down; try again later"));
    if (store_trouble(d->host->core->store))
        return bridge_fail(err, BRIDGE_BUSY,
                           _("The gateway cannot store messages at the moment, and would lose "
                             "this one; try again later"));
    if (delivery_queue_count(&d->out) + delivery_queue_count(&d->in) >= DELIVERY_WAITING_MAX)
        return bridge_fail(err, BRIDGE_BUSY,
                           _("Too many messages wait at the gateway; try again later"));
    return 0;
}

void delivery_enqueue(struct deliveries *d, const struct store_delivery *row)
{
    const struct delivery_life life = {
        .direction = (enum delivery_direction)row->direction,
        .state = DELIVERY_WAITING,
        .attempts = row->attempts,
        .next = row->next,
        .deadline = row->deadline,
    };

    struct delivery_queue *q = row->direction == DELIVERY_OUT ? &d->out : &d->in;
    if (delivery_queue_find(q, row->id)) /* two admins want it tried again */
        return;
    delivery_queue_add(q, row->id, &life, row->user, row->contact);
    delivery_schedule(d, 0);
}

void delivery_stored(struct deliveries *d, const struct store_delivery *row)
{
    /* While we are still reading it will be read, or has been. */
    if (!d->stopped && !d->loading && row->id > d->read_to)
        delivery_enqueue(d, row);
}

struct page {
    struct deliveries *d;
    size_t count;
};

static bool load(void *arg, const struct store_delivery *row)
{
    struct page *page = arg;

    page->d->read_to = row->id;
    delivery_enqueue(page->d, row);
    return ++page->count < PAGE_MAX;
}

/* A page of what waited when we started. Nothing goes before all is read: a later
 * message must not overtake. */
static void load_page(struct deliveries *d)
{
    struct page page = { .d = d };

    store_delivery_each(d->host->core->store, d->host->name, DELIVERY_WAITING, d->read_to, load,
                        &page);
    if (page.count) {
        delivery_schedule(d, 0);
        return;
    }
    d->loading = false;
    size_t waiting = delivery_queue_count(&d->out) + delivery_queue_count(&d->in);
    if (waiting)
        log_info(d->host->name, "%zu messages were waiting to be delivered", waiting);
}

struct delivery_portion delivery_portion_new(void)
{
    return (struct delivery_portion){ .end = uv_hrtime() + TURN_NS, .left = TURN_MAX };
}

bool delivery_portion_take(struct delivery_portion *portion)
{
    return portion->left-- > 0 && uv_hrtime() < portion->end;
}

/* A portion of each, so that none has to wait for another. */
static void run(struct deliveries *d)
{
    struct delivery_item *item;
    int64_t now = clock_wall();

    delivery_settle_proven(d);
    struct delivery_portion out = delivery_portion_new();
    while (d->out_hand < DELIVERY_OUT_MAX && delivery_portion_take(&out) &&
           (item = delivery_queue_next(&d->out, now)))
        happen_now(d, item);
    struct delivery_portion in = delivery_portion_new();
    while (d->up && d->flight_count < DELIVERY_IN_MAX && delivery_portion_take(&in) &&
           (item = delivery_queue_next(&d->in, now)))
        happen_now(d, item);
    delivery_ask_proof(d);
}

/* What to wait for when nothing can be done now. */
static void sleep_until_due(struct deliveries *d)
{
    int64_t wake = INT64_MAX, now = clock_wall();

    if (d->out_hand < DELIVERY_OUT_MAX)
        wake = delivery_queue_wake(&d->out);
    if (d->up && d->flight_count < DELIVERY_IN_MAX && delivery_queue_wake(&d->in) < wake)
        wake = delivery_queue_wake(&d->in);
    if (wake != INT64_MAX)
        delivery_schedule(d, wake > now ? (uint64_t)(wake - now) : 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct deliveries *d = timer->data;

    d->scheduled = false;
    delivery_give_answers(d);
    if (d->stopped)
        return;
    if (d->loading) {
        load_page(d);
        if (d->loading)
            return;
    }
    run(d);
    sleep_until_due(d);
}

void delivery_schedule(struct deliveries *d, uint64_t ms)
{
    uint64_t when = clock_monotonic() + ms;

    if (d->stopped || (d->scheduled && d->when <= when))
        return;
    d->scheduled = true;
    d->when = when;
    uv_timer_start(&d->timer, on_timer, ms, 0);
}

/* --- life -------------------------------------------------------------------------------- */

struct deliveries *deliveries_new(struct bridge_host *host)
{
    if (!host->transport || !host->transport->deliver)
        return NULL;
    struct deliveries *d = bridge_alloc(sizeof *d);
    d->host = host;
    d->flights = bridge_alloc(DELIVERY_IN_MAX * sizeof *d->flights);
    d->last_answer = &d->answers;
    d->stopped = true;
    return d;
}

void deliveries_start(struct deliveries *d)
{
    if (!d)
        return;
    uv_timer_init(d->host->core->loop, &d->timer);
    d->timer.data = d;
    d->stopped = false;
    d->loading = true;
    delivery_schedule(d, 0);
}

void deliveries_stop(struct deliveries *d)
{
    if (!d || d->stopped)
        return;
    delivery_settle_proven(d);
    d->stopped = true;
    delivery_give_answers(d);
    uv_close((uv_handle_t *)&d->timer, NULL);
}

void deliveries_free(struct deliveries *d)
{
    struct fate *fate;
    size_t i;

    if (!d)
        return;
    while (i = 0, (fate = map_next(&d->fates, &i)))
        fate_free(fate);
    map_release(&d->fates);
    assert(!d->accepting.count); /* the store has completed all */
    map_release(&d->accepting);
    delivery_queue_release(&d->out);
    delivery_queue_release(&d->in);
    free(d->flights);
    free(d);
}

struct late {
    int64_t ids[TURN_MAX];
    size_t count;
};

/* Those to a network that nobody has heard of again: their fate stays unknown. */
static bool collect_late(void *arg, const struct store_delivery *row)
{
    struct late *late = arg;

    late->ids[late->count++] = row->id;
    return late->count < TURN_MAX;
}

void deliveries_sweep(struct deliveries *d)
{
    static const struct report none = { 0 };
    const struct delivery_event event = { .kind = DELIVERY_EV_LATE, .now = clock_wall() };
    struct late late = { .count = 0 };

    if (!d || d->stopped)
        return;
    store_delivery_late(d->host->core->store, d->host->name, event.now, collect_late, &late);
    for (size_t i = 0; i < late.count; i++)
        delivery_happen(d, late.ids[i], &event, &none);
    store_delivery_prune(d->host->core->store, event.now, event.now - SEEN_MS, NULL, NULL);
}

void deliveries_forsaken(struct deliveries *d, const char *user)
{
    static const struct report none = { 0 };
    const struct delivery_event lost = { .kind = DELIVERY_EV_LOST, .now = clock_wall() };

    if (!d || d->stopped)
        return;
    for (struct delivery_item *item = d->hand, *next; item; item = next) {
        next = item->hand_next;
        if (!strcmp(item->lane->user, user))
            happen_queued(d, item, &lost, &none);
    }
}

static void let_go(void *arg, struct delivery_item *item)
{
    struct deliveries *d = arg;
    bool in_hand = item->life.state == DELIVERY_IN_HAND;

    d->out_hand -= in_hand && item->life.direction == DELIVERY_OUT;
    d->in_hand -= in_hand && item->life.direction == DELIVERY_IN;
    item->life.state = DELIVERY_ENDED;
    track_hand(d, item);
}

void deliveries_forget(struct deliveries *d, const char *user)
{
    if (!d)
        return;
    delivery_queue_forget(&d->out, user, let_go, d);
    delivery_queue_forget(&d->in, user, let_go, d);
}

static bool take_created(void *arg, const struct store_delivery *row)
{
    *(int64_t *)arg = row->created;
    return false;
}

/* By index, and one row only: ids go up with time. */
static int64_t find_oldest(const struct deliveries *d)
{
    struct store *store = d->host->core->store;
    int64_t created = 0;

    if (store)
        store_delivery_each(store, d->host->name, DELIVERY_WAITING, 0, take_created, &created);
    return created;
}

void deliveries_count(const struct deliveries *d, struct delivery_counts *out)
{
    if (!d) {
        *out = (struct delivery_counts){ 0 };
        return;
    }
    *out = d->counts;
    out->out_hand = d->out_hand;
    out->in_hand = d->in_hand;
    out->out_waiting = delivery_queue_count(&d->out) - d->out_hand;
    out->in_waiting = delivery_queue_count(&d->in) - d->in_hand;
    out->oldest = find_oldest(d);
}

void deliveries_count_user(const struct deliveries *d, const char *user, size_t *out, size_t *in)
{
    *out = d ? delivery_queue_user(&d->out, user) : 0;
    *in = d ? delivery_queue_user(&d->in, user) : 0;
}
