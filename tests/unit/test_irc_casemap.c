#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "casemap.h"

static void the_maps_differ_in_four_bytes_only(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        unsigned lower = c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
        unsigned rfc = c >= '[' && c <= '^' ? c - '[' + '{' : lower;
        unsigned strict = c == '^' ? c : rfc;
        assert_int_equal(casemap_ascii[c], lower);
        assert_int_equal(casemap_rfc1459[c], rfc);
        assert_int_equal(casemap_rfc1459_strict[c], strict);
    }
}

static void folding_twice_changes_nothing(void **state)
{
    const unsigned char *const maps[] = { casemap_ascii, casemap_rfc1459,
                                          casemap_rfc1459_strict };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned c = 0; c < 256; c++)
            assert_int_equal(maps[i][maps[i][c]], maps[i][c]);
    }
}

static void maps_have_the_names_that_servers_use(void **state)
{
    (void)state;
    assert_ptr_equal(casemap_find("ascii"), casemap_ascii);
    assert_ptr_equal(casemap_find("rfc1459"), casemap_rfc1459);
    assert_ptr_equal(casemap_find("rfc1459-strict"), casemap_rfc1459_strict);
    assert_ptr_equal(casemap_find("strict-rfc1459"), casemap_rfc1459_strict);
    assert_null(casemap_find("rfc7613"));
    assert_null(casemap_find(""));
}

static void names_are_compared_whole(void **state)
{
    static const struct {
        const unsigned char *map;
        const char *a, *b;
        bool equal;
    } cases[] = {
        { casemap_ascii, "Bob", "bOB", true },
        { casemap_ascii, "bob[]", "bob{}", false },
        { casemap_rfc1459, "bob[]\\^", "BOB{}|~", true },
        { casemap_rfc1459_strict, "bob[]\\", "BOB{}|", true },
        { casemap_rfc1459_strict, "^", "~", false },
        { casemap_rfc1459, "bob", "bobby", false },
        { casemap_rfc1459, "bobby", "bob", false },
        { casemap_rfc1459, "", "", true },
        { casemap_rfc1459, "", "b", false },
        { casemap_rfc1459, "\xc3\x84", "\xc3\xa4", false }, /* letters beyond ASCII stay */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(casemap_equal(cases[i].map, cases[i].a, cases[i].b), cases[i].equal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_maps_differ_in_four_bytes_only),
        cmocka_unit_test(folding_twice_changes_nothing),
        cmocka_unit_test(maps_have_the_names_that_servers_use),
        cmocka_unit_test(names_are_compared_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
