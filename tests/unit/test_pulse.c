/* How long the turns of a real loop are. */
#include "pulse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <poll.h>

#define MS UINT64_C(1000000)

static uv_loop_t loop;
static struct pulse pulse;

static void work(uint64_t ms)
{
    poll(NULL, 0, (int)ms);
}

static void on_timer(uv_timer_t *timer)
{
    work((uint64_t)(uintptr_t)timer->data);
}

static void on_async(uv_async_t *async)
{
    work((uint64_t)(uintptr_t)async->data);
    uv_close((uv_handle_t *)async, NULL);
}

static void waiting_is_no_stall(void **state)
{
    uv_timer_t timer = { 0 };
    uint64_t begun = uv_hrtime();

    (void)state;
    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, on_timer, 300, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    /* A slow machine makes both longer. */
    assert_true(pulse.busy + 200 * MS < uv_hrtime() - begun);
}

static void a_slow_timer_is(void **state)
{
    uv_timer_t timer = { .data = (void *)(uintptr_t)80 };

    (void)state;
    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, on_timer, 5, 10);
    for (int i = 0; i < 4; i++)
        uv_run(&loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(pulse.longest >= 79 * MS);
    assert_true(pulse.stalls >= 1);
    assert_true(pulse.busy >= pulse.longest);
}

/* It runs where the loop waits, too. */
static void so_is_a_slow_socket(void **state)
{
    uv_async_t async = { .data = (void *)(uintptr_t)80 };
    uv_timer_t timer = { 0 };

    (void)state;
    uv_async_init(&loop, &async, on_async);
    async.data = (void *)(uintptr_t)80;
    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, on_timer, 5, 0);
    uv_run(&loop, UV_RUN_ONCE);
    uv_async_send(&async);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_true(pulse.longest >= 79 * MS);
    assert_true(pulse.stalls >= 1);
}

static int setup(void **state)
{
    (void)state;
    uv_loop_init(&loop);
    pulse_start(&pulse, &loop);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pulse_stop(&pulse);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(waiting_is_no_stall),
        TEST(a_slow_timer_is),
        TEST(so_is_a_slow_socket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
