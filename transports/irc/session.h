/* session.h - the transport's instance, and one user's use of it: a link to
 * each network that the user is on. */
#ifndef IRC_SESSION_H
#define IRC_SESSION_H

#include <stdbool.h>

#include <bridge/host.h>
#include <bridge/map.h>
#include <bridge/strbuf.h>

#include "library.h"
#include "network.h"

struct irc_link;

/* The instance: one for each entry in the configuration. */
struct irc {
    struct bridge_host *host;
    const struct irc_settings *settings;
    struct irc_library *library;
    struct irc_link *links; /* all there are, those that are closing too */
    struct map gates;       /* gate.h: who connects, and who waits for it */
    bool throttled;

    /* Where handlers of lines build the text, and the address, of what they
     * hand up; nothing keeps them longer. */
    struct strbuf text;
    struct strbuf address;
};

struct irc_session {
    struct irc *irc;
    struct bridge_session *bridge;
    struct map links; /* struct irc_link by name of the network */
    char *local;      /* the user's localpart */
};

struct irc_session *session_new(struct irc *irc, struct bridge_session *bridge);

/* Leave all networks; nothing is handed up any more. */
void session_close(struct irc_session *session, const char *reason);

/* The user's link to this network, opened if there is none. `nick` is what the
 * user asked for, or NULL to make one of the user's address. */
struct irc_link *session_get_link(struct irc_session *session, const char *network,
                                  const char *nick, struct bridge_error *err);

/* The name by which USER knows this user: letters and digits, never empty. */
#define SESSION_USERNAME_MAX 10
void session_username(const struct irc_session *session, char out[SESSION_USERNAME_MAX + 1]);

#endif
