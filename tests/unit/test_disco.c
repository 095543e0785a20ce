#include "disco.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stanza.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const no_features[] = { NULL };

static void writes_identities_and_features(void **state)
{
    static const struct disco_identity identities[] = {
        { "gateway", "irc", "IRC & <friends>", "en" },
        { "conference", "text", NULL, NULL },
    };
    static const char *const features[] = { NS_DISCO_INFO, "jid\\20escaping", NULL };
    const struct disco_info info = { .identities = identities,
                                     .identity_count = COUNT(identities),
                                     .features = features };
    struct strbuf out = STRBUF_INIT(4096);

    (void)state;
    disco_write_info(&out, &info);
    assert_string_equal(strbuf_text(&out),
                        "<query xmlns='http://jabber.org/protocol/disco#info'>"
                        "<identity category='gateway' type='irc' "
                        "name='IRC &amp; &lt;friends&gt;' xml:lang='en'/>"
                        "<identity category='conference' type='text'/>"
                        "<feature var='http://jabber.org/protocol/disco#info'/>"
                        "<feature var='jid\\20escaping'/></query>");
    strbuf_release(&out);
}

static void a_form_has_the_fields_that_have_values(void **state)
{
    static const char *const abuse[] = { "mailto:abuse@shakespeare.lit",
                                         "xmpp:abuse@shakespeare.lit" };
    static const char *const security[] = { "https://shakespeare.lit/?a&b" };
    static const struct disco_field fields[] = {
        { "abuse-addresses", "list-multi", abuse, COUNT(abuse) },
        { "admin-addresses", "list-multi", NULL, 0 },
        { "security-addresses", NULL, security, COUNT(security) },
    };
    static const struct disco_form form = { NS_SERVERINFO, fields, COUNT(fields) };
    const struct disco_info info = { .features = no_features, .forms = &form, .form_count = 1 };
    struct strbuf out = STRBUF_INIT(4096);

    (void)state;
    disco_write_info(&out, &info);
    assert_string_equal(strbuf_text(&out),
                        "<query xmlns='http://jabber.org/protocol/disco#info'>"
                        "<x xmlns='jabber:x:data' type='result'>"
                        "<field var='FORM_TYPE' type='hidden'>"
                        "<value>http://jabber.org/network/serverinfo</value></field>"
                        "<field type='list-multi' var='abuse-addresses'>"
                        "<value>mailto:abuse@shakespeare.lit</value>"
                        "<value>xmpp:abuse@shakespeare.lit</value></field>"
                        "<field var='security-addresses'>"
                        "<value>https://shakespeare.lit/?a&amp;b</value></field></x></query>");
    strbuf_release(&out);
}

static void without_values_there_is_no_form(void **state)
{
    static const struct disco_field none = { "abuse-addresses", NULL, NULL, 0 };
    static const struct disco_form form = { NS_SERVERINFO, &none, 1 };
    struct disco_info info = { .features = no_features };
    struct strbuf out = STRBUF_INIT(4096);

    (void)state;
    disco_write_info(&out, &info);
    assert_string_equal(strbuf_text(&out), "<query xmlns='" NS_DISCO_INFO "'></query>");
    strbuf_reset(&out);
    info.forms = &form;
    info.form_count = 1;
    disco_write_info(&out, &info);
    assert_string_equal(strbuf_text(&out), "<query xmlns='" NS_DISCO_INFO "'></query>");
    strbuf_release(&out);
}

static void writes_items(void **state)
{
    struct strbuf out = STRBUF_INIT(4096);

    (void)state;
    disco_open_items(&out, NULL);
    disco_write_item(&out, "irc.example.com", NULL, "O'Hara's \"IRC\"");
    disco_write_item(&out, "gateway.example.com", "x-commands", NULL);
    disco_close_items(&out);
    assert_string_equal(strbuf_text(&out),
                        "<query xmlns='http://jabber.org/protocol/disco#items'>"
                        "<item jid='irc.example.com' "
                        "name='O&apos;Hara&apos;s &quot;IRC&quot;'/>"
                        "<item jid='gateway.example.com' node='x-commands'/></query>");
    strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_identities_and_features),
        cmocka_unit_test(a_form_has_the_fields_that_have_values),
        cmocka_unit_test(without_values_there_is_no_form),
        cmocka_unit_test(writes_items),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
