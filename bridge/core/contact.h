/* contact.h - subscriptions to legacy contacts and their presence (RFC 6121
 * §3 and §4, XEP-0100). What users have subscribed to is in the store. */
#ifndef CONTACT_H
#define CONTACT_H

#include "domain.h"
#include "jid.h"
#include "session.h"

/* Presence of type subscribe, unsubscribe, subscribed, unsubscribed or probe
 * to a contact, as received. */
void contact_subscribe(struct bridge_host *host, const char *user, const char *address);
void contact_unsubscribe(struct bridge_host *host, const char *user, const char *address);
void contact_probe(struct bridge_host *host, const char *user, const char *address);

/* A contact that the store has no more: it leaves the user's roster. All that
 * a session watches. */
void contact_drop(struct bridge_host *host, const char *user, const char *address);
void contact_drop_all(struct bridge_session *session);

/* The stream is up: everybody's contacts show their presence. */
void contact_announce_all(struct bridge_host *host);

/* The session ends: every watched contact goes offline in the user's roster. */
void contact_release_all(struct bridge_session *session);


#endif
