#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bridge/conn.h>
#include <bridge/strbuf.h>

#include "resolver.h"
#include "tls_server.h"

/* ---- names ---- */

static pthread_mutex_t resolver_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t resolver_changed = PTHREAD_COND_INITIALIZER;
static bool resolver_stuck;
static unsigned lookups;

static struct addrinfo *make_info(const char *text, struct addrinfo *next)
{
    struct node {
        struct addrinfo info;
        struct sockaddr_in6 address;
    } *node = calloc(1, sizeof *node);
    struct sockaddr_in *v4 = (struct sockaddr_in *)&node->address;

    node->info.ai_addr = (struct sockaddr *)&node->address;
    node->info.ai_next = next;
    node->info.ai_socktype = SOCK_STREAM;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        node->info.ai_family = v4->sin_family = AF_INET;
        node->info.ai_addrlen = sizeof *v4;
    } else {
        assert(inet_pton(AF_INET6, text, &node->address.sin6_addr) == 1);
        node->info.ai_family = node->address.sin6_family = AF_INET6;
        node->info.ai_addrlen = sizeof node->address;
    }
    return &node->info;
}

/* In place of libc's: what a name means is decided here. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    static const struct {
        const char *name;
        int error;
        const char *addresses[5];
    } names[] = {
        { "missing.test", EAI_NONAME, { NULL } },
        { "mute-dns.test", EAI_AGAIN, { NULL } },
        { "refused-first.test", 0, { "127.0.0.2", "127.0.0.1" } },
        { "silent-first.test", 0, { "127.0.0.3", "127.0.0.1" } },
        { "all-refused.test", 0, { "127.0.0.4", "127.0.0.5", "127.0.0.6", "::1" } },
        { "silent.test", 0, { "127.0.0.3" } }, /* see struct silence */
        { "inside.test", 0, { "127.0.0.1", "::1", "10.0.0.1", "fe80::1" } },
    };

    (void)service;
    (void)hints;
    pthread_mutex_lock(&resolver_lock);
    lookups++;
    while (resolver_stuck && !strcmp(host, "stuck.test"))
        pthread_cond_wait(&resolver_changed, &resolver_lock);
    pthread_mutex_unlock(&resolver_lock);

    *result = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(host, names[i].name) != 0)
            continue;
        for (int a = 4; a >= 0; a--) {
            if (names[i].addresses[a])
                *result = make_info(names[i].addresses[a], *result);
        }
        return names[i].error;
    }
    *result = make_info("127.0.0.1", NULL);
    return 0;
}

static void set_resolver_stuck(bool stuck)
{
    pthread_mutex_lock(&resolver_lock);
    resolver_stuck = stuck;
    lookups = 0;
    pthread_cond_broadcast(&resolver_changed);
    pthread_mutex_unlock(&resolver_lock);
}

/* ---- the client ---- */

static uv_loop_t loop;
static uv_timer_t watchdog;
static char directory[] = "/tmp/test_conn.XXXXXX";
static char ca_file[64], client_file[64], client_key[64], other_key[64];
static struct cert authority, good, expired, future, other_name, by_address, self_signed;
static struct cert client;

struct client {
    struct conn *conn;
    struct conn_options options;
    struct conn_events events;
    struct strbuf log; /* callbacks: Connected, data (of a run, the first), Drained, Eof, X */
    struct strbuf got;
    bool failed;
    struct bridge_error why;
    bool in_call; /* no callback may come now */
    void (*act)(struct client *client, char event);
    struct server *server;
    size_t sent;
};

static void on_event(struct client *c, char event)
{
    assert_false(c->in_call);
    if (event != 'd' || !c->log.len || c->log.data[c->log.len - 1] != 'd')
        strbuf_addch(&c->log, event);
    if (c->act)
        c->act(c, event);
}

static void on_connected(void *arg)
{
    on_event(arg, 'C');
}

static void on_data(void *arg, const char *data, size_t len)
{
    struct client *c = arg;

    strbuf_add(&c->got, data, len);
    on_event(c, 'd');
}

static void on_drained(void *arg)
{
    on_event(arg, 'D');
}

static void on_eof(void *arg)
{
    on_event(arg, 'E');
}

static void on_closed(void *arg, const struct bridge_error *why)
{
    struct client *c = arg;

    c->failed = why != NULL;
    if (why)
        c->why = *why;
    c->conn = NULL;
    on_event(c, 'X');
}

static void client_init(struct client *c, const char *host, uint16_t port)
{
    *c = (struct client){
        .options = { .host = host, .port = port, .ca_file = ca_file },
        .events = { on_connected, on_data, on_drained, on_eof, on_closed },
        .log = STRBUF_INIT(1024),
        .got = STRBUF_INIT(64 * 1024 * 1024),
    };
}

static void client_open(struct client *c)
{
    struct bridge_error err;

    c->in_call = true;
    c->conn = conn_open(&loop, &c->options, &c->events, c, &err);
    c->in_call = false;
    if (!c->conn)
        fail_msg("conn_open: %s", err.text);
}

static void client_release(struct client *c)
{
    strbuf_release(&c->log);
    strbuf_release(&c->got);
}

static const struct cert *const plain_and_tls[] = { NULL, &good };

static void set_up(struct client *c, struct server *server)
{
    server_start(server);
    client_init(c, "good.test", server->port);
    c->options.tls = server->cert ? CONN_TLS_ON : CONN_TLS_OFF;
    c->server = server;
}

/* Until nothing keeps the loop alive: which is itself a promise of conn. */
static void run(void)
{
    uv_run(&loop, UV_RUN_DEFAULT);
}

static void assert_log(const struct client *c, const char *expected)
{
    if (strcmp(strbuf_text(&c->log), expected) != 0 && c->failed)
        print_message("failed: %s\n", c->why.text);
    assert_string_equal(strbuf_text(&c->log), expected);
}

static void assert_failed(const struct client *c, enum bridge_code code, const char *words)
{
    assert_true(c->failed);
    if (!strstr(c->why.text, words))
        fail_msg("expected '%s' in '%s'", words, c->why.text);
    if (c->why.code != code)
        fail_msg("code %d, not %d, with '%s'", c->why.code, code, c->why.text);
}

static void assert_not_failed(const struct client *c)
{
    if (c->failed)
        fail_msg("failed: %s", c->why.text);
}

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    fputs("the test hangs\n", stderr);
    abort();
}

static int loop_setup(void **state)
{
    (void)state;
    uv_loop_init(&loop);
    uv_timer_init(&loop, &watchdog);
    uv_timer_start(&watchdog, on_watchdog, 60000, 0);
    uv_unref((uv_handle_t *)&watchdog);
    return 0;
}

static int loop_teardown(void **state)
{
    (void)state;
    uv_close((uv_handle_t *)&watchdog, NULL);
    run();
    return uv_loop_close(&loop); /* not 0: something was left behind */
}

/* ---- what servers do ---- */

static void echo(struct server *server, struct peer *peer)
{
    char piece[10000];
    unsigned seed = 1;
    long n;

    (void)server;
    while ((n = peer_read(peer, piece, (size_t)rand_r(&seed) % sizeof piece + 1)) > 0) {
        for (long at = 0; at < n;) {
            size_t some = (size_t)rand_r(&seed) % (size_t)(n - at) + 1;
            peer_write(peer, piece + at, some);
            at += (long)some;
        }
    }
}

static void read_all(struct server *server, struct peer *peer)
{
    peer_read_all(peer, &server->got);
}

static void say_hello_and_read(struct server *server, struct peer *peer)
{
    peer_write(peer, "hello", 5);
    peer_read_all(peer, &server->got);
}

static void finish_and_read(struct server *server, struct peer *peer)
{
    peer_write(peer, "last", 4);
    peer_finish(peer);
    peer_read_all(peer, &server->got);
}

static void wait_then_read(struct server *server, struct peer *peer)
{
    server_await(server);
    peer_read_all(peer, &server->got);
}

/* ---- what clients do ---- */

static void close_on_data(struct client *c, char event)
{
    if (event == 'd')
        conn_close(c->conn);
}

static void close_on_connected(struct client *c, char event)
{
    if (event == 'C')
        conn_close(c->conn);
}

/* ---- tests ---- */

enum { MEGABYTE = 1024 * 1024 };

static unsigned char pattern(size_t i)
{
    return (unsigned char)(i * 2654435761u >> 13);
}

static void send_random_pieces(struct client *c, char event)
{
    static unsigned seed = 7;
    char piece[30000];

    if (event == 'd' && c->got.len == MEGABYTE)
        conn_close(c->conn);
    while ((event == 'C' || event == 'D') && c->sent < MEGABYTE && !conn_full(c->conn)) {
        size_t n = (size_t)rand_r(&seed) % sizeof piece + 1;
        n = n < MEGABYTE - c->sent ? n : MEGABYTE - c->sent;
        for (size_t i = 0; i < n; i++)
            piece[i] = (char)pattern(c->sent + i);
        c->in_call = true;
        conn_write(c->conn, piece, n);
        c->in_call = false;
        c->sent += n;
    }
}

static void a_megabyte_comes_back_intact(const struct cert *cert)
{
    struct server server = { .serve = echo, .cert = cert };
    struct client c;

    server_start(&server);
    client_init(&c, "good.test", server.port);
    c.options.tls = cert ? CONN_TLS_ON : CONN_TLS_OFF;
    c.options.high = 100000;
    c.options.low = 10000;
    c.act = send_random_pieces;
    client_open(&c);
    run();
    server_join(&server);
    assert_not_failed(&c);
    assert_int_equal(c.got.len, MEGABYTE);
    for (size_t i = 0; i < MEGABYTE; i++) {
        if ((unsigned char)c.got.data[i] != pattern(i))
            fail_msg("byte %zu differs", i);
    }
    assert_int_equal(server.last.end, cert ? PEER_GOODBYE : PEER_FIN);
    server_release(&server);
    client_release(&c);
}

static void a_megabyte_comes_back_intact_in_plain_text(void **state)
{
    (void)state;
    a_megabyte_comes_back_intact(NULL);
}

static void a_megabyte_comes_back_intact_through_tls(void **state)
{
    (void)state;
    a_megabyte_comes_back_intact(&good);
}

static void finish_after_30000_bytes(struct server *server, struct peer *peer)
{
    char piece[4096];
    long n;

    while (server->got.len < 30000 && (n = peer_read(peer, piece, sizeof piece)) > 0)
        strbuf_add(&server->got, piece, (size_t)n);
    peer_finish(peer);
    peer_read_all(peer, &server->got);
}

static void what_is_written_too_early_waits_for_the_connection(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server server = { .serve = finish_after_30000_bytes, .cert = plain_and_tls[i] };
        struct client c;

        set_up(&c, &server);
        c.events.on_eof = NULL;
        client_open(&c);
        for (int n = 0; n < 3000; n++)
            conn_write(c.conn, "0123456789", 10);
        assert_int_equal(conn_queued(c.conn), 30000);
        run();
        server_join(&server);
        assert_log(&c, "CX");
        assert_not_failed(&c);
        assert_int_equal(server.got.len, 30000);
        server_release(&server);
        client_release(&c);
    }
}

static void read_once(struct server *server, struct peer *peer)
{
    char piece[4096];
    long n = peer_read(peer, piece, sizeof piece);

    strbuf_addf(&server->got, "%ld", n);
    peer_read_all(peer, &(struct strbuf)STRBUF_INIT(0));
}

static void write_many_and_close(struct client *c, char event)
{
    if (event != 'C')
        return;
    for (int i = 0; i < 900; i++)
        conn_write(c->conn, "x", 1);
    conn_close(c->conn);
}

static void gathers_small_writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server server = { .serve = read_once, .cert = plain_and_tls[i] };
        struct client c;

        set_up(&c, &server);
        c.act = write_many_and_close;
        client_open(&c);
        run();
        server_join(&server);
        assert_log(&c, "CX");
        assert_string_equal(strbuf_text(&server.got), "900");
        server_release(&server);
        client_release(&c);
    }
}

static void tells_the_addresses_of_both_ends(struct client *c, char event)
{
    if (event != 'C')
        return;
    strbuf_addf(&c->got, "%s %d", conn_peer_address(c->conn), conn_local_port(c->conn) > 0);
    conn_close(c->conn);
}

static void connects_from_the_address_it_is_told(void **state)
{
    struct server server = { .serve = read_all };
    struct client c;

    (void)state;
    server_start(&server);
    client_init(&c, "127.0.0.1", server.port);
    c.options.bind_address = "127.0.0.9";
    c.act = tells_the_addresses_of_both_ends;
    client_open(&c);
    assert_string_equal(conn_peer_address(c.conn), "");
    run();
    server_join(&server);
    assert_log(&c, "CX");
    assert_string_equal(strbuf_text(&c.got), "127.0.0.1 1");
    assert_string_equal(server.last.source, "127.0.0.9");
    server_release(&server);
    client_release(&c);
}

/* ---- options ---- */

static void refuses_options_that_make_no_sense(void **state)
{
    static const struct {
        struct conn_options options;
        const char *words;
    } cases[] = {
        { { .port = 1 }, "a host and a port" },
        { { .host = "", .port = 1 }, "a host and a port" },
        { { .host = "a.test" }, "a host and a port" },
        { { .host = "a.test", .port = 1, .bind_address = "b.test" },
          "'b.test' is not a numeric" },
        { { .host = "a.test", .port = 1, .fingerprint = "00" }, "without TLS" },
        { { .host = "a.test", .port = 1, .tls = CONN_TLS_ON, .fingerprint = "00:1" },
          "64 hexadecimal digits, unlike '00:1'" },
        { { .host = "a.test", .port = 1, .tls = CONN_TLS_ON, .ca_file = "/nonexistent" },
          "cannot read the CA file /nonexistent: No such file" },
        { { .host = "a.test", .port = 1, .tls = CONN_TLS_ON, .ca_file = client_key },
          "cannot use the CA file" },
        { { .host = "a.test", .port = 1, .tls = CONN_TLS_ON, .cert_file = "/nonexistent" },
          "cannot read the certificate /nonexistent" },
        { { .host = "a.test", .port = 1, .tls = CONN_TLS_ON, .cert_file = client_key },
          "cannot use the certificate" },
        { { .host = "a.test", .port = 1, .tls = CONN_TLS_ON, .cert_file = client_file },
          "cannot use the key" },
        { { .host = "a.test", .port = 1, .tls = CONN_TLS_ON, .cert_file = client_file,
            .key_file = other_key },
          "cannot use the key" },
        { { .host = "a.test", .port = 1, .tls = CONN_TLS_ON, .tls_name = "" },
          "no name for a TLS server" },
    };
    static const struct conn_events none;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bridge_error err = { 0 };
        if (conn_open(&loop, &cases[i].options, &none, NULL, &err))
            fail_msg("accepted: %s", cases[i].words);
        if (!strstr(err.text, cases[i].words))
            fail_msg("expected '%s' in '%s'", cases[i].words, err.text);
        assert_int_equal(err.code, BRIDGE_INVALID);
    }
}

/* ---- names and addresses ---- */

#define LONG_PART "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
#define LONG_NAME LONG_PART LONG_PART LONG_PART LONG_PART LONG_PART LONG_PART

static void says_why_a_name_cannot_be_used(void **state)
{
    static const struct {
        const char *host;
        enum bridge_code code;
        const char *words;
    } cases[] = {
        { "missing.test", BRIDGE_NO_HOST, "there is no host named missing.test" },
        { LONG_NAME, BRIDGE_NO_HOST, "there is no host named aaaa" },
        { "mute-dns.test", BRIDGE_RETRY, "no name server answers for mute-dns.test" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct client c;
        client_init(&c, cases[i].host, 1);
        client_open(&c);
        run();
        assert_log(&c, "X");
        assert_failed(&c, cases[i].code, cases[i].words);
        client_release(&c);
    }
}

static void release_resolver_once_two_are_closed(struct client *c, char event)
{
    static unsigned closed;

    (void)c;
    if (event == 'X' && ++closed == 2)
        set_resolver_stuck(false);
}

static void a_resolver_that_never_answers_costs_the_deadline(void **state)
{
    struct client c[2];

    (void)state;
    set_resolver_stuck(true);
    for (size_t i = 0; i < 2; i++) {
        client_init(&c[i], "stuck.test", 1);
        c[i].options.resolve_timeout = 30;
        c[i].act = release_resolver_once_two_are_closed;
        client_open(&c[i]);
    }
    run();
    for (size_t i = 0; i < 2; i++) {
        assert_log(&c[i], "X");
        assert_failed(&c[i], BRIDGE_RETRY,
                      "no name server has answered for stuck.test in 0.03 s");
        client_release(&c[i]);
    }
}

static void those_who_ask_for_one_name_share_the_lookup(void **state)
{
    struct server server = { .serve = read_all, .connections = 20 };
    struct client c[20];

    (void)state;
    server_start(&server);
    set_resolver_stuck(false);
    for (size_t i = 0; i < 20; i++) {
        client_init(&c[i], "shared.test", server.port);
        c[i].act = close_on_connected;
        client_open(&c[i]);
    }
    run();
    server_join(&server);
    for (size_t i = 0; i < 20; i++) {
        assert_log(&c[i], "CX");
        assert_not_failed(&c[i]);
        client_release(&c[i]);
    }
    assert_int_equal(lookups, 1);
    server_release(&server);
}

static void numeric_addresses_ask_nobody(void **state)
{
    struct client c;

    (void)state;
    set_resolver_stuck(false);
    client_init(&c, "127.0.0.1", 1);
    client_open(&c);
    run();
    assert_log(&c, "X");
    assert_failed(&c, BRIDGE_RETRY,
                  "cannot connect to 127.0.0.1 port 1 (127.0.0.1: connection refused)");
    assert_int_equal(lookups, 0);
    client_release(&c);
}

/* Listens where nobody accepts, with a full backlog: what knocks there hears
 * nothing, as from an address that no packet reaches. */
struct silence {
    int fds[3];
    uint16_t port;
};

static void silence_make(struct silence *s, uint16_t port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
    socklen_t size = sizeof at;

    inet_pton(AF_INET, "127.0.0.3", &at.sin_addr);
    s->fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->fds[0], (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(s->fds[0], 0), 0);
    getsockname(s->fds[0], (struct sockaddr *)&at, &size);
    s->port = ntohs(at.sin_port);
    for (int i = 1; i < 3; i++) {
        s->fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(s->fds[i], (struct sockaddr *)&at, size);
    }
}

static void silence_end(struct silence *s)
{
    for (int i = 0; i < 3; i++)
        close(s->fds[i]);
}

static void goes_on_to_the_next_address(const char *host)
{
    struct server server = { .serve = say_hello_and_read };
    struct silence silence;
    struct client c;

    server_start(&server);
    silence_make(&silence, server.port);
    client_init(&c, host, server.port);
    c.act = close_on_data;
    client_open(&c);
    run();
    server_join(&server);
    silence_end(&silence);
    assert_log(&c, "CdX");
    assert_not_failed(&c);
    server_release(&server);
    client_release(&c);
}

static void goes_on_when_the_first_address_refuses(void **state)
{
    (void)state;
    goes_on_to_the_next_address("refused-first.test");
}

static void goes_on_when_the_first_address_is_silent(void **state)
{
    (void)state;
    goes_on_to_the_next_address("silent-first.test");
}

static void tries_families_in_turn_and_tells_what_each_address_said(void **state)
{
    struct client c;

    (void)state;
    client_init(&c, "all-refused.test", 1);
    client_open(&c);
    run();
    assert_log(&c, "X");
    assert_failed(&c, BRIDGE_RETRY,
                  "(127.0.0.4: connection refused; ::1: connection refused; "
                  "127.0.0.5: connection refused; 127.0.0.6: connection refused)");
    client_release(&c);
}

static void tells_public_addresses_from_others(void **state)
{
    static const struct {
        const char *address;
        bool is_public;
    } cases[] = {
        { "8.8.8.8", true },
        { "0.0.0.0", false },
        { "9.255.255.255", true },
        { "10.0.0.1", false },
        { "11.0.0.0", true },
        { "100.63.255.255", true },
        { "100.64.0.1", false },
        { "100.127.255.255", false },
        { "100.128.0.0", true },
        { "127.0.0.1", false },
        { "127.255.255.254", false },
        { "169.254.169.254", false },
        { "172.15.255.255", true },
        { "172.16.0.1", false },
        { "172.31.255.255", false },
        { "172.32.0.0", true },
        { "192.0.0.1", false },
        { "192.0.2.1", false },
        { "192.167.1.1", true },
        { "192.168.1.1", false },
        { "198.17.0.1", true },
        { "198.19.0.1", false },
        { "198.51.100.1", false },
        { "203.0.113.1", false },
        { "223.255.255.255", true },
        { "224.0.0.1", false },
        { "240.0.0.1", false },
        { "255.255.255.255", false },
        { "2a00:1450::1", true },
        { "2001:200::1", true },
        { "2001:0:1::1", false },
        { "2001:db8::1", false },
        { "2002:7f00:1::1", false },
        { "3fff::1", false },
        { "3ffe::1", true },
        { "::", false },
        { "::1", false },
        { "::127.0.0.1", false },
        { "::ffff:127.0.0.1", false },
        { "::ffff:8.8.8.8", true },
        { "64:ff9b::10.0.0.1", false },
        { "64:ff9b::8.8.8.8", true },
        { "64:ff9b:1::8.8.8.8", false },
        { "fc00::1", false },
        { "fd12:3456::1", false },
        { "fe80::1", false },
        { "fec0::1", false },
        { "ff02::1", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        union net_address address;
        assert_true(resolver_numeric(cases[i].address, &address));
        if (net_address_is_public(&address) != cases[i].is_public)
            fail_msg("%s", cases[i].address);
    }
}

static void a_name_of_the_inside_is_refused_to_those_who_may_not_reach_it(void **state)
{
    static const char *const hosts[] = { "inside.test", "127.0.0.1", "::ffff:127.0.0.1" };

    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct client c;
        client_init(&c, hosts[i], 1);
        c.options.public_only = true;
        client_open(&c);
        run();
        assert_log(&c, "X");
        assert_failed(&c, BRIDGE_FORBIDDEN,
                      " is in a private network, which only the admin can allow");
        client_release(&c);
    }
}

static void gives_up_on_a_silent_address_at_the_deadline(void **state)
{
    struct silence silence;
    struct client c;

    (void)state;
    silence_make(&silence, 0);
    client_init(&c, "127.0.0.3", silence.port); /* no other deadline came before */
    c.options.connect_timeout = 50;
    client_open(&c);
    run();
    silence_end(&silence);
    assert_log(&c, "X");
    assert_failed(&c, BRIDGE_RETRY, "has not answered in 0.05 s");
    client_release(&c);
}

/* ---- the end of a connection ---- */

static void write_on_eof_and_close(struct client *c, char event)
{
    if (event != 'E')
        return;
    conn_write(c->conn, "after", 5);
    conn_close(c->conn);
}

static void can_write_after_the_peers_last_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server server = { .serve = finish_and_read, .cert = plain_and_tls[i] };
        struct client c;

        set_up(&c, &server);
        c.act = write_on_eof_and_close;
        client_open(&c);
        run();
        server_join(&server);
        assert_log(&c, "CdEX");
        assert_not_failed(&c);
        assert_string_equal(strbuf_text(&c.got), "last");
        assert_string_equal(strbuf_text(&server.got), "after");
        assert_int_equal(server.last.end, plain_and_tls[i] ? PEER_GOODBYE : PEER_FIN);
        server_release(&server);
        client_release(&c);
    }
}

static void write_on_data(struct client *c, char event)
{
    if (event == 'd')
        conn_write(c->conn, "answer", 6);
}

static void closes_by_itself_when_nobody_cares_for_the_peers_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server server = { .serve = finish_and_read, .cert = plain_and_tls[i] };
        struct client c;

        set_up(&c, &server);
        c.events.on_eof = NULL;
        c.act = write_on_data;
        client_open(&c);
        run();
        server_join(&server);
        assert_log(&c, "CdX");
        assert_not_failed(&c);
        assert_string_equal(strbuf_text(&server.got), "answer");
        server_release(&server);
        client_release(&c);
    }
}

static void reset(struct server *server, struct peer *peer)
{
    char byte;

    (void)server;
    peer_read(peer, &byte, 1);
    peer_reset(peer);
}

static void write_on_connected(struct client *c, char event)
{
    if (event == 'C')
        conn_write(c->conn, "x", 1);
}

static void says_that_the_peer_cut_the_connection(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server server = { .serve = reset, .cert = plain_and_tls[i] };
        struct client c;

        set_up(&c, &server);
        c.act = write_on_connected;
        client_open(&c);
        run();
        server_join(&server);
        assert_log(&c, "CX");
        assert_failed(&c, BRIDGE_RETRY, "the server has cut the connection");
        server_release(&server);
        client_release(&c);
    }
}

/* The words, FIN, and, because the client's bytes are not read, RST: the
 * client's next write fails while the words still wait to be read. */
static void throw_out(struct server *server, struct peer *peer)
{
    char byte;

    recv(peer->fd, &byte, 1, MSG_PEEK);
    peer_write(peer, "banned", 6);
    peer_finish(peer);
    close(peer->fd);
    peer->fd = -1;
    server_tell(server);
}

static void on_thrown_out(uv_timer_t *timer)
{
    struct client *c = timer->data;

    server_await(c->server);
    conn_write(c->conn, "y", 1);
    conn_resume(c->conn);
    uv_close((uv_handle_t *)timer, NULL);
}

static void pause_until_thrown_out(struct client *c, char event)
{
    static uv_timer_t timer;

    if (event != 'C')
        return;
    conn_pause(c->conn);
    conn_write(c->conn, "x", 1);
    uv_timer_init(&loop, &timer);
    timer.data = c;
    uv_timer_start(&timer, on_thrown_out, 1, 0); /* a turn later: the x is on its way */
}

static void hears_the_last_words_of_a_server_that_throws_us_out(void **state)
{
    struct server server = { .serve = throw_out };
    struct client c;

    (void)state;
    set_up(&c, &server);
    c.act = pause_until_thrown_out;
    client_open(&c);
    run();
    server_join(&server);
    assert_log(&c, "CdX");
    assert_string_equal(strbuf_text(&c.got), "banned");
    assert_failed(&c, BRIDGE_RETRY, "the server has cut the connection");
    server_release(&server);
    client_release(&c);
}

static void abort_on_data(struct client *c, char event)
{
    if (event != 'd')
        return;
    conn_write(c->conn, "never", 5);
    conn_abort(c->conn);
    conn_abort(c->conn);
    conn_close(c->conn);
    conn_write(c->conn, "never", 5);
    conn_resume(c->conn);
}

static void an_abort_is_not_mistaken_for_the_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server server = { .serve = say_hello_and_read, .cert = plain_and_tls[i] };
        struct client c;

        set_up(&c, &server);
        c.act = abort_on_data;
        client_open(&c);
        run();
        server_join(&server);
        assert_log(&c, "CdX");
        assert_not_failed(&c);
        assert_int_equal(server.last.end, PEER_RESET);
        assert_int_equal(server.got.len, 0);
        server_release(&server);
        client_release(&c);
    }
}

static void flood_and_close(struct client *c, char event)
{
    static char flood[32 * MEGABYTE];

    if (event != 'C')
        return;
    conn_write(c->conn, flood, sizeof flood);
    conn_close(c->conn);
    conn_close(c->conn);
}

static void tell_on_closed(struct client *c, char event)
{
    flood_and_close(c, event);
    if (event == 'X')
        server_tell(c->server);
}

static void closing_waits_for_a_slow_peer(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server server = { .serve = read_all, .cert = plain_and_tls[i] };
        struct client c;

        set_up(&c, &server);
        c.options.close_timeout = 30000;
        c.act = flood_and_close;
        client_open(&c);
        run();
        server_join(&server);
        assert_log(&c, "CX");
        assert_not_failed(&c);
        assert_int_equal(server.got.len, 32 * MEGABYTE);
        assert_int_equal(server.last.end, plain_and_tls[i] ? PEER_GOODBYE : PEER_FIN);
        server_release(&server);
        client_release(&c);
    }
}

static void closing_does_not_wait_for_ever(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server server = { .serve = wait_then_read, .cert = plain_and_tls[i] };
        struct client c;

        set_up(&c, &server);
        c.options.close_timeout = 50;
        c.act = tell_on_closed;
        client_open(&c);
        run();
        server_join(&server);
        assert_log(&c, "CX");
        assert_failed(&c, BRIDGE_RETRY, "the server did not take the last ");
        assert_int_equal(server.last.end, PEER_RESET); /* and not an orderly end */
        server_release(&server);
        client_release(&c);
    }
}

static void tell_of_the_end(struct client *c, char event)
{
    close_on_connected(c, event);
    if (event == 'X')
        server_tell(c->server);
}

static void a_peer_that_does_not_leave_is_no_failure(void **state)
{
    struct server server = { .serve = wait_then_read };
    struct client c;

    (void)state;
    set_up(&c, &server);
    c.options.close_timeout = 30;
    c.act = tell_of_the_end;
    client_open(&c);
    run();
    server_join(&server);
    assert_log(&c, "CX");
    assert_not_failed(&c);
    server_release(&server);
    client_release(&c);
}

static void fin_without_goodbye(struct server *server, struct peer *peer)
{
    peer_write(peer, "half a line", 11);
    shutdown(peer->fd, SHUT_WR);
    peer_read_all(peer, &server->got);
}

static void a_tls_stream_that_was_cut_does_not_look_whole(void **state)
{
    struct server server = { .serve = fin_without_goodbye, .cert = &good };
    struct client c;

    (void)state;
    set_up(&c, &server);
    client_open(&c);
    run();
    server_join(&server);
    assert_log(&c, "CdX");
    assert_failed(&c, BRIDGE_RETRY, "without the server's TLS goodbye");
    server_release(&server);
    client_release(&c);
}

/* ---- closing anywhere ---- */

static char close_at;
static void (*close_how)(struct conn *);

static void close_at_event(struct client *c, char event)
{
    static char flood[4 * MEGABYTE];

    if (event == 'C' && close_at == 'D')
        conn_write(c->conn, flood, sizeof flood);
    if (event == close_at) {
        c->in_call = true;
        close_how(c->conn);
        c->in_call = false;
        strbuf_addch(&c->log, '!'); /* after this only X */
    } else if (event == 'E') {
        conn_close(c->conn);
    }
}

static void can_be_closed_in_every_callback(void **state)
{
    static const struct {
        char at;
        const char *log;
    } cases[] = { { 'C', "C!X" }, { 'd', "Cd!X" }, { 'D', "C*D!X" }, { 'E', "CdE!X" } };
    static void (*const hows[])(struct conn *) = { conn_close, conn_abort };

    (void)state;
    for (size_t i = 0; i < 16; i++) {
        struct server server = { .serve = finish_and_read, .cert = plain_and_tls[i & 1] };
        struct client c;

        close_how = hows[i >> 1 & 1];
        close_at = cases[i >> 2].at;
        if (close_at == 'D')
            server.serve = read_all;
        set_up(&c, &server);
        c.options.high = MEGABYTE;
        c.act = close_at_event;
        client_open(&c);
        run();
        server_join(&server);
        assert_log(&c, close_at == 'D' ? "CD!X" : cases[i >> 2].log);
        assert_not_failed(&c);
        server_release(&server);
        client_release(&c);
    }
}

static void on_close_now(uv_timer_t *timer)
{
    struct client *c = timer->data;

    close_how(c->conn);
    set_resolver_stuck(false);
    server_tell(c->server);
    uv_close((uv_handle_t *)timer, NULL);
}

static void can_be_closed_in_every_phase_of_opening(void **state)
{
    static const char *const hosts[] = { "stuck.test", "silent.test", "mute.test" };
    static void (*const hows[])(struct conn *) = { conn_close, conn_abort };

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct server server = { .serve = wait_then_read };
        struct silence silence;
        struct client c;
        uv_timer_t timer;

        close_how = hows[i & 1];
        set_up(&c, &server);
        silence_make(&silence, server.port);
        set_resolver_stuck(true);
        c.options.host = hosts[i / 2];
        c.options.tls = CONN_TLS_ON;
        client_open(&c);
        conn_write(c.conn, "never", 5);
        uv_timer_init(&loop, &timer);
        timer.data = &c;
        uv_timer_start(&timer, on_close_now, 20, 0);
        run();
        server_join(&server);
        silence_end(&silence);
        assert_log(&c, "X");
        assert_not_failed(&c);
        server_release(&server);
        client_release(&c);
    }
}

static void can_be_closed_before_the_loop_runs(void **state)
{
    static void (*const hows[])(struct conn *) = { conn_close, conn_abort };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct client c;

        client_init(&c, "good.test", 1);
        client_open(&c);
        c.in_call = true;
        hows[i](c.conn);
        c.in_call = false;
        run();
        assert_log(&c, "X");
        assert_not_failed(&c);
        client_release(&c);
    }
}

/* ---- back-pressure ---- */

static void flood_then_let_the_server_read(struct client *c, char event)
{
    static char flood[16 * MEGABYTE];

    if (event == 'C') {
        c->in_call = true;
        assert_false(conn_full(c->conn));
        conn_write(c->conn, flood, sizeof flood);
        assert_true(conn_full(c->conn));
        assert_int_equal(conn_queued(c->conn), sizeof flood);
        server_tell(c->server);
        c->in_call = false;
    }
    if (event == 'D') {
        assert_false(conn_full(c->conn));
        assert_in_range(conn_queued(c->conn), 0, 100000);
        conn_close(c->conn);
    }
}

static void tells_once_when_a_slow_peer_has_caught_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server server = { .serve = wait_then_read, .cert = plain_and_tls[i] };
        struct client c;

        set_up(&c, &server);
        c.options.high = MEGABYTE;
        c.options.low = 100000;
        c.options.close_timeout = 30000;
        c.act = flood_then_let_the_server_read;
        client_open(&c);
        run();
        server_join(&server);
        assert_log(&c, "CDX");
        assert_not_failed(&c);
        assert_int_equal(server.got.len, 16 * MEGABYTE);
        server_release(&server);
        client_release(&c);
    }
}

/* The answer to a key update is made by reading, in the middle of what waits to
 * be written. */
static void update_keys_and_read(struct server *server, struct peer *peer)
{
    char piece[100000];

    for (int i = 0; i < 50; i++) {
        SSL_key_update(peer->ssl, SSL_KEY_UPDATE_REQUESTED);
        peer_write(peer, "new", 3);
        strbuf_add(&server->got, piece, (size_t)peer_read(peer, piece, sizeof piece));
    }
    peer_read_all(peer, &server->got);
}

static void flood_until_drained(struct client *c, char event)
{
    static char flood[16 * MEGABYTE];

    if (event == 'C')
        conn_write(c->conn, flood, sizeof flood);
    if (event == 'D')
        conn_close(c->conn);
}

static void goes_on_sending_when_the_peer_changes_keys(void **state)
{
    struct server server = { .serve = update_keys_and_read, .cert = &good };
    struct client c;

    (void)state;
    set_up(&c, &server);
    c.options.high = MEGABYTE;
    c.options.low = 1;
    c.options.close_timeout = 30000;
    c.act = flood_until_drained;
    client_open(&c);
    run();
    server_join(&server);
    assert_not_failed(&c);
    assert_int_equal(server.got.len, 16 * MEGABYTE);
    server_release(&server);
    client_release(&c);
}

static void flood_past_the_limit(struct client *c, char event)
{
    static char flood[MEGABYTE];

    if (event == 'X')
        server_tell(c->server);
    if (event != 'C')
        return;
    c->in_call = true;
    conn_write(c->conn, flood, sizeof flood);
    assert_int_equal(conn_queued(c->conn), sizeof flood);
    conn_write(c->conn, "x", 1);
    assert_int_equal(conn_queued(c->conn), 0);
    conn_write(c->conn, "x", 1);
    c->in_call = false;
}

static void fails_past_the_limit(void **state)
{
    struct server server = { .serve = wait_then_read };
    struct client c;

    (void)state;
    set_up(&c, &server);
    c.options.limit = MEGABYTE;
    c.act = flood_past_the_limit;
    client_open(&c);
    run();
    server_join(&server);
    assert_log(&c, "CX");
    assert_failed(&c, BRIDGE_BUSY, "the server takes our data too slowly: 1048576 bytes wait");
    assert_int_equal(server.last.end, PEER_RESET);
    server_release(&server);
    client_release(&c);
}

/* ---- pausing ---- */

struct pausing {
    struct client client;
    uv_timer_t timer;
    bool paused;
};

static void on_resume(uv_timer_t *timer)
{
    struct pausing *p = timer->data;

    p->paused = false;
    if (p->client.conn)
        conn_resume(p->client.conn);
}

static void pause_after_every_piece(struct client *c, char event)
{
    struct pausing *p = (struct pausing *)c;

    if (event == 'd') {
        assert_false(p->paused);
        p->paused = true;
        conn_pause(c->conn);
        uv_timer_start(&p->timer, on_resume, 0, 0);
    }
    if (event == 'E')
        conn_close(c->conn);
    if (event == 'X')
        uv_close((uv_handle_t *)&p->timer, NULL);
}

static void write_two_megabytes(struct server *server, struct peer *peer)
{
    char piece[1000];

    for (size_t at = 0; at < 2 * MEGABYTE; at += sizeof piece) {
        for (size_t i = 0; i < sizeof piece; i++)
            piece[i] = (char)pattern(at + i);
        peer_write(peer, piece, sizeof piece);
    }
    peer_finish(peer);
    peer_read_all(peer, &server->got);
}

static void check_two_megabytes(struct client *c)
{
    server_join(c->server);
    assert_log(c, "CdEX");
    assert_not_failed(c);
    assert_true(c->got.len >= 2 * MEGABYTE);
    for (size_t at = 0; at < c->got.len; at++) {
        if ((unsigned char)c->got.data[at] != pattern(at))
            fail_msg("byte %zu differs", at);
    }
    server_release(c->server);
    client_release(c);
}

/* Two at once: they share the buffer that one of them has left half used. */
static void nothing_comes_while_paused_and_nothing_is_lost(void **state)
{
    struct server servers[2];
    struct pausing p[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (size_t one = 0; one < 2; one++) {
            servers[one] =
                (struct server){ .serve = write_two_megabytes, .cert = plain_and_tls[i] };
            set_up(&p[one].client, &servers[one]);
            p[one].client.act = pause_after_every_piece;
            p[one].paused = false;
            p[one].timer.data = &p[one];
            uv_timer_init(&loop, &p[one].timer);
            client_open(&p[one].client);
        }
        run();
        for (size_t one = 0; one < 2; one++)
            check_two_megabytes(&p[one].client);
    }
}

/* ---- silence ---- */

static void tell_when_closed(struct client *c, char event)
{
    if (event == 'X')
        server_tell(c->server);
}

static void gives_up_on_a_server_that_has_gone_quiet(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server server = { .serve = wait_then_read, .cert = plain_and_tls[i] };
        struct client c;

        set_up(&c, &server);
        c.options.idle_timeout = 40;
        c.act = tell_when_closed;
        client_open(&c);
        run();
        server_join(&server);
        assert_log(&c, "CX");
        assert_failed(&c, BRIDGE_RETRY, "the server has sent nothing for 0.04 s");
        server_release(&server);
        client_release(&c);
    }
}

/* ---- TLS ---- */

static void gives_up_on_a_mute_tls_server(void **state)
{
    struct server server = { .serve = wait_then_read };
    struct client c;

    (void)state;
    set_up(&c, &server);
    c.options.tls = CONN_TLS_ON;
    c.options.tls_timeout = 40;
    c.act = tell_when_closed;
    client_open(&c);
    run();
    server_join(&server);
    assert_log(&c, "X");
    assert_failed(&c, BRIDGE_RETRY, "has not finished the TLS handshake in 0.04 s");
    server_release(&server);
    client_release(&c);
}

static char good_pin[65], self_signed_pin[65], colon_pin[96];

static void accepts_the_right_certificates_and_no_others(void **state)
{
    static const struct {
        const struct cert *cert;
        const char *host;
        const char *name;
        const char *pin;
        bool any;
        const char *sni;   /* that the server must have seen */
        const char *words; /* NULL: it works */
    } cases[] = {
        { &good, "good.test", NULL, NULL, false, "good.test", NULL },
        { &good, "good.test.", NULL, NULL, false, "good.test", NULL },
        { &good, "GOOD.test", NULL, NULL, false, "GOOD.test", NULL },
        { &good, "127.0.0.1", "good.test", NULL, false, "good.test", NULL },
        { &good, "127.0.0.1", NULL, NULL, false, "", "of 127.0.0.1 is for another name" },
        { &by_address, "127.0.0.1", NULL, NULL, false, "", NULL },
        { &by_address, "good.test", NULL, NULL, false, "", "is for another name" },
        { &other_name, "good.test", NULL, NULL, false, "", "of good.test is for another name" },
        { &other_name, "a.b.wild.test", NULL, NULL, false, "", "is for another name" },
        { &other_name, "a.wild.test", NULL, NULL, false, "a.wild.test", NULL },
        { &expired, "good.test", NULL, NULL, false, "", "of good.test has expired" },
        { &future, "good.test", NULL, NULL, false, "", "of good.test is not valid yet" },
        { &self_signed, "good.test", NULL, NULL, false, "", "is signed by nobody but itself" },
        { &self_signed, "good.test", NULL, self_signed_pin, false, "good.test", NULL },
        { &self_signed, "other.test", NULL, colon_pin, false, "other.test", NULL },
        { &good, "good.test", NULL, self_signed_pin, false, "", "not the expected " },
        { &self_signed, "good.test", NULL, good_pin, true, "", "not the expected " },
        { &self_signed, "good.test", NULL, NULL, true, "good.test", NULL },
        { &expired, "other.test", NULL, NULL, true, "other.test", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct server server = { .serve = read_all, .cert = cases[i].cert };
        struct client c;
        char seen[65];

        set_up(&c, &server);
        c.options.host = cases[i].host;
        c.options.tls_name = cases[i].name;
        c.options.fingerprint = cases[i].pin;
        c.options.tls_any_certificate = cases[i].any;
        c.act = close_on_connected;
        client_open(&c);
        run();
        server_join(&server);
        if (!cases[i].words) {
            if (c.failed)
                fail_msg("case %zu: %s", i, c.why.text);
            assert_log(&c, "CX");
            assert_string_equal(server.last.sni, cases[i].sni);
        } else {
            assert_log(&c, "X");
            assert_failed(&c, BRIDGE_REJECTED, cases[i].words);
            cert_fingerprint(cases[i].cert, seen);
            assert_non_null(strstr(c.why.text, seen)); /* for the admin to pin */
            if (cases[i].pin)
                assert_non_null(strstr(c.why.text, cases[i].pin));
        }
        server_release(&server);
        client_release(&c);
    }
}

static void does_not_trust_an_unknown_authority(void **state)
{
    struct server server = { .serve = read_all, .cert = &good };
    struct client c;

    (void)state;
    set_up(&c, &server);
    c.options.ca_file = NULL; /* the system's: they do not know our test */
    client_open(&c);
    run();
    server_join(&server);
    assert_log(&c, "X");
    assert_failed(&c, BRIDGE_REJECTED, "is signed by an authority that is not trusted here");
    server_release(&server);
    client_release(&c);
}

static void sees_that_the_ca_file_has_changed(void **state)
{
    char file[64];

    (void)state;
    snprintf(file, sizeof file, "%s/changing.pem", directory);
    for (size_t i = 0; i < 2; i++) {
        struct server server = { .serve = read_all, .cert = &self_signed };
        struct client c;

        unlink(file);
        cert_save(i ? &self_signed : &authority, file, NULL);
        set_up(&c, &server);
        c.options.ca_file = file;
        c.act = close_on_connected;
        client_open(&c);
        run();
        server_join(&server);
        assert_log(&c, i ? "CX" : "X");
        server_release(&server);
        client_release(&c);
    }
}

static void shows_a_client_certificate_to_servers_that_ask(void **state)
{
    static const struct {
        bool have;
        int version;
        const char *words; /* NULL: it works */
    } cases[] = {
        { true, 0, NULL },
        { true, TLS1_2_VERSION, NULL },
        { false, 0, "the server requires a client certificate" },
        { false, TLS1_2_VERSION, "the server requires a client certificate" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct server server = { .serve = say_hello_and_read, .cert = &good,
                                 .client_ca = &authority, .max_version = cases[i].version };
        struct client c;

        set_up(&c, &server);
        if (cases[i].have) {
            c.options.cert_file = client_file;
            c.options.key_file = client_key;
        }
        c.act = close_on_data;
        client_open(&c);
        run();
        server_join(&server);
        if (cases[i].words) {
            assert_failed(&c, BRIDGE_AUTH, cases[i].words);
        } else {
            assert_log(&c, "CdX");
            assert_not_failed(&c);
            assert_string_equal(server.last.client_cn, "DNS:client.test");
        }
        server_release(&server);
        client_release(&c);
    }
}

static const char *raw_words;
static size_t raw_len;

static void say_raw_words(struct server *server, struct peer *peer)
{
    char hello[4096];

    peer_read(peer, hello, sizeof hello);
    peer_write(peer, raw_words, raw_len);
    peer_finish(peer);
    peer_read_all(peer, &server->got);
}

/* ServerHello of TLS 1.1: ECDHE-RSA-AES128-SHA, no session, no extensions. */
static const char old_hello[] = "\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02"
                                "0123456789abcdef0123456789abcdef"
                                "\x00\xc0\x13\x00";

static void says_what_is_wrong_with_a_server_that_cannot_do_tls(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum bridge_code code;
        const char *words;
    } cases[] = {
#define BYTES(text) (text), sizeof(text) - 1
        { BYTES(":irc.test NOTICE * :\r\n"), BRIDGE_REJECTED,
          "does not speak TLS on this port" },
        { BYTES("HTTP/1.1 400 Bad"), BRIDGE_REJECTED, "does not speak TLS on this port" },
        { BYTES("\r"), BRIDGE_REJECTED, "does not speak TLS on this port" },
        { BYTES(""), BRIDGE_RETRY, "closed the connection in the TLS handshake" },
        { BYTES(old_hello), BRIDGE_REJECTED, "the server has no TLS newer than 1.1" },
        { BYTES("\x15\x03\x01\x00\x02\x02\x46"), BRIDGE_REJECTED,
          "the server has no TLS newer than 1.1" },
        { BYTES("\x15\x03\x03\x00\x02\x02\x28"), BRIDGE_REJECTED,
          "the server shares no way to encrypt with us" },
        { BYTES("\x15\x03\x03\x00\x02\x02\x70"), BRIDGE_REJECTED,
          "the server does not go by this name" },
        { BYTES("\x16\x03\x03\x00\x02garbage"), BRIDGE_RETRY, "TLS" },
#undef BYTES
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct server server = { .serve = say_raw_words };
        struct client c;

        raw_words = cases[i].bytes;
        raw_len = cases[i].len;
        set_up(&c, &server);
        c.options.tls = CONN_TLS_ON;
        client_open(&c);
        conn_write(c.conn, "secret", 6);
        run();
        server_join(&server);
        assert_log(&c, "X");
        assert_failed(&c, cases[i].code, cases[i].words);
        assert_null(strstr(strbuf_text(&server.got), "secret"));
        server_release(&server);
        client_release(&c);
    }
}

static void refuses_a_server_that_has_only_tls_1_1(void **state)
{
    struct server server = { .serve = read_all, .cert = &good, .max_version = TLS1_1_VERSION };
    struct client c;

    (void)state;
    set_up(&c, &server);
    client_open(&c);
    run();
    server_join(&server);
    assert_log(&c, "X");
    assert_failed(&c, BRIDGE_REJECTED, "the server has no TLS newer than 1.1");
    server_release(&server);
    client_release(&c);
}

/* ---- many ---- */

static void hundreds_of_connections_share_one_loop(void **state)
{
    enum { MANY = 200 };
    struct server server = { .serve = say_hello_and_read, .connections = MANY };
    struct client *c = calloc(MANY, sizeof *c);

    (void)state;
    server_start(&server);
    for (size_t i = 0; i < MANY; i++) {
        client_init(&c[i], "good.test", server.port);
        c[i].act = close_on_data;
        client_open(&c[i]);
        conn_write(c[i].conn, "x", 1);
    }
    run();
    server_join(&server);
    for (size_t i = 0; i < MANY; i++) {
        assert_log(&c[i], "CdX");
        assert_not_failed(&c[i]);
        client_release(&c[i]);
    }
    assert_int_equal(server.got.len, MANY);
    server_release(&server);
    free(c);
}

static int group_setup(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", directory);
    snprintf(client_file, sizeof client_file, "%s/client.pem", directory);
    snprintf(client_key, sizeof client_key, "%s/client.key", directory);
    snprintf(other_key, sizeof other_key, "%s/other.key", directory);
    cert_make(&authority, NULL, NULL, -1, 1);
    cert_make(&good, "DNS:good.test", &authority, -1, 1);
    cert_make(&expired, "DNS:good.test", &authority, -3, -1);
    cert_make(&future, "DNS:good.test", &authority, 1, 3);
    cert_make(&other_name, "DNS:other.test,DNS:*.wild.test", &authority, -1, 1);
    cert_make(&by_address, "IP:127.0.0.1", &authority, -1, 1);
    cert_make(&self_signed, "DNS:good.test", NULL, -1, 1);
    cert_make(&client, "DNS:client.test", &authority, -1, 1);
    cert_save(&authority, ca_file, NULL);
    cert_save(&client, client_file, client_key);
    cert_save(&good, NULL, other_key);
    cert_fingerprint(&good, good_pin);
    cert_fingerprint(&self_signed, self_signed_pin);
    for (size_t i = 0; i < 32; i++) /* as OpenSSL prints them */
        sprintf(colon_pin + 3 * i - (i > 0), "%s%c%c", i ? ":" : "",
                toupper(self_signed_pin[2 * i]), toupper(self_signed_pin[2 * i + 1]));
    return 0;
}

static int group_teardown(void **state)
{
    struct cert *const certs[] = { &authority,  &good,        &expired, &future, &other_name,
                                   &by_address, &self_signed, &client };
    char command[64];

    (void)state;
    for (size_t i = 0; i < sizeof certs / sizeof *certs; i++)
        cert_release(certs[i]);
    snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, loop_setup, loop_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_megabyte_comes_back_intact_in_plain_text),
        TEST(a_megabyte_comes_back_intact_through_tls),
        TEST(what_is_written_too_early_waits_for_the_connection),
        TEST(gathers_small_writes),
        TEST(connects_from_the_address_it_is_told),
        TEST(refuses_options_that_make_no_sense),
        TEST(says_why_a_name_cannot_be_used),
        TEST(a_resolver_that_never_answers_costs_the_deadline),
        TEST(those_who_ask_for_one_name_share_the_lookup),
        TEST(numeric_addresses_ask_nobody),
        TEST(goes_on_when_the_first_address_refuses),
        TEST(goes_on_when_the_first_address_is_silent),
        TEST(tries_families_in_turn_and_tells_what_each_address_said),
        TEST(tells_public_addresses_from_others),
        TEST(a_name_of_the_inside_is_refused_to_those_who_may_not_reach_it),
        TEST(gives_up_on_a_silent_address_at_the_deadline),
        TEST(can_write_after_the_peers_last_byte),
        TEST(closes_by_itself_when_nobody_cares_for_the_peers_end),
        TEST(says_that_the_peer_cut_the_connection),
        TEST(hears_the_last_words_of_a_server_that_throws_us_out),
        TEST(an_abort_is_not_mistaken_for_the_end),
        TEST(closing_waits_for_a_slow_peer),
        TEST(closing_does_not_wait_for_ever),
        TEST(a_peer_that_does_not_leave_is_no_failure),
        TEST(a_tls_stream_that_was_cut_does_not_look_whole),
        TEST(can_be_closed_in_every_callback),
        TEST(can_be_closed_in_every_phase_of_opening),
        TEST(can_be_closed_before_the_loop_runs),
        TEST(tells_once_when_a_slow_peer_has_caught_up),
        TEST(goes_on_sending_when_the_peer_changes_keys),
        TEST(fails_past_the_limit),
        TEST(nothing_comes_while_paused_and_nothing_is_lost),
        TEST(gives_up_on_a_server_that_has_gone_quiet),
        TEST(gives_up_on_a_mute_tls_server),
        TEST(accepts_the_right_certificates_and_no_others),
        TEST(does_not_trust_an_unknown_authority),
        TEST(sees_that_the_ca_file_has_changed),
        TEST(shows_a_client_certificate_to_servers_that_ask),
        TEST(says_what_is_wrong_with_a_server_that_cannot_do_tls),
        TEST(refuses_a_server_that_has_only_tls_1_1),
        TEST(hundreds_of_connections_share_one_loop),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
