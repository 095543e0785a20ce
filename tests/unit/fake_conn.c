#include "fake_conn.h"

#include <assert.h>
#include <stdlib.h>

struct conn {
    const struct conn_events *events;
    void *arg;
    char label[FAKE_CONN_LABEL_MAX];
    char *host;
    uint16_t port;
    enum conn_tls tls;
    struct strbuf written;
    bool connected;
    bool full;
    bool closing;
};

#define CONNS_MAX 64

static struct conn *conns[CONNS_MAX];
static size_t conn_count;
static struct bridge_error refusal;

size_t fake_conn_count(void)
{
    return conn_count;
}

struct conn *fake_conn_at(size_t i)
{
    return i < conn_count ? conns[i] : NULL;
}

char *fake_conn_label(struct conn *conn)
{
    return conn->label;
}

const char *fake_conn_host(const struct conn *conn)
{
    return conn->host;
}

uint16_t fake_conn_port(const struct conn *conn)
{
    return conn->port;
}

enum conn_tls fake_conn_tls(const struct conn *conn)
{
    return conn->tls;
}

void fake_conn_refuse(enum bridge_code code, const char *text)
{
    bridge_fail(&refusal, code, "%s", text);
}

void fake_conn_connect(struct conn *conn)
{
    assert(!conn->connected && !conn->closing);
    conn->connected = true;
    conn->events->on_connected(conn->arg);
}

void fake_conn_feed(struct conn *conn, const char *data, size_t len)
{
    /* At the end of an allocation of its own: reading past it is seen. */
    char *copy = bridge_strndup(data, len);

    assert(conn->connected);
    copy = bridge_realloc(copy, len ? len : 1);
    if (!conn->closing)
        conn->events->on_data(conn->arg, copy, len);
    free(copy);
}

void fake_conn_clog(struct conn *conn)
{
    conn->full = true;
}

void fake_conn_drain(struct conn *conn)
{
    conn->full = false;
    if (!conn->closing && conn->events->on_drained)
        conn->events->on_drained(conn->arg);
}

void fake_conn_end(struct conn *conn, const struct bridge_error *why)
{
    const struct conn_events *events = conn->events;
    void *arg = conn->arg;
    size_t i = 0;

    while (conns[i] != conn)
        i++;
    for (conn_count--; i < conn_count; i++)
        conns[i] = conns[i + 1];
    strbuf_release(&conn->written);
    free(conn->host);
    free(conn);
    events->on_closed(arg, why);
}

bool fake_conn_settle(void)
{
    bool any = false;

    for (size_t i = 0; i < conn_count;) {
        if (conns[i]->closing) {
            fake_conn_end(conns[i], NULL);
            any = true;
        } else {
            i++;
        }
    }
    return any;
}

bool fake_conn_closing(const struct conn *conn)
{
    return conn->closing;
}

struct strbuf *fake_conn_written(struct conn *conn)
{
    return &conn->written;
}

/* --- bridge/conn.h ---------------------------------------------------------- */

struct conn *conn_open(uv_loop_t *loop, const struct conn_options *options,
                       const struct conn_events *events, void *arg, struct bridge_error *err)
{
    (void)loop;
    if (refusal.code != BRIDGE_OK) {
        *err = refusal;
        refusal.code = BRIDGE_OK;
        return NULL;
    }
    assert(conn_count < CONNS_MAX);
    struct conn *conn = bridge_alloc(sizeof *conn);
    conn->events = events;
    conn->arg = arg;
    conn->host = bridge_strdup(options->host);
    conn->port = options->port;
    conn->tls = options->tls;
    strbuf_init(&conn->written, 64u << 20);
    conns[conn_count++] = conn;
    return conn;
}

void conn_write(struct conn *conn, const void *data, size_t len)
{
    if (!conn->closing)
        strbuf_add(&conn->written, data, len);
    assert(!conn->written.overflow);
}

size_t conn_queued(const struct conn *conn)
{
    return conn->full ? conn->written.len : 0;
}

bool conn_full(const struct conn *conn)
{
    return conn->full;
}

void conn_pause(struct conn *conn)
{
    (void)conn;
}

void conn_resume(struct conn *conn)
{
    (void)conn;
}

void conn_close(struct conn *conn)
{
    conn->closing = true;
}

void conn_abort(struct conn *conn)
{
    conn->closing = true;
}

const char *conn_peer_address(const struct conn *conn)
{
    return conn->connected ? "192.0.2.1" : "";
}

uint16_t conn_local_port(const struct conn *conn)
{
    return conn->connected ? 50000 : 0;
}
