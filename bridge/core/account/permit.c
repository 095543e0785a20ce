#include "permit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/words.h>
#include <bridge/strbuf.h>

#include "jid.h"

#define DAY_MS    (24 * 60 * 60 * INT64_C(1000))
#define SECOND_NS UINT64_C(1000000000)
#define MINUTE_NS (60 * SECOND_NS)

/* --- users -------------------------------------------------------------------- */

static int fail_pattern(const char *pattern, struct bridge_error *err)
{
    return bridge_fail(err, BRIDGE_ADDRESS,
                       "expected \"user@domain\", \"domain\" (everybody there) or \"*\" "
                       "(everybody), found \"%s\"", pattern);
}

/* The bare JID or domain that a pattern other than "*" stands for, or NULL. A
 * star that stands for a part of a name would be taken for itself, and so
 * match nobody: better not to accept it. */
static struct jid *parse(const char *pattern, struct bridge_error *err)
{
    bool domain = !strncmp(pattern, "*@", 2);
    const char *name = domain ? pattern + 2 : pattern;

    if (strpbrk(name, "*/") || (domain && strchr(name, '@'))) {
        fail_pattern(pattern, err);
        return NULL;
    }
    struct jid *jid = jid_parse(name, err);
    if (!jid)
        fail_pattern(pattern, err);
    return jid;
}

int permit_users_add(struct permit_users *users, const char *pattern, struct bridge_error *err)
{
    if (!strcmp(pattern, "*")) {
        users->everybody = true;
        return 0;
    }
    struct jid *jid = parse(pattern, err);
    if (!jid)
        return -1;
    char *name = bridge_strdup(jid_bare(jid));
    free(map_puts(&users->names, name, name));
    jid_free(jid);
    return 0;
}

bool permit_users_have(const struct permit_users *users, const char *bare_jid)
{
    const char *at = strchr(bare_jid, '@');

    return users->everybody || map_finds(&users->names, bare_jid) ||
           (at && map_finds(&users->names, at + 1));
}

void permit_users_release(struct permit_users *users)
{
    char *name;
    size_t i = 0;

    while ((name = map_next(&users->names, &i)))
        free(name);
    map_release(&users->names);
    users->everybody = false;
}

bool permit_admits(const struct permit *permit, const char *bare_jid)
{
    return permit->open || permit_users_have(&permit->allowed, bare_jid);
}

/* --- limits ------------------------------------------------------------------- */

static uint64_t now_ns(void)
{
    return clock_monotonic() * (SECOND_NS / 1000);
}

/* One that is taken moves the time at which the bucket is full again by what it
 * takes to come back; with that time a minute away the bucket is empty. So
 * nothing has to fill it, and a changed limit needs no conversion. Returns the
 * nanoseconds until there is one to take. */
static uint64_t bucket_wait(const struct permit_bucket *bucket, int64_t per_minute,
                            uint64_t now)
{
    if (!per_minute)
        return 0;
    uint64_t one = MINUTE_NS / (uint64_t)per_minute;
    uint64_t missing = bucket->full > now ? bucket->full - now : 0;
    return missing + one > MINUTE_NS ? missing + one - MINUTE_NS : 0;
}

static void bucket_take(struct permit_bucket *bucket, int64_t per_minute, uint64_t now)
{
    if (per_minute)
        bucket->full = (bucket->full > now ? bucket->full : now) +
                       MINUTE_NS / (uint64_t)per_minute;
}

static long long seconds(uint64_t wait)
{
    return (long long)((wait + SECOND_NS - 1) / SECOND_NS);
}

static int fail_own(struct bridge_error *err, int64_t limit, uint64_t wait)
{
    return bridge_fail(err, BRIDGE_BUSY, bridge_words_n(
        "You may send %lld message a minute here; try again in %lld s",
        "You may send %lld messages a minute here; try again in %lld s",
        (unsigned long)limit), (long long)limit, seconds(wait));
}

static int fail_total(struct bridge_error *err, int64_t limit, uint64_t wait)
{
    return bridge_fail(err, BRIDGE_BUSY, bridge_words_n(
        "All users together may send %lld message a minute here; try again in %lld s",
        "All users together may send %lld messages a minute here; try again in %lld s",
        (unsigned long)limit), (long long)limit, seconds(wait));
}

static int fail_joins(struct bridge_error *err, int64_t limit, uint64_t wait)
{
    return bridge_fail(err, BRIDGE_BUSY, bridge_words_n(
        "You may join rooms or add contacts %lld time a minute here; try again in %lld s",
        "You may join rooms or add contacts %lld times a minute here; try again in %lld s",
        (unsigned long)limit), (long long)limit, seconds(wait));
}

static int fail_day(struct bridge_error *err, int64_t limit)
{
    return bridge_fail(err, BRIDGE_BUSY, bridge_words_n(
        "You have sent %lld message today, the most that is allowed here; it goes on at 00:00 UTC",
        "You have sent %lld messages today, the most that is allowed here; it goes on at 00:00 UTC",
        (unsigned long)limit), (long long)limit);
}

int64_t permit_today(void)
{
    return clock_wall() / DAY_MS;
}

static void turn_day(struct permit_usage *usage)
{
    int64_t today = permit_today();

    if (usage->day == today)
        return;
    usage->day = today;
    usage->sent = 0;
}

int permit_message(struct permit *permit, struct permit_usage *usage, struct bridge_error *err)
{
    const struct permit_limits *l = &permit->limits;
    uint64_t wait;

    if (!l->messages_per_minute && !l->messages_per_day && !l->total_per_minute)
        return 0;
    uint64_t now = now_ns();
    turn_day(usage);
    if (l->messages_per_day && usage->sent >= l->messages_per_day)
        return fail_day(err, l->messages_per_day);
    if ((wait = bucket_wait(&usage->messages, l->messages_per_minute, now)))
        return fail_own(err, l->messages_per_minute, wait);
    if ((wait = bucket_wait(&permit->total, l->total_per_minute, now)))
        return fail_total(err, l->total_per_minute, wait);
    bucket_take(&usage->messages, l->messages_per_minute, now);
    bucket_take(&permit->total, l->total_per_minute, now);
    return 0;
}

void permit_count(struct permit_usage *usage)
{
    turn_day(usage);
    usage->sent++;
}

int permit_join(const struct permit *permit, struct permit_usage *usage,
                struct bridge_error *err)
{
    int64_t limit = permit->limits.joins_per_minute;
    uint64_t now = now_ns();
    uint64_t wait = bucket_wait(&usage->joins, limit, now);

    if (wait)
        return fail_joins(err, limit, wait);
    bucket_take(&usage->joins, limit, now);
    return 0;
}
