/* casemap.h - which letters are the same on a network (ISUPPORT CASEMAPPING).
 *
 * A casemap is 256 bytes: the byte that each byte is compared as. Bytes above
 * 127 stand for themselves, in UTF-8 too. */
#ifndef IRC_CASEMAP_H
#define IRC_CASEMAP_H

#include <stdbool.h>
#include <stddef.h>

extern const unsigned char casemap_ascii[256];
extern const unsigned char casemap_rfc1459[256];        /* also []\^ are {}|~ */
extern const unsigned char casemap_rfc1459_strict[256]; /* also []\ are {}| */

/* The map of that name, or NULL if we do not know it. */
const unsigned char *casemap_find(const char *name);

bool casemap_equal(const unsigned char *map, const char *a, const char *b);

/* Fold `len` bytes; `out` may be `text`. */
void casemap_fold(const unsigned char *map, char *out, const char *text, size_t len);

#endif
