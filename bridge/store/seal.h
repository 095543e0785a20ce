/* seal.h - secrets at rest: passwords and tokens that must be read again, sealed
 * with libsodium under a key that is in a file of its own, beside the database and
 * in none of its copies.
 *
 * Sealed text is ASCII. Each sealing of the same secret gives another. */
#ifndef SEAL_H
#define SEAL_H

#include <stdbool.h>

#include <bridge/error.h>
#include <bridge/strbuf.h>

struct seal;

/* Read the key, or make one if there is no file yet. Blocks: start-up only.
 * NULL with *err set: unreadable, readable by others, not a key. */
struct seal *seal_open(const char *path, struct bridge_error *err);
void seal_close(struct seal *seal); /* may be NULL; wipes the key */

/* Does it look like one? */
bool seal_is_sealed(const char *text);

void seal_add(struct strbuf *out, const struct seal *seal, const char *secret);
/* Append the secret. -1 with *err set (BRIDGE_INVALID): not sealed with this key.
 * The caller wipes *out. */
int seal_read(struct strbuf *out, const struct seal *seal, const char *sealed,
              struct bridge_error *err);

#endif
