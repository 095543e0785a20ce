/* The admin's jobs beside the store: a copy while it runs, and a census. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <bridge/log.h>
#include <bridge/strbuf.h>
#include <sqlite3.h>

#include "store.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uv_loop_t loop;
static char directory[64];
static struct store *store;

static const char *in_directory(const char *name)
{
    static char path[8][256];
    static unsigned next;
    char *out = path[next++ % COUNT(path)];

    snprintf(out, sizeof path[0], "%s/%s", directory, name);
    return out;
}

static void ignore_log(enum log_level level, const char *line)
{
    (void)level;
    (void)line;
}

static void close_store(void)
{
    store_close(store, NULL, NULL);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    store = NULL;
}

static int setup(void **state)
{
    struct bridge_error err;

    (void)state;
    strcpy(directory, "/tmp/bridge-test-backup-XXXXXX");
    assert_non_null(mkdtemp(directory));
    log_capture(ignore_log);
    assert_int_equal(uv_loop_init(&loop), 0);
    store = store_open(&loop, in_directory("bridge.db"), &err);
    return store ? 0 : -1;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    if (store)
        close_store();
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return uv_loop_close(&loop) || system(command);
}

/* --- contacts ---------------------------------------------------------------- */

static int unwritten;

static void on_written(void *arg, const struct bridge_error *why)
{
    (void)arg;
    assert_null(why);
    unwritten--;
}

static void put(const char *domain, const char *user, const char *address, const char *name)
{
    unwritten++;
    store_contact_put(store,
                      &(struct store_contact){
                          .domain = domain, .user = user, .address = address, .name = name },
                      on_written, NULL);
}

static void wait_written(void)
{
    while (unwritten)
        uv_run(&loop, UV_RUN_ONCE);
}

/* So many contacts of a kilobyte each. */
static void put_many(int first, int count)
{
    char name[1001];
    char address[32];

    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    for (int i = first; i < first + count; i++) {
        snprintf(address, sizeof address, "nymph%d", i);
        put("echo.example.net", "juliet@example.net", address, name);
    }
    wait_written();
}

/* --- what a copy is worth ------------------------------------------------------ */

static char *ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *q = NULL;
    char *answer = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
        answer = bridge_strdup((const char *)sqlite3_column_text(q, 0));
    else
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_finalize(q);
    return answer;
}

static void assert_copy_has(const char *path, const char *contacts)
{
    sqlite3 *db = NULL;
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    char *verdict = ask(db, "PRAGMA integrity_check");
    char *count = ask(db, "SELECT count(*) FROM contact");
    assert_string_equal(verdict, "ok");
    assert_string_equal(count, contacts);
    free(verdict);
    free(count);
    sqlite3_close(db);
}

/* --- a backup ------------------------------------------------------------------ */

struct outcome {
    int progress;
    int done;
    uint64_t last, all;
    char why[BRIDGE_ERROR_MAX];
    bool writes;                 /* while it goes on */
    struct store_backup *cancel; /* at the first progress */
};

/* At once, on a connection of its own, as the writer's thread does. */
static void write_beside(int n)
{
    sqlite3 *db = NULL;
    char sql[160];

    snprintf(sql, sizeof sql,
             "INSERT INTO contact(domain, user, address, subscription) "
             "VALUES('echo.example.net', 'romeo@example.net', 'late%d', 0)", n);
    assert_int_equal(sqlite3_open(in_directory("bridge.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void on_progress(void *arg, uint64_t done, uint64_t all)
{
    struct outcome *o = arg;

    o->progress++;
    if (done < o->last || done > all)
        fail_msg("%llu of %llu pages after %llu", (unsigned long long)done,
                 (unsigned long long)all, (unsigned long long)o->last);
    o->last = done;
    o->all = all;
    if (o->writes)
        write_beside(o->progress);
    if (o->cancel)
        store_backup_cancel(o->cancel);
}

static void on_done(void *arg, const struct bridge_error *why)
{
    struct outcome *o = arg;

    o->done++;
    if (why)
        strcpy(o->why, why->text);
}

static const struct store_backup_events events = { .on_progress = on_progress,
                                                   .on_done = on_done };

static void back_up(const char *file, struct outcome *o)
{
    store_backup(store, file, &events, o);
    while (!o->done)
        uv_run(&loop, UV_RUN_ONCE);
}

static void copies_everything_that_is_durable(void **state)
{
    struct outcome o = { 0 };

    (void)state;
    put_many(0, 7);
    back_up(in_directory("copy.db"), &o);
    assert_string_equal(o.why, "");
    assert_copy_has(in_directory("copy.db"), "7");
    assert_int_equal(access(in_directory("copy.db.part"), F_OK), -1);
}

static void copies_one_state_whatever_is_written_meanwhile(void **state)
{
    struct outcome o = { .writes = true };

    (void)state;
    put_many(0, 12000);
    back_up(in_directory("copy.db"), &o);
    assert_string_equal(o.why, "");
    if (o.progress < 3 || o.last != o.all)
        fail_msg("%d reports, the last of page %llu of %llu", o.progress,
                 (unsigned long long)o.last, (unsigned long long)o.all);
    assert_copy_has(in_directory("copy.db"), "12000");
}

static void goes_on_when_the_store_closes(void **state)
{
    struct outcome o = { 0 };

    (void)state;
    put_many(0, 7);
    store_backup(store, in_directory("copy.db"), &events, &o);
    close_store();
    assert_int_equal(o.done, 1);
    assert_string_equal(o.why, "");
    assert_copy_has(in_directory("copy.db"), "7");
}

static void leaves_nothing_when_it_is_cancelled(void **state)
{
    struct outcome o = { 0 };

    (void)state;
    put_many(0, 12000);
    o.cancel = store_backup(store, in_directory("copy.db"), &events, &o);
    close_store();
    assert_int_equal(o.progress, 1);
    assert_int_equal(o.done, 0);
    assert_int_equal(access(in_directory("copy.db"), F_OK), -1);
    assert_int_equal(access(in_directory("copy.db.part"), F_OK), -1);
}

static void leaves_nothing_when_it_is_cancelled_at_once(void **state)
{
    struct outcome o = { 0 };

    (void)state;
    store_backup_cancel(store_backup(store, in_directory("copy.db"), &events, &o));
    close_store();
    assert_int_equal(o.progress + o.done, 0);
    assert_int_equal(access(in_directory("copy.db.part"), F_OK), -1);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_file_has(const char *path, const char *text)
{
    char found[64] = "";
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    assert_int_equal(fread(found, 1, sizeof found - 1, file), strlen(text));
    fclose(file);
    assert_string_equal(found, text);
}

static void says_why_it_cannot_and_touches_nothing(void **state)
{
    static const struct {
        const char *file, *existing, *why;
    } rows[] = {
        { "taken", "taken", "taken: there is such a file already" },
        { "half", "half.part", "half.part: there is such a file already" },
        { "bridge.db", NULL, "bridge.db: there is such a file already" },
        { "nowhere/copy.db", NULL, "nowhere/copy.db.part: there is no such directory" },
        { "bridge.db/copy", NULL, "Not a directory" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct outcome o = { 0 };
        if (rows[i].existing)
            write_file(in_directory(rows[i].existing), "precious");
        back_up(in_directory(rows[i].file), &o);
        assert_int_equal(o.progress, 0); /* it is seen before the work */
        if (!strstr(o.why, rows[i].why))
            fail_msg("%s: '%s' does not say '%s'", rows[i].file, o.why, rows[i].why);
        if (rows[i].existing)
            assert_file_has(in_directory(rows[i].existing), "precious");
    }
}

static void does_not_follow_a_link_in_its_place(void **state)
{
    struct outcome o = { 0 };

    (void)state;
    assert_int_equal(symlink(in_directory("elsewhere"), in_directory("copy.db")), 0);
    back_up(in_directory("copy.db"), &o);
    assert_non_null(strstr(o.why, "there is such a file already"));
    assert_int_equal(access(in_directory("elsewhere"), F_OK), -1);
}

/* Takes the name while the copy is being made. */
static void take_name(void *arg, uint64_t done, uint64_t all)
{
    (void)done;
    (void)all;
    write_file(in_directory("copy.db"), "precious");
    ((struct outcome *)arg)->progress++;
}

static void does_not_replace_what_came_meanwhile(void **state)
{
    static const struct store_backup_events taking = { .on_progress = take_name,
                                                       .on_done = on_done };
    struct outcome o = { 0 };

    (void)state;
    store_backup(store, in_directory("copy.db"), &taking, &o);
    while (!o.done)
        uv_run(&loop, UV_RUN_ONCE);
    assert_non_null(strstr(o.why, "there is such a file already"));
    assert_file_has(in_directory("copy.db"), "precious");
    assert_int_equal(access(in_directory("copy.db.part"), F_OK), -1);
}

/* --- the census ------------------------------------------------------------------ */

static struct strbuf counted = STRBUF_INIT(4096);
static int censuses;

static void on_census(void *arg, struct store_census_user *users, size_t count,
                      const struct bridge_error *why)
{
    (void)arg;
    assert_null(why);
    for (size_t i = 0; i < count; i++)
        strbuf_addf(&counted, "%s %zu\n", users[i].user, users[i].contacts);
    store_census_free(users, count);
    censuses++;
}

static void counts_everybodys_contacts(void **state)
{
    static const struct {
        const char *domain, *found;
    } rows[] = {
        { NULL, "Zoe@example.net 1\njuliet@example.net 3\nromeo@example.net 1\n" },
        { "irc.example.net", "juliet@example.net 2\n" },
        { "nowhere.example.net", "" },
    };

    (void)state;
    put("irc.example.net", "juliet@example.net", "nurse", NULL);
    put("irc.example.net", "juliet@example.net", "friar", NULL);
    put("echo.example.net", "juliet@example.net", "friar", NULL);
    put("echo.example.net", "romeo@example.net", "friar", NULL);
    put("echo.example.net", "Zoe@example.net", "friar", NULL);
    wait_written();
    for (size_t i = 0; i < COUNT(rows); i++) {
        censuses = 0;
        strbuf_reset(&counted);
        store_census(store, rows[i].domain, on_census, NULL);
        while (!censuses)
            uv_run(&loop, UV_RUN_ONCE);
        assert_string_equal(strbuf_text(&counted), rows[i].found);
    }
    strbuf_release(&counted);
}

static void a_cancelled_census_says_nothing(void **state)
{
    (void)state;
    censuses = 0;
    store_census_cancel(store_census(store, NULL, on_census, NULL));
    close_store();
    assert_int_equal(censuses, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(copies_everything_that_is_durable),
        CASE(copies_one_state_whatever_is_written_meanwhile),
        CASE(goes_on_when_the_store_closes),
        CASE(leaves_nothing_when_it_is_cancelled),
        CASE(leaves_nothing_when_it_is_cancelled_at_once),
        CASE(says_why_it_cannot_and_touches_nothing),
        CASE(does_not_follow_a_link_in_its_place),
        CASE(does_not_replace_what_came_meanwhile),
        CASE(counts_everybodys_contacts),
        CASE(a_cancelled_census_says_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
