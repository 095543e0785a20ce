/* Bytes of a stream, cut as the first byte says. Whatever they are: the limits
 * hold, every stanza can be rendered, and cutting them otherwise gives the
 * same stanzas. */
#include "splitter.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <bridge/strbuf.h>

static const struct splitter_limits limits = {
    .depth = 8, .bytes = 2048, .attributes = 8, .elements = 32
};

static size_t check_depth(xmpp_stanza_t *s, size_t depth)
{
    size_t elements = 0;

    if (!xmpp_stanza_is_tag(s)) {
        assert(*xmpp_stanza_get_text_ptr(s)); /* no empty nodes */
        return 0;
    }
    assert(depth <= limits.depth);
    assert(xmpp_stanza_get_ns(s));
    assert(!strchr(xmpp_stanza_get_name(s), ':'));
    /* the limit counts what is received; the namespace is our own */
    assert((size_t)xmpp_stanza_get_attribute_count(s) <= limits.attributes + 1);
    for (xmpp_stanza_t *c = xmpp_stanza_get_children(s); c; c = xmpp_stanza_get_next(c))
        elements += check_depth(c, depth + 1);
    return elements + 1;
}

static void on_stanza(void *arg, xmpp_stanza_t *stanza)
{
    struct strbuf *log = arg;
    char *text;
    size_t len;

    assert(check_depth(stanza, 1) <= limits.elements);
    assert(xmpp_stanza_to_text(stanza, &text, &len) == 0);
    strbuf_add(log, text, len);
    xmpp_free(stanza_context(), text);
}

static void on_dropped(void *arg, xmpp_stanza_t *stanza, const struct bridge_error *why)
{
    assert(!xmpp_stanza_get_children(stanza));
    on_stanza(arg, stanza);
    strbuf_adds(arg, why->text);
}

static void on_open(void *arg, const char *id, const char *from)
{
    strbuf_addf(arg, "open %s %s", id ? id : "-", from ? from : "-");
}

static void on_end(void *arg)
{
    strbuf_adds(arg, "end");
}

static void feed(struct strbuf *log, const char *data, size_t len, size_t piece)
{
    static const struct splitter_events events = { on_open, on_stanza, on_dropped, on_end };
    static const char head[] = "<stream:stream xmlns='jabber:component:accept' "
                               "xmlns:stream='http://etherx.jabber.org/streams'>";
    struct splitter *s = splitter_new(&limits, &events, log);
    struct bridge_error err;
    int rc = splitter_feed(s, head, sizeof head - 1, &err);

    assert(rc == 0);
    for (size_t at = 0; at < len && rc == 0; at += piece)
        rc = splitter_feed(s, data + at, piece < len - at ? piece : len - at, &err);
    if (rc != 0)
        strbuf_adds(log, err.text);
    splitter_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strbuf cut = STRBUF_INIT(1 << 24), whole = STRBUF_INIT(1 << 24);

    if (!size)
        return 0;
    feed(&cut, (const char *)data + 1, size - 1, 1 + data[0]);
    feed(&whole, (const char *)data + 1, size - 1, SIZE_MAX);
    assert(strcmp(strbuf_text(&cut), strbuf_text(&whole)) == 0);
    strbuf_release(&cut);
    strbuf_release(&whole);
    return 0;
}
