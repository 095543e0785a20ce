#include "reply.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/words.h>

#include "core.h"
#include "stanza.h"
#include "xml.h"

#define ID_MAX 1000

struct reply {
    struct bridge_host *host;
    char *from, *to, *id; /* of the request; id may be NULL */
};

struct reply *reply_new(const struct query *q, struct bridge_error *err)
{
    const char *id = xmpp_stanza_get_id(q->iq);

    if (id && strlen(id) > ID_MAX) {
        bridge_fail(err, BRIDGE_INVALID, _("The id of this request is too long"));
        return NULL;
    }
    struct reply *reply = bridge_alloc(sizeof *reply);
    reply->host = q->host;
    reply->from = bridge_strdup(xmpp_stanza_get_from(q->iq));
    reply->to = bridge_strdup(xmpp_stanza_get_to(q->iq));
    reply->id = bridge_strdup(id);
    return reply;
}

void reply_free(struct reply *reply)
{
    if (!reply)
        return;
    free(reply->from);
    free(reply->to);
    free(reply->id);
    free(reply);
}

const char *reply_to(const struct reply *reply)
{
    return reply->to;
}

static struct strbuf *begin(const struct reply *reply, const char *type)
{
    struct strbuf *out = core_stanza(reply->host->core);

    strbuf_adds(out, "<iq");
    xml_attribute(out, "type", type);
    xml_attribute(out, "from", reply->to);
    xml_attribute(out, "to", reply->from);
    xml_attribute(out, "id", reply->id);
    strbuf_addch(out, '>');
    return out;
}

struct strbuf *reply_begin(const struct reply *reply)
{
    return begin(reply, "result");
}

void reply_finish(const struct reply *reply, struct strbuf *out)
{
    strbuf_adds(out, "</iq>");
    domain_send(reply->host, out);
}

void reply_refuse(const struct reply *reply, const struct bridge_error *why)
{
    struct strbuf *out = begin(reply, "error");

    stanza_error_write(out, why);
    reply_finish(reply, out);
}

void reply_end(struct reply *reply, const struct bridge_error *why)
{
    if (why)
        reply_refuse(reply, why);
    else
        reply_finish(reply, reply_begin(reply));
    reply_free(reply);
}
