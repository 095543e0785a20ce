/* What can be said to a contact or in a room; README.md has the list for people. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "puppet.h"

/* --- words ---------------------------------------------------------------------------- */

char *script_word(char **line)
{
    char *from = *line + strspn(*line, " ");
    char *word = from, *to = from;
    bool quoted = false;

    if (!*from)
        return NULL;
    for (; *from && (quoted || *from != ' '); from++) {
        if (*from == '"')
            quoted = !quoted;
        else
            *to++ = *from;
    }
    *line = *from ? from + 1 : from;
    *to = '\0';
    return word;
}

static const struct {
    const char *name;
    enum bridge_code code;
} codes[] = {
    { "retry", BRIDGE_RETRY },           { "busy", BRIDGE_BUSY },
    { "rejected", BRIDGE_REJECTED },     { "forbidden", BRIDGE_FORBIDDEN },
    { "auth", BRIDGE_AUTH },             { "membership", BRIDGE_MEMBERSHIP },
    { "timeout", BRIDGE_TIMEOUT },
    { "conflict", BRIDGE_CONFLICT },     { "not-found", BRIDGE_NOT_FOUND },
    { "no-host", BRIDGE_NO_HOST },       { "address", BRIDGE_ADDRESS },
    { "moved", BRIDGE_MOVED },           { "invalid", BRIDGE_INVALID },
    { "unsupported", BRIDGE_UNSUPPORTED }, { "outside", BRIDGE_OUTSIDE },
    { "no-service", BRIDGE_NO_SERVICE },
};

int script_error(char *text, struct bridge_error *err)
{
    const char *name = script_word(&text);

    for (size_t i = 0; name && i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(codes[i].name, name) == 0)
            return bridge_fail(err, codes[i].code, "%s", *text ? text : "as you wish");
    }
    return bridge_fail(err, BRIDGE_INVALID, "no such code: %s", name ? name : "");
}

/* Returns the id that it got. */
static const char *send_up(const struct cue *cue, const char *from,
                           const struct bridge_message *message)
{
    if (cue->room)
        return bridge_room_message(cue->room, from ? from : PUPPET_NICK, message);
    return bridge_message(cue->login->session, from ? from : cue->address, message);
}

void script_send(const struct cue *cue, const char *from, const struct bridge_message *message)
{
    struct strbuf *note = &cue->login->notes[NOTE_said];

    note_begin(note);
    note_text(note, "id", send_up(cue, from, message));
}

void script_answer(const struct cue *cue, const char *text)
{
    send_up(cue, NULL, &(struct bridge_message){ .body = text });
}

/* --- later ---------------------------------------------------------------------------- */

static void on_later_closed(uv_handle_t *handle)
{
    struct later *later = handle->data;

    free(later->address);
    free(later->line);
    free(later->id);
    free(later);
}

static void forget_later(struct later *later)
{
    struct later **at = &later->login->later;

    while (*at != later)
        at = &(*at)->next;
    *at = later->next;
    uv_close((uv_handle_t *)&later->timer, on_later_closed);
}

void script_forget(struct login *login)
{
    while (login->later)
        forget_later(login->later);
}

/* The room may have been left meanwhile: then the line is played for nobody. */
static void on_later(uv_timer_t *timer)
{
    struct later *later = timer->data;
    struct login *login = later->login;
    const struct seat *seat = map_finds(&login->rooms, later->address);
    struct cue cue = { .login = login, .address = later->address, .id = later->id,
                       .room = seat ? seat->room : NULL };
    struct bridge_error err;

    if (script_play(&cue, later->line, &err))
        bridge_message_failed(login->session, cue.address, cue.id, &err);
    forget_later(later);
}

static int play_later(const struct cue *cue, uint64_t ms, const char *line)
{
    struct later *later = bridge_alloc(sizeof *later);

    later->login = cue->login;
    later->address = bridge_strdup(cue->address);
    later->line = bridge_strdup(line);
    later->id = bridge_strdup(cue->id);
    later->next = cue->login->later;
    cue->login->later = later;
    uv_timer_init(bridge_host_loop(cue->login->puppet->host), &later->timer);
    later->timer.data = later;
    uv_timer_start(&later->timer, on_later, ms, 0);
    return 0;
}

static int play_delay(const struct cue *cue, char *line, struct bridge_error *err)
{
    const char *ms = script_word(&line);

    (void)err;
    return play_later(cue, ms ? strtoull(ms, NULL, 10) : 0, line);
}

/* Accepted, and then not delivered. */
static int play_fail(const struct cue *cue, char *line, struct bridge_error *err)
{
    struct strbuf refusal = STRBUF_INIT(4096);

    (void)err;
    strbuf_addf(&refusal, "refuse %s", line);
    play_later(cue, 0, strbuf_text(&refusal));
    strbuf_release(&refusal);
    return 0;
}

static int play_refuse(const struct cue *cue, char *line, struct bridge_error *err)
{
    (void)cue;
    return script_error(line, err);
}

/* --- contacts --------------------------------------------------------------------------- */

/* With all that came along, under an id of the core's choice. */
static int play_echo(const struct cue *cue, char *line, struct bridge_error *err)
{
    struct bridge_message echo = { 0 };

    (void)err;
    if (cue->message)
        echo = *cue->message;
    echo.id = NULL;
    echo.body = line;
    script_send(cue, NULL, &echo);
    return 0;
}

static int signal_user(const struct cue *cue, enum bridge_signal_kind kind, const char *id)
{
    const struct bridge_signal signal = { .kind = kind, .id = id };

    if (cue->room)
        bridge_room_signal(cue->room, PUPPET_NICK, &signal);
    else
        bridge_signal(cue->login->session, cue->address, &signal);
    return 0;
}

#define PLAY_STATE(name, kind) \
    static int play_##name(const struct cue *cue, char *line, struct bridge_error *err) \
    { \
        (void)line; \
        (void)err; \
        return signal_user(cue, kind, NULL); \
    }
PLAY_STATE(active, BRIDGE_ACTIVE)
PLAY_STATE(typing, BRIDGE_COMPOSING)
PLAY_STATE(paused, BRIDGE_PAUSED)
PLAY_STATE(inactive, BRIDGE_INACTIVE)
PLAY_STATE(gone, BRIDGE_GONE)

static int play_received(const struct cue *cue, char *line, struct bridge_error *err)
{
    (void)err;
    return signal_user(cue, BRIDGE_RECEIVED, *line ? line : cue->id);
}

static int play_displayed(const struct cue *cue, char *line, struct bridge_error *err)
{
    (void)err;
    return signal_user(cue, BRIDGE_DISPLAYED, *line ? line : cue->id);
}

static int play_presence(const struct cue *cue, char *line, struct bridge_error *err)
{
    return cast_presence(cue->login->puppet, cue->address, line, err);
}

static int play_avatar(const struct cue *cue, char *line, struct bridge_error *err)
{
    return cast_avatar(cue->login->puppet, cue->address, line, err);
}

static int play_nick(const struct cue *cue, char *line, struct bridge_error *err)
{
    (void)err;
    cast_nick(cue->login->puppet, cue->address, line);
    return 0;
}

static int play_list(const struct cue *cue, char *line, struct bridge_error *err)
{
    struct bridge_contact contact = { .address = script_word(&line) };

    if (!contact.address)
        return bridge_fail(err, BRIDGE_INVALID, "list whom?");
    contact.name = script_word(&line);
    contact.group = script_word(&line);
    bridge_contact_listed(cue->login->session, &contact);
    return 0;
}

static int play_unlist(const struct cue *cue, char *line, struct bridge_error *err)
{
    const char *address = script_word(&line);

    if (!address)
        return bridge_fail(err, BRIDGE_INVALID, "unlist whom?");
    bridge_contact_unlisted(cue->login->session, address);
    return 0;
}

/* --- questions and settings ----------------------------------------------------------- */

static int play_lookup(const struct cue *cue, char *line, struct bridge_error *err)
{
    (void)err;
    free(cue->login->lookup_mode);
    cue->login->lookup_mode = bridge_strdup(line);
    return 0;
}

static int play_answer(const struct cue *cue, char *line, struct bridge_error *err)
{
    (void)err;
    puppet_answer_lookups(cue->login, line);
    return 0;
}

static int play_verdict(const struct cue *cue, char *line, struct bridge_error *err)
{
    (void)err;
    puppet_answer_checks(cue->login->puppet, line);
    return 0;
}

static int play_get(const struct cue *cue, char *line, struct bridge_error *err)
{
    struct strbuf answer = STRBUF_INIT(16384);
    const char *key = script_word(&line);
    const char *address = script_word(&line);

    if (!key)
        return bridge_fail(err, BRIDGE_INVALID, "get what?");
    strbuf_addf(&answer, "%s=", key);
    if (!bridge_preference(cue->login->session, address, key, &answer))
        strbuf_adds(&answer, "(none)");
    script_answer(cue, strbuf_text(&answer));
    strbuf_release(&answer);
    return 0;
}

static int play_seen(const struct cue *cue, char *line, struct bridge_error *err)
{
    const char *kind = script_word(&line);

    for (size_t i = 0; kind && i < NOTE_COUNT; i++) {
        if (strcmp(note_names[i], kind) != 0)
            continue;
        const struct strbuf *note = i == NOTE_check ? &cue->login->puppet->checked
                                                    : &cue->login->notes[i];
        script_answer(cue, note->len ? strbuf_text(note) : "nothing");
        return 0;
    }
    return bridge_fail(err, BRIDGE_INVALID, "seen what?");
}

/* Sorted, for tests to compare. */
static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int play_watched(const struct cue *cue, char *line, struct bridge_error *err)
{
    const struct map *watched = &cue->login->watched;
    const char **names = bridge_alloc((watched->count + 1) * sizeof *names);
    struct strbuf answer = STRBUF_INIT(16384);
    size_t i = 0, count = 0;

    (void)line;
    (void)err;
    while ((names[count] = map_next(watched, &i)))
        count++;
    qsort(names, count, sizeof *names, by_name);
    for (i = 0; i < count; i++)
        strbuf_addf(&answer, "%s%s", i ? " " : "", names[i]);
    script_answer(cue, count ? strbuf_text(&answer) : "nobody");
    strbuf_release(&answer);
    free(names);
    return 0;
}

/* --- rooms -------------------------------------------------------------------------------- */

static int play_admit(const struct cue *cue, char *line, struct bridge_error *err)
{
    return puppet_admit(cue->login, line, err);
}

static int play_enter(const struct cue *cue, char *line, struct bridge_error *err)
{
    static const struct bridge_occupant guest = { .role = BRIDGE_PARTICIPANT };

    (void)err;
    bridge_room_occupant(cue->room, line, &guest);
    return 0;
}

static int play_part(const struct cue *cue, char *line, struct bridge_error *err)
{
    (void)err;
    bridge_room_departed(cue->room, line, BRIDGE_LEFT, NULL, NULL);
    return 0;
}

static int play_topic(const struct cue *cue, char *line, struct bridge_error *err)
{
    (void)err;
    bridge_room_subject(cue->room, line, PUPPET_NICK, 0);
    return 0;
}

/* The room is gone after it, and the seat is freed before. */
static int put_out(const struct cue *cue, enum bridge_departure how, const char *reason)
{
    struct bridge_room *room = cue->room;
    char *nick = bridge_strdup(bridge_room_nick(room));

    puppet_vacate(cue->login, bridge_room_address(room));
    bridge_room_departed(room, nick, how, PUPPET_NICK, reason);
    free(nick);
    return 0;
}

static int play_kick(const struct cue *cue, char *line, struct bridge_error *err)
{
    (void)err;
    return put_out(cue, BRIDGE_KICKED, line);
}

static int play_cut(const struct cue *cue, char *line, struct bridge_error *err)
{
    (void)err;
    return put_out(cue, BRIDGE_CUT, line);
}

/* --- the table --------------------------------------------------------------------------- */

enum { CONTACT = 1, ROOM = 2, BOTH = CONTACT | ROOM };

static const struct {
    const char *name;
    unsigned where;
    int (*play)(const struct cue *cue, char *line, struct bridge_error *err);
} verbs[] = {
    { "active", BOTH, play_active },
    { "admit", CONTACT, play_admit },
    { "answer", CONTACT, play_answer },
    { "avatar", CONTACT, play_avatar },
    { "cut", ROOM, play_cut },
    { "delay", BOTH, play_delay },
    { "displayed", BOTH, play_displayed },
    { "echo", BOTH, play_echo },
    { "enter", ROOM, play_enter },
    { "fail", BOTH, play_fail },
    { "get", BOTH, play_get },
    { "gone", BOTH, play_gone },
    { "inactive", BOTH, play_inactive },
    { "kick", ROOM, play_kick },
    { "list", CONTACT, play_list },
    { "lookup", CONTACT, play_lookup },
    { "nick", CONTACT, play_nick },
    { "part", ROOM, play_part },
    { "paused", BOTH, play_paused },
    { "presence", CONTACT, play_presence },
    { "received", CONTACT, play_received },
    { "refuse", BOTH, play_refuse },
    { "say", BOTH, say_play },
    { "seen", BOTH, play_seen },
    { "topic", ROOM, play_topic },
    { "typing", BOTH, play_typing },
    { "unlist", CONTACT, play_unlist },
    { "verdict", CONTACT, play_verdict },
    { "watched", CONTACT, play_watched },
};

int script_play(const struct cue *cue, char *line, struct bridge_error *err)
{
    size_t len = strcspn(line, " \n");

    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (verbs[i].where & (cue->room ? ROOM : CONTACT) && strlen(verbs[i].name) == len &&
            memcmp(verbs[i].name, line, len) == 0)
            return verbs[i].play(cue, line + len + (line[len] != '\0'), err);
    }
    /* A room has already said it: only a contact repeats it. */
    return cue->room ? 0 : play_echo(cue, line, err);
}
