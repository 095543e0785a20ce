#include "metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <bridge/clock.h>
#include <bridge/host.h>

#include "component.h"
#include "delivery.h"
#include "domain.h"
#include "store.h"

/* What a page is made of, read once. */
struct sample {
    const struct core *core;
    const struct pulse *pulse;
    uint64_t uptime; /* ms */
    struct store_figures store;
    struct delivery_counts *deliveries; /* of each domain */
    struct rusage usage;
    size_t memory;
};

/* --- lines ---------------------------------------------------------------------------- */

/* A label's value, in quotes. */
static void add_value(struct strbuf *out, const char *text)
{
    strbuf_addch(out, '"');
    for (; *text; text++) {
        if (*text == '\n') {
            strbuf_adds(out, "\\n");
            continue;
        }
        if (*text == '"' || *text == '\\')
            strbuf_addch(out, '\\');
        strbuf_addch(out, *text);
    }
    strbuf_addch(out, '"');
}

static void add_domain(struct strbuf *out, const char *name, const struct bridge_host *host)
{
    strbuf_addf(out, "%s{domain=", name);
    add_value(out, host->name);
}

/* --- figures of a domain -------------------------------------------------------------- */

static double is_up(const struct sample *s, size_t i)
{
    return component_is_up(s->core->hosts[i]->component);
}

static double count_sessions(const struct sample *s, size_t i)
{
    return (double)s->core->hosts[i]->sessions.count;
}

static double count_rooms(const struct sample *s, size_t i)
{
    return (double)s->core->hosts[i]->rooms;
}

static double count_watches(const struct sample *s, size_t i)
{
    return (double)s->core->hosts[i]->watches;
}

static double count_dead(const struct sample *s, size_t i)
{
    return (double)s->deliveries[i].dead;
}

static double age_of_oldest(const struct sample *s, size_t i)
{
    int64_t oldest = s->deliveries[i].oldest;
    int64_t age = oldest ? clock_wall() - oldest : 0;

    return age > 0 ? (double)age / 1000 : 0;
}

/* --- figures of the whole --------------------------------------------------------------- */

static double uptime(const struct sample *s)
{
    return (double)s->uptime / 1000;
}

static double backlog(const struct sample *s)
{
    return (double)s->core->backlog;
}

static double commits(const struct sample *s)
{
    return (double)s->store.commits;
}

static double failed_commits(const struct sample *s)
{
    return (double)s->store.failed;
}

static double writes(const struct sample *s)
{
    return (double)s->store.writes;
}

static double writes_waiting(const struct sample *s)
{
    return (double)s->store.waiting;
}

static double is_degraded(const struct sample *s)
{
    return store_trouble(s->core->store) != NULL;
}

static double stalls(const struct sample *s)
{
    return (double)s->pulse->stalls;
}

static double longest_turn(const struct sample *s)
{
    return (double)s->pulse->longest / 1e9;
}

static double busy(const struct sample *s)
{
    return (double)s->pulse->busy / 1e9;
}

static double start_time(const struct sample *s)
{
    return (double)(clock_wall() - (int64_t)s->uptime) / 1000;
}

static double cpu(const struct sample *s)
{
    const struct rusage *u = &s->usage;

    return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
           (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

static double memory(const struct sample *s)
{
    return (double)s->memory;
}

/* --- figures with labels of their own ------------------------------------------------------ */

static void write_build(const struct sample *s, const char *name, struct strbuf *out)
{
    (void)s;
    strbuf_addf(out, "%s{version=", name);
    add_value(out, bridge_version());
    strbuf_adds(out, "} 1\n");
}

static void write_stanzas(const struct sample *s, const char *name, struct strbuf *out)
{
    for (size_t i = 0; i < s->core->host_count; i++) {
        const struct bridge_host *host = s->core->hosts[i];
        struct component_counts c = component_count(host->component);
        add_domain(out, name, host);
        strbuf_addf(out, ",direction=\"in\"} %" PRIu64 "\n", c.in);
        add_domain(out, name, host);
        strbuf_addf(out, ",direction=\"out\"} %" PRIu64 "\n", c.out);
    }
}

#define TO_NETWORK "to_network"
#define TO_USERS "to_users"

static void write_two(const struct sample *s, const char *name, struct strbuf *out,
                      size_t to_network, size_t to_users)
{
    for (size_t i = 0; i < s->core->host_count; i++) {
        const struct bridge_host *host = s->core->hosts[i];
        const char *counts = (const char *)&s->deliveries[i];
        if (!host->deliveries)
            continue;
        add_domain(out, name, host);
        strbuf_addf(out, ",direction=\"" TO_NETWORK "\"} %zu\n",
                    *(const size_t *)(counts + to_network));
        add_domain(out, name, host);
        strbuf_addf(out, ",direction=\"" TO_USERS "\"} %zu\n",
                    *(const size_t *)(counts + to_users));
    }
}

#define COUNT_OF(member) offsetof(struct delivery_counts, member)

static void write_waiting(const struct sample *s, const char *name, struct strbuf *out)
{
    write_two(s, name, out, COUNT_OF(out_waiting), COUNT_OF(in_waiting));
}

static void write_in_hand(const struct sample *s, const char *name, struct strbuf *out)
{
    write_two(s, name, out, COUNT_OF(out_hand), COUNT_OF(in_hand));
}

static void write_deliveries(const struct sample *s, const char *name, struct strbuf *out)
{
    static const struct {
        const char *direction, *outcome;
        size_t offset;
    } rows[] = {
        { TO_NETWORK, "accepted", COUNT_OF(accepted) },
        { TO_NETWORK, "sent", COUNT_OF(sent) },
        { TO_NETWORK, "delivered", COUNT_OF(delivered) },
        { TO_NETWORK, "failed", COUNT_OF(failed) },
        { TO_USERS, "accepted", COUNT_OF(taken) },
        { TO_USERS, "duplicate", COUNT_OF(duplicates) },
        { TO_USERS, "sent", COUNT_OF(proven) },
        { TO_USERS, "failed", COUNT_OF(dead) },
    };

    for (size_t i = 0; i < s->core->host_count; i++) {
        const struct bridge_host *host = s->core->hosts[i];
        for (size_t k = 0; host->deliveries && k < sizeof rows / sizeof *rows; k++) {
            const char *counts = (const char *)&s->deliveries[i];
            add_domain(out, name, host);
            strbuf_addf(out, ",direction=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
                        rows[k].direction, rows[k].outcome,
                        *(const uint64_t *)(counts + rows[k].offset));
        }
    }
}

static void write_commits(const struct sample *s, const char *name, struct strbuf *out)
{
    uint64_t within = 0;

    for (size_t i = 0; i < STORE_COMMIT_BOUNDS; i++) {
        within += s->store.within[i];
        strbuf_addf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, store_commit_bounds[i],
                    within);
    }
    strbuf_addf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, s->store.commits);
    strbuf_addf(out, "%s_sum %.9f\n%s_count %" PRIu64 "\n", name, s->store.seconds, name,
                s->store.commits);
}

/* --- the page --------------------------------------------------------------------------------- */

/* A family has one of the three, for each domain (some only for those that keep
 * messages), for the whole, or with labels of its own. */
static const struct family {
    const char *name, *type, *help;
    double (*of_domain)(const struct sample *s, size_t i);
    bool kept;
    double (*of_all)(const struct sample *s);
    void (*write)(const struct sample *s, const char *name, struct strbuf *out);
} families[] = {
    { "bridged_build_info", "gauge", "Version of bridged; always 1.", .write = write_build },
    { "bridged_uptime_seconds", "gauge", "Time since the start.", .of_all = uptime },
    { "bridged_component_up", "gauge", "1 while the stream of the domain is up.",
      .of_domain = is_up },
    { "bridged_sessions", "gauge", "Users who are logged in.", .of_domain = count_sessions },
    { "bridged_rooms", "gauge", "Rooms, each counted for each user in it.",
      .of_domain = count_rooms },
    { "bridged_contacts_watched", "gauge", "Contacts whose presence is shown to somebody.",
      .of_domain = count_watches },
    { "bridged_stanzas_total", "counter",
      "Stanzas from (in) and to (out) the XMPP server.", .write = write_stanzas },
    { "bridged_backlog_bytes", "gauge", "Kept in memory for users while streams are down.",
      .of_all = backlog },
    { "bridged_deliveries_waiting", "gauge", "Stored messages that wait to be handed over.",
      .write = write_waiting },
    { "bridged_deliveries_in_hand", "gauge",
      "Stored messages that are handed over and not confirmed.", .write = write_in_hand },
    { "bridged_deliveries_total", "counter", "Stored messages that came so far.",
      .write = write_deliveries },
    { "bridged_deliveries_oldest_seconds", "gauge",
      "Age of the oldest stored message that has not gone; 0 if there is none.",
      .of_domain = age_of_oldest, .kept = true },
    { "bridged_dead_letters_total", "counter",
      "Messages to users that could not be delivered, and are kept for the admin.",
      .of_domain = count_dead, .kept = true },
    { "bridged_store_commits_total", "counter", "Transactions that are on the disk.",
      .of_all = commits },
    { "bridged_store_failures_total", "counter", "Transactions that the disk has not taken.",
      .of_all = failed_commits },
    { "bridged_store_writes_total", "counter", "Writes that are on the disk.",
      .of_all = writes },
    { "bridged_store_writes_waiting", "gauge", "Writes that are not on the disk yet.",
      .of_all = writes_waiting },
    { "bridged_store_degraded", "gauge", "1 while the database cannot be written.",
      .of_all = is_degraded },
    { "bridged_store_commit_seconds", "histogram", "Time that the disk needs for a commit.",
      .write = write_commits },
    { "bridged_loop_stalls_total", "counter", "Turns of the event loop of more than 10 ms.",
      .of_all = stalls },
    { "bridged_loop_longest_turn_seconds", "gauge",
      "The longest turn of the event loop since the start.", .of_all = longest_turn },
    { "bridged_loop_busy_seconds_total", "counter", "Time that the event loop has not waited.",
      .of_all = busy },
    { "process_start_time_seconds", "gauge", "When it was started, since 1970.",
      .of_all = start_time },
    { "process_cpu_seconds_total", "counter", "Time of processors that was used.",
      .of_all = cpu },
    { "process_resident_memory_bytes", "gauge", "Memory that is used.", .of_all = memory },
};

static void write_family(const struct family *f, const struct sample *s, struct strbuf *out)
{
    strbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name, f->type);
    if (f->write)
        f->write(s, f->name, out);
    if (f->of_all)
        strbuf_addf(out, "%s %.15g\n", f->name, f->of_all(s));
    for (size_t i = 0; f->of_domain && i < s->core->host_count; i++) {
        if (f->kept && !s->core->hosts[i]->deliveries)
            continue;
        add_domain(out, f->name, s->core->hosts[i]);
        strbuf_addf(out, "} %.15g\n", f->of_domain(s, i));
    }
}

void metrics_write(const struct metrics_source *source, struct strbuf *out)
{
    const struct core *core = source->core;
    struct sample s = {
        .core = core,
        .pulse = source->pulse,
        .uptime = clock_monotonic() - source->started,
        .deliveries = bridge_alloc((core->host_count + 1) * sizeof *s.deliveries),
    };

    store_figures(core->store, &s.store);
    for (size_t i = 0; i < core->host_count; i++)
        deliveries_count(core->hosts[i]->deliveries, &s.deliveries[i]);
    getrusage(RUSAGE_SELF, &s.usage);
    uv_resident_set_memory(&s.memory);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        write_family(&families[i], &s, out);
    free(s.deliveries);
}
