/* users.h - the XMPP users behind the fake server: u0, u1, ... with one client
 * each, and what they are told about their rooms. */
#ifndef BENCH_USERS_H
#define BENCH_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "stanza.h"

#define GATEWAY_DOMAIN "gw.test"
#define GATEWAY_SECRET "loadtest"
#define USER_DOMAIN    "xmpp.test"

/* The id of a message's stanza is this and its number. */
#define MESSAGE_ID_PREFIX 'm'

struct user {
    uint64_t joined_at; /* now_ns() when the join was sent; 0: not yet */
    uint64_t first_presence_at;
    uint64_t last_presence_at;
    uint64_t self_presence_at; /* status code 110: the join is complete */
    int presences;             /* of room occupants, their own included */
};

struct users {
    struct user *list;
    int count;
    int joined; /* those with self-presence */
    uint64_t presences;
    uint64_t errors; /* error stanzas from the gateway */
    uint64_t others; /* stanzas that no scenario asked for */
};
extern struct users users;

/* `irc_name` is the network's name in JIDs; borrowed. */
void users_init(int count, const char *irc_name);

void users_join(int user, const char *channel);
void users_say(int user, const char *channel, uint64_t id, const char *body);

/* For xmppd: sorts what arrives. Message bodies go to traffic. */
void users_on_stanza(const struct stanza *st);

/* False when the gateway died, or nothing arrived for `patience` seconds. */
bool users_wait_joined(double patience);

#endif
