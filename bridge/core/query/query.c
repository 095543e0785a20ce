#include "query.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/host.h>
#include <bridge/words.h>

#include "adhoc.h"
#include "card.h"
#include "core.h"
#include "describe.h"
#include "find.h"
#include "privilege.h"
#include "register.h"
#include "room.h"
#include "room_config.h"
#include "session.h"
#include "stanza.h"
#include "xml.h"

void query_refuse_with(const struct query *q, const struct bridge_error *why)
{
    struct strbuf *out = core_stanza(q->host->core);

    if (stanza_refuse(out, q->iq, NULL, why))
        domain_send(q->host, out);
}

void query_refuse(const struct query *q, enum bridge_code code, const char *text)
{
    struct bridge_error why;

    bridge_fail(&why, code, "%s", text);
    query_refuse_with(q, &why);
}

struct strbuf *query_begin(const struct query *q)
{
    struct strbuf *out = core_stanza(q->host->core);

    strbuf_adds(out, "<iq type='result'");
    xml_attribute(out, "from", xmpp_stanza_get_to(q->iq));
    xml_attribute(out, "to", xmpp_stanza_get_from(q->iq));
    xml_attribute(out, "id", xmpp_stanza_get_id(q->iq));
    return out;
}

/* Whoever asks gets an answer, also when that would be too large for a stanza. */
void query_finish(const struct query *q, struct strbuf *out)
{
    strbuf_adds(out, "</iq>");
    if (out->overflow)
        query_refuse(q, BRIDGE_REJECTED, _("There is too much to show in one message"));
    else
        domain_send(q->host, out);
}

struct bridge_room *query_room(const struct query *q)
{
    struct bridge_session *session = session_find(q->host, jid_bare(q->from));

    if (!session || q->target->kind != BRIDGE_ADDRESS_ROOM)
        return NULL;
    return room_find(session, strbuf_text(&q->target->address));
}

/* --- version (XEP-0092) and ping (XEP-0199) ------------------------------------------ */

static void answer_version(const struct query *q)
{
    struct strbuf *out = query_begin(q);

    strbuf_adds(out, "><query xmlns='" NS_VERSION "'>");
    xml_element(out, "name", "bridged");
    xml_element(out, "version", bridge_version());
    strbuf_adds(out, "</query>");
    query_finish(q, out);
}

static void answer_ping(const struct query *q)
{
    struct strbuf *out = query_begin(q);

    strbuf_addch(out, '>');
    query_finish(q, out);
}

/* XEP-0410 §3: a ping to an occupant of a room asks whether one is still in. */
static void answer_occupant_ping(const struct query *q)
{
    struct bridge_room *room = query_room(q);

    if (!room || !room_has_client(room, jid_full(q->from)))
        query_refuse(q, BRIDGE_OUTSIDE, _("You are not in this room; join it again"));
    else if (!bridge_room_find(room, jid_resource(q->to), NULL))
        query_refuse(q, BRIDGE_NOT_FOUND, _("Nobody in this room has that nick"));
    else
        answer_ping(q);
}

/* XEP-0045 §6.5: who is outside learns nothing. To those inside an answer of
 * ours would look like one of the occupant. */
static void refuse_for_occupant(const struct query *q)
{
    struct bridge_room *room = query_room(q);

    if (!room || !room_has_client(room, jid_full(q->from)))
        query_refuse(q, BRIDGE_INVALID,
                     _("Only those who are in a room may ask about its occupants"));
    else
        query_refuse(q, BRIDGE_NO_SERVICE,
                     _("The network tells nothing about this person's client"));
}

/* --- all --------------------------------------------------------------------------------- */

/* Where a command would be given. */
static struct command_place place_of(const struct query *q)
{
    return (struct command_place){ q->host, q->target->kind, strbuf_text(&q->target->address),
                                   jid_full(q->to) };
}

static bool is_occupant(const struct query *q)
{
    return q->target->kind == BRIDGE_ADDRESS_ROOM && jid_resource(q->to);
}

/* Commands are given to domains, networks, rooms and contacts, not to the
 * occupants of a room. */
static void answer_command(const struct query *q)
{
    struct command_place place = place_of(q);

    if (is_occupant(q) || !adhoc_offers(&place, jid_bare(q->from)))
        query_refuse(q, BRIDGE_NO_SERVICE, _("Nothing here understands this request"));
    else
        adhoc_answer(&place, q->iq, q->payload, q->from);
}

/* Append what there is to say about a node. */
typedef bool node_writer(const struct command_place *place, const char *user, const char *node,
                         struct strbuf *out);

enum { GET = 1, SET = 2 };

static const struct row {
    const char *name;
    const char *ns;
    unsigned types;
    node_writer *write_node; /* NULL: a node has no meaning */
    void (*answer)(const struct query *q);
    void (*answer_for_occupant)(const struct query *q); /* of a room */
} rows[] = {
    { "query", NS_DISCO_INFO, GET, adhoc_write_info, describe_answer_info,
      refuse_for_occupant },
    { "query", NS_DISCO_ITEMS, GET, adhoc_write_items, describe_answer_items,
      refuse_for_occupant },
    { "query", NS_VERSION, GET, NULL, answer_version, refuse_for_occupant },
    { "ping", NS_PING, GET, NULL, answer_ping, answer_occupant_ping },
    { "query", NS_ROSTER, SET, NULL, privilege_answer_push, refuse_for_occupant },
    { "command", NS_COMMANDS, SET, NULL, answer_command, answer_command },
    { "vCard", NS_VCARD, GET, NULL, card_answer_temp, card_answer_temp },
    { "vCard", NS_VCARD, SET, NULL, card_refuse_change, card_refuse_change },
    { "pubsub", NS_PUBSUB, GET, NULL, card_answer_4, card_answer_4 },
    { "pubsub", NS_PUBSUB, SET, NULL, card_refuse_change, card_refuse_change },
    { "query", NS_GATEWAY, GET, NULL, find_answer_prompt, find_answer_prompt },
    { "query", NS_GATEWAY, SET, NULL, find_answer, find_answer },
    { "query", NS_REGISTER, GET | SET, NULL, register_answer, register_answer },
    { "query", NS_MUC_OWNER, GET | SET, NULL, room_config_answer, room_config_answer },
};

/* XEP-0045 has two nodes of its own, whose absence is told in another way than
 * XEP-0030 tells it of others. */
static void refuse_node(const struct query *q)
{
    bool room = q->target->kind == BRIDGE_ADDRESS_ROOM;

    query_refuse(q, room ? BRIDGE_UNSUPPORTED : BRIDGE_NOT_FOUND,
                 _("There is no such node here"));
}

/* The nodes that there are: commands. */
static void answer_node(const struct query *q, node_writer *write, const char *node)
{
    struct command_place place = place_of(q);

    struct strbuf *out = query_begin(q);
    strbuf_addch(out, '>');
    if (!is_occupant(q) && write(&place, jid_bare(q->from), node, out))
        query_finish(q, out);
    else
        refuse_node(q);
}

static void answer(const struct query *q, const struct row *row)
{
    const char *node = xmpp_stanza_get_attribute(q->payload, "node");

    if (node && row->answer == describe_answer_info && describe_has_node(q, node))
        row->answer(q);
    else if (node && row->write_node)
        answer_node(q, row->write_node, node);
    else if (is_occupant(q))
        row->answer_for_occupant(q);
    else
        row->answer(q);
}

void query_answer(struct bridge_host *host, xmpp_stanza_t *iq, const struct jid *from,
                  const struct jid *to, const struct target *target)
{
    struct query q = { host, iq, NULL, from, to, target };
    unsigned type = strcmp(xmpp_stanza_get_type(iq), "set") ? GET : SET;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!(rows[i].types & type))
            continue;
        q.payload = stanza_child(iq, rows[i].name, rows[i].ns);
        if (q.payload) {
            answer(&q, &rows[i]);
            return;
        }
    }
    query_refuse(&q, BRIDGE_NO_SERVICE, _("Nothing here understands this request"));
}
