#include "delivery_queue.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>

/* --- lanes that wait for a time: a binary heap ------------------------------------- */

static void place(struct delivery_queue *q, size_t at, struct delivery_lane *lane)
{
    q->timed[at - 1] = lane;
    lane->place = at;
}

static void move_up(struct delivery_queue *q, size_t at, struct delivery_lane *lane)
{
    for (; at > 1 && q->timed[at / 2 - 1]->due > lane->due; at /= 2)
        place(q, at, q->timed[at / 2 - 1]);
    place(q, at, lane);
}

static void move_down(struct delivery_queue *q, size_t at, struct delivery_lane *lane)
{
    size_t child;

    for (; (child = 2 * at) <= q->timed_count; at = child) {
        if (child < q->timed_count && q->timed[child]->due < q->timed[child - 1]->due)
            child++;
        if (q->timed[child - 1]->due >= lane->due)
            break;
        place(q, at, q->timed[child - 1]);
    }
    place(q, at, lane);
}

static void time_lane(struct delivery_queue *q, struct delivery_lane *lane, int64_t due)
{
    if (q->timed_count == q->timed_size) {
        q->timed_size = q->timed_size ? 2 * q->timed_size : 64;
        q->timed = bridge_realloc(q->timed, q->timed_size * sizeof(void *));
    }
    lane->due = due;
    move_up(q, ++q->timed_count, lane);
}

static void untime_lane(struct delivery_queue *q, struct delivery_lane *lane)
{
    size_t at = lane->place;

    if (!at)
        return;
    lane->place = 0;
    struct delivery_lane *last = q->timed[--q->timed_count];
    if (last == lane)
        return;
    if (at > 1 && q->timed[at / 2 - 1]->due > last->due)
        move_up(q, at, last);
    else
        move_down(q, at, last);
}

/* --- lanes ------------------------------------------------------------------------- */

/* The one whose turn it is, or NULL: the first to a network, if it waits; the first
 * that waits to a user. */
static struct delivery_item *turn(const struct delivery_lane *lane)
{
    struct delivery_item *item = lane->first;
    size_t ahead = lane->direction == DELIVERY_OUT ? 1 : DELIVERY_AHEAD;

    for (; item && ahead; item = item->behind, ahead--) {
        if (item->life.state == DELIVERY_WAITING)
            return item;
    }
    return NULL;
}

static int64_t due_time(const struct delivery_item *item)
{
    return item->life.next < item->life.deadline ? item->life.next : item->life.deadline;
}

static void make_ready(struct delivery_queue *q, struct delivery_lane *lane)
{
    lane->ready = true;
    lane->next_ready = NULL;
    if (q->last_ready)
        q->last_ready->next_ready = lane;
    else
        q->ready = lane;
    q->last_ready = lane;
}

/* Those with a time always go through the heap: nothing here knows what time it is. */
static void settle(struct delivery_queue *q, struct delivery_lane *lane)
{
    const struct delivery_item *item = turn(lane);

    untime_lane(q, lane);
    if (lane->ready || !item)
        return;
    if (due_time(item) <= 0)
        make_ready(q, lane);
    else
        time_lane(q, lane, due_time(item));
}

static size_t key_of(struct strbuf *key, enum delivery_direction direction, const char *user,
                     const char *contact)
{
    strbuf_addch(key, direction == DELIVERY_OUT ? 'o' : 'i');
    strbuf_adds(key, user);
    strbuf_add(key, "", 1);
    strbuf_adds(key, contact);
    return key->len;
}

#define KEY_LIMIT SIZE_MAX / 2

static struct delivery_user *user_hold(struct delivery_queue *q, const char *name)
{
    struct delivery_user *user = map_finds(&q->users, name);

    if (!user) {
        user = bridge_alloc(sizeof *user);
        user->name = bridge_strdup(name);
        map_puts(&q->users, user->name, user);
    }
    user->lanes++;
    return user;
}

static void user_free(struct delivery_user *user)
{
    free(user->name);
    free(user);
}

static void user_drop(struct delivery_queue *q, struct delivery_user *user)
{
    if (--user->lanes)
        return;
    map_removes(&q->users, user->name);
    user_free(user);
}

/* The key is kept with the lane: the map borrows it. */
static struct delivery_lane *lane_get(struct delivery_queue *q, enum delivery_direction direction,
                                      const char *user, const char *contact)
{
    struct strbuf key = STRBUF_INIT(KEY_LIMIT);

    size_t len = key_of(&key, direction, user, contact);
    struct delivery_lane *lane = map_find(&q->lanes, key.data, len);
    if (!lane) {
        lane = bridge_alloc(sizeof *lane);
        char *kept = strbuf_detach(&key);
        lane->user = kept + 1;
        lane->contact = lane->user + strlen(lane->user) + 1;
        lane->owner = user_hold(q, lane->user);
        lane->direction = direction;
        map_put(&q->lanes, kept, len, lane);
    }
    strbuf_release(&key);
    return lane;
}

static void lane_free(struct delivery_queue *q, struct delivery_lane *lane)
{
    char *key = lane->user - 1;

    map_remove(&q->lanes, key, 2 + strlen(lane->user) + strlen(lane->contact));
    untime_lane(q, lane);
    user_drop(q, lane->owner);
    free(key);
    free(lane);
}

static void insert(struct delivery_lane *lane, struct delivery_item *item)
{
    struct delivery_item **at = &lane->first;

    if (lane->last && lane->last->id < item->id)
        at = &lane->last->behind;
    while (*at && (*at)->id < item->id)
        at = &(*at)->behind;
    item->behind = *at;
    *at = item;
    if (!item->behind)
        lane->last = item;
    lane->count++;
    lane->owner->count++;
}

/* --- the interface ------------------------------------------------------------------ */

struct delivery_item *delivery_queue_add(struct delivery_queue *q, int64_t id,
                                         const struct delivery_life *life, const char *user,
                                         const char *contact)
{
    struct delivery_lane *lane = lane_get(q, life->direction, user, contact);
    struct delivery_item *item = bridge_alloc(sizeof *item);

    *item = (struct delivery_item){ .id = id, .life = *life, .lane = lane };
    insert(lane, item);
    map_put(&q->items, (const char *)&item->id, sizeof item->id, item);
    settle(q, lane);
    return item;
}

struct delivery_item *delivery_queue_find(const struct delivery_queue *q, int64_t id)
{
    return map_find(&q->items, (const char *)&id, sizeof id);
}

size_t delivery_queue_count(const struct delivery_queue *q)
{
    return q->items.count;
}

size_t delivery_queue_lane(const struct delivery_queue *q, enum delivery_direction direction,
                           const char *user, const char *contact)
{
    struct strbuf key = STRBUF_INIT(KEY_LIMIT);

    size_t len = key_of(&key, direction, user, contact);
    const struct delivery_lane *lane = map_find(&q->lanes, key.data, len);
    strbuf_release(&key);
    return lane ? lane->count : 0;
}

size_t delivery_queue_user(const struct delivery_queue *q, const char *user)
{
    const struct delivery_user *found = map_finds(&q->users, user);

    return found ? found->count : 0;
}

void delivery_queue_changed(struct delivery_queue *q, struct delivery_item *item)
{
    settle(q, item->lane);
}

void delivery_queue_remove(struct delivery_queue *q, struct delivery_item *item)
{
    struct delivery_lane *lane = item->lane;
    struct delivery_item *before = NULL, **at = &lane->first;

    for (; *at != item; at = &(*at)->behind)
        before = *at;
    *at = item->behind;
    if (lane->last == item)
        lane->last = before;
    lane->count--;
    lane->owner->count--;
    map_remove(&q->items, (const char *)&item->id, sizeof item->id);
    free(item);
    if (lane->first || lane->ready) /* what is ready is freed by next() */
        settle(q, lane);
    else
        lane_free(q, lane);
}

void delivery_queue_forget(struct delivery_queue *q, const char *user,
                           void (*each)(void *arg, struct delivery_item *item), void *arg)
{
    struct delivery_lane **lanes = bridge_alloc((q->lanes.count + 1) * sizeof(void *)), *lane;
    size_t i = 0, count = 0;

    while ((lane = map_next(&q->lanes, &i))) {
        if (!strcmp(lane->user, user))
            lanes[count++] = lane;
    }
    for (i = 0; i < count; i++) {
        for (size_t left = lanes[i]->count; left; left--) { /* the last frees the lane */
            struct delivery_item *item = lanes[i]->first;
            each(arg, item);
            delivery_queue_remove(q, item);
        }
    }
    free(lanes);
}

static struct delivery_lane *take_ready(struct delivery_queue *q)
{
    struct delivery_lane *lane = q->ready;

    q->ready = lane->next_ready;
    if (!q->ready)
        q->last_ready = NULL;
    lane->ready = false;
    return lane;
}

struct delivery_item *delivery_queue_next(struct delivery_queue *q, int64_t now)
{
    while (q->timed_count && q->timed[0]->due <= now) {
        struct delivery_lane *lane = q->timed[0];
        untime_lane(q, lane);
        make_ready(q, lane);
    }
    while (q->ready) {
        struct delivery_lane *lane = take_ready(q);
        struct delivery_item *item = turn(lane);
        if (item && due_time(item) <= now)
            return item;
        if (lane->first)
            settle(q, lane);
        else
            lane_free(q, lane);
    }
    return NULL;
}

int64_t delivery_queue_wake(const struct delivery_queue *q)
{
    if (q->ready)
        return 0;
    return q->timed_count ? q->timed[0]->due : INT64_MAX;
}

void delivery_queue_release(struct delivery_queue *q)
{
    struct delivery_user *user;
    struct delivery_lane *lane;
    size_t i = 0;

    while ((user = map_next(&q->users, &i)))
        user_free(user);
    i = 0;
    while ((lane = map_next(&q->lanes, &i))) {
        for (struct delivery_item *item = lane->first, *behind; item; item = behind) {
            behind = item->behind;
            free(item);
        }
        free(lane->user - 1);
        free(lane);
    }
    map_release(&q->users);
    map_release(&q->lanes);
    map_release(&q->items);
    free(q->timed);
    *q = (struct delivery_queue){ 0 };
}
