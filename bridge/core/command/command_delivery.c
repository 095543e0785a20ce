/* The commands for administrators about messages that are kept until they arrive: the
 * dead letters of a transport (delivery_dead.h). */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/words.h>

#include "core.h"
#include "delivery_dead.h"

#define PAGE_MAX 50

static bool has_deliveries(const struct command_place *place)
{
    return place->host->deliveries != NULL;
}

/* The number of a letter; 0 if this is none. */
static int64_t number_of(const char *text)
{
    char *rest;

    errno = 0;
    long long number = text ? strtoll(text, &rest, 10) : 0;
    return text && !*rest && !errno && number > 0 ? number : 0;
}

/* --- looking -------------------------------------------------------------------------- */

static const struct form_field list_fields[] = {
    { .var = "after", .type = FORM_TEXT_SINGLE,
      .label = N_("Only those after this number") },
    { 0 },
};
static const struct form_field letter_columns[] = {
    { .var = "number", .type = FORM_TEXT_SINGLE, .label = N_("Number") },
    { .var = "user", .type = FORM_JID_SINGLE, .label = N_("User") },
    { .var = "contact", .type = FORM_TEXT_SINGLE, .label = N_("Contact") },
    { .var = "age", .type = FORM_TEXT_SINGLE, .label = N_("Age") },
    { .var = "reason", .type = FORM_TEXT_SINGLE, .label = N_("Reason") },
    { 0 },
};

static void add_age(struct strbuf *out, int64_t ms)
{
    unsigned long minutes = ms > 0 ? (unsigned long)(ms / 60000) : 0;
    unsigned long hours = minutes / 60, days = hours / 24;

    if (days > 1)
        strbuf_addf(out, bridge_words_n("%lu day", "%lu days", days), days);
    else if (hours > 1)
        strbuf_addf(out, bridge_words_n("%lu hour", "%lu hours", hours), hours);
    else
        strbuf_addf(out, bridge_words_n("%lu minute", "%lu minutes", minutes), minutes);
}

struct list {
    struct command_call *call;
    size_t shown;
    int64_t last;
    bool more;
};

static bool show(void *arg, const struct store_delivery *letter)
{
    struct list *list = arg;
    struct strbuf age = STRBUF_INIT(64);
    char number[24];

    if (list->shown == PAGE_MAX) {
        list->more = true;
        return false;
    }
    snprintf(number, sizeof number, "%lld", (long long)letter->id);
    add_age(&age, clock_wall() - letter->created);
    const char *const cells[] = { number, letter->user, letter->contact, strbuf_text(&age),
                                  letter->reason ? letter->reason : "" };
    command_row(list->call, letter_columns, cells);
    strbuf_release(&age);
    list->shown++;
    list->last = letter->id;
    return true;
}

static int check_after(const struct command_call *call, struct bridge_error *err)
{
    const char *after = command_value(call, "after");

    if (after && *after && !number_of(after))
        return bridge_fail(err, BRIDGE_INVALID, _("\"%.40s\" is not the number of a message"),
                           after);
    return 0;
}

static void run_list(struct command_call *call)
{
    struct list list = { .call = call };
    struct bridge_error err;

    if (check_after(call, &err)) {
        command_again(call, &err);
        return;
    }
    dead_letters_each(call->host, number_of(command_value(call, "after")), show, &list);
    if (!list.shown)
        command_say(call, "%s", _("There are no dead letters."));
    else
        command_say(call, "%s", _("These messages were refused by the servers of their users, or "
                                  "could not be given to them in time."));
    if (list.more)
        command_say(call, _("There are more: go on after %lld."), (long long)list.last);
    command_done(call);
}

/* --- ending --------------------------------------------------------------------------- */

static const struct form_field letter_fields[] = {
    { .var = "letter", .type = FORM_TEXT_SINGLE,
      .label = N_("Number of the dead letter, or \"all\""), .required = true },
    { 0 },
};

static bool means_all(const struct command_call *call)
{
    return !strcmp(command_value(call, "letter"), "all");
}

/* Before the question, too. */
static int check_letter(struct command_call *call, struct bridge_error *err)
{
    const char *letter = command_value(call, "letter");

    if (!means_all(call) && !number_of(letter))
        return bridge_fail(err, BRIDGE_INVALID,
                           _("\"%.40s\" is neither the number of a message nor \"all\""), letter);
    return 0;
}

/* It is over. False: it did not go well, and the user knows. */
static bool went_well(struct command_call *call, size_t done, const struct bridge_error *why)
{
    command_resume(call);
    if (why)
        command_fail(call, _("After %zu messages it could not go on: %s. Try again later."), done,
                     why->text);
    return !why;
}

static void on_retried(void *arg, size_t done, const struct bridge_error *why)
{
    if (went_well(arg, done, why))
        command_say(arg, _("Messages that are tried again: %zu."), done);
    command_done(arg);
}

static void on_dropped(void *arg, size_t done, const struct bridge_error *why)
{
    if (went_well(arg, done, why))
        command_say(arg, _("Messages dropped: %zu."), done);
    command_done(arg);
}

static void begin(struct command_call *call, enum dead_letter_end how,
                  const struct dead_letters_events *events)
{
    int64_t id = number_of(command_value(call, "letter"));

    if (dead_letters_end(call->host, how, id, events, call))
        return; /* it goes on, and ends the call */
    command_fail(call, "%s", id ? _("There is no dead letter with this number.")
                                : _("There are no dead letters."));
    command_done(call);
}

static void run_retry(struct command_call *call)
{
    static const struct dead_letters_events events = { .on_done = on_retried };
    struct bridge_error err;

    if (check_letter(call, &err))
        command_again(call, &err);
    else
        begin(call, DEAD_LETTER_RETRY, &events);
}

static void ask_drop(const struct command_call *call, struct strbuf *question)
{
    if (means_all(call))
        strbuf_adds(question, _("All dead letters of this transport are deleted. Their users "
                                "never see them."));
    else
        strbuf_addf(question, _("The dead letter %s is deleted. Its user never sees it."),
                    command_value(call, "letter"));
}

static void run_drop(struct command_call *call)
{
    static const struct dead_letters_events events = { .on_done = on_dropped };

    begin(call, DEAD_LETTER_DROP, &events);
}

/* --- rows ------------------------------------------------------------------------------- */

const struct command command_delivery_rows[] = {
    { .node = "dead-letters", .word = "dead-letters", .title = N_("List dead letters"),
      .help = N_("Shows messages to users which could not be delivered."),
      .example = "dead-letters", .scope = COMMAND_AT_TRANSPORT, .admin = true,
      .when = has_deliveries, .fields = list_fields, .run = run_list },
    { .node = "retry-dead-letters", .word = "retry", .title = N_("Try dead letters again"),
      .help = N_("Sends one dead letter, or all, once more."), .example = N_("retry all"),
      .scope = COMMAND_AT_TRANSPORT, .admin = true, .when = has_deliveries,
      .fields = letter_fields, .run = run_retry },
    { .node = "drop-dead-letters", .word = "drop", .title = N_("Drop dead letters"),
      .help = N_("Deletes one dead letter, or all, after a question."),
      .example = N_("drop all"), .scope = COMMAND_AT_TRANSPORT, .admin = true,
      .when = has_deliveries, .fields = letter_fields, .more = check_letter, .ask = ask_drop,
      .run = run_drop },
    { 0 },
};
