#include "guard.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include <bridge/log.h>
#include <bridge/strbuf.h>
#include <bridge/words.h>

#include "core.h"
#include "domain.h"
#include "session.h"
#include "store.h"

/* --- who ------------------------------------------------------------------------ */

/* options_load() has looked at every pattern. */
static void add(struct permit_users *users, const char *pattern)
{
    struct bridge_error err;
    int rc = permit_users_add(users, pattern, &err);

    assert(!rc);
}

static bool concerns(const struct allow_rule *rule, const struct transport_options *t)
{
    for (size_t i = 0; i < rule->transports.count; i++) {
        const char *name = rule->transports.items[i];
        if (!strcmp(name, t->plugin) || !strcasecmp(name, t->domain))
            return true;
    }
    return false;
}

static void set_permit(struct bridge_host *host, const struct options *o,
                       const struct transport_options *t)
{
    const struct allow_rule *rules = o->allow.items;
    bool named = false;

    permit_users_release(&host->permit.allowed);
    for (size_t i = 0; i < o->allow.count; i++) {
        if (!concerns(&rules[i], t))
            continue;
        named = true;
        add(&host->permit.allowed, rules[i].who);
    }
    host->permit.open = !named && t->transport->open_by_default;
    if (!host->permit.open && !named)
        log_warning(host->name, "is open to nobody: name its users in `allow`");
}

void guard_set_rules(struct core *core)
{
    const struct options *o = core->options;
    /* Behind the front door, if there is one, in the order of the list. */
    struct bridge_host **hosts = core->hosts + (core->host_count - o->transport_count);

    permit_users_release(&core->guard.banned);
    for (size_t i = 0; i < o->banned.count; i++)
        add(&core->guard.banned, o->banned.items[i]);
    for (size_t i = 0; i < o->transport_count; i++)
        set_permit(hosts[i], o, &o->transports[i]);
}

/* An address of the configuration as people write it: without the scheme, and
 * without "?message", which says what to do with it. */
static const char *plain_address(const char *uri, int *len)
{
    static const char *const schemes[] = { "xmpp:", "mailto:" };

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t skip = strlen(schemes[i]);
        if (!strncasecmp(uri, schemes[i], skip)) {
            *len = (int)strcspn(uri + skip, "?");
            return uri + skip;
        }
    }
    *len = (int)strlen(uri);
    return uri;
}

/* Whom to ask about it, if the admin has said so. */
static const char *contact(const struct bridge_host *host, int *len)
{
    const struct setting_strings *admins = &host->core->options->gateway.admins;
    const char *admin = admins->count ? plain_address(admins->items[0], len) : NULL;

    return admin && *len ? admin : NULL;
}

static int refuse_banned(const struct bridge_host *host, const char *user,
                         struct bridge_error *err)
{
    int len;
    const char *admin = contact(host, &len);

    if (!admin)
        return bridge_fail(err, BRIDGE_FORBIDDEN, _("%s has banned %s"), host->name, user);
    return bridge_fail(err, BRIDGE_FORBIDDEN, _("%s has banned %s; ask %.*s"), host->name, user,
                       len, admin);
}

static int refuse_stranger(const struct bridge_host *host, const char *user,
                           struct bridge_error *err)
{
    int len;
    const char *admin = contact(host, &len);

    if (!admin)
        return bridge_fail(err, BRIDGE_FORBIDDEN, _("%s is not open to %s"), host->name, user);
    return bridge_fail(err, BRIDGE_FORBIDDEN, _("%s is not open to %s; ask %.*s"), host->name,
                       user, len, admin);
}

int guard_admit(const struct bridge_host *host, const char *user, struct bridge_error *err)
{
    if (permit_users_have(&host->core->guard.banned, user))
        return refuse_banned(host, user, err);
    return permit_admits(&host->permit, user) ? 0 : refuse_stranger(host, user, err);
}

/* --- how much --------------------------------------------------------------------- */

/* Not when the session opens: most transports have no daily limit, and a reload
 * may set one. */
static void load(struct bridge_session *session)
{
    struct guard_account *account = &session->account;

    account->usage.day = permit_today();
    account->usage.sent = store_counter_get(session->host->core->store, session->host->name,
                                            session->user, account->usage.day);
    account->loaded = true;
}

int guard_message(struct bridge_session *session, struct bridge_error *err)
{
    struct permit *permit = &session->host->permit;

    if (permit->limits.messages_per_day && !session->account.loaded)
        load(session);
    return permit_message(permit, &session->account.usage, err);
}

int guard_join(struct bridge_session *session, struct bridge_error *err)
{
    return permit_join(&session->host->permit, &session->account.usage, err);
}

/* --- counts ----------------------------------------------------------------------- */

static void link_unsaved(struct bridge_session *session)
{
    struct guard *guard = &session->host->core->guard;
    struct guard_account *account = &session->account;

    account->next = guard->unsaved;
    account->link = &guard->unsaved;
    if (account->next)
        account->next->account.link = &account->next;
    guard->unsaved = session;
}

static void unlink_unsaved(struct guard_account *account)
{
    *account->link = account->next;
    if (account->next)
        account->next->account.link = account->link;
    account->link = NULL;
}

static void save(struct bridge_session *session)
{
    const struct permit_usage *usage = &session->account.usage;
    const struct store_counter counter = {
        .domain = session->host->name,
        .user = session->user,
        .day = usage->day,
        .messages = usage->sent,
    };

    unlink_unsaved(&session->account);
    /* If it fails the store tells the admin, and the next save has it all. */
    store_counter_put(session->host->core->store, &counter, NULL, NULL);
}

static void on_save(uv_timer_t *timer)
{
    struct core *core = timer->data;
    struct guard *guard = &core->guard;
    int64_t today = permit_today();

    if (guard->day != today)
        store_counters_forget(core->store, today, NULL, NULL);
    guard->day = today;
    while (guard->unsaved)
        save(guard->unsaved);
}

void guard_count(struct bridge_session *session)
{
    struct guard *guard = &session->host->core->guard;

    if (!session->host->permit.limits.messages_per_day)
        return;
    permit_count(&session->account.usage);
    if (session->account.link)
        return;
    if (!guard->unsaved)
        uv_timer_start(&guard->save, on_save, GUARD_SAVE_MS, 0);
    link_unsaved(session);
}

void guard_forget(struct bridge_session *session)
{
    if (session->account.link)
        save(session);
}

/* --- life ------------------------------------------------------------------------- */

void guard_init(struct core *core)
{
    uv_timer_init(core->loop, &core->guard.save);
    core->guard.save.data = core;
}

void guard_stop(struct core *core)
{
    assert(!core->guard.unsaved);
    uv_close((uv_handle_t *)&core->guard.save, NULL);
}

void guard_release(struct core *core)
{
    permit_users_release(&core->guard.banned);
}
