/* XEP-0115 §5.1, with the XEP's own examples. */
#include "caps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define FEATURES(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define CAPS "http://jabber.org/protocol/caps"
#define INFO "http://jabber.org/protocol/disco#info"
#define ITEMS "http://jabber.org/protocol/disco#items"
#define MUC "http://jabber.org/protocol/muc"

static void check_ver(const struct disco_info *info, const char *expected)
{
    char ver[CAPS_VER_SIZE];

    caps_ver(info, ver);
    assert_string_equal(ver, expected);
}

/* §5.2. Nothing depends on the order, nor on the node. */
static void the_simple_example(void **state)
{
    static const struct disco_identity exodus = { "client", "pc", "Exodus 0.9.1", NULL };
    struct disco_info info = { .identities = &exodus, .identity_count = 1 };

    (void)state;
    info.features = FEATURES(CAPS, INFO, ITEMS, MUC);
    check_ver(&info, "QgayPKawpkPSDYmwT/WM94uAlu0=");
    info.features = FEATURES(MUC, ITEMS, CAPS, INFO);
    info.node = "http://code.google.com/p/exodus";
    check_ver(&info, "QgayPKawpkPSDYmwT/WM94uAlu0=");
}

/* §5.3; what has no values is not there. */
static void the_complex_example(void **state)
{
    static const struct disco_identity identities[] = {
        { "client", "pc", "Psi 0.11", "en" }, { "client", "pc", "Ψ 0.11", "el" },
    };
    static const char *const versions[] = { "ipv6", "ipv4" }, *const os[] = { "Mac" },
                      *const os_version[] = { "10.5.1" }, *const software[] = { "Psi" },
                      *const software_version[] = { "0.11" };
    static const struct disco_field fields[] = {
        { "software_version", NULL, software_version, 1 },
        { "ip_version", "text-multi", versions, COUNT(versions) },
        { "os", NULL, os, 1 },
        { "software", NULL, software, 1 },
        { "os_version", NULL, os_version, 1 },
        { "nothing", NULL, NULL, 0 },
    };
    static const struct disco_form forms[] = {
        { "urn:xmpp:dataforms:softwareinfo", fields, COUNT(fields) },
        { "urn:example:empty", &fields[5], 1 },
    };
    const struct disco_info info = {
        .identities = identities, .identity_count = COUNT(identities),
        .features = FEATURES(MUC, CAPS, ITEMS, INFO),
        .forms = forms, .form_count = COUNT(forms),
    };

    (void)state;
    check_ver(&info, "q07IKJEyjvHSyhy//CH0CxmKi8w=");
}

/* printf 'a/a//<a/a-b//x<b/a/de/<b/a/en/y<f<' | openssl sha1 -binary | base64
 * A "-" comes before a "/", but types are compared, not lines. */
static void identities_are_ordered_part_by_part(void **state)
{
    static const struct disco_identity identities[] = {
        { "b", "a", "y", "en" }, { "a", "a-b", "x", NULL }, { "b", "a", NULL, "de" },
        { "a", "a", NULL, NULL },
    };
    const struct disco_info info = { .identities = identities,
                                     .identity_count = COUNT(identities),
                                     .features = FEATURES("f") };

    (void)state;
    check_ver(&info, "GYtP2nx8qLD97t9nuyDmerUPbPY=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_simple_example),
        cmocka_unit_test(the_complex_example),
        cmocka_unit_test(identities_are_ordered_part_by_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
