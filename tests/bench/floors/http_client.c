/* http_client - HTTP POSTs per second, and CPU for each, of a minimal client that
 * keeps its connections, against http_server.
 *
 *   raw    the bytes over plain sockets
 *   curl   libcurl's multi handle with curl_multi_socket_action() and epoll
 *
 * usage: http_client PORT raw|curl CONNECTIONS REQUESTS */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TARGET "/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json"
#define FORM                                                                                   \
    "To=%2B15551234567&From=%2B15557654321&Body=lorem+ipsum+dolor+sit+amet+consectetur+"       \
    "adipiscing+elit+sed+do"
#define USER "AC0123456789abcdef0123456789abcdef:0123456789abcdef0123456789abcdef"
#define USER_BASE64                                                                            \
    "QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2Rl" \
    "Zg=="
#define CREATED         201
#define EVENTS_PER_STEP 64
#define MAX_CONNECTIONS 1000

static int port;
static int connections;
static long total, started, finished, failed;
static double *latency; /* the start, until it is finished */
static int epoll_fd;

static double seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long begin(void)
{
    latency[started] = seconds(CLOCK_MONOTONIC);
    return started++;
}

static void finish(long request, int ok)
{
    latency[request] = seconds(CLOCK_MONOTONIC) - latency[request];
    finished++;
    failed += !ok;
}

/* ---- libcurl */

static CURLM *multi;
static long timeout_ms = -1;

static size_t discard(char *data, size_t size, size_t count, void *arg)
{
    (void)data;
    (void)arg;
    return size * count;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
    struct epoll_event event = { .data.fd = fd };

    (void)easy;
    (void)arg;
    if (what == CURL_POLL_REMOVE)
        return epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL), 0;
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
    epoll_ctl(epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    curl_multi_assign(multi, fd, &multi); /* anything but NULL: known from now on */
    return 0;
}

static int on_timer(CURLM *m, long ms, void *arg)
{
    (void)m;
    (void)arg;
    timeout_ms = ms;
    return 0;
}

static CURL *new_handle(void)
{
    char url[256];
    CURL *easy = curl_easy_init();

    snprintf(url, sizeof url, "http://127.0.0.1:%d" TARGET, port);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, FORM);
    curl_easy_setopt(easy, CURLOPT_USERPWD, USER);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    return easy;
}

static void start(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_PRIVATE, (void *)(intptr_t)begin());
    curl_multi_add_handle(multi, easy);
}

static void reap(void)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi, &left))) {
        CURL *easy = message->easy_handle;
        char *request = NULL;
        long code = 0;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &request);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
        finish((long)(intptr_t)request, message->data.result == CURLE_OK && code == CREATED);
        curl_multi_remove_handle(multi, easy);
        if (started < total)
            start(easy);
        else
            curl_easy_cleanup(easy);
    }
}

static void step_curl(void)
{
    struct epoll_event events[EVENTS_PER_STEP];
    int running;
    int wait_ms = timeout_ms < 0 ? 1000 : (int)timeout_ms;
    int n = wait_ms ? epoll_wait(epoll_fd, events, EVENTS_PER_STEP, wait_ms) : 0;

    if (!n) {
        timeout_ms = -1;
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    for (int i = 0; i < n; i++) {
        int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0);
        curl_multi_socket_action(multi, events[i].data.fd, what, &running);
    }
    reap();
}

static void run_curl(void)
{
    curl_global_init(CURL_GLOBAL_ALL);
    multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)connections);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    for (int i = 0; i < connections && started < total; i++)
        start(new_handle());
    while (finished < total)
        step_curl();
    curl_multi_cleanup(multi);
}

/* ---- plain sockets */

struct raw {
    int fd;
    long request; /* the one under way */
};

static char raw_request[1024];
static size_t raw_len;

static void raw_send(struct raw *c)
{
    c->request = begin();
    if (send(c->fd, raw_request, raw_len, MSG_NOSIGNAL) != (ssize_t)raw_len)
        exit(1);
}

static void raw_open(struct raw *c)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
    int one = 1;

    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof a)) {
        perror("http_client");
        exit(1);
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
    raw_send(c);
}

static void raw_receive(struct raw *c)
{
    static const char created[] = "HTTP/1.1 201";
    char reply[4096];

    if (recv(c->fd, reply, sizeof reply, 0) < (ssize_t)sizeof created)
        exit(1);
    finish(c->request, !memcmp(reply, created, sizeof created - 1));
    if (started < total)
        raw_send(c);
}

static void run_raw(void)
{
    static struct raw all[MAX_CONNECTIONS];
    struct epoll_event events[EVENTS_PER_STEP];

    raw_len = (size_t)snprintf(raw_request, sizeof raw_request,
                               "POST " TARGET " HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                               "Authorization: Basic " USER_BASE64 "\r\nAccept: */*\r\n"
                               "Content-Length: %zu\r\n"
                               "Content-Type: application/x-www-form-urlencoded\r\n\r\n%s",
                               port, sizeof FORM - 1, FORM);
    for (int i = 0; i < connections && started < total; i++)
        raw_open(&all[i]);
    while (finished < total) {
        int n = epoll_wait(epoll_fd, events, EVENTS_PER_STEP, -1);
        for (int i = 0; i < n; i++)
            raw_receive(events[i].data.ptr);
    }
}

/* ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void report(double wall, double cpu)
{
    qsort(latency, (size_t)total, sizeof *latency, compare);
    printf("{\"requests_per_s\":%.0f,\"cpu_us_per_request\":%.2f,\"p50_us\":%.1f,\"p99_us\":%."
           "1f}\n",
           (double)total / wall, cpu * 1e6 / (double)total, latency[total / 2] * 1e6,
           latency[total * 99 / 100] * 1e6);
}

int main(int argc, char **argv)
{
    port = argc == 5 ? atoi(argv[1]) : 0;
    connections = argc == 5 ? atoi(argv[3]) : 0;
    total = argc == 5 ? atol(argv[4]) : 0;
    if (port < 1 || connections < 1 || connections > MAX_CONNECTIONS || total < 1) {
        fputs("usage: http_client PORT raw|curl CONNECTIONS REQUESTS\n", stderr);
        return 2;
    }
    latency = calloc((size_t)total, sizeof *latency);
    epoll_fd = epoll_create1(0);
    if (!latency || epoll_fd < 0)
        return 1;
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    double wall = seconds(CLOCK_MONOTONIC);
    if (!strcmp(argv[2], "raw"))
        run_raw();
    else
        run_curl();
    report(seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    return failed != 0;
}
