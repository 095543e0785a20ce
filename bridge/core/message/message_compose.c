#include "message_compose.h"

#include "core.h"
#include "message_write.h"
#include "xml.h"

void message_compose(struct strbuf *out, struct bridge_host *host, const char *user,
                     const char *contact, const struct bridge_message *message, size_t part,
                     const char *id, bool origin)
{
    bool main = part == message_main_part(message);
    struct strbuf from = STRBUF_INIT(4096), author = STRBUF_INIT(4096);
    struct message_frame frame = {
        .author = user,
        .origin = origin && main ? id : NULL,
        .chat_state = host->transport->features & BRIDGE_HAS_CHAT_STATE,
    };

    domain_add_jid(host, &from, contact);
    if (message->answers_to) {
        domain_add_jid(host, &author, message->answers_to);
        frame.author = strbuf_text(&author);
    }
    strbuf_adds(out, "<message type='chat'");
    xml_attribute(out, "to", user);
    xml_attribute(out, "from", strbuf_text(&from));
    if (main)
        xml_attribute(out, "id", id);
    else
        core_add_id(host->core, out);
    strbuf_addch(out, '>');
    message_write(out, message, part, &frame);
    strbuf_adds(out, "</message>");
    strbuf_release(&author);
    strbuf_release(&from);
}
