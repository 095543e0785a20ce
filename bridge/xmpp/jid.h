/* jid.h - XMPP addresses (RFC 7622), prepared as today's servers do it
 * (RFC 6122: nodeprep, nameprep, resourceprep), and XEP-0106 escaping.
 *
 * A struct jid is immutable. Its parts are prepared, so two addresses are the
 * same entity exactly when their texts are equal byte by byte. Each part has
 * at most 1023 bytes. */
#ifndef JID_H
#define JID_H

#include <stdbool.h>
#include <stddef.h>

#include <bridge/error.h>
#include <bridge/strbuf.h>

struct jid;

#define JID_MAX 3071 /* bytes of a whole address */

/* Parse "[localpart@]domainpart[/resourcepart]". Returns a new jid, which the
 * caller frees, or NULL with *err set (BRIDGE_ADDRESS). One allocation; plain
 * ASCII takes a fast path without libidn. */
struct jid *jid_parse(const char *text, struct bridge_error *err);
/* From parts, each as a user might write it; local and resource may be NULL.
 * `local` is a localpart already escaped. */
struct jid *jid_new(const char *local, const char *domain, const char *resource,
                    struct bridge_error *err);
void jid_free(struct jid *jid); /* jid may be NULL */

const char *jid_full(const struct jid *jid);     /* the whole address */
const char *jid_bare(const struct jid *jid);     /* without the resourcepart */
const char *jid_local(const struct jid *jid);    /* NULL if there is none */
const char *jid_domain(const struct jid *jid);
const char *jid_resource(const struct jid *jid); /* NULL if there is none */

/* XEP-0106. escape: any UTF-8 text (a legacy address) to a localpart;
 * jid_unescape() gives the same text back, also when the text itself holds
 * what looks like an escape sequence. A text that begins or ends with a space
 * (§3: not allowed as a localpart), is empty or is not UTF-8 sets err
 * BRIDGE_ADDRESS.
 *
 * Once such a localpart has been through jid_new(), jid_parse() or any server,
 * nodeprep has folded it: "Bob@x.org" comes back as "bob@x.org", and "ⅳ" as
 * "iv". Legacy addresses that differ only in what nodeprep folds share one JID:
 * a network where they are different people cannot be addressed by them. */
int jid_escape(struct strbuf *out, const char *text, struct bridge_error *err);
void jid_unescape(struct strbuf *out, const char *localpart);

/* resourceprep of a nick, for occupant JIDs: appends to *out. Text that
 * resourceprep forbids fails with BRIDGE_ADDRESS. */
int jid_prepare_resource(struct strbuf *out, const char *text, struct bridge_error *err);

#endif
