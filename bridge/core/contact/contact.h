/* contact.h - contacts in users' rosters (RFC 6121 §3, XEP-0100): who may see
 * whom is in the store; what changes it goes through here, so that changes of
 * one contact that come close after each other find what the last one left.
 *
 * `address` "" is the transport itself, as a registered user has it. */
#ifndef CONTACT_H
#define CONTACT_H

#include <stdbool.h>

#include <bridge/strbuf.h>

#include "domain.h"
#include "session.h"
#include "subscription.h"

/* Something happened to the subscriptions between a user (bare JID) and a
 * contact: store what follows, then say what is to be said. The user is told of
 * what could not be stored, if it was the user's doing. `name` is what people
 * call the contact; NULL: as before. Not while the core stops. */
void contact_change(struct bridge_host *host, const char *user, const char *address,
                    enum subscription_event event, const char *name);

/* What there is (enum store_subscription), changes that are being stored included. */
unsigned contact_subscription(struct bridge_host *host, const char *user, const char *address);

/* Append the first address here that may see the user's presence, the
 * transport's own before all contacts'. */
bool contact_find_ear(struct bridge_host *host, const char *user, struct strbuf *address);

/* The user's server asks for the contact's presence: RFC 6121 §4.3.2. */
void contact_probe(struct bridge_host *host, const char *user, const char *address);

/* A contact that the store has no more leaves the user's roster. All that a
 * session shows. */
void contact_drop(struct bridge_host *host, const char *user, const char *address);
void contact_drop_all(struct bridge_session *session);

#endif
