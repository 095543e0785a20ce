#include "register.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/words.h>

#include "contact.h"
#include "core.h"
#include "forget.h"
#include "guard.h"
#include "reply.h"
#include "stanza.h"
#include "store.h"
#include "xml.h"

/* --- who ------------------------------------------------------------------------------- */

bool register_needed(const struct bridge_host *host)
{
    return host->transport && (host->transport->needs_account || host->invited_only);
}

bool register_offered(const struct bridge_host *host)
{
    const struct preference *row = host->transport ? host->transport->preferences : NULL;

    for (; row && row->type; row++) {
        if (row->scopes & PREFERENCE_ACCOUNT)
            return true;
    }
    return register_needed(host);
}

bool register_has(const struct bridge_host *host, const char *user)
{
    return store_account_find(host->core->store, host->name, user, NULL);
}

int register_admit(const struct bridge_host *host, const char *user, struct bridge_error *err)
{
    if (guard_admit(host, user, err))
        return -1;
    if (!register_needed(host) || register_has(host, user))
        return 0;
    return bridge_fail(err, BRIDGE_MEMBERSHIP,
                       _("Register with %s first: your client may have a button for it, or write "
                         "\"register\" to %s"),
                       host->name, host->name);
}

int register_may(const struct bridge_host *host, const char *user, struct bridge_error *err)
{
    if (!register_offered(host))
        return bridge_fail(err, BRIDGE_NO_SERVICE, _("There is nothing to register with at %s"),
                           host->name);
    return guard_admit(host, user, err);
}

/* --- what ------------------------------------------------------------------------------ */

const struct form_field register_code_field = {
    .var = "invitation", .type = FORM_TEXT_SINGLE, .label = N_("Invitation"), .required = true,
    .help = N_("The code that an administrator of this gateway has given to you."),
};

bool register_wants_code(const struct bridge_host *host, const char *user)
{
    return host->invited_only && !register_has(host, user);
}

struct preference_sheet *register_sheet(struct bridge_host *host, const char *user)
{
    const struct preference_of of = { .host = host, .user = user };

    return preference_sheet_new(&of, register_has(host, user) ? 0 : PREFERENCE_REGISTER);
}

/* --- doing it ---------------------------------------------------------------------------- */

/* A user who becomes one, with whom the transport makes friends. */
struct newcomer {
    struct bridge_host *host;
    char *user;
    preference_done *done;
    void *arg;
};

/* XEP-0100 §4.1, steps 6 and 9: the answer, then the request for presence. */
static void on_registered(void *arg, const struct bridge_error *why)
{
    struct newcomer *n = arg;

    n->done(n->arg, why);
    if (!why && !n->host->core->stopping)
        contact_change(n->host, n->user, "", SUBSCRIPTION_OFFERED, NULL);
    free(n->user);
    free(n);
}

void register_put(struct preference_sheet *sheet, char **values, const char *code,
                  preference_done *done, void *arg)
{
    if (register_has(sheet->host, sheet->user)) {
        preference_register(sheet, values, code, done, arg);
        return;
    }
    struct newcomer *n = bridge_alloc(sizeof *n);
    n->host = sheet->host;
    n->user = bridge_strdup(sheet->user);
    n->done = done;
    n->arg = arg;
    preference_register(sheet, values, code, on_registered, n);
}

void register_remove(struct bridge_host *host, const char *user, preference_done *done, void *arg)
{
    struct bridge_error err;

    if (!register_has(host, user)) {
        bridge_fail(&err, BRIDGE_MEMBERSHIP, _("You are not registered with %s"), host->name);
        done(arg, &err);
        return;
    }
    forget_user(host->core, host->name, user, done, arg);
}

/* --- jabber:iq:register: answers ------------------------------------------------------------- */

/* XEP-0077 §3.1.1, XEP-0100 §4.1.2: wrong data are not acceptable. What the data
 * were is not said again: there may be a password among them. */
static enum bridge_code code_of(enum bridge_code code)
{
    switch (code) {
    case BRIDGE_INVALID:
    case BRIDGE_REJECTED:
    case BRIDGE_AUTH:
    case BRIDGE_NOT_FOUND:
    case BRIDGE_ADDRESS: return BRIDGE_INCOMPLETE;
    default: return code;
    }
}

static void answer_request(void *arg, const struct bridge_error *why)
{
    struct bridge_error answer;

    if (why) {
        answer = *why;
        answer.code = code_of(why->code);
    }
    reply_end(arg, why ? &answer : NULL);
}

/* --- jabber:iq:register: the form ----------------------------------------------------------- */

static const struct form_field form_type = {
    .var = "FORM_TYPE", .type = FORM_HIDDEN, .initial = NS_REGISTER,
};

/* XEP-0077 §14.1: the fields that there were before data forms. */
static bool is_plain(const struct form_field *field)
{
    static const char *const names[] = {
        "username", "nick", "password", "name", "first", "last", "email", "address", "city",
        "state", "zip", "phone", "url", "date", "misc", "text",
    };

    for (size_t i = 0; field->var && i < sizeof names / sizeof *names; i++) {
        if (!strcmp(names[i], field->var))
            return true;
    }
    return false;
}

/* XEP-0077 §6: what is required must be among the plain fields, or else there are
 * only instructions for those who do not see the form. */
static bool can_be_plain(const struct preference_sheet *sheet)
{
    for (size_t i = 0; i < sheet->count; i++) {
        if (sheet->fields[i].required && !is_plain(&sheet->fields[i]))
            return false;
    }
    return !register_wants_code(sheet->host, sheet->user);
}

static void write_plain(struct strbuf *out, const struct preference_sheet *sheet)
{
    for (size_t i = 0; i < sheet->count; i++) {
        if (is_plain(&sheet->fields[i]))
            xml_element(out, sheet->fields[i].var,
                        sheet->fields[i].initial ? sheet->fields[i].initial : "");
    }
}

static void write_form(struct strbuf *out, const struct preference_sheet *sheet,
                       const char *instructions)
{
    form_open(out, "form", sheet->host->transport->description, instructions);
    form_write_field(out, &form_type, NULL);
    for (size_t i = 0; i < sheet->count; i++)
        form_write_field(out, &sheet->fields[i], NULL);
    if (register_wants_code(sheet->host, sheet->user))
        form_write_field(out, &register_code_field, NULL);
    form_close(out);
}

static void add_instructions(struct strbuf *out, const struct preference_sheet *sheet, bool plain)
{
    const char *name = sheet->host->name;

    if (register_has(sheet->host, sheet->user))
        strbuf_addf(out, _("You are registered with %s. Here you can change your settings."), name);
    else if (plain)
        strbuf_addf(out, _("Fill this in to register with %s."), name);
    else
        strbuf_addf(out, _("Fill in the form to register with %s. If your client shows none, write "
                           "\"register\" to %s."),
                    name, name);
}

static void answer_get(const struct query *q)
{
    struct preference_sheet *sheet = register_sheet(q->host, jid_bare(q->from));
    struct strbuf instructions = STRBUF_INIT(8192);
    bool plain = can_be_plain(sheet);

    add_instructions(&instructions, sheet, plain);
    struct strbuf *out = query_begin(q);
    strbuf_adds(out, "><query xmlns='" NS_REGISTER "'>");
    if (register_has(q->host, sheet->user))
        strbuf_adds(out, "<registered/>");
    xml_element(out, "instructions", strbuf_text(&instructions));
    if (plain)
        write_plain(out, sheet);
    write_form(out, sheet, strbuf_text(&instructions));
    strbuf_adds(out, "</query>");
    query_finish(q, out);
    strbuf_release(&instructions);
    preference_sheet_free(sheet);
}

/* --- jabber:iq:register: what was filled in --------------------------------------------------- */

/* One of the legacy fields: absent it stays, and an empty password does, too
 * (XEP-0077 §3.3). -1 with *err set: it is not good. */
static int read_plain_field(xmpp_stanza_t *query, const struct form_field *field, char **value,
                            struct bridge_error *err)
{
    xmpp_stanza_t *given = is_plain(field) ? stanza_child(query, field->var, NS_REGISTER) : NULL;
    struct strbuf text = STRBUF_INIT(XML_STANZA_MAX), checked = STRBUF_INIT(2 * FORM_TEXT_MAX);
    int rc = 0;

    *value = NULL;
    if (!given && field->type != FORM_FIXED)
        *value = bridge_strdup(field->initial);
    else if (given && stanza_text(given, &text) && text.len)
        rc = form_check(field, strbuf_text(&text), &checked, err);
    if (!rc && checked.len)
        *value = strbuf_detach(&checked);
    strbuf_release(&text);
    strbuf_release(&checked);
    return rc;
}

static int read_plain(const struct query *q, const struct preference_sheet *sheet, char **values,
                      struct bridge_error *err)
{
    struct strbuf faults = STRBUF_INIT(PREFERENCE_MAX * 2 * BRIDGE_ERROR_MAX);
    struct bridge_error why;

    for (size_t i = 0; i < sheet->count; i++) {
        if (read_plain_field(q->payload, &sheet->fields[i], &values[i], &why))
            strbuf_addf(&faults, "%s%s: %s", faults.len ? "; " : "", _(sheet->fields[i].label),
                        why.text);
    }
    int rc = faults.len ? bridge_fail(err, BRIDGE_INCOMPLETE, "%s", strbuf_text(&faults)) : 0;
    strbuf_release(&faults);
    return rc;
}

/* XEP-0077 §5: the form counts, if there is one. */
static int read_values(const struct query *q, xmpp_stanza_t *x,
                       const struct preference_sheet *sheet, char **values, char **code,
                       struct bridge_error *err)
{
    const struct form_field code_fields[] = { register_code_field, { 0 } };
    bool coded = register_wants_code(sheet->host, sheet->user);
    struct bridge_error why;

    int rc = x ? form_read(x, sheet->fields, values, err) : read_plain(q, sheet, values, err);
    if (!coded || !form_read(x, code_fields, code, &why))
        return rc;
    if (!rc)
        return bridge_fail(err, BRIDGE_INCOMPLETE, "%s", why.text);
    bridge_fail(&why, BRIDGE_INCOMPLETE, "%s; %s", err->text, why.text);
    *err = why;
    return -1;
}

static void take_form(const struct query *q, xmpp_stanza_t *x, struct reply *reply)
{
    struct preference_sheet *sheet = register_sheet(q->host, jid_bare(q->from));
    char *values[PREFERENCE_MAX] = { NULL };
    char *code[1] = { NULL };
    struct bridge_error err;

    if (!read_values(q, x, sheet, values, code, &err)) {
        register_put(sheet, values, code[0], answer_request, reply);
    } else {
        answer_request(reply, &err);
        form_release(values, sheet->count);
        preference_sheet_free(sheet);
    }
    free(code[0]);
}

/* XEP-0077 §3.2: nothing else may stand beside <remove/>. */
static void remove_account(const struct query *q, struct reply *reply)
{
    struct bridge_error err;
    size_t count = 0;

    for (xmpp_stanza_t *s = xmpp_stanza_get_children(q->payload); s; s = xmpp_stanza_get_next(s))
        count += xmpp_stanza_is_tag(s) != 0;
    if (count == 1) {
        register_remove(q->host, jid_bare(q->from), answer_request, reply);
        return;
    }
    bridge_fail(&err, BRIDGE_INVALID, _("To remove a registration, say nothing else"));
    reply_end(reply, &err);
}

static void answer_set(const struct query *q)
{
    xmpp_stanza_t *x = stanza_child(q->payload, "x", NS_DATA);
    const char *type = x ? xmpp_stanza_get_type(x) : NULL;
    struct bridge_error err;

    struct reply *reply = reply_new(q, &err);
    if (!reply)
        query_refuse(q, err.code, err.text);
    else if (stanza_child(q->payload, "remove", NS_REGISTER))
        remove_account(q, reply);
    else if (type && !strcmp(type, "cancel"))
        reply_end(reply, NULL);
    else
        take_form(q, x, reply);
}

/* Whoever has become unwelcome may still go. */
static bool is_farewell(const struct query *q)
{
    return !strcmp(xmpp_stanza_get_type(q->iq), "set") &&
           stanza_child(q->payload, "remove", NS_REGISTER) &&
           register_has(q->host, jid_bare(q->from));
}

void register_answer(const struct query *q)
{
    bool here = q->target->kind == BRIDGE_ADDRESS_NONE && !jid_resource(q->to);
    struct bridge_error err;

    if (!here)
        query_refuse(q, BRIDGE_NO_SERVICE, _("Nothing here understands this request"));
    else if (!is_farewell(q) && register_may(q->host, jid_bare(q->from), &err))
        query_refuse(q, err.code, err.text);
    else if (!strcmp(xmpp_stanza_get_type(q->iq), "set"))
        answer_set(q);
    else
        answer_get(q);
}
