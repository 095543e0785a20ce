/* Open addressing with linear probing; removal shifts back, so there are no
 * tombstones and a map that shrinks stays fast. */
#include <bridge/map.h>

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>
#include <sodium.h>

static uint32_t hash_of(const char *key, size_t len)
{
    static unsigned char secret[crypto_shorthash_KEYBYTES];
    static bool ready;
    uint64_t h;

    if (!ready) {
        int rc = sodium_init();
        assert(rc >= 0); /* fails only without a source of random bytes */
        crypto_shorthash_keygen(secret);
        ready = true;
    }
    crypto_shorthash((unsigned char *)&h, (const unsigned char *)key, len, secret);
    return (uint32_t)(h ^ h >> 32);
}

static bool is_key(const struct map_slot *s, uint32_t hash, const char *key, size_t len)
{
    return s->hash == hash && s->len == len && !memcmp(s->key, key, len);
}

/* The slot that has the key, or the empty one where it belongs. */
static size_t slot_of(const struct map *m, uint32_t hash, const char *key, size_t len)
{
    size_t i = hash & (m->size - 1);

    while (m->slots[i].key && !is_key(&m->slots[i], hash, key, len))
        i = (i + 1) & (m->size - 1);
    return i;
}

static void grow(struct map *m)
{
    struct map old = *m;

    m->size = old.size ? old.size * 2 : 8;
    m->slots = bridge_alloc(m->size * sizeof *m->slots);
    for (size_t i = 0; i < old.size; i++) {
        const struct map_slot *s = &old.slots[i];
        if (s->key)
            m->slots[slot_of(m, s->hash, s->key, s->len)] = *s;
    }
    free(old.slots);
}

void map_release(struct map *m)
{
    free(m->slots);
    *m = (struct map){ 0 };
}

void *map_find(const struct map *m, const char *key, size_t len)
{
    if (!m->count)
        return NULL;
    return m->slots[slot_of(m, hash_of(key, len), key, len)].value;
}

void *map_finds(const struct map *m, const char *key)
{
    return map_find(m, key, strlen(key));
}

void *map_put(struct map *m, const char *key, size_t len, void *value)
{
    assert(value && len <= UINT32_MAX);
    if (m->count + 1 > m->size / 4 * 3)
        grow(m);
    uint32_t hash = hash_of(key, len);
    struct map_slot *s = &m->slots[slot_of(m, hash, key, len)];
    void *before = s->key ? s->value : NULL;
    if (!s->key)
        m->count++;
    *s = (struct map_slot){ .key = key, .value = value, .len = (uint32_t)len, .hash = hash };
    return before;
}

void *map_puts(struct map *m, const char *key, void *value)
{
    return map_put(m, key, strlen(key), value);
}

void *map_remove(struct map *m, const char *key, size_t len)
{
    if (!m->count)
        return NULL;
    size_t hole = slot_of(m, hash_of(key, len), key, len);
    void *value = m->slots[hole].value;
    if (!m->slots[hole].key)
        return NULL;
    size_t mask = m->size - 1;
    for (size_t i = (hole + 1) & mask; m->slots[i].key; i = (i + 1) & mask) {
        size_t home = m->slots[i].hash & mask;
        /* May this entry move into the hole, or is its home behind the hole? */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole] = (struct map_slot){ 0 };
    m->count--;
    return value;
}

void *map_removes(struct map *m, const char *key)
{
    return map_remove(m, key, strlen(key));
}

void *map_next(const struct map *m, size_t *cursor)
{
    while (*cursor < m->size) {
        const struct map_slot *s = &m->slots[(*cursor)++];
        if (s->key)
            return s->value;
    }
    return NULL;
}
