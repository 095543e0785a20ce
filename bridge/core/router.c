#include "router.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/log.h>

#include "contact.h"
#include "core.h"
#include "message_write.h"
#include "query.h"
#include "room.h"
#include "session.h"
#include "stanza.h"
#include "xml.h"

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

static void refuse(const struct inbound *in, const struct bridge_error *why)
{
    struct strbuf *out = core_stanza(in->host->core);

    if (stanza_refuse(out, in->stanza, NULL, why))
        domain_send(in->host, out);
}

static void __attribute__((format(printf, 3, 4)))
refuse_with(const struct inbound *in, enum bridge_code code, const char *format, ...)
{
    struct bridge_error why;
    char text[BRIDGE_ERROR_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    bridge_fail(&why, code, "%s", text);
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

/* XEP-0045 §9.3: stanzas that bounce show that an occupant is a ghost. */
static void on_bounce(const struct inbound *in)
{
    struct bridge_room *room = joined_room(in);

    if (room)
        room_client_gone(room, jid_full(in->from));
}

/* --- messages -------------------------------------------------------------------- */

static void say_in_room(const struct inbound *in, struct bridge_room *room, const char *text)
{
    struct bridge_session *session = session_find(in->host, jid_bare(in->from));
    const char *address = strbuf_text(&in->target.address);
    struct bridge_message message = { .id = in->id };
    struct bridge_error err;

    message_read_body(&message, text);
    session_remember(session, in->id, address, jid_full(in->from), jid_bare(in->to));
    if (in->host->transport->say(session->data, room, &message, &err))
        refuse(in, &err);
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
    session_remember(session, in->id, strbuf_text(&in->target.address), jid_full(in->from),
                     jid_bare(in->to));
    if (transport->subject(session->data, room, text, in->id, &err))
        refuse(in, &err);
}

static void on_groupchat(const struct inbound *in)
{
    xmpp_stanza_t *body = stanza_child(in->stanza, "body", NS_COMPONENT);
    xmpp_stanza_t *subject = stanza_child(in->stanza, "subject", NS_COMPONENT);
    struct strbuf text = STRBUF_INIT(XML_STANZA_MAX);

    if (in->target.kind != BRIDGE_ADDRESS_ROOM || jid_resource(in->to)) {
        refuse_with(in, BRIDGE_INVALID, "Only a room takes messages of type groupchat");
        return;
    }
    struct bridge_room *room = joined_room(in);
    if (!room) /* XEP-0045 §7.4: not-acceptable */
        refuse_with(in, BRIDGE_OUTSIDE, "You are not in this room; join it first");
    else if (stanza_text(body, &text) && !text.overflow)
        say_in_room(in, room, strbuf_text(&text));
    else if (!body && subject) { /* an empty one clears it */
        stanza_text(subject, &text);
        set_subject(in, room, strbuf_text(&text));
    }
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
    session_remember(session, in->id, strbuf_text(&contact), jid_full(in->from),
                     in->target.kind == BRIDGE_ADDRESS_ROOM ? jid_full(in->to)
                                                            : jid_bare(in->to));
    rc = in->host->transport->send(session->data, strbuf_text(&contact), &message, err);
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

    if (!stanza_text(body, &text) || text.overflow)
        goto out;
    if (in->target.kind == BRIDGE_ADDRESS_NONE)
        refuse_with(in, BRIDGE_UNSUPPORTED,
                    "This address takes no messages; write to one of its contacts");
    else if (deliver(in, strbuf_text(&text), &err))
        refuse(in, &err);
out:
    strbuf_release(&text);
}

static void on_message(const struct inbound *in)
{
    if (!strcmp(in->type, "error"))
        on_bounce(in);
    else if (!strcmp(in->type, "groupchat"))
        on_groupchat(in);
    else
        on_chat(in);
}

/* --- presence -------------------------------------------------------------------- */

static void enter_room(const struct inbound *in, xmpp_stanza_t *muc)
{
    struct strbuf password = STRBUF_INIT(1024);
    struct bridge_error err;

    bool has_password =
        stanza_text(stanza_child(muc, "password", NS_MUC), &password) && !password.overflow;
    struct bridge_session *session = session_open(in->host, jid_bare(in->from), &err);
    if (session)
        room_enter(session, strbuf_text(&in->target.address), jid_full(in->from),
                   jid_resource(in->to), has_password ? strbuf_text(&password) : NULL);
    else
        refuse(in, &err);
    strbuf_release(&password);
}

static void on_room_presence(const struct inbound *in)
{
    struct bridge_room *room = joined_room(in);
    xmpp_stanza_t *muc = stanza_child(in->stanza, "x", NS_MUC);

    if (!jid_resource(in->to))
        refuse_with(in, BRIDGE_ADDRESS, "A nick is missing: join as %s/nick", jid_bare(in->to));
    else if (!in->host->transport->join)
        refuse_with(in, BRIDGE_UNSUPPORTED, "There are no rooms here");
    else if (room && strcmp(bridge_room_nick(room), jid_resource(in->to)))
        room_change_nick(room, jid_full(in->from), jid_resource(in->to));
    else if (muc)
        enter_room(in, muc);
    else if (!room) /* a client that thinks it is in: the error makes it join again */
        refuse_with(in, BRIDGE_NOT_FOUND, "You are not in this room; join it first");
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

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].type, in->type))
            continue;
        if (in->target.kind == BRIDGE_ADDRESS_CONTACT)
            types[i].handle(in->host, jid_bare(in->from), strbuf_text(&in->target.address));
        else if (!strcmp(in->type, "subscribe"))
            refuse_with(in, BRIDGE_UNSUPPORTED, "Only people can be added to the roster here");
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

/* --- iq ----------------------------------------------------------------------------- */

/* Answers to our pings. A client that does not know XEP-0199 is there. */
static void on_iq_error(const struct inbound *in)
{
    struct bridge_error why;

    stanza_error_read(in->stanza, &why);
    if (why.code != BRIDGE_UNSUPPORTED)
        on_bounce(in);
}

/* --- all ------------------------------------------------------------------------------ */

static void dispatch(struct inbound *in)
{
    const char *name = xmpp_stanza_get_name(in->stanza);
    struct bridge_error err;

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
        on_iq_error(in);
}

void router_stanza(struct bridge_host *host, xmpp_stanza_t *stanza)
{
    const char *from = xmpp_stanza_get_from(stanza);
    const char *to = xmpp_stanza_get_to(stanza);
    const char *type = xmpp_stanza_get_type(stanza);
    struct inbound in = {
        .host = host,
        .stanza = stanza,
        .type = type ? type : "",
        .id = xmpp_stanza_get_id(stanza),
        .target = { .address = STRBUF_INIT(4096) },
    };
    struct bridge_error err;

    /* The server vouches for both; without them there is nobody to tell. */
    in.from = from ? jid_parse(from, &err) : NULL;
    in.to = to ? jid_parse(to, &err) : NULL;
    if (!in.from || !in.to || strcmp(jid_domain(in.to), host->name))
        log_warning(host->name, "ignored a stanza from '%s' to '%s'", from ? from : "",
                    to ? to : "");
    else
        dispatch(&in);
    strbuf_release(&in.target.address);
    jid_free(in.from);
    jid_free(in.to);
}
