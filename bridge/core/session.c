#include "session.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/log.h>
#include <bridge/words.h>

#include "ability.h"
#include "addressee.h"
#include "client.h"
#include "component.h"
#include "core.h"
#include "delivery.h"
#include "lookup.h"
#include "register.h"
#include "room.h"
#include "roster.h"
#include "watch.h"

/* Long enough for a conversation with pauses, without roster or room. */
#define IDLE_MS (30 * 60 * 1000)

struct bridge_session *session_find(struct bridge_host *host, const char *user)
{
    return map_finds(&host->sessions, user);
}

static void session_free(struct bridge_session *session)
{
    struct core *core = session->host->core;

    guard_forget(session);
    addressee_gone(session);
    roster_free(session->roster);
    ability_forget_all(session);
    map_removes(&session->host->sessions, session->user);
    for (unsigned i = 0; session->sent && i < SENT_MAX; i++)
        free((char *)session->sent[i].id);
    free(session->sent);
    core->backlog -= session->backlog.len;
    strbuf_release(&session->backlog);
    map_release(&session->rooms);
    map_release(&session->watches);
    clients_free(session->clients);
    free(session->user);
    free(session);
}

struct bridge_session *session_open(struct bridge_host *host, const char *user,
                                    struct bridge_error *err)
{
    struct bridge_session *session = session_find(host, user);

    if (session) {
        session->used = clock_monotonic();
        return session;
    }
    if (host->core->stopping) {
        bridge_fail(err, BRIDGE_RETRY, _("The gateway is shutting down; try again later"));
        return NULL;
    }
    if (register_admit(host, user, err)) {
        log_debug(host->name, "%s", err->text);
        return NULL;
    }
    session = bridge_alloc(sizeof *session);
    session->host = host;
    session->user = bridge_strdup(user);
    session->used = clock_monotonic();
    strbuf_init(&session->backlog, SESSION_BACKLOG_MAX);
    map_puts(&host->sessions, session->user, session);
    session->data = host->transport->open(host->instance, session, err);
    if (!session->data) {
        session_free(session);
        return NULL;
    }
    log_debug(host->name, "session of %s opened", user);
    return session;
}

/* The room ended inside the loop changes the map: begin again each time. */
static struct bridge_room *first_room(struct bridge_session *session)
{
    size_t i = 0;

    return map_next(&session->rooms, &i);
}

void session_close(struct bridge_session *session, const char *reason)
{
    struct bridge_host *host = session->host;
    struct bridge_room *room;

    /* The transport first: it must not call back about what is gone. */
    lookup_stop(session);
    host->transport->close(session->data, reason);
    deliveries_forsaken(host->deliveries, session->user);
    lookup_release(session);
    while ((room = first_room(session)))
        room_shut(room, reason);
    watch_release(session);
    log_debug(host->name, "session of %s closed", session->user);
    session_free(session);
}

static void keep(struct bridge_session *session, const struct strbuf *stanza)
{
    struct core *core = session->host->core;

    if (session->lost)
        return;
    if (session->backlog.len + stanza->len > SESSION_BACKLOG_MAX ||
        core->backlog + stanza->len > CORE_BACKLOG_MAX) {
        log_warning(session->host->name,
                    "the stream has been down for too long: what %s would have received is dropped",
                    session->user);
        session->lost = true;
        core->backlog -= session->backlog.len;
        strbuf_release(&session->backlog);
        session->kept = 0;
        return;
    }
    strbuf_add(&session->backlog, stanza->data, stanza->len);
    session->kept++;
    core->backlog += stanza->len;
}

void session_send(struct bridge_session *session, const struct strbuf *stanza)
{
    if (stanza->overflow) {
        log_warning(session->host->name, "dropped a stanza for %s: too large to send",
                    session->user);
        return;
    }
    if (component_is_up(session->host->component))
        component_send(session->host->component, stanza->data, stanza->len, 1);
    else
        keep(session, stanza);
}

void session_resume(struct bridge_session *session)
{
    struct bridge_room *room;
    size_t i = 0;

    if (session->lost) {
        session->lost = false;
        while ((room = first_room(session)))
            room_lost(room);
        return;
    }
    if (session->backlog.len)
        component_send(session->host->component, session->backlog.data, session->backlog.len,
                       session->kept);
    session->kept = 0;
    session->host->core->backlog -= session->backlog.len;
    strbuf_release(&session->backlog);
    while ((room = map_next(&session->rooms, &i)))
        room_ping_clients(room);
}

/* Who is logged in to the network by being there stays so (XEP-0100 §4.3). */
static bool is_held(const struct bridge_session *session)
{
    return session->rooms.count || session->watches.count ||
           (session->host->transport->presence && client_is_there(session));
}

bool session_idle(const struct bridge_session *session, uint64_t now)
{
    return !is_held(session) && now - session->used > IDLE_MS;
}

/* Copy *text, unless it is NULL, behind `at`; returns where the next one goes. */
static char *move(char *at, const char **text)
{
    char *copy = at;

    if (!*text)
        return at;
    at = stpcpy(at, *text) + 1;
    *text = copy;
    return at;
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

void session_remember(struct bridge_session *session, const struct sent *sent)
{
    if (!sent->id)
        return;
    if (!session->sent)
        session->sent = bridge_alloc(SENT_MAX * sizeof *session->sent);
    struct sent *s = &session->sent[session->next_sent++ % SENT_MAX];
    free((char *)s->id);
    *s = *sent;
    char *at = bridge_realloc(NULL, size_of(s->id) + size_of(s->address) + size_of(s->from) +
                                        size_of(s->to) + size_of(s->origin));
    at = move(at, &s->id);
    at = move(at, &s->address);
    at = move(at, &s->from);
    at = move(at, &s->to);
    move(at, &s->origin);
}

struct sent *session_recall(const struct bridge_session *session, const char *address,
                            const char *id)
{
    for (unsigned back = 1; session->sent && back <= SENT_MAX; back++) {
        struct sent *s = &session->sent[(session->next_sent - back) % SENT_MAX];
        if (s->id && !strcmp(s->address, address) &&
            (!id || !strcmp(s->id, id) || (s->origin && !strcmp(s->origin, id))))
            return s;
    }
    return NULL;
}

/* In the long run one in SIGNAL_MS; SIGNAL_BURST at once. */
#define SIGNAL_MS 250
#define SIGNAL_BURST 20

bool session_may_signal(struct bridge_session *session)
{
    uint64_t now = clock_monotonic();

    if (session->signals_until < now)
        session->signals_until = now;
    if (session->signals_until - now > (SIGNAL_BURST - 1) * SIGNAL_MS)
        return false;
    session->signals_until += SIGNAL_MS;
    return true;
}

void session_set_language(struct bridge_session *session, const char *language)
{
    if (language && *language && strlen(language) <= SESSION_LANGUAGE_MAX)
        strcpy(session->language, language);
}
