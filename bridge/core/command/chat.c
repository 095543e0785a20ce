#include "chat.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <bridge/clock.h>
#include <bridge/utf8.h>
#include <bridge/words.h>
#include <sodium.h>

#include "chat_speak.h"
#include "command.h"
#include "command_line.h"
#include "core.h"
#include "room.h"
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

/* --- understanding ---------------------------------------------------------------------- */

/* Who said it, and where. */
struct chat {
    const struct command_place *place;
    const struct jid *from;
};

static void say(const struct chat *chat, const char *text)
{
    chat_say(chat->place, jid_full(chat->from), text);
}

/* One that this user may give, or NULL. */
static const struct command *find_command(const struct chat *chat, const char *word)
{
    const struct command *command = command_by_word(chat->place, word);

    return command && command_is_allowed(chat->place, jid_bare(chat->from), command) ? command
                                                                                     : NULL;
}

/* The command most like this word, or NULL if none is. */
static const struct command *nearest(const struct chat *chat, const char *word)
{
    const struct command *best = NULL, *c;
    size_t cursor = 0, least = 3; /* a slip or two */

    while ((c = command_next(chat->place, jid_bare(chat->from), &cursor))) {
        size_t distance = c->word ? command_line_distance(word, c->word) : least;
        if (distance < least && 2 * distance < strlen(c->word)) {
            least = distance;
            best = c;
        }
    }
    return best;
}

static void say_unknown(const struct chat *chat, const char *word)
{
    const struct command *near = nearest(chat, word);
    const char *slash = chat_slash(chat->place);
    struct strbuf out = STRBUF_INIT(COMMAND_LINE_MAX * 2);

    if (command_by_word(chat->place, word)) {
        say(chat, _("This command is for administrators."));
        return;
    }
    strbuf_addf(&out, _("There is no command \"%.*s\" here."),
                (int)utf8_cut(word, strlen(word), 60), word);
    strbuf_addch(&out, ' ');
    if (near) {
        strbuf_addf(&out, _("Did you mean \"%s%s\"?"), slash, near->word);
        strbuf_addch(&out, ' ');
    }
    strbuf_addf(&out, _("Write \"%shelp\" for a list of all."), slash);
    say(chat, strbuf_text(&out));
    strbuf_release(&out);
}

static void help(const struct chat *chat, const char *word)
{
    const struct command *command = word ? find_command(chat, word) : NULL;

    if (command)
        chat_explain(chat->place, jid_full(chat->from), command);
    else if (word)
        say_unknown(chat, word);
    else
        chat_help(chat->place, jid_bare(chat->from), jid_full(chat->from));
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

static void tell(const struct command_call *call, const char *text)
{
    const struct command_place place = command_place(call);

    chat_say(&place, call->client, text);
}

/* Where other lines are for people, an answer is marked as a command is. */
static void ask_field(const struct command_call *call, const struct form_field *field)
{
    const struct command_place place = command_place(call);
    bool domain = place.kind == BRIDGE_ADDRESS_NONE;

    chat_sayf(&place, call->client,
              domain ? _("%s? (Write \"cancel\" to stop.)")
                     : _("%s? (Write \"/\" and the answer, or \"/cancel\" to stop.)"),
              _(field->label));
}

static void ask_sure(const struct command_call *call)
{
    const struct command_place place = command_place(call);
    const char *slash = chat_slash(&place);
    struct strbuf out = STRBUF_INIT(2 * FORM_TEXT_MAX);

    call->command->ask(call, &out);
    strbuf_addch(&out, ' ');
    strbuf_addf(&out, _("Do it? (%syes or %sno)"), slash, slash);
    tell(call, strbuf_text(&out));
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
        tell(call, err.text);
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
            tell(call, err.text);
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

static void begin(struct command_call *call, const struct command_line *line)
{
    const struct command_place place = command_place(call);
    struct bridge_error err;

    call->chat = true;
    if (!take_words(call, line, &err)) {
        go_on(call);
        return;
    }
    chat_sayf(&place, call->client, _("%s. Write \"%shelp %s\" to see what it takes."), err.text,
              chat_slash(&place), call->command->word);
    command_cancel(call);
}

static void start(const struct chat *chat, const struct command_line *line)
{
    const struct command *command = find_command(chat, line->words[0]);
    struct bridge_error err;

    if (!command) {
        say_unknown(chat, line->words[0]);
        return;
    }
    struct command_call *call =
        command_open(chat->place, chat->from, command, chat_tell_outcome, &err);
    if (call)
        begin(call, line);
    else
        chat_sayf(chat->place, jid_full(chat->from), "%s.", err.text);
}

/* The answer to ask_field(). */
static void take_value(struct command_call *call, const char *text)
{
    const struct command_place place = command_place(call);
    const struct form_field *field = missing(call);
    struct strbuf value = STRBUF_INIT(2 * FORM_TEXT_MAX);
    struct bridge_error err;

    if (form_check(field, text, &value, &err)) {
        chat_sayf(&place, call->client,
                  _("%s: %s. Try again, or write \"%scancel\" to stop."), _(field->label),
                  err.text, chat_slash(&place));
    } else {
        struct command_form *form = command_current(call);
        form->values[field - form->fields] = strbuf_detach(&value);
        go_on(call);
    }
    strbuf_release(&value);
}

static void stop(struct command_call *call)
{
    tell(call, _("Canceled; nothing was done."));
    command_cancel(call);
}

/* The answer to ask_sure(). */
static void take_sure(struct command_call *call, const char *text)
{
    const struct command_place place = command_place(call);
    const char *slash = chat_slash(&place);
    struct strbuf value = STRBUF_INIT(16);
    struct bridge_error err;

    if (form_check(&command_sure_fields[0], text, &value, &err)) {
        chat_sayf(&place, call->client, _("Please write %syes or %sno."), slash, slash);
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
        tell(call, _("This command is for administrators."));
        command_cancel(call);
    } else if (!strcasecmp(word, "cancel")) {
        stop(call);
    } else if (call->step == COMMAND_SURE) {
        take_sure(call, word);
    } else {
        take_value(call, text);
    }
}

/* One line: an answer, a call for help, or a command. */
static void converse(const struct chat *chat, const char *text)
{
    struct command_call *call = command_find(chat->place, jid_full(chat->from), NULL);
    struct command_line line;
    struct bridge_error err;

    int rc = command_line_parse(text, &line, &err);
    const char *word = line.count ? line.words[0] : "";
    if (call)
        reply(call, word, text);
    else if (rc)
        chat_sayf(chat->place, jid_full(chat->from), "%s.", err.text);
    else if (!*word || !strcasecmp(word, "help"))
        help(chat, line.count > 1 ? line.words[1] : NULL);
    else if (!strcasecmp(word, "cancel"))
        say(chat, _("There is nothing to cancel."));
    else
        start(chat, &line);
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
    return jid_local(from) && !is_ours(host->core, jid_domain(from)) &&
           !stanza_child(message, "delay", NS_DELAY) &&
           !stanza_child(message, "x", "jabber:x:delay");
}

static bool is_chat(xmpp_stanza_t *message)
{
    const char *type = xmpp_stanza_get_type(message);

    return !type || !strcmp(type, "chat") || !strcmp(type, "normal");
}

void chat_receive(struct bridge_host *host, xmpp_stanza_t *message, const struct jid *from,
                  const char *text)
{
    const struct command_place place = { host, BRIDGE_ADDRESS_NONE, "", host->name };
    const struct chat chat = { &place, from };

    if (is_chat(message) && is_from_person(host, message, from) &&
        spend(host->core->chat, jid_bare(from)))
        converse(&chat, text);
}

/* --- lines among those for people -------------------------------------------------------- */

/* The first word. */
static bool is_word(const char *text, const char *word)
{
    size_t len = strlen(word);

    return !strncasecmp(text, word, len) && strchr(" \t\n", text[len]);
}

static bool names_command(const struct chat *chat, const char *text)
{
    char *word = bridge_strndup(text, strcspn(text, " \t\n"));
    bool known = find_command(chat, word) || !strcasecmp(word, "help");

    free(word);
    return known;
}

/* What is not meant for people: NULL, or the line without its slash. To a room
 * itself nobody can speak but in the room, and to a network "help" is a call for
 * help. */
static const char *find_line(const struct chat *chat, const char *text, bool groupchat)
{
    bool waits = command_find(chat->place, jid_full(chat->from), NULL) != NULL;
    bool slash = *text == '/' && text[1] != '/';
    bool aside = chat->place->kind == BRIDGE_ADDRESS_ROOM && !groupchat;

    if (slash)
        text++;
    if (slash && is_word(text, "me")) /* XEP-0245 */
        return NULL;
    if (waits && (slash || aside))
        return text;
    if ((slash || aside) && names_command(chat, text))
        return text;
    if (chat->place->kind == BRIDGE_ADDRESS_SERVICE && is_word(text, "help"))
        return text[strlen("help")] ? NULL : text;
    return NULL;
}

/* A command ends the dialogue that was forgotten before. */
static void end_dialogue(const struct chat *chat, const char *text)
{
    struct command_call *call = command_find(chat->place, jid_full(chat->from), NULL);

    if (call && names_command(chat, text))
        command_cancel(call);
}

/* XEP-0045 §7.4: the client waits for its copy. The others of the room, among
 * them the user's other clients, have nothing to do with it. */
static void reflect(const struct inbound *in, const struct bridge_room *room, const char *text)
{
    xmpp_stanza_t *origin = stanza_child(in->stanza, "origin-id", NS_SID);
    struct strbuf *out = core_stanza(in->host->core);
    struct strbuf from = STRBUF_INIT(8192);

    strbuf_addf(&from, "%s/%s", jid_bare(in->to), bridge_room_nick(room));
    strbuf_adds(out, "<message type='groupchat'");
    xml_attribute(out, "from", strbuf_text(&from));
    xml_attribute(out, "to", jid_full(in->from));
    xml_attribute(out, "id", in->id);
    strbuf_addch(out, '>');
    xml_element(out, "body", text);
    if (origin) {
        strbuf_adds(out, "<origin-id xmlns='" NS_SID "'");
        xml_attribute(out, "id", xmpp_stanza_get_id(origin));
        strbuf_adds(out, "/>");
    }
    strbuf_adds(out, "</message>");
    domain_send(in->host, out);
    strbuf_release(&from);
}

/* "//help" for people is "/help". */
static void take_slash_away(const struct chat *chat, xmpp_stanza_t *body, const char *text)
{
    xmpp_stanza_t *first = xmpp_stanza_get_children(body);

    if (strncmp(text, "//", 2) != 0 || !names_command(chat, text + strspn(text, "/")) || !first ||
        !xmpp_stanza_is_text(first))
        return;
    char *rest = bridge_strdup(text + 1);
    xmpp_stanza_set_text(first, rest);
    free(rest);
}

static bool take(const struct inbound *in, const struct chat *chat, xmpp_stanza_t *body,
                 const char *text)
{
    bool groupchat = !strcmp(in->type, "groupchat");
    struct bridge_room *room = groupchat ? inbound_room(in) : NULL;
    const char *line = find_line(chat, text, groupchat);

    if (groupchat && (!room || !room_is_joined(room)))
        return false;
    if (!line) {
        take_slash_away(chat, body, text);
        return false;
    }
    if (!spend(in->host->core->chat, jid_bare(in->from))) {
        inbound_refuse_with(in, BRIDGE_BUSY, _("These are too many commands; wait a moment"));
        return true;
    }
    if (room)
        reflect(in, room, text);
    end_dialogue(chat, line);
    converse(chat, line);
    return true;
}

bool chat_take(const struct inbound *in)
{
    const struct command_place place = { in->host, in->target.kind,
                                         strbuf_text(&in->target.address), jid_bare(in->to) };
    const struct chat chat = { &place, in->from };
    xmpp_stanza_t *body = stanza_child(in->stanza, "body", NS_COMPONENT);
    struct strbuf text = STRBUF_INIT(COMMAND_LINE_MAX + 1);
    bool taken = false;

    if (place.kind == BRIDGE_ADDRESS_NONE || jid_resource(in->to) ||
        !(is_chat(in->stanza) || !strcmp(in->type, "groupchat")) ||
        !is_from_person(in->host, in->stanza, in->from))
        return false;
    stanza_text(body, &text);
    if (text.len)
        taken = take(in, &chat, body, strbuf_text(&text));
    strbuf_release(&text);
    return taken;
}
