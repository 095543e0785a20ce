#include <bridge/strbuf.h>

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void)
{
    /* Everything that must survive is in the database, and the service manager
     * starts us again. */
    fputs("bridged: out of memory\n", stderr);
    abort();
}

void *bridge_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);

    if (!p)
        out_of_memory();
    return p;
}

void *bridge_realloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);

    if (!p)
        out_of_memory();
    return p;
}

char *bridge_strndup(const char *text, size_t len)
{
    char *copy = bridge_realloc(NULL, len + 1);

    memcpy(copy, text, len);
    copy[len] = 0;
    return copy;
}

char *bridge_strdup(const char *text)
{
    return text ? bridge_strndup(text, strlen(text)) : NULL;
}

void strbuf_init(struct strbuf *b, size_t limit)
{
    *b = (struct strbuf)STRBUF_INIT(limit);
}

void strbuf_release(struct strbuf *b)
{
    free(b->data);
    strbuf_init(b, b->limit);
}

void strbuf_reset(struct strbuf *b)
{
    b->len = 0;
    b->overflow = false;
    if (b->data)
        b->data[0] = 0;
}

char *strbuf_reserve(struct strbuf *b, size_t len)
{
    if (b->overflow)
        return NULL;
    if (len > b->limit || b->len > b->limit - len) {
        b->len = 0;
        b->overflow = true;
        if (b->data)
            b->data[0] = 0;
        return NULL;
    }
    size_t need = b->len + len + 1;
    if (need > b->size) {
        size_t size = b->size ? b->size : 64;
        while (size < need)
            size *= 2;
        b->data = bridge_realloc(b->data, size);
        b->size = size;
    }
    return b->data + b->len;
}

void strbuf_add(struct strbuf *b, const void *data, size_t len)
{
    char *to = strbuf_reserve(b, len);

    if (!to)
        return;
    if (len)
        memcpy(to, data, len);
    to[len] = 0;
    b->len += len;
}

void strbuf_adds(struct strbuf *b, const char *text)
{
    strbuf_add(b, text, strlen(text));
}

void strbuf_addch(struct strbuf *b, char c)
{
    strbuf_add(b, &c, 1);
}

void strbuf_addv(struct strbuf *b, const char *format, va_list args)
{
    size_t room = b->size - b->len;
    va_list again;

    if (b->overflow)
        return;
    va_copy(again, args);
    int len = vsnprintf(room ? b->data + b->len : NULL, room, format, args);
    assert(len >= 0); /* no wide strings, no bad formats here */
    char *to = strbuf_reserve(b, (size_t)len);
    if (to && (size_t)len >= room) /* it was cut off */
        vsnprintf(to, (size_t)len + 1, format, again);
    va_end(again);
    if (to)
        b->len += (size_t)len;
}

void strbuf_addf(struct strbuf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    strbuf_addv(b, format, args);
    va_end(args);
}

void strbuf_drop(struct strbuf *b, size_t len)
{
    assert(len <= b->len);
    if (!len)
        return;
    b->len -= len;
    memmove(b->data, b->data + len, b->len + 1);
}

void strbuf_cut(struct strbuf *b, size_t len)
{
    assert(len <= b->len);
    b->len = len;
    if (b->data)
        b->data[len] = 0;
}

const char *strbuf_text(const struct strbuf *b)
{
    return b->data ? b->data : "";
}

char *strbuf_detach(struct strbuf *b)
{
    char *text = b->data ? b->data : bridge_strdup("");

    strbuf_init(b, b->limit);
    return text;
}
