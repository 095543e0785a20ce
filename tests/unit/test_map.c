#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <bridge/map.h>

static void an_empty_map_has_nothing(void **state)
{
    struct map m = { 0 };
    size_t i = 0;

    (void)state;
    assert_null(map_finds(&m, "a"));
    assert_null(map_removes(&m, "a"));
    assert_null(map_next(&m, &i));
    map_release(&m);
    map_release(&m);
}

static void keys_are_bytes_with_a_length(void **state)
{
    static const struct {
        const char *key;
        size_t len;
    } keys[] = {
        { "", 0 }, { "\0", 1 }, { "\0\0", 2 }, { "a", 1 }, { "a\0", 2 }, { "a\0b", 3 }
    };
    int values[6];
    struct map m = { 0 };

    (void)state;
    for (size_t i = 0; i < 6; i++)
        assert_null(map_put(&m, keys[i].key, keys[i].len, &values[i]));
    for (size_t i = 0; i < 6; i++)
        assert_ptr_equal(map_find(&m, keys[i].key, keys[i].len), &values[i]);
    assert_null(map_find(&m, "a\0c", 3));
    map_release(&m);
}

static void putting_again_replaces_value_and_key(void **state)
{
    char first[] = "key", second[] = "key";
    int a, b;
    struct map m = { 0 };

    (void)state;
    assert_null(map_puts(&m, first, &a));
    assert_ptr_equal(map_puts(&m, second, &b), &a);
    first[0] = 'x'; /* the map must hold the second by now */
    assert_ptr_equal(map_finds(&m, "key"), &b);
    assert_int_equal(m.count, 1);
    assert_ptr_equal(map_removes(&m, "key"), &b);
    assert_int_equal(m.count, 0);
    map_release(&m);
}

/* --- against a model: an array indexed by the key's number ------------------ */

#define KEYS 500

static struct entry {
    char key[8];
    bool present;
    bool seen;
} entries[KEYS];

static uint32_t seed;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

static void compare_all(const struct map *m)
{
    struct entry *e;
    size_t cursor = 0;
    size_t count = 0;

    for (size_t i = 0; i < KEYS; i++)
        entries[i].seen = false;
    while ((e = map_next(m, &cursor))) {
        assert_true(e->present && !e->seen);
        e->seen = true;
        count++;
    }
    for (size_t i = 0; i < KEYS; i++) {
        void *want = entries[i].present ? &entries[i] : NULL;
        assert_ptr_equal(map_finds(m, entries[i].key), want);
        assert_int_equal(entries[i].seen, entries[i].present);
    }
    assert_int_equal(m->count, count);
}

static void random_operations_agree_with_a_plain_array(void **state)
{
    struct map m = { 0 };

    (void)state;
    seed = 20261121;
    for (size_t i = 0; i < KEYS; i++)
        snprintf(entries[i].key, sizeof entries[i].key, "k%zu", i);
    for (int round = 0; round < 200000; round++) {
        /* Waves: mostly filling, then mostly emptying. */
        bool fill = random_below(100) < (round / 5000 % 2 ? 20 : 80);
        struct entry *e = &entries[random_below(KEYS)];
        void *before = fill ? map_puts(&m, e->key, e) : map_removes(&m, e->key);
        assert_ptr_equal(before, e->present ? e : NULL);
        e->present = fill;
        if (round % 1000 == 0)
            compare_all(&m);
    }
    map_release(&m);
}

static void many_keys_are_all_found(void **state)
{
    enum { MANY = 50000 };
    static char keys[MANY][8];
    struct map m = { 0 };

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(keys[i], sizeof keys[i], "%d", i);
        map_puts(&m, keys[i], keys[i]);
    }
    assert_int_equal(m.count, MANY);
    assert_true(m.size < MANY * 4);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(map_finds(&m, keys[i]), keys[i]);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(map_removes(&m, keys[i]), keys[i]);
    assert_int_equal(m.count, 0);
    map_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(keys_are_bytes_with_a_length),
        cmocka_unit_test(putting_again_replaces_value_and_key),
        cmocka_unit_test(random_operations_agree_with_a_plain_array),
        cmocka_unit_test(many_keys_are_all_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
