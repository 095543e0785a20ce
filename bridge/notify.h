/* notify.h - what the service manager is told (sd_notify(3)): ready, status,
 * watchdog, stopping. Does nothing without systemd. */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stddef.h>

#include <uv.h>

struct notify;

/* Starts the watchdog's pulse if the service manager asks for one: it proves
 * that the loop turns. */
struct notify *notify_new(uv_loop_t *loop);
void notify_free(struct notify *notify);

void notify_ready(struct notify *notify);
void notify_status(struct notify *notify, size_t up, size_t all);
void notify_stopping(struct notify *notify);

#endif
