/* link.h - one connection of one user to one network.
 *
 *     WAITING -> CONNECTING -> REGISTERING -> READY -> CLOSING, and then it is gone
 *
 * The state is changed in link.c alone. register.c (who we are), channel.c
 * (rooms) and chat.c (messages) handle the lines they are about and work on
 * this struct; everybody else uses the functions.
 *
 * Upcalls may call back into the transport. Therefore a channel that is given
 * up while lines are being handled is only unlinked, and freed when that is
 * done; and a link is only ever freed by the event loop. */
#ifndef IRC_LINK_H
#define IRC_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <bridge/conn.h>
#include <bridge/map.h>
#include <uv.h>

#include "flood.h"
#include "gate.h"
#include "isupport.h"
#include "library.h"
#include "line.h"
#include "proof.h"
#include "recent.h"
#include "session.h"

#define LINK_STATES(X) X(WAITING) X(CONNECTING) X(REGISTERING) X(READY) X(CLOSING)
enum link_state {
#define X(name) LINK_##name,
    LINK_STATES(X)
#undef X
};

struct channel;

struct irc_link {
    struct irc *irc;              /* NULL once the transport has stopped */
    struct irc_session *session;  /* NULL once nothing may be handed up any more */
    struct irc_link *prev, *next; /* in irc->links */
    char *network;
    char *log; /* prefix of log lines */
    enum link_state state;
    unsigned busy; /* link_hold() without link_unhold() yet */

    struct gate_turn turn; /* to connect */
    struct conn *conn;     /* NULL before its beginning and after its end */
    bool tls;
    struct irc_reader reader;
    struct flood flood;
    struct proof proof;
    uv_timer_t timer;  /* one for all of the times below */
    uint64_t timer_at; /* 0: not set */

    uint64_t wait_until; /* for a place to connect */
    uint64_t heard_at;  /* the last bytes of the server */
    uint64_t pinged_at; /* our PING that is not answered; 0: none */
    uint64_t register_by;
    uint64_t joins_by;   /* when to look for joins without an answer; 0: none */
    uint64_t rename_by;  /* 0: no answer is missing */
    uint64_t private_at; /* the last private message either way; 0: none */
    uint64_t drained_at; /* when the queue was last found empty */

    /* register.c */
    const char *password; /* the server's, or NULL; borrowed from the settings */
    char *nick;           /* as the server knows us, or as we ask for */
    bool nick_is_ours;    /* made of the user's address, not asked for */
    bool nick_refused;    /* registration waits for another one */
    unsigned nick_tries;
    unsigned caps; /* of those that we want: offered */
    struct isupport isupport;
    size_t source_len; /* of "nick!user@host", as others see us */

    /* channel.c */
    struct map channels;      /* by folded name */
    struct channel *first;    /* the same, as a list */
    struct channel *dead;     /* to be freed when `busy` is over */
    size_t rooms;             /* channels that a room is attached to */
    struct channel *renaming; /* who asked for another nick; NULL: nobody */
    char *wanted_nick;

    /* chat.c */
    struct recent recent;
    uint64_t ctcp_since; /* when we began to count answers */
    unsigned ctcp_answers;
};

/* `nick` NULL: make one. NULL with *err set if the configuration makes no
 * sense; the link is in session->links otherwise. */
struct irc_link *link_open(struct irc_session *session, const struct network *network,
                           const char *nick, struct bridge_error *err);

/* Say goodbye and disconnect. Nothing is handed up; the session and its rooms
 * are forgotten at once. */
void link_close(struct irc_link *link, const char *reason);

/* The connection is of no use any more: rooms and senders of what waits are
 * told, then as link_close() without a goodbye. The format is translated. */
void link_fail(struct irc_link *link, enum bridge_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with two texts: English for the log, the user's language for the rest. */
void link_fall(struct irc_link *link, const struct bridge_error *logged,
               const struct bridge_error *told);

/* The transport stops: disconnect at once. */
void link_abort(struct irc_link *link);

void link_throttle(struct irc_link *link, bool on);

/* The server has taken us in under link->nick, and has said what it is. */
void link_ready(struct irc_link *link);

/* Send past the flood control and the queue: what keeps the link alive. Text
 * that is too long for it is cut. */
void link_send(struct irc_link *link, enum irc_command command, const char *target,
               const char *text);

/* Queue one line. `address` and `id` are those of the message it belongs to, or
 * NULL. -1 if IRC has no such line. link_flush() afterwards. */
int link_queue(struct irc_link *link, enum irc_command command, const char *target,
               const char *text, const char *address, const char *id);

/* BRIDGE_BUSY if the queue cannot take `size` more bytes. */
int link_check_room(const struct irc_link *link, size_t size, struct bridge_error *err);

/* Send of the queue what may go, set the timer, and close the link if nothing
 * holds it any more. The last call of whoever changed something. */
void link_flush(struct irc_link *link);

/* Around upcalls that are followed by another look at a channel. */
void link_hold(struct irc_link *link);
void link_unhold(struct irc_link *link);

bool link_is_us(const struct irc_link *link, const char *nick);

/* Bytes of text that fit one line to `target`. */
size_t link_budget(const struct irc_link *link, const char *verb, const char *target);

/* Text from IRC, without formatting; in irc->text, until the next use of it. */
const char *link_clean(struct irc_link *link, const char *text);
const char *link_clean_bytes(struct irc_link *link, const char *text, size_t len);

/* The canonical address of a channel or nick; in irc->address. */
const char *link_address(struct irc_link *link, const char *name);

/* A line from the network itself to the user. */
void link_notice(struct irc_link *link, const char *text);

#endif
