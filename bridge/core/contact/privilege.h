/* privilege.h - what servers let us do with the rosters of their users
 * (XEP-0356, versions 1 and 2).
 *
 * A server says so in messages from its domain to ours, the last of which counts,
 * for its own users, on the stream that it came over and as long as that lives.
 * What it grants and then does not do (ejabberd 23.01 fails on every change of a
 * roster) counts as not granted until it says so anew. */
#ifndef PRIVILEGE_H
#define PRIVILEGE_H

#include <stdbool.h>

#include "ask.h"
#include "inbound.h"
#include "query.h"

/* Domains whose grants are kept, of one domain of ours: anybody can send them. */
#define PRIVILEGE_DOMAINS_MAX 1000

enum privilege {
    PRIVILEGE_ROSTER_GET = 1 << 0,
    PRIVILEGE_ROSTER_SET = 1 << 1,
};

/* A message that has come. True if it was a server's word about privileges. */
bool privilege_receive(const struct inbound *in);

/* May we do that with the roster of this user (bare JID)? */
bool privilege_granted(const struct bridge_host *host, const char *user,
                       enum privilege privilege);
/* Tried, and it does not work. */
void privilege_broken(struct bridge_host *host, const char *user, enum privilege privilege,
                      const struct bridge_error *why);

/* A server tells what has changed in a roster (§4.4), which is none of our
 * business; it must have an answer all the same (RFC 6121 §2.1.6). */
void privilege_answer_push(const struct query *q);

/* The stream is lost, and with it all that was granted. */
void privilege_lost(struct bridge_host *host);

#endif
