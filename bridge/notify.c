#include "notify.h"

#include <stdint.h>
#include <stdlib.h>

#include <bridge/strbuf.h>

#ifdef BRIDGE_SYSTEMD
#include <systemd/sd-daemon.h>
#else
#define sd_notify(unset, state) ((void)(unset), (void)(state))
#define sd_notifyf(unset, ...) ((void)(unset))
#define sd_watchdog_enabled(unset, us) ((void)(unset), (void)(us), 0)
#endif

struct notify {
    uv_timer_t pulse;
};

static void on_pulse(uv_timer_t *timer)
{
    (void)timer;
    sd_notify(0, "WATCHDOG=1");
}

struct notify *notify_new(uv_loop_t *loop)
{
    struct notify *notify = bridge_alloc(sizeof *notify);
    uint64_t interval = 0; /* microseconds */

    uv_timer_init(loop, &notify->pulse);
    notify->pulse.data = notify;
    if (sd_watchdog_enabled(0, &interval) > 0) /* sd_watchdog_enabled(3): twice as often */
        uv_timer_start(&notify->pulse, on_pulse, 0, interval / 2000);
    return notify;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void notify_free(struct notify *notify)
{
    uv_close((uv_handle_t *)&notify->pulse, on_closed);
}

void notify_ready(struct notify *notify)
{
    (void)notify;
    sd_notify(0, "READY=1");
}

void notify_status(struct notify *notify, size_t up, size_t all)
{
    (void)notify;
    sd_notifyf(0, "STATUS=%zu of %zu domains are connected to the XMPP server", up, all);
}

void notify_stopping(struct notify *notify)
{
    (void)notify;
    sd_notify(0, "STOPPING=1");
}
