/* Nothing is missing; with -DLACKS_x the member x is. Its functions are never
 * called. */
#include <bridge/transport.h>

static void *start(struct bridge_host *host, const void *settings, struct bridge_error *err)
{
    (void)host;
    (void)settings;
    (void)err;
    return NULL;
}

static void reload(void *transport, const void *settings)
{
    (void)transport;
    (void)settings;
}

static void stop(void *transport)
{
    (void)transport;
}

static enum bridge_address classify(void *transport, const char *localpart,
                                    struct strbuf *canonical, struct bridge_error *err)
{
    (void)transport;
    (void)localpart;
    (void)canonical;
    (void)err;
    return BRIDGE_ADDRESS_NONE;
}

static void *open_session(void *transport, struct bridge_session *session,
                          struct bridge_error *err)
{
    (void)transport;
    (void)session;
    (void)err;
    return NULL;
}

static void close_session(void *data, const char *reason)
{
    (void)data;
    (void)reason;
}

static int send_message(void *data, const char *contact, const struct bridge_message *message,
                        struct bridge_error *err)
{
    (void)data;
    (void)contact;
    (void)message;
    (void)err;
    return -1;
}

static int watch(void *data, const char *contact, struct bridge_error *err)
{
    (void)data;
    (void)contact;
    (void)err;
    return -1;
}

static void unwatch(void *data, const char *contact)
{
    (void)data;
    (void)contact;
}

static int join(void *data, struct bridge_room *room, const char *nick, const char *password,
                struct bridge_error *err)
{
    (void)data;
    (void)room;
    (void)nick;
    (void)password;
    (void)err;
    return -1;
}

static void leave(void *data, struct bridge_room *room, const char *reason)
{
    (void)data;
    (void)room;
    (void)reason;
}

static int say(void *data, struct bridge_room *room, const struct bridge_message *message,
               struct bridge_error *err)
{
    (void)data;
    (void)room;
    (void)message;
    (void)err;
    return -1;
}

struct sample_settings {
    char *greeting;
    int64_t port;
    struct {
        char *password;
    } login;
};

static const struct setting login_rows[] = {
    { .key = "password", .type = SETTING_SECRET, .flags = SETTING_RELOAD, .offset = 0,
      .help = "The password." },
    { 0 },
};

static const struct setting rows[] = {
    { .key = "greeting", .type = SETTING_STRING, .flags = SETTING_REQUIRED,
      SETTING_FIELD(struct sample_settings, greeting), .example = "hello",
      .help = "What to say first." },
    { .key = "port", .type = SETTING_INT, .min = 1, .max = 65535,
      SETTING_FIELD(struct sample_settings, port), .initial = "6667", .help = "Where." },
    { .key = "login", .type = SETTING_GROUP, SETTING_FIELD(struct sample_settings, login),
      .rows = login_rows, .help = "As whom." },
    { 0 },
};

static const struct bridge_transport transport = {
#ifndef LACKS_type
    .type = "sample",
#endif
#ifndef LACKS_description
    .description = "A sample",
#endif
    .settings = rows,
#ifndef LACKS_settings_size
    .settings_size = sizeof(struct sample_settings),
#endif
#ifndef LACKS_start
    .start = start,
#endif
#ifndef LACKS_reload
    .reload = reload,
#endif
#ifndef LACKS_stop
    .stop = stop,
#endif
#ifndef LACKS_classify
    .classify = classify,
#endif
#ifndef LACKS_open
    .open = open_session,
#endif
#ifndef LACKS_close
    .close = close_session,
#endif
#ifndef LACKS_send
    .send = send_message,
#endif
#ifndef LACKS_watch
    .watch = watch,
#endif
#ifndef LACKS_unwatch
    .unwatch = unwatch,
#endif
    .join = join,
#ifndef LACKS_leave
    .leave = leave,
#endif
#ifndef LACKS_say
    .say = say,
#endif
};

BRIDGE_PLUGIN("0.1", &transport);
