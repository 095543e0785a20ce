/* addressee.h - whom we write to, and so in which language: what the user has set
 * ("language"), else what the client says (xml:lang), else English. */
#ifndef ADDRESSEE_H
#define ADDRESSEE_H

#include "inbound.h"

struct bridge_session;

struct addressee {
    struct core *core;
    const char *user; /* bare JID */
};

/* Until addressee_done(), texts are for who sent this stanza. */
void addressee_of_stanza(const struct inbound *in);
void addressee_done(void);
/* Likewise, for somebody who has said nothing. */
void addressee_of_user(const struct addressee *who);

/* Texts are for this user, until the next stanza, another user, or the session's end. */
void addressee_of_session(const struct bridge_session *session);
void addressee_gone(const struct bridge_session *session);

#endif
