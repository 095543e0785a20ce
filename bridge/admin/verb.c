#include "verb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/host.h>
#include <bridge/log.h>

#include "delivery_dead.h"
#include "domain.h"
#include "jid.h"
#include "personal.h"
#include "roll.h"
#include "session.h"
#include "xml.h"

#define REPORT_LIMIT (2u << 20) /* more than all faults of a configuration take */

struct verb {
    const char *name;
    const char *arguments; /* for people */
    unsigned min, max;     /* how many */
    bool changes;
    const char *help;
    /* The arguments end with NULL. */
    void (*run)(struct admin *admin, const char *const *args, struct answer *answer);
};

static const struct verb verbs[];

/* --- arguments ------------------------------------------------------------ */

/* Sets *host to NULL, which means all, for no name. -1: the answer has ended. */
static int find_domain(struct admin *admin, const char *name, struct bridge_host **host,
                       struct answer *answer)
{
    struct core *core = admin->core;
    struct bridge_error err;

    *host = NULL;
    if (!name)
        return 0;
    struct jid *jid = jid_new(NULL, name, NULL, &err);
    for (size_t i = 0; jid && i < core->host_count; i++) {
        if (!strcmp(core->hosts[i]->name, jid_domain(jid)))
            *host = core->hosts[i];
    }
    jid_free(jid);
    if (!*host)
        answer_end(answer, ANSWER_FAILED,
                   "bridged does not serve %s; \"status\" lists its domains", name);
    return *host ? 0 : -1;
}

/* --- status --------------------------------------------------------------- */

static size_t count_rooms(const struct bridge_host *host)
{
    const struct bridge_session *session;
    size_t rooms = 0;
    size_t i = 0;

    while ((session = map_next(&host->sessions, &i)))
        rooms += session->rooms.count;
    return rooms;
}

static void say_domain(const struct bridge_host *host, struct answer *answer)
{
    struct strbuf age = STRBUF_INIT(64);

    roll_add_age(&age, clock_monotonic() - host->since);
    answer_line(answer, "%s\t%s\t%s\t%zu\t%zu", host->name,
                component_is_up(host->component) ? "up" : "down", strbuf_text(&age),
                host->sessions.count, count_rooms(host));
    strbuf_release(&age);
}

static void run_status(struct admin *admin, const char *const *args, struct answer *answer)
{
    const struct core *core = admin->core;
    const struct bridge_error *trouble = store_trouble(core->store);
    struct strbuf age = STRBUF_INIT(64);

    (void)args;
    roll_add_age(&age, clock_monotonic() - admin->started);
    answer_line(answer, "version\t%s", bridge_version());
    answer_line(answer, "uptime\t%s", strbuf_text(&age));
    answer_line(answer, "database\t%s", trouble ? trouble->text : "well");
    answer_line(answer, "backlog\t%zu bytes", core->backlog);
    answer_line(answer, "%s", "");
    answer_heading(answer, "DOMAIN\tSTREAM\tSINCE\tSESSIONS\tROOMS");
    for (size_t i = 0; i < core->host_count; i++)
        say_domain(core->hosts[i], answer);
    answer_ok(answer);
    strbuf_release(&age);
}

/* --- lists ---------------------------------------------------------------- */

static void run_sessions(struct admin *admin, const char *const *args, struct answer *answer)
{
    struct bridge_host *host;

    if (!find_domain(admin, args[0], &host, answer))
        roll_sessions(admin->core, host, answer);
}

static void run_users(struct admin *admin, const char *const *args, struct answer *answer)
{
    struct bridge_host *host;

    if (!find_domain(admin, args[0], &host, answer))
        roll_users(admin->core, host, answer);
}

/* --- disconnect ----------------------------------------------------------- */

#define DISCONNECTED "An administrator of this gateway has disconnected you."

/* Those who are in a room see the reason there; a contact that goes offline
 * has none. */
static void tell_disconnected(struct bridge_host *host, const char *user)
{
    struct strbuf *out = core_stanza(host->core);

    strbuf_adds(out, "<message");
    xml_attribute(out, "to", user);
    xml_attribute(out, "from", host->name);
    core_add_id(host->core, out);
    strbuf_adds(out, "><body>" DISCONNECTED "</body></message>");
    domain_send(host, out);
}

static bool disconnect(struct bridge_host *host, const char *user)
{
    struct bridge_session *session = session_find(host, user);

    if (!session)
        return false;
    session_close(session, DISCONNECTED);
    tell_disconnected(host, user);
    return true;
}

static void run_disconnect(struct admin *admin, const char *const *args, struct answer *answer)
{
    struct core *core = admin->core;
    struct bridge_host *host;
    struct bridge_error err;
    size_t closed = 0;

    if (find_domain(admin, args[1], &host, answer))
        return;
    struct jid *jid = jid_parse(args[0], &err);
    if (!jid) {
        answer_end(answer, ANSWER_USAGE, "%s", err.text);
        return;
    }
    for (size_t i = 0; i < core->host_count; i++) {
        if ((host && core->hosts[i] != host) || !disconnect(core->hosts[i], jid_bare(jid)))
            continue;
        answer_line(answer, "disconnected from %s", core->hosts[i]->name);
        closed++;
    }
    if (closed)
        answer_ok(answer);
    else
        answer_end(answer, ANSWER_FAILED, "%s has no session", jid_bare(jid));
    jid_free(jid);
}

/* --- reload and log ------------------------------------------------------- */

static void say_lines(struct answer *answer, struct strbuf *text)
{
    char *rest = text->data;
    char *line;

    while (rest && (line = strsep(&rest, "\n"))) {
        for (char *tab = line; (tab = strchr(tab, '\t'));)
            *tab = ' '; /* it would begin a column */
        if (*line)
            answer_line(answer, "%s", line);
    }
}

static void run_reload(struct admin *admin, const char *const *args, struct answer *answer)
{
    struct strbuf report = STRBUF_INIT(REPORT_LIMIT);

    (void)args;
    int failed = admin->reload(admin->arg, &report);
    say_lines(answer, &report);
    if (failed)
        answer_end(answer, ANSWER_FAILED, "nothing was changed: mend the configuration first");
    else
        answer_ok(answer);
    strbuf_release(&report);
}

static void run_log(struct admin *admin, const char *const *args, struct answer *answer)
{
    (void)admin;
    for (int i = 0; args[0] && options_log_levels[i]; i++) {
        if (strcmp(args[0], options_log_levels[i]))
            continue;
        log_set_level((enum log_level)i);
        args++;
        break;
    }
    if (args[0]) {
        answer_end(answer, ANSWER_USAGE, "\"%s\" is no level: error, warning, info or debug",
                   args[0]);
        return;
    }
    answer_line(answer, "%s", options_log_levels[log_threshold]);
    answer_ok(answer);
}

/* --- one user's data ------------------------------------------------------ */

static void run_personal(struct admin *admin, const char *text, struct answer *answer,
                         void (*run)(struct core *core, const char *user, struct answer *answer))
{
    struct bridge_error err;
    struct jid *jid = jid_parse(text, &err);

    if (jid)
        run(admin->core, jid_bare(jid), answer);
    else
        answer_end(answer, ANSWER_USAGE, "%s", err.text);
    jid_free(jid);
}

static void run_export(struct admin *admin, const char *const *args, struct answer *answer)
{
    run_personal(admin, args[0], answer, personal_export);
}

static void run_forget(struct admin *admin, const char *const *args, struct answer *answer)
{
    run_personal(admin, args[0], answer, personal_forget);
}

/* --- backup --------------------------------------------------------------- */

struct backup {
    struct answer *answer;
    struct store_backup *running; /* NULL: it is over */
    unsigned told;                /* per cent */
};

static void backup_release(void *state)
{
    struct backup *backup = state;

    if (backup->running)
        store_backup_cancel(backup->running);
    free(backup);
}

static void on_backup_progress(void *arg, uint64_t done, uint64_t all)
{
    struct backup *backup = arg;
    unsigned percent = (unsigned)(done * 100 / all);

    /* A client that does not read gets no more of them. */
    if (percent == backup->told || percent == 100 || backup->answer->out.len)
        return;
    backup->told = percent;
    answer_progress(backup->answer, "%u %%", percent);
    answer_wake(backup->answer);
}

static void on_backup_done(void *arg, const struct bridge_error *why)
{
    struct backup *backup = arg;
    struct answer *answer = backup->answer;

    backup->running = NULL;
    if (why)
        answer_end(answer, ANSWER_FAILED, "%s", why->text);
    else
        answer_ok(answer);
    answer_wake(answer);
}

static void run_backup(struct admin *admin, const char *const *args, struct answer *answer)
{
    static const struct store_backup_events events = { .on_progress = on_backup_progress,
                                                       .on_done = on_backup_done };
    static const struct answer_source source = { .release = backup_release };

    if (*args[0] != '/') {
        answer_end(answer, ANSWER_USAGE,
                   "%s: give the whole path: bridged has another directory than you",
                   args[0]);
        return;
    }
    struct backup *backup = bridge_alloc(sizeof *backup);
    backup->answer = answer;
    backup->running = store_backup(admin->core->store, args[0], &events, backup);
    answer_go_on(answer, &source, backup);
}

/* --- deliveries ----------------------------------------------------------- */

static void say_deliveries(const struct bridge_host *host, struct answer *answer)
{
    struct delivery_counts c;

    if (!host->deliveries)
        return;
    deliveries_count(host->deliveries, &c);
    answer_line(answer, "%s\tto the network\t%zu\t%zu\t%" PRIu64 "\t%" PRIu64, host->name,
                c.out_waiting, c.out_hand, c.sent, c.failed);
    answer_line(answer, "%s\tto users\t%zu\t%zu\t%" PRIu64 "\t%" PRIu64, host->name,
                c.in_waiting, c.in_hand, c.proven, c.dead);
}

static void run_deliveries(struct admin *admin, const char *const *args, struct answer *answer)
{
    const struct core *core = admin->core;
    struct bridge_host *only;

    if (find_domain(admin, args[0], &only, answer))
        return;
    answer_heading(answer, "DOMAIN\tDIRECTION\tWAITING\tIN HAND\tSENT\tFAILED");
    for (size_t i = 0; i < core->host_count; i++) {
        if (!only || core->hosts[i] == only)
            say_deliveries(core->hosts[i], answer);
    }
    answer_ok(answer);
}

struct dead_list {
    struct bridge_host *host;
    int64_t after;
};

static bool say_dead(void *arg, const struct store_delivery *letter)
{
    struct answer *answer = arg;
    struct dead_list *list = answer->state;
    struct strbuf age = STRBUF_INIT(64);

    list->after = letter->id;
    roll_add_age(&age, (uint64_t)(clock_wall() - letter->created));
    answer_line(answer, "%" PRId64 "\t%s\t%s\t%s\t%s", letter->id, letter->user, letter->contact,
                strbuf_text(&age), letter->reason ? letter->reason : "");
    strbuf_release(&age);
    return !answer_full(answer);
}

static void more_dead(struct answer *answer, void *state)
{
    struct dead_list *list = state;

    dead_letters_each(list->host, list->after, say_dead, answer);
    if (!answer_full(answer))
        answer_ok(answer);
}

static void run_dead(struct admin *admin, const char *const *args, struct answer *answer)
{
    static const struct answer_source source = { .more = more_dead, .release = free };
    struct bridge_host *host;

    if (find_domain(admin, args[0], &host, answer))
        return;
    struct dead_list *list = bridge_alloc(sizeof *list);
    list->host = host;
    answer_heading(answer, "ID\tUSER\tCONTACT\tAGE\tREASON");
    answer_go_on(answer, &source, list);
}

struct burial {
    struct answer *answer;
    struct dead_letters_job *job; /* NULL: it has ended */
    const char *word;
};

static void burial_release(void *state)
{
    struct burial *burial = state;

    if (burial->job)
        dead_letters_leave(burial->job);
    free(burial);
}

static void on_buried_some(void *arg, size_t done)
{
    const struct burial *burial = arg;

    if (burial->answer->out.len) /* a client that does not read gets no more of them */
        return;
    answer_progress(burial->answer, "%zu", done);
    answer_wake(burial->answer);
}

static void on_buried(void *arg, size_t done, const struct bridge_error *why)
{
    struct burial *burial = arg;
    struct answer *answer = burial->answer;

    burial->job = NULL;
    if (why) {
        answer_end(answer, ANSWER_FAILED, "%s after %zu: %s", burial->word, done, why->text);
    } else {
        answer_line(answer, "%s: %zu", burial->word, done);
        answer_ok(answer);
    }
    answer_wake(answer);
}

static void end_dead(struct admin *admin, const char *const *args, enum dead_letter_end end,
                     struct answer *answer)
{
    static const struct dead_letters_events events = { on_buried_some, on_buried };
    static const struct answer_source source = { .release = burial_release };
    struct bridge_host *host;
    char *rest;

    if (find_domain(admin, args[0], &host, answer))
        return;
    bool all = !strcmp(args[1], "all");
    int64_t id = all ? 0 : strtoll(args[1], &rest, 10);
    if (!all && (id <= 0 || *rest)) {
        answer_end(answer, ANSWER_USAGE, "expected an ID from \"dead %s\", or all; not \"%s\"",
                   args[0], args[1]);
        return;
    }
    struct burial *burial = bridge_alloc(sizeof *burial);
    burial->answer = answer;
    burial->word = end == DEAD_LETTER_DROP ? "dropped" : "to be tried again";
    answer_go_on(answer, &source, burial);
    burial->job = dead_letters_end(host, end, id, &events, burial);
    if (!burial->job)
        answer_end(answer, ANSWER_FAILED, all ? "there are no dead letters at %s"
                                              : "there is no such dead letter at %s", host->name);
}

static void run_retry(struct admin *admin, const char *const *args, struct answer *answer)
{
    end_dead(admin, args, DEAD_LETTER_RETRY, answer);
}

static void run_drop(struct admin *admin, const char *const *args, struct answer *answer)
{
    end_dead(admin, args, DEAD_LETTER_DROP, answer);
}

/* --- the table ------------------------------------------------------------ */

static void run_help(struct admin *admin, const char *const *args, struct answer *answer)
{
    (void)admin;
    (void)args;
    for (const struct verb *v = verbs; v->name; v++)
        answer_line(answer, "%s%s%s\t%s", v->name, *v->arguments ? " " : "", v->arguments,
                    v->help);
    answer_ok(answer);
}

static const struct verb verbs[] = {
    { "help", "", 0, 0, false, "list the commands", run_help },
    { "status", "", 0, 0, false, "version, uptime, state of the database and of each domain",
      run_status },
    { "sessions", "[DOMAIN]", 0, 1, false,
      "who is connected: rooms, clients in them, contacts, idle time", run_sessions },
    { "users", "[DOMAIN]", 0, 1, false, "who has contacts or sessions, and how many",
      run_users },
    { "disconnect", "JID [DOMAIN]", 1, 2, true, "end a user's sessions, and tell the user",
      run_disconnect },
    { "export", "JID", 1, 1, true, "show all that is stored about a user, as JSON", run_export },
    { "forget", "JID", 1, 1, true,
      "delete all that is stored about a user; contacts leave the user's roster", run_forget },
    { "reload", "", 0, 0, true, "read the configuration again, as SIGHUP does", run_reload },
    { "log", "[LEVEL]", 0, 1, true,
      "show or set how much is logged: error, warning, info or debug", run_log },
    { "deliveries", "[DOMAIN]", 0, 1, false,
      "messages that are kept until they arrive: how many wait, and since the start",
      run_deliveries },
    { "dead", "DOMAIN", 1, 1, false, "dead letters: messages that a user's server refused",
      run_dead },
    { "retry", "DOMAIN ID|all", 2, 2, true, "try dead letters again", run_retry },
    { "drop", "DOMAIN ID|all", 2, 2, true, "drop dead letters", run_drop },
    { "backup", "FILE", 1, 1, true, "copy the database to a new file while it is in use",
      run_backup },
    { 0 },
};

static const struct verb *find_verb(const char *name)
{
    for (const struct verb *v = verbs; v->name; v++) {
        if (!strcmp(v->name, name))
            return v;
    }
    return NULL;
}

void verb_run(struct admin *admin, const struct request *request, struct answer *answer)
{
    const struct verb *v = find_verb(request->words[0]);
    unsigned count = request->count - 1;

    if (!v)
        answer_end(answer, ANSWER_USAGE, "there is no command \"%s\": \"help\" lists them",
                   request->words[0]);
    else if (count < v->min || count > v->max)
        answer_end(answer, ANSWER_USAGE, "expected: %s%s%s", v->name, *v->arguments ? " " : "",
                   v->arguments);
    else
        v->run(admin, request->words + 1, answer);
}

bool verb_changes(const char *name)
{
    const struct verb *v = find_verb(name);

    return v && v->changes;
}
