/* strbuf.h - text and bytes with a hard limit.
 *
 * A strbuf holds at most `limit` bytes. What would pass the limit empties the
 * buffer, sets `overflow`, and makes every later addition do nothing, so that
 * nothing half-written goes out and the caller tests once, at the end.
 * `data` is NUL-terminated whenever it is not NULL; embedded NULs are allowed
 * and counted in `len`. Running out of memory aborts the process. */
#ifndef BRIDGE_STRBUF_H
#define BRIDGE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct strbuf {
    char *data; /* NULL until the first addition */
    size_t len;
    size_t size; /* bytes allocated */
    size_t limit;
    bool overflow;
};

#define STRBUF_INIT(max) { .limit = (max) }

/* libconfig exports a strbuf_release() of its own and calls it through the
 * dynamic linker, which would find ours first: so ours has another name there.
 * (tests/unit/symbols.sh looks for more of the kind.) */
#define strbuf_release bridge_strbuf_release

void strbuf_init(struct strbuf *b, size_t limit);
void strbuf_release(struct strbuf *b); /* frees; the limit stays, b can be used again */
void strbuf_reset(struct strbuf *b);   /* empties, keeps the memory, clears `overflow` */

void strbuf_add(struct strbuf *b, const void *data, size_t len);
void strbuf_adds(struct strbuf *b, const char *text);
void strbuf_addch(struct strbuf *b, char c);
void strbuf_addf(struct strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strbuf_addv(struct strbuf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Room for `len` more bytes at the end, to be written and then counted with
 * `b->len += n`. NULL (and overflow) when the limit forbids it. */
char *strbuf_reserve(struct strbuf *b, size_t len);

void strbuf_drop(struct strbuf *b, size_t len); /* remove `len` bytes from the front */
void strbuf_cut(struct strbuf *b, size_t len);  /* keep only the first `len` bytes */

/* The text, never NULL ("" when empty). Borrowed until the next change. */
const char *strbuf_text(const struct strbuf *b);

/* Hand the text over: the caller frees it. Never NULL; b is empty afterwards. */
char *strbuf_detach(struct strbuf *b);

/* malloc family that aborts instead of returning NULL. */
void *bridge_alloc(size_t size); /* zeroed */
void *bridge_realloc(void *old, size_t size);
char *bridge_strdup(const char *text);             /* NULL gives NULL */
char *bridge_strndup(const char *text, size_t len);

#endif
