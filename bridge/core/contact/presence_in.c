/* Presence from users: in rooms, to contacts, to the domain itself. */
#include "inbound.h"

#include <string.h>

#include <bridge/words.h>

#include "client.h"
#include "contact.h"
#include "guard.h"
#include "register.h"
#include "room.h"
#include "session.h"
#include "stanza.h"

static void enter_room(const struct inbound *in, struct room_request *request,
                       xmpp_stanza_t *muc)
{
    const char *address = strbuf_text(&in->target.address);
    struct strbuf password = STRBUF_INIT(1024);
    struct bridge_error err;

    if (stanza_text(stanza_child(muc, "password", NS_MUC), &password) && !password.overflow)
        request->password = strbuf_text(&password);
    struct bridge_session *session = session_open(in->host, jid_bare(in->from), &err);
    /* Who is there already with another client asks nothing of the network. */
    if (session && (room_find(session, address) || !guard_join(session, &err)))
        room_enter(session, address, request);
    else
        inbound_refuse(in, &err);
    strbuf_release(&password);
}

/* XEP-0045 §7.2.1: with <x/> a client that is inside has lost track of it. It
 * then says the nick that it has or, if the room gave it another, the one that
 * it had asked for; any other nick is one to change to. */
static void on_presence_inside(const struct inbound *in, struct bridge_room *room,
                               struct room_request *request, xmpp_stanza_t *muc)
{
    bool own = !strcmp(bridge_room_nick(room), request->nick);

    if (muc && (own || room_entered_as(room, request->client, request->nick)))
        enter_room(in, request, muc);
    else if (!own)
        room_change_nick(room, request);
}

static void on_room_presence(const struct inbound *in)
{
    struct bridge_room *room = inbound_room(in);
    xmpp_stanza_t *muc = stanza_child(in->stanza, "x", NS_MUC);
    struct room_request request = {
        .client = jid_full(in->from), .nick = jid_resource(in->to), .id = in->id
    };

    if (!request.nick)
        inbound_refuse_with(in, BRIDGE_ADDRESS, _("A nick is missing: join as %s/nick"),
                            jid_bare(in->to));
    else if (!in->host->transport->join)
        inbound_refuse_with(in, BRIDGE_UNSUPPORTED, _("There are no rooms here"));
    else if (room)
        on_presence_inside(in, room, &request, muc);
    else if (muc)
        enter_room(in, &request, muc);
    else
        room_expel(in->host, in->to, request.client);
}

static void on_room_unavailable(const struct inbound *in)
{
    struct bridge_room *room = inbound_room(in);
    struct strbuf status = STRBUF_INIT(4096);

    if (!room)
        return;
    bool has = stanza_text(stanza_child(in->stanza, "status", NS_COMPONENT), &status) &&
               !status.overflow;
    room_leave(room, jid_full(in->from), has ? strbuf_text(&status) : NULL);
    strbuf_release(&status);
}

/* Before anything is promised or stored. */
static int admit_subscriber(const struct inbound *in, struct bridge_error *err)
{
    struct bridge_session *session = session_find(in->host, jid_bare(in->from));

    return session ? guard_join(session, err) : register_admit(in->host, jid_bare(in->from), err);
}

/* Only people, and the transport itself, can be in a roster. */
static const char *roster_address(const struct inbound *in)
{
    if (in->target.kind == BRIDGE_ADDRESS_CONTACT)
        return strbuf_text(&in->target.address);
    return in->host->transport && !jid_local(in->to) ? "" : NULL;
}

static void subscribe(const struct inbound *in, const char *address)
{
    struct bridge_error err;

    if (admit_subscriber(in, &err))
        inbound_refuse(in, &err);
    else
        contact_change(in->host, jid_bare(in->from), address, SUBSCRIPTION_WANTED, NULL);
}

static void unsubscribe(const struct inbound *in, const char *address)
{
    contact_change(in->host, jid_bare(in->from), address, SUBSCRIPTION_UNWANTED, NULL);
}

static void grant(const struct inbound *in, const char *address)
{
    contact_change(in->host, jid_bare(in->from), address, SUBSCRIPTION_GRANTED, NULL);
}

static void deny(const struct inbound *in, const char *address)
{
    contact_change(in->host, jid_bare(in->from), address, SUBSCRIPTION_DENIED, NULL);
}

static void probe(const struct inbound *in, const char *address)
{
    contact_probe(in->host, jid_bare(in->from), address);
}

static void on_roster_presence(const struct inbound *in)
{
    static const struct {
        const char *type;
        void (*handle)(const struct inbound *in, const char *address);
    } types[] = {
        { "", client_available },       { "unavailable", client_unavailable },
        { "subscribe", subscribe },     { "unsubscribe", unsubscribe },
        { "subscribed", grant },        { "unsubscribed", deny },
        { "probe", probe },             { "error", client_bounced },
    };
    const char *address = roster_address(in);

    for (size_t i = 0; address && i < sizeof types / sizeof *types; i++) {
        if (!strcmp(types[i].type, in->type))
            types[i].handle(in, address);
    }
    if (!address && !strcmp(in->type, "subscribe"))
        inbound_refuse_with(in, BRIDGE_UNSUPPORTED,
                            _("Only people can be added to the roster here"));
}

void presence_receive(const struct inbound *in)
{
    bool room = in->target.kind == BRIDGE_ADDRESS_ROOM;

    if (room && !strcmp(in->type, "error"))
        inbound_bounced(in);
    else if (room && !*in->type)
        on_room_presence(in);
    else if (room && !strcmp(in->type, "unavailable"))
        on_room_unavailable(in);
    else
        on_roster_presence(in);
}
