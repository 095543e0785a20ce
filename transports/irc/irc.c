/* irc.c - the plugin: what bridged calls, and how addresses look. */
#include <stdlib.h>
#include <string.h>

#include <bridge/host.h>
#include <bridge/transport.h>
#include <bridge/words.h>

#include "address.h"
#include "channel.h"
#include "chat.h"
#include "gate.h"
#include "link.h"
#include "register.h"
#include "session.h"

/* --- the instance --------------------------------------------------------------------- */

static void *start(struct bridge_host *host, const void *settings, struct bridge_error *err)
{
    struct irc_library *library;

    if (network_check_settings(settings, err))
        return NULL;
    library = irc_library_new(err);
    if (!library)
        return NULL;
    struct irc *irc = bridge_alloc(sizeof *irc);
    irc->host = host;
    irc->settings = settings;
    irc->library = library;
    strbuf_init(&irc->text, 4 * IRC_LINE_MAX); /* a bad byte becomes three */
    strbuf_init(&irc->address, 2 * IRC_LINE_MAX);
    return irc;
}

static void stop(void *transport)
{
    struct irc *irc = transport;

    for (struct irc_link *link = irc->links; link; link = link->next)
        link_abort(link);
    gate_release(&irc->gates);
    irc_library_free(irc->library);
    strbuf_release(&irc->text);
    strbuf_release(&irc->address);
    free(irc);
}

static enum bridge_address classify(void *transport, const char *localpart,
                                    struct strbuf *canonical, struct bridge_error *err)
{
    const struct irc *irc = transport;
    struct address address;

    if (address_parse(&address, localpart, irc->settings, err))
        return BRIDGE_ADDRESS_NONE;
    address_write(&address, canonical);
    return address.kind;
}

static void throttle(void *transport, bool on)
{
    struct irc *irc = transport;

    irc->throttled = on;
    for (struct irc_link *link = irc->links; link; link = link->next)
        link_throttle(link, on);
}

/* --- one user ---------------------------------------------------------------------------- */

static void *open_session(void *transport, struct bridge_session *session,
                          struct bridge_error *err)
{
    (void)err;
    return session_new(transport, session);
}

static void close_session(void *data, const char *reason)
{
    session_close(data, reason);
}

static int send_message(void *data, const char *contact, const struct bridge_message *message,
                        struct bridge_error *err)
{
    struct irc_session *session = data;
    struct address to;
    struct irc_link *link;

    if (address_parse(&to, contact, session->irc->settings, err))
        return -1;
    if (to.kind != BRIDGE_ADDRESS_CONTACT)
        return bridge_fail(err, BRIDGE_UNSUPPORTED,
                           _("nobody reads what is written to %s; write to NICK%%%s or enter "
                             "#CHANNEL%%%s"),
                           contact, to.network, to.network);
    link = session_get_link(session, to.network, NULL, err);
    if (!link)
        return -1;
    int rc = chat_send(link, to.name, contact, message, err);
    link_flush(link);
    return rc;
}

/* --- rooms ------------------------------------------------------------------------------- */

static int join(void *data, struct bridge_room *room, const char *nick, const char *password,
                struct bridge_error *err)
{
    struct irc_session *session = data;
    struct address address;
    struct irc_link *link;

    if (address_parse(&address, bridge_room_address(room), session->irc->settings, err))
        return -1;
    if (!address_nick_ok(nick))
        return bridge_fail(err, BRIDGE_INVALID, _("'%s' cannot be a nick on IRC"), nick);
    link = session_get_link(session, address.network, nick, err);
    if (!link)
        return -1;
    register_try_nick(link, nick);
    int rc = channel_join(link, room, address.name, password, err);
    link_flush(link);
    return rc;
}

static void leave(void *data, struct bridge_room *room, const char *reason)
{
    struct channel *channel = bridge_room_data(room);
    struct irc_link *link = channel->link;

    (void)data;
    channel_leave(channel, reason);
    link_flush(link);
}

static int say(void *data, struct bridge_room *room, const struct bridge_message *message,
               struct bridge_error *err)
{
    struct channel *channel = bridge_room_data(room);

    (void)data;
    if (!channel_is_in(channel))
        return bridge_fail(err, BRIDGE_RETRY, _("you are not in %s yet"), channel->name);
    return chat_say(channel->link, channel->name, room, message, err);
}

static int rename_occupant(void *data, struct bridge_room *room, const char *nick,
                           struct bridge_error *err)
{
    (void)data;
    return channel_rename(bridge_room_data(room), nick, err);
}

static int subject(void *data, struct bridge_room *room, const char *text, const char *id,
                   struct bridge_error *err)
{
    (void)data;
    return channel_subject(bridge_room_data(room), text, id, err);
}

static int occupant(void *data, struct bridge_room *room, const char *nick,
                    struct strbuf *contact, struct bridge_error *err)
{
    const struct channel *channel = bridge_room_data(room);

    (void)data;
    if (!bridge_room_find(room, nick, NULL) || !address_nick_ok(nick))
        return bridge_fail(err, BRIDGE_NOT_FOUND, _("%s is not in %s"), nick, channel->name);
    address_add(contact, nick, channel->link->network);
    return 0;
}

static const struct bridge_transport irc_transport = {
    .type = "irc",
    .description = N_("IRC, the Internet Relay Chat"),
    .settings = irc_setting_rows,
    .settings_size = sizeof(struct irc_settings),
    .open_by_default = true,
    .start = start,
    .stop = stop,
    .classify = classify,
    .throttle = throttle,
    .open = open_session,
    .close = close_session,
    .send = send_message,
    .join = join,
    .leave = leave,
    .say = say,
    .rename = rename_occupant,
    .subject = subject,
    .occupant = occupant,
};

BRIDGE_PLUGIN("0.1", &irc_transport);
