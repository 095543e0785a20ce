/* fake_store.h - bridge/store/store.h in memory: what was put is durable, and
 * its completion comes, when the test says so. */
#ifndef FAKE_STORE_H
#define FAKE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "store.h"

/* For fake_deliveries.c: do something with the next commit, in the order of the calls.
 * `apply` is called once and lets go of its argument; not `ok`: rolled back. */
typedef int fake_store_apply(void *arg, bool ok, struct bridge_error *err);
void fake_store_queue(fake_store_apply *apply, void *apply_arg, store_done *done, void *arg);
void fake_deliveries_clear(void);

/* The next store that is closed keeps its deliveries for the next one that is
 * opened, as a crash would. */
extern bool fake_deliveries_kept;
void fake_deliveries_forget(void);
/* Rows that there are; "3 out waiting 2 name body reason\n" each, by id: attempts, the
 * network's name or "-", and whether there is a body and a reason. */
size_t fake_deliveries_count(void);
struct strbuf;
void fake_deliveries_write(struct strbuf *out);

/* Opening this path fails. */
#define FAKE_STORE_BAD_PATH "/nowhere/bridge.db"

/* Apply all that is queued and run the completions; a store that is being
 * closed is then gone. Returns whether there was anything to do. */
bool fake_store_commit(void);

/* The next fake_store_commit() is rolled back: everything queued completes
 * with BRIDGE_RETRY and this text. */
void fake_store_fail(const char *text);

extern struct store_figures fake_store_figures; /* what store_figures() tells */

size_t fake_store_contacts(void);
size_t fake_store_rows(void); /* of all tables */

#endif
