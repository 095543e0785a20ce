#include "roll.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>

#include "room.h"
#include "session.h"

void roll_add_age(struct strbuf *out, uint64_t ms)
{
    unsigned long long s = ms / 1000;

    if (s >= 86400)
        strbuf_addf(out, "%llu-", s / 86400);
    if (s >= 3600)
        strbuf_addf(out, "%02llu:", s / 3600 % 24);
    strbuf_addf(out, "%02llu:%02llu", s / 60 % 60, s % 60);
}

/* --- who has a session ---------------------------------------------------- */

/* By name: until its turn comes, a session may have ended. */
struct entry {
    char *user;
    struct bridge_host *host; /* lives as long as we do */
};

struct roll {
    struct entry *entries; /* sorted by user, then by domain */
    size_t count;
    size_t next;

    /* roll_users() */
    struct answer *answer;
    struct store_census *census; /* NULL: it is done */
    struct store_census_user *users;
    size_t user_count;
    size_t next_user;
};

static int compare(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    int by_user = strcmp(x->user, y->user);

    return by_user ? by_user : strcmp(x->host->name, y->host->name);
}

static void add_entries(struct roll *roll, struct bridge_host *host)
{
    struct bridge_session *session;
    size_t i = 0;

    roll->entries = bridge_realloc(roll->entries, (roll->count + host->sessions.count + 1) *
                                                      sizeof *roll->entries);
    while ((session = map_next(&host->sessions, &i)))
        roll->entries[roll->count++] = (struct entry){ bridge_strdup(session->user), host };
}

static void call_roll(struct roll *roll, struct core *core, struct bridge_host *host)
{
    for (size_t i = 0; i < core->host_count; i++) {
        if (!host || core->hosts[i] == host)
            add_entries(roll, core->hosts[i]);
    }
    if (roll->count)
        qsort(roll->entries, roll->count, sizeof *roll->entries, compare);
}

static void roll_release(void *state)
{
    struct roll *roll = state;

    if (roll->census)
        store_census_cancel(roll->census);
    for (size_t i = 0; i < roll->count; i++)
        free(roll->entries[i].user);
    free(roll->entries);
    store_census_free(roll->users, roll->user_count);
    free(roll);
}

/* --- sessions ------------------------------------------------------------- */

/* A client that is in several rooms is one client. */
static size_t count_clients(const struct bridge_session *session)
{
    struct map seen = { 0 };
    const struct bridge_room *room;
    const char *client;
    size_t i = 0;

    while ((room = map_next(&session->rooms, &i))) {
        for (size_t n = 0; (client = room_client(room, n)); n++)
            map_puts(&seen, client, (void *)client);
    }
    size_t count = seen.count;
    map_release(&seen);
    return count;
}

static void say_session(struct answer *answer, const struct bridge_session *session)
{
    struct strbuf idle = STRBUF_INIT(64);

    roll_add_age(&idle, clock_monotonic() - session->used);
    answer_line(answer, "%s\t%s\t%zu\t%zu\t%zu\t%s", session->user, session->host->name,
                session->rooms.count, count_clients(session), session->watches.count,
                strbuf_text(&idle));
    strbuf_release(&idle);
}

static void more_sessions(struct answer *answer, void *state)
{
    struct roll *roll = state;

    while (roll->next < roll->count && !answer_full(answer)) {
        const struct entry *e = &roll->entries[roll->next++];
        const struct bridge_session *session = session_find(e->host, e->user);
        if (session)
            say_session(answer, session);
    }
    if (roll->next == roll->count)
        answer_ok(answer);
}

void roll_sessions(struct core *core, struct bridge_host *host, struct answer *answer)
{
    static const struct answer_source source = { more_sessions, roll_release };
    struct roll *roll = bridge_alloc(sizeof *roll);

    call_roll(roll, core, host);
    answer_heading(answer, "USER\tDOMAIN\tROOMS\tCLIENTS\tCONTACTS\tIDLE");
    answer_go_on(answer, &source, roll);
}

/* --- users ---------------------------------------------------------------- */

/* The next in either list; both are sorted alike. */
static void say_user(struct answer *answer, struct roll *roll)
{
    const struct entry *e = roll->next < roll->count ? &roll->entries[roll->next] : NULL;
    const struct store_census_user *u =
        roll->next_user < roll->user_count ? &roll->users[roll->next_user] : NULL;
    int order = !e ? 1 : !u ? -1 : strcmp(e->user, u->user);
    const char *user = order <= 0 ? e->user : u->user;
    size_t contacts = order >= 0 ? u->contacts : 0;
    size_t sessions = 0;

    while (roll->next < roll->count && !strcmp(roll->entries[roll->next].user, user)) {
        roll->next++;
        sessions++;
    }
    roll->next_user += order >= 0;
    answer_line(answer, "%s\t%zu\t%zu", user, contacts, sessions);
}

static void more_users(struct answer *answer, void *state)
{
    struct roll *roll = state;

    if (roll->census)
        return; /* on_census() wakes it */
    while ((roll->next < roll->count || roll->next_user < roll->user_count) &&
           !answer_full(answer))
        say_user(answer, roll);
    if (roll->next == roll->count && roll->next_user == roll->user_count)
        answer_ok(answer);
}

static void on_census(void *arg, struct store_census_user *users, size_t count,
                      const struct bridge_error *why)
{
    struct roll *roll = arg;
    struct answer *answer = roll->answer;

    roll->census = NULL;
    roll->users = users;
    roll->user_count = count;
    if (why)
        answer_end(answer, ANSWER_FAILED, "%s", why->text);
    else
        answer_heading(answer, "USER\tCONTACTS\tSESSIONS");
    answer_wake(answer);
}

void roll_users(struct core *core, struct bridge_host *host, struct answer *answer)
{
    static const struct answer_source source = { more_users, roll_release };
    struct roll *roll = bridge_alloc(sizeof *roll);

    call_roll(roll, core, host);
    roll->answer = answer;
    roll->census = store_census(core->store, host ? host->name : NULL, on_census, roll);
    answer_go_on(answer, &source, roll);
}
