#include "control.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <bridge/clock.h>
#include <bridge/log.h>
#include <uv.h>

#include "answer.h"
#include "listener.h"
#include "request.h"
#include "verb.h"

#define CLIENTS_MAX 8
#define BACKLOG     16
#define REQUEST_MS  5000  /* for the whole request */
#define WRITE_MS    10000 /* for what is written at once */

struct client {
    struct control *control;
    struct client *next, **link; /* in control->clients */
    uv_pipe_t pipe;
    uv_timer_t deadline;
    unsigned handles; /* not yet closed */
    bool closing;
    struct peer peer;
    struct request request;
    bool asked; /* the request is complete */
    struct answer answer;
    struct strbuf writing; /* what the kernel has not taken yet */
    uv_write_t write;
    char input[1024];
};

struct control {
    struct admin admin;
    struct listener listener;
    uv_pipe_t pipe;
    bool closing;
    bool closed; /* the pipe is */
    struct client *clients;
    unsigned count; /* of those that are not being closed */
};

/* --- the end of a connection ---------------------------------------------- */

static void control_free_if_done(struct control *control)
{
    if (control->closed && !control->clients)
        free(control);
}

static void on_client_closed(uv_handle_t *handle)
{
    struct client *c = handle->data;
    struct control *control = c->control;

    if (--c->handles)
        return;
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    strbuf_release(&c->writing);
    free(c);
    control_free_if_done(control);
}

static void client_close(struct client *c)
{
    if (c->closing)
        return;
    c->closing = true;
    c->control->count--; /* its place is free: the client can see the end by now */
    answer_release(&c->answer);
    uv_close((uv_handle_t *)&c->pipe, on_client_closed);
    uv_close((uv_handle_t *)&c->deadline, on_client_closed);
}

/* --- the answer ----------------------------------------------------------- */

static void client_go_on(struct client *c);

static void on_written(uv_write_t *write, int status)
{
    struct client *c = write->data;

    strbuf_reset(&c->writing);
    if (c->closing)
        return;
    uv_timer_stop(&c->deadline);
    if (status)
        client_close(c);
    else
        client_go_on(c);
}

static void on_late_writing(uv_timer_t *timer)
{
    client_close(timer->data);
}

static void client_write(struct client *c)
{
    struct strbuf written = c->writing;

    c->writing = c->answer.out;
    c->answer.out = written;
    uv_buf_t buf = uv_buf_init(c->writing.data, (unsigned)c->writing.len);
    uv_timer_start(&c->deadline, on_late_writing, WRITE_MS, 0);
    if (uv_write(&c->write, (uv_stream_t *)&c->pipe, &buf, 1, on_written))
        client_close(c);
}

/* Whatever is to be done now: write, ask for more, wait, or close. */
static void client_go_on(struct client *c)
{
    struct answer *a = &c->answer;

    if (c->closing || c->writing.len)
        return;
    if (!a->out.len && !a->ended && a->source && a->source->more)
        a->source->more(a, a->state);
    if (a->out.len)
        client_write(c);
    else if (a->ended)
        client_close(c);
}

static void on_wake(void *arg)
{
    client_go_on(arg);
}

static void client_refuse(struct client *c, enum answer_end how, const char *why)
{
    answer_end(&c->answer, how, "%s", why);
    client_go_on(c);
}

/* --- the request ---------------------------------------------------------- */

static void on_late_request(uv_timer_t *timer)
{
    struct client *c = timer->data;

    c->asked = true; /* too late for it now */
    client_refuse(c, ANSWER_USAGE, "there came no whole request in time");
}

static void log_request(const struct client *c)
{
    const struct request *r = &c->request;
    enum log_level level = verb_changes(r->words[0]) ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
    struct strbuf words = STRBUF_INIT(2 * REQUEST_MAX);

    for (unsigned i = 0; i < r->count; i++)
        strbuf_addf(&words, " %s", r->words[i]);
    log_at(level, "control", "user %ld (process %ld):%s", (long)c->peer.uid, (long)c->peer.pid,
           strbuf_text(&words));
    strbuf_release(&words);
}

static void client_take(struct client *c, const char *data, size_t len)
{
    struct bridge_error err;
    enum request_state state = request_feed(&c->request, data, len, &err);

    if (state == REQUEST_MORE)
        return;
    c->asked = true;
    uv_timer_stop(&c->deadline);
    if (state == REQUEST_BAD) {
        client_refuse(c, ANSWER_USAGE, err.text);
        return;
    }
    log_request(c);
    verb_run(&c->control->admin, &c->request, &c->answer);
    client_go_on(c);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct client *c = handle->data;

    (void)suggested;
    *buf = uv_buf_init(c->input, sizeof c->input);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct client *c = stream->data;

    if (n < 0 || (n > 0 && c->asked))
        client_close(c);
    else if (n > 0)
        client_take(c, buf->base, (size_t)n);
}

/* --- connections ---------------------------------------------------------- */

static struct client *client_new(struct control *control)
{
    struct client *c = bridge_alloc(sizeof *c);
    uv_loop_t *loop = control->pipe.loop;

    c->control = control;
    c->link = &control->clients;
    c->next = control->clients;
    if (c->next)
        c->next->link = &c->next;
    control->clients = c;
    control->count++;
    c->handles = 2;
    uv_pipe_init(loop, &c->pipe, 0);
    uv_timer_init(loop, &c->deadline);
    c->pipe.data = c->deadline.data = c->write.data = c;
    answer_init(&c->answer, on_wake, c);
    c->writing.limit = c->answer.out.limit; /* they change places */
    return c;
}

static void client_begin(struct client *c)
{
    uv_os_fd_t fd;

    if (uv_fileno((uv_handle_t *)&c->pipe, &fd) || !listener_admits(fd, &c->peer)) {
        log_warning("control", "refused user %ld (process %ld)", (long)c->peer.uid,
                    (long)c->peer.pid);
        client_refuse(c, ANSWER_FAILED,
                      "only root and the user that bridged runs as may give commands");
    } else if (c->control->count > CLIENTS_MAX) {
        client_refuse(c, ANSWER_FAILED, "too many commands are under way: try again later");
    } else {
        uv_timer_start(&c->deadline, on_late_request, REQUEST_MS, 0);
        if (uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read))
            client_close(c);
    }
}

static void on_connection(uv_stream_t *server, int status)
{
    struct control *control = server->data;

    if (status || control->closing) {
        log_warning("control", "cannot take a connection: %s", uv_strerror(status));
        return;
    }
    struct client *c = client_new(control);
    if (uv_accept(server, (uv_stream_t *)&c->pipe))
        client_close(c);
    else
        client_begin(c);
}

/* --- the socket ----------------------------------------------------------- */

static void on_pipe_closed(uv_handle_t *handle)
{
    struct control *control = handle->data;

    control->closed = true;
    control_free_if_done(control);
}

struct control *control_open(uv_loop_t *loop, const struct control_options *options,
                             struct bridge_error *err)
{
    struct control *control = bridge_alloc(sizeof *control);

    if (listener_open(&control->listener, options->path, err)) {
        free(control);
        return NULL;
    }
    control->admin = (struct admin){ .core = options->core,
                                     .started = clock_monotonic(),
                                     .reload = options->reload,
                                     .arg = options->arg };
    uv_pipe_init(loop, &control->pipe, 0);
    control->pipe.data = control;
    int rc = uv_pipe_open(&control->pipe, control->listener.socket);
    if (rc)
        close(control->listener.socket);
    else
        rc = uv_listen((uv_stream_t *)&control->pipe, BACKLOG, on_connection);
    if (rc) {
        bridge_fail(err, BRIDGE_INVALID, "cannot listen on %s: %s", options->path,
                    uv_strerror(rc));
        control_close(control);
        return NULL;
    }
    return control;
}

void control_close(struct control *control)
{
    control->closing = true;
    listener_close(&control->listener);
    for (struct client *c = control->clients; c; c = c->next)
        client_close(c);
    uv_close((uv_handle_t *)&control->pipe, on_pipe_closed);
}
