/* channel.h - the channels of a link and the rooms they are to the user. Who is
 * in one is known to the core's room alone. */
#ifndef IRC_CHANNEL_H
#define IRC_CHANNEL_H

#include "link.h"

#define CHANNEL_STATES(X)                                                                      \
    X(WAITING)  /* for the link to be ready */                                                 \
    X(ENTERING) /* JOIN sent */                                                                \
    X(NAMING)   /* we are in; the others are being named */                                    \
    X(JOINED)                                                                                  \
    X(LEAVING)   /* PART sent; no room */                                                      \
    X(RETURNING) /* PART sent, and JOIN again: first the answer to PART comes */               \
    X(DEAD)      /* not in the lists any more; freed when link->busy is over */
enum channel_state {
#define X(name) CHANNEL_##name,
    CHANNEL_STATES(X)
#undef X
};

struct channel {
    struct irc_link *link;
    struct channel *next;      /* in link->first; stays valid while link->busy */
    struct channel *next_dead; /* in link->dead */
    enum channel_state state;
    bool moderated;           /* +m */
    struct bridge_room *room; /* NULL: LEAVING or DEAD */
    uint64_t asked_at;        /* when JOIN or PART was queued */
    char *key;                /* to join with, until JOIN is queued */
    char *topic;              /* that came before who set it */
    char *folded;             /* name by the network's case mapping; key in link->channels */
    char name[];              /* as it stands in the address */
};

/* --- downcalls --------------------------------------------------------------- */

int channel_join(struct irc_link *link, struct bridge_room *room, const char *name,
                 const char *key, struct bridge_error *err);
void channel_leave(struct channel *channel, const char *reason);
int channel_rename(struct channel *channel, const char *nick, struct bridge_error *err);
int channel_subject(struct channel *channel, const char *text, const char *id,
                    struct bridge_error *err);

/* --- for the link -------------------------------------------------------------- */

struct channel *channel_find(const struct irc_link *link, const char *name);
bool channel_is_in(const struct channel *channel); /* NAMING or JOINED */

void channel_enter_all(struct irc_link *link); /* the link is ready */
void channel_refuse_all(struct irc_link *link, const struct bridge_error *why); /* not in yet */
void channel_end_all(struct irc_link *link, const struct bridge_error *why); /* of the link */
void channel_forget_all(struct irc_link *link); /* without telling */
void channel_free_dead(struct irc_link *link);

/* Refuse what has had no answer; sets link->joins_by and link->rename_by anew. */
void channel_check_deadlines(struct irc_link *link, uint64_t now);

/* Did this error answer a JOIN or PART? */
bool channel_refused(struct irc_link *link, const struct irc_message *m);
/* Did it answer a NICK? */
bool channel_nick_refused(struct irc_link *link, const struct irc_message *m);

/* Handlers of lines. */
void channel_on_join(struct irc_link *link, const struct irc_message *m);
void channel_on_part(struct irc_link *link, const struct irc_message *m);
void channel_on_kick(struct irc_link *link, const struct irc_message *m);
void channel_on_quit(struct irc_link *link, const struct irc_message *m);
void channel_on_nick(struct irc_link *link, const struct irc_message *m);
void channel_on_mode(struct irc_link *link, const struct irc_message *m);
void channel_on_modes(struct irc_link *link, const struct irc_message *m); /* 324 */
void channel_on_topic(struct irc_link *link, const struct irc_message *m);
void channel_on_topic_is(struct irc_link *link, const struct irc_message *m);  /* 332 */
void channel_on_topic_who(struct irc_link *link, const struct irc_message *m); /* 333 */
void channel_on_names(struct irc_link *link, const struct irc_message *m);     /* 353 */
void channel_on_names_end(struct irc_link *link, const struct irc_message *m); /* 366 */
void channel_on_forward(struct irc_link *link, const struct irc_message *m);   /* 470 */

#endif
