/* echo.c - a network on which everybody repeats what you say: a complete transport, to be read
 * beside include/bridge/transport.h. What begins with "room" is a room, all else a contact. */
#include <stdlib.h>
#include <string.h>

#include <bridge/host.h>
#include <bridge/transport.h>

#define ECHO_NICK "echo" /* who repeats in a room */

/* What the admin may set beside plugin, domain and secret. */
struct echo_settings {
    char *status;
};

static const struct setting echo_settings[] = {
    { .key = "status", .type = SETTING_STRING, SETTING_FIELD(struct echo_settings, status),
      .initial = "I repeat what you say", .help = "What contacts show beside their name." },
    { 0 },
};

/* The instance: one for each entry in the configuration. */
struct echo {
    const struct echo_settings *settings;
};

/* One user's use of it. A real network would begin to connect in login_open(). */
struct login {
    struct echo *echo;
    struct bridge_session *session;
};

static void *start(struct bridge_host *host, const void *settings, struct bridge_error *err)
{
    struct echo *echo = bridge_alloc(sizeof(*echo)); /* never NULL */

    echo->settings = settings;
    return echo;
}

/* A localpart comes prepared by XMPP's rules, and is canonical here as it
 * stands. IRC, for one, must fold the case of a channel's name. */
static enum bridge_address classify(void *transport, const char *localpart,
                                    struct strbuf *canonical, struct bridge_error *err)
{
    strbuf_adds(canonical, localpart);
    return strncmp(localpart, "room", 4) == 0 ? BRIDGE_ADDRESS_ROOM : BRIDGE_ADDRESS_CONTACT;
}

static void *login_open(void *echo, struct bridge_session *session, struct bridge_error *err)
{
    struct login *login = bridge_alloc(sizeof(*login));

    login->echo = echo;
    login->session = session;
    return login;
}

static void login_close(void *data, const char *reason)
{
    free(data); /* nobody on the other side to say goodbye to */
}

static int contact_send(void *data, const char *contact, const struct bridge_message *message,
                        struct bridge_error *err)
{
    const struct login *login = data;
    const struct bridge_signal received = { .kind = BRIDGE_RECEIVED, .id = message->id };
    struct bridge_message answer = *message; /* with its files and its subject */

    answer.id = NULL; /* it is another message */
    if (message->receipt)
        bridge_signal(login->session, contact, &received);
    if (message->kind != BRIDGE_NOTICE) /* two robots would go on for ever */
        bridge_message(login->session, contact, &answer);
    return 0;
}

static int contact_watch(void *data, const char *contact, struct bridge_error *err)
{
    struct login *login = data;
    struct bridge_presence online = { .show = BRIDGE_ONLINE, .nick = contact };

    online.status = login->echo->settings->status;
    bridge_contact_presence(login->session, contact, &online);
    return 0;
}

static void contact_unwatch(void *data, const char *contact)
{
    /* It never changes: contact_watch() has left nothing to stop. */
}

static int room_join(void *data, struct bridge_room *room, const char *nick,
                     const char *password, struct bridge_error *err)
{
    static const struct bridge_occupant host = { .role = BRIDGE_MODERATOR };
    static const struct bridge_occupant guest = { .role = BRIDGE_PARTICIPANT };

    if (strcmp(nick, ECHO_NICK) == 0)
        return bridge_fail(err, BRIDGE_CONFLICT, "%s is my nick", nick);
    bridge_room_occupant(room, ECHO_NICK, &host);
    bridge_room_occupant(room, nick, &guest);
    bridge_room_subject(room, "Say something", ECHO_NICK, 0);
    bridge_room_joined(room, nick); /* last, when every occupant has been named */
    return 0;
}

static void room_leave(void *data, struct bridge_room *room, const char *reason)
{
    /* Who keeps a pointer to the room drops it now. We keep none. */
}

static int room_say(void *data, struct bridge_room *room, const struct bridge_message *message,
                    struct bridge_error *err)
{
    struct bridge_message answer = *message;

    answer.id = NULL;
    bridge_room_message(room, bridge_room_nick(room), message); /* with its id */
    bridge_room_message(room, ECHO_NICK, &answer);
    return 0;
}

static const struct bridge_transport echo_transport = {
    .type = "echo",
    .description = "A network that repeats what you say",
    .settings = echo_settings,
    .settings_size = sizeof(struct echo_settings),
    .open_by_default = true, /* it costs nobody anything */
    .features = BRIDGE_HAS_RECEIPT | BRIDGE_HAS_ATTACHMENT | BRIDGE_HAS_SUBJECT,
    .start = start,
    .stop = free,
    .classify = classify,
    .open = login_open,
    .close = login_close,
    .send = contact_send,
    .watch = contact_watch,
    .unwatch = contact_unwatch,
    .join = room_join, /* without it: a network that has no rooms */
    .leave = room_leave,
    .say = room_say,
};

BRIDGE_PLUGIN("0.1", &echo_transport);
