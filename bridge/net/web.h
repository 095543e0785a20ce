/* web.h - the HTTP listener, on the event loop: for what others fetch from us, and
 * tell us (webhooks). HTTP/1.1 without TLS: it stands on this machine, behind a
 * reverse proxy if it is to be reached from elsewhere.
 *
 * Nobody can hold it up. A request has to be here whole, headers and body, within
 * the deadline, however many bytes trickle in; an answer has to be taken, and given,
 * within it, too. Connections, the size of headers and, by route, of bodies are
 * bounded. Unknown paths are answered with 404, other methods with 405, larger
 * bodies with 413, without asking the routes. */
#ifndef NET_WEB_H
#define NET_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <bridge/error.h>
#include <uv.h>

/* Connections: all, and from one address (from one /64, with IPv6). A proxy on this
 * machine brings everybody's: only the first limit is for it. */
#define WEB_CONNECTIONS_MAX 256
#define WEB_ADDRESS_MAX 32

struct web;
struct web_request;

struct web_options {
    struct sockaddr_storage listen; /* endpoint.h */
    uint64_t deadline;              /* ms; 0: 30 s */
};

enum web_method {
    WEB_GET = 1, /* and HEAD */
    WEB_POST = 2,
    WEB_PUT = 4,
    WEB_DELETE = 8,
};

struct web_route {
    const char *path; /* "/health"; with "/" at its end: all that begins so. The longest
                         route that fits has it. */
    unsigned methods; /* enum web_method, one or several */
    size_t body_max;  /* bytes */
    /* The request is here. It is the route's until web_answer(), which has to be
     * called once, now or later. */
    void (*on_request)(void *arg, struct web_request *request);
};

/* Listen. NULL with *err set. */
struct web *web_open(uv_loop_t *loop, const struct web_options *options,
                     struct bridge_error *err);
uint16_t web_port(const struct web *web);

/* The route is borrowed for the listener's life. */
void web_add_route(struct web *web, const struct web_route *route, void *arg);

/* Stop at once: who waits for an answer gets 503. Routes still have to answer what
 * they hold, and may after this. Not from within on_request(). */
void web_close(struct web *web);

/* What was asked. Borrowed, and to be read within on_request() only; but the body,
 * which is NUL-terminated, until web_answer(). */
enum web_method web_method(const struct web_request *request);
const char *web_path(const struct web_request *request); /* decoded, without the query */
const char *web_uri(const struct web_request *request);  /* as it came, with the query */
const char *web_query(const struct web_request *request, const char *name);  /* or NULL */
const char *web_header(const struct web_request *request, const char *name); /* or NULL */
const char *web_peer(const struct web_request *request); /* numeric address */
const char *web_body(const struct web_request *request, size_t *len);

/* The answer, copied; `type` is the Content-Type. Who asked may have gone, or been
 * answered with 503 when the deadline had passed: then nobody reads it. */
void web_answer(struct web_request *request, unsigned status, const char *type,
                const void *body, size_t len);
void web_answer_text(struct web_request *request, unsigned status, const char *text);

#endif
