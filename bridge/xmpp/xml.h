/* xml.h - writing XML. The one way in which text from anywhere gets into a
 * stream: nothing that XML 1.0 forbids passes, and one stray byte can
 * therefore not end the stream that everybody shares. */
#ifndef XML_H
#define XML_H

#include <stddef.h>

#include <bridge/strbuf.h>

/* Largest stanza that we send: below every server's limit (ejabberd 256 KiB,
 * Prosody 512 KiB). Stanzas are built in a strbuf with this limit. */
#define XML_STANZA_MAX 200000

/* Escaped for element content and for attribute values in either quotes. Bad
 * UTF-8 and forbidden characters become U+FFFD; in attributes tab and newline
 * must survive, so they are written as references. */
void xml_text(struct strbuf *out, const char *text);
void xml_text_n(struct strbuf *out, const char *text, size_t len);

/* " name='value'"; nothing if value is NULL. */
void xml_attribute(struct strbuf *out, const char *name, const char *value);

/* "<name>text</name>"; nothing if text is NULL. `name` may carry attributes
 * ("text xmlns='urn:x'"): what follows the first space is left out of the end
 * tag. */
void xml_element(struct strbuf *out, const char *name, const char *text);

#endif
