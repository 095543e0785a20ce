/* payload.h - what becomes of each part of a message, or signal, on a network
 * that has no such thing: one table of rules. No I/O. */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stdbool.h>

#include <bridge/error.h>
#include <bridge/message.h>

#include "message_read.h"

/* What the rules must know that is not in the stanza. */
struct payload_scene {
    unsigned features; /* of the network: bits of enum bridge_feature */
    bool in_room;      /* then answers_to is a nick */
    bool latest;       /* the message that is taken back was the user's last one there */
};

/* Make of what was read what the network can take: afterwards read->message has
 * no field without its feature, the words instead are in its body, and of the
 * body only what is for people is left. It may then say nothing any more. The
 * words are in the language that is being served (words.h). -1 with *err set: it
 * cannot be done, and the user must know. */
int payload_fit(struct message_read *read, const struct payload_scene *scene,
                struct bridge_error *err);

/* The feature without which a network does not hear of such a signal. */
unsigned payload_signal_feature(enum bridge_signal_kind kind);

#endif
