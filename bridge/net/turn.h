/* turn.h - what the conns of one event loop share: the list of those with
 * something to do before the loop's turn ends, and the buffers that are in use
 * only during a callback, so that an idle conn holds none.
 *
 * A turn exists while somebody holds it. It keeps the loop alive only while a
 * task is scheduled. All calls come from the loop's thread. */
#ifndef NET_TURN_H
#define NET_TURN_H

#include <bridge/strbuf.h>
#include <uv.h>

struct turn_task {
    struct turn_task *prev, *next; /* NULL: not scheduled */
    void (*run)(struct turn_task *task);
};

enum { TURN_INPUT = 16 * 1024, TURN_PLAIN = 16 * 1024 };

struct turn {
    uv_loop_t *loop;
    struct turn *next_turn;
    unsigned holders;
    unsigned open_handles;
    uv_idle_t before; /* runs before the loop waits, and keeps it from waiting */
    uv_check_t after; /* runs after the loop has waited */
    struct turn_task scheduled;

    char input[TURN_INPUT]; /* what one read of a socket brings */
    char plain[TURN_PLAIN]; /* one TLS record, deciphered: 2^14 bytes at most */
    struct strbuf sealed;   /* TLS records on their way to a socket */
};

struct turn *turn_hold(uv_loop_t *loop); /* the loop's one */
void turn_drop(struct turn *turn);

/* Run the task once, before the loop waits next. Scheduling it again before
 * that does nothing; so does removing one that is not scheduled. */
void turn_schedule(struct turn *turn, struct turn_task *task);
void turn_remove(struct turn_task *task);

#endif
