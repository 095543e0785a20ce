#include "xmppd.h"

#include <errno.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "die.h"
#include "loop.h"
#include "queue.h"
#include "splitter.h"

#define READ_SIZE  65536
#define MAX_DOMAIN 256

struct xmppd xmppd;

struct stream {
    struct watch watch; /* first: callbacks get its address */
    struct stream *next;
    struct queue in;
    struct queue out;
    struct splitter splitter;
    bool up;
    char domain[MAX_DOMAIN];
    char id[24];
};

static struct watch listener;
static struct stream *streams;
static struct stream *measured;
static bool paused;

static bool reads(const struct stream *s)
{
    return !(paused && s == measured);
}

static void update_watch(struct stream *s)
{
    loop_change(&s->watch, (reads(s) ? EPOLLIN : 0) | (queue_len(&s->out) ? EPOLLOUT : 0));
}

static void stream_close(struct stream *s, const char *why)
{
    if (s->watch.ended)
        return;
    if (why)
        warn("component %s disconnected: %s", s->domain, why);
    for (struct stream **p = &streams; *p; p = &(*p)->next) {
        if (*p == s) {
            *p = s->next;
            break;
        }
    }
    if (s == measured) {
        measured = NULL;
        xmppd.up = false;
    }
    loop_end(&s->watch);
    queue_release(&s->in);
    queue_release(&s->out);
    loop_free_later(s);
}

static void stream_send(struct stream *s, const char *xml, size_t len)
{
    queue_put(&s->out, xml, len);
    if (s == measured && xmppd.dump_out)
        fwrite(xml, 1, len, xmppd.dump_out);
}

static void stream_flush(struct stream *s)
{
    if (queue_write(&s->out, s->watch.fd))
        stream_close(s, strerror(errno));
    else
        update_watch(s);
}

void xmppd_flush(void)
{
    for (struct stream *s = streams, *next; s; s = next) {
        next = s->next;
        if (queue_len(&s->out))
            stream_flush(s);
    }
}

void xmppd_send(const char *xml, size_t len)
{
    if (measured)
        stream_send(measured, xml, len);
}

size_t xmppd_unsent(void)
{
    return measured ? queue_len(&measured->out) : 0;
}

void xmppd_pause(bool pause)
{
    paused = pause;
    if (measured)
        update_watch(measured);
}

/* Answers as a server and clients would that know nothing but pings. A gateway
 * pings the server to see whether the stream lives, and users to see whether they
 * are still there: a refusal would end their sessions. */
static void answer_request(struct stream *s, const struct stanza *st)
{
    static const char refusal[] = "<error type='cancel'><service-unavailable "
                                  "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    bool ping = stanza_contains(st, "urn:xmpp:ping");
    struct text to = stanza_attribute(st, "to");
    struct text from = stanza_attribute(st, "from");
    struct text id = stanza_attribute(st, "id");
    char xml[2048];
    int len = snprintf(xml, sizeof xml, "<iq type='%s' from='%.*s' to='%.*s' id='%.*s'>%s</iq>",
                       ping ? "result" : "error", (int)to.len, to.p, (int)from.len, from.p,
                       (int)id.len, id.p, ping ? "" : refusal);

    if (len > 0 && (size_t)len < sizeof xml)
        stream_send(s, xml, (size_t)len);
}

/* XEP-0114 §3: the SHA-1 of the stream id and the secret, in hexadecimal. */
static bool handshake_is_right(const struct stream *s, const struct stanza *st)
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    char text[256];
    char hex[2 * SHA_DIGEST_LENGTH + 1];
    int len = snprintf(text, sizeof text, "%s%s", s->id, xmppd.secret);

    SHA1((unsigned char *)text, (size_t)len, digest);
    for (int i = 0; i < SHA_DIGEST_LENGTH; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return stanza_is(st, "handshake") && stanza_contains(st, hex);
}

static void on_handshake(struct stream *s, const struct stanza *st)
{
    static const char refusal[] =
        "<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
        "</stream:error></stream:stream>";
    static const char welcome[] = "<handshake/>";

    if (!handshake_is_right(s, st)) {
        stream_send(s, refusal, sizeof refusal - 1);
        stream_flush(s);
        stream_close(s, "wrong handshake");
        return;
    }
    stream_send(s, welcome, sizeof welcome - 1);
    s->up = true;
    if (s == measured) {
        xmppd.up = true;
        xmppd.handshakes++;
    }
}

static void on_stanza(struct stream *s, const struct stanza *st)
{
    struct text type = stanza_attribute(st, "type");

    if (!s->up)
        on_handshake(s, st);
    else if (stanza_is(st, "iq") && (text_is(type, "get") || text_is(type, "set")))
        answer_request(s, st);
    else if (s == measured)
        xmppd.on_stanza(st);
    else
        xmppd.side_stanzas++;
}

static void on_open(struct stream *s, const struct stanza *st)
{
    struct text to = stanza_attribute(st, "to");
    char xml[MAX_DOMAIN + 256];

    snprintf(s->domain, sizeof s->domain, "%.*s", (int)to.len, to.p ? to.p : "");
    if (!strcmp(s->domain, xmppd.domain)) {
        if (measured)
            stream_close(measured, "replaced by a new connection");
        measured = s;
        if (xmppd.dump_in) /* on_readable() did not know yet whose bytes these are */
            fwrite(queue_data(&s->in), 1, queue_len(&s->in), xmppd.dump_in);
    }
    int len = snprintf(xml, sizeof xml,
                       "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
                       "xmlns:stream='http://etherx.jabber.org/streams' from='%s' id='%s'>",
                       s->domain, s->id);
    stream_send(s, xml, (size_t)len);
}

static void on_close(struct stream *s)
{
    static const char goodbye[] = "</stream:stream>";

    stream_send(s, goodbye, sizeof goodbye - 1);
    stream_flush(s);
    stream_close(s, NULL);
}

static void split(struct stream *s)
{
    struct stanza st;

    while (!s->watch.ended) {
        switch (splitter_next(&s->splitter, &s->in, &st)) {
        case SPLIT_MORE:
            return;
        case SPLIT_OPEN:
            on_open(s, &st);
            break;
        case SPLIT_STANZA:
            on_stanza(s, &st);
            break;
        case SPLIT_CLOSE:
            on_close(s);
            break;
        }
    }
}

static void on_readable(struct stream *s)
{
    char *room = queue_reserve(&s->in, READ_SIZE);
    ssize_t n = read(s->watch.fd, room, READ_SIZE);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        stream_close(s, n ? strerror(errno) : NULL);
        return;
    }
    if (s == measured) {
        xmppd.bytes_in += (uint64_t)n;
        if (xmppd.dump_in)
            fwrite(room, 1, (size_t)n, xmppd.dump_in);
    }
    s->in.end += (size_t)n;
    split(s);
}

static void on_event(struct watch *w, uint32_t events)
{
    struct stream *s = (struct stream *)w;

    if ((events & (EPOLLHUP | EPOLLERR)) || (reads(s) && (events & EPOLLIN)))
        on_readable(s);
    if (!w->ended && (events & EPOLLOUT))
        stream_flush(s);
}

static void on_connection(struct watch *w, uint32_t events)
{
    (void)events;
    for (int fd; (fd = loop_accept(w->fd)) >= 0;) {
        struct stream *s = must_alloc(sizeof *s);
        s->watch = (struct watch){ .fd = fd, .on_event = on_event };
        snprintf(s->id, sizeof s->id, "gw%llx", (unsigned long long)now_ns());
        s->next = streams;
        streams = s;
        loop_add(&s->watch, EPOLLIN);
    }
}

void xmppd_start(int port)
{
    listener.fd = loop_listen("127.0.0.1", port, &xmppd.port);
    listener.on_event = on_connection;
    loop_add(&listener, EPOLLIN);
}
