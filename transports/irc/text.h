/* text.h - what people write, to lines of IRC and back. No I/O. */
#ifndef IRC_TEXT_H
#define IRC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <bridge/strbuf.h>

/* --- out -------------------------------------------------------------------- */

/* The next piece of *text that fits one line of `budget` bytes (at least 4):
 * up to a newline, else up to the last space that leaves a piece of some
 * length, else between two characters. Lines without any text are skipped.
 * Moves *text behind the piece; returns its length and sets *piece, which
 * points into the text, or returns 0 at the end. */
size_t text_next_piece(const char **text, size_t budget, const char **piece);

/* Bytes that the text of `VERB target :text` may have, when the server puts
 * `source` bytes of "nick!user@host" before it and allows `linelen` in all. */
size_t text_budget(size_t linelen, size_t source, const char *verb, const char *target);

/* --- in --------------------------------------------------------------------- */

/* Append text from IRC without mIRC's formatting codes, as clean UTF-8; text
 * that is not UTF-8 is taken for ISO-8859-1. */
void text_add_clean(struct strbuf *out, const char *text, size_t len);

/* "\1VERB rest\1", the last byte being optional (some clients lose it to the
 * line's limit). */
struct text_ctcp {
    char verb[16];    /* upper case */
    const char *rest; /* not terminated */
    size_t rest_len;
};

/* False if the text is no CTCP message. One with a verb too long to be known
 * has the verb "". */
bool text_parse_ctcp(const char *text, struct text_ctcp *out);

#endif
