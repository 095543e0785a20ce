/* The commands to see and change settings: as one form, or one after the other in
 * a chat. Those of the place where they are given. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/words.h>

#include "chat_speak.h"
#include "core.h"
#include "preference.h"
#include "register.h"

/* Where there is something to set. */
static bool has_settings(const struct command_place *place)
{
    return preference_any(place->host, place->kind);
}

/* The rows' examples are about it. */
static bool has_language(const struct command_place *place)
{
    return preference_named(place->host, place->kind, "language");
}

/* Of the user who asks, or whom an admin names. */
static struct preference_sheet *sheet_of(const struct command_call *call, const char *user,
                                         bool admin)
{
    const struct preference_of of = {
        .host = call->host, .user = user, .kind = call->kind, .address = call->address,
        .admin = admin,
    };

    return preference_sheet_new(&of, 0);
}

static int admit(const struct command_call *call, struct bridge_error *err)
{
    return call->host->transport ? register_admit(call->host, call->user, err) : 0;
}

static void on_stored(void *arg, const struct bridge_error *why)
{
    struct command_call *call = arg;

    command_resume(call);
    if (why) {
        command_again(call, why);
        return;
    }
    command_say(call, "%s", _("The settings are stored."));
    command_done(call);
}

/* --- as a form ------------------------------------------------------------------------- */

static void add_fields(struct command_call *call, struct preference_sheet *sheet)
{
    for (size_t i = 0; i < sheet->count; i++)
        command_add_field(call, &sheet->fields[i]);
    preference_sheet_free(sheet);
}

static int prepare_settings(struct command_call *call, struct bridge_error *err)
{
    if (admit(call, err))
        return -1;
    add_fields(call, sheet_of(call, call->user, false));
    return 0;
}

static const struct form_field *shown_field(const struct command_call *call, const char *var)
{
    const struct command_form *form = &call->forms[call->form_count - 1];

    for (size_t i = 0; i < form->count; i++) {
        if (form->fields[i].var && !strcmp(form->fields[i].var, var))
            return &form->fields[i];
    }
    return NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* What the user left as it was shown shall be as it is by now, whoever changed it
 * in the meantime. */
static char *filled_in(const struct command_call *call, const struct form_field *field)
{
    const struct form_field *shown = field->var ? shown_field(call, field->var) : NULL;
    const char *value = shown ? command_value(call, field->var) : NULL;

    if (!shown || same_text(value, shown->initial))
        return bridge_strdup(field->type == FORM_FIXED ? NULL : field->initial);
    return bridge_strdup(value);
}

static void change_all(struct command_call *call, struct preference_sheet *sheet)
{
    char *values[PREFERENCE_MAX] = { NULL };

    for (size_t i = 0; i < sheet->count; i++)
        values[i] = filled_in(call, &sheet->fields[i]);
    preference_change(sheet, values, on_stored, call);
}

static void run_settings(struct command_call *call)
{
    change_all(call, sheet_of(call, call->user, false));
}

/* --- in a chat --------------------------------------------------------------------------- */

static const struct form_field set_fields[] = {
    { .var = "key", .type = FORM_TEXT_SINGLE, .label = N_("Setting") },
    { .var = "value", .type = FORM_TEXT_MULTI, .label = N_("New value"), .blank = true },
    { 0 },
};

static void add_value(struct strbuf *out, const struct preference_sheet *sheet, size_t i)
{
    const struct form_field *field = &sheet->fields[i];

    if (field->type == FORM_FIXED) /* has its label in it */
        strbuf_adds(out, strchr(field->initial, ':') + 2);
    else if (field->initial)
        strbuf_adds(out, form_shown(field, field->initial));
    else if (sheet->set[i]) /* a secret */
        strbuf_adds(out, _("(is set, and not shown)"));
    else
        strbuf_adds(out, _("(is not set)"));
}

static void add_choices(struct strbuf *out, const struct form_field *field)
{
    if (field->type == FORM_BOOLEAN)
        strbuf_adds(out, ": yes, no");
    for (const struct form_option *o = field->options; o && o->value; o++)
        strbuf_addf(out, "%s%s", o == field->options ? ": " : ", ", o->value);
}

/* "key = value - what it is: choices" */
static void add_line(struct strbuf *out, const struct preference_sheet *sheet, size_t i)
{
    const struct preference *row = sheet->rows[i];

    strbuf_addf(out, "%s = ", row->key);
    add_value(out, sheet, i);
    strbuf_addf(out, " - %s", _(row->label));
    add_choices(out, &sheet->fields[i]);
}

static const char *slash_of(const struct command_call *call)
{
    const struct command_place place = command_place(call);

    return chat_slash(&place);
}

static void list_settings(struct command_call *call, const struct preference_sheet *sheet)
{
    struct strbuf out = STRBUF_INIT(60000);

    strbuf_adds(&out, _("These are the settings here:"));
    for (size_t i = 0; i < sheet->count; i++) {
        strbuf_addch(&out, '\n');
        add_line(&out, sheet, i);
    }
    strbuf_addch(&out, '\n');
    strbuf_addf(&out, _("Write \"%s%s %s\" and a value to change one of them, and \"\" as value to "
                        "empty it."),
                slash_of(call), call->command->word, sheet->rows[0]->key);
    command_say(call, "%s", strbuf_text(&out));
    strbuf_release(&out);
}

static void show_setting(struct command_call *call, const struct preference_sheet *sheet, size_t i)
{
    struct strbuf out = STRBUF_INIT(2 * FORM_TEXT_MAX);

    add_line(&out, sheet, i);
    if (sheet->rows[i]->help)
        strbuf_addf(&out, "\n%s", _(sheet->rows[i]->help));
    command_say(call, "%s", strbuf_text(&out));
    strbuf_release(&out);
}

/* -1 with *err set: no value of this setting. */
static int check_value(const struct preference_sheet *sheet, size_t i, const char *text,
                       char **value, struct bridge_error *err)
{
    const struct form_field *field = &sheet->fields[i];
    struct strbuf checked = STRBUF_INIT(2 * FORM_TEXT_MAX);
    struct bridge_error why;

    *value = NULL;
    if (field->type == FORM_FIXED)
        return bridge_fail(err, BRIDGE_FORBIDDEN, "%s: %s", _(sheet->rows[i]->label),
                           _("only an administrator can change this"));
    if (!*text) {
        *value = bridge_strdup("");
        return 0;
    }
    int rc = form_check(field, text, &checked, &why);
    if (rc)
        bridge_fail(err, BRIDGE_INVALID, "%s: %s", _(field->label), why.text);
    else
        *value = strbuf_detach(&checked);
    strbuf_release(&checked);
    return rc;
}

static void change_one(struct command_call *call, struct preference_sheet *sheet, size_t n,
                       const char *text)
{
    char *values[PREFERENCE_MAX] = { NULL };
    struct bridge_error err;

    for (size_t i = 0; i < sheet->count; i++) {
        if (i != n && sheet->fields[i].type != FORM_FIXED)
            values[i] = bridge_strdup(sheet->fields[i].initial);
    }
    if (check_value(sheet, n, text, &values[n], &err)) {
        form_release(values, sheet->count);
        preference_sheet_free(sheet);
        command_again(call, &err);
        return;
    }
    preference_change(sheet, values, on_stored, call);
}

/* Show all, or one, or change it. */
static void set(struct command_call *call, struct preference_sheet *sheet)
{
    const char *key = command_value(call, "key");
    const char *value = command_value(call, "value");
    int i = key ? preference_sheet_find(sheet, key) : -1;

    if (i >= 0 && value) {
        change_one(call, sheet, (size_t)i, value);
        return;
    }
    if (i >= 0)
        show_setting(call, sheet, (size_t)i);
    else if (key)
        command_fail(call, _("There is no setting \"%s\" here. Write \"%s%s\" for a list of all."), key,
                     slash_of(call), call->command->word);
    else
        list_settings(call, sheet);
    preference_sheet_free(sheet);
    command_done(call);
}

static int prepare_set(struct command_call *call, struct bridge_error *err)
{
    return admit(call, err);
}

static void run_set(struct command_call *call)
{
    set(call, sheet_of(call, call->user, false));
}

/* --- for admins: of somebody else ------------------------------------------------------------ */

static const struct form_field user_fields[] = {
    { .var = "user", .type = FORM_JID_SINGLE, .label = N_("User"), .required = true },
    { 0 },
};

static const struct form_field set_user_fields[] = {
    { .var = "user", .type = FORM_JID_SINGLE, .label = N_("User"), .required = true },
    { .var = "key", .type = FORM_TEXT_SINGLE, .label = N_("Setting") },
    { .var = "value", .type = FORM_TEXT_MULTI, .label = N_("New value"), .blank = true },
    { 0 },
};

/* The second form is that user's. */
static int more_user(struct command_call *call, struct bridge_error *err)
{
    (void)err;
    if (call->form_count == 1)
        add_fields(call, sheet_of(call, command_value(call, "user"), true));
    return 0;
}

static void run_user(struct command_call *call)
{
    change_all(call, sheet_of(call, command_value(call, "user"), true));
}

static void run_set_user(struct command_call *call)
{
    set(call, sheet_of(call, command_value(call, "user"), true));
}

/* --- rows -------------------------------------------------------------------------------------- */

const struct command command_settings_rows[] = {
    { .node = "settings", .title = N_("Settings"),
      .help = N_("Shows and changes your settings."), .scope = COMMAND_EVERYWHERE,
      .when = has_settings, .prepare = prepare_settings, .run = run_settings },
    { .word = "set", .title = N_("Settings"),
      .help = N_("Shows your settings, or changes one of them."), .example = "set language de",
      .fits = has_language, .scope = COMMAND_EVERYWHERE, .when = has_settings, .fields = set_fields,
      .prepare = prepare_set, .run = run_set },
    { .node = "user-settings", .title = N_("Settings of a user"),
      .help = N_("Shows and changes the settings of a user, also those that are for you alone."),
      .scope = COMMAND_AT_DOMAINS, .admin = true, .when = has_settings, .fields = user_fields,
      .more = more_user, .run = run_user },
    { .word = "set-user", .title = N_("Settings of a user"),
      .help = N_("Shows the settings of a user, or changes one of them."),
      .example = "set-user juliet@example.net language de", .fits = has_language,
      .scope = COMMAND_AT_DOMAINS, .admin = true, .when = has_settings, .fields = set_user_fields, .run = run_set_user },
    { 0 },
};
