/* caps_verify.h - is what a client says of itself what its presence has
 * announced (XEP-0115 §5.4)? Only then may it be believed of other clients with
 * the same hash. No I/O. */
#ifndef CAPS_VERIFY_H
#define CAPS_VERIFY_H

#include <stdbool.h>

#include <strophe.h>

/* `query` is that of a disco#info result; `hash` and `ver` are the attributes of
 * <c/>. False also for a hash function that is not supported. */
bool caps_verify(xmpp_stanza_t *query, const char *hash, const char *ver);

#endif
