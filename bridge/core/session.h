/* session.h - one user's login to one transport: what plugins know as struct
 * bridge_session. Opened when first needed, closed when nothing has needed it
 * for a while. */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/host.h>
#include <bridge/map.h>
#include <bridge/strbuf.h>

#include "domain.h"
#include "guard.h"

/* Live stanzas that one user may have waiting while the stream is down. */
#define SESSION_BACKLOG_MAX (64u << 10)
/* What all users together may. */
#define CORE_BACKLOG_MAX (32u << 20)

/* A message that the transport has accepted and may yet report as failed, as
 * arrived or as read. */
struct sent {
    const char *id;      /* of the stanza; the others lie behind it in the same block */
    const char *address; /* that the transport saw */
    const char *from;    /* the client (full JID): an error to the bare JID is lost */
    const char *to;      /* what the client wrote to */
    const char *origin;  /* XEP-0359 origin-id, or NULL */
    bool receipt;        /* the client asked to know when it arrives, and does not yet; */
    bool displayed;      /* and when it has been read */
    bool chat_state;     /* the client tells who types */
};

#define SENT_MAX 32 /* the last so many are remembered */

#define SESSION_LANGUAGE_MAX 35 /* bytes: what RFC 5646 §4.4.1 wants room for */

struct bridge_session {
    struct bridge_host *host;
    char *user;         /* bare JID; key in host->sessions */
    void *data;         /* the transport's own */
    struct map rooms;   /* struct bridge_room by address */
    struct map watches; /* struct watch by address */
    struct clients *clients; /* of the user; NULL: none has been heard of */
    struct sent *sent;  /* ring of SENT_MAX, NULL until needed */
    unsigned next_sent;
    struct strbuf backlog; /* stanzas that wait for the stream, */
    size_t kept;           /* and how many */
    bool lost;             /* the backlog overflowed */
    bool leaving;          /* the user is being forgotten (forget.h) */
    uint64_t used;         /* clock_monotonic() of the last stanza either way */
    int64_t used_day;      /* the last on which the user did something (retention.h) */
    uint64_t signals_until; /* clock_monotonic(): so far is spent (session_may_signal()) */
    struct guard_account account;
    struct able_client *able_clients; /* ability.h: what the user's clients can do */
    struct roster *roster;            /* contacts that the network lists; or NULL */
    char language[SESSION_LANGUAGE_MAX + 1]; /* xml:lang of the last stanza that had one; "" */
    struct session_lookups *lookups; /* lookup.c's; NULL until needed */
};

struct bridge_session *session_find(struct bridge_host *host, const char *user);
/* NULL with *err set if the user may not have one, or the transport refuses. */
struct bridge_session *session_open(struct bridge_host *host, const char *user,
                                    struct bridge_error *err);
/* Rooms and contacts are told to the user; the transport lets go. */
void session_close(struct bridge_session *session, const char *reason);

/* Send to this user, or keep it until the stream is up again. */
void session_send(struct bridge_session *session, const struct strbuf *stanza);

/* The stream is up again: send what waited, ask the clients in rooms whether
 * they are still there. */
void session_resume(struct bridge_session *session);

/* Nothing holds it and it was not used for a while. */
bool session_idle(const struct bridge_session *session, uint64_t now);

/* Remember an accepted message; it is copied. Without an id it cannot be found
 * again, and is not kept. */
void session_remember(struct bridge_session *session, const struct sent *sent);
/* The latest to this address with this id or origin-id, or with any if `id` is
 * NULL; or NULL. */
struct sent *session_recall(const struct bridge_session *session, const char *address,
                            const char *id);

/* May one more signal of the user's, a chat state or such, go to the network?
 * Those of a client that sends more than people type are dropped. */
bool session_may_signal(struct bridge_session *session);

/* The user has said something in this language (xml:lang); NULL: in none. */
void session_set_language(struct bridge_session *session, const char *language);

#endif
