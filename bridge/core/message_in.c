/* Messages from users: who they are for, and what must not go out. */
#include "inbound.h"

#include <string.h>

#include "chat.h"
#include "guard.h"
#include "message_write.h"
#include "room.h"
#include "session.h"
#include "stanza.h"
#include "xml.h"

#define TOO_LONG "This is too long to be passed on"

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
        inbound_refuse(in, &err);
    else
        guard_count(session);
}

static void set_subject(const struct inbound *in, struct bridge_room *room, const char *text)
{
    struct bridge_session *session = session_find(in->host, jid_bare(in->from));
    const struct bridge_transport *transport = in->host->transport;
    struct bridge_error err;

    if (!transport->subject) {
        inbound_refuse_with(in, BRIDGE_UNSUPPORTED, "The subject cannot be changed here");
        return;
    }
    session_remember(session, in->id, NULL, strbuf_text(&in->target.address),
                     jid_full(in->from), jid_bare(in->to));
    if (guard_message(session, &err) ||
        transport->subject(session->data, room, text, in->id, &err))
        inbound_refuse(in, &err);
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
        inbound_refuse_with(in, BRIDGE_INVALID, "Only a room takes messages of type groupchat");
        return;
    }
    struct bridge_room *room = inbound_room(in);
    bool has_text = stanza_text(body ? body : subject, &text);
    if (!room || !room_is_joined(room)) /* XEP-0045 §7.4: not-acceptable */
        inbound_refuse_with(in, BRIDGE_OUTSIDE, "You are not in this room; join it first");
    else if (text.overflow)
        inbound_refuse_with(in, BRIDGE_REJECTED, TOO_LONG);
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
    struct bridge_room *room = inbound_room(in);

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
        inbound_refuse_with(in, BRIDGE_REJECTED, TOO_LONG);
    else if (in->target.kind == BRIDGE_ADDRESS_NONE)
        chat_receive(in->host, in->stanza, in->from, strbuf_text(&text));
    else if (deliver(in, strbuf_text(&text), &err))
        inbound_refuse(in, &err);
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
        inbound_refuse_with(in, BRIDGE_UNSUPPORTED,
                    "This was not sent: it is encrypted for XMPP clients, and nobody on the "
                    "other network could read it. Turn encryption off for this conversation "
                    "and send it again");
}

void message_receive(const struct inbound *in)
{
    if (!strcmp(in->type, "error"))
        inbound_bounced(in);
    else if (is_encrypted(in->stanza))
        refuse_encrypted(in);
    else if (!strcmp(in->type, "groupchat"))
        on_groupchat(in);
    else
        on_chat(in);
}
