/* control.h - the control socket: commands of the machine's admin to the
 * running daemon, for bridgectl(8).
 *
 * A client connects, sends one request (request.h) and gets one answer
 * (answer.h); then the connection ends. Who closes before, or says anything
 * more, gives up what was asked for. Only root and our own user are heard
 * (listener.h), few at once, and nobody can keep a place by being slow. */
#ifndef CONTROL_H
#define CONTROL_H

#include <bridge/error.h>

#include "core.h"

struct control;

struct control_options {
    const char *path;
    struct core *core;
    /* As in verb.h. */
    int (*reload)(void *arg, struct strbuf *report);
    void *arg;
};

/* NULL with *err set; BRIDGE_CONFLICT if another bridged has the path. */
struct control *control_open(uv_loop_t *loop, const struct control_options *options,
                             struct bridge_error *err);

/* Remove the socket and end all connections, before core_stop(). The loop has
 * to turn until all is closed. */
void control_close(struct control *control);

#endif
