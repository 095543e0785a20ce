#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flood.h"

/* Take what may go at `now`; the lines' texts, joined. */
static const char *taken(struct flood *f, uint64_t now)
{
    static char text[100];
    struct flood_line *line;

    *text = 0;
    while ((line = flood_take(f, now))) {
        strncat(text, line->text, line->len);
        free(line);
    }
    return text;
}

static void add(struct flood *f, const char *text)
{
    flood_add(f, text, strlen(text), NULL, NULL);
}

static void a_burst_goes_at_once_and_the_rest_in_time(void **state)
{
    struct flood f;

    (void)state;
    flood_init(&f, 3, 2);
    for (const char *p = "abcdef"; *p; p++)
        flood_add(&f, p, 1, NULL, NULL);
    assert_string_equal(taken(&f, 1000), "abc");
    assert_int_equal(flood_next_at(&f, 1000), 1500);
    assert_string_equal(taken(&f, 1499), "");
    assert_string_equal(taken(&f, 1500), "d");
    assert_string_equal(taken(&f, 2500), "ef");
    assert_string_equal(taken(&f, 9999), "");
    flood_release(&f);
}

static void silence_saves_no_more_than_a_burst(void **state)
{
    struct flood f;

    (void)state;
    flood_init(&f, 2, 1);
    add(&f, "a");
    assert_string_equal(taken(&f, 1000), "a");
    for (const char *p = "bcd"; *p; p++)
        flood_add(&f, p, 1, NULL, NULL);
    assert_string_equal(taken(&f, 1000000), "bc");
    assert_int_equal(flood_next_at(&f, 1000000), 1001000);
    flood_release(&f);
}

static void without_a_rate_there_is_no_limit(void **state)
{
    struct flood f;

    (void)state;
    flood_init(&f, 1, 0);
    for (const char *p = "abcdefghij"; *p; p++)
        flood_add(&f, p, 1, NULL, NULL);
    assert_string_equal(taken(&f, 5), "abcdefghij");
    flood_release(&f);
}

static void lines_keep_what_they_belong_to(void **state)
{
    struct flood f;
    struct flood_line *line;

    (void)state;
    flood_init(&f, 1, 1);
    flood_add(&f, "text", 4, "bob%net", "id1");
    assert_int_equal(f.queued, flood_line_size(4, "bob%net", "id1"));
    line = flood_drop(&f);
    assert_string_equal(line->address, "bob%net");
    assert_string_equal(line->id, "id1");
    assert_int_equal(line->len, 4);
    assert_memory_equal(line->text, "text", 4);
    assert_int_equal(f.queued, 0);
    free(line);
    assert_null(flood_drop(&f));
    add(&f, "x"); /* the queue works again after it was empty */
    line = flood_drop(&f);
    assert_null(line->id);
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_goes_at_once_and_the_rest_in_time),
        cmocka_unit_test(silence_saves_no_more_than_a_burst),
        cmocka_unit_test(without_a_rate_there_is_no_limit),
        cmocka_unit_test(lines_keep_what_they_belong_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
