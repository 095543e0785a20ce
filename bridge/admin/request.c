#include "request.h"

#include <stdbool.h>
#include <string.h>

#include <bridge/utf8.h>

static enum request_state bad(struct bridge_error *err, const char *why)
{
    bridge_fail(err, BRIDGE_INVALID, "%s", why);
    return REQUEST_BAD;
}

static bool is_plain(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)line[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return utf8_valid(line, len);
}

/* The newline is a NUL by now. */
static enum request_state split(struct request *r, struct bridge_error *err)
{
    char *next = r->line;

    if (!is_plain(r->line, r->len - 1))
        return bad(err, "a request is UTF-8 without control characters");
    while (next) {
        char *word = next;
        char *tab = strchr(word, '\t');
        next = tab ? tab + 1 : NULL;
        if (tab)
            *tab = 0;
        if (!*word)
            return bad(err, r->count ? "a word of the request is empty"
                                     : "the request is empty");
        if (r->count == REQUEST_WORDS)
            return bad(err, "the request has too many words");
        r->words[r->count++] = word;
    }
    return REQUEST_READY;
}

enum request_state request_feed(struct request *r, const char *data, size_t len,
                                struct bridge_error *err)
{
    const char *newline = memchr(data, '\n', len);
    size_t used = newline ? (size_t)(newline + 1 - data) : len;

    /* Without its newline it may not even fill the buffer. */
    if (used > REQUEST_MAX - r->len || (!newline && used == REQUEST_MAX - r->len))
        return bad(err, "the request is too long");
    if (used < len)
        return bad(err, "a connection is for one request");
    memcpy(r->line + r->len, data, used);
    r->len += used;
    if (!newline)
        return REQUEST_MORE;
    r->line[r->len - 1] = 0;
    return split(r, err);
}
