#include "command.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <bridge/clock.h>
#include <bridge/log.h>
#include <sodium.h>

#include "core.h"

#define TEXT_MAX 65536

/* --- which there are -------------------------------------------------------------- */

static const struct command *const lists[] = { command_user_rows, command_admin_rows };

static const struct command *row_at(size_t n)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (const struct command *c = lists[i]; c->word; c++) {
            if (!n--)
                return c;
        }
    }
    return NULL;
}

static bool is_here(const struct bridge_host *host, const struct command *command)
{
    return command->scope & (host->transport ? COMMAND_AT_TRANSPORT : COMMAND_AT_DOOR);
}

static bool is_admin(const struct core *core, const char *user)
{
    const struct setting_strings *admins = &core->options->gateway.admin_jids;

    for (size_t i = 0; i < admins->count; i++) {
        if (!strcmp(admins->items[i], user))
            return true;
    }
    return false;
}

bool command_is_allowed(const struct bridge_host *host, const char *user,
                        const struct command *command)
{
    return is_here(host, command) && (!command->admin || is_admin(host->core, user));
}

const struct command *command_next(const struct bridge_host *host, const char *user,
                                   size_t *cursor)
{
    const struct command *c;

    while ((c = row_at((*cursor)++))) {
        if (command_is_allowed(host, user, c))
            return c;
    }
    return NULL;
}

const struct command *command_by_node(const struct bridge_host *host, const char *node)
{
    const struct command *c;

    for (size_t i = 0; (c = row_at(i)); i++) {
        if (c->node && is_here(host, c) && !strcmp(c->node, node))
            return c;
    }
    return NULL;
}

const struct command *command_by_word(const struct bridge_host *host, const char *word)
{
    const struct command *c;

    for (size_t i = 0; (c = row_at(i)); i++) {
        if (is_here(host, c) && !strcasecmp(c->word, word))
            return c;
    }
    return NULL;
}

/* --- steps ------------------------------------------------------------------------- */

const struct form_field command_sure_fields[] = {
    { .var = "sure", .type = FORM_BOOLEAN, .label = "Yes, do it", .required = true,
      .initial = "0" },
    { 0 },
};

enum command_step command_first(const struct command *command)
{
    if (form_asks(command->fields))
        return COMMAND_FIELDS;
    return command->ask ? COMMAND_SURE : COMMAND_RUN;
}

unsigned command_actions(const struct command *command, enum command_step step)
{
    unsigned cancel = COMMAND_BIT(COMMAND_CANCEL);

    switch (step) {
    case COMMAND_FIELDS:
        return cancel | COMMAND_BIT(command->ask ? COMMAND_NEXT : COMMAND_COMPLETE);
    case COMMAND_SURE:
        return cancel | COMMAND_BIT(COMMAND_COMPLETE) |
               (form_asks(command->fields) ? COMMAND_BIT(COMMAND_PREV) : 0);
    default:
        return 0;
    }
}

enum command_action command_default(const struct command *command, enum command_step step)
{
    return command_actions(command, step) & COMMAND_BIT(COMMAND_NEXT) ? COMMAND_NEXT
                                                                      : COMMAND_COMPLETE;
}

enum command_step command_after(const struct command *command, enum command_step step,
                                enum command_action action)
{
    assert(command_actions(command, step) & COMMAND_BIT(action));
    if (action == COMMAND_PREV)
        return COMMAND_FIELDS;
    return action == COMMAND_NEXT ? COMMAND_SURE : COMMAND_RUN;
}

/* --- the calls that wait -------------------------------------------------------------- */

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

static void call_free(struct command_call *call)
{
    form_release(call->values, FORM_FIELDS_MAX);
    for (size_t i = 0; i < call->fact_count; i++)
        free(call->facts[i].value);
    for (size_t i = 0; i < call->cell_count; i++)
        free(call->cells[i]);
    free(call->cells);
    strbuf_release(&call->text);
    free(call->request);
    free(call->client);
    free(call->user);
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

/* --- ids --------------------------------------------------------------------------- */

#define NONCE_HEX 16

/* The second half vouches for the first: an id that is no longer known can be
 * told from one that never was, or was somebody else's, without remembering. */
static void seal(const struct bridge_host *host, const char *client, char *id)
{
    struct strbuf text = STRBUF_INIT(8192);
    unsigned char hash[crypto_shorthash_BYTES];

    strbuf_addf(&text, "%.*s %s %s", NONCE_HEX, id, host->name, client);
    crypto_shorthash(hash, (const unsigned char *)strbuf_text(&text), text.len,
                     host->core->commands->key);
    sodium_bin2hex(id + NONCE_HEX, NONCE_HEX + 1, hash, sizeof hash);
    strbuf_release(&text);
}

bool command_was(const struct bridge_host *host, const char *client, const char *id)
{
    char again[2 * NONCE_HEX + 1];

    if (strlen(id) != 2 * NONCE_HEX)
        return false;
    memcpy(again, id, sizeof again);
    seal(host, client, again);
    return !sodium_memcmp(again, id, sizeof again);
}

/* --- a call -------------------------------------------------------------------------- */

struct command_call *command_open(struct bridge_host *host, const struct jid *from,
                                  const struct command *command,
                                  void (*answer)(struct command_call *call))
{
    struct command_call *call = bridge_alloc(sizeof *call);
    unsigned char nonce[NONCE_HEX / 2];

    call->command = command;
    call->host = host;
    call->client = bridge_strdup(jid_full(from));
    call->user = bridge_strdup(jid_bare(from));
    call->step = command_first(command);
    call->answer = answer;
    strbuf_init(&call->text, TEXT_MAX);
    randombytes_buf(nonce, sizeof nonce);
    sodium_bin2hex(call->id, NONCE_HEX + 1, nonce, sizeof nonce);
    seal(host, call->client, call->id);
    return call;
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
                           "Too many people are giving commands; try again in some minutes");
    commands->calls[commands->count++] = call;
    call->waiting = true;
    return 0;
}

struct command_call *command_find(struct bridge_host *host, const char *client, const char *id)
{
    struct commands *commands = host->core->commands;

    for (size_t i = 0; i < commands->count; i++) {
        struct command_call *call = commands->calls[i];
        bool named = id ? !call->chat && !strcmp(call->id, id) : call->chat;
        if (!named || call->host != host || strcmp(call->client, client) != 0)
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
                 call->command->word);
    call->command->run(call);
}

/* --- the outcome ----------------------------------------------------------------------- */

void command_say(struct command_call *call, const char *format, ...)
{
    va_list args;

    if (call->text.len)
        strbuf_addch(&call->text, ' ');
    va_start(args, format);
    strbuf_addv(&call->text, format, args);
    va_end(args);
}

void command_fail(struct command_call *call, const char *format, ...)
{
    va_list args;

    call->failed = true;
    strbuf_reset(&call->text);
    va_start(args, format);
    strbuf_addv(&call->text, format, args);
    va_end(args);
}

void command_fact(struct command_call *call, const struct form_field *field, const char *value)
{
    assert(call->fact_count < FORM_FIELDS_MAX);
    call->facts[call->fact_count].field = field;
    call->facts[call->fact_count++].value = bridge_strdup(value);
}

bool command_row(struct command_call *call, const struct form_field *columns,
                 const char *const *cells)
{
    size_t width = form_count(columns);

    if (call->cell_count >= COMMAND_ROWS_MAX * width)
        return false;
    if (!call->cells)
        call->cells = bridge_alloc(COMMAND_ROWS_MAX * width * sizeof *call->cells);
    call->columns = columns;
    for (size_t i = 0; i < width; i++)
        call->cells[call->cell_count++] = bridge_strdup(cells[i]);
    return true;
}

void command_done(struct command_call *call)
{
    call->answer(call);
    call_free(call);
}
