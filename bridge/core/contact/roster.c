#include "roster.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/log.h>

#include "ability.h"
#include "ask.h"
#include "contact.h"
#include "core.h"
#include "privilege.h"
#include "roster_item.h"
#include "stanza.h"
#include "store.h"
#include "xml.h"

/* What is shown of a name, or of a group's. */
#define NAME_SHOWN_MAX 1000

enum stage {
    RESTING, /* nothing is to be done */
    WAITING, /* for its turn */
    ASKED,   /* for an answer of the server or a client */
};

struct listed {
    char *address;
    char *name;
    char *group; /* or NULL */
    bool gone;   /* the network lists it no more */

    enum stage stage;
    bool again;         /* it has changed since it was ASKED */
    bool leaving;       /* what is ASKED is its removal */
    bool offered;       /* the user, or a client, has been asked to add it */
    bool refused;       /* the server does not take it into the roster */
    char *asked_name;   /* as it is ASKED */
    char *asked_group;
    char *placed_name;  /* as we have put it there; NULL: in the store */
    char *placed_group; /* "": none; NULL: unknown */
    unsigned placed;    /* roster->readings then */
    struct listed *next; /* WAITING */
};

struct roster {
    struct bridge_session *session;
    struct map listed;             /* by address */
    struct listed *first, **tail;  /* those that wait */
    struct listed *asked[ROSTER_BATCH_MAX]; /* what `ask` is about */
    size_t asked_count;
    struct ask *ask;
    char *client;          /* that `ask` went to, if it was one (full JID) */
    xmpp_stanza_t *known;  /* the roster, as the server tells it to us; or NULL */
    bool read;             /* we have asked for it */
    unsigned readings;     /* how often */
    struct roster *next, **link;              /* in rosters->ready; link NULL: not there */
    struct roster *following, **link_of_all;  /* in rosters->all */
};

struct rosters {
    struct roster *all;
    struct roster *walk; /* where those that were offered are looked at again; or NULL */
    struct roster *ready, **tail; /* those with contacts that wait */
    uv_timer_t timer;
    bool running;
};

/* --- whose turn it is ------------------------------------------------------------- */

static struct rosters *rosters_of(const struct roster *r)
{
    return r->session->host->core->rosters;
}

static void on_timer(uv_timer_t *timer);

static void run(struct rosters *rosters, uint64_t wait)
{
    if (rosters->running)
        return;
    rosters->running = true;
    uv_timer_start(&rosters->timer, on_timer, wait, 0);
}

static void make_ready(struct roster *r)
{
    struct rosters *rosters = rosters_of(r);

    if (r->link || r->ask || !r->first)
        return;
    r->next = NULL;
    r->link = rosters->tail;
    *rosters->tail = r;
    rosters->tail = &r->next;
    run(rosters, ROSTER_STEP_MS);
}

static void make_unready(struct roster *r)
{
    if (!r->link)
        return;
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    else
        rosters_of(r)->tail = r->link;
    r->link = NULL;
}

/* --- contacts that wait ----------------------------------------------------------- */

static void wait_for_turn(struct roster *r, struct listed *c)
{
    if (c->stage == ASKED) {
        c->again = true;
    } else if (c->stage == RESTING) {
        c->stage = WAITING;
        c->next = NULL;
        *r->tail = c;
        r->tail = &c->next;
    }
    make_ready(r);
}

static struct listed *take_first(struct roster *r)
{
    struct listed *c = r->first;

    r->first = c->next;
    if (!r->first)
        r->tail = &r->first;
    c->stage = RESTING;
    return c;
}

static void listed_free(struct listed *c)
{
    free(c->address);
    free(c->name);
    free(c->group);
    free(c->asked_name);
    free(c->asked_group);
    free(c->placed_name);
    free(c->placed_group);
    free(c);
}

/* Nothing is to be done about it any more; *c may be gone. */
static void settle(struct roster *r, struct listed *c)
{
    if (!c->gone)
        return;
    map_removes(&r->listed, c->address);
    listed_free(c);
}

/* --- what is there ---------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static unsigned subscription(const struct roster *r, const struct listed *c)
{
    return contact_subscription(r->session->host, r->session->user, c->address);
}

/* The name under which the contact is in the roster because of us, or NULL. As
 * long as nothing else is read from the store. */
static const char *placed_name(const struct roster *r, const struct listed *c)
{
    const struct bridge_host *host = r->session->host;
    struct store_contact row;

    if (c->placed_name)
        return c->placed_name;
    if (!store_contact_find(host->core->store, host->name, r->session->user, c->address, &row))
        return NULL;
    return row.name;
}

static bool is_regrouped(const struct listed *c)
{
    return c->placed_group && !same(c->placed_group, c->group ? c->group : "");
}

/* Returns whether anything is new. */
static bool set_text(char **to, const char *text)
{
    char *copy = core_copy_text(text, NAME_SHOWN_MAX);
    bool new = !same(*to, copy);

    free(*to);
    *to = copy;
    return new;
}

static void note_placed(struct roster *r, struct listed *c, const char *name, const char *group)
{
    set_text(&c->placed_name, name);
    set_text(&c->placed_group, group ? group : "");
    c->placed = r->readings;
}

static void change(struct roster *r, const struct listed *c, enum subscription_event event,
                   const char *name)
{
    if (r->session->leaving) /* it would be the only row that is left of the user */
        return;
    contact_change(r->session->host, r->session->user, c->address, event, name);
}

/* --- asking ----------------------------------------------------------------------- */

/* The contacts whose answer has come. */
static size_t take_asked(struct roster *r, struct listed *asked[ROSTER_BATCH_MAX])
{
    size_t count = r->asked_count;

    memcpy(asked, r->asked, count * sizeof *asked);
    r->asked_count = 0;
    r->ask = NULL;
    for (size_t i = 0; i < count; i++)
        asked[i]->stage = RESTING;
    return count;
}

/* After an answer: those that have changed meanwhile come again. */
static void conclude(struct roster *r, struct listed *c, bool retry)
{
    bool again = c->again || retry;

    c->again = c->leaving = false;
    set_text(&c->asked_name, NULL);
    set_text(&c->asked_group, NULL);
    if (again)
        wait_for_turn(r, c);
    else
        settle(r, c);
}

static bool ask_for(struct roster *r, const char *type, const char *to,
                    const struct strbuf *payload, ask_done *done)
{
    const struct ask_request request = { .type = type, .to = to,
                                         .payload = strbuf_text(payload) };
    struct bridge_error err;

    r->ask = ask_send(r->session->host, &request, done, r, &err);
    if (!r->ask)
        log_debug(r->session->host->name, "%s", err.text);
    return r->ask != NULL;
}

/* What was sent is about the first that waits, too. */
static void move_to_asked(struct roster *r)
{
    struct listed *c = take_first(r);

    c->stage = ASKED;
    c->leaving = c->gone;
    set_text(&c->asked_name, c->name);
    set_text(&c->asked_group, c->group);
    r->asked[r->asked_count++] = c;
}

/* Not an answer, but none: it will be asked again on the next stream. */
static bool is_lost(const struct roster *r)
{
    return !component_is_up(r->session->host->component);
}

/* --- the server's way (XEP-0356) -------------------------------------------------- */

static void forget_known(struct roster *r)
{
    if (r->known)
        xmpp_stanza_release(r->known);
    r->known = NULL;
    r->read = false;
}

static void on_read(void *arg, xmpp_stanza_t *iq, const struct bridge_error *why)
{
    struct roster *r = arg;
    xmpp_stanza_t *query = iq ? stanza_child(iq, "query", NS_ROSTER) : NULL;

    r->ask = NULL;
    if (query)
        r->known = xmpp_stanza_clone(query);
    else if (is_lost(r))
        forget_known(r);
    else if (why)
        privilege_broken(r->session->host, r->session->user, PRIVILEGE_ROSTER_GET, why);
    make_ready(r);
}

/* Before anything is changed in the roster: what the user has made of it shall
 * stay. False if that need not, or cannot, be asked. */
static bool read_roster(struct roster *r)
{
    struct strbuf payload = STRBUF_INIT(256);

    if (r->read ||
        !privilege_granted(r->session->host, r->session->user, PRIVILEGE_ROSTER_GET))
        return false;
    r->read = true;
    r->readings++;
    strbuf_adds(&payload, "<query xmlns='" NS_ROSTER "'/>");
    bool sent = ask_for(r, "get", r->session->user, &payload, on_read);
    strbuf_release(&payload);
    return sent;
}

/* Of this contact, or of the server as a whole? */
static bool is_general(const struct bridge_error *why)
{
    static const bool general[] = {
        [BRIDGE_RETRY] = true, /* with ejabberd's internal-server-error */
        [BRIDGE_FORBIDDEN] = true,   [BRIDGE_AUTH] = true,       [BRIDGE_MEMBERSHIP] = true,
        [BRIDGE_UNSUPPORTED] = true, [BRIDGE_NO_SERVICE] = true,
    };

    return why->code < sizeof general / sizeof *general && general[why->code];
}

static void on_refused(struct roster *r, struct listed *c, const struct bridge_error *why)
{
    struct bridge_host *host = r->session->host;

    if (is_general(why)) {
        privilege_broken(host, r->session->user, PRIVILEGE_ROSTER_SET, why);
        return;
    }
    log_debug(host->name, "the server of %s does not take %s into the roster: %s",
              r->session->user, c->address, why->text);
    c->refused = true;
}

/* It is in the roster, under this name, which may be an earlier one by now. */
static void placed(struct roster *r, struct listed *c, const char *name, const char *group)
{
    bool in_roster = subscription(r, c) & STORE_SUB_TO;

    note_placed(r, c, name, group);
    c->offered = false;
    change(r, c, in_roster ? SUBSCRIPTION_NAMED : SUBSCRIPTION_SETTLED, name);
}

static void on_set(void *arg, xmpp_stanza_t *iq, const struct bridge_error *why)
{
    struct roster *r = arg;
    struct listed *asked[ROSTER_BATCH_MAX];

    (void)iq;
    take_asked(r, asked);
    struct listed *c = asked[0];
    bool lost = why && is_lost(r);
    if (why && !lost && !c->leaving)
        on_refused(r, c, why);
    if (!why && !c->leaving && !c->gone)
        placed(r, c, c->asked_name, c->asked_group);
    conclude(r, c, lost || (why && !c->leaving));
    make_ready(r);
}

static bool send_set(struct roster *r, const struct strbuf *query)
{
    bool sent = ask_for(r, "set", r->session->user, query, on_set);

    if (sent)
        move_to_asked(r);
    return sent;
}

/* Does the user have the contact under a name that is not from us? */
static bool is_named_by_user(struct roster *r, struct listed *c, xmpp_stanza_t *present)
{
    const char *name = present ? xmpp_stanza_get_attribute(present, "name") : NULL;
    const char *ours = placed_name(r, c);

    if (present)
        return name && *name && !same(name, ours) && !same(name, c->name);
    return (subscription(r, c) & STORE_SUB_TO) && !ours;
}

/* Put the first contact that waits into the roster, or change it there. */
static bool place_first(struct roster *r)
{
    struct listed *c = r->first;
    struct strbuf jid = STRBUF_INIT(4096), query = STRBUF_INIT(XML_STANZA_MAX);
    bool in_roster = subscription(r, c) & STORE_SUB_TO;
    bool sent = true;

    if (c->placed_name && c->placed == r->readings) /* the reading is older than that */
        forget_known(r);
    if (read_roster(r))
        return true;
    domain_add_jid(r->session->host, &jid, c->address);
    xmpp_stanza_t *present = roster_item_find(r->known, strbuf_text(&jid));
    bool keep_name = is_named_by_user(r, c, present);
    bool regroup = !present || is_regrouped(c);
    const struct roster_item item = {
        .jid = strbuf_text(&jid),
        .name = keep_name && present ? xmpp_stanza_get_attribute(present, "name") : c->name,
        .group = regroup ? c->group : NULL,
        .before = is_regrouped(c) ? c->placed_group : NULL,
        .subscription = in_roster ? NULL : "both",
    };
    if (in_roster && keep_name && !is_regrouped(c)) {
        take_first(r); /* the user has said how it is to be called */
        placed(r, c, c->name, c->group);
    } else {
        roster_item_write(&query, &item, present);
        sent = send_set(r, &query);
    }
    strbuf_release(&jid);
    strbuf_release(&query);
    return sent;
}

static bool remove_first(struct roster *r)
{
    struct strbuf jid = STRBUF_INIT(4096), query = STRBUF_INIT(XML_STANZA_MAX);

    domain_add_jid(r->session->host, &jid, r->first->address);
    roster_item_write_removal(&query, strbuf_text(&jid));
    bool sent = send_set(r, &query);
    strbuf_release(&jid);
    strbuf_release(&query);
    return sent;
}

/* --- the client's way (XEP-0144) -------------------------------------------------- */

static void suggested(struct roster *r, struct listed *c)
{
    if (c->leaving || c->gone)
        return;
    c->offered = !(subscription(r, c) & STORE_SUB_TO);
    if (!c->offered)
        placed(r, c, c->asked_name, c->asked_group);
}

static void on_suggested(void *arg, xmpp_stanza_t *iq, const struct bridge_error *why)
{
    struct roster *r = arg;
    struct listed *asked[ROSTER_BATCH_MAX];
    size_t count = take_asked(r, asked);
    bool lost = why && is_lost(r);

    (void)iq;
    if (why && !lost)
        ability_deny(r->session, r->client, ABILITY_ROSTERX);
    for (size_t i = 0; i < count; i++) {
        if (!why)
            suggested(r, asked[i]);
        conclude(r, asked[i], lost || (why && !asked[i]->leaving));
    }
    make_ready(r);
}

static const char *action_for(const struct roster *r, const struct listed *c)
{
    if (c->gone)
        return "delete";
    return subscription(r, c) & STORE_SUB_TO ? "modify" : "add";
}

static void write_suggestion(struct strbuf *out, struct roster *r, const struct listed *c,
                             const char *action)
{
    struct strbuf jid = STRBUF_INIT(4096);

    domain_add_jid(r->session->host, &jid, c->address);
    const struct roster_item item = { .jid = strbuf_text(&jid), .name = c->name,
                                      .group = c->gone ? NULL : c->group };
    roster_item_suggest(out, action, &item);
    strbuf_release(&jid);
}

/* The first contact that waits, and those behind it about which the same is to be
 * said: additions, changes and deletions must not be mixed (§5). */
static bool suggest(struct roster *r, const char *client)
{
    const char *action = action_for(r, r->first);
    struct strbuf payload = STRBUF_INIT(XML_STANZA_MAX);
    size_t count = 0;

    roster_item_open_exchange(&payload);
    for (struct listed *c = r->first; c && count < ROSTER_BATCH_MAX; c = c->next, count++) {
        if (action_for(r, c) != action)
            break;
        write_suggestion(&payload, r, c, action);
    }
    roster_item_close_exchange(&payload);
    free(r->client);
    r->client = bridge_strdup(client);
    bool sent = ask_for(r, "set", client, &payload, on_suggested);
    for (; sent && count; count--)
        move_to_asked(r);
    strbuf_release(&payload);
    return sent;
}

/* --- the contact's own way -------------------------------------------------------- */

static bool request(struct roster *r)
{
    struct listed *c = take_first(r);

    if (c->gone) {
        settle(r, c);
    } else if (subscription(r, c) & STORE_SUB_TO) {
        placed(r, c, c->name, c->group); /* where only the user can change it */
    } else {
        c->offered = true;
        change(r, c, SUBSCRIPTION_OFFERED, c->name);
    }
    return true;
}

/* --- which way -------------------------------------------------------------------- */

/* Nothing need be known about privileges yet: they may come any moment. */
static bool is_early(const struct roster *r)
{
    const struct bridge_host *host = r->session->host;

    return !component_is_up(host->component) ||
           clock_monotonic() - host->since < ROSTER_GRACE_MS;
}

static bool may_set(const struct roster *r, const struct listed *c)
{
    return !c->refused &&
           privilege_granted(r->session->host, r->session->user, PRIVILEGE_ROSTER_SET);
}

/* The next stanza for this user, about the first contact that waits. False if
 * nothing can be done yet. */
static bool take_way(struct roster *r)
{
    bool pending;

    if (may_set(r, r->first) && component_is_up(r->session->host->component))
        return r->first->gone ? remove_first(r) : place_first(r);
    if (is_early(r))
        return false;
    const char *client = ability_find(r->session, ABILITY_ROSTERX, &pending);
    if (client)
        return suggest(r, client);
    return !pending && request(r);
}

/* Whom the user has been asked about is not offered once more, but in a way that
 * asks nobody. */
static bool is_done(const struct roster *r, const struct listed *c)
{
    unsigned now = subscription(r, c);

    if (c->gone)
        return false;
    if (now & STORE_SUB_DECLINED)
        return true;
    if (now & STORE_SUB_TO)
        return same(placed_name(r, c), c->name) && !is_regrouped(c);
    return (c->offered || now & (STORE_SUB_ASKED | STORE_SUB_FROM)) && !may_set(r, c) &&
           !is_early(r);
}

static void rest(struct roster *r, struct listed *c)
{
    unsigned now = subscription(r, c);

    if (!c->placed_group && now & STORE_SUB_TO)
        note_placed(r, c, c->name, c->group);
    c->offered = !(now & (STORE_SUB_TO | STORE_SUB_DECLINED));
}

static bool step(struct roster *r)
{
    bool worked = false;

    make_unready(r);
    if (r->session->leaving) { /* until the session ends, or stays after all */
        make_ready(r);
        return false;
    }
    for (int i = 0; i < ROSTER_BATCH_MAX && r->first && is_done(r, r->first); i++) {
        rest(r, take_first(r));
        worked = true;
    }
    if (r->first && !is_done(r, r->first))
        worked = take_way(r) || worked;
    if (!r->first && !r->ask)
        forget_known(r);
    make_ready(r);
    return worked;
}

/* --- steps ------------------------------------------------------------------------ */

static void look_again(struct roster *r)
{
    struct listed *c;
    size_t i = 0;

    if (!privilege_granted(r->session->host, r->session->user, PRIVILEGE_ROSTER_SET))
        return;
    while ((c = map_next(&r->listed, &i))) {
        c->refused = false;
        if (c->offered)
            wait_for_turn(r, c);
    }
}

static void walk_on(struct rosters *rosters)
{
    for (size_t i = 0; rosters->walk && i < ROSTER_STEP_USERS; i++) {
        struct roster *r = rosters->walk;
        rosters->walk = r->following;
        look_again(r);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct rosters *rosters = timer->data;
    bool worked = rosters->walk != NULL;
    struct roster *turns[ROSTER_STEP_USERS];
    size_t count = 0;

    walk_on(rosters);
    for (struct roster *r = rosters->ready; r && count < ROSTER_STEP_USERS; r = r->next)
        turns[count++] = r;
    for (size_t i = 0; i < count; i++)
        worked = step(turns[i]) || worked;
    rosters->running = false;
    if (rosters->ready || rosters->walk)
        run(rosters, worked ? ROSTER_STEP_MS : ROSTER_WAIT_MS);
}

void roster_granted(struct bridge_host *host)
{
    struct rosters *rosters = host->core->rosters;

    rosters->walk = rosters->all;
    if (rosters->walk)
        run(rosters, ROSTER_STEP_MS);
}

/* --- what the network says -------------------------------------------------------- */

static struct roster *roster_get(struct bridge_session *session)
{
    struct rosters *rosters = session->host->core->rosters;
    struct roster *r = session->roster;

    if (r)
        return r;
    r = bridge_alloc(sizeof *r);
    r->session = session;
    r->tail = &r->first;
    r->following = rosters->all;
    r->link_of_all = &rosters->all;
    if (r->following)
        r->following->link_of_all = &r->following;
    rosters->all = r;
    session->roster = r;
    return r;
}

/* An address that no JID can have would be a name of the domain itself. */
static bool has_jid(struct bridge_session *session, const char *address)
{
    struct strbuf jid = STRBUF_INIT(4096);

    domain_add_jid(session->host, &jid, address);
    bool has = strcmp(strbuf_text(&jid), session->host->name) != 0;
    strbuf_release(&jid);
    return has;
}

static struct listed *add_listed(struct roster *r, const char *address)
{
    if (r->listed.count >= ROSTER_LISTED_MAX) {
        log_warning(r->session->host->name, "lists too many contacts of %s: %s is left out",
                    r->session->user, address);
        return NULL;
    }
    struct listed *c = bridge_alloc(sizeof *c);
    c->address = bridge_strdup(address);
    map_puts(&r->listed, c->address, c);
    return c;
}

void bridge_contact_listed(struct bridge_session *session, const struct bridge_contact *contact)
{
    struct roster *r = roster_get(session);
    struct listed *c = map_finds(&r->listed, contact->address);
    const char *name = contact->name && *contact->name ? contact->name : contact->address;
    const char *group = contact->group && *contact->group ? contact->group : NULL;

    if (!c && has_jid(session, contact->address))
        c = add_listed(r, contact->address);
    if (!c)
        return;
    bool new = set_text(&c->name, name);
    new = set_text(&c->group, group) || new;
    if (!new && !c->gone)
        return;
    c->gone = false;
    wait_for_turn(r, c);
}

void bridge_contact_unlisted(struct bridge_session *session, const char *address)
{
    struct roster *r = roster_get(session);
    struct listed *c = map_finds(&r->listed, address);
    unsigned now = contact_subscription(session->host, session->user, address);

    if (!c && now && has_jid(session, address))
        c = add_listed(r, address); /* by an earlier session */
    if (!c || c->gone)
        return;
    set_text(&c->placed_name, NULL);
    set_text(&c->placed_group, NULL);
    c->gone = true;
    c->offered = false;
    /* What the user does not want is remembered: it may be listed again. */
    if (now && !(now & STORE_SUB_DECLINED))
        change(r, c, SUBSCRIPTION_RELEASED, NULL);
    if (now & STORE_SUB_TO || c->stage != RESTING)
        wait_for_turn(r, c);
    else
        settle(r, c);
}

/* --- life ------------------------------------------------------------------------- */

void roster_free(struct roster *r)
{
    struct listed *c;
    size_t i = 0;

    if (!r)
        return;
    struct rosters *rosters = rosters_of(r);
    if (rosters->walk == r)
        rosters->walk = r->following;
    make_unready(r);
    *r->link_of_all = r->following;
    if (r->following)
        r->following->link_of_all = r->link_of_all;
    ask_cancel(r->ask);
    while ((c = map_next(&r->listed, &i)))
        listed_free(c);
    map_release(&r->listed);
    forget_known(r);
    free(r->client);
    free(r);
}

struct rosters *rosters_new(uv_loop_t *loop)
{
    struct rosters *rosters = bridge_alloc(sizeof *rosters);

    rosters->tail = &rosters->ready;
    uv_timer_init(loop, &rosters->timer);
    rosters->timer.data = rosters;
    return rosters;
}

void rosters_stop(struct rosters *rosters)
{
    uv_close((uv_handle_t *)&rosters->timer, NULL);
}

void rosters_free(struct rosters *rosters)
{
    assert(!rosters->all);
    free(rosters);
}
