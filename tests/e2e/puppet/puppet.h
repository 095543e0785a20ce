/* puppet.h - a network on which everybody does what the user tells them: README.md.
 *
 * puppet.c is the transport; it notes every call (seen.c) and plays the messages as lines
 * of a script (script.c), of which some are messages in turn (say.c). Who is how present is
 * the same for all users (cast.c). */
#ifndef PUPPET_H
#define PUPPET_H

#include <bridge/host.h>
#include <bridge/map.h>
#include <bridge/strbuf.h>

#define PUPPET_NICK "puppet" /* who answers in rooms */

/* What is kept for `seen`: the last call of each kind. */
#define NOTES(X) X(message) X(signal) X(presence) X(watch) X(unwatch) X(join) X(leave) \
    X(rename) X(subject) X(lookup) X(changed) X(check) X(said)
enum note {
#define X(name) NOTE_##name,
    NOTES(X)
#undef X
    NOTE_COUNT,
};

/* One of the cast: a contact that was told how to look. */
struct character {
    char *address; /* key */
    enum bridge_show show;
    char *status;
    char *nick;
    const struct bridge_picture *avatar;
};

struct puppet {
    struct bridge_host *host;
    struct map cast;   /* struct character, by address */
    struct map logins; /* struct login, by user */
    struct strbuf checked; /* the note of the last check() */
    struct held *checks;   /* to be answered */
};

/* Something that waits for `delay` to pass. Its timer closes with the login. */
struct later {
    uv_timer_t timer;
    struct login *login;
    struct later *next;
    char *address;
    char *line;
    char *id;
};

/* A question that waits until the script says `answer`. */
struct held {
    struct held *next;
    char *contact;
    struct bridge_lookup *lookup;
    struct bridge_change *change;
};

struct login {
    struct puppet *puppet;
    struct bridge_session *session;
    struct map watched; /* char *, the address, by itself */
    struct map rooms;   /* struct seat, by address */
    struct later *later;
    struct held *lookups;
    char *lookup_mode; /* NULL: a card */
    struct strbuf notes[NOTE_COUNT];
};

/* A room that the user is in, or wants to be in. */
struct seat {
    char *address; /* key */
    char *nick;    /* asked for; NULL when inside */
    struct bridge_room *room;
};

/* One line and where it was said: to `address`, which is a contact, or `room`. */
struct cue {
    struct login *login;
    const char *address;
    struct bridge_room *room; /* NULL: to a contact */
    const struct bridge_message *message; /* NULL: it was delayed */
    const char *id;                       /* of the message; may be NULL */
};

/* puppet.c: the ends of what was held. `mode` and `line` as in README.md. */
void puppet_answer_lookups(struct login *login, const char *mode);
void puppet_answer_checks(struct puppet *puppet, char *line);
int puppet_admit(struct login *login, char *line, struct bridge_error *err);
void puppet_vacate(struct login *login, const char *address); /* forget that room */

/* script.c */

/* Do what the line says. -1: it is refused. `line` is changed. */
int script_play(const struct cue *cue, char *line, struct bridge_error *err);
/* Cut the next word off *line: to the next blank outside of quotes, which are removed. NULL
 * at the end. */
char *script_word(char **line);
/* "not-found Nobody of that name" into *err. Returns -1. */
int script_error(char *text, struct bridge_error *err);
void script_answer(const struct cue *cue, const char *text);
void script_forget(struct login *login); /* what was to be done later */
void script_send(const struct cue *cue, const char *from, const struct bridge_message *message);

/* say.c */
int say_play(const struct cue *cue, char *line, struct bridge_error *err);

/* seen.c */
extern const char *const note_names[NOTE_COUNT];
void note_begin(struct strbuf *note);
void note_text(struct strbuf *note, const char *key, const char *value); /* NULL: left out */
void note_number(struct strbuf *note, const char *key, int64_t value);
void note_message(struct strbuf *note, const char *address,
                  const struct bridge_message *message);
void note_signal(struct strbuf *note, const char *address, const struct bridge_signal *signal);
void note_presence(struct strbuf *note, const struct bridge_presence *presence);

/* cast.c */
extern const char *const show_names[];
void cast_show(const struct login *login, const char *address); /* to one who watches */
/* Change the contact and tell all who watch. The lines are what follows the command. */
int cast_presence(struct puppet *puppet, const char *address, char *line,
                  struct bridge_error *err);
int cast_avatar(struct puppet *puppet, const char *address, const char *name,
                struct bridge_error *err);
void cast_nick(struct puppet *puppet, const char *address, const char *nick);
const struct character *cast_find(const struct puppet *puppet, const char *address);
void cast_release(struct puppet *puppet);

#endif
