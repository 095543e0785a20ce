/* http_server - a trivial HTTP/1.1 server for http_client: keeps connections and
 * answers every request with a fixed small JSON document, as an SMS provider would.
 *
 * usage: http_server     prints its port; ends on SIGTERM */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_PER_STEP 64

struct client {
    int fd;
    size_t len;
    char input[16384];
};

static const char body[] =
    "{\"sid\":\"SM0123456789abcdef0123456789abcdef\",\"status\":\"queued\","
    "\"to\":\"+15551234567\",\"from\":\"+15557654321\",\"num_segments\":\"1\","
    "\"error_code\":null,\"error_message\":null}";
static char reply[1024];
static size_t reply_len;

/* Length of the first complete request, 0 if there is none yet. */
static size_t request_len(const char *p, size_t len)
{
    static const char name[] = "\r\nContent-Length:";
    const char *end = memmem(p, len, "\r\n\r\n", 4);

    if (!end)
        return 0;
    size_t total = (size_t)(end - p) + 4;
    const char *value = memmem(p, total, name, sizeof name - 1);
    if (value)
        total += strtoul(value + sizeof name - 1, NULL, 10);
    return len >= total ? total : 0;
}

/* Returns 0, or -1 when the connection is to be closed. */
static int serve(struct client *c)
{
    ssize_t n = recv(c->fd, c->input + c->len, sizeof c->input - c->len, MSG_DONTWAIT);
    size_t at = 0;

    if (n <= 0)
        return n < 0 && errno == EAGAIN ? 0 : -1;
    c->len += (size_t)n;
    for (size_t len; (len = request_len(c->input + at, c->len - at)); at += len)
        if (send(c->fd, reply, reply_len, MSG_NOSIGNAL) != (ssize_t)reply_len)
            return -1;
    memmove(c->input, c->input + at, c->len - at);
    c->len -= at;
    return c->len == sizeof c->input ? -1 : 0;
}

static void accept_client(int epoll_fd, int listener)
{
    int one = 1;
    int fd = accept(listener, NULL, NULL);
    struct client *c = fd < 0 ? NULL : malloc(sizeof *c);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

    if (!c) {
        if (fd >= 0)
            close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->fd = fd;
    c->len = 0;
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int listen_on_loopback(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(fd, (struct sockaddr *)&a, len) || listen(fd, SOMAXCONN)) {
        perror("http_server");
        exit(1);
    }
    getsockname(fd, (struct sockaddr *)&a, &len);
    printf("%d\n", ntohs(a.sin_port));
    fflush(stdout);
    return fd;
}

int main(void)
{
    struct epoll_event events[EVENTS_PER_STEP];
    struct epoll_event event = { .events = EPOLLIN };
    int epoll_fd = epoll_create1(0);

    reply_len = (size_t)snprintf(reply, sizeof reply,
                                 "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
                                 "Content-Length: %zu\r\n\r\n%s",
                                 sizeof body - 1, body);
    int listener = listen_on_loopback();
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(epoll_fd, events, EVENTS_PER_STEP, -1);
        for (int i = 0; i < n; i++) {
            struct client *c = events[i].data.ptr;
            if (!c) {
                accept_client(epoll_fd, listener);
            } else if (serve(c)) {
                close(c->fd);
                free(c);
            }
        }
    }
}
