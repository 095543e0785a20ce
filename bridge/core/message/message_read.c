#include "message_read.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "stanza.h"
#include "xml.h"

/* As clients of before wrote it, and some still do. */
#define NS_FALLBACK_BEFORE "urn:xmpp:feature-fallback:0"
#define NS_FASTEN "urn:xmpp:fasten:0"

/* What is longer is no emoji, however many people hold hands in it. */
#define REACTION_MAX 64

/* --- elements ------------------------------------------------------------------------ */

static bool is_id(const char *id)
{
    return id && *id && strlen(id) <= MESSAGE_ID_MAX;
}

/* The `id` of an element that may be missing, or NULL. */
static const char *id_of(xmpp_stanza_t *element)
{
    const char *id = element ? xmpp_stanza_get_id(element) : NULL;

    return is_id(id) ? id : NULL;
}

/* The text of an element that may be missing, borrowed; NULL if there is none. */
static const char *text_of(xmpp_stanza_t *element)
{
    xmpp_stanza_t *text = element ? xmpp_stanza_get_children(element) : NULL;
    const char *found = NULL;

    if (text && xmpp_stanza_is_text(text))
        found = xmpp_stanza_get_text_ptr(text);
    return found && *found ? found : NULL;
}

static bool is_element(xmpp_stanza_t *s, const char *name, const char *ns)
{
    return xmpp_stanza_is_tag(s) && !strcmp(xmpp_stanza_get_name(s), name) &&
           xmpp_stanza_get_ns(s) && !strcmp(xmpp_stanza_get_ns(s), ns);
}

#define EACH_CHILD(child, of) \
    xmpp_stanza_t *child = xmpp_stanza_get_children(of); child; \
    child = xmpp_stanza_get_next(child)

/* --- files (XEP-0066, XEP-0447) ------------------------------------------------------ */

/* Others (aesgcm:, cid:, file:) mean nothing outside of the client that wrote them. */
static bool is_web(const char *url)
{
    return url && (!strncasecmp(url, "https://", 8) || !strncasecmp(url, "http://", 7)) &&
           !strpbrk(url, " \t\r\n<>\"");
}

static int64_t size_of(const char *text)
{
    char *end;

    if (!text || !isdigit((unsigned char)*text))
        return -1;
    long long size = strtoll(text, &end, 10);
    return *end ? -1 : size;
}

/* The place for the file with this address: each is one, however often it is named. */
static struct bridge_attachment *attach(struct message_read *read, const char *url)
{
    struct bridge_message *m = &read->message;

    for (size_t i = 0; i < m->attachment_count; i++) {
        if (!strcmp(read->attachments[i].url, url))
            return &read->attachments[i];
    }
    if (m->attachment_count == MESSAGE_ATTACHMENTS_MAX)
        return NULL;
    m->attachments = read->attachments;
    struct bridge_attachment *file = &read->attachments[m->attachment_count++];
    *file = (struct bridge_attachment){ .url = url, .size = -1 };
    return file;
}

/* XEP-0447: what the file is, and where. One whose source comes later, in
 * another message, is told by that one. */
static void read_file_sharing(struct message_read *read, xmpp_stanza_t *sharing)
{
    xmpp_stanza_t *about = stanza_child(sharing, "file", NS_FILE);
    xmpp_stanza_t *sources = stanza_child(sharing, "sources", NS_SFS);
    xmpp_stanza_t *source = sources ? stanza_child(sources, "url-data", NS_URL_DATA) : NULL;
    const char *url = source ? xmpp_stanza_get_attribute(source, "target") : NULL;
    struct bridge_attachment *file = is_web(url) ? attach(read, url) : NULL;

    if (!file || !about)
        return;
    file->name = text_of(stanza_child(about, "name", NS_FILE));
    file->type = text_of(stanza_child(about, "media-type", NS_FILE));
    file->description = text_of(stanza_child(about, "desc", NS_FILE));
    file->size = size_of(text_of(stanza_child(about, "size", NS_FILE)));
}

static void read_oob(struct message_read *read, xmpp_stanza_t *oob)
{
    const char *url = text_of(stanza_child(oob, "url", NS_OOB));
    struct bridge_attachment *file = is_web(url) ? attach(read, url) : NULL;

    if (file && !file->description)
        file->description = text_of(stanza_child(oob, "desc", NS_OOB));
}

static void read_attachments(struct message_read *read, xmpp_stanza_t *stanza)
{
    for (EACH_CHILD(child, stanza)) {
        if (is_element(child, "file-sharing", NS_SFS))
            read_file_sharing(read, child);
        else if (is_element(child, "x", NS_OOB))
            read_oob(read, child);
    }
}

/* --- what refers to other messages --------------------------------------------------- */

static bool is_among(const char *text, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(texts[i], text))
            return true;
    }
    return false;
}

static void add_reaction(struct message_read *read, const char *emoji)
{
    size_t *count = &read->message.reaction_count;

    if (emoji && strlen(emoji) <= REACTION_MAX && *count < MESSAGE_REACTIONS_MAX &&
        !is_among(emoji, read->reactions, *count))
        read->reactions[(*count)++] = emoji;
}

static void read_reactions(struct message_read *read, xmpp_stanza_t *stanza)
{
    xmpp_stanza_t *reactions = stanza_child(stanza, "reactions", NS_REACTIONS);
    struct bridge_message *m = &read->message;

    m->reacts = id_of(reactions);
    if (!m->reacts)
        return;
    m->reactions = read->reactions;
    for (EACH_CHILD(child, reactions)) {
        if (is_element(child, "reaction", NS_REACTIONS))
            add_reaction(read, text_of(child));
    }
}

static const char *retracted(xmpp_stanza_t *stanza)
{
    xmpp_stanza_t *before = stanza_child(stanza, "apply-to", NS_FASTEN);
    const char *id = id_of(stanza_child(stanza, "retract", NS_RETRACT));

    if (!id && before && stanza_child(before, "retract", NS_RETRACT_BEFORE))
        id = id_of(before);
    return id;
}

static void read_references(struct message_read *read, xmpp_stanza_t *stanza)
{
    xmpp_stanza_t *reply = stanza_child(stanza, "reply", NS_REPLY);
    struct bridge_message *m = &read->message;

    m->replaces = id_of(stanza_child(stanza, "replace", NS_CORRECT));
    m->retracts = retracted(stanza);
    m->answers = id_of(reply);
    if (m->answers)
        m->answers_to = xmpp_stanza_get_attribute(reply, "to");
    read_reactions(read, stanza);
}

/* --- the text ------------------------------------------------------------------------ */

/* False if there is one, and it is no number. */
static bool read_bound(xmpp_stanza_t *part, const char *name, size_t *bound)
{
    const char *text = xmpp_stanza_get_attribute(part, name);
    char *end;

    if (!text)
        return true;
    if (!isdigit((unsigned char)*text))
        return false;
    *bound = strtoul(text, &end, 10);
    return !*end;
}

static void add_fallback(struct message_read *read, const char *of, xmpp_stanza_t *part)
{
    struct message_fallback fallback = { .of = of, .start = 0, .end = SIZE_MAX };

    if (read->fallback_count < MESSAGE_FALLBACKS_MAX &&
        (!part || (read_bound(part, "start", &fallback.start) &&
                   read_bound(part, "end", &fallback.end))))
        read->fallbacks[read->fallback_count++] = fallback;
}

static void read_fallback(struct message_read *read, xmpp_stanza_t *fallback)
{
    const char *of = xmpp_stanza_get_attribute(fallback, "for");
    const char *ns = xmpp_stanza_get_ns(fallback);

    if (!of)
        return;
    if (!stanza_payload(fallback))
        add_fallback(read, of, NULL);
    for (EACH_CHILD(child, fallback)) {
        if (is_element(child, "body", ns))
            add_fallback(read, of, child);
    }
}

static void read_text(struct message_read *read, xmpp_stanza_t *stanza)
{
    struct bridge_message *m = &read->message;

    stanza_text(stanza_child(stanza, "body", NS_COMPONENT), &read->text);
    m->body = strbuf_text(&read->text);
    m->subject = text_of(stanza_child(stanza, "subject", NS_COMPONENT));
    m->thread = text_of(stanza_child(stanza, "thread", NS_COMPONENT));
    for (EACH_CHILD(child, stanza)) {
        if (is_element(child, "fallback", NS_FALLBACK) ||
            is_element(child, "fallback", NS_FALLBACK_BEFORE))
            read_fallback(read, child);
    }
}

int64_t message_read_time(const char *stamp)
{
    struct tm utc = { 0 };
    int hours = 0, minutes = 0, used = 0, millis = 0;
    char sign;

    if (sscanf(stamp, "%4d-%2d-%2dT%2d:%2d:%2d%n", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
               &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &used) != 6)
        return 0;
    stamp += used;
    if (*stamp == '.') {
        int unit = 100;
        for (stamp++; isdigit((unsigned char)*stamp); stamp++, unit /= 10)
            millis += unit * (*stamp - '0');
    }
    if (strcmp(stamp, "Z") != 0 && sscanf(stamp, "%c%2d:%2d", &sign, &hours, &minutes) != 3)
        return 0;
    int ahead = *stamp == '-' ? -1 : 1;
    utc.tm_year -= 1900;
    utc.tm_mon--;
    int64_t seconds = timegm(&utc) - ahead * (hours * 3600 + minutes * 60);
    return seconds > 0 ? seconds * 1000 + millis : 0;
}

/* --- requests and signals ------------------------------------------------------------ */

static void add_signal(struct message_read *read, enum bridge_signal_kind kind, const char *id)
{
    read->signals[read->signal_count++] = (struct bridge_signal){ .kind = kind, .id = id };
}

static void read_chat_state(struct message_read *read, xmpp_stanza_t *stanza)
{
    static const char *const states[] = {
        [BRIDGE_ACTIVE] = "active",     [BRIDGE_COMPOSING] = "composing",
        [BRIDGE_PAUSED] = "paused",     [BRIDGE_INACTIVE] = "inactive",
        [BRIDGE_GONE] = "gone",
    };
    xmpp_stanza_t *state = stanza_child_ns(stanza, NS_CHAT_STATES);

    read->chat_state = state != NULL;
    for (size_t i = 0; state && i < sizeof states / sizeof *states; i++) {
        if (!strcmp(xmpp_stanza_get_name(state), states[i]))
            add_signal(read, (enum bridge_signal_kind)i, NULL);
    }
}

/* What asks for a receipt must not be one (XEP-0184 §5.4), and needs an id. */
static void read_signals(struct message_read *read, xmpp_stanza_t *stanza)
{
    xmpp_stanza_t *received = stanza_child(stanza, "received", NS_RECEIPTS);
    xmpp_stanza_t *displayed = stanza_child(stanza, "displayed", NS_MARKERS);
    struct bridge_message *m = &read->message;

    m->receipt = m->id && !received && stanza_child(stanza, "request", NS_RECEIPTS);
    m->displayed = m->id && !displayed && stanza_child(stanza, "markable", NS_MARKERS);
    if (id_of(received))
        add_signal(read, BRIDGE_RECEIVED, id_of(received));
    if (id_of(displayed))
        add_signal(read, BRIDGE_DISPLAYED, id_of(displayed));
    read_chat_state(read, stanza);
}

/* --- all of it ----------------------------------------------------------------------- */

int message_read(struct message_read *read, xmpp_stanza_t *stanza)
{
    xmpp_stanza_t *delay = stanza_child(stanza, "delay", NS_DELAY);
    const char *stamp = delay ? xmpp_stanza_get_attribute(delay, "stamp") : NULL;
    const char *id = xmpp_stanza_get_id(stanza);

    *read = (struct message_read){
        .message = { .id = is_id(id) ? id : NULL },
        .text = STRBUF_INIT(XML_STANZA_MAX),
        .quote = STRBUF_INIT(XML_STANZA_MAX),
        .origin = id_of(stanza_child(stanza, "origin-id", NS_SID)),
    };
    read->message.time = stamp ? message_read_time(stamp) : 0;
    read->message.no_store = stanza_child(stanza, "no-store", NS_HINTS) ||
                             stanza_child(stanza, "no-permanent-store", NS_HINTS);
    read_text(read, stanza);
    read_references(read, stanza);
    read_attachments(read, stanza);
    read_signals(read, stanza);
    return read->text.overflow ? -1 : 0;
}

void message_read_release(struct message_read *read)
{
    strbuf_release(&read->text);
    strbuf_release(&read->quote);
}

bool message_read_says(const struct message_read *read)
{
    const struct bridge_message *m = &read->message;

    return m->body[strspn(m->body, " \t\r\n")] || m->subject || m->retracts || m->reacts ||
           m->attachment_count;
}

bool message_read_has_fallback(const struct message_read *read, const char *of)
{
    for (size_t i = 0; i < read->fallback_count; i++) {
        if (!strcmp(read->fallbacks[i].of, of))
            return true;
    }
    return false;
}

void message_read_set_body(struct message_read *read, struct strbuf *text)
{
    struct strbuf old = read->text;

    read->text = *text;
    *text = old;
    strbuf_release(text);
    read->message.body = strbuf_text(&read->text);
}
