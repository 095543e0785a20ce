#include "domain.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/log.h>
#include <bridge/words.h>

#include "alarm.h"
#include "ask.h"
#include "budget.h"
#include "delivery.h"
#include "herald.h"
#include "privilege.h"
#include "router.h"
#include "session.h"

static void on_up(void *arg)
{
    struct bridge_host *host = arg;
    struct bridge_session *session;
    size_t i = 0;

    host->since = clock_monotonic();
    host->stream++;
    while ((session = map_next(&host->sessions, &i)))
        session_resume(session);
    if (host->herald)
        herald_start(host->herald);
    deliveries_up(host->deliveries);
    alarm_tell(host->core);
    if (host->core->on_change)
        host->core->on_change(host->core->arg);
}

static void on_down(void *arg)
{
    struct bridge_host *host = arg;

    host->since = clock_monotonic();
    if (host->herald)
        herald_stop(host->herald);
    privilege_lost(host);
    ask_lost(host);
    deliveries_down(host->deliveries);
    if (host->core->on_change)
        host->core->on_change(host->core->arg);
}

static void on_stanza(void *arg, xmpp_stanza_t *stanza)
{
    router_stanza(arg, stanza);
}

static void on_dropped(void *arg, xmpp_stanza_t *root, const struct bridge_error *why)
{
    router_dropped(arg, root, why);
}

static void on_proven(void *arg, uint64_t mark)
{
    struct bridge_host *host = arg;

    deliveries_proven(host->deliveries, mark);
}

static void on_congested(void *arg, bool congested)
{
    struct bridge_host *host = arg;

    host->congested = congested;
    log_debug(host->name, "the XMPP server %s", congested ? "does not keep up" : "keeps up again");
    if (host->instance && host->transport->throttle)
        host->transport->throttle(host->instance, congested);
}

static void on_closed(void *arg)
{
    struct bridge_host *host = arg;

    host->component = NULL;
    core_stream_closed(host->core);
}

static const struct component_events component_events = {
    .on_up = on_up,
    .on_down = on_down,
    .on_stanza = on_stanza,
    .on_dropped = on_dropped,
    .on_proven = on_proven,
    .on_congested = on_congested,
    .on_closed = on_closed,
};

struct bridge_host *domain_new(struct core *core, const char *name, const char *secret,
                               const struct transport_options *t, struct bridge_error *err)
{
    const struct options *o = core->options;
    struct component_options options = {
        .server = o->xmpp.server,
        .port = (uint16_t)o->xmpp.port,
        .tls = o->xmpp.tls,
        .tls_name = o->xmpp.tls_name,
        .ca_file = o->xmpp.ca_file,
        .secret = secret,
    };
    /* As JIDs have it: what arrives is compared with this. */
    struct jid *jid = jid_new(NULL, name, NULL, err);
    if (!jid)
        return NULL;
    struct bridge_host *host = bridge_alloc(sizeof *host);
    host->core = core;
    host->since = clock_monotonic();
    host->name = bridge_strdup(jid_domain(jid));
    jid_free(jid);
    if (t) {
        host->transport = t->transport;
        host->permit.limits = t->limits;
        host->deliver_within = t->deliver_within;
        host->keep_dead_letters = t->keep_dead_letters;
        host->deliveries = deliveries_new(host);
        host->budget = budget_new(host);
        host->invited_only = t->registration == REGISTRATION_INVITATION;
        host->instance = t->transport->start(host, t->settings, err);
        if (!host->instance) {
            domain_free(host);
            return NULL;
        }
    }
    options.domain = host->name;
    host->component = component_new(core->loop, &options, &component_events, host, err);
    if (!host->component) {
        domain_stop(host);
        domain_free(host);
        return NULL;
    }
    if (host->transport)
        host->herald = herald_new(host);
    return host;
}

void domain_stop(struct bridge_host *host)
{
    if (host->instance)
        host->transport->stop(host->instance);
    host->instance = NULL;
}

void domain_free(struct bridge_host *host)
{
    assert(!host->instance && !host->component);
    privilege_lost(host);
    map_release(&host->sessions);
    map_release(&host->changes);
    permit_users_release(&host->permit.allowed);
    deliveries_free(host->deliveries);
    budget_free(host->budget);
    free(host->name);
    free(host);
}

int domain_target(struct bridge_host *host, const struct jid *jid, struct target *target,
                  struct bridge_error *err)
{
    struct strbuf local = STRBUF_INIT(4096);

    target->kind = BRIDGE_ADDRESS_NONE;
    if (!jid_local(jid))
        return 0;
    if (!host->transport)
        return bridge_fail(err, BRIDGE_NOT_FOUND, _("Nobody has an address at %s"), host->name);
    jid_unescape(&local, jid_local(jid));
    target->kind = host->transport->classify(host->instance, strbuf_text(&local),
                                             &target->address, err);
    strbuf_release(&local);
    return target->kind == BRIDGE_ADDRESS_NONE ? -1 : 0;
}

void domain_add_jid(struct bridge_host *host, struct strbuf *out, const char *address)
{
    struct strbuf local = STRBUF_INIT(4096);
    struct jid *jid = NULL;
    struct bridge_error err;

    if (!jid_escape(&local, address, &err))
        jid = jid_new(strbuf_text(&local), host->name, NULL, &err);
    if (!jid)
        log_warning(host->name, "an address of the network cannot be a JID: %s", err.text);
    strbuf_adds(out, jid ? jid_bare(jid) : host->name);
    jid_free(jid);
    strbuf_release(&local);
}

void domain_send(struct bridge_host *host, const struct strbuf *stanza)
{
    if (!stanza->overflow)
        component_send(host->component, stanza->data, stanza->len, 1);
}
