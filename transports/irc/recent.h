/* recent.h - the last messages that went out on a link, so that an error of the
 * server finds the one it is about: it names the recipient only. */
#ifndef IRC_RECENT_H
#define IRC_RECENT_H

#include <stdint.h>

struct recent_message;

/* Zero-initialised is empty. */
struct recent {
    struct recent_message *ring; /* NULL until something is added */
    unsigned next;
};

void recent_release(struct recent *r);

/* A line of the message `id` to `address` was sent. */
void recent_add(struct recent *r, const char *address, const char *id, uint64_t now);

/* A line to `address` (compared by `casemap`) failed. Returns the id of the
 * message if this is the first of its lines to fail, else NULL. Borrowed until
 * the next call. */
const char *recent_fail(struct recent *r, const char *address, const unsigned char *casemap,
                        uint64_t now);

#endif
