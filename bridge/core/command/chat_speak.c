#include "chat_speak.h"

#include <stdarg.h>
#include <string.h>

#include <bridge/words.h>

#include "core.h"
#include "xml.h"

#define BODY_MAX 150000
#define TOO_MUCH N_("This was done, but there is too much to show in one message.")

const char *chat_slash(const struct command_place *place)
{
    return place->kind == BRIDGE_ADDRESS_NONE ? "" : "/";
}

void chat_say(const struct command_place *place, const char *client, const char *text)
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
        chat_say(place, client, _(TOO_MUCH));
    else
        domain_send(place->host, out);
}

void chat_sayf(const struct command_place *place, const char *client, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT(BODY_MAX);
    va_list args;

    va_start(args, format);
    strbuf_addv(&text, format, args);
    va_end(args);
    chat_say(place, client, strbuf_text(&text));
    strbuf_release(&text);
}

/* --- the outcome of a command -------------------------------------------------------- */

static void write_fact(struct strbuf *out, const struct command_fact *fact)
{
    strbuf_addf(out, "%s%s:%s", out->len ? "\n" : "", _(fact->field.label),
                strchr(fact->value, '\n') ? "\n" : " ");
    strbuf_adds(out, fact->value);
}

static void write_table(const struct command_call *call, struct strbuf *out)
{
    size_t width = form_count(call->columns);

    for (size_t i = 0; i < call->cell_count; i++) {
        strbuf_adds(out, i % width ? ", " : "\n- ");
        strbuf_adds(out, call->cells[i]);
    }
}

void chat_tell_outcome(struct command_call *call)
{
    const struct command_place place = command_place(call);
    struct strbuf body = STRBUF_INIT(BODY_MAX);

    strbuf_adds(&body, strbuf_text(&call->text));
    for (size_t i = 0; i < call->fact_count; i++)
        write_fact(&body, &call->facts[i]);
    write_table(call, &body);
    if (body.overflow)
        chat_say(&place, call->client, _(TOO_MUCH));
    else
        chat_say(&place, call->client, body.len ? strbuf_text(&body) : _("Done."));
    strbuf_release(&body);
}

/* --- help ------------------------------------------------------------------------------- */

static void add_example(const struct command_place *place, const struct command *command,
                        char before, struct strbuf *out)
{
    const char *example = command_example(place, command);

    if (!example)
        return;
    strbuf_addch(out, before);
    /* TRANSLATORS: a line that can be written, "/" or nothing before it. */
    strbuf_addf(out, _("For example: %s%s"), chat_slash(place), example);
}

static void list_command(const struct command_place *place, const struct command *command,
                         struct strbuf *out)
{
    strbuf_addf(out, "\n%s%s - %s", chat_slash(place), command->word, _(command->help));
    add_example(place, command, ' ', out);
}

/* What becomes of other lines. */
static const char *about_others(const struct command_place *place)
{
    static const char *const texts[] = {
        [BRIDGE_ADDRESS_NONE] = NULL,
        [BRIDGE_ADDRESS_CONTACT] =
            N_("Everything else is sent to this contact. To send a line that begins with one of "
               "these commands, put a second \"/\" before it."),
        [BRIDGE_ADDRESS_ROOM] =
            N_("Everything else is said in the room. To say a line that begins with one of "
               "these commands, put a second \"/\" before it."),
        [BRIDGE_ADDRESS_SERVICE] =
            N_("Everything else is sent to the network. To send a line that begins with one of "
               "these commands, put a second \"/\" before it."),
    };

    return texts[place->kind];
}

void chat_help(const struct command_place *place, const char *user, const char *client)
{
    struct strbuf out = STRBUF_INIT(65536);
    const struct command *c;
    size_t cursor = 0;

    strbuf_addf(&out, _("You can write these commands to %s:"), place->jid);
    while ((c = command_next(place, user, &cursor))) {
        if (c->word)
            list_command(place, c, &out);
    }
    strbuf_addch(&out, '\n');
    strbuf_addf(&out, _("Write \"%shelp\" and a command to learn more about it."),
                chat_slash(place));
    if (about_others(place))
        strbuf_addf(&out, "\n%s", _(about_others(place)));
    chat_say(place, client, strbuf_text(&out));
    strbuf_release(&out);
}

static void explain_field(struct strbuf *out, const struct form_field *field)
{
    if (field->type == FORM_HIDDEN || field->type == FORM_FIXED)
        return;
    strbuf_addf(out, "\n%s - %s", field->var, _(field->label));
    if (field->required)
        strbuf_addf(out, " %s", _("(needed)"));
    for (const struct form_option *o = field->options; o && o->value; o++)
        strbuf_addf(out, "%s%s", o == field->options ? ": " : ", ", o->value);
    if (field->help)
        strbuf_addf(out, ". %s", _(field->help));
}

void chat_explain(const struct command_place *place, const char *client,
                  const struct command *command)
{
    struct strbuf out = STRBUF_INIT(65536);

    strbuf_addf(&out, "%s%s - %s", chat_slash(place), command->word, _(command->help));
    if (form_asks(command->fields)) {
        strbuf_addf(&out, "\n%s",
                    _("Behind the command you can write, in this order or as name=value; put "
                      "\"...\" around values with spaces:"));
        for (const struct form_field *f = command->fields; f->type; f++)
            explain_field(&out, f);
    }
    add_example(place, command, '\n', &out);
    chat_say(place, client, strbuf_text(&out));
    strbuf_release(&out);
}
