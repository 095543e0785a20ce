/* message.h - what travels between a transport and the core.
 *
 * All text is UTF-8. Pointers in these structs are borrowed for the call they
 * are passed to; whoever needs more makes a copy. */
#ifndef BRIDGE_MESSAGE_H
#define BRIDGE_MESSAGE_H

#include <stdint.h>

enum bridge_message_kind {
    BRIDGE_TEXT,
    BRIDGE_ACTION, /* "/me waves" (XEP-0245, CTCP ACTION): body without "/me " */
    BRIDGE_NOTICE, /* must not be answered automatically (IRC NOTICE) */
};

struct bridge_message {
    const char *id;   /* the sender's stanza id, or NULL when it gave none */
    const char *body; /* not NULL, may have several lines */
    enum bridge_message_kind kind;
    int64_t time;     /* when it was written, ms since 1970; 0: now (XEP-0203 otherwise) */
};

/* RFC 6121 §4.7.2.1; order as a chooser would show it. */
enum bridge_show {
    BRIDGE_OFFLINE,
    BRIDGE_ONLINE,
    BRIDGE_CHAT,
    BRIDGE_AWAY,
    BRIDGE_XA,
    BRIDGE_DND,
};

struct bridge_presence {
    enum bridge_show show;
    const char *status; /* NULL: none */
    const char *nick;   /* XEP-0172; NULL: none */
};

/* XEP-0045 §5: lasting, and for this visit. */
enum bridge_affiliation {
    BRIDGE_AFFILIATION_NONE,
    BRIDGE_OUTCAST,
    BRIDGE_MEMBER,
    BRIDGE_ADMIN,
    BRIDGE_OWNER,
};

enum bridge_role {
    BRIDGE_ROLE_NONE,
    BRIDGE_VISITOR,
    BRIDGE_PARTICIPANT,
    BRIDGE_MODERATOR,
};

#endif
