/* What a message carries beside its text: to networks that know of it and to
 * networks that do not, and from them. */
#include <bridge/host.h>

#include <stdio.h>
#include <string.h>

#include "dialogue.h"
#include "message_read.h"
#include "message_write.h"
#include "session.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define ALL (~0u)

#define ROMEO "romeo@" LAB_DOMAIN
#define CHAT(to, id, inside) \
    "<message type='chat' id='" id "' from='" BALCONY "' to='" to "'>" inside "</message>"
#define GROUPCHAT(id, inside) \
    "<message type='groupchat' id='" id "' from='" BALCONY "' to='" ROOM "'>" inside \
    "</message>"
#define REFUSED(from, id, error) \
    "<message type='error' id='" id "' to='" BALCONY "' from='" from "'>" error "</message>"
#define HEARD(id, inside) \
    "<message type='chat' id='" id "' to='juliet@example.net' from='" ROMEO "'>" inside \
    "</message>"

#define BODY(text) "<body>" text "</body>"
#define FALLBACK(of, range) \
    "<fallback xmlns='urn:xmpp:fallback:0' for='" of "'><body" range "/></fallback>"
#define REPLY(id) "<reply xmlns='urn:xmpp:reply:0' id='" id "' to='" ROMEO "'/>"
#define REPLACE(id) "<replace xmlns='urn:xmpp:message-correct:0' id='" id "'/>"
#define RETRACT(id) "<retract xmlns='urn:xmpp:message-retract:1' id='" id "'/>"
#define REACTIONS(id, inside) \
    "<reactions xmlns='urn:xmpp:reactions:0' id='" id "'>" inside "</reactions>"
#define REACTION(emoji) "<reaction>" emoji "</reaction>"
#define OOB(url) "<x xmlns='jabber:x:oob'><url>" url "</url></x>"
#define SHARED(url, file) \
    "<file-sharing xmlns='urn:xmpp:sfs:0' disposition='inline'>" \
    "<file xmlns='urn:xmpp:file:metadata:0'>" file "</file><sources>" \
    "<url-data xmlns='http://jabber.org/protocol/url-data' target='" url "'/></sources>" \
    "</file-sharing>"
#define STATE(name) "<" name " xmlns='http://jabber.org/protocol/chatstates'/>"
#define REQUEST "<request xmlns='urn:xmpp:receipts'/>"
#define RECEIVED(id) "<received xmlns='urn:xmpp:receipts' id='" id "'/>"
#define MARKABLE "<markable xmlns='urn:xmpp:chat-markers:0'/>"
#define DISPLAYED(id) "<displayed xmlns='urn:xmpp:chat-markers:0' id='" id "'/>"
#define HINT(name) "<" name " xmlns='urn:xmpp:hints'/>"

#define PNG "https://x.example/a.png"

/* A session with romeo, and nothing is left to read. */
static struct bridge_session *open_session(unsigned features)
{
    lab.transport->features = features;
    RECV(CHAT(ROMEO, "m0", BODY("hello")));
    fake_transport_forget();
    return fake_transport_session();
}

/* --- to people ----------------------------------------------------------------------- */

/* What a network hears without any feature, and with all of them; "": nothing. */
static const struct {
    const char *what;
    const char *inside;
    const char *without;
    const char *with;
} rows[] = {
    { "text", BODY("x"), "id=1: x", "id=1: x" },
    { "no text", BODY(""), "", "" },
    { "blanks", BODY(" \n"), "", "" },

    /* XEP-0308 */
    { "a correction", BODY("at eight") REPLACE("m0"), "id=1: at eight (corrected)",
      "id=1 replaces=m0: at eight" },
    { "of an action", BODY("/me waves") REPLACE("m0"), "id=1 action: waves (corrected)",
      "id=1 action replaces=m0: waves" },
    { "without an id", BODY("x") "<replace xmlns='urn:xmpp:message-correct:0'/>", "id=1: x",
      "id=1: x" },

    /* XEP-0424 */
    { "the last message taken back",
      RETRACT("m0") FALLBACK("urn:xmpp:message-retract:1", "") BODY("/me retracted"),
      "id=1: Please ignore my last message: I have taken it back.", "id=1 retracts=m0: " },
    { "another, and its text not marked", RETRACT("other") BODY("/me retracted"),
      "id=1: Please ignore an earlier message: I have taken it back.",
      "id=1 retracts=other: " },
    { "as it was before",
      "<apply-to xmlns='urn:xmpp:fasten:0' id='m0'>"
      "<retract xmlns='urn:xmpp:message-retract:0'/></apply-to>" BODY("gone"),
      "id=1: Please ignore my last message: I have taken it back.", "id=1 retracts=m0: " },

    /* XEP-0444; some clients send the emoji as a text too */
    { "reactions taken back", REACTIONS("r", ""), "", "id=1 reacts=r: " },
    { "without an id", "<reactions xmlns='urn:xmpp:reactions:0'/>" BODY("x"), "id=1: x",
      "id=1: x" },

    /* XEP-0461, with the ranges of XEP-0428 counted in characters */
    { "a reply without a quote", BODY("yes") REPLY("r"), "id=1: yes",
      "id=1 answers=r of=romeo: yes" },
    { "with a quote",
      BODY("&gt; \xc3\xb6\xf0\x9f\x91\x8b?\n\xc3\xa4") REPLY("r")
      FALLBACK("urn:xmpp:reply:0", " start='0' end='6'"),
      "id=1: > \xc3\xb6\xf0\x9f\x91\x8b?\n\xc3\xa4",
      "id=1 answers=r of=romeo quote=\xc3\xb6\xf0\x9f\x91\x8b?: \xc3\xa4" },
    { "with two lines of it, as clients of before marked them",
      BODY("&gt; a\n&gt;b\nc") REPLY("r")
      "<fallback xmlns='urn:xmpp:feature-fallback:0' for='urn:xmpp:reply:0'>"
      "<body start='0' end='7'/></fallback>",
      "id=1: > a\n>b\nc", "id=1 answers=r of=romeo quote=a\nb: c" },
    { "an action in reply",
      BODY("&gt; a\n/me nods") REPLY("r") FALLBACK("urn:xmpp:reply:0", " start='0' end='4'"),
      "id=1: > a\n/me nods", "id=1 action answers=r of=romeo quote=a: nods" },
    { "to the user's own message",
      BODY("x") "<reply xmlns='urn:xmpp:reply:0' id='m0' to='" BALCONY "'/>", "id=1: x",
      "id=1 answers=m0: x" },
    { "a range beyond the end",
      BODY("abc") REPLY("r") FALLBACK("urn:xmpp:reply:0", " start='1' end='99'"), "id=1: abc",
      "id=1 answers=r of=romeo quote=bc: a" },
    { "a range that is none",
      BODY("abc") REPLY("r") FALLBACK("urn:xmpp:reply:0", " start='-1' end='2'"), "id=1: abc",
      "id=1 answers=r of=romeo: abc" },
    { "a range the wrong way",
      BODY("abc") REPLY("r") FALLBACK("urn:xmpp:reply:0", " start='2' end='1'"), "id=1: abc",
      "id=1 answers=r of=romeo: abc" },
    { "a fallback of what is not there",
      BODY("abc") FALLBACK("urn:xmpp:reply:0", " start='0' end='2'"), "id=1: abc",
      "id=1: abc" },
    { "a fallback of what we do not know",
      BODY("abc") "<new xmlns='urn:x'/>" FALLBACK("urn:x", ""), "id=1: abc", "id=1: abc" },

    /* XEP-0066 and XEP-0447: once, however often it is written */
    { "a file as most clients send it", BODY(PNG) OOB(PNG), "id=1: " PNG,
      "id=1 file=" PNG ": " },
    { "without a text", OOB(PNG), "id=1: " PNG, "id=1 file=" PNG ": " },
    { "with a text", BODY("look\n" PNG) OOB(PNG), "id=1: look\n" PNG,
      "id=1 file=" PNG ": look" },
    { "within a text", BODY("see " PNG " there") OOB(PNG), "id=1: see " PNG " there",
      "id=1 file=" PNG ": see " PNG " there" },
    { "with all that is known of it",
      BODY(PNG) OOB(PNG) FALLBACK("urn:xmpp:sfs:0", "")
      SHARED(PNG, "<media-type>image/png</media-type><name>a.png</name><size>5</size>"
             "<desc>a cat</desc>"),
      "id=1: a cat: " PNG,
      "id=1 file=" PNG " name=a.png type=image/png description=a cat size=5: " },
    { "two", SHARED(PNG, "") SHARED("https://x.example/b", "<size>x</size>") BODY("both"),
      "id=1: both\n" PNG "\nhttps://x.example/b",
      "id=1 file=" PNG " file=https://x.example/b: both" },
    { "one whose place comes later",
      "<file-sharing xmlns='urn:xmpp:sfs:0'><file xmlns='urn:xmpp:file:metadata:0'/>"
      "</file-sharing>" BODY("photo"), "id=1: photo", "id=1: photo" },
    { "not on the web", BODY("aesgcm://x/y") OOB("aesgcm://x/y"), "id=1: aesgcm://x/y",
      "id=1: aesgcm://x/y" },
    { "neither, nor a text", OOB("javascript:alert(1)"), "", "" },

    /* subject and thread */
    { "a subject", "<subject>Tea</subject>" BODY("at five"), "id=1: Subject: Tea\nat five",
      "id=1 subject=Tea: at five" },
    { "alone", "<subject>Tea</subject>", "id=1: Subject: Tea", "id=1 subject=Tea: " },
    { "above an action", "<subject>Tea</subject>" BODY("/me sips"),
      "id=1: Subject: Tea\n/me sips", "id=1 action subject=Tea: sips" },
    { "a thread", "<thread>t</thread>" BODY("x"), "id=1: x", "id=1 thread=t: x" },

    /* XEP-0184, XEP-0333, XEP-0334, XEP-0203 */
    { "questions", BODY("x") REQUEST MARKABLE, "id=1: x", "id=1 receipt displayed: x" },
    { "off the record", BODY("x") HINT("no-store"), "id=1 no_store: x", "id=1 no_store: x" },
    { "hardly on it", BODY("x") HINT("no-permanent-store"), "id=1 no_store: x",
      "id=1 no_store: x" },
    { "other hints", BODY("x") HINT("store") HINT("no-copy"), "id=1: x", "id=1: x" },
    { "late", BODY("x") "<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/>",
      "id=1 time=1031699305000: x", "id=1 time=1031699305000: x" },

    /* all at once */
    { "everything",
      "<subject>S</subject>" BODY("&gt; q\nlook\n" PNG) REPLY("r") REPLACE("m0") OOB(PNG)
      FALLBACK("urn:xmpp:reply:0", " start='0' end='4'"),
      "id=1: Subject: S\n> q\nlook\n" PNG " (corrected)",
      "id=1 replaces=m0 answers=r of=romeo quote=q file=" PNG " subject=S: look" },

    /* not for us */
    { "a copy of what was said elsewhere",
      "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'/></received>"
      BODY("x"), "", "" },
    { "something from an archive", "<result xmlns='urn:xmpp:mam:2'/>" BODY("x"), "", "" },
    { "not to be copied", "<private xmlns='urn:xmpp:carbons:2'/>" BODY("x"), "id=1: x",
      "id=1: x" },
};

static void expect_sent(const char *call)
{
    char calls[4096] = "";

    if (*call)
        snprintf(calls, sizeof calls, "send romeo %s\n", call);
    DOWN(calls);
    SENT("");
}

static void each_payload_has_its_rule(void **state)
{
    char xml[4096];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("%s\n", rows[i].what);
        snprintf(xml, sizeof xml, CHAT(ROMEO, "1", "%s"), rows[i].inside);
        open_session(0);
        RECV(xml);
        expect_sent(rows[i].without);
        open_session(ALL);
        RECV(xml);
        expect_sent(rows[i].with);
    }
}

/* XEP-0444 §4.3: the client takes it back. */
static void a_reaction_that_nobody_can_see_comes_back(void **state)
{
    (void)state;
    open_session(ALL & ~(unsigned)BRIDGE_HAS_REACTION);
    RECV(CHAT(ROMEO, "1", REACTIONS("r", REACTION("+1")) HINT("store")));
    DOWN("");
    SENT(REFUSED(ROMEO, "1", ERROR("cancel", "feature-not-implemented")));
    lab.transport->features = BRIDGE_HAS_REACTION;
    RECV(CHAT(ROMEO, "2", REACTIONS("r", REACTION("+1") REACTION("-1") REACTION("+1")
                                    "<reaction/>") BODY("+1-1")));
    DOWN("send romeo id=2 reacts=r +1 -1: \n");
    SENT("");
}

static void there_is_an_end_to_files_reactions_and_ids(void **state)
{
    struct strbuf xml = STRBUF_INIT(1u << 20);
    struct strbuf calls = STRBUF_INIT(1u << 20);

    (void)state;
    open_session(ALL);
    strbuf_adds(&xml, "<message type='chat' id='1' from='" BALCONY "' to='" ROMEO "'>"
                      "<reactions xmlns='urn:xmpp:reactions:0' id='r'>");
    strbuf_adds(&calls, "send romeo id=1 reacts=r");
    for (int i = 0; i < 100; i++) {
        strbuf_addf(&xml, REACTION("%d"), i);
        if (i < MESSAGE_REACTIONS_MAX)
            strbuf_addf(&calls, " %d", i);
    }
    strbuf_adds(&xml, "</reactions>");
    for (int i = 0; i < 100; i++) {
        strbuf_addf(&xml, OOB("http://x/%d"), i);
        if (i < MESSAGE_ATTACHMENTS_MAX)
            strbuf_addf(&calls, " file=http://x/%d", i);
    }
    strbuf_adds(&xml, "<replace xmlns='urn:xmpp:message-correct:0' id='");
    for (int i = 0; i < MESSAGE_ID_MAX + 1; i++)
        strbuf_addch(&xml, 'x');
    strbuf_adds(&xml, "'/></message>");
    strbuf_adds(&calls, ": \n");
    RECV(strbuf_text(&xml));
    DOWN(strbuf_text(&calls));
    strbuf_release(&xml);
    strbuf_release(&calls);
}

/* XEP-0461: a client means its own message by its origin-id. */
static void a_message_is_meant_by_either_id(void **state)
{
    (void)state;
    open_session(ALL);
    RECV(CHAT(ROMEO, "s1", BODY("x") "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>"));
    DOWN("send romeo id=s1: x\n");
    RECV(CHAT(ROMEO, "s2", RETRACT("o1")));
    DOWN("send romeo id=s2 retracts=s1: \n");
}

/* The words must fit as well. */
static void what_is_too_long_with_its_words_comes_back(void **state)
{
    struct strbuf xml = STRBUF_INIT(1u << 20);

    (void)state;
    open_session(0);
    strbuf_adds(&xml, "<message id='1' from='" BALCONY "' to='" ROMEO "'>" REPLACE("m0")
                      "<body>");
    for (int i = 0; i < 200000; i++)
        strbuf_addch(&xml, 'x');
    strbuf_adds(&xml, "</body></message>");
    RECV(strbuf_text(&xml));
    DOWN("");
    SENT(REFUSED(ROMEO, "1", ERROR("cancel", "not-allowed")));
    strbuf_release(&xml);
}

/* --- signals down -------------------------------------------------------------------- */

static void signals_go_to_a_network_that_knows_them(void **state)
{
    static const struct {
        const char *inside;
        unsigned feature;
        const char *calls;
    } signals[] = {
        { STATE("active"), BRIDGE_HAS_CHAT_STATE, "signal romeo active\n" },
        { STATE("composing"), BRIDGE_HAS_CHAT_STATE, "signal romeo composing\n" },
        { STATE("paused"), BRIDGE_HAS_CHAT_STATE, "signal romeo paused\n" },
        { STATE("inactive"), BRIDGE_HAS_CHAT_STATE, "signal romeo inactive\n" },
        { STATE("gone"), BRIDGE_HAS_CHAT_STATE, "signal romeo gone\n" },
        { STATE("dancing"), BRIDGE_HAS_CHAT_STATE, "" },
        { RECEIVED("r"), BRIDGE_HAS_RECEIPT, "signal romeo received id=r\n" },
        { RECEIVED(""), BRIDGE_HAS_RECEIPT, "" },
        { DISPLAYED("r"), BRIDGE_HAS_DISPLAYED, "signal romeo displayed id=r\n" },
        { DISPLAYED("r") RECEIVED("r"), BRIDGE_HAS_DISPLAYED, "signal romeo displayed id=r\n" },
    };
    char xml[1024];

    (void)state;
    for (size_t i = 0; i < COUNT(signals); i++) {
        snprintf(xml, sizeof xml, CHAT(ROMEO, "1", "%s"), signals[i].inside);
        open_session(ALL & ~signals[i].feature & ~(unsigned)BRIDGE_HAS_RECEIPT);
        RECV(xml);
        DOWN("");
        open_session(signals[i].feature);
        RECV(xml);
        DOWN(signals[i].calls);
        SENT("");
    }
}

static void who_writes_is_there_anyway(void **state)
{
    (void)state;
    open_session(ALL);
    RECV(CHAT(ROMEO, "1", BODY("x") STATE("active")));
    DOWN("send romeo id=1: x\n");
}

static void a_signal_opens_no_session(void **state)
{
    (void)state;
    lab.transport->features = ALL;
    RECV(CHAT(ROMEO, "1", STATE("composing")));
    RECV(CHAT("bad@" LAB_DOMAIN, "2", STATE("composing")));
    DOWN("");
    SENT(REFUSED("bad@" LAB_DOMAIN, "2",
                 ERROR_TEXT("modify", "jid-malformed", "the network has no such addresses")));
    lab.transport->signal = NULL;
    open_session(ALL);
    RECV(CHAT(ROMEO, "3", STATE("composing")));
    DOWN("");
}

static void nobody_types_that_fast(void **state)
{
    (void)state;
    open_session(ALL);
    for (int i = 0; i < 100; i++)
        RECV(CHAT(ROMEO, "1", STATE("composing")));
    assert_int_equal(strlen(fake_transport_calls()), 20 * strlen("signal romeo composing\n"));
    fake_transport_forget();
    fake_timer_advance(1000);
    RECV(CHAT(ROMEO, "1", STATE("paused")));
    DOWN("signal romeo paused\n");
}

/* --- signals up ---------------------------------------------------------------------- */

static void tell(enum bridge_signal_kind kind, const char *id)
{
    bridge_signal(fake_transport_session(), "romeo",
                  &(struct bridge_signal){ .kind = kind, .id = id });
}

#define ANSWERED(client, to, inside) \
    "<message type='chat' id='*' to='" client "' from='" to "'>" inside "</message>"

/* XEP-0184 §5.4, XEP-0333 §4.2 */
static void who_asked_hears_that_it_arrived_and_was_read_once(void **state)
{
    (void)state;
    open_session(ALL);
    RECV(CHAT(ROMEO, "m1", BODY("x") REQUEST MARKABLE));
    RECV("<message id='m2' from='" CHAMBER "' to='" ROMEO "/x'><body>x</body>" REQUEST
         "</message>");
    fake_transport_forget();
    tell(BRIDGE_RECEIVED, "m1");
    SENT(ANSWERED(BALCONY, ROMEO, RECEIVED("m1")));
    tell(BRIDGE_RECEIVED, "m1");
    tell(BRIDGE_RECEIVED, "m0"); /* was not asked for */
    tell(BRIDGE_RECEIVED, "other");
    tell(BRIDGE_RECEIVED, NULL);
    bridge_signal(fake_transport_session(), "mercutio",
                  &(struct bridge_signal){ .kind = BRIDGE_RECEIVED, .id = "m2" });
    SENT("");
    tell(BRIDGE_DISPLAYED, "m1");
    SENT(ANSWERED(BALCONY, ROMEO, DISPLAYED("m1")));
    tell(BRIDGE_DISPLAYED, "m2");
    SENT("");
    tell(BRIDGE_RECEIVED, "m2");
    SENT(ANSWERED(CHAMBER, ROMEO, RECEIVED("m2")));
}

/* XEP-0184 §5.4: or two clients would never end. */
static void a_receipt_asks_for_none(void **state)
{
    (void)state;
    open_session(ALL);
    RECV(CHAT(ROMEO, "1", BODY("x") REQUEST RECEIVED("r")));
    DOWN("send romeo id=1: x\n"
         "signal romeo received id=r\n");
}

static void a_network_without_receipts_gives_none(void **state)
{
    (void)state;
    open_session(ALL & ~(unsigned)BRIDGE_HAS_RECEIPT);
    RECV(CHAT(ROMEO, "m1", BODY("x") REQUEST));
    DOWN("send romeo id=m1: x\n");
    tell(BRIDGE_RECEIVED, "m1");
    SENT("");
}

#define TYPES(name) HEARD("*", STATE(name) HINT("no-store"))

/* XEP-0085 §5.1 */
static void chat_states_reach_a_client_that_has_them(void **state)
{
    (void)state;
    open_session(ALL);
    tell(BRIDGE_COMPOSING, NULL); /* m0 came without */
    SENT("");
    RECV(CHAT(ROMEO, "m1", BODY("x") STATE("active")));
    fake_transport_forget();
    tell(BRIDGE_COMPOSING, NULL);
    tell(BRIDGE_PAUSED, "m1");
    SENT(TYPES("composing") TYPES("paused"));
    lab.transport->features = 0;
    tell(BRIDGE_COMPOSING, NULL);
    SENT("");
}

/* --- from people --------------------------------------------------------------------- */

static const char *const hands[] = { "+1", "<3" };
static const struct bridge_attachment cat = {
    .url = PNG, .name = "a<b.png", .type = "image/png", .size = 5, .description = "a cat"
};
static const struct bridge_attachment files[] = {
    { .url = "http://x/1", .type = "text/plain", .size = -1 },
    { .url = "file:///x", .size = -1 },
};

#define CAT \
    BODY(PNG) "<x xmlns='jabber:x:oob'><url>" PNG "</url><desc>a cat</desc></x>" \
    "<file-sharing xmlns='urn:xmpp:sfs:0' disposition='inline'>" \
    "<file xmlns='urn:xmpp:file:metadata:0'><media-type>image/png</media-type>" \
    "<name>a&lt;b.png</name><size>5</size><desc>a cat</desc></file><sources>" \
    "<url-data xmlns='http://jabber.org/protocol/url-data' target='" PNG "'/></sources>" \
    "</file-sharing>" FALLBACK("urn:xmpp:sfs:0", "")
#define TEXT_FILE \
    BODY("http://x/1") OOB("http://x/1") \
    "<file-sharing xmlns='urn:xmpp:sfs:0' disposition='attachment'>" \
    "<file xmlns='urn:xmpp:file:metadata:0'><media-type>text/plain</media-type></file>" \
    "<sources><url-data xmlns='http://jabber.org/protocol/url-data' target='http://x/1'/>" \
    "</sources></file-sharing>" FALLBACK("urn:xmpp:sfs:0", "")
#define TAKEN_BACK(id) \
    RETRACT(id) FALLBACK("urn:xmpp:message-retract:1", "") \
    BODY("A message was taken back, but your program cannot remove it.")

static const struct {
    const char *what;
    struct bridge_message message;
    const char *sent;
} heard[] = {
    { "an id of the network's", { .id = "net-1", .body = "x" }, HEARD("net-1", BODY("x")) },
    { "one that cannot be", { .id = "net 1", .body = "x" }, HEARD("*", BODY("x")) },
    { "nor this", { .id = "a\xff", .body = "x" }, HEARD("*", BODY("x")) },
    { "nor this", { .id = "", .body = "x" }, HEARD("*", BODY("x")) },
    { "a correction", { .body = "y", .replaces = "i" }, HEARD("*", BODY("y") REPLACE("i")) },
    { "a retraction", { .body = "", .retracts = "i" },
      HEARD("*", TAKEN_BACK("i") HINT("store")) },
    { "reactions", { .body = "", .reacts = "i", .reactions = hands, .reaction_count = 2 },
      HEARD("*", REACTIONS("i", REACTION("+1") REACTION("&lt;3")) HINT("store")) },
    { "none any more", { .body = "", .reacts = "i" },
      HEARD("*", "<reactions xmlns='urn:xmpp:reactions:0' id='i'/>" HINT("store")) },
    { "a reply to the user", { .body = "y", .answers = "i" },
      HEARD("*", BODY("y")
            "<reply xmlns='urn:xmpp:reply:0' id='i' to='juliet@example.net'/>") },
    { "with a quote, counted in characters",
      { .body = "y", .answers = "i", .answers_to = "romeo", .quote = "\xc3\xb6\n\xff" },
      HEARD("*", BODY("&gt; \xc3\xb6\n&gt; \xef\xbf\xbd\ny")
            FALLBACK("urn:xmpp:reply:0", " start='0' end='8'") REPLY("i")) },
    { "questions", { .body = "y", .receipt = true, .displayed = true },
      HEARD("*", BODY("y") REQUEST MARKABLE) },
    { "off the record", { .body = "y", .no_store = true },
      HEARD("*", BODY("y") HINT("no-store")) },
    { "subject and thread", { .body = "y", .subject = "s", .thread = "t" },
      HEARD("*", BODY("y") "<thread>t</thread><subject>s</subject>") },
    { "a subject alone", { .body = "", .subject = "s" }, HEARD("*", "<subject>s</subject>") },
    { "a file", { .id = "n", .body = "", .attachments = &cat, .attachment_count = 1 },
      HEARD("n", CAT) },
    { "a file with a text",
      { .id = "n", .body = "look", .attachments = &cat, .attachment_count = 1, .answers = "i",
        .receipt = true },
      HEARD("*", CAT) HEARD("n", BODY("look") "<reply xmlns='urn:xmpp:reply:0' id='i' "
                                 "to='juliet@example.net'/>" REQUEST) },
    { "files, and one that no client shall open",
      { .id = "n", .body = "", .attachments = files, .attachment_count = 2 },
      HEARD("n", TEXT_FILE) HEARD("*", BODY("file:///x")) },
    { "the text of a file corrected",
      { .body = "oh", .replaces = "n", .attachments = &cat, .attachment_count = 1 },
      HEARD("*", BODY("oh") REPLACE("n")) },
};

static void each_payload_is_written_as_its_specification_says(void **state)
{
    (void)state;
    struct bridge_session *session = open_session(0);
    for (size_t i = 0; i < COUNT(heard); i++) {
        print_message("%s\n", heard[i].what);
        bridge_message(session, "romeo", &heard[i].message);
        SENT(heard[i].sent);
    }
    lab.transport->features = BRIDGE_HAS_CHAT_STATE;
    bridge_message(session, "romeo", &(struct bridge_message){ .body = "x" });
    SENT(HEARD("*", BODY("x") STATE("active")));
}

static void the_transport_learns_the_id_that_a_message_has(void **state)
{
    char first[64];

    (void)state;
    struct bridge_session *session = open_session(0);
    const struct bridge_message named = { .id = "net-1", .body = "x" };
    const struct bridge_message nameless = { .body = "x" };
    assert_string_equal(bridge_message(session, "romeo", &named), "net-1");
    SENT(HEARD("net-1", BODY("x")));
    snprintf(first, sizeof first, "%s", bridge_message(session, "romeo", &nameless));
    assert_int_equal(strncmp(first, lab.core->id_prefix, strlen(lab.core->id_prefix)), 0);
    assert_string_not_equal(bridge_message(session, "romeo", &nameless), first);
    SENT(HEARD("*", BODY("x")) HEARD("*", BODY("x")));
}

/* --- in rooms ------------------------------------------------------------------------ */

#define ROOM_SAID(client, nick, id, inside) \
    "<message type='groupchat' id='" id "' to='" client "' from='" ROOM "/" nick "'>" inside \
    "</message>"
#define STANZA_ID(id) "<stanza-id xmlns='urn:xmpp:sid:0' by='" ROOM "' id='" id "'/>"
#define ROOM_REPLY(nick, id) \
    "<reply xmlns='urn:xmpp:reply:0' id='" id "' to='" ROOM "/" nick "'/>"

static void rooms_have_the_same_rules(void **state)
{
    (void)state;
    dialogue_join();
    RECV(GROUPCHAT("1", BODY("soft") REPLACE("0")));
    RECV(GROUPCHAT("2", BODY("what light?") ROOM_REPLY("romeo", "r")));
    RECV(GROUPCHAT("3", STATE("composing") HINT("no-store")));
    RECV(GROUPCHAT("4", BODY("")));
    RECV(GROUPCHAT("5", OOB(PNG)));
    DOWN("say #r id=1: soft (corrected)\n"
         "say #r id=2: romeo: what light?\n" /* as people there do it */
         "say #r id=5: " PNG "\n");
    SENT("");
    RECV(GROUPCHAT("6", REACTIONS("r", REACTION("+1"))));
    SENT(REFUSED(ROOM, "6", ERROR("cancel", "feature-not-implemented")));
    lab.transport->features = ALL;
    RECV(GROUPCHAT("7", BODY("what light?") ROOM_REPLY("romeo", "r")));
    RECV(GROUPCHAT("8", REACTIONS("r", REACTION("+1"))));
    RECV(GROUPCHAT("9", STATE("composing")));
    RECV(GROUPCHAT("10", DISPLAYED("r")));
    DOWN("say #r id=7 answers=r of=romeo: what light?\n"
         "say #r id=8 reacts=r +1: \n"
         "signal #r composing\n"
         "signal #r displayed id=r\n");
    SENT("");
}

static void private_messages_have_the_same_rules(void **state)
{
    (void)state;
    dialogue_join();
    lab.transport->features = ALL;
    RECV(CHAT(ROOM "/romeo", "1", BODY("x") ROOM_REPLY("romeo", "r") REQUEST));
    DOWN("occupant #r romeo\n"
         "send romeo id=1 answers=r of=romeo receipt: x\n");
    tell(BRIDGE_RECEIVED, "1");
    SENT(ANSWERED(BALCONY, ROOM "/romeo", RECEIVED("1")));
    RECV(CHAT(ROOM "/romeo", "2", STATE("composing")));
    DOWN("occupant #r romeo\n"
         "signal romeo composing\n");
    RECV(CHAT(ROOM "/nobody", "3", STATE("composing")));
    SENT("");
    DOWN("");
}

static void what_was_said_comes_back_with_all_that_went_out(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    dialogue_join_too(CHAMBER);
    RECV(GROUPCHAT("1", BODY("x") "<origin-id xmlns='urn:xmpp:sid:0' id='o'/>"));
    DOWN("say #r id=1: x\n");
    bridge_room_message(room, "jul", &(struct bridge_message){ .id = "1", .body = "x",
                                                               .replaces = "0" });
#define MINE BODY("x") REPLACE("0") "<origin-id xmlns='urn:xmpp:sid:0' id='o'/>"
    SENT(ROOM_SAID(BALCONY, "jul", "1", MINE) ROOM_SAID(CHAMBER, "jul", "1", MINE));
    /* somebody else cannot pass for it */
    bridge_room_message(room, "romeo", &(struct bridge_message){ .id = "1", .body = "x" });
    SENT(ROOM_SAID(BALCONY, "romeo", "1", BODY("x"))
         ROOM_SAID(CHAMBER, "romeo", "1", BODY("x")));
}

/* XEP-0444, XEP-0461: without an id that the room gave a client cannot mean it. */
static void what_can_be_meant_later_has_the_rooms_id(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    lab.transport->features = BRIDGE_HAS_REPLY;
    const struct bridge_message named = { .id = "n1", .body = "x", .answers = "n0",
                                          .answers_to = "jul", .quote = "q" };
    assert_string_equal(bridge_room_message(room, "romeo", &named), "n1");
    SENT(ROOM_SAID(BALCONY, "romeo", "n1",
                   BODY("&gt; q\nx") FALLBACK("urn:xmpp:reply:0", " start='0' end='4'")
                   ROOM_REPLY("jul", "n0") STANZA_ID("n1")));
    const struct bridge_message file = { .id = "n2", .body = "look", .attachments = files,
                                         .attachment_count = 1 };
    bridge_room_message(room, "romeo", &file);
    SENT(ROOM_SAID(BALCONY, "romeo", "*", TEXT_FILE STANZA_ID("*"))
         ROOM_SAID(BALCONY, "romeo", "n2", BODY("look") STANZA_ID("n2")));
}

static void occupants_are_seen_typing(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    const struct bridge_signal types = { .kind = BRIDGE_COMPOSING };
    bridge_room_signal(room, "romeo", &types);
    SENT("");
    lab.transport->features = ALL;
    bridge_room_signal(room, "romeo", &types);
    bridge_room_signal(room, "nobody", &types);
    bridge_room_signal(room, "romeo",
                       &(struct bridge_signal){ .kind = BRIDGE_RECEIVED, .id = "1" });
    bridge_room_signal(room, "romeo",
                       &(struct bridge_signal){ .kind = BRIDGE_DISPLAYED, .id = "1" });
    SENT(ROOM_SAID(BALCONY, "romeo", "*", STATE("composing") HINT("no-store"))
         ROOM_SAID(BALCONY, "romeo", "*", DISPLAYED("1")));
}

/* --- to the domain ------------------------------------------------------------------- */

/* A command is one even if it is corrected, or quoted from what the bot said. */
static void commands_are_told_from_what_stands_around_them(void **state)
{
    (void)state;
    lab.transport->features = 0;
    RECV(CHAT(LAB_DOMAIN, "1", BODY("&gt; which?\nnonsense") REPLY("r") REPLACE("0")
              FALLBACK("urn:xmpp:reply:0", " start='0' end='9'")));
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 1);
    assert_non_null(strstr(sent.stanzas[0].text, "There is no command \"nonsense\" here."));
    canonical_release(&sent);
    RECV(CHAT(LAB_DOMAIN, "2", REACTIONS("r", REACTION("+1")) BODY("+1")));
    RECV(CHAT(LAB_DOMAIN, "3", RETRACT("1") BODY("gone")));
    SENT("");
    DOWN("");
}

/* --- the session --------------------------------------------------------------------- */

static void the_language_of_the_last_stanza_is_kept(void **state)
{
    (void)state;
    struct bridge_session *session = open_session(0);
    assert_string_equal(session->language, "");
    RECV("<message xml:lang='de-AT' from='" BALCONY "' to='" ROMEO "'><body>x</body>"
         "</message>");
    assert_string_equal(session->language, "de-AT");
    RECV("<message xml:lang='an-identifier-that-is-far-too-long-for-rfc5646' from='" BALCONY
         "' to='" ROMEO "'><body>x</body></message>");
    RECV("<message from='" BALCONY "' to='" ROMEO "'><body>x</body></message>");
    assert_string_equal(session->language, "de-AT");
    fake_transport_forget();
}

static void stamps_are_read_as_they_are_written(void **state)
{
    static const struct {
        const char *stamp;
        int64_t time;
    } stamps[] = {
        { "1970-01-01T00:00:01Z", 1000 },
        { "1969-07-20T21:56:15-05:00", 0 }, /* XEP-0082's; before our time */
        { "2002-09-10T23:08:25Z", 1031699305000 },
        { "2002-09-10T23:08:25.5Z", 1031699305500 },
        { "2002-09-10T23:08:25.123456789Z", 1031699305123 },
        { "2002-09-11T01:08:25+02:00", 1031699305000 },
        { "2002-09-10T18:38:25-04:30", 1031699305000 },
        { "2002-09-10", 0 },
        { "2002-09-10T23:08:25", 0 },
        { "yesterday", 0 },
        { "", 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(stamps); i++)
        assert_int_equal(message_read_time(stamps[i].stamp), stamps[i].time);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_payload_has_its_rule),
        TEST(a_reaction_that_nobody_can_see_comes_back),
        TEST(there_is_an_end_to_files_reactions_and_ids),
        TEST(a_message_is_meant_by_either_id),
        TEST(what_is_too_long_with_its_words_comes_back),
        TEST(signals_go_to_a_network_that_knows_them),
        TEST(who_writes_is_there_anyway),
        TEST(a_signal_opens_no_session),
        TEST(nobody_types_that_fast),
        TEST(who_asked_hears_that_it_arrived_and_was_read_once),
        TEST(a_receipt_asks_for_none),
        TEST(a_network_without_receipts_gives_none),
        TEST(chat_states_reach_a_client_that_has_them),
        TEST(each_payload_is_written_as_its_specification_says),
        TEST(the_transport_learns_the_id_that_a_message_has),
        TEST(rooms_have_the_same_rules),
        TEST(private_messages_have_the_same_rules),
        TEST(what_was_said_comes_back_with_all_that_went_out),
        TEST(what_can_be_meant_later_has_the_rooms_id),
        TEST(occupants_are_seen_typing),
        TEST(commands_are_told_from_what_stands_around_them),
        TEST(the_language_of_the_last_stanza_is_kept),
        TEST(stamps_are_read_as_they_are_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
