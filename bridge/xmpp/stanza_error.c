#include "stanza.h"

#include <assert.h>
#include <string.h>

#include "jid.h"
#include "xml.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What we say: RFC 6120 §8.3.3, with the type that it recommends. */
static const struct {
    const char *type;
    const char *condition;
} answers[] = {
    [BRIDGE_RETRY] = { "wait", "recipient-unavailable" },
    [BRIDGE_BUSY] = { "wait", "resource-constraint" },
    [BRIDGE_REJECTED] = { "cancel", "not-allowed" },
    [BRIDGE_FORBIDDEN] = { "auth", "forbidden" },
    [BRIDGE_AUTH] = { "auth", "not-authorized" },
    [BRIDGE_MEMBERSHIP] = { "auth", "registration-required" },
    [BRIDGE_CONFLICT] = { "cancel", "conflict" },
    [BRIDGE_NOT_FOUND] = { "cancel", "item-not-found" },
    [BRIDGE_NO_HOST] = { "cancel", "remote-server-not-found" },
    [BRIDGE_ADDRESS] = { "modify", "jid-malformed" },
    [BRIDGE_MOVED] = { "cancel", "gone" },
    [BRIDGE_INVALID] = { "modify", "bad-request" },
    [BRIDGE_UNSUPPORTED] = { "cancel", "feature-not-implemented" },
    [BRIDGE_OUTSIDE] = { "cancel", "not-acceptable" },
    [BRIDGE_NO_SERVICE] = { "cancel", "service-unavailable" },
    [BRIDGE_TIMEOUT] = { "wait", "remote-server-timeout" },
    [BRIDGE_INCOMPLETE] = { "modify", "not-acceptable" },
};

/* What others say that we never do. */
static const struct {
    const char *condition;
    enum bridge_code code;
} readings[] = {
    { "internal-server-error", BRIDGE_RETRY },
    { "payment-required", BRIDGE_FORBIDDEN },
    { "policy-violation", BRIDGE_REJECTED },
    { "redirect", BRIDGE_MOVED },
    { "subscription-required", BRIDGE_MEMBERSHIP },
    { "unexpected-request", BRIDGE_INVALID },
};

/* RFC 5122 §2.2: in an xmpp: URI everything else of a JID is percent-encoded.
 * Characters beyond ASCII may stay (RFC 6120 §8.3.3.5 allows an IRI). */
static bool stays_in_uri(unsigned char c)
{
    return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (c && strchr("-._~!$()*+,;=@/", c));
}

void stanza_write_uri(struct strbuf *out, const char *jid)
{
    struct strbuf uri = STRBUF_INIT(3 * JID_MAX + sizeof "xmpp:");

    strbuf_adds(&uri, "xmpp:");
    for (; *jid; jid++) {
        if (stays_in_uri((unsigned char)*jid))
            strbuf_addch(&uri, *jid);
        else
            strbuf_addf(&uri, "%%%02X", (unsigned)*jid);
    }
    xml_text(out, strbuf_text(&uri));
    strbuf_release(&uri);
}

void stanza_error_write(struct strbuf *out, const struct bridge_error *why)
{
    assert(why->code > BRIDGE_OK && why->code < COUNT(answers));
    const char *condition = answers[why->code].condition;

    strbuf_adds(out, "<error");
    xml_attribute(out, "type", answers[why->code].type);
    strbuf_addf(out, "><%s xmlns='" NS_STANZAS "'", condition);
    if (why->code == BRIDGE_MOVED) {
        strbuf_addch(out, '>');
        stanza_write_uri(out, why->text);
        strbuf_addf(out, "</%s>", condition);
    } else {
        strbuf_adds(out, "/>");
    }
    if (why->text[0]) {
        strbuf_adds(out, "<text xmlns='" NS_STANZAS "'>");
        if (why->code == BRIDGE_MOVED) /* for clients that show only the text */
            strbuf_adds(out, "please write to ");
        xml_text(out, why->text);
        strbuf_adds(out, "</text>");
    }
    strbuf_adds(out, "</error>");
}

/* Two codes share a condition: then the type tells them apart. */
static enum bridge_code condition_code(const char *condition, const char *type)
{
    enum bridge_code found = BRIDGE_OK;

    for (size_t i = BRIDGE_OK + 1; i < COUNT(answers); i++) {
        if (strcmp(answers[i].condition, condition) == 0 &&
            (found == BRIDGE_OK || (type && strcmp(answers[i].type, type) == 0)))
            found = (enum bridge_code)i;
    }
    if (found != BRIDGE_OK)
        return found;
    for (size_t i = 0; i < COUNT(readings); i++) {
        if (strcmp(readings[i].condition, condition) == 0)
            return readings[i].code;
    }
    return BRIDGE_REJECTED;
}

/* The type says better than the condition whether waiting helps. */
static enum bridge_code code_of(const char *condition, const char *type)
{
    enum bridge_code code = condition_code(condition, type);
    bool wait = type && strcmp(type, "wait") == 0;

    return code == BRIDGE_TIMEOUT || (wait && code != BRIDGE_BUSY) ? BRIDGE_RETRY : code;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void add_decoded(struct strbuf *out, const char *uri)
{
    for (; *uri && *uri != '?' && *uri != '#'; uri++) {
        int high = *uri == '%' ? hex_value(uri[1]) : -1;
        int low = high >= 0 ? hex_value(uri[2]) : -1;
        if (low >= 0 && (high || low)) {
            strbuf_addch(out, (char)(high << 4 | low));
            uri += 2;
        } else {
            strbuf_addch(out, *uri);
        }
    }
}

/* The JID that <gone/> or <redirect/> names, as the text of *why. */
static bool read_new_address(xmpp_stanza_t *condition, struct bridge_error *why)
{
    struct strbuf uri = STRBUF_INIT(4096);
    struct strbuf text = STRBUF_INIT(4096);
    struct jid *jid = NULL;

    stanza_text(condition, &uri);
    if (strncmp(strbuf_text(&uri), "xmpp:", 5) == 0) {
        add_decoded(&text, strbuf_text(&uri) + 5);
        jid = jid_parse(strbuf_text(&text), why);
    }
    /* Half an address would be another one: a long one counts as none. */
    bool found = jid && strlen(jid_full(jid)) < BRIDGE_ERROR_MAX;
    if (found)
        bridge_fail(why, BRIDGE_MOVED, "%s", jid_full(jid));
    jid_free(jid);
    strbuf_release(&uri);
    strbuf_release(&text);
    return found;
}

/* The sentence for people: theirs, or else the condition in words. */
static void read_text(xmpp_stanza_t *error, const char *condition, struct bridge_error *why)
{
    struct strbuf text = STRBUF_INIT(64 * 1024);

    stanza_text(stanza_child(error, "text", NS_STANZAS), &text);
    if (!text.len) {
        for (; *condition; condition++)
            strbuf_addch(&text, *condition == '-' ? ' ' : *condition);
    }
    bridge_fail(why, why->code, "%s", strbuf_text(&text));
    strbuf_release(&text);
}

static xmpp_stanza_t *find_condition(xmpp_stanza_t *error)
{
    xmpp_stanza_t *s = error ? xmpp_stanza_get_children(error) : NULL;

    for (; s; s = xmpp_stanza_get_next(s)) {
        const char *ns = xmpp_stanza_is_tag(s) ? xmpp_stanza_get_ns(s) : NULL;
        if (ns && strcmp(ns, NS_STANZAS) == 0 && strcmp(xmpp_stanza_get_name(s), "text") != 0)
            return s;
    }
    return NULL;
}

void stanza_error_read(xmpp_stanza_t *stanza, struct bridge_error *why)
{
    xmpp_stanza_t *error = stanza_child(stanza, "error", NULL);
    xmpp_stanza_t *condition = find_condition(error);
    const char *name = condition ? xmpp_stanza_get_name(condition) : "undefined-condition";

    if (!error) {
        bridge_fail(why, BRIDGE_REJECTED, "an error without a reason");
        return;
    }
    why->code = code_of(name, xmpp_stanza_get_type(error));
    if (why->code == BRIDGE_MOVED) {
        if (read_new_address(condition, why))
            return;
        why->code = BRIDGE_NOT_FOUND; /* gone, and nobody says where to */
    }
    read_text(error, name, why);
}

/* The stanza's name as we may write it, or NULL if it is no stanza that can be
 * answered with an error. */
static const char *refusable(xmpp_stanza_t *stanza)
{
    static const char *const names[] = { "message", "presence", "iq" };
    const char *type = xmpp_stanza_get_type(stanza);
    const char *name = xmpp_stanza_get_name(stanza);

    if (type && strcmp(type, "error") == 0)
        return NULL;
    if (type && strcmp(type, "result") == 0 && strcmp(name, "iq") == 0)
        return NULL;
    for (size_t i = 0; i < COUNT(names); i++) {
        if (strcmp(names[i], name) == 0)
            return names[i];
    }
    return NULL;
}

bool stanza_refuse(struct strbuf *out, xmpp_stanza_t *stanza, const char *from,
                   const struct bridge_error *why)
{
    const char *name = refusable(stanza);
    const char *sender = xmpp_stanza_get_from(stanza);

    if (!from)
        from = xmpp_stanza_get_to(stanza);
    if (!name || !from || !sender)
        return false;
    strbuf_addf(out, "<%s type='error'", name);
    xml_attribute(out, "from", from);
    xml_attribute(out, "to", sender);
    xml_attribute(out, "id", xmpp_stanza_get_id(stanza));
    strbuf_addch(out, '>');
    stanza_error_write(out, why);
    strbuf_addf(out, "</%s>", name);
    return true;
}
