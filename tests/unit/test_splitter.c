#include "splitter.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>
#include <cmocka.h>

#include "stanza.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define HEAD "<?xml version='1.0'?><stream:stream xmlns:stream='" NS_STREAM "' " \
             "xmlns='" NS_COMPONENT "' id='i1' from='irc.example.com'>"
#define OURS "xmlns=" NS_COMPONENT /* as render() shows it */
#define OPEN "open i1 irc.example.com\n"

/* --- what happened, as text ------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Like XML, with the attributes in order and every namespace spelled out. */
static void render(struct strbuf *out, xmpp_stanza_t *s)
{
    const char *attributes[256];

    if (xmpp_stanza_is_text(s)) {
        strbuf_addf(out, "'%s'", xmpp_stanza_get_text_ptr(s));
        return;
    }
    strbuf_addf(out, "<%s", xmpp_stanza_get_name(s));
    int count = xmpp_stanza_get_attributes(s, attributes, COUNT(attributes));
    qsort(attributes, (size_t)count / 2, 2 * sizeof *attributes, by_name);
    for (int i = 0; i < count; i += 2)
        strbuf_addf(out, " %s=%s", attributes[i], attributes[i + 1]);
    strbuf_addch(out, '>');
    for (xmpp_stanza_t *c = xmpp_stanza_get_children(s); c; c = xmpp_stanza_get_next(c))
        render(out, c);
    strbuf_adds(out, "</>");
}

struct record {
    struct splitter *splitter;
    struct strbuf text;
    size_t stanzas;
    bool quiet; /* count only */
    bool stop;  /* after the first stanza */
};

static void on_open(void *arg, const char *id, const char *from)
{
    struct record *r = arg;

    strbuf_addf(&r->text, "open %s %s\n", id ? id : "-", from ? from : "-");
}

static void on_stanza(void *arg, xmpp_stanza_t *stanza)
{
    struct record *r = arg;

    r->stanzas++;
    if (!r->quiet) {
        render(&r->text, stanza);
        strbuf_addch(&r->text, '\n');
    }
    if (r->stop)
        splitter_stop(r->splitter);
}

static void on_dropped(void *arg, xmpp_stanza_t *stanza, const struct bridge_error *why)
{
    struct record *r = arg;

    strbuf_adds(&r->text, "dropped ");
    render(&r->text, stanza);
    strbuf_addf(&r->text, " %s\n", why->text);
    assert_int_equal(why->code, BRIDGE_REJECTED);
}

static void on_end(void *arg)
{
    struct record *r = arg;

    strbuf_adds(&r->text, "end\n");
}

static const struct splitter_events events = { on_open, on_stanza, on_dropped, on_end };

static const struct splitter_limits small = {
    .depth = 4, .bytes = 200, .attributes = 5, .elements = 6
};

/* 0 and up to n-1, the same in each run. */
static size_t draw(uint64_t *seed, size_t n)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(*seed >> 33) % n;
}

static void begin(struct record *r, const struct splitter_limits *limits)
{
    *r = (struct record){ .text = STRBUF_INIT(1 << 20) };
    r->splitter = splitter_new(limits, &events, r);
}

static void finish(struct record *r)
{
    splitter_free(r->splitter);
    strbuf_release(&r->text);
}

/* Feed `text` in pieces of 1 to `most` bytes, each at the end of its own
 * allocation, so that reading past one is seen. */
static void feed(struct record *r, const char *text, size_t len, size_t most, uint64_t *seed)
{
    struct bridge_error err;

    for (size_t at = 0; at < len;) {
        size_t n = most == 1 ? 1 : 1 + draw(seed, most);
        n = n < len - at ? n : len - at;
        char *piece = bridge_realloc(NULL, n);
        memcpy(piece, text + at, n);
        int rc = splitter_feed(r->splitter, piece, n, &err);
        free(piece);
        if (rc != 0) {
            strbuf_addf(&r->text, "error %s\n", err.code ? err.text : "(stopped)");
            return;
        }
        at += n;
    }
}

/* Whole, byte by byte, and in random pieces: always the same. */
static void check_with(const struct splitter_limits *limits, const char *text, size_t len,
                       const char *expected)
{
    uint64_t seed = 6120;
    struct record r;
    struct bridge_error err;

    begin(&r, limits);
    if (splitter_feed(r.splitter, text, len, &err) != 0)
        strbuf_addf(&r.text, "error %s\n", err.text);
    assert_string_equal(strbuf_text(&r.text), expected);
    finish(&r);
    for (size_t round = 0; round < 12; round++) {
        begin(&r, limits);
        feed(&r, text, len, round ? round * round : 1, &seed);
        if (strcmp(strbuf_text(&r.text), expected) != 0)
            fail_msg("in pieces of up to %zu bytes: %s\nnot: %s", round * round,
                     strbuf_text(&r.text), expected);
        finish(&r);
    }
}

static void check(const char *text, const char *expected)
{
    check_with(NULL, text, strlen(text), expected);
}

/* One stanza and what becomes of it. */
struct row {
    const char *xml, *expected;
};

static void check_rows(const struct splitter_limits *limits, const struct row *rows,
                       size_t count)
{
    struct strbuf xml = STRBUF_INIT(65536), expected = STRBUF_INIT(65536);

    for (size_t i = 0; i < count; i++) {
        strbuf_reset(&xml);
        strbuf_reset(&expected);
        /* What comes after must not be touched by what came before. */
        strbuf_addf(&xml, HEAD "%s<iq id='next'/>", rows[i].xml);
        strbuf_addf(&expected, OPEN "%s<iq id=next " OURS "></>\n",
                    rows[i].expected);
        check_with(limits, xml.data, xml.len, expected.data);
    }
    strbuf_release(&xml);
    strbuf_release(&expected);
}

/* --- tests ------------------------------------------------------------------ */

static void reads_a_stream_from_its_opening_to_its_end(void **state)
{
    (void)state;
    check(HEAD " \n<handshake/> <presence from='a@b' to='c'/>\n</stream:stream> ",
          OPEN "<handshake " OURS "></>\n"
               "<presence from=a@b to=c " OURS "></>\n"
               "end\n");
    check("<stream:stream xmlns:stream='" NS_STREAM "' xmlns='" NS_COMPONENT "'>",
          "open - -\n");
}

static void what_follows_the_end_is_ignored(void **state)
{
    (void)state;
    check(HEAD "</stream:stream><a/>\xff<<" HEAD, OPEN "end\n");
}

static void prefix_of_the_stream_may_be_any(void **state)
{
    (void)state;
    check("<s:stream xmlns:s='" NS_STREAM "' xmlns='" NS_COMPONENT "'><s:error><host-unknown "
          "xmlns='" NS_STREAMS "'/></s:error></s:stream>",
          "open - -\n"
          "<error xmlns=" NS_STREAM "><host-unknown xmlns=" NS_STREAMS "></></>\nend\n");
    check("<stream xmlns='" NS_STREAM "'><message xmlns='" NS_COMPONENT "'/>",
          "error the XMPP server does not take components on this port\n");
}

static void client_namespace_is_taken_for_ours(void **state)
{
    (void)state;
    check("<stream:stream xmlns:stream='" NS_STREAM "' xmlns='jabber:client'>"
          "<message><body>a</body></message>",
          "open - -\n<message " OURS "><body " OURS ">'a'</></>\n");
    check(HEAD "<message xmlns='jabber:client'><c:body xmlns:c='jabber:client'/></message>",
          OPEN "<message " OURS "><body " OURS "></></>\n");
}

static void refuses_what_is_no_component_stream(void **state)
{
    (void)state;
    check("<html>", "error what answers there is not an XMPP server\n");
    check("<stream:stream xmlns:stream='urn:x' xmlns='" NS_COMPONENT "'>",
          "error what answers there is not an XMPP server\n");
    check("<stream:stream xmlns='" NS_COMPONENT "'>",
          "error what answers there is not an XMPP server\n");
    check("<stream:stream xmlns:stream='" NS_STREAM "' xmlns='jabber:server'>",
          "error the XMPP server does not take components on this port\n");
    check("220 mail.example.com ESMTP\r\n",
          "error the XMPP server sent what is not XML: syntax error\n");
}

static void namespaces_are_resolved_for_every_element(void **state)
{
    static const struct row rows[] = {
        { "<message><body>hi</body><x:foo xmlns:x='urn:x'><x:bar/><baz/></x:foo></message>",
          "<message " OURS "><body " OURS ">'hi'</>"
          "<foo xmlns=urn:x><bar xmlns=urn:x></><baz " OURS "></></></>\n" },
        { "<iq><query xmlns='urn:q'><item/></query><item/></iq>",
          "<iq " OURS "><query xmlns=urn:q><item xmlns=urn:q></></>"
          "<item " OURS "></></>\n" },
        /* inner declarations win, and end with their element */
        { "<a xmlns:p='urn:1'><p:b xmlns:p='urn:2'/><p:c/></a>",
          "<a " OURS "><b xmlns=urn:2></><c xmlns=urn:1></></>\n" },
        { "<a xmlns:pp='urn:1' xmlns:p='urn:2'><pp:b/><p:c/></a>",
          "<a " OURS "><b xmlns=urn:1></><c xmlns=urn:2></></>\n" },
        { "<a xmlns=''><b/></a>", "<a xmlns=><b xmlns=></></>\n" },
        { "<stream:error><text xmlns='" NS_STREAMS "'/></stream:error>",
          "<error xmlns=" NS_STREAM "><text xmlns=" NS_STREAMS "></></>\n" },
    };

    (void)state;
    check_rows(NULL, rows, COUNT(rows));
}

static void forged_attributes_do_not_become_real_ones(void **state)
{
    static const struct row rows[] = {
        /* what any user can send through Prosody 0.12, in either order */
        { "<message xmlns:e='urn:evil' e:from='admin@good.example' e:type='groupchat' "
          "e:to='other@c' to='x@c.localhost' from='real@y/r' type='chat'>"
          "<body>b</body></message>",
          "<message from=real@y/r to=x@c.localhost type=chat " OURS ">"
          "<body " OURS ">'b'</></>\n" },
        { "<message to='x@c.localhost' from='real@y/r' type='chat' e:from='admin@good.example' "
          "e:type='groupchat' e:to='other@c' xmlns:e='urn:evil'><body>b</body></message>",
          "<message from=real@y/r to=x@c.localhost type=chat " OURS ">"
          "<body " OURS ">'b'</></>\n" },
        { "<message xmlns:e='urn:evil' e:from='admin@good.example'/>",
          "<message " OURS "></>\n" },
        { "<message xmlns:e='urn:evil' e:xmlns='urn:x' e:id='1' :from='a' from:='b'/>",
          "<message " OURS "></>\n" },
        { "<message xml:lang='de' xml:space='preserve' lang='en'/>",
          "<message lang=en xml:lang=de " OURS "></>\n" },
    };

    (void)state;
    check_rows(NULL, rows, COUNT(rows));
}

static void unbound_prefixes_cost_only_what_has_them(void **state)
{
    static const struct row rows[] = {
        /* ejabberd 23.01 drops the root's declaration of e, and keeps this */
        { "<message><body>b</body><foo xmlns='urn:f' e:a='1' c='2'/></message>",
          "<message " OURS "><body " OURS ">'b'</>"
          "<foo c=2 xmlns=urn:f></></>\n" },
        { "<message>a<e:foo>gone<bar/></e:foo>b<body>c</body></message>",
          "<message " OURS ">'a''b'<body " OURS ">'c'</></>\n" },
        { "<message><e:body>forged</e:body></message>", "<message " OURS "></>\n" },
        { "<e:message><body/></e:message>", "" },
        /* unbound again, and names that are none */
        { "<a xmlns:p='urn:p'><p:b xmlns:p=''/></a>", "<a " OURS "></>\n" },
        { "<a xmlns:p='urn:p'><p:b:c/><:d/><p:/><xmlns:e/><xml:f/></a>",
          "<a " OURS "></>\n" },
        /* a subtree that goes takes its declarations along */
        { "<a><e:b xmlns:p='urn:p'><p:c/></e:b><p:d/></a>", "<a " OURS "></>\n" },
        { "<a><e:b xmlns='urn:p'/><d/></a>",
          "<a " OURS "><d " OURS "></></>\n" },
    };

    (void)state;
    check_rows(NULL, rows, COUNT(rows));
}

static void text_is_one_node_however_it_was_written(void **state)
{
    static const struct row rows[] = {
        { "<a>x &lt;&amp;&gt; &#65;&#x1F600;\n<![CDATA[<y>&amp;]]>z<!-- not this -->!</a>",
          "<a " OURS ">'x <&> A😀\n<y>&amp;z!'</>\n" },
        { "<a>1<?php 2?>3<b>4</b>5</a>",
          "<a " OURS ">'13'<b " OURS ">'4'</>'5'</>\n" },
        { "<a b='&quot;&#10;&apos;'/>", "<a b=\"\n' " OURS "></>\n" },
        { " &#32; outside <a/> outside ", "<a " OURS "></>\n" },
    };

    (void)state;
    check_rows(NULL, rows, COUNT(rows));
}

static void what_is_not_xml_ends_the_stream(void **state)
{
    static const struct {
        const char *xml, *expected;
    } rows[] = {
        { "<a></b>", "mismatched tag" },
        { "<a b='1' b='2'/>", "duplicate attribute" },
        { "<a>\xff</a>", "not well-formed (invalid token)" },
        { "<a>\x01</a>", "not well-formed (invalid token)" },
        { "<a>&nbsp;</a>", "undefined entity" },
        { "<a>&#1;</a>", "reference to invalid character number" },
        { "<a b='<'/>", "not well-formed (invalid token)" },
    };
    struct strbuf xml = STRBUF_INIT(65536), expected = STRBUF_INIT(65536);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        strbuf_reset(&xml);
        strbuf_reset(&expected);
        strbuf_addf(&xml, HEAD "<first/>%s<never/>", rows[i].xml);
        strbuf_addf(&expected, OPEN "<first " OURS "></>\n"
                    "error the XMPP server sent what is not XML: %s\n", rows[i].expected);
        check_with(NULL, xml.data, xml.len, expected.data);
    }
    strbuf_release(&xml);
    strbuf_release(&expected);
}

static void a_nul_ends_the_stream(void **state)
{
    static const char xml[] = HEAD "<a>\0</a>";

    (void)state;
    check_with(NULL, xml, sizeof xml - 1,
               OPEN "error the XMPP server sent what is not XML: "
                    "not well-formed (invalid token)\n");
}

static void document_types_are_refused_with_their_entities(void **state)
{
    static const char expected[] = "error the XMPP server sent a document type declaration\n";

    (void)state;
    check("<!DOCTYPE a [<!ENTITY b 'c'><!ENTITY d '&b;&b;&b;'>]>" HEAD "<m>&d;</m>", expected);
    check("<!DOCTYPE a SYSTEM 'file:///etc/passwd'>" HEAD, expected);
}

static void the_declared_encoding_does_not_count(void **state)
{
    (void)state;
    check("<?xml version='1.0' encoding='ISO-8859-1'?><stream:stream xmlns:stream='" NS_STREAM
          "' xmlns='" NS_COMPONENT "'><a>é</a>",
          "open - -\n<a " OURS ">'é'</>\n");
}

#define M "<message type='chat' id='1' from='a@b' to='c@d'>"
#define SEVENTY "0123456789012345678901234567890123456789012345678901234567890123456789"
#define DROPPED "dropped <message from=a@b id=1 to=c@d type=chat " OURS "></> "

static void what_passes_a_limit_is_dropped_and_the_stream_goes_on(void **state)
{
    static const struct row rows[] = {
        { M "<a><b><c/></b></a></message>",
          "<message from=a@b id=1 to=c@d type=chat " OURS "><a " OURS
          "><b " OURS "><c " OURS "></></></></>\n" },
        { M "<a><b><c><d/>x</c></b></a>y</message>",
          DROPPED "this has too many levels of elements (more than 4)\n" },
        { M "<a/><a/><a/><a/><a/></message>",
          "<message from=a@b id=1 to=c@d type=chat " OURS "><a " OURS
          "></><a " OURS "></><a " OURS "></><a " OURS
          "></><a " OURS "></></>\n" },
        { M "<a/><a/><a/><a/><a/><a/></message>",
          DROPPED "this has too many elements (more than 6)\n" },
        { M "text<a a='1' b='2' c='3' d='4' e='5' f='6'/></message>",
          DROPPED "this has too many attributes (more than 5)\n" },
        { "<message a='1' b='2' c='3' type='chat' id='1' from='a@b' to='c@d'><a/></message>",
          DROPPED "this has too many attributes (more than 5)\n" },
        { M SEVENTY SEVENTY "</message>",
          "<message from=a@b id=1 to=c@d type=chat " OURS ">'"
          SEVENTY SEVENTY "'</>\n" },
        { M SEVENTY SEVENTY "+123</message>",
          DROPPED "this has too many bytes (more than 200)\n" },
        /* the first limit passed is the one named */
        { M SEVENTY SEVENTY "+12345678901234"
            "<a><b><c><d/></c></b></a></message>",
          DROPPED "this has too many bytes (more than 200)\n" },
        { M "<a x='" SEVENTY SEVENTY "'/></message>",
          DROPPED "this has too many bytes (more than 200)\n" },
        { "<message id='" SEVENTY SEVENTY SEVENTY "'/>",
          "dropped <message id=" SEVENTY SEVENTY SEVENTY
          " " OURS "></> this has too many bytes (more than 200)\n" },
        /* skipped for its prefix: no limit to report */
        { "<e:message><a><b><c><d/></c></b></a></e:message>", "" },
    };

    (void)state;
    check_rows(&small, rows, COUNT(rows));
}

/* HEAD, `before`, then so many times `middle`, then `after`. */
static char *repeated(const char *before, size_t times, const char *middle, const char *after)
{
    struct strbuf text = STRBUF_INIT(1 << 24);

    strbuf_addf(&text, HEAD "%s", before);
    while (times--)
        strbuf_adds(&text, middle);
    strbuf_adds(&text, after);
    return strbuf_detach(&text);
}

static void a_stanza_without_end_ends_the_stream(void **state)
{
    static const char expected[] = OPEN "error the XMPP server sent a stanza without end\n";
    static const struct {
        const char *before, *middle, *after;
    } rows[] = {
        { "<message>", "0123456789", "" },
        { "<message>", "0123456789", "</message>" },
        { "<message>", "<a>", "" },
        { "<message>", "<a/>", "</message>" },
        { "<message a='", "0123456789", "" },
        { "<message a='", "0123456789", "'/>" },
        { "<message><!--", "0123456789", "" },
        { "<message><!--", "0123456789", "--></message>" },
        { "<e:message>", "0123456789", "</e:message>" },
        /* outside a stanza: what expat must keep until it is complete */
        { "<!--", "0123456789", "--><a/>" },
        { "<?a ", "0123456789", "?><a/>" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = repeated(rows[i].before, 1000, rows[i].middle, rows[i].after);

        check_with(&small, text, strlen(text), expected);
        free(text);
    }
}

static void a_stanza_may_have_exactly_as_many_bytes_as_the_limit(void **state)
{
    size_t tags = strlen("<a></a>");
    char *fits = repeated("<a>", small.bytes - tags, "x", "</a>");
    char *large = repeated("<a>", small.bytes + 1 - tags, "x", "</a>");
    struct bridge_error err;
    struct record r;

    (void)state;
    begin(&r, &small);
    assert_int_equal(splitter_feed(r.splitter, fits, strlen(fits), &err), 0);
    assert_int_equal(r.stanzas, 1);
    finish(&r);
    check_with(&small, large, strlen(large),
               OPEN "dropped <a " OURS "></> this has too many bytes (more than 200)\n");
    free(fits);
    free(large);
}

static void whitespace_between_stanzas_is_not_counted(void **state)
{
    char *text = repeated("", 1000, " \n \n \n", "<a/>");

    (void)state;
    check_with(&small, text, strlen(text), OPEN "<a " OURS "></>\n");
    free(text);
}

static void children_side_by_side_are_bounded(void **state)
{
    /* libstrophe walks past all of them each time that one is added */
    char *fits = repeated("<iq id='1'>", 2000, "<a/>", "</iq>");
    char *many = repeated("<iq id='1'>", 2100, "<a/>", "</iq>");
    char *texts = repeated("<iq id='1'>", 1100, "<a/>t", "</iq>");
    char *groups = repeated("<iq id='1'>", 900, "<a><b/><b/><b/><b/><b/><b/></a>", "</iq>");
    struct bridge_error err;
    struct record r;

    (void)state;
    begin(&r, NULL);
    r.quiet = true;
    assert_int_equal(splitter_feed(r.splitter, fits, strlen(fits), &err), 0);
    const char *again = fits + strlen(HEAD);
    assert_int_equal(splitter_feed(r.splitter, again, strlen(again), &err), 0);
    assert_int_equal(r.stanzas, 2);
    finish(&r);
    begin(&r, NULL);
    r.quiet = true;
    assert_int_equal(splitter_feed(r.splitter, groups, strlen(groups), &err), 0);
    assert_int_equal(r.stanzas, 1);
    finish(&r);
    check(many, OPEN "dropped <iq id=1 " OURS "></> "
                     "this has too many elements side by side (more than 2048)\n");
    check(texts, OPEN "dropped <iq id=1 " OURS "></> "
                      "this has too many elements side by side (more than 2048)\n");
    free(fits);
    free(many);
    free(texts);
    free(groups);
}

static void namespaces_in_scope_are_bounded(void **state)
{
    struct strbuf text = STRBUF_INIT(65536);

    (void)state;
    strbuf_adds(&text, HEAD "<iq id='1'>");
    for (int i = 0; i < 70; i++)
        strbuf_addf(&text, "<a%d xmlns:n%d='urn:n'/>", i, i); /* never two at once */
    strbuf_adds(&text, "</iq><iq id='2'");
    for (int i = 0; i < 63; i++)
        strbuf_addf(&text, " xmlns:n%d='urn:n'", i);
    strbuf_adds(&text, "/><iq/>");

    struct bridge_error err;
    struct record r;
    begin(&r, NULL);
    r.quiet = true;
    assert_int_equal(splitter_feed(r.splitter, text.data, text.len, &err), 0);
    assert_string_equal(strbuf_text(&r.text),
                        OPEN "dropped <iq id=2 " OURS "></> "
                             "this has too many namespaces (more than 64)\n");
    assert_int_equal(r.stanzas, 2);
    finish(&r);
    strbuf_release(&text);
}

static void a_long_stream_continues_in_a_new_parser(void **state)
{
    /* More names than one parser is given, so that stanzas on both sides of
     * the change, and the stream's own declarations, are seen. */
    static const size_t pieces[] = { 1 << 20, 1000, 77, 1 };
    struct strbuf text = STRBUF_INIT(1 << 22);
    uint64_t seed = 1;

    (void)state;
    strbuf_adds(&text, HEAD);
    for (int i = 0; i < 30000; i++)
        strbuf_addf(&text, "<iq n%d='1'/><stream:x>%d</stream:x>", i, i);
    strbuf_adds(&text, "</stream:stream>");
    for (size_t i = 0; i < COUNT(pieces); i++) {
        struct record r;
        begin(&r, NULL);
        r.quiet = true;
        feed(&r, text.data, text.len, pieces[i], &seed);
        assert_string_equal(strbuf_text(&r.text), OPEN "end\n");
        assert_int_equal(r.stanzas, 60000);
        finish(&r);
    }
    strbuf_release(&text);
}

/* Of this process. mallinfo2() knows nothing under a sanitizer, which has its
 * own count. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t allocated(void)
{
    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
    return mallinfo2().uordblks;
}

static void names_of_a_long_stream_do_not_pile_up(void **state)
{
    char text[128];
    size_t before = allocated(), most = before;
    struct bridge_error err;
    struct record r;

    (void)state;
    begin(&r, NULL);
    r.quiet = true;
    assert_int_equal(splitter_feed(r.splitter, HEAD, strlen(HEAD), &err), 0);
    for (int i = 0; i < 200000; i++) { /* kept, they would be 40 MB */
        int len = snprintf(text, sizeof text, "<some-new-name-%d and-an-attribute-%d=''/>", i,
                           i);
        assert_int_equal(splitter_feed(r.splitter, text, (size_t)len, &err), 0);
        most = allocated() > most ? allocated() : most;
    }
    assert_int_equal(r.stanzas, 200000);
    assert_in_range(most - before, 0, 16 << 20);
    finish(&r);
}

static void no_event_comes_after_a_stop(void **state)
{
    static const char text[] = HEAD "<a/><b/></stream:stream>";
    struct bridge_error err;
    struct record r;

    (void)state;
    begin(&r, NULL);
    r.stop = true;
    assert_int_equal(splitter_feed(r.splitter, text, strlen(text), &err), -1);
    assert_int_equal(err.code, BRIDGE_OK);
    assert_string_equal(strbuf_text(&r.text), OPEN "<a " OURS "></>\n");
    assert_int_equal(splitter_feed(r.splitter, "<c/>", 4, &err), -1);
    assert_int_equal(err.code, BRIDGE_OK);
    finish(&r);

    begin(&r, NULL);
    splitter_stop(r.splitter); /* before the first byte */
    assert_int_equal(splitter_feed(r.splitter, text, strlen(text), &err), -1);
    assert_string_equal(strbuf_text(&r.text), "");
    finish(&r);
}

static void an_error_is_repeated(void **state)
{
    struct bridge_error err, again;
    struct record r;

    (void)state;
    begin(&r, NULL);
    assert_int_equal(splitter_feed(r.splitter, "<>", 2, &err), -1);
    assert_int_equal(err.code, BRIDGE_INVALID);
    assert_int_equal(splitter_feed(r.splitter, HEAD, strlen(HEAD), &again), -1);
    assert_string_equal(again.text, err.text);
    finish(&r);
}

static void keep(void *arg, xmpp_stanza_t *stanza)
{
    xmpp_stanza_t **kept = arg;

    *kept = xmpp_stanza_clone(stanza);
}

static void a_cloned_stanza_outlives_the_splitter(void **state)
{
    static const struct splitter_events only_stanzas = { .on_stanza = keep };
    static const char text[] = HEAD "<message id='7'><body>b</body></message></stream:stream>";
    struct bridge_error err;
    xmpp_stanza_t *kept = NULL;
    struct splitter *s = splitter_new(NULL, &only_stanzas, &kept);
    struct strbuf body = STRBUF_INIT(16);

    (void)state;
    assert_int_equal(splitter_feed(s, text, strlen(text), &err), 0);
    splitter_free(s);
    assert_true(stanza_text(stanza_child(kept, "body", NS_COMPONENT), &body));
    assert_string_equal(strbuf_text(&body), "b");
    strbuf_release(&body);
    xmpp_stanza_release(kept);
}

static void cut_streams_leave_nothing_behind(void **state)
{
    static const char text[] = HEAD "<message xmlns:p='urn:p' id='7'>a<p:b c='d'>e</p:b>"
                                "</message>";
    struct bridge_error err;
    struct record r;

    (void)state;
    for (size_t len = 0; len < strlen(text); len++) { /* the sanitizer looks for leaks */
        begin(&r, NULL);
        assert_int_equal(splitter_feed(r.splitter, text, len, &err), 0);
        assert_int_equal(r.stanzas, 0);
        finish(&r);
    }
    splitter_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_stream_from_its_opening_to_its_end),
        cmocka_unit_test(what_follows_the_end_is_ignored),
        cmocka_unit_test(prefix_of_the_stream_may_be_any),
        cmocka_unit_test(client_namespace_is_taken_for_ours),
        cmocka_unit_test(refuses_what_is_no_component_stream),
        cmocka_unit_test(namespaces_are_resolved_for_every_element),
        cmocka_unit_test(forged_attributes_do_not_become_real_ones),
        cmocka_unit_test(unbound_prefixes_cost_only_what_has_them),
        cmocka_unit_test(text_is_one_node_however_it_was_written),
        cmocka_unit_test(what_is_not_xml_ends_the_stream),
        cmocka_unit_test(a_nul_ends_the_stream),
        cmocka_unit_test(document_types_are_refused_with_their_entities),
        cmocka_unit_test(the_declared_encoding_does_not_count),
        cmocka_unit_test(what_passes_a_limit_is_dropped_and_the_stream_goes_on),
        cmocka_unit_test(a_stanza_without_end_ends_the_stream),
        cmocka_unit_test(a_stanza_may_have_exactly_as_many_bytes_as_the_limit),
        cmocka_unit_test(whitespace_between_stanzas_is_not_counted),
        cmocka_unit_test(children_side_by_side_are_bounded),
        cmocka_unit_test(namespaces_in_scope_are_bounded),
        cmocka_unit_test(a_long_stream_continues_in_a_new_parser),
        cmocka_unit_test(names_of_a_long_stream_do_not_pile_up),
        cmocka_unit_test(no_event_comes_after_a_stop),
        cmocka_unit_test(an_error_is_repeated),
        cmocka_unit_test(a_cloned_stanza_outlives_the_splitter),
        cmocka_unit_test(cut_streams_leave_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
