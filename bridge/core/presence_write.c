#include "presence_write.h"

#include "stanza.h"
#include "xml.h"

void presence_write_content(struct strbuf *out, const struct bridge_host *host,
                            const struct presence_content *p)
{
    static const char *const shows[] = {
        [BRIDGE_CHAT] = "chat",
        [BRIDGE_AWAY] = "away",
        [BRIDGE_XA] = "xa",
        [BRIDGE_DND] = "dnd",
    };

    (void)host;
    if (p->show > BRIDGE_ONLINE)
        xml_element(out, "show", shows[p->show]);
    xml_element(out, "status", p->status);
    if (p->nick)
        xml_element(out, "nick xmlns='" NS_NICK "'", p->nick);
}
