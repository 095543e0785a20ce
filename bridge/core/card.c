#include "card.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

/* Clients hand these bytes to an image library that goes by the type. */
static bool is_shown(const struct bridge_picture *picture)
{
    static const char *const types[] = { "image/png", "image/jpeg", "image/gif", "image/webp" };

    if (!picture || !picture->type || !picture->size || picture->size > BRIDGE_PICTURE_MAX)
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!strcmp(types[i], picture->type))
            return true;
    }
    return false;
}

void card_avatar_hash(const struct bridge_picture *picture, char hex[CARD_HASH_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    *hex = 0;
    if (!is_shown(picture) ||
        !EVP_Digest(picture->data, picture->size, digest, NULL, EVP_sha1(), NULL))
        return;
    for (size_t i = 0; i < CARD_HASH_SIZE / 2; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}
