/* message_read.h - all that the stanza of an XMPP user says to a network: as a
 * struct bridge_message, and as signals. No I/O.
 *
 * The message is as it was written, with every payload; payload.h makes of it
 * what a network can take. */
#ifndef MESSAGE_READ_H
#define MESSAGE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/message.h>
#include <bridge/strbuf.h>
#include <strophe.h>

/* More than anybody sends at a time; what is beyond is left out. */
#define MESSAGE_ATTACHMENTS_MAX 16
#define MESSAGE_REACTIONS_MAX 32
#define MESSAGE_FALLBACKS_MAX 8
#define MESSAGE_SIGNALS_MAX 3

/* An id of more bytes is none. */
#define MESSAGE_ID_MAX 1023

/* A part of the body that stands for something else, for who does not know that
 * (XEP-0428); counted in characters, `end` is behind it (XEP-0426). */
struct message_fallback {
    const char *of; /* the namespace of what it stands for */
    size_t start, end;
};

struct message_read {
    /* Its texts are the stanza's, or in `text` and `quote`. `body` is the whole text,
     * of kind BRIDGE_TEXT; `answers_to` is a JID. */
    struct bridge_message message;
    struct strbuf text, quote;
    struct bridge_attachment attachments[MESSAGE_ATTACHMENTS_MAX];
    const char *reactions[MESSAGE_REACTIONS_MAX];
    struct message_fallback fallbacks[MESSAGE_FALLBACKS_MAX];
    size_t fallback_count;
    struct bridge_signal signals[MESSAGE_SIGNALS_MAX];
    size_t signal_count;
    const char *origin; /* XEP-0359 origin-id, or NULL */
    bool chat_state;    /* its client tells, and shows, who is typing (XEP-0085 §5.1) */
};

/* Fills *read, which borrows from the stanza; message_read_release() in any
 * case. -1: it is too long (read->text.overflow). */
int message_read(struct message_read *read, xmpp_stanza_t *stanza);
void message_read_release(struct message_read *read);

/* Is there anything in it to be sent? Signals do not count. */
bool message_read_says(const struct message_read *read);

/* Does some of the body stand for this? */
bool message_read_has_fallback(const struct message_read *read, const char *of);

/* Put another text in the place of the body. `text` is emptied. */
void message_read_set_body(struct message_read *read, struct strbuf *text);

/* XEP-0082: ms since 1970; 0 for what is no time. */
int64_t message_read_time(const char *stamp);

#endif
