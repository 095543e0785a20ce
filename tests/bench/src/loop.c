#include "loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "die.h"

#define EVENTS_PER_STEP 256

void (*loop_flush)(void);

static int epoll_fd = -1;
static struct {
    void **items;
    size_t count;
    size_t size;
} garbage;

void loop_init(void)
{
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        die("epoll_create1: %s", strerror(errno));
    prctl(PR_SET_TIMERSLACK, 1000UL); /* 1 us: the default 50 blurs the paced phase */
}

void loop_add(struct watch *w, uint32_t events)
{
    struct epoll_event e = { .events = events, .data.ptr = w };

    w->events = events;
    w->ended = false;
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, w->fd, &e))
        die("epoll_ctl: %s", strerror(errno));
}

void loop_change(struct watch *w, uint32_t events)
{
    struct epoll_event e = { .events = events, .data.ptr = w };

    if (w->ended || w->events == events)
        return;
    w->events = events;
    if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, w->fd, &e))
        die("epoll_ctl: %s", strerror(errno));
}

void loop_end(struct watch *w)
{
    if (w->ended)
        return;
    w->ended = true;
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
    close(w->fd);
    w->fd = -1;
}

void loop_free_later(void *p)
{
    if (garbage.count == garbage.size) {
        garbage.size = garbage.size ? garbage.size * 2 : 64;
        garbage.items = must_realloc(garbage.items, garbage.size * sizeof *garbage.items);
    }
    garbage.items[garbage.count++] = p;
}

static void flush(void)
{
    if (loop_flush)
        loop_flush();
}

void loop_step(uint64_t timeout_ns)
{
    struct epoll_event events[EVENTS_PER_STEP];
    struct timespec timeout = { (time_t)(timeout_ns / NS_PER_S),
                                (long)(timeout_ns % NS_PER_S) };

    flush();
    int n = epoll_pwait2(epoll_fd, events, EVENTS_PER_STEP, &timeout, NULL);
    if (n < 0 && errno != EINTR)
        die("epoll_pwait2: %s", strerror(errno));
    for (int i = 0; i < n; i++) {
        struct watch *w = events[i].data.ptr;
        if (!w->ended)
            w->on_event(w, events[i].events);
    }
    flush();
    while (garbage.count)
        free(garbage.items[--garbage.count]);
}

int loop_listen(const char *ip, int port, int *port_out)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    socklen_t len = sizeof a;
    int one = 1;

    if (inet_pton(AF_INET, ip, &a.sin_addr) != 1)
        die("not an IPv4 address: %s", ip);
    if (ntohl(a.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
        die("only loopback addresses are allowed, not %s", ip);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, SOMAXCONN))
        die("listen on %s:%d: %s", ip, port, strerror(errno));
    getsockname(fd, (struct sockaddr *)&a, &len);
    *port_out = ntohs(a.sin_port);
    return fd;
}

int loop_accept(int listener)
{
    int one = 1;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
        die("accept: %s", strerror(errno));
    return fd;
}
