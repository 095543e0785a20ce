#include "message_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <bridge/utf8.h>
#include <bridge/words.h>

#include "stanza.h"
#include "xml.h"

/* The end of the year 9999: a stamp has four digits for it. */
#define TIME_MAX INT64_C(253402300799999)

/* An id of a network that is longer is no id for a stanza. */
#define ID_MAX 255

/* --- parts --------------------------------------------------------------------------- */

/* Files that are sent: a correction of the text leaves those that it had. */
static size_t file_count(const struct bridge_message *m)
{
    return m->replaces && *m->body ? 0 : m->attachment_count;
}

size_t message_parts(const struct bridge_message *m)
{
    return file_count(m) + (*m->body || !file_count(m));
}

size_t message_main_part(const struct bridge_message *m)
{
    return *m->body ? message_parts(m) - 1 : 0;
}

/* --- the text ------------------------------------------------------------------------ */

/* "<name xmlns='ns'" */
static void open_element(struct strbuf *out, const char *name, const char *ns)
{
    strbuf_addf(out, "<%s xmlns='%s'", name, ns);
}

static void add_mark(struct strbuf *out, const char *name, const char *ns)
{
    open_element(out, name, ns);
    strbuf_adds(out, "/>");
}

/* "> " before each line, and the last one ended; returns the characters (XEP-0426). */
static size_t write_quote(struct strbuf *out, const char *quote)
{
    size_t count = 0;

    for (const char *line = quote; *line;) {
        size_t len = strcspn(line, "\n");
        size_t used;
        strbuf_adds(out, "&gt; ");
        xml_text_n(out, line, len);
        strbuf_addch(out, '\n');
        for (size_t i = 0; i < len; i += used, count++)
            utf8_decode(line + i, len - i, &used);
        count += 3;
        line += len + (line[len] == '\n');
    }
    return count;
}

static void write_fallback(struct strbuf *out, const char *of)
{
    strbuf_addf(out, "<fallback xmlns='" NS_FALLBACK "' for='%s'><body/></fallback>", of);
}

static void write_text(struct strbuf *out, const struct bridge_message *m)
{
    size_t quoted = 0;

    strbuf_adds(out, "<body>");
    if (m->answers && m->quote)
        quoted = write_quote(out, m->quote);
    if (m->kind == BRIDGE_ACTION)
        strbuf_adds(out, "/me ");
    xml_text(out, m->body);
    strbuf_adds(out, "</body>");
    if (quoted)
        strbuf_addf(out, "<fallback xmlns='" NS_FALLBACK "' for='" NS_REPLY "'>"
                    "<body start='0' end='%zu'/></fallback>", quoted);
}

/* --- files (XEP-0066, XEP-0447) ------------------------------------------------------ */

static bool is_web(const char *url)
{
    return !strncasecmp(url, "https://", 8) || !strncasecmp(url, "http://", 7);
}

/* XEP-0447 §3.1: whether to show it, or to offer it. */
static const char *disposition(const struct bridge_attachment *file)
{
    static const char *const shown[] = { "image/", "audio/", "video/" };

    for (size_t i = 0; file->type && i < sizeof shown / sizeof *shown; i++) {
        if (!strncasecmp(file->type, shown[i], strlen(shown[i])))
            return "inline";
    }
    return "attachment";
}

static void write_sharing(struct strbuf *out, const struct bridge_attachment *file)
{
    open_element(out, "file-sharing", NS_SFS);
    strbuf_addf(out, " disposition='%s'><file xmlns='" NS_FILE "'>", disposition(file));
    xml_element(out, "media-type", file->type);
    xml_element(out, "name", file->name);
    if (file->size >= 0)
        strbuf_addf(out, "<size>%" PRId64 "</size>", file->size);
    xml_element(out, "desc", file->description);
    strbuf_adds(out, "</file><sources><url-data xmlns='" NS_URL_DATA "'");
    xml_attribute(out, "target", file->url);
    strbuf_adds(out, "/></sources></file-sharing>");
}

/* An address that is no web address is for people to judge, not for clients to open. */
static void write_file(struct strbuf *out, const struct bridge_attachment *file)
{
    xml_element(out, "body", file->url);
    if (!is_web(file->url))
        return;
    strbuf_adds(out, "<x xmlns='" NS_OOB "'>");
    xml_element(out, "url", file->url);
    xml_element(out, "desc", file->description);
    strbuf_adds(out, "</x>");
    write_sharing(out, file);
    write_fallback(out, NS_SFS);
}

/* --- what refers to other messages --------------------------------------------------- */

static void write_reference(struct strbuf *out, const char *name, const char *ns,
                            const char *to, const char *id)
{
    open_element(out, name, ns);
    xml_attribute(out, "to", to);
    xml_attribute(out, "id", id);
    strbuf_adds(out, "/>");
}

/* Nobody but the user's own client needs to see it: no text beside it. */
static void write_reactions(struct strbuf *out, const struct bridge_message *m)
{
    open_element(out, "reactions", NS_REACTIONS);
    xml_attribute(out, "id", m->reacts);
    strbuf_addch(out, '>');
    for (size_t i = 0; i < m->reaction_count; i++)
        xml_element(out, "reaction", m->reactions[i]);
    strbuf_adds(out, "</reactions>");
}

static void write_retraction(struct strbuf *out, const struct bridge_message *m)
{
    write_reference(out, "retract", NS_RETRACT, NULL, m->retracts);
    write_fallback(out, NS_RETRACT);
    xml_element(out, "body", _("A message was taken back, but your program cannot remove it."));
}

/* What is said of the message as a whole, in its main part. */
static void write_about(struct strbuf *out, const struct bridge_message *m,
                        const struct message_frame *frame)
{
    bool is_subject_alone = frame->room && !*m->body; /* XEP-0045 §8.1: the room's new one */

    if (!is_subject_alone)
        xml_element(out, "subject", m->subject);
    if (m->replaces)
        write_reference(out, "replace", NS_CORRECT, NULL, m->replaces);
    if (m->answers)
        write_reference(out, "reply", NS_REPLY, frame->author, m->answers);
    if (m->receipt)
        add_mark(out, "request", NS_RECEIPTS);
    if (m->displayed)
        add_mark(out, "markable", NS_MARKERS);
}

static void write_main(struct strbuf *out, const struct bridge_message *m)
{
    if (m->reacts)
        write_reactions(out, m);
    else if (m->retracts)
        write_retraction(out, m);
    else if (*m->body || !m->subject)
        write_text(out, m);
}

/* --- all of it ----------------------------------------------------------------------- */

/* XEP-0359: how this stanza can be meant later. */
static void write_ids(struct strbuf *out, const struct message_frame *frame)
{
    if (frame->origin) {
        open_element(out, "origin-id", NS_SID);
        xml_attribute(out, "id", frame->origin);
        strbuf_adds(out, "/>");
    }
    if (frame->id) {
        open_element(out, "stanza-id", NS_SID);
        strbuf_addf(out, " by='%s'", frame->room);
        xml_attribute(out, "id", frame->id);
        strbuf_adds(out, "/>");
    }
}

void message_write(struct strbuf *out, const struct bridge_message *m, size_t part,
                   const struct message_frame *frame)
{
    bool is_main = part == message_main_part(m);

    if (part < file_count(m))
        write_file(out, &m->attachments[part]);
    else
        write_main(out, m);
    xml_element(out, "thread", m->thread);
    if (is_main)
        write_about(out, m, frame);
    if (frame->chat_state && !m->reacts && !m->retracts)
        add_mark(out, "active", NS_CHAT_STATES);
    if (m->no_store || m->reacts || m->retracts) /* these archives would leave out */
        add_mark(out, m->no_store ? "no-store" : "store", NS_HINTS);
    message_write_delay(out, frame->room, m->time);
    write_ids(out, frame);
}

void message_write_signal(struct strbuf *out, const struct bridge_signal *signal)
{
    static const struct {
        const char *name;
        const char *ns;
    } elements[] = {
        [BRIDGE_ACTIVE] = { "active", NS_CHAT_STATES },
        [BRIDGE_COMPOSING] = { "composing", NS_CHAT_STATES },
        [BRIDGE_PAUSED] = { "paused", NS_CHAT_STATES },
        [BRIDGE_INACTIVE] = { "inactive", NS_CHAT_STATES },
        [BRIDGE_GONE] = { "gone", NS_CHAT_STATES },
        [BRIDGE_RECEIVED] = { "received", NS_RECEIPTS },
        [BRIDGE_DISPLAYED] = { "displayed", NS_MARKERS },
    };
    bool has_id = signal->kind == BRIDGE_RECEIVED || signal->kind == BRIDGE_DISPLAYED;

    write_reference(out, elements[signal->kind].name, elements[signal->kind].ns, NULL,
                    has_id ? signal->id : NULL);
    if (!has_id) /* not worth a place among the messages of who is away */
        add_mark(out, "no-store", NS_HINTS);
}

void message_write_delay(struct strbuf *out, const char *from, int64_t time)
{
    time_t seconds = (time_t)(time / 1000);
    struct tm utc;
    char stamp[64];

    if (time <= 0 || time > TIME_MAX || !gmtime_r(&seconds, &utc))
        return;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc); /* XEP-0082 §3.2 */
    strbuf_adds(out, "<delay xmlns='" NS_DELAY "'");
    if (from)
        strbuf_addf(out, " from='%s'", from);
    strbuf_addf(out, " stamp='%s.%03dZ'/>", stamp, (int)(time % 1000));
}

bool message_id_is_fit(const char *id)
{
    size_t len = strlen(id);

    if (!len || len > ID_MAX || !utf8_valid(id, len))
        return false;
    for (size_t i = 0, used; i < len; i += used) {
        uint32_t c = utf8_decode(id + i, len - i, &used);
        if (c <= ' ' || c == 0x7f || !utf8_is_xml(c))
            return false;
    }
    return true;
}
