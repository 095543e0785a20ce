/* fake_store.h - bridge/store/store.h in memory: what was put is durable, and
 * its completion comes, when the test says so. */
#ifndef FAKE_STORE_H
#define FAKE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "store.h"

/* Opening this path fails. */
#define FAKE_STORE_BAD_PATH "/nowhere/bridge.db"

/* Apply all that is queued and run the completions; a store that is being
 * closed is then gone. Returns whether there was anything to do. */
bool fake_store_commit(void);

/* The next fake_store_commit() is rolled back: everything queued completes
 * with BRIDGE_RETRY and this text. */
void fake_store_fail(const char *text);

size_t fake_store_contacts(void);
size_t fake_store_rows(void); /* of all tables */

#endif
