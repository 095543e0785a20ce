/* The commands about accounts: for users their own, for admins everybody's. */
#include "command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bridge/clock.h>
#include <bridge/words.h>
#include <sodium.h>

#include "core.h"
#include "forget.h"
#include "preference.h"
#include "register.h"
#include "store.h"

static bool is_offered(const struct command_place *place)
{
    return register_offered(place->host);
}

/* --- register ---------------------------------------------------------------------------- */

static int prepare_register(struct command_call *call, struct bridge_error *err)
{
    struct preference_sheet *sheet;

    if (register_may(call->host, call->user, err))
        return -1;
    sheet = register_sheet(call->host, call->user);
    for (size_t i = 0; i < sheet->count; i++)
        command_add_field(call, &sheet->fields[i]);
    preference_sheet_free(sheet);
    if (register_wants_code(call->host, call->user))
        command_add_field(call, &register_code_field);
    return 0;
}

static void on_registered(void *arg, const struct bridge_error *why)
{
    struct command_call *call = arg;

    command_resume(call);
    if (why) {
        command_again(call, why);
        return;
    }
    command_say(call, _("You are registered with %s."), call->host->name);
    command_done(call);
}

static void run_register(struct command_call *call)
{
    struct preference_sheet *sheet = register_sheet(call->host, call->user);
    char *values[PREFERENCE_MAX] = { NULL };

    for (size_t i = 0; i < sheet->count; i++) {
        if (sheet->fields[i].var)
            values[i] = bridge_strdup(command_value(call, sheet->fields[i].var));
    }
    register_put(sheet, values, command_value(call, register_code_field.var), on_registered, call);
}

/* --- unregister -------------------------------------------------------------------------- */

static int prepare_unregister(struct command_call *call, struct bridge_error *err)
{
    if (register_has(call->host, call->user))
        return 0;
    return bridge_fail(err, BRIDGE_MEMBERSHIP, _("You are not registered with %s"),
                       call->host->name);
}

static void ask_unregister(const struct command_call *call, struct strbuf *question)
{
    strbuf_addf(question,
                _("This ends your registration with %s: its contacts are removed from your roster, "
                  "you leave its rooms, and what is stored about you there is deleted. It cannot "
                  "be undone."),
                call->host->name);
}

static void on_unregistered(void *arg, const struct bridge_error *why)
{
    struct command_call *call = arg;

    command_resume(call);
    if (why)
        command_fail(call, _("You are still registered: %s"), why->text);
    else
        command_say(call, _("You are no longer registered with %s."), call->host->name);
    command_done(call);
}

static void run_unregister(struct command_call *call)
{
    register_remove(call->host, call->user, on_unregistered, call);
}

/* --- invitations --------------------------------------------------------------------------- */

#define DAY_MS INT64_C(86400000)
#define CODE_BYTES 10 /* nobody guesses 80 bits */

static const struct form_field invite_fields[] = {
    { .var = "days", .type = FORM_INTEGER, .label = N_("Days that it is good for"),
      .initial = "7", .min = 1, .max = 365 },
    { 0 },
};
static const struct form_field invite_fact = {
    .var = "invitation", .type = FORM_TEXT_SINGLE, .label = N_("Invitation"),
};

static bool takes_invitations(const struct command_place *place)
{
    return place->host->invited_only;
}

struct invitation {
    struct command_call *call;
    char code[2 * CODE_BYTES + 1];
};

static void on_invited(void *arg, const struct bridge_error *why)
{
    struct invitation *i = arg;

    command_resume(i->call);
    if (why) {
        command_fail(i->call, _("There is no invitation: %s"), why->text);
    } else {
        command_say(i->call,
                    _("Whoever registers with %s with this code gets an account; it can be used "
                      "once."),
                    i->call->host->name);
        command_fact(i->call, &invite_fact, i->code);
    }
    command_done(i->call);
    free(i);
}

static void run_invite(struct command_call *call)
{
    const char *days = command_value(call, "days");
    struct invitation *i = bridge_alloc(sizeof *i);
    unsigned char random[CODE_BYTES];

    i->call = call;
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(i->code, sizeof i->code, random, sizeof random);
    const struct store_invitation invitation = {
        .code = i->code, .domain = call->host->name, .maker = call->user,
        .expires = clock_wall() + (days ? atoi(days) : 7) * DAY_MS,
    };
    store_invitation_put(call->host->core->store, &invitation, on_invited, i);
}

/* --- who has registered ---------------------------------------------------------------------- */

static const struct form_field accounts_fields[] = {
    { .var = "after", .type = FORM_JID_SINGLE, .label = N_("Those who come after"),
      .help = N_("Empty: from the first.") },
    { 0 },
};
static const struct form_field accounts_columns[] = {
    { .var = "user", .type = FORM_JID_SINGLE, .label = N_("User") },
    { .var = "since", .type = FORM_TEXT_SINGLE, .label = N_("Registered since") },
    { 0 },
};

#define PAGE 100

struct page {
    struct command_call *call;
    size_t count;
    bool more;
    char last[3072];
};

static bool add_account(void *arg, const char *user, int64_t since)
{
    struct page *page = arg;
    time_t seconds = (time_t)(since / 1000);
    char date[32] = "";
    struct tm tm;

    page->more = page->count == PAGE;
    if (page->more)
        return false;
    if (gmtime_r(&seconds, &tm))
        strftime(date, sizeof date, "%Y-%m-%d", &tm);
    const char *const cells[] = { user, date };
    command_row(page->call, accounts_columns, cells);
    snprintf(page->last, sizeof page->last, "%s", user);
    page->count++;
    return true;
}

static void run_accounts(struct command_call *call)
{
    struct page page = { .call = call };

    store_account_each(call->host->core->store, call->host->name, command_value(call, "after"),
                       add_account, &page);
    if (!page.count)
        command_say(call, "%s", _("Nobody has registered."));
    else
        command_say(call, _("Registered with %s:"), call->host->name);
    if (page.more)
        command_say(call, _("There are more: ask for those after %s."), page.last);
    command_done(call);
}

/* --- to remove a user ---------------------------------------------------------------------------- */

static const struct form_field remove_fields[] = {
    { .var = "user", .type = FORM_JID_SINGLE, .label = N_("User"), .required = true },
    { 0 },
};

static void ask_remove(const struct command_call *call, struct strbuf *question)
{
    const char *user = command_value(call, "user");

    if (call->host->transport)
        strbuf_addf(question, _("This deletes what is stored about %s at %s, and ends the session "
                                "there. It cannot be undone."),
                    user, call->host->name);
    else
        strbuf_addf(question, _("This deletes everything that is stored about %s, on all "
                                "transports, and ends all sessions. It cannot be undone."),
                    user);
}

static void on_forgotten(void *arg, const struct bridge_error *why)
{
    struct command_call *call = arg;

    command_resume(call);
    if (why)
        command_fail(call, _("Nothing was deleted: %s"), why->text);
    else
        command_say(call, _("%s is removed."), command_value(call, "user"));
    command_done(call);
}

static void run_remove(struct command_call *call)
{
    struct bridge_host *host = call->host->transport ? call->host : NULL;
    const char *user = command_value(call, "user");

    forget_user(call->host->core, host ? host->name : NULL, user, on_forgotten, call);
}

/* --- rows -------------------------------------------------------------------------------------- */

const struct command command_account_rows[] = {
    /* The node is the one by which clients know it at gateways. */
    { .node = "jabber:iq:register", .word = "register", .title = N_("Register"),
      .help = N_("Registers you here, or changes your account."), .scope = COMMAND_AT_TRANSPORT,
      .when = is_offered, .prepare = prepare_register, .run = run_register },
    { .node = "unregister", .word = "unregister", .title = N_("Unregister"),
      .help = N_("Ends your registration here, after a question."),
      .scope = COMMAND_AT_TRANSPORT, .when = is_offered, .prepare = prepare_unregister,
      .ask = ask_unregister, .run = run_unregister },
    { .node = "invite", .word = "invite", .title = N_("Invite somebody"),
      .help = N_("Makes a code with which one user can register."),
      .scope = COMMAND_AT_TRANSPORT, .admin = true, .when = takes_invitations,
      .fields = invite_fields, .run = run_invite },
    { .node = "accounts", .word = "accounts", .title = N_("List who has registered"),
      .help = N_("Shows the users who have registered here."), .scope = COMMAND_AT_TRANSPORT,
      .admin = true, .when = is_offered, .fields = accounts_fields, .run = run_accounts },
    { .node = "remove-user", .word = "remove-user", .title = N_("Remove a user"),
      .help = N_("Deletes what is stored about a user, after a question."),
      .example = "remove-user juliet@example.net", .scope = COMMAND_AT_DOMAINS, .admin = true,
      .fields = remove_fields, .ask = ask_remove, .run = run_remove },
    { 0 },
};
