/* Finding people by what a user types: jabber:iq:gateway, XEP-0100 §6.3. */
#include <string.h>

#include "dialogue.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define IQ(type, from, to, inside) \
    "<iq type='" type "' id='q' from='" from "' to='" to "'>" inside "</iq>"
#define REFUSED(from, error) \
    "<iq type='error' id='q' to='" BALCONY "' from='" from "'>" error "</iq>"

#define QUERY(inside) "<query xmlns='jabber:iq:gateway'>" inside "</query>"
#define TYPED(text) IQ("set", BALCONY, LAB_DOMAIN, QUERY("<prompt>" text "</prompt>"))
#define FOUND(jid) IQ("result", LAB_DOMAIN, BALCONY, QUERY("<jid>" jid "</jid>"))

static void the_network_says_what_to_type(void **state)
{
    (void)state;
    RECV(IQ("get", BALCONY, LAB_DOMAIN, QUERY("")));
    SENT(IQ("result", LAB_DOMAIN, BALCONY,
            QUERY("<desc>Type the address of the person as the network has it.</desc>"
                  "<prompt>Address</prompt>")));
    lab.transport->prompt = "Number";
    lab.transport->prompt_help = "Type a <number>.";
    RECV(IQ("get", BALCONY, LAB_DOMAIN, QUERY("")));
    SENT(IQ("result", LAB_DOMAIN, BALCONY,
            QUERY("<desc>Type a &lt;number>.</desc><prompt>Number</prompt>")));
    DOWN("");
}

static const struct {
    const char *typed;
    const char *asked; /* of the network */
    const char *answer;
} cases[] = {
    { TYPED("Romeo"), "find Romeo\n", FOUND("romeo@" LAB_DOMAIN) },
    { TYPED(" \n Romeo M. \t"), "find Romeo M.\n", FOUND("romeo\\20m.@" LAB_DOMAIN) },
    { TYPED("a@b"), "find a@b\n", FOUND("a\\40b@" LAB_DOMAIN) },
    { TYPED("#Verona"), "find #Verona\n", FOUND("#verona@" LAB_DOMAIN) },
    /* what has moved */
    { TYPED("old"), "find old\n", FOUND("new@" LAB_DOMAIN) },
    /* a JID of ours, as one types it elsewhere */
    { TYPED("Romeo@" LAB_DOMAIN), "", FOUND("romeo@" LAB_DOMAIN) },
    { TYPED("a\\40b@T.example.NET/x"), "", FOUND("a\\40b@" LAB_DOMAIN) },
    { TYPED("bad@" LAB_DOMAIN), "",
      REFUSED(LAB_DOMAIN, ERROR_TEXT("modify", "jid-malformed",
                                     "the network has no such addresses")) },
    { TYPED("romeo@elsewhere.net"), "find romeo@elsewhere.net\n",
      FOUND("romeo\\40elsewhere.net@" LAB_DOMAIN) },
    { TYPED("bad"), "find bad\n",
      REFUSED(LAB_DOMAIN, ERROR_TEXT("modify", "jid-malformed",
                                     "the network has no such addresses")) },
    { TYPED(""), "", REFUSED(LAB_DOMAIN, ERROR("modify", "bad-request")) },
    { TYPED(" \n"), "", REFUSED(LAB_DOMAIN, ERROR("modify", "bad-request")) },
    { IQ("set", BALCONY, LAB_DOMAIN, QUERY("")), "",
      REFUSED(LAB_DOMAIN, ERROR("modify", "bad-request")) },
};

static void what_is_typed_becomes_a_jid(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        RECV(cases[i].typed);
        DOWN(cases[i].asked);
        SENT(cases[i].answer);
    }
}

static void a_network_may_refuse_in_its_own_words(void **state)
{
    (void)state;
    fake_transport_fail("find", BRIDGE_NOT_FOUND, "the network knows no such number");
    RECV(TYPED("555"));
    SENT(REFUSED(LAB_DOMAIN, ERROR_TEXT("cancel", "item-not-found",
                                        "the network knows no such number")));
    DOWN("find 555\n");
}

/* FEATURES: a localpart as other gateways write it. */
static void an_escaped_localpart_is_understood(void **state)
{
    (void)state;
    fake_transport_fail("find", BRIDGE_ADDRESS, "the network wants an @");
    RECV(TYPED("a\\40b"));
    SENT(FOUND("a\\40b@" LAB_DOMAIN));
    DOWN("find a\\40b\n");
}

static void without_find_the_text_is_the_localpart(void **state)
{
    (void)state;
    lab.transport->find = NULL;
    RECV(TYPED("Romeo"));
    SENT(FOUND("romeo@" LAB_DOMAIN));
    DOWN("");
}

static void a_long_text_finds_nobody(void **state)
{
    struct strbuf xml = STRBUF_INIT(65536);

    (void)state;
    strbuf_addf(&xml, TYPED("%05000d"), 0);
    RECV(strbuf_text(&xml));
    SENT(REFUSED(LAB_DOMAIN, ERROR("modify", "bad-request")));
    strbuf_reset(&xml);
    strbuf_addf(&xml, TYPED("%02000d"), 0);
    RECV(strbuf_text(&xml));
    SENT(REFUSED(LAB_DOMAIN, ERROR("modify", "jid-malformed")));
    fake_transport_forget();
    strbuf_release(&xml);
}

static void only_the_domain_of_a_network_finds_people(void **state)
{
    static const char *const others[] = { "romeo@" LAB_DOMAIN, "#r@" LAB_DOMAIN,
                                          "%net@" LAB_DOMAIN, "#r@" LAB_DOMAIN "/romeo" };

    (void)state;
    for (size_t i = 0; i < COUNT(others); i++) {
        struct strbuf in = STRBUF_INIT(1024), out = STRBUF_INIT(1024);
        strbuf_addf(&in, IQ("get", BALCONY, "%s", QUERY("")), others[i]);
        strbuf_addf(&out, REFUSED("%s", ERROR("cancel", "service-unavailable")), others[i]);
        RECV(strbuf_text(&in));
        SENT(strbuf_text(&out));
        strbuf_release(&in);
        strbuf_release(&out);
    }
    dialogue_stream = LAB_GATEWAY;
    RECV(IQ("set", BALCONY, LAB_GATEWAY, QUERY("<prompt>romeo</prompt>")));
    SENT(REFUSED(LAB_GATEWAY, ERROR("cancel", "service-unavailable")));
    DOWN("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_network_says_what_to_type),
        TEST(what_is_typed_becomes_a_jid),
        TEST(a_network_may_refuse_in_its_own_words),
        TEST(an_escaped_localpart_is_understood),
        TEST(without_find_the_text_is_the_localpart),
        TEST(a_long_text_finds_nobody),
        TEST_GATEWAY(only_the_domain_of_a_network_finds_people),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
