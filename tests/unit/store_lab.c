#include "store_lab.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include <bridge/log.h>
#include <sqlite3.h>

uv_loop_t loop;
char directory[64];
char path[128];
struct strbuf logged = STRBUF_INIT(1 << 20);

static void keep_log(enum log_level level, const char *line)
{
    strbuf_addf(&logged, "%d %s\n", level, line);
}

int setup(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/bridge-test-store-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/bridge.db", directory);
    strbuf_reset(&logged);
    log_capture(keep_log);
    return uv_loop_init(&loop);
}

int teardown(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", directory);
    strbuf_release(&logged);
    return uv_loop_close(&loop) || system(command);
}

void run_until(const int *flag, int n)
{
    while (*flag < n)
        assert_true(uv_run(&loop, UV_RUN_ONCE) || *flag >= n);
}

static void count_up(void *arg)
{
    ++*(int *)arg;
}

void close_store(struct store *store)
{
    int closed = 0;

    store_close(store, count_up, &closed);
    run_until(&closed, 1);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0); /* nothing of it is left */
}

struct store *open_store(void)
{
    struct bridge_error err = { 0 };
    struct store *store = store_open(&loop, path, &err);

    if (!store)
        fail_msg("%s", err.text);
    return store;
}

struct outcome outcome;

void on_done(void *arg, const struct bridge_error *why)
{
    struct outcome *o = arg;

    o->all++;
    o->good += !why;
    o->retry += why && why->code == BRIDGE_RETRY;
    o->busy += why && why->code == BRIDGE_BUSY;
    o->invalid += why && why->code == BRIDGE_INVALID;
    o->membership += why && why->code == BRIDGE_MEMBERSHIP;
    o->conflict += why && why->code == BRIDGE_CONFLICT;
    if (why)
        strcpy(o->text, why->text);
}

void exec_raw(const char *sql)
{
    sqlite3 *db;
    char *message = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message))
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

void refused(enum bridge_code code, const char *expected)
{
    struct bridge_error err = { 0 };
    struct strbuf text = STRBUF_INIT(4096);

    for (; *expected; expected++) {
        if (*expected == '@')
            strbuf_adds(&text, path);
        else
            strbuf_addch(&text, *expected);
    }
    assert_null(store_open(&loop, path, &err));
    assert_string_equal(err.text, strbuf_text(&text));
    assert_int_equal(err.code, code);
    strbuf_release(&text);
}

void assert_true_sql(const char *file, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *q;

    assert_int_equal(sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL))
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    if (sqlite3_column_int(q, 0) != 1)
        fail_msg("%s: %s gives %d", file, sql, sqlite3_column_int(q, 0));
    sqlite3_finalize(q);
    sqlite3_close(db);
}

void fill_disk(void)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 1024;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

void make_room(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}
