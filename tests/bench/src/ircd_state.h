/* ircd_state.h - connections and channels of the fake IRC network, shared by
 * ircd.c (who is where, sockets) and ircd_command.c (what a line means). */
#ifndef BENCH_IRCD_STATE_H
#define BENCH_IRCD_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "loop.h"
#include "queue.h"

#define IRCD_NAME     "irc.test"
#define IRCD_NICK_MAX 48

struct irc_conn;

struct irc_channel {
    struct irc_channel *next; /* hash chain */
    char name[64];
    int fakes;  /* fake members */
    int talker; /* which of them speaks next */
    struct irc_conn **members;
    int count;
    int size;
};

struct irc_conn {
    struct watch watch; /* first: callbacks get its address */
    struct queue in;
    struct queue out;
    struct irc_conn *next;       /* hash chain by nick */
    struct irc_conn *next_dirty; /* of those with something to flush */
    bool dirty;
    bool registered;
    bool negotiates; /* between CAP LS or REQ and CAP END */
    bool has_user;
    char nick[IRCD_NICK_MAX]; /* "" before NICK */
    char user[IRCD_NICK_MAX];
    struct irc_channel **channels;
    int channel_count;
};

struct irc_conn *irc_conn_find(const char *nick);
void irc_conn_rename(struct irc_conn *c, const char *nick);
void irc_conn_close(struct irc_conn *c);
void irc_conn_flush(struct irc_conn *c);

/* Queue bytes, or a line without its CR LF. */
void irc_conn_put(struct irc_conn *c, const char *bytes, size_t len);
void irc_conn_say(struct irc_conn *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct irc_channel *irc_channel_find(const char *name);
struct irc_channel *irc_channel_get(const char *name);            /* creates it */
bool irc_channel_add(struct irc_channel *ch, struct irc_conn *c); /* false: was in it */
void irc_channel_remove(struct irc_channel *ch, struct irc_conn *c);
void irc_fake_nick(char *out, size_t size, int number);

/* One line without CR LF, NUL-terminated; it is cut up on the way. */
void ircd_command(struct irc_conn *c, char *line, size_t len);

#endif
