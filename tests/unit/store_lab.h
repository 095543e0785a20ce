/* store_lab.h - what tests of the store share: a store in a directory of its own, on a
 * loop that runs until something has come. */
#ifndef STORE_LAB_H
#define STORE_LAB_H

#include <bridge/error.h>
#include <bridge/strbuf.h>
#include <uv.h>

#include "store.h"

extern uv_loop_t loop;
extern char directory[64];
extern char path[128]; /* of the database, which is not there yet */
extern struct strbuf logged; /* "LEVEL line\n" */

int setup(void **state);
int teardown(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Run the loop until *flag is at least n. */
void run_until(const int *flag, int n);

struct store *open_store(void);
void close_store(struct store *store);
/* Opening fails with this text, in which @ stands for the path. */
void refused(enum bridge_code code, const char *expected);

/* Completions, counted by how they ended. */
struct outcome {
    int all, good, retry, busy, invalid, membership, conflict;
    char text[BRIDGE_ERROR_MAX]; /* of the last that failed */
};
extern struct outcome outcome;
void on_done(void *arg, const struct bridge_error *why); /* arg is an outcome */

/* No file of ours can grow any more: the kernel refuses, as on a full disk. */
void fill_disk(void);
void make_room(void);

/* On a connection of its own: change the database; a query gives 1. */
void exec_raw(const char *sql);
void assert_true_sql(const char *file, const char *sql);

#endif
