/* The commands of the control socket, on the core between fakes. */
#include "verb.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/host.h>
#include <bridge/log.h>

#include "dialogue.h"
#include "roll.h"
#include "session.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- the store's jobs ----------------------------------------------------- */

/* What was asked for and has not been answered, or was cancelled. */
static struct {
    store_census_done *census;
    char *domain; /* of the census; NULL: all */
    const struct store_backup_events *backup;
    char *file;
    void *arg;
    int cancelled;
} job;

struct store_census *store_census(struct store *store, const char *domain,
                                  store_census_done *done, void *arg)
{
    (void)store;
    job.census = done;
    free(job.domain);
    job.domain = bridge_strdup(domain);
    job.arg = arg;
    return (struct store_census *)&job;
}

void store_census_cancel(struct store_census *census)
{
    (void)census;
    job.cancelled++;
}

void store_census_free(struct store_census_user *users, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(users[i].user);
    free(users);
}

struct store_backup *store_backup(struct store *store, const char *file,
                                  const struct store_backup_events *events, void *arg)
{
    (void)store;
    job.backup = events;
    free(job.file);
    job.file = bridge_strdup(file);
    job.arg = arg;
    return (struct store_backup *)&job;
}

void store_backup_cancel(struct store_backup *backup)
{
    (void)backup;
    job.cancelled++;
}

/* --- asking --------------------------------------------------------------- */

static int reload_result;
static const char *reload_report;

static int on_reload(void *arg, struct strbuf *report)
{
    (void)arg;
    strbuf_adds(report, reload_report);
    return reload_result;
}

static struct admin admin;
static struct answer answer;
static int wakes;
static struct strbuf said = STRBUF_INIT(1 << 20); /* all that was written */

static void on_wake(void *arg)
{
    (void)arg;
    wakes++;
}

/* As control.c does: write what there is, ask for more, until nothing comes. */
static void write_all(void)
{
    do {
        strbuf_adds(&said, strbuf_text(&answer.out));
        strbuf_reset(&answer.out);
        if (!answer.ended && answer.source && answer.source->more)
            answer.source->more(&answer, answer.state);
    } while (answer.out.len);
}

/* A new request; its words have spaces between them here. */
static void ask(const char *words)
{
    struct request request = { 0 };
    struct strbuf line = STRBUF_INIT(REQUEST_MAX);
    struct bridge_error err;

    answer_release(&answer);
    answer_init(&answer, on_wake, NULL);
    strbuf_reset(&said);
    admin.core = lab.core;
    admin.reload = on_reload;
    wakes = job.cancelled = 0;
    strbuf_addf(&line, "%s\n", words);
    for (char *space = line.data; (space = strchr(space, ' '));)
        *space = '\t';
    assert_int_equal(request_feed(&request, line.data, line.len, &err), REQUEST_READY);
    strbuf_release(&line);
    verb_run(&admin, &request, &answer);
    write_all();
}

static int end(void **state)
{
    answer_release(&answer);
    strbuf_release(&said);
    free(job.domain);
    free(job.file);
    job.domain = job.file = NULL;
    return dialogue_teardown(state);
}

#define SAID_ALL(text) assert_string_equal(strbuf_text(&said), (text))

/* A session without anything, used now. */
static void open_session(const char *user)
{
    struct bridge_error err;

    if (!session_open(lab.core->hosts[lab.core->host_count - 1], user, &err))
        fail_msg("%s: %s", user, err.text);
}

/* --- times ---------------------------------------------------------------- */

static void shows_times_as_ps_does(void **state)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } rows[] = {
        { 0, "00:00" },
        { 999, "00:00" },
        { 61000, "01:01" },
        { 3599999, "59:59" },
        { 3600000, "01:00:00" },
        { 86399000, "23:59:59" },
        { 86400000, "1-00:00:00" },
        { UINT64_C(100) * 86400000 + 3723000, "100-01:02:03" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct strbuf age = STRBUF_INIT(64);
        roll_add_age(&age, rows[i].ms);
        assert_string_equal(strbuf_text(&age), rows[i].text);
        strbuf_release(&age);
    }
}

/* --- status --------------------------------------------------------------- */

static void status_has_the_time_since_each_change_of_a_stream(void **state)
{
    char expected[512];

    (void)state;
    admin.started = lab.core->hosts[0]->since; /* all began together */
    dialogue_join();
    fake_timer_advance(5000);
    ask("status");
    snprintf(expected, sizeof expected,
             "- version\t%s\n- uptime\t00:05\n- database\twell\n- backlog\t0 bytes\n- \n"
             "# DOMAIN\tSTREAM\tSINCE\tSESSIONS\tROOMS\n"
             "- gateway.example.net\tup\t00:05\t0\t0\n"
             "- t.example.net\tup\t00:05\t1\t1\nok\n",
             bridge_version());
    SAID_ALL(expected);

    lab_cut(LAB_DOMAIN);
    fake_timer_advance(400); /* less than it waits before it tries again */
    ask("status");
    assert_non_null(strstr(strbuf_text(&said), "- gateway.example.net\tup\t00:05\t0\t0\n"));
    assert_non_null(strstr(strbuf_text(&said), "- t.example.net\tdown\t00:00\t1\t1\n"));
    struct canonical sent = lab_take(LAB_GATEWAY);
    canonical_release(&sent);
    LOGGED("error", "connection reset by peer");
}

/* --- sessions ------------------------------------------------------------- */

static void sessions_are_sorted_and_tell_how_long_they_are_idle(void **state)
{
    (void)state;
    dialogue_join();
    fake_timer_advance(1000);
    open_session("romeo@example.net");
    fake_timer_advance(2000);
    open_session("Zoe@example.net");
    ask("sessions");
    SAID_ALL("# USER\tDOMAIN\tROOMS\tCLIENTS\tCONTACTS\tIDLE\n"
             "- Zoe@example.net\tt.example.net\t0\t0\t0\t00:00\n"
             "- juliet@example.net\tt.example.net\t1\t1\t0\t00:03\n"
             "- romeo@example.net\tt.example.net\t0\t0\t0\t00:02\n"
             "ok\n");
    fake_transport_forget();
}

/* A long list is written in pieces, and time passes between them. */
static void a_session_that_ends_before_its_turn_is_left_out(void **state)
{
    static char user[1001];
    struct request request = { .words = { "sessions" }, .count = 1 };

    (void)state;
    memset(user, 'u', sizeof user - 1);
    for (int i = 0; i < 100; i++) {
        snprintf(user + 900, sizeof user - 900, "%03d@example.net", i);
        open_session(user);
    }
    admin.core = lab.core;
    answer_init(&answer, on_wake, NULL);
    verb_run(&admin, &request, &answer);
    answer.source->more(&answer, answer.state);
    assert_true(answer_full(&answer));
    session_close(session_find(lab.core->hosts[0], user), "bye"); /* the last */
    write_all();
    assert_null(strstr(strbuf_text(&said), "u099@example.net"));
    assert_non_null(strstr(strbuf_text(&said), "u098@example.net"));
    assert_true(answer.ended);
    fake_transport_forget();
}

/* --- users ---------------------------------------------------------------- */

static void on_counted(const struct store_census_user *users, size_t count)
{
    struct store_census_user *copy = bridge_alloc((count + 1) * sizeof *copy);

    for (size_t i = 0; i < count; i++)
        copy[i] = (struct store_census_user){ bridge_strdup(users[i].user), users[i].contacts };
    job.census(job.arg, copy, count, NULL);
    assert_int_equal(wakes, 1);
    write_all();
}

static void users_are_those_of_the_store_and_those_with_sessions(void **state)
{
    static const struct {
        struct store_census_user users[3];
        size_t count;
        const char *rows;
    } rows[] = {
        { { { 0 } }, 0, "- b@example.net\t0\t1\n- d@example.net\t0\t1\n" },
        { { { "a@example.net", 7 } }, 1,
          "- a@example.net\t7\t0\n- b@example.net\t0\t1\n- d@example.net\t0\t1\n" },
        { { { "b@example.net", 2 }, { "c@example.net", 3 }, { "e@example.net", 1 } }, 3,
          "- b@example.net\t2\t1\n- c@example.net\t3\t0\n- d@example.net\t0\t1\n"
          "- e@example.net\t1\t0\n" },
    };

    (void)state;
    open_session("d@example.net");
    open_session("b@example.net");
    for (size_t i = 0; i < COUNT(rows); i++) {
        char expected[512];
        ask("users");
        SAID_ALL(""); /* not before everybody is counted */
        assert_null(job.domain);
        on_counted(rows[i].users, rows[i].count);
        snprintf(expected, sizeof expected, "# USER\tCONTACTS\tSESSIONS\n%sok\n", rows[i].rows);
        SAID_ALL(expected);
        assert_int_equal(job.cancelled, 0);
    }
    ask("users T.EXAMPLE.NET");
    assert_string_equal(job.domain, LAB_DOMAIN);
    fake_transport_forget();
}

static void a_failed_count_is_told(void **state)
{
    struct bridge_error why;

    (void)state;
    bridge_fail(&why, BRIDGE_RETRY, "the disk does not read");
    ask("users");
    job.census(job.arg, NULL, 0, &why);
    write_all();
    SAID_ALL("failed the disk does not read\n");
}

static void whoever_goes_away_cancels_what_was_asked_for(void **state)
{
    (void)state;
    ask("users");
    answer_release(&answer);
    assert_int_equal(job.cancelled, 1);
    ask("backup /copy.db");
    answer_release(&answer);
    assert_int_equal(job.cancelled, 1);
}

/* --- one user's data -------------------------------------------------------- */

static void put_contacts(const char *user)
{
    const struct store_contact contact = { LAB_DOMAIN, user, "nurse", NULL, STORE_SUB_BOTH };

    store_contact_put(lab.core->store, &contact, NULL, NULL);
    fake_store_commit();
}

static size_t drop_sent(void)
{
    struct canonical sent = lab_take(LAB_DOMAIN);
    size_t count = sent.count;

    canonical_release(&sent);
    return count;
}

static void a_user_is_forgotten_when_it_is_durable(void **state)
{
    (void)state;
    put_contacts("juliet@example.net");
    ask("forget JULIET@example.net/balcony");
    SAID_ALL("");
    fake_store_commit();
    write_all();
    SAID_ALL("ok\n");
    assert_int_equal(fake_store_contacts(), 0);
    assert_true(drop_sent() > 0); /* the contact leaves the roster */
}

static void a_disk_that_takes_nothing_forgets_nobody(void **state)
{
    (void)state;
    put_contacts("juliet@example.net");
    ask("forget juliet@example.net");
    fake_store_fail("the disk is full");
    fake_store_commit();
    write_all();
    SAID_ALL("failed nothing was deleted: the disk is full\n");
    assert_int_equal(fake_store_contacts(), 1);
}

static void who_goes_away_has_asked_all_the_same(void **state)
{
    (void)state;
    put_contacts("juliet@example.net");
    ask("forget juliet@example.net");
    answer_release(&answer);
    fake_store_commit();
    assert_int_equal(fake_store_contacts(), 0);
    drop_sent();
}

static void an_export_is_told_when_it_was_read(void **state)
{
    (void)state;
    put_contacts("juliet@example.net");
    ask("export juliet@example.net");
    SAID_ALL("");
    while (!wakes)
        uv_run(&lab.loop, UV_RUN_ONCE);
    write_all();
    assert_non_null(strstr(strbuf_text(&said), "\n-     {\"transport\": \"" LAB_DOMAIN "\", "
                                               "\"address\": \"nurse\""));
    assert_non_null(strstr(strbuf_text(&said), "\n- }\nok\n"));
}

static void an_export_that_nobody_waits_for_ends_quietly(void **state)
{
    (void)state;
    ask("export juliet@example.net");
    answer_release(&answer);
    uv_run(&lab.loop, UV_RUN_ONCE); /* the thread's work has ended */
    assert_int_equal(wakes, 0);
}

/* --- backup --------------------------------------------------------------- */

static void a_backup_tells_each_per_cent_once(void **state)
{
    static const struct {
        uint64_t done;
        const char *said;
    } rows[] = {
        { 0, "" },   { 9, "" },          { 10, "~ 1 %\n" },   { 19, "" },
        { 20, "~ 2 %\n" }, { 999, "~ 99 %\n" }, { 1000, "" },
    };

    (void)state;
    ask("backup /var/copy.db");
    assert_string_equal(job.file, "/var/copy.db");
    for (size_t i = 0; i < COUNT(rows); i++) {
        strbuf_reset(&said);
        job.backup->on_progress(job.arg, rows[i].done, 1000);
        write_all();
        SAID_ALL(rows[i].said);
    }
    job.backup->on_done(job.arg, NULL);
    write_all();
    SAID_ALL("ok\n");
    assert_int_equal(wakes, 4);
    assert_int_equal(job.cancelled, 0);
}

static void a_client_that_does_not_read_gets_no_more_progress(void **state)
{
    (void)state;
    ask("backup /copy.db");
    for (uint64_t i = 1; i < 100; i++)
        job.backup->on_progress(job.arg, i, 100);
    write_all();
    SAID_ALL("~ 1 %\n");
    job.backup->on_done(job.arg, NULL);
}

static void a_failed_backup_says_why(void **state)
{
    struct bridge_error why;

    (void)state;
    bridge_fail(&why, BRIDGE_INVALID, "/copy.db: the disk is full");
    ask("backup /copy.db");
    job.backup->on_done(job.arg, &why);
    write_all();
    SAID_ALL("failed /copy.db: the disk is full\n");
}

/* --- disconnect ----------------------------------------------------------- */

static void disconnecting_tells_the_user_and_the_network(void **state)
{
    (void)state;
    dialogue_join();
    ask("disconnect Juliet@EXAMPLE.net/balcony");
    SAID_ALL("- disconnected from t.example.net\nok\n");
    DOWN("close juliet@example.net: An administrator of this gateway has disconnected you.\n");
    SENT("<presence type='unavailable' to='" BALCONY "' from='" ROOM "/jul'>"
         "<status>An administrator of this gateway has disconnected you.</status>"
         USER("<item affiliation='none' role='none'>"
              "<reason>An administrator of this gateway has disconnected you.</reason></item>"
              CODE(110) CODE(332)) "</presence>"
         "<message to='juliet@example.net' from='t.example.net' id='*'>"
         "<body>An administrator of this gateway has disconnected you.</body></message>");
    ask("disconnect juliet@example.net");
    SAID_ALL("failed juliet@example.net has no session\n");
}

/* --- reload, log and what is asked wrongly -------------------------------- */

static void reload_answers_with_the_report(void **state)
{
    static const struct {
        int result;
        const char *report, *said;
    } rows[] = {
        { 0, "", "ok\n" },
        { 0, "a change of xmpp.port needs a restart\n",
          "- a change of xmpp.port needs a restart\nok\n" },
        { -1, "c:1: x: bad \"\t\"\n\nc:2: y: worse\n",
          "- c:1: x: bad \" \"\n- c:2: y: worse\n"
          "failed nothing was changed: mend the configuration first\n" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        reload_result = rows[i].result;
        reload_report = rows[i].report;
        ask("reload");
        SAID_ALL(rows[i].said);
    }
}

static void the_log_level_is_shown_and_set(void **state)
{
    static const char *const levels[] = { "error", "warning", "info", "debug" };
    enum log_level before = log_threshold;
    char question[32], answered[32];

    (void)state;
    for (size_t i = 0; i < COUNT(levels); i++) {
        snprintf(question, sizeof question, "log %s", levels[i]);
        snprintf(answered, sizeof answered, "- %s\nok\n", levels[i]);
        ask(question);
        SAID_ALL(answered);
        assert_int_equal(log_threshold, i);
        ask("log");
        SAID_ALL(answered);
    }
    log_set_level(before);
}

static void what_is_asked_wrongly_is_said_and_not_done(void **state)
{
    static const struct {
        const char *words, *said;
    } rows[] = {
        { "frobnicate", "usage there is no command \"frobnicate\": \"help\" lists them\n" },
        { "Status", "usage there is no command \"Status\": \"help\" lists them\n" },
        { "status now", "usage expected: status\n" },
        { "sessions a b", "usage expected: sessions [DOMAIN]\n" },
        { "disconnect", "usage expected: disconnect JID [DOMAIN]\n" },
        { "disconnect @x", "usage bad localpart in '@x'\n" },
        { "log loud", "usage \"loud\" is no level: error, warning, info or debug\n" },
        { "backup", "usage expected: backup FILE\n" },
        { "backup copy.db",
          "usage copy.db: give the whole path: bridged has another directory than you\n" },
        { "users no.where",
          "failed bridged does not serve no.where; \"status\" lists its domains\n" },
        { "users @", "failed bridged does not serve @; \"status\" lists its domains\n" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        ask(rows[i].words);
        SAID_ALL(rows[i].said);
    }
}

static void only_what_changes_something_is_told_to_the_log(void **state)
{
    static const struct {
        const char *name;
        bool changes;
    } rows[] = {
        { "help", false },     { "status", false }, { "sessions", false },
        { "users", false },    { "nothing", false }, { "disconnect", true },
        { "reload", true },    { "log", true },     { "backup", true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (verb_changes(rows[i].name) != rows[i].changes)
            fail_msg("%s %s", rows[i].name, rows[i].changes ? "changes nothing" : "changes");
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, dialogue_setup, end)
#define CASE_GATEWAY(name) cmocka_unit_test_setup_teardown(name, dialogue_setup_gateway, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(shows_times_as_ps_does),
        CASE_GATEWAY(status_has_the_time_since_each_change_of_a_stream),
        CASE(sessions_are_sorted_and_tell_how_long_they_are_idle),
        CASE(a_session_that_ends_before_its_turn_is_left_out),
        CASE(users_are_those_of_the_store_and_those_with_sessions),
        CASE(a_failed_count_is_told),
        CASE(whoever_goes_away_cancels_what_was_asked_for),
        CASE(a_user_is_forgotten_when_it_is_durable),
        CASE(a_disk_that_takes_nothing_forgets_nobody),
        CASE(who_goes_away_has_asked_all_the_same),
        CASE(an_export_is_told_when_it_was_read),
        CASE(an_export_that_nobody_waits_for_ends_quietly),
        CASE(a_backup_tells_each_per_cent_once),
        CASE(a_client_that_does_not_read_gets_no_more_progress),
        CASE(a_failed_backup_says_why),
        CASE(disconnecting_tells_the_user_and_the_network),
        CASE(reload_answers_with_the_report),
        CASE(the_log_level_is_shown_and_set),
        CASE(what_is_asked_wrongly_is_said_and_not_done),
        CASE(only_what_changes_something_is_told_to_the_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
