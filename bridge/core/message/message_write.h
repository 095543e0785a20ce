/* message_write.h - struct bridge_message, and signals, as XML for XMPP users.
 * No I/O. */
#ifndef MESSAGE_WRITE_H
#define MESSAGE_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include <bridge/message.h>
#include <bridge/strbuf.h>

/* A message is one stanza, or one for each file and then one for the text: a
 * client shows a file as such only if its address is all of the body. */
size_t message_parts(const struct bridge_message *message);
/* The part that the message's id, and all that is said of it, goes with. */
size_t message_main_part(const struct bridge_message *message);

/* What is not in the message. */
struct message_frame {
    const char *room;   /* whose message it is, a bare JID as XML; NULL: a contact's */
    const char *author; /* the JID that wrote what is answered, or NULL */
    const char *id;     /* of the stanza, where it is its XEP-0359 stanza-id too; or NULL */
    const char *origin; /* XEP-0359 origin-id, or NULL */
    bool chat_state;    /* the network knows chat states: say so (XEP-0085 §5.1) */
};

/* All that is in the stanza of this part. */
void message_write(struct strbuf *out, const struct bridge_message *message, size_t part,
                   const struct message_frame *frame);

/* What is in the stanza of a signal. */
void message_write_signal(struct strbuf *out, const struct bridge_signal *signal);

/* <delay/> (XEP-0203) for ms since 1970; nothing for 0, nor for a time that no
 * stamp can tell. `from`, as XML, is who says so; NULL: nobody. */
void message_write_delay(struct strbuf *out, const char *from, int64_t time);

/* Can a network's id be that of a stanza? */
bool message_id_is_fit(const char *id);

#endif
