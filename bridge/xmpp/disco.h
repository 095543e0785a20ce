/* disco.h - writing service discovery results (XEP-0030). No I/O. */
#ifndef DISCO_H
#define DISCO_H

#include <stddef.h>

#include <bridge/strbuf.h>

struct disco_identity {
    const char *category;
    const char *type; /* both of XEP-0030's registry */
    const char *name; /* for people; NULL: none */
};

/* Contact addresses of one kind (XEP-0157): URIs. */
struct disco_addresses {
    const char *field; /* "admin-addresses", "abuse-addresses", ... */
    const char *const *values;
    size_t count;
};

struct disco_info {
    const char *node; /* that was asked about, or NULL */
    const struct disco_identity *identities;
    size_t identity_count;
    const char *const *features; /* ends with NULL */
    const struct disco_addresses *addresses; /* may be NULL */
    size_t address_count;
};

/* <query xmlns='...disco#info'>, complete. Kinds of addresses without values
 * are left out, and the form with them if none is left. */
void disco_write_info(struct strbuf *out, const struct disco_info *info);

/* <query xmlns='...disco#items'>, its items one by one, and its end. */
void disco_open_items(struct strbuf *out, const char *node); /* `node` may be NULL */
void disco_write_item(struct strbuf *out, const char *jid, const char *node, const char *name);
void disco_close_items(struct strbuf *out);

#endif
