/* permit.h - who may use a transport, and how much. No I/O; time is clock.h's.
 *
 * A pattern names users: "juliet@example.com" one of them, "example.com" or
 * "*@example.com" everybody there, "*" everybody. */
#ifndef PERMIT_H
#define PERMIT_H

#include <stdbool.h>
#include <stdint.h>

#include <bridge/error.h>
#include <bridge/map.h>

/* --- users -------------------------------------------------------------------- */

/* Those whom any of some patterns names. Zero-initialised: nobody. */
struct permit_users {
    struct map names; /* bare JIDs and domains, prepared */
    bool everybody;
};

/* -1 with *err set (BRIDGE_ADDRESS) if this is no pattern. */
int permit_users_add(struct permit_users *users, const char *pattern, struct bridge_error *err);
bool permit_users_have(const struct permit_users *users, const char *bare_jid);
void permit_users_release(struct permit_users *users);

/* --- limits ------------------------------------------------------------------- */

/* As the configuration has them; 0: no limit. Those of a minute may be used up
 * at once and come back evenly: 30 a minute is one every two seconds. */
struct permit_limits {
    int64_t messages_per_minute; /* of each user, as are the next two */
    int64_t messages_per_day;
    int64_t joins_per_minute; /* rooms, and contacts added */
    int64_t total_per_minute; /* messages of all users together */
    int64_t spend_per_day;       /* of each user, in hundredths of the currency */
    int64_t total_spend_per_day; /* of all users together */
};

#define PERMIT_PER_MINUTE_MAX 100000
#define PERMIT_SPEND_MAX INT64_C(100000000000)

/* What is used up of one limit of a minute. Zero-initialised: nothing. */
struct permit_bucket {
    uint64_t full; /* when nothing will be: ns of the monotonic clock */
};

/* A transport's. Zero-initialised: open to nobody, without limits. */
struct permit {
    bool open; /* to everybody; otherwise to these */
    struct permit_users allowed;
    struct permit_limits limits;
    struct permit_bucket total;
};

/* One user's use of it. Zero-initialised: none yet. */
struct permit_usage {
    struct permit_bucket messages, joins;
    int64_t day;  /* since 1970-01-01 UTC */
    int64_t sent; /* messages, on that day */
};

bool permit_admits(const struct permit *permit, const char *bare_jid);

/* May the user send one more message, or join one more room? -1 with *err set
 * (BRIDGE_BUSY) tells which limit is reached and when it ends. Whoever may has
 * used one of each minute's; one of the day's is used by permit_count(). */
int permit_message(struct permit *permit, struct permit_usage *usage, struct bridge_error *err);
int permit_join(const struct permit *permit, struct permit_usage *usage,
                struct bridge_error *err);

/* The message has been accepted. */
void permit_count(struct permit_usage *usage);

int64_t permit_today(void);

#endif
