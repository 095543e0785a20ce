/* roster_item.h - items of rosters as XML: RFC 6121 §2 and XEP-0144. No I/O. */
#ifndef ROSTER_ITEM_H
#define ROSTER_ITEM_H

#include <stdbool.h>

#include <bridge/strbuf.h>
#include <strophe.h>

/* A contact as it shall be in a roster. */
struct roster_item {
    const char *jid;
    const char *name;
    const char *group;  /* or NULL */
    const char *before; /* the group that it is to leave; or NULL */
    const char *subscription; /* NULL: as it is */
};

/* The item with this (prepared) JID in a roster, or NULL. `query` is that of the
 * server's answer, or NULL. */
xmpp_stanza_t *roster_item_find(xmpp_stanza_t *query, const char *jid);

/* <query/> for a roster set. Groups that the user has put the contact into stay;
 * `present` is what roster_item_find() found. */
void roster_item_write(struct strbuf *out, const struct roster_item *item,
                       xmpp_stanza_t *present);
void roster_item_write_removal(struct strbuf *out, const char *jid);

/* <x/>, its items one by one, and its end (XEP-0144); `action` is "add", "delete"
 * or "modify", the same for all. */
void roster_item_open_exchange(struct strbuf *out);
void roster_item_suggest(struct strbuf *out, const char *action, const struct roster_item *item);
void roster_item_close_exchange(struct strbuf *out);

#endif
