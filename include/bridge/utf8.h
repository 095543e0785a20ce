/* utf8.h - UTF-8 (RFC 3629) from peers that may send anything. */
#ifndef BRIDGE_UTF8_H
#define BRIDGE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

#define UTF8_BAD UINT32_MAX

/* Decode one character of text[0..len), len > 0. Sets *used to the bytes it
 * took (at least 1). Overlong forms, surrogates, values above U+10FFFF and cut
 * sequences give UTF8_BAD with *used = 1. */
uint32_t utf8_decode(const char *text, size_t len, size_t *used);

bool utf8_valid(const char *text, size_t len);

/* The largest n <= max, n <= len, such that text[0..n) does not end inside a
 * character. Bytes that are not UTF-8 count as characters of one byte. */
size_t utf8_cut(const char *text, size_t len, size_t max);

/* Is this character allowed in an XML 1.0 document (XML §2.2)? */
bool utf8_is_xml(uint32_t c);

/* Append the text with every bad byte, and every character that XML 1.0 does
 * not allow, replaced by U+FFFD; control characters other than tab and newline
 * are dropped. The result is safe for XMPP and for people. */
void utf8_add_clean(struct strbuf *out, const char *text, size_t len);

/* As utf8_add_clean(), but bytes that are not UTF-8 are taken for
 * ISO-8859-1 when the text as a whole is not valid UTF-8 (old IRC clients). */
void utf8_add_clean_latin1(struct strbuf *out, const char *text, size_t len);

#endif
