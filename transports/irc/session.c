#include "session.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/words.h>

#include "link.h"

#define LINKS_MAX 32 /* networks per user: each is a connection */

struct irc_session *session_new(struct irc *irc, struct bridge_session *bridge)
{
    struct irc_session *session = bridge_alloc(sizeof *session);
    const char *user = bridge_session_user(bridge);
    const char *at = strchr(user, '@');

    session->irc = irc;
    session->bridge = bridge;
    session->local = bridge_strndup(user, at ? (size_t)(at - user) : strlen(user));
    return session;
}

void session_close(struct irc_session *session, const char *reason)
{
    struct irc_link *link;
    size_t i = 0;

    /* link_close() takes the link out of the map: begin anew each time. */
    while ((link = map_next(&session->links, &i))) {
        link_close(link, reason);
        i = 0;
    }
    map_release(&session->links);
    free(session->local);
    free(session);
}

void session_username(const struct irc_session *session, char out[SESSION_USERNAME_MAX + 1])
{
    size_t n = 0;

    for (const char *p = session->local; *p && n < SESSION_USERNAME_MAX; p++) {
        if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9'))
            out[n++] = *p;
    }
    out[n] = 0;
    if (!n)
        strcpy(out, "user");
}

struct irc_link *session_get_link(struct irc_session *session, const char *network,
                                  const char *nick, struct bridge_error *err)
{
    struct irc_link *link = map_finds(&session->links, network);
    struct network found;

    if (link && link->state == LINK_CLOSING) {
        bridge_fail(err, BRIDGE_RETRY, _("the connection to %s has just been lost"), network);
        return NULL;
    }
    if (link)
        return link;
    if (network_find(session->irc->settings, network, &found, err))
        return NULL;
    if (session->links.count >= LINKS_MAX) {
        bridge_fail(err, BRIDGE_BUSY, _("you are on %d networks already; leave one first"),
                    LINKS_MAX);
        return NULL;
    }
    return link_open(session, &found, nick, err);
}
