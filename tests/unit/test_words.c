/* Texts in the language of who is served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <bridge/strbuf.h>
#include <bridge/words.h>

#include "catalogue.h"
#include "language.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int asked;

static const char *language_of_text(const void *who)
{
    asked++;
    return who;
}

static int setup(void **state)
{
    struct bridge_error err;

    (void)state;
    asked = 0;
    return language_load(WORDS, &err);
}

static int teardown(void **state)
{
    (void)state;
    language_unload();
    return 0;
}

static void a_text_is_in_the_language_that_is_served(void **state)
{
    static const struct {
        const char *tag;
        const char *room;
        const char *rooms[3]; /* none, one, two */
    } rows[] = {
        { "de", "ein Raum", { "%u Räume", "%u Raum", "%u Räume" } },
        { "DE-at", "ein Raum", { "%u Räume", "%u Raum", "%u Räume" } },
        { "fr", "un salon", { "%u salon", "%u salon", "%u salons" } },
        { "fr_FR", "un salon", { "%u salon", "%u salon", "%u salons" } },
        { "en", "a room", { "%u rooms", "%u room", "%u rooms" } },
        { "den", "a room", { "%u rooms", "%u room", "%u rooms" } },
        { "d", "a room", { "%u rooms", "%u room", "%u rooms" } },
        { "", "a room", { "%u rooms", "%u room", "%u rooms" } },
        { NULL, "a room", { "%u rooms", "%u room", "%u rooms" } },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        language_serve(language_of_text, rows[i].tag);
        assert_string_equal(_("a room"), rows[i].room);
        for (unsigned n = 0; n < COUNT(rows[i].rooms); n++)
            assert_string_equal(bridge_words_n("%u room", "%u rooms", n), rows[i].rooms[n]);
    }
}

static void what_has_no_translation_stays_as_it_is(void **state)
{
    static const char *const texts[] = { "not yet", "unknown", "a", "~", "", "a room " };

    (void)state;
    language_serve(language_of_text, "de");
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_ptr_equal(bridge_words(texts[i]), texts[i]);
    assert_string_equal(_("zebra"), "Zebra"); /* the last of the file */
}

/* Most stanzas need no words: whoever sends them need not be looked up. */
static void the_language_is_asked_for_once_and_when_it_is_needed(void **state)
{
    (void)state;
    language_serve(language_of_text, "de");
    assert_int_equal(asked, 0);
    assert_string_equal(_("a room"), "ein Raum");
    assert_string_equal(_("a room"), "ein Raum");
    assert_string_equal(language_served(), "de");
    assert_int_equal(asked, 1);
}

static void who_is_gone_is_not_asked(void **state)
{
    static const char de[] = "de", fr[] = "fr";

    (void)state;
    language_serve(language_of_text, de);
    language_forget(fr);
    assert_string_equal(_("a room"), "ein Raum");
    language_forget(de);
    assert_string_equal(_("a room"), "a room");
    assert_null(language_served());
    assert_int_equal(asked, 1);
    language_serve(NULL, NULL);
    assert_string_equal(_("a room"), "a room");
}

static void without_catalogues_everything_is_english(void **state)
{
    struct bridge_error err;

    (void)state;
    assert_int_equal(language_load("/nonexistent", &err), -1);
    assert_non_null(strstr(err.text, "/nonexistent/fr/LC_MESSAGES/bridged.mo"));
    language_serve(language_of_text, "de");
    assert_string_equal(_("a room"), "a room");
}

/* --- files that are none ------------------------------------------------------------------ */

static struct catalogue *open_bytes(const char *bytes, size_t len, struct bridge_error *err)
{
    char path[] = "/tmp/bridged-words.XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
    struct catalogue *catalogue = catalogue_open(path, err);
    unlink(path);
    return catalogue;
}

/* Whatever byte is wrong: refused, or read without leaving the file (ASan looks). */
static void a_broken_catalogue_is_refused_or_harmless(void **state)
{
    char bytes[4096];
    FILE *file = fopen(WORDS "/de/LC_MESSAGES/bridged.mo", "r");
    size_t len = fread(bytes, 1, sizeof bytes, file);
    struct bridge_error err;

    (void)state;
    fclose(file);
    for (size_t cut = 0; cut < len; cut++) {
        struct catalogue *catalogue = open_bytes(bytes, cut, &err);
        if (catalogue)
            catalogue_find(catalogue, "a room", 1);
        catalogue_free(catalogue);
    }
    assert_null(open_bytes(bytes, 19, &err));
    assert_string_equal(err.text, "it is no catalogue of translations");
    for (size_t i = 0; i < len; i++) {
        char kept = bytes[i];
        bytes[i] = (char)0xff;
        struct catalogue *catalogue = open_bytes(bytes, len, &err);
        if (catalogue)
            catalogue_find(catalogue, "%u room", 7);
        catalogue_free(catalogue);
        bytes[i] = kept;
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_text_is_in_the_language_that_is_served),
        TEST(what_has_no_translation_stays_as_it_is),
        TEST(the_language_is_asked_for_once_and_when_it_is_needed),
        TEST(who_is_gone_is_not_asked),
        TEST(without_catalogues_everything_is_english),
        TEST(a_broken_catalogue_is_refused_or_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
