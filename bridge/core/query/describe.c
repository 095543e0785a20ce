#include "describe.h"

#include <stdio.h>
#include <string.h>

#include "adhoc.h"
#include "caps.h"
#include "core.h"
#include "disco.h"
#include "register.h"
#include "room.h"
#include "stanza.h"

/* By which clients tell programs apart; what it can do they read from the hash. */
#define CAPS_NODE "urn:x-bridged"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Kinds of places that are described. */
enum {
    FRONT_DOOR = 1 << 0,
    GATEWAY = 1 << 1, /* a transport's domain */
    SERVICE = 1 << 2,
    ROOM = 1 << 3,
    CONTACT = 1 << 4,
    DOMAIN = FRONT_DOOR | GATEWAY,
    EVERYWHERE = DOMAIN | SERVICE | ROOM | CONTACT,
};

static bool has_rooms(struct bridge_host *host, enum bridge_address kind)
{
    (void)kind;
    return host->transport && host->transport->join;
}

/* To somebody who is no admin: it goes into a hash that everybody sees. */
static bool has_commands(struct bridge_host *host, enum bridge_address kind)
{
    return adhoc_offers(&(struct command_place){ .host = host, .kind = kind }, "");
}

static bool takes_accounts(struct bridge_host *host, enum bridge_address kind)
{
    (void)kind;
    return register_offered(host);
}

/* --- features ---------------------------------------------------------------------- */

static const struct feature {
    const char *var;
    unsigned at;      /* where it is served, */
    unsigned network; /* if the network can that: enum bridge_feature; 0: always */
    /* and if this says so; NULL: always */
    bool (*when)(struct bridge_host *host, enum bridge_address kind);
} features[] = {
    { NS_DISCO_INFO, EVERYWHERE, 0, NULL },
    { NS_DISCO_ITEMS, EVERYWHERE, 0, NULL },
    { NS_PING, EVERYWHERE, 0, NULL },
    { NS_VERSION, EVERYWHERE, 0, NULL },
    { NS_COMMANDS, EVERYWHERE, 0, has_commands },
    { NS_CAPS, DOMAIN | CONTACT, 0, NULL },
    { NS_VCARD, EVERYWHERE, 0, NULL },
    { NS_VCARD_4, EVERYWHERE, 0, NULL },
    { NS_GATEWAY, GATEWAY, 0, NULL },
    { NS_REGISTER, GATEWAY, 0, takes_accounts },

    /* XEP-0045; stable_id: §7.4, self-ping-optimization: XEP-0410 §3.2. */
    { NS_MUC, GATEWAY | SERVICE, 0, has_rooms },
    { NS_MUC "#stable_id", GATEWAY | SERVICE, 0, has_rooms },
    { NS_MUC, ROOM, 0, NULL },
    { NS_MUC "#stable_id", ROOM, 0, NULL },
    { NS_MUC "#self-ping-optimization", ROOM, 0, NULL },
    { NS_SID, ROOM, ROOM_NEEDS_IDS, NULL },
    { "muc_public", ROOM, 0, NULL },
    { "muc_semianonymous", ROOM, 0, NULL },
    { "muc_temporary", ROOM, 0, NULL },
    { "muc_unmoderated", ROOM, 0, NULL },
    { "muc_open", ROOM, 0, NULL },
    { "muc_unsecured", ROOM, 0, NULL },

    /* What can be sent to a person. No encryption, ever: the network could not
     * read it. */
    { NS_OOB, CONTACT, 0, NULL }, /* at the least, people get the link */
    { NS_FALLBACK, CONTACT, 0, NULL },
    { NS_RECEIPTS, CONTACT, BRIDGE_HAS_RECEIPT, NULL },
    { NS_MARKERS, CONTACT, BRIDGE_HAS_DISPLAYED, NULL },
    { NS_CHAT_STATES, CONTACT, BRIDGE_HAS_CHAT_STATE, NULL },
    { NS_CORRECT, CONTACT, BRIDGE_HAS_CORRECTION, NULL },
    { NS_RETRACT, CONTACT, BRIDGE_HAS_RETRACTION, NULL },
    { NS_REACTIONS, CONTACT, BRIDGE_HAS_REACTION, NULL },
    { NS_REPLY, CONTACT, BRIDGE_HAS_REPLY, NULL },
    { NS_SFS, CONTACT, BRIDGE_HAS_ATTACHMENT, NULL },
};

static unsigned place(const struct bridge_host *host, enum bridge_address kind)
{
    static const unsigned places[] = {
        [BRIDGE_ADDRESS_NONE] = GATEWAY,
        [BRIDGE_ADDRESS_CONTACT] = CONTACT,
        [BRIDGE_ADDRESS_ROOM] = ROOM,
        [BRIDGE_ADDRESS_SERVICE] = SERVICE,
    };

    return host->transport ? places[kind] : FRONT_DOOR;
}

static bool is_served(const struct feature *f, struct bridge_host *host,
                      enum bridge_address kind)
{
    return f->at & place(host, kind) &&
           (!f->network || host->transport->features & f->network) &&
           (!f->when || f->when(host, kind));
}

/* --- forms (XEP-0128) --------------------------------------------------------------- */

/* A description being put together; `info` points into it. */
struct description {
    struct disco_identity identities[2];
    const char *features[COUNT(features) + 1];
    struct disco_field fields[4];
    struct disco_form form;
    const char *texts[2];
    char occupants[24];
    struct disco_info info;
};

static void add_field(struct description *d, const char *var, const char *type,
                      const char *const *values, size_t count)
{
    d->fields[d->form.field_count++] = (struct disco_field){ var, type, values, count };
}

static void add_addresses(struct description *d, const char *var,
                          const struct setting_strings *from)
{
    add_field(d, var, "list-multi", (const char *const *)from->items, from->count);
}

/* XEP-0157: the same on every domain of ours. */
static void describe_operators(struct description *d, const struct options *o)
{
    d->form.form_type = NS_SERVERINFO;
    add_addresses(d, "admin-addresses", &o->gateway.admins);
    add_addresses(d, "support-addresses", &o->gateway.support);
    add_addresses(d, "abuse-addresses", &o->gateway.abuse);
    add_addresses(d, "security-addresses", &o->gateway.security);
}

/* XEP-0045 §6.4, for who is inside; of other rooms we know nothing. */
static void describe_inside(struct description *d, const struct bridge_room *room)
{
    snprintf(d->occupants, sizeof d->occupants, "%zu", room_occupants(room));
    d->texts[0] = d->occupants;
    d->texts[1] = room_subject(room);
    d->form.form_type = NS_MUC "#roominfo";
    add_field(d, "muc#roominfo_occupants", NULL, &d->texts[0], 1);
    add_field(d, "muc#roominfo_subject", NULL, &d->texts[1], d->texts[1] != NULL);
}

/* --- identities ---------------------------------------------------------------------- */

/* XEP-0030's registry: what sort of client the person has. */
static const char *client_type(const struct bridge_transport *transport)
{
    static const char *const types[] = { "bot", "console", "game", "handheld", "pc",
                                         "phone", "sms", "tablet", "web" };

    for (size_t i = 0; i < COUNT(types); i++) {
        if (!strcmp(types[i], transport->type))
            return types[i];
    }
    return "pc";
}

static void add_identity(struct description *d, const char *category, const char *type,
                         const char *name)
{
    d->identities[d->info.identity_count++] =
        (struct disco_identity){ category, type, name, NULL };
}

/* `address` is NULL where it is not known: what is said of contacts is the same for
 * all, since it goes into one hash. */
static void add_identities(struct description *d, struct bridge_host *host,
                           enum bridge_address kind, const char *address)
{
    const struct bridge_transport *t = host->transport;

    switch (place(host, kind)) {
    case FRONT_DOOR:
        add_identity(d, "component", "generic", host->core->options->gateway.name);
        break;
    case GATEWAY:
        add_identity(d, "gateway", t->type, t->description);
        if (has_rooms(host, kind)) /* XEP-0045 §6.1: by this clients find where rooms are */
            add_identity(d, "conference", t->type, t->description);
        break;
    case SERVICE:
        add_identity(d, has_rooms(host, kind) ? "conference" : "gateway", t->type, address);
        break;
    case ROOM:
        add_identity(d, "conference", "text", address);
        break;
    default: /* a bare JID, and what its owner uses at the same time */
        add_identity(d, "account", "registered", t->description);
        add_identity(d, "client", client_type(t), t->description);
    }
}

/* --- all of it ----------------------------------------------------------------------- */

static void describe(struct description *d, struct bridge_host *host,
                     enum bridge_address kind, const char *address)
{
    size_t count = 0;

    *d = (struct description){ .form.fields = d->fields };
    add_identities(d, host, kind, address);
    for (size_t i = 0; i < COUNT(features); i++) {
        if (is_served(&features[i], host, kind))
            d->features[count++] = features[i].var;
    }
    if (kind == BRIDGE_ADDRESS_NONE)
        describe_operators(d, host->core->options);
    d->info.identities = d->identities;
    d->info.features = d->features;
    d->info.forms = &d->form;
    d->info.form_count = 1;
}

void describe_answer_info(const struct query *q)
{
    const struct bridge_room *room = query_room(q);
    struct description d;

    describe(&d, q->host, q->target->kind, strbuf_text(&q->target->address));
    d.info.node = xmpp_stanza_get_attribute(q->payload, "node");
    if (room && room_is_joined(room))
        describe_inside(&d, room);
    struct strbuf *out = query_begin(q);
    strbuf_addch(out, '>');
    disco_write_info(out, &d.info);
    query_finish(q, out);
}

/* Only the front door has something to list. */
void describe_answer_items(const struct query *q)
{
    const struct core *core = q->host->core;
    bool front_door = !q->host->transport;

    struct strbuf *out = query_begin(q);
    strbuf_addch(out, '>');
    disco_open_items(out, NULL);
    for (size_t i = 0; front_door && i < core->host_count; i++) {
        const struct bridge_host *host = core->hosts[i];
        if (host->transport)
            disco_write_item(out, host->name, NULL, host->transport->description);
    }
    disco_close_items(out);
    query_finish(q, out);
}

/* --- capabilities (XEP-0115) ---------------------------------------------------------- */

static const char *ver(struct bridge_host *host, enum bridge_address kind)
{
    bool contact = kind == BRIDGE_ADDRESS_CONTACT;
    char *kept = host->caps[contact];
    struct description d;

    if (!*kept) {
        describe(&d, host, kind, NULL);
        caps_ver(&d.info, kept);
    }
    return kept;
}

void describe_forget(struct bridge_host *host)
{
    memset(host->caps, 0, sizeof host->caps);
}

void describe_write_caps(struct bridge_host *host, enum bridge_address kind,
                         struct strbuf *out)
{
    strbuf_addf(out, "<c xmlns='" NS_CAPS "' hash='sha-1' node='" CAPS_NODE "' ver='%s'/>",
                ver(host, kind));
}

bool describe_has_node(const struct query *q, const char *node)
{
    enum bridge_address kind = q->target->kind;
    const size_t prefix = sizeof CAPS_NODE "#" - 1;

    return (kind == BRIDGE_ADDRESS_NONE || kind == BRIDGE_ADDRESS_CONTACT) &&
           !strncmp(node, CAPS_NODE "#", prefix) && !strcmp(node + prefix, ver(q->host, kind));
}
