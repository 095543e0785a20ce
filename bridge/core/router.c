#include "router.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/log.h>

#include "chat.h"
#include "contact.h"
#include "core.h"
#include "guard.h"
#include "message_write.h"
#include "query.h"
#include "room.h"
#include "session.h"
#include "stanza.h"
#include "xml.h"

#define TOO_LONG "This is too long to be passed on"

/* One stanza on its way to its handler. */
struct inbound {
    struct bridge_host *host;
    xmpp_stanza_t *stanza;
    const char *type; /* never NULL */
    const char *id;   /* may be NULL */
    struct jid *from;
    struct jid *to;
    struct target target;
};

/* Who goes away waits for no answer. */
static bool is_farewell(const struct inbound *in)
{
    return !strcmp(xmpp_stanza_get_name(in->stanza), "presence") &&
           !strcmp(in->type, "unavailable");
}

static void refuse(const struct inbound *in, const struct bridge_error *why)
{
    struct strbuf *out = core_stanza(in->host->core);

    if (is_farewell(in))
        return;
    if (stanza_refuse(out, in->stanza, NULL, why))
        domain_send(in->host, out);
}

static void __attribute__((format(printf, 3, 4)))
refuse_with(const struct inbound *in, enum bridge_code code, const char *format, ...)
{
    struct bridge_error why;
    va_list args;

    va_start(args, format);
    bridge_failv(&why, code, format, args);
    va_end(args);
    refuse(in, &why);
}

/* The sender's view of the room that is addressed, if the sender is inside. */
static struct bridge_room *joined_room(const struct inbound *in)
{
    struct bridge_session *session = session_find(in->host, jid_bare(in->from));
    struct bridge_room *room = NULL;

    if (session && in->target.kind == BRIDGE_ADDRESS_ROOM)
        room = room_find(session, strbuf_text(&in->target.address));
    return room && room_has_client(room, jid_full(in->from)) ? room : NULL;
}

/* XEP-0045, "Ghost Users"; and what RFC 6121 §8.5.3.2 has a server say of a
 * client that is not there. With any other condition the client, or a server on
 * the way, only did not like the stanza. */
static const char *const undeliverable[] = {
    "gone", "item-not-found", "recipient-unavailable", "redirect", "remote-server-not-found",
    "remote-server-timeout", "service-unavailable",
};

static bool is_undeliverable(xmpp_stanza_t *stanza)
{
    xmpp_stanza_t *error = stanza_child(stanza, "error", NULL);

    for (size_t i = 0; error && i < sizeof undeliverable / sizeof *undeliverable; i++) {
        if (stanza_child(error, undeliverable[i], NS_STANZAS))
            return true;
    }
    return false;
}

/* A room's stanza came back, perhaps a ping of ours. */
static void on_bounce(const struct inbound *in)
{
    struct bridge_room *room = joined_room(in);

    if (room && is_undeliverable(in->stanza))
        room_client_gone(room, jid_full(in->from));
}

/* --- messages -------------------------------------------------------------------- */

/* XEP-0359 §3.1: some clients know their own message by this alone. */
static const char *origin_id(const struct inbound *in)
{
    xmpp_stanza_t *origin = stanza_child(in->stanza, "origin-id", NS_SID);

    return origin ? xmpp_stanza_get_id(origin) : NULL;
}

static void say_in_room(const struct inbound *in, struct bridge_room *room, const char *text)
{
    struct bridge_session *session = session_find(in->host, jid_bare(in->from));
    const char *address = strbuf_text(&in->target.address);
    struct bridge_message message = { .id = in->id };
    struct bridge_error err;

    message_read_body(&message, text);
    session_remember(session, in->id, origin_id(in), address, jid_full(in->from),
                     jid_bare(in->to));
    if (guard_message(session, &err) ||
        in->host->transport->say(session->data, room, &message, &err))
        refuse(in, &err);
    else
        guard_count(session);
}

static void set_subject(const struct inbound *in, struct bridge_room *room, const char *text)
{
    struct bridge_session *session = session_find(in->host, jid_bare(in->from));
    const struct bridge_transport *transport = in->host->transport;
    struct bridge_error err;

    if (!transport->subject) {
        refuse_with(in, BRIDGE_UNSUPPORTED, "The subject cannot be changed here");
        return;
    }
    session_remember(session, in->id, NULL, strbuf_text(&in->target.address),
                     jid_full(in->from), jid_bare(in->to));
    if (guard_message(session, &err) ||
        transport->subject(session->data, room, text, in->id, &err))
        refuse(in, &err);
    else
        guard_count(session);
}

/* XEP-0045 §8.1: a subject alone, which may be empty, changes that of the room. */
static xmpp_stanza_t *new_subject(const struct inbound *in)
{
    if (stanza_child(in->stanza, "body", NS_COMPONENT) ||
        stanza_child(in->stanza, "thread", NS_COMPONENT))
        return NULL;
    return stanza_child(in->stanza, "subject", NS_COMPONENT);
}

static void on_groupchat(const struct inbound *in)
{
    xmpp_stanza_t *body = stanza_child(in->stanza, "body", NS_COMPONENT);
    xmpp_stanza_t *subject = new_subject(in);
    struct strbuf text = STRBUF_INIT(XML_STANZA_MAX);

    if (in->target.kind != BRIDGE_ADDRESS_ROOM || jid_resource(in->to)) {
        refuse_with(in, BRIDGE_INVALID, "Only a room takes messages of type groupchat");
        return;
    }
    struct bridge_room *room = joined_room(in);
    bool has_text = stanza_text(body ? body : subject, &text);
    if (!room || !room_is_joined(room)) /* XEP-0045 §7.4: not-acceptable */
        refuse_with(in, BRIDGE_OUTSIDE, "You are not in this room; join it first");
    else if (text.overflow)
        refuse_with(in, BRIDGE_REJECTED, TOO_LONG);
    else if (body)
        say_in_room(in, room, strbuf_text(&text));
    else if (has_text)
        set_subject(in, room, strbuf_text(&text));
    strbuf_release(&text);
}

/* XEP-0045 §7.5: a private message goes to the person behind the nick. */
static int occupant_contact(const struct inbound *in, struct strbuf *contact,
                            struct bridge_error *err)
{
    const struct bridge_transport *transport = in->host->transport;
    struct bridge_session *session = session_find(in->host, jid_bare(in->from));
    struct bridge_room *room = joined_room(in);

    if (!jid_resource(in->to))
        return bridge_fail(err, BRIDGE_INVALID,
                           "Messages to a room have the type groupchat");
    if (!room)
        return bridge_fail(err, BRIDGE_OUTSIDE, "You are not in this room; join it first");
    if (!transport->occupant)
        return bridge_fail(err, BRIDGE_UNSUPPORTED, "There are no private messages here");
    if (!bridge_room_find(room, jid_resource(in->to), NULL))
        return bridge_fail(err, BRIDGE_NOT_FOUND, "%s is not in the room", jid_resource(in->to));
    return transport->occupant(session->data, room, jid_resource(in->to), contact, err);
}

static int deliver(const struct inbound *in, const char *text, struct bridge_error *err)
{
    struct bridge_message message = { .id = in->id };
    struct strbuf contact = STRBUF_INIT(4096);
    int rc = -1;

    if (in->target.kind == BRIDGE_ADDRESS_ROOM) {
        if (occupant_contact(in, &contact, err))
            goto out;
    } else {
        strbuf_adds(&contact, strbuf_text(&in->target.address));
    }
    struct bridge_session *session = session_open(in->host, jid_bare(in->from), err);
    if (!session)
        goto out;
    message_read_body(&message, text);
    session_remember(session, in->id, NULL, strbuf_text(&contact), jid_full(in->from),
                     in->target.kind == BRIDGE_ADDRESS_ROOM ? jid_full(in->to)
                                                            : jid_bare(in->to));
    if (guard_message(session, err) ||
        in->host->transport->send(session->data, strbuf_text(&contact), &message, err))
        goto out;
    guard_count(session);
    rc = 0;
out:
    strbuf_release(&contact);
    return rc;
}

/* chat, normal, headline; what has no text (chat states, receipts) is not for
 * the network and nobody waits for an answer to it. */
static void on_chat(const struct inbound *in)
{
    xmpp_stanza_t *body = stanza_child(in->stanza, "body", NS_COMPONENT);
    struct strbuf text = STRBUF_INIT(XML_STANZA_MAX);
    struct bridge_error err;

    if (!stanza_text(body, &text))
        return;
    if (text.overflow)
        refuse_with(in, BRIDGE_REJECTED, TOO_LONG);
    else if (in->target.kind == BRIDGE_ADDRESS_NONE)
        chat_receive(in->host, in->stanza, in->from, strbuf_text(&text));
    else if (deliver(in, strbuf_text(&text), &err))
        refuse(in, &err);
    strbuf_release(&text);
}

/* What only the other client could read: OMEMO (XEP-0384) in both its
 * versions, OpenPGP (XEP-0373, XEP-0027), and whatever XEP-0380 declares. Its
 * <body/> is a notice for clients that cannot decrypt, not what was said. */
static bool is_encrypted(xmpp_stanza_t *stanza)
{
    static const struct {
        const char *name;
        const char *ns;
    } marks[] = {
        { "encryption", NS_EME },
        { "encrypted", NS_OMEMO_1 },
        { "encrypted", NS_OMEMO_2 },
        { "openpgp", "urn:xmpp:openpgp:0" },
        { "x", "jabber:x:encrypted" },
    };

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (stanza_child(stanza, marks[i].name, marks[i].ns))
            return true;
    }
    return false;
}

/* OMEMO without a payload: keys that clients exchange by themselves. Nothing
 * was said, and nobody waits for an answer. */
static bool is_key_exchange(xmpp_stanza_t *stanza)
{
    xmpp_stanza_t *keys = stanza_child(stanza, "encrypted", NS_OMEMO_1);

    if (!keys)
        keys = stanza_child(stanza, "encrypted", NS_OMEMO_2);
    return keys && !stanza_child(keys, "payload", NULL);
}

static void refuse_encrypted(const struct inbound *in)
{
    if (!is_key_exchange(in->stanza))
        refuse_with(in, BRIDGE_UNSUPPORTED,
                    "This was not sent: it is encrypted for XMPP clients, and nobody on the "
                    "other network could read it. Turn encryption off for this conversation "
                    "and send it again");
}

static void on_message(const struct inbound *in)
{
    if (!strcmp(in->type, "error"))
        on_bounce(in);
    else if (is_encrypted(in->stanza))
        refuse_encrypted(in);
    else if (!strcmp(in->type, "groupchat"))
        on_groupchat(in);
    else
        on_chat(in);
}

/* --- presence -------------------------------------------------------------------- */

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
        refuse(in, &err);
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
    struct bridge_room *room = joined_room(in);
    xmpp_stanza_t *muc = stanza_child(in->stanza, "x", NS_MUC);
    struct room_request request = {
        .client = jid_full(in->from), .nick = jid_resource(in->to), .id = in->id
    };

    if (!request.nick)
        refuse_with(in, BRIDGE_ADDRESS, "A nick is missing: join as %s/nick", jid_bare(in->to));
    else if (!in->host->transport->join)
        refuse_with(in, BRIDGE_UNSUPPORTED, "There are no rooms here");
    else if (room)
        on_presence_inside(in, room, &request, muc);
    else if (muc)
        enter_room(in, &request, muc);
    else
        room_expel(in->host, in->to, request.client);
}

static void on_room_unavailable(const struct inbound *in)
{
    struct bridge_room *room = joined_room(in);
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

    return session ? guard_join(session, err) : guard_admit(in->host, jid_bare(in->from), err);
}

static void on_subscription(const struct inbound *in)
{
    static const struct {
        const char *type;
        void (*handle)(struct bridge_host *host, const char *user, const char *address);
    } types[] = {
        { "subscribe", contact_subscribe },
        { "unsubscribe", contact_unsubscribe },
        { "probe", contact_probe },
    };
    bool subscribe = !strcmp(in->type, "subscribe");
    bool contact = in->target.kind == BRIDGE_ADDRESS_CONTACT;
    struct bridge_error err;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].type, in->type))
            continue;
        if (subscribe && !contact)
            refuse_with(in, BRIDGE_UNSUPPORTED, "Only people can be added to the roster here");
        else if (subscribe && admit_subscriber(in, &err))
            refuse(in, &err);
        else if (contact)
            types[i].handle(in->host, jid_bare(in->from), strbuf_text(&in->target.address));
        return;
    }
}

static void on_presence(const struct inbound *in)
{
    bool room = in->target.kind == BRIDGE_ADDRESS_ROOM;

    if (!strcmp(in->type, "error"))
        on_bounce(in);
    else if (room && !*in->type)
        on_room_presence(in);
    else if (room && !strcmp(in->type, "unavailable"))
        on_room_unavailable(in);
    else
        on_subscription(in);
}

/* --- all ------------------------------------------------------------------------------ */

static void dispatch(struct inbound *in)
{
    const char *name = xmpp_stanza_get_name(in->stanza);
    struct bridge_error err;

    if (in->host->core->stopping) {
        refuse_with(in, BRIDGE_RETRY, "The gateway is shutting down; try again later");
        return;
    }
    if (domain_target(in->host, in->to, &in->target, &err)) {
        refuse(in, &err);
        return;
    }
    if (!strcmp(name, "message"))
        on_message(in);
    else if (!strcmp(name, "presence"))
        on_presence(in);
    else if (!strcmp(name, "iq") && (!strcmp(in->type, "get") || !strcmp(in->type, "set")))
        query_answer(in->host, in->stanza, in->from, in->to, &in->target);
    else if (!strcmp(name, "iq") && !strcmp(in->type, "error"))
        on_bounce(in);
}

/* Fills *in; release() it in any case. The server vouches for both addresses;
 * without them there is nobody to tell. */
static bool open_envelope(struct inbound *in, struct bridge_host *host, xmpp_stanza_t *stanza)
{
    const char *from = xmpp_stanza_get_from(stanza);
    const char *to = xmpp_stanza_get_to(stanza);
    const char *type = xmpp_stanza_get_type(stanza);
    struct bridge_error err;

    *in = (struct inbound){
        .host = host,
        .stanza = stanza,
        .type = type ? type : "",
        .id = xmpp_stanza_get_id(stanza),
        .from = from ? jid_parse(from, &err) : NULL,
        .to = to ? jid_parse(to, &err) : NULL,
        .target = { .address = STRBUF_INIT(4096) },
    };
    if (in->from && in->to && !strcmp(jid_domain(in->to), host->name))
        return true;
    log_warning(host->name, "ignored a stanza from '%s' to '%s'", from ? from : "",
                to ? to : "");
    return false;
}

static void release(struct inbound *in)
{
    strbuf_release(&in->target.address);
    jid_free(in->from);
    jid_free(in->to);
}

void router_stanza(struct bridge_host *host, xmpp_stanza_t *stanza)
{
    struct inbound in;

    if (open_envelope(&in, host, stanza))
        dispatch(&in);
    release(&in);
}

void router_dropped(struct bridge_host *host, xmpp_stanza_t *root,
                    const struct bridge_error *why)
{
    struct inbound in;

    if (open_envelope(&in, host, root))
        refuse(&in, why);
    release(&in);
}
