#include "retention.h"

#include <stdlib.h>

#include <bridge/clock.h>
#include <bridge/log.h>

#include "core.h"
#include "domain.h"
#include "forget.h"
#include "session.h"

#define DAY_MS (24 * 60 * 60 * 1000)
#define KEY "keep-days"

static int64_t today(void)
{
    return clock_wall() / DAY_MS;
}

/* 0: for ever. */
static int64_t days_to_keep(const struct core *core, const char *user)
{
    struct strbuf value = STRBUF_INIT(64);
    int64_t days = 0;

    if (store_setting_get(core->store, "", user, "", KEY, &value))
        days = strtoll(strbuf_text(&value), NULL, 10);
    strbuf_release(&value);
    return days;
}

void retention_used(struct bridge_session *session)
{
    struct core *core = session->host->core;

    if (session->used_day == today() || session->leaving)
        return;
    session->used_day = today();
    if (days_to_keep(core, session->user) > 0)
        store_user_seen(core->store, session->user, session->used_day, NULL, NULL);
}

/* --- the sweep ---------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

/* Once: what it sets off stops it, and waits again at its end. */
static void wait_for(struct core *core, uint64_t ms)
{
    uv_timer_start(&core->retention.timer, on_timer, ms, DAY_MS);
}

static void end_sweep(struct core *core)
{
    struct retention *r = &core->retention;

    store_census_free(r->users, r->count);
    r->users = NULL;
    r->count = r->next = 0;
    if (r->forgotten)
        log_info("retention", "users forgotten, as they wanted: %zu", r->forgotten);
    r->forgotten = 0;
    if (!core->stopping)
        wait_for(core, DAY_MS);
}

static bool has_session(const struct core *core, const char *user)
{
    for (size_t i = 0; i < core->host_count; i++) {
        if (session_find(core->hosts[i], user))
            return true;
    }
    return false;
}

/* The list is of some time ago. */
static bool has_lapsed(const struct core *core, const char *user)
{
    int64_t days = days_to_keep(core, user);
    int64_t last;

    return days > 0 && !has_session(core, user) &&
           store_user_day(core->store, user, &last) && last + days < today();
}

static void on_forgotten(void *arg, const struct bridge_error *why)
{
    struct core *core = arg;

    core->retention.forgotten += !why;
    if (why)
        log_warning("retention", "%s: the next attempt is tomorrow", why->text);
    if (why || core->stopping)
        end_sweep(core);
    else
        wait_for(core, RETENTION_PAUSE_MS);
}

static void forget_next(struct core *core)
{
    struct retention *r = &core->retention;
    const char *user = r->users[r->next++].user;

    if (has_lapsed(core, user))
        forget_user(core, NULL, user, on_forgotten, core);
    else
        wait_for(core, RETENTION_PAUSE_MS);
}

static void on_lapsed(void *arg, struct store_census_user *users, size_t count,
                      const struct bridge_error *why)
{
    struct core *core = arg;
    struct retention *r = &core->retention;

    r->census = NULL;
    r->users = users;
    r->count = count;
    if (why)
        log_warning("retention", "%s: the next attempt is tomorrow", why->text);
    if (count)
        wait_for(core, RETENTION_PAUSE_MS);
    else
        end_sweep(core);
}

static void on_timer(uv_timer_t *timer)
{
    struct core *core = timer->data;
    struct retention *r = &core->retention;

    uv_timer_stop(timer);
    if (r->next < r->count)
        forget_next(core);
    else if (r->count)
        end_sweep(core);
    else
        r->census = store_lapsed(core->store, today(), on_lapsed, core);
}

void retention_init(struct core *core)
{
    uv_timer_init(core->loop, &core->retention.timer);
    core->retention.timer.data = core;
    wait_for(core, RETENTION_FIRST_MS);
}

/* A user who is being forgotten is so to the end (forget_stop). */
void retention_stop(struct core *core)
{
    struct retention *r = &core->retention;

    if (r->census)
        store_census_cancel(r->census);
    r->census = NULL;
    uv_close((uv_handle_t *)&r->timer, NULL);
    store_census_free(r->users, r->count);
    r->users = NULL;
    r->count = r->next = 0;
}
