/* fake_transport.h - a transport that does nothing by itself: it writes down
 * what it is asked to do, a line a call, and the test makes the upcalls.
 *
 * Its addresses: "#x" is a room, "%x" a service; "bad" is none, "old" has moved
 * to "new@t.example.net"; all else is a contact. Upper case folds. */
#ifndef FAKE_TRANSPORT_H
#define FAKE_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/host.h>
#include <bridge/transport.h>

struct fake_settings {
    char *greeting; /* SETTING_RELOAD */
    int64_t port;
};
extern const struct setting fake_settings[];

/* Settings of users, of each type, scope and flag; the vtable has them only when a
 * test says so. check() takes everything at once, unless it is to fail or held. */
extern const struct preference fake_preferences[];

/* Its vtable, whole again, with no features. A test may take optional calls out
 * of it, and put features in. */
struct bridge_transport *fake_transport_reset(void);

/* Put it into the vtable before the transport starts, and messages are deliveries. The
 * test makes the reports. */
int fake_transport_deliver(void *data, int64_t delivery, const char *contact,
                           const struct bridge_message *message, struct bridge_error *err);

/* The lines since the last fake_transport_forget(). */
const char *fake_transport_calls(void);
void fake_transport_forget(void);

/* The next call of this name ("join", "open", ...) fails. */
void fake_transport_fail(const char *call, enum bridge_code code, const char *text);

/* Every call does at once what was asked, and uses each text that it gets as a
 * nick, an address and a reason too, as a network might: for programs that only
 * feed. What is said after a "-" has left. */
void fake_transport_obey(bool on);

/* What it was given last; NULL once that has ended. */
struct bridge_host *fake_transport_host(void);
struct bridge_session *fake_transport_session(void);
struct bridge_room *fake_transport_room(void);

/* From now on the test ends each check() with bridge_change_done(). */
void fake_transport_hold(bool on);
struct bridge_change *fake_transport_change(void); /* the last that is held */
struct bridge_change *fake_transport_take_change(void); /* the same; it is held no more */

/* The n-th lookup that it was asked for, from 0; of the last 64. */
struct bridge_lookup *fake_transport_lookup(size_t n);

size_t fake_transport_sessions(void); /* open now */

#endif
