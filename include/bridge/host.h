/* host.h - what a transport may ask of bridged: plain functions, exported by
 * the daemon (and by tests/transport/fake_host.c in unit tests).
 *
 * All may be called from within a downcall and from the event loop's
 * callbacks, never from another thread. Text may be anything that came from
 * the network: it is cleaned here. */
#ifndef BRIDGE_HOST_H
#define BRIDGE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/error.h>
#include <bridge/message.h>
#include <bridge/transport.h>
#include <uv.h>

/* --- the instance --------------------------------------------------------- */

uv_loop_t *bridge_host_loop(const struct bridge_host *host);
const char *bridge_host_domain(const struct bridge_host *host);
const char *bridge_version(void); /* of the daemon, "0.1.0" */

/* --- sessions ------------------------------------------------------------- */

const char *bridge_session_user(const struct bridge_session *session); /* bare JID */

/* Something has come from the network: until the next call from the core, or of
 * this function, texts (<bridge/words.h>) are in this user's language. */
void bridge_words_for(const struct bridge_session *session);

/* A contact or service wrote to the user. Returns the id that the message now
 * has (message.h), borrowed until the next upcall. What has attachments arrives
 * as several messages, a file each and the text last, for so clients show
 * pictures as pictures; the id is that of the text, if there is any. */
const char *bridge_message(struct bridge_session *session, const char *contact,
                           const struct bridge_message *message);

/* A message that send() had accepted did not arrive: its sender gets a stanza
 * error with its id. `address` is what it was sent to. */
void bridge_message_failed(struct bridge_session *session, const char *address, const char *id,
                           const struct bridge_error *why);

/* A contact types, or has received or read a message of the user's, whose id is
 * in the signal. Whether the user asked to know is the core's business. */
void bridge_signal(struct bridge_session *session, const char *contact,
                   const struct bridge_signal *signal);

/* The presence of a watched contact. */
void bridge_contact_presence(struct bridge_session *session, const char *contact,
                             const struct bridge_presence *presence);

/* --- deliveries (transports with `deliver`) --------------------------------------- */

/* What has become of a message that deliver() was given; at any time, also after a
 * restart, when the session need not exist. Forward only: what is repeated, comes
 * too late, or in the wrong order changes nothing, nor does a number that is not
 * known (any more). */

/* The network has it. `foreign`: what the network calls it, for
 * bridge_delivery_find(); may be NULL. Without BRIDGE_HAS_RECEIPT this is its end. */
void bridge_delivery_sent(struct bridge_host *host, int64_t delivery, const char *foreign);
/* The person has it: who asked for a receipt gets one. */
void bridge_delivery_arrived(struct bridge_host *host, int64_t delivery);
/* It will never arrive: its sender gets an error, with the text. */
void bridge_delivery_failed(struct bridge_host *host, int64_t delivery,
                            const struct bridge_error *why);
/* Not now: it is given to deliver() again, not before `after` ms (0: when the core
 * finds it right), until its time is over. */
void bridge_delivery_later(struct bridge_host *host, int64_t delivery,
                           const struct bridge_error *why, uint64_t after);
/* By the network's name for it; 0 if there is none. Reads the database. */
int64_t bridge_delivery_find(struct bridge_host *host, const char *foreign);

/* `why` NULL: the message is safe with us, now or since an earlier call with the same
 * `foreign`; only now tell the network so. Otherwise the network must keep it. */
typedef void bridge_taken(void *arg, const struct bridge_error *why);

/* A contact wrote to the user (bare JID), who need not have a session. `foreign`:
 * what the network calls the message; the same name is taken once, for months.
 * `taken` comes exactly once, never within the call. */
void bridge_take(struct bridge_host *host, const char *user, const char *contact,
                 const char *foreign, const struct bridge_message *message,
                 bridge_taken *taken, void *arg);

/* --- money (transports that have `charges`) ----------------------------------------- */

/* Before the user's doing costs so much, in millionths of the admin's currency: may it?
 * 0: it is counted as spent. -1 with *err set: a limit would be passed; the text says
 * which, and when it ends. `price` is not negative. */
int bridge_charge(struct bridge_session *session, int64_t price, struct bridge_error *err);
/* It was not done after all, on the same day. */
void bridge_refund(struct bridge_session *session, int64_t price);

/* --- contacts ---------------------------------------------------------------- */

/* The network lists this person as the user's contact, or under another name
 * now: into the roster, in the best way that the user's server allows
 * (XEP-0356, XEP-0144, or a subscription request). Saying so again costs
 * nothing. A contact that the user has removed is not put back. */
void bridge_contact_listed(struct bridge_session *session, const struct bridge_contact *contact);
/* The network lists the person no more. */
void bridge_contact_unlisted(struct bridge_session *session, const char *address);

/* The end of lookup(). Either may be NULL: without `card` and `why` nothing is
 * known. Gone after the call. */
void bridge_lookup_done(struct bridge_lookup *lookup, const struct bridge_card *card,
                        const struct bridge_error *why);

/* --- settings of users (preference.h) ------------------------------------------ */

/* Append the value of a setting, or its initial one, to *value. `address` NULL:
 * of the account. False, and nothing appended, if there is none. Reads the
 * database: keep what is needed for every message. */
bool bridge_preference(const struct bridge_session *session, const char *address,
                       const char *key, struct strbuf *value);

/* Within check(): whose change it is (bare JID), of what (NULL: the account),
 * and what each setting would then be; NULL: not set. As long as the change. */
const char *bridge_change_user(const struct bridge_change *change);
const char *bridge_change_address(const struct bridge_change *change);
const char *bridge_change_value(const struct bridge_change *change, const char *key);
/* `why` NULL: they are good. Otherwise the user is told, and nothing is stored;
 * `key`, which may be NULL, is the setting at fault. Gone after the call. */
void bridge_change_done(struct bridge_change *change, const char *key,
                        const struct bridge_error *why);

/* --- rooms (XEP-0045) ------------------------------------------------------ */

/* What a room tells about an occupant. `flags` is the transport's own, kept
 * for it (IRC: a bit per prefix mode). */
struct bridge_occupant {
    enum bridge_affiliation affiliation;
    enum bridge_role role;
    uint32_t flags;
};

enum bridge_departure {
    BRIDGE_LEFT,
    BRIDGE_KICKED, /* status 307 */
    BRIDGE_BANNED, /* status 301 */
    BRIDGE_CUT,    /* status 333: a technical reason */
};

const char *bridge_room_address(const struct bridge_room *room); /* canonical localpart */
const char *bridge_room_nick(const struct bridge_room *room);    /* the user's own, now */

/* A word of the transport's own per room; NULL at first. */
void bridge_room_set_data(struct bridge_room *room, void *data);
void *bridge_room_data(const struct bridge_room *room);

/* 256 bytes that fold a nick's bytes before comparison (IRC case mapping),
 * static; NULL, the default, compares exactly. Only while the room is empty. */
void bridge_room_set_casemap(struct bridge_room *room, const unsigned char *fold);

/* The nick under which the network knows the user, when it is not the one that
 * was asked for. While joining, before the occupants: bridge_room_joined()
 * would come too late to hold back the right entry. */
void bridge_room_set_nick(struct bridge_room *room, const char *nick);

/* Add the occupant, or change it; the clients are told of what is new. During
 * a join the user's own entry is held back until bridge_room_joined(). */
void bridge_room_occupant(struct bridge_room *room, const char *nick,
                          const struct bridge_occupant *occupant);

/* Returns false if there is no such occupant. `out` may be NULL. */
bool bridge_room_find(const struct bridge_room *room, const char *nick,
                      struct bridge_occupant *out);

/* The user is in, as `nick`, and every other occupant has been named:
 * self-presence (110; 210 if the nick is not the one asked for), then the
 * subject (XEP-0045 §7.1). */
void bridge_room_joined(struct bridge_room *room, const char *nick);

/* The join failed: error presence. The room is gone after the call. */
void bridge_room_refused(struct bridge_room *room, const struct bridge_error *why);

/* Somebody left. If it is the user, every client is told, and the room is
 * gone after the call. `actor` and `reason` may be NULL. */
void bridge_room_departed(struct bridge_room *room, const char *nick,
                          enum bridge_departure how, const char *actor, const char *reason);

/* Nick change of anybody (303, then 110 if it is the user). */
void bridge_room_renamed(struct bridge_room *room, const char *from, const char *to);

/* The nick asked for with rename() was refused: error presence, still in. */
void bridge_room_nick_failed(struct bridge_room *room, const char *nick,
                             const struct bridge_error *why);

/* `who` may be NULL (unknown), `time` 0 (now). Before bridge_room_joined() it
 * is kept and shown after the self-presence. */
void bridge_room_subject(struct bridge_room *room, const char *text, const char *who,
                         int64_t time);

/* Somebody said something: `nick` NULL is the room itself. The user's own
 * message keeps the id that it had in say(), and what else of it went out; it
 * is the same for all of the user's clients. Returns the id as bridge_message()
 * does. */
const char *bridge_room_message(struct bridge_room *room, const char *nick,
                                const struct bridge_message *message);

/* An occupant types, or has read all up to a message. */
void bridge_room_signal(struct bridge_room *room, const char *nick,
                        const struct bridge_signal *signal);

#endif
