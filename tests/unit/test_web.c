/* The HTTP listener, by real connections on loopback. */
#include "web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bridge/strbuf.h>

#define DEADLINE 1000  /* ms: of a request, where a test waits for it */
#define PATIENCE 20000 /* ms: only a broken listener needs so long */

static uv_loop_t loop;
static struct web *web;
static struct web_request *held[4];
static size_t held_count;
static struct strbuf seen = STRBUF_INIT(1 << 20); /* what the routes were asked */

/* --- routes --------------------------------------------------------------------------- */

static void on_echo(void *arg, struct web_request *request)
{
    const char *name = web_query(request, "name");
    const char *header = web_header(request, "x-name");
    size_t len;
    const char *body = web_body(request, &len);

    strbuf_addf(&seen, "%s %d %s %s %s %s %s %zu|", (const char *)arg, web_method(request),
                web_path(request), web_uri(request), name ? name : "-", header ? header : "-",
                web_peer(request), len);
    web_answer(request, 200, "text/x", body, len);
}

static void on_hold(void *arg, struct web_request *request)
{
    (void)arg;
    held[held_count++] = request;
    strbuf_adds(&seen, "held|");
}

static const struct web_route routes[] = {
    { "/echo", WEB_GET | WEB_POST, 100, on_echo },
    { "/in/", WEB_POST | WEB_PUT, 0, on_echo },
    { "/in/deep/", WEB_GET, 0, on_echo },
    { "/hold", WEB_GET | WEB_POST, 100, on_hold },
};
static char *const names[] = { "echo", "in", "deep", "hold" };

static int open_web(uint64_t deadline)
{
    struct web_options options = { .deadline = deadline };
    struct sockaddr_in *v4 = (struct sockaddr_in *)&options.listen;
    struct bridge_error err;

    v4->sin_family = AF_INET;
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    strbuf_reset(&seen);
    held_count = 0;
    uv_loop_init(&loop);
    web = web_open(&loop, &options, &err);
    if (!web)
        return -1;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        web_add_route(web, &routes[i], names[i]);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return open_web(0);
}

static int setup_hasty(void **state)
{
    (void)state;
    return open_web(DEADLINE);
}

static void end(void)
{
    if (web)
        web_close(web);
    web = NULL;
    uv_run(&loop, UV_RUN_DEFAULT);
}

static int teardown(void **state)
{
    (void)state;
    end();
    strbuf_release(&seen);
    return uv_loop_close(&loop);
}

/* --- clients -------------------------------------------------------------------------- */

/* One turn, of a millisecond at most. */
static void turn(void)
{
    uv_run(&loop, UV_RUN_NOWAIT);
    poll(NULL, 0, 1);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static int client(void)
{
    return connect_to(web_port(web));
}

static void say(int fd, const char *text)
{
    size_t len = strlen(text);

    assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
}

/* Read until `text` is there, or (NULL) the end. */
static void hear(int fd, struct strbuf *heard, const char *text)
{
    uint64_t until = uv_hrtime() / 1000000 + PATIENCE;
    char part[4096];

    while (uv_hrtime() / 1000000 < until) {
        ssize_t n = recv(fd, part, sizeof part, MSG_DONTWAIT);
        if (n > 0)
            strbuf_add(heard, part, (size_t)n);
        if (text ? strstr(strbuf_text(heard), text) != NULL : n == 0)
            return;
        turn();
    }
    fail_msg("waited for %s, heard: %s", text ? text : "the end", strbuf_text(heard));
}

/* The answer to one request, to the end of its connection. */
static void ask(const char *request, struct strbuf *heard)
{
    int fd = client();

    strbuf_reset(heard);
    say(fd, request);
    hear(fd, heard, NULL);
    close(fd);
}

#define HOST "Host: bridge.test\r\n"
#define LAST HOST "Connection: close\r\n"

static void expect(const char *request, const char *part)
{
    struct strbuf heard = STRBUF_INIT(1 << 20);

    ask(request, &heard);
    if (!strstr(strbuf_text(&heard), part))
        fail_msg("to %s\nexpected %s\nheard %s", request, part, strbuf_text(&heard));
    strbuf_release(&heard);
}

static void wait_for(const char *text)
{
    for (int i = 0; i < PATIENCE && !strstr(strbuf_text(&seen), text); i++)
        turn();
    assert_non_null(strstr(strbuf_text(&seen), text));
}

/* --- what is asked ------------------------------------------------------------------------ */

static void a_route_gets_the_request(void **state)
{
    (void)state;
    expect("POST /echo?name=a%20b&x HTTP/1.1\r\nX-Name: n\r\nContent-Length: 5\r\n" LAST
           "\r\nhello",
           "\r\n\r\nhello");
    assert_string_equal(strbuf_text(&seen),
                        "echo 2 /echo /echo?name=a%20b&x a b n 127.0.0.1 5|");
}

static void the_longest_route_has_it(void **state)
{
    (void)state;
    expect("POST /in/x HTTP/1.1\r\nContent-Length: 0\r\n" LAST "\r\n", "HTTP/1.1 200 ");
    expect("GET /in/deep/x HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 200 ");
    expect("GET /in HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 404 ");
    expect("GET /echo/ HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 404 ");
    assert_string_equal(strbuf_text(&seen), "in 2 /in/x /in/x - - 127.0.0.1 0|"
                                            "deep 1 /in/deep/x /in/deep/x - - 127.0.0.1 0|");
}

static void what_is_not_served_is_refused_unasked(void **state)
{
    (void)state;
    expect("GET / HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 404 ");
    expect("DELETE /echo HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 405 ");
    expect("BREW /echo HTTP/1.1\r\n" LAST "\r\n", "\r\nAllow: GET, HEAD, POST\r\n");
    expect("GET /in/x HTTP/1.1\r\n" LAST "\r\n", "\r\nAllow: POST, PUT\r\n");
    expect("GET /echo\r\n\r\n", "HTTP/1");
    expect("\x16\x03\x01\r\n\r\n", "");
    assert_string_equal(strbuf_text(&seen), "");
}

static void head_is_get_without_the_body(void **state)
{
    struct strbuf heard = STRBUF_INIT(65536);

    (void)state;
    ask("HEAD /echo HTTP/1.1\r\n" LAST "\r\n", &heard);
    assert_non_null(strstr(strbuf_text(&heard), "Content-Length: 0\r\n"));
    ask("HEAD /nothing HTTP/1.1\r\n" LAST "\r\n", &heard);
    assert_non_null(strstr(strbuf_text(&heard), "HTTP/1.1 404 "));
    assert_string_equal(strbuf_text(&heard) + heard.len - 4, "\r\n\r\n");
    strbuf_release(&heard);
}

static void one_connection_asks_again(void **state)
{
    struct strbuf heard = STRBUF_INIT(65536);
    int fd = client();

    (void)state;
    for (int i = 0; i < 3; i++) {
        strbuf_reset(&heard);
        say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc");
        hear(fd, &heard, "\r\n\r\nabc");
    }
    close(fd);
    strbuf_release(&heard);
}

/* --- limits --------------------------------------------------------------------------------- */

static void add_repeated(struct strbuf *b, char c, size_t count)
{
    while (count--)
        strbuf_addch(b, c);
}

static void ask_with_body(size_t len, bool chunked, const char *answer)
{
    struct strbuf request = STRBUF_INIT(4 << 20);

    strbuf_adds(&request, "POST /echo HTTP/1.1\r\n" LAST);
    if (chunked)
        strbuf_addf(&request, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", len);
    else
        strbuf_addf(&request, "Content-Length: %zu\r\n\r\n", len);
    add_repeated(&request, 'x', len);
    strbuf_adds(&request, chunked ? "\r\n0\r\n\r\n" : "");
    expect(strbuf_text(&request), answer);
    strbuf_release(&request);
}

static void bodies_are_bounded(void **state)
{
    (void)state;
    for (int chunked = 0; chunked < 2; chunked++) {
        ask_with_body(100, chunked, "HTTP/1.1 200 ");
        strbuf_reset(&seen);
        ask_with_body(101, chunked, "HTTP/1.1 413 ");
        ask_with_body(20000, chunked, "HTTP/1.1 413 ");
        assert_string_equal(strbuf_text(&seen), "");
    }
    expect("POST /in/x HTTP/1.1\r\nContent-Length: 1\r\n" LAST "\r\nx", "HTTP/1.1 413 ");
    expect("POST /echo HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n" LAST "\r\nx",
           "HTTP/1.1 4");
    expect("POST /echo HTTP/1.1\r\nContent-Length: -1\r\n" LAST "\r\nx", "HTTP/1.1 4");
    assert_string_equal(strbuf_text(&seen), "");
}

static void headers_are_bounded(void **state)
{
    struct strbuf request = STRBUF_INIT(1 << 20);

    (void)state;
    strbuf_adds(&request, "GET /echo HTTP/1.1\r\n" LAST "X-Long: ");
    add_repeated(&request, 'x', 20000);
    strbuf_adds(&request, "\r\n\r\n");
    expect(strbuf_text(&request), "HTTP/1.1 431 ");
    strbuf_release(&request);
    assert_string_equal(strbuf_text(&seen), "");
}

/* Nobody has to send what will not be read. */
static void who_announces_too_much_is_told_at_once(void **state)
{
    struct strbuf heard = STRBUF_INIT(65536);
    int fd = client();

    (void)state;
    say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 101\r\n\r\n");
    hear(fd, &heard, "HTTP/1.1 413 ");
    close(fd);
    strbuf_release(&heard);
}

/* Long before its deadline. */
static void an_endless_body_is_cut(void **state)
{
    char chunk[4096 + 8];
    size_t sent = 0;
    ssize_t n = 0;
    int fd = client();

    (void)state;
    memset(chunk, 'x', sizeof chunk);
    memcpy(chunk, "1000\r\n", 6);
    memcpy(chunk + sizeof chunk - 2, "\r\n", 2);
    say(fd, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    while (n >= 0 || errno == EAGAIN) {
        size_t at = sent % sizeof chunk;
        n = send(fd, chunk + at, sizeof chunk - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        sent += n > 0 ? (size_t)n : 0;
        assert_true(sent < 8u << 20); /* the kernel's buffers are in it */
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    close(fd);
    assert_string_equal(strbuf_text(&seen), "");
}

/* A byte now and then, for ever, by a request that never ends; returns after how long
 * it was cut. */
static uint64_t trickle(const char *first, char drop)
{
    uint64_t start = uv_hrtime(), next = 0;
    int fd = client();
    char byte;

    say(fd, first);
    for (;;) {
        uint64_t took = (uv_hrtime() - start) / 1000000;
        assert_true(took < PATIENCE);
        if (took >= next) {
            send(fd, &drop, 1, MSG_NOSIGNAL);
            next += 20;
        }
        if (recv(fd, &byte, 1, MSG_DONTWAIT) == 0) {
            close(fd);
            return took;
        }
        turn();
    }
}

static void the_deadline_is_for_the_whole_request(void **state)
{
    (void)state;
    assert_true(trickle("", 'G') >= DEADLINE);
    assert_true(trickle("GET /echo HTTP/1.1\r\nX-Long: ", 'x') >= DEADLINE);
    assert_true(trickle("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\n", 'x') >=
                DEADLINE);
    assert_string_equal(strbuf_text(&seen), "");
}

static void who_says_nothing_is_cut(void **state)
{
    struct strbuf heard = STRBUF_INIT(65536);
    int fd[50];

    (void)state;
    for (size_t i = 0; i < 50; i++)
        fd[i] = client();
    expect("GET /echo HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 200 ");
    for (size_t i = 0; i < 50; i++) {
        hear(fd[i], &heard, NULL);
        close(fd[i]);
    }
    assert_string_equal(strbuf_text(&heard), "");
}

/* --- answers later ------------------------------------------------------------------------- */

static void an_answer_may_come_later(void **state)
{
    struct strbuf heard = STRBUF_INIT(65536);
    int fd = client();
    size_t len;

    (void)state;
    say(fd, "POST /hold HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc");
    wait_for("held|");
    expect("GET /echo HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 200 "); /* nobody waits for it */
    assert_string_equal(web_body(held[0], &len), "abc");
    web_answer_text(held[0], 202, "at last");
    hear(fd, &heard, "\r\n\r\nat last");
    assert_non_null(strstr(strbuf_text(&heard), "HTTP/1.1 202 "));
    say(fd, "GET /echo HTTP/1.1\r\n" HOST "\r\n"); /* and the connection goes on */
    wait_for("echo 1 /echo /echo - - 127.0.0.1 0|echo");
    close(fd);
    strbuf_release(&heard);
}

static void who_waits_too_long_is_told(void **state)
{
    struct strbuf heard = STRBUF_INIT(65536);
    int fd = client();

    (void)state;
    say(fd, "GET /hold HTTP/1.1\r\n" LAST "\r\n");
    hear(fd, &heard, NULL);
    assert_non_null(strstr(strbuf_text(&heard), "HTTP/1.1 503 "));
    close(fd);
    web_answer_text(held[0], 200, "too late");
    strbuf_release(&heard);
}

/* The answer comes when the 503 is on its way. */
static void both_answers_may_meet(void **state)
{
    struct strbuf heard = STRBUF_INIT(65536);
    int fd = client();

    (void)state;
    say(fd, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    wait_for("held|");
    web_close(web);
    web_answer_text(held[0], 200, "too late");
    web = NULL;
    hear(fd, &heard, NULL);
    assert_non_null(strstr(strbuf_text(&heard), "HTTP/1.1 503 "));
    close(fd);
    strbuf_release(&heard);
}

static void who_has_left_is_not_answered(void **state)
{
    int fd = client();

    (void)state;
    say(fd, "GET /hold HTTP/1.1\r\n" LAST "\r\n");
    wait_for("held|");
    close(fd);
    turn();
    web_answer_text(held[0], 200, "nobody hears");
    expect("GET /echo HTTP/1.1\r\n" LAST "\r\n", "HTTP/1.1 200 ");
}

static void at_the_end_all_are_told(void **state)
{
    struct strbuf heard = STRBUF_INIT(65536);
    int idle = client(), fd[2] = { client(), client() };

    (void)state;
    for (int i = 0; i < 2; i++)
        say(fd[i], "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    wait_for("held|held|");
    end();
    for (int i = 0; i < 2; i++) {
        strbuf_reset(&heard);
        hear(fd[i], &heard, NULL);
        assert_non_null(strstr(strbuf_text(&heard), "HTTP/1.1 503 "));
        web_answer_text(held[i], 200, "after all");
        close(fd[i]);
    }
    close(idle);
    strbuf_release(&heard);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
#define HASTY(function) cmocka_unit_test_setup_teardown(function, setup_hasty, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_route_gets_the_request),
        TEST(the_longest_route_has_it),
        TEST(what_is_not_served_is_refused_unasked),
        TEST(head_is_get_without_the_body),
        TEST(one_connection_asks_again),
        TEST(bodies_are_bounded),
        TEST(headers_are_bounded),
        TEST(who_announces_too_much_is_told_at_once),
        TEST(an_endless_body_is_cut),
        HASTY(the_deadline_is_for_the_whole_request),
        HASTY(who_says_nothing_is_cut),
        TEST(an_answer_may_come_later),
        HASTY(who_waits_too_long_is_told),
        TEST(both_answers_may_meet),
        TEST(who_has_left_is_not_answered),
        TEST(at_the_end_all_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
