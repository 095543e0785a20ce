/* vcard.h - who somebody is: vcard-temp (XEP-0054) and vCard4 (XEP-0292, RFC
 * 6351). No I/O.
 *
 * What a network tells may be anything: long texts are cut, a phone number that
 * is none and an address that is not of the web are left out. What is written
 * always fits into one stanza. */
#ifndef VCARD_H
#define VCARD_H

#include <stdbool.h>

#include <bridge/message.h>
#include <bridge/strbuf.h>

enum vcard_kind {
    VCARD_PERSON,
    VCARD_GROUP,
    VCARD_APPLICATION, /* RFC 6473 */
};

struct vcard {
    enum vcard_kind kind;
    const char *jid;  /* bare; NULL: not told */
    const char *name; /* for who has none; not NULL */
    const struct bridge_card *card; /* NULL: nothing is known */
};

/* <vCard/> and <vcard/>, complete. */
void vcard_write_temp(struct strbuf *out, const struct vcard *vcard);
void vcard_write_4(struct strbuf *out, const struct vcard *vcard);

/* Is this a picture that people are shown? NULL is none; nor are empty ones, those
 * over BRIDGE_PICTURE_MAX, and types that bridge/message.h does not name: clients
 * go by the type when they read what came from a stranger. */
bool vcard_shows(const struct bridge_picture *picture);

#endif
