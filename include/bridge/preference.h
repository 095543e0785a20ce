/* preference.h - settings that users make, as tables of rows.
 *
 * A row is one setting of an account, a network, a room or a contact. From it
 * come all four places where it can be read and changed: the ad-hoc form
 * (XEP-0050), the registration form (XEP-0077), the room configuration form
 * (XEP-0045 §10) and the chat command "set". The core checks, stores and
 * exports the values, seals secrets, and shows a secret to nobody.
 *
 * (What the admin sets in bridge.conf is settings.h.) */
#ifndef BRIDGE_PREFERENCE_H
#define BRIDGE_PREFERENCE_H

#include <stddef.h>
#include <stdint.h>

enum preference_type {
    PREFERENCE_NONE = 0, /* the row that ends a table */
    PREFERENCE_TEXT,     /* one line */
    PREFERENCE_LINES,    /* several */
    PREFERENCE_SECRET,   /* one line; never shown back */
    PREFERENCE_BOOL,     /* "1" or "0" */
    PREFERENCE_INT,      /* decimal, within min..max */
    PREFERENCE_CHOICE,   /* one of `choices` */
    PREFERENCE_JID,      /* bare, prepared */
};

/* Of what it is a setting; one row may have several. */
enum {
    PREFERENCE_ACCOUNT = 1 << 0, /* the user's use of this transport */
    PREFERENCE_SERVICE = 1 << 1, /* each BRIDGE_ADDRESS_SERVICE */
    PREFERENCE_ROOM = 1 << 2,    /* each room */
    PREFERENCE_CONTACT = 1 << 3, /* each contact */
};

enum {
    /* Asked for when the user registers (PREFERENCE_ACCOUNT only), */
    PREFERENCE_REGISTER = 1 << 0,
    PREFERENCE_REQUIRED = 1 << 1, /* and there is no account without it */
    PREFERENCE_UNIQUE = 1 << 2,   /* no two accounts of the transport may have the same value */
    PREFERENCE_BY_ADMIN = 1 << 3, /* users may read it, only admins may change it */
};

struct preference_choice {
    const char *value;
    const char *label; /* NULL: the value */
};

struct preference {
    const char *key; /* [a-z0-9_-]+ */
    enum preference_type type;
    unsigned scopes;
    unsigned flags;
    const char *label;   /* a few words */
    const char *help;    /* a sentence; NULL: the label says it */
    const char *initial; /* what holds while nothing is set; NULL: nothing */
    int64_t min, max;    /* PREFERENCE_INT; for texts `max` is the most bytes (0: 1,000) */
    const struct preference_choice *choices; /* ends with { 0 } */
};

#endif
