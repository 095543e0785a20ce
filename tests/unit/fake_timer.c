#include "fake_timer.h"

#include <assert.h>
#include <stdbool.h>

#include <bridge/clock.h>
#include <uv.h>

#define TIMERS_MAX 64
#define MORNING 1000000000
#define TODAY INT64_C(1700000000000) /* 2023-11-14T22:13:20Z */

static struct timer {
    uv_timer_t *handle;
    uv_timer_cb cb;
    uint64_t due;
    uint64_t repeat;
} timers[TIMERS_MAX];
static size_t timer_count;
static uint64_t now;

int __wrap_uv_timer_start(uv_timer_t *handle, uv_timer_cb cb, uint64_t timeout,
                          uint64_t repeat);
int __wrap_uv_timer_stop(uv_timer_t *handle);
void __real_uv_close(uv_handle_t *handle, uv_close_cb cb);
void __wrap_uv_close(uv_handle_t *handle, uv_close_cb cb);

int __wrap_uv_timer_stop(uv_timer_t *handle)
{
    for (size_t i = 0; i < timer_count; i++) {
        if (timers[i].handle == handle) {
            timers[i] = timers[--timer_count];
            break;
        }
    }
    return 0;
}

int __wrap_uv_timer_start(uv_timer_t *handle, uv_timer_cb cb, uint64_t timeout,
                          uint64_t repeat)
{
    __wrap_uv_timer_stop(handle);
    assert(timer_count < TIMERS_MAX);
    timers[timer_count++] = (struct timer){ handle, cb, now + timeout, repeat };
    return 0;
}

void __wrap_uv_close(uv_handle_t *handle, uv_close_cb cb)
{
    if (handle->type == UV_TIMER)
        __wrap_uv_timer_stop((uv_timer_t *)handle);
    __real_uv_close(handle, cb);
}

void fake_timer_reset(void)
{
    timer_count = 0;
    now = MORNING;
    clock_freeze(now, TODAY);
}

static struct timer *first(bool repeating_too)
{
    struct timer *found = NULL;

    for (size_t i = 0; i < timer_count; i++) {
        if ((repeating_too || !timers[i].repeat) && (!found || timers[i].due < found->due))
            found = &timers[i];
    }
    return found;
}

uint64_t fake_timer_next(void)
{
    const struct timer *next = first(false);

    return next ? next->due - now : UINT64_MAX;
}

size_t fake_timer_count(void)
{
    return timer_count;
}

static void set_now(uint64_t to)
{
    now = to;
    clock_freeze(now, TODAY + (int64_t)(now - MORNING));
}

void fake_timer_advance(uint64_t ms)
{
    uint64_t end = now + ms;
    struct timer *next;

    while ((next = first(true)) && next->due <= end) {
        struct timer due = *next;
        set_now(due.due);
        if (due.repeat)
            next->due += due.repeat;
        else
            __wrap_uv_timer_stop(due.handle);
        due.cb(due.handle);
    }
    set_now(end);
}
