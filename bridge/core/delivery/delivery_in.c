/* From a network to a user: taken, written to the stream, proven. */
#include "delivery_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/host.h>
#include <bridge/log.h>

#include "component.h"
#include "guard.h"
#include "message_compose.h"
#include "message_write.h"
#include "stanza.h"
#include "xml.h"

/* A user's server that cannot be reached may say so minutes after ours took it. */
#define GRACE_MS (10 * 60 * 1000)
/* Of one message with all its parts. */
#define BODY_MAX (8 * XML_STANZA_MAX)
/* What is written so much later than it came says when that was (XEP-0203). */
#define DELAY_MS 60000

/* --- taking ------------------------------------------------------------------------------ */

/* bridge_take() has no answer of its own: it comes later, also when it is known. */
struct answer {
    struct answer *next;
    bridge_taken *taken;
    void *arg;
    struct bridge_error why; /* BRIDGE_OK: it is safe */
};

static void answer_later(struct deliveries *d, bridge_taken *taken, void *arg,
                         const struct bridge_error *why)
{
    if (d->stopped) { /* there is no later */
        taken(arg, why);
        return;
    }
    struct answer *answer = bridge_alloc(sizeof *answer);

    *answer = (struct answer){ .taken = taken, .arg = arg };
    if (why)
        answer->why = *why;
    *d->last_answer = answer;
    d->last_answer = &answer->next;
    delivery_schedule(d, 0);
}

void delivery_give_answers(struct deliveries *d)
{
    struct answer *answer = d->answers;

    d->answers = NULL;
    d->last_answer = &d->answers;
    while (answer) {
        struct answer *next = answer->next;
        answer->taken(answer->arg, answer->why.code == BRIDGE_OK ? NULL : &answer->why);
        free(answer);
        answer = next;
    }
}

/* A message that is being stored. */
struct taking {
    struct deliveries *d;
    char *foreign; /* key in d->accepting */
    char *user;
    char *contact;
    struct store_delivery row; /* without texts: those that a queue needs are above */
    bridge_taken *taken;
    void *arg;
};

static void on_stored(void *arg, const struct bridge_error *why)
{
    struct taking *t = arg;
    struct deliveries *d = t->d;

    map_removes(&d->accepting, t->foreign);
    if (!why) {
        d->counts.taken++;
        delivery_stored(d, &t->row);
    } else if (why->code == BRIDGE_CONFLICT) { /* it was here before */
        d->counts.duplicates++;
        why = NULL;
    }
    t->taken(t->arg, why);
    free(t->foreign);
    free(t->user);
    free(t->contact);
    free(t);
}

/* As many stanzas as it has parts, none too large for the stream. */
static int compose(struct bridge_host *host, struct strbuf *out, const char *id, const char *user,
                   const char *contact, const struct bridge_message *message,
                   struct bridge_error *err)
{
    for (size_t part = 0; part < message_parts(message); part++) {
        struct strbuf *stanza = core_stanza(host->core);
        message_compose(stanza, host, user, contact, message, part, id, true);
        strbuf_add(out, stanza->data, stanza->len);
        if (stanza->overflow || out->overflow)
            return bridge_fail(err, BRIDGE_INVALID, "This message is too large for XMPP");
    }
    return 0;
}

static void store(struct deliveries *d, struct taking *t, const char *id, const char *body)
{
    int64_t now = clock_wall();

    t->row = (struct store_delivery){
        .id = delivery_next_id(d), .domain = d->host->name, .user = t->user,
        .contact = t->contact, .direction = DELIVERY_IN, .created = now,
        .deadline = delivery_deadline(d),
    };
    struct store_delivery full = t->row;
    full.stanza = id;
    full.foreign = t->foreign;
    full.body = body;
    store_delivery_put(d->host->core->store, &full, on_stored, t);
}

/* -1: refused with *err. 1: it is safe already. */
static int check(struct deliveries *d, const char *user, const char *foreign,
                 struct bridge_error *err)
{
    if (delivery_may_store(d, err) || guard_admit(d->host, user, err))
        return -1;
    if (map_finds(&d->accepting, foreign))
        return bridge_fail(err, BRIDGE_RETRY, "this message is being stored already");
    return store_delivery_seen(d->host->core->store, d->host->name, foreign);
}

void bridge_take(struct bridge_host *host, const char *user, const char *contact,
                 const char *foreign, const struct bridge_message *message,
                 bridge_taken *taken, void *arg)
{
    struct deliveries *d = host->deliveries;
    struct strbuf out = STRBUF_INIT(BODY_MAX), id = STRBUF_INIT(64);
    struct bridge_error why;

    assert(d); /* only with deliver() */
    core_new_id(host->core, &id);
    int rc = check(d, user, foreign, &why);
    if (!rc)
        rc = compose(host, &out, strbuf_text(&id), user, contact, message, &why);
    if (rc) {
        d->counts.duplicates += rc > 0;
        answer_later(d, taken, arg, rc > 0 ? NULL : &why);
    } else {
        struct taking *t = bridge_alloc(sizeof *t);
        *t = (struct taking){ .d = d, .taken = taken, .arg = arg };
        t->foreign = bridge_strdup(foreign);
        t->user = bridge_strdup(user);
        t->contact = bridge_strdup(contact);
        map_puts(&d->accepting, t->foreign, t);
        store(d, t, strbuf_text(&id), strbuf_text(&out));
    }
    strbuf_release(&id);
    strbuf_release(&out);
}

/* --- writing ------------------------------------------------------------------------------- */

static void add_flight(struct deliveries *d, int64_t id)
{
    assert(d->flight_count < DELIVERY_IN_MAX);
    d->flights[(d->first_flight + d->flight_count++) % DELIVERY_IN_MAX] =
        (struct flight){ .id = id };
}

/* Our own stanza, as store() wrote it: complete, and ending so. */
static void send_delayed(struct deliveries *d, const struct store_delivery *row)
{
    static const char end[] = "</message>";
    size_t len = strlen(row->body), cut = len - (sizeof end - 1);
    struct strbuf out = STRBUF_INIT(2 * BODY_MAX);

    strbuf_add(&out, row->body, cut);
    if (!strstr(row->body, "<delay "))
        message_write_delay(&out, NULL, row->created);
    strbuf_adds(&out, end);
    domain_send(d->host, &out);
    strbuf_release(&out);
}

static void put_off(struct deliveries *d, int64_t id)
{
    struct bridge_error why;

    bridge_fail(&why, BRIDGE_RETRY, "it cannot be read from the database");
    delivery_happen(d, id,
                    &(struct delivery_event){ .kind = DELIVERY_EV_LATER, .now = clock_wall() },
                    &(struct report){ .why = &why });
}

void delivery_hand_in(struct deliveries *d, int64_t id)
{
    struct store_delivery row;

    add_flight(d, id);
    if (!store_delivery_get(d->host->core->store, id, &row) || !row.body)
        put_off(d, id);
    else if (row.stanza && clock_wall() - row.created > DELAY_MS)
        send_delayed(d, &row);
    else
        domain_send(d->host, &(struct strbuf){ .data = (char *)row.body,
                                               .len = strlen(row.body) });
}

/* --- proof ----------------------------------------------------------------------------------- */

static struct flight *flight_at(struct deliveries *d, size_t n)
{
    return &d->flights[(d->first_flight + n) % DELIVERY_IN_MAX];
}

void delivery_ask_proof(struct deliveries *d)
{
    if (!d->flight_count || flight_at(d, d->flight_count - 1)->mark)
        return;
    uint64_t mark = component_prove(d->host->component);
    for (size_t i = d->flight_count; mark && i-- > 0 && !flight_at(d, i)->mark;)
        flight_at(d, i)->mark = mark;
}

static int64_t take_flight(struct deliveries *d)
{
    int64_t id = flight_at(d, 0)->id;

    d->first_flight = (d->first_flight + 1) % DELIVERY_IN_MAX;
    d->flight_count--;
    return id;
}

static bool first_is_proven(struct deliveries *d)
{
    return d->flight_count && flight_at(d, 0)->mark && flight_at(d, 0)->mark <= d->proven;
}

static void settle_first(struct deliveries *d)
{
    static const struct report none = { 0 };
    int64_t now = clock_wall();

    delivery_happen(d, take_flight(d),
                    &(struct delivery_event){ .kind = DELIVERY_EV_TAKEN, .now = now,
                                              .grace = now + GRACE_MS }, &none);
}

void delivery_settle_proven(struct deliveries *d)
{
    struct delivery_portion portion = delivery_portion_new();

    while (first_is_proven(d)) {
        if (!delivery_portion_take(&portion)) {
            delivery_schedule(d, 0);
            return;
        }
        settle_first(d);
    }
}

void deliveries_proven(struct deliveries *d, uint64_t mark)
{
    if (!d || d->stopped)
        return;
    d->proven = mark;
    delivery_schedule(d, 0);
}

void deliveries_up(struct deliveries *d)
{
    if (!d)
        return;
    d->up = true;
    if (!d->stopped)
        delivery_schedule(d, 0);
}

/* What is not proven goes again: the server may have had it, and its user's client
 * knows it by its id. */
void deliveries_down(struct deliveries *d)
{
    static const struct report none = { 0 };
    const struct delivery_event lost = { .kind = DELIVERY_EV_LOST, .now = clock_wall() };

    if (!d)
        return;
    d->up = false;
    while (!d->stopped && first_is_proven(d))
        settle_first(d);
    while (d->flight_count) {
        int64_t id = take_flight(d);
        if (!d->stopped)
            delivery_happen(d, id, &lost, &none);
    }
}

/* --- what the user's side says ------------------------------------------------------------------ */

static bool happen_to_stanza(struct bridge_host *host, const char *user, const char *stanza,
                             const struct delivery_event *event, const struct report *report)
{
    struct deliveries *d = host->deliveries;

    if (!d || d->stopped || !stanza)
        return false;
    int64_t id = store_delivery_by_stanza(host->core->store, host->name, user, stanza);
    return id && delivery_happen(d, id, event, report);
}

bool delivery_bounced(struct bridge_host *host, const char *user, const char *id,
                      const struct bridge_error *why)
{
    bool later = why->code == BRIDGE_RETRY || why->code == BRIDGE_BUSY;

    return happen_to_stanza(host, user, id,
                            &(struct delivery_event){
                                .kind = later ? DELIVERY_EV_LATER : DELIVERY_EV_REFUSED,
                                .now = clock_wall() },
                            &(struct report){ .why = why });
}

bool delivery_received(struct bridge_host *host, const char *user, const char *id)
{
    return happen_to_stanza(host, user, id,
                            &(struct delivery_event){ .kind = DELIVERY_EV_ARRIVED,
                                                      .now = clock_wall() },
                            &(struct report){ 0 });
}
