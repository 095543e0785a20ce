#include "fake_host.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/log.h>
#include <bridge/map.h>

extern const struct bridge_plugin bridge_plugin;

#define START 1000000 /* ms */

struct bridge_host {
    uv_loop_t loop; /* never run */
};

struct occupant {
    struct bridge_occupant info;
    char *nick;
    char *key; /* folded */
};

struct bridge_room {
    struct bridge_room *next;
    struct bridge_session *session;
    char *address;
    char *nick;
    void *data;
    const unsigned char *fold;
    struct map occupants;
};

struct bridge_session {
    struct bridge_session *next;
    char *user;
    void *data;
    struct bridge_room *rooms;
};

struct conn {
    struct conn *next;
    const struct conn_events *events;
    void *arg;
    struct strbuf written;
    bool connected;
    bool closing;
    bool paused;
    bool open;
};

struct timer {
    struct timer *next;
    uv_timer_t *handle;
    uv_timer_cb fire;
    uint64_t at;
};

struct closing {
    struct closing *next;
    uv_handle_t *handle;
    uv_close_cb done;
};

static struct {
    struct bridge_host host;
    const struct bridge_transport *transport;
    void *instance;
    struct bridge_session *sessions;
    struct conn *conns;
    struct timer *timers;
    struct closing *closing;
    struct strbuf upcalls;
    struct strbuf answer; /* what fake_x() returns */
    bool quiet;
    void (*on_upcall)(const char *line);
} fake;

/* --- recording ---------------------------------------------------------------- */

static const char *const kinds[] = { "TEXT", "ACTION", "NOTICE" };
static const char *const codes[] = {
    "OK",         "RETRY",       "BUSY",      "REJECTED",   "FORBIDDEN", "AUTH",
    "MEMBERSHIP", "CONFLICT",    "NOT_FOUND", "NO_HOST",    "ADDRESS",   "MOVED",
    "INVALID",    "UNSUPPORTED", "OUTSIDE",   "NO_SERVICE", "TIMEOUT",   "INCOMPLETE",
};
static const char *const affiliations[] = { "none", "outcast", "member", "admin", "owner" };
static const char *const roles[] = { "none", "visitor", "participant", "moderator" };
static const char *const departures[] = { "left", "kicked", "banned", "cut" };
static const char *const shows[] = { "offline", "online", "chat", "away", "xa", "dnd" };

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

static void record(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void record(const char *format, ...)
{
    struct strbuf line = STRBUF_INIT(1u << 20);
    va_list args;

    va_start(args, format);
    strbuf_addv(&line, format, args); /* reads it all, recorded or not */
    va_end(args);
    for (char *p = line.data; *p; p++) {
        if (*p == '\n')
            *p = '/';
    }
    if (!fake.quiet) {
        strbuf_adds(&fake.upcalls, line.data);
        strbuf_addch(&fake.upcalls, '\n');
    }
    if (fake.on_upcall)
        fake.on_upcall(line.data);
    strbuf_release(&line);
}

/* Moves the first line of `from` to fake.answer. */
static const char *next_line(struct strbuf *from, size_t end_len)
{
    const char *end = strstr(strbuf_text(from), end_len == 2 ? "\r\n" : "\n");

    strbuf_reset(&fake.answer);
    if (end) {
        size_t len = (size_t)(end - from->data);
        strbuf_add(&fake.answer, from->data, len);
        strbuf_drop(from, len + end_len);
    }
    return strbuf_text(&fake.answer);
}

const char *fake_upcall(void)
{
    return next_line(&fake.upcalls, 1);
}

static int report(int rc, const struct bridge_error *err)
{
    assert(rc == 0 || rc == -1);
    if (rc)
        record("error %s %s", codes[err->code], err->text);
    return rc;
}

/* --- host.h --------------------------------------------------------------------- */

uv_loop_t *bridge_host_loop(const struct bridge_host *host)
{
    return (uv_loop_t *)&host->loop;
}

const char *bridge_host_domain(const struct bridge_host *host)
{
    (void)host;
    return FAKE_DOMAIN;
}

const char *bridge_version(void)
{
    return "0.0";
}

const char *bridge_session_user(const struct bridge_session *session)
{
    return session->user;
}

void bridge_words_for(const struct bridge_session *session)
{
    (void)session;
}

const char *bridge_message(struct bridge_session *session, const char *contact,
                           const struct bridge_message *message)
{
    assert(session->user);
    record("message %s %s %s", contact, kinds[message->kind], message->body);
    return message->id ? message->id : "new";
}

static const char *const signals[] = {
    "active", "composing", "paused", "inactive", "gone", "received", "displayed",
};

void bridge_signal(struct bridge_session *session, const char *contact,
                   const struct bridge_signal *signal)
{
    assert(session->user);
    record("signal %s %s %s", contact, signals[signal->kind], or_dash(signal->id));
}

void bridge_room_signal(struct bridge_room *room, const char *nick,
                        const struct bridge_signal *signal)
{
    record("room_signal %s %s %s %s", room->address, nick, signals[signal->kind],
           or_dash(signal->id));
}

void bridge_message_failed(struct bridge_session *session, const char *address, const char *id,
                           const struct bridge_error *why)
{
    assert(session->user);
    record("message_failed %s %s %s %s", address, id, codes[why->code], why->text);
}

void bridge_lookup_done(struct bridge_lookup *lookup, const struct bridge_card *card,
                        const struct bridge_error *why)
{
    (void)lookup;
    if (why)
        record("lookup_done %s %s", codes[why->code], why->text);
    else
        record("lookup_done %s", card ? or_dash(card->name) : "nothing");
}

void bridge_contact_presence(struct bridge_session *session, const char *contact,
                             const struct bridge_presence *presence)
{
    assert(session->user);
    record("contact_presence %s %s", contact, shows[presence->show]);
}

const char *bridge_room_address(const struct bridge_room *room)
{
    return room->address;
}

const char *bridge_room_nick(const struct bridge_room *room)
{
    return room->nick;
}

void bridge_room_set_data(struct bridge_room *room, void *data)
{
    room->data = data;
}

void *bridge_room_data(const struct bridge_room *room)
{
    return room->data;
}

void bridge_room_set_casemap(struct bridge_room *room, const unsigned char *fold)
{
    assert(!room->occupants.count);
    room->fold = fold;
}

static char *folded(const struct bridge_room *room, const char *nick)
{
    char *key = bridge_strdup(nick);

    for (char *p = key; room->fold && *p; p++)
        *p = (char)room->fold[(unsigned char)*p];
    return key;
}

static struct occupant *find(const struct bridge_room *room, const char *nick)
{
    char *key = folded(room, nick);
    struct occupant *o = map_finds(&room->occupants, key);

    free(key);
    return o;
}

static struct occupant *add(struct bridge_room *room, const char *nick)
{
    struct occupant *o = bridge_alloc(sizeof *o);

    o->nick = bridge_strdup(nick);
    o->key = folded(room, nick);
    map_puts(&room->occupants, o->key, o);
    return o;
}

static void remove_occupant(struct bridge_room *room, struct occupant *o)
{
    map_removes(&room->occupants, o->key);
    free(o->nick);
    free(o->key);
    free(o);
}

void bridge_room_occupant(struct bridge_room *room, const char *nick,
                          const struct bridge_occupant *occupant)
{
    struct occupant *o = find(room, nick);

    if (!o)
        o = add(room, nick);
    o->info = *occupant;
    record("room_occupant %s %s %s %s %u", room->address, nick,
           affiliations[occupant->affiliation], roles[occupant->role], occupant->flags);
}

bool bridge_room_find(const struct bridge_room *room, const char *nick,
                      struct bridge_occupant *out)
{
    const struct occupant *o = find(room, nick);

    if (o && out)
        *out = o->info;
    return o != NULL;
}

void bridge_room_set_nick(struct bridge_room *room, const char *nick)
{
    char *copy = bridge_strdup(nick); /* may be the old one */

    free(room->nick);
    room->nick = copy;
}

void bridge_room_joined(struct bridge_room *room, const char *nick)
{
    assert(find(room, nick));
    bridge_room_set_nick(room, nick);
    record("room_joined %s %s", room->address, nick);
}

/* What is recorded may end the session, and all rooms that are in it. */
static void unlink_room(struct bridge_room *room)
{
    struct bridge_room **at = &room->session->rooms;

    while (*at != room)
        at = &(*at)->next;
    *at = room->next;
}

static void free_room(struct bridge_room *room)
{
    struct occupant *o;
    size_t i = 0;

    while ((o = map_next(&room->occupants, &i))) {
        remove_occupant(room, o);
        i = 0;
    }
    map_release(&room->occupants);
    free(room->address);
    free(room->nick);
    free(room);
}

void bridge_room_refused(struct bridge_room *room, const struct bridge_error *why)
{
    unlink_room(room);
    record("room_refused %s %s %s", room->address, codes[why->code], why->text);
    free_room(room);
}

void bridge_room_departed(struct bridge_room *room, const char *nick, enum bridge_departure how,
                          const char *actor, const char *reason)
{
    struct occupant *o = find(room, nick);
    bool own = o && o == find(room, room->nick);

    assert(o);
    if (own)
        unlink_room(room);
    else
        remove_occupant(room, o);
    record("room_departed %s %s %s %s %s", room->address, nick, departures[how], or_dash(actor),
           or_dash(reason));
    if (own)
        free_room(room);
}

void bridge_room_renamed(struct bridge_room *room, const char *from, const char *to)
{
    struct occupant *o = find(room, from);
    struct occupant *other;
    struct bridge_occupant info;

    record("room_renamed %s %s %s", room->address, from, to); /* `from` may be ours */
    assert(o);
    if (o == find(room, room->nick))
        bridge_room_set_nick(room, to);
    info = o->info;
    remove_occupant(room, o);
    other = find(room, to); /* a server that lies */
    if (!other)
        other = add(room, to);
    other->info = info;
}

void bridge_room_nick_failed(struct bridge_room *room, const char *nick,
                             const struct bridge_error *why)
{
    record("room_nick_failed %s %s %s %s", room->address, nick, codes[why->code], why->text);
}

void bridge_room_subject(struct bridge_room *room, const char *text, const char *who,
                         int64_t time)
{
    record("room_subject %s %s %lld %s", room->address, or_dash(who), (long long)time, text);
}

const char *bridge_room_message(struct bridge_room *room, const char *nick,
                                const struct bridge_message *message)
{
    record("room_message %s %s %s %s %s", room->address, or_dash(nick), kinds[message->kind],
           or_dash(message->id), message->body);
    return message->id ? message->id : "new";
}

void fake_on_upcall(void (*hook)(const char *line))
{
    fake.on_upcall = hook;
}

/* --- conn.h ----------------------------------------------------------------------- */

struct conn *conn_open(uv_loop_t *loop, const struct conn_options *options,
                       const struct conn_events *events, void *arg, struct bridge_error *err)
{
    struct conn *conn = bridge_alloc(sizeof *conn);

    (void)err;
    assert(loop == &fake.host.loop);
    *conn = (struct conn){ .next = fake.conns, .events = events, .arg = arg, .open = true };
    strbuf_init(&conn->written, 16u << 20);
    fake.conns = conn;
    record("conn_open %s %u %s%s", options->host, options->port,
           options->tls == CONN_TLS_ON ? "tls" : "plain",
           options->public_only ? " public" : "");
    return conn;
}

void conn_write(struct conn *conn, const void *data, size_t len)
{
    assert(conn->open);
    if (!conn->closing)
        strbuf_add(&conn->written, data, len);
}

bool conn_full(const struct conn *conn)
{
    return conn->written.len >= 1u << 20;
}

void conn_pause(struct conn *conn)
{
    conn->paused = true;
}

void conn_resume(struct conn *conn)
{
    conn->paused = false;
}

void conn_close(struct conn *conn)
{
    assert(conn->open);
    conn->closing = true;
}

void conn_abort(struct conn *conn)
{
    strbuf_reset(&conn->written);
    conn->closing = true;
}

static void end_conn(struct conn *conn, const struct bridge_error *why)
{
    assert(conn->open);
    conn->open = false;
    conn->events->on_closed(conn->arg, why);
}

struct conn *fake_conn(void)
{
    return fake.conns;
}

bool fake_conn_is_open(const struct conn *conn)
{
    return conn->open && !conn->closing;
}

bool fake_conn_is_paused(const struct conn *conn)
{
    return conn->paused;
}

size_t fake_open_conns(void)
{
    size_t n = 0;

    for (const struct conn *conn = fake.conns; conn; conn = conn->next)
        n += fake_conn_is_open(conn);
    return n;
}

void fake_connected(struct conn *conn)
{
    assert(!conn->connected);
    conn->connected = true;
    if (!conn->closing)
        conn->events->on_connected(conn->arg);
}

void fake_receive(struct conn *conn, const char *data, size_t len)
{
    char *copy = len ? bridge_strndup(data, len) : bridge_strdup("");

    /* An exact copy: reading past the end is found. */
    copy = bridge_realloc(copy, len ? len : 1);
    if (fake_conn_is_open(conn))
        conn->events->on_data(conn->arg, copy, len);
    free(copy);
}

void fake_lost(struct conn *conn, enum bridge_code code, const char *text)
{
    struct bridge_error why;

    bridge_fail(&why, code, "%s", text);
    end_conn(conn, &why);
}

void fake_hung_up(struct conn *conn)
{
    end_conn(conn, NULL);
}

const char *fake_sent(struct conn *conn)
{
    return next_line(&conn->written, 2);
}

/* --- timers ------------------------------------------------------------------------- */

static struct timer **find_timer(const uv_timer_t *handle)
{
    struct timer **at = &fake.timers;

    while (*at && (*at)->handle != handle)
        at = &(*at)->next;
    return at;
}

int uv_timer_init(uv_loop_t *loop, uv_timer_t *handle)
{
    assert(loop == &fake.host.loop);
    handle->loop = loop;
    return 0;
}

int uv_timer_stop(uv_timer_t *handle)
{
    struct timer **at = find_timer(handle);
    struct timer *timer = *at;

    if (timer) {
        *at = timer->next;
        free(timer);
    }
    return 0;
}

int uv_timer_start(uv_timer_t *handle, uv_timer_cb fire, uint64_t timeout, uint64_t repeat)
{
    struct timer *timer;

    assert(!repeat);
    uv_timer_stop(handle);
    timer = bridge_alloc(sizeof *timer);
    *timer = (struct timer){
        .next = fake.timers, .handle = handle, .fire = fire, .at = clock_monotonic() + timeout
    };
    fake.timers = timer;
    return 0;
}

void uv_close(uv_handle_t *handle, uv_close_cb done)
{
    struct closing *closing = bridge_alloc(sizeof *closing);

    uv_timer_stop((uv_timer_t *)handle); /* no other kind is faked */
    *closing = (struct closing){ .next = fake.closing, .handle = handle, .done = done };
    fake.closing = closing;
}

static struct timer *first_timer(uint64_t before)
{
    struct timer *first = NULL;

    for (struct timer *t = fake.timers; t; t = t->next) {
        if (t->at <= before && (!first || t->at < first->at))
            first = t;
    }
    return first;
}

static void set_clock(uint64_t now)
{
    clock_freeze(now, (int64_t)now);
}

void fake_advance(uint64_t ms)
{
    uint64_t until = clock_monotonic() + ms;
    struct timer *timer;

    fake_settle();
    while ((timer = first_timer(until))) {
        uv_timer_t *handle = timer->handle;
        uv_timer_cb fire = timer->fire;
        set_clock(timer->at);
        uv_timer_stop(handle);
        fire(handle);
        fake_settle();
    }
    set_clock(until);
}

static bool settle_one(void)
{
    struct closing *closing = fake.closing;

    for (struct conn *conn = fake.conns; conn; conn = conn->next) {
        if (conn->open && conn->closing) {
            end_conn(conn, NULL);
            return true;
        }
    }
    if (!closing)
        return false;
    fake.closing = closing->next;
    closing->done(closing->handle);
    free(closing);
    return true;
}

void fake_settle(void)
{
    while (settle_one())
        ;
}

/* --- the world ------------------------------------------------------------------------ */

bool fake_start(const void *settings, struct bridge_error *err)
{
    assert(!fake.instance && bridge_plugin.abi == BRIDGE_ABI);
    set_clock(START);
    log_set_level(LOG_LEVEL_ERROR);
    strbuf_init(&fake.upcalls, 16u << 20);
    strbuf_init(&fake.answer, 1u << 20);
    fake.transport = bridge_plugin.transport;
    fake.instance = fake.transport->start(&fake.host, settings, err);
    return fake.instance != NULL;
}

void fake_stop(void)
{
    struct conn *conn;

    while (fake.sessions)
        fake_close_session(fake.sessions, "the test is over");
    fake.transport->stop(fake.instance);
    fake_settle();
    assert(!fake.timers && !fake.closing);
    while ((conn = fake.conns)) {
        assert(!conn->open);
        fake.conns = conn->next;
        strbuf_release(&conn->written);
        free(conn);
    }
    strbuf_release(&fake.upcalls);
    strbuf_release(&fake.answer);
    clock_release();
    memset(&fake, 0, sizeof fake);
}

const char *fake_classify(const char *localpart)
{
    static const char *const names[] = { "error", "contact", "room", "service" };
    struct strbuf canonical = STRBUF_INIT(4096);
    struct bridge_error err;
    enum bridge_address kind =
        fake.transport->classify(fake.instance, localpart, &canonical, &err);

    strbuf_reset(&fake.answer);
    strbuf_addf(&fake.answer, "%s %s", names[kind],
                kind == BRIDGE_ADDRESS_NONE ? err.text : strbuf_text(&canonical));
    strbuf_release(&canonical);
    return strbuf_text(&fake.answer);
}

void fake_throttle(bool on)
{
    fake.transport->throttle(fake.instance, on);
}

void fake_quiet(bool quiet)
{
    fake.quiet = quiet;
}

/* --- downcalls ------------------------------------------------------------------------- */

struct bridge_session *fake_session(const char *user)
{
    struct bridge_session *s = fake.sessions;
    struct bridge_error err;

    while (s && strcmp(s->user, user) != 0)
        s = s->next;
    if (s)
        return s;
    s = bridge_alloc(sizeof *s);
    s->user = bridge_strdup(user);
    s->next = fake.sessions;
    fake.sessions = s;
    s->data = fake.transport->open(fake.instance, s, &err);
    assert(s->data);
    return s;
}

void fake_close_session(struct bridge_session *session, const char *reason)
{
    struct bridge_session **at = &fake.sessions;
    struct bridge_room *room;

    fake.transport->close(session->data, reason);
    while ((room = session->rooms)) {
        unlink_room(room);
        free_room(room);
    }
    while (*at != session)
        at = &(*at)->next;
    *at = session->next;
    free(session->user);
    free(session);
}

static struct bridge_room *find_room(const struct bridge_session *session, const char *address)
{
    struct bridge_room *room = session->rooms;

    while (room && strcmp(room->address, address) != 0)
        room = room->next;
    return room;
}

static struct bridge_room *get_room(const struct bridge_session *session, const char *address)
{
    struct bridge_room *room = find_room(session, address);

    assert(room);
    return room;
}

bool fake_in_room(const struct bridge_session *session, const char *address)
{
    return find_room(session, address) != NULL;
}

int fake_send_message(struct bridge_session *session, const char *contact,
                      const struct bridge_message *message)
{
    struct bridge_error err;

    return report(fake.transport->send(session->data, contact, message, &err), &err);
}

int fake_send(struct bridge_session *session, const char *contact,
              enum bridge_message_kind kind, const char *id, const char *body)
{
    const struct bridge_message message = { .id = id, .body = body, .kind = kind };

    return fake_send_message(session, contact, &message);
}

int fake_join(struct bridge_session *session, const char *address, const char *nick,
              const char *password)
{
    struct bridge_room *room = bridge_alloc(sizeof *room);
    struct bridge_error err;

    room->session = session;
    room->address = bridge_strdup(address);
    room->nick = bridge_strdup(nick);
    room->next = session->rooms;
    session->rooms = room;
    int rc = fake.transport->join(session->data, room, nick, password, &err);
    if (rc) {
        unlink_room(room);
        free_room(room);
    }
    return report(rc, &err);
}

int fake_say(struct bridge_session *session, const char *address, enum bridge_message_kind kind,
             const char *id, const char *body)
{
    const struct bridge_message message = { .id = id, .body = body, .kind = kind };
    struct bridge_error err;

    return report(
        fake.transport->say(session->data, get_room(session, address), &message, &err), &err);
}

int fake_rename(struct bridge_session *session, const char *address, const char *nick)
{
    struct bridge_error err;

    return report(fake.transport->rename(session->data, get_room(session, address), nick, &err),
                  &err);
}

int fake_subject(struct bridge_session *session, const char *address, const char *id,
                 const char *text)
{
    struct bridge_error err;

    return report(
        fake.transport->subject(session->data, get_room(session, address), text, id, &err),
        &err);
}

void fake_leave(struct bridge_session *session, const char *address, const char *reason)
{
    struct bridge_room *room = get_room(session, address);

    fake.transport->leave(session->data, room, reason);
    unlink_room(room);
    free_room(room);
}

const char *fake_occupant(struct bridge_session *session, const char *address, const char *nick)
{
    struct strbuf contact = STRBUF_INIT(4096);
    struct bridge_error err;
    int rc = fake.transport->occupant(session->data, get_room(session, address), nick, &contact,
                                      &err);

    strbuf_reset(&fake.answer);
    if (rc)
        strbuf_addf(&fake.answer, "error %s %s", codes[err.code], err.text);
    else
        strbuf_adds(&fake.answer, strbuf_text(&contact));
    strbuf_release(&contact);
    return strbuf_text(&fake.answer);
}
