/* host.c - include/bridge/host.h for sessions and messages; the calls about
 * rooms are in room.c. */
#include <bridge/host.h>

#include <string.h>

#include <bridge/clock.h>
#include <bridge/log.h>
#include <bridge/words.h>

#include "addressee.h"
#include "budget.h"
#include "contact.h"
#include "core.h"
#include "domain.h"
#include "message_compose.h"
#include "message_write.h"
#include "payload.h"
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

const char *bridge_message(struct bridge_session *session, const char *contact,
                           const struct bridge_message *message)
{
    struct core *core = session->host->core;
    const char *wanted = message->id && message_id_is_fit(message->id) ? message->id : NULL;
    const char *id = core_set_said(core, wanted);

    addressee_of_session(session);
    for (size_t part = 0; part < message_parts(message); part++) {
        struct strbuf *out = core_stanza(core);
        message_compose(out, session->host, session->user, contact, message, part, id, false);
        session_send(session, out);
    }
    session->used = clock_monotonic();
    return id;
}

void bridge_message_failed(struct bridge_session *session, const char *address, const char *id,
                           const struct bridge_error *why)
{
    const struct sent *sent = id ? session_recall(session, address, id) : NULL;
    struct strbuf *out = core_stanza(session->host->core);

    if (!sent) { /* long ago, or without an id: the user shall know all the same */
        struct strbuf text = STRBUF_INIT(1024);
        addressee_of_session(session);
        strbuf_addf(&text, _("A message of yours was not delivered: %s"), why->text);
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

/* Receipts and markers are for the client that asked, which gets each once; a
 * contact may have several clients that tell. */
static bool is_awaited(struct sent *sent, enum bridge_signal_kind kind)
{
    bool *asked = !sent                     ? NULL
                  : kind == BRIDGE_RECEIVED ? &sent->receipt
                                            : &sent->displayed;
    bool awaited = asked && *asked;

    if (awaited)
        *asked = false;
    return awaited;
}

/* XEP-0085 §5.1: not to a client that answered without. */
static bool knows_chat_states(const struct bridge_session *session, const char *contact)
{
    const struct sent *latest = session_recall(session, contact, NULL);

    return !latest || latest->chat_state;
}

/* `from` NULL: the contact. */
static void send_signal(struct bridge_session *session, const char *to, const char *from,
                        const char *contact, const struct bridge_signal *signal)
{
    struct strbuf *out = core_stanza(session->host->core);

    strbuf_adds(out, "<message type='chat'");
    xml_attribute(out, "to", to);
    if (from)
        xml_attribute(out, "from", from);
    else
        add_from(session, out, contact);
    core_add_id(session->host->core, out);
    strbuf_addch(out, '>');
    message_write_signal(out, signal);
    strbuf_adds(out, "</message>");
    session_send(session, out);
}

void bridge_signal(struct bridge_session *session, const char *contact,
                   const struct bridge_signal *signal)
{
    unsigned needed = payload_signal_feature(signal->kind);

    if (!(session->host->transport->features & needed))
        return;
    if (needed == BRIDGE_HAS_CHAT_STATE) {
        if (knows_chat_states(session, contact))
            send_signal(session, session->user, NULL, contact, signal);
    } else if (signal->id) {
        struct sent *sent = session_recall(session, contact, signal->id);
        if (is_awaited(sent, signal->kind))
            send_signal(session, sent->from, sent->to, NULL, signal);
    }
}

int bridge_charge(struct bridge_session *session, int64_t price, struct bridge_error *err)
{
    return budget_charge(session->host, session->user, price, err);
}

void bridge_refund(struct bridge_session *session, int64_t price)
{
    budget_refund(session->host, session->user, price);
}
