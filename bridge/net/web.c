#include "web.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/log.h>
#include <bridge/strbuf.h>
#include <microhttpd.h>

#include "endpoint.h"

#define DEADLINE_MS 30000
#define MEMORY_MAX 16384        /* of a connection: request line, headers, answer's head */
#define SWALLOW_MAX (1u << 20)  /* of a body that is too large, to be able to say so */

#define PLAIN "text/plain; charset=utf-8"

/* A connection, in the list of those that have a deadline: all of them, until they
 * are cut. The deadlines are equally long, so that the first in the list is next. */
struct web_conn {
    struct web *web;
    struct web_conn *prev, *next;
    uint64_t deadline; /* clock_monotonic() */
    int fd;
    bool listed;
    bool served; /* this is not its first request */
    char *uri;   /* of the request, as it came */
    struct web_request *request;
    struct sockaddr_storage address;
    char peer[ENDPOINT_TEXT];
};

struct handler {
    const struct web_route *route;
    void *arg;
};

struct web_request {
    struct web *web;
    struct MHD_Connection *connection; /* NULL: it has ended */
    struct web_conn *conn;
    const struct handler *handler;
    enum web_method method;
    char *path;
    struct strbuf body;
    size_t swallowed;    /* of a body that is too large */
    bool owed;           /* by the route: an answer */
    bool suspended;
    bool given_up; /* told that it takes too long */
    unsigned status;
    struct MHD_Response *response; /* until it is queued */
};

struct web {
    uv_loop_t *loop;
    struct MHD_Daemon *daemon;
    uint64_t deadline;
    uv_poll_t poll;     /* of the library's epoll */
    uv_timer_t again;   /* when the library wants to be run without an event */
    uv_timer_t cutter;  /* when the first deadline passes */
    unsigned open_handles;
    struct handler *handlers;
    size_t handler_count;
    struct web_conn conns; /* head of the list */
    size_t conn_count;
};

static const struct {
    const char *name;
    enum web_method method;
} methods[] = {
    { "GET", WEB_GET }, { "HEAD", WEB_GET },      { "POST", WEB_POST },
    { "PUT", WEB_PUT }, { "DELETE", WEB_DELETE },
};

#define METHODS (sizeof methods / sizeof *methods)

/* --- deadlines ---------------------------------------------------------------------- */

static void on_cutter(uv_timer_t *timer);

static void unlist(struct web_conn *conn)
{
    if (!conn->listed)
        return;
    conn->prev->next = conn->next;
    conn->next->prev = conn->prev;
    conn->listed = false;
}

static void set_cutter(struct web *web)
{
    const struct web_conn *first = web->conns.next;
    uint64_t now = clock_monotonic();

    if (first == &web->conns)
        uv_timer_stop(&web->cutter);
    else
        uv_timer_start(&web->cutter, on_cutter, first->deadline > now ? first->deadline - now : 0,
                       0);
}

/* The connection has all its time again. */
static void renew(struct web_conn *conn)
{
    struct web *web = conn->web;
    bool first = web->conns.next == conn || web->conns.next == &web->conns;

    if (!conn->listed && conn->deadline)
        return; /* it has been cut */
    unlist(conn);
    conn->deadline = clock_monotonic() + web->deadline;
    conn->prev = web->conns.prev;
    conn->next = &web->conns;
    conn->prev->next = conn->next->prev = conn;
    conn->listed = true;
    if (first)
        set_cutter(web);
}

static void run_library(struct web *web);

static void on_again(uv_timer_t *timer)
{
    run_library(timer->data);
}

static void give_response(struct web_request *request, unsigned status, const char *type,
                          const void *body, size_t len);

static void resume(struct web_request *request)
{
    if (!request->suspended)
        return;
    request->suspended = false;
    MHD_resume_connection(request->connection);
    uv_timer_start(&request->web->again, on_again, 0, 0);
}

/* The route has not answered in time, or we end: what it says later, nobody hears. */
static void give_up(struct web_request *request)
{
    static const char text[] = "This could not be done in time; try again later.\n";

    request->given_up = true;
    give_response(request, MHD_HTTP_SERVICE_UNAVAILABLE, PLAIN, text, strlen(text));
    renew(request->conn);
    resume(request);
}

/* The library sees that the peer is gone, and ends the connection. */
static void cut(struct web_conn *conn)
{
    log_debug("http", "%s took too long", conn->peer);
    unlist(conn);
    shutdown(conn->fd, SHUT_RDWR);
}

static void on_cutter(uv_timer_t *timer)
{
    struct web *web = timer->data;
    uint64_t now = clock_monotonic();
    struct web_conn *conn;

    while ((conn = web->conns.next) != &web->conns && conn->deadline <= now) {
        if (conn->request && conn->request->suspended)
            give_up(conn->request);
        else
            cut(conn);
    }
    set_cutter(web);
}

/* --- connections -------------------------------------------------------------------- */

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
    return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
}

/* One network of a customer is a /64 in IPv6. */
static bool is_neighbour(const struct sockaddr *a, const struct sockaddr *b)
{
    if (a->sa_family != b->sa_family)
        return false;
    if (a->sa_family == AF_INET6)
        return !memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
                       &((const struct sockaddr_in6 *)b)->sin6_addr, 8);
    return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
           ((const struct sockaddr_in *)b)->sin_addr.s_addr;
}

static enum MHD_Result on_accept(void *arg, const struct sockaddr *address, socklen_t len)
{
    const struct web *web = arg;
    size_t count = 0;

    (void)len;
    if (is_loopback(address))
        return MHD_YES;
    for (const struct web_conn *conn = web->conns.next; conn != &web->conns; conn = conn->next)
        count += is_neighbour(address, (const struct sockaddr *)&conn->address);
    return count < WEB_ADDRESS_MAX ? MHD_YES : MHD_NO;
}

static struct web_conn *conn_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info->socket_context;
}

static void conn_begin(struct web *web, struct MHD_Connection *connection, void **context)
{
    struct web_conn *conn = bridge_alloc(sizeof *conn);
    const struct sockaddr *address =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;

    conn->web = web;
    conn->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    memcpy(&conn->address, address,
           address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in));
    endpoint_host(address, conn->peer);
    *context = conn;
    renew(conn);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct web_conn *conn = *context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        conn_begin(arg, connection, context);
        return;
    }
    unlist(conn);
    free(conn->uri);
    free(conn);
}

/* The library decodes what it gives us later. */
static void *on_uri(void *arg, const char *uri, struct MHD_Connection *connection)
{
    struct web_conn *conn = conn_of(connection);

    (void)arg;
    free(conn->uri);
    conn->uri = bridge_strdup(uri);
    return NULL;
}

/* --- answers ------------------------------------------------------------------------ */

static struct MHD_Response *new_response(const char *type, const void *body, size_t len)
{
    static const char *const headers[][2] = {
        { MHD_HTTP_HEADER_CACHE_CONTROL, "no-store" },
        { "X-Content-Type-Options", "nosniff" },
    };
    /* It does not change what it copies. */
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)body, MHD_RESPMEM_MUST_COPY);

    assert(response); /* only without memory */
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        MHD_add_response_header(response, headers[i][0], headers[i][1]);
    return response;
}

/* Takes the response over. */
static enum MHD_Result queue_response(struct MHD_Connection *connection, unsigned status,
                                      struct MHD_Response *response)
{
    renew(conn_of(connection));
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

static void give_response(struct web_request *request, unsigned status, const char *type,
                          const void *body, size_t len)
{
    request->status = status;
    request->response = new_response(type, body, len);
}

static struct MHD_Response *plain_response(const char *text)
{
    return new_response(PLAIN, text, strlen(text));
}

static enum MHD_Result refuse_method(struct MHD_Connection *connection, unsigned allowed)
{
    struct MHD_Response *response = plain_response("This is not done here.\n");
    struct strbuf names = STRBUF_INIT(256);

    for (size_t i = 0; i < METHODS; i++) {
        if (allowed & methods[i].method)
            strbuf_addf(&names, "%s%s", names.len ? ", " : "", methods[i].name);
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, strbuf_text(&names));
    strbuf_release(&names);
    return queue_response(connection, MHD_HTTP_METHOD_NOT_ALLOWED, response);
}

static enum MHD_Result refuse_size(struct MHD_Connection *connection)
{
    return queue_response(connection, MHD_HTTP_CONTENT_TOO_LARGE,
                          plain_response("This is too large.\n"));
}

/* --- requests ----------------------------------------------------------------------- */

static void request_free(struct web_request *request)
{
    if (request->response)
        MHD_destroy_response(request->response);
    strbuf_release(&request->body);
    free(request->path);
    free(request);
}

static bool fits(const struct web_route *route, const char *path)
{
    size_t len = strlen(route->path);
    bool below = len && route->path[len - 1] == '/';

    return below ? !strncmp(route->path, path, len) : !strcmp(route->path, path);
}

static const struct handler *find_handler(const struct web *web, const char *path)
{
    const struct handler *best = NULL;

    for (size_t i = 0; i < web->handler_count; i++) {
        const struct handler *one = &web->handlers[i];
        if (fits(one->route, path) &&
            (!best || strlen(one->route->path) > strlen(best->route->path)))
            best = one;
    }
    return best;
}

static unsigned find_method(const char *name)
{
    for (size_t i = 0; i < METHODS; i++) {
        if (!strcmp(methods[i].name, name))
            return methods[i].method;
    }
    return 0;
}

/* MHD has seen to it that it is a number. */
static bool announces_more(struct MHD_Connection *connection, size_t most)
{
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_CONTENT_LENGTH);

    return length && strtoull(length, NULL, 10) > most;
}

/* The headers are here. */
static enum MHD_Result begin(struct web *web, struct MHD_Connection *connection, const char *path,
                             const char *method, void **context)
{
    const struct handler *handler = find_handler(web, path);
    struct web_conn *conn = conn_of(connection);
    unsigned code = find_method(method);

    if (conn->served)
        renew(conn);
    conn->served = true;
    if (!handler)
        return queue_response(connection, MHD_HTTP_NOT_FOUND,
                              plain_response("There is nothing at this address.\n"));
    if (!(code & handler->route->methods))
        return refuse_method(connection, handler->route->methods);
    if (announces_more(connection, handler->route->body_max))
        return refuse_size(connection);

    struct web_request *request = bridge_alloc(sizeof *request);
    request->web = web;
    request->connection = connection;
    request->conn = conn;
    request->handler = handler;
    request->method = (enum web_method)code;
    request->path = bridge_strdup(path);
    strbuf_init(&request->body, handler->route->body_max);
    conn->request = request;
    *context = request;
    return MHD_YES;
}

/* Past the limit the body is dropped, for a while: an answer cannot be given before
 * its end, and the peer should know what was wrong. */
static enum MHD_Result collect(struct web_request *request, const char *data, size_t len)
{
    strbuf_add(&request->body, data, len);
    if (request->body.overflow)
        request->swallowed += len;
    return request->swallowed < SWALLOW_MAX ? MHD_YES : MHD_NO;
}

/* All is here, or the answer is. */
static enum MHD_Result finish(struct web_request *request)
{
    if (request->body.overflow)
        return refuse_size(request->connection);
    if (!request->response && !request->owed) {
        request->owed = true;
        renew(request->conn);
        request->handler->route->on_request(request->handler->arg, request);
    }
    if (request->response) {
        struct MHD_Response *response = request->response;
        request->response = NULL;
        return queue_response(request->connection, request->status, response);
    }
    MHD_suspend_connection(request->connection);
    request->suspended = true;
    return MHD_YES;
}

static enum MHD_Result on_access(void *arg, struct MHD_Connection *connection, const char *path,
                                 const char *method, const char *version, const char *data,
                                 size_t *len, void **context)
{
    struct web_request *request = *context;

    (void)version;
    if (!request)
        return begin(arg, connection, path, method, context);
    if (!*len)
        return finish(request);
    size_t size = *len;
    *len = 0;
    return collect(request, data, size);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct web_request *request = *context;

    (void)arg;
    (void)code;
    renew(conn_of(connection)); /* for the next one */
    if (!request)
        return;
    request->conn->request = NULL;
    request->connection = NULL;
    request->conn = NULL;
    *context = NULL;
    if (!request->owed)
        request_free(request);
}

enum web_method web_method(const struct web_request *request)
{
    return request->method;
}

const char *web_path(const struct web_request *request)
{
    return request->path;
}

const char *web_uri(const struct web_request *request)
{
    return request->conn->uri;
}

const char *web_query(const struct web_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *web_header(const struct web_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *web_peer(const struct web_request *request)
{
    return request->conn->peer;
}

const char *web_body(const struct web_request *request, size_t *len)
{
    *len = request->body.len;
    return strbuf_text(&request->body);
}

void web_answer(struct web_request *request, unsigned status, const char *type,
                const void *body, size_t len)
{
    assert(request->owed);
    request->owed = false;
    if (!request->connection) {
        request_free(request);
    } else if (!request->given_up) {
        give_response(request, status, type, body, len);
        resume(request);
    }
}

void web_answer_text(struct web_request *request, unsigned status, const char *text)
{
    web_answer(request, status, PLAIN, text, strlen(text));
}

/* --- the library on our loop ---------------------------------------------------------- */

static void run_library(struct web *web)
{
    MHD_UNSIGNED_LONG_LONG wait;

    MHD_run(web->daemon);
    if (MHD_get_timeout(web->daemon, &wait) == MHD_YES)
        uv_timer_start(&web->again, on_again, wait, 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run_library(poll->data);
}

__attribute__((format(printf, 2, 0)))
static void on_log(void *arg, const char *format, va_list args)
{
    struct strbuf text = STRBUF_INIT(4096);

    (void)arg;
    strbuf_addv(&text, format, args);
    while (text.len && text.data[text.len - 1] == '\n')
        strbuf_cut(&text, text.len - 1);
    log_debug("http", "%s", strbuf_text(&text));
    strbuf_release(&text);
}

static struct MHD_Daemon *start_library(struct web *web, int fd)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
                            on_accept, web, on_access, web,
                            MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, /* first: it is used */
                            MHD_OPTION_LISTEN_SOCKET, fd,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)WEB_CONNECTIONS_MAX,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX,
                            MHD_OPTION_STRICT_FOR_CLIENT, 1,
                            MHD_OPTION_URI_LOG_CALLBACK, on_uri, web,
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, web,
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, web,
                            MHD_OPTION_END);
}

static void init_handles(struct web *web)
{
    uv_poll_init(web->loop, &web->poll,
                 MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
    uv_timer_init(web->loop, &web->again);
    uv_timer_init(web->loop, &web->cutter);
    web->poll.data = web->again.data = web->cutter.data = web;
    web->open_handles = 3;
    uv_poll_start(&web->poll, UV_READABLE, on_poll);
}

struct web *web_open(uv_loop_t *loop, const struct web_options *options, struct bridge_error *err)
{
    int fd = endpoint_listen(&options->listen, err);

    if (fd < 0)
        return NULL;
    struct web *web = bridge_alloc(sizeof *web);
    web->loop = loop;
    web->deadline = options->deadline ? options->deadline : DEADLINE_MS;
    web->conns.prev = web->conns.next = &web->conns;
    web->daemon = start_library(web, fd);
    if (!web->daemon) { /* the socket is the library's all the same */
        free(web);
        bridge_fail(err, BRIDGE_RETRY, "the HTTP listener cannot start: too few descriptors");
        return NULL;
    }
    init_handles(web);
    return web;
}

uint16_t web_port(const struct web *web)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_LISTEN_FD);
    struct sockaddr_storage address = { 0 };
    socklen_t len = sizeof address;

    getsockname(info->listen_fd, (struct sockaddr *)&address, &len);
    return ntohs(((const struct sockaddr_in *)&address)->sin_port); /* as in sockaddr_in6 */
}

void web_add_route(struct web *web, const struct web_route *route, void *arg)
{
    /* Requests point to handlers: none is under way before all are here. */
    assert(web->conns.next == &web->conns);
    web->handlers = bridge_realloc(web->handlers,
                                   (web->handler_count + 1) * sizeof *web->handlers);
    web->handlers[web->handler_count++] = (struct handler){ route, arg };
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct web *web = handle->data;

    if (--web->open_handles)
        return;
    free(web->handlers);
    free(web);
}

void web_close(struct web *web)
{
    struct web_conn *conn, *next;

    for (conn = web->conns.next; conn != &web->conns; conn = next) {
        next = conn->next;
        if (conn->request && conn->request->suspended)
            give_up(conn->request); /* to the end of the list, and not seen again there */
    }
    MHD_run(web->daemon);
    uv_close((uv_handle_t *)&web->poll, on_handle_closed);
    uv_close((uv_handle_t *)&web->again, on_handle_closed);
    MHD_stop_daemon(web->daemon);
    uv_close((uv_handle_t *)&web->cutter, on_handle_closed);
}
