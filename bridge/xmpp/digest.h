/* digest.h - SHA-1 as XMPP uses it, to tell whether two things are the same
 * and never for a secret; and base64. No I/O. */
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>

#include <bridge/strbuf.h>

/* A SHA-1 as text, with its NUL. */
#define DIGEST_HEX_SIZE 41
#define DIGEST_BASE64_SIZE 29

void digest_hex(const void *data, size_t len, char hex[DIGEST_HEX_SIZE]); /* lower case */
void digest_base64(const void *data, size_t len, char text[DIGEST_BASE64_SIZE]);

/* Append the data in base64 (RFC 4648 §4), in one line. At most INT_MAX bytes. */
void base64_add(struct strbuf *out, const void *data, size_t len);

#endif
