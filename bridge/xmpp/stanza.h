/* stanza.h - reading stanzas, names of namespaces, and the one table that
 * turns a struct bridge_error into a stanza error and back. */
#ifndef STANZA_H
#define STANZA_H

#include <stdbool.h>

#include <bridge/error.h>
#include <bridge/strbuf.h>
#include <strophe.h>

#define NS_COMPONENT "jabber:component:accept"
#define NS_STREAM "http://etherx.jabber.org/streams"
#define NS_STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define NS_STREAMS "urn:ietf:params:xml:ns:xmpp-streams"
#define NS_DISCO_INFO "http://jabber.org/protocol/disco#info"
#define NS_DISCO_ITEMS "http://jabber.org/protocol/disco#items"
#define NS_VERSION "jabber:iq:version"
#define NS_PING "urn:xmpp:ping"
#define NS_COMMANDS "http://jabber.org/protocol/commands"
#define NS_ROSTER "jabber:iq:roster"
#define NS_ROSTERX "http://jabber.org/protocol/rosterx"
#define NS_PRIVILEGE_1 "urn:xmpp:privilege:1"
#define NS_PRIVILEGE_2 "urn:xmpp:privilege:2"
#define NS_DATA "jabber:x:data"
#define NS_VALIDATE "http://jabber.org/protocol/xdata-validate"
#define NS_MUC "http://jabber.org/protocol/muc"
#define NS_MUC_OWNER "http://jabber.org/protocol/muc#owner"
#define NS_REGISTER "jabber:iq:register"
#define NS_MUC_USER "http://jabber.org/protocol/muc#user"
#define NS_NICK "http://jabber.org/protocol/nick"
#define NS_DELAY "urn:xmpp:delay"
#define NS_SID "urn:xmpp:sid:0"
#define NS_EME "urn:xmpp:eme:0"
#define NS_RECEIPTS "urn:xmpp:receipts"
#define NS_CHAT_STATES "http://jabber.org/protocol/chatstates"
#define NS_MARKERS "urn:xmpp:chat-markers:0"
#define NS_CORRECT "urn:xmpp:message-correct:0"
#define NS_RETRACT "urn:xmpp:message-retract:1"
#define NS_RETRACT_BEFORE "urn:xmpp:message-retract:0"
#define NS_REACTIONS "urn:xmpp:reactions:0"
#define NS_REPLY "urn:xmpp:reply:0"
#define NS_FALLBACK "urn:xmpp:fallback:0"
#define NS_OOB "jabber:x:oob"
#define NS_SFS "urn:xmpp:sfs:0"
#define NS_FILE "urn:xmpp:file:metadata:0"
#define NS_URL_DATA "http://jabber.org/protocol/url-data"
#define NS_HINTS "urn:xmpp:hints"
#define NS_CARBONS "urn:xmpp:carbons:2"
#define NS_MAM "urn:xmpp:mam:2"
#define NS_OMEMO_1 "eu.siacs.conversations.axolotl"
#define NS_OMEMO_2 "urn:xmpp:omemo:2"
#define NS_CAPS "http://jabber.org/protocol/caps"
#define NS_GATEWAY "jabber:iq:gateway"
#define NS_PUBSUB "http://jabber.org/protocol/pubsub"
#define NS_VCARD "vcard-temp"
#define NS_VCARD_UPDATE "vcard-temp:x:update"
#define NS_VCARD_4 "urn:ietf:params:xml:ns:vcard-4.0"
#define NS_SERVERINFO "http://jabber.org/network/serverinfo"

/* First child element with this name and namespace, or NULL. `ns` NULL takes
 * any namespace. */
xmpp_stanza_t *stanza_child(xmpp_stanza_t *s, const char *name, const char *ns);
/* First child element of any name in this namespace, or NULL. */
xmpp_stanza_t *stanza_child_ns(xmpp_stanza_t *s, const char *ns);
/* First child element whatever it is, or NULL. */
xmpp_stanza_t *stanza_payload(xmpp_stanza_t *s);

/* The element's own text, without that of its children, appended to out. `s`
 * may be NULL: false. */
bool stanza_text(xmpp_stanza_t *s, struct strbuf *out);

/* "xmpp:JID", the JID as RFC 5122 wants it in a URI. */
void stanza_write_uri(struct strbuf *out, const char *jid);

/* "<error type='..'><condition/><text>..</text></error>" for *why.
 * BRIDGE_MOVED writes <gone>xmpp:JID</gone> (RFC 6120 §8.3.3.5), and a sentence with
 * the JID as people know it. */
void stanza_error_write(struct strbuf *out, const struct bridge_error *why);

/* What a received stanza of type "error" says. The text is the sender's, or the
 * condition in words; for BRIDGE_MOVED, the new JID, prepared. Whatever the
 * condition, type "wait" is BRIDGE_RETRY or BRIDGE_BUSY. */
void stanza_error_read(xmpp_stanza_t *stanza, struct bridge_error *why);

/* The whole answer to a message, presence or iq that cannot be served:
 * addresses swapped, type error, same id; `from` NULL takes the stanza's `to`.
 * Returns false, and writes nothing, for stanzas that must not be answered
 * with an error: errors, and iq results (RFC 6120 §8.3.1); nor for what is no
 * stanza, or has nobody to answer to or as. */
bool stanza_refuse(struct strbuf *out, xmpp_stanza_t *stanza, const char *from,
                   const struct bridge_error *why);

#endif
