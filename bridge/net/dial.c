#include "dial.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bridge/strbuf.h>

enum { HEAD_START = 250 /* ms, RFC 8305 §5 */ };

struct attempt {
    struct dial *dial;
    union net_address address;
    uv_poll_t poll;
    int fd; /* -1: not begun, or failed */
};

struct dial {
    uv_loop_t *loop;
    uv_timer_t timer; /* the head start; with 0 ms, "later, not inside the caller" */
    unsigned open_handles;
    dial_done *done;
    void *arg;
    bool has_from;
    union net_address from;
    struct bridge_error why; /* one clause per address that failed */
    size_t next;
    size_t running;
    size_t count;
    struct attempt attempts[];
};

static void on_handle_closed(uv_handle_t *handle)
{
    struct dial *dial = handle->data;

    if (!--dial->open_handles)
        free(dial);
}

/* Stop watching; the descriptor is the caller's from here. */
static int attempt_detach(struct attempt *attempt)
{
    int fd = attempt->fd;

    attempt->fd = -1;
    attempt->dial->running--;
    attempt->poll.data = attempt->dial;
    uv_close((uv_handle_t *)&attempt->poll, on_handle_closed);
    return fd;
}

void dial_cancel(struct dial *dial)
{
    for (size_t i = 0; i < dial->next; i++) {
        if (dial->attempts[i].fd >= 0)
            close(attempt_detach(&dial->attempts[i]));
    }
    uv_close((uv_handle_t *)&dial->timer, on_handle_closed);
}

static void dial_finish(struct dial *dial, int fd)
{
    dial_cancel(dial); /* it lives on until its handles are closed */
    dial->done(dial->arg, fd, fd < 0 ? &dial->why : NULL);
}

static void note_failure(struct attempt *attempt, int error)
{
    struct bridge_error *why = &attempt->dial->why;
    char text[INET6_ADDRSTRLEN];

    bridge_fail(why, BRIDGE_RETRY, "%s%s%s: %s", why->text, *why->text ? "; " : "",
                net_address_text(&attempt->address, text), uv_strerror(-error));
}

static int connect_from(int fd, const struct dial *dial, const union net_address *to)
{
    int yes = 1, idle = 120, interval = 30, count = 4;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    if (dial->has_from) {
        if (dial->from.any.sa_family != to->any.sa_family) {
            errno = EAFNOSUPPORT;
            return -1;
        }
        /* Let connect() choose the port: chosen by bind(), each of the 28,000
         * could be used once only, and not once per destination. */
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
        if (bind(fd, &dial->from.any, net_address_size(&dial->from)))
            return -1;
    }
    if (connect(fd, &to->any, net_address_size(to)) && errno != EINPROGRESS)
        return -1;
    return 0;
}

static void on_attempt(uv_poll_t *poll, int status, int events);

static int attempt_begin(struct attempt *attempt)
{
    struct dial *dial = attempt->dial;
    int family = attempt->address.any.sa_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0) {
        note_failure(attempt, errno);
        return -1;
    }
    if (connect_from(fd, dial, &attempt->address)) {
        error = errno;
        goto failed;
    }
    error = -uv_poll_init(dial->loop, &attempt->poll, fd);
    if (error)
        goto failed;
    attempt->poll.data = attempt;
    attempt->fd = fd;
    dial->open_handles++;
    dial->running++;
    uv_poll_start(&attempt->poll, UV_WRITABLE, on_attempt);
    return 0;
failed:
    close(fd);
    note_failure(attempt, error);
    return -1;
}

static void on_timer(uv_timer_t *timer);

static void begin_next(struct dial *dial)
{
    uv_timer_stop(&dial->timer);
    while (dial->next < dial->count) {
        if (!attempt_begin(&dial->attempts[dial->next++])) {
            if (dial->next < dial->count)
                uv_timer_start(&dial->timer, on_timer, HEAD_START, 0);
            return;
        }
    }
    if (!dial->running)
        uv_timer_start(&dial->timer, on_timer, 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct dial *dial = timer->data;

    if (dial->next < dial->count)
        begin_next(dial);
    else
        dial_finish(dial, -1);
}

static void on_attempt(uv_poll_t *poll, int status, int events)
{
    struct attempt *attempt = poll->data;
    struct dial *dial = attempt->dial;
    int error = 0;
    socklen_t size = sizeof error;

    (void)events;
    getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (!error && status < 0)
        error = -status;
    if (error) {
        note_failure(attempt, error);
        close(attempt_detach(attempt));
        begin_next(dial);
        return;
    }
    dial_finish(dial, attempt_detach(attempt));
}

struct dial *dial_start(uv_loop_t *loop, const union net_address *list, size_t count,
                        uint16_t port, const union net_address *from, dial_done *done,
                        void *arg)
{
    struct dial *dial = bridge_alloc(sizeof *dial + count * sizeof dial->attempts[0]);

    assert(count >= 1 && count <= RESOLVER_ADDRESSES);
    dial->loop = loop;
    dial->done = done;
    dial->arg = arg;
    dial->has_from = from != NULL;
    if (from)
        dial->from = *from;
    dial->count = count;
    for (size_t i = 0; i < count; i++) {
        dial->attempts[i] = (struct attempt){ .dial = dial, .address = list[i], .fd = -1 };
        net_address_set_port(&dial->attempts[i].address, port);
    }
    uv_timer_init(loop, &dial->timer);
    dial->timer.data = dial;
    dial->open_handles = 1;
    begin_next(dial);
    return dial;
}
