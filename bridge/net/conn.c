#include <bridge/conn.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bridge/log.h>
#include <bridge/strbuf.h>

#include "dial.h"
#include "queue.h"
#include "resolver.h"
#include "tls.h"
#include "turn.h"

#define CONN_STATES(X) \
    X(STARTING)   /* conn_open() has returned, the loop has not run */ \
    X(RESOLVING)  \
    X(CONNECTING) \
    X(HANDSHAKE)  \
    X(OPEN)       \
    X(FLUSHING)   /* closing: what is queued is on its way out */ \
    X(FINISHING)  /* FIN sent; waiting for the peer's */ \
    X(CLOSED)     /* waiting for libuv to let go of the handles */
enum conn_state {
#define X(name) CONN_##name,
    CONN_STATES(X)
#undef X
};

/* What matters only until on_connected. */
struct opening {
    char *host;
    uint16_t port;
    bool public_only;
    bool has_from;
    union net_address from;
    uint64_t resolve_timeout;
    uint64_t connect_timeout;
    uint64_t tls_timeout;
    struct resolver_query *query;
    struct dial *dial;
};

enum { SEAL_ENOUGH = 256 * 1024 };

struct conn {
    enum conn_state state;
    unsigned open_handles;
    uv_timer_t timer; /* the deadline of the state */
    uv_poll_t poll;   /* once there is a socket */
    int fd;
    int interest; /* what `poll` waits for */
    struct turn *turn;
    struct turn_task task;
    const struct conn_events *events;
    void *arg;
    struct opening *opening; /* NULL from OPEN on */
    struct bridge_error *why;

    struct tls *tls;   /* NULL: plain text */
    struct queue out;  /* not yet sent; with TLS, not yet enciphered */
    struct queue wire; /* enciphered, and the kernel had no room */
    size_t high, low, limit;
    bool full;    /* reached `high`, not yet back at `low` */
    bool blocked; /* the kernel took less than we had: wait until it wants more */
    bool broken;  /* nothing can be sent any more; reading the peer's last words */
    bool paused;
    bool eof; /* the peer has sent its last byte */

    uint64_t idle_timeout;
    uint64_t close_timeout;
    uint64_t last_data; /* uv_now() */
    uint16_t local_port;
    char peer[INET6_ADDRSTRLEN];
};

static void opening_free(struct opening *opening)
{
    if (!opening)
        return;
    if (opening->query)
        resolver_forget(opening->query);
    if (opening->dial)
        dial_cancel(opening->dial);
    free(opening->host);
    free(opening);
}

static void set_state(struct conn *conn, enum conn_state state)
{
    static const char *const names[] = {
#define X(name) #name,
        CONN_STATES(X)
#undef X
    };

    log_debug("conn", "%s: %s -> %s", conn->opening ? conn->opening->host : conn->peer,
              names[conn->state], names[state]);
    conn->state = state;
}

/* ---- the end ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct conn *conn = handle->data;

    if (--conn->open_handles)
        return;
    conn->events->on_closed(conn->arg, conn->why);
    turn_drop(conn->turn);
    tls_free(conn->tls);
    free(conn->why);
    free(conn);
}

static void close_socket(struct conn *conn, bool reset)
{
    if (conn->fd < 0)
        return;
    if (reset) {
        struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
        setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    uv_close((uv_handle_t *)&conn->poll, on_handle_closed);
    close(conn->fd); /* after uv_close(), which takes it out of epoll */
    conn->fd = -1;
}

/* The peer must not take a stream that we cut short for a whole one: then it
 * gets a reset instead of a FIN. */
static void shut(struct conn *conn)
{
    bool cut = conn->state == CONN_OPEN || (conn->state == CONN_FLUSHING && conn_queued(conn));

    set_state(conn, CONN_CLOSED);
    turn_remove(&conn->task);
    queue_release(&conn->out);
    queue_release(&conn->wire);
    opening_free(conn->opening);
    conn->opening = NULL;
    close_socket(conn, cut);
    uv_close((uv_handle_t *)&conn->timer, on_handle_closed);
}

__attribute__((format(printf, 3, 4)))
static void fail(struct conn *conn, enum bridge_code code, const char *format, ...)
{
    va_list args;

    conn->why = bridge_alloc(sizeof *conn->why);
    va_start(args, format);
    bridge_failv(conn->why, code, format, args);
    va_end(args);
    shut(conn);
}

static void fail_socket(struct conn *conn, int error)
{
    if (error == ECONNRESET || error == EPIPE)
        fail(conn, BRIDGE_RETRY, "the server has cut the connection");
    else
        fail(conn, BRIDGE_RETRY, "the connection is lost: %s", uv_strerror(-error));
}

/* ---- deadlines ---- */

static void on_timer(uv_timer_t *timer);

static void set_deadline(struct conn *conn, uint64_t ms)
{
    if (ms)
        uv_timer_start(&conn->timer, on_timer, ms, 0);
    else
        uv_timer_stop(&conn->timer);
}

/* Reading only notes the time; here we see how long ago that was. */
static void check_idle(struct conn *conn)
{
    uint64_t idle = uv_now(conn->turn->loop) - conn->last_data;

    if (conn->paused || conn->eof) /* nothing can come: not the peer's silence */
        idle = 0;
    if (idle >= conn->idle_timeout)
        fail(conn, BRIDGE_RETRY, "the server has sent nothing for %g s",
             (double)conn->idle_timeout / 1000);
    else
        set_deadline(conn, conn->idle_timeout - idle);
}

static void on_timer(uv_timer_t *timer)
{
    struct conn *conn = timer->data;
    const struct opening *o = conn->opening;

    switch (conn->state) {
    case CONN_RESOLVING:
        fail(conn, BRIDGE_RETRY, "no name server has answered for %s in %g s", o->host,
             (double)o->resolve_timeout / 1000);
        break;
    case CONN_CONNECTING:
        fail(conn, BRIDGE_RETRY, "%s port %u has not answered in %g s", o->host, o->port,
             (double)o->connect_timeout / 1000);
        break;
    case CONN_HANDSHAKE:
        fail(conn, BRIDGE_RETRY,
             "%s port %u has not finished the TLS handshake in %g s; does it speak TLS?",
             o->host, o->port, (double)o->tls_timeout / 1000);
        break;
    case CONN_OPEN:
        check_idle(conn);
        break;
    case CONN_FLUSHING:
        fail(conn, BRIDGE_RETRY, "the server did not take the last %zu bytes",
             conn_queued(conn));
        break;
    case CONN_FINISHING:
        shut(conn); /* all is sent; that the peer is slow to leave is no failure */
        break;
    case CONN_STARTING:
    case CONN_CLOSED:
        abort(); /* these have no deadline */
    }
}

/* ---- sending ---- */

static bool wants_input(const struct conn *conn)
{
    switch (conn->state) {
    case CONN_OPEN:
        return !conn->eof && !conn->paused;
    case CONN_HANDSHAKE:
    case CONN_FLUSHING: /* unread bytes would turn our close into a reset */
    case CONN_FINISHING:
        return !conn->eof;
    default:
        return false;
    }
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void update_interest(struct conn *conn)
{
    int interest = (wants_input(conn) ? UV_READABLE : 0) | (conn->blocked ? UV_WRITABLE : 0);

    if (conn->state == CONN_CLOSED || interest == conn->interest)
        return;
    conn->interest = interest;
    if (interest)
        uv_poll_start(&conn->poll, interest, on_poll);
    else
        uv_poll_stop(&conn->poll);
}

/* A server that throws us out says why first. Those words are still readable
 * when our next write already fails. */
static void on_send_failed(struct conn *conn, int error)
{
    if (conn->state > CONN_OPEN || !wants_input(conn) ||
        (error != EPIPE && error != ECONNRESET)) {
        fail_socket(conn, error);
        return;
    }
    conn->broken = true;
    conn->blocked = false;
    queue_release(&conn->out);
    queue_release(&conn->wire);
    update_interest(conn);
}

static void finish(struct conn *conn)
{
    shutdown(conn->fd, SHUT_WR);
    set_state(conn, CONN_FINISHING);
    if (conn->eof)
        shut(conn);
}

/* Send what TLS has made, keeping what the kernel has no room for. Returns 0 or
 * a negative errno. */
static int send_sealed(struct conn *conn)
{
    struct strbuf *sealed = &conn->turn->sealed;
    ssize_t n = 0;

    if (!conn->wire.bytes && sealed->len && !conn->broken)
        n = send(conn->fd, sealed->data, sealed->len, MSG_NOSIGNAL);
    int rc = n < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
    size_t sent = n > 0 ? (size_t)n : 0;
    if (!rc && !conn->broken)
        queue_add(&conn->wire, sealed->data + sent, sealed->len - sent);
    strbuf_reset(sealed);
    return rc;
}

/* Encipher as much as a socket may take at once, not all: that would hold the
 * queue twice. Behind the last of a closing conn goes the close_notify. */
static int seal(struct conn *conn)
{
    struct strbuf *sealed = &conn->turn->sealed;
    struct bridge_error err;
    const char *data;
    size_t len;

    while (sealed->len < SEAL_ENOUGH && (data = queue_peek(&conn->out, &len))) {
        if (tls_write(conn->tls, data, len, sealed, &err)) {
            strbuf_reset(sealed);
            fail(conn, err.code, "%s", err.text);
            return -1;
        }
        queue_drop(&conn->out, len);
    }
    if (conn->state == CONN_FLUSHING && !conn->out.bytes)
        tls_finish(conn->tls, sealed);
    return 0;
}

static int send_queued(struct conn *conn)
{
    if (!conn->tls)
        return queue_send(&conn->out, conn->fd);
    if (conn->wire.bytes) {
        int rc = queue_send(&conn->wire, conn->fd);
        if (rc || conn->wire.bytes)
            return rc;
    }
    return seal(conn) ? 0 : send_sealed(conn);
}

static void flush(struct conn *conn)
{
    int rc = send_queued(conn);

    if (conn->state == CONN_CLOSED)
        return;
    if (rc) {
        on_send_failed(conn, -rc);
        return;
    }
    conn->blocked = conn_queued(conn) > 0;
    update_interest(conn);
    if (conn->state == CONN_FLUSHING && !conn->blocked) {
        finish(conn);
    } else if (conn->state == CONN_OPEN && conn->full && conn_queued(conn) <= conn->low) {
        conn->full = false;
        if (conn->events->on_drained)
            conn->events->on_drained(conn->arg);
    }
}

void conn_write(struct conn *conn, const void *data, size_t len)
{
    if (conn->state > CONN_OPEN || conn->broken || !len)
        return;
    if (len > conn->limit || conn_queued(conn) > conn->limit - len) {
        fail(conn, BRIDGE_BUSY, "the server takes our data too slowly: %zu bytes wait",
             conn_queued(conn));
        return;
    }
    queue_add(&conn->out, data, len);
    if (conn_queued(conn) >= conn->high)
        conn->full = true;
    if (conn->state == CONN_OPEN && !conn->blocked)
        turn_schedule(conn->turn, &conn->task);
}

size_t conn_queued(const struct conn *conn)
{
    return conn->out.bytes + conn->wire.bytes;
}

bool conn_full(const struct conn *conn)
{
    return conn->full;
}

/* ---- receiving ---- */

static void on_peer_finished(struct conn *conn)
{
    conn->eof = true;
    if (conn->state == CONN_FINISHING) {
        shut(conn);
        return;
    }
    update_interest(conn);
    if (conn->state != CONN_OPEN)
        return;
    if (conn->events->on_eof)
        conn->events->on_eof(conn->arg);
    else
        conn_close(conn);
}

/* TLS answers by itself at times: handshakes, key updates, alerts. */
static void send_answer(struct conn *conn)
{
    int rc = send_sealed(conn);

    if (rc) {
        on_send_failed(conn, -rc);
        return;
    }
    if (conn->wire.bytes)
        conn->blocked = true;
    update_interest(conn);
}

static bool read_record(struct conn *conn)
{
    struct turn *turn = conn->turn;
    struct bridge_error err;
    size_t len;
    enum tls_result result =
        tls_read(conn->tls, turn->plain, sizeof turn->plain, &len, &turn->sealed, &err);

    if (turn->sealed.len)
        send_answer(conn);
    if (conn->state == CONN_CLOSED)
        return false;
    switch (result) {
    case TLS_OK:
        conn->events->on_data(conn->arg, turn->plain, len);
        return true;
    case TLS_MORE:
        return false;
    case TLS_END:
        on_peer_finished(conn);
        return false;
    case TLS_FAILED:
        fail(conn, err.code, "%s", err.text);
    }
    return false;
}

static void enter_open(struct conn *conn);

static void shake_hands(struct conn *conn)
{
    struct bridge_error err;
    enum tls_result result = tls_handshake(conn->tls, &conn->turn->sealed, &err);

    if (conn->turn->sealed.len)
        send_answer(conn);
    if (conn->state == CONN_CLOSED)
        return;
    if (result == TLS_FAILED)
        fail(conn, err.code, "%s", err.text);
    else if (result == TLS_OK)
        enter_open(conn);
}

static void take_tls(struct conn *conn)
{
    if (conn->state == CONN_HANDSHAKE)
        shake_hands(conn);
    while (conn->state == CONN_OPEN && wants_input(conn) && read_record(conn))
        ;
    tls_keep(conn->tls);
}

static void take(struct conn *conn, const char *data, size_t len)
{
    conn->last_data = uv_now(conn->turn->loop);
    if (conn->state > CONN_OPEN) /* closing: nobody listens */
        return;
    if (conn->tls) {
        tls_feed(conn->tls, data, len);
        take_tls(conn);
    } else {
        conn->events->on_data(conn->arg, data, len);
    }
}

static void on_fin(struct conn *conn)
{
    if (conn->broken)
        fail_socket(conn, EPIPE);
    else if (conn->state == CONN_HANDSHAKE)
        fail(conn, BRIDGE_RETRY,
             "%s port %u closed the connection in the TLS handshake; does it speak TLS?",
             conn->opening->host, conn->opening->port);
    else if (conn->state == CONN_OPEN && conn->tls) /* anybody on the way can send a FIN */
        fail(conn, BRIDGE_RETRY, "the connection ended without the server's TLS goodbye");
    else
        on_peer_finished(conn);
}

/* One read. Returns whether there may be more to read now. */
static bool receive(struct conn *conn)
{
    ssize_t n = recv(conn->fd, conn->turn->input, sizeof conn->turn->input, 0);

    if (n > 0) {
        take(conn, conn->turn->input, (size_t)n);
        return true;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n < 0)
        fail_socket(conn, errno);
    else
        on_fin(conn);
    return false;
}

static void on_socket_error(struct conn *conn)
{
    int error = 0;
    socklen_t size = sizeof error;

    conn->interest = 0; /* libuv has stopped the handle */
    while (wants_input(conn) && receive(conn))
        ;
    if (conn->state == CONN_CLOSED)
        return;
    getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    fail_socket(conn, error ? error : ECONNRESET);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct conn *conn = poll->data;

    if (status < 0) {
        on_socket_error(conn);
        return;
    }
    if (events & UV_WRITABLE)
        flush(conn);
    if ((events & UV_READABLE) && wants_input(conn))
        receive(conn);
}

void conn_pause(struct conn *conn)
{
    conn->paused = true;
    update_interest(conn);
}

void conn_resume(struct conn *conn)
{
    conn->paused = false;
    conn->last_data = uv_now(conn->turn->loop);
    update_interest(conn);
    if (conn->state == CONN_OPEN && conn->tls && tls_pending(conn->tls))
        turn_schedule(conn->turn, &conn->task);
}

/* ---- opening ---- */

static void read_addresses(struct conn *conn, int fd)
{
    union net_address address;
    socklen_t size = sizeof address;

    if (!getpeername(fd, &address.any, &size))
        net_address_text(&address, conn->peer);
    size = sizeof address;
    if (!getsockname(fd, &address.any, &size))
        conn->local_port = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port
                                                                   : address.v6.sin6_port);
}

static void enter_open(struct conn *conn)
{
    set_state(conn, CONN_OPEN);
    opening_free(conn->opening);
    conn->opening = NULL;
    conn->last_data = uv_now(conn->turn->loop);
    set_deadline(conn, conn->idle_timeout);
    update_interest(conn);
    if (conn_queued(conn))
        turn_schedule(conn->turn, &conn->task);
    conn->events->on_connected(conn->arg);
}

static void on_dialled(void *arg, int fd, const struct bridge_error *why)
{
    struct conn *conn = arg;
    struct opening *o = conn->opening;

    o->dial = NULL;
    if (fd < 0) {
        fail(conn, why->code, "cannot connect to %s port %u (%s)", o->host, o->port, why->text);
        return;
    }
    int rc = uv_poll_init(conn->turn->loop, &conn->poll, fd);
    if (rc) {
        close(fd);
        fail(conn, BRIDGE_RETRY, "cannot watch the connection: %s", uv_strerror(rc));
        return;
    }
    conn->poll.data = conn;
    conn->fd = fd;
    conn->open_handles++;
    read_addresses(conn, fd);
    if (!conn->tls) {
        enter_open(conn);
        return;
    }
    set_state(conn, CONN_HANDSHAKE);
    set_deadline(conn, o->tls_timeout);
    update_interest(conn);
    shake_hands(conn);
}

static size_t pick_public(union net_address *to, const union net_address *list, size_t count)
{
    size_t picked = 0;

    for (size_t i = 0; i < count; i++) {
        if (net_address_is_public(&list[i]))
            to[picked++] = list[i];
    }
    return picked;
}

static void connect_to(struct conn *conn, const union net_address *list, size_t count)
{
    struct opening *o = conn->opening;
    union net_address some[RESOLVER_ADDRESSES];

    if (o->public_only) { /* by address, not by name: the name is the user's to point anywhere */
        count = pick_public(some, list, count);
        list = some;
    }
    if (!count) {
        fail(conn, BRIDGE_FORBIDDEN,
             "%s is in a private network, which only the admin can allow", o->host);
        return;
    }
    set_state(conn, CONN_CONNECTING);
    set_deadline(conn, o->connect_timeout);
    o->dial = dial_start(conn->turn->loop, list, count, o->port, o->has_from ? &o->from : NULL,
                         on_dialled, conn);
}

static void on_resolved(void *arg, const union net_address *list, size_t count,
                        const struct bridge_error *why)
{
    struct conn *conn = arg;

    conn->opening->query = NULL;
    if (count)
        connect_to(conn, list, count);
    else
        fail(conn, why->code, "%s", why->text);
}

static void start(struct conn *conn)
{
    struct opening *o = conn->opening;
    union net_address address;
    struct bridge_error err;

    if (resolver_numeric(o->host, &address)) {
        connect_to(conn, &address, 1);
        return;
    }
    set_state(conn, CONN_RESOLVING);
    set_deadline(conn, o->resolve_timeout);
    o->query = resolver_ask(conn->turn->loop, o->host, on_resolved, conn, &err);
    if (!o->query)
        fail(conn, err.code, "%s", err.text);
}

static void run_task(struct turn_task *task)
{
    struct conn *conn = (struct conn *)((char *)task - offsetof(struct conn, task));

    if (conn->state == CONN_STARTING) {
        start(conn);
        return;
    }
    if (conn->state == CONN_OPEN && conn->tls && tls_pending(conn->tls))
        take_tls(conn);
    if (conn->state != CONN_CLOSED && !conn->blocked)
        flush(conn);
}

static struct opening *opening_new(const struct conn_options *options, struct bridge_error *err)
{
    struct opening *o = bridge_alloc(sizeof *o);

    if (options->bind_address && !resolver_numeric(options->bind_address, &o->from)) {
        bridge_fail(err, BRIDGE_INVALID, "'%s' is not a numeric address to connect from",
                    options->bind_address);
        free(o);
        return NULL;
    }
    o->has_from = options->bind_address != NULL;
    o->public_only = options->public_only;
    o->host = bridge_strdup(options->host);
    o->port = options->port;
    o->resolve_timeout = options->resolve_timeout ? options->resolve_timeout : 10000;
    o->connect_timeout = options->connect_timeout ? options->connect_timeout : 20000;
    o->tls_timeout = options->tls_timeout ? options->tls_timeout : 20000;
    return o;
}

/* Sets *tls to NULL when there is to be none. */
static int make_tls(struct tls **tls, const struct conn_options *options,
                    struct bridge_error *err)
{
    const struct tls_options wanted = {
        .name = options->tls_name ? options->tls_name : options->host,
        .ca_file = options->ca_file,
        .cert_file = options->cert_file,
        .key_file = options->key_file,
        .fingerprint = options->fingerprint,
        .any_certificate = options->tls_any_certificate,
    };

    *tls = NULL;
    if (options->tls == CONN_TLS_ON) {
        *tls = tls_new(&wanted, err);
        return *tls ? 0 : -1;
    }
    if (options->fingerprint)
        return bridge_fail(err, BRIDGE_INVALID,
                           "without TLS there is no certificate to compare with the fingerprint");
    return 0;
}

struct conn *conn_open(uv_loop_t *loop, const struct conn_options *options,
                       const struct conn_events *events, void *arg, struct bridge_error *err)
{
    if (!options->host || !*options->host || !options->port) {
        bridge_fail(err, BRIDGE_INVALID, "a connection needs a host and a port");
        return NULL;
    }
    struct tls *tls;
    if (make_tls(&tls, options, err))
        return NULL;
    struct opening *opening = opening_new(options, err);
    if (!opening) {
        tls_free(tls);
        return NULL;
    }

    struct conn *conn = bridge_alloc(sizeof *conn);
    conn->tls = tls;
    conn->fd = -1;
    conn->opening = opening;
    conn->events = events;
    conn->arg = arg;
    conn->high = options->high ? options->high : 1024 * 1024;
    conn->low = options->low ? options->low : 256 * 1024;
    conn->limit = options->limit ? options->limit : 64 * 1024 * 1024;
    conn->idle_timeout = options->idle_timeout;
    conn->close_timeout = options->close_timeout ? options->close_timeout : 2000;
    conn->turn = turn_hold(loop);
    conn->task.run = run_task;
    uv_timer_init(loop, &conn->timer);
    conn->timer.data = conn;
    conn->open_handles = 1;
    turn_schedule(conn->turn, &conn->task);
    return conn;
}

void conn_close(struct conn *conn)
{
    if (conn->state > CONN_OPEN)
        return;
    if (conn->state < CONN_OPEN || conn->broken) {
        shut(conn);
        return;
    }
    set_state(conn, CONN_FLUSHING);
    set_deadline(conn, conn->close_timeout);
    update_interest(conn);
    if (!conn->blocked)
        turn_schedule(conn->turn, &conn->task);
}

void conn_abort(struct conn *conn)
{
    if (conn->state != CONN_CLOSED)
        shut(conn);
}

const char *conn_peer_address(const struct conn *conn)
{
    return conn->peer;
}

uint16_t conn_local_port(const struct conn *conn)
{
    return conn->local_port;
}
