/* card.h - who somebody is: vCards and avatars. */
#ifndef CARD_H
#define CARD_H

#include <bridge/message.h>

#include "digest.h"

#define CARD_HASH_SIZE DIGEST_HEX_SIZE

/* What presence says of a picture (XEP-0153 §4.1): the SHA-1 of its bytes in
 * lower case. "" for NULL, and for one that is not shown (vcard_shows()). */
void card_avatar_hash(const struct bridge_picture *picture, char hex[CARD_HASH_SIZE]);

#endif
