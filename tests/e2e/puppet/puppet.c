/* puppet.c - the transport: notes each call for `seen`, and plays what is said as a script. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "puppet.h"

#ifndef PUPPET_FEATURES /* CMakeLists.txt makes several plugins of these sources */
#define PUPPET_FEATURES 0
#endif
#ifndef PUPPET_NEEDS_ACCOUNT
#define PUPPET_NEEDS_ACCOUNT false
#endif

/* A setting of each type and scope, and one of each flag. */
static const struct preference_choice colours[] = {
    { "red", "Red" }, { "blue", "Blue" }, { "green", NULL }, { 0 },
};
static const struct preference preferences[] = {
    { .key = "name", .type = PREFERENCE_TEXT, .scopes = PREFERENCE_ACCOUNT,
      .flags = PREFERENCE_REGISTER | PREFERENCE_REQUIRED, .label = "Name", .max = 40,
      .help = "How you are called." },
    { .key = "number", .type = PREFERENCE_TEXT, .scopes = PREFERENCE_ACCOUNT,
      .flags = PREFERENCE_REGISTER | PREFERENCE_UNIQUE, .label = "Number" },
    { .key = "password", .type = PREFERENCE_SECRET, .scopes = PREFERENCE_ACCOUNT,
      .flags = PREFERENCE_REGISTER, .label = "Password",
      .help = "\"wrong\" is refused; about \"held\" somebody has to think." },
    { .key = "signature", .type = PREFERENCE_LINES, .scopes = PREFERENCE_ACCOUNT,
      .label = "Signature" },
    { .key = "loud", .type = PREFERENCE_BOOL, .initial = "0", .label = "Loud",
      .scopes = PREFERENCE_ACCOUNT | PREFERENCE_SERVICE | PREFERENCE_ROOM | PREFERENCE_CONTACT },
    { .key = "volume", .type = PREFERENCE_INT, .min = 0, .max = 11, .initial = "5",
      .scopes = PREFERENCE_ACCOUNT | PREFERENCE_SERVICE | PREFERENCE_CONTACT,
      .label = "Volume" },
    { .key = "colour", .type = PREFERENCE_CHOICE, .choices = colours, .initial = "red",
      .scopes = PREFERENCE_ACCOUNT | PREFERENCE_ROOM, .label = "Colour" },
    { .key = "friend", .type = PREFERENCE_JID, .scopes = PREFERENCE_ACCOUNT,
      .label = "Friend" },
    { .key = "credit", .type = PREFERENCE_INT, .scopes = PREFERENCE_ACCOUNT,
      .flags = PREFERENCE_BY_ADMIN, .max = 1000, .initial = "0", .label = "Credit" },
    { 0 },
};

/* --- the instance ------------------------------------------------------------------------ */

static void *start(struct bridge_host *host, const void *settings, struct bridge_error *err)
{
    struct puppet *puppet = bridge_alloc(sizeof *puppet);

    (void)settings;
    (void)err;
    puppet->host = host;
    return puppet;
}

/* What the core has not heard an answer to, it does not ask for any more. */
static void drop_held(struct held **list)
{
    while (*list) {
        struct held *one = *list;

        *list = one->next;
        free(one->contact);
        free(one);
    }
}

static void stop(void *transport)
{
    struct puppet *puppet = transport;

    drop_held(&puppet->checks);
    cast_release(puppet);
    map_release(&puppet->logins);
    strbuf_release(&puppet->checked);
    free(puppet);
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static enum bridge_address classify(void *transport, const char *localpart,
                                    struct strbuf *canonical, struct bridge_error *err)
{
    (void)transport;
    if (starts(localpart, "nobody")) {
        bridge_fail(err, BRIDGE_ADDRESS, "nobody is not an address here: any other name is");
        return BRIDGE_ADDRESS_NONE;
    }
    strbuf_adds(canonical, localpart + (starts(localpart, "alias-") ? strlen("alias-") : 0));
    return starts(localpart, "room")      ? BRIDGE_ADDRESS_ROOM
           : starts(localpart, "service") ? BRIDGE_ADDRESS_SERVICE
                                          : BRIDGE_ADDRESS_CONTACT;
}

/* "Alice Liddell" is alice.liddell. */
static int find(void *transport, const char *text, struct strbuf *localpart,
                struct bridge_error *err)
{
    (void)transport;
    if (starts(text, "unknown"))
        return bridge_fail(err, BRIDGE_NOT_FOUND, "nobody here is called %s", text);
    for (; *text; text++)
        strbuf_addch(localpart, *text == ' ' ? '.' : (char)tolower((unsigned char)*text));
    return 0;
}

/* --- settings that users want --------------------------------------------------------------- */

static void note_change(struct strbuf *note, const struct bridge_change *change)
{
    note_begin(note);
    note_text(note, "user", bridge_change_user(change));
    note_text(note, "address", bridge_change_address(change));
    for (const struct preference *row = preferences; row->key; row++)
        note_text(note, row->key, bridge_change_value(change, row->key));
}

static void check(void *transport, struct bridge_change *change)
{
    struct puppet *puppet = transport;
    const char *password = bridge_change_value(change, "password");
    struct bridge_error err;

    note_change(&puppet->checked, change);
    if (password && strcmp(password, "held") == 0) {
        struct held *held = bridge_alloc(sizeof *held);

        held->change = change;
        held->next = puppet->checks;
        puppet->checks = held;
    } else if (password && strcmp(password, "wrong") == 0) {
        bridge_fail(&err, BRIDGE_AUTH, "this is not your password");
        bridge_change_done(change, "password", &err);
    } else {
        bridge_change_done(change, NULL, NULL);
    }
}

void puppet_answer_checks(struct puppet *puppet, char *line)
{
    struct held *one = puppet->checks;
    struct bridge_error err;
    bool bad = *line && script_error(line, &err);

    puppet->checks = NULL; /* an answer may bring the next question */
    while (one) {
        struct held *next = one->next;

        bridge_change_done(one->change, bad ? "password" : NULL, bad ? &err : NULL);
        free(one);
        one = next;
    }
}

static void user_changed(void *data, const char *address)
{
    struct login *login = data;
    struct strbuf *note = &login->notes[NOTE_changed];

    note_begin(note);
    note_text(note, "address", address ? address : "(account)");
}

/* --- a user ------------------------------------------------------------------------------------ */

static void *login_open(void *transport, struct bridge_session *session,
                        struct bridge_error *err)
{
    struct login *login = bridge_alloc(sizeof *login);

    (void)err;
    login->puppet = transport;
    login->session = session;
    map_puts(&login->puppet->logins, bridge_session_user(session), login);
    return login;
}

static void free_seat(struct seat *seat)
{
    free(seat->address);
    free(seat->nick);
    free(seat);
}

static void login_close(void *data, const char *reason)
{
    struct login *login = data;
    void *one;

    (void)reason;
    script_forget(login);
    drop_held(&login->lookups);
    map_removes(&login->puppet->logins, bridge_session_user(login->session));
    for (size_t i = 0; (one = map_next(&login->watched, &i));)
        free(one);
    map_release(&login->watched);
    for (size_t i = 0; (one = map_next(&login->rooms, &i));)
        free_seat(one);
    map_release(&login->rooms);
    for (size_t i = 0; i < NOTE_COUNT; i++)
        strbuf_release(&login->notes[i]);
    free(login->lookup_mode);
    free(login);
}

static void user_presence(void *data, const struct bridge_presence *presence)
{
    struct login *login = data;

    note_presence(&login->notes[NOTE_presence], presence);
}

/* --- contacts ----------------------------------------------------------------------------------- */

/* Questions about what was seen are not seen themselves. */
static bool is_question(const char *body)
{
    return starts(body, "seen ");
}

static int contact_send(void *data, const char *contact, const struct bridge_message *message,
                        struct bridge_error *err)
{
    struct login *login = data;
    struct cue cue = { .login = login, .address = contact, .message = message,
                       .id = message->id };

    if (!is_question(message->body))
        note_message(&login->notes[NOTE_message], contact, message);
    if (message->kind == BRIDGE_NOTICE) /* two robots would go on for ever */
        return 0;
    char *line = bridge_strdup(message->body);
    int rc = script_play(&cue, line, err);
    free(line);
    return rc;
}

static void contact_signal(void *data, const char *contact, const struct bridge_signal *signal)
{
    struct login *login = data;

    note_signal(&login->notes[NOTE_signal], contact, signal);
}

static void note_contact(struct strbuf *note, const char *contact)
{
    note_begin(note);
    note_text(note, "address", contact);
}

static int contact_watch(void *data, const char *contact, struct bridge_error *err)
{
    struct login *login = data;

    note_contact(&login->notes[NOTE_watch], contact);
    if (starts(contact, "hidden"))
        return bridge_fail(err, BRIDGE_FORBIDDEN, "%s does not want to be seen", contact);
    if (!map_finds(&login->watched, contact)) {
        char *own = bridge_strdup(contact);

        map_puts(&login->watched, own, own);
    }
    cast_show(login, contact);
    return 0;
}

static void contact_unwatch(void *data, const char *contact)
{
    struct login *login = data;

    note_contact(&login->notes[NOTE_unwatch], contact);
    free(map_removes(&login->watched, contact));
}

/* "nothing", "CODE text", or by default a card with everything. */
static void answer_lookup(const struct login *login, const char *contact,
                          struct bridge_lookup *lookup, const char *mode)
{
    const struct character *one = cast_find(login->puppet, contact);
    const struct bridge_card card = {
        .name = "Alice Pleasance Liddell",
        .nick = one && one->nick ? one->nick : contact,
        .phone = "+15550100",
        .email = "alice@example.org",
        .url = "https://example.org/alice",
        .organisation = "Wonderland",
        .note = "Curiouser & <curiouser>",
        .avatar = one ? one->avatar : NULL,
    };
    struct bridge_error err;

    if (!mode || !*mode || strcmp(mode, "card") == 0) {
        bridge_lookup_done(lookup, &card, NULL);
    } else if (strcmp(mode, "nothing") == 0) {
        bridge_lookup_done(lookup, NULL, NULL);
    } else {
        char *line = bridge_strdup(mode);

        script_error(line, &err);
        free(line);
        bridge_lookup_done(lookup, NULL, &err);
    }
}

static void contact_lookup(void *data, const char *contact, struct bridge_lookup *lookup)
{
    struct login *login = data;
    struct held *held;

    note_contact(&login->notes[NOTE_lookup], contact);
    if (!login->lookup_mode || strcmp(login->lookup_mode, "hold") != 0) {
        answer_lookup(login, contact, lookup, login->lookup_mode);
        return;
    }
    held = bridge_alloc(sizeof *held);
    held->contact = bridge_strdup(contact);
    held->lookup = lookup;
    held->next = login->lookups;
    login->lookups = held;
}

void puppet_answer_lookups(struct login *login, const char *mode)
{
    struct held *one = login->lookups;

    login->lookups = NULL;
    while (one) {
        struct held *next = one->next;

        answer_lookup(login, one->contact, one->lookup, mode);
        free(one->contact);
        free(one);
        one = next;
    }
}

/* --- rooms ---------------------------------------------------------------------------------------- */

void puppet_vacate(struct login *login, const char *address)
{
    struct seat *seat = map_removes(&login->rooms, address);

    if (seat)
        free_seat(seat);
}

static void enter(struct seat *seat)
{
    static const struct bridge_occupant host = { .role = BRIDGE_MODERATOR };
    static const struct bridge_occupant guest = { .role = BRIDGE_PARTICIPANT };
    char *nick = seat->nick;

    seat->nick = NULL;
    bridge_room_occupant(seat->room, PUPPET_NICK, &host);
    bridge_room_occupant(seat->room, nick, &guest);
    bridge_room_subject(seat->room, "The stage", PUPPET_NICK, 0);
    bridge_room_joined(seat->room, nick);
    free(nick);
}

int puppet_admit(struct login *login, char *line, struct bridge_error *err)
{
    const char *address = script_word(&line);
    struct seat *seat = address ? map_finds(&login->rooms, address) : NULL;

    if (!seat || !seat->nick)
        return bridge_fail(err, BRIDGE_NOT_FOUND, "nobody waits before that room");
    if (*line) {
        struct bridge_room *room = seat->room;
        struct bridge_error why;

        script_error(line, &why);
        puppet_vacate(login, address);
        bridge_room_refused(room, &why);
    } else {
        enter(seat);
    }
    return 0;
}

static void note_room(struct strbuf *note, const struct bridge_room *room, const char *key,
                      const char *value)
{
    note_begin(note);
    note_text(note, "room", bridge_room_address(room));
    note_text(note, key, value);
}

/* "room-held..." waits for `admit`, "room-no-CODE" is refused. */
static int room_join(void *data, struct bridge_room *room, const char *nick,
                     const char *password, struct bridge_error *err)
{
    struct login *login = data;
    const char *address = bridge_room_address(room);

    note_room(&login->notes[NOTE_join], room, "nick", nick);
    note_text(&login->notes[NOTE_join], "password", password);
    if (strcmp(nick, PUPPET_NICK) == 0)
        return bridge_fail(err, BRIDGE_CONFLICT, "%s is my nick", nick);
    if (starts(address, "room-no-")) {
        char *code = bridge_strdup(address + strlen("room-no-"));
        int rc = script_error(code, err);

        free(code);
        return rc;
    }
    struct seat *seat = bridge_alloc(sizeof *seat);
    seat->address = bridge_strdup(address);
    seat->nick = bridge_strdup(nick);
    seat->room = room;
    map_puts(&login->rooms, seat->address, seat);
    if (!starts(address, "room-held"))
        enter(seat);
    return 0;
}

static void room_leave(void *data, struct bridge_room *room, const char *reason)
{
    struct login *login = data;

    note_room(&login->notes[NOTE_leave], room, "reason", reason);
    puppet_vacate(login, bridge_room_address(room));
}

static int room_say(void *data, struct bridge_room *room, const struct bridge_message *message,
                    struct bridge_error *err)
{
    struct login *login = data;
    char *address = bridge_strdup(bridge_room_address(room));
    char *line = bridge_strdup(message->body);
    struct cue cue = { .login = login, .address = address, .room = room, .message = message,
                       .id = message->id };

    if (!is_question(line))
        note_message(&login->notes[NOTE_message], address, message);
    if (!starts(line, "refuse "))
        bridge_room_message(room, bridge_room_nick(room), message);
    int rc = script_play(&cue, line, err);
    free(address);
    free(line);
    return rc;
}

static int room_rename(void *data, struct bridge_room *room, const char *nick,
                       struct bridge_error *err)
{
    struct login *login = data;

    note_room(&login->notes[NOTE_rename], room, "nick", nick);
    if (strcmp(nick, PUPPET_NICK) == 0)
        return bridge_fail(err, BRIDGE_CONFLICT, "%s is my nick", nick);
    bridge_room_renamed(room, bridge_room_nick(room), nick);
    return 0;
}

static int room_subject(void *data, struct bridge_room *room, const char *text, const char *id,
                        struct bridge_error *err)
{
    struct login *login = data;

    (void)id;
    (void)err;
    note_room(&login->notes[NOTE_subject], room, "text", text);
    bridge_room_subject(room, text, bridge_room_nick(room), 0);
    return 0;
}

static int room_occupant(void *data, struct bridge_room *room, const char *nick,
                         struct strbuf *contact, struct bridge_error *err)
{
    (void)data;
    (void)room;
    (void)err;
    strbuf_adds(contact, nick);
    return 0;
}

static const struct bridge_transport puppet_transport = {
    .type = "puppet",
    .description = "A network for tests",
    .open_by_default = true,
    .features = PUPPET_FEATURES,
    .needs_account = PUPPET_NEEDS_ACCOUNT,
    .preferences = preferences,
    .prompt = "Name",
    .prompt_help = "Type the name of whom you look for.",
    .start = start,
    .stop = stop,
    .classify = classify,
    .find = find,
    .check = check,
    .open = login_open,
    .close = login_close,
    .presence = user_presence,
    .changed = user_changed,
    .send = contact_send,
    .signal = contact_signal,
    .lookup = contact_lookup,
    .watch = contact_watch,
    .unwatch = contact_unwatch,
    .join = room_join,
    .leave = room_leave,
    .say = room_say,
    .rename = room_rename,
    .subject = room_subject,
    .occupant = room_occupant,
};

BRIDGE_PLUGIN("0.1", &puppet_transport);
