/* retention.h - users who want to be forgotten when they have done nothing for a
 * while: their setting "keep-days".
 *
 * Who has it set is remembered with the last day on which they did something; of
 * others nothing of the kind is kept. Once a day, those whose time is over are
 * forgotten one after the other, as if they had asked for it (forget.h). */
#ifndef RETENTION_H
#define RETENTION_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

struct bridge_session;
struct core;
struct store_census;
struct store_census_user;

/* The first sweep comes so long after the start, which has enough to do; the next
 * ones a day after another. Between two users there is a pause. */
#define RETENTION_FIRST_MS (5 * 60 * 1000)
#define RETENTION_PAUSE_MS 100

/* The core's. */
struct retention {
    uv_timer_t timer;
    struct store_census *census; /* NULL: none is on its way */
    struct store_census_user *users;
    size_t count;
    size_t next;
    size_t forgotten;
};

void retention_init(struct core *core);
void retention_stop(struct core *core);

/* The user has done something. */
void retention_used(struct bridge_session *session);

#endif
