#include "room.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/log.h>
#include <bridge/words.h>

#include "addressee.h"
#include "core.h"
#include "jid.h"
#include "payload.h"
#include "room_write.h"
#include "stanza.h"
#include "xml.h"

/* Longest nick, as resourceparts are. */
#define NICK_MAX 1023

/* What is shown of texts that come with what must be told. */
#define REASON_MAX 4096
#define SUBJECT_MAX 16384

/* What is said while the others are still being named waits for the self-
 * presence, up to this size; then it goes out at once. */
#define EARLY_MAX 65536

/* Clients of one user in one room: more than anybody has, few enough to walk. */
#define CLIENTS_MAX 64

struct client {
    char *jid;   /* full */
    char *asked; /* the nick that it wanted */
    char *id;    /* of the stanza that asked, or NULL */
};

/* Compact: a channel may have ten thousand. */
struct occupant {
    uint32_t flags;
    uint8_t affiliation;
    uint8_t role;
    uint16_t len;
    char nick[]; /* NUL, and behind it the folded form when that differs */
};

struct bridge_room {
    struct bridge_session *session;
    char *address;
    struct strbuf from; /* bare JID of the room, as XML */
    bool joined;
    char *nick;         /* the user's own */
    struct client renamer; /* who asked for another nick; jid NULL: nobody */
    const unsigned char *casemap;
    struct map occupants;
    struct client *clients;
    size_t client_count;
    char *subject;
    char *subject_who;
    int64_t subject_time;
    struct strbuf early; /* parts of messages, each with its NUL */
    void *data;
};

/* --- occupants ----------------------------------------------------------------- */

static void fold(const struct bridge_room *room, const char *nick, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++)
        out[i] = room->casemap ? (char)room->casemap[(unsigned char)nick[i]] : nick[i];
}

static struct occupant *occupant_find(const struct bridge_room *room, const char *nick)
{
    char key[NICK_MAX];
    size_t len = strlen(nick);

    if (len > NICK_MAX)
        return NULL;
    fold(room, nick, len, key);
    return map_find(&room->occupants, key, len);
}

static const char *occupant_key(const struct bridge_room *room, const struct occupant *o)
{
    char key[NICK_MAX];

    fold(room, o->nick, o->len, key);
    return memcmp(key, o->nick, o->len) ? o->nick + o->len + 1 : o->nick;
}

static struct occupant *occupant_add(struct bridge_room *room, const char *nick,
                                     const struct bridge_occupant *is)
{
    char key[NICK_MAX];
    size_t len = strlen(nick);

    fold(room, nick, len, key);
    bool differs = memcmp(key, nick, len) != 0;
    struct occupant *o = bridge_alloc(sizeof *o + len + 1 + (differs ? len : 0));
    o->flags = is->flags;
    o->affiliation = (uint8_t)is->affiliation;
    o->role = (uint8_t)is->role;
    o->len = (uint16_t)len;
    memcpy(o->nick, nick, len);
    if (differs)
        memcpy(o->nick + len + 1, key, len);
    map_put(&room->occupants, differs ? o->nick + len + 1 : o->nick, len, o);
    return o;
}

static void occupant_remove(struct bridge_room *room, struct occupant *o)
{
    map_remove(&room->occupants, occupant_key(room, o), o->len);
    free(o);
}

static bool is_own(const struct bridge_room *room, const char *nick)
{
    size_t len = strlen(nick);

    if (len != strlen(room->nick))
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char a = (unsigned char)nick[i];
        unsigned char b = (unsigned char)room->nick[i];
        if (a != b && (!room->casemap || room->casemap[a] != room->casemap[b]))
            return false;
    }
    return true;
}

/* Can it be part of a JID? A server drops stanzas from others, or the stream. */
static bool usable(const struct bridge_room *room, const char *nick)
{
    struct strbuf prepared = STRBUF_INIT(NICK_MAX);
    struct bridge_error err;
    bool ok = strlen(nick) <= NICK_MAX && !jid_prepare_resource(&prepared, nick, &err);

    strbuf_release(&prepared);
    if (!ok)
        log_debug(room->session->user, "%s: ignored a nick of %zu bytes", room->address,
                  strlen(nick));
    return ok;
}

/* Under which nick to show what this one did; NULL: the room's own name. */
static const char *speaker(const struct bridge_room *room, const char *nick)
{
    return nick && (occupant_find(room, nick) || usable(room, nick)) ? nick : NULL;
}

/* --- sending --------------------------------------------------------------------- */

/* The core's part buffer, empty: what all clients get alike. */
static struct strbuf *part(struct bridge_room *room)
{
    struct strbuf *p = &room->session->host->core->part;

    strbuf_reset(p);
    return p;
}

static void send_part(struct bridge_room *room, const char *element, const char *client,
                      const char *text, size_t len)
{
    struct strbuf *stanza = core_stanza(room->session->host->core);

    strbuf_adds(stanza, element);
    xml_attribute(stanza, "to", client);
    strbuf_add(stanza, text, len);
    session_send(room->session, stanza);
}

static void send_one(struct bridge_room *room, const char *element, const char *client)
{
    const struct strbuf *p = &room->session->host->core->part;

    if (!p->overflow)
        send_part(room, element, client, p->data, p->len);
    else
        log_warning(room->session->host->name, "dropped a stanza for %s: too large to send",
                    client);
}

static void send_all(struct bridge_room *room, const char *element)
{
    for (size_t i = 0; i < room->client_count; i++)
        send_one(room, element, room->clients[i].jid);
}

static void write_occupant(struct bridge_room *room, const struct occupant *o,
                           const int *statuses)
{
    room_write_presence(part(room), strbuf_text(&room->from), o->nick,
                        &(struct room_presence){
                            .affiliation = o->affiliation,
                            .role = o->role,
                            .statuses = statuses,
                        });
}

/* XEP-0045 §7.1.3: with 210 if it is not the nick that this client asked for. */
static void send_self(struct bridge_room *room, const struct client *client)
{
    static const int same[] = { 110, 0 };
    static const int other[] = { 110, 210, 0 };

    write_occupant(room, occupant_find(room, room->nick),
                   strcmp(client->asked, room->nick) ? other : same);
    send_one(room, "<presence", client->jid);
}

static void write_subject(struct bridge_room *room)
{
    struct strbuf *p = part(room);

    strbuf_adds(p, " type='groupchat'");
    core_add_id(room->session->host->core, p);
    room_write_subject(p, strbuf_text(&room->from), room->subject_who, room->subject,
                       room->subject_time);
}

static void send_others(struct bridge_room *room, const char *client)
{
    struct occupant *own = occupant_find(room, room->nick);
    struct occupant *o;
    size_t i = 0;

    while ((o = map_next(&room->occupants, &i))) {
        if (o != own) {
            write_occupant(room, o, NULL);
            send_one(room, "<presence", client);
        }
    }
}

/* The answer to what `client` asked for. */
static void send_error(struct bridge_room *room, const struct client *client,
                       const struct bridge_error *why)
{
    struct strbuf *stanza = core_stanza(room->session->host->core);

    strbuf_adds(stanza, "<presence type='error'");
    xml_attribute(stanza, "to", client->jid);
    xml_attribute(stanza, "id", client->id);
    room_write_from(stanza, strbuf_text(&room->from), client->asked);
    strbuf_adds(stanza, "><x xmlns='" NS_MUC "'/>");
    stanza_error_write(stanza, why);
    strbuf_adds(stanza, "</presence>");
    session_send(room->session, stanza);
}

/* --- clients ----------------------------------------------------------------------- */

static struct client *client_find(const struct bridge_room *room, const char *jid)
{
    for (size_t i = 0; i < room->client_count; i++) {
        if (!strcmp(room->clients[i].jid, jid))
            return &room->clients[i];
    }
    return NULL;
}

bool room_has_client(const struct bridge_room *room, const char *client)
{
    return client_find(room, client) != NULL;
}

const char *room_client(const struct bridge_room *room, size_t n)
{
    return n < room->client_count ? room->clients[n].jid : NULL;
}

bool room_entered_as(const struct bridge_room *room, const char *client, const char *nick)
{
    const struct client *c = client_find(room, client);

    return c && !strcmp(c->asked, nick);
}

static void client_release(struct client *c)
{
    free(c->jid);
    free(c->asked);
    free(c->id);
    *c = (struct client){ 0 };
}

static void client_set(struct client *c, const struct room_request *request)
{
    client_release(c);
    c->jid = bridge_strdup(request->client);
    c->asked = bridge_strdup(request->nick);
    c->id = bridge_strdup(request->id);
}

/* The client that asks, which may be inside already. */
static struct client *client_put(struct bridge_room *room, const struct room_request *request)
{
    struct client *c = client_find(room, request->client);

    if (!c) {
        room->clients = bridge_realloc(room->clients,
                                       (room->client_count + 1) * sizeof *room->clients);
        c = &room->clients[room->client_count++];
        *c = (struct client){ 0 };
    }
    client_set(c, request);
    return c;
}

static void client_remove(struct bridge_room *room, struct client *c)
{
    client_release(c);
    *c = room->clients[--room->client_count];
}

/* --- a room's life -------------------------------------------------------------------- */

static struct bridge_room *room_new(struct bridge_session *session, const char *address,
                                    const char *nick)
{
    struct bridge_room *room = bridge_alloc(sizeof *room);
    struct strbuf jid = STRBUF_INIT(4096);

    room->session = session;
    room->address = bridge_strdup(address);
    room->nick = bridge_strdup(nick);
    strbuf_init(&room->from, 8 * 4096);
    strbuf_init(&room->early, EARLY_MAX);
    domain_add_jid(session->host, &jid, address);
    xml_text(&room->from, strbuf_text(&jid));
    strbuf_release(&jid);
    map_puts(&session->rooms, room->address, room);
    session->host->rooms++;
    return room;
}

static void room_free(struct bridge_room *room)
{
    struct occupant *o;
    size_t i = 0;

    map_removes(&room->session->rooms, room->address);
    room->session->host->rooms--;
    while ((o = map_next(&room->occupants, &i)))
        free(o);
    map_release(&room->occupants);
    while (room->client_count)
        client_remove(room, &room->clients[0]);
    free(room->clients);
    strbuf_release(&room->from);
    strbuf_release(&room->early);
    free(room->address);
    free(room->nick);
    client_release(&room->renamer);
    free(room->subject);
    free(room->subject_who);
    free(room);
}

struct bridge_room *room_find(struct bridge_session *session, const char *address)
{
    return map_finds(&session->rooms, address);
}

bool room_is_joined(const struct bridge_room *room)
{
    return room->joined;
}

struct bridge_session *room_session(const struct bridge_room *room)
{
    return room->session;
}

size_t room_occupants(const struct bridge_room *room)
{
    return room->occupants.count;
}

const char *room_subject(const struct bridge_room *room)
{
    return room->subject;
}

/* One more client, or one again. */
static void enter_again(struct bridge_room *room, const struct room_request *request)
{
    if (!client_find(room, request->client) && room->client_count == CLIENTS_MAX) {
        struct client refused = { 0 };
        struct bridge_error err;
        bridge_fail(&err, BRIDGE_BUSY,
                    _("You are in this room with %d clients already; leave it with one of them "
                      "first"), CLIENTS_MAX);
        client_set(&refused, request);
        send_error(room, &refused, &err);
        client_release(&refused);
        return;
    }
    const struct client *client = client_put(room, request);
    send_others(room, client->jid);
    if (!room->joined)
        return; /* the rest comes with bridge_room_joined() */
    send_self(room, client);
    write_subject(room);
    send_one(room, "<message", client->jid);
}

void room_enter(struct bridge_session *session, const char *address,
                const struct room_request *request)
{
    const struct bridge_transport *transport = session->host->transport;
    struct bridge_room *room = room_find(session, address);
    struct bridge_error err;

    if (room) {
        enter_again(room, request);
        return;
    }
    room = room_new(session, address, request->nick);
    client_put(room, request);
    if (transport->join(session->data, room, request->nick, request->password, &err)) {
        send_error(room, &room->clients[0], &err);
        room_free(room);
    }
}

void room_change_nick(struct bridge_room *room, const struct room_request *request)
{
    const struct bridge_transport *transport = room->session->host->transport;
    struct bridge_error err;
    int rc = -1;

    client_set(&room->renamer, request);
    if (!transport->rename)
        bridge_fail(&err, BRIDGE_UNSUPPORTED, _("nicks cannot be changed here"));
    else if (!room->joined)
        bridge_fail(&err, BRIDGE_RETRY, _("wait until you are in the room"));
    else
        rc = transport->rename(room->session->data, room, request->nick, &err);
    if (rc) {
        send_error(room, &room->renamer, &err);
        client_release(&room->renamer);
    }
}

void room_expel(struct bridge_host *host, const struct jid *occupant, const char *client)
{
    static const int statuses[] = { 110, 307, 333, 0 };
    struct strbuf *stanza = core_stanza(host->core);
    struct strbuf from = STRBUF_INIT(8 * 4096);

    xml_text(&from, jid_bare(occupant));
    strbuf_adds(stanza, "<presence");
    xml_attribute(stanza, "to", client);
    room_write_presence(stanza, strbuf_text(&from), jid_resource(occupant),
                        &(struct room_presence){
                            .unavailable = true,
                            .statuses = statuses,
                            .reason = _("You are not in this room; join it again"),
                            .forced = true,
                        });
    domain_send(host, stanza);
    strbuf_release(&from);
}

/* A code beside 110 (oneself) says that it was not the occupant's own will. */
static bool is_forced(const int *statuses)
{
    for (; *statuses; statuses++) {
        if (*statuses != 110)
            return true;
    }
    return false;
}

static enum bridge_affiliation affiliation_after(const struct bridge_room *room,
                                                 const char *nick, const int *statuses)
{
    const struct occupant *o = occupant_find(room, nick);

    for (; *statuses; statuses++) {
        if (*statuses == 301)
            return BRIDGE_OUTCAST;
    }
    return o ? o->affiliation : BRIDGE_AFFILIATION_NONE;
}

static void write_gone(struct bridge_room *room, const char *nick, const int *statuses,
                       const char *actor, const char *reason)
{
    char *shown = core_copy_text(reason, REASON_MAX);

    room_write_presence(part(room), strbuf_text(&room->from), nick,
                        &(struct room_presence){
                            .unavailable = true,
                            .affiliation = affiliation_after(room, nick, statuses),
                            .statuses = statuses,
                            .actor = speaker(room, actor),
                            .reason = shown,
                            .forced = is_forced(statuses),
                        });
    free(shown);
}

static void leave_network(struct bridge_room *room, const char *reason)
{
    struct bridge_session *session = room->session;

    session->host->transport->leave(session->data, room, reason);
    room_free(room);
}

void room_leave(struct bridge_room *room, const char *client, const char *reason)
{
    static const int self[] = { 110, 0 };
    struct client *c = client_find(room, client);

    if (!c)
        return;
    write_gone(room, room->nick, self, NULL, NULL);
    send_one(room, "<presence", client);
    client_remove(room, c);
    if (!room->client_count)
        leave_network(room, reason);
}

void room_client_gone(struct bridge_room *room, const char *client)
{
    struct client *c = client_find(room, client);

    if (!c)
        return;
    log_debug(client, "is gone from %s", room->address);
    client_remove(room, c);
    if (!room->client_count)
        leave_network(room, NULL);
}

void room_shut(struct bridge_room *room, const char *reason)
{
    static const int statuses[] = { 110, 332, 0 };

    write_gone(room, room->nick, statuses, NULL, reason);
    send_all(room, "<presence");
    room_free(room);
}

void room_lost(struct bridge_room *room)
{
    static const int statuses[] = { 110, 333, 0 };

    addressee_of_session(room->session);
    write_gone(room, room->nick, statuses, NULL,
               _("Too much was said here while the XMPP server was away. Please join again."));
    send_all(room, "<presence");
    leave_network(room, NULL);
}

void room_ping_clients(struct bridge_room *room)
{
    struct core *core = room->session->host->core;

    for (size_t i = 0; i < room->client_count; i++) {
        struct strbuf *p = part(room);
        strbuf_adds(p, " type='get'");
        room_write_from(p, strbuf_text(&room->from), NULL);
        core_add_id(core, p);
        strbuf_adds(p, "><ping xmlns='" NS_PING "'/></iq>");
        send_one(room, "<iq", room->clients[i].jid);
    }
}

/* --- upcalls (bridge/host.h) -------------------------------------------------------- */

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

void bridge_room_set_casemap(struct bridge_room *room, const unsigned char *map)
{
    assert(!room->occupants.count);
    room->casemap = map;
}

void bridge_room_set_nick(struct bridge_room *room, const char *nick)
{
    assert(!room->joined);
    if (!usable(room, nick))
        return;
    char *own = bridge_strdup(nick); /* it may be room->nick */
    free(room->nick);
    room->nick = own;
}

void bridge_room_occupant(struct bridge_room *room, const char *nick,
                          const struct bridge_occupant *is)
{
    static const int self[] = { 110, 0 };

    if (!usable(room, nick))
        return;
    struct occupant *o = occupant_find(room, nick);
    if (o) {
        bool same = o->affiliation == is->affiliation && o->role == is->role;
        o->flags = is->flags;
        o->affiliation = (uint8_t)is->affiliation;
        o->role = (uint8_t)is->role;
        if (same)
            return;
    } else {
        o = occupant_add(room, nick, is);
    }
    bool own = is_own(room, nick);
    if (own && !room->joined)
        return;
    write_occupant(room, o, own ? self : NULL);
    send_all(room, "<presence");
}

bool bridge_room_find(const struct bridge_room *room, const char *nick,
                      struct bridge_occupant *out)
{
    const struct occupant *o = occupant_find(room, nick);

    if (o && out)
        *out = (struct bridge_occupant){
            .affiliation = o->affiliation,
            .role = o->role,
            .flags = o->flags,
        };
    return o != NULL;
}

static void send_early(struct bridge_room *room)
{
    for (size_t i = 0; i < room->early.len;) {
        const char *text = room->early.data + i;
        size_t len = strlen(text);
        for (size_t k = 0; k < room->client_count; k++)
            send_part(room, "<message", room->clients[k].jid, text, len);
        i += len + 1;
    }
    strbuf_release(&room->early);
}

void bridge_room_joined(struct bridge_room *room, const char *nick)
{
    static const struct bridge_occupant plain = { .role = BRIDGE_PARTICIPANT };

    assert(!room->joined);
    bridge_room_set_nick(room, nick);
    if (!occupant_find(room, room->nick))
        occupant_add(room, room->nick, &plain);
    room->joined = true;
    for (size_t i = 0; i < room->client_count; i++)
        send_self(room, &room->clients[i]);
    write_subject(room);
    send_all(room, "<message");
    send_early(room);
}

void bridge_room_refused(struct bridge_room *room, const struct bridge_error *why)
{
    for (size_t i = 0; i < room->client_count; i++)
        send_error(room, &room->clients[i], why);
    room_free(room);
}

/* The user is out: every client is told, and the view ends. */
static void user_departed(struct bridge_room *room, enum bridge_departure how,
                          const char *actor, const char *reason)
{
    static const int statuses[][3] = {
        [BRIDGE_LEFT] = { 110, 0 },
        [BRIDGE_KICKED] = { 110, 307, 0 },
        [BRIDGE_BANNED] = { 110, 301, 0 },
        [BRIDGE_CUT] = { 110, 333, 0 },
    };

    if (!room->joined) {
        struct bridge_error why;
        bridge_fail(&why, how == BRIDGE_BANNED ? BRIDGE_FORBIDDEN : BRIDGE_RETRY, "%s",
                    reason ? reason : _("You were put out of the room while entering it"));
        bridge_room_refused(room, &why);
        return;
    }
    write_gone(room, room->nick, statuses[how], actor, reason);
    send_all(room, "<presence");
    room_free(room);
}

void bridge_room_departed(struct bridge_room *room, const char *nick,
                          enum bridge_departure how, const char *actor, const char *reason)
{
    static const int statuses[][2] = {
        [BRIDGE_LEFT] = { 0 },
        [BRIDGE_KICKED] = { 307, 0 },
        [BRIDGE_BANNED] = { 301, 0 },
        [BRIDGE_CUT] = { 333, 0 },
    };

    if (is_own(room, nick)) {
        user_departed(room, how, actor, reason);
        return;
    }
    struct occupant *o = occupant_find(room, nick);
    if (!o)
        return;
    write_gone(room, o->nick, statuses[how], actor, reason);
    send_all(room, "<presence");
    occupant_remove(room, o);
}

void bridge_room_renamed(struct bridge_room *room, const char *from, const char *to)
{
    static const int left[] = { 303, 0 };
    static const int left_self[] = { 303, 110, 0 };
    static const int self[] = { 110, 0 };
    struct occupant *o = occupant_find(room, from);

    if (!o)
        return;
    bool own = is_own(room, from);
    if (!usable(room, to)) {
        if (!own)
            bridge_room_departed(room, from, BRIDGE_LEFT, NULL, NULL);
        return;
    }
    if (!own || room->joined) {
        room_write_presence(part(room), strbuf_text(&room->from), o->nick,
                            &(struct room_presence){
                                .unavailable = true,
                                .affiliation = o->affiliation,
                                .role = o->role,
                                .new_nick = to,
                                .statuses = own ? left_self : left,
                            });
        send_all(room, "<presence");
    }
    struct bridge_occupant is = { o->affiliation, o->role, o->flags };
    occupant_remove(room, o);
    o = occupant_find(room, to); /* our view was wrong if there is one */
    if (o)
        occupant_remove(room, o);
    o = occupant_add(room, to, &is);
    if (own) {
        free(room->nick);
        room->nick = bridge_strdup(to);
        client_release(&room->renamer);
        if (!room->joined)
            return;
    }
    write_occupant(room, o, own ? self : NULL);
    send_all(room, "<presence");
}

void bridge_room_nick_failed(struct bridge_room *room, const char *nick,
                             const struct bridge_error *why)
{
    struct client *renamer = &room->renamer;

    for (size_t i = 0; i < room->client_count; i++) {
        char *jid = room->clients[i].jid;
        if (!renamer->jid) /* nobody we know of: whoever did shall know */
            send_error(room, &(struct client){ .jid = jid, .asked = (char *)nick }, why);
        else if (!strcmp(renamer->jid, jid))
            send_error(room, renamer, why);
    }
    client_release(renamer);
}

void bridge_room_subject(struct bridge_room *room, const char *text, const char *who,
                         int64_t time)
{
    char *old = room->subject;

    room->subject = core_copy_text(text, SUBJECT_MAX);
    free(old);
    old = room->subject_who;
    room->subject_who = bridge_strdup(speaker(room, who));
    free(old);
    room->subject_time = time;
    if (!room->joined)
        return;
    write_subject(room);
    send_all(room, "<message");
    if (!time) /* who comes in later hears that it was now */
        room->subject_time = clock_wall();
}

/* To everybody, or for later if they have not heard yet that they are in. */
static void say_part(struct bridge_room *room)
{
    const struct strbuf *p = &room->session->host->core->part;

    if (!room->joined && !p->overflow && room->early.len + p->len + 1 < EARLY_MAX) {
        strbuf_add(&room->early, p->data, p->len + 1);
        return;
    }
    send_early(room); /* order matters more */
    send_all(room, "<message");
}

static void write_part(struct bridge_room *room, const char *nick,
                       const struct bridge_message *message, size_t n,
                       const struct message_frame *frame)
{
    struct core *core = room->session->host->core;
    struct message_frame own = *frame;
    struct strbuf other = STRBUF_INIT(64);
    struct strbuf *p = part(room);

    if (n != message_main_part(message)) {
        core_new_id(core, &other);
        own.id = strbuf_text(&other);
        own.origin = NULL;
    }
    strbuf_adds(p, " type='groupchat'");
    xml_attribute(p, "id", own.id);
    if (!(room->session->host->transport->features & ROOM_NEEDS_IDS))
        own.id = NULL;
    room_write_message(p, speaker(room, nick), message, n, &own);
    strbuf_release(&other);
}

const char *bridge_room_message(struct bridge_room *room, const char *nick,
                                const struct bridge_message *message)
{
    struct core *core = room->session->host->core;
    bool own = nick && message->id && is_own(room, nick);
    bool keep = own || (message->id && message_id_is_fit(message->id));
    const struct sent *sent = own ? session_recall(room->session, room->address, message->id)
                                  : NULL;
    struct strbuf author = STRBUF_INIT(2 * 4096);
    struct message_frame frame = {
        .room = strbuf_text(&room->from),
        .id = core_set_said(core, keep ? message->id : NULL),
        .origin = sent ? sent->origin : NULL,
    };

    if (message->retracts) /* in words, too */
        addressee_of_session(room->session);
    if (message->answers_to && usable(room, message->answers_to)) {
        domain_add_jid(room->session->host, &author, room->address);
        strbuf_addf(&author, "/%s", message->answers_to);
        frame.author = strbuf_text(&author);
    }
    for (size_t i = 0; i < message_parts(message); i++) {
        write_part(room, nick, message, i, &frame);
        say_part(room);
    }
    strbuf_release(&author);
    return frame.id;
}

void bridge_room_signal(struct bridge_room *room, const char *nick,
                        const struct bridge_signal *signal)
{
    unsigned needed = payload_signal_feature(signal->kind);
    struct strbuf *p = part(room);

    if (!room->joined || signal->kind == BRIDGE_RECEIVED || !occupant_find(room, nick) ||
        !(room->session->host->transport->features & needed))
        return;
    strbuf_adds(p, " type='groupchat'");
    core_add_id(room->session->host->core, p);
    room_write_from(p, strbuf_text(&room->from), nick);
    strbuf_addch(p, '>');
    message_write_signal(p, signal);
    strbuf_adds(p, "</message>");
    send_all(room, "<message");
}
