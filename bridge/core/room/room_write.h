/* room_write.h - XEP-0045 as XML: what follows "<presence to='..'" or
 * "<message to='..'", up to the end of the stanza. No I/O.
 *
 * `from` is the room's bare JID as XML already; nicks and texts may be
 * anything. */
#ifndef ROOM_WRITE_H
#define ROOM_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include <bridge/message.h>
#include <bridge/strbuf.h>

#include "message_write.h"

struct room_presence {
    bool unavailable;
    enum bridge_affiliation affiliation;
    enum bridge_role role;
    const char *new_nick;  /* with 303 */
    const int *statuses;   /* codes, ends with 0; NULL: none */
    const char *actor;     /* nick, or NULL */
    const char *reason;    /* or NULL */
    bool forced;           /* the reason is somebody else's: it belongs into the item too */
};

/* " from='room/nick'"; nick NULL: the room itself. */
void room_write_from(struct strbuf *out, const char *from, const char *nick);

void room_write_presence(struct strbuf *out, const char *from, const char *nick,
                         const struct room_presence *presence);
void room_write_subject(struct strbuf *out, const char *from, const char *who,
                        const char *subject, int64_t time);
/* A part of it (message_write.h), in the room of the frame. */
void room_write_message(struct strbuf *out, const char *nick,
                        const struct bridge_message *message, size_t part,
                        const struct message_frame *frame);

#endif
