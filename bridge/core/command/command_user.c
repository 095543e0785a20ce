/* The commands for everybody. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/host.h>
#include <bridge/words.h>

#include "contact.h"
#include "core.h"
#include "delivery.h"
#include "export.h"
#include "forget.h"
#include "room.h"
#include "session.h"

/* --- status ------------------------------------------------------------------------ */

/* Lines, not a table: clients in terminals show no tables, and people in them nothing. */
static const struct form_field status_field = {
    .var = "use", .type = FORM_TEXT_MULTI, .label = N_("Transports and rooms"),
};
#define STATUS_MAX 60000

static void status_rooms(struct strbuf *out, const struct bridge_session *session)
{
    const struct bridge_room *room;
    size_t i = 0;

    while ((room = map_next(&session->rooms, &i))) {
        strbuf_addf(out, "\n%s, %s, ", session->host->name, bridge_room_address(room));
        strbuf_addf(out, room_is_joined(room) ? _("in the room as %s") : _("entering as %s"),
                    bridge_room_nick(room));
    }
}

static void add_use(struct strbuf *out, const struct bridge_host *host, const char *user)
{
    const struct bridge_session *session = map_finds(&host->sessions, user);

    if (!component_is_up(host->component))
        strbuf_adds(out, _("not reachable at the moment"));
    else if (!session)
        strbuf_adds(out, _("you are not using it"));
    else
        strbuf_addf(out, _("in use: rooms %zu, contacts %zu"), session->rooms.count,
                    session->watches.count);
}

static void add_waiting(struct strbuf *out, const struct bridge_host *host, const char *user)
{
    size_t to_network, to_user;

    deliveries_count_user(host->deliveries, user, &to_network, &to_user);
    if (to_network)
        strbuf_addf(out, _(", messages from you that wait: %zu"), to_network);
    if (to_user)
        strbuf_addf(out, _(", messages for you that wait: %zu"), to_user);
}

static void status_of(struct strbuf *out, const struct bridge_host *host, const char *user)
{
    const struct bridge_session *session = map_finds(&host->sessions, user);

    strbuf_addf(out, "%s%s, %s, ", out->len ? "\n" : "", host->name,
                _(host->transport->description));
    add_use(out, host, user);
    add_waiting(out, host, user);
    if (session)
        status_rooms(out, session);
}

static void run_status(struct command_call *call)
{
    const struct core *core = call->host->core;
    struct strbuf lines = STRBUF_INIT(STATUS_MAX);

    for (size_t i = 0; i < core->host_count; i++) {
        if (core->hosts[i]->transport)
            status_of(&lines, core->hosts[i], call->user);
    }
    if (lines.overflow) {
        command_fail(call, "%s", _("You use more than fits into one message."));
    } else {
        command_say(call, "%s", _("What you have in use at this gateway."));
        command_fact(call, &status_field, strbuf_text(&lines));
    }
    strbuf_release(&lines);
    command_done(call);
}

static void say_of_room(struct command_call *call, struct bridge_session *session)
{
    const struct bridge_room *room = session ? room_find(session, call->address) : NULL;
    unsigned clients = 0;

    if (!room) {
        command_say(call, _("You are not in the room %s."), call->address);
        return;
    }
    while (room_client(room, clients))
        clients++;
    command_say(call, room_is_joined(room) ? _("You are in the room %s as %s.")
                                           : _("You are entering the room %s as %s."),
                call->address, bridge_room_nick(room));
    command_say(call, bridge_words_n("%u of your clients is in it.",
                                     "%u of your clients are in it.", clients), clients);
}

static void say_of_contact(struct command_call *call, struct bridge_session *session)
{
    struct store_contact contact;

    (void)session;
    bool known = store_contact_find(call->host->core->store, call->host->name, call->user,
                                    call->address, &contact);
    if (known && contact.subscription & STORE_SUB_TO)
        command_say(call, _("%s is in your contact list."), call->address);
    else
        command_say(call, _("%s is not in your contact list; you can write nevertheless."),
                    call->address);
}

static void say_of_service(struct command_call *call, struct bridge_session *session)
{
    struct strbuf state = STRBUF_INIT(1024);

    (void)session;
    add_use(&state, call->host, call->user);
    add_waiting(&state, call->host, call->user);
    command_say(call, _("State of %s for you: %s."), call->host->name, strbuf_text(&state));
    strbuf_release(&state);
}

static void run_status_here(struct command_call *call)
{
    static void (*const say[])(struct command_call *call, struct bridge_session *session) = {
        [BRIDGE_ADDRESS_CONTACT] = say_of_contact,
        [BRIDGE_ADDRESS_ROOM] = say_of_room,
        [BRIDGE_ADDRESS_SERVICE] = say_of_service,
    };

    say[call->kind](call, session_find(call->host, call->user));
    command_done(call);
}

/* --- export ------------------------------------------------------------------------ */

#define EXPORT_MAX 100000

static const struct form_field export_field = {
    .var = "data", .type = FORM_TEXT_MULTI, .label = N_("Your data (JSON)"),
};

static bool add_line(void *arg, const char *line)
{
    struct strbuf *json = arg;

    if (json->len)
        strbuf_addch(json, '\n');
    strbuf_adds(json, line);
    return !json->overflow;
}

static void run_export(struct command_call *call)
{
    struct strbuf json = STRBUF_INIT(EXPORT_MAX);

    export_user(call->host->core->store, call->user, add_line, &json);
    if (json.overflow) {
        command_fail(call, "%s", _("There is too much to show in one message: ask the "
                                   "administrator of this gateway for a copy of your data."));
    } else {
        command_say(call, "%s", _("This is all that is stored about you."));
        command_fact(call, &export_field, strbuf_text(&json));
    }
    strbuf_release(&json);
    command_done(call);
}

/* --- forget ------------------------------------------------------------------------ */

static void on_forgotten(void *arg, const struct bridge_error *why)
{
    struct command_call *call = arg;

    command_resume(call);
    if (why)
        command_fail(call, _("Nothing could be deleted: %s. Try again later."), why->text);
    else
        command_say(call, "%s", _("Everything that was stored about you is deleted, and your "
                                  "sessions are closed."));
    command_done(call);
}

static bool count_contact(void *arg, const struct store_contact *contact)
{
    (void)contact;
    ++*(size_t *)arg;
    return true;
}

static void ask_forget(const struct command_call *call, struct strbuf *question)
{
    size_t contacts = 0;

    store_user_contacts(call->host->core->store, call->user, count_contact, &contacts);
    strbuf_addf(question,
                _("This deletes everything that is stored about you at this gateway, on all its "
                  "transports: contacts in your roster (%zu now) are removed from it, you leave "
                  "all rooms, and your sessions are closed. Only how many messages you have sent "
                  "today is kept until tomorrow, where that is limited. It cannot be undone."),
                contacts);
}

static void run_forget(struct command_call *call)
{
    forget_user(call->host->core, NULL, call->user, on_forgotten, call);
}

/* --- disconnect ---------------------------------------------------------------------- */

static void run_disconnect(struct command_call *call)
{
    struct bridge_session *session = session_find(call->host, call->user);

    if (session) {
        session_close(session, "The user has disconnected");
        command_say(call, _("You are disconnected from %s. Joining a room or writing to a "
                            "contact connects you again."), call->host->name);
    } else {
        command_say(call, _("You were not connected to %s."), call->host->name);
    }
    command_done(call);
}

/* --- rows ------------------------------------------------------------------------------ */

const struct command command_user_rows[] = {
    { .node = "status", .word = "status", .title = N_("Show what I use"),
      .help = N_("Shows which transports you use, your rooms and contacts."),
      .scope = COMMAND_AT_DOMAINS, .run = run_status },
    { .node = "status", .word = "status", .title = N_("Show what I use"),
      .help = N_("Shows whether you are using this address, and how."),
      .scope = COMMAND_AT_ADDRESSES, .run = run_status_here },
    { .node = "disconnect", .word = "disconnect", .title = N_("Disconnect me"),
      .help = N_("Ends your session here: you leave the rooms and the network."),
      .scope = COMMAND_AT_TRANSPORT, .run = run_disconnect },
    { .node = "export", .word = "export", .title = N_("Export my data"),
      .help = N_("Shows everything that is stored about you."),
      .scope = COMMAND_AT_DOMAINS, .run = run_export },
    { .node = "forget", .word = "forget", .title = N_("Delete my data"),
      .help = N_("Deletes everything that is stored about you, after a question."),
      .scope = COMMAND_AT_DOMAINS, .ask = ask_forget, .run = run_forget },
    { 0 },
};
