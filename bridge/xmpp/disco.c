#include "disco.h"

#include <stdbool.h>

#include "stanza.h"
#include "xml.h"

static void write_identity(struct strbuf *out, const struct disco_identity *identity)
{
    strbuf_adds(out, "<identity");
    xml_attribute(out, "category", identity->category);
    xml_attribute(out, "type", identity->type);
    xml_attribute(out, "name", identity->name);
    xml_attribute(out, "xml:lang", identity->lang);
    strbuf_adds(out, "/>");
}

static void write_field(struct strbuf *out, const struct disco_field *field)
{
    strbuf_adds(out, "<field");
    xml_attribute(out, "type", field->type);
    xml_attribute(out, "var", field->var);
    strbuf_addch(out, '>');
    for (size_t i = 0; i < field->count; i++)
        xml_element(out, "value", field->values[i]);
    strbuf_adds(out, "</field>");
}

bool disco_form_is_empty(const struct disco_form *form)
{
    for (size_t i = 0; i < form->field_count; i++) {
        if (form->fields[i].count)
            return false;
    }
    return true;
}

static void write_form(struct strbuf *out, const struct disco_form *form)
{
    if (disco_form_is_empty(form))
        return;
    strbuf_adds(out, "<x xmlns='" NS_DATA "' type='result'>"
                     "<field var='FORM_TYPE' type='hidden'>");
    xml_element(out, "value", form->form_type);
    strbuf_adds(out, "</field>");
    for (size_t i = 0; i < form->field_count; i++) {
        if (form->fields[i].count)
            write_field(out, &form->fields[i]);
    }
    strbuf_adds(out, "</x>");
}

void disco_write_info(struct strbuf *out, const struct disco_info *info)
{
    strbuf_adds(out, "<query xmlns='" NS_DISCO_INFO "'");
    xml_attribute(out, "node", info->node);
    strbuf_addch(out, '>');
    for (size_t i = 0; i < info->identity_count; i++)
        write_identity(out, &info->identities[i]);
    for (const char *const *f = info->features; *f; f++) {
        strbuf_adds(out, "<feature");
        xml_attribute(out, "var", *f);
        strbuf_adds(out, "/>");
    }
    for (size_t i = 0; i < info->form_count; i++)
        write_form(out, &info->forms[i]);
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
