/* traffic.h - the messages of a phase: sent, and accounted for at both ends.
 *
 * Every message carries a marker with its number. It is known how often each has
 * to arrive at the XMPP end and at the IRC end; it is done when it did, or when
 * its sender was told that it will not. More is counted as duplicates, less as
 * lost, and a number lower than the last one of the same receiver as reordered. */
#ifndef BENCH_TRAFFIC_H
#define BENCH_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "samples.h"
#include "stanza.h"
#include "usage.h"

struct traffic_plan {
    bool from_xmpp;
    bool timed;          /* take latencies */
    int want_xmpp;       /* arrivals of each message at the XMPP end */
    int want_irc;        /* and at the IRC end */
    const char *channel; /* NULL: each user has an own one, #cNUMBER */
};

struct traffic {
    struct traffic_plan plan;
    uint64_t sent;
    uint64_t done;
    uint64_t at_xmpp;
    uint64_t at_irc;
    uint64_t refused; /* answered with an error, instead of arriving */
    uint64_t duplicates;
    uint64_t reordered;
    uint64_t first_sent_at;
    uint64_t last_arrived_at;
    struct samples to_xmpp_us;
    struct samples to_irc_us;
    struct samples to_all_us; /* until the last copy arrived */
};
extern struct traffic traffic;

/* Forget the messages of the phase before; late ones are ignored from now on. */
void traffic_begin(const struct traffic_plan *plan);

void traffic_send(void);

/* A text that arrived. False if there is no marker in it. */
bool traffic_at_xmpp(int user, const char *text, size_t len);
bool traffic_at_irc(const char *text, size_t len);

/* An error for the stanza with this id. False if that was no message. */
bool traffic_refused(struct text id);

/* Whatever a message ended with: it grows as long as something happens. */
uint64_t traffic_progress(void);

/* The phase as an object, with what it cost from `a` to `b`. */
void traffic_json(struct json *j, const char *key, const struct usage *a,
                  const struct usage *b);
void traffic_integrity_json(struct json *j);

#endif
