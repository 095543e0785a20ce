#include "presence_write.h"

#include "describe.h"
#include "stanza.h"
#include "xml.h"

void presence_write_content(struct strbuf *out, struct bridge_host *host,
                            const struct presence_content *p)
{
    static const char *const shows[] = {
        [BRIDGE_CHAT] = "chat",
        [BRIDGE_AWAY] = "away",
        [BRIDGE_XA] = "xa",
        [BRIDGE_DND] = "dnd",
    };

    if (p->show > BRIDGE_ONLINE)
        xml_element(out, "show", shows[p->show]);
    xml_element(out, "status", p->status);
    if (p->nick)
        xml_element(out, "nick xmlns='" NS_NICK "'", p->nick);
    if (p->show == BRIDGE_OFFLINE)
        return;
    describe_write_caps(host, p->domain ? BRIDGE_ADDRESS_NONE : BRIDGE_ADDRESS_CONTACT, out);
    if (p->avatar) {
        strbuf_adds(out, "<x xmlns='" NS_VCARD_UPDATE "'>");
        xml_element(out, "photo", p->avatar);
        strbuf_adds(out, "</x>");
    }
}
