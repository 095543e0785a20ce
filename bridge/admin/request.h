/* request.h - what a client of the control socket asks: one line, words with a
 * TAB between them, a newline at its end. No I/O.
 *
 * A word is UTF-8, not empty, and has no control character: so paths may have
 * spaces, and nothing in a request can forge a line of the log. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stddef.h>

#include <bridge/error.h>

#define REQUEST_MAX   8192 /* bytes with the newline: a path and a JID fit */
#define REQUEST_WORDS 8

enum request_state { REQUEST_MORE, REQUEST_READY, REQUEST_BAD };

/* Zero-initialised it waits for its first byte. */
struct request {
    char line[REQUEST_MAX]; /* the words, each with its NUL */
    size_t len;
    const char *words[REQUEST_WORDS + 1]; /* once it is ready; ends with NULL */
    unsigned count;
};

/* Take bytes as they come, until it is no longer REQUEST_MORE. BAD sets *err. */
enum request_state request_feed(struct request *request, const char *data, size_t len,
                                struct bridge_error *err);

#endif
