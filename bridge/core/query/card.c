#include "card.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/words.h>

#include "core.h"
#include "lookup.h"
#include "reply.h"
#include "room.h"
#include "stanza.h"
#include "vcard.h"

#define NODE "urn:xmpp:vcard4"

void card_avatar_hash(const struct bridge_picture *picture, char hex[CARD_HASH_SIZE])
{
    *hex = 0;
    if (vcard_shows(picture))
        digest_hex(picture->data, picture->size, hex);
}

/* --- the two ways of writing one ------------------------------------------------------ */

typedef void card_writer(struct strbuf *out, const struct vcard *vcard);

/* XEP-0292 §3.1.1; the item's id, which we have no use for, as XEP-0060 §12.20 has it. */
static void write_published(struct strbuf *out, const struct vcard *vcard)
{
    strbuf_adds(out, "<pubsub xmlns='" NS_PUBSUB "'><items node='" NODE "'>"
                     "<item id='current'>");
    vcard_write_4(out, vcard);
    strbuf_adds(out, "</item></items></pubsub>");
}

static void answer(const struct query *q, card_writer *write, const struct vcard *vcard)
{
    struct strbuf *out = query_begin(q);

    strbuf_addch(out, '>');
    write(out, vcard);
    query_finish(q, out);
}

/* --- our own ---------------------------------------------------------------------------- */

/* The first of the published addresses (XEP-0157) of this sort, without `scheme` if
 * `cut`; NULL: none. */
static const char *address_of(const struct options *o, const char *scheme, bool cut)
{
    const struct setting_strings *const lists[] = { &o->gateway.support, &o->gateway.admins };
    size_t len = strlen(scheme);

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (size_t k = 0; k < lists[i]->count; k++) {
            if (!strncmp(lists[i]->items[k], scheme, len))
                return lists[i]->items[k] + (cut ? len : 0);
        }
    }
    return NULL;
}

static void answer_domain(const struct query *q, card_writer *write)
{
    const struct options *o = q->host->core->options;
    const struct bridge_card card = {
        .name = q->host->transport ? q->host->transport->description : o->gateway.name,
        .email = address_of(o, "mailto:", true),
        .url = address_of(o, "http", false),
        .note = _("Write \"help\" to this address: the answer says what can be done here."),
    };

    answer(q, write, &(struct vcard){ VCARD_APPLICATION, q->host->name, q->host->name, &card });
}

/* Rooms and networks have a name and nothing else. */
static void answer_place(const struct query *q, card_writer *write)
{
    bool room = q->target->kind == BRIDGE_ADDRESS_ROOM;

    answer(q, write, &(struct vcard){ .kind = room ? VCARD_GROUP : VCARD_APPLICATION,
                                      .jid = jid_bare(q->to),
                                      .name = strbuf_text(&q->target->address) });
}

/* --- people ----------------------------------------------------------------------------- */

/* Who waits for what the network says. */
struct asker {
    struct reply *reply;
    card_writer *write;
    char *name; /* for whom the network gives none */
    char *jid;  /* NULL: not told */
};

static void on_found(void *arg, const struct bridge_card *card, const struct bridge_error *why)
{
    struct asker *asker = arg;

    if (why) {
        reply_refuse(asker->reply, why);
    } else {
        struct strbuf *out = reply_begin(asker->reply);
        asker->write(out, &(struct vcard){ VCARD_PERSON, asker->jid, asker->name, card });
        reply_finish(asker->reply, out);
    }
    reply_free(asker->reply);
    free(asker->name);
    free(asker->jid);
    free(asker);
}

static int ask_network(const struct query *q, card_writer *write, const char *contact,
                       const char *name, const char *jid, struct bridge_error *err)
{
    struct bridge_session *session = session_open(q->host, jid_bare(q->from), err);
    struct reply *reply = session ? reply_new(q, err) : NULL;

    if (!reply)
        return -1;
    struct asker *asker = bridge_alloc(sizeof *asker);
    *asker = (struct asker){ reply, write, bridge_strdup(name), bridge_strdup(jid) };
    if (!lookup_ask(session, contact, on_found, asker, err))
        return 0;
    on_found(asker, NULL, err);
    return 0;
}

/* `jid` is NULL for occupants, whom one knows by their nicks. */
static void answer_person(const struct query *q, card_writer *write, const char *contact,
                          const char *name, const char *jid)
{
    struct bridge_error err;

    if (!q->host->transport->lookup)
        answer(q, write, &(struct vcard){ VCARD_PERSON, jid, name, NULL });
    else if (ask_network(q, write, contact, name, jid, &err))
        query_refuse_with(q, &err);
}

/* Clients look for the pictures of those in a room at their occupant JIDs. */
static void answer_occupant(const struct query *q, card_writer *write)
{
    const char *nick = jid_resource(q->to);
    struct bridge_room *room = query_room(q);
    struct strbuf contact = STRBUF_INIT(4096);
    struct bridge_error err;

    if (!room || !room_has_client(room, jid_full(q->from)))
        query_refuse(q, BRIDGE_INVALID,
                     _("Only those who are in a room may ask about its occupants"));
    else if (!bridge_room_find(room, nick, NULL))
        query_refuse(q, BRIDGE_NOT_FOUND, _("Nobody in this room has that nick"));
    else if (!q->host->transport->occupant)
        query_refuse(q, BRIDGE_NO_SERVICE, _("The network does not tell who is behind a nick"));
    else if (q->host->transport->occupant(room_session(room)->data, room, nick, &contact, &err))
        query_refuse_with(q, &err);
    else
        answer_person(q, write, strbuf_text(&contact), nick, NULL);
    strbuf_release(&contact);
}

/* --- requests --------------------------------------------------------------------------- */

static void answer_card(const struct query *q, card_writer *write)
{
    const char *address = strbuf_text(&q->target->address);

    if (q->target->kind == BRIDGE_ADDRESS_NONE)
        answer_domain(q, write);
    else if (q->target->kind == BRIDGE_ADDRESS_CONTACT)
        answer_person(q, write, address, address, jid_bare(q->to));
    else if (q->target->kind == BRIDGE_ADDRESS_ROOM && jid_resource(q->to))
        answer_occupant(q, write);
    else
        answer_place(q, write);
}

void card_answer_temp(const struct query *q)
{
    answer_card(q, vcard_write_temp);
}

void card_answer_4(const struct query *q)
{
    xmpp_stanza_t *items = stanza_child(q->payload, "items", NS_PUBSUB);
    const char *node = items ? xmpp_stanza_get_attribute(items, "node") : NULL;

    if (!items)
        query_refuse(q, BRIDGE_UNSUPPORTED, _("Nothing is published here but a vCard"));
    else if (!node || strcmp(node, NODE) != 0)
        query_refuse(q, BRIDGE_NOT_FOUND, _("Nothing is published here but a vCard"));
    else
        answer_card(q, write_published);
}

void card_refuse_change(const struct query *q)
{
    query_refuse(q, BRIDGE_FORBIDDEN,
                 _("This is what the network tells: it cannot be changed from here"));
}
