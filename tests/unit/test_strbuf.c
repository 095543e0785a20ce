#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <bridge/strbuf.h>

static void an_empty_buffer_reads_as_an_empty_text(void **state)
{
    struct strbuf b = STRBUF_INIT(10);

    (void)state;
    assert_string_equal(strbuf_text(&b), "");
    strbuf_reset(&b);
    strbuf_cut(&b, 0);
    strbuf_drop(&b, 0);
    strbuf_add(&b, NULL, 0);
    assert_string_equal(strbuf_text(&b), "");
    strbuf_release(&b);
    strbuf_release(&b);
    char *text = strbuf_detach(&b);
    assert_string_equal(text, "");
    free(text);
}

static void additions_follow_each_other(void **state)
{
    struct strbuf b;

    (void)state;
    strbuf_init(&b, 100);
    strbuf_adds(&b, "abc");
    strbuf_addch(&b, '-');
    strbuf_add(&b, "d\0e", 3);
    strbuf_addf(&b, "%d:%s", 42, "x");
    assert_int_equal(b.len, 11);
    assert_memory_equal(b.data, "abc-d\0e42:x", 12); /* with its NUL */
    strbuf_release(&b);
}

static void a_buffer_fills_up_to_its_limit_exactly(void **state)
{
    (void)state;
    for (size_t limit = 0; limit < 200; limit++) {
        struct strbuf b = STRBUF_INIT(limit);
        for (size_t i = 0; i < limit; i++)
            strbuf_addch(&b, 'x');
        assert_false(b.overflow);
        assert_int_equal(b.len, limit);
        assert_int_equal(strlen(strbuf_text(&b)), limit);
        strbuf_adds(&b, "");
        assert_false(b.overflow);
        strbuf_addch(&b, 'y');
        assert_true(b.overflow);
        strbuf_release(&b);
    }
}

static void add_bytes(struct strbuf *b)
{
    strbuf_add(b, "0123456789", 10);
}

static void add_string(struct strbuf *b)
{
    strbuf_adds(b, "0123456789");
}

static void add_formatted(struct strbuf *b)
{
    strbuf_addf(b, "%010d", 7);
}

static void reserve_room(struct strbuf *b)
{
    assert_null(strbuf_reserve(b, 10));
}

static void reserve_everything(struct strbuf *b)
{
    assert_null(strbuf_reserve(b, SIZE_MAX));
}

static void overflow_empties_the_buffer_and_sticks(void **state)
{
    void (*const ways[])(struct strbuf *) = {
        add_bytes, add_string, add_formatted, reserve_room, reserve_everything,
    };

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct strbuf b = STRBUF_INIT(9);
        strbuf_adds(&b, "abc");
        ways[i](&b);
        assert_true(b.overflow);
        assert_int_equal(b.len, 0);
        assert_string_equal(strbuf_text(&b), "");
        strbuf_adds(&b, "a"); /* would fit */
        strbuf_addch(&b, 'a');
        strbuf_addf(&b, "a");
        assert_null(strbuf_reserve(&b, 0));
        assert_int_equal(b.len, 0);
        assert_string_equal(strbuf_text(&b), "");
        strbuf_reset(&b);
        assert_false(b.overflow);
        strbuf_adds(&b, "123456789");
        assert_string_equal(strbuf_text(&b), "123456789");
        strbuf_release(&b);
    }
}

static void detached_text_is_the_callers_and_the_limit_stays(void **state)
{
    struct strbuf b = STRBUF_INIT(5);

    (void)state;
    strbuf_adds(&b, "hello");
    char *text = strbuf_detach(&b);
    assert_string_equal(text, "hello");
    free(text);
    assert_int_equal(b.len, 0);
    assert_string_equal(strbuf_text(&b), "");
    strbuf_adds(&b, "world!");
    assert_true(b.overflow);
    text = strbuf_detach(&b); /* what overflowed is empty, and well again */
    assert_string_equal(text, "");
    free(text);
    assert_false(b.overflow);
    strbuf_release(&b);
}

static void drop_and_cut_leave_the_rest(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 5; n++) {
        struct strbuf b = STRBUF_INIT(100);
        strbuf_adds(&b, "hello");
        strbuf_drop(&b, n);
        assert_string_equal(strbuf_text(&b), &"hello"[n]);
        assert_int_equal(b.len, 5 - n);
        strbuf_reset(&b);
        strbuf_adds(&b, "hello");
        strbuf_cut(&b, n);
        assert_int_equal(strlen(strbuf_text(&b)), n);
        assert_memory_equal(strbuf_text(&b), "hello", n);
        strbuf_release(&b);
    }
}

static void reserved_room_is_counted_by_the_caller(void **state)
{
    struct strbuf b = STRBUF_INIT(1000);

    (void)state;
    strbuf_adds(&b, "ab");
    char *room = strbuf_reserve(&b, 500);
    assert_non_null(room);
    memset(room, 'c', 500);
    b.len += 2;
    strbuf_adds(&b, "d");
    assert_string_equal(strbuf_text(&b), "abccd");
    strbuf_release(&b);
}

static void copies_are_terminated(void **state)
{
    (void)state;
    assert_null(bridge_strdup(NULL));
    char *copy = bridge_strndup("hello", 2);
    assert_string_equal(copy, "he");
    free(copy);
    copy = bridge_strdup("");
    assert_string_equal(copy, "");
    free(copy);
    free(bridge_alloc(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_reads_as_an_empty_text),
        cmocka_unit_test(additions_follow_each_other),
        cmocka_unit_test(a_buffer_fills_up_to_its_limit_exactly),
        cmocka_unit_test(overflow_empties_the_buffer_and_sticks),
        cmocka_unit_test(detached_text_is_the_callers_and_the_limit_stays),
        cmocka_unit_test(drop_and_cut_leave_the_rest),
        cmocka_unit_test(reserved_room_is_counted_by_the_caller),
        cmocka_unit_test(copies_are_terminated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
