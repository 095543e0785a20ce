#include "pulse.h"

/* Once in each turn. Callbacks of sockets run where the loop also waits, so that the
 * waiting has to be taken off. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct pulse *p = prepare->data;
    uint64_t now = uv_hrtime(), idle = uv_metrics_idle_time(p->loop);
    uint64_t passed = now - p->last, waited = idle - p->idle;
    uint64_t busy = p->begun && passed > waited ? passed - waited : 0;

    p->begun = true;
    p->last = now;
    p->idle = idle;
    p->busy += busy;
    p->stalls += busy > PULSE_STALL_MS * UINT64_C(1000000);
    if (busy > p->longest)
        p->longest = busy;
}

void pulse_start(struct pulse *pulse, uv_loop_t *loop)
{
    *pulse = (struct pulse){ .loop = loop };
    uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
    uv_prepare_init(loop, &pulse->prepare);
    pulse->prepare.data = pulse;
    uv_prepare_start(&pulse->prepare, on_prepare);
    uv_unref((uv_handle_t *)&pulse->prepare);
}

void pulse_stop(struct pulse *pulse)
{
    uv_close((uv_handle_t *)&pulse->prepare, NULL);
}
