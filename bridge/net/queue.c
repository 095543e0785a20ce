#include "queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <bridge/strbuf.h>

struct queue_chunk {
    struct queue_chunk *next;
    size_t start; /* first byte not sent */
    size_t end;
    size_t size;
    char data[];
};

enum {
    /* A line of chat, with its header in malloc's fastest size class. */
    CHUNK_SMALL = 1024 - sizeof(struct queue_chunk),
    CHUNK_NEXT = 16 * 1024, /* there is more than a line: expect much more */
    CHUNK_MOST = 64 * 1024,
    GATHER = 64, /* chunks in one system call */
};

static struct queue_chunk *append_chunk(struct queue *q, size_t len)
{
    size_t size = q->last ? CHUNK_NEXT : CHUNK_SMALL;

    if (len > size)
        size = len < CHUNK_MOST ? len : CHUNK_MOST;
    struct queue_chunk *chunk = bridge_realloc(NULL, sizeof *chunk + size);
    *chunk = (struct queue_chunk){ .size = size };
    if (q->last)
        q->last->next = chunk;
    else
        q->first = chunk;
    q->last = chunk;
    return chunk;
}

void queue_add(struct queue *q, const void *data, size_t len)
{
    const char *from = data;

    while (len) {
        struct queue_chunk *chunk = q->last;
        if (!chunk || chunk->end == chunk->size)
            chunk = append_chunk(q, len);
        size_t room = chunk->size - chunk->end;
        size_t n = len < room ? len : room;
        memcpy(chunk->data + chunk->end, from, n);
        chunk->end += n;
        q->bytes += n;
        from += n;
        len -= n;
    }
}

void queue_release(struct queue *q)
{
    struct queue_chunk *next;

    for (struct queue_chunk *chunk = q->first; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    *q = (struct queue){ 0 };
}

const char *queue_peek(const struct queue *q, size_t *len)
{
    if (!q->first)
        return NULL;
    *len = q->first->end - q->first->start;
    return q->first->data + q->first->start;
}

void queue_drop(struct queue *q, size_t len)
{
    assert(len <= q->bytes);
    q->bytes -= len;
    while (len) {
        struct queue_chunk *chunk = q->first;
        size_t held = chunk->end - chunk->start;
        if (len < held) {
            chunk->start += len;
            return;
        }
        len -= held;
        q->first = chunk->next;
        if (!q->first)
            q->last = NULL;
        free(chunk);
    }
}

int queue_send(struct queue *q, int fd)
{
    struct iovec pieces[GATHER];
    struct msghdr message = { .msg_iov = pieces };

    for (struct queue_chunk *c = q->first; c && message.msg_iovlen < GATHER; c = c->next)
        pieces[message.msg_iovlen++] =
            (struct iovec){ .iov_base = c->data + c->start, .iov_len = c->end - c->start };
    if (!message.msg_iovlen)
        return 0;
    ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    queue_drop(q, (size_t)n);
    return 0;
}
