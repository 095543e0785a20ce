#include "register.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>

#include "channel.h"
#include "numeric.h"

#define NICK_TRIES    5
#define MADE_NICK_MAX 9 /* RFC 2812 §1.2.1: what every server takes */

/* What we can use. Nothing depends on having got them: NAMES is read in every
 * form, so there is no need to remember what the server acknowledged. */
static const char *const wanted_caps[] = { "multi-prefix", "userhost-in-names" };

#define CAPS (sizeof wanted_caps / sizeof *wanted_caps)

static void set_nick(struct irc_link *link, const char *nick)
{
    free(link->nick);
    link->nick = bridge_strdup(nick);
}

/* The user's localpart as a nick: it begins with a letter. */
static void make_nick(struct irc_link *link)
{
    char nick[MADE_NICK_MAX + 1];
    char name[SESSION_USERNAME_MAX + 1];
    size_t n = 0;

    session_username(link->session, name);
    if (*name < 'a')
        nick[n++] = 'u';
    for (const char *p = name; *p && n < MADE_NICK_MAX; p++)
        nick[n++] = *p;
    nick[n] = 0;
    set_nick(link, nick);
}

void register_choose_nick(struct irc_link *link, const char *nick)
{
    link->nick_is_ours = nick == NULL;
    if (nick)
        set_nick(link, nick);
    else
        make_nick(link);
}

void register_begin(struct irc_link *link)
{
    const struct irc_session *session = link->session;
    const char *realname = link->irc->settings->realname;
    char username[SESSION_USERNAME_MAX + 1];

    /* All at once: a server without CAP ignores it and goes on. */
    link_send(link, IRC_CAP, "LS", "302");
    if (link->password)
        link_send(link, IRC_PASS, NULL, link->password);
    link_send(link, IRC_NICK, link->nick, NULL);
    session_username(session, username);
    link_send(link, IRC_USER, username, realname ? realname : session->local);
}

void register_try_nick(struct irc_link *link, const char *nick)
{
    bool may_change = link->state < LINK_REGISTERING && link->nick_is_ours;

    if (!may_change && !(link->state == LINK_REGISTERING && link->nick_refused))
        return;
    set_nick(link, nick);
    link->nick_is_ours = false;
    link->nick_refused = false;
    if (link->state == LINK_REGISTERING)
        link_send(link, IRC_NICK, nick, NULL);
}

/* --- capabilities ------------------------------------------------------------------ */

static bool is_token(const char *token, size_t len, const char *name)
{
    return strlen(name) == len && !memcmp(token, name, len);
}

/* "multi-prefix sasl=PLAIN,EXTERNAL" */
static unsigned offered(const char *list)
{
    unsigned caps = 0;

    while (*(list += strspn(list, " "))) {
        size_t len = strcspn(list, " =");
        for (size_t i = 0; i < CAPS; i++) {
            if (is_token(list, len, wanted_caps[i]))
                caps |= 1u << i;
        }
        list += strcspn(list, " ");
    }
    return caps;
}

static void request(struct irc_link *link)
{
    struct strbuf list = STRBUF_INIT(200);

    for (size_t i = 0; i < CAPS; i++) {
        if (link->caps & 1u << i)
            strbuf_addf(&list, "%s%s", list.len ? " " : "", wanted_caps[i]);
    }
    if (list.len)
        link_send(link, IRC_CAP, "REQ", strbuf_text(&list));
    else
        link_send(link, IRC_CAP, "END", NULL);
    strbuf_release(&list);
}

void register_on_cap(struct irc_link *link, const struct irc_message *m)
{
    const char *what = m->params[1];

    if (link->state != LINK_REGISTERING)
        return; /* NEW and DEL: nothing of ours depends on them */
    if (!strcmp(what, "LS")) {
        link->caps |= offered(m->params[m->count - 1]);
        if (m->count < 4 || strcmp(m->params[2], "*") != 0) /* more to come */
            request(link);
    } else if (!strcmp(what, "ACK") || !strcmp(what, "NAK")) {
        link_send(link, IRC_CAP, "END", NULL);
    }
}

/* --- the server's answers ------------------------------------------------------------ */

static bool is_about_nick(const char *verb)
{
    return !strcmp(verb, "432") || !strcmp(verb, "433") || !strcmp(verb, "436") ||
           !strcmp(verb, "437");
}

static void on_bad_nick(struct irc_link *link, const struct bridge_error *why)
{
    if (!link->nick_is_ours) {
        /* XEP-0045 §7.2.8: the client asks its user for another one. We hold
         * the line for that as long as the server does. */
        link->nick_refused = true;
        channel_refuse_all(link, why);
        link_flush(link);
        return;
    }
    if (++link->nick_tries == NICK_TRIES) {
        link_fail(link, why->code, "%s takes none of the nicks that were tried", link->network);
        return;
    }
    struct strbuf nick = STRBUF_INIT(MADE_NICK_MAX + NICK_TRIES);
    strbuf_addf(&nick, "%s_", link->nick);
    set_nick(link, strbuf_text(&nick));
    strbuf_release(&nick);
    link_send(link, IRC_NICK, link->nick, NULL);
}

static void name_network(const struct irc_link *link, struct bridge_error *err)
{
    bridge_fail(err, err->code, "%s: %s", link->network, err->text);
}

static void end(struct irc_link *link, const struct irc_message *m)
{
    const char *words = m->params[m->count - 1];
    struct bridge_error logged, told;

    numeric_log(m->verb, words, &logged);
    numeric_explain(m->verb, words, &told);
    name_network(link, &logged);
    name_network(link, &told);
    link_fall(link, &logged, &told);
}

void register_refused(struct irc_link *link, const struct irc_message *m)
{
    struct bridge_error why;

    numeric_explain(m->verb, m->params[m->count - 1], &why);
    if (is_about_nick(m->verb))
        on_bad_nick(link, &why);
    else if (!strcmp(m->verb, "464") || !strcmp(m->verb, "465"))
        end(link, m);
    /* Others, such as "421 CAP", do not stop us. */
}

void register_on_welcome(struct irc_link *link, const struct irc_message *m)
{
    if (link->state != LINK_REGISTERING || !*m->params[0])
        return;
    set_nick(link, m->params[0]); /* perhaps shorter than what we asked for */
    link->nick_refused = false;
}

void register_on_isupport(struct irc_link *link, const struct irc_message *m)
{
    const unsigned char *casemap = link->isupport.casemap;

    for (unsigned i = 1; i + 1 < m->count; i++) /* the last one is for people */
        isupport_apply(&link->isupport, m->params[i]);
    if (link->state == LINK_READY)
        link->isupport.casemap = casemap; /* rooms compare by it already */
}

void register_on_motd_end(struct irc_link *link, const struct irc_message *m)
{
    (void)m;
    if (link->state == LINK_REGISTERING && !link->nick_refused)
        link_ready(link);
}

/* What others see of us has changed, by a length that we learn at the next
 * occasion. */
void register_on_host(struct irc_link *link, const struct irc_message *m)
{
    (void)m;
    link->source_len = 0;
}
