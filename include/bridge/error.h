/* error.h - why something did not work: a code that decides what happens next
 * and one line for people.
 *
 * The caller owns the struct. Functions that can fail take it last and return
 * 0 or -1, or a pointer or NULL; the error is set exactly when they fail. `err`
 * may not be NULL. Asynchronous results carry `const struct bridge_error *why`
 * instead, NULL meaning success, borrowed for the call.
 *
 * The code alone chooses the stanza error that an XMPP user gets
 * (bridge/xmpp/stanza_error.c holds the one table); transports never name one. */
#ifndef BRIDGE_ERROR_H
#define BRIDGE_ERROR_H

#include <stdarg.h>

#define BRIDGE_ERROR_MAX 320 /* bytes of text, the NUL included */

enum bridge_code {
    BRIDGE_OK = 0,
    BRIDGE_RETRY,       /* temporary: the same thing may work later */
    BRIDGE_BUSY,        /* a limit of ours or theirs is reached; wait */
    BRIDGE_REJECTED,    /* the network refused, and will refuse again */
    BRIDGE_FORBIDDEN,   /* this user may not do that */
    BRIDGE_AUTH,        /* a password or credential is missing or wrong */
    BRIDGE_MEMBERSHIP,  /* registration or an invitation is needed first */
    BRIDGE_CONFLICT,    /* a name is taken */
    BRIDGE_NOT_FOUND,   /* there is no such person, room or thing */
    BRIDGE_NO_HOST,     /* the remote network cannot be found or reached */
    BRIDGE_ADDRESS,     /* this is not an address of this network */
    BRIDGE_MOVED,       /* right person, wrong address: `text` is the right JID */
    BRIDGE_INVALID,     /* what was asked is malformed */
    BRIDGE_UNSUPPORTED, /* the network has no such thing */
    BRIDGE_OUTSIDE,     /* only for those inside a room, and this user is not */
    BRIDGE_NO_SERVICE,  /* nothing at this address serves that request */
    BRIDGE_TIMEOUT,     /* the network has not answered in time */
    BRIDGE_INCOMPLETE,  /* well-formed, but something needed is missing or not good */
};

struct bridge_error {
    enum bridge_code code;
    char text[BRIDGE_ERROR_MAX]; /* UTF-8, one line, no final full stop */
};

/* Set *err and return -1, so that callers can `return bridge_fail(...)`. The
 * text is cut at a character boundary when it is too long; control characters
 * in it become spaces. */
int bridge_fail(struct bridge_error *err, enum bridge_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int bridge_failv(struct bridge_error *err, enum bridge_code code, const char *format,
                 va_list args) __attribute__((format(printf, 3, 0)));

#endif
