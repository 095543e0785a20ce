#include "disco.h"

#include <stdbool.h>

#include "stanza.h"
#include "xml.h"

static bool has_addresses(const struct disco_info *info)
{
    for (size_t i = 0; i < info->address_count; i++) {
        if (info->addresses[i].count)
            return true;
    }
    return false;
}

/* XEP-0128 form, as XEP-0157 §2 has it. */
static void write_addresses(struct strbuf *out, const struct disco_info *info)
{
    strbuf_adds(out, "<x xmlns='" NS_DATA "' type='result'>"
                     "<field var='FORM_TYPE' type='hidden'><value>" NS_SERVERINFO
                     "</value></field>");
    for (size_t i = 0; i < info->address_count; i++) {
        const struct disco_addresses *a = &info->addresses[i];
        if (!a->count)
            continue;
        strbuf_adds(out, "<field type='list-multi'");
        xml_attribute(out, "var", a->field);
        strbuf_addch(out, '>');
        for (size_t k = 0; k < a->count; k++)
            xml_element(out, "value", a->values[k]);
        strbuf_adds(out, "</field>");
    }
    strbuf_adds(out, "</x>");
}

void disco_write_info(struct strbuf *out, const struct disco_info *info)
{
    strbuf_adds(out, "<query xmlns='" NS_DISCO_INFO "'");
    xml_attribute(out, "node", info->node);
    strbuf_addch(out, '>');
    for (size_t i = 0; i < info->identity_count; i++) {
        strbuf_adds(out, "<identity");
        xml_attribute(out, "category", info->identities[i].category);
        xml_attribute(out, "type", info->identities[i].type);
        xml_attribute(out, "name", info->identities[i].name);
        strbuf_adds(out, "/>");
    }
    for (const char *const *f = info->features; *f; f++) {
        strbuf_adds(out, "<feature");
        xml_attribute(out, "var", *f);
        strbuf_adds(out, "/>");
    }
    if (has_addresses(info))
        write_addresses(out, info);
    strbuf_adds(out, "</query>");
}

void disco_open_items(struct strbuf *out, const char *node)
{
    strbuf_adds(out, "<query xmlns='" NS_DISCO_ITEMS "'");
    xml_attribute(out, "node", node);
    strbuf_addch(out, '>');
}

void disco_write_item(struct strbuf *out, const char *jid, const char *node, const char *name)
{
    strbuf_adds(out, "<item");
    xml_attribute(out, "jid", jid);
    xml_attribute(out, "node", node);
    xml_attribute(out, "name", name);
    strbuf_adds(out, "/>");
}

void disco_close_items(struct strbuf *out)
{
    strbuf_adds(out, "</query>");
}
