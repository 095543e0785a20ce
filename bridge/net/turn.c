#include "turn.h"

#include <stdlib.h>

static struct turn *turns; /* nearly always one: a program has one loop */

static void list_init(struct turn_task *head)
{
    head->prev = head->next = head;
}

static void list_append(struct turn_task *head, struct turn_task *task)
{
    task->prev = head->prev;
    task->next = head;
    head->prev->next = task;
    head->prev = task;
}

void turn_remove(struct turn_task *task)
{
    if (!task->next)
        return;
    task->prev->next = task->next;
    task->next->prev = task->prev;
    task->prev = task->next = NULL;
}

/* What tasks schedule while they run waits for the next round: nobody can keep
 * the loop from its sockets. */
static void run_scheduled(struct turn *turn)
{
    struct turn_task now;

    list_init(&now);
    list_append(&turn->scheduled, &now);
    turn_remove(&turn->scheduled);
    list_init(&turn->scheduled);
    while (now.next != &now) {
        struct turn_task *task = now.next;
        turn_remove(task);
        task->run(task);
    }
    if (turn->scheduled.next == &turn->scheduled) {
        uv_idle_stop(&turn->before);
        uv_check_stop(&turn->after);
    }
}

static void on_before(uv_idle_t *handle)
{
    run_scheduled(handle->data);
}

static void on_after(uv_check_t *handle)
{
    run_scheduled(handle->data);
}

void turn_schedule(struct turn *turn, struct turn_task *task)
{
    if (task->next)
        return;
    list_append(&turn->scheduled, task);
    uv_idle_start(&turn->before, on_before);
    uv_check_start(&turn->after, on_after);
}

static struct turn *turn_new(uv_loop_t *loop)
{
    struct turn *turn = bridge_realloc(NULL, sizeof *turn); /* no need to clear 80 KiB */

    turn->loop = loop;
    turn->holders = 0;
    turn->open_handles = 2;
    uv_idle_init(loop, &turn->before);
    uv_check_init(loop, &turn->after);
    turn->before.data = turn->after.data = turn;
    list_init(&turn->scheduled);
    strbuf_init(&turn->sealed, 1024 * 1024);
    turn->next_turn = turns;
    turns = turn;
    return turn;
}

struct turn *turn_hold(uv_loop_t *loop)
{
    struct turn *turn = turns;

    while (turn && turn->loop != loop)
        turn = turn->next_turn;
    if (!turn)
        turn = turn_new(loop);
    turn->holders++;
    return turn;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct turn *turn = handle->data;

    if (--turn->open_handles)
        return;
    strbuf_release(&turn->sealed);
    free(turn);
}

void turn_drop(struct turn *turn)
{
    if (--turn->holders)
        return;
    struct turn **at = &turns;
    while (*at != turn)
        at = &(*at)->next_turn;
    *at = turn->next_turn;
    uv_close((uv_handle_t *)&turn->before, on_handle_closed);
    uv_close((uv_handle_t *)&turn->after, on_handle_closed);
}
