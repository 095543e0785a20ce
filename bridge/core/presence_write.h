/* presence_write.h - what a contact's presence holds, as XML. No I/O. */
#ifndef PRESENCE_WRITE_H
#define PRESENCE_WRITE_H

#include <bridge/message.h>
#include <bridge/strbuf.h>

struct bridge_host;

struct presence_content {
    enum bridge_show show;
    const char *status; /* this and the rest may be NULL */
    const char *nick;
    const char *avatar; /* SHA-1 of the picture in hex; "": there is none; NULL: unknown */
};

/* Append what goes between "<presence ...>" and "</presence>". Features (XEP-0115) and
 * avatar (XEP-0153) go along only while the contact is there. */
void presence_write_content(struct strbuf *out, const struct bridge_host *host,
                            const struct presence_content *p);

#endif
