#include "adhoc.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/error.h>
#include <bridge/words.h>

#include "command.h"
#include "core.h"
#include "disco.h"
#include "form.h"
#include "stanza.h"
#include "xml.h"

static const char *const actions[] = {
    [COMMAND_EXECUTE] = "execute", [COMMAND_NEXT] = "next", [COMMAND_PREV] = "prev",
    [COMMAND_COMPLETE] = "complete", [COMMAND_CANCEL] = "cancel",
};
#define ACTIONS ((int)(sizeof actions / sizeof *actions))

/* The longest id of a request that is kept until the answer. */
#define REQUEST_MAX 1024

/* One request. */
struct request {
    const struct command_place *place;
    xmpp_stanza_t *iq;
    xmpp_stanza_t *command;
    const struct jid *from;
    int action;
};

/* --- refusing ---------------------------------------------------------------------- */

/* What an error answers. */
struct refusal {
    const char *from, *to, *id; /* of the iq */
    const char *node, *session;
};

/* What the error is about, as the examples have it: some clients know their session by this
 * alone. Not what is too long to be ours. */
static void write_request(const struct refusal *r, struct strbuf *out)
{
    strbuf_adds(out, "<command xmlns='" NS_COMMANDS "'");
    if (r->node && strlen(r->node) <= REQUEST_MAX)
        xml_attribute(out, "node", r->node);
    if (r->session && strlen(r->session) <= REQUEST_MAX)
        xml_attribute(out, "sessionid", r->session);
    strbuf_adds(out, "/>");
}

/* XEP-0050 §4.4: some errors have an element of the protocol's own. */
static void send_refusal(struct bridge_host *host, const struct refusal *r,
                         const struct bridge_error *why, const char *detail)
{
    static const char end[] = "</error>";
    struct strbuf *out = core_stanza(host->core);

    strbuf_adds(out, "<iq type='error'");
    xml_attribute(out, "from", r->from);
    xml_attribute(out, "to", r->to);
    xml_attribute(out, "id", r->id);
    strbuf_addch(out, '>');
    write_request(r, out);
    stanza_error_write(out, why);
    if (detail && !out->overflow) {
        strbuf_cut(out, out->len - strlen(end));
        strbuf_addf(out, "<%s xmlns='" NS_COMMANDS "'/>%s", detail, end);
    }
    strbuf_adds(out, "</iq>");
    domain_send(host, out);
}

static void refuse(const struct request *r, const struct bridge_error *why, const char *detail)
{
    const struct refusal refusal = {
        xmpp_stanza_get_to(r->iq), xmpp_stanza_get_from(r->iq), xmpp_stanza_get_id(r->iq),
        xmpp_stanza_get_attribute(r->command, "node"),
        xmpp_stanza_get_attribute(r->command, "sessionid"),
    };

    send_refusal(r->place->host, &refusal, why, detail);
}

static void refuse_with(const struct request *r, enum bridge_code code, const char *detail,
                        const char *text)
{
    struct bridge_error why;

    bridge_fail(&why, code, "%s", text);
    refuse(r, &why, detail);
}

/* --- answering --------------------------------------------------------------------- */

static struct strbuf *begin(const struct command_call *call, const char *status)
{
    struct strbuf *out = core_stanza(call->host->core);

    strbuf_adds(out, "<iq type='result'");
    xml_attribute(out, "from", call->jid);
    xml_attribute(out, "to", call->client);
    xml_attribute(out, "id", call->request);
    strbuf_adds(out, "><command xmlns='" NS_COMMANDS "'");
    xml_attribute(out, "node", call->node);
    xml_attribute(out, "sessionid", call->id);
    xml_attribute(out, "status", status);
    strbuf_addch(out, '>');
    return out;
}

static void finish(const struct command_call *call, struct strbuf *out)
{
    strbuf_adds(out, "</command></iq>");
    domain_send(call->host, out);
}

static void write_note(struct strbuf *out, bool error, const char *text)
{
    strbuf_addf(out, "<note type='%s'>", error ? "error" : "info");
    xml_text(out, text);
    strbuf_adds(out, "</note>");
}

static void write_outcome(const struct command_call *call, struct strbuf *out)
{
    if (call->text.len)
        write_note(out, call->failed, strbuf_text(&call->text));
    if (!call->fact_count && !call->columns)
        return;
    form_open(out, "result", _(call->command->title), NULL);
    for (const struct form_field *f = call->command->fields; f && f->type; f++) {
        if (f->type == FORM_HIDDEN)
            form_write_field(out, f, NULL);
    }
    for (size_t i = 0; i < call->fact_count; i++)
        form_write_field(out, &call->facts[i].field, call->facts[i].value);
    if (call->columns)
        form_write_rows(out, call->columns, (const char *const *)call->cells,
                        call->cell_count);
    form_close(out);
}

static void answer_again(const struct command_call *call)
{
    const struct refusal refusal = { call->jid, call->client, call->request, call->node,
                                     call->id };

    send_refusal(call->host, &refusal, call->again, "bad-payload");
}

static void answer(struct command_call *call)
{
    if (call->again) {
        answer_again(call);
        return;
    }
    struct strbuf *out = begin(call, "completed");
    write_outcome(call, out);
    if (out->overflow) {
        out = begin(call, "completed");
        write_note(out, true, _("This was done, but there is too much to show in one message."));
    }
    finish(call, out);
}

static void write_actions(struct strbuf *out, const struct command_call *call)
{
    unsigned allowed = command_actions(call);

    strbuf_addf(out, "<actions execute='%s'>", actions[command_default(call)]);
    for (int i = COMMAND_NEXT; i < COMMAND_CANCEL; i++) {
        if (allowed & COMMAND_BIT(i))
            strbuf_addf(out, "<%s/>", actions[i]);
    }
    strbuf_adds(out, "</actions>");
}

/* The form of the step that the call is in. False: it does not fit into a stanza. */
static bool show_step(struct command_call *call)
{
    const struct command *c = call->command;
    struct strbuf question = STRBUF_INIT(FORM_TEXT_MAX);
    struct strbuf *out = begin(call, "executing");

    write_actions(out, call);
    if (call->step == COMMAND_SURE) {
        c->ask(call, &question);
        form_open(out, "form", _(c->title), strbuf_text(&question));
        form_write_field(out, &command_sure_fields[0], NULL);
    } else {
        const struct command_form *form = command_current(call);
        form_open(out, "form", _(c->title), _(c->help));
        for (size_t i = 0; i < form->count; i++)
            form_write_field(out, &form->fields[i], form->values[i]);
    }
    form_close(out);
    finish(call, out);
    strbuf_release(&question);
    return !out->overflow;
}

/* --- steps ------------------------------------------------------------------------- */

static void enter_step(const struct request *r, struct command_call *call)
{
    struct bridge_error err;

    free(call->request);
    call->request = bridge_strdup(xmpp_stanza_get_id(r->iq));
    if (call->step == COMMAND_RUN) {
        command_run(call);
    } else if (command_keep(call, &err)) {
        refuse(r, &err, NULL);
        command_cancel(call);
    } else if (!show_step(call)) {
        refuse_with(r, BRIDGE_REJECTED, NULL, _("There is too much to show in one message"));
        command_cancel(call);
    } else {
        free(call->request);
        call->request = NULL;
    }
}

static bool is_node(const struct command *command, const char *name)
{
    return !strcmp(command->node, name);
}

/* People who type nodes find the words of the chat shorter ("register"). Such a name is
 * understood, not listed. */
static const struct command *find_command(const struct command_place *place, const char *name)
{
    const struct command *command = command_by_node(place, name);

    if (!command)
        command = command_by_word(place, name);
    return command && command->node ? command : NULL;
}

static void open_call(const struct request *r, const struct command *command, const char *name)
{
    struct bridge_error err;
    struct command_call *call = command_open(r->place, r->from, command, answer, &err);

    if (!call) {
        refuse(r, &err, NULL);
        return;
    }
    call->node = is_node(command, name) ? command->node : command->word;
    enter_step(r, call);
}

static void start(const struct request *r, const char *name)
{
    const struct command *command = find_command(r->place, name);

    if (!command)
        refuse_with(r, BRIDGE_NOT_FOUND, NULL, _("There is no such command here"));
    else if (!command_is_allowed(r->place, jid_bare(r->from), command))
        refuse_with(r, BRIDGE_FORBIDDEN, NULL, _("This command is for administrators"));
    else if (r->action != COMMAND_EXECUTE)
        refuse_with(r, BRIDGE_INVALID, "bad-action", _("Start the command with \"execute\""));
    else
        open_call(r, command, name);
}

static int take_sure(xmpp_stanza_t *x, struct bridge_error *err)
{
    char *value;

    if (form_read(x, command_sure_fields, &value, err))
        return -1;
    bool sure = value && !strcmp(value, "1");
    free(value);
    if (sure)
        return 0;
    return bridge_fail(err, BRIDGE_INVALID,
                       _("Nothing was done: say \"yes\", or cancel the command"));
}

/* What was filled in is taken over. -1: it was not as it should be. */
static int take_form(const struct request *r, struct command_call *call,
                     struct bridge_error *err)
{
    xmpp_stanza_t *x = stanza_child(r->command, "x", NS_DATA);

    if (call->step == COMMAND_SURE)
        return take_sure(x, err);
    const struct command_form *form = command_current(call);
    char **values = bridge_alloc(form->count * sizeof *values);
    int rc = form_read(x, form->fields, values, err) || command_fill(call, values, err) ? -1 : 0;
    free(values);
    return rc;
}

/* "Next" at the last step is what is left to do: clients that know no other way to go on
 * say so (poezio). */
static enum command_action meant(const struct request *r, const struct command_call *call)
{
    bool forward = r->action == COMMAND_NEXT &&
                   !(command_actions(call) & COMMAND_BIT(COMMAND_NEXT));

    return forward || r->action == COMMAND_EXECUTE ? command_default(call)
                                                   : (enum command_action)r->action;
}

static void advance(const struct request *r, struct command_call *call)
{
    enum command_action action = meant(r, call);
    struct bridge_error err;

    if (!(command_actions(call) & COMMAND_BIT(action))) {
        refuse_with(r, BRIDGE_INVALID, "bad-action", _("That is not possible at this step"));
    } else if (action == COMMAND_PREV) {
        command_back(call);
        enter_step(r, call);
    } else if (take_form(r, call, &err) || command_forward(call, &err)) {
        refuse(r, &err, "bad-payload");
    } else {
        enter_step(r, call);
    }
}

static void cancel(const struct request *r, struct command_call *call)
{
    free(call->request);
    call->request = bridge_strdup(xmpp_stanza_get_id(r->iq));
    finish(call, begin(call, "canceled"));
    command_cancel(call);
}

static void go_on(const struct request *r, const char *node, const char *id)
{
    const char *client = jid_full(r->from);
    struct command_call *call = command_find(r->place, client, id);

    if (!call && command_was(r->place, client, id)) {
        refuse_with(r, BRIDGE_REJECTED, "session-expired",
                    _("This command has ended; start it again"));
    } else if (!call || strcmp(call->node, node) != 0) {
        refuse_with(r, BRIDGE_INVALID, "bad-sessionid",
                    _("You have no such command in progress; start it again"));
    } else if (!command_is_allowed(r->place, jid_bare(r->from), call->command)) {
        refuse_with(r, BRIDGE_FORBIDDEN, NULL, _("This command is for administrators"));
        command_cancel(call);
    } else if (r->action == COMMAND_CANCEL) {
        cancel(r, call);
    } else {
        advance(r, call);
    }
}

static int read_action(xmpp_stanza_t *command)
{
    const char *word = xmpp_stanza_get_attribute(command, "action");

    for (int i = 0; word && i < ACTIONS; i++) {
        if (!strcmp(actions[i], word))
            return i;
    }
    return word ? -1 : COMMAND_EXECUTE;
}

void adhoc_answer(const struct command_place *place, xmpp_stanza_t *iq, xmpp_stanza_t *command,
                  const struct jid *from)
{
    const struct request r = { place, iq, command, from, read_action(command) };
    const char *node = xmpp_stanza_get_attribute(command, "node");
    const char *id = xmpp_stanza_get_attribute(command, "sessionid");
    const char *request = xmpp_stanza_get_id(iq);

    if (request && strlen(request) > REQUEST_MAX)
        refuse_with(&r, BRIDGE_INVALID, NULL, _("The id of this request is too long"));
    else if (r.action < 0)
        refuse_with(&r, BRIDGE_INVALID, "malformed-action", _("There is no such action"));
    else if (!node)
        refuse_with(&r, BRIDGE_INVALID, NULL, _("The command's node is missing"));
    else if (id)
        go_on(&r, node, id);
    else
        start(&r, node);
}

/* --- disco ------------------------------------------------------------------------- */

static const struct command *visible(const struct command_place *place, const char *user,
                                     const char *node)
{
    const struct command *command = command_by_node(place, node);

    return command && command_is_allowed(place, user, command) ? command : NULL;
}

/* Commands without a node are for chats. */
static const struct command *next_shown(const struct command_place *place, const char *user,
                                        size_t *cursor)
{
    const struct command *command = command_next(place, user, cursor);

    while (command && !command->node)
        command = command_next(place, user, cursor);
    return command;
}

bool adhoc_offers(const struct command_place *place, const char *user)
{
    size_t cursor = 0;

    return next_shown(place, user, &cursor) != NULL;
}

bool adhoc_write_info(const struct command_place *place, const char *user, const char *node,
                      struct strbuf *out)
{
    static const char *const features[] = { NS_COMMANDS, NS_DATA, NULL };
    const struct command *command = visible(place, user, node);
    struct disco_identity identity = { .category = "automation", .type = "command-node" };
    const struct disco_info info = { .identities = &identity, .identity_count = 1,
                                     .features = features, .node = node };

    if (command) {
        identity.name = _(command->title);
    } else if (!strcmp(node, NS_COMMANDS) && adhoc_offers(place, user)) {
        identity.type = "command-list";
        identity.name = _("Commands");
    } else {
        return false;
    }
    disco_write_info(out, &info);
    return true;
}

bool adhoc_write_items(const struct command_place *place, const char *user, const char *node,
                       struct strbuf *out)
{
    const struct command *command = NULL;
    size_t cursor = 0;

    bool list = !strcmp(node, NS_COMMANDS);
    if (list ? !adhoc_offers(place, user) : !visible(place, user, node))
        return false;
    disco_open_items(out, node);
    while (list && (command = next_shown(place, user, &cursor)))
        disco_write_item(out, place->jid, command->node, _(command->title));
    disco_close_items(out);
    return true;
}
