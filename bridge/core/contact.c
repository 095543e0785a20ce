#include "contact.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/log.h>

#include "core.h"
#include "presence_write.h"
#include "stanza.h"
#include "store.h"
#include "xml.h"

/* What is shown of a status. */
#define STATUS_MAX 4096

/* A contact in a roster, whose presence the user is shown. */
struct watch {
    char *address;
    enum bridge_show show;
    char *status;
    char *nick;
};

/* --- presence ------------------------------------------------------------------- */

static void begin(struct bridge_host *host, struct strbuf *out, const char *user,
                  const char *address, const char *type)
{
    struct strbuf jid = STRBUF_INIT(4096);

    domain_add_jid(host, &jid, address);
    strbuf_adds(out, "<presence");
    xml_attribute(out, "to", user);
    xml_attribute(out, "from", strbuf_text(&jid));
    xml_attribute(out, "type", type);
    strbuf_release(&jid);
}

/* Presence without content: subscribed, unsubscribed, unavailable. */
static void send_type(struct bridge_host *host, const char *user, const char *address,
                      const char *type)
{
    struct strbuf *out = core_stanza(host->core);

    begin(host, out, user, address, type);
    strbuf_adds(out, "/>");
    domain_send(host, out);
}

static void send_presence(struct bridge_host *host, const char *user, const struct watch *w)
{
    const struct presence_content content = {
        .show = w->show, .status = w->status, .nick = w->nick
    };
    struct strbuf *out = core_stanza(host->core);

    begin(host, out, user, w->address, w->show == BRIDGE_OFFLINE ? "unavailable" : NULL);
    strbuf_addch(out, '>');
    presence_write_content(out, host, &content);
    strbuf_adds(out, "</presence>");
    domain_send(host, out);
}

void bridge_contact_presence(struct bridge_session *session, const char *contact,
                             const struct bridge_presence *presence)
{
    struct watch *w = map_finds(&session->watches, contact);

    if (!w)
        return;
    free(w->status);
    free(w->nick);
    w->show = presence->show;
    w->status = core_copy_text(presence->status, STATUS_MAX);
    w->nick = core_copy_text(presence->nick, STATUS_MAX);
    send_presence(session->host, session->user, w);
}

static void watch_free(struct watch *w)
{
    free(w->address);
    free(w->status);
    free(w->nick);
    free(w);
}

/* Show the contact's presence from now on; whatever goes wrong leaves it
 * offline, with the reason as status. */
static void watch(struct bridge_host *host, const char *user, const char *address)
{
    struct watch gone = { .address = (char *)address, .show = BRIDGE_OFFLINE };
    struct bridge_error err;

    struct bridge_session *session = session_open(host, user, &err);
    if (!session) {
        gone.status = err.text;
        send_presence(host, user, &gone);
        return;
    }
    struct watch *w = map_finds(&session->watches, address);
    if (w) {
        send_presence(host, user, w);
        return;
    }
    w = bridge_alloc(sizeof *w);
    w->address = bridge_strdup(address);
    map_puts(&session->watches, w->address, w);
    if (!host->transport->watch) {
        bridge_contact_presence(session, address,
                                &(struct bridge_presence){ .show = BRIDGE_ONLINE });
    } else if (host->transport->watch(session->data, address, &err)) {
        bridge_contact_presence(session, address,
                                &(struct bridge_presence){ .status = err.text });
        map_removes(&session->watches, address);
        watch_free(w);
    }
}

static void unwatch(struct bridge_session *session, const char *address)
{
    struct watch *w = map_removes(&session->watches, address);

    if (!w)
        return;
    if (session->host->transport->unwatch)
        session->host->transport->unwatch(session->data, address);
    watch_free(w);
}

/* --- subscriptions ---------------------------------------------------------------- */

/* What waits for the store. */
struct pending {
    struct bridge_host *host;
    char *user;
    char *address;
};

static struct pending *pending_new(struct bridge_host *host, const char *user,
                                   const char *address)
{
    struct pending *p = bridge_alloc(sizeof *p);

    p->host = host;
    p->user = bridge_strdup(user);
    p->address = bridge_strdup(address);
    return p;
}

static void pending_free(struct pending *p)
{
    free(p->user);
    free(p->address);
    free(p);
}

static void on_subscribed(void *arg, const struct bridge_error *why)
{
    struct pending *p = arg;

    if (why) { /* the client will ask again; nothing was promised */
        struct strbuf *out = core_stanza(p->host->core);
        begin(p->host, out, p->user, p->address, "error");
        strbuf_addch(out, '>');
        stanza_error_write(out, why);
        strbuf_adds(out, "</presence>");
        domain_send(p->host, out);
    } else {
        send_type(p->host, p->user, p->address, "subscribed");
        watch(p->host, p->user, p->address);
    }
    pending_free(p);
}

void contact_subscribe(struct bridge_host *host, const char *user, const char *address)
{
    struct store_contact contact = {
        .domain = host->name,
        .user = user,
        .address = address,
        .subscription = STORE_SUB_TO,
    };

    store_contact_put(host->core->store, &contact, on_subscribed,
                      pending_new(host, user, address));
}

void contact_drop(struct bridge_host *host, const char *user, const char *address)
{
    struct bridge_session *session = session_find(host, user);

    if (session)
        unwatch(session, address);
    send_type(host, user, address, "unsubscribed");
    send_type(host, user, address, "unavailable");
}

void contact_drop_all(struct bridge_session *session)
{
    struct watch *w;
    size_t i = 0;

    while ((w = map_next(&session->watches, &i))) {
        char *address = bridge_strdup(w->address);
        contact_drop(session->host, session->user, address);
        free(address);
        i = 0; /* the map has changed */
    }
}

static void on_unsubscribed(void *arg, const struct bridge_error *why)
{
    struct pending *p = arg;

    if (!why)
        contact_drop(p->host, p->user, p->address);
    pending_free(p);
}

void contact_unsubscribe(struct bridge_host *host, const char *user, const char *address)
{
    store_contact_remove(host->core->store, host->name, user, address, on_unsubscribed,
                         pending_new(host, user, address));
}

/* RFC 6121 §4.3.2: only subscribers learn something. */
void contact_probe(struct bridge_host *host, const char *user, const char *address)
{
    struct store_contact contact;

    if (store_contact_find(host->core->store, host->name, user, address, &contact) &&
        contact.subscription & STORE_SUB_TO)
        watch(host, user, address);
    else
        send_type(host, user, address, "unsubscribed");
}

static bool announce(void *arg, const struct store_contact *contact)
{
    struct bridge_host *host = arg;

    if (contact->subscription & STORE_SUB_TO)
        watch(host, contact->user, contact->address);
    return true;
}

void contact_announce_all(struct bridge_host *host)
{
    store_contact_each(host->core->store, host->name, NULL, announce, host);
}

void contact_release_all(struct bridge_session *session)
{
    struct watch *w;
    size_t i = 0;

    while ((w = map_next(&session->watches, &i))) {
        send_type(session->host, session->user, w->address, "unavailable");
        watch_free(w);
    }
    map_release(&session->watches);
}
