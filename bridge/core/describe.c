#include "describe.h"

#include <string.h>

#include "core.h"
#include "disco.h"
#include "stanza.h"

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

void describe_answer_info(const struct query *q)
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
    struct strbuf *out = query_begin(q);
    strbuf_addch(out, '>');
    disco_write_info(out, &info);
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
