/* delivery_queue.h - which stored message goes next. No I/O, no clock.
 *
 * Messages between one user and one contact, in one direction, are a lane: they go
 * in the order of their ids. Lanes take turns. To a network the next message of a
 * lane waits until the one before it is sent or failed; to a user, where the stream
 * keeps the order, up to DELIVERY_AHEAD may be in hand.
 *
 * In memory is what waits or is in hand: its place, not its text. */
#ifndef DELIVERY_QUEUE_H
#define DELIVERY_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include <bridge/map.h>

#include "delivery_state.h"

/* Messages of one lane that may be on their way to a user at once. */
#define DELIVERY_AHEAD 32

struct delivery_lane;

/* Lanes of one user, both ways. */
struct delivery_user {
    char *name;
    size_t lanes;
    size_t count; /* items in them */
};

struct delivery_item {
    int64_t id;
    struct delivery_life life;
    struct delivery_lane *lane;
    struct delivery_item *behind;
    struct delivery_item *hand_next, **hand_link; /* the caller's: those in hand */
};

struct delivery_lane {
    char *user;
    char *contact; /* behind it in the same block */
    struct delivery_user *owner;
    enum delivery_direction direction;
    struct delivery_item *first, *last;
    size_t count;
    size_t place;                /* in `timed`, from 1; 0: not there */
    bool ready;                  /* in the list of those that are */
    struct delivery_lane *next_ready;
    int64_t due;                 /* while in `timed` */
};

/* Zero-initialised: empty. */
struct delivery_queue {
    struct map lanes;
    struct map users; /* struct delivery_user by name */
    struct map items; /* by id */
    struct delivery_lane *ready, *last_ready;
    struct delivery_lane **timed; /* a heap, the earliest first */
    size_t timed_count, timed_size;
};

void delivery_queue_release(struct delivery_queue *q);

/* It takes its place by id: nearly always the last of its lane. */
struct delivery_item *delivery_queue_add(struct delivery_queue *q, int64_t id,
                                         const struct delivery_life *life, const char *user,
                                         const char *contact);
struct delivery_item *delivery_queue_find(const struct delivery_queue *q, int64_t id);
size_t delivery_queue_count(const struct delivery_queue *q);
/* How many wait or are in hand in this lane. */
size_t delivery_queue_lane(const struct delivery_queue *q, enum delivery_direction direction,
                           const char *user, const char *contact);

/* How many of this user. */
size_t delivery_queue_user(const struct delivery_queue *q, const char *user);

/* The life of this item has changed. */
void delivery_queue_changed(struct delivery_queue *q, struct delivery_item *item);
/* Frees it. */
void delivery_queue_remove(struct delivery_queue *q, struct delivery_item *item);

/* Remove all of this user's; `each` sees every one before. */
void delivery_queue_forget(struct delivery_queue *q, const char *user,
                           void (*each)(void *arg, struct delivery_item *item), void *arg);

/* The next whose turn and time have come (or whose deadline has), or NULL. The caller
 * lets an event happen to it, and says so with changed() or remove(). */
struct delivery_item *delivery_queue_next(struct delivery_queue *q, int64_t now);
/* When there may be one again, ms since 1970; INT64_MAX: nothing waits for a time. */
int64_t delivery_queue_wake(const struct delivery_queue *q);

#endif
