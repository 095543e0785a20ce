#include "chat.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <bridge/clock.h>
#include <bridge/words.h>

#include "address.h"
#include "channel.h"
#include "numeric.h"
#include "text.h"

#define ACTION_HEAD  "\1ACTION "
#define ACTION_EXTRA (sizeof ACTION_HEAD - 1 + 1)

/* Strangers must not make us send without end. */
#define CTCP_ANSWERS_MAX 3
#define CTCP_WINDOW      30000 /* ms */
#define CTCP_ECHO_MAX    100

/* --- out ------------------------------------------------------------------------------- */

/* A message on its way to one target. */
struct outgoing {
    enum irc_command command;
    const char *verb;
    const char *target;
    size_t budget; /* of a piece */
    const struct bridge_message *message;
    const char *address;
};

static void prepare(struct outgoing *o, const struct irc_link *link, const char *target,
                    const char *address, const struct bridge_message *message)
{
    bool notice = message->kind == BRIDGE_NOTICE;

    *o = (struct outgoing){ .command = notice ? IRC_NOTICE : IRC_PRIVMSG,
                            .verb = notice ? "NOTICE" : "PRIVMSG",
                            .target = target,
                            .message = message,
                            .address = address };
    o->budget = link_budget(link, o->verb, target);
    if (message->kind == BRIDGE_ACTION)
        o->budget -= ACTION_EXTRA;
}

/* Bytes that all lines will take in the queue; 0: there is no text. */
static size_t measure(const struct outgoing *o)
{
    size_t around = strlen(o->verb) + strlen(o->target) + ACTION_EXTRA + sizeof " :\r\n";
    const char *rest = o->message->body;
    const char *piece;
    size_t size = 0;
    size_t len;

    while ((len = text_next_piece(&rest, o->budget, &piece)))
        size += flood_line_size(around + len, o->address, o->message->id);
    return size;
}

/* \1 would make a command for the other client of it. */
static void add_piece(struct strbuf *out, const char *piece, size_t len)
{
    const char *end = piece + len;
    const char *mark;

    while ((mark = memchr(piece, '\1', (size_t)(end - piece)))) {
        strbuf_add(out, piece, (size_t)(mark - piece));
        piece = mark + 1;
    }
    strbuf_add(out, piece, (size_t)(end - piece));
}

static int queue(struct irc_link *link, const struct outgoing *o, struct bridge_error *err)
{
    const char *rest = o->message->body;
    struct strbuf text = STRBUF_INIT(IRC_LIBRARY_MAX);
    const char *piece;
    size_t size = measure(o);
    size_t len;
    int rc = 0;

    if (!size)
        return bridge_fail(err, BRIDGE_INVALID, _("there is no text in the message"));
    if (link_check_room(link, size, err))
        return -1;
    while (rc == 0 && (len = text_next_piece(&rest, o->budget, &piece))) {
        strbuf_reset(&text);
        if (o->message->kind == BRIDGE_ACTION)
            strbuf_adds(&text, ACTION_HEAD);
        add_piece(&text, piece, len);
        if (o->message->kind == BRIDGE_ACTION)
            strbuf_addch(&text, '\1');
        rc = link_queue(link, o->command, o->target, strbuf_text(&text), o->address,
                        o->message->id);
    }
    strbuf_release(&text);
    if (rc)
        return bridge_fail(err, BRIDGE_INVALID, _("IRC has no way to write to '%s'"), o->target);
    return 0;
}

int chat_send(struct irc_link *link, const char *nick, const char *address,
              const struct bridge_message *message, struct bridge_error *err)
{
    struct outgoing o;

    prepare(&o, link, nick, address, message);
    if (queue(link, &o, err))
        return -1;
    link->private_at = clock_monotonic();
    return 0;
}

/* XEP-0045 §7.4: the sender and its other clients see what went out, line by
 * line; the first line is the stanza by its id. */
static void reflect(struct irc_link *link, const struct outgoing *o, struct bridge_room *room)
{
    struct bridge_message part = { .id = o->message->id, .kind = o->message->kind };
    const char *rest = o->message->body;
    struct strbuf text = STRBUF_INIT(IRC_LIBRARY_MAX);
    struct channel *c;
    const char *piece;
    size_t len;

    while ((len = text_next_piece(&rest, o->budget, &piece))) {
        c = channel_find(link, o->target);
        if (!c || c->room != room)
            break; /* left within the last upcall */
        strbuf_reset(&text);
        add_piece(&text, piece, len);
        part.body = strbuf_text(&text);
        bridge_room_message(room, link->nick, &part);
        part.id = NULL;
    }
    strbuf_release(&text);
}

int chat_say(struct irc_link *link, const char *channel, struct bridge_room *room,
             const struct bridge_message *message, struct bridge_error *err)
{
    struct outgoing o;

    prepare(&o, link, channel, bridge_room_address(room), message);
    if (queue(link, &o, err))
        return -1;
    link_flush(link);
    link_hold(link);
    reflect(link, &o, room);
    link_unhold(link);
    return 0;
}

bool chat_refused(struct irc_link *link, const struct irc_message *m)
{
    struct bridge_error why;
    const char *id;

    if (m->count < 3)
        return false;
    const char *address = link_address(link, m->params[1]);
    if (!(id = recent_fail(&link->recent, address, link->isupport.casemap, clock_monotonic())))
        return false;
    proof_forget(&link->proof, address, id, link->isupport.casemap);
    numeric_explain(m->verb, m->params[m->count - 1], &why);
    bridge_message_failed(link->session->bridge, address, id, &why);
    return true;
}

/* --- CTCP ------------------------------------------------------------------------------- */

static bool may_answer(struct irc_link *link)
{
    uint64_t now = clock_monotonic();

    if (now - link->ctcp_since >= CTCP_WINDOW) {
        link->ctcp_since = now;
        link->ctcp_answers = 0;
    }
    return link->ctcp_answers++ < CTCP_ANSWERS_MAX;
}

static void answer_version(struct strbuf *out, const struct text_ctcp *ctcp)
{
    (void)ctcp;
    strbuf_addf(out, "bridged %s", bridge_version());
}

static void answer_ping(struct strbuf *out, const struct text_ctcp *ctcp)
{
    size_t len = ctcp->rest_len < CTCP_ECHO_MAX ? ctcp->rest_len : CTCP_ECHO_MAX;

    strbuf_add(out, ctcp->rest, len);
}

static void answer_time(struct strbuf *out, const struct text_ctcp *ctcp)
{
    time_t now = (time_t)(clock_wall() / 1000);
    char text[40];
    struct tm utc;

    (void)ctcp;
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    strbuf_adds(out, text);
}

static void answer_clientinfo(struct strbuf *out, const struct text_ctcp *ctcp)
{
    (void)ctcp;
    strbuf_adds(out, "ACTION CLIENTINFO PING TIME VERSION");
}

static const struct {
    const char *verb;
    void (*answer)(struct strbuf *out, const struct text_ctcp *ctcp);
} requests[] = {
    { "CLIENTINFO", answer_clientinfo },
    { "PING", answer_ping },
    { "TIME", answer_time },
    { "VERSION", answer_version },
};

static void on_request(struct irc_link *link, const char *nick, const struct text_ctcp *ctcp)
{
    struct strbuf text = STRBUF_INIT(IRC_LIBRARY_MAX);

    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        if (strcmp(requests[i].verb, ctcp->verb) != 0 || !may_answer(link))
            continue;
        strbuf_addf(&text, "\1%s ", ctcp->verb);
        requests[i].answer(&text, ctcp);
        strbuf_addch(&text, '\1');
        link_queue(link, IRC_NOTICE, nick, strbuf_text(&text), NULL, NULL);
        link_flush(link);
    }
    strbuf_release(&text);
}

/* --- in --------------------------------------------------------------------------------- */

/* `nick` NULL: the server. */
static void hand_up(struct irc_link *link, const char *nick, const char *target,
                    const struct bridge_message *message)
{
    const char *bare = isupport_bare_target(&link->isupport, target);

    if (isupport_is_channel(&link->isupport, bare)) {
        struct channel *c = channel_find(link, bare);
        if (c && channel_is_in(c))
            bridge_room_message(c->room, nick, message);
    } else if (nick) {
        link->private_at = link->heard_at;
        bridge_message(link->session->bridge, link_address(link, nick), message);
    } else if (link->state == LINK_READY) { /* what it says before, everybody skips */
        bridge_message(link->session->bridge, link->network, message);
    }
}

static void on_text(struct irc_link *link, const struct irc_message *m,
                    enum bridge_message_kind kind)
{
    struct bridge_message message = { .kind = kind };
    struct text_ctcp ctcp;
    char buf[IRC_NAME_MAX + 1];
    const char *nick = irc_source_nick(m->source, buf, sizeof buf) ? buf : NULL;

    if (!text_parse_ctcp(m->params[1], &ctcp)) {
        message.body = link_clean(link, m->params[1]);
    } else if (kind == BRIDGE_TEXT && !strcmp(ctcp.verb, "ACTION")) {
        message.kind = BRIDGE_ACTION;
        message.body = link_clean_bytes(link, ctcp.rest, ctcp.rest_len);
    } else {
        if (kind == BRIDGE_TEXT && nick) /* answers come as NOTICE; we ask nobody */
            on_request(link, nick, &ctcp);
        return;
    }
    if (*message.body)
        hand_up(link, nick, m->params[0], &message);
}

void chat_on_privmsg(struct irc_link *link, const struct irc_message *m)
{
    on_text(link, m, BRIDGE_TEXT);
}

void chat_on_notice(struct irc_link *link, const struct irc_message *m)
{
    on_text(link, m, BRIDGE_NOTICE);
}

/* "INVITE nick #channel" */
void chat_on_invite(struct irc_link *link, const struct irc_message *m)
{
    char nick[IRC_NAME_MAX + 1];
    struct strbuf text = STRBUF_INIT(4 * IRC_LINE_MAX);
    struct bridge_message message = { .kind = BRIDGE_NOTICE };

    if (!irc_source_nick(m->source, nick, sizeof nick) || !link_is_us(link, m->params[0]))
        return;
    strbuf_adds(&text, "invites you to ");
    address_add(&text, link_clean(link, m->params[1]), link->network);
    strbuf_addf(&text, "@%s", bridge_host_domain(link->irc->host));
    message.body = strbuf_text(&text);
    bridge_message(link->session->bridge, link_address(link, nick), &message);
    strbuf_release(&text);
}
