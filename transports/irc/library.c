#include "library.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libircclient.h>

/* The descriptor that the library is told it has. It must fit an fd_set, and is
 * only ever used while `pair` is set. A high one, so that a libircclient whose
 * calls escape the redirection finds it closed, and fails the test at start. */
#define PAIR_FD (FD_SETSIZE - 1)

/* No line can contain a space where the library looks for our nick. */
#define NOBODY " "

#define OUT_MAX 1024 /* the library's own output buffer */

struct irc_library {
    irc_session_t *parser;
    irc_session_t *formatter;
    fd_set pair_set; /* PAIR_FD alone */
    fd_set no_set;

    void (*handler)(void *arg, const struct irc_message *message);
    void *arg;
    const struct irc_line *line; /* being parsed */
};

/* --- the pair ---------------------------------------------------------------- */

/* What the library reads and writes while it runs; NULL at all other times. */
static struct pair {
    const char *in;
    size_t in_len;
    char *out; /* OUT_MAX bytes */
    size_t out_len;
} * pair;

/* The linker gives the library's calls (and, should it ever make one, our own)
 * to the __wrap_ functions; __real_ is the function itself. */
#define WRAP(result, name, ...)                                                                \
    result __real_##name(__VA_ARGS__);                                                         \
    result __wrap_##name(__VA_ARGS__);                                                         \
    result __wrap_##name(__VA_ARGS__)

WRAP(int, socket, int domain, int type, int protocol)
{
    return pair ? PAIR_FD : __real_socket(domain, type, protocol);
}

WRAP(int, connect, int fd, const struct sockaddr *address, socklen_t len)
{
    return pair ? 0 : __real_connect(fd, address, len);
}

WRAP(int, fcntl, int fd, int command, ...)
{
    va_list args;

    va_start(args, command);
    void *arg = va_arg(args, void *); /* wide enough for whatever it is */
    va_end(args);
    return pair ? 0 : __real_fcntl(fd, command, arg);
}

WRAP(int, close, int fd)
{
    return pair ? 0 : __real_close(fd);
}

static int no_address(struct sockaddr *address, socklen_t *len)
{
    const struct sockaddr_in nowhere = { .sin_family = AF_INET };

    memcpy(address, &nowhere, *len < sizeof nowhere ? *len : sizeof nowhere);
    return 0;
}

WRAP(int, getsockname, int fd, struct sockaddr *address, socklen_t *len)
{
    return pair ? no_address(address, len) : __real_getsockname(fd, address, len);
}

WRAP(int, getpeername, int fd, struct sockaddr *address, socklen_t *len)
{
    return pair ? no_address(address, len) : __real_getpeername(fd, address, len);
}

WRAP(ssize_t, recv, int fd, void *data, size_t size, int flags)
{
    if (!pair)
        return __real_recv(fd, data, size, flags);
    size_t n = pair->in_len < size ? pair->in_len : size;
    memcpy(data, pair->in, n);
    pair->in += n;
    pair->in_len -= n;
    return (ssize_t)n;
}

WRAP(ssize_t, send, int fd, const void *data, size_t len, int flags)
{
    if (!pair)
        return __real_send(fd, data, len, flags);
    size_t n = pair->out ? OUT_MAX - pair->out_len : 0;
    n = len < n ? len : n;
    memcpy(pair->out + pair->out_len, data, n);
    pair->out_len += n;
    return (ssize_t)n;
}

/* --- sessions ------------------------------------------------------------------ */

static void hand_over(struct irc_library *l, const char *verb, const char *source,
                      const char **params, unsigned count)
{
    const struct irc_message message = { .tags = l->line->tags,
                                         .tags_len = l->line->tags_len,
                                         .source = source,
                                         .verb = verb,
                                         .params = params,
                                         .count = count };
    struct pair *mine = pair;

    /* The handler may format, and may call what makes system calls. */
    pair = NULL;
    l->handler(l->arg, &message);
    pair = mine;
}

static void on_word(irc_session_t *session, const char *event, const char *origin,
                    const char **params, unsigned count)
{
    hand_over(irc_get_ctx(session), event, origin, params, count);
}

/* The library's name for this event is "CHANNEL", or "PRIVMSG" by its idea of
 * who we are. */
static void on_privmsg(irc_session_t *session, const char *event, const char *origin,
                       const char **params, unsigned count)
{
    (void)event;
    hand_over(irc_get_ctx(session), "PRIVMSG", origin, params, count);
}

static void on_numeric(irc_session_t *session, unsigned event, const char *origin,
                       const char **params, unsigned count)
{
    const char verb[] = { (char)('0' + event / 100 % 10), (char)('0' + event / 10 % 10),
                          (char)('0' + event % 10), 0 };

    hand_over(irc_get_ctx(session), verb, origin, params, count);
}

/* Without this one the library would answer requests of strangers by itself.
 * CTCP never gets here (line.h). */
static void on_ctcp(irc_session_t *session, const char *event, const char *origin,
                    const char **params, unsigned count)
{
    (void)session;
    (void)event;
    (void)origin;
    (void)params;
    (void)count;
}

/* Let the library read (`in`) or write (`out`). It does not change the sets. */
static int run(struct irc_library *l, irc_session_t *session, struct pair *p, bool in, bool out)
{
    struct pair *before = pair;

    pair = p;
    int rc = irc_process_select_descriptors(session, in ? &l->pair_set : &l->no_set,
                                            out ? &l->pair_set : &l->no_set);
    pair = before;
    return rc;
}

/* A session that believes it is connected, its buffers empty. */
static irc_session_t *open_session(struct irc_library *l)
{
    irc_callbacks_t callbacks = {
        .event_nick = on_word,
        .event_quit = on_word,
        .event_join = on_word,
        .event_part = on_word,
        .event_mode = on_word,
        .event_umode = on_word,
        .event_topic = on_word,
        .event_kick = on_word,
        .event_channel = on_privmsg,
        .event_privmsg = on_privmsg,
        .event_notice = on_word,
        .event_channel_notice = on_word,
        .event_invite = on_word,
        .event_unknown = on_word,
        .event_ctcp_req = on_ctcp,
        .event_numeric = on_numeric,
    };
    irc_session_t *session = irc_create_session(&callbacks);
    char out[OUT_MAX];
    struct pair p = { .out = out };

    if (!session)
        return NULL;
    irc_set_ctx(session, l);
    /* Constants only: it uses them as format strings. */
    pair = &p;
    int rc = irc_connect(session, "127.0.0.1", 1, NULL, NOBODY, "nobody", "nobody");
    pair = NULL;
    if (rc || run(l, session, &p, false, true) || /* connects, queues NICK and USER */
        run(l, session, &p, false, true)) {       /* which we swallow */
        irc_destroy_session(session);
        return NULL;
    }
    return session;
}

static void close_session(irc_session_t *session)
{
    struct pair p = { 0 };

    if (!session)
        return;
    pair = &p; /* it closes its descriptor */
    irc_destroy_session(session);
    pair = NULL;
}

static void on_test_message(void *arg, const struct irc_message *m)
{
    bool *right = arg;

    *right = !strcmp(m->verb, "PRIVMSG") && !strcmp(m->source, "nick!user@host") &&
             m->count == 2 && !strcmp(m->params[0], "#channel") &&
             !strcmp(m->params[1], "two words");
}

static bool works(struct irc_library *l)
{
    static const char text[] = ":nick!user@host PRIVMSG #channel :two words";
    const struct irc_line line = { .text = text, .len = sizeof text - 1 };
    struct strbuf out = STRBUF_INIT(OUT_MAX);
    bool right = false;

    if (!irc_library_feed(l, &line, on_test_message, &right) ||
        irc_library_format(l, &out, IRC_PRIVMSG, "#channel", "two words"))
        right = false;
    right = right && !strcmp(strbuf_text(&out), "PRIVMSG #channel :two words\r\n");
    strbuf_release(&out);
    return right;
}

struct irc_library *irc_library_new(struct bridge_error *err)
{
    struct irc_library *l = bridge_alloc(sizeof *l);

    FD_ZERO(&l->no_set);
    FD_ZERO(&l->pair_set);
    FD_SET(PAIR_FD, &l->pair_set);
    l->parser = open_session(l);
    l->formatter = open_session(l);
    if (!l->parser || !l->formatter || !works(l)) {
        irc_library_free(l);
        bridge_fail(err, BRIDGE_INVALID,
                    "libircclient does not work as it was linked into this plugin; "
                    "bridged must be built again with the libircclient-dev of this system");
        return NULL;
    }
    return l;
}

void irc_library_free(struct irc_library *l)
{
    if (!l)
        return;
    close_session(l->parser);
    close_session(l->formatter);
    free(l);
}

/* --- in -------------------------------------------------------------------------- */

static void parse_ourselves(struct irc_library *l)
{
    struct irc_pieces pieces;
    struct irc_message message;

    irc_line_parse(l->line, &pieces, &message);
    l->handler(l->arg, &message);
}

static void parse_by_library(struct irc_library *l)
{
    char text[IRC_LIBRARY_MAX + 2];
    struct pair p = { .in = text, .in_len = l->line->len + 2 };

    memcpy(text, l->line->text, l->line->len);
    memcpy(text + l->line->len, "\r\n", 2);
    int rc = run(l, l->parser, &p, true, false);
    assert(!rc && !p.in_len);
}

bool irc_library_feed(struct irc_library *l, const struct irc_line *line,
                      void (*handler)(void *arg, const struct irc_message *message), void *arg)
{
    enum irc_verdict verdict = irc_line_judge(line);

    assert(!l->line);
    if (verdict == IRC_LINE_BAD)
        return false;
    l->line = line;
    l->handler = handler;
    l->arg = arg;
    if (verdict == IRC_LINE_PLAIN)
        parse_by_library(l);
    else
        parse_ourselves(l);
    l->line = NULL;
    return true;
}

/* --- out ------------------------------------------------------------------------- */

static int send_cap(irc_session_t *s, const char *target, const char *text)
{
    return text ? irc_send_raw(s, "CAP %s :%s", target, text)
                : irc_send_raw(s, "CAP %s", target);
}

static int send_mode(irc_session_t *s, const char *target, const char *text)
{
    return irc_cmd_channel_mode(s, target, text);
}

static int send_names(irc_session_t *s, const char *target, const char *text)
{
    (void)text;
    return irc_cmd_names(s, target);
}

static int send_nick(irc_session_t *s, const char *target, const char *text)
{
    (void)text;
    return irc_cmd_nick(s, target);
}

/* irc_cmd_part() has no reason. */
static int send_part(irc_session_t *s, const char *target, const char *text)
{
    return text ? irc_send_raw(s, "PART %s :%s", target, text) : irc_cmd_part(s, target);
}

static int send_pass(irc_session_t *s, const char *target, const char *text)
{
    (void)target;
    return irc_send_raw(s, "PASS :%s", text);
}

static int send_ping(irc_session_t *s, const char *target, const char *text)
{
    (void)target;
    return irc_send_raw(s, "PING :%s", text);
}

static int send_pong(irc_session_t *s, const char *target, const char *text)
{
    (void)target;
    return irc_send_raw(s, "PONG :%s", text);
}

static int send_quit(irc_session_t *s, const char *target, const char *text)
{
    (void)target;
    return irc_cmd_quit(s, text);
}

static int send_user(irc_session_t *s, const char *target, const char *text)
{
    return irc_send_raw(s, "USER %s 0 * :%s", target, text);
}

static const struct command {
    int (*send)(irc_session_t *session, const char *target, const char *text);
    bool needs_target;
    bool needs_text;
} commands[] = {
    [IRC_CAP] = { send_cap, true, false },       [IRC_JOIN] = { irc_cmd_join, true, false },
    [IRC_MODE] = { send_mode, true, false },     [IRC_NAMES] = { send_names, true, false },
    [IRC_NICK] = { send_nick, true, false },     [IRC_NOTICE] = { irc_cmd_notice, true, true },
    [IRC_PART] = { send_part, true, false },     [IRC_PASS] = { send_pass, false, true },
    [IRC_PING] = { send_ping, false, true },     [IRC_PONG] = { send_pong, false, true },
    [IRC_PRIVMSG] = { irc_cmd_msg, true, true }, [IRC_QUIT] = { send_quit, false, true },
    [IRC_TOPIC] = { irc_cmd_topic, true, true }, [IRC_USER] = { send_user, true, true },
};

/* Copy without CR and LF (NUL ends it anyway). NULL if it does not fit. */
static const char *strip(char out[IRC_LIBRARY_MAX + 1], const char *text)
{
    size_t n = 0;

    for (; *text; text++) {
        if (*text == '\r' || *text == '\n')
            continue;
        if (n == IRC_LIBRARY_MAX)
            return NULL;
        out[n++] = *text;
    }
    out[n] = 0;
    return out;
}

/* One parameter, and not the last one by a colon of its own. */
static bool is_middle(const char *text)
{
    return *text && *text != ':' && !strchr(text, ' ');
}

int irc_library_format(struct irc_library *l, struct strbuf *out, enum irc_command command,
                       const char *target, const char *text)
{
    const struct command *c = &commands[command];
    char target_buf[IRC_LIBRARY_MAX + 1];
    char text_buf[IRC_LIBRARY_MAX + 1];
    char line[OUT_MAX];
    struct pair p = { .out = line };

    assert((target || !c->needs_target) && (text || !c->needs_text));
    if (target && (!(target = strip(target_buf, target)) || !is_middle(target)))
        return -1;
    if (text && !(text = strip(text_buf, text)))
        return -1;
    /* The verb, "0 *", spaces, colon and CR LF come to less than 24 bytes. */
    if ((target ? strlen(target) : 0) + (text ? strlen(text) : 0) > IRC_LIBRARY_MAX - 24)
        return -1;
    if (c->send(l->formatter, target, text) || run(l, l->formatter, &p, false, true))
        return -1;
    strbuf_add(out, line, p.out_len);
    return 0;
}
