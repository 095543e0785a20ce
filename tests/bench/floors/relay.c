/* relay - the floor of a gateway: the least that can be done for gwload's traffic.
 *
 * From outside it looks like a gateway (component handshake, one IRC connection
 * per user, presences, messages, reflections, stanzas as large as biboumi's), but
 * it parses and builds no XML, escapes nothing, keeps no members and no database:
 * it finds the text with memmem() and copies it between canned bytes. What remains
 * is the cost of the sockets. It understands only what gwload sends, and trusts it.
 *
 * usage: relay XMPP_PORT DOMAIN SECRET IRC_HOST IRC_PORT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_USERS       20000
#define EVENTS_PER_STEP 256
#define KEPT_OUTPUT     4096 /* bytes of an idle session's buffer */

struct output {
    char *bytes;
    size_t len;
    size_t size;
};

struct canned {
    char text[320];
    size_t len;
};

struct session {
    int fd; /* -1: the IRC server closed */
    int user;
    bool joined;
    bool dirty;
    struct session *next_dirty;
    struct output out;
    char *partial; /* an unfinished line */
    size_t partial_len;
    char channel[48];
    struct canned message, reflection, tail, presence;
};

static struct session *sessions[MAX_USERS];
static struct session *dirty_list;
static struct output to_xmpp;
static const char *domain;
static const char *irc_host;
static int irc_port;
static int epoll_fd;
static int xmpp_fd;
static char irc_input[262144];
static char xmpp_input[1 << 20];
static size_t xmpp_input_len;
static volatile sig_atomic_t stopped;

static void put(struct output *o, const void *bytes, size_t len)
{
    if (o->size - o->len < len) {
        while (o->size - o->len < len)
            o->size = o->size ? o->size * 2 : 256;
        o->bytes = realloc(o->bytes, o->size);
        if (!o->bytes)
            exit(3);
    }
    memcpy(o->bytes + o->len, bytes, len);
    o->len += len;
}

static void puts_to(struct output *o, const char *text)
{
    put(o, text, strlen(text));
}

static void put_canned(struct output *o, const struct canned *c)
{
    put(o, c->text, c->len);
}

/* Write what goes. A full socket is tried again in the next step. */
static bool drain(int fd, struct output *o)
{
    size_t done = 0;

    while (done < o->len) {
        ssize_t n = send(fd, o->bytes + done, o->len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN)
            exit(0);
        if (n < 0)
            break;
        done += (size_t)n;
    }
    memmove(o->bytes, o->bytes + done, o->len - done);
    o->len -= done;
    return !o->len;
}

static void mark_dirty(struct session *s)
{
    if (s->dirty)
        return;
    s->dirty = true;
    s->next_dirty = dirty_list;
    dirty_list = s;
}

static void irc_say(struct session *s, const void *bytes, size_t len)
{
    put(&s->out, bytes, len);
    mark_dirty(s);
}

static int tcp_connect(const char *ip, int port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, ip, &a.sin_addr);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a)) {
        perror("relay: connect");
        exit(1);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void watch(int fd, void *owner)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = owner };

    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

#define CAN(c, ...) ((c)->len = (size_t)snprintf((c)->text, sizeof(c)->text, __VA_ARGS__))

static void can_stanzas(struct session *s)
{
    CAN(&s->message,
        "<message to='u%d@xmpp.test/load' id='01234567-89ab-cdef-0123-456789abcdef' "
        "from='%s%%%s@%s/alice_0' type='groupchat'><body>",
        s->user, s->channel, irc_host, domain);
    CAN(&s->reflection,
        "<message to='u%d@xmpp.test/load' id='m01234567' from='%s%%%s@%s/u%d' "
        "type='groupchat'><body>",
        s->user, s->channel, irc_host, domain, s->user);
    CAN(&s->tail,
        "</body><stanza-id xmlns='urn:xmpp:sid:0' by='%s%%%s@%s' "
        "id='01234567-89ab-cdef-0123-456789abcdef'/></message>",
        s->channel, irc_host, domain);
    CAN(&s->presence, "<presence to='u%d@xmpp.test/load' from='%s%%%s@%s/", s->user, s->channel,
        irc_host, domain);
}

static void join(int user, const char *channel, size_t len)
{
    struct session *s = calloc(1, sizeof *s);
    char line[200];

    if (!s)
        exit(3);
    sessions[user] = s;
    s->user = user;
    snprintf(s->channel, sizeof s->channel, "%.*s", (int)len, channel);
    can_stanzas(s);
    s->fd = tcp_connect(irc_host, irc_port);
    watch(s->fd, s);
    int n = snprintf(line, sizeof line, "NICK u%d\r\nUSER u%d gw.test ignored :u%d\r\n", user,
                     user, user);
    irc_say(s, line, (size_t)n);
}

static void presence(const struct session *s, const char *nick, size_t len, bool self)
{
    put_canned(&to_xmpp, &s->presence);
    put(&to_xmpp, nick, len);
    puts_to(&to_xmpp, "'><x xmlns='http://jabber.org/protocol/muc#user'>"
                      "<item affiliation='none' role='participant' jid='");
    put(&to_xmpp, nick, len);
    puts_to(&to_xmpp, "%127.0.0.1@gw.test'/>");
    if (self)
        puts_to(&to_xmpp, "<status code='110'/><status code='210'/><status code='100'/>");
    puts_to(&to_xmpp, "</x></presence>");
}

static void own_presence(const struct session *s)
{
    char nick[16];
    int len = snprintf(nick, sizeof nick, "u%d", s->user);

    presence(s, nick, (size_t)len, true);
}

/* One presence per name of a 353 line, but none for the user's own. */
static void present_names(const struct session *s, const char *p, const char *end)
{
    char own[16];
    size_t own_len = (size_t)snprintf(own, sizeof own, "u%d", s->user);

    while (p < end) {
        const char *space = memchr(p, ' ', (size_t)(end - p));
        if (!space)
            space = end;
        if (*p == '@' || *p == '+')
            p++;
        size_t len = (size_t)(space - p);
        if (len != own_len || memcmp(p, own, len))
            presence(s, p, len, false);
        p = space + 1;
    }
}

static bool is_numeric(const char *p, size_t len, const char *numeric)
{
    return len > 14 && !memcmp(p + strlen(":irc.test"), numeric, 5);
}

static void say_join(struct session *s)
{
    irc_say(s, "JOIN ", 5);
    irc_say(s, s->channel, strlen(s->channel));
    irc_say(s, "\r\n", 2);
}

static void on_irc_line(struct session *s, const char *p, size_t len)
{
    const char *end = p + len;
    const char *t;

    if (p[0] == ':' && (t = memmem(p, len, " PRIVMSG ", 9)) &&
        (t = memchr(t, ':', (size_t)(end - t)))) {
        put_canned(&to_xmpp, &s->message);
        put(&to_xmpp, t + 1, (size_t)(end - t - 1));
        put_canned(&to_xmpp, &s->tail);
    } else if (is_numeric(p, len, " 353 ") && (t = memchr(p + 1, ':', len - 1))) {
        present_names(s, t + 1, end);
    } else if (is_numeric(p, len, " 366 ")) {
        own_presence(s);
        s->joined = true;
    } else if (is_numeric(p, len, " 001 ")) {
        say_join(s);
    } else if (s->joined && memmem(p, len, " JOIN ", 6) && (t = memchr(p, '!', len))) {
        presence(s, p + 1, (size_t)(t - p - 1), false);
    } else if (len > 5 && !memcmp(p, "PING ", 5)) {
        irc_say(s, "PONG ", 5);
        irc_say(s, p + 5, len - 5);
        irc_say(s, "\r\n", 2);
    }
}

static void keep_partial(struct session *s, const char *p, size_t len)
{
    if (len > s->partial_len)
        s->partial = realloc(s->partial, len);
    s->partial_len = len;
    if (len)
        memcpy(s->partial, p, len);
}

static void on_irc_readable(struct session *s)
{
    size_t len = s->partial_len;
    size_t at = 0;

    if (len)
        memcpy(irc_input, s->partial, len);
    ssize_t n = recv(s->fd, irc_input + len, sizeof irc_input - len, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        close(s->fd);
        s->fd = -1;
        return;
    }
    len += (size_t)n;
    for (char *nl; (nl = memchr(irc_input + at, '\n', len - at));) {
        char *line = irc_input + at;
        on_irc_line(s, line, (size_t)(nl - line) - (nl > line && nl[-1] == '\r'));
        at = (size_t)(nl + 1 - irc_input);
    }
    keep_partial(s, irc_input + at, len - at);
}

static void on_message(struct session *s, const char *p, size_t len)
{
    const char *body = memmem(p, len, "<body>", 6);
    const char *end = body ? memmem(body, len - (size_t)(body - p), "</", 2) : NULL;

    if (!end)
        return;
    body += 6;
    irc_say(s, "PRIVMSG ", 8);
    irc_say(s, s->channel, strlen(s->channel));
    irc_say(s, " :", 2);
    irc_say(s, body, (size_t)(end - body));
    irc_say(s, "\r\n", 2);
    put_canned(&to_xmpp, &s->reflection);
    put(&to_xmpp, body, (size_t)(end - body));
    put_canned(&to_xmpp, &s->tail);
}

static void on_stanza(const char *p, size_t len)
{
    const char *from = memmem(p, len, "from='u", 7);
    int user = from ? atoi(from + 7) : -1;

    if (user < 0 || user >= MAX_USERS)
        return;
    if (p[1] == 'm' && sessions[user]) {
        on_message(sessions[user], p, len);
    } else if (p[1] == 'p' && !sessions[user]) {
        const char *to = memmem(p, len, "to='", 4);
        const char *percent = to ? memchr(to, '%', len - (size_t)(to - p)) : NULL;
        if (percent)
            join(user, to + 4, (size_t)(percent - to - 4));
    }
}

static const char *end_tag(const char *stanza)
{
    switch (stanza[1]) {
    case 'p':
        return "</presence>";
    case 'm':
        return "</message>";
    default:
        return ">";
    }
}

static void on_xmpp_readable(void)
{
    ssize_t n = recv(xmpp_fd, xmpp_input + xmpp_input_len, sizeof xmpp_input - xmpp_input_len,
                     MSG_DONTWAIT);
    size_t at = 0;

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        exit(0);
    xmpp_input_len += (size_t)n;
    while (at < xmpp_input_len) {
        char *stanza = xmpp_input + at;
        const char *tag = end_tag(stanza);
        char *end = memmem(stanza, xmpp_input_len - at, tag, strlen(tag));
        if (!end)
            break;
        size_t len = (size_t)(end - stanza) + strlen(tag);
        on_stanza(stanza, len);
        at += len;
    }
    memmove(xmpp_input, xmpp_input + at, xmpp_input_len - at);
    xmpp_input_len -= at;
}

/* Reads the stream header up to the end of its id; ends the program without one. */
static void read_stream_id(char *id, size_t size)
{
    size_t len = 0;
    char *start;

    do {
        ssize_t n = read(xmpp_fd, xmpp_input + len, 1000);
        if (n <= 0)
            exit(1);
        len += (size_t)n;
        xmpp_input[len] = 0;
        start = strstr(xmpp_input, " id='");
    } while (!start || !strchr(start + 5, '\''));
    snprintf(id, size, "%.*s", (int)strcspn(start + 5, "'"), start + 5);
}

static void handshake(const char *secret)
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    char id[64];
    char text[256];

    dprintf(xmpp_fd,
            "<stream:stream xmlns='jabber:component:accept' "
            "xmlns:stream='http://etherx.jabber.org/streams' to='%s'>",
            domain);
    read_stream_id(id, sizeof id);
    int len = snprintf(text, sizeof text, "%s%s", id, secret);
    SHA1((unsigned char *)text, (size_t)len, digest);
    len = 0;
    for (int i = 0; i < SHA_DIGEST_LENGTH; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "%02x", digest[i]);
    dprintf(xmpp_fd, "<handshake>%s</handshake>", text);
    if (read(xmpp_fd, xmpp_input, sizeof xmpp_input) <= 0)
        exit(1);
}

static void flush_session(struct session *s)
{
    s->dirty = false;
    if (s->fd >= 0 && !drain(s->fd, &s->out)) {
        mark_dirty(s);
    } else if (!s->out.len && s->out.size > KEPT_OUTPUT) {
        free(s->out.bytes);
        s->out = (struct output){ 0 };
    }
}

static void flush_all(void)
{
    struct session *s = dirty_list;

    drain(xmpp_fd, &to_xmpp);
    dirty_list = NULL;
    while (s) {
        struct session *next = s->next_dirty;
        flush_session(s);
        s = next;
    }
}

static void step(void)
{
    struct epoll_event events[EVENTS_PER_STEP];
    bool behind = to_xmpp.len || dirty_list;
    int n = epoll_wait(epoll_fd, events, EVENTS_PER_STEP, behind ? 1 : -1);

    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr)
            on_irc_readable(events[i].data.ptr);
        else
            on_xmpp_readable();
    }
    flush_all();
}

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fputs("usage: relay XMPP_PORT DOMAIN SECRET IRC_HOST IRC_PORT\n", stderr);
        return 2;
    }
    domain = argv[2];
    irc_host = argv[4];
    irc_port = atoi(argv[5]);
    signal(SIGTERM, on_signal);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    xmpp_fd = tcp_connect("127.0.0.1", atoi(argv[1]));
    handshake(argv[3]);
    watch(xmpp_fd, NULL);
    while (!stopped)
        step();
    return 0;
}
