/* post.c - a transport whose network is another process: what is delivered goes there as
 * JSON, a line each, and what that says comes back. So the network survives when bridged
 * is killed, and knows what it was given. See README.md for the lines. */
#include <stdlib.h>
#include <string.h>

#include <bridge/backoff.h>
#include <bridge/conn.h>
#include <bridge/host.h>
#include <bridge/map.h>
#include <bridge/transport.h>
#include <jansson.h>

#define MESSAGE_LINE_MAX 1000000

struct post_settings {
    int64_t port;
};

static const struct setting post_settings[] = {
    { .key = "port", .type = SETTING_INT, .flags = SETTING_REQUIRED, .min = 1, .max = 65535,
      SETTING_FIELD(struct post_settings, port), .help = "Of the network, on 127.0.0.1." },
    { 0 },
};

struct post {
    struct bridge_host *host;
    uint16_t port;
    struct conn *conn; /* NULL: waiting to connect */
    bool open, ending;
    uv_timer_t timer;
    struct backoff backoff;
    struct strbuf in;
    struct map given; /* int64_t by itself: what the network has not answered */
};

struct login {
    struct post *post;
    struct bridge_session *session;
};

/* --- to the network ------------------------------------------------------------------ */

static void write_line(struct post *p, json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT);

    json_decref(line);
    if (!text)
        abort();
    conn_write(p->conn, text, strlen(text));
    conn_write(p->conn, "\n", 1);
    free(text);
}

static int deliver(void *data, int64_t delivery, const char *contact,
                   const struct bridge_message *message, struct bridge_error *err)
{
    struct login *login = data;
    struct post *p = login->post;

    if (!p->conn) /* while it connects, what is written waits */
        return bridge_fail(err, BRIDGE_RETRY, "The post office is closed");
    int64_t *number = bridge_alloc(sizeof *number);
    *number = delivery;
    free(map_put(&p->given, (char *)number, sizeof *number, number));
    write_line(p, json_pack("{s:s, s:I, s:s, s:s, s:s}", "op", "send", "number",
                            (json_int_t)delivery, "user", bridge_session_user(login->session),
                            "to", contact, "body", message->body));
    return 0;
}

/* --- from the network ---------------------------------------------------------------- */

/* Whose answer the network waits for. */
struct question {
    struct post *post;
    char *name;
};

static void on_taken(void *arg, const struct bridge_error *why)
{
    struct question *q = arg;

    if (q->post->open)
        write_line(q->post, json_pack("{s:s, s:s}", "op", why ? "refused" : "taken", "name",
                                      q->name));
    free(q->name);
    free(q);
}

static void take(struct post *p, json_t *line)
{
    struct question *q = bridge_alloc(sizeof *q);
    const char *user, *from, *name, *body;

    if (json_unpack(line, "{s:s, s:s, s:s, s:s}", "user", &user, "from", &from, "name", &name,
                    "body", &body))
        abort();
    q->post = p;
    q->name = bridge_strdup(name);
    bridge_take(p->host, user, from, name,
                &(struct bridge_message){ .body = body, .receipt = true }, on_taken, q);
}

static void on_line(struct post *p, json_t *line)
{
    const char *op = json_string_value(json_object_get(line, "op"));
    const char *name = json_string_value(json_object_get(line, "name"));
    int64_t number = json_integer_value(json_object_get(line, "number"));
    struct bridge_error why;

    if (!strcmp(op, "message")) {
        take(p, line);
        return;
    }
    free(map_remove(&p->given, (char *)&number, sizeof number));
    bridge_fail(&why, !strcmp(op, "later") ? BRIDGE_RETRY : BRIDGE_REJECTED, "The addressee %s",
                op);
    if (!strcmp(op, "sent"))
        bridge_delivery_sent(p->host, number, name);
    else if (!strcmp(op, "arrived"))
        bridge_delivery_arrived(p->host, number);
    else if (!strcmp(op, "moved"))
        bridge_delivery_failed(p->host, number, &why);
    else if (!strcmp(op, "later"))
        bridge_delivery_later(p->host, number, &why, 0);
}

static void on_data(void *arg, const char *data, size_t len)
{
    struct post *p = arg;
    char *end;

    strbuf_add(&p->in, data, len);
    while (p->in.len && (end = memchr(p->in.data, '\n', p->in.len))) {
        json_t *line = json_loadb(p->in.data, (size_t)(end - p->in.data), 0, NULL);
        strbuf_drop(&p->in, (size_t)(end - p->in.data) + 1);
        if (!line)
            abort(); /* a test's network speaks JSON */
        on_line(p, line);
        json_decref(line);
    }
}

/* --- the connection ------------------------------------------------------------------- */

static void connect_now(uv_timer_t *timer);

static void on_connected(void *arg)
{
    struct post *p = arg;

    backoff_reset(&p->backoff);
    p->open = true;
    write_line(p, json_pack("{s:s}", "op", "hello"));
}

/* Nobody knows whether the network has these. */
static void put_off_all(struct post *p)
{
    static const struct bridge_error why = { BRIDGE_RETRY, "The post office has closed" };
    int64_t *number;
    size_t i;

    while (i = 0, (number = map_next(&p->given, &i))) {
        map_remove(&p->given, (char *)number, sizeof *number);
        if (!p->ending)
            bridge_delivery_later(p->host, *number, &why, 0);
        free(number);
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct post *p = handle->data;

    map_release(&p->given);
    strbuf_release(&p->in);
    free(p);
}

static void on_closed(void *arg, const struct bridge_error *why)
{
    struct post *p = arg;

    (void)why;
    p->conn = NULL;
    p->open = false;
    strbuf_reset(&p->in);
    put_off_all(p);
    if (p->ending)
        uv_close((uv_handle_t *)&p->timer, on_timer_closed);
    else
        uv_timer_start(&p->timer, connect_now, backoff_next(&p->backoff), 0);
}

static void connect_now(uv_timer_t *timer)
{
    static const struct conn_events events = {
        .on_connected = on_connected, .on_data = on_data, .on_closed = on_closed
    };
    struct post *p = timer->data;
    struct bridge_error err;

    p->conn = conn_open(bridge_host_loop(p->host),
                        &(struct conn_options){ .host = "127.0.0.1", .port = p->port }, &events, p,
                        &err);
    if (!p->conn)
        abort();
}

/* --- the transport --------------------------------------------------------------------- */

static void *start(struct bridge_host *host, const void *settings, struct bridge_error *err)
{
    const struct post_settings *s = settings;
    struct post *p = bridge_alloc(sizeof *p);

    (void)err;
    p->host = host;
    p->port = (uint16_t)s->port;
    p->backoff = (struct backoff){ .first = 100, .most = 1000 };
    strbuf_init(&p->in, MESSAGE_LINE_MAX);
    uv_timer_init(bridge_host_loop(host), &p->timer);
    p->timer.data = p;
    connect_now(&p->timer);
    return p;
}

static void stop(void *transport)
{
    struct post *p = transport;

    p->ending = true;
    if (p->conn)
        conn_abort(p->conn);
    else
        uv_close((uv_handle_t *)&p->timer, on_timer_closed);
}

static enum bridge_address classify(void *transport, const char *localpart,
                                    struct strbuf *canonical, struct bridge_error *err)
{
    (void)transport;
    (void)err;
    strbuf_adds(canonical, localpart);
    return BRIDGE_ADDRESS_CONTACT;
}

static void *login_open(void *transport, struct bridge_session *session, struct bridge_error *err)
{
    struct login *login = bridge_alloc(sizeof *login);

    (void)err;
    *login = (struct login){ transport, session };
    return login;
}

static void login_close(void *data, const char *reason)
{
    (void)reason;
    free(data); /* what was given stays with the network, which answers in time */
}

static const struct bridge_transport post = {
    .type = "post",
    .description = "A post office",
    .settings = post_settings,
    .settings_size = sizeof(struct post_settings),
    .open_by_default = true,
    .features = BRIDGE_HAS_RECEIPT,
    .start = start,
    .stop = stop,
    .classify = classify,
    .open = login_open,
    .close = login_close,
    .deliver = deliver,
};

BRIDGE_PLUGIN("0.1", &post);
