/* Capabilities that clients announce (XEP-0115 §5): whose hash is true. */
#include "caps_verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "splitter.h"
#include "stanza.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void keep(void *arg, xmpp_stanza_t *stanza)
{
    *(xmpp_stanza_t **)arg = xmpp_stanza_clone(stanza);
}

static xmpp_stanza_t *parse(const char *xml)
{
    static const struct splitter_events events = { .on_stanza = keep };
    static const char head[] = "<stream:stream xmlns='jabber:component:accept' "
                               "xmlns:stream='http://etherx.jabber.org/streams'>";
    struct bridge_error err;
    xmpp_stanza_t *stanza = NULL;

    struct splitter *s = splitter_new(NULL, &events, &stanza);
    assert_int_equal(splitter_feed(s, head, strlen(head), &err), 0);
    assert_int_equal(splitter_feed(s, xml, strlen(xml), &err), 0);
    splitter_free(s);
    assert_non_null(stanza);
    return stanza;
}

#define INFO(inside) "<query xmlns='" NS_DISCO_INFO "'>" inside "</query>"
#define FEATURE(var) "<feature var='" var "'/>"
#define FORM(inside) "<x xmlns='" NS_DATA "' type='result'>" inside "</x>"
#define FORM_TYPE(name) "<field var='FORM_TYPE' type='hidden'><value>" name "</value></field>"
#define FIELD(var, values) "<field var='" var "'>" values "</field>"
#define VALUE(text) "<value>" text "</value>"

#define FOUR \
    FEATURE("http://jabber.org/protocol/muc") FEATURE(NS_DISCO_ITEMS) \
    FEATURE("http://jabber.org/protocol/caps") FEATURE(NS_DISCO_INFO)
#define EXODUS "<identity category='client' name='Exodus 0.9.1' type='pc'/>"
#define PSI \
    "<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>" \
    "<identity xml:lang='el' category='client' name='\xce\xa8 0.11' type='pc'/>"
#define SOFTWARE \
    FORM_TYPE("urn:xmpp:dataforms:softwareinfo") \
    FIELD("ip_version", VALUE("ipv6") VALUE("ipv4")) FIELD("os", VALUE("Mac")) \
    FIELD("os_version", VALUE("10.5.1")) FIELD("software", VALUE("Psi")) \
    FIELD("software_version", VALUE("0.11"))

/* Those that are true: §5.2, §5.3, and what sha1sum and sha256sum say. */
static const struct {
    const char *what;
    const char *query;
    const char *hash;
    const char *ver;
} good[] = {
    { "§5.2", INFO(EXODUS FOUR), "sha-1", "QgayPKawpkPSDYmwT/WM94uAlu0=" },
    { "§5.3", INFO(PSI FOUR FORM(SOFTWARE)), "sha-1", "q07IKJEyjvHSyhy//CH0CxmKi8w=" },
    { "a form without a type counts for nothing",
      INFO(EXODUS FOUR FORM(FIELD("os", VALUE("Mac")))), "sha-1",
      "QgayPKawpkPSDYmwT/WM94uAlu0=" },
    { "nor does one whose type is not hidden",
      INFO(EXODUS FOUR FORM("<field var='FORM_TYPE'><value>x</value></field>")), "sha-1",
      "QgayPKawpkPSDYmwT/WM94uAlu0=" },
    { "nothing at all", INFO(""), "sha-1", "2jmj7l5rSw0yVb/vlWAYkK/YBwk=" },
    { "another hash", INFO(FEATURE("a")), "sha-256",
      "GoNb66aShtBBL1YXE8dmRw2v4+A0UlbIIgeFjFCLqnA=" },
};

static void what_is_announced_is_believed_if_it_is_true(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        xmpp_stanza_t *query = parse(good[i].query);
        if (!caps_verify(query, good[i].hash, good[i].ver))
            fail_msg("not believed: %s", good[i].what);
        assert_false(caps_verify(query, good[i].hash, "QgayPKawpkPSDYmwT/WM94uAlu1="));
        assert_false(caps_verify(query, "md5", good[i].ver));
        assert_false(caps_verify(query, "", ""));
        xmpp_stanza_release(query);
    }
}

/* Each with the hash that a careless reader would compute. */
static const struct {
    const char *what;
    const char *query;
    const char *ver;
} bad[] = {
    /* printf 'a<a<' | openssl sha1 -binary | base64 */
    { "a feature twice", INFO(FEATURE("a") FEATURE("a")), "VzdyXTU4WAjZWlWrz/34WgVMUhc=" },
    /* The hash of two features, said with one: the note in §5.1. */
    { "two features in one", INFO(FEATURE("a&lt;b")), "HiFqWGaJba8nmp2b+lSW8gbBTks=" },
    /* printf 'x<y<' : a form type that is two */
    { "two form types in one form",
      INFO(FORM("<field var='FORM_TYPE' type='hidden'><value>x</value><value>y</value></field>")),
      "3DLpscH6Nnc9j2W7WrXRbkubGI8=" },
    { "two forms of one type", INFO(FORM(FORM_TYPE("x")) FORM(FORM_TYPE("x"))),
      "TTHYZgVjTSn/ZxMmLjzD60wldng=" },
};

static void what_could_be_read_in_two_ways_is_not_believed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        xmpp_stanza_t *query = parse(bad[i].query);
        if (caps_verify(query, "sha-1", bad[i].ver))
            fail_msg("believed: %s", bad[i].what);
        xmpp_stanza_release(query);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_announced_is_believed_if_it_is_true),
        cmocka_unit_test(what_could_be_read_in_two_ways_is_not_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
