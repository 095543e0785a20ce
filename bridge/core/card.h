/* card.h - who somebody is: vCards and avatars. */
#ifndef CARD_H
#define CARD_H

#include <bridge/message.h>

/* SHA-1 in hexadecimal, and its end. */
#define CARD_HASH_SIZE 41

/* What presence says of a picture (XEP-0153 §4.1): the SHA-1 of its bytes in
 * lower case. "" for NULL, and for one that is not shown: empty, larger than
 * BRIDGE_PICTURE_MAX, or of none of the types in bridge/message.h. */
void card_avatar_hash(const struct bridge_picture *picture, char hex[CARD_HASH_SIZE]);

#endif
