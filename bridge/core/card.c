#include "card.h"

#include "vcard.h"

void card_avatar_hash(const struct bridge_picture *picture, char hex[CARD_HASH_SIZE])
{
    *hex = 0;
    if (vcard_shows(picture))
        digest_hex(picture->data, picture->size, hex);
}
