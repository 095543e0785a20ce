/* disco.h - writing service discovery results (XEP-0030, XEP-0128). No I/O. */
#ifndef DISCO_H
#define DISCO_H

#include <stdbool.h>
#include <stddef.h>

#include <bridge/strbuf.h>

struct disco_identity {
    const char *category;
    const char *type; /* both of XEP-0030's registry */
    const char *name; /* for people; NULL: none */
    const char *lang; /* that the name is in; NULL: not said */
};

struct disco_field {
    const char *var;
    const char *type; /* of XEP-0004; NULL: not said */
    const char *const *values;
    size_t count;
};

/* More about an entity (XEP-0128). What has no values is left out. */
struct disco_form {
    const char *form_type;
    const struct disco_field *fields;
    size_t field_count;
};

bool disco_form_is_empty(const struct disco_form *form);

struct disco_info {
    const char *node; /* that was asked about, or NULL */
    const struct disco_identity *identities;
    size_t identity_count;
    const char *const *features; /* ends with NULL */
    const struct disco_form *forms; /* each with another FORM_TYPE */
    size_t form_count;
};

/* <query xmlns='...disco#info'>, complete. */
void disco_write_info(struct strbuf *out, const struct disco_info *info);

/* <query xmlns='...disco#items'>, its items one by one, and its end. */
void disco_open_items(struct strbuf *out, const char *node); /* `node` may be NULL */
void disco_write_item(struct strbuf *out, const char *jid, const char *node, const char *name);
void disco_close_items(struct strbuf *out);

#endif
