/* queue.h - bytes that are added at the end and eaten at the front.
 *
 * Zero-initialised is a valid empty queue. It has no limit: what a stalled
 * gateway leaves unread has to be kept somewhere, and better here. */
#ifndef BENCH_QUEUE_H
#define BENCH_QUEUE_H

#include <stddef.h>

struct queue {
    char *bytes; /* [start, end) are in the queue */
    size_t start;
    size_t end;
    size_t size;
};

void queue_release(struct queue *q);

void queue_put(struct queue *q, const void *data, size_t len);
void queue_puts(struct queue *q, const char *text);

/* Room for `len` more bytes at the end, to be counted with `q->end += n`. */
char *queue_reserve(struct queue *q, size_t len);

void queue_eat(struct queue *q, size_t len);

/* Write to a socket what it takes. Returns 0, or -1 when the connection is gone. */
int queue_write(struct queue *q, int fd);

static inline size_t queue_len(const struct queue *q)
{
    return q->end - q->start;
}

static inline char *queue_data(const struct queue *q)
{
    return q->bytes + q->start;
}

#endif
