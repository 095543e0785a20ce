/* dial.h - connecting to the first of several addresses that answers
 * (RFC 8305, happy eyeballs): one attempt is given a head start of 250 ms over
 * the next, and none when it fails.
 *
 * A dial ends with its one call of `done`, or with dial_cancel(). It has no
 * deadline of its own. */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "resolver.h"

struct dial;

/* `fd` is connected, non-blocking and the receiver's; or it is -1 and `why`
 * tells what happened with each address. */
typedef void dial_done(void *arg, int fd, const struct bridge_error *why);

/* `list` holds `count` addresses, 1 to RESOLVER_ADDRESSES, and is copied, as is
 * the source address `from`, which may be NULL. Never calls `done` inside. */
struct dial *dial_start(uv_loop_t *loop, const union net_address *list, size_t count,
                        uint16_t port, const union net_address *from, dial_done *done,
                        void *arg);
void dial_cancel(struct dial *dial);

#endif
