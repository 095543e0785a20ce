/* isupport.h - what a server says about itself in RPL_ISUPPORT (005), as far
 * as we act on it. Values that make no sense leave the default in place. */
#ifndef IRC_ISUPPORT_H
#define IRC_ISUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/message.h>

#define ISUPPORT_PREFIXES_MAX 16

struct isupport {
    const unsigned char *casemap;                   /* static */
    char chantypes[9];                              /* what a channel's name begins with */
    char statusmsg[9];                              /* what may stand before one: "@+" */
    char prefix_modes[ISUPPORT_PREFIXES_MAX + 1];   /* "ov", highest first */
    char prefix_symbols[ISUPPORT_PREFIXES_MAX + 1]; /* "@+" */
    uint64_t always_param;   /* CHANMODES types A and B: a bit per letter */
    uint64_t param_when_set; /* type C */
    uint16_t nicklen;        /* 0: not said */
    uint16_t topiclen;       /* 0: not said */
    uint16_t linelen;        /* with CR LF; 512 unless said */
};

void isupport_init(struct isupport *s); /* what RFC 1459 has */

/* Take one token: "NICKLEN=16", "CHANTYPES", "-STATUSMSG". */
void isupport_apply(struct isupport *s, const char *token);

bool isupport_is_channel(const struct isupport *s, const char *name);

/* `target` without the status prefix of STATUSMSG ("@#chan" is "#chan"). */
const char *isupport_bare_target(const struct isupport *s, const char *target);

/* The bit that stands for a prefix mode in an occupant's flags, by its letter
 * or by its symbol; 0 if there is none. The lowest bit is the highest rank. */
uint32_t isupport_mode_flag(const struct isupport *s, char letter);
uint32_t isupport_symbol_flag(const struct isupport *s, char symbol);

/* Does this mode take a parameter from the line? (Prefix modes do.) */
bool isupport_mode_has_param(const struct isupport *s, char letter, bool adding);

/* XEP-0045's words for the highest rank in `flags`. Without any, a moderated
 * channel (+m) has visitors: they cannot speak. */
void isupport_rank(const struct isupport *s, uint32_t flags, bool moderated,
                   enum bridge_affiliation *affiliation, enum bridge_role *role);

#endif
