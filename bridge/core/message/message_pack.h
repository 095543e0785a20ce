/* message_pack.h - a message as text, to be kept in the database: JSON, so that
 * it can be read by people who must, and by versions to come. No I/O. */
#ifndef MESSAGE_PACK_H
#define MESSAGE_PACK_H

#include <bridge/error.h>
#include <bridge/message.h>
#include <jansson.h>

/* The caller frees it. Bad UTF-8 is replaced on the way (utf8_add_clean()). */
char *message_pack(const struct bridge_message *message);

struct unpacked_message {
    struct bridge_message message; /* as long as the whole */
    json_t *root;
    const char **reactions;
    struct bridge_attachment *attachments;
};

/* -1 with *err set (BRIDGE_INVALID): this is not what message_pack() writes. What it
 * has beside that is ignored. release() in any case. */
int message_unpack(const char *text, struct unpacked_message *out, struct bridge_error *err);
void message_unpack_release(struct unpacked_message *unpacked);

#endif
