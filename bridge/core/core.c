#include "core.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <bridge/clock.h>
#include <bridge/log.h>
#include <bridge/utf8.h>
#include <sodium.h>

#include "ability.h"
#include "alarm.h"
#include "ask.h"
#include "chat.h"
#include "client.h"
#include "command.h"
#include "delivery.h"
#include "describe.h"
#include "domain.h"
#include "forget.h"
#include "herald.h"
#include "lookup.h"
#include "roster.h"
#include "register.h"
#include "seal.h"
#include "session.h"
#include "xml.h"

#define SWEEP_MS 60000

/* --- small services ------------------------------------------------------------- */

struct strbuf *core_stanza(struct core *core)
{
    strbuf_reset(&core->stanza);
    return &core->stanza;
}

char *core_copy_text(const char *text, size_t max)
{
    return text ? bridge_strndup(text, utf8_cut(text, strlen(text), max)) : NULL;
}

void core_new_id(struct core *core, struct strbuf *out)
{
    strbuf_addf(out, "%s%llx", core->id_prefix, (unsigned long long)++core->next_id);
}

void core_add_id(struct core *core, struct strbuf *out)
{
    strbuf_adds(out, " id='");
    core_new_id(core, out);
    strbuf_addch(out, '\'');
}

const char *core_set_said(struct core *core, const char *id)
{
    strbuf_reset(&core->said);
    if (id)
        strbuf_adds(&core->said, id);
    else
        core_new_id(core, &core->said);
    return strbuf_text(&core->said);
}

size_t core_streams_up(const struct core *core)
{
    size_t up = 0;

    for (size_t i = 0; i < core->host_count; i++)
        up += component_is_up(core->hosts[i]->component);
    return up;
}

/* Which sessions to close; NULL: all. */
typedef bool session_test(const struct bridge_session *session);

static bool is_idle(const struct bridge_session *session)
{
    return session_idle(session, clock_monotonic());
}

static bool is_forbidden(const struct bridge_session *session)
{
    struct bridge_error why;

    return register_admit(session->host, session->user, &why) != 0;
}

/* The sessions of a host that are to be closed, in an array that the caller
 * frees: closing changes the map. */
static struct bridge_session **collect(struct bridge_host *host, session_test *test,
                                       size_t *count)
{
    struct bridge_session **list = bridge_alloc((host->sessions.count + 1) * sizeof(void *));
    struct bridge_session *session;
    size_t i = 0;

    *count = 0;
    while ((session = map_next(&host->sessions, &i))) {
        if (!test || test(session))
            list[(*count)++] = session;
    }
    return list;
}

static void close_sessions(struct core *core, session_test *test, const char *reason)
{
    for (size_t i = 0; i < core->host_count; i++) {
        size_t count;
        struct bridge_session **list = collect(core->hosts[i], test, &count);
        for (size_t k = 0; k < count; k++)
            session_close(list[k], reason);
        free(list);
    }
}

/* Everybody has been asked who is there; who has not answered in this time is not. */
static void forget_silent_clients(struct bridge_host *host)
{
    bool time = clock_monotonic() - host->since >= SWEEP_MS;
    struct bridge_session *session;
    size_t i = 0;

    if (!host->herald || !herald_is_idle(host->herald) || !time ||
        !component_is_up(host->component))
        return;
    while ((session = map_next(&host->sessions, &i)))
        client_forget_silent(session);
}

static void on_sweep(uv_timer_t *timer)
{
    struct core *core = timer->data;

    for (size_t i = 0; i < core->host_count; i++)
        forget_silent_clients(core->hosts[i]);
    commands_expire(core->commands);
    close_sessions(core, is_idle, "idle");
    for (size_t i = 0; i < core->host_count; i++)
        deliveries_sweep(core->hosts[i]->deliveries);
}

static void on_health(void *arg, const struct bridge_error *why)
{
    struct core *core = arg;

    alarm_tell(core);
    if (why)
        return;
    log_info("store", "is well again");
    for (size_t i = 0; i < core->host_count; i++)
        deliveries_store_well(core->hosts[i]->deliveries);
}

/* --- start ------------------------------------------------------------------------ */

static int add_host(struct core *core, const char *name, const char *secret,
                    const struct transport_options *t, struct bridge_error *err)
{
    struct bridge_host *host = domain_new(core, name, secret, t, err);

    if (!host)
        return -1;
    core->hosts = bridge_realloc(core->hosts, (core->host_count + 1) * sizeof(struct bridge_host *));
    core->hosts[core->host_count++] = host;
    return 0;
}

static int add_hosts(struct core *core, struct bridge_error *err)
{
    const struct options *o = core->options;

    if (o->gateway.domain && add_host(core, o->gateway.domain, o->gateway.secret, NULL, err))
        return -1;
    for (size_t i = 0; i < o->transport_count; i++) {
        const struct transport_options *t = &o->transports[i];
        if (add_host(core, t->domain, t->secret, t, err))
            return -1;
    }
    return 0;
}

struct core *core_new(uv_loop_t *loop, struct options *options)
{
    struct core *core = bridge_alloc(sizeof *core);
    unsigned char random[4];
    char hex[9];

    core->loop = loop;
    core->options = options;
    strbuf_init(&core->stanza, XML_STANZA_MAX);
    strbuf_init(&core->part, XML_STANZA_MAX);
    strbuf_init(&core->said, XML_STANZA_MAX);
    core->commands = commands_new();
    core->chat = chat_budgets_new();
    core->asks = asks_new(loop);
    core->lookups = lookups_new(loop);
    core->abilities = ability_hashes_new();
    core->rosters = rosters_new(loop);
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(hex, sizeof hex, random, sizeof random);
    snprintf(core->id_prefix, sizeof core->id_prefix, "%s-", hex);
    guard_init(core);
    retention_init(core);
    changes_init(core);
    uv_timer_init(loop, &core->sweep);
    core->sweep.data = core;
    uv_timer_start(&core->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    return core;
}

/* Beside the database, but in none of its copies. */
static int open_seal(struct core *core, struct bridge_error *err)
{
    const struct options *o = core->options;
    struct strbuf path = STRBUF_INIT(8192);

    strbuf_addf(&path, "%s%s", *o->key_file ? o->key_file : o->database,
                *o->key_file ? "" : ".key");
    core->seal = seal_open(strbuf_text(&path), err);
    strbuf_release(&path);
    return core->seal ? 0 : -1;
}

int core_start(struct core *core, struct bridge_error *err)
{
    core->store = store_open(core->loop, core->options->database, err);
    if (!core->store)
        return -1;
    store_on_health(core->store, on_health, core);
    if (open_seal(core, err))
        return -1;
    if (add_hosts(core, err))
        return -1;
    guard_set_rules(core);
    core->last_delivery = store_delivery_last(core->store);
    for (size_t i = 0; i < core->host_count; i++)
        deliveries_start(core->hosts[i]->deliveries);
    return 0;
}

/* --- stop ------------------------------------------------------------------------- */

static void streams_closed(struct core *core)
{
    for (size_t i = 0; i < core->host_count; i++)
        domain_stop(core->hosts[i]);
    core->on_stopped(core->arg);
}

void core_stream_closed(struct core *core)
{
    if (!--core->closing)
        streams_closed(core);
}

static void on_store_closed(void *arg)
{
    struct core *core = arg;

    forget_stop(core);
    core->store = NULL;
    if (!core->host_count) {
        streams_closed(core);
        return;
    }
    core->closing = core->host_count;
    for (size_t i = 0; i < core->host_count; i++)
        component_close(core->hosts[i]->component);
}

void core_stop(struct core *core, const char *reason)
{
    assert(!core->stopping);
    core->stopping = true;
    uv_close((uv_handle_t *)&core->sweep, NULL);
    for (size_t i = 0; i < core->host_count; i++) {
        herald_free(core->hosts[i]->herald);
        core->hosts[i]->herald = NULL;
        deliveries_stop(core->hosts[i]->deliveries);
    }
    close_sessions(core, NULL, reason);
    guard_stop(core);
    retention_stop(core);
    changes_stop(core);
    asks_stop(core->asks);
    lookups_stop(core->lookups);
    rosters_stop(core->rosters);
    if (core->store)
        store_close(core->store, on_store_closed, core);
    else
        on_store_closed(core);
}

void core_free(struct core *core)
{
    commands_free(core->commands);
    changes_release(core);
    for (size_t i = 0; i < core->host_count; i++)
        domain_free(core->hosts[i]);
    free(core->hosts);
    chat_budgets_free(core->chat);
    asks_free(core->asks);
    lookups_free(core->lookups);
    ability_hashes_free(core->abilities);
    rosters_free(core->rosters);
    guard_release(core);
    seal_close(core->seal);
    options_free(core->options);
    strbuf_release(&core->stanza);
    strbuf_release(&core->part);
    strbuf_release(&core->said);
    free(core);
}

/* --- reload ------------------------------------------------------------------------ */

__attribute__((format(printf, 2, 3)))
static void needs_restart(struct core *core, const char *format, ...)
{
    struct strbuf what = STRBUF_INIT(4096);
    va_list args;

    va_start(args, format);
    strbuf_addv(&what, format, args);
    va_end(args);
    strbuf_adds(&what, " needs a restart");
    log_warning("reload", "%s", strbuf_text(&what));
    if (core->notices)
        strbuf_addf(core->notices, "%s\n", strbuf_text(&what));
    strbuf_release(&what);
}

static struct transport_options *find_transport(struct options *options, const char *domain)
{
    for (size_t i = 0; i < options->transport_count; i++) {
        if (!strcasecmp(options->transports[i].domain, domain))
            return &options->transports[i];
    }
    return NULL;
}

/* Every member of the settings needs a restart if one of them does: the
 * transport is given all or nothing. Returns whether it was given them. */
static bool reload_transport(struct bridge_host *host, const struct transport_options *before,
                             const struct transport_options *after)
{
    struct strbuf key = STRBUF_INIT(256);

    if (!after || strcmp(before->plugin, after->plugin)) {
        needs_restart(host->core, "%s: removing or replacing a transport", before->domain);
        return false;
    }
    component_set_secret(host->component, after->secret);
    host->permit.limits = after->limits;
    host->deliver_within = after->deliver_within;
    host->keep_dead_letters = after->keep_dead_letters;
    host->invited_only = after->registration == REGISTRATION_INVITATION;
    if (!before->settings)
        return true;
    const char *changed = settings_changed(before->transport->settings, before->settings,
                                           after->settings, &key);
    bool taken = !changed && before->transport->reload;
    if (changed)
        needs_restart(host->core, "%s: a change of %s", before->domain, changed);
    else if (taken)
        before->transport->reload(host->instance, after->settings);
    strbuf_release(&key);
    return taken;
}

/* What the running instances use stays with them: settings that were not taken
 * are kept, the others change places. */
static void reload_transports(struct core *core, struct options *fresh)
{
    struct options *old = core->options;
    /* Behind the front door, if there is one, in the order of the list. */
    struct bridge_host **hosts = core->hosts + (core->host_count - old->transport_count);

    for (size_t i = 0; i < old->transport_count; i++) {
        struct transport_options *before = &old->transports[i];
        struct transport_options *after = find_transport(fresh, before->domain);
        if (reload_transport(hosts[i], before, after)) {
            struct transport_options t = *before;
            *before = *after;
            *after = t;
        }
    }
    for (size_t i = 0; i < fresh->transport_count; i++) {
        if (!find_transport(old, fresh->transports[i].domain))
            needs_restart(core, "%s: adding a transport", fresh->transports[i].domain);
    }
}

static void reload_core(struct core *core, struct options *fresh)
{
    struct strbuf key = STRBUF_INIT(256);
    struct options *old = core->options;

    const char *changed = settings_changed(options_rows, old, fresh, &key);
    if (changed)
        needs_restart(core, "a change of %s", changed);
    log_set_level((enum log_level)fresh->log.level);
    bool front_door = core->host_count > old->transport_count;
    if (front_door && fresh->gateway.domain &&
        !strcasecmp(core->hosts[0]->name, fresh->gateway.domain))
        component_set_secret(core->hosts[0]->component, fresh->gateway.secret);
    strbuf_release(&key);
}

void core_reload(struct core *core, struct options *fresh)
{
    reload_core(core, fresh);
    reload_transports(core, fresh);

    /* The list stays that of the running transports. */
    struct options *old = core->options;
    struct transport_options *list = old->transports;
    size_t count = old->transport_count;
    old->transports = fresh->transports;
    old->transport_count = fresh->transport_count;
    fresh->transports = list;
    fresh->transport_count = count;
    core->options = fresh;
    options_free(old);
    guard_set_rules(core);
    for (size_t i = 0; i < core->host_count; i++)
        describe_forget(core->hosts[i]);
    close_sessions(core, is_forbidden, "The gateway is no longer open to this user");
    log_info("reload", "the configuration was read again");
}
