#include "payload.h"

#include <string.h>

#include <bridge/utf8.h>
#include <bridge/words.h>

#include "stanza.h"
#include "xml.h"

/* --- words instead ------------------------------------------------------------------- */

/* Has the text of `out`, instead of the body it was made from. */
static int put(struct message_read *read, struct strbuf *out)
{
    message_read_set_body(read, out);
    return 0;
}

static struct strbuf new_text(void)
{
    return (struct strbuf)STRBUF_INIT(XML_STANZA_MAX);
}

static bool is_blank(const char *text)
{
    return !text[strspn(text, " \t\r\n")];
}

/* A message of its own, above the text. */
static int tell_subject(struct message_read *read, const struct payload_scene *scene,
                        struct bridge_error *err)
{
    const struct bridge_message *m = &read->message;
    struct strbuf out = new_text();

    (void)scene, (void)err;
    strbuf_addf(&out, _("Subject: %s"), m->subject);
    if (!is_blank(m->body))
        strbuf_addf(&out, "\n%s%s", m->kind == BRIDGE_ACTION ? "/me " : "", m->body);
    read->message.kind = BRIDGE_TEXT;
    return put(read, &out);
}

/* The quote that most clients put in front is the words. Without one, a nick
 * says in a room who is meant, as people on such networks do it themselves. */
static int tell_reply(struct message_read *read, const struct payload_scene *scene,
                      struct bridge_error *err)
{
    const struct bridge_message *m = &read->message;
    struct strbuf out = new_text();

    (void)err;
    if (!scene->in_room || !m->answers_to || m->kind == BRIDGE_ACTION || is_blank(m->body) ||
        message_read_has_fallback(read, NS_REPLY))
        return 0;
    strbuf_addf(&out, "%s: %s", m->answers_to, m->body);
    return put(read, &out);
}

/* Every address, unless it stands somewhere in the text. */
static int tell_attachments(struct message_read *read, const struct payload_scene *scene,
                            struct bridge_error *err)
{
    const struct bridge_message *m = &read->message;
    struct strbuf out = new_text();

    (void)scene, (void)err;
    strbuf_adds(&out, m->body);
    for (size_t i = 0; i < m->attachment_count; i++) {
        const struct bridge_attachment *file = &m->attachments[i];
        if (strstr(m->body, file->url))
            continue;
        if (out.len)
            strbuf_addch(&out, '\n');
        if (file->description && !strstr(m->body, file->description))
            strbuf_addf(&out, "%s: ", file->description);
        strbuf_adds(&out, file->url);
    }
    return put(read, &out);
}

/* Behind the text: what comes first stays recognisable, and an action an action. */
static int tell_correction(struct message_read *read, const struct payload_scene *scene,
                           struct bridge_error *err)
{
    struct strbuf out = new_text();

    (void)scene, (void)err;
    if (is_blank(read->message.body))
        return 0;
    strbuf_addf(&out, _("%s (corrected)"), read->message.body);
    return put(read, &out);
}

/* Without a quote: to say it again is not what the user wants. */
static int tell_retraction(struct message_read *read, const struct payload_scene *scene,
                           struct bridge_error *err)
{
    struct strbuf out = new_text();

    (void)err;
    strbuf_adds(&out,
                scene->latest ? _("Please ignore my last message: I have taken it back.")
                              : _("Please ignore an earlier message: I have taken it back."));
    return put(read, &out);
}

/* In words it would be a text for the sake of an emoji, which may cost money
 * and says nothing without what it is about. So the user is told, and the client
 * takes it back (XEP-0444 §4.3); to take back what never was is no matter. */
static int refuse_reaction(struct message_read *read, const struct payload_scene *scene,
                           struct bridge_error *err)
{
    (void)scene;
    if (!read->message.reaction_count)
        return 0;
    return bridge_fail(err, BRIDGE_UNSUPPORTED,
                       _("Nobody there has seen your reaction, because this network has no "
                         "reactions. Write a message instead"));
}

/* --- the rules ----------------------------------------------------------------------- */

static bool has_subject(const struct bridge_message *m)
{
    return m->subject;
}

static bool has_reply(const struct bridge_message *m)
{
    return m->answers;
}

static bool has_attachments(const struct bridge_message *m)
{
    return m->attachment_count;
}

static bool has_correction(const struct bridge_message *m)
{
    return m->replaces;
}

static bool has_retraction(const struct bridge_message *m)
{
    return m->retracts;
}

static bool has_reaction(const struct bridge_message *m)
{
    return m->reacts;
}

static void drop_subject(struct bridge_message *m)
{
    m->subject = NULL;
}

static void drop_thread(struct bridge_message *m)
{
    m->thread = NULL;
}

static void drop_reply(struct bridge_message *m)
{
    m->answers = m->answers_to = m->quote = NULL;
}

static void drop_attachments(struct bridge_message *m)
{
    m->attachments = NULL;
    m->attachment_count = 0;
}

static void drop_correction(struct bridge_message *m)
{
    m->replaces = NULL;
}

static void drop_retraction(struct bridge_message *m)
{
    m->retracts = NULL;
}

static void drop_reaction(struct bridge_message *m)
{
    m->reacts = NULL;
    m->reactions = NULL;
    m->reaction_count = 0;
}

static void drop_receipt(struct bridge_message *m)
{
    m->receipt = false;
}

static void drop_displayed(struct bridge_message *m)
{
    m->displayed = false;
}

/* Whose words stand in the body for clients that do not know the payload. */
enum fallback_use {
    NO_FALLBACK,
    KEPT_INSTEAD, /* the client's, where the network has no such thing; else cut out */
    CUT_ALWAYS,   /* ours, or none */
};

/* In the order in which the words are put together: around the text first, what
 * is said of the whole last. */
static const struct rule {
    unsigned feature;
    bool (*is_in)(const struct bridge_message *);
    /* Words instead; NULL: none, nobody misses it. */
    int (*tell)(struct message_read *, const struct payload_scene *, struct bridge_error *);
    void (*drop)(struct bridge_message *);
    enum fallback_use fallback;
    const char *ns[2]; /* which XEP-0428 names it by */
} rules[] = {
    { BRIDGE_HAS_RETRACTION, has_retraction, tell_retraction, drop_retraction, CUT_ALWAYS,
      { NS_RETRACT, NS_RETRACT_BEFORE } },
    { BRIDGE_HAS_REACTION, has_reaction, refuse_reaction, drop_reaction, CUT_ALWAYS,
      { NS_REACTIONS } },
    { BRIDGE_HAS_REPLY, has_reply, tell_reply, drop_reply, KEPT_INSTEAD, { NS_REPLY } },
    { BRIDGE_HAS_ATTACHMENT, has_attachments, tell_attachments, drop_attachments, CUT_ALWAYS,
      { NS_SFS, NS_OOB } },
    { BRIDGE_HAS_SUBJECT, has_subject, tell_subject, drop_subject, NO_FALLBACK, { 0 } },
    { BRIDGE_HAS_CORRECTION, has_correction, tell_correction, drop_correction, NO_FALLBACK,
      { 0 } },
    { BRIDGE_HAS_THREAD, NULL, NULL, drop_thread, NO_FALLBACK, { 0 } },
    { BRIDGE_HAS_RECEIPT, NULL, NULL, drop_receipt, NO_FALLBACK, { 0 } },
    { BRIDGE_HAS_DISPLAYED, NULL, NULL, drop_displayed, NO_FALLBACK, { 0 } },
};

#define RULES (sizeof rules / sizeof *rules)

/* A signal without its feature is dropped: it is nothing that people say. */
unsigned payload_signal_feature(enum bridge_signal_kind kind)
{
    switch (kind) {
    case BRIDGE_RECEIVED:
        return BRIDGE_HAS_RECEIPT;
    case BRIDGE_DISPLAYED:
        return BRIDGE_HAS_DISPLAYED;
    default:
        return BRIDGE_HAS_CHAT_STATE;
    }
}

/* --- the client's words (XEP-0428) --------------------------------------------------- */

/* The rule by which this part of the body does not go out as it is, or NULL. */
static const struct rule *cuts(const struct message_read *read, unsigned features,
                               const struct message_fallback *part)
{
    for (const struct rule *rule = rules; rule < rules + RULES; rule++) {
        for (size_t i = 0; i < 2; i++) {
            if (rule->ns[i] && !strcmp(rule->ns[i], part->of) && rule->is_in(&read->message))
                return rule->fallback == CUT_ALWAYS || features & rule->feature ? rule : NULL;
        }
    }
    return NULL;
}

/* Which rule takes each of the parts of the body; false if none does. */
static bool find_cuts(const struct message_read *read, unsigned features,
                      const struct rule *by[MESSAGE_FALLBACKS_MAX])
{
    bool any = false;

    for (size_t i = 0; i < read->fallback_count; i++) {
        by[i] = cuts(read, features, &read->fallbacks[i]);
        any = any || by[i];
    }
    return any;
}

static const struct rule *cut_at(const struct message_read *read,
                                 const struct rule *const by[MESSAGE_FALLBACKS_MAX], size_t at)
{
    for (size_t i = 0; i < read->fallback_count; i++) {
        if (by[i] && at >= read->fallbacks[i].start && at < read->fallbacks[i].end)
            return by[i];
    }
    return NULL;
}

/* What was quoted, without the marks of XEP-0393. */
static void set_quote(struct message_read *read, const struct strbuf *marked)
{
    const char *line = strbuf_text(marked);

    while (*line) {
        size_t len = strcspn(line, "\n");
        size_t mark = *line == '>' ? 1 + (line[1] == ' ') : 0;
        if (read->quote.len)
            strbuf_addch(&read->quote, '\n');
        strbuf_add(&read->quote, line + mark, len - mark);
        line += len + (line[len] == '\n');
    }
    if (read->quote.len)
        read->message.quote = strbuf_text(&read->quote);
}

static void cut_fallbacks(struct message_read *read, unsigned features)
{
    const struct rule *by[MESSAGE_FALLBACKS_MAX];
    struct strbuf out = new_text();
    struct strbuf quote = new_text();
    const char *body = read->message.body;
    size_t len = strlen(body), used;

    if (!find_cuts(read, features, by))
        return;
    for (size_t i = 0, at = 0; i < len; i += used, at++) {
        utf8_decode(body + i, len - i, &used);
        const struct rule *cut = cut_at(read, by, at);
        if (!cut)
            strbuf_add(&out, body + i, used);
        else if (cut->feature == BRIDGE_HAS_REPLY)
            strbuf_add(&quote, body + i, used);
    }
    strbuf_drop(&out, strspn(strbuf_text(&out), " \r\n"));
    set_quote(read, &quote);
    message_read_set_body(read, &out);
    strbuf_release(&quote);
}

/* --- the text itself ----------------------------------------------------------------- */

static bool is_address_of_file(const struct bridge_message *m, const char *line, size_t len)
{
    for (size_t i = 0; i < m->attachment_count; i++) {
        if (strlen(m->attachments[i].url) == len && !memcmp(m->attachments[i].url, line, len))
            return true;
    }
    return false;
}

/* Clients write the address of a file as a text too, alone on its line (XEP-0066
 * has it so): not what somebody says. */
static void cut_addresses(struct message_read *read)
{
    const char *line = read->message.body;
    struct strbuf out = new_text();

    if (!read->message.attachment_count)
        return;
    while (*line) {
        size_t len = strcspn(line, "\n");
        if (!is_address_of_file(&read->message, line, len))
            strbuf_add(&out, line, len + (line[len] == '\n'));
        line += len + (line[len] == '\n');
    }
    if (out.len && out.data[out.len - 1] == '\n')
        strbuf_cut(&out, out.len - 1);
    message_read_set_body(read, &out);
}

/* XEP-0245: an action is what begins so. */
static void find_action(struct bridge_message *m)
{
    if (strncmp(m->body, "/me ", 4) != 0)
        return;
    m->kind = BRIDGE_ACTION;
    m->body += 4;
}

static int apply(struct message_read *read, const struct payload_scene *scene,
                 struct bridge_error *err)
{
    for (const struct rule *rule = rules; rule < rules + RULES; rule++) {
        if (scene->features & rule->feature)
            continue;
        if (rule->tell && rule->is_in(&read->message) && rule->tell(read, scene, err))
            return -1;
        rule->drop(&read->message);
    }
    return 0;
}

int payload_fit(struct message_read *read, const struct payload_scene *scene,
                struct bridge_error *err)
{
    struct strbuf nothing = new_text();

    cut_fallbacks(read, scene->features);
    cut_addresses(read);
    if (read->message.retracts || read->message.reacts) /* any text is a fallback then */
        message_read_set_body(read, &nothing);
    find_action(&read->message);
    if (apply(read, scene, err))
        return -1;
    if (!read->text.overflow)
        return 0;
    return bridge_fail(err, BRIDGE_REJECTED, _("This is too long to be passed on"));
}
