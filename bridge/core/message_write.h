/* message_write.h - struct bridge_message as XML, and back. No I/O. */
#ifndef MESSAGE_WRITE_H
#define MESSAGE_WRITE_H

#include <stdint.h>

#include <bridge/message.h>
#include <bridge/strbuf.h>

/* <body>, with "/me " for an action (XEP-0245). */
void message_write_body(struct strbuf *out, const struct bridge_message *message);
/* <delay/> (XEP-0203) for ms since 1970; nothing for 0, nor for a time that no
 * stamp can tell. `from`, as XML, is who says so; NULL: nobody. */
void message_write_delay(struct strbuf *out, const char *from, int64_t time);

/* The other way: kind and body of a text that an XMPP user wrote. The body
 * points into `text`. */
void message_read_body(struct bridge_message *message, const char *text);

#endif
