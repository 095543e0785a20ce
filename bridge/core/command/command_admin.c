/* The commands for administrators: XEP-0133 as far as it applies to a gateway,
 * and what it has no name for. At the front door they are about all transports,
 * at a transport about that one. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/host.h>
#include <bridge/words.h>

#include "core.h"
#include "delivery.h"
#include "session.h"
#include "stanza.h"
#include "store.h"
#include "xml.h"

#define ADMIN "http://jabber.org/protocol/admin"
#define FORM_TYPE { .var = "FORM_TYPE", .type = FORM_HIDDEN, .initial = ADMIN }

/* --- who is there ---------------------------------------------------------------------- */

static bool is_meant(const struct command_call *call, const struct bridge_host *host)
{
    return host->transport && (!call->host->transport || host == call->host);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The users with a session, each once, in order. The array is the caller's, the
 * names are the sessions'. */
static const char **online(const struct command_call *call, size_t *count)
{
    const struct core *core = call->host->core;
    struct bridge_session *session;
    struct map users = { 0 };
    size_t n = 0;

    for (size_t i = 0; i < core->host_count; i++) {
        size_t at = 0;
        while (is_meant(call, core->hosts[i]) &&
               (session = map_next(&core->hosts[i]->sessions, &at)))
            map_puts(&users, session->user, session);
    }
    const char **list = bridge_alloc((users.count + 1) * sizeof *list);
    *count = 0;
    while ((session = map_next(&users, &n)))
        list[(*count)++] = session->user;
    map_release(&users);
    qsort(list, *count, sizeof *list, by_text);
    return list;
}

static const struct form_field number_fields[] = { FORM_TYPE, { 0 } };
static const struct form_field number_fact = {
    .var = "onlineusersnum", .type = FORM_TEXT_SINGLE, .label = N_("Users who are connected"),
};

static void run_number(struct command_call *call)
{
    char number[24];
    size_t count;

    free(online(call, &count));
    snprintf(number, sizeof number, "%zu", count);
    command_fact(call, &number_fact, number);
    command_done(call);
}

static const struct form_option list_sizes[] = {
    { "25", NULL }, { "50", NULL }, { "75", NULL }, { "100", NULL }, { "150", NULL },
    { "200", NULL }, { "none", N_("as many as possible") }, { 0 },
};
static const struct form_field list_fields[] = {
    FORM_TYPE,
    { .var = "max_items", .type = FORM_LIST_SINGLE, .label = N_("How many users to show"),
      .initial = "25", .options = list_sizes },
    { 0 },
};
static const struct form_field list_fact = {
    .var = "onlineuserjids", .type = FORM_TEXT_MULTI, .label = N_("Users who are connected"),
};

#define LIST_BYTES 30000 /* of names: escaped, they still fit into a stanza */

static void run_list(struct command_call *call)
{
    const char *most = command_value(call, "max_items");
    size_t max = most && strcmp(most, "none") != 0 ? (size_t)atoi(most) : SIZE_MAX;
    struct strbuf names = STRBUF_INIT(2 * LIST_BYTES);
    size_t count, shown = 0;
    const char **users = online(call, &count);

    for (; shown < count && shown < max && names.len < LIST_BYTES; shown++)
        strbuf_addf(&names, "%s%s", shown ? "\n" : "", users[shown]);
    command_say(call, _("%zu of %zu."), shown, count);
    if (shown)
        command_fact(call, &list_fact, strbuf_text(&names));
    free(users);
    strbuf_release(&names);
    command_done(call);
}

/* --- telling and ending ------------------------------------------------------------------ */

/* The order is that of typing: who writes `announce` goes on with the text. */
static const struct form_field announce_fields[] = {
    FORM_TYPE,
    { .var = "announcement", .type = FORM_TEXT_MULTI, .label = N_("Announcement"),
      .required = true },
    { .var = "subject", .type = FORM_TEXT_SINGLE, .label = N_("Subject") },
    { 0 },
};

static void run_announce(struct command_call *call)
{
    size_t count;
    const char **users = online(call, &count);

    for (size_t i = 0; i < count; i++) {
        struct strbuf *out = core_stanza(call->host->core);
        strbuf_adds(out, "<message");
        xml_attribute(out, "from", call->host->name);
        xml_attribute(out, "to", users[i]);
        core_add_id(call->host->core, out);
        strbuf_addch(out, '>');
        xml_element(out, "subject", command_value(call, "subject"));
        xml_element(out, "body", command_value(call, "announcement"));
        strbuf_adds(out, "</message>");
        domain_send(call->host, out);
    }
    command_say(call, bridge_words_n("Sent to %zu user.", "Sent to %zu users.", count), count);
    free(users);
    command_done(call);
}

static const struct form_field end_fields[] = {
    FORM_TYPE,
    { .var = "accountjids", .type = FORM_JID_MULTI, .label = N_("Users whose sessions end"),
      .required = true },
    { 0 },
};

static void ask_end(const struct command_call *call, struct strbuf *question)
{
    strbuf_adds(question, _("These users leave all rooms, and may come back at once: "));
    for (const char *c = command_value(call, "accountjids"); *c; c++) {
        if (*c == '\n')
            strbuf_addch(question, ',');
        strbuf_addch(question, *c == '\n' ? ' ' : *c);
    }
    strbuf_addch(question, '.');
}

static size_t end_sessions(const struct command_call *call, const char *user)
{
    const struct core *core = call->host->core;
    size_t ended = 0;

    for (size_t i = 0; i < core->host_count; i++) {
        struct bridge_session *session = session_find(core->hosts[i], user);
        if (!session || !is_meant(call, core->hosts[i]))
            continue;
        session_close(session, "An administrator has ended the session");
        ended++;
    }
    return ended;
}

static void run_end(struct command_call *call)
{
    char *users = bridge_strdup(command_value(call, "accountjids")), *rest = NULL;
    size_t ended = 0;

    for (char *user = strtok_r(users, "\n", &rest); user;
         user = strtok_r(NULL, "\n", &rest)) {
        size_t of_user = end_sessions(call, user);
        if (!of_user)
            command_say(call, _("%s had no session."), user);
        ended += of_user;
    }
    free(users);
    command_say(call, _("Sessions ended: %zu."), ended);
    command_done(call);
}

/* --- the daemon ------------------------------------------------------------------------- */

static const struct form_field version_fact = {
    .var = "version", .type = FORM_TEXT_SINGLE, .label = N_("Version"),
};
static const struct form_field store_fact = {
    .var = "database", .type = FORM_TEXT_SINGLE, .label = N_("Database"),
};
static const struct form_field waiting_fact = {
    .var = "waiting", .type = FORM_TEXT_MULTI, .label = N_("Messages that wait"),
};
static const struct form_field statistics_columns[] = {
    { .var = "domain", .type = FORM_TEXT_SINGLE, .label = N_("Domain") },
    { .var = "stream", .type = FORM_TEXT_SINGLE, .label = N_("Connection to the XMPP server") },
    { .var = "sessions", .type = FORM_TEXT_SINGLE, .label = N_("Sessions") },
    { .var = "rooms", .type = FORM_TEXT_SINGLE, .label = N_("Rooms") },
    { 0 },
};

static void add_domain(struct command_call *call, const struct bridge_host *host)
{
    const struct bridge_session *session;
    char sessions[80], rooms[80];
    size_t i = 0, room_count = 0;

    while ((session = map_next(&host->sessions, &i)))
        room_count += session->rooms.count;
    snprintf(sessions, sizeof sessions, _("sessions: %zu"), host->sessions.count);
    snprintf(rooms, sizeof rooms, _("rooms: %zu"), room_count);
    const char *const cells[] = { host->name,
                                  component_is_up(host->component) ? _("up") : _("down"), sessions,
                                  rooms };
    command_row(call, statistics_columns, cells);
}

/* A line for each transport that keeps messages until they arrive. */
static void add_waiting(struct command_call *call)
{
    const struct core *core = call->host->core;
    struct strbuf lines = STRBUF_INIT(LIST_BYTES);
    struct delivery_counts c;

    for (size_t i = 0; i < core->host_count; i++) {
        if (!core->hosts[i]->deliveries)
            continue;
        deliveries_count(core->hosts[i]->deliveries, &c);
        strbuf_addf(&lines, "%s%s: ", lines.len ? "\n" : "", core->hosts[i]->name);
        strbuf_addf(&lines, _("%zu to the network, %zu to users; dead letters since the start: "
                              "%llu"),
                    c.out_waiting + c.out_hand, c.in_waiting + c.in_hand,
                    (unsigned long long)c.dead);
    }
    if (lines.len)
        command_fact(call, &waiting_fact, strbuf_text(&lines));
    strbuf_release(&lines);
}

static void run_statistics(struct command_call *call)
{
    const struct core *core = call->host->core;
    const struct bridge_error *trouble = store_trouble(core->store);

    command_fact(call, &version_fact, bridge_version());
    command_fact(call, &store_fact, trouble ? trouble->text : _("well"));
    for (size_t i = 0; i < core->host_count; i++)
        add_domain(call, core->hosts[i]);
    add_waiting(call);
    command_done(call);
}

static void run_reload(struct command_call *call)
{
    const struct core *core = call->host->core;
    struct bridge_error err;

    if (core->on_reload(core->arg, &err))
        command_fail(call, "%s.", err.text);
    else
        command_say(call, "%s", _("The configuration was read again. What needs a restart is "
                                "in the log."));
    command_done(call);
}

/* --- rows ------------------------------------------------------------------------------ */

const struct command command_admin_rows[] = {
    { .node = ADMIN "#get-online-users-num", .word = "count-users",
      .title = N_("Count connected users"), .help = N_("Says how many users are connected."),
      .scope = COMMAND_AT_DOMAINS, .admin = true, .fields = number_fields, .run = run_number },
    { .node = ADMIN "#get-online-users-list", .word = "list-users",
      .title = N_("List connected users"), .help = N_("Shows the users who are connected."),
      .example = "list-users 50",
      .scope = COMMAND_AT_DOMAINS, .admin = true, .fields = list_fields, .run = run_list },
    { .node = ADMIN "#announce", .word = "announce", .title = N_("Send an announcement"),
      .help = N_("Writes to all users who are connected."),
      .example = N_("announce We are down at noon"),
      .scope = COMMAND_AT_DOMAINS, .admin = true, .fields = announce_fields,
      .run = run_announce },
    { .node = ADMIN "#end-user-session", .word = "end-sessions",
      .title = N_("End users' sessions"),
      .help = N_("Ends the sessions of users, after a question."),
      .example = N_("end-sessions romeo@example.com"),
      .scope = COMMAND_AT_DOMAINS, .admin = true, .fields = end_fields, .ask = ask_end,
      .run = run_end },
    { .node = "statistics", .word = "statistics", .title = N_("Show statistics"),
      .help = N_("Shows the domains, their sessions and rooms, and the state of the database."),
      .scope = COMMAND_AT_DOMAINS, .admin = true, .run = run_statistics },
    { .node = "reload", .word = "reload", .title = N_("Read the configuration again"),
      .help = N_("Reads the configuration again, as SIGHUP does."),
      .scope = COMMAND_AT_DOMAINS, .admin = true, .run = run_reload },
    { 0 },
};
