#include "component.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/backoff.h>
#include <bridge/clock.h>
#include <bridge/log.h>
#include <bridge/strbuf.h>
#include <openssl/evp.h>
#include <sodium.h>

#include "splitter.h"
#include "stanza.h"
#include "xml.h"

/* A server that has said nothing for QUIET is pinged; one that then stays
 * silent for as long again is taken for gone. */
#define QUIET_MS 30000
#define HANDSHAKE_MS 20000
#define RETRY_FIRST_MS 1000
#define RETRY_MOST_MS 60000

/* Memory that a server which has stopped reading may cost; transports are
 * throttled long before. */
#define SEND_LIMIT (256u << 20)

#define PROOF "proof-" /* id of what we send to ourselves, before the mark */

#define STATES(X) X(WAITING) X(CONNECTING) X(OPENING) X(SHAKING) X(UP) X(CLOSING)
enum state {
#define X(name) S_##name,
    STATES(X)
#undef X
};

struct component {
    uv_loop_t *loop;
    const struct component_events *events;
    void *arg;
    char *prefix; /* for the log */

    char *server;
    char *domain;
    char *secret;
    char *tls_name;
    char *ca_file;
    uint16_t port;
    bool tls;

    enum state state;
    struct conn *conn; /* NULL only while WAITING or once closed */
    struct splitter *splitter;
    uv_timer_t timer;  /* WAITING: next try; OPENING, SHAKING: deadline; UP: silence */
    struct backoff backoff;
    uint64_t heard;    /* clock_monotonic() of the last bytes */
    bool pinged;
    unsigned pings;
    uint64_t marks;       /* handed out by component_prove() */
    uint64_t first_mark;  /* of this stream */
    struct component_counts counts;
    struct bridge_error why; /* the reason why the stream is to end, if we know one */
    char *told;              /* the trouble last logged: repeated only at debug */
    bool announced;          /* on_up was called, on_down is owed */
    bool congested;
    bool closing;            /* for good */
};

static void connect_now(struct component *c);

/* --- what the admin is told -------------------------------------------------- */

static const struct {
    const char *condition;
    const char *advice;
} stream_errors[] = {
    { "not-authorized",
      "the XMPP server refused the secret: make `secret` of this domain in bridge.conf the same "
      "as `component_secret` below its Component in Prosody, or as `password` of "
      "ejabberd_service (or of the domain below its `hosts`) in ejabberd" },
    { "host-unknown",
      "the XMPP server does not know this domain: add a Component with this name to Prosody's "
      "configuration, or to `hosts` if ejabberd_service in ejabberd lists any, and reload it; "
      "Prosody also says so on its port for clients, which xmpp.port in bridge.conf must not be" },
    { "conflict",
      "another program is connected to the XMPP server as this domain: stop it (a second "
      "bridged?), or give one of the two another domain" },
    { "invalid-namespace",
      "this port does not speak the component protocol (XEP-0114): set xmpp.port in bridge.conf "
      "to the server's component port (component_ports in Prosody, ejabberd_service in ejabberd)" },
    { "invalid-from",
      "the XMPP server refused a sender address of ours: allow any address below this domain "
      "(`check_from` in ejabberd)" },
    { "policy-violation",
      "the XMPP server broke off for a limit of its own: raise component_stanza_size_limit or "
      "the limits of the component in Prosody, or the shaper of ejabberd_service in ejabberd" },
};

const char *component_advice(const char *condition)
{
    for (size_t i = 0; i < sizeof stream_errors / sizeof *stream_errors; i++) {
        if (!strcmp(stream_errors[i].condition, condition))
            return stream_errors[i].advice;
    }
    return NULL;
}

/* The same trouble, minute after minute, is one line for the admin. */
static void tell(struct component *c, const char *what, uint64_t wait)
{
    bool again = c->told && !strcmp(c->told, what);

    log_at(again ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR, c->prefix,
           "%s:%u: %s; trying again in %.0f s", c->server, c->port, what, (double)wait / 1000);
    if (!again) {
        free(c->told);
        c->told = bridge_strdup(what);
    }
}

/* --- states ------------------------------------------------------------------ */

static void set_state(struct component *c, enum state to)
{
    static const char *const names[] = {
#define X(name) #name,
        STATES(X)
#undef X
    };

    log_debug(c->prefix, "%s -> %s", names[c->state], names[to]);
    c->state = to;
}

static void on_retry(uv_timer_t *timer)
{
    connect_now(timer->data);
}

static void retry_later(struct component *c, const char *what)
{
    uint64_t wait = backoff_next(&c->backoff);

    tell(c, what, wait);
    set_state(c, S_WAITING);
    uv_timer_start(&c->timer, on_retry, wait, 0);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct component *c = handle->data;
    const struct component_events *events = c->events;
    void *arg = c->arg;

    splitter_free(c->splitter);
    free(c->prefix);
    free(c->server);
    free(c->domain);
    if (c->secret)
        sodium_memzero(c->secret, strlen(c->secret));
    free(c->secret);
    free(c->tls_name);
    free(c->ca_file);
    free(c->told);
    free(c);
    events->on_closed(arg);
}

static void on_conn_closed(void *arg, const struct bridge_error *why)
{
    struct component *c = arg;

    c->conn = NULL;
    splitter_free(c->splitter);
    c->splitter = NULL;
    uv_timer_stop(&c->timer);
    if (c->closing) {
        uv_close((uv_handle_t *)&c->timer, on_timer_closed);
        return;
    }
    if (c->why.code != BRIDGE_OK)
        why = &c->why;
    retry_later(c, why ? why->text : "the XMPP server closed the connection");
    if (c->congested) {
        c->congested = false;
        c->events->on_congested(c->arg, false);
    }
    if (c->announced) {
        c->announced = false;
        c->events->on_down(c->arg);
    }
}

/* End the stream because of *why; on_conn_closed() goes on. */
static void fail(struct component *c, const struct bridge_error *why)
{
    if (c->why.code == BRIDGE_OK)
        c->why = *why;
    if (c->splitter)
        splitter_stop(c->splitter);
    uv_timer_stop(&c->timer);
    set_state(c, S_CLOSING);
    conn_close(c->conn);
}

static void __attribute__((format(printf, 2, 3)))
fail_with(struct component *c, const char *format, ...)
{
    struct bridge_error why;
    va_list args;

    va_start(args, format);
    bridge_failv(&why, BRIDGE_RETRY, format, args);
    va_end(args);
    fail(c, &why);
}

/* --- the stream --------------------------------------------------------------- */

/* XEP-0114 §3: lower-case hex of SHA-1(stream id + secret). */
static void handshake(struct component *c, const char *id)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    struct strbuf text = STRBUF_INIT(65536);
    unsigned len = 0;

    strbuf_adds(&text, id);
    strbuf_adds(&text, c->secret);
    int ok = EVP_Digest(strbuf_text(&text), text.len, digest, &len, EVP_sha1(), NULL);
    sodium_memzero(text.data, text.len);
    strbuf_release(&text);
    if (!ok) {
        fail_with(c, "this system's OpenSSL refuses SHA-1, which XEP-0114 needs");
        return;
    }
    sodium_bin2hex(hex, sizeof hex, digest, len);

    struct strbuf out = STRBUF_INIT(256);
    xml_element(&out, "handshake", hex);
    conn_write(c->conn, out.data, out.len);
    strbuf_release(&out);
}

static void on_open(void *arg, const char *id, const char *from)
{
    struct component *c = arg;

    (void)from;
    if (c->state != S_OPENING)
        return;
    if (!id) {
        fail_with(c, "the XMPP server opened the stream without an id");
        return;
    }
    set_state(c, S_SHAKING);
    handshake(c, id);
}

/* To ourselves: every server routes that back, whatever its own domain. */
static void ping_self(struct component *c, const char *prefix, uint64_t number)
{
    struct strbuf ping = STRBUF_INIT(XML_STANZA_MAX);

    strbuf_adds(&ping, "<iq type='get'");
    xml_attribute(&ping, "from", c->domain);
    xml_attribute(&ping, "to", c->domain);
    strbuf_addf(&ping, " id='%s%" PRIu64 "'><ping xmlns='" NS_PING "'/></iq>", prefix, number);
    component_send(c, ping.data, ping.len, 0); /* nobody's: it is not counted */
    strbuf_release(&ping);
}

/* Did this stanza come from component_prove()? Nobody else can send as our domain. */
static bool take_proof(struct component *c, xmpp_stanza_t *stanza)
{
    const char *from = xmpp_stanza_get_from(stanza);
    const char *id = xmpp_stanza_get_id(stanza);

    if (!from || !id || strcmp(from, c->domain) || strncmp(id, PROOF, strlen(PROOF)))
        return false;
    uint64_t mark = strtoull(id + strlen(PROOF), NULL, 10);
    if (mark >= c->first_mark && mark <= c->marks && c->events->on_proven)
        c->events->on_proven(c->arg, mark);
    return true;
}

static void on_silence(uv_timer_t *timer)
{
    struct component *c = timer->data;
    uint64_t silent = clock_monotonic() - c->heard;

    if (silent < QUIET_MS) {
        c->pinged = false;
        uv_timer_start(&c->timer, on_silence, QUIET_MS - silent, 0);
        return;
    }
    if (c->pinged) {
        fail_with(c, "the XMPP server has not answered for %d s", 2 * QUIET_MS / 1000);
        return;
    }
    ping_self(c, "alive-", ++c->pings);
    c->pinged = true;
    uv_timer_start(&c->timer, on_silence, QUIET_MS, 0);
}

static void come_up(struct component *c)
{
    set_state(c, S_UP);
    backoff_reset(&c->backoff);
    free(c->told);
    c->told = NULL;
    c->pinged = false;
    c->first_mark = c->marks + 1;
    uv_timer_start(&c->timer, on_silence, QUIET_MS, 0);
    log_info(c->prefix, "up, connected to %s:%u", c->server, c->port);
    c->announced = true;
    c->events->on_up(c->arg);
}

static void on_stream_error(struct component *c, xmpp_stanza_t *error)
{
    struct strbuf text = STRBUF_INIT(1024);
    xmpp_stanza_t *condition = NULL;

    for (xmpp_stanza_t *e = xmpp_stanza_get_children(error); e; e = xmpp_stanza_get_next(e)) {
        const char *name = xmpp_stanza_get_name(e);
        if (name && !strcmp(name, "text"))
            stanza_text(e, &text);
        else if (name && !condition)
            condition = e;
    }
    const char *name = condition ? xmpp_stanza_get_name(condition) : "no reason given";
    const char *advice = component_advice(name);
    if (advice)
        fail_with(c, "%s", advice);
    else
        fail_with(c, "the XMPP server ended the stream: %s%s%s", name, text.len ? ": " : "",
                  strbuf_text(&text));
    strbuf_release(&text);
}

static void on_stanza(void *arg, xmpp_stanza_t *stanza)
{
    struct component *c = arg;
    const char *name = xmpp_stanza_get_name(stanza);
    const char *ns = xmpp_stanza_get_ns(stanza);

    if (ns && !strcmp(ns, NS_STREAM)) {
        if (!strcmp(name, "error"))
            on_stream_error(c, stanza);
        return;
    }
    if (c->state == S_UP) {
        if (take_proof(c, stanza))
            return;
        c->counts.in++;
        c->events->on_stanza(c->arg, stanza);
    } else if (c->state == S_SHAKING && !strcmp(name, "handshake")) {
        come_up(c);
    }
}

static void on_dropped(void *arg, xmpp_stanza_t *root, const struct bridge_error *why)
{
    struct component *c = arg;

    log_warning(c->prefix, "dropped a stanza from %s: %s",
                xmpp_stanza_get_from(root) ? xmpp_stanza_get_from(root) : "nobody", why->text);
    if (c->state == S_UP)
        c->events->on_dropped(c->arg, root, why);
}

static void on_end(void *arg)
{
    struct component *c = arg;

    fail_with(c, "the XMPP server closed the stream");
}

static void on_deadline(uv_timer_t *timer)
{
    struct component *c = timer->data;

    fail_with(c, "the server did not answer as an XMPP component port within %d s",
              HANDSHAKE_MS / 1000);
}

static void on_connected(void *arg)
{
    static const struct splitter_events events = {
        .on_open = on_open,
        .on_stanza = on_stanza,
        .on_dropped = on_dropped,
        .on_end = on_end,
    };
    struct component *c = arg;
    struct strbuf out = STRBUF_INIT(8192);

    set_state(c, S_OPENING);
    c->splitter = splitter_new(NULL, &events, c);
    strbuf_adds(&out, "<?xml version='1.0'?><stream:stream xmlns='" NS_COMPONENT
                      "' xmlns:stream='" NS_STREAM "'");
    xml_attribute(&out, "to", c->domain);
    strbuf_adds(&out, ">");
    conn_write(c->conn, out.data, out.len);
    strbuf_release(&out);
    uv_timer_start(&c->timer, on_deadline, HANDSHAKE_MS, 0);
}

static void on_data(void *arg, const char *data, size_t len)
{
    struct component *c = arg;
    struct bridge_error err = { BRIDGE_OK, "" };

    c->heard = clock_monotonic();
    if (splitter_feed(c->splitter, data, len, &err) && err.code != BRIDGE_OK)
        fail(c, &err);
}

static void on_drained(void *arg)
{
    struct component *c = arg;

    if (c->congested && c->state == S_UP) {
        c->congested = false;
        c->events->on_congested(c->arg, false);
    }
}

static void connect_now(struct component *c)
{
    static const struct conn_events events = {
        .on_connected = on_connected,
        .on_data = on_data,
        .on_drained = on_drained,
        .on_closed = on_conn_closed,
    };
    struct conn_options options = {
        .host = c->server,
        .port = c->port,
        .tls = c->tls ? CONN_TLS_ON : CONN_TLS_OFF,
        .tls_name = c->tls_name,
        .ca_file = c->ca_file,
        .limit = SEND_LIMIT,
    };
    struct bridge_error err;

    c->why.code = BRIDGE_OK;
    c->heard = clock_monotonic();
    c->conn = conn_open(c->loop, &options, &events, c, &err);
    if (c->conn)
        set_state(c, S_CONNECTING);
    else
        retry_later(c, err.text); /* the CA file may become readable again */
}

/* --- the interface -------------------------------------------------------------- */

struct component *component_new(uv_loop_t *loop, const struct component_options *options,
                                const struct component_events *events, void *arg,
                                struct bridge_error *err)
{
    struct strbuf prefix = STRBUF_INIT(2048);

    if (!options->server || !options->port || !options->domain || !options->secret) {
        bridge_fail(err, BRIDGE_INVALID, "a component needs server, port, domain and secret");
        return NULL;
    }
    struct component *c = bridge_alloc(sizeof *c);
    c->loop = loop;
    c->events = events;
    c->arg = arg;
    strbuf_addf(&prefix, "component[%s]", options->domain);
    c->prefix = strbuf_detach(&prefix);
    c->server = bridge_strdup(options->server);
    c->domain = bridge_strdup(options->domain);
    c->secret = bridge_strdup(options->secret);
    c->tls_name = bridge_strdup(options->tls_name);
    c->ca_file = bridge_strdup(options->ca_file);
    c->port = options->port;
    c->tls = options->tls;
    c->backoff = (struct backoff){ .first = RETRY_FIRST_MS, .most = RETRY_MOST_MS };
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    connect_now(c);
    return c;
}

void component_send(struct component *c, const char *data, size_t len, size_t stanzas)
{
    if (c->state != S_UP)
        return;
    c->counts.out += stanzas;
    conn_write(c->conn, data, len);
    if (!c->congested && conn_full(c->conn)) {
        c->congested = true;
        c->events->on_congested(c->arg, true);
    }
}

uint64_t component_prove(struct component *c)
{
    if (c->state != S_UP)
        return 0;
    ping_self(c, PROOF, ++c->marks);
    return c->marks;
}

struct component_counts component_count(const struct component *c)
{
    return c->counts;
}

bool component_is_up(const struct component *c)
{
    return c->state == S_UP;
}

void component_set_secret(struct component *c, const char *secret)
{
    sodium_memzero(c->secret, strlen(c->secret));
    free(c->secret);
    c->secret = bridge_strdup(secret);
}

void component_close(struct component *c)
{
    if (c->closing)
        return;
    if (c->state == S_UP)
        conn_write(c->conn, "</stream:stream>", strlen("</stream:stream>"));
    c->closing = true;
    set_state(c, S_CLOSING);
    uv_timer_stop(&c->timer);
    if (c->splitter)
        splitter_stop(c->splitter);
    if (c->conn)
        conn_close(c->conn);
    else
        uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}
