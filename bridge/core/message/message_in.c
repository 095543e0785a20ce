/* Messages from users: who they are for, and what must not go out. */
#include "inbound.h"

#include <string.h>

#include <bridge/words.h>

#include "chat.h"
#include "delivery.h"
#include "guard.h"
#include "message_read.h"
#include "payload.h"
#include "room.h"
#include "session.h"
#include "stanza.h"
#include "xml.h"

#define TOO_LONG _("This is too long to be passed on")

/* A message on its way to the network. */
struct outgoing {
    const struct inbound *in;
    struct message_read read;
    struct strbuf address; /* of the contact or room, as the transport knows it */
    struct jid *author;    /* of the message that is answered; NULL: none is */
    bool in_room;          /* everybody there is to read it */
};

/* --- ids and people ------------------------------------------------------------------ */

/* Who wrote what is answered, in the transport's terms. */
static const char *author(struct outgoing *o)
{
    const char *to = o->read.message.answers_to;
    const struct jid *there = o->in->to;
    struct bridge_error err;

    o->author = to ? jid_parse(to, &err) : NULL;
    if (!o->author || strcmp(jid_bare(o->author), jid_bare(there)) != 0)
        return NULL;
    if (o->in_room)
        return jid_resource(o->author);
    bool private = o->in->target.kind == BRIDGE_ADDRESS_ROOM;
    return private && strcmp(jid_full(o->author), jid_full(there)) != 0
               ? NULL
               : strbuf_text(&o->address);
}

/* A client may mean a message of the user's by its origin-id (XEP-0461); the
 * transport knows the other one. */
static void find_own_id(const struct outgoing *o, const struct bridge_session *session,
                        const char **id)
{
    const char *address = strbuf_text(&o->address);
    const struct sent *sent = *id ? session_recall(session, address, *id) : NULL;

    if (sent)
        *id = sent->id;
}

static void find_own_ids(struct outgoing *o, const struct bridge_session *session)
{
    struct bridge_message *m = &o->read.message;

    find_own_id(o, session, &m->replaces);
    find_own_id(o, session, &m->retracts);
    find_own_id(o, session, &m->answers);
    find_own_id(o, session, &m->reacts);
}

/* --- what the network can take ------------------------------------------------------- */

/* Is it about what the user wrote last there? */
static bool is_latest(const struct outgoing *o, const char *id)
{
    const struct bridge_session *session = session_find(o->in->host, jid_bare(o->in->from));
    const char *address = strbuf_text(&o->address);
    const struct sent *latest = session ? session_recall(session, address, NULL) : NULL;

    return id && latest && latest == session_recall(session, address, id);
}

static int fit(struct outgoing *o, struct bridge_error *err)
{
    const struct payload_scene scene = {
        .features = o->in->host->transport->features,
        .in_room = o->in_room,
        .latest = is_latest(o, o->read.message.retracts),
    };

    o->read.message.answers_to = author(o);
    return payload_fit(&o->read, &scene, err);
}

/* Before the transport has it: it may answer at once. */
static void remember(struct outgoing *o, struct bridge_session *session)
{
    const struct inbound *in = o->in;
    bool private = in->target.kind == BRIDGE_ADDRESS_ROOM && !o->in_room;

    session_remember(session, &(struct sent){
                                  .id = o->read.message.id,
                                  .origin = o->read.origin,
                                  .address = strbuf_text(&o->address),
                                  .from = jid_full(in->from),
                                  .to = private ? jid_full(in->to) : jid_bare(in->to),
                                  /* What is stored is answered from there. */
                                  .receipt = o->read.message.receipt && !in->host->deliveries,
                                  .displayed = o->read.message.displayed,
                                  .chat_state = o->read.chat_state,
                              });
    find_own_ids(o, session);
}

/* A receipt of the user's client for what was kept until it arrives. */
static void note_received(const struct outgoing *o)
{
    for (size_t i = 0; i < o->read.signal_count; i++) {
        if (o->read.signals[i].kind == BRIDGE_RECEIVED)
            delivery_received(o->in->host, jid_bare(o->in->from), o->read.signals[i].id);
    }
}

/* Chat states, receipts and markers. Nobody waits for an answer to them, and
 * they do not make a session. */
static void signal_all(const struct outgoing *o, bool with_message)
{
    const struct bridge_transport *transport = o->in->host->transport;
    struct bridge_session *session = session_find(o->in->host, jid_bare(o->in->from));

    note_received(o);
    if (!session || !transport->signal)
        return;
    for (size_t i = 0; i < o->read.signal_count && session_may_signal(session); i++) {
        const struct bridge_signal *signal = &o->read.signals[i];
        unsigned needed = payload_signal_feature(signal->kind);
        /* Who writes is there. */
        bool is_said = with_message && needed == BRIDGE_HAS_CHAT_STATE;
        if (transport->features & needed && !is_said)
            transport->signal(session->data, strbuf_text(&o->address), signal);
    }
}

/* --- to rooms ------------------------------------------------------------------------ */

static int say_in_room(struct outgoing *o, struct bridge_room *room, struct bridge_error *err)
{
    struct bridge_session *session = session_find(o->in->host, jid_bare(o->in->from));

    if (fit(o, err))
        return -1;
    if (!message_read_says(&o->read))
        return 0;
    remember(o, session);
    if (guard_message(session, err) ||
        o->in->host->transport->say(session->data, room, &o->read.message, err))
        return -1;
    guard_count(session);
    return 0;
}

static int set_subject(struct outgoing *o, struct bridge_room *room, const char *text,
                       struct bridge_error *err)
{
    struct bridge_session *session = session_find(o->in->host, jid_bare(o->in->from));
    const struct bridge_transport *transport = o->in->host->transport;

    if (!transport->subject)
        return bridge_fail(err, BRIDGE_UNSUPPORTED, _("The subject cannot be changed here"));
    remember(o, session);
    if (guard_message(session, err) ||
        transport->subject(session->data, room, text, o->read.message.id, err))
        return -1;
    guard_count(session);
    return 0;
}

/* XEP-0045 §8.1: a subject alone, which may be empty, changes that of the room. */
static xmpp_stanza_t *new_subject(const struct inbound *in)
{
    if (stanza_child(in->stanza, "body", NS_COMPONENT) ||
        stanza_child(in->stanza, "thread", NS_COMPONENT))
        return NULL;
    return stanza_child(in->stanza, "subject", NS_COMPONENT);
}

static int to_room(struct outgoing *o, struct bridge_room *room, struct bridge_error *err)
{
    struct strbuf subject = STRBUF_INIT(XML_STANZA_MAX);
    bool has_subject = stanza_text(new_subject(o->in), &subject);
    bool says = message_read_says(&o->read);
    int rc = 0;

    if (subject.overflow)
        rc = bridge_fail(err, BRIDGE_REJECTED, "%s", TOO_LONG);
    else if (has_subject)
        rc = set_subject(o, room, strbuf_text(&subject), err);
    else if (says)
        rc = say_in_room(o, room, err);
    strbuf_release(&subject);
    if (!rc && inbound_room(o->in) == room) /* it may have ended with the message */
        signal_all(o, says);
    return rc;
}

static void on_groupchat(struct outgoing *o)
{
    const struct inbound *in = o->in;
    struct bridge_error err;

    if (in->target.kind != BRIDGE_ADDRESS_ROOM || jid_resource(in->to)) {
        inbound_refuse_with(in, BRIDGE_INVALID,
                            _("Only a room takes messages of type groupchat"));
        return;
    }
    struct bridge_room *room = inbound_room(in);
    o->in_room = true;
    if (!*o->read.message.body) /* XEP-0045 §8.1: then it is the room's, or nothing */
        o->read.message.subject = NULL;
    strbuf_adds(&o->address, strbuf_text(&in->target.address));
    if (!room || !room_is_joined(room)) /* XEP-0045 §7.4: not-acceptable */
        inbound_refuse_with(in, BRIDGE_OUTSIDE, _("You are not in this room; join it first"));
    else if (to_room(o, room, &err))
        inbound_refuse(in, &err);
}

/* --- to people ----------------------------------------------------------------------- */

/* XEP-0045 §7.5: a private message goes to the person behind the nick. */
static int occupant_contact(const struct inbound *in, struct strbuf *contact,
                            struct bridge_error *err)
{
    const struct bridge_transport *transport = in->host->transport;
    struct bridge_session *session = session_find(in->host, jid_bare(in->from));
    struct bridge_room *room = inbound_room(in);

    if (!jid_resource(in->to))
        return bridge_fail(err, BRIDGE_INVALID,
                           _("Messages to a room have the type groupchat"));
    if (!room)
        return bridge_fail(err, BRIDGE_OUTSIDE,
                           _("You are not in this room; join it first"));
    if (!transport->occupant)
        return bridge_fail(err, BRIDGE_UNSUPPORTED, _("There are no private messages here"));
    if (!bridge_room_find(room, jid_resource(in->to), NULL))
        return bridge_fail(err, BRIDGE_NOT_FOUND, _("%s is not in the room"),
                           jid_resource(in->to));
    return transport->occupant(session->data, room, jid_resource(in->to), contact, err);
}

/* At once, or by way of the database. */
static int pass_on(struct outgoing *o, struct bridge_session *session, struct bridge_error *err)
{
    const struct inbound *in = o->in;
    const char *address = strbuf_text(&o->address);

    remember(o, session);
    if (!in->host->deliveries)
        return in->host->transport->send(session->data, address, &o->read.message, err);
    bool occupant = in->target.kind == BRIDGE_ADDRESS_ROOM;
    const struct delivery_origin origin = {
        .client = jid_full(in->from), .to = occupant ? jid_full(in->to) : jid_bare(in->to)
    };
    return delivery_accept(session, address, &o->read.message, &origin, err);
}

static int deliver(struct outgoing *o, struct bridge_error *err)
{
    const struct inbound *in = o->in;

    if (fit(o, err))
        return -1;
    if (!message_read_says(&o->read))
        return 0;
    struct bridge_session *session = session_open(in->host, jid_bare(in->from), err);
    if (!session)
        return -1;
    if (guard_message(session, err) || pass_on(o, session, err))
        return -1;
    guard_count(session);
    return 0;
}

static int to_contact(struct outgoing *o, struct bridge_error *err)
{
    bool says = message_read_says(&o->read);

    if (!says && !o->read.signal_count)
        return 0;
    if (o->in->target.kind != BRIDGE_ADDRESS_ROOM)
        strbuf_adds(&o->address, strbuf_text(&o->in->target.address));
    else if (occupant_contact(o->in, &o->address, err))
        return says ? -1 : 0;
    if (says && deliver(o, err))
        return -1;
    signal_all(o, says);
    return 0;
}

/* To the domain itself: what is quoted or corrected makes no difference there. */
static void to_domain(struct outgoing *o)
{
    const struct payload_scene scene = { .features = ~0u };
    const struct bridge_message *m = &o->read.message;
    struct bridge_error err;

    if (!stanza_child(o->in->stanza, "body", NS_COMPONENT) || m->retracts || m->reacts ||
        payload_fit(&o->read, &scene, &err))
        return;
    chat_receive(o->in->host, o->in->stanza, o->in->from, strbuf_text(&o->read.text));
}

/* chat, normal, headline */
static void on_chat(struct outgoing *o)
{
    struct bridge_error err;

    if (o->in->target.kind == BRIDGE_ADDRESS_NONE)
        to_domain(o);
    else if (to_contact(o, &err))
        inbound_refuse(o->in, &err);
}

/* --- what is not for the network ----------------------------------------------------- */

/* A copy of what was said elsewhere (XEP-0280, XEP-0313): we ask for none. */
static bool is_copy(xmpp_stanza_t *stanza)
{
    return stanza_child(stanza, "sent", NS_CARBONS) ||
           stanza_child(stanza, "received", NS_CARBONS) ||
           stanza_child(stanza, "result", NS_MAM);
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
                    _("This was not sent: it is encrypted for XMPP clients, and nobody on the "
                      "other network could read it. Turn encryption off for this conversation "
                      "and send it again"));
}

static void receive(const struct inbound *in)
{
    struct outgoing o = { .in = in, .address = STRBUF_INIT(4096) };

    if (message_read(&o.read, in->stanza))
        inbound_refuse_with(in, BRIDGE_REJECTED, "%s", TOO_LONG);
    else if (!strcmp(in->type, "groupchat"))
        on_groupchat(&o);
    else
        on_chat(&o);
    message_read_release(&o.read);
    strbuf_release(&o.address);
    jid_free(o.author);
}

/* A message of a contact's, or of a room's, could not be passed on. */
static void on_error(const struct inbound *in)
{
    struct bridge_error why;

    stanza_error_read(in->stanza, &why);
    if (!delivery_bounced(in->host, jid_bare(in->from), in->id, &why))
        inbound_bounced(in);
}

void message_receive(const struct inbound *in)
{
    if (!strcmp(in->type, "error"))
        on_error(in);
    else if (is_encrypted(in->stanza))
        refuse_encrypted(in);
    else if (!is_copy(in->stanza) && !chat_take(in))
        receive(in);
}
