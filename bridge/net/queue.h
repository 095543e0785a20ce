/* queue.h - bytes waiting to be sent, in the order they came.
 *
 * A list of chunks: what was sent is freed chunk by chunk, and nothing is ever
 * moved, so a queue of megabytes that leaves in small pieces costs no more than
 * the bytes. Zero-initialised is a valid empty queue; an empty queue holds no
 * memory. */
#ifndef NET_QUEUE_H
#define NET_QUEUE_H

#include <stddef.h>

struct queue {
    struct queue_chunk *first;
    struct queue_chunk *last;
    size_t bytes;
};

void queue_add(struct queue *q, const void *data, size_t len); /* copies */
void queue_release(struct queue *q);

/* The first bytes in one piece, NULL when there are none; borrowed until the
 * queue changes. */
const char *queue_peek(const struct queue *q, size_t *len);
void queue_drop(struct queue *q, size_t len); /* remove from the front */

/* Give what one system call takes to the kernel, without SIGPIPE. Returns 0,
 * also when the kernel had no room, or a negative errno. */
int queue_send(struct queue *q, int fd);

#endif
