/* fake_host.h - all that bridged is to a transport, for tests that link the
 * plugin's real code: the functions of host.h, connections that are buffers,
 * and timers that run when the test says so. One world per process; no
 * sockets, no clock, no event loop.
 *
 * Every upcall becomes one line of text, read in order with fake_upcall():
 *
 *     message CONTACT KIND BODY
 *     message_failed ADDRESS ID CODE TEXT
 *     signal CONTACT KIND ID                          ("-" for what is not given)
 *     contact_presence CONTACT SHOW
 *     room_occupant ADDRESS NICK AFFILIATION ROLE FLAGS
 *     room_joined ADDRESS NICK
 *     room_refused ADDRESS CODE TEXT
 *     room_departed ADDRESS NICK HOW ACTOR REASON
 *     room_renamed ADDRESS FROM TO
 *     room_nick_failed ADDRESS NICK CODE TEXT
 *     room_subject ADDRESS WHO TIME TEXT
 *     room_message ADDRESS NICK KIND ID BODY
 *     conn_open HOST PORT tls|plain [public]
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/conn.h>
#include <bridge/host.h>
#include <bridge/transport.h>

#define FAKE_DOMAIN "net.example.com"

/* --- the world -------------------------------------------------------------- */

/* Start the plugin that is linked into this program; time stands at 1000 s.
 * False with *err set if it refuses. `settings` stays the caller's. */
bool fake_start(const void *settings, struct bridge_error *err);

/* Close all sessions, stop the plugin, run what it left to be run; everything
 * is freed. Asserts that nothing stayed open. */
void fake_stop(void);

/* What the core would ask classify(). "room #a%net", "error TEXT". Borrowed
 * until the next call. */
const char *fake_classify(const char *localpart);

/* Let time pass: timers due run in order, each at its time. */
void fake_advance(uint64_t ms);

/* Run the callbacks of what was closed. fake_advance() does it too. */
void fake_settle(void);

void fake_throttle(bool on);

/* Upcalls are not recorded: for benchmarks and fuzzers. Their text is still
 * read, so that a sanitizer sees what is wrong with it. */
void fake_quiet(bool quiet);

/* --- downcalls ---------------------------------------------------------------- */

struct bridge_session *fake_session(const char *user); /* opened if it is not */
void fake_close_session(struct bridge_session *session, const char *reason);

/* 0 or -1 as the transport says; the error becomes "error CODE TEXT" among the
 * upcalls. */
int fake_send(struct bridge_session *session, const char *contact,
              enum bridge_message_kind kind, const char *id, const char *body);
int fake_send_message(struct bridge_session *session, const char *contact,
                      const struct bridge_message *message);
int fake_join(struct bridge_session *session, const char *address, const char *nick,
              const char *password);
int fake_say(struct bridge_session *session, const char *address, enum bridge_message_kind kind,
             const char *id, const char *body);
int fake_rename(struct bridge_session *session, const char *address, const char *nick);
int fake_subject(struct bridge_session *session, const char *address, const char *id,
                 const char *text);
void fake_leave(struct bridge_session *session, const char *address, const char *reason);

/* The address of an occupant, or "error CODE TEXT". Borrowed until the next call. */
const char *fake_occupant(struct bridge_session *session, const char *address,
                          const char *nick);

bool fake_in_room(const struct bridge_session *session, const char *address);

/* Called within every upcall, with its line, for tests of what happens when the
 * core calls back at once. NULL: nothing. */
void fake_on_upcall(void (*hook)(const char *line));

/* --- what came out -------------------------------------------------------------- */

/* The next line, or "" when there is none. Borrowed until the next call. */
const char *fake_upcall(void);

/* --- connections ------------------------------------------------------------------ */

struct conn *fake_conn(void); /* the one opened last, or NULL */
bool fake_conn_is_open(const struct conn *conn);
bool fake_conn_is_paused(const struct conn *conn);
size_t fake_open_conns(void);

void fake_connected(struct conn *conn);
void fake_receive(struct conn *conn, const char *data, size_t len);
void fake_lost(struct conn *conn, enum bridge_code code, const char *text);
void fake_hung_up(struct conn *conn); /* the peer, in an orderly way */

/* The next line that the transport wrote, without CR LF; "" when there is none.
 * Borrowed until the next call. */
const char *fake_sent(struct conn *conn);

#endif
