#include "chat.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <bridge/clock.h>
#include <bridge/utf8.h>
#include <bridge/words.h>
#include <sodium.h>

#include "command.h"
#include "command_line.h"
#include "core.h"
#include "stanza.h"
#include "xml.h"

/* --- how much is answered --------------------------------------------------------------- */

#define BUDGETS 4096

/* For each user a place, which others may share: so no number of users needs
 * more memory, and nobody can choose whom to meet there. */
struct chat_budgets {
    uint64_t spent_until[BUDGETS]; /* clock_monotonic() */
    unsigned char key[crypto_shorthash_KEYBYTES];
};

struct chat_budgets *chat_budgets_new(void)
{
    struct chat_budgets *budgets = bridge_alloc(sizeof *budgets);

    crypto_shorthash_keygen(budgets->key);
    return budgets;
}

void chat_budgets_free(struct chat_budgets *budgets)
{
    free(budgets);
}

static bool spend(struct chat_budgets *budgets, const char *user)
{
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t now = clock_monotonic();
    uint16_t place;

    crypto_shorthash(hash, (const unsigned char *)user, strlen(user), budgets->key);
    memcpy(&place, hash, sizeof place);
    uint64_t *until = &budgets->spent_until[place % BUDGETS];
    if (*until < now)
        *until = now;
    if (*until - now > (CHAT_BURST - 1) * CHAT_PAUSE_MS)
        return false;
    *until += CHAT_PAUSE_MS;
    return true;
}

/* --- speaking --------------------------------------------------------------------------- */

#define BODY_MAX 150000

/* `client` is a full JID. */
static void say(const struct command_place *place, const char *client, const char *text)
{
    struct strbuf *out = core_stanza(place->host->core);

    strbuf_adds(out, "<message type='chat'");
    xml_attribute(out, "from", place->jid);
    xml_attribute(out, "to", client);
    core_add_id(place->host->core, out);
    strbuf_addch(out, '>');
    xml_element(out, "body", text);
    strbuf_adds(out, "</message>");
    if (out->overflow)
        say(place, client, _("This was done, but there is too much to show in one message."));
    else
        domain_send(place->host, out);
}

static void say_to(const struct command_call *call, const char *text)
{
    const struct command_place place = command_place(call);

    say(&place, call->client, text);
}

static void write_table(const struct command_call *call, struct strbuf *out)
{
    size_t width = form_count(call->columns);

    for (size_t i = 0; i < call->cell_count; i++) {
        strbuf_adds(out, i % width ? ", " : "\n- ");
        strbuf_adds(out, call->cells[i]);
    }
}

/* What a command says in the end. */
static void answer(struct command_call *call)
{
    struct strbuf body = STRBUF_INIT(BODY_MAX);

    strbuf_adds(&body, strbuf_text(&call->text));
    for (size_t i = 0; i < call->fact_count; i++) {
        const char *value = call->facts[i].value;
        strbuf_addf(&body, "%s%s:%s", body.len ? "\n" : "", _(call->facts[i].field.label),
                    strchr(value, '\n') ? "\n" : " ");
        strbuf_adds(&body, value);
    }
    write_table(call, &body);
    if (body.overflow)
        say_to(call,
            "This was done, but there is too much to show in one message.");
    else
        say_to(call, body.len ? strbuf_text(&body) : "Done.");
    strbuf_release(&body);
}

/* --- help ------------------------------------------------------------------------------- */

static void list_commands(const struct command_place *place, const char *user, struct strbuf *out)
{
    const struct command *c;
    size_t cursor = 0;

    strbuf_addf(out, "You can write these commands to %s:", place->jid);
    while ((c = command_next(place, user, &cursor)))
        strbuf_addf(out, "\n%s - %s", c->word, c->help);
    strbuf_adds(out, "\nWrite \"help\" and a command to learn more about it.");
}

static void explain_field(struct strbuf *out, const struct form_field *field)
{
    if (field->type == FORM_HIDDEN || field->type == FORM_FIXED)
        return;
    strbuf_addf(out, "\n%s - %s%s", field->var, field->label,
                field->required ? " (needed)" : "");
    for (const struct form_option *o = field->options; o && o->value; o++)
        strbuf_addf(out, "%s%s", o == field->options ? ": " : ", ", o->value);
}

static void explain(const struct command *command, struct strbuf *out)
{
    strbuf_addf(out, "%s - %s", command->word, command->help);
    if (!form_asks(command->fields))
        return;
    strbuf_adds(out, "\nBehind the command you can write, in this order or as name=value; put "
                     "\"...\" around values with spaces:");
    for (const struct form_field *f = command->fields; f->type; f++)
        explain_field(out, f);
}

/* The command most like this word, or NULL if none is. */
static const struct command *nearest(const struct command_place *place, const char *user,
                                     const char *word)
{
    const struct command *best = NULL, *c;
    size_t cursor = 0, least = 3; /* a slip or two */

    while ((c = command_next(place, user, &cursor))) {
        size_t distance = command_line_distance(word, c->word);
        if (distance < least && distance < strlen(c->word)) {
            least = distance;
            best = c;
        }
    }
    return best;
}

static void say_unknown(const struct command_place *place, const struct jid *from, const char *word)
{
    const struct command *near = nearest(place, jid_bare(from), word);
    struct strbuf out = STRBUF_INIT(COMMAND_LINE_MAX * 2);

    strbuf_addf(&out, "There is no command \"%.*s\" here.",
                (int)utf8_cut(word, strlen(word), 60), word);
    if (near)
        strbuf_addf(&out, " Did you mean \"%s\"?", near->word);
    strbuf_adds(&out, " Write \"help\" for a list of all.");
    say(place, jid_full(from), strbuf_text(&out));
    strbuf_release(&out);
}

static const struct command *known(const struct command_place *place, const struct jid *from,
                                   const char *word)
{
    const struct command *command = command_by_word(place, word);

    if (command && command_is_allowed(place, jid_bare(from), command))
        return command;
    if (command)
        say(place, jid_full(from), "This command is for administrators.");
    else
        say_unknown(place, from, word);
    return NULL;
}

static void help(const struct command_place *place, const struct jid *from, const char *word)
{
    struct strbuf out = STRBUF_INIT(65536);
    const struct command *command = word ? known(place, from, word) : NULL;

    if (command)
        explain(command, &out);
    else if (!word)
        list_commands(place, jid_bare(from), &out);
    if (out.len)
        say(place, jid_full(from), strbuf_text(&out));
    strbuf_release(&out);
}

/* --- the dialogue ----------------------------------------------------------------------- */

/* The first field of the form that is needed and has no value, or NULL. */
static const struct form_field *missing(struct command_call *call)
{
    const struct command_form *form = command_current(call);

    for (size_t i = 0; i < form->count; i++) {
        if (form->fields[i].required && !form->values[i] && !form->fields[i].initial)
            return &form->fields[i];
    }
    return NULL;
}

static void ask_field(const struct command_call *call, const struct form_field *field)
{
    struct strbuf out = STRBUF_INIT(4096);

    strbuf_addf(&out, "%s? (Write \"cancel\" to stop.)", field->label);
    say_to(call, strbuf_text(&out));
    strbuf_release(&out);
}

static void ask_sure(const struct command_call *call)
{
    struct strbuf out = STRBUF_INIT(2 * FORM_TEXT_MAX);

    call->command->ask(call, &out);
    strbuf_adds(&out, " Do it? (yes or no)");
    say_to(call, strbuf_text(&out));
    strbuf_release(&out);
}

/* Fields that nobody has filled in have the value that they had. */
static void fill_up(struct command_call *call)
{
    struct command_form *form = command_current(call);

    for (size_t i = 0; i < form->count; i++) {
        if (!form->values[i] && form->fields[i].type != FORM_HIDDEN)
            form->values[i] = bridge_strdup(form->fields[i].initial);
    }
}

static void wait_for_user(struct command_call *call)
{
    struct bridge_error err;

    if (command_keep(call, &err)) {
        say_to(call, err.text);
        command_cancel(call);
    } else if (call->step == COMMAND_SURE) {
        ask_sure(call);
    } else {
        ask_field(call, missing(call));
    }
}

/* Ask for what is needed next, or do it. */
static void go_on(struct command_call *call)
{
    struct bridge_error err;

    while (call->step == COMMAND_FIELDS && !missing(call)) {
        fill_up(call);
        if (command_forward(call, &err)) {
            say_to(call, err.text);
            command_cancel(call);
            return;
        }
    }
    if (call->step == COMMAND_RUN)
        command_run(call);
    else
        wait_for_user(call);
}

/* The words behind the command go into its first form. */
static int take_words(struct command_call *call, const struct command_line *line,
                      struct bridge_error *err)
{
    struct command_form *form = call->step == COMMAND_FIELDS ? command_current(call) : NULL;
    char **values = bridge_alloc((form ? form->count : 0) * sizeof *values + 1);
    int rc = command_line_fill(line, form ? form->fields : NULL, values, err);

    if (!rc && form)
        rc = command_fill(call, values, err);
    free(values);
    return rc;
}

static void start(const struct command_place *place, const struct jid *from,
                  const struct command_line *line)
{
    const struct command *command = known(place, from, line->words[0]);
    struct command_call *call;
    struct bridge_error err;

    if (!command)
        return;
    call = command_open(place, from, command, answer, &err);
    if (!call) {
        say(place, jid_full(from), err.text);
        return;
    }
    call->chat = true;
    if (!take_words(call, line, &err)) {
        go_on(call);
        return;
    }
    struct strbuf out = STRBUF_INIT(4096);
    strbuf_addf(&out, _("%s. Write \"help %s\" to see what it takes."), err.text,
                command->word);
    say_to(call, strbuf_text(&out));
    strbuf_release(&out);
    command_cancel(call);
}

/* The answer to ask_field(). */
static void take_value(struct command_call *call, const char *text)
{
    const struct form_field *field = missing(call);
    struct strbuf value = STRBUF_INIT(2 * FORM_TEXT_MAX);
    struct bridge_error err;

    if (form_check(field, text, &value, &err)) {
        struct strbuf out = STRBUF_INIT(4096);
        strbuf_addf(&out, "%s: %s. Try again, or write \"cancel\" to stop.", field->label,
                    err.text);
        say_to(call, strbuf_text(&out));
        strbuf_release(&out);
    } else {
        struct command_form *form = command_current(call);
        form->values[field - form->fields] = strbuf_detach(&value);
        go_on(call);
    }
    strbuf_release(&value);
}

static void stop(struct command_call *call)
{
    say_to(call, "Canceled; nothing was done.");
    command_cancel(call);
}

/* The answer to ask_sure(). */
static void take_sure(struct command_call *call, const char *text)
{
    struct strbuf value = STRBUF_INIT(16);
    struct bridge_error err;

    if (form_check(&command_sure_fields[0], text, &value, &err)) {
        say_to(call, "Please write yes or no.");
    } else if (!strcmp(strbuf_text(&value), "1")) {
        command_forward(call, &err);
        go_on(call);
    } else {
        stop(call);
    }
    strbuf_release(&value);
}

static void reply(struct command_call *call, const char *word, const char *text)
{
    const struct command_place place = command_place(call);

    if (!command_is_allowed(&place, call->user, call->command)) {
        say_to(call, "This command is for administrators.");
        command_cancel(call);
    } else if (!strcasecmp(word, "cancel")) {
        stop(call);
    } else if (call->step == COMMAND_SURE) {
        take_sure(call, word);
    } else {
        take_value(call, text);
    }
}

static void converse(const struct command_place *place, const struct jid *from, const char *text)
{
    struct command_call *call = command_find(place, jid_full(from), NULL);
    struct command_line line;
    struct bridge_error err;

    int rc = command_line_parse(text, &line, &err);
    const char *word = line.count ? line.words[0] : "";
    if (call)
        reply(call, word, text);
    else if (rc)
        say(place, jid_full(from), err.text);
    else if (!*word || !strcasecmp(word, "help"))
        help(place, from, line.count > 1 ? line.words[1] : NULL);
    else if (!strcasecmp(word, "cancel"))
        say(place, jid_full(from), "There is nothing to cancel.");
    else
        start(place, from, &line);
    command_line_release(&line);
}

/* --- who is answered -------------------------------------------------------------------- */

static bool is_ours(const struct core *core, const char *domain)
{
    for (size_t i = 0; i < core->host_count; i++) {
        if (!strcmp(core->hosts[i]->name, domain))
            return true;
    }
    return false;
}

/* Whoever answers automatically, too, must not find a partner in us. */
static bool is_from_person(const struct bridge_host *host, xmpp_stanza_t *message,
                           const struct jid *from)
{
    const char *type = xmpp_stanza_get_type(message);

    return jid_local(from) && !is_ours(host->core, jid_domain(from)) &&
           (!type || !strcmp(type, "chat") || !strcmp(type, "normal")) &&
           !stanza_child(message, "delay", NS_DELAY) &&
           !stanza_child(message, "x", "jabber:x:delay");
}

void chat_receive(struct bridge_host *host, xmpp_stanza_t *message, const struct jid *from,
                  const char *text)
{
    const struct command_place place = { host, BRIDGE_ADDRESS_NONE, "", host->name };

    if (is_from_person(host, message, from) && spend(host->core->chat, jid_bare(from)))
        converse(&place, from, text);
}
