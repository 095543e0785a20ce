#include "inbound.h"

#include <stdarg.h>
#include <string.h>

#include "core.h"
#include "room.h"
#include "session.h"
#include "stanza.h"

/* Who goes away waits for no answer. */
static bool is_farewell(const struct inbound *in)
{
    return !strcmp(xmpp_stanza_get_name(in->stanza), "presence") &&
           !strcmp(in->type, "unavailable");
}

void inbound_refuse(const struct inbound *in, const struct bridge_error *why)
{
    struct strbuf *out = core_stanza(in->host->core);

    if (is_farewell(in))
        return;
    if (stanza_refuse(out, in->stanza, NULL, why))
        domain_send(in->host, out);
}

void inbound_refuse_with(const struct inbound *in, enum bridge_code code, const char *format, ...)
{
    struct bridge_error why;
    va_list args;

    va_start(args, format);
    bridge_failv(&why, code, format, args);
    va_end(args);
    inbound_refuse(in, &why);
}

struct bridge_room *inbound_room(const struct inbound *in)
{
    struct bridge_session *session = session_find(in->host, jid_bare(in->from));
    struct bridge_room *room = NULL;

    if (session && in->target.kind == BRIDGE_ADDRESS_ROOM)
        room = room_find(session, strbuf_text(&in->target.address));
    return room && room_has_client(room, jid_full(in->from)) ? room : NULL;
}

/* XEP-0045, "Ghost Users"; and what RFC 6121 §8.5.3.2 has a server say of a
 * client that is not there. With any other condition the client, or a server on
 * the way, only did not like the stanza. */
static const char *const undeliverable[] = {
    "gone", "item-not-found", "recipient-unavailable", "redirect", "remote-server-not-found",
    "remote-server-timeout", "service-unavailable",
};

bool inbound_is_undeliverable(const struct inbound *in)
{
    xmpp_stanza_t *error = stanza_child(in->stanza, "error", NULL);

    for (size_t i = 0; error && i < sizeof undeliverable / sizeof *undeliverable; i++) {
        if (stanza_child(error, undeliverable[i], NS_STANZAS))
            return true;
    }
    return false;
}

/* A room's stanza came back, perhaps a ping of ours. */
void inbound_bounced(const struct inbound *in)
{
    struct bridge_room *room = inbound_room(in);

    if (room && inbound_is_undeliverable(in))
        room_client_gone(room, jid_full(in->from));
}
