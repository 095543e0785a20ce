/* presence_write.h - what presence from us holds, as XML. */
#ifndef PRESENCE_WRITE_H
#define PRESENCE_WRITE_H

#include <stdbool.h>

#include <bridge/message.h>
#include <bridge/strbuf.h>

struct bridge_host;

struct presence_content {
    enum bridge_show show;
    const char *status; /* this and the rest may be NULL */
    const char *nick;
    const char *avatar; /* SHA-1 of the picture in hex; "": there is none; NULL: unknown */
    bool domain;        /* the presence of the domain itself, not of a contact */
};

/* Append what goes between "<presence ...>" and "</presence>". Features (XEP-0115) and
 * avatar (XEP-0153) go along only while the contact is there. */
void presence_write_content(struct strbuf *out, struct bridge_host *host,
                            const struct presence_content *p);

#endif
