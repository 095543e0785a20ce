#include "roster_item.h"

#include <string.h>

#include "stanza.h"
#include "xml.h"

static bool is_named(xmpp_stanza_t *e, const char *name)
{
    return xmpp_stanza_is_tag(e) && !strcmp(xmpp_stanza_get_name(e), name);
}

xmpp_stanza_t *roster_item_find(xmpp_stanza_t *query, const char *jid)
{
    xmpp_stanza_t *e = query ? xmpp_stanza_get_children(query) : NULL;

    for (; e; e = xmpp_stanza_get_next(e)) {
        const char *own = is_named(e, "item") ? xmpp_stanza_get_attribute(e, "jid") : NULL;
        if (own && !strcmp(own, jid))
            return e;
    }
    return NULL;
}

/* Those that it is in already, without the one that it leaves and the one that it
 * enters. */
static void keep_groups(struct strbuf *out, const struct roster_item *item,
                        xmpp_stanza_t *present)
{
    xmpp_stanza_t *e = present ? xmpp_stanza_get_children(present) : NULL;

    for (; e; e = xmpp_stanza_get_next(e)) {
        struct strbuf name = STRBUF_INIT(XML_STANZA_MAX);
        if (!is_named(e, "group") || !stanza_text(e, &name))
            continue;
        bool leaves = item->before && !strcmp(item->before, strbuf_text(&name));
        bool enters = item->group && !strcmp(item->group, strbuf_text(&name));
        if (!leaves && !enters)
            xml_element(out, "group", strbuf_text(&name));
        strbuf_release(&name);
    }
}

void roster_item_write(struct strbuf *out, const struct roster_item *item,
                       xmpp_stanza_t *present)
{
    strbuf_adds(out, "<query xmlns='" NS_ROSTER "'><item");
    xml_attribute(out, "jid", item->jid);
    xml_attribute(out, "name", item->name);
    xml_attribute(out, "subscription", item->subscription);
    strbuf_addch(out, '>');
    keep_groups(out, item, present);
    xml_element(out, "group", item->group);
    strbuf_adds(out, "</item></query>");
}

void roster_item_write_removal(struct strbuf *out, const char *jid)
{
    strbuf_adds(out, "<query xmlns='" NS_ROSTER "'><item");
    xml_attribute(out, "jid", jid);
    strbuf_adds(out, " subscription='remove'/></query>");
}

void roster_item_open_exchange(struct strbuf *out)
{
    strbuf_adds(out, "<x xmlns='" NS_ROSTERX "'>");
}

void roster_item_suggest(struct strbuf *out, const char *action, const struct roster_item *item)
{
    strbuf_adds(out, "<item");
    xml_attribute(out, "action", action);
    xml_attribute(out, "jid", item->jid);
    xml_attribute(out, "name", item->name);
    strbuf_addch(out, '>');
    xml_element(out, "group", item->group);
    strbuf_adds(out, "</item>");
}

void roster_item_close_exchange(struct strbuf *out)
{
    strbuf_adds(out, "</x>");
}
