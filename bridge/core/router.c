#include "router.h"

#include <string.h>

#include <bridge/log.h>
#include <bridge/words.h>

#include "ability.h"
#include "addressee.h"
#include "ask.h"
#include "core.h"
#include "inbound.h"
#include "privilege.h"
#include "query.h"
#include "session.h"

static bool is_answer(const struct inbound *in)
{
    return !strcmp(xmpp_stanza_get_name(in->stanza), "iq") &&
           (!strcmp(in->type, "result") || !strcmp(in->type, "error"));
}

static void dispatch(struct inbound *in)
{
    const char *name = xmpp_stanza_get_name(in->stanza);
    struct bridge_error err;

    if (in->host->core->stopping) {
        inbound_refuse_with(in, BRIDGE_RETRY,
                            _("The gateway is shutting down; try again later"));
        return;
    }
    if (domain_target(in->host, in->to, &in->target, &err)) {
        inbound_refuse(in, &err);
        return;
    }
    if (!strcmp(name, "message")) {
        if (!privilege_receive(in))
            message_receive(in);
    } else if (!strcmp(name, "presence")) {
        presence_receive(in);
        ability_presence(in);
    } else if (!strcmp(name, "iq") && (!strcmp(in->type, "get") || !strcmp(in->type, "set"))) {
        query_answer(in->host, in->stanza, in->from, in->to, &in->target);
    } else if (is_answer(in) && !ask_answered(in->host, in->stanza, in->from, in->to) &&
               !strcmp(in->type, "error")) {
        inbound_bounced(in);
    }
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

/* What comes up later, by itself, is told in the language that was used last. */
static void remember_use(const struct inbound *in)
{
    struct bridge_session *session = session_find(in->host, jid_bare(in->from));

    if (!session)
        return;
    session_set_language(session, xmpp_stanza_get_attribute(in->stanza, "xml:lang"));
    if (strcmp(in->type, "error")) /* that may be a server's word */
        retention_used(session);
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

    if (open_envelope(&in, host, stanza)) {
        addressee_of_stanza(&in);
        dispatch(&in);
        addressee_done();
        remember_use(&in);
    }
    release(&in);
}

void router_dropped(struct bridge_host *host, xmpp_stanza_t *root,
                    const struct bridge_error *why)
{
    struct inbound in;

    if (open_envelope(&in, host, root) &&
        !(is_answer(&in) && ask_dropped(host, root, in.from, in.to, why)))
        inbound_refuse(&in, why);
    release(&in);
}
