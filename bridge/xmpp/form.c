#include "form.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <bridge/utf8.h>
#include <bridge/words.h>

#include "jid.h"
#include "stanza.h"
#include "xml.h"

static const char *const types[] = {
    [FORM_BOOLEAN] = "boolean",
    [FORM_FIXED] = "fixed",
    [FORM_HIDDEN] = "hidden",
    [FORM_INTEGER] = "text-single",
    [FORM_JID_SINGLE] = "jid-single",
    [FORM_JID_MULTI] = "jid-multi",
    [FORM_LIST_SINGLE] = "list-single",
    [FORM_TEXT_SINGLE] = "text-single",
    [FORM_TEXT_MULTI] = "text-multi",
    [FORM_TEXT_PRIVATE] = "text-private",
};

static bool is_multi(const struct form_field *field)
{
    return field->type == FORM_JID_MULTI || field->type == FORM_TEXT_MULTI;
}

static bool is_asked(const struct form_field *field)
{
    return field->type != FORM_FIXED && field->type != FORM_HIDDEN;
}

size_t form_count(const struct form_field *fields)
{
    size_t count = 0;

    while (fields && fields[count].type)
        count++;
    return count;
}

bool form_asks(const struct form_field *fields)
{
    for (; fields && fields->type; fields++) {
        if (is_asked(fields))
            return true;
    }
    return false;
}

/* --- writing -------------------------------------------------------------------- */

void form_open(struct strbuf *out, const char *type, const char *title,
               const char *instructions)
{
    strbuf_adds(out, "<x xmlns='" NS_DATA "'");
    xml_attribute(out, "type", type);
    strbuf_addch(out, '>');
    xml_element(out, "title", title);
    xml_element(out, "instructions", instructions);
}

static void open_field(struct strbuf *out, const struct form_field *field)
{
    strbuf_adds(out, "<field");
    xml_attribute(out, "type", types[field->type]);
    xml_attribute(out, "var", field->var);
    xml_attribute(out, "label", field->label ? _(field->label) : NULL);
    strbuf_addch(out, '>');
}

/* XEP-0122: by this a client can ask for a number. */
static void write_range(struct strbuf *out, const struct form_field *field)
{
    strbuf_addf(out,
                "<validate xmlns='" NS_VALIDATE "' datatype='xs:integer'>"
                "<range min='%" PRId64 "' max='%" PRId64 "'/></validate>",
                field->min, field->max);
}

static void write_lines(struct strbuf *out, const char *text)
{
    for (;;) {
        size_t len = strcspn(text, "\n");
        strbuf_adds(out, "<value>");
        xml_text_n(out, text, len);
        strbuf_adds(out, "</value>");
        if (!text[len])
            return;
        text += len + 1;
    }
}

void form_write_field(struct strbuf *out, const struct form_field *field, const char *value)
{
    const char *shown = value ? value : field->initial;

    open_field(out, field);
    xml_element(out, "desc", field->help ? _(field->help) : NULL);
    if (field->required)
        strbuf_adds(out, "<required/>");
    if (field->type == FORM_INTEGER)
        write_range(out, field);
    if (shown && is_multi(field))
        write_lines(out, shown);
    else if (field->type != FORM_TEXT_PRIVATE)
        xml_element(out, "value", shown);
    for (const struct form_option *o = field->options; o && o->value; o++) {
        strbuf_adds(out, "<option");
        xml_attribute(out, "label", o->label ? _(o->label) : o->value);
        strbuf_addch(out, '>');
        xml_element(out, "value", o->value);
        strbuf_adds(out, "</option>");
    }
    strbuf_adds(out, "</field>");
}

static void add_labels(struct strbuf *out, const struct form_field *columns)
{
    for (size_t i = 0; columns[i].type; i++)
        strbuf_addf(out, "%s%s", i ? ", " : "", _(columns[i].label));
}

void form_write_rows(struct strbuf *out, const struct form_field *columns,
                     const char *const *cells, size_t count)
{
    struct strbuf label = STRBUF_INIT(FORM_VALUE_MAX);
    size_t width = form_count(columns);

    add_labels(&label, columns);
    strbuf_addf(out, "<field type='%s' var='rows'", types[FORM_TEXT_MULTI]);
    xml_attribute(out, "label", strbuf_text(&label));
    strbuf_addch(out, '>');
    for (size_t i = 0; i < count; i++) {
        strbuf_adds(out, i % width ? ", " : "<value>");
        xml_text(out, cells[i]);
        if ((i + 1) % width == 0)
            strbuf_adds(out, "</value>");
    }
    strbuf_adds(out, "</field>");
    strbuf_release(&label);
}

void form_close(struct strbuf *out)
{
    strbuf_adds(out, "</x>");
}

/* --- checking -------------------------------------------------------------------- */

/* XEP-0004 §3.3 has the numbers and true and false; people type the rest. */
static int check_boolean(const char *text, struct strbuf *value, struct bridge_error *err)
{
    static const struct {
        const char *word;
        const char *value;
    } words[] = {
        { "1", "1" }, { "true", "1" }, { "yes", "1" }, { "y", "1" },
        { "0", "0" }, { "false", "0" }, { "no", "0" }, { "n", "0" },
        { "ja", "1" }, { "j", "1" }, { "nein", "0" }, { "oui", "1" }, { "o", "1" }, { "non", "0" },
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!strcasecmp(words[i].word, text)) {
            strbuf_adds(value, words[i].value);
            return 0;
        }
    }
    return bridge_fail(err, BRIDGE_INVALID, _("say yes or no"));
}

static int check_option(const struct form_field *field, const char *text, struct strbuf *value,
                        struct bridge_error *err)
{
    struct strbuf known = STRBUF_INIT(BRIDGE_ERROR_MAX);

    for (const struct form_option *o = field->options; o->value; o++) {
        if (!strcasecmp(o->value, text)) {
            strbuf_adds(value, o->value);
            strbuf_release(&known);
            return 0;
        }
        strbuf_addf(&known, "%s%s", known.len ? ", " : "", o->value);
    }
    bridge_fail(err, BRIDGE_INVALID, _("choose one of %s"), strbuf_text(&known));
    strbuf_release(&known);
    return -1;
}

/* As it is written in the end: " +007" and "7" are the same setting. */
static int check_integer(const struct form_field *field, const char *text, struct strbuf *value,
                         struct bridge_error *err)
{
    char *end;

    errno = 0;
    long long number = strtoll(text, &end, 10);
    end += strspn(end, " \t");
    if (end == text || *end || errno || number < field->min || number > field->max)
        return bridge_fail(err, BRIDGE_INVALID, _("a number from %lld to %lld is needed"),
                           (long long)field->min, (long long)field->max);
    strbuf_addf(value, "%lld", number);
    return 0;
}

/* A user is meant, whichever of the clients the address names. */
static int check_jid(const char *text, struct strbuf *value, struct bridge_error *err)
{
    struct jid *jid = jid_parse(text, err);

    if (!jid)
        return bridge_fail(err, BRIDGE_INVALID,
                           _("an address such as user@example.com is needed"));
    strbuf_adds(value, jid_bare(jid));
    jid_free(jid);
    return 0;
}

/* One a line; people who type them on one write spaces or commas between. */
static int check_jids(const char *text, struct strbuf *value, struct bridge_error *err)
{
    static const char between[] = " \t\n,";
    int rc = 0;

    for (text += strspn(text, between); *text && !rc; text += strspn(text, between)) {
        size_t len = strcspn(text, between);
        char *word = bridge_strndup(text, len);
        if (value->len)
            strbuf_addch(value, '\n');
        rc = check_jid(word, value, err);
        free(word);
        text += len;
    }
    return rc || value->len ? rc : bridge_fail(err, BRIDGE_INVALID, _("this is missing"));
}

static int check_clean(const struct form_field *field, const char *text, struct strbuf *value,
                       struct bridge_error *err)
{
    switch (field->type) {
    case FORM_BOOLEAN: return check_boolean(text, value, err);
    case FORM_INTEGER: return check_integer(field, text, value, err);
    case FORM_LIST_SINGLE: return check_option(field, text, value, err);
    case FORM_JID_SINGLE: return check_jid(text, value, err);
    case FORM_JID_MULTI: return check_jids(text, value, err);
    default: strbuf_adds(value, text);
    }
    if (!is_multi(field) && strchr(text, '\n'))
        return bridge_fail(err, BRIDGE_INVALID, _("one line is enough"));
    return 0;
}

/* The most bytes of a value. */
static size_t room_for(const struct form_field *field)
{
    size_t most = is_multi(field) ? FORM_TEXT_MAX : FORM_VALUE_MAX;
    bool own = field->max > 0 && field->type != FORM_INTEGER;

    return own && (size_t)field->max < most ? (size_t)field->max : most;
}

static int fail_length(const struct form_field *field, struct bridge_error *err)
{
    return bridge_fail(err, BRIDGE_INVALID, _("this is too long: %zu bytes are the most"),
                       room_for(field));
}

static bool is_blank(const char *text)
{
    return !text[strspn(text, " \t\n")];
}

int form_check(const struct form_field *field, const char *text, struct strbuf *value,
               struct bridge_error *err)
{
    struct strbuf clean = STRBUF_INIT(room_for(field));
    int rc;

    utf8_add_clean(&clean, text, strlen(text));
    if (clean.overflow)
        rc = fail_length(field, err);
    else if (is_blank(strbuf_text(&clean)))
        rc = bridge_fail(err, BRIDGE_INVALID, _("this is missing"));
    else
        rc = check_clean(field, strbuf_text(&clean), value, err);
    strbuf_release(&clean);
    return rc;
}

const char *form_shown(const struct form_field *field, const char *value)
{
    if (field->type != FORM_BOOLEAN)
        return value;
    return strcmp(value, "1") ? "no" : "yes";
}

/* --- reading --------------------------------------------------------------------- */

static xmpp_stanza_t *find_field(xmpp_stanza_t *x, const char *var)
{
    for (xmpp_stanza_t *s = xmpp_stanza_get_children(x); s; s = xmpp_stanza_get_next(s)) {
        const char *own = xmpp_stanza_is_tag(s) ? xmpp_stanza_get_attribute(s, "var") : NULL;
        if (own && !strcmp(own, var) && !strcmp(xmpp_stanza_get_name(s), "field"))
            return s;
    }
    return NULL;
}

/* All <value/>s, a line each; what is beyond the limit shows as overflow. */
static void join_values(xmpp_stanza_t *field, struct strbuf *out)
{
    bool first = true;

    for (xmpp_stanza_t *s = xmpp_stanza_get_children(field); s; s = xmpp_stanza_get_next(s)) {
        if (!xmpp_stanza_is_tag(s) || strcmp(xmpp_stanza_get_name(s), "value") != 0)
            continue;
        if (!first)
            strbuf_addch(out, '\n');
        stanza_text(s, out);
        first = false;
    }
}

/* Returns the value, or NULL; then *err is BRIDGE_OK if none is needed. */
static char *read_field(xmpp_stanza_t *x, const struct form_field *field,
                        struct bridge_error *err)
{
    struct strbuf text = STRBUF_INIT(2 * FORM_TEXT_MAX);
    struct strbuf value = STRBUF_INIT(2 * FORM_TEXT_MAX);
    xmpp_stanza_t *found = x ? find_field(x, field->var) : NULL;
    char *read = NULL;
    int rc = -1;

    err->code = BRIDGE_OK;
    if (found)
        join_values(found, &text);
    if (text.overflow)
        fail_length(field, err);
    else if (!is_blank(strbuf_text(&text)))
        rc = form_check(field, strbuf_text(&text), &value, err);
    else if (!found && field->initial)
        read = bridge_strdup(field->initial);
    else if (field->required)
        bridge_fail(err, BRIDGE_INVALID, _("this is missing"));
    if (!rc)
        read = strbuf_detach(&value);
    strbuf_release(&text);
    strbuf_release(&value);
    return read;
}

int form_read(xmpp_stanza_t *x, const struct form_field *fields, char **values,
              struct bridge_error *err)
{
    size_t count = form_count(fields);
    struct strbuf faults = STRBUF_INIT(4 * BRIDGE_ERROR_MAX); /* more than an error holds */
    bool bad = false;

    for (size_t i = 0; i < count; i++) {
        struct bridge_error fault = { .code = BRIDGE_OK };
        values[i] = is_asked(&fields[i]) ? read_field(x, &fields[i], &fault) : NULL;
        if (fault.code == BRIDGE_OK)
            continue;
        bad = true;
        if (faults.len < BRIDGE_ERROR_MAX)
            strbuf_addf(&faults, "%s%s: %s", faults.len ? "; " : "", _(fields[i].label),
                        fault.text);
    }
    if (bad) {
        form_release(values, count);
        bridge_fail(err, BRIDGE_INVALID, "%s", strbuf_text(&faults));
    }
    strbuf_release(&faults);
    return bad ? -1 : 0;
}

void form_release(char **values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(values[i]);
        values[i] = NULL;
    }
}
