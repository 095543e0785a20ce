/* map.h - byte strings to pointers, safe against chosen keys (SipHash with a
 * random key per process).
 *
 * The map does not own the values. It does not own the keys either: a key must
 * live as long as its entry, and is therefore usually a member of the value.
 * Zero-initialised is a valid empty map. */
#ifndef BRIDGE_MAP_H
#define BRIDGE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_slot {
    const char *key; /* NULL: empty */
    void *value;
    uint32_t len;
    uint32_t hash;
};

struct map {
    struct map_slot *slots;
    size_t count;
    size_t size; /* 0 or a power of two */
};

void map_release(struct map *m); /* values and keys stay the caller's */

void *map_find(const struct map *m, const char *key, size_t len); /* NULL if absent */
void *map_finds(const struct map *m, const char *key);

/* Insert or replace; `value` is not NULL. Returns the value replaced, or NULL. */
void *map_put(struct map *m, const char *key, size_t len, void *value);
void *map_puts(struct map *m, const char *key, void *value);

/* Remove; returns the value that was there, or NULL. */
void *map_remove(struct map *m, const char *key, size_t len);
void *map_removes(struct map *m, const char *key);

/* Visit all values in no particular order:
 *     size_t i = 0;
 *     while ((value = map_next(&m, &i))) ...
 * The map must not change meanwhile. */
void *map_next(const struct map *m, size_t *cursor);

#endif
