/* What we say of ourselves: XEP-0030, XEP-0045 §6, XEP-0115, XEP-0128, XEP-0157. */
#include <bridge/host.h>

#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "dialogue.h"
#include "presence_write.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define GET(to, inside) \
    "<iq type='get' id='q' from='" BALCONY "' to='" to "'>" inside "</iq>"
#define SET(to, inside) \
    "<iq type='set' id='q' from='" BALCONY "' to='" to "'>" inside "</iq>"
#define RESULT(from, inside) \
    "<iq type='result' id='q' to='" BALCONY "' from='" from "'>" inside "</iq>"
#define REFUSED(from, type, condition) \
    "<iq type='error' id='q' to='" BALCONY "' from='" from "'>" ERROR(type, condition) "</iq>"

#define ROMEO "romeo@" LAB_DOMAIN

#define INFO "<query xmlns='" NS_DISCO_INFO "'/>"
#define ITEMS "<query xmlns='" NS_DISCO_ITEMS "'/>"

#define IS(category, type, name) \
    "<identity category='" category "' type='" type "' name='" name "'/>"
#define CAN(feature) "<feature var='" feature "'/>"
#define COMMON \
    CAN(NS_DISCO_INFO) CAN(NS_DISCO_ITEMS) CAN(NS_PING) CAN(NS_VERSION) CAN(NS_COMMANDS)
#define CARD CAN(NS_VCARD) CAN(NS_VCARD_4)
#define CAPABLE CAN(NS_CAPS) CARD
#define DOMAIN COMMON CAPABLE
#define GATEWAY DOMAIN CAN(NS_GATEWAY)
#define TEXT CAN("jabber:x:oob") CAN("urn:xmpp:fallback:0")
#define CONTACT(more) \
    IS("account", "registered", "A fake network") IS("client", "pc", "A fake network") \
    COMMON CAPABLE TEXT more
#define MUC_DOMAIN GATEWAY CAN(NS_MUC) CAN(NS_MUC "#stable_id")
#define MUC_SERVICE COMMON CARD CAN(NS_MUC) CAN(NS_MUC "#stable_id")
#define MUC_ROOM \
    MUC_SERVICE CAN(NS_MUC "#self-ping-optimization") CAN("muc_public") \
    CAN("muc_semianonymous") CAN("muc_temporary") CAN("muc_unmoderated") CAN("muc_open") \
    CAN("muc_unsecured")
#define INFO_RESULT(from, inside) \
    RESULT(from, "<query xmlns='" NS_DISCO_INFO "'>" inside "</query>")

/* --- what is where -------------------------------------------------------- */

static const struct {
    const char *question;
    const char *answer;
} infos[] = {
    { GET(LAB_DOMAIN, INFO),
      INFO_RESULT(LAB_DOMAIN, IS("gateway", "fake", "A fake network")
                  IS("conference", "fake", "A fake network") MUC_DOMAIN) },
    { GET("%net@" LAB_DOMAIN, INFO),
      INFO_RESULT("%net@" LAB_DOMAIN, IS("conference", "fake", "%net") MUC_SERVICE) },
    { GET(ROOM, INFO), INFO_RESULT(ROOM, IS("conference", "text", "#r") MUC_ROOM) },
    { GET("a\\40b@" LAB_DOMAIN, INFO),
      INFO_RESULT("a\\40b@" LAB_DOMAIN, CONTACT("")) },
    { GET(ROMEO "/x", INFO), INFO_RESULT(ROMEO "/x", CONTACT("")) },
    { GET("bad@" LAB_DOMAIN, INFO),
      "<iq type='error' id='q' to='" BALCONY "' from='bad@" LAB_DOMAIN "'>"
      ERROR_TEXT("modify", "jid-malformed", "the network has no such addresses") "</iq>" },
};

static void every_address_says_what_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(infos); i++) {
        RECV(infos[i].question);
        SENT(infos[i].answer);
        DOWN("");
    }
}

static void a_network_without_rooms_does_not_claim_any(void **state)
{
    (void)state;
    lab.transport->join = NULL;
    RECV(GET(LAB_DOMAIN, INFO));
    SENT(INFO_RESULT(LAB_DOMAIN, IS("gateway", "fake", "A fake network") GATEWAY));
    RECV(GET("%net@" LAB_DOMAIN, INFO));
    SENT(INFO_RESULT("%net@" LAB_DOMAIN, IS("gateway", "fake", "%net") COMMON CARD));
}

/* One by one: a feature too many would promise what is then lost. */
static void contacts_can_what_the_network_can(void **state)
{
    static const struct {
        unsigned feature;
        const char *told;
    } cases[] = {
        { BRIDGE_HAS_RECEIPT, CAN("urn:xmpp:receipts") },
        { BRIDGE_HAS_DISPLAYED, CAN("urn:xmpp:chat-markers:0") },
        { BRIDGE_HAS_CHAT_STATE, CAN("http://jabber.org/protocol/chatstates") },
        { BRIDGE_HAS_CORRECTION, CAN("urn:xmpp:message-correct:0") },
        { BRIDGE_HAS_RETRACTION, CAN("urn:xmpp:message-retract:1") },
        { BRIDGE_HAS_REACTION, CAN("urn:xmpp:reactions:0") },
        { BRIDGE_HAS_REPLY, CAN("urn:xmpp:reply:0") },
        { BRIDGE_HAS_ATTACHMENT, CAN("urn:xmpp:sfs:0") },
        { BRIDGE_HAS_SUBJECT | BRIDGE_HAS_THREAD, "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strbuf xml = STRBUF_INIT(4096);
        lab.transport->features = cases[i].feature;
        strbuf_addf(&xml, INFO_RESULT(ROMEO, CONTACT("%s")), cases[i].told);
        RECV(GET(ROMEO, INFO));
        SENT(strbuf_text(&xml));
        strbuf_release(&xml);
    }
    RECV(GET(ROOM, INFO)); /* what is said there goes to many */
    SENT(INFO_RESULT(ROOM, IS("conference", "text", "#r") MUC_ROOM));
}

/* XEP-0030's registry has a type for some networks. */
static void contacts_have_the_client_that_the_network_is(void **state)
{
    (void)state;
    lab.transport->type = "sms";
    RECV(GET(ROMEO, INFO));
    SENT(INFO_RESULT(ROMEO, IS("account", "registered", "A fake network")
                     IS("client", "sms", "A fake network") COMMON CAPABLE TEXT));
}

#define ROOM_INFO(fields) \
    INFO_RESULT(ROOM, IS("conference", "text", "#r") MUC_ROOM \
        "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>" \
        "<value>http://jabber.org/protocol/muc#roominfo</value></field>" fields "</x>")
#define OCCUPANTS(n) "<field var='muc#roominfo_occupants'><value>" n "</value></field>"

/* XEP-0045 §6.4. */
static void who_is_in_a_room_learns_about_it(void **state)
{
    struct bridge_room *room = dialogue_join();

    (void)state;
    RECV(GET(ROOM, INFO));
    SENT(ROOM_INFO(OCCUPANTS("2")));
    bridge_room_subject(room, "Fire & <water>", NULL, 0);
    struct canonical sent = lab_take(LAB_DOMAIN);
    canonical_release(&sent);
    RECV(GET(ROOM, INFO));
    SENT(ROOM_INFO(OCCUPANTS("2") "<field var='muc#roominfo_subject'>"
                   "<value>Fire &amp; &lt;water></value></field>"));
    RECV("<iq type='get' id='q' from='nurse@example.net/x' to='" ROOM "'>" INFO "</iq>");
    SENT("<iq type='result' id='q' to='nurse@example.net/x' from='" ROOM "'>"
         "<query xmlns='" NS_DISCO_INFO "'>" IS("conference", "text", "#r") MUC_ROOM
         "</query></iq>");
}

static void only_the_front_door_lists_something(void **state)
{
    static const char *const empty[] = { LAB_DOMAIN, ROOM, "%net@" LAB_DOMAIN,
                                         "romeo@" LAB_DOMAIN };

    (void)state;
    for (size_t i = 0; i < COUNT(empty); i++) {
        struct strbuf in = STRBUF_INIT(512), out = STRBUF_INIT(512);
        strbuf_addf(&in, GET("%s", ITEMS), empty[i]);
        strbuf_addf(&out, RESULT("%s", ITEMS), empty[i]);
        RECV(strbuf_text(&in));
        SENT(strbuf_text(&out));
        strbuf_release(&in);
        strbuf_release(&out);
    }
    dialogue_stream = LAB_GATEWAY;
    RECV(GET(LAB_GATEWAY, ITEMS));
    SENT(RESULT(LAB_GATEWAY, "<query xmlns='" NS_DISCO_ITEMS "'>"
                "<item jid='" LAB_DOMAIN "' name='A fake network'/></query>"));
}

static void the_front_door_is_a_component_with_nobody_behind(void **state)
{
    (void)state;
    dialogue_stream = LAB_GATEWAY;
    RECV(GET(LAB_GATEWAY, INFO));
    SENT(INFO_RESULT(LAB_GATEWAY, IS("component", "generic", "Gateway") DOMAIN));
    RECV(GET("romeo@" LAB_GATEWAY, INFO));
    SENT(REFUSED("romeo@" LAB_GATEWAY, "cancel", "item-not-found"));
    RECV("<message id='m' from='" BALCONY "' to='romeo@" LAB_GATEWAY "'><body>x</body>"
         "</message>"
         "<message id='m' from='" BALCONY "' to='" LAB_GATEWAY "'><body>x</body></message>"
         "<presence id='p' type='subscribe' from='" BALCONY "' to='" LAB_GATEWAY "'/>"
         "<presence from='" BALCONY "' to='" LAB_GATEWAY "'/>"
         "<presence from='" BALCONY "' to='" LAB_GATEWAY "/x'>" MUC "</presence>");
    SENT("<message type='error' id='m' to='" BALCONY "' from='romeo@" LAB_GATEWAY "'>"
         ERROR("cancel", "item-not-found") "</message>"
         "<message type='chat' id='*' to='" BALCONY "' from='" LAB_GATEWAY "'>"
         "<body>There is no command \"x\" here. Write \"help\" for a list of all.</body>"
         "</message>"
         "<presence type='error' id='p' to='" BALCONY "' from='" LAB_GATEWAY "'>"
         ERROR("cancel", "feature-not-implemented") "</presence>");
    DOWN("");
}

/* XEP-0157: on every domain of ours, and on no other address. */
static void the_domains_say_whom_to_contact(void **state)
{
    static char *admins[] = { "mailto:a@example.net",
                              "xmpp:a@example.net?message;subject='<x>'" };
    static char *abuse[] = { "mailto:abuse@example.net" };
    struct options *o = lab.core->options;

    (void)state;
#define FORM \
    "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>" \
    "<value>http://jabber.org/network/serverinfo</value></field>" \
    "<field var='admin-addresses' type='list-multi'><value>mailto:a@example.net</value>" \
    "<value>xmpp:a@example.net?message;subject='&lt;x>'</value></field>" \
    "<field var='abuse-addresses' type='list-multi'><value>mailto:abuse@example.net</value>" \
    "</field></x>"
    o->gateway.admins = (struct setting_strings){ admins, COUNT(admins) };
    o->gateway.abuse = (struct setting_strings){ abuse, COUNT(abuse) };
    RECV(GET(LAB_DOMAIN, INFO));
    SENT(INFO_RESULT(LAB_DOMAIN, IS("gateway", "fake", "A fake network")
                  IS("conference", "fake", "A fake network") MUC_DOMAIN FORM));
    RECV(GET(ROOM, INFO));
    SENT(INFO_RESULT(ROOM, IS("conference", "text", "#r") MUC_ROOM));
    dialogue_stream = LAB_GATEWAY;
    RECV(GET(LAB_GATEWAY, INFO));
    SENT(INFO_RESULT(LAB_GATEWAY, IS("component", "generic", "Gateway") DOMAIN FORM));
    o->gateway.admins = o->gateway.abuse = (struct setting_strings){ 0 };
}


/* --- presence ---------------------------------------------------------------- */

static struct strbuf content;

static const char *written(const struct presence_content *p)
{
    strbuf_init(&content, 4096);
    presence_write_content(&content, fake_transport_host(), p);
    return strbuf_text(&content);
}

static void presence_says_what_contacts_can(void **state)
{
    (void)state;
    struct presence_content p = { .show = BRIDGE_AWAY, .status = "a<b", .nick = "R & J",
                                  .avatar = "a9993e364706816aba3e25717850c26c9cd0d89d" };

    const char *xml = written(&p);
    assert_ptr_equal(strstr(xml, "<show>away</show><status>a&lt;b</status>"
                            "<nick xmlns='http://jabber.org/protocol/nick'>R &amp; J</nick>"
                            "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='"),
                     xml);
    assert_non_null(strstr(xml, "<x xmlns='vcard-temp:x:update'>"
                           "<photo>a9993e364706816aba3e25717850c26c9cd0d89d</photo></x>"));
    strbuf_release(&content);
    p.avatar = ""; /* XEP-0153 §4.1 rule 3 */
    assert_non_null(strstr(written(&p), "<x xmlns='vcard-temp:x:update'><photo></photo></x>"));
    strbuf_release(&content);
    p.avatar = NULL;
    assert_null(strstr(written(&p), "vcard-temp"));
    strbuf_release(&content);
}

static void who_is_not_there_can_nothing(void **state)
{
    const struct presence_content p = { .show = BRIDGE_OFFLINE, .status = "gone",
                                        .avatar = "a9993e364706816aba3e25717850c26c9cd0d89d" };

    (void)state;
    assert_string_equal(written(&p), "<status>gone</status>");
    strbuf_release(&content);
}

/* The text between two others, in a copy. */
static char *between(const char *text, const char *before, const char *after)
{
    const char *from = strstr(text, before);

    assert_non_null(from);
    from += strlen(before);
    const char *to = strstr(from, after);
    assert_non_null(to);
    return bridge_strndup(from, (size_t)(to - from));
}

/* The "node#ver" that presence tells. */
static void told(bool domain, struct strbuf *node)
{
    const struct presence_content p = { .show = BRIDGE_ONLINE, .domain = domain };
    const char *xml = written(&p);
    char *name = between(xml, "node='", "'"), *ver = between(xml, "ver='", "'");

    strbuf_addf(node, "%s#%s", name, ver);
    free(name);
    free(ver);
    strbuf_release(&content);
}

static void ask(const char *jid, const char *node)
{
    struct strbuf xml = STRBUF_INIT(4096);

    strbuf_addf(&xml, GET("%s", "<query xmlns='" NS_DISCO_INFO "' node='%s'/>"), jid, node);
    RECV(strbuf_text(&xml));
    strbuf_release(&xml);
}

/* XEP-0115 §6.2: what is asked with the node is answered with it. That the hash
 * is right is seen by a client that does not have it from us (tests/e2e). */
static void the_hash_names_a_node(void **state)
{
    struct strbuf contact = STRBUF_INIT(256), domain = STRBUF_INIT(256),
                  answer = STRBUF_INIT(4096);

    (void)state;
    told(false, &contact);
    told(true, &domain);
    assert_string_not_equal(strbuf_text(&contact), strbuf_text(&domain));
    ask(ROMEO, strbuf_text(&contact));
    strbuf_addf(&answer, RESULT(ROMEO, "<query xmlns='" NS_DISCO_INFO "' node='%s'>"
                                CONTACT("") "</query>"), strbuf_text(&contact));
    SENT(strbuf_text(&answer));
    ask(LAB_DOMAIN, strbuf_text(&contact));
    SENT(REFUSED(LAB_DOMAIN, "cancel", "item-not-found"));
    ask(ROMEO, strbuf_text(&domain));
    SENT(REFUSED(ROMEO, "cancel", "item-not-found"));
    ask(ROMEO, "urn:x-bridged#");
    SENT(REFUSED(ROMEO, "cancel", "item-not-found"));
    strbuf_release(&contact);
    strbuf_release(&domain);
    strbuf_release(&answer);
}

/* Nobody asks again for a hash that is known. */
static void a_reload_changes_the_hash_if_it_changes_the_answer(void **state)
{
    struct strbuf before = STRBUF_INIT(256), after = STRBUF_INIT(256);
    static char *admins[] = { "mailto:a@example.net" };
    struct options *fresh = lab_options(false);

    (void)state;
    told(true, &before);
    core_reload(lab.core, fresh);
    told(true, &after);
    assert_string_equal(strbuf_text(&before), strbuf_text(&after));
    fresh = lab_options(false);
    fresh->gateway.admins = (struct setting_strings){ admins, 1 };
    core_reload(lab.core, fresh);
    strbuf_reset(&after);
    told(true, &after);
    assert_string_not_equal(strbuf_text(&before), strbuf_text(&after));
    fresh->gateway.admins = (struct setting_strings){ 0 };
    strbuf_release(&before);
    strbuf_release(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_address_says_what_it_is),
        TEST(a_network_without_rooms_does_not_claim_any),
        TEST(contacts_can_what_the_network_can),
        TEST(contacts_have_the_client_that_the_network_is),
        TEST(who_is_in_a_room_learns_about_it),
        TEST_GATEWAY(only_the_front_door_lists_something),
        TEST_GATEWAY(the_front_door_is_a_component_with_nobody_behind),
        TEST_GATEWAY(the_domains_say_whom_to_contact),
        TEST(presence_says_what_contacts_can),
        TEST(who_is_not_there_can_nothing),
        TEST(the_hash_names_a_node),
        TEST(a_reload_changes_the_hash_if_it_changes_the_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
