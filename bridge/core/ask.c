#include "ask.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/map.h>

#include "core.h"
#include "stanza.h"
#include "xml.h"

struct ask {
    struct bridge_host *host;
    char *id, *from, *to; /* one block, which `id` owns */
    ask_done *done;
    void *arg;
    uint64_t deadline;
    struct line *line;
    struct ask *next, **link;
};

/* In the order in which they were asked, which is that of their deadlines. */
struct line {
    struct ask *first, **tail;
};

struct asks {
    struct map by_id;
    struct line open;
    uv_timer_t timer; /* to the first deadline */
};

/* --- lines ------------------------------------------------------------------------ */

static void line_add(struct line *line, struct ask *ask)
{
    ask->line = line;
    ask->next = NULL;
    ask->link = line->tail;
    *line->tail = ask;
    line->tail = &ask->next;
}

static void line_cut(struct ask *ask)
{
    *ask->link = ask->next;
    if (ask->next)
        ask->next->link = ask->link;
    else
        ask->line->tail = ask->link;
}

/* --- ends ------------------------------------------------------------------------- */

static void ask_free(struct ask *ask)
{
    map_removes(&ask->host->core->asks->by_id, ask->id);
    line_cut(ask);
    free(ask->id);
    free(ask);
}

static void finish(struct ask *ask, xmpp_stanza_t *iq, const struct bridge_error *why)
{
    ask_done *done = ask->done;
    void *arg = ask->arg;

    ask_free(ask);
    done(arg, iq, why);
}

void ask_cancel(struct ask *ask)
{
    if (ask)
        ask_free(ask);
}

static void on_timer(uv_timer_t *timer);

static void set_timer(struct asks *asks)
{
    uint64_t now = clock_monotonic();
    const struct ask *first = asks->open.first;

    if (first)
        uv_timer_start(&asks->timer, on_timer,
                       first->deadline > now ? first->deadline - now : 0, 0);
    else
        uv_timer_stop(&asks->timer);
}

static void on_timer(uv_timer_t *timer)
{
    struct asks *asks = timer->data;
    uint64_t now = clock_monotonic();
    struct bridge_error why;

    while (asks->open.first && asks->open.first->deadline <= now) {
        struct ask *ask = asks->open.first;
        bridge_fail(&why, BRIDGE_RETRY, "%s did not answer within %d s", ask->to,
                    ASK_WAIT_MS / 1000);
        finish(ask, NULL, &why);
    }
    set_timer(asks);
}

/* Those of one host, or (NULL) all. Their ends may ask anew, and cancel others. */
static void fail(struct asks *asks, const struct bridge_host *host,
                 const struct bridge_error *why)
{
    struct line lost = { .tail = &lost.first };

    for (struct ask *ask = asks->open.first, *next; ask; ask = next) {
        next = ask->next;
        if (host && ask->host != host)
            continue;
        line_cut(ask);
        line_add(&lost, ask);
    }
    while (lost.first)
        finish(lost.first, NULL, why);
}

void ask_lost(struct bridge_host *host)
{
    static const struct bridge_error why = { BRIDGE_RETRY,
                                             "the connection to the XMPP server was lost" };

    fail(host->core->asks, host, &why);
}

/* --- answers ---------------------------------------------------------------------- */

static struct ask *find(struct bridge_host *host, xmpp_stanza_t *iq, const struct jid *from,
                        const struct jid *to)
{
    const char *id = xmpp_stanza_get_id(iq);
    struct ask *ask = id ? map_finds(&host->core->asks->by_id, id) : NULL;

    if (!ask || ask->host != host || strcmp(ask->to, jid_full(from)) ||
        strcmp(ask->from, jid_full(to)))
        return NULL;
    return ask;
}

bool ask_answered(struct bridge_host *host, xmpp_stanza_t *iq, const struct jid *from,
                  const struct jid *to)
{
    struct ask *ask = find(host, iq, from, to);
    struct bridge_error why;

    if (!ask)
        return false;
    if (!strcmp(xmpp_stanza_get_type(iq), "result")) {
        finish(ask, iq, NULL);
    } else {
        stanza_error_read(iq, &why);
        finish(ask, NULL, &why);
    }
    return true;
}

bool ask_dropped(struct bridge_host *host, xmpp_stanza_t *root, const struct jid *from,
                 const struct jid *to, const struct bridge_error *why)
{
    struct ask *ask = find(host, root, from, to);

    if (ask)
        finish(ask, NULL, why);
    return ask != NULL;
}

/* --- asking ----------------------------------------------------------------------- */

/* " id='..'", as the core makes it, without what is around the value. */
static void make_id(struct core *core, struct strbuf *id)
{
    core_add_id(core, id);
    strbuf_drop(id, strlen(" id='"));
    strbuf_cut(id, id->len - 1);
}

static struct ask *ask_new(struct bridge_host *host, const char *from, const char *to)
{
    struct ask *ask = bridge_alloc(sizeof *ask);
    struct strbuf id = STRBUF_INIT(64);

    make_id(host->core, &id);
    ask->host = host;
    ask->id = bridge_realloc(NULL, id.len + strlen(from) + strlen(to) + 3);
    ask->from = stpcpy(ask->id, strbuf_text(&id)) + 1;
    ask->to = stpcpy(ask->from, from) + 1;
    strcpy(ask->to, to);
    strbuf_release(&id);
    return ask;
}

static void write_request(const struct ask *ask, const struct ask_request *request)
{
    struct strbuf *out = core_stanza(ask->host->core);

    strbuf_adds(out, "<iq");
    xml_attribute(out, "type", request->type);
    xml_attribute(out, "from", ask->from);
    xml_attribute(out, "to", ask->to);
    xml_attribute(out, "id", ask->id);
    strbuf_addch(out, '>');
    strbuf_adds(out, request->payload);
    strbuf_adds(out, "</iq>");
    domain_send(ask->host, out);
}

struct ask *ask_send(struct bridge_host *host, const struct ask_request *request,
                     ask_done *done, void *arg, struct bridge_error *err)
{
    struct asks *asks = host->core->asks;

    if (host->core->stopping || !component_is_up(host->component)) {
        bridge_fail(err, BRIDGE_RETRY, "%s is not connected to the XMPP server", host->name);
        return NULL;
    }
    if (asks->by_id.count >= ASK_MAX) {
        bridge_fail(err, BRIDGE_BUSY, "%d requests wait for their answers already", ASK_MAX);
        return NULL;
    }
    struct ask *ask = ask_new(host, request->from ? request->from : host->name, request->to);
    ask->done = done;
    ask->arg = arg;
    ask->deadline = clock_monotonic() + ASK_WAIT_MS;
    map_puts(&asks->by_id, ask->id, ask);
    line_add(&asks->open, ask);
    write_request(ask, request);
    if (asks->open.first == ask)
        set_timer(asks);
    return ask;
}

/* --- life ------------------------------------------------------------------------- */

struct asks *asks_new(uv_loop_t *loop)
{
    struct asks *asks = bridge_alloc(sizeof *asks);

    asks->open.tail = &asks->open.first;
    uv_timer_init(loop, &asks->timer);
    asks->timer.data = asks;
    return asks;
}

void asks_stop(struct asks *asks)
{
    static const struct bridge_error why = { BRIDGE_RETRY, "the gateway is shutting down" };

    fail(asks, NULL, &why);
    uv_close((uv_handle_t *)&asks->timer, NULL);
}

void asks_free(struct asks *asks)
{
    assert(!asks->open.first);
    map_release(&asks->by_id);
    free(asks);
}
