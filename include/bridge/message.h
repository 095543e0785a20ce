/* message.h - what travels between a transport and the core.
 *
 * All text is UTF-8. Pointers in these structs are borrowed for the call they
 * are passed to; whoever needs more makes a copy.
 *
 * A transport says in its descriptor what its network can do (enum
 * bridge_feature). What it cannot, the core has already turned into words in
 * `body`, left out, or refused (bridge/core/message/payload.c has the table): a
 * transport never sees a field whose feature it did not name, and upwards it
 * fills in what it has.
 *
 * Ids. A message has one id, by which both sides mean it later. The user's own
 * messages have that of the stanza, which comes down in `id`. The others have
 * what bridge_message() or bridge_room_message() returned: the transport's own
 * `id`, where it is fit for one, else one of the core's. Such an id stands in
 * `replaces`, `retracts`, `answers`, `reacts` and in signals, in both
 * directions; it may be of a message that the transport does not know (any
 * more), or never was any. */
#ifndef BRIDGE_MESSAGE_H
#define BRIDGE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bridge_message_kind {
    BRIDGE_TEXT,
    BRIDGE_ACTION, /* "/me waves" (XEP-0245, CTCP ACTION): body without "/me " */
    BRIDGE_NOTICE, /* must not be answered automatically (IRC NOTICE) */
};

/* What a network can do beyond text; disco and caps of its contacts say so. */
enum bridge_feature {
    BRIDGE_HAS_RECEIPT = 1 << 0,    /* tells when a message has arrived (XEP-0184) */
    BRIDGE_HAS_DISPLAYED = 1 << 1,  /* and when it has been read (XEP-0333) */
    BRIDGE_HAS_CHAT_STATE = 1 << 2, /* who is typing (XEP-0085) */
    BRIDGE_HAS_CORRECTION = 1 << 3, /* messages can be changed later (XEP-0308) */
    BRIDGE_HAS_RETRACTION = 1 << 4, /* and taken back (XEP-0424) */
    BRIDGE_HAS_REACTION = 1 << 5,   /* XEP-0444 */
    BRIDGE_HAS_REPLY = 1 << 6,      /* a message answers another one (XEP-0461) */
    BRIDGE_HAS_ATTACHMENT = 1 << 7, /* files go along (XEP-0066, XEP-0447) */
    BRIDGE_HAS_SUBJECT = 1 << 8,    /* a message has a subject, as mail */
    BRIDGE_HAS_THREAD = 1 << 9,     /* XEP-0201 */
};

/* A file that goes along with a message, by its address. */
struct bridge_attachment {
    const char *url;  /* http or https */
    const char *name; /* of the file; this and the rest may be NULL */
    const char *type; /* media type, "image/png" */
    const char *description;
    int64_t size; /* bytes; -1: unknown */
};

struct bridge_message {
    const char *id;   /* or NULL: its sender gave none; upwards: the core is to give one */
    const char *body; /* not NULL, may have several lines; "" where the rest says it all */
    enum bridge_message_kind kind;
    int64_t time;     /* when it was written, ms since 1970; 0: now (XEP-0203 otherwise) */

    const char *subject; /* BRIDGE_HAS_SUBJECT; NULL: none, as with all that follow */
    const char *thread;  /* BRIDGE_HAS_THREAD */

    /* Ids of other messages. */
    const char *replaces; /* BRIDGE_HAS_CORRECTION: `body` is instead of that one's */
    const char *retracts; /* BRIDGE_HAS_RETRACTION: that one is taken back; body "" */
    const char *answers;  /* BRIDGE_HAS_REPLY: it answers that one, */
    const char *answers_to; /* which this address, or nick in a room, wrote (NULL: the
                               user, or nobody knows); */
    const char *quote;    /* and so much of it was quoted: no part of `body` */
    const char *reacts;   /* BRIDGE_HAS_REACTION: these are now all the sender's
                             reactions to that one, perhaps none; body "" */
    const char *const *reactions; /* an emoji each */
    size_t reaction_count;

    const struct bridge_attachment *attachments; /* BRIDGE_HAS_ATTACHMENT */
    size_t attachment_count;

    bool receipt;   /* BRIDGE_HAS_RECEIPT: the sender asks for BRIDGE_RECEIVED */
    bool displayed; /* BRIDGE_HAS_DISPLAYED: and for BRIDGE_DISPLAYED */
    bool no_store;  /* XEP-0334: keep it nowhere for longer than its way takes */
};

/* What is said without a message. */
enum bridge_signal_kind {
    BRIDGE_ACTIVE, /* XEP-0085 §2, BRIDGE_HAS_CHAT_STATE */
    BRIDGE_COMPOSING,
    BRIDGE_PAUSED,
    BRIDGE_INACTIVE,
    BRIDGE_GONE,
    BRIDGE_RECEIVED,  /* the message `id` has arrived (BRIDGE_HAS_RECEIPT) */
    BRIDGE_DISPLAYED, /* and all up to it have been read (BRIDGE_HAS_DISPLAYED) */
};

struct bridge_signal {
    enum bridge_signal_kind kind;
    const char *id; /* BRIDGE_RECEIVED and BRIDGE_DISPLAYED: of the message */
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

/* A picture, whole: an avatar. At most BRIDGE_PICTURE_MAX bytes: XEP-0153 §4.2
 * wants 8 KB, and people want to be recognised. */
#define BRIDGE_PICTURE_MAX 65536
struct bridge_picture {
    const char *type; /* "image/png", "image/jpeg", "image/gif", "image/webp" */
    const void *data;
    size_t size;
};

struct bridge_presence {
    enum bridge_show show;
    const char *status; /* NULL: none */
    const char *nick;   /* XEP-0172; NULL: none */
    const struct bridge_picture *avatar; /* its hash goes along (XEP-0153); NULL: none */
};

/* Whom the network lists as the user's contact. */
struct bridge_contact {
    const char *address;
    const char *name;  /* for people; NULL: the address */
    const char *group; /* in the roster; NULL: none */
};

/* What is known about a contact (XEP-0054, XEP-0292); each may be NULL. */
struct bridge_card {
    const char *name; /* in full */
    const char *nick;
    const char *phone; /* E.164 */
    const char *email;
    const char *url; /* http or https */
    const char *organisation;
    const char *note;
    const struct bridge_picture *avatar;
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
