#include "export.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bridge/strbuf.h>
#include <bridge/utf8.h>
#include <jansson.h>

#include "delivery_state.h"
#include "seal.h"

#define DAY_S (24 * 60 * 60)

struct export {
    export_line *line;
    void *arg;
    bool stopped;
    char *held; /* the last element, until it is known whether another one follows */
};

/* --- values --------------------------------------------------------------------- */

static void put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value))
        abort(); /* out of memory */
}

static void put_text(json_t *object, const char *key, const char *text)
{
    struct strbuf clean = STRBUF_INIT(SIZE_MAX / 2);

    if (text && !utf8_valid(text, strlen(text))) {
        utf8_add_clean(&clean, text, strlen(text));
        text = strbuf_text(&clean);
    }
    put(object, key, text ? json_string(text) : json_null());
    strbuf_release(&clean);
}

static void put_number(json_t *object, const char *key, int64_t number)
{
    put(object, key, json_integer(number));
}

/* ISO 8601, in UTC. */
static void put_day(json_t *object, const char *key, int64_t day)
{
    time_t time = (time_t)(day * DAY_S);
    char text[64] = "";
    struct tm parts;

    if (gmtime_r(&time, &parts))
        strftime(text, sizeof text, "%Y-%m-%d", &parts);
    put_text(object, key, text);
}

static void put_time(json_t *object, const char *key, int64_t ms)
{
    time_t time = (time_t)(ms / 1000);
    char text[64] = "";
    struct tm parts;

    if (gmtime_r(&time, &parts))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    put_text(object, key, text);
}

/* What message_pack() wrote, or a stanza; NULL when it is forgotten. */
static void put_message(json_t *object, const char *key, const char *text)
{
    json_t *value = text ? json_loads(text, 0, NULL) : NULL;

    if (value)
        put(object, key, value);
    else
        put_text(object, key, text);
}

/* --- lines ---------------------------------------------------------------------- */

static void add_line(struct export *e, const char *before, const char *text, const char *after)
{
    struct strbuf line = STRBUF_INIT(SIZE_MAX / 2);

    strbuf_adds(&line, before);
    strbuf_adds(&line, text);
    strbuf_adds(&line, after);
    if (!e->stopped && !e->line(e->arg, strbuf_text(&line)))
        e->stopped = true;
    strbuf_release(&line);
}

static char *text_of(const json_t *value)
{
    char *text = json_dumps(value, JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);

    if (!text)
        abort(); /* out of memory */
    return text;
}

static void release_held(struct export *e, const char *after)
{
    if (e->held)
        add_line(e, "    ", e->held, after);
    free(e->held);
    e->held = NULL;
}

/* Takes the element over. */
static bool add_element(struct export *e, json_t *element)
{
    release_held(e, ",");
    e->held = text_of(element);
    json_decref(element);
    return !e->stopped;
}

/* --- the tables ------------------------------------------------------------------ */

static bool add_account(void *arg, const char *domain, int64_t since)
{
    json_t *o = json_object();

    put_text(o, "transport", domain);
    put_time(o, "since", since);
    return add_element(arg, o);
}

static void add_accounts(struct export *e, struct store *store, const char *user)
{
    store_user_accounts(store, user, add_account, e);
}

/* "of": the network, room or contact; "" is the account. */
static bool add_setting(void *arg, const struct store_setting *setting)
{
    json_t *o = json_object();

    put_text(o, "transport", setting->domain);
    put_text(o, "of", setting->address);
    put_text(o, "key", setting->key);
    put_text(o, "value", seal_is_sealed(setting->value) ? "set" : setting->value);
    return add_element(arg, o);
}

static void add_settings(struct export *e, struct store *store, const char *user)
{
    store_user_settings(store, user, add_setting, e);
}

static bool add_contact(void *arg, const struct store_contact *contact)
{
    static const char *const words[] = { "none", "to", "from", "both" };
    json_t *o = json_object();

    put_text(o, "transport", contact->domain);
    put_text(o, "address", contact->address);
    put_text(o, "name", contact->name);
    put_text(o, "subscription", words[contact->subscription & STORE_SUB_BOTH]);
    if (contact->subscription & STORE_SUB_ASKED)
        put(o, "asked", json_true());
    if (contact->subscription & STORE_SUB_DECLINED)
        put(o, "declined", json_true());
    return add_element(arg, o);
}

static void add_contacts(struct export *e, struct store *store, const char *user)
{
    store_user_contacts(store, user, add_contact, e);
}

static bool add_delivery(void *arg, const struct store_delivery *d)
{
    json_t *o = json_object();

    put_text(o, "transport", d->domain);
    put_text(o, "address", d->contact);
    put_text(o, "direction", d->direction == DELIVERY_OUT ? "sent" : "received");
    put_text(o, "state", delivery_word(d->state));
    put_time(o, "time", d->created);
    put_text(o, "reason", d->reason);
    put_message(o, "message", d->body);
    return add_element(arg, o);
}

static void add_deliveries(struct export *e, struct store *store, const char *user)
{
    store_user_deliveries(store, user, add_delivery, e);
}

static bool add_counter(void *arg, const struct store_counter *counter)
{
    json_t *o = json_object();

    put_text(o, "transport", counter->domain);
    put_day(o, "day", counter->day);
    put_number(o, "messages", counter->messages);
    return add_element(arg, o);
}

static void add_counters(struct export *e, struct store *store, const char *user)
{
    store_user_counters(store, user, add_counter, e);
}

static bool add_expense(void *arg, const char *domain, int64_t day, int64_t spent)
{
    json_t *o = json_object();

    put_text(o, "transport", domain);
    put_day(o, "day", day);
    put_number(o, "millionths", spent);
    return add_element(arg, o);
}

static void add_expenses(struct export *e, struct store *store, const char *user)
{
    store_user_expenses(store, user, add_expense, e);
}

static bool add_invitation(void *arg, const struct store_invitation *invitation)
{
    json_t *o = json_object();

    put_text(o, "transport", invitation->domain);
    put_text(o, "code", invitation->code);
    put_time(o, "expires", invitation->expires);
    return add_element(arg, o);
}

static void add_invitations(struct export *e, struct store *store, const char *user)
{
    store_user_invitations(store, user, add_invitation, e);
}

/* One for each table that knows users. */
static const struct {
    const char *name;
    void (*add)(struct export *e, struct store *store, const char *user);
} sections[] = {
    { "accounts", add_accounts },
    { "settings", add_settings },
    { "contacts", add_contacts },
    { "messages", add_deliveries },
    { "sent", add_counters },
    { "spent", add_expenses },
    { "invitations", add_invitations },
};
#define SECTIONS (sizeof sections / sizeof *sections)

static void add_section(struct export *e, struct store *store, const char *user, size_t i)
{
    add_line(e, "  \"", sections[i].name, "\": [");
    sections[i].add(e, store, user);
    release_held(e, "");
    add_line(e, "", "  ],", "");
}

/* One member of an object, without its braces. */
static void add_member(struct export *e, json_t *object, const char *after)
{
    char *text = text_of(object);

    text[strlen(text) - 1] = 0;
    add_line(e, "  ", text + 1, after);
    free(text);
    json_decref(object);
}

void export_user(struct store *store, const char *user, export_line *line, void *arg)
{
    struct export e = { .line = line, .arg = arg };
    json_t *who = json_object(), *last = json_object();
    int64_t day;

    put_text(who, "user", user);
    if (store_user_day(store, user, &day))
        put_day(last, "last_used", day);
    else
        put_text(last, "last_used", NULL);
    add_line(&e, "", "{", "");
    add_member(&e, who, ",");
    for (size_t i = 0; i < SECTIONS; i++)
        add_section(&e, store, user, i);
    add_member(&e, last, "");
    add_line(&e, "", "}", "");
}

int export_from(const char *database, const char *user, export_line *line, void *arg,
                struct bridge_error *err)
{
    struct store *store = store_open_reader(database, err);

    if (!store)
        return -1;
    export_user(store, user, line, arg);
    store_close_reader(store);
    return 0;
}
