#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <bridge/log.h>
#include <bridge/strbuf.h>
#include <sqlite3.h>

#include "migrate.h"
#include "store.h"
#include "store_lab.h"
#include "writer.h"

/* SQLite's calls land here: the linker finds the program's names first. */
static atomic_int syncs;

int fsync(int fd)
{
    syncs++;
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    syncs++;
    return (int)syscall(SYS_fdatasync, fd);
}

/* A child that does not outlive us, whatever happens. */
static pid_t fork_child(void)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return child;
}

static void put_contact(struct store *store, int n, const char *name, unsigned subscription)
{
    char address[32];
    struct store_contact c = { .domain = "sms.example.net", .user = "juliet@example.net",
                               .name = name, .subscription = subscription };

    snprintf(address, sizeof address, "+%09d", n);
    c.address = address;
    store_contact_put(store, &c, on_done, &outcome);
}

static bool find_contact(struct store *store, int n, struct store_contact *out)
{
    char address[32];

    snprintf(address, sizeof address, "+%09d", n);
    return store_contact_find(store, "sms.example.net", "juliet@example.net", address, out);
}

static void put_and_wait(struct store *store, int first, int count)
{
    memset(&outcome, 0, sizeof outcome);
    for (int i = 0; i < count; i++)
        put_contact(store, first + i, "n", STORE_SUB_BOTH);
    run_until(&outcome.all, count);
    if (outcome.good != count)
        fail_msg("%d of %d are written: %s", outcome.good, count, outcome.text);
}

/* --- contacts --------------------------------------------------------------- */

static void contacts_are_kept_replaced_and_removed(void **state)
{
    struct store *store = open_store();
    struct store_contact c;

    (void)state;
    memset(&outcome, 0, sizeof outcome);
    assert_false(find_contact(store, 1, &c));
    put_contact(store, 1, "Zo\xc3\xab", STORE_SUB_TO);
    assert_int_equal(outcome.all, 0); /* never from within the call */
    run_until(&outcome.all, 1);
    assert_true(find_contact(store, 1, &c));
    assert_string_equal(c.domain, "sms.example.net");
    assert_string_equal(c.user, "juliet@example.net");
    assert_string_equal(c.address, "+000000001");
    assert_string_equal(c.name, "Zo\xc3\xab");
    assert_int_equal(c.subscription, STORE_SUB_TO);

    put_contact(store, 1, NULL, STORE_SUB_BOTH);
    store_contact_remove(store, "sms.example.net", "juliet@example.net", "absent", NULL, NULL);
    run_until(&outcome.all, 2);
    assert_true(find_contact(store, 1, &c));
    assert_null(c.name);
    assert_int_equal(c.subscription, STORE_SUB_BOTH);
    /* its strings may be the next question */
    assert_true(store_contact_find(store, c.domain, c.user, c.address, &c));

    store_contact_remove(store, c.domain, c.user, c.address, on_done, &outcome);
    run_until(&outcome.all, 3);
    assert_false(find_contact(store, 1, &c));
    assert_int_equal(outcome.good, 3);
    close_store(store);
}

static bool add_address(void *arg, const struct store_contact *contact)
{
    strbuf_addf(arg, "%s/%s ", contact->user, contact->address);
    return true;
}

static bool add_one(void *arg, const struct store_contact *contact)
{
    add_address(arg, contact);
    return false;
}

static void contacts_are_listed_by_user_and_by_domain(void **state)
{
    static const char *const keys[][3] = {
        { "d", "b", "2" }, { "d", "b", "1" }, { "d", "a", "9" }, { "e", "a", "8" },
        { "d", "", "0" },  { "d", "a'%", "x" },
    };
    static const struct {
        const char *domain, *user, *found;
    } cases[] = {
        { "d", "b", "b/1 b/2 " }, { "d", "a", "a/9 " },    { "d", "z", "" },
        { "e", NULL, "a/8 " },    { "f", NULL, "" },       { "d", "a'%", "a'%/x " },
        { "d", "", "/0 " },       { "d", NULL, "/0 a/9 a'%/x b/1 b/2 " },
    };
    struct store *store = open_store();
    struct strbuf found = STRBUF_INIT(4096);

    (void)state;
    memset(&outcome, 0, sizeof outcome);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct store_contact c = { .domain = keys[i][0], .user = keys[i][1],
                                   .address = keys[i][2] };
        store_contact_put(store, &c, on_done, &outcome);
    }
    run_until(&outcome.all, 6);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        strbuf_reset(&found);
        store_contact_each(store, cases[i].domain, cases[i].user, add_address, &found);
        assert_string_equal(strbuf_text(&found), cases[i].found);
    }
    strbuf_reset(&found);
    store_contact_each(store, "d", NULL, add_one, &found);
    assert_string_equal(strbuf_text(&found), "/0 ");
    strbuf_release(&found);
    close_store(store);
}

struct walk {
    struct store *store;
    struct strbuf found;
    int inner;
};

static bool count_row(void *arg, const struct store_contact *contact)
{
    (void)contact;
    ++*(int *)arg;
    return true;
}

/* In the middle of a walk the writer commits; a walk within a walk, and a find. */
static bool write_in_between(void *arg, const struct store_contact *contact)
{
    struct walk *walk = arg;
    struct store_contact c;

    add_address(&walk->found, contact);
    if (walk->found.len < 40)
        put_and_wait(walk->store, 500, 10);
    store_contact_each(walk->store, "sms.example.net", NULL, count_row, &walk->inner);
    find_contact(walk->store, 1, &c);
    return true;
}

static void a_walk_sees_one_state_of_the_database(void **state)
{
    struct walk walk = { .store = open_store(), .found = STRBUF_INIT(4096) };
    struct store_contact c;

    (void)state;
    put_and_wait(walk.store, 1, 2);
    store_contact_each(walk.store, "sms.example.net", NULL, write_in_between, &walk);
    assert_string_equal(strbuf_text(&walk.found),
                        "juliet@example.net/+000000001 juliet@example.net/+000000002 ");
    assert_int_equal(walk.inner, 4);
    assert_true(find_contact(walk.store, 500, &c)); /* now */
    strbuf_release(&walk.found);
    close_store(walk.store);
}

/* --- counters --------------------------------------------------------------- */

static void count(struct store *store, const char *user, int64_t day, int64_t messages)
{
    struct store_counter c = { .domain = "sms.example.net", .user = user, .day = day,
                               .messages = messages };

    memset(&outcome, 0, sizeof outcome);
    store_counter_put(store, &c, on_done, &outcome);
    run_until(&outcome.all, 1);
    if (outcome.good != 1)
        fail_msg("%s", outcome.text);
}

static int64_t counted(struct store *store, const char *user, int64_t day)
{
    return store_counter_get(store, "sms.example.net", user, day);
}

static void a_counter_holds_one_day_and_never_falls_within_it(void **state)
{
    static const struct {
        int64_t day, messages; /* put */
        int64_t first, second; /* then counted on days 20000 and 20001 */
    } rows[] = {
        { 20000, 5, 5, 0 },
        { 20000, 7, 7, 0 },
        { 20000, 6, 7, 0 },
        { 20001, 2, 0, 2 },
        { 20000, 1, 1, 0 }, /* the clock was set back */
        { 20000, INT64_MAX, INT64_MAX, 0 },
    };
    struct store *store = open_store();

    (void)state;
    count(store, "romeo@example.net", 20000, 9);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        count(store, "juliet@example.net", rows[i].day, rows[i].messages);
        assert_int_equal(counted(store, "juliet@example.net", 20000), rows[i].first);
        assert_int_equal(counted(store, "juliet@example.net", 20001), rows[i].second);
    }
    assert_int_equal(counted(store, "romeo@example.net", 20000), 9);
    assert_int_equal(counted(store, "nobody@example.net", 20000), 0);
    assert_int_equal(store_counter_get(store, "irc.example.net", "romeo@example.net", 20000),
                     0);
    close_store(store);

    store = open_store(); /* and all of it is still there afterwards */
    assert_int_equal(counted(store, "romeo@example.net", 20000), 9);
    close_store(store);
}

static void counters_of_past_days_are_forgotten(void **state)
{
    struct store *store = open_store();

    (void)state;
    count(store, "juliet@example.net", 20000, 5);
    count(store, "romeo@example.net", 20001, 6);
    memset(&outcome, 0, sizeof outcome);
    store_counters_forget(store, 20001, on_done, &outcome);
    run_until(&outcome.all, 1);
    assert_int_equal(outcome.good, 1);
    assert_int_equal(counted(store, "juliet@example.net", 20000), 0);
    assert_int_equal(counted(store, "romeo@example.net", 20001), 6);
    close_store(store);
}

/* --- users ------------------------------------------------------------------ */

static bool add_contact(void *arg, const struct store_contact *contact)
{
    strbuf_addf(arg, "%s/%s/%s/%s/%u ", contact->domain, contact->user, contact->address,
                contact->name ? contact->name : "-", contact->subscription);
    return true;
}

static bool add_first_contact(void *arg, const struct store_contact *contact)
{
    add_contact(arg, contact);
    return false;
}

static bool add_counter(void *arg, const struct store_counter *counter)
{
    strbuf_addf(arg, "%s/%s/%d/%d ", counter->domain, counter->user, (int)counter->day,
                (int)counter->messages);
    return true;
}

static bool add_first_counter(void *arg, const struct store_counter *counter)
{
    add_counter(arg, counter);
    return false;
}

/* What there is about a user: contacts, counters. */
static void has_of(struct store *store, const char *user, const char *expected)
{
    struct strbuf out = STRBUF_INIT(4096);

    store_user_contacts(store, user, add_contact, &out);
    strbuf_addch(&out, '|');
    store_user_counters(store, user, add_counter, &out);
    assert_string_equal(strbuf_text(&out), expected);
    strbuf_release(&out);
}

static void put_users(struct store *store)
{
    static const struct store_contact contacts[] = {
        { "b.example.net", "juliet@example.net", "y", "Y", STORE_SUB_BOTH },
        { "a.example.net", "juliet@example.net", "z", NULL, STORE_SUB_TO },
        { "a.example.net", "juliet@example.net", "unmistakable", NULL, STORE_SUB_TO },
        { "a.example.net", "romeo@example.net", "x", NULL, STORE_SUB_TO },
    };

    memset(&outcome, 0, sizeof outcome);
    for (size_t i = 0; i < sizeof contacts / sizeof *contacts; i++)
        store_contact_put(store, &contacts[i], on_done, &outcome);
    run_until(&outcome.all, 4);
    count(store, "juliet@example.net", 20000, 5);
    count(store, "romeo@example.net", 20000, 6);
}

static void a_user_is_found_at_all_transports(void **state)
{
    struct store *store = open_store();
    struct strbuf out = STRBUF_INIT(4096);

    (void)state;
    put_users(store);
    has_of(store, "juliet@example.net",
           "a.example.net/juliet@example.net/unmistakable/-/1 "
           "a.example.net/juliet@example.net/z/-/1 b.example.net/juliet@example.net/y/Y/3 |"
           "sms.example.net/juliet@example.net/20000/5 ");
    has_of(store, "nobody@example.net", "|");
    store_user_contacts(store, "juliet@example.net", add_first_contact, &out);
    store_user_counters(store, "juliet@example.net", add_first_counter, &out);
    assert_string_equal(strbuf_text(&out),
                        "a.example.net/juliet@example.net/unmistakable/-/1 "
                        "sms.example.net/juliet@example.net/20000/5 ");
    strbuf_release(&out);
    close_store(store);
}

/* Does the file hold these bytes, be it in a page that nobody uses? */
static bool file_holds(const char *text)
{
    struct strbuf all = STRBUF_INIT(16 << 20);
    FILE *file = fopen(path, "rb");
    int c;

    assert_non_null(file);
    while ((c = fgetc(file)) != EOF)
        strbuf_addch(&all, (char)c);
    fclose(file);
    assert_false(all.overflow);
    bool found = memmem(all.data, all.len, text, strlen(text)) != NULL;
    strbuf_release(&all);
    return found;
}

static void a_user_is_forgotten_without_a_trace(void **state)
{
    struct store *store = open_store();

    (void)state;
    put_users(store);
    close_store(store);
    assert_true(file_holds("juliet"));

    store = open_store();
    memset(&outcome, 0, sizeof outcome);
    store_user_remove(store, NULL, "juliet@example.net", 20000, on_done, &outcome);
    run_until(&outcome.all, 1);
    assert_int_equal(outcome.good, 1);
    /* the count of today holds her to her limit */
    has_of(store, "juliet@example.net", "|sms.example.net/juliet@example.net/20000/5 ");
    memset(&outcome, 0, sizeof outcome);
    store_user_remove(store, NULL, "juliet@example.net", 20001, on_done, &outcome);
    run_until(&outcome.all, 1);
    assert_int_equal(outcome.good, 1);
    has_of(store, "juliet@example.net", "|");
    has_of(store, "romeo@example.net", "a.example.net/romeo@example.net/x/-/1 |"
                                       "sms.example.net/romeo@example.net/20000/6 ");
    close_store(store);
    assert_false(file_holds("juliet"));
    assert_false(file_holds("unmistakable"));
    assert_true(file_holds("romeo"));
}

/* --- the writer ------------------------------------------------------------- */

static int expected_next;

static void in_order(void *arg, const struct bridge_error *why)
{
    assert_null(why);
    assert_int_equal((int)(intptr_t)arg, expected_next);
    expected_next++;
}

static void completions_come_in_the_order_of_the_calls(void **state)
{
    enum { MANY = 5000 };
    struct store *store = open_store();
    struct store_contact c = { .domain = "d", .user = "u", .address = "a" };

    (void)state;
    expected_next = 0;
    for (int i = 0; i < MANY; i++) {
        if (i % 3)
            store_contact_put(store, &c, in_order, (void *)(intptr_t)i);
        else
            store_contact_remove(store, "d", "u", "a", in_order, (void *)(intptr_t)i);
    }
    run_until(&expected_next, MANY);
    assert_true(store_contact_find(store, "d", "u", "a", &c)); /* the last was a put */
    close_store(store);
}

static void a_completion_comes_after_the_disk_was_told_to_keep_it(void **state)
{
    struct store *store = open_store();

    (void)state;
    for (int i = 0; i < 10; i++) {
        int before = syncs;
        put_and_wait(store, i, 1);
        assert_true(syncs > before);
    }
    close_store(store);
}

static void a_transaction_that_fails_does_not_stay_open(void **state)
{
    struct store *store = open_store();

    (void)state;
    put_and_wait(store, 1, 1);
    exec_raw("ALTER TABLE contact RENAME TO gone");
    memset(&outcome, 0, sizeof outcome);
    put_contact(store, 2, "n", STORE_SUB_BOTH);
    run_until(&outcome.all, 1);
    assert_int_equal(outcome.retry, 1);
    assert_non_null(strstr(outcome.text, "no such table: contact"));
    exec_raw("ALTER TABLE gone RENAME TO contact"); /* needs the lock */
    put_and_wait(store, 2, 1);
    close_store(store);
}

static void a_write_that_breaks_a_rule_fails_alone(void **state)
{
    struct store *store = open_store();
    struct store_contact c;

    (void)state;
    memset(&outcome, 0, sizeof outcome);
    put_contact(store, 1, "n", STORE_SUB_TO);
    put_contact(store, 2, "n", 77);
    put_contact(store, 3, "n", STORE_SUB_TO);
    run_until(&outcome.all, 3);
    assert_int_equal(outcome.good, 2);
    assert_int_equal(outcome.invalid, 1);
    assert_string_equal(outcome.text, "this cannot be stored: CHECK constraint failed: "
                                      "subscription BETWEEN 0 AND 15");
    assert_true(find_contact(store, 1, &c));
    assert_false(find_contact(store, 2, &c));
    assert_true(find_contact(store, 3, &c));
    assert_null(store_trouble(store));
    close_store(store);
}

static void closing_writes_what_is_queued_and_leaves_no_wal(void **state)
{
    struct store *store = open_store();
    struct store_contact c;
    char wal[160];

    (void)state;
    memset(&outcome, 0, sizeof outcome);
    for (int i = 0; i < 3000; i++)
        put_contact(store, i, "n", STORE_SUB_BOTH);
    close_store(store);
    assert_int_equal(outcome.good, 3000);
    snprintf(wal, sizeof wal, "%s-wal", path);
    assert_int_equal(access(wal, F_OK), -1);
    store = open_store();
    for (int i = 0; i < 3000; i++)
        assert_true(find_contact(store, i, &c));
    close_store(store);
}

static struct store *being_closed;

static void put_again(void *arg, const struct bridge_error *why)
{
    (void)arg;
    assert_null(why);
    put_contact(being_closed, 2, "n", STORE_SUB_BOTH);
}

static void what_comes_after_the_close_is_refused(void **state)
{
    struct store_contact c = { .domain = "d", .user = "u", .address = "a" };

    (void)state;
    memset(&outcome, 0, sizeof outcome);
    being_closed = open_store();
    store_contact_put(being_closed, &c, put_again, NULL);
    close_store(being_closed);
    assert_int_equal(outcome.retry, 1);
    assert_string_equal(outcome.text, "bridged is stopping");
}

static void a_full_queue_refuses_and_keeps_what_it_took(void **state)
{
    struct store *store = open_store();
    struct store_contact c;
    sqlite3 *other;

    (void)state;
    memset(&outcome, 0, sizeof outcome);
    /* Somebody else's transaction: the writer waits. */
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    for (int i = 0; i < WRITER_LIMIT + 5; i++)
        put_contact(store, i, NULL, STORE_SUB_NONE);
    assert_int_equal(outcome.all, 0);
    run_until(&outcome.all, 5);
    assert_int_equal(outcome.busy, 5);
    assert_string_equal(outcome.text,
                        "the disk does not keep up: too much waits to be written");
    sqlite3_close(other);
    run_until(&outcome.all, WRITER_LIMIT + 5);
    assert_int_equal(outcome.good, WRITER_LIMIT);
    assert_true(find_contact(store, WRITER_LIMIT - 1, &c));
    assert_false(find_contact(store, WRITER_LIMIT, &c));
    assert_null(store_trouble(store));
    close_store(store);
}

/* --- a disk that does not take it ------------------------------------------- */

static struct health {
    int bad, well;
    enum bridge_code code;
} health;

static void on_health(void *arg, const struct bridge_error *why)
{
    struct health *h = arg;

    if (why) {
        h->bad++;
        h->code = why->code;
    } else {
        h->well++;
    }
}

static void a_full_disk_loses_nothing_and_heals_by_itself(void **state)
{
    struct store *store = open_store();
    struct store_contact c;

    (void)state;
    memset(&health, 0, sizeof health);
    store_on_health(store, on_health, &health);
    put_and_wait(store, 0, 10);
    fill_disk();
    memset(&outcome, 0, sizeof outcome);
    for (int i = 10; i < 2000; i++)
        put_contact(store, i, "n", STORE_SUB_BOTH);
    run_until(&outcome.all, 1990);
    assert_int_equal(outcome.retry, 1990);
    assert_int_equal(health.bad, 1); /* told once */
    assert_int_equal(health.code, BRIDGE_RETRY);
    assert_non_null(store_trouble(store));
    assert_non_null(strstr(strbuf_text(&logged), "0 store: nothing can be saved: "));
    /* reading works, and shows what was durable and nothing else */
    assert_true(find_contact(store, 9, &c));
    assert_false(find_contact(store, 10, &c));

    make_room();
    run_until(&health.well, 1); /* nobody writes: it finds out by itself */
    assert_null(store_trouble(store));
    put_and_wait(store, 10, 1990);
    assert_int_equal(health.bad, 1);
    close_store(store);
    store = open_store();
    assert_true(find_contact(store, 1999, &c));
    close_store(store);
}

static void what_the_disk_takes_is_counted(void **state)
{
    struct store *store = open_store();
    struct store_figures f;
    uint64_t all = 0;

    (void)state;
    put_and_wait(store, 0, 10);
    store_figures(store, &f);
    assert_in_range(f.commits, 1, 10);
    assert_int_equal(f.writes, 10);
    assert_int_equal(f.failed, 0);
    assert_int_equal(f.waiting, 0);
    assert_true(f.seconds > 0);
    for (size_t i = 0; i <= STORE_COMMIT_BOUNDS; i++)
        all += f.within[i];
    assert_int_equal(all, f.commits);

    fill_disk();
    memset(&outcome, 0, sizeof outcome);
    put_contact(store, 10, "n", STORE_SUB_BOTH);
    store_figures(store, &f);
    assert_int_equal(f.waiting, 1);
    run_until(&outcome.all, 1);
    make_room();
    store_figures(store, &f);
    assert_int_equal(f.failed, 1);
    assert_int_equal(f.writes, 10);
    close_store(store);
}

static void the_next_write_that_works_heals_too(void **state)
{
    struct store *store = open_store();

    (void)state;
    memset(&health, 0, sizeof health);
    memset(&outcome, 0, sizeof outcome);
    store_on_health(store, on_health, &health);
    fill_disk();
    put_contact(store, 1, "n", STORE_SUB_BOTH);
    run_until(&outcome.all, 1);
    make_room();
    put_and_wait(store, 1, 1);
    assert_int_equal(health.bad, 1);
    assert_int_equal(health.well, 1);
    close_store(store);
}

static void closing_with_a_full_disk_says_so_and_ends(void **state)
{
    struct store *store = open_store();

    (void)state;
    memset(&outcome, 0, sizeof outcome);
    fill_disk();
    for (int i = 0; i < 1500; i++)
        put_contact(store, i, "n", STORE_SUB_BOTH);
    close_store(store);
    make_room();
    assert_int_equal(outcome.retry, 1500);
}

/* --- kill -9 ----------------------------------------------------------------- */

static int report_pipe;
static struct store *child_store;
static int child_last;

static void put_next(void);

/* Tell the parent, then go on: there are always some on their way. */
static void report(void *arg, const struct bridge_error *why)
{
    int n = (int)(intptr_t)arg;

    if (why || write(report_pipe, &n, sizeof n) != sizeof n)
        _exit(1);
    put_next();
}

static void put_next(void)
{
    char address[32];
    struct store_contact c = { .domain = "sms.example.net", .user = "juliet@example.net",
                               .address = address };

    snprintf(address, sizeof address, "+%09d", ++child_last);
    store_contact_put(child_store, &c, report, (void *)(intptr_t)child_last);
}

static void write_until_killed(int fd)
{
    struct bridge_error err;
    uv_loop_t own;

    report_pipe = fd;
    uv_loop_init(&own);
    child_store = store_open(&own, path, &err);
    for (int i = 0; child_store && i < 20; i++)
        put_next();
    uv_run(&own, UV_RUN_DEFAULT);
    _exit(1);
}

static void what_was_completed_survives_kill_9(void **state)
{
    struct store_contact c;

    (void)state;
    for (int round = 1; round <= 5; round++) {
        int pipes[2], n, last = 0, count = 0, status;
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork_child();
        if (child == 0)
            write_until_killed(pipes[1]);
        close(pipes[1]);
        while (read(pipes[0], &n, sizeof n) == sizeof n) {
            last = n;
            if (++count == 150 * round)
                kill(child, SIGKILL);
        }
        close(pipes[0]);
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        assert_true(count >= 150 * round);
        struct store *store = open_store();
        for (int i = 1; i <= last; i++) {
            if (!find_contact(store, i, &c))
                fail_msg("%d of %d is lost", i, last);
        }
        close_store(store);
        unlink(path);
    }
}

/* --- opening ---------------------------------------------------------------- */

static void a_new_database_is_private_and_ours(void **state)
{
    struct stat status;
    sqlite3 *db;
    sqlite3_stmt *q;
    mode_t before = umask(0);

    (void)state;
    close_store(open_store());
    umask(before);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT application_id FROM pragma_application_id",
                                        -1, &q, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(q, 0), STORE_APPLICATION_ID);
    sqlite3_finalize(q);
    sqlite3_close(db);
}

static void a_second_bridged_is_refused_and_told_of_the_first(void **state)
{
    struct store *store = open_store();
    char text[256];

    (void)state;
    snprintf(text, sizeof text,
             "@ is in use by another bridged (process %ld): stop that one first",
             (long)getpid());
    refused(BRIDGE_CONFLICT, text);
    close_store(store);
    close_store(open_store()); /* the lock is gone with its holder */
}

static void another_programs_lock_is_a_refusal(void **state)
{
    sqlite3 *other;

    (void)state;
    close_store(open_store());
    /* In a process of its own: the kernel's locks are per process. */
    int ready[2], status;
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork_child();
    if (child == 0) {
        bool locked = !sqlite3_open(path, &other) &&
                      !sqlite3_exec(other, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE",
                                    NULL, NULL, NULL);
        if (write(ready[1], &locked, 1) == 1)
            pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 1);
    refused(
        BRIDGE_RETRY,
        "@: another program has locked it: end that program (SQLite: database is locked, 5)");
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    close(ready[0]);
    close(ready[1]);
}

static void a_newer_version_is_refused_with_both_versions(void **state)
{
    char expected[256];
    int newest = 0;

    (void)state;
    while (store_migrations[newest])
        newest++;
    close_store(open_store());
    exec_raw("UPDATE schema_version SET version = 99");
    snprintf(expected, sizeof expected,
             "@ has version 99, this bridged knows versions up to %d: install the newer "
             "bridged again, or restore @.v%d.backup",
             newest, newest);
    refused(BRIDGE_INVALID, expected);
}

static void another_programs_database_is_refused_and_untouched(void **state)
{
    static const char *const others[] = {
        "CREATE TABLE cookies(x)",
        "PRAGMA application_id = 7; CREATE TABLE cookies(x)",
        "PRAGMA application_id = 7",
    };
    char wal[160];

    (void)state;
    snprintf(wal, sizeof wal, "%s-wal", path);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        unlink(path);
        exec_raw(others[i]);
        refused(BRIDGE_INVALID,
                "@ is the database of another program: give bridged a file of its own");
        FILE *f = fopen(path, "r");
        assert_int_equal(fseek(f, 18, SEEK_SET), 0);
        assert_int_equal(fgetc(f), 1); /* not even made a WAL database */
        fclose(f);
    }
}

static void write_raw(const char *name, const char *text, size_t len, long offset)
{
    FILE *f = fopen(name, offset ? "r+" : "w");

    assert_non_null(f);
    fseek(f, offset, SEEK_SET);
    assert_int_equal(fwrite(text, 1, len, f), len);
    fclose(f);
}

static void what_is_no_database_is_refused(void **state)
{
    (void)state;
    write_raw(path,
              "[irc]\nserver = x, and more than a hundred bytes of it, so that it might be "
              "one: -----------------------------------------------\n",
              120, 0);
    refused(BRIDGE_INVALID,
            "@: it is not a database: move the file away, or restore a backup (SQLite: file is "
            "not a database, 26)");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    refused(BRIDGE_INVALID, "cannot use @: Is a directory");
}

static void a_damaged_file_is_found_after_a_crash(void **state)
{
    struct store *store = open_store();
    struct bridge_error err = { 0 };
    char rubbish[4096];
    char wal[160];

    (void)state;
    put_and_wait(store, 0, 3000);
    close_store(store);
    memset(rubbish, 'x', sizeof rubbish);
    write_raw(path, rubbish, sizeof rubbish, 5 * 4096);
    snprintf(wal, sizeof wal, "%s-wal", path);
    write_raw(wal, rubbish, sizeof rubbish, 0);
    assert_null(store_open(&loop, path, &err));
    assert_non_null(strstr(err.text, "it is damaged"));
    assert_non_null(strstr(err.text, "restore a backup"));
}

static void a_crash_in_the_middle_of_creation_is_no_obstacle(void **state)
{
    (void)state;
    write_raw(path, "", 0, 0); /* an empty file */
    close_store(open_store());
    unlink(path);
    exec_raw("PRAGMA journal_mode = WAL"); /* a header without tables */
    close_store(open_store());
}

/* As an unprivileged user, whom permissions stop. Returns the error's text. */
static const char *open_as_nobody(void)
{
    static char text[BRIDGE_ERROR_MAX];
    int pipes[2], status;

    memset(text, 0, sizeof text);
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork_child();
    if (child == 0) {
        struct bridge_error err = { 0 };
        uv_loop_t own;
        if (!geteuid() && (setgid(65534) || setuid(65534)))
            _exit(1);
        uv_loop_init(&own);
        if (!store_open(&own, path, &err) && write(pipes[1], err.text, sizeof err.text) < 0)
            _exit(1);
        _exit(0);
    }
    close(pipes[1]);
    while (read(pipes[0], text, sizeof text) < 0)
        continue;
    close(pipes[0]);
    waitpid(child, &status, 0);
    return text;
}

static void files_and_directories_that_cannot_be_written_are_refused(void **state)
{
    char expected[256];
    char lock[160];

    (void)state;
    close_store(open_store());
    snprintf(lock, sizeof lock, "%s.lock", path);

    assert_int_equal(chmod(directory, 0777), 0);
    assert_int_equal(chmod(lock, 0666), 0);
    assert_int_equal(chmod(path, 0444), 0);
    snprintf(expected, sizeof expected,
             "cannot use %s (Permission denied): give the file and its directory to bridged's "
             "user",
             path);
    assert_string_equal(open_as_nobody(), expected);

    unlink(path);
    unlink(lock);
    assert_int_equal(chmod(directory, 0555), 0);
    snprintf(expected, sizeof expected,
             "cannot use %s.lock (Permission denied): give the file and its directory to "
             "bridged's user",
             path);
    assert_string_equal(open_as_nobody(), expected);
    assert_int_equal(chmod(directory, 0700), 0);
}

static void an_absent_directory_is_named(void **state)
{
    (void)state;
    strcpy(path, "/nonexistent/bridge.db");
    refused(BRIDGE_INVALID,
            "cannot use @.lock (No such file or directory): create its directory, owned by "
            "bridged's user");
}

static void a_full_disk_at_the_start_is_said(void **state)
{
    struct bridge_error err = { 0 };

    (void)state;
    fill_disk();
    struct store *store = store_open(&loop, path, &err);
    make_room();
    assert_null(store);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(err.code, BRIDGE_RETRY);
    close_store(open_store());
}

/* --- versions --------------------------------------------------------------- */

/* A database as each version left it, and what must be there afterwards. The
 * next migration adds its row: what its predecessor wrote. */
static const struct version {
    const char *content; /* put into the database of version n */
    const char *check;   /* must give 1 in the newest */
} versions[] = {
    { "INSERT INTO contact VALUES('d', 'u', 'a', 'n', 3)",
      "SELECT count(*) = 1 FROM contact WHERE domain = 'd' AND user = 'u' AND address = 'a'"
      " AND name = 'n' AND subscription = 3" },
    { "INSERT INTO counter VALUES('d', 'u', 20000, 7)",
      "SELECT count(*) = 1 FROM counter WHERE domain = 'd' AND user = 'u' AND day = 20000"
      " AND messages = 7" },
    { "INSERT INTO contact VALUES('e', 'v', 'b', NULL, 1), ('e', 'w', 'b', 'n', 3)",
      "SELECT count(*) = 2 FROM contact WHERE user IN ('v', 'w') AND address = 'b'" },
    { "INSERT INTO contact VALUES('d', 'u', 'a', 'n', 15);"
      "INSERT INTO account VALUES('d', 'u', 1700000000000);"
      "INSERT INTO setting VALUES('d', 'u', '', 'k', 'v');"
      "INSERT INTO invitation VALUES('c', 'd', 'm', 1700000000000);"
      "INSERT INTO activity VALUES('u', 20000)",
      "SELECT count(*) = 1 FROM account JOIN setting USING(domain, user)"
      " JOIN activity USING(user) JOIN contact USING(domain, user)"
      " JOIN invitation USING(domain)"
      " WHERE since = 1700000000000 AND key = 'k' AND value = 'v' AND day = 20000"
      " AND subscription = 15 AND code = 'c' AND maker = 'm'" },
    { "INSERT INTO delivery VALUES(7, 'd', 'u', 'a', 0, 'u/r', 'a@d', 's', 'm', 'f', 'b', 1, 2,"
      " 3, 1700000000000, 4, 5, 'r');"
      "INSERT INTO seen VALUES('d', 'g', 1700000000000)",
      "SELECT count(*) = 1 FROM delivery JOIN seen USING(domain)"
      " WHERE id = 7 AND mark = 'm' AND delivery.foreign_id = 'f' AND state = 2"
      " AND seen.foreign_id = 'g'" },
    { "INSERT INTO expense VALUES('d', 'u', 20000, 7000000)",
      "SELECT count(*) = 1 FROM expense WHERE domain = 'd' AND user = 'u' AND day = 20000"
      " AND spent = 7000000" },
};
#define VERSIONS ((int)(sizeof versions / sizeof *versions))

/* The first `count` steps, then the list's end. */
static int migrate_to(const char *const *steps, int count, struct bridge_error *err)
{
    const char *some[64] = { NULL };
    sqlite3 *db;

    memcpy(some, steps, (size_t)count * sizeof *some);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    int rc = migrate(db, path, some, err);
    assert_true(sqlite3_get_autocommit(db)); /* no transaction is left open */
    sqlite3_close(db);
    return rc;
}

static void every_past_version_is_upgraded_with_its_content(void **state)
{
    struct bridge_error err = { 0 };

    (void)state;
    assert_null(store_migrations[VERSIONS]); /* a row for each */
    for (int n = 1; n <= VERSIONS; n++) {
        char backup[160];
        unlink(path);
        if (migrate_to(store_migrations, n, &err))
            fail_msg("%s", err.text);
        exec_raw(versions[n - 1].content);
        close_store(open_store());
        assert_true_sql(path, versions[n - 1].check);
        snprintf(backup, sizeof backup, "%s.v%d.backup", path, n);
        assert_int_equal(access(backup, F_OK), n < VERSIONS ? 0 : -1);
    }
}

static const char *const three_steps[] = {
    ("CREATE TABLE schema_version(id INTEGER PRIMARY KEY, version, probes);"
     "INSERT INTO schema_version VALUES(1, 0, 0); CREATE TABLE a(x); INSERT INTO a VALUES(7)"),
    "CREATE TABLE b(x); INSERT INTO b SELECT x FROM a",
    "DROP TABLE a; CREATE TABLE c(x); INSERT INTO c SELECT x FROM b",
};

static void an_upgrade_leaves_a_private_copy_of_what_was(void **state)
{
    struct bridge_error err = { 0 };
    struct stat status;
    char backup[160];
    mode_t before = umask(0);

    (void)state;
    snprintf(backup, sizeof backup, "%s.v1.backup", path);
    assert_int_equal(migrate_to(three_steps, 1, &err), 0);
    assert_int_equal(access(backup, F_OK), -1); /* a new database has no past */
    assert_int_equal(migrate_to(three_steps, 3, &err), 0);
    umask(before);
    assert_true_sql(path, "SELECT x = 7 FROM c");
    assert_true_sql(path, "SELECT version = 3 FROM schema_version");
    assert_true_sql(backup, "SELECT version = 1 FROM schema_version");
    assert_true_sql(backup, "SELECT x = 7 FROM a");
    assert_true_sql(backup, "SELECT application_id = 1112688452 FROM pragma_application_id");
    assert_int_equal(stat(backup, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(migrate_to(three_steps, 3, &err), 0); /* nothing to do */
}

static void a_step_that_fails_changes_nothing_and_can_be_repeated(void **state)
{
    const char *const steps[] = {
        three_steps[0],
        three_steps[1],
        "DROP TABLE a; CREATE TABLE c(x); INSERT INTO nowhere VALUES(1)",
    };
    struct bridge_error err = { 0 };

    (void)state;
    assert_int_equal(migrate_to(three_steps, 1, &err), 0);
    assert_int_equal(migrate_to(steps, 3, &err), -1);
    assert_non_null(strstr(err.text, "no such table: nowhere"));
    assert_true_sql(path,
                    "SELECT version = 2 FROM schema_version"); /* the second step stands */
    assert_true_sql(path, "SELECT count(*) = 1 FROM a");
    assert_int_equal(migrate_to(three_steps, 3, &err), 0);
    assert_true_sql(path, "SELECT x = 7 FROM c");
}

static void without_room_for_the_copy_nothing_is_migrated(void **state)
{
    struct bridge_error err = { 0 };
    char part[160];

    (void)state;
    assert_int_equal(migrate_to(three_steps, 1, &err), 0);
    fill_disk();
    int rc = migrate_to(three_steps, 3, &err);
    make_room();
    assert_int_equal(rc, -1);
    assert_true_sql(path, "SELECT version = 1 FROM schema_version");
    snprintf(part, sizeof part, "%s.v1.backup.part", path);
    assert_int_equal(access(part, F_OK), -1);
    snprintf(part, sizeof part, "%s.v1.backup", path);
    assert_int_equal(access(part, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(contacts_are_kept_replaced_and_removed),
        TEST(contacts_are_listed_by_user_and_by_domain),
        TEST(a_counter_holds_one_day_and_never_falls_within_it),
        TEST(counters_of_past_days_are_forgotten),
        TEST(a_user_is_found_at_all_transports),
        TEST(a_user_is_forgotten_without_a_trace),
        TEST(a_walk_sees_one_state_of_the_database),
        TEST(completions_come_in_the_order_of_the_calls),
        TEST(a_completion_comes_after_the_disk_was_told_to_keep_it),
        TEST(a_transaction_that_fails_does_not_stay_open),
        TEST(a_write_that_breaks_a_rule_fails_alone),
        TEST(closing_writes_what_is_queued_and_leaves_no_wal),
        TEST(what_comes_after_the_close_is_refused),
        TEST(a_full_queue_refuses_and_keeps_what_it_took),
        TEST(a_full_disk_loses_nothing_and_heals_by_itself),
        TEST(what_the_disk_takes_is_counted),
        TEST(the_next_write_that_works_heals_too),
        TEST(closing_with_a_full_disk_says_so_and_ends),
        TEST(what_was_completed_survives_kill_9),
        TEST(a_new_database_is_private_and_ours),
        TEST(a_second_bridged_is_refused_and_told_of_the_first),
        TEST(another_programs_lock_is_a_refusal),
        TEST(a_newer_version_is_refused_with_both_versions),
        TEST(another_programs_database_is_refused_and_untouched),
        TEST(what_is_no_database_is_refused),
        TEST(a_damaged_file_is_found_after_a_crash),
        TEST(a_crash_in_the_middle_of_creation_is_no_obstacle),
        TEST(files_and_directories_that_cannot_be_written_are_refused),
        TEST(an_absent_directory_is_named),
        TEST(a_full_disk_at_the_start_is_said),
        TEST(every_past_version_is_upgraded_with_its_content),
        TEST(an_upgrade_leaves_a_private_copy_of_what_was),
        TEST(a_step_that_fails_changes_nothing_and_can_be_repeated),
        TEST(without_room_for_the_copy_nothing_is_migrated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
