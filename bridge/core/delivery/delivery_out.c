/* From a user to a network: accepted, handed over, reported. */
#include "delivery_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bridge/clock.h>
#include <bridge/host.h>
#include <bridge/log.h>
#include <bridge/words.h>
#include <sodium.h>

#include "addressee.h"
#include "message_pack.h"
#include "session.h"
#include "stanza.h"
#include "xml.h"

void delivery_speak_to(struct deliveries *d, const char *user)
{
    const struct bridge_session *session = session_find(d->host, user);

    if (session)
        addressee_of_session(session);
    else
        addressee_done();
}

/* --- accepting ------------------------------------------------------------------------ */

/* A message that is being stored. */
struct acceptance {
    struct deliveries *d;
    struct store_delivery row; /* its texts are ours */
    struct strbuf key;         /* in d->accepting; empty: not there */
};

static char **texts_of(struct store_delivery *row, size_t n)
{
    const char **texts[] = { &row->user, &row->contact, &row->client, &row->to,
                             &row->stanza, &row->mark, &row->foreign, &row->body, &row->reason };

    return n < sizeof texts / sizeof *texts ? (char **)texts[n] : NULL;
}

/* Of everything but the domain, which lives as long as we. */
static void own_texts(struct store_delivery *row)
{
    char **text;

    for (size_t i = 0; (text = texts_of(row, i)); i++)
        *text = bridge_strdup(*text);
}

static void free_texts(struct store_delivery *row)
{
    char **text;

    for (size_t i = 0; (text = texts_of(row, i)); i++)
        free(*text);
}

static void acceptance_free(struct acceptance *a)
{
    if (a->key.len)
        map_remove(&a->d->accepting, a->key.data, a->key.len);
    strbuf_release(&a->key);
    free_texts(&a->row);
    free(a);
}

/* Who sees no receipt sends the same again, with the same id; but there are clients
 * that give one id to different messages, and then the content tells. */
static char *mark_new(const struct bridge_message *message, const char *packed)
{
    unsigned char hash[16];
    char hex[2 * sizeof hash + 1];
    struct strbuf mark = STRBUF_INIT(SIZE_MAX / 2);

    if (!message->id)
        return NULL;
    crypto_generichash(hash, sizeof hash, (const unsigned char *)packed, strlen(packed), NULL, 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    strbuf_addf(&mark, "%s %s", hex, message->id);
    return strbuf_detach(&mark);
}

static void make_key(struct strbuf *key, const struct store_delivery *row)
{
    strbuf_init(key, SIZE_MAX / 2);
    if (!row->mark)
        return;
    strbuf_add(key, row->user, strlen(row->user) + 1);
    strbuf_add(key, row->contact, strlen(row->contact) + 1);
    strbuf_adds(key, row->mark);
}

/* Without keeping it: who asks again is told again. */
static void tell_now(struct deliveries *d, const struct store_delivery *row,
                     const struct bridge_error *why)
{
    struct store_delivery *notice = delivery_notice_new(d, row, why);

    if (notice)
        domain_send(d->host, &(struct strbuf){ .data = (char *)notice->body,
                                               .len = strlen(notice->body) });
    delivery_notice_free(notice);
}

/* It had come to its end: say so again, for the sender seems not to know. */
static void repeat_fate(struct deliveries *d, int64_t id)
{
    struct store_delivery row;
    struct bridge_error why;

    if (!store_delivery_get(d->host->core->store, id, &row))
        return;
    if (row.state == DELIVERY_FAILED) {
        bridge_fail(&why, BRIDGE_REJECTED, "%s", row.reason ? row.reason : "It failed");
        tell_now(d, &row, &why);
    } else if (row.state == DELIVERY_DELIVERED) {
        tell_now(d, &row, NULL);
    }
}

/* Was it here before? */
static bool is_repeated(struct deliveries *d, const struct acceptance *a)
{
    const struct store_delivery *row = &a->row;

    if (!row->mark)
        return false;
    if (map_find(&d->accepting, a->key.data, a->key.len))
        return true;
    int64_t id = store_delivery_by_mark(d->host->core->store, row->domain, row->user,
                                        row->contact, row->mark);
    if (id)
        repeat_fate(d, id);
    return id != 0;
}

static void refuse_stored(struct deliveries *d, const struct store_delivery *row,
                          const struct bridge_error *why)
{
    struct bridge_error told;

    log_debug(d->host->name, "a message of %s could not be stored: %s", row->client, why->text);
    delivery_speak_to(d, row->user);
    bridge_fail(&told, BRIDGE_BUSY, _("The gateway could not store your message, and has not "
                                      "sent it; try again later"));
    tell_now(d, row, &told);
}

static void on_stored(void *arg, const struct bridge_error *why)
{
    struct acceptance *a = arg;
    struct deliveries *d = a->d;

    if (!why) {
        d->counts.accepted++;
        delivery_stored(d, &a->row);
    } else if (why->code != BRIDGE_CONFLICT) { /* it was here before, after all */
        refuse_stored(d, &a->row, why);
    }
    acceptance_free(a);
}

int64_t delivery_deadline(const struct deliveries *d)
{
    return clock_wall() + d->host->deliver_within * 60 * 60 * 1000;
}

int delivery_accept(struct bridge_session *session, const char *contact,
                    const struct bridge_message *message, const struct delivery_origin *origin,
                    struct bridge_error *err)
{
    struct deliveries *d = session->host->deliveries;
    int64_t now = clock_wall();

    if (delivery_may_store(d, err))
        return -1;
    if (delivery_queue_lane(&d->out, DELIVERY_OUT, session->user, contact) >= DELIVERY_LANE_MAX)
        return bridge_fail(err, BRIDGE_BUSY,
                           _("%d messages of yours to this contact wait to be sent already; try "
                             "again later"), DELIVERY_LANE_MAX);
    char *packed = message_pack(message), *mark = mark_new(message, packed);
    struct acceptance *a = bridge_alloc(sizeof *a);
    a->d = d;
    a->row = (struct store_delivery){
        .id = delivery_next_id(d), .domain = d->host->name, .user = session->user,
        .contact = contact, .direction = DELIVERY_OUT, .client = origin->client,
        .to = origin->to, .stanza = message->id, .mark = mark, .body = packed,
        .receipt = message->receipt, .created = now, .deadline = delivery_deadline(d),
    };
    own_texts(&a->row);
    free(mark);
    free(packed);
    make_key(&a->key, &a->row);
    if (is_repeated(d, a)) {
        a->key.len = 0; /* the key there is another's */
        acceptance_free(a);
        return 0;
    }
    if (a->key.len)
        map_put(&d->accepting, a->key.data, a->key.len, a);
    store_delivery_put(d->host->core->store, &a->row, on_stored, a);
    return 0;
}

/* --- handing over -------------------------------------------------------------------------- */

static void report_trouble(struct deliveries *d, int64_t id, const struct bridge_error *why)
{
    bool later = why->code == BRIDGE_RETRY || why->code == BRIDGE_BUSY;

    delivery_happen(d, id,
                    &(struct delivery_event){
                        .kind = later ? DELIVERY_EV_LATER : DELIVERY_EV_REFUSED,
                        .now = clock_wall() },
                    &(struct report){ .why = why });
}

static int hand(struct deliveries *d, int64_t id, const char *user, const char *contact,
                const char *body, struct bridge_error *err)
{
    struct unpacked_message u;
    int rc = -1;

    if (!message_unpack(body, &u, err)) {
        struct bridge_session *session = session_open(d->host, user, err);
        if (session)
            rc = d->host->transport->deliver(session->data, id, contact, &u.message, err);
    }
    message_unpack_release(&u);
    return rc;
}

void delivery_hand_out(struct deliveries *d, int64_t id)
{
    struct store_delivery row;
    struct bridge_error err;

    if (!store_delivery_get(d->host->core->store, id, &row) || !row.body) {
        bridge_fail(&err, BRIDGE_RETRY,
                    "The gateway cannot read the message from its database");
        report_trouble(d, id, &err);
        return;
    }
    /* The row's texts end with the next row that is read, in what follows. */
    own_texts(&row);
    if (hand(d, id, row.user, row.contact, row.body, &err))
        report_trouble(d, id, &err);
    free_texts(&row);
}

/* --- what the sender is told ------------------------------------------------------------------ */

static void write_receipt(struct strbuf *out, const struct store_delivery *row)
{
    strbuf_adds(out, "<received xmlns='" NS_RECEIPTS "'"); /* XEP-0184 §5.4 */
    xml_attribute(out, "id", row->stanza);
    strbuf_adds(out, "/></message>");
}

static void write_head(struct core *core, struct strbuf *out, const struct store_delivery *row,
                       const char *type, const char *to, const char *id)
{
    strbuf_adds(out, "<message");
    xml_attribute(out, "type", type);
    xml_attribute(out, "from", row->to);
    xml_attribute(out, "to", to);
    if (id)
        xml_attribute(out, "id", id);
    else
        core_add_id(core, out);
    strbuf_addch(out, '>');
}

/* An error goes to the one client that sent it, and is lost if that is gone: after
 * some time there is a sentence for all of them, too. */
static void write_words(struct core *core, struct strbuf *out, const struct store_delivery *row,
                        const struct bridge_error *why)
{
    struct strbuf text = STRBUF_INIT(1024);
    time_t seconds = (time_t)(row->created / 1000);
    struct tm utc;
    char when[32] = "";

    if (gmtime_r(&seconds, &utc))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", &utc);
    strbuf_addf(&text, _("Your message of %s was not delivered: %s"), when, why->text);
    write_head(core, out, row, "chat", row->user, NULL);
    xml_element(out, "body", strbuf_text(&text));
    strbuf_adds(out, "</message>");
    strbuf_release(&text);
}

struct store_delivery *delivery_notice_new(struct deliveries *d, const struct store_delivery *row,
                                           const struct bridge_error *why)
{
    struct core *core = d->host->core;
    struct strbuf out = STRBUF_INIT(XML_STANZA_MAX);
    int64_t now = clock_wall();

    if (!row->client || (!why && (!row->receipt || !row->stanza)))
        return NULL;
    delivery_speak_to(d, row->user);
    if (why) {
        write_head(core, &out, row, "error", row->client, row->stanza);
        stanza_error_write(&out, why);
        strbuf_adds(&out, "</message>");
        if (now - row->created > LATE_MS) {
            delivery_speak_to(d, row->user);
            write_words(core, &out, row, why);
        }
    } else {
        write_head(core, &out, row, NULL, row->client, NULL);
        write_receipt(&out, row);
    }
    struct store_delivery *notice = bridge_alloc(sizeof *notice);
    *notice = (struct store_delivery){
        .id = delivery_next_id(d), .domain = d->host->name, .user = row->user,
        .contact = row->contact, .direction = DELIVERY_IN, .body = strbuf_text(&out),
        .created = now, .deadline = delivery_deadline(d),
    };
    own_texts(notice);
    strbuf_release(&out);
    return notice;
}

void delivery_notice_free(struct store_delivery *notice)
{
    if (!notice)
        return;
    free_texts(notice);
    free(notice);
}

/* --- reports ------------------------------------------------------------------------------- */

static void report(struct bridge_host *host, int64_t id, const struct delivery_event *event,
                   const struct report *r)
{
    struct deliveries *d = host->deliveries;

    if (d && !d->stopped && !delivery_happen(d, id, event, r))
        log_debug(host->name, "a report about message %lld changes nothing", (long long)id);
}

void bridge_delivery_sent(struct bridge_host *host, int64_t delivery, const char *foreign)
{
    struct delivery_event event = { .kind = DELIVERY_EV_TAKEN, .now = clock_wall() };
    struct delivery_event end = { .kind = DELIVERY_EV_LATE, .now = event.now };
    bool reports = host->transport->features & BRIDGE_HAS_RECEIPT;

    event.grace = delivery_deadline(host->deliveries);
    report(host, delivery, &event, &(struct report){ .foreign = foreign });
    if (!reports)
        report(host, delivery, &end, &(struct report){ 0 });
}

void bridge_delivery_arrived(struct bridge_host *host, int64_t delivery)
{
    report(host, delivery,
           &(struct delivery_event){ .kind = DELIVERY_EV_ARRIVED, .now = clock_wall() },
           &(struct report){ 0 });
}

void bridge_delivery_failed(struct bridge_host *host, int64_t delivery,
                            const struct bridge_error *why)
{
    report(host, delivery,
           &(struct delivery_event){ .kind = DELIVERY_EV_REFUSED, .now = clock_wall() },
           &(struct report){ .why = why });
}

void bridge_delivery_later(struct bridge_host *host, int64_t delivery,
                           const struct bridge_error *why, uint64_t after)
{
    report(host, delivery,
           &(struct delivery_event){ .kind = DELIVERY_EV_LATER, .now = clock_wall(),
                                     .after = after },
           &(struct report){ .why = why });
}

int64_t bridge_delivery_find(struct bridge_host *host, const char *foreign)
{
    return store_delivery_by_foreign(host->core->store, host->name, foreign);
}
