#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <bridge/strbuf.h>

#include "seal.h"
#include "store_lab.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct seal *open_seal(void)
{
    struct bridge_error err = { 0 };
    struct seal *seal = seal_open(path, &err);

    if (!seal)
        fail_msg("%s", err.text);
    return seal;
}

static void write_file(const char *text, mode_t mode)
{
    unlink(path);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

/* In the text, @ stands for the path. */
static void is_refused(const char *expected)
{
    struct bridge_error err = { 0 };
    struct strbuf text = STRBUF_INIT(4096);

    for (; *expected; expected++)
        strbuf_adds(&text, *expected == '@' ? path : (char[]){ *expected, 0 });
    assert_null(seal_open(path, &err));
    assert_string_equal(err.text, strbuf_text(&text));
    assert_int_equal(err.code, BRIDGE_INVALID);
    strbuf_release(&text);
}

/* --- the key ------------------------------------------------------------------- */

static void a_key_is_made_once_and_is_private(void **state)
{
    struct strbuf sealed = STRBUF_INIT(4096), secret = STRBUF_INIT(4096);
    struct bridge_error err = { 0 };
    struct stat status;
    struct seal *seal = open_seal();

    (void)state;
    seal_add(&sealed, seal, "sesame");
    seal_close(seal);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_non_null(strstr(strbuf_text(&logged), "made the key"));
    strbuf_reset(&logged);
    seal = open_seal();
    assert_int_equal(seal_read(&secret, seal, strbuf_text(&sealed), &err), 0);
    assert_string_equal(strbuf_text(&secret), "sesame");
    assert_string_equal(strbuf_text(&logged), "");
    seal_close(seal);
    strbuf_release(&sealed);
    strbuf_release(&secret);
}

#define KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define NO_KEY                                                                                 \
    "@ holds no key of bridged: restore it from a backup; without one, remove it, and users "  \
    "must set their passwords again"

static void what_is_no_key_of_ours_is_refused(void **state)
{
    static const struct {
        const char *text;
        mode_t mode;
        const char *why; /* NULL: it is good */
    } rows[] = {
        { KEY, 0600, NULL },
        { KEY "\r\n", 0400, NULL },
        { "", 0600, NO_KEY },
        { KEY "AA\n", 0600, NO_KEY },
        { "AAAA\n", 0600, NO_KEY },
        { "?" KEY, 0600, NO_KEY },
        { KEY, 0640, "@: others than its owner may read this key: chmod 600 it" },
        { KEY, 0604, "@: others than its owner may read this key: chmod 600 it" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        write_file(rows[i].text, rows[i].mode);
        if (rows[i].why)
            is_refused(rows[i].why);
        else
            seal_close(open_seal());
    }
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    is_refused("@: it is not a regular file");
}

static void a_key_that_cannot_be_made_is_refused(void **state)
{
    (void)state;
    strcpy(path, "/nonexistent/bridge.key");
    is_refused("cannot make the key @: No such file or directory");
}

/* --- secrets ------------------------------------------------------------------- */

static void each_seal_is_another_and_shows_nothing(void **state)
{
    static const char *const secrets[] = { "", "x", "sesame, Zo\xc3\xab's", "a\nb" };
    struct seal *seal = open_seal();

    (void)state;
    for (size_t i = 0; i < COUNT(secrets); i++) {
        struct strbuf one = STRBUF_INIT(4096), two = STRBUF_INIT(4096);
        struct strbuf read = STRBUF_INIT(4096);
        struct bridge_error err = { 0 };
        seal_add(&one, seal, secrets[i]);
        seal_add(&two, seal, secrets[i]);
        assert_string_not_equal(strbuf_text(&one), strbuf_text(&two));
        assert_null(strstr(strbuf_text(&one), "sesame"));
        assert_true(seal_is_sealed(strbuf_text(&one)));
        assert_false(seal_is_sealed(secrets[i]));
        for (const char *c = strbuf_text(&one); *c; c++)
            assert_true(*c > ' ' && *c < 0x7f);
        assert_int_equal(seal_read(&read, seal, strbuf_text(&one), &err), 0);
        assert_string_equal(strbuf_text(&read), secrets[i]);
        strbuf_release(&one);
        strbuf_release(&two);
        strbuf_release(&read);
    }
    seal_close(seal);
}

static void is_unreadable(const struct seal *seal, const char *sealed)
{
    struct strbuf out = STRBUF_INIT(4096);
    struct bridge_error err = { 0 };

    assert_int_equal(seal_read(&out, seal, sealed, &err), -1);
    assert_int_equal(err.code, BRIDGE_INVALID);
    assert_string_equal(strbuf_text(&out), "");
    strbuf_release(&out);
}

static void another_key_or_a_changed_seal_opens_nothing(void **state)
{
    static const char *const others[] = { "", "sealed:1:", "sesame", "sealed:1:????",
                                          "sealed:1:AAAA", "sealed:2:AAAA" };
    struct strbuf sealed = STRBUF_INIT(4096);
    struct seal *seal = open_seal();

    (void)state;
    seal_add(&sealed, seal, "sesame");
    for (size_t i = 0; i < COUNT(others); i++)
        is_unreadable(seal, others[i]);
    for (size_t i = 0; i < sealed.len; i++) {
        char was = sealed.data[i];
        sealed.data[i] = was == 'A' ? 'B' : 'A';
        /* the last character has bits that mean nothing, and must be zero */
        is_unreadable(seal, strbuf_text(&sealed));
        sealed.data[i] = was;
    }
    seal_close(seal);
    unlink(path);
    seal = open_seal();
    is_unreadable(seal, strbuf_text(&sealed));
    seal_close(seal);
    strbuf_release(&sealed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_is_made_once_and_is_private),
        TEST(what_is_no_key_of_ours_is_refused),
        TEST(a_key_that_cannot_be_made_is_refused),
        TEST(each_seal_is_another_and_shows_nothing),
        TEST(another_key_or_a_changed_seal_opens_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
