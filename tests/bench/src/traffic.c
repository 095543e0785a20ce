#include "traffic.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "die.h"
#include "ircd.h"
#include "users.h"

#define MARKER        "MK"
#define MARKER_DIGITS 8
#define MARKER_LEN    (2 + MARKER_DIGITS + 1) /* MK12345678Z */

/* 64 bytes with the marker: the length of a usual line on IRC. */
#define FILLER "lorem ipsum dolor sit amet consectetur adipiscing el"

struct traffic traffic;

static struct copies {
    uint64_t sent_at;
    uint16_t at_xmpp;
    uint16_t at_irc;
    bool refused;
} * messages;
static size_t size;
static uint64_t base; /* numbers below belong to an earlier phase */

/* Per user, the number of the last copy that came to them, and from them to IRC. */
static struct last {
    int64_t at_xmpp;
    int64_t at_irc;
} * last;

void traffic_begin(const struct traffic_plan *plan)
{
    base += traffic.sent;
    samples_release(&traffic.to_xmpp_us);
    samples_release(&traffic.to_irc_us);
    samples_release(&traffic.to_all_us);
    traffic = (struct traffic){ .plan = *plan };
    last = must_realloc(last, (size_t)users.count * sizeof *last);
    for (int i = 0; i < users.count; i++)
        last[i] = (struct last){ -1, -1 };
}

static struct copies *add_message(void)
{
    if (traffic.sent == size) {
        size = size ? size * 2 : 4096;
        messages = must_realloc(messages, size * sizeof *messages);
    }
    struct copies *m = &messages[traffic.sent++];
    *m = (struct copies){ .sent_at = now_ns() };
    if (!traffic.first_sent_at)
        traffic.first_sent_at = m->sent_at;
    return m;
}

/* Who sends the message, or whose channel it is sent to. */
static int user_of(uint64_t number)
{
    return traffic.plan.channel ? 0 : (int)((number - base) % (uint64_t)users.count);
}

void traffic_send(void)
{
    const struct traffic_plan *plan = &traffic.plan;
    uint64_t number = base + traffic.sent;
    int user = user_of(number);
    char body[128];
    char own[32];
    const char *channel = plan->channel ? plan->channel : own;

    snprintf(own, sizeof own, "#c%d", user);
    int len =
        snprintf(body, sizeof body, MARKER "%0*" PRIu64 "Z " FILLER, MARKER_DIGITS, number);
    add_message();
    if (plan->from_xmpp)
        users_say(user, channel, number, body);
    else
        ircd_inject(channel, body, (size_t)len);
}

/* The number in the marker, or -1. */
static int64_t find_marker(const char *text, size_t len)
{
    const char *end = text + len;

    while ((text = memmem(text, (size_t)(end - text), MARKER, 2))) {
        if (end - text < MARKER_LEN)
            return -1;
        if (text[MARKER_LEN - 1] == 'Z' && strspn(text + 2, "0123456789") == MARKER_DIGITS)
            return strtoll(text + 2, NULL, 10);
        text += 2;
    }
    return -1;
}

/* One more copy at one end; counts it, unless it is one too many. */
static void count_copy(struct copies *m, uint16_t *copies, int want, uint64_t *total,
                       struct samples *us)
{
    const struct traffic_plan *plan = &traffic.plan;
    uint64_t now = now_ns();
    double latency = (double)(now - m->sent_at) / 1e3;

    if (*copies >= want || m->refused) {
        traffic.duplicates++;
        return;
    }
    ++*copies;
    ++*total;
    traffic.last_arrived_at = now;
    bool done = m->at_xmpp == plan->want_xmpp && m->at_irc == plan->want_irc;
    traffic.done += done;
    if (!plan->timed)
        return;
    samples_add(us, latency);
    if (done)
        samples_add(&traffic.to_all_us, latency);
}

static void count_order(int64_t *previous, int64_t number)
{
    traffic.reordered += number < *previous;
    *previous = number;
}

/* NULL: a late arrival of an earlier phase. */
static struct copies *message_of(int64_t number)
{
    uint64_t i = (uint64_t)number - base;

    return (uint64_t)number >= base && i < traffic.sent ? &messages[i] : NULL;
}

bool traffic_at_xmpp(int user, const char *text, size_t len)
{
    int64_t number = find_marker(text, len);
    struct copies *m = number < 0 ? NULL : message_of(number);

    if (m) {
        count_order(&last[user].at_xmpp, number);
        count_copy(m, &m->at_xmpp, traffic.plan.want_xmpp, &traffic.at_xmpp,
                   &traffic.to_xmpp_us);
    }
    return number >= 0;
}

bool traffic_at_irc(const char *text, size_t len)
{
    int64_t number = find_marker(text, len);
    struct copies *m = number < 0 ? NULL : message_of(number);

    if (m) {
        count_order(&last[user_of((uint64_t)number)].at_irc, number);
        count_copy(m, &m->at_irc, traffic.plan.want_irc, &traffic.at_irc, &traffic.to_irc_us);
    }
    return number >= 0;
}

bool traffic_refused(struct text id)
{
    struct copies *m;

    if (id.len < 2 || id.p[0] != MESSAGE_ID_PREFIX)
        return false;
    m = message_of(strtoll(id.p + 1, NULL, 10)); /* a quote ends it */
    if (m && !m->refused && !m->at_xmpp && !m->at_irc) {
        m->refused = true;
        traffic.refused++;
        traffic.done++;
    }
    return true;
}

static uint64_t arrivals(void)
{
    return traffic.at_xmpp + traffic.at_irc;
}

uint64_t traffic_progress(void)
{
    return arrivals() + traffic.refused;
}

void traffic_integrity_json(struct json *j)
{
    uint64_t each = (uint64_t)(traffic.plan.want_xmpp + traffic.plan.want_irc);
    uint64_t wanted = (traffic.sent - traffic.refused) * each;

    json_number(j, "lost", (double)(wanted - arrivals()));
    json_number(j, "refused", (double)traffic.refused);
    json_number(j, "duplicates", (double)traffic.duplicates);
    json_number(j, "reordered", (double)traffic.reordered);
}

void traffic_json(struct json *j, const char *key, const struct usage *a, const struct usage *b)
{
    const struct traffic_plan *plan = &traffic.plan;
    double span = seconds_between(traffic.first_sent_at, traffic.last_arrived_at);

    json_open(j, key);
    json_number(j, "sent", (double)traffic.sent);
    traffic_integrity_json(j);
    json_number(j, "span_s", span);
    json_number(j, "messages_per_s", span > 0 ? (double)traffic.done / span : 0);
    json_number(j, "arrivals_per_s", span > 0 ? (double)arrivals() / span : 0);
    usage_json(j, a, b, (double)traffic.done, "message");
    if (plan->want_xmpp > 1)
        json_number(j, "cpu_us_per_arrival",
                    (b->scheduled - a->scheduled) * 1e6 / (double)traffic.at_xmpp);
    if (plan->timed) {
        if (plan->want_xmpp)
            json_percentiles(j, "to_xmpp", &traffic.to_xmpp_us);
        if (plan->want_irc)
            json_percentiles(j, "to_irc", &traffic.to_irc_us);
        if (plan->want_xmpp > 1)
            json_percentiles(j, "to_all", &traffic.to_all_us);
    }
    json_close(j);
}
