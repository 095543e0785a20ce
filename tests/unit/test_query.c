/* Questions (iq): XEP-0030, XEP-0045 §6, XEP-0092, XEP-0199, XEP-0410. */
#include <bridge/host.h>

#include <stdlib.h>
#include <string.h>

#include "dialogue.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define GET(to, inside) \
    "<iq type='get' id='q' from='" BALCONY "' to='" to "'>" inside "</iq>"
#define SET(to, inside) \
    "<iq type='set' id='q' from='" BALCONY "' to='" to "'>" inside "</iq>"
#define RESULT(from, inside) \
    "<iq type='result' id='q' to='" BALCONY "' from='" from "'>" inside "</iq>"
#define REFUSED(from, type, condition) \
    "<iq type='error' id='q' to='" BALCONY "' from='" from "'>" ERROR(type, condition) "</iq>"

#define INFO "<query xmlns='" NS_DISCO_INFO "'/>"
#define ITEMS "<query xmlns='" NS_DISCO_ITEMS "'/>"
#define VERSION "<query xmlns='" NS_VERSION "'/>"

/* --- occupants ------------------------------------------------------------ */

/* XEP-0045 §6.5. */
static void occupants_are_not_described(void **state)
{
    static const char *const questions[] = { INFO, ITEMS, VERSION };

    (void)state;
    for (int inside = 0; inside < 2; inside++) {
        for (size_t i = 0; i < COUNT(questions); i++) {
            struct strbuf xml = STRBUF_INIT(512);
            strbuf_addf(&xml, GET(ROOM "/romeo", "%s"), questions[i]);
            RECV(strbuf_text(&xml));
            if (inside)
                SENT(REFUSED(ROOM "/romeo", "cancel", "service-unavailable"));
            else
                SENT(REFUSED(ROOM "/romeo", "modify", "bad-request"));
            strbuf_release(&xml);
        }
        if (!inside)
            dialogue_join();
    }
}

/* XEP-0410 §3. */
static void a_client_can_ask_whether_it_is_still_inside(void **state)
{
    (void)state;
    RECV(GET(ROOM "/jul", PING));
    SENT(REFUSED(ROOM "/jul", "cancel", "not-acceptable"));
    struct bridge_room *room = dialogue_join();
    RECV(GET(ROOM "/jul", PING));
    SENT(RESULT(ROOM "/jul", ""));
    RECV("<iq type='get' id='q' from='" CHAMBER "' to='" ROOM "/jul'>" PING "</iq>");
    SENT("<iq type='error' id='q' to='" CHAMBER "' from='" ROOM "/jul'>"
         ERROR("cancel", "not-acceptable") "</iq>");
    bridge_room_renamed(room, "jul", "capulet");
    struct canonical sent = lab_take(LAB_DOMAIN);
    canonical_release(&sent);
    RECV(GET(ROOM "/jul", PING));
    SENT(REFUSED(ROOM "/jul", "cancel", "item-not-found"));
    RECV(GET(ROOM "/capulet", PING));
    SENT(RESULT(ROOM "/capulet", ""));
    bridge_room_departed(room, "capulet", BRIDGE_CUT, NULL, NULL);
    sent = lab_take(LAB_DOMAIN);
    canonical_release(&sent);
    RECV(GET(ROOM "/capulet", PING));
    SENT(REFUSED(ROOM "/capulet", "cancel", "not-acceptable"));
}

/* --- version, ping -------------------------------------------------------- */

static void version_and_ping_are_answered_everywhere(void **state)
{
    static const char *const addresses[] = { LAB_DOMAIN, ROOM, "%net@" LAB_DOMAIN,
                                             "romeo@" LAB_DOMAIN, "romeo@" LAB_DOMAIN "/x" };

    (void)state;
    for (size_t i = 0; i < COUNT(addresses); i++) {
        struct strbuf in = STRBUF_INIT(1024), out = STRBUF_INIT(1024);
        strbuf_addf(&in, GET("%s", PING) GET("%s", VERSION), addresses[i], addresses[i]);
        strbuf_addf(&out, RESULT("%s", "") RESULT("%s", "<query xmlns='" NS_VERSION "'>"
                    "<name>bridged</name><version>%s</version></query>"),
                    addresses[i], addresses[i], bridge_version());
        RECV(strbuf_text(&in));
        SENT(strbuf_text(&out));
        strbuf_release(&in);
        strbuf_release(&out);
    }
}

/* --- what we do not know -------------------------------------------------- */

static const struct {
    const char *question;
    const char *answer;
} unknown[] = {
    { GET(LAB_DOMAIN, "<query xmlns='jabber:iq:time'/>"),
      REFUSED(LAB_DOMAIN, "cancel", "service-unavailable") },
    { GET(LAB_DOMAIN, ""), REFUSED(LAB_DOMAIN, "cancel", "service-unavailable") },
    { GET(LAB_DOMAIN, "<ping xmlns='urn:x'/>"),
      REFUSED(LAB_DOMAIN, "cancel", "service-unavailable") },
    { GET(LAB_DOMAIN, "<x xmlns='" NS_PING "'/>"),
      REFUSED(LAB_DOMAIN, "cancel", "service-unavailable") },
    /* set instead of get */
    { SET(LAB_DOMAIN, INFO), REFUSED(LAB_DOMAIN, "cancel", "service-unavailable") },
    { SET(LAB_DOMAIN, PING), REFUSED(LAB_DOMAIN, "cancel", "service-unavailable") },
    { SET(ROOM, "<query xmlns='http://jabber.org/protocol/muc#admin'/>"),
      REFUSED(ROOM, "cancel", "service-unavailable") },
    /* nodes: XEP-0030 §7; XEP-0045 wants another condition */
    { GET(LAB_DOMAIN, "<query xmlns='" NS_DISCO_INFO "' node='x'/>"),
      REFUSED(LAB_DOMAIN, "cancel", "item-not-found") },
    { GET("romeo@" LAB_DOMAIN, "<query xmlns='" NS_DISCO_ITEMS "' node=''/>"),
      REFUSED("romeo@" LAB_DOMAIN, "cancel", "item-not-found") },
    { GET(ROOM, "<query xmlns='" NS_DISCO_INFO "' node='x-roomuser-item'/>"),
      REFUSED(ROOM, "cancel", "feature-not-implemented") },
    { GET(ROOM, "<query xmlns='" NS_DISCO_INFO "' node='" NS_MUC "#traffic'/>"),
      REFUSED(ROOM, "cancel", "feature-not-implemented") },
    /* never answered */
    { "<iq type='result' id='q' from='" BALCONY "' to='" LAB_DOMAIN "'/>", "" },
    { "<iq type='error' id='q' from='" BALCONY "' to='" LAB_DOMAIN "'>" PING "<error/></iq>",
      "" },
    { "<iq type='error' id='q' from='" BALCONY "' to='bad@" LAB_DOMAIN "'/>", "" },
    { "<iq type='result' id='q' from='" BALCONY "' to='bad@" LAB_DOMAIN "'/>", "" },
    { "<iq type='what' id='q' from='" BALCONY "' to='" LAB_DOMAIN "'>" PING "</iq>", "" },
    { "<iq id='q' from='" BALCONY "' to='" LAB_DOMAIN "'>" PING "</iq>", "" },
    { "<other type='get' id='q' from='" BALCONY "' to='" LAB_DOMAIN "'>" PING "</other>", "" },
};

static void every_question_gets_one_answer_and_nothing_else_gets_any(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(unknown); i++) {
        RECV(unknown[i].question);
        SENT(unknown[i].answer);
        DOWN("");
    }
}

static void a_question_may_have_no_id_and_strange_addresses(void **state)
{
    (void)state;
    RECV("<iq type='get' from='example.net' to='" LAB_DOMAIN "'>" PING "</iq>"
         "<iq type='get' id=\"'&lt;&amp;\" from=\"o'neill\\40x@example.net/&lt;'&amp;&quot;\" "
         "to='romeo@" LAB_DOMAIN "/&lt;\"'>" PING "</iq>");
    struct canonical sent = lab_take(LAB_DOMAIN);
    /* An apostrophe is not allowed in a localpart (RFC 7622 §3.3.1). */
    assert_int_equal(sent.count, 1);
    assert_string_equal(sent.stanzas[0].to, "example.net");
    canonical_release(&sent);
    LOGGED("warning", "ignored a stanza from");
    RECV("<iq type='get' id=\"'&lt;&amp;\" from=\"x@example.net/&lt;'&amp;&quot;\" "
         "to='romeo@" LAB_DOMAIN "/&lt;\"'>" PING "</iq>");
    SENT("<iq type='result' id=\"'&lt;&amp;\" to=\"x@example.net/&lt;'&amp;&quot;\" "
         "from='romeo@" LAB_DOMAIN "/&lt;\"'/>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(occupants_are_not_described),
        TEST(a_client_can_ask_whether_it_is_still_inside),
        TEST(version_and_ping_are_answered_everywhere),
        TEST(every_question_gets_one_answer_and_nothing_else_gets_any),
        TEST(a_question_may_have_no_id_and_strange_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
