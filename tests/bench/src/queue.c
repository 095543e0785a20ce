#include "queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"

void queue_release(struct queue *q)
{
    free(q->bytes);
    *q = (struct queue){ 0 };
}

static void reclaim_front(struct queue *q)
{
    if (!q->start)
        return;
    memmove(q->bytes, q->bytes + q->start, queue_len(q));
    q->end -= q->start;
    q->start = 0;
}

char *queue_reserve(struct queue *q, size_t len)
{
    if (q->size - q->end < len)
        reclaim_front(q);
    if (q->size - q->end < len) {
        if (!q->size)
            q->size = 512;
        while (q->size - q->end < len)
            q->size *= 2;
        q->bytes = must_realloc(q->bytes, q->size);
    }
    return q->bytes + q->end;
}

void queue_put(struct queue *q, const void *data, size_t len)
{
    memcpy(queue_reserve(q, len), data, len);
    q->end += len;
}

void queue_puts(struct queue *q, const char *text)
{
    queue_put(q, text, strlen(text));
}

void queue_eat(struct queue *q, size_t len)
{
    q->start += len;
    if (q->start >= q->end)
        q->start = q->end = 0;
}

int queue_write(struct queue *q, int fd)
{
    while (queue_len(q)) {
        ssize_t n = write(fd, queue_data(q), queue_len(q));
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        queue_eat(q, (size_t)n);
    }
    return 0;
}
