#include "link.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/log.h>
#include <bridge/utf8.h>
#include <bridge/words.h>

#include "address.h"
#include "casemap.h"
#include "channel.h"
#include "chat.h"
#include "numeric.h"
#include "register.h"
#include "text.h"

/* Milliseconds. */
#define WAIT_MAX         300000 /* for others who connect before us */
#define REGISTER_WITHIN  60000
#define SILENCE_MAX      120000 /* then we ask whether the server is there */
#define PONG_WITHIN      60000
#define PRIVATE_IDLE_MAX 600000 /* a link without a room, after the last private message */

/* Of what is sent past the queue. Such text (a real name, a reason to quit) may
 * be longer than a line, and a server might ignore the line then. */
#define SENT_TEXT_MAX 400

/* "~" and what an ident may have, "@", a host: until we have seen our own. */
#define SOURCE_GUESS (2 + SESSION_USERNAME_MAX + 1 + 63)

static void schedule(struct irc_link *link);

static void set_state(struct irc_link *link, enum link_state state)
{
    static const char *const names[] = {
#define X(name) #name,
        LINK_STATES(X)
#undef X
    };

    log_debug(link->log, "%s -> %s", names[link->state], names[state]);
    link->state = state;
}

/* --- lines ---------------------------------------------------------------------- */

static void on_ping(struct irc_link *link, const struct irc_message *m)
{
    link_send(link, IRC_PONG, NULL, m->params[0]);
}

/* What waited for this goes when the lines that came with it are handled. */
static void on_pong(struct irc_link *link, const struct irc_message *m)
{
    proof_answer(&link->proof, m->params[m->count - 1]);
}

static void on_error(struct irc_link *link, const struct irc_message *m)
{
    link_fail(link, BRIDGE_RETRY, "%s: %s", link->network, link_clean(link, m->params[0]));
}

/* An error is about a join, a nick or a message, whichever there is; the user
 * reads what is about none of them. */
static void on_refused(struct irc_link *link, const struct irc_message *m)
{
    if (link->state == LINK_REGISTERING) {
        register_refused(link, m);
        return;
    }
    if (!channel_refused(link, m) && !channel_nick_refused(link, m) && !chat_refused(link, m))
        link_notice(link, m->params[m->count - 1]);
}

/* Sorted by verb. A line with too few parameters never reaches its handler;
 * verbs that are not here are of no interest. */
static const struct verb {
    const char *name;
    unsigned min_params;
    void (*handle)(struct irc_link *link, const struct irc_message *m);
} verbs[] = {
    { "001", 1, register_on_welcome },
    { "005", 2, register_on_isupport },
    { "324", 3, channel_on_modes },
    { "332", 3, channel_on_topic_is },
    { "333", 3, channel_on_topic_who },
    { "353", 3, channel_on_names },
    { "366", 2, channel_on_names_end },
    { "376", 0, register_on_motd_end },
    { "396", 2, register_on_host },
    { "422", 0, register_on_motd_end }, /* there is no message of the day */
    { "470", 3, channel_on_forward },
    { "CAP", 2, register_on_cap },
    { "ERROR", 1, on_error },
    { "INVITE", 2, chat_on_invite },
    { "JOIN", 1, channel_on_join },
    { "KICK", 2, channel_on_kick },
    { "MODE", 2, channel_on_mode },
    { "NICK", 1, channel_on_nick },
    { "NOTICE", 2, chat_on_notice },
    { "PART", 1, channel_on_part },
    { "PING", 1, on_ping },
    { "PONG", 1, on_pong },
    { "PRIVMSG", 2, chat_on_privmsg },
    { "QUIT", 0, channel_on_quit },
    { "TOPIC", 2, channel_on_topic },
};

static int by_name(const void *key, const void *row)
{
    return strcmp(key, ((const struct verb *)row)->name);
}

static void on_message(void *arg, const struct irc_message *m)
{
    struct irc_link *link = arg;
    const struct verb *verb =
        bsearch(m->verb, verbs, sizeof verbs / sizeof *verbs, sizeof *verbs, by_name);

    if (verb && m->count >= verb->min_params)
        verb->handle(link, m);
    else if (!verb && m->count > 1 && numeric_is_error(m->verb))
        on_refused(link, m);
}

static bool on_line(void *arg, const struct irc_line *line)
{
    struct irc_link *link = arg;

    if (!irc_library_feed(link->irc->library, line, on_message, link))
        link->reader.dropped++;
    return link->state != LINK_CLOSING;
}

/* --- the connection ---------------------------------------------------------------- */

/* Whom we tell what comes of it. */
static void speak_to_user(const struct irc_link *link)
{
    if (link->session)
        bridge_words_for(link->session->bridge);
}

/* The kernel says that we are connected when we are in the server's listen
 * queue; that the server has taken us out of it, only its first bytes tell. */
static void let_next_connect(struct irc_link *link)
{
    struct irc_link *next = link->irc ? gate_leave(&link->irc->gates, &link->turn) : NULL;

    if (next)
        schedule(next);
}

static void on_connected(void *arg)
{
    struct irc_link *link = arg;
    uint64_t now = clock_monotonic();

    link->heard_at = now;
    link->register_by = now + REGISTER_WITHIN;
    set_state(link, LINK_REGISTERING);
    register_begin(link);
    if (link->tls) /* it has answered, so that it has accepted us */
        let_next_connect(link);
    schedule(link);
}

static void on_data(void *arg, const char *data, size_t len)
{
    struct irc_link *link = arg;
    unsigned long dropped = link->reader.dropped;

    speak_to_user(link);
    link->heard_at = clock_monotonic();
    link->pinged_at = 0;
    let_next_connect(link);
    link_hold(link);
    irc_reader_feed(&link->reader, data, len, on_line, link);
    if (link->reader.dropped != dropped)
        log_debug(link->log, "%lu malformed lines dropped", link->reader.dropped - dropped);
    if (link->flood.first)
        link_flush(link);
    link_unhold(link);
}

static void free_link(struct irc_link *link)
{
    irc_reader_release(&link->reader);
    flood_release(&link->flood);
    proof_release(&link->proof);
    recent_release(&link->recent);
    map_release(&link->channels);
    free(link->wanted_nick);
    free(link->network);
    free(link->nick);
    free(link->log);
    free(link);
}

static void on_timer_closed(uv_handle_t *handle)
{
    free_link(handle->data);
}

/* Nothing is left of it but a timer, whose end frees the link. */
static void bury(struct irc_link *link)
{
    let_next_connect(link);
    if (link->irc) {
        *(link->prev ? &link->prev->next : &link->irc->links) = link->next;
        if (link->next)
            link->next->prev = link->prev;
    }
    uv_close((uv_handle_t *)&link->timer, on_timer_closed);
}

static void on_closed(void *arg, const struct bridge_error *why)
{
    struct irc_link *link = arg;

    link->conn = NULL;
    speak_to_user(link);
    if (link->state == LINK_CLOSING)
        bury(link);
    else if (why)
        link_fail(link, why->code, "%s: %s", link->network, why->text);
    else
        link_fail(link, BRIDGE_RETRY, "%s closed the connection", link->network);
}

static const struct conn_events events = {
    .on_connected = on_connected,
    .on_data = on_data,
    .on_closed = on_closed,
};

static int connect_to(struct irc_link *link, const struct network *network,
                      struct bridge_error *err)
{
    const struct conn_options options = {
        .host = network->host,
        .port = (uint16_t)network->port,
        .tls = network->tls ? CONN_TLS_ON : CONN_TLS_OFF,
        .ca_file = network->ca_file,
        .fingerprint = network->fingerprint,
        .tls_any_certificate = network->any_certificate,
        .public_only = network->public_only,
    };

    link->conn = conn_open(bridge_host_loop(link->irc->host), &options, &events, link, err);
    if (!link->conn)
        return -1;
    if (link->irc->throttled)
        conn_pause(link->conn);
    link->tls = network->tls;
    set_state(link, LINK_CONNECTING);
    log_info(link->log, "connecting to %s port %d", network->host, (int)network->port);
    return 0;
}

/* After others have: our turn has come. */
static void connect_late(struct irc_link *link)
{
    struct network network;
    struct bridge_error err;

    if (network_find(link->irc->settings, link->network, &network, &err) ||
        connect_to(link, &network, &err))
        link_fail(link, err.code, "%s: %s", link->network, err.text);
}

static void add_to(struct irc *irc, struct irc_link *link)
{
    link->next = irc->links;
    if (link->next)
        link->next->prev = link;
    irc->links = link;
}

static char *log_prefix(const struct irc_session *session, const char *network)
{
    struct strbuf prefix = STRBUF_INIT(4096);

    strbuf_addf(&prefix, "irc[%s] %s", bridge_session_user(session->bridge), network);
    return strbuf_detach(&prefix);
}

struct irc_link *link_open(struct irc_session *session, const struct network *network,
                           const char *nick, struct bridge_error *err)
{
    struct irc_link *link = bridge_alloc(sizeof *link);

    link->irc = session->irc;
    link->session = session;
    link->network = bridge_strdup(network->name);
    link->log = log_prefix(session, network->name);
    link->password = network->password;
    irc_reader_init(&link->reader);
    isupport_init(&link->isupport);
    flood_init(&link->flood, (uint64_t)network->burst, (uint64_t)network->rate);
    register_choose_nick(link, nick);
    link->turn.owner = link;
    gate_enter(&link->irc->gates, link->network, &link->turn);
    if (link->turn.open && connect_to(link, network, err)) {
        let_next_connect(link);
        free_link(link);
        return NULL;
    }
    uv_timer_init(bridge_host_loop(session->irc->host), &link->timer);
    link->timer.data = link;
    link->wait_until = clock_monotonic() + WAIT_MAX;
    add_to(session->irc, link);
    map_puts(&session->links, link->network, link);
    return link;
}

/* --- the end -------------------------------------------------------------------------- */

/* From here on nothing is handed up. */
static void detach(struct irc_link *link)
{
    channel_forget_all(link);
    if (link->session)
        map_removes(&link->session->links, link->network);
    link->session = NULL;
}

/* Tell the senders of lines that may be lost or still wait, each message once. */
static void fail_lines(struct irc_link *link, const struct bridge_error *why)
{
    struct bridge_error unproven;
    struct flood_line *line;
    struct flood_line *before = NULL;

    bridge_fail(&unproven, BRIDGE_RETRY,
                _("the connection to %s was lost before it was known to have read this; send "
                  "it again if nobody has seen it"),
                link->network);
    for (;;) {
        bool sent = link->proof.first != NULL;
        line = sent ? proof_drop(&link->proof) : flood_drop(&link->flood);
        if (!line)
            break;
        bool another = line->id && (!before || strcmp(before->id, line->id) != 0);
        if (another && link->session)
            bridge_message_failed(link->session->bridge, line->address, line->id,
                                  sent ? &unproven : why);
        if (line->id) {
            free(before);
            before = line;
        } else {
            free(line);
        }
    }
    free(before);
}

static void disconnect(struct irc_link *link)
{
    schedule(link);
    if (link->conn)
        conn_close(link->conn);
    else
        bury(link);
}

void link_fall(struct irc_link *link, const struct bridge_error *logged,
               const struct bridge_error *told)
{
    if (link->state == LINK_CLOSING)
        return;
    log_info(link->log, "down: %s", logged->text);
    set_state(link, LINK_CLOSING);
    link_hold(link);
    channel_end_all(link, told);
    fail_lines(link, told);
    detach(link);
    link_unhold(link);
    disconnect(link);
}

void link_fail(struct irc_link *link, enum bridge_code code, const char *format, ...)
{
    struct bridge_error logged, told;
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    bridge_failv(&logged, code, format, args);
    bridge_failv(&told, code, bridge_words(format), again);
    va_end(again);
    va_end(args);
    link_fall(link, &logged, &told);
}

void link_close(struct irc_link *link, const char *reason)
{
    struct flood_line *line;

    if (link->state != LINK_CLOSING) {
        /* Accepted is accepted: better too fast than not at all. */
        while (link->state == LINK_READY && (line = flood_drop(&link->flood))) {
            conn_write(link->conn, line->text, line->len);
            free(line);
        }
        if (link->state >= LINK_REGISTERING)
            link_send(link, IRC_QUIT, NULL, reason);
        log_info(link->log, "leaving: %s", reason);
        set_state(link, LINK_CLOSING);
        disconnect(link);
    }
    detach(link);
}

void link_abort(struct irc_link *link)
{
    link->irc = NULL;
    if (link->conn)
        conn_abort(link->conn);
    else
        bury(link);
}

void link_throttle(struct irc_link *link, bool on)
{
    if (!link->conn || link->state == LINK_CLOSING)
        return;
    if (on) {
        conn_pause(link->conn);
    } else {
        /* The silence was ours. */
        link->heard_at = clock_monotonic();
        if (link->pinged_at)
            link->pinged_at = link->heard_at;
        conn_resume(link->conn);
    }
}

/* --- time ------------------------------------------------------------------------------- */

static bool wants_to_close(const struct irc_link *link, uint64_t now)
{
    if (link->state == LINK_CLOSING || link->rooms || link->flood.first)
        return false;
    if (link->state == LINK_REGISTERING && link->nick_refused)
        return false; /* the user may come back with another nick */
    return !link->private_at || now - link->private_at >= PRIVATE_IDLE_MAX;
}

/* Past the queue, but at its expense: servers count this line too. */
static void ping(struct irc_link *link, uint64_t now)
{
    char token[PROOF_TOKEN_MAX];

    proof_ask(&link->proof, token);
    flood_spend(&link->flood, now);
    link_send(link, IRC_PING, NULL, token);
    if (!link->pinged_at)
        link->pinged_at = now;
}

static void check_proof(struct irc_link *link, uint64_t now)
{
    uint64_t at = proof_ask_at(&link->proof);

    if (at && now >= at)
        ping(link, now);
}

static void check_silence(struct irc_link *link, uint64_t now)
{
    if (link->irc->throttled) { /* it is we who do not listen */
        link->heard_at = now;
        link->pinged_at = 0;
    } else if (link->pinged_at && now - link->pinged_at >= PONG_WITHIN) {
        link_fail(link, BRIDGE_RETRY, "%s does not answer any more", link->network);
    } else if (!link->pinged_at && now - link->heard_at >= SILENCE_MAX) {
        ping(link, now);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct irc_link *link = timer->data;
    uint64_t now = clock_monotonic();

    link->timer_at = 0;
    speak_to_user(link);
    link_hold(link);
    if (link->state == LINK_WAITING && link->turn.open)
        connect_late(link);
    else if (link->state == LINK_WAITING && now >= link->wait_until)
        link_fail(link, BRIDGE_BUSY,
                  "too many people connect to %s at the moment; try again in a few minutes",
                  link->network);
    if (link->state == LINK_REGISTERING && now >= link->register_by)
        link_fail(link, BRIDGE_RETRY, "%s did not let us in within %d seconds", link->network,
                  REGISTER_WITHIN / 1000);
    if (link->state == LINK_READY)
        check_silence(link, now);
    if (link->state == LINK_READY)
        channel_check_deadlines(link, now);
    link_flush(link);
    link_unhold(link);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return b && b < a ? b : a; /* 0: no such time */
}

static uint64_t next_event(const struct irc_link *link)
{
    uint64_t at = UINT64_MAX;

    if (link->state == LINK_WAITING)
        return link->turn.open ? clock_monotonic() : link->wait_until;
    if (link->state == LINK_REGISTERING)
        return link->register_by;
    if (link->state != LINK_READY) /* the conn has deadlines of its own */
        return at;
    at = link->pinged_at ? link->pinged_at + PONG_WITHIN : link->heard_at + SILENCE_MAX;
    at = earlier(at, proof_ask_at(&link->proof));
    at = earlier(at, link->joins_by);
    at = earlier(at, link->rename_by);
    if (link->flood.first && !proof_full(&link->proof))
        at = earlier(at, flood_next_at(&link->flood, clock_monotonic()));
    if (!link->rooms && link->private_at)
        at = earlier(at, link->private_at + PRIVATE_IDLE_MAX);
    return at;
}

/* Times mostly move away, as with every line that is heard: the timer is then
 * left to fire early, which costs less than setting it each time. */
static void schedule(struct irc_link *link)
{
    uint64_t at = next_event(link);
    uint64_t now;

    if (at == UINT64_MAX) {
        uv_timer_stop(&link->timer);
        link->timer_at = 0;
    } else if (!link->timer_at || at < link->timer_at) {
        now = clock_monotonic();
        uv_timer_start(&link->timer, on_timer, at > now ? at - now : 1, 0);
        link->timer_at = at;
    }
}

/* --- sending ------------------------------------------------------------------------------ */

void link_send(struct irc_link *link, enum irc_command command, const char *target,
               const char *text)
{
    struct strbuf line = STRBUF_INIT(IRC_LIBRARY_MAX);
    size_t len = text ? strlen(text) : 0;
    char *cut = text ? bridge_strndup(text, utf8_cut(text, len, SENT_TEXT_MAX)) : NULL;

    if (irc_library_format(link->irc->library, &line, command, target, cut) == 0)
        conn_write(link->conn, line.data, line.len);
    strbuf_release(&line);
    free(cut);
}

int link_queue(struct irc_link *link, enum irc_command command, const char *target,
               const char *text, const char *address, const char *id)
{
    struct strbuf line = STRBUF_INIT(IRC_LIBRARY_MAX);
    int rc = irc_library_format(link->irc->library, &line, command, target, text);

    if (rc == 0)
        flood_add(&link->flood, line.data, line.len, address, id);
    strbuf_release(&line);
    return rc;
}

int link_check_room(const struct irc_link *link, size_t size, struct bridge_error *err)
{
    if (link->flood.queued + size > FLOOD_QUEUE_MAX ||
        (link->conn && conn_full(link->conn)))
        return bridge_fail(err, BRIDGE_BUSY,
                           _("%s takes no more at the moment, too much waits to be sent"),
                           link->network);
    return 0;
}

static void send_line(struct irc_link *link, struct flood_line *line, uint64_t now)
{
    conn_write(link->conn, line->text, line->len);
    if (!line->id) {
        free(line);
        return;
    }
    recent_add(&link->recent, line->address, line->id, now);
    proof_add(&link->proof, line, now);
}

void link_flush(struct irc_link *link)
{
    struct flood_line *line;
    uint64_t now = clock_monotonic();

    while (link->state == LINK_READY && !proof_full(&link->proof) &&
           (line = flood_take(&link->flood, now)))
        send_line(link, line, now);
    if (link->state == LINK_READY)
        check_proof(link, now);
    if (!link->flood.first)
        link->drained_at = now;
    if (wants_to_close(link, now))
        link_close(link, link->irc->settings->quit_message);
    else if (link->state != LINK_CLOSING)
        schedule(link);
}

void link_ready(struct irc_link *link)
{
    set_state(link, LINK_READY);
    log_info(link->log, "up, as %s", link->nick);
    channel_enter_all(link);
    link_flush(link);
}

/* --- helpers ----------------------------------------------------------------------------- */

void link_hold(struct irc_link *link)
{
    link->busy++;
}

void link_unhold(struct irc_link *link)
{
    if (!--link->busy)
        channel_free_dead(link);
}

bool link_is_us(const struct irc_link *link, const char *nick)
{
    return casemap_equal(link->isupport.casemap, nick, link->nick);
}

size_t link_budget(const struct irc_link *link, const char *verb, const char *target)
{
    size_t linelen = link->isupport.linelen;
    size_t source = link->source_len ? link->source_len : strlen(link->nick) + SOURCE_GUESS;

    if (linelen > IRC_LIBRARY_MAX - 24)
        linelen = IRC_LIBRARY_MAX - 24;
    return text_budget(linelen, source, verb, target);
}

const char *link_clean_bytes(struct irc_link *link, const char *text, size_t len)
{
    strbuf_reset(&link->irc->text);
    text_add_clean(&link->irc->text, text, len);
    return strbuf_text(&link->irc->text);
}

const char *link_clean(struct irc_link *link, const char *text)
{
    return link_clean_bytes(link, text, strlen(text));
}

const char *link_address(struct irc_link *link, const char *name)
{
    strbuf_reset(&link->irc->address);
    address_add(&link->irc->address, name, link->network);
    return strbuf_text(&link->irc->address);
}

void link_notice(struct irc_link *link, const char *text)
{
    const struct bridge_message message = { .body = link_clean(link, text),
                                            .kind = BRIDGE_NOTICE };

    if (*message.body)
        bridge_message(link->session->bridge, link->network, &message);
}
