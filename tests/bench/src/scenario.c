#include "scenario.h"

#include <string.h>

#include "clock.h"
#include "gateway.h"
#include "ircd.h"
#include "loop.h"
#include "options.h"
#include "pace.h"
#include "traffic.h"
#include "usage.h"
#include "users.h"
#include "xmppd.h"

#define WINDOW              2000 /* messages under way when saturating */
#define JOIN_PATIENCE_S     20
#define BIG_JOIN_PATIENCE_S 120
#define WARM_UP_RATE        200

/* All users join, each a channel of their own, or all `channel`. */
static bool connect_users(struct json *out, const char *channel)
{
    struct usage a, b;
    struct memory before, after;
    char own[32];

    memory_read(&before);
    memory_reset_peak();
    usage_read(&a);
    for (int i = 0; i < users.count; i++) {
        snprintf(own, sizeof own, "#c%d", i);
        users_join(i, channel ? channel : own);
    }
    bool ok = users_wait_joined(JOIN_PATIENCE_S);
    uint64_t done = now_ns();
    pace_run(0.1);  /* subjects and the like */
    usage_read(&b); /* before settling: idle time costs nothing here */
    pace_settle();
    memory_read(&after);
    json_open(out, "connect");
    json_number(out, "joined", users.joined);
    json_number(out, "irc_connections", ircd.connections);
    json_number(out, "time_s", seconds_between(a.time, done));
    usage_json(out, &a, &b, users.count, "user");
    json_number(out, "rss_kB_per_user", (after.rss - before.rss) / users.count);
    json_number(out, "private_kB_per_user", (after.private_ - before.private_) / users.count);
    json_close(out);
    memory_json(out, "memory_connected", &after);
    return ok && !gateway.dead;
}

static void saturated_phase(struct json *out, const struct traffic_plan *plan, uint64_t count,
                            uint64_t window)
{
    struct usage a, b;
    struct memory m;

    memory_reset_peak();
    traffic_begin(plan);
    usage_read(&a);
    pace_saturate(count, options.seconds, window);
    usage_read(&b);
    traffic_json(out, "saturated", &a, &b);
    memory_read(&m);
    memory_json(out, "memory_saturated", &m);
    pace_settle();
}

static void paced_phase(struct json *out, const struct traffic_plan *plan, double rate)
{
    struct usage a, b;

    traffic_begin(plan);
    usage_read(&a);
    pace_at_rate(rate, options.seconds);
    usage_read(&b);
    traffic_json(out, "paced", &a, &b);
}

/* Warm up, then as fast as it goes (unless count is 0), then at a rate. */
static void message_phases(struct json *out, struct traffic_plan plan, uint64_t count,
                           uint64_t window, double rate)
{
    plan.timed = false;
    traffic_begin(&plan);
    pace_at_rate(rate < WARM_UP_RATE ? rate : WARM_UP_RATE, 1);
    pace_settle();
    if (count && !gateway.dead)
        saturated_phase(out, &plan, count, window);
    plan.timed = true;
    if (!gateway.dead)
        paced_phase(out, &plan, rate);
}

static void run_irc2xmpp(struct json *out)
{
    if (connect_users(out, NULL))
        message_phases(out, (struct traffic_plan){ .want_xmpp = 1 }, options.count, WINDOW,
                       options.rate);
}

static void run_xmpp2irc(struct json *out)
{
    struct traffic_plan plan = { .from_xmpp = true, .want_xmpp = 1, .want_irc = 1 };

    if (connect_users(out, NULL))
        message_phases(out, plan, options.count, WINDOW, options.rate);
}

/* Everyone in one channel. Counts and rates are of copies, not of messages. */
static void run_fanout(struct json *out)
{
    struct traffic_plan plan = {
        .from_xmpp = options.from_xmpp,
        .want_xmpp = users.count,
        .want_irc = options.from_xmpp,
        .channel = "#fan",
    };
    uint64_t n = (uint64_t)users.count;

    ircd.relays = true;
    if (connect_users(out, plan.channel))
        message_phases(out, plan, options.count / n, WINDOW / n + 1, options.rate / (double)n);
}

/* Many sessions that do nothing, and then messages amid them. */
static void run_sessions(struct json *out)
{
    struct usage a, b;

    if (!connect_users(out, NULL))
        return;
    pace_run(2);
    usage_read(&a);
    pace_run(options.idle);
    usage_read(&b);
    json_open(out, "idle");
    usage_json(out, &a, &b, options.idle, "second");
    json_close(out);
    if (!gateway.dead)
        message_phases(out, (struct traffic_plan){ .want_xmpp = 1 }, 0, WINDOW, options.rate);
}

struct join_times {
    struct samples first_ms;
    struct samples complete_ms;
    int done;
};

/* One user joins a channel of their own; false when not all of it arrived. */
static bool join_alone(int user, struct join_times *t)
{
    const struct user *u = &users.list[user];
    char channel[32];

    snprintf(channel, sizeof channel, "#big%d", user);
    users_join(user, channel);
    while (u->presences < options.members + 1 || !u->self_presence_at) {
        loop_step(100 * NS_PER_MS);
        if (gateway.dead || seconds_between(u->joined_at, now_ns()) > BIG_JOIN_PATIENCE_S)
            return false;
    }
    t->done++;
    samples_add(&t->first_ms, seconds_between(u->joined_at, u->first_presence_at) * 1e3);
    samples_add(&t->complete_ms, seconds_between(u->joined_at, u->last_presence_at) * 1e3);
    pace_run(0.05);
    return true;
}

static void run_join(struct json *out)
{
    struct usage a, b;
    struct memory before, after;
    struct join_times t = { 0 };

    memory_read(&before);
    usage_read(&a);
    for (int i = 0; i < users.count && join_alone(i, &t);)
        i++;
    pace_settle();
    usage_read(&b);
    memory_read(&after);
    double private_kB = (after.private_ - before.private_) / t.done;
    json_open(out, "join");
    json_number(out, "joins", t.done);
    json_number(out, "incomplete", users.count - t.done);
    json_number(out, "first_presence_ms", samples_percentile(&t.first_ms, 50));
    json_number(out, "complete_ms", samples_percentile(&t.complete_ms, 50));
    usage_json(out, &a, &b, t.done, "join");
    json_number(out, "cpu_us_per_member",
                (b.scheduled - a.scheduled) * 1e6 / t.done / options.members);
    json_number(out, "private_bytes_per_member", private_kB * 1024 / options.members);
    json_number(out, "bytes_per_presence", (double)xmppd.bytes_in / (double)users.presences);
    json_close(out);
    samples_release(&t.first_ms);
    samples_release(&t.complete_ms);
}

static size_t unsent(void)
{
    return options.from_xmpp ? xmppd_unsent() : ircd_unsent("#c0");
}

static void pause_receiver(bool pause)
{
    if (options.from_xmpp)
        ircd_pause(pause);
    else
        xmppd_pause(pause);
}

/* Send until all is sent or the gateway stopped reading for two seconds. */
static void send_to_stalled(void)
{
    uint64_t start = now_ns();
    uint64_t idle_since = start;

    while (seconds_between(start, now_ns()) < options.seconds && !gateway.dead) {
        bool more = traffic.sent < options.count && unsent() < 65536;
        for (int i = 0; more && i < 100 && traffic.sent < options.count; i++)
            traffic_send();
        if (more)
            idle_since = now_ns();
        else if (seconds_between(idle_since, now_ns()) > 2)
            break;
        loop_step(more ? 0 : 10 * NS_PER_MS);
    }
}

/* The receiving end stops reading while messages are sent to it, then goes on:
 * does the gateway hold the sender back, or buffer everything, at what cost? */
static void run_stall(struct json *out)
{
    struct traffic_plan plan = { .from_xmpp = options.from_xmpp,
                                 .want_xmpp = 1,
                                 .want_irc = options.from_xmpp };
    struct usage a, b, c;
    struct memory before, stalled, after;

    if (!connect_users(out, NULL))
        return;
    traffic_begin(&plan);
    memory_read(&before);
    usage_read(&a);
    pause_receiver(true);
    send_to_stalled();
    usage_read(&b);
    memory_read(&stalled);
    json_open(out, "stalled");
    json_number(out, "sent", (double)traffic.sent);
    json_number(out, "held_back", traffic.sent < options.count || unsent() > 0);
    json_number(out, "rss_kB_grown", stalled.rss - before.rss);
    usage_json(out, &a, &b, (double)traffic.sent, "message");
    json_close(out);

    pause_receiver(false);
    pace_drain(JOIN_PATIENCE_S);
    usage_read(&c);
    memory_read(&after);
    json_open(out, "drain");
    json_number(out, "time_s", seconds_between(b.time, traffic.last_arrived_at));
    traffic_integrity_json(out);
    json_number(out, "rss_kB_left", after.rss - before.rss);
    usage_json(out, &b, &c, (double)traffic.sent, "message");
    json_close(out);
}

static const struct scenario {
    const char *name;
    void (*run)(struct json *out);
    const char *help;
} scenarios[] = {
    { "fanout", run_fanout, "all --users in one channel, where --source talks" },
    { "irc2xmpp", run_irc2xmpp, "channel messages from IRC, spread over --users" },
    { "join", run_join, "--users joins, one after the other, of channels with --members" },
    { "sessions", run_sessions, "--users sessions: connect storm, memory, idle CPU" },
    { "stall", run_stall, "the receiver does not read while --count messages are sent" },
    { "xmpp2irc", run_xmpp2irc, "room messages from --users to IRC, and their reflection" },
};

static const struct scenario *find(const char *name)
{
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        if (!strcmp(scenarios[i].name, name))
            return &scenarios[i];
    return NULL;
}

bool scenario_exists(const char *name)
{
    return find(name) != NULL;
}

void scenario_run(const char *name, struct json *out)
{
    find(name)->run(out);
}

void scenario_list(FILE *f)
{
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        fprintf(f, "  %-9s %s\n", scenarios[i].name, scenarios[i].help);
}
