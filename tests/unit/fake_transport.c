#include "fake_transport.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

const struct setting fake_settings[] = {
    { .key = "greeting", .type = SETTING_STRING, .flags = SETTING_RELOAD,
      SETTING_FIELD(struct fake_settings, greeting), .initial = "hello",
      .help = "What to say." },
    { .key = "port", .type = SETTING_INT, .min = 1, .max = 65535,
      SETTING_FIELD(struct fake_settings, port), .initial = "6667",
      .help = "Where to say it." },
    { 0 },
};

static const struct preference_choice colours[] = {
    { "red", "Red" }, { "blue", NULL }, { 0 },
};

const struct preference fake_preferences[] = {
    { .key = "username", .type = PREFERENCE_TEXT, .scopes = PREFERENCE_ACCOUNT,
      .flags = PREFERENCE_REGISTER | PREFERENCE_REQUIRED | PREFERENCE_UNIQUE,
      .label = "Name", .max = 20 },
    { .key = "password", .type = PREFERENCE_SECRET, .scopes = PREFERENCE_ACCOUNT,
      .flags = PREFERENCE_REGISTER, .label = "Password" },
    { .key = "signature", .type = PREFERENCE_LINES, .scopes = PREFERENCE_ACCOUNT,
      .label = "Signature" },
    { .key = "loud", .type = PREFERENCE_BOOL, .initial = "0", .label = "Loud",
      .scopes = PREFERENCE_ACCOUNT | PREFERENCE_SERVICE | PREFERENCE_ROOM | PREFERENCE_CONTACT },
    { .key = "volume", .type = PREFERENCE_INT, .max = 11, .initial = "5", .label = "Volume",
      .scopes = PREFERENCE_SERVICE | PREFERENCE_CONTACT },
    { .key = "colour", .type = PREFERENCE_CHOICE, .choices = colours, .initial = "red",
      .scopes = PREFERENCE_ROOM, .label = "Colour", .help = "Of the walls." },
    { .key = "credit", .type = PREFERENCE_INT, .scopes = PREFERENCE_ACCOUNT,
      .flags = PREFERENCE_BY_ADMIN, .max = 100, .label = "Credit" },
    { 0 },
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct {
    struct strbuf calls;
    char failing[16];
    struct bridge_error failure;
    bool obedient;
    struct bridge_host *host;
    struct bridge_session *session;
    struct bridge_room *room;
    size_t sessions;
    bool holding;
    struct bridge_change *change;
    struct bridge_lookup *lookups[64]; /* a ring */
    size_t lookup_count;
} fake = { .calls = STRBUF_INIT(64u << 20) };

#define note(...) strbuf_addf(&fake.calls, __VA_ARGS__)

static int outcome(const char *call, struct bridge_error *err)
{
    if (strcmp(fake.failing, call) != 0)
        return 0;
    fake.failing[0] = 0;
    *err = fake.failure;
    return -1;
}

/* --- the vtable -------------------------------------------------------------- */

static void *start(struct bridge_host *host, const void *settings, struct bridge_error *err)
{
    const struct fake_settings *s = settings;

    note("start %s %s\n", bridge_host_domain(host), s ? s->greeting : "-");
    if (outcome("start", err))
        return NULL;
    assert(bridge_host_loop(host));
    fake.host = host;
    return &fake;
}

static void reload(void *transport, const void *settings)
{
    const struct fake_settings *s = settings;

    (void)transport;
    note("reload %s\n", s->greeting);
}

static void stop(void *transport)
{
    (void)transport;
    note("stop\n");
    fake.host = NULL;
}

static enum bridge_address classify(void *transport, const char *localpart,
                                    struct strbuf *canonical, struct bridge_error *err)
{
    (void)transport;
    if (!strcmp(localpart, "bad")) {
        bridge_fail(err, BRIDGE_ADDRESS, "the network has no such addresses");
        return BRIDGE_ADDRESS_NONE;
    }
    if (!strcmp(localpart, "old")) {
        bridge_fail(err, BRIDGE_MOVED, "new@t.example.net");
        return BRIDGE_ADDRESS_NONE;
    }
    for (const char *p = localpart; *p; p++)
        strbuf_addch(canonical, (char)tolower((unsigned char)*p));
    return *localpart == '#'   ? BRIDGE_ADDRESS_ROOM
           : *localpart == '%' ? BRIDGE_ADDRESS_SERVICE
                               : BRIDGE_ADDRESS_CONTACT;
}

static void check(void *transport, struct bridge_change *change)
{
    const char *address = bridge_change_address(change);
    struct bridge_error err;

    (void)transport;
    note("check %s%s%s:", bridge_change_user(change), address ? " " : "", address ? address : "");
    for (const struct preference *row = fake_preferences; row->type; row++) {
        const char *value = bridge_change_value(change, row->key);
        if (value)
            note(" %s=%s", row->key, value);
    }
    note("\n");
    if (fake.holding)
        fake.change = change;
    else if (outcome("check", &err))
        bridge_change_done(change, "username", &err);
    else
        bridge_change_done(change, NULL, NULL);
}

static void changed(void *data, const char *address)
{
    note("changed %s%s%s\n", bridge_session_user(data), address ? " " : "",
         address ? address : "");
}

static void throttle(void *transport, bool on)
{
    (void)transport;
    note("throttle %s\n", on ? "on" : "off");
}

static void *open_session(void *transport, struct bridge_session *session,
                          struct bridge_error *err)
{
    (void)transport;
    note("open %s\n", bridge_session_user(session));
    if (outcome("open", err))
        return NULL;
    fake.session = session;
    fake.sessions++;
    return session;
}

static void close_session(void *data, const char *reason)
{
    note("close %s: %s\n", bridge_session_user(data), reason);
    fake.sessions--;
    fake.session = NULL;
    fake.room = NULL;
}

static void note_field(const char *name, const char *value)
{
    if (value)
        note(" %s=%s", name, value);
}

static void note_file(const struct bridge_attachment *a)
{
    note_field("file", a->url);
    note_field("name", a->name);
    note_field("type", a->type);
    note_field("description", a->description);
    if (a->size >= 0)
        note(" size=%" PRId64, a->size);
}

static void note_payloads(const struct bridge_message *m)
{
    note_field("replaces", m->replaces);
    note_field("retracts", m->retracts);
    note_field("answers", m->answers);
    note_field("of", m->answers_to);
    note_field("quote", m->quote);
    note_field("reacts", m->reacts);
    for (size_t i = 0; i < m->reaction_count; i++)
        note(" %s", m->reactions[i]);
    for (size_t i = 0; i < m->attachment_count; i++)
        note_file(&m->attachments[i]);
    note_field("subject", m->subject);
    note_field("thread", m->thread);
    note("%s%s%s", m->receipt ? " receipt" : "", m->displayed ? " displayed" : "",
         m->no_store ? " no_store" : "");
    if (m->time)
        note(" time=%" PRId64, m->time);
}

static void presence(void *data, const struct bridge_presence *p)
{
    static const char *const shows[] = { "offline", "online", "chat", "away", "xa", "dnd" };

    note("presence %s of %s: %s (%s)\n", shows[p->show], bridge_session_user(data),
         p->status ? p->status : "-", p->nick ? p->nick : "-");
}

static void note_message(const struct bridge_message *m)
{
    static const char *const kinds[] = { "", " action", " notice" };

    note(" id=%s%s", m->id ? m->id : "-", kinds[m->kind]);
    note_payloads(m);
    note(": %s\n", m->body);
}

static int send_message(void *data, const char *contact, const struct bridge_message *message,
                        struct bridge_error *err)
{
    (void)data;
    note("send %s", contact);
    note_message(message);
    if (outcome("send", err))
        return -1;
    if (fake.obedient) {
        static const struct bridge_error why = { BRIDGE_RETRY, "the network lost it" };
        const struct bridge_contact listed = { .address = message->body, .name = contact,
                                               .group = message->thread };
        bridge_message(data, message->body, message);
        bridge_message_failed(data, contact, message->id, &why);
        bridge_contact_listed(data, &listed);
        if (*message->body == '-')
            bridge_contact_unlisted(data, message->body + 1);
    }
    return 0;
}

static void take_signal(void *data, const char *contact, const struct bridge_signal *signal)
{
    static const char *const kinds[] = {
        "active", "composing", "paused", "inactive", "gone", "received", "displayed",
    };

    note("signal %s %s", contact, kinds[signal->kind]);
    note_field("id", signal->id);
    note("\n");
    if (fake.obedient)
        bridge_signal(data, contact, signal);
    if (fake.obedient && fake.room)
        bridge_room_signal(fake.room, bridge_room_nick(fake.room), signal);
}

int fake_transport_deliver(void *data, int64_t delivery, const char *contact,
                           const struct bridge_message *message, struct bridge_error *err)
{
    (void)data;
    note("deliver %lld %s", (long long)delivery, contact);
    note_message(message);
    return outcome("deliver", err);
}

static int watch(void *data, const char *contact, struct bridge_error *err)
{
    note("watch %s of %s\n", contact, bridge_session_user(data));
    if (outcome("watch", err))
        return -1;
    if (fake.obedient)
        bridge_contact_presence(data, contact,
                                &(struct bridge_presence){ .show = BRIDGE_AWAY, .status = contact,
                                                           .nick = contact });
    return 0;
}

static void unwatch(void *data, const char *contact)
{
    note("unwatch %s of %s\n", contact, bridge_session_user(data));
}

static void lookup(void *data, const char *contact, struct bridge_lookup *looked)
{
    note("lookup %s of %s\n", contact, bridge_session_user(data));
    fake.lookups[fake.lookup_count++ % COUNT(fake.lookups)] = looked;
    if (fake.obedient)
        bridge_lookup_done(looked, &(struct bridge_card){ .name = contact, .url = contact }, NULL);
}

static int find(void *transport, const char *text, struct strbuf *localpart,
                struct bridge_error *err)
{
    (void)transport;
    note("find %s\n", text);
    if (outcome("find", err))
        return -1;
    strbuf_adds(localpart, text);
    return 0;
}

static int join(void *data, struct bridge_room *room, const char *nick, const char *password,
                struct bridge_error *err)
{
    (void)data;
    note("join %s %s%s%s\n", bridge_room_address(room), nick, password ? " password=" : "",
         password ? password : "");
    if (outcome("join", err))
        return -1;
    bridge_room_set_data(room, &fake);
    fake.room = room;
    if (fake.obedient)
        bridge_room_joined(room, nick);
    return 0;
}

static void leave(void *data, struct bridge_room *room, const char *reason)
{
    (void)data;
    assert(bridge_room_data(room) == &fake);
    note("leave %s%s%s\n", bridge_room_address(room), reason ? ": " : "", reason ? reason : "");
    fake.room = NULL;
}

static void repeat(struct bridge_room *room, const struct bridge_message *message)
{
    static const struct bridge_occupant is = { .role = BRIDGE_VISITOR };
    const char *text = message->body;

    bridge_room_message(room, bridge_room_nick(room), message);
    bridge_room_message(room, text, &(struct bridge_message){ .body = text });
    if (*text == '-') {
        bridge_room_departed(room, text + 1, BRIDGE_KICKED, text, text);
    } else {
        bridge_room_renamed(room, bridge_room_address(room), text);
        bridge_room_occupant(room, text, &is);
    }
}

static int say(void *data, struct bridge_room *room, const struct bridge_message *message,
               struct bridge_error *err)
{
    (void)data;
    note("say %s", bridge_room_address(room));
    note_message(message);
    if (outcome("say", err))
        return -1;
    if (fake.obedient)
        repeat(room, message);
    return 0;
}

static int rename_user(void *data, struct bridge_room *room, const char *nick,
                       struct bridge_error *err)
{
    (void)data;
    note("rename %s %s\n", bridge_room_address(room), nick);
    if (outcome("rename", err))
        return -1;
    if (fake.obedient)
        bridge_room_renamed(room, bridge_room_nick(room), nick);
    return 0;
}

static int subject(void *data, struct bridge_room *room, const char *text, const char *id,
                   struct bridge_error *err)
{
    (void)data;
    note("subject %s id=%s: %s\n", bridge_room_address(room), id ? id : "-", text);
    if (outcome("subject", err))
        return -1;
    if (fake.obedient)
        bridge_room_subject(room, text, bridge_room_nick(room), 0);
    return 0;
}

static int occupant(void *data, struct bridge_room *room, const char *nick,
                    struct strbuf *contact, struct bridge_error *err)
{
    (void)data;
    note("occupant %s %s\n", bridge_room_address(room), nick);
    strbuf_adds(contact, nick);
    return outcome("occupant", err);
}

/* --- for the test --------------------------------------------------------------- */

struct bridge_transport *fake_transport_reset(void)
{
    static struct bridge_transport transport;

    transport = (struct bridge_transport){
        .type = "fake",
        .description = "A fake network",
        .open_by_default = true,
        .start = start,
        .stop = stop,
        .reload = reload,
        .classify = classify,
        .check = check,
        .throttle = throttle,
        .open = open_session,
        .close = close_session,
        .presence = presence,
        .changed = changed,
        .send = send_message,
        .signal = take_signal,
        .find = find,
        .lookup = lookup,
        .watch = watch,
        .unwatch = unwatch,
        .join = join,
        .leave = leave,
        .say = say,
        .rename = rename_user,
        .subject = subject,
        .occupant = occupant,
    };
    fake_transport_forget();
    strbuf_release(&fake.calls);
    fake.failing[0] = 0;
    fake.obedient = false;
    fake.holding = false;
    fake.change = NULL;
    fake.host = NULL;
    fake.session = NULL;
    fake.room = NULL;
    fake.sessions = 0;
    fake.lookup_count = 0;
    return &transport;
}

const char *fake_transport_calls(void)
{
    return strbuf_text(&fake.calls);
}

void fake_transport_forget(void)
{
    strbuf_reset(&fake.calls);
}

void fake_transport_fail(const char *call, enum bridge_code code, const char *text)
{
    assert(strlen(call) < sizeof fake.failing);
    strcpy(fake.failing, call);
    bridge_fail(&fake.failure, code, "%s", text);
}

void fake_transport_obey(bool on)
{
    fake.obedient = on;
}

void fake_transport_hold(bool on)
{
    fake.holding = on;
}

struct bridge_change *fake_transport_change(void)
{
    return fake.change;
}

struct bridge_change *fake_transport_take_change(void)
{
    struct bridge_change *change = fake.change;

    fake.change = NULL;
    return change;
}

struct bridge_host *fake_transport_host(void)
{
    return fake.host;
}

struct bridge_session *fake_transport_session(void)
{
    return fake.session;
}

struct bridge_room *fake_transport_room(void)
{
    return fake.room;
}

struct bridge_lookup *fake_transport_lookup(size_t n)
{
    assert(n < fake.lookup_count && fake.lookup_count - n <= COUNT(fake.lookups));
    return fake.lookups[n % COUNT(fake.lookups)];
}

size_t fake_transport_sessions(void)
{
    return fake.sessions;
}
