#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ircd.h"
#include "ircd_state.h"

#define MAX_ARGS   16
#define NAMES_LINE 510

/* argv[0] is the verb. Arguments that are missing are "", so that handlers may
 * look at one more than their verb demands. */
struct command {
    char *argv[MAX_ARGS + 1];
    int argc;
    size_t last_len; /* of the last argument, which may hold the text */
};

/* The nick as a numeric's first parameter. */
static const char *target(const struct irc_conn *c)
{
    return c->nick[0] ? c->nick : "*";
}

static void welcome(struct irc_conn *c)
{
    const char *n = c->nick;

    c->registered = true;
    irc_conn_say(c, ":" IRCD_NAME " 001 %s :Welcome to the Test IRC Network %s!%s@gw.test", n,
                 n, c->user);
    irc_conn_say(c, ":" IRCD_NAME " 002 %s :Your host is " IRCD_NAME ", running version 1", n);
    irc_conn_say(c, ":" IRCD_NAME " 003 %s :This server was created in memory", n);
    irc_conn_say(c, ":" IRCD_NAME " 004 %s " IRCD_NAME " 1 iow bklimnopstv bklov", n);
    irc_conn_say(c,
                 ":" IRCD_NAME " 005 %s CHANTYPES=# PREFIX=(ov)@+ CHANMODES=b,k,l,imnpst "
                 "NETWORK=Test CASEMAPPING=rfc1459 NICKLEN=30 CHANNELLEN=50 TOPICLEN=390 "
                 ":are supported by this server",
                 n);
    irc_conn_say(c, ":" IRCD_NAME " 375 %s :- " IRCD_NAME " Message of the day -", n);
    irc_conn_say(c, ":" IRCD_NAME " 372 %s :- Loopback load test server.", n);
    irc_conn_say(c, ":" IRCD_NAME " 376 %s :End of /MOTD command.", n);
}

static void try_register(struct irc_conn *c)
{
    if (!c->registered && !c->negotiates && c->nick[0] && c->has_user)
        welcome(c);
}

static void on_cap(struct irc_conn *c, const struct command *cmd)
{
    const char *sub = cmd->argv[1];

    if (!strcasecmp(sub, "LS")) {
        c->negotiates = !c->registered;
        irc_conn_say(c, ":" IRCD_NAME " CAP %s LS :multi-prefix", target(c));
    } else if (!strcasecmp(sub, "REQ")) {
        const char *caps = cmd->argv[2];
        bool known = !strcmp(caps, "multi-prefix") || !strcmp(caps, "multi-prefix ");
        irc_conn_say(c, ":" IRCD_NAME " CAP %s %s :%s", target(c), known ? "ACK" : "NAK", caps);
    } else if (!strcasecmp(sub, "END")) {
        c->negotiates = false;
        try_register(c);
    }
}

static void tell_neighbours_of_nick(struct irc_conn *c, const char *nick)
{
    irc_conn_say(c, ":%s!%s@gw.test NICK :%s", c->nick, c->user, nick);
    for (int i = 0; i < c->channel_count; i++) {
        struct irc_channel *ch = c->channels[i];
        for (int k = 0; k < ch->count; k++)
            if (ch->members[k] != c)
                irc_conn_say(ch->members[k], ":%s!%s@gw.test NICK :%s", c->nick, c->user, nick);
    }
}

static void on_nick(struct irc_conn *c, const struct command *cmd)
{
    const char *nick = cmd->argv[1];

    if (irc_conn_find(nick)) {
        irc_conn_say(c, ":" IRCD_NAME " 433 %s %s :Nickname is already in use.", target(c),
                     nick);
        return;
    }
    if (c->registered)
        tell_neighbours_of_nick(c, nick);
    irc_conn_rename(c, nick);
    try_register(c);
}

static void on_user(struct irc_conn *c, const struct command *cmd)
{
    snprintf(c->user, sizeof c->user, "~%.40s", cmd->argv[1]);
    c->has_user = true;
    try_register(c);
}

static void on_ping(struct irc_conn *c, const struct command *cmd)
{
    irc_conn_say(c, ":" IRCD_NAME " PONG " IRCD_NAME " :%s", cmd->argv[1]);
}

static void on_quit(struct irc_conn *c, const struct command *cmd)
{
    (void)cmd;
    irc_conn_say(c, "ERROR :Closing link: quit");
    irc_conn_flush(c);
    irc_conn_close(c);
}

static void on_ignored(struct irc_conn *c, const struct command *cmd)
{
    (void)c;
    (void)cmd;
}

/* 1 % of the fake members are operators, 3 % have voice. */
static void member_name(char *out, size_t size, const struct irc_channel *ch, int i)
{
    int fake = i - ch->count;

    if (fake < 0) {
        snprintf(out, size, "%s", ch->members[i]->nick);
        return;
    }
    out[0] = fake % 100 == 0 ? '@' : '+';
    size_t prefix = fake % 100 == 0 || fake % 33 == 1;
    irc_fake_nick(out + prefix, size - prefix, fake);
}

static void send_names(struct irc_conn *c, const struct irc_channel *ch)
{
    char line[NAMES_LINE + 1];
    int head = snprintf(line, sizeof line, ":" IRCD_NAME " 353 %s = %s :", c->nick, ch->name);
    int len = head;

    for (int i = 0; i < ch->count + ch->fakes; i++) {
        char name[IRCD_NICK_MAX + 2];
        member_name(name, sizeof name, ch, i);
        if (len + (int)strlen(name) + 3 > NAMES_LINE) {
            irc_conn_say(c, "%.*s", len - 1, line);
            len = head;
        }
        len += snprintf(line + len, sizeof line - (size_t)len, "%s ", name);
    }
    if (len > head)
        irc_conn_say(c, "%.*s", len - 1, line);
    irc_conn_say(c, ":" IRCD_NAME " 366 %s %s :End of /NAMES list.", c->nick, ch->name);
}

static void join_channel(struct irc_conn *c, const char *name)
{
    struct irc_channel *ch = irc_channel_get(name);

    if (!irc_channel_add(ch, c))
        return;
    for (int i = 0; i < ch->count; i++)
        irc_conn_say(ch->members[i], ":%s!%s@gw.test JOIN %s", c->nick, c->user, ch->name);
    irc_conn_say(c, ":" IRCD_NAME " 332 %s %s :Load test channel", c->nick, ch->name);
    irc_conn_say(c, ":" IRCD_NAME " 333 %s %s alice_0!a@host.test 1700000000", c->nick,
                 ch->name);
    send_names(c, ch);
}

static void on_join(struct irc_conn *c, const struct command *cmd)
{
    char *rest = NULL;

    for (char *name = strtok_r(cmd->argv[1], ",", &rest); name;
         name = strtok_r(NULL, ",", &rest))
        join_channel(c, name);
}

static void on_part(struct irc_conn *c, const struct command *cmd)
{
    struct irc_channel *ch = irc_channel_find(cmd->argv[1]);

    if (!ch)
        return;
    for (int i = 0; i < ch->count; i++)
        irc_conn_say(ch->members[i], ":%s!%s@gw.test PART %s", c->nick, c->user, ch->name);
    irc_channel_remove(ch, c);
}

static void on_names(struct irc_conn *c, const struct command *cmd)
{
    send_names(c, irc_channel_get(cmd->argv[1]));
}

static void on_privmsg(struct irc_conn *c, const struct command *cmd)
{
    const char *text = cmd->argv[cmd->argc - 1];
    struct irc_channel *ch = ircd.relays ? irc_channel_find(cmd->argv[1]) : NULL;

    ircd.on_privmsg(text, cmd->last_len);
    for (int i = 0; ch && i < ch->count; i++)
        if (ch->members[i] != c)
            irc_conn_say(ch->members[i], ":%s!%s@gw.test %s %s :%s", c->nick, c->user,
                         cmd->argv[0], ch->name, text);
}

static void on_mode(struct irc_conn *c, const struct command *cmd)
{
    const char *name = cmd->argv[1];

    if (name[0] != '#') {
        irc_conn_say(c, ":" IRCD_NAME " 221 %s +i", c->nick);
    } else if (cmd->argc == 2) {
        irc_conn_say(c, ":" IRCD_NAME " 324 %s %s +nt", c->nick, name);
        irc_conn_say(c, ":" IRCD_NAME " 329 %s %s 1700000000", c->nick, name);
    } else if (strchr(cmd->argv[2], 'b')) {
        irc_conn_say(c, ":" IRCD_NAME " 368 %s %s :End of Channel Ban List", c->nick, name);
    }
}

static void on_topic(struct irc_conn *c, const struct command *cmd)
{
    irc_conn_say(c, ":" IRCD_NAME " 332 %s %s :Load test channel", c->nick, cmd->argv[1]);
}

static void on_userhost(struct irc_conn *c, const struct command *cmd)
{
    (void)cmd;
    irc_conn_say(c, ":" IRCD_NAME " 302 %s :%s=+%s@gw.test", c->nick, c->nick, c->user);
}

static void on_who(struct irc_conn *c, const struct command *cmd)
{
    irc_conn_say(c, ":" IRCD_NAME " 315 %s %s :End of /WHO list.", c->nick, cmd->argv[1]);
}

static void on_whois(struct irc_conn *c, const struct command *cmd)
{
    irc_conn_say(c, ":" IRCD_NAME " 318 %s %s :End of /WHOIS list.", c->nick, cmd->argv[1]);
}

static void on_list(struct irc_conn *c, const struct command *cmd)
{
    (void)cmd;
    irc_conn_say(c, ":" IRCD_NAME " 323 %s :End of /LIST", c->nick);
}

/* PRIVMSG comes first because it is nearly all of the traffic. */
static const struct verb {
    const char *name;
    int min_args; /* without the verb */
    bool before_welcome;
    void (*handle)(struct irc_conn *c, const struct command *cmd);
} verbs[] = {
    { "PRIVMSG", 2, false, on_privmsg },
    { "AWAY", 0, true, on_ignored },
    { "CAP", 1, true, on_cap },
    { "JOIN", 1, false, on_join },
    { "LIST", 0, false, on_list },
    { "MODE", 1, false, on_mode },
    { "NAMES", 1, false, on_names },
    { "NICK", 1, true, on_nick },
    { "NOTICE", 2, false, on_privmsg },
    { "PART", 1, false, on_part },
    { "PASS", 0, true, on_ignored },
    { "PING", 1, true, on_ping },
    { "PONG", 0, true, on_ignored },
    { "QUIT", 0, true, on_quit },
    { "TOPIC", 1, false, on_topic },
    { "USER", 4, true, on_user },
    { "USERHOST", 1, false, on_userhost },
    { "WEBIRC", 0, true, on_ignored },
    { "WHO", 1, false, on_who },
    { "WHOIS", 1, false, on_whois },
};

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (!strcasecmp(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

/* Cut "verb arg arg :last one" up. */
static void parse(struct command *cmd, char *p, char *end)
{
    static char none[] = "";

    cmd->argc = 0;
    while (cmd->argc < MAX_ARGS) {
        while (*p == ' ')
            p++;
        if (!*p)
            break;
        bool last = *p == ':' && cmd->argc;
        cmd->argv[cmd->argc++] = p + last;
        p = last ? NULL : strchr(p, ' ');
        if (!p)
            break;
        *p++ = 0;
    }
    for (int i = cmd->argc; i <= MAX_ARGS; i++)
        cmd->argv[i] = none;
    cmd->last_len = cmd->argc ? (size_t)(end - cmd->argv[cmd->argc - 1]) : 0;
}

void ircd_command(struct irc_conn *c, char *line, size_t len)
{
    struct command cmd;
    char *start = line;

    if (*start == ':')
        start += strcspn(start, " ");
    parse(&cmd, start, line + len);
    if (!cmd.argc)
        return;
    const struct verb *v = find_verb(cmd.argv[0]);
    if (!c->registered && !(v && v->before_welcome))
        irc_conn_say(c, ":" IRCD_NAME " 451 %s :You have not registered", target(c));
    else if (!v)
        irc_conn_say(c, ":" IRCD_NAME " 421 %s %s :Unknown command", target(c), cmd.argv[0]);
    else if (cmd.argc - 1 < v->min_args)
        irc_conn_say(c, ":" IRCD_NAME " 461 %s %s :Not enough parameters", target(c), v->name);
    else
        v->handle(c, &cmd);
}
