#include "ircd.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "die.h"
#include "ircd_state.h"

#define BUCKETS   4096
#define READ_SIZE 16384
#define LINE_SIZE 1024

struct ircd ircd;

static struct irc_channel *channels[BUCKETS];
static struct irc_conn *nicks[BUCKETS];
static struct irc_conn *dirty_list;
static struct watch listener;
static bool paused;

static unsigned bucket(const char *name)
{
    unsigned h = 5381;

    while (*name)
        h = h * 33 + (unsigned)tolower((unsigned char)*name++);
    return h % BUCKETS;
}

struct irc_channel *irc_channel_find(const char *name)
{
    struct irc_channel *ch = channels[bucket(name)];

    while (ch && strcasecmp(ch->name, name))
        ch = ch->next;
    return ch;
}

struct irc_channel *irc_channel_get(const char *name)
{
    struct irc_channel *ch = irc_channel_find(name);

    if (ch)
        return ch;
    ch = must_alloc(sizeof *ch);
    snprintf(ch->name, sizeof ch->name, "%s", name);
    ch->fakes = ircd.fake_members;
    ch->next = channels[bucket(name)];
    channels[bucket(name)] = ch;
    return ch;
}

bool irc_channel_add(struct irc_channel *ch, struct irc_conn *c)
{
    for (int i = 0; i < ch->count; i++)
        if (ch->members[i] == c)
            return false;
    if (ch->count == ch->size) {
        ch->size = ch->size ? ch->size * 2 : 2;
        ch->members = must_realloc(ch->members, (size_t)ch->size * sizeof *ch->members);
    }
    ch->members[ch->count++] = c;
    c->channels =
        must_realloc(c->channels, (size_t)(c->channel_count + 1) * sizeof *c->channels);
    c->channels[c->channel_count++] = ch;
    return true;
}

void irc_channel_remove(struct irc_channel *ch, struct irc_conn *c)
{
    for (int i = 0; i < ch->count; i++)
        if (ch->members[i] == c)
            ch->members[i] = ch->members[--ch->count];
    for (int i = 0; i < c->channel_count; i++)
        if (c->channels[i] == ch)
            c->channels[i] = c->channels[--c->channel_count];
}

void irc_fake_nick(char *out, size_t size, int number)
{
    static const char *const stems[] = { "alice", "bob",   "carol", "dave",
                                         "erin",  "frank", "grace", "heidi" };

    snprintf(out, size, "%s_%d", stems[number % 8], number);
}

struct irc_conn *irc_conn_find(const char *nick)
{
    struct irc_conn *c = nicks[bucket(nick)];

    while (c && strcasecmp(c->nick, nick))
        c = c->next;
    return c;
}

static void forget_nick(struct irc_conn *c)
{
    for (struct irc_conn **p = &nicks[bucket(c->nick)]; *p; p = &(*p)->next) {
        if (*p == c) {
            *p = c->next;
            return;
        }
    }
}

void irc_conn_rename(struct irc_conn *c, const char *nick)
{
    forget_nick(c);
    snprintf(c->nick, sizeof c->nick, "%s", nick);
    c->next = nicks[bucket(c->nick)];
    nicks[bucket(c->nick)] = c;
}

void irc_conn_put(struct irc_conn *c, const char *bytes, size_t len)
{
    if (c->watch.ended)
        return;
    queue_put(&c->out, bytes, len);
    if (c->dirty)
        return;
    c->dirty = true;
    c->next_dirty = dirty_list;
    dirty_list = c;
}

void irc_conn_say(struct irc_conn *c, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(line, sizeof line - 2, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof line - 2)
        die("fake IRC server: line too long");
    memcpy(line + len, "\r\n", 2);
    irc_conn_put(c, line, (size_t)len + 2);
}

static void leave_all(struct irc_conn *c)
{
    while (c->channel_count) {
        struct irc_channel *ch = c->channels[0];
        irc_channel_remove(ch, c);
        for (int i = 0; i < ch->count; i++)
            irc_conn_say(ch->members[i], ":%s!%s@gw.test QUIT :gone", c->nick, c->user);
    }
    free(c->channels);
    c->channels = NULL;
}

void irc_conn_close(struct irc_conn *c)
{
    if (c->watch.ended)
        return;
    leave_all(c);
    forget_nick(c);
    loop_end(&c->watch);
    queue_release(&c->in);
    queue_release(&c->out);
    ircd.connections--;
    if (!c->dirty) /* else it is in a list and ircd_flush() frees it */
        loop_free_later(c);
}

static void update_watch(struct irc_conn *c)
{
    loop_change(&c->watch, (paused ? 0 : EPOLLIN) | (queue_len(&c->out) ? EPOLLOUT : 0));
}

void irc_conn_flush(struct irc_conn *c)
{
    if (queue_write(&c->out, c->watch.fd))
        irc_conn_close(c);
    else
        update_watch(c);
}

void ircd_flush(void)
{
    while (dirty_list) {
        struct irc_conn *c = dirty_list;
        dirty_list = c->next_dirty;
        if (!c->watch.ended)
            irc_conn_flush(c);
        c->dirty = false;
        if (c->watch.ended)
            loop_free_later(c);
    }
}

void ircd_pause(bool pause)
{
    paused = pause;
    for (int i = 0; i < BUCKETS; i++)
        for (struct irc_conn *c = nicks[i]; c; c = c->next)
            update_watch(c);
}

static void split_lines(struct irc_conn *c)
{
    while (!c->watch.ended) {
        char *line = queue_data(&c->in);
        char *newline = memchr(line, '\n', queue_len(&c->in));
        if (!newline)
            break;
        size_t used = (size_t)(newline - line) + 1;
        size_t len = used - 1;
        if (len && line[len - 1] == '\r')
            len--;
        line[len] = 0;
        ircd_command(c, line, len);
        if (!c->watch.ended)
            queue_eat(&c->in, used);
    }
}

static void on_readable(struct irc_conn *c)
{
    ssize_t n = read(c->watch.fd, queue_reserve(&c->in, READ_SIZE), READ_SIZE);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        irc_conn_close(c);
        return;
    }
    c->in.end += (size_t)n;
    split_lines(c);
    if (!queue_len(&c->in)) /* thousands of idle connections stay small */
        queue_release(&c->in);
}

static void on_event(struct watch *w, uint32_t events)
{
    struct irc_conn *c = (struct irc_conn *)w;

    if ((events & (EPOLLHUP | EPOLLERR)) || (!paused && (events & EPOLLIN)))
        on_readable(c);
    if (!w->ended && (events & EPOLLOUT))
        irc_conn_flush(c);
}

static void on_connection(struct watch *w, uint32_t events)
{
    (void)events;
    for (int fd; (fd = loop_accept(w->fd)) >= 0;) {
        struct irc_conn *c = must_alloc(sizeof *c);
        c->watch = (struct watch){ .fd = fd, .on_event = on_event };
        ircd.connections++;
        loop_add(&c->watch, EPOLLIN);
    }
}

void ircd_start(const char *ip, int port)
{
    listener.fd = loop_listen(ip, port, &ircd.port);
    listener.on_event = on_connection;
    loop_add(&listener, EPOLLIN);
}

void ircd_inject(const char *channel, const char *text, size_t len)
{
    struct irc_channel *ch = irc_channel_find(channel);
    char line[LINE_SIZE];
    char nick[IRCD_NICK_MAX];

    if (!ch)
        return;
    int talker = ch->fakes ? ch->talker++ % ch->fakes : 0;
    irc_fake_nick(nick, sizeof nick, talker);
    int n = snprintf(line, sizeof line, ":%s!~%s@host-%d.example.net PRIVMSG %s :%.*s\r\n",
                     nick, nick, talker, ch->name, (int)len, text);
    for (int i = 0; i < ch->count; i++)
        irc_conn_put(ch->members[i], line, (size_t)n);
}

size_t ircd_unsent(const char *channel)
{
    struct irc_channel *ch = irc_channel_find(channel);
    size_t most = 0;

    for (int i = 0; ch && i < ch->count; i++)
        if (queue_len(&ch->members[i]->out) > most)
            most = queue_len(&ch->members[i]->out);
    return most;
}
