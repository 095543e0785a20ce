#include "command.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <bridge/words.h>

#include "core.h"

/* --- which there are -------------------------------------------------------------- */

static const struct command *const lists[] = {
    command_user_rows, command_account_rows, command_settings_rows, command_admin_rows,
    command_delivery_rows,
};

static const struct command *row_at(size_t n)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (const struct command *c = lists[i]; c->run; c++) {
            if (!n--)
                return c;
        }
    }
    return NULL;
}

static bool is_here(const struct command_place *place, const struct command *command)
{
    static const unsigned scopes[] = {
        [BRIDGE_ADDRESS_NONE] = COMMAND_AT_TRANSPORT,
        [BRIDGE_ADDRESS_CONTACT] = COMMAND_AT_CONTACT,
        [BRIDGE_ADDRESS_ROOM] = COMMAND_AT_ROOM,
        [BRIDGE_ADDRESS_SERVICE] = COMMAND_AT_SERVICE,
    };
    unsigned here = place->host->transport ? scopes[place->kind] : COMMAND_AT_DOOR;

    return command->scope & here && (!command->when || command->when(place));
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

bool command_is_allowed(const struct command_place *place, const char *user,
                        const struct command *command)
{
    return is_here(place, command) &&
           (!command->admin || is_admin(place->host->core, user));
}

const char *command_example(const struct command_place *place, const struct command *command)
{
    bool fits = command->example && (!command->fits || command->fits(place));

    return fits ? _(command->example) : NULL;
}

const struct command *command_next(const struct command_place *place, const char *user,
                                   size_t *cursor)
{
    const struct command *c;

    while ((c = row_at((*cursor)++))) {
        if (command_is_allowed(place, user, c))
            return c;
    }
    return NULL;
}

const struct command *command_by_node(const struct command_place *place, const char *node)
{
    const struct command *c;

    for (size_t i = 0; (c = row_at(i)); i++) {
        if (c->node && is_here(place, c) && !strcmp(c->node, node))
            return c;
    }
    return NULL;
}

const struct command *command_by_word(const struct command_place *place, const char *word)
{
    const struct command *c;

    for (size_t i = 0; (c = row_at(i)); i++) {
        if (c->word && is_here(place, c) && !strcasecmp(c->word, word))
            return c;
    }
    return NULL;
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
    size_t size = (call->fact_count + 1) * sizeof *call->facts;

    call->facts = bridge_realloc(call->facts, size);
    call->facts[call->fact_count++] = (struct command_fact){ *field, bridge_strdup(value) };
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
