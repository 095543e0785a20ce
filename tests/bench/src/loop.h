/* loop.h - the epoll loop, and listening on loopback. */
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* Something that epoll watches; usually the first member of its owner. A callback
 * may end any watch: the owner is then freed with loop_free_later(), because
 * events of the same step may still name it. */
struct watch {
    int fd;
    bool ended;
    uint32_t events;
    void (*on_event)(struct watch *w, uint32_t events);
};

void loop_init(void);
void loop_add(struct watch *w, uint32_t events);
void loop_change(struct watch *w, uint32_t events);
void loop_end(struct watch *w); /* closes the descriptor, too */
void loop_free_later(void *p);

/* Wait for events, at most so long, and handle them. */
void loop_step(uint64_t timeout_ns);

/* Called before each wait and after each round of events: everything that was
 * queued in one step leaves in one write. */
extern void (*loop_flush)(void);

/* Any free port if `port` is 0. Only loopback addresses are accepted. */
int loop_listen(const char *ip, int port, int *port_out);

/* A new connection, non-blocking and without Nagle's delay; -1 if there is none. */
int loop_accept(int listener);

#endif
