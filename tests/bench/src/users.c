#include "users.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "die.h"
#include "gateway.h"
#include "loop.h"
#include "traffic.h"
#include "xmppd.h"

#define SHOWN 300 /* bytes of an error stanza */

struct users users;

static const char *irc_name;

void users_init(int count, const char *network)
{
    users.list = must_alloc((size_t)count * sizeof *users.list);
    users.count = count;
    irc_name = network;
}

void users_join(int user, const char *channel)
{
    char xml[600];
    int len = snprintf(xml, sizeof xml,
                       "<presence from='u%d@" USER_DOMAIN "/load' to='%s%%%s@" GATEWAY_DOMAIN
                       "/u%d' id='j%d'><x xmlns='http://jabber.org/protocol/muc'/></presence>",
                       user, channel, irc_name, user, user);

    users.list[user].joined_at = now_ns();
    xmppd_send(xml, (size_t)len);
}

void users_say(int user, const char *channel, uint64_t id, const char *body)
{
    char xml[1200];
    int len =
        snprintf(xml, sizeof xml,
                 "<message from='u%d@" USER_DOMAIN "/load' to='%s%%%s@" GATEWAY_DOMAIN
                 "' type='groupchat' id='%c%" PRIu64 "'><body>%s</body>"
                 "<origin-id xmlns='urn:xmpp:sid:0' id='%c%" PRIu64 "'/></message>",
                 user, channel, irc_name, MESSAGE_ID_PREFIX, id, body, MESSAGE_ID_PREFIX, id);

    xmppd_send(xml, (size_t)len);
}

/* -1 for anyone else. */
static int index_of(struct text jid)
{
    int user = 0;
    size_t i = 1;

    if (jid.len < 2 || jid.p[0] != 'u')
        return -1;
    for (; i < jid.len && jid.p[i] >= '0' && jid.p[i] <= '9' && user < users.count; i++)
        user = user * 10 + (jid.p[i] - '0');
    return i > 1 && user < users.count ? user : -1;
}

static void on_error(const struct stanza *st)
{
    if (stanza_is(st, "message") && traffic_refused(stanza_attribute(st, "id")))
        return;
    users.errors++;
    warn("error from the gateway: %.*s", (int)(st->len > SHOWN ? SHOWN : st->len), st->xml);
}

static bool is_self_presence(const struct stanza *st)
{
    return stanza_contains(st, "code='110'") || stanza_contains(st, "code=\"110\"");
}

static void on_presence(int user, const struct stanza *st)
{
    struct user *u = &users.list[user];
    struct text from = stanza_attribute(st, "from");

    if (!from.len || !memchr(from.p, '#', from.len)) { /* of the network or the gateway */
        users.others++;
        return;
    }
    users.presences++;
    u->last_presence_at = now_ns();
    if (!u->presences++)
        u->first_presence_at = u->last_presence_at;
    if (!u->self_presence_at && is_self_presence(st)) {
        u->self_presence_at = u->last_presence_at;
        users.joined++;
    }
}

void users_on_stanza(const struct stanza *st)
{
    struct text type = stanza_attribute(st, "type");
    int user = index_of(stanza_attribute(st, "to"));

    if (user < 0)
        users.others++;
    else if (text_is(type, "error") && !stanza_is(st, "iq"))
        on_error(st);
    else if (stanza_is(st, "presence") && !type.p)
        on_presence(user, st);
    else if (!(stanza_is(st, "message") && text_is(type, "groupchat") &&
               traffic_at_xmpp(user, st->xml, st->len)))
        users.others++;
}

bool users_wait_joined(double patience)
{
    uint64_t seen = users.presences + users.others;
    uint64_t since = now_ns();

    while (users.joined < users.count && !gateway.dead) {
        loop_step(50 * NS_PER_MS);
        if (users.presences + users.others != seen) {
            seen = users.presences + users.others;
            since = now_ns();
        } else if (seconds_between(since, now_ns()) > patience) {
            return false;
        }
    }
    return users.joined >= users.count;
}
