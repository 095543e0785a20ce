#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "casemap.h"
#include "isupport.h"

static struct isupport s;

static int fresh(void **state)
{
    (void)state;
    isupport_init(&s);
    return 0;
}

static void rfc1459_is_what_a_silent_server_has(void **state)
{
    (void)state;
    assert_ptr_equal(s.casemap, casemap_rfc1459);
    assert_string_equal(s.chantypes, "#&");
    assert_string_equal(s.prefix_modes, "ov");
    assert_string_equal(s.prefix_symbols, "@+");
    assert_string_equal(s.statusmsg, "");
    assert_int_equal(s.nicklen, 0);
    assert_int_equal(s.linelen, 512);
    assert_true(isupport_mode_has_param(&s, 'k', false));
    assert_false(isupport_mode_has_param(&s, 'n', true));
}

static void tokens_are_taken_and_taken_back(void **state)
{
    (void)state;
    isupport_apply(&s, "CASEMAPPING=ascii");
    isupport_apply(&s, "CHANTYPES=#");
    isupport_apply(&s, "PREFIX=(qaohv)~&@%+");
    isupport_apply(&s, "STATUSMSG=@+");
    isupport_apply(&s, "NICKLEN=30");
    isupport_apply(&s, "TOPICLEN=390");
    isupport_apply(&s, "LINELEN=2048");
    assert_ptr_equal(s.casemap, casemap_ascii);
    assert_string_equal(s.chantypes, "#");
    assert_string_equal(s.prefix_modes, "qaohv");
    assert_string_equal(s.statusmsg, "@+");
    assert_int_equal(s.nicklen, 30);
    assert_int_equal(s.topiclen, 390);
    assert_int_equal(s.linelen, 2048);
    isupport_apply(&s, "-CASEMAPPING");
    isupport_apply(&s, "-PREFIX");
    isupport_apply(&s, "-STATUSMSG");
    isupport_apply(&s, "-NICKLEN");
    isupport_apply(&s, "-LINELEN");
    assert_ptr_equal(s.casemap, casemap_rfc1459);
    assert_string_equal(s.prefix_modes, "ov");
    assert_string_equal(s.statusmsg, "");
    assert_int_equal(s.nicklen, 0);
    assert_int_equal(s.linelen, 512);
}

static void nonsense_changes_nothing(void **state)
{
    static const char *const tokens[] = {
        "",
        "=",
        "-",
        "NICKLEN",
        "NICKLEN=",
        "NICKLEN=x",
        "NICKLEN=-1",
        "NICKLEN=99999",
        "LINELEN=100",
        "LINELEN=",
        "CHANTYPES=",
        "CHANTYPES",
        "PREFIX=(",
        "PREFIX=(ov",
        "PREFIX=(ov)",
        "PREFIX=(ov)@",
        "PREFIX=ov@+",
        "PREFIX=(ov)@+%",
        "PREFIX=(abcdefghijklmnopq)12345678901234567",
        "nicklen=5",
        "NICKLEN2=5",
        "UNKNOWN=1",
    };
    struct isupport before = s;

    (void)state;
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        isupport_apply(&s, tokens[i]);
        assert_memory_equal(&s, &before, sizeof s);
    }
}

static void a_network_may_have_no_prefixes(void **state)
{
    static const char *const tokens[] = { "PREFIX=", "PREFIX", "PREFIX=()" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        isupport_init(&s);
        isupport_apply(&s, tokens[i]);
        assert_string_equal(s.prefix_modes, "");
        assert_int_equal(isupport_symbol_flag(&s, '@'), 0);
        assert_int_equal(isupport_mode_flag(&s, 'o'), 0);
        assert_int_equal(isupport_symbol_flag(&s, 0), 0);
    }
}

static void values_too_long_are_cut(void **state)
{
    (void)state;
    isupport_apply(&s, "CHANTYPES=#&!+abcdefghijkl");
    assert_string_equal(s.chantypes, "#&!+abcd");
    isupport_apply(&s, "PREFIX=(abcdefghijklmnop)1234567890123456");
    assert_string_equal(s.prefix_modes, "abcdefghijklmnop");
}

static void modes_take_parameters_by_their_type(void **state)
{
    static const struct {
        char mode;
        bool adding;
        bool param;
    } cases[] = {
        { 'b', true, true },   { 'b', false, true },    { 'I', true, true },
        { 'k', true, true },   { 'k', false, true },    { 'l', true, true },
        { 'l', false, false }, { 'n', true, false },    { 'n', false, false },
        { 'o', true, true },   { 'v', false, true },    { 'Z', true, false },
        { '1', true, false },  { '\xff', true, false },
    };

    (void)state;
    isupport_apply(&s, "CHANMODES=beI,k,l,imnpst,extra");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(isupport_mode_has_param(&s, cases[i].mode, cases[i].adding),
                         cases[i].param);
    isupport_apply(&s, "CHANMODES=b");
    assert_false(isupport_mode_has_param(&s, 'k', true));
}

static void status_prefixes_come_off_channels_only(void **state)
{
    static const char *const cases[][2] = {
        { "#c", "#c" },   { "@#c", "#c" },      { "@+#c", "#c" },
        { "+@&c", "&c" }, { "@nick", "@nick" }, { "@", "@" },
        { "", "" },       { "nick", "nick" },   { "@+", "@+" },
    };

    (void)state;
    isupport_apply(&s, "STATUSMSG=@+");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(isupport_bare_target(&s, cases[i][0]), cases[i][1]);
    isupport_apply(&s, "CHANTYPES=#+");
    assert_string_equal(isupport_bare_target(&s, "+modeless"), "+modeless");
    assert_string_equal(isupport_bare_target(&s, "@+modeless"), "+modeless");
}

static void the_highest_rank_counts(void **state)
{
    static const struct {
        const char *symbols;
        enum bridge_affiliation affiliation;
        enum bridge_role role;
    } cases[] = {
        { "", BRIDGE_AFFILIATION_NONE, BRIDGE_PARTICIPANT },
        { "+", BRIDGE_MEMBER, BRIDGE_PARTICIPANT },
        { "%", BRIDGE_MEMBER, BRIDGE_MODERATOR },
        { "%+", BRIDGE_MEMBER, BRIDGE_MODERATOR },
        { "@", BRIDGE_ADMIN, BRIDGE_MODERATOR },
        { "@+", BRIDGE_ADMIN, BRIDGE_MODERATOR },
        { "&@", BRIDGE_OWNER, BRIDGE_MODERATOR },
        { "~+", BRIDGE_OWNER, BRIDGE_MODERATOR },
        { "*", BRIDGE_AFFILIATION_NONE, BRIDGE_PARTICIPANT }, /* a mode we know nothing of */
    };

    (void)state;
    isupport_apply(&s, "PREFIX=(Xqaohv)*~&@%+");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum bridge_affiliation affiliation;
        enum bridge_role role;
        uint32_t flags = 0;
        for (const char *p = cases[i].symbols; *p; p++)
            flags |= isupport_symbol_flag(&s, *p);
        isupport_rank(&s, flags, false, &affiliation, &role);
        assert_int_equal(affiliation, cases[i].affiliation);
        assert_int_equal(role, cases[i].role);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        TEST(rfc1459_is_what_a_silent_server_has),
        TEST(tokens_are_taken_and_taken_back),
        TEST(nonsense_changes_nothing),
        TEST(a_network_may_have_no_prefixes),
        TEST(values_too_long_are_cut),
        TEST(modes_take_parameters_by_their_type),
        TEST(status_prefixes_come_off_channels_only),
        TEST(the_highest_rank_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
