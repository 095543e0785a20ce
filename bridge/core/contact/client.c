#include "client.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/log.h>

#include "contact.h"
#include "core.h"
#include "herald.h"
#include "stanza.h"
#include "store.h"
#include "watch.h"
#include "xml.h"

/* What a transport is told of a status, or a nick. */
#define STATUS_MAX 4096

struct sight {
    enum bridge_show show;
    char *status;
    char *nick;
};

struct client {
    char *resource;
    char *via; /* whom its presence was last sent to: if only that one is told
                * that it is gone, it has gone from there alone */
    int priority;
    struct sight sight;
    unsigned stream; /* host->stream when it was last heard of */
};

struct clients {
    struct client list[CLIENTS_MAX]; /* the one that spoke last is the last */
    size_t count;
    struct sight told; /* to the transport */
};

/* --- what a client looks like -------------------------------------------------------- */

static void sight_release(struct sight *s)
{
    free(s->status);
    free(s->nick);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static bool same_sight(const struct sight *a, const struct sight *b)
{
    return a->show == b->show && same_text(a->status, b->status) && same_text(a->nick, b->nick);
}

static struct sight sight_copy(const struct sight *s)
{
    return (struct sight){ s->show, bridge_strdup(s->status), bridge_strdup(s->nick) };
}

/* The text of a child, at most `max` bytes of it; NULL if there is no such child. */
static char *child_text(xmpp_stanza_t *stanza, const char *name, const char *ns, size_t max)
{
    struct strbuf text = STRBUF_INIT(XML_STANZA_MAX);
    char *copy = NULL;

    if (stanza_text(stanza_child(stanza, name, ns), &text) && text.len)
        copy = core_copy_text(strbuf_text(&text), max);
    strbuf_release(&text);
    return copy;
}

/* RFC 6121 §4.7.2.1: what is no such word is as if it were not there. */
static enum bridge_show read_show(xmpp_stanza_t *stanza)
{
    static const struct {
        const char *word;
        enum bridge_show show;
    } words[] = {
        { "chat", BRIDGE_CHAT },
        { "away", BRIDGE_AWAY },
        { "xa", BRIDGE_XA },
        { "dnd", BRIDGE_DND },
    };
    char *word = child_text(stanza, "show", NS_COMPONENT, 16);
    enum bridge_show show = BRIDGE_ONLINE;

    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++) {
        if (!strcmp(words[i].word, word))
            show = words[i].show;
    }
    free(word);
    return show;
}

/* RFC 6121 §4.7.2.3: from -128 to 127. */
static int read_priority(xmpp_stanza_t *stanza)
{
    char *text = child_text(stanza, "priority", NS_COMPONENT, 16);
    long priority = text ? strtol(text, NULL, 10) : 0;

    free(text);
    return priority < -128 || priority > 127 ? 0 : (int)priority;
}

/* --- the list ------------------------------------------------------------------------ */

static void client_release(struct client *c)
{
    free(c->resource);
    free(c->via);
    sight_release(&c->sight);
}

void clients_free(struct clients *clients)
{
    if (!clients)
        return;
    for (size_t i = 0; i < clients->count; i++)
        client_release(&clients->list[i]);
    sight_release(&clients->told);
    free(clients);
}

static struct client *find(struct clients *clients, const char *resource)
{
    for (size_t i = 0; clients && i < clients->count; i++) {
        if (!strcmp(clients->list[i].resource, resource))
            return &clients->list[i];
    }
    return NULL;
}

static void cut(struct clients *clients, struct client *c)
{
    struct client *end = clients->list + clients->count--;

    client_release(c);
    memmove(c, c + 1, (size_t)((char *)end - (char *)(c + 1)));
}

static void put(struct bridge_session *session, const struct inbound *in, const char *address)
{
    if (!session->clients)
        session->clients = bridge_alloc(sizeof *session->clients);
    struct clients *clients = session->clients;
    struct client *old = find(clients, jid_resource(in->from));

    if (!old && clients->count == CLIENTS_MAX)
        old = clients->list;
    if (old)
        cut(clients, old);
    clients->list[clients->count++] = (struct client){
        .resource = bridge_strdup(jid_resource(in->from)),
        .via = bridge_strdup(address),
        .priority = read_priority(in->stanza),
        .sight = {
            .show = read_show(in->stanza),
            .status = child_text(in->stanza, "status", NS_COMPONENT, STATUS_MAX),
            .nick = child_text(in->stanza, "nick", NS_NICK, STATUS_MAX),
        },
        .stream = session->host->stream,
    };
}

bool client_is_there(const struct bridge_session *session)
{
    return session->clients && session->clients->count;
}

static bool heard_of_late(const struct bridge_session *session)
{
    const struct clients *clients = session->clients;

    for (size_t i = 0; clients && i < clients->count; i++) {
        if (clients->list[i].stream == session->host->stream)
            return true;
    }
    return false;
}

/* --- telling the transport --------------------------------------------------------------- */

/* The one with the highest priority; of several the one that spoke last. */
static const struct sight *best(const struct clients *clients)
{
    static const struct sight nobody = { .show = BRIDGE_OFFLINE };
    const struct client *found = NULL;

    for (size_t i = 0; i < clients->count; i++) {
        if (!found || clients->list[i].priority >= found->priority)
            found = &clients->list[i];
    }
    return found ? &found->sight : &nobody;
}

/* What is broadcast to a hundred contacts is one change. */
static void inform(struct bridge_session *session)
{
    struct clients *clients = session->clients;
    const struct bridge_transport *transport = session->host->transport;

    if (!clients || same_sight(best(clients), &clients->told))
        return;
    sight_release(&clients->told);
    clients->told = sight_copy(best(clients));
    if (transport->presence)
        transport->presence(session->data,
                            &(struct bridge_presence){ .show = clients->told.show,
                                                       .status = clients->told.status,
                                                       .nick = clients->told.nick });
}

/* The last one has gone (XEP-0100 §4.4). Who has only logged out of the transport
 * is there to see the contacts go. */
static void all_gone(struct bridge_session *session, bool logged_out)
{
    log_debug(session->host->name, "%s is not there any more", session->user);
    while (client_is_there(session))
        cut(session->clients, session->clients->list);
    watch_end_all(session, logged_out);
    inform(session);
}

/* --- presence of clients -------------------------------------------------------------------- */

static bool may_hear(struct bridge_host *host, const char *user, const char *address)
{
    return contact_subscription(host, user, address) & STORE_SUB_FROM;
}

/* A session for those alone who have let us see them: presence can be sent to
 * anybody. Why there is none is told as the contacts' status, to the probes that
 * come with every login. */
static struct bridge_session *session_for(const struct inbound *in, const char *address)
{
    const char *user = jid_bare(in->from);
    struct bridge_session *session = session_find(in->host, user);
    struct bridge_error err;

    if (session || !may_hear(in->host, user, address))
        return session;
    return session_open(in->host, user, &err);
}

void client_available(const struct inbound *in, const char *address)
{
    struct bridge_session *session = jid_resource(in->from) ? session_for(in, address) : NULL;

    if (!session)
        return;
    bool arrived = !heard_of_late(session);
    put(session, in, address);
    if (arrived) {
        log_debug(session->host->name, "%s is there", session->user);
        herald_visit(in->host->herald, session->user, VISIT_IF_THERE);
    }
    inform(session);
}

static void leave(struct bridge_session *session, struct client *c, bool logged_out)
{
    if (c)
        cut(session->clients, c);
    if (client_is_there(session))
        inform(session);
    else
        all_gone(session, logged_out);
}

/* A client that goes says so to everybody; one that only hides from a contact
 * says so to that contact. */
static bool has_gone(const struct bridge_session *session, const struct client *c,
                     const char *address)
{
    if (c)
        return !*address || !strcmp(c->via, address);
    return !client_is_there(session) && may_hear(session->host, session->user, address);
}

void client_unavailable(const struct inbound *in, const char *address)
{
    struct bridge_session *session = session_find(in->host, jid_bare(in->from));
    const char *resource = jid_resource(in->from);

    if (!session)
        return;
    if (!resource) { /* the server speaks: it knows of no client */
        if (may_hear(in->host, session->user, address))
            all_gone(session, false);
        return;
    }
    struct client *c = find(session->clients, resource);
    if (has_gone(session, c, address))
        leave(session, c, !*address);
}

void client_bounced(const struct inbound *in, const char *address)
{
    struct bridge_session *session = session_find(in->host, jid_bare(in->from));
    const char *resource = jid_resource(in->from);

    if (contact_subscription(in->host, jid_bare(in->from), address) & STORE_SUB_ASKED)
        contact_change(in->host, jid_bare(in->from), address, SUBSCRIPTION_LOST, NULL);
    if (!session || !inbound_is_undeliverable(in))
        return;
    struct client *c = resource ? find(session->clients, resource) : NULL;
    if (c)
        leave(session, c, false);
    else if (!resource)
        all_gone(session, false);
}

/* --- who may hear, and for how long ------------------------------------------------------- */

/* What was heard through `from` is heard through `to` from now on, or (NULL) not
 * at all. */
static void hear_through(struct clients *clients, const char *from, const char *to)
{
    for (size_t i = clients->count; i--;) {
        struct client *c = &clients->list[i];
        if (strcmp(c->via, from) != 0)
            continue;
        if (!to) {
            cut(clients, c);
        } else {
            free(c->via);
            c->via = bridge_strdup(to);
        }
    }
}

/* Others may still see the user's clients. If nobody may, the user is unknown
 * from now on: gone for the transport, while the contacts are shown. */
void client_deafened(struct bridge_host *host, const char *user, const char *address)
{
    struct bridge_session *session = session_find(host, user);
    struct strbuf ear = STRBUF_INIT(4096);
    bool others = contact_find_ear(host, user, &ear);

    if (session && client_is_there(session)) {
        hear_through(session->clients, address, others ? strbuf_text(&ear) : NULL);
        inform(session);
    } else if (others) { /* perhaps they seemed to go because they hid from this one */
        watch_send_type(host, user, strbuf_text(&ear), "probe");
    } else {
        herald_visit(host->herald, user, VISIT_ANYHOW);
    }
    strbuf_release(&ear);
}

void client_forget_silent(struct bridge_session *session)
{
    struct clients *clients = session->clients;
    bool any = client_is_there(session);

    for (size_t i = clients ? clients->count : 0; i--;) {
        if (clients->list[i].stream != session->host->stream)
            cut(clients, &clients->list[i]);
    }
    if (any)
        leave(session, NULL, false);
}
