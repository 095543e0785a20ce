/* host.c - include/bridge/host.h for sessions and messages; the calls about
 * rooms are in room.c. */
#include <bridge/host.h>

#include <string.h>

#include <bridge/clock.h>
#include <bridge/log.h>

#include "contact.h"
#include "core.h"
#include "domain.h"
#include "message_write.h"
#include "session.h"
#include "stanza.h"
#include "xml.h"

uv_loop_t *bridge_host_loop(const struct bridge_host *host)
{
    return host->core->loop;
}

const char *bridge_host_domain(const struct bridge_host *host)
{
    return host->name;
}

const char *bridge_version(void)
{
    return BRIDGE_VERSION;
}

const char *bridge_session_user(const struct bridge_session *session)
{
    return session->user;
}

/* " from='address@domain'" */
static void add_from(struct bridge_session *session, struct strbuf *out, const char *address)
{
    struct strbuf jid = STRBUF_INIT(4096);

    domain_add_jid(session->host, &jid, address);
    xml_attribute(out, "from", strbuf_text(&jid));
    strbuf_release(&jid);
}

void bridge_message(struct bridge_session *session, const char *contact,
                    const struct bridge_message *message)
{
    struct strbuf *out = core_stanza(session->host->core);

    strbuf_adds(out, "<message type='chat'");
    xml_attribute(out, "to", session->user);
    add_from(session, out, contact);
    core_add_id(session->host->core, out);
    strbuf_addch(out, '>');
    message_write_body(out, message);
    message_write_delay(out, NULL, message->time);
    strbuf_adds(out, "</message>");
    session->used = clock_monotonic();
    session_send(session, out);
}

void bridge_message_failed(struct bridge_session *session, const char *address, const char *id,
                           const struct bridge_error *why)
{
    const struct sent *sent = session_recall(session, address, id);
    struct strbuf *out = core_stanza(session->host->core);

    if (!sent) { /* long ago, or without an id: the user shall know all the same */
        struct strbuf text = STRBUF_INIT(1024);
        strbuf_addf(&text, "A message of yours was not delivered: %s", why->text);
        bridge_message(session, address,
                       &(struct bridge_message){ .body = strbuf_text(&text) });
        strbuf_release(&text);
        return;
    }
    strbuf_adds(out, "<message type='error'");
    xml_attribute(out, "to", sent->from);
    xml_attribute(out, "from", sent->to);
    xml_attribute(out, "id", sent->id);
    strbuf_addch(out, '>');
    stanza_error_write(out, why);
    strbuf_adds(out, "</message>");
    session_send(session, out);
}
