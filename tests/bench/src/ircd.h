/* ircd.h - the fake IRC network: one small server for many loopback connections.
 *
 * It knows what a gateway needs: registration, CAP, PING, JOIN, PART, NAMES, WHO,
 * MODE, TOPIC, PRIVMSG, QUIT. A channel has, besides the real connections, fake
 * members that talk only through ircd_inject(). */
#ifndef BENCH_IRCD_H
#define BENCH_IRCD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ircd {
    int fake_members; /* of a channel created from now on */
    bool relays;      /* pass what is said on to other real members */
    void (*on_privmsg)(const char *text, size_t len);
    int port;
    int connections;
};
extern struct ircd ircd;

void ircd_start(const char *ip, int port);

/* A PRIVMSG from a fake member to the real ones, queued until ircd_flush(). */
void ircd_inject(const char *channel, const char *text, size_t len);
void ircd_flush(void);

/* The largest backlog of a real member of the channel. */
size_t ircd_unsent(const char *channel);

/* Stop reading from all connections, or go on. */
void ircd_pause(bool pause);

#endif
