#include "contact.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/log.h>
#include <bridge/words.h>

#include "client.h"
#include "core.h"
#include "herald.h"
#include "stanza.h"
#include "store.h"
#include "watch.h"
#include "xml.h"

/* Of one contact, while the store writes: more than a person can do. */
#define EVENTS_MAX 8
/* What is shown of a name. */
#define NAME_MAX_SHOWN 1024

/* What happens to one contact; the first event is in the store's hands. */
struct change {
    struct bridge_host *host;
    char *key; /* in host->changes: no bare JID has a "/" */
    char *user;
    char *address;
    struct {
        enum subscription_event what;
        char *name;
    } events[EVENTS_MAX];
    size_t count;
    struct subscription_step step;
};

/* --- saying it -------------------------------------------------------------------- */

/* XEP-0172 §4.2: whom the client asks "... wants to see whether you are there". */
static void send_request(struct bridge_host *host, const char *user, const char *address)
{
    const struct bridge_session *session = session_find(host, user);
    const char *nick = session ? watch_nick(session, address) : NULL;
    struct strbuf *out = core_stanza(host->core);
    struct store_contact row;

    if (!nick && !host->core->stopping &&
        store_contact_find(host->core->store, host->name, user, address, &row))
        nick = row.name;
    if (!nick)
        nick = *address ? address : host->transport->description;
    watch_write_start(out, host, user, address, "subscribe");
    strbuf_addch(out, '>');
    xml_element(out, "nick xmlns='" NS_NICK "'", nick);
    strbuf_adds(out, "</presence>");
    domain_send(host, out);
}

static void say(const struct change *c, unsigned what)
{
    static const struct {
        enum subscription_saying saying;
        const char *type;
    } types[] = {
        { SAY_PROBE, "probe" },
        { SAY_UNSUBSCRIBE, "unsubscribe" },
        { SAY_UNSUBSCRIBED, "unsubscribed" },
        { SAY_UNAVAILABLE, "unavailable" },
    };
    struct bridge_session *session;

    if (what & SAY_SUBSCRIBED)
        watch_send_type(c->host, c->user, c->address, "subscribed");
    if (what & SAY_PRESENCE)
        watch_begin(c->host, c->user, c->address);
    if (what & SAY_SUBSCRIBE)
        send_request(c->host, c->user, c->address);
    if (what & SAY_UNAVAILABLE && (session = session_find(c->host, c->user)))
        watch_end(session, c->address);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (what & types[i].saying)
            watch_send_type(c->host, c->user, c->address, types[i].type);
    }
    if (what & HEAR_NO_MORE && !c->host->core->stopping)
        client_deafened(c->host, c->user, c->address);
}

/* The client may ask again; nothing was promised. */
static void tell_failure(const struct change *c, const struct bridge_error *why)
{
    struct strbuf *out = core_stanza(c->host->core);

    if (c->events[0].what > SUBSCRIPTION_DENIED) {
        log_warning(c->host->name, "a contact of %s was not stored: %s", c->user, why->text);
        return;
    }
    watch_write_start(out, c->host, c->user, c->address, "error");
    strbuf_addch(out, '>');
    stanza_error_write(out, why);
    strbuf_adds(out, "</presence>");
    domain_send(c->host, out);
}

/* --- one change after the other ------------------------------------------------------ */

static struct strbuf key_of(const char *user, const char *address)
{
    struct strbuf key = STRBUF_INIT(8192);

    strbuf_addf(&key, "%s/%s", user, address);
    return key;
}

static struct change *find_change(struct bridge_host *host, const char *user,
                                  const char *address)
{
    struct strbuf key = key_of(user, address);
    struct change *c = map_finds(&host->changes, strbuf_text(&key));

    strbuf_release(&key);
    return c;
}

static void drop_event(struct change *c)
{
    free(c->events[0].name);
    memmove(c->events, c->events + 1, --c->count * sizeof *c->events);
}

static void change_free(struct change *c)
{
    while (c->count)
        drop_event(c);
    map_removes(&c->host->changes, c->key);
    free(c->key);
    free(c->user);
    free(c->address);
    free(c);
}

static void go_on(struct change *c);

static void on_stored(void *arg, const struct bridge_error *why)
{
    static const struct bridge_error stopping = {
        BRIDGE_RETRY, N_("The gateway is shutting down; try again later")
    };
    struct change *c = arg;

    if (why)
        tell_failure(c, why);
    else
        say(c, c->step.then);
    drop_event(c);
    while (c->count && c->host->core->stopping) { /* the store takes nothing more */
        tell_failure(c, &stopping);
        drop_event(c);
    }
    go_on(c);
}

/* Hand the first event to the store. False if it changes nothing there. */
static bool store_change(struct change *c)
{
    struct store *store = c->host->core->store;
    struct store_contact row = { .name = NULL };
    const char *name = c->events[0].name;

    bool known = store_contact_find(store, c->host->name, c->user, c->address, &row);
    unsigned now = known ? row.subscription : 0;
    c->step = subscription_step(now, c->events[0].what);
    bool renamed = name && c->step.next && (!row.name || strcmp(row.name, name) != 0);
    if (c->step.next == now && !renamed)
        return false;
    const struct store_contact next = {
        .domain = c->host->name,
        .user = c->user,
        .address = c->address,
        .name = name ? name : row.name,
        .subscription = c->step.next,
    };
    if (next.subscription)
        store_contact_put(store, &next, on_stored, c);
    else
        store_contact_remove(store, next.domain, next.user, next.address, on_stored, c);
    return true;
}

static void go_on(struct change *c)
{
    while (c->count) {
        if (store_change(c))
            return;
        say(c, c->step.then);
        drop_event(c);
    }
    change_free(c);
}

/* When there is no room the last one is replaced: who floods decides nothing else. */
static void add_event(struct change *c, enum subscription_event what, const char *name)
{
    if (c->count == EVENTS_MAX)
        free(c->events[--c->count].name);
    c->events[c->count].what = what;
    c->events[c->count++].name = core_copy_text(name, NAME_MAX_SHOWN);
}

void contact_change(struct bridge_host *host, const char *user, const char *address,
                    enum subscription_event event, const char *name)
{
    struct change *c = find_change(host, user, address);

    if (c) { /* on_stored() goes on */
        add_event(c, event, name);
        return;
    }
    c = bridge_alloc(sizeof *c);
    c->host = host;
    struct strbuf key = key_of(user, address);
    c->key = strbuf_detach(&key);
    c->user = bridge_strdup(user);
    c->address = bridge_strdup(address);
    map_puts(&host->changes, c->key, c);
    add_event(c, event, name);
    go_on(c);
}

/* --- asking ------------------------------------------------------------------------ */

unsigned contact_subscription(struct bridge_host *host, const char *user, const char *address)
{
    const struct change *c = find_change(host, user, address);
    struct store_contact row;

    if (c)
        return c->step.next;
    if (store_contact_find(host->core->store, host->name, user, address, &row))
        return row.subscription;
    return 0;
}

struct ear {
    struct strbuf *address;
    bool found;
};

static bool is_ear(void *arg, const struct store_contact *contact)
{
    struct ear *ear = arg;

    if (!(contact->subscription & STORE_SUB_FROM))
        return true;
    strbuf_adds(ear->address, contact->address);
    ear->found = true;
    return false;
}

bool contact_find_ear(struct bridge_host *host, const char *user, struct strbuf *address)
{
    struct ear ear = { .address = address };

    store_contact_each(host->core->store, host->name, user, is_ear, &ear);
    return ear.found;
}

static bool may_see(struct bridge_host *host, const char *user, const char *address)
{
    struct store_contact row;

    return store_contact_find(host->core->store, host->name, user, address, &row) &&
           row.subscription & STORE_SUB_TO;
}

/* What is not stored yet is told in a moment. */
void contact_probe(struct bridge_host *host, const char *user, const char *address)
{
    const struct change *c = find_change(host, user, address);
    bool will = !c || c->step.next & STORE_SUB_TO;

    if (will && may_see(host, user, address))
        watch_begin(host, user, address);
    else if (!c)
        watch_send_type(host, user, address, "unsubscribed");
}

/* --- leaving ------------------------------------------------------------------------ */

void contact_drop(struct bridge_host *host, const char *user, const char *address)
{
    static const char *const types[] = { "unsubscribe", "unsubscribed", "unavailable" };
    struct bridge_session *session = session_find(host, user);

    if (session)
        watch_end(session, address);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        watch_send_type(host, user, address, types[i]);
}

void contact_drop_all(struct bridge_session *session)
{
    size_t count = 0;
    char **addresses = watch_list(session, &count);

    for (size_t i = 0; i < count; i++) {
        contact_drop(session->host, session->user, addresses[i]);
        free(addresses[i]);
    }
    free(addresses);
}
