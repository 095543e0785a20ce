/* vCards and avatars: XEP-0054, XEP-0153, XEP-0292. */
#include "card.h"

#include "dialogue.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void the_hash_of_a_picture_is_the_sha1_of_its_bytes(void **state)
{
    static const char large[BRIDGE_PICTURE_MAX + 1];
    static const struct {
        struct bridge_picture picture;
        const char *hash;
    } cases[] = {
        /* FIPS 180-2, appendix A.1. */
        { { "image/png", "abc", 3 }, "a9993e364706816aba3e25717850c26c9cd0d89d" },
        { { "image/jpeg", "abc", 3 }, "a9993e364706816aba3e25717850c26c9cd0d89d" },
        /* head -c 65536 /dev/zero | sha1sum */
        { { "image/webp", large, BRIDGE_PICTURE_MAX }, "1adc95bebe9eea8c112d40cd04ab7a8d75c4f961" },
        { { "image/webp", large, sizeof large }, "" },
        { { "image/gif", "", 0 }, "" },
        { { "image/svg+xml", "abc", 3 }, "" },
        { { NULL, "abc", 3 }, "" },
    };
    char hex[CARD_HASH_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        card_avatar_hash(&cases[i].picture, hex);
        assert_string_equal(hex, cases[i].hash);
    }
    card_avatar_hash(NULL, hex);
    assert_string_equal(hex, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_of_a_picture_is_the_sha1_of_its_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
