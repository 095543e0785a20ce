/* Our own requests: who may answer them, and when nobody does. */
#include "ask.h"

#include <stdio.h>
#include <string.h>

#include "dialogue.h"
#include "domain.h"

#define SERVER "example.net"
#define ASKED(to, id) "<iq type='get' from='" LAB_DOMAIN "' to='" to "' id='" id "'>" PING "</iq>"

/* What became of the requests, a word each. */
static struct strbuf ends = STRBUF_INIT(65536);

static void on_end(void *arg, xmpp_stanza_t *iq, const struct bridge_error *why)
{
    strbuf_addf(&ends, "%s %s\n", (const char *)arg,
                why ? why->text : xmpp_stanza_get_type(iq));
}

#define ENDED(text) (assert_string_equal(strbuf_text(&ends), (text)), strbuf_release(&ends))

static struct ask *ask(const char *to, const char *name)
{
    const struct ask_request request = { .type = "get", .to = to, .payload = PING };
    struct bridge_error err;
    struct ask *ask = ask_send(lab.core->hosts[0], &request, on_end, (void *)name, &err);

    if (!ask)
        strbuf_addf(&ends, "%s: not asked: %s\n", name, err.text);
    return ask;
}

/* An iq with the id of the latest request, or of the n-th before it. */
static void answer(unsigned before, const char *type, const char *from, const char *to,
                   const char *inside)
{
    char xml[512];

    snprintf(xml, sizeof xml, "<iq type='%s' from='%s' to='%s' id='%s%llx'>%s</iq>", type, from,
             to, lab.core->id_prefix, (unsigned long long)lab.core->next_id - before, inside);
    RECV(xml);
}

static void a_result_and_an_error_end_it(void **state)
{
    (void)state;
    ask(SERVER, "one");
    ask("juliet@" SERVER, "two");
    SENT(ASKED(SERVER, "*") ASKED("juliet@" SERVER, "*"));
    ENDED("");
    answer(0, "error", "juliet@" SERVER, LAB_DOMAIN, ERROR_TEXT("cancel", "forbidden", "no"));
    answer(1, "result", SERVER, LAB_DOMAIN, "");
    ENDED("two no\none result\n");
    answer(1, "result", SERVER, LAB_DOMAIN, ""); /* again */
    ENDED("");
}

/* Whoever guesses an id has not been asked. */
static void only_who_was_asked_can_answer(void **state)
{
    static const char *const others[][2] = {
        { "mallory@" SERVER, LAB_DOMAIN },      { SERVER ".evil.example", LAB_DOMAIN },
        { "juliet@" SERVER, LAB_DOMAIN },       { BALCONY "2", LAB_DOMAIN },
        { BALCONY, "romeo@" LAB_DOMAIN },       { BALCONY, LAB_DOMAIN "/x" },
    };

    (void)state;
    ask(BALCONY, "one");
    SENT(ASKED(BALCONY, "*"));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        answer(0, "result", others[i][0], others[i][1], "");
        answer(0, "error", others[i][0], others[i][1], ERROR("cancel", "gone"));
        ENDED("");
    }
    answer(1, "result", BALCONY, LAB_DOMAIN, "");
    RECV("<iq type='result' from='" BALCONY "' to='" LAB_DOMAIN "'/>");
    ENDED("");
    answer(0, "result", BALCONY, LAB_DOMAIN, "");
    ENDED("one result\n");
}

static void nobody_waits_for_ever(void **state)
{
    (void)state;
    ask(SERVER, "early");
    fake_timer_advance(20000);
    RECV(" "); /* the stream lives */
    ask(SERVER, "late");
    SENT(ASKED(SERVER, "*") ASKED(SERVER, "*"));
    fake_timer_advance(9999);
    ENDED("");
    fake_timer_advance(1);
    ENDED("early " SERVER " did not answer within 30 s\n");
    RECV(" ");
    fake_timer_advance(20000);
    ENDED("late " SERVER " did not answer within 30 s\n");
    answer(0, "result", SERVER, LAB_DOMAIN, "");
    ENDED("");
}

static void a_lost_stream_ends_them_all(void **state)
{
    (void)state;
    ask(SERVER, "one");
    ask(SERVER, "two");
    SENT(ASKED(SERVER, "*") ASKED(SERVER, "*"));
    lab_cut(LAB_DOMAIN);
    lab_settle();
    ENDED("one the connection to the XMPP server was lost\n"
          "two the connection to the XMPP server was lost\n");
    ask(SERVER, "three");
    ENDED("three: not asked: " LAB_DOMAIN " is not connected to the XMPP server\n");
    LOGGED("error", "connection reset");
    lab_reconnect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    answer(0, "result", SERVER, LAB_DOMAIN, ""); /* to what was asked before */
    ENDED("");
}

static void who_has_cancelled_hears_nothing(void **state)
{
    (void)state;
    struct ask *one = ask(SERVER, "one");
    ask(SERVER, "two");
    struct ask *three = ask(SERVER, "three");
    SENT(ASKED(SERVER, "*") ASKED(SERVER, "*") ASKED(SERVER, "*"));
    ask_cancel(one);
    ask_cancel(three);
    ask_cancel(NULL);
    answer(0, "result", SERVER, LAB_DOMAIN, "");
    answer(2, "result", SERVER, LAB_DOMAIN, "");
    ENDED("");
    ask(SERVER, "four");
    SENT(ASKED(SERVER, "*"));
    answer(2, "result", SERVER, LAB_DOMAIN, "");
    answer(0, "result", SERVER, LAB_DOMAIN, "");
    ENDED("two result\nfour result\n");
}

static void an_answer_that_is_too_large_is_one(void **state)
{
    struct strbuf large = STRBUF_INIT(4u << 20);

    (void)state;
    ask(SERVER, "one");
    SENT(ASKED(SERVER, "*"));
    strbuf_addf(&large, "<iq type='result' from='" SERVER "' to='" LAB_DOMAIN "' id='%s%llx'><q>",
                lab.core->id_prefix, (unsigned long long)lab.core->next_id);
    for (int i = 0; i < 100000; i++)
        strbuf_adds(&large, "<item/>0123456789");
    strbuf_adds(&large, "</q></iq>");
    RECV(strbuf_text(&large));
    strbuf_release(&large);
    assert_non_null(strstr(strbuf_text(&ends), "one "));
    strbuf_release(&ends);
    LOGGED("warning", "dropped a stanza");
}

static void there_is_a_limit(void **state)
{
    (void)state;
    for (int i = 0; i < ASK_MAX; i++)
        assert_non_null(ask(SERVER, "one"));
    assert_null(ask(SERVER, "many"));
    ENDED("many: not asked: 10000 requests wait for their answers already\n");
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, ASK_MAX);
    canonical_release(&sent);
    lab_cut(LAB_DOMAIN);
    lab_settle();
    strbuf_release(&ends);
    LOGGED("error", "connection reset");
}

static void the_end_ends_them(void **state)
{
    (void)state;
    ask(SERVER, "one");
    SENT(ASKED(SERVER, "*"));
    core_stop(lab.core, "the end");
    ENDED("one the gateway is shutting down\n");
    ask(SERVER, "two");
    ENDED("two: not asked: " LAB_DOMAIN " is not connected to the XMPP server\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_result_and_an_error_end_it),
        TEST(only_who_was_asked_can_answer),
        TEST(nobody_waits_for_ever),
        TEST(a_lost_stream_ends_them_all),
        TEST(who_has_cancelled_hears_nothing),
        TEST(an_answer_that_is_too_large_is_one),
        TEST(there_is_a_limit),
        TEST(the_end_ends_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
