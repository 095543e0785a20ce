#include "query.h"

#include <string.h>

#include <bridge/host.h>

#include "adhoc.h"
#include "core.h"
#include "disco.h"
#include "room.h"
#include "session.h"
#include "stanza.h"
#include "xml.h"

struct query {
    struct bridge_host *host;
    xmpp_stanza_t *iq;
    const struct jid *from;
    const struct jid *to;
    const struct target *target;
};

static void refuse(const struct query *q, enum bridge_code code, const char *text)
{
    struct strbuf *out = core_stanza(q->host->core);
    struct bridge_error why;

    bridge_fail(&why, code, "%s", text);
    if (stanza_refuse(out, q->iq, NULL, &why))
        domain_send(q->host, out);
}

static struct strbuf *begin(const struct query *q)
{
    struct strbuf *out = core_stanza(q->host->core);

    strbuf_adds(out, "<iq type='result'");
    xml_attribute(out, "from", xmpp_stanza_get_to(q->iq));
    xml_attribute(out, "to", xmpp_stanza_get_from(q->iq));
    xml_attribute(out, "id", xmpp_stanza_get_id(q->iq));
    return out;
}

static void finish(const struct query *q, struct strbuf *out)
{
    strbuf_adds(out, "</iq>");
    domain_send(q->host, out);
}

/* The sender's view of the room that is addressed, or NULL. */
static struct bridge_room *own_room(const struct query *q)
{
    struct bridge_session *session = session_find(q->host, jid_bare(q->from));

    if (!session || q->target->kind != BRIDGE_ADDRESS_ROOM)
        return NULL;
    return room_find(session, strbuf_text(&q->target->address));
}

/* --- disco (XEP-0030) -------------------------------------------------------------- */

static const char *const common_features[] = {
    NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING, NS_VERSION, NULL,
};
/* stable_id: XEP-0045 §7.4; self-ping-optimization: XEP-0410 §3.2. */
static const char *const domain_features[] = {
    NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING, NS_VERSION, NS_COMMANDS, NULL,
};
static const char *const room_domain_features[] = {
    NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING, NS_VERSION, NS_COMMANDS, NS_MUC,
    NS_MUC "#stable_id", NULL,
};
static const char *const room_features[] = {
    NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING, NS_VERSION, NS_MUC, NS_MUC "#stable_id",
    NS_MUC "#self-ping-optimization", "muc_public", "muc_semianonymous", "muc_temporary",
    "muc_unmoderated", "muc_open", "muc_unsecured", NULL,
};
static const char *const muc_service_features[] = {
    NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING, NS_VERSION, NS_MUC, NS_MUC "#stable_id", NULL,
};

static bool has_rooms(const struct bridge_host *host)
{
    return host->transport && host->transport->join;
}

#define ADDRESS_KINDS 4

static void contact_addresses(const struct options *o, struct disco_addresses *kinds)
{
    const struct {
        const char *field;
        const struct setting_strings *from;
    } rows[ADDRESS_KINDS] = {
        { "admin-addresses", &o->gateway.admins },
        { "support-addresses", &o->gateway.support },
        { "abuse-addresses", &o->gateway.abuse },
        { "security-addresses", &o->gateway.security },
    };

    for (size_t i = 0; i < ADDRESS_KINDS; i++)
        kinds[i] = (struct disco_addresses){
            .field = rows[i].field,
            .values = (const char *const *)rows[i].from->items,
            .count = rows[i].from->count,
        };
}

/* What we say of the domain itself: the front door, or a gateway. */
static void describe_domain(const struct query *q, struct disco_identity *id,
                            struct disco_info *info)
{
    const struct bridge_transport *transport = q->host->transport;
    const struct options *o = q->host->core->options;

    id[0] = (struct disco_identity){
        .category = transport ? "gateway" : "component",
        .type = transport ? transport->type : "generic",
        .name = transport ? transport->description : o->gateway.name,
    };
    if (has_rooms(q->host)) { /* XEP-0045 §6.1: by this clients find where rooms are */
        id[1] = (struct disco_identity){ "conference", transport->type, id[0].name };
        info->identity_count = 2;
    }
    info->features = has_rooms(q->host) ? room_domain_features : domain_features;
}

static void describe_address(const struct query *q, struct disco_identity *id,
                             struct disco_info *info)
{
    const char *address = strbuf_text(&q->target->address);

    switch (q->target->kind) {
    case BRIDGE_ADDRESS_ROOM:
        *id = (struct disco_identity){ "conference", "text", address };
        info->features = room_features;
        break;
    case BRIDGE_ADDRESS_SERVICE:
        *id = (struct disco_identity){ has_rooms(q->host) ? "conference" : "gateway",
                                       q->host->transport->type, address };
        info->features = has_rooms(q->host) ? muc_service_features : common_features;
        break;
    default:
        *id = (struct disco_identity){ "account", "registered", address };
        info->features = common_features;
    }
}

static void answer_disco_info(const struct query *q)
{
    struct disco_addresses addresses[ADDRESS_KINDS];
    struct disco_identity identities[2];
    struct disco_info info = { .identities = identities, .identity_count = 1 };

    contact_addresses(q->host->core->options, addresses);
    if (q->target->kind == BRIDGE_ADDRESS_NONE) {
        describe_domain(q, identities, &info);
        info.addresses = addresses;
        info.address_count = ADDRESS_KINDS;
    } else {
        describe_address(q, identities, &info);
    }
    struct strbuf *out = begin(q);
    strbuf_addch(out, '>');
    disco_write_info(out, &info);
    finish(q, out);
}

/* Only the front door has something to list. */
static void answer_disco_items(const struct query *q)
{
    const struct core *core = q->host->core;
    bool front_door = !q->host->transport;

    struct strbuf *out = begin(q);
    strbuf_addch(out, '>');
    disco_open_items(out, NULL);
    for (size_t i = 0; front_door && i < core->host_count; i++) {
        const struct bridge_host *host = core->hosts[i];
        if (host->transport)
            disco_write_item(out, host->name, NULL, host->transport->description);
    }
    disco_close_items(out);
    finish(q, out);
}

/* --- version (XEP-0092) and ping (XEP-0199) ------------------------------------------ */

static void answer_version(const struct query *q)
{
    struct strbuf *out = begin(q);

    strbuf_adds(out, "><query xmlns='" NS_VERSION "'>");
    xml_element(out, "name", "bridged");
    xml_element(out, "version", bridge_version());
    strbuf_adds(out, "</query>");
    finish(q, out);
}

static void answer_ping(const struct query *q)
{
    struct strbuf *out = begin(q);

    strbuf_addch(out, '>');
    finish(q, out);
}

/* XEP-0410 §3: a ping to an occupant of a room asks whether one is still in. */
static void answer_occupant_ping(const struct query *q)
{
    struct bridge_room *room = own_room(q);

    if (!room || !room_has_client(room, jid_full(q->from)))
        refuse(q, BRIDGE_OUTSIDE, "You are not in this room; join it again");
    else if (!bridge_room_find(room, jid_resource(q->to), NULL))
        refuse(q, BRIDGE_NOT_FOUND, "Nobody in this room has that nick");
    else
        answer_ping(q);
}

/* XEP-0045 §6.5: who is outside learns nothing. To those inside an answer of
 * ours would look like one of the occupant. */
static void refuse_for_occupant(const struct query *q)
{
    struct bridge_room *room = own_room(q);

    if (!room || !room_has_client(room, jid_full(q->from)))
        refuse(q, BRIDGE_INVALID, "Only those who are in a room may ask about its occupants");
    else
        refuse(q, BRIDGE_NO_SERVICE, "The network tells nothing about this person's client");
}

/* --- all --------------------------------------------------------------------------------- */

/* Append what there is to say about a node of the domain itself. */
typedef bool node_writer(struct bridge_host *host, const char *user, const char *node,
                         struct strbuf *out);

static const struct {
    const char *name;
    const char *ns;
    node_writer *write_node; /* NULL: a node has no meaning */
    void (*answer)(const struct query *q);
    void (*answer_for_occupant)(const struct query *q); /* of a room */
} queries[] = {
    { "query", NS_DISCO_INFO, adhoc_write_info, answer_disco_info, refuse_for_occupant },
    { "query", NS_DISCO_ITEMS, adhoc_write_items, answer_disco_items, refuse_for_occupant },
    { "query", NS_VERSION, NULL, answer_version, refuse_for_occupant },
    { "ping", NS_PING, NULL, answer_ping, answer_occupant_ping },
};

/* XEP-0045 has two nodes of its own, whose absence is told in another way than
 * XEP-0030 tells it of others. */
static void refuse_node(const struct query *q)
{
    bool room = q->target->kind == BRIDGE_ADDRESS_ROOM;

    refuse(q, room ? BRIDGE_UNSUPPORTED : BRIDGE_NOT_FOUND, "There is no such node here");
}

/* Only the domains have nodes: their commands. */
static void answer_node(const struct query *q, node_writer *write, const char *node)
{
    bool domain = q->target->kind == BRIDGE_ADDRESS_NONE && !jid_resource(q->to);

    struct strbuf *out = begin(q);
    strbuf_addch(out, '>');
    if (domain && write(q->host, jid_bare(q->from), node, out))
        finish(q, out);
    else
        refuse_node(q);
}

/* Commands are for the domain itself. True if this was one. */
static bool answer_command(const struct query *q)
{
    xmpp_stanza_t *command = stanza_child(q->iq, "command", NS_COMMANDS);

    if (!command || q->target->kind != BRIDGE_ADDRESS_NONE || jid_resource(q->to))
        return false;
    adhoc_answer(q->host, q->iq, command, q->from);
    return true;
}

void query_answer(struct bridge_host *host, xmpp_stanza_t *iq, const struct jid *from,
                  const struct jid *to, const struct target *target)
{
    const struct query q = { host, iq, from, to, target };
    const char *type = xmpp_stanza_get_type(iq);
    bool occupant = target->kind == BRIDGE_ADDRESS_ROOM && jid_resource(to);

    for (size_t i = 0; !strcmp(type, "get") && i < sizeof queries / sizeof *queries; i++) {
        xmpp_stanza_t *payload = stanza_child(iq, queries[i].name, queries[i].ns);
        if (!payload)
            continue;
        const char *node = xmpp_stanza_get_attribute(payload, "node");
        if (node && queries[i].write_node)
            answer_node(&q, queries[i].write_node, node);
        else if (occupant)
            queries[i].answer_for_occupant(&q);
        else
            queries[i].answer(&q);
        return;
    }
    if (strcmp(type, "set") != 0 || !answer_command(&q))
        refuse(&q, BRIDGE_NO_SERVICE, "Nothing here understands this request");
}
