/* A call: opened, kept while it waits, led from step to step, run once. */
#include "command.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/log.h>
#include <bridge/words.h>
#include <sodium.h>

#include "core.h"
#include "language.h"

#define TEXT_MAX 65536

struct commands {
    struct command_call **calls; /* the oldest first */
    size_t count;
    unsigned char key[crypto_shorthash_KEYBYTES];
};

struct commands *commands_new(void)
{
    struct commands *commands = bridge_alloc(sizeof *commands);

    commands->calls = bridge_alloc(COMMAND_TOTAL_MAX * sizeof *commands->calls);
    crypto_shorthash_keygen(commands->key);
    return commands;
}

static void forget(struct command_call *call)
{
    struct commands *commands = call->host->core->commands;

    for (size_t i = 0; call->waiting && i < commands->count; i++) {
        if (commands->calls[i] != call)
            continue;
        commands->count--;
        memmove(commands->calls + i, commands->calls + i + 1,
                (commands->count - i) * sizeof *commands->calls);
        call->waiting = false;
    }
}

/* --- forms --------------------------------------------------------------------------- */

/* Options are changed nowhere: only who made the copy frees it. */
static void field_release(struct form_field *field)
{
    free((char *)field->initial);
    free((struct form_option *)field->options);
}

static void form_end(struct command_form *form)
{
    form_release(form->values, form->count);
    for (size_t i = 0; i < form->count; i++)
        field_release(&form->fields[i]);
    free(form->fields);
    free(form->values);
    *form = (struct command_form){ 0 };
}

/* Keep only the first so many. */
static void cut_forms(struct command_call *call, size_t count)
{
    while (call->form_count > count)
        form_end(&call->forms[--call->form_count]);
}

static struct form_option *copy_options(const struct form_option *options)
{
    struct form_option *copy;
    size_t count = 0;

    while (options && options[count].value)
        count++;
    if (!options)
        return NULL;
    copy = bridge_alloc((count + 1) * sizeof *copy);
    memcpy(copy, options, count * sizeof *copy);
    return copy;
}

/* The form that is being built is the one behind the last. */
void command_add_field(struct command_call *call, const struct form_field *field)
{
    assert(call->form_count < COMMAND_FORMS_MAX);
    struct command_form *form = &call->forms[call->form_count];
    size_t n = form->count++;

    form->fields = bridge_realloc(form->fields, (n + 2) * sizeof *form->fields);
    form->values = bridge_realloc(form->values, (n + 1) * sizeof *form->values);
    form->fields[n] = *field;
    form->fields[n].initial = bridge_strdup(field->initial);
    form->fields[n].options = copy_options(field->options);
    form->fields[n + 1] = (struct form_field){ 0 };
    form->values[n] = NULL;
}

static void add_fields(struct command_call *call, const struct form_field *fields)
{
    for (; fields && fields->type; fields++)
        command_add_field(call, fields);
}

/* The form that was being built is there, if anything is in it. */
static bool add_form(struct command_call *call)
{
    if (!call->forms[call->form_count].count)
        return false;
    call->form_count++;
    return true;
}

struct command_form *command_current(struct command_call *call)
{
    assert(call->step == COMMAND_FIELDS && call->form < call->form_count);
    return &call->forms[call->form];
}

static size_t bytes_of(char *const *values, size_t count)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += values[i] ? strlen(values[i]) : 0;
    return bytes;
}

int command_fill(struct command_call *call, char **values, struct bridge_error *err)
{
    struct command_form *form = command_current(call);
    size_t bytes = bytes_of(values, form->count);

    for (size_t i = 0; i < call->form; i++)
        bytes += bytes_of(call->forms[i].values, call->forms[i].count);
    if (bytes > COMMAND_BYTES_MAX) {
        form_release(values, form->count);
        return bridge_fail(err, BRIDGE_INVALID, _("This is too long for one command"));
    }
    form_release(form->values, form->count);
    for (size_t i = 0; i < form->count; i++) {
        form->values[i] = values[i];
        values[i] = NULL;
    }
    return 0;
}

const char *command_value(const struct command_call *call, const char *var)
{
    for (size_t i = call->form_count; i-- > 0;) {
        const struct command_form *form = &call->forms[i];
        for (size_t k = 0; k < form->count; k++) {
            if (form->fields[k].var && !strcmp(form->fields[k].var, var))
                return form->values[k];
        }
    }
    return NULL;
}

/* --- steps --------------------------------------------------------------------------- */

const struct form_field command_sure_fields[] = {
    { .var = "sure", .type = FORM_BOOLEAN, .label = N_("Yes, do it"), .required = true,
      .initial = "0" },
    { 0 },
};

/* The form before the current step that has something to fill in, or -1. */
static int form_before(const struct command_call *call)
{
    int i = (int)(call->step == COMMAND_FIELDS ? call->form : call->form_count) - 1;

    while (i >= 0 && !form_asks(call->forms[i].fields))
        i--;
    return i;
}

unsigned command_actions(const struct command_call *call)
{
    const struct command *c = call->command;
    unsigned actions = COMMAND_BIT(COMMAND_CANCEL);

    if (call->step == COMMAND_RUN)
        return 0;
    if (form_before(call) >= 0)
        actions |= COMMAND_BIT(COMMAND_PREV);
    if (call->step == COMMAND_FIELDS && (c->more || c->ask))
        return actions | COMMAND_BIT(COMMAND_NEXT);
    return actions | COMMAND_BIT(COMMAND_COMPLETE);
}

enum command_action command_default(const struct command_call *call)
{
    return command_actions(call) & COMMAND_BIT(COMMAND_NEXT) ? COMMAND_NEXT : COMMAND_COMPLETE;
}

/* The step behind the last form. */
static enum command_step last_step(const struct command_call *call)
{
    return call->command->ask ? COMMAND_SURE : COMMAND_RUN;
}

static int next_form(struct command_call *call, struct bridge_error *err)
{
    if (!call->command->more || call->form_count == COMMAND_FORMS_MAX)
        return 0;
    if (!call->command->more(call, err))
        return 0;
    form_end(&call->forms[call->form_count]);
    return -1;
}

/* Forms in which there is nothing to fill in are passed over. */
int command_forward(struct command_call *call, struct bridge_error *err)
{
    if (call->step == COMMAND_SURE) {
        call->step = COMMAND_RUN;
        return 0;
    }
    do {
        cut_forms(call, call->form + 1);
        if (next_form(call, err))
            return -1;
        if (call->form_count == COMMAND_FORMS_MAX || !add_form(call)) {
            call->step = last_step(call);
            return 0;
        }
        call->form++;
    } while (!form_asks(command_current(call)->fields));
    return 0;
}

void command_back(struct command_call *call)
{
    int before = form_before(call);

    assert(before >= 0);
    call->form = (size_t)before;
    call->step = COMMAND_FIELDS;
}

/* --- ids --------------------------------------------------------------------------- */

#define NONCE_HEX 16

/* The second half vouches for the first: an id that is no longer known can be
 * told from one that never was, or was somebody else's, without remembering. */
static void seal(const struct command_place *place, const char *client, char *id)
{
    struct strbuf text = STRBUF_INIT(16384);
    unsigned char hash[crypto_shorthash_BYTES];

    strbuf_addf(&text, "%.*s %s %s %s", NONCE_HEX, id, place->host->name, client,
                place->address);
    crypto_shorthash(hash, (const unsigned char *)strbuf_text(&text), text.len,
                     place->host->core->commands->key);
    sodium_bin2hex(id + NONCE_HEX, NONCE_HEX + 1, hash, sizeof hash);
    strbuf_release(&text);
}

bool command_was(const struct command_place *place, const char *client, const char *id)
{
    char again[2 * NONCE_HEX + 1];

    if (strlen(id) != 2 * NONCE_HEX)
        return false;
    memcpy(again, id, sizeof again);
    seal(place, client, again);
    return !sodium_memcmp(again, id, sizeof again);
}

/* --- a call -------------------------------------------------------------------------- */

static const char *language_of_call(const void *who)
{
    const struct command_call *call = who;

    return call->language;
}

void command_resume(const struct command_call *call)
{
    language_serve(language_of_call, call);
}

static void call_free(struct command_call *call)
{
    language_forget(call);
    for (size_t i = 0; i < COMMAND_FORMS_MAX; i++) /* also one that was being built */
        form_end(&call->forms[i]);
    for (size_t i = 0; i < call->fact_count; i++)
        free(call->facts[i].value);
    for (size_t i = 0; i < call->cell_count; i++)
        free(call->cells[i]);
    free(call->facts);
    free(call->cells);
    strbuf_release(&call->text);
    free(call->request);
    free(call->client);
    free(call->user);
    free(call->address);
    free(call->jid);
    free(call);
}

void command_cancel(struct command_call *call)
{
    forget(call);
    call_free(call);
}

void commands_free(struct commands *commands)
{
    while (commands->count)
        command_cancel(commands->calls[0]);
    free(commands->calls);
    free(commands);
}

static struct command_call *new_call(const struct command_place *place, const struct jid *from,
                                     const struct command *command)
{
    struct command_call *call = bridge_alloc(sizeof *call);
    unsigned char nonce[NONCE_HEX / 2];

    call->command = command;
    call->host = place->host;
    call->kind = place->kind;
    call->address = bridge_strdup(place->address);
    call->jid = bridge_strdup(place->jid);
    call->client = bridge_strdup(jid_full(from));
    call->user = bridge_strdup(jid_bare(from));
    strbuf_init(&call->text, TEXT_MAX);
    randombytes_buf(nonce, sizeof nonce);
    sodium_bin2hex(call->id, NONCE_HEX + 1, nonce, sizeof nonce);
    seal(place, call->client, call->id);
    return call;
}

/* The first step: that of the first form, if it asks for anything. */
static int begin(struct command_call *call, struct bridge_error *err)
{
    const struct command *c = call->command;

    add_fields(call, c->fields);
    if (c->prepare && c->prepare(call, err))
        return -1;
    call->step = COMMAND_FIELDS;
    if (!add_form(call))
        call->step = last_step(call);
    else if (!form_asks(call->forms[0].fields))
        return command_forward(call, err);
    return 0;
}

struct command_call *command_open(const struct command_place *place, const struct jid *from,
                                  const struct command *command,
                                  void (*answer)(struct command_call *call),
                                  struct bridge_error *err)
{
    struct command_call *call = new_call(place, from, command);

    call->answer = answer;
    call->language = language_served();
    if (!begin(call, err))
        return call;
    call_free(call);
    return NULL;
}

struct command_place command_place(const struct command_call *call)
{
    return (struct command_place){ call->host, call->kind, call->address, call->jid };
}

/* --- waiting -------------------------------------------------------------------------- */

static bool is_stale(const struct command_call *call)
{
    return clock_monotonic() - call->used > COMMAND_WAIT_MS;
}

void commands_expire(struct commands *commands)
{
    for (size_t i = commands->count; i-- > 0;) {
        if (is_stale(commands->calls[i]))
            command_cancel(commands->calls[i]);
    }
}

/* The user's oldest, if the user has as many as one may. */
static struct command_call *surplus(const struct commands *commands, const char *user)
{
    struct command_call *oldest = NULL;
    size_t count = 0;

    for (size_t i = 0; i < commands->count; i++) {
        if (strcmp(commands->calls[i]->user, user) != 0)
            continue;
        if (!count++)
            oldest = commands->calls[i];
    }
    return count < COMMAND_USER_MAX ? NULL : oldest;
}

int command_keep(struct command_call *call, struct bridge_error *err)
{
    struct commands *commands = call->host->core->commands;

    call->used = clock_monotonic();
    if (call->waiting)
        return 0;
    struct command_call *oldest = surplus(commands, call->user);
    if (oldest)
        command_cancel(oldest);
    if (commands->count == COMMAND_TOTAL_MAX)
        commands_expire(commands);
    if (commands->count == COMMAND_TOTAL_MAX)
        return bridge_fail(err, BRIDGE_BUSY,
                           _("Too many people are giving commands; try again in some minutes"));
    commands->calls[commands->count++] = call;
    call->waiting = true;
    return 0;
}

static bool is_at(const struct command_call *call, const struct command_place *place)
{
    return call->host == place->host && call->kind == place->kind &&
           !strcmp(call->address, place->address);
}

struct command_call *command_find(const struct command_place *place, const char *client,
                                  const char *id)
{
    struct commands *commands = place->host->core->commands;

    for (size_t i = 0; i < commands->count; i++) {
        struct command_call *call = commands->calls[i];
        bool named = id ? !call->chat && !strcmp(call->id, id) : call->chat;
        if (!named || !is_at(call, place) || strcmp(call->client, client) != 0)
            continue;
        if (!is_stale(call))
            return call;
        command_cancel(call);
        return NULL;
    }
    return NULL;
}

void command_run(struct command_call *call)
{
    forget(call);
    if (call->command->admin)
        log_info(call->host->name, "%s gives the command %s", call->client,
                 call->command->node);
    call->command->run(call);
}

void command_done(struct command_call *call)
{
    call->answer(call);
    call_free(call);
}

void command_again(struct command_call *call, const struct bridge_error *why)
{
    struct bridge_error err;
    bool mendable = !call->chat && form_before(call) >= 0 && !command_keep(call, &err);

    if (!mendable) {
        command_fail(call, "%s.", why->text);
        command_done(call);
        return;
    }
    command_back(call);
    call->again = why;
    call->answer(call);
    call->again = NULL;
}
