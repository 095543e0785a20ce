#include "channel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/log.h>
#include <bridge/utf8.h>
#include <bridge/words.h>

#include "address.h"
#include "casemap.h"
#include "numeric.h"

#define ANSWER_WITHIN 60000 /* ms, for JOIN, PART and NICK */

static void set_state(struct channel *c, enum channel_state state)
{
    static const char *const names[] = {
#define X(name) #name,
        CHANNEL_STATES(X)
#undef X
    };

    log_debug(c->link->log, "%s: %s -> %s", c->name, names[c->state], names[state]);
    c->state = state;
}

/* --- the set of channels -------------------------------------------------------------- */

struct channel *channel_find(const struct irc_link *link, const char *name)
{
    char folded[IRC_NAME_MAX];
    size_t len = strlen(name);

    if (len > sizeof folded)
        return NULL;
    casemap_fold(link->isupport.casemap, folded, name, len);
    return map_find(&link->channels, folded, len);
}

bool channel_is_in(const struct channel *c)
{
    return c->state == CHANNEL_NAMING || c->state == CHANNEL_JOINED;
}

static void fold_name(struct channel *c)
{
    casemap_fold(c->link->isupport.casemap, c->folded, c->name, strlen(c->name) + 1);
}

static void attach(struct channel *c, struct bridge_room *room)
{
    c->room = room;
    c->link->rooms++;
    bridge_room_set_data(room, c);
}

static struct bridge_room *detach(struct channel *c)
{
    struct bridge_room *room = c->room;

    if (room)
        c->link->rooms--;
    c->room = NULL;
    return room;
}

static void forget_key(struct channel *c)
{
    if (c->key)
        explicit_bzero(c->key, strlen(c->key));
    free(c->key);
    c->key = NULL;
}

static void free_channel(struct channel *c)
{
    forget_key(c);
    free(c->topic);
    free(c->folded);
    free(c);
}

void channel_free_dead(struct irc_link *link)
{
    struct channel *c;

    while ((c = link->dead)) {
        link->dead = c->next_dead;
        free_channel(c);
    }
}

static void end_renaming(struct irc_link *link)
{
    link->renaming = NULL;
    link->rename_by = 0;
    free(link->wanted_nick);
    link->wanted_nick = NULL;
}

static void drop(struct channel *c)
{
    struct irc_link *link = c->link;
    struct channel **at = &link->first;

    detach(c);
    set_state(c, CHANNEL_DEAD);
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    if (map_finds(&link->channels, c->folded) == c)
        map_removes(&link->channels, c->folded);
    if (link->renaming == c)
        end_renaming(link);
    if (link->busy) {
        c->next_dead = link->dead;
        link->dead = c;
    } else {
        free_channel(c);
    }
}

static void refuse(struct channel *c, const struct bridge_error *why)
{
    struct bridge_room *room = detach(c);

    drop(c);
    if (room)
        bridge_room_refused(room, why);
}

/* We are out. */
static void depart(struct channel *c, enum bridge_departure how, const char *actor,
                   const char *reason)
{
    struct bridge_room *room = detach(c);

    drop(c);
    bridge_room_departed(room, bridge_room_nick(room), how, actor, reason);
}

/* Before bridge_room_joined() nobody can have left: the join has failed. */
static void put_out(struct channel *c, enum bridge_departure how, const char *actor,
                    const char *reason)
{
    struct bridge_error why;

    if (c->state == CHANNEL_JOINED) {
        depart(c, how, actor, reason);
    } else {
        bridge_fail(&why, BRIDGE_FORBIDDEN, _("%s was left at once: %s"), c->name,
                    reason ? reason : "no reason given");
        refuse(c, &why);
    }
}

void channel_refuse_all(struct irc_link *link, const struct bridge_error *why)
{
    for (struct channel *c = link->first; c; c = c->next) {
        if (c->room && !channel_is_in(c))
            refuse(c, why);
    }
}

void channel_end_all(struct irc_link *link, const struct bridge_error *why)
{
    for (struct channel *c = link->first; c; c = c->next) {
        if (c->state == CHANNEL_JOINED)
            depart(c, BRIDGE_CUT, NULL, why->text);
        else if (c->room)
            refuse(c, why);
    }
}

void channel_forget_all(struct irc_link *link)
{
    while (link->first)
        drop(link->first);
}

/* --- entering and leaving --------------------------------------------------------------- */

static void expect_answer(struct channel *c)
{
    struct irc_link *link = c->link;

    c->asked_at = clock_monotonic();
    if (!link->joins_by)
        link->joins_by = c->asked_at + ANSWER_WITHIN;
}

static void enter(struct channel *c)
{
    int rc = link_queue(c->link, IRC_JOIN, c->name, c->key, NULL, NULL);

    assert(rc == 0); /* channel_join() has looked at both */
    forget_key(c);
    expect_answer(c);
}

void channel_enter_all(struct irc_link *link)
{
    /* Now we know what the network takes for the same name. Never more than
     * RFC 1459 does, by which we have told names apart so far. */
    map_release(&link->channels);
    for (struct channel *c = link->first; c; c = c->next) {
        fold_name(c);
        map_puts(&link->channels, c->folded, c);
        set_state(c, CHANNEL_ENTERING);
        enter(c);
    }
}

static struct channel *new_channel(struct irc_link *link, const char *name)
{
    size_t size = strlen(name) + 1;
    struct channel *c = bridge_alloc(sizeof *c + size);

    c->link = link;
    memcpy(c->name, name, size);
    c->folded = bridge_alloc(size);
    fold_name(c);
    c->next = link->first;
    link->first = c;
    map_puts(&link->channels, c->folded, c);
    return c;
}

int channel_join(struct irc_link *link, struct bridge_room *room, const char *name,
                 const char *key, struct bridge_error *err)
{
    struct channel *c = channel_find(link, name);

    if (c && c->room)
        return bridge_fail(err, BRIDGE_CONFLICT, _("you are in this channel already, as %s%%%s"),
                           c->name, link->network);
    if (key && (!*key || strpbrk(key, " ,") || strlen(key) > IRC_NAME_MAX))
        return bridge_fail(err, BRIDGE_AUTH,
                           _("no password on IRC is so long, or has a space or a comma in it"));
    if (!c)
        c = new_channel(link, name);
    attach(c, room);
    c->key = bridge_strdup(key);
    if (c->state == CHANNEL_LEAVING) {
        set_state(c, CHANNEL_RETURNING);
        enter(c);
    } else if (link->state == LINK_READY) {
        set_state(c, CHANNEL_ENTERING);
        enter(c);
    }
    return 0;
}

/* A server may ignore a line that is too long, and we would stay in. */
static void send_part(struct channel *c, const char *reason)
{
    size_t most = link_budget(c->link, "PART", c->name);
    size_t len = reason ? utf8_cut(reason, strlen(reason), most) : 0;
    char *cut = len ? bridge_strndup(reason, len) : NULL;

    link_queue(c->link, IRC_PART, c->name, cut, NULL, NULL);
    free(cut);
}

void channel_leave(struct channel *c, const char *reason)
{
    detach(c);
    if (c->state == CHANNEL_WAITING) {
        drop(c);
        return;
    }
    /* After RETURNING there is a PART under way; the JOIN behind it is answered
     * by the PART that every unexpected JOIN gets. */
    if (c->state != CHANNEL_RETURNING)
        send_part(c, reason);
    if (c->link->renaming == c)
        end_renaming(c->link);
    set_state(c, CHANNEL_LEAVING);
    expect_answer(c);
}

static void named(struct channel *c)
{
    char *topic = c->topic;

    c->topic = NULL;
    set_state(c, CHANNEL_JOINED);
    if (topic)
        bridge_room_subject(c->room, topic, NULL, 0);
    free(topic);
    if (c->room)
        bridge_room_joined(c->room, c->link->nick);
}

static void give_up(struct channel *c)
{
    struct bridge_error why;

    if (c->state == CHANNEL_NAMING) { /* the list has no end, but we are in */
        named(c);
        return;
    }
    bridge_fail(&why, BRIDGE_RETRY, _("%s did not answer within %d seconds"), c->link->network,
                ANSWER_WITHIN / 1000);
    refuse(c, &why);
}

static void check_renaming(struct irc_link *link, uint64_t now)
{
    struct bridge_error why;

    if (!link->renaming || now < link->rename_by)
        return;
    bridge_fail(&why, BRIDGE_RETRY, _("%s did not answer"), link->network);
    struct bridge_room *room = link->renaming->room;
    char *nick = link->wanted_nick;
    link->wanted_nick = NULL;
    end_renaming(link);
    bridge_room_nick_failed(room, nick, &why);
    free(nick);
}

void channel_check_deadlines(struct irc_link *link, uint64_t now)
{
    uint64_t next = 0;

    check_renaming(link, now);
    if (!link->joins_by || now < link->joins_by)
        return;
    for (struct channel *c = link->first; c; c = c->next) {
        if (c->state == CHANNEL_JOINED || c->state == CHANNEL_DEAD)
            continue;
        /* The time counts from when the queue let the command go. */
        uint64_t sent = c->asked_at > link->drained_at ? c->asked_at : link->drained_at;
        if (link->flood.first)
            sent = now;
        if (now - sent >= ANSWER_WITHIN)
            give_up(c);
        else if (!next || sent + ANSWER_WITHIN < next)
            next = sent + ANSWER_WITHIN;
    }
    link->joins_by = next;
}

/* --- nick and subject ------------------------------------------------------------------- */

int channel_rename(struct channel *c, const char *nick, struct bridge_error *err)
{
    struct irc_link *link = c->link;
    size_t most = link->isupport.nicklen;

    if (c->state != CHANNEL_JOINED)
        return bridge_fail(err, BRIDGE_RETRY, _("you are not in %s yet"), c->name);
    if (!address_nick_ok(nick))
        return bridge_fail(err, BRIDGE_INVALID, _("'%s' cannot be a nick on IRC"), nick);
    if (most && strlen(nick) > most)
        return bridge_fail(err, BRIDGE_INVALID, _("nicks on %s have at most %zu letters"),
                           link->network, most);
    if (!strcmp(nick, link->nick))
        return bridge_fail(err, BRIDGE_CONFLICT, _("%s is your nick already"), nick);
    if (link->renaming)
        return bridge_fail(err, BRIDGE_BUSY, _("%s has not yet answered the last change of nick"),
                           link->network);
    if (link_queue(link, IRC_NICK, nick, NULL, NULL, NULL))
        return bridge_fail(err, BRIDGE_INVALID, _("'%s' cannot be a nick on IRC"), nick);
    link->renaming = c;
    link->wanted_nick = bridge_strdup(nick);
    link->rename_by = clock_monotonic() + ANSWER_WITHIN;
    link_flush(link);
    return 0;
}

bool channel_nick_refused(struct irc_link *link, const struct irc_message *m)
{
    static const char *const about_nicks = "431 432 433 435 436 437 438 447 484 485";
    struct channel *c = link->renaming;
    struct bridge_error why;

    if (!c || !strstr(about_nicks, m->verb))
        return false;
    numeric_explain(m->verb, m->params[m->count - 1], &why);
    char *nick = link->wanted_nick;
    link->wanted_nick = NULL;
    end_renaming(link);
    bridge_room_nick_failed(c->room, nick, &why);
    free(nick);
    return true;
}

int channel_subject(struct channel *c, const char *text, const char *id,
                    struct bridge_error *err)
{
    struct irc_link *link = c->link;
    size_t most = link_budget(link, "TOPIC", c->name);
    int rc;

    if (link->isupport.topiclen && link->isupport.topiclen < most)
        most = link->isupport.topiclen;
    if (strlen(text) > most)
        return bridge_fail(err, BRIDGE_INVALID, _("a topic on %s has at most %zu bytes"),
                           link->network, most);
    char *line = bridge_strdup(text);
    for (char *p = line; (p = strpbrk(p, "\r\n"));) /* IRC has one line for it */
        *p = ' ';
    rc = link_queue(link, IRC_TOPIC, c->name, line, bridge_room_address(c->room), id);
    free(line);
    if (rc)
        return bridge_fail(err, BRIDGE_INVALID, _("IRC has no way to write this topic"));
    link_flush(link);
    return 0;
}

/* --- what the server says -------------------------------------------------------------- */

static void name_occupant(struct channel *c, const char *nick, uint32_t flags)
{
    struct bridge_occupant occupant = { .flags = flags };

    isupport_rank(&c->link->isupport, flags, c->moderated, &occupant.affiliation, &occupant.role);
    bridge_room_occupant(c->room, nick, &occupant);
}

/* The channel of that name if we are in it. */
static struct channel *entered(const struct irc_link *link, const char *name)
{
    struct channel *c = channel_find(link, name);

    return c && channel_is_in(c) ? c : NULL;
}

static void on_own_join(struct irc_link *link, struct channel *c, const struct irc_message *m)
{
    if (!c) { /* forwarded, forced, or a join we gave up */
        link_queue(link, IRC_PART, m->params[0], NULL, NULL, NULL);
        link_flush(link);
        return;
    }
    if (c->state != CHANNEL_ENTERING)
        return;
    if (strchr(m->source, '!'))
        link->source_len = strlen(m->source);
    set_state(c, CHANNEL_NAMING);
    bridge_room_set_casemap(c->room, link->isupport.casemap);
    bridge_room_set_nick(c->room, link->nick);
    c->moderated = false;
    link_queue(link, IRC_MODE, c->name, NULL, NULL, NULL);
    name_occupant(c, link->nick, 0);
    link_flush(link);
}

void channel_on_join(struct irc_link *link, const struct irc_message *m)
{
    struct channel *c = channel_find(link, m->params[0]);
    char nick[IRC_NAME_MAX + 1];

    if (link->state != LINK_READY || !irc_source_nick(m->source, nick, sizeof nick))
        return;
    if (link_is_us(link, nick))
        on_own_join(link, c, m);
    else if (c && channel_is_in(c))
        name_occupant(c, nick, 0);
}

/* Without multi-prefix the list has the highest rank only; once we are in we
 * may have seen others being given. */
static uint32_t known_flags(const struct channel *c, const char *nick)
{
    struct bridge_occupant occupant;

    return c->state == CHANNEL_JOINED && bridge_room_find(c->room, nick, &occupant)
               ? occupant.flags
               : 0;
}

void channel_on_names(struct irc_link *link, const struct irc_message *m)
{
    struct channel *c = entered(link, m->params[m->count - 2]);
    const char *p = m->params[m->count - 1];
    char nick[IRC_NAME_MAX + 1];

    /* "@+nick", or "@nick!user@host" with userhost-in-names. */
    for (size_t len; c && *(p += strspn(p, " ")); p += len) {
        uint32_t flags = 0;
        uint32_t flag;
        while ((flag = isupport_symbol_flag(&link->isupport, *p))) {
            flags |= flag;
            p++;
        }
        len = strcspn(p, " ");
        size_t nick_len = strcspn(p, " !");
        if (!nick_len || nick_len >= sizeof nick)
            continue;
        memcpy(nick, p, nick_len);
        nick[nick_len] = 0;
        name_occupant(c, nick, flags | known_flags(c, nick));
        if (!channel_is_in(c) || !c->room)
            return; /* left within the upcall */
    }
}

void channel_on_names_end(struct irc_link *link, const struct irc_message *m)
{
    struct channel *c = channel_find(link, m->params[1]);

    if (c && c->state == CHANNEL_NAMING)
        named(c);
}

/* Tell that somebody, who may be we, is not in this channel any more. */
static void part(struct channel *c, const char *nick, enum bridge_departure how,
                 const char *actor, const char *reason)
{
    if (link_is_us(c->link, nick)) {
        if (c->state == CHANNEL_LEAVING)
            drop(c);
        else if (c->state == CHANNEL_RETURNING)
            set_state(c, CHANNEL_ENTERING);
        else if (channel_is_in(c))
            put_out(c, how, actor, reason);
    } else if (channel_is_in(c) && bridge_room_find(c->room, nick, NULL)) {
        bridge_room_departed(c->room, nick, how, actor, reason);
    }
}

static const char *reason_of(struct irc_link *link, const struct irc_message *m, unsigned i)
{
    return m->count > i && *m->params[i] ? link_clean(link, m->params[i]) : NULL;
}

void channel_on_part(struct irc_link *link, const struct irc_message *m)
{
    struct channel *c = channel_find(link, m->params[0]);
    char nick[IRC_NAME_MAX + 1];

    if (!c || !irc_source_nick(m->source, nick, sizeof nick))
        return;
    part(c, nick, BRIDGE_LEFT, NULL, reason_of(link, m, 1));
    link_flush(link);
}

void channel_on_kick(struct irc_link *link, const struct irc_message *m)
{
    struct channel *c = channel_find(link, m->params[0]);
    char actor[IRC_NAME_MAX + 1];

    if (!c)
        return;
    if (!irc_source_nick(m->source, actor, sizeof actor))
        *actor = 0; /* the server itself */
    part(c, m->params[1], BRIDGE_KICKED, *actor ? actor : NULL, reason_of(link, m, 2));
    link_flush(link);
}

void channel_on_quit(struct irc_link *link, const struct irc_message *m)
{
    const char *reason = reason_of(link, m, 0);
    char nick[IRC_NAME_MAX + 1];

    if (!irc_source_nick(m->source, nick, sizeof nick) || link_is_us(link, nick))
        return; /* our own end comes as ERROR */
    for (struct channel *c = link->first; c; c = c->next) {
        if (channel_is_in(c) && c->room)
            part(c, nick, BRIDGE_LEFT, NULL, reason);
    }
}

static void on_own_nick(struct irc_link *link, const char *nick)
{
    if (link->source_len)
        link->source_len += strlen(nick) - strlen(link->nick);
    free(link->nick);
    link->nick = bridge_strdup(nick);
    end_renaming(link);
}

void channel_on_nick(struct irc_link *link, const struct irc_message *m)
{
    const char *after = m->params[0];
    char before[IRC_NAME_MAX + 1];

    if (!irc_source_nick(m->source, before, sizeof before) || !*after ||
        strlen(after) > IRC_NAME_MAX)
        return;
    if (link_is_us(link, before))
        on_own_nick(link, after);
    for (struct channel *c = link->first; c; c = c->next) {
        if (channel_is_in(c) && c->room && bridge_room_find(c->room, before, NULL))
            bridge_room_renamed(c->room, before, after);
    }
}

static void change_flag(struct channel *c, const char *nick, uint32_t flag, bool on)
{
    struct bridge_occupant occupant;

    if (bridge_room_find(c->room, nick, &occupant))
        name_occupant(c, nick, on ? occupant.flags | flag : occupant.flags & ~flag);
}

/* Who is in the channel, and now may speak or not, the core knows: the server's
 * list goes through them all, and the core tells of those that differ. */
static void set_moderated(struct channel *c, bool on)
{
    if (c->moderated == on)
        return;
    c->moderated = on;
    link_queue(c->link, IRC_NAMES, c->name, NULL, NULL, NULL);
}

/* The answer to what we ask on entering: "me #channel +mnk key". */
void channel_on_modes(struct irc_link *link, const struct irc_message *m)
{
    struct channel *c = entered(link, m->params[1]);

    if (!c)
        return;
    set_moderated(c, strchr(m->params[2], 'm') != NULL);
    link_flush(link);
}

void channel_on_mode(struct irc_link *link, const struct irc_message *m)
{
    struct channel *c = entered(link, m->params[0]);
    unsigned next = 2;
    bool on = true;

    /* "+bo-v mask nick nick": which letters take a parameter is the network's
     * to say (RPL_ISUPPORT CHANMODES), or nicks and masks are mixed up. */
    for (const char *p = m->params[1]; c && *p; p++) {
        if (*p == '+' || *p == '-') {
            on = *p == '+';
            continue;
        }
        if (*p == 'm')
            set_moderated(c, on);
        if (!isupport_mode_has_param(&link->isupport, *p, on))
            continue;
        if (next >= m->count)
            break;
        uint32_t flag = isupport_mode_flag(&link->isupport, *p);
        if (flag)
            change_flag(c, m->params[next], flag, on);
        next++;
        c = entered(link, m->params[0]); /* may have been left within the upcall */
    }
    link_flush(link);
}

void channel_on_topic(struct irc_link *link, const struct irc_message *m)
{
    struct channel *c = entered(link, m->params[0]);
    char nick[IRC_NAME_MAX + 1];

    if (!c)
        return;
    if (!irc_source_nick(m->source, nick, sizeof nick))
        *nick = 0;
    bridge_room_subject(c->room, link_clean(link, m->params[1]), *nick ? nick : NULL, 0);
}

void channel_on_topic_is(struct irc_link *link, const struct irc_message *m)
{
    struct channel *c = entered(link, m->params[1]);

    if (!c)
        return;
    free(c->topic);
    c->topic = bridge_strdup(link_clean(link, m->params[2]));
}

/* "#channel nick!user@host 1700000000" */
void channel_on_topic_who(struct irc_link *link, const struct irc_message *m)
{
    struct channel *c = entered(link, m->params[1]);
    char nick[IRC_NAME_MAX + 1];
    int64_t at = 0;

    if (!c || !c->topic)
        return;
    if (!irc_source_nick(m->params[2], nick, sizeof nick))
        *nick = 0;
    if (m->count > 3 && strlen(m->params[3]) <= 12)
        at = strtoll(m->params[3], NULL, 10) * 1000;
    char *topic = c->topic;
    c->topic = NULL;
    bridge_room_subject(c->room, topic, *nick ? nick : NULL, at > 0 ? at : 0);
    free(topic);
}

/* --- refusals ---------------------------------------------------------------------------- */

void channel_on_forward(struct irc_link *link, const struct irc_message *m)
{
    struct channel *c = channel_find(link, m->params[1]);
    struct bridge_error why;

    if (!c || c->state != CHANNEL_ENTERING)
        return;
    const char *other = link_clean(link, m->params[2]);
    bridge_fail(&why, BRIDGE_REJECTED, _("%s sends you on to %s; enter %s%%%s if you like"),
                c->name, other, other, link->network);
    refuse(c, &why);
    link_flush(link);
}

bool channel_refused(struct irc_link *link, const struct irc_message *m)
{
    struct channel *c = m->count > 1 ? channel_find(link, m->params[1]) : NULL;
    bool not_in = !strcmp(m->verb, "442") || !strcmp(m->verb, "403"); /* answers PART */
    struct bridge_error why;

    if (!c || channel_is_in(c))
        return false;
    if (c->state == CHANNEL_ENTERING) {
        numeric_explain(m->verb, m->params[m->count - 1], &why);
        refuse(c, &why);
    } else if (not_in && c->state == CHANNEL_LEAVING) {
        drop(c);
    } else if (not_in && c->state == CHANNEL_RETURNING) {
        set_state(c, CHANNEL_ENTERING);
    }
    link_flush(link);
    return true;
}
