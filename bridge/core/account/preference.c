#include "preference.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/log.h>
#include <bridge/words.h>
#include <sodium.h>

#include "core.h"
#include "seal.h"
#include "session.h"
#include "store.h"

/* Changes of all users at a time. */
#define CHANGES_MAX 1000

/* --- which there are -------------------------------------------------------------- */

static const struct preference_choice languages[] = {
    { "auto", N_("as my client says") }, { "en", "English" }, { "de", "Deutsch" },
    { "fr", "Français" }, { 0 },
};

/* Of every user, whatever the networks. */
static const struct preference gateway_rows[] = {
    { .key = "language", .type = PREFERENCE_CHOICE, .scopes = PREFERENCE_ACCOUNT,
      .label = N_("Language"), .help = N_("The language in which this gateway writes to you."),
      .initial = "auto", .choices = languages },
    { .key = "keep-days", .type = PREFERENCE_INT, .scopes = PREFERENCE_ACCOUNT,
      .label = N_("Days until I am forgotten"),
      .help = N_("Everything that is stored about you is deleted when you have not used this "
                 "gateway for so many days. Empty: never."),
      .min = 1, .max = 3650 },
    { 0 },
};

static const struct preference none[] = { { 0 } };

static bool has_front_door(const struct core *core)
{
    return core->options->gateway.domain != NULL;
}

/* Two tables, one after the other: without a front door the gateway's own
 * settings can be reached at each transport. */
static void tables_of(const struct bridge_host *host, const struct preference *tables[2])
{
    bool own = host->transport && host->transport->preferences;

    tables[0] = own ? host->transport->preferences : none;
    tables[1] = !host->transport || !has_front_door(host->core) ? gateway_rows : none;
}

static bool is_gateways(const struct preference *row)
{
    return row >= gateway_rows && row < gateway_rows + sizeof gateway_rows / sizeof *gateway_rows;
}

static unsigned scope_of(enum bridge_address kind)
{
    switch (kind) {
    case BRIDGE_ADDRESS_SERVICE: return PREFERENCE_SERVICE;
    case BRIDGE_ADDRESS_ROOM: return PREFERENCE_ROOM;
    case BRIDGE_ADDRESS_CONTACT: return PREFERENCE_CONTACT;
    default: return PREFERENCE_ACCOUNT;
    }
}

/* The rows of this scope with these flags, at most PREFERENCE_MAX. */
static size_t collect_rows(const struct bridge_host *host, unsigned scope, unsigned flags,
                           const struct preference **rows)
{
    const struct preference *tables[2];
    size_t count = 0;

    tables_of(host, tables);
    for (size_t i = 0; i < 2; i++) {
        for (const struct preference *row = tables[i]; row->type; row++) {
            if (row->scopes & scope && (row->flags & flags) == flags && count < PREFERENCE_MAX)
                rows[count++] = row;
        }
    }
    return count;
}

bool preference_any(const struct bridge_host *host, enum bridge_address kind)
{
    const struct preference *rows[PREFERENCE_MAX];

    return collect_rows(host, scope_of(kind), 0, rows) > 0;
}

bool preference_named(const struct bridge_host *host, enum bridge_address kind, const char *key)
{
    const struct preference *rows[PREFERENCE_MAX];
    size_t count = collect_rows(host, scope_of(kind), 0, rows);

    for (size_t i = 0; i < count; i++) {
        if (!strcmp(rows[i]->key, key))
            return true;
    }
    return false;
}

/* --- tables of plugins ---------------------------------------------------------------- */

static bool is_key(const char *key)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t len = key ? strlen(key) : 0;

    return len && len <= 64 && strspn(key, letters) == len;
}

static bool key_is_taken(const struct preference *rows, const struct preference *row)
{
    for (const struct preference *r = gateway_rows; r->type; r++) {
        if (!strcmp(r->key, row->key))
            return true;
    }
    while (rows < row && strcmp(rows->key, row->key) != 0)
        rows++;
    return rows < row;
}

static bool has_bounds(const struct preference *row)
{
    switch (row->type) {
    case PREFERENCE_INT: return row->min <= row->max;
    case PREFERENCE_CHOICE: return row->choices && row->choices->value;
    case PREFERENCE_LINES: return row->max >= 0 && row->max <= FORM_TEXT_MAX;
    default: return row->max >= 0 && row->max <= FORM_VALUE_MAX;
    }
}

/* What flags promise must be possible: nobody can be asked for what only admins may
 * set, and sealed secrets cannot be compared. */
static bool has_sense(const struct preference *row)
{
    const unsigned scopes = PREFERENCE_ACCOUNT | PREFERENCE_SERVICE | PREFERENCE_ROOM |
                            PREFERENCE_CONTACT;
    const unsigned accounts = PREFERENCE_REGISTER | PREFERENCE_REQUIRED | PREFERENCE_UNIQUE;
    unsigned flags = row->flags;
    bool secret = row->type == PREFERENCE_SECRET;

    return row->scopes && !(row->scopes & ~scopes) &&
           !(flags & accounts && row->scopes != PREFERENCE_ACCOUNT) &&
           !(flags & PREFERENCE_REQUIRED && !(flags & PREFERENCE_REGISTER)) &&
           !(flags & PREFERENCE_REGISTER && flags & PREFERENCE_BY_ADMIN) &&
           !(secret && (flags & PREFERENCE_UNIQUE || row->initial));
}

static struct form_field field_of(const struct preference *row);
static struct form_option *options_of(const struct preference *row);

static bool has_good_initial(const struct preference *row)
{
    struct strbuf value = STRBUF_INIT(2 * FORM_TEXT_MAX);
    struct form_field field = field_of(row);
    struct form_option *options = NULL;
    struct bridge_error err;

    if (!row->initial)
        return true;
    if (row->type == PREFERENCE_CHOICE)
        field.options = options = options_of(row);
    bool good = !form_check(&field, row->initial, &value, &err) &&
                !strcmp(strbuf_text(&value), row->initial);
    free(options);
    strbuf_release(&value);
    return good;
}

int preference_check_rows(const struct preference *rows, struct bridge_error *err)
{
    const size_t most = PREFERENCE_MAX - (sizeof gateway_rows / sizeof *gateway_rows - 1);

    for (const struct preference *row = rows; row && row->type; row++) {
        const char *fault = row->type > PREFERENCE_JID  ? "is of no known type"
                            : !is_key(row->key)         ? "has a bad key"
                            : key_is_taken(rows, row)   ? "has a key that is taken"
                            : !row->label               ? "has no label"
                            : !has_bounds(row)          ? "has bounds that hold nothing"
                            : !has_sense(row)           ? "has scopes or flags that exclude each other"
                            : !has_good_initial(row)    ? "has an initial value that it would refuse"
                            : row >= rows + most        ? "is one too many"
                                                        : NULL;
        if (fault)
            return bridge_fail(err, BRIDGE_INVALID, "its preference %zu, \"%.64s\", %s",
                               (size_t)(row - rows) + 1, row->key ? row->key : "", fault);
    }
    return 0;
}

/* --- reading ------------------------------------------------------------------------ */

static const char *domain_of(const struct bridge_host *host, const struct preference *row)
{
    return is_gateways(row) ? "" : host->name;
}

static int unseal(const struct core *core, const char *name, const char *sealed,
                  struct strbuf *value)
{
    struct bridge_error err;

    if (!seal_read(value, core->seal, sealed, &err))
        return 0;
    log_warning(name, "a secret cannot be read: %s", err.text);
    return -1;
}

static void wipe(struct strbuf *secret)
{
    if (secret->data)
        sodium_memzero(secret->data, secret->size);
    strbuf_release(secret);
}

/* What the user has set. */
static bool read_set(const struct bridge_host *host, const char *user, const char *address,
                     const struct preference *row, struct strbuf *value)
{
    struct strbuf sealed = STRBUF_INIT(4 * FORM_TEXT_MAX);
    bool secret = row->type == PREFERENCE_SECRET;

    bool found = store_setting_get(host->core->store, domain_of(host, row), user, address,
                                   row->key, secret ? &sealed : value);
    if (found && secret)
        found = !unseal(host->core, host->name, strbuf_text(&sealed), value);
    strbuf_release(&sealed);
    return found;
}

static bool read_value(const struct bridge_host *host, const char *user, const char *address,
                       const struct preference *row, struct strbuf *value)
{
    if (read_set(host, user, address, row, value))
        return true;
    if (row->initial)
        strbuf_adds(value, row->initial);
    return row->initial != NULL;
}

bool bridge_preference(const struct bridge_session *session, const char *address,
                       const char *key, struct strbuf *value)
{
    const struct preference *row = session->host->transport->preferences;

    for (; row && row->type; row++) {
        if (!strcmp(row->key, key))
            return read_value(session->host, session->user, address ? address : "", row, value);
    }
    return false;
}

bool preference_of_gateway(struct core *core, const char *user, const char *key,
                           struct strbuf *value)
{
    for (const struct preference *row = gateway_rows; row->type; row++) {
        if (strcmp(row->key, key) != 0)
            continue;
        if (store_setting_get(core->store, "", user, "", key, value))
            return true;
        if (row->initial)
            strbuf_adds(value, row->initial);
        return row->initial != NULL;
    }
    return false;
}

/* --- sheets ----------------------------------------------------------------------- */

static enum form_type form_type_of(const struct preference *row)
{
    static const enum form_type types[] = {
        [PREFERENCE_TEXT] = FORM_TEXT_SINGLE,     [PREFERENCE_LINES] = FORM_TEXT_MULTI,
        [PREFERENCE_SECRET] = FORM_TEXT_PRIVATE,  [PREFERENCE_BOOL] = FORM_BOOLEAN,
        [PREFERENCE_INT] = FORM_INTEGER,          [PREFERENCE_CHOICE] = FORM_LIST_SINGLE,
        [PREFERENCE_JID] = FORM_JID_SINGLE,
    };

    return types[row->type];
}

static struct form_option *options_of(const struct preference *row)
{
    size_t count = 0;

    while (row->choices[count].value)
        count++;
    struct form_option *options = bridge_alloc((count + 1) * sizeof *options);
    for (size_t i = 0; i < count; i++) {
        options[i].value = row->choices[i].value;
        options[i].label = row->choices[i].label;
    }
    return options;
}

#define TEXT_BYTES 1000 /* that a text may have which says nothing else */

static struct form_field field_of(const struct preference *row)
{
    bool number = row->type == PREFERENCE_INT;

    return (struct form_field){
        .var = row->key,
        .type = form_type_of(row),
        .label = row->label,
        .help = row->help,
        .required = row->flags & PREFERENCE_REQUIRED,
        .min = row->min,
        .max = number || row->max ? row->max : TEXT_BYTES,
    };
}

static bool is_locked(const struct preference_sheet *sheet, const struct preference *row)
{
    return row->flags & PREFERENCE_BY_ADMIN && !sheet->admin;
}

/* Only to be read: as a line of text. */
static void fix(struct preference_sheet *sheet, size_t i)
{
    struct form_field *field = &sheet->fields[i];
    struct strbuf text = STRBUF_INIT(2 * FORM_TEXT_MAX);
    bool secret = field->type == FORM_TEXT_PRIVATE;
    const char *value = sheet->texts[i] ? form_shown(field, sheet->texts[i]) : "-";

    strbuf_addf(&text, "%s: %s", _(field->label), secret ? "-" : value);
    free(sheet->texts[i]);
    sheet->texts[i] = strbuf_detach(&text);
    *field = (struct form_field){ .type = FORM_FIXED, .initial = sheet->texts[i] };
}

static void fill(struct preference_sheet *sheet, size_t i)
{
    const struct preference *row = sheet->rows[i];
    struct form_field *field = &sheet->fields[i];
    struct strbuf value = STRBUF_INIT(4 * FORM_TEXT_MAX);
    bool secret = row->type == PREFERENCE_SECRET;

    *field = field_of(row);
    sheet->set[i] = read_set(sheet->host, sheet->user, sheet->address, row, &value);
    /* A secret that is left empty stays. */
    field->required = field->required && sheet->account && !(sheet->set[i] && secret);
    if (sheet->set[i] && !secret)
        sheet->texts[i] = strbuf_detach(&value);
    else if (!secret)
        sheet->texts[i] = bridge_strdup(row->initial);
    field->initial = sheet->texts[i];
    if (row->type == PREFERENCE_CHOICE)
        field->options = sheet->options[i] = options_of(row);
    if (is_locked(sheet, row))
        fix(sheet, i);
    wipe(&value);
}

struct preference_sheet *preference_sheet_new(const struct preference_of *of, unsigned flags)
{
    struct preference_sheet *sheet = bridge_alloc(sizeof *sheet);

    sheet->host = of->host;
    sheet->user = bridge_strdup(of->user);
    sheet->address = bridge_strdup(of->kind == BRIDGE_ADDRESS_NONE ? "" : of->address);
    sheet->admin = of->admin;
    sheet->scope = scope_of(of->kind);
    sheet->account = flags & PREFERENCE_REGISTER ||
                     store_account_find(of->host->core->store, of->host->name, of->user, NULL);
    sheet->count = collect_rows(of->host, sheet->scope, flags, sheet->rows);
    for (size_t i = 0; i < sheet->count; i++)
        fill(sheet, i);
    return sheet;
}

void preference_sheet_free(struct preference_sheet *sheet)
{
    if (!sheet)
        return;
    for (size_t i = 0; i < sheet->count; i++) {
        free(sheet->texts[i]);
        free(sheet->options[i]);
    }
    free(sheet->user);
    free(sheet->address);
    free(sheet);
}

int preference_sheet_find(const struct preference_sheet *sheet, const char *key)
{
    for (size_t i = 0; i < sheet->count; i++) {
        if (!strcmp(sheet->rows[i]->key, key))
            return (int)i;
    }
    return -1;
}

/* --- a change ------------------------------------------------------------------------ */

enum change_state {
    CHANGE_CHECKING, /* by the transport */
    CHANGE_STORING,
    CHANGE_ENDED, /* the user has been told; the transport has yet to end its check */
};

struct bridge_change {
    struct bridge_change *next;
    struct preference_sheet *sheet;
    bool registers;
    char *invitation;
    bool touched[PREFERENCE_MAX]; /* rows of the sheet */
    char *values[PREFERENCE_MAX]; /* of the sheet, as each would be; NULL: not set */
    /* Rows that are not on the sheet, which transports may ask for all the same. */
    const struct preference *others[PREFERENCE_MAX];
    char *other_values[PREFERENCE_MAX];
    size_t other_count;
    enum change_state state;
    uint64_t since; /* clock_monotonic() */
    preference_done *done;
    void *arg;
};

static void free_secret(char *text)
{
    if (text)
        sodium_memzero(text, strlen(text));
    free(text);
}

static void change_free(struct bridge_change *change)
{
    for (size_t i = 0; i < PREFERENCE_MAX; i++) {
        free_secret(change->values[i]);
        free_secret(change->other_values[i]);
    }
    preference_sheet_free(change->sheet);
    free(change->invitation);
    free(change);
}

static struct changes *changes_of(const struct bridge_change *change)
{
    return &change->sheet->host->core->changes;
}

/* The text for people names the setting. */
static int fail_at(const struct preference_sheet *sheet, size_t i, const char *text,
                   enum bridge_code code, struct bridge_error *err)
{
    return bridge_fail(err, code, "%s: %s", _(sheet->rows[i]->label), text);
}

static void on_timeout(uv_timer_t *timer);

/* Until the oldest has waited long enough. */
static void set_timer(struct changes *changes)
{
    const struct bridge_change *oldest = changes->first;

    while (oldest && oldest->state != CHANGE_CHECKING)
        oldest = oldest->next;
    if (!oldest) {
        uv_timer_stop(&changes->timer);
        return;
    }
    uint64_t waited = clock_monotonic() - oldest->since;
    uv_timer_start(&changes->timer, on_timeout,
                   waited < PREFERENCE_CHECK_MS ? PREFERENCE_CHECK_MS - waited : 0, 0);
}

static void append(struct bridge_change *change)
{
    struct changes *changes = changes_of(change);
    struct bridge_change **at = &changes->first;

    while (*at)
        at = &(*at)->next;
    *at = change;
    changes->count++;
}

static void take_out(struct bridge_change *change)
{
    struct changes *changes = changes_of(change);
    struct bridge_change **at = &changes->first;

    while (*at && *at != change)
        at = &(*at)->next;
    if (*at) {
        *at = change->next;
        changes->count--;
    }
}

/* Over and gone. */
static void finish(struct bridge_change *change, const struct bridge_error *why)
{
    take_out(change);
    if (change->done)
        change->done(change->arg, why);
    change_free(change);
}

/* The user need not wait any longer; the transport still knows the change. */
static void abandon(struct bridge_change *change, const struct bridge_error *why)
{
    preference_done *done = change->done;

    change->state = CHANGE_ENDED;
    change->done = NULL;
    done(change->arg, why);
}

static struct bridge_change *first_checking(struct core *core, const char *domain,
                                            const char *user)
{
    for (struct bridge_change *c = core->changes.first; c; c = c->next) {
        if (c->state == CHANGE_CHECKING && (!domain || !strcmp(c->sheet->host->name, domain)) &&
            (!user || !strcmp(c->sheet->user, user)))
            return c;
    }
    return NULL;
}

static void on_timeout(uv_timer_t *timer)
{
    struct core *core = timer->data;
    struct bridge_change *change;
    struct bridge_error why;

    while ((change = first_checking(core, NULL, NULL)) &&
           clock_monotonic() - change->since >= PREFERENCE_CHECK_MS) {
        bridge_fail(&why, BRIDGE_RETRY, _("The network did not say in time whether that is right; "
                                          "nothing was changed. Try again later"));
        abandon(change, &why);
    }
    set_timer(&core->changes);
}

/* --- storing --------------------------------------------------------------------------- */

static void on_stored(void *arg, const struct bridge_error *why)
{
    struct bridge_change *change = arg;
    const struct preference_sheet *sheet = change->sheet;
    struct bridge_session *session = session_find(sheet->host, sheet->user);

    if (!why && session && sheet->host->transport->changed)
        sheet->host->transport->changed(session->data, *sheet->address ? sheet->address : NULL);
    finish(change, why);
}

/* As the store is to have it; NULL: not at all. */
static char *stored_form(const struct bridge_change *change, size_t i)
{
    struct strbuf sealed = STRBUF_INIT(4 * FORM_TEXT_MAX);

    if (!change->values[i] || change->sheet->rows[i]->type != PREFERENCE_SECRET)
        return bridge_strdup(change->values[i]);
    seal_add(&sealed, change->sheet->host->core->seal, change->values[i]);
    return strbuf_detach(&sealed);
}

static void save(struct bridge_change *change)
{
    const struct preference_sheet *sheet = change->sheet;
    struct store *store = sheet->host->core->store;
    struct store_setting settings[PREFERENCE_MAX];
    size_t count = 0;

    change->state = CHANGE_STORING;
    for (size_t i = 0; i < sheet->count; i++) {
        if (change->touched[i])
            settings[count++] = (struct store_setting){
                .domain = domain_of(sheet->host, sheet->rows[i]), .user = sheet->user,
                .address = sheet->address, .key = sheet->rows[i]->key,
                .value = stored_form(change, i),
            };
    }
    if (change->registers)
        store_account_put(store, sheet->host->name, sheet->user, settings, count,
                          change->invitation, on_stored, change);
    else
        store_settings_put(store, settings, count, on_stored, change);
    while (count)
        free((char *)settings[--count].value);
}

/* --- checking --------------------------------------------------------------------------- */

const char *bridge_change_user(const struct bridge_change *change)
{
    return change->sheet->user;
}

const char *bridge_change_address(const struct bridge_change *change)
{
    return *change->sheet->address ? change->sheet->address : NULL;
}

const char *bridge_change_value(const struct bridge_change *change, const char *key)
{
    int i = preference_sheet_find(change->sheet, key);

    if (i >= 0)
        return change->values[i] ? change->values[i] : change->sheet->rows[i]->initial;
    for (size_t k = 0; k < change->other_count; k++) {
        if (!strcmp(change->others[k]->key, key))
            return change->other_values[k];
    }
    return NULL;
}

void bridge_change_done(struct bridge_change *change, const char *key,
                        const struct bridge_error *why)
{
    struct changes *changes = changes_of(change);
    int i = key ? preference_sheet_find(change->sheet, key) : -1;
    struct bridge_error err;

    if (change->state == CHANGE_ENDED) {
        take_out(change);
        change_free(change);
        return;
    }
    assert(change->state == CHANGE_CHECKING);
    if (why && i >= 0)
        fail_at(change->sheet, (size_t)i, why->text, why->code, &err);
    else if (why)
        err = *why;
    if (why)
        finish(change, &err);
    else
        save(change);
    set_timer(changes);
}

/* Would two users have the same value of what must be each one's own? */
static bool meets(const struct bridge_change *other, const struct preference_sheet *sheet,
                  const struct preference *row, const char *value)
{
    int i = other->sheet->host == sheet->host ? preference_sheet_find(other->sheet, row->key) : -1;

    return i >= 0 && other->touched[i] && other->values[i] && !strcmp(other->values[i], value) &&
           strcmp(other->sheet->user, sheet->user) != 0;
}

static bool is_taken(const struct bridge_change *change, size_t i)
{
    const struct preference_sheet *sheet = change->sheet;
    const struct preference *row = sheet->rows[i];
    const struct core *core = sheet->host->core;
    struct strbuf owner = STRBUF_INIT(8192);

    bool taken = store_setting_owner(core->store, sheet->host->name, row->key, change->values[i],
                                     &owner) &&
                 strcmp(strbuf_text(&owner), sheet->user) != 0;
    strbuf_release(&owner);
    for (const struct bridge_change *c = core->changes.first; c && !taken; c = c->next)
        taken = c->state != CHANGE_ENDED && meets(c, sheet, row, change->values[i]);
    return taken;
}

static int check_unique(const struct bridge_change *change, struct bridge_error *err)
{
    for (size_t i = 0; i < change->sheet->count; i++) {
        if (change->touched[i] && change->values[i] &&
            change->sheet->rows[i]->flags & PREFERENCE_UNIQUE && is_taken(change, i))
            return fail_at(change->sheet, i, _("somebody else has this already"),
                           BRIDGE_CONFLICT, err);
    }
    return 0;
}

/* An account has what it must have. */
static int check_required(const struct bridge_change *change, struct bridge_error *err)
{
    const struct preference_sheet *sheet = change->sheet;
    struct strbuf faults = STRBUF_INIT(4096);

    for (size_t i = 0; i < sheet->count && (sheet->account || change->registers); i++) {
        bool lacks = sheet->rows[i]->flags & PREFERENCE_REQUIRED && !change->values[i] &&
                     !sheet->rows[i]->initial && (change->registers || change->touched[i]);
        if (lacks)
            strbuf_addf(&faults, "%s%s: %s", faults.len ? "; " : "", _(sheet->rows[i]->label),
                        _("this is missing"));
    }
    int rc = faults.len ? bridge_fail(err, BRIDGE_INCOMPLETE, "%s", strbuf_text(&faults)) : 0;
    strbuf_release(&faults);
    return rc;
}

static int check_locked(const struct bridge_change *change, struct bridge_error *err)
{
    const struct preference_sheet *sheet = change->sheet;

    for (size_t i = 0; i < sheet->count; i++) {
        if (change->touched[i] && is_locked(sheet, sheet->rows[i]))
            return fail_at(sheet, i, _("only an administrator can change this"), BRIDGE_FORBIDDEN,
                           err);
    }
    return 0;
}

static bool same_thing(const struct preference_sheet *a, const struct preference_sheet *b)
{
    return a->host == b->host && !strcmp(a->user, b->user) && !strcmp(a->address, b->address);
}

static int check_traffic(const struct bridge_change *change, struct bridge_error *err)
{
    const struct core *core = change->sheet->host->core;

    if (core->stopping)
        return bridge_fail(err, BRIDGE_RETRY,
                           _("The gateway is shutting down; try again later"));
    if (core->changes.count == CHANGES_MAX)
        return bridge_fail(err, BRIDGE_BUSY,
                           _("Too many people are changing settings; try again in some minutes"));
    for (const struct bridge_change *c = core->changes.first; c; c = c->next) {
        if (same_thing(c->sheet, change->sheet))
            return bridge_fail(err, BRIDGE_BUSY,
                               _("A change of these settings is still being checked; wait until "
                                 "it has ended"));
    }
    return 0;
}

static bool count_place(void *arg, const struct store_setting *setting)
{
    size_t *count = arg;

    *count += *setting->address != 0;
    return *count < PREFERENCE_PLACES_MAX;
}

static int check_places(const struct bridge_change *change, struct bridge_error *err)
{
    const struct preference_sheet *sheet = change->sheet;
    size_t count = 0;

    for (size_t i = 0; i < sheet->count; i++) {
        if (sheet->set[i]) /* it is one of them */
            return 0;
    }
    if (!*sheet->address)
        return 0;
    store_setting_each(sheet->host->core->store, sheet->host->name, sheet->user, NULL,
                       count_place, &count);
    if (count < PREFERENCE_PLACES_MAX)
        return 0;
    return bridge_fail(err, BRIDGE_BUSY,
                       _("You have made settings of too many places; empty those of some others "
                         "first"));
}

/* --- beginning ----------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* What the row would be is in change->values[i] afterwards. */
static void take_value(struct bridge_change *change, size_t i, char *given)
{
    const struct preference_sheet *sheet = change->sheet;
    const struct preference *row = sheet->rows[i];
    bool secret = row->type == PREFERENCE_SECRET;
    bool shown = !is_locked(sheet, row) && same_text(given, sheet->fields[i].initial);
    bool keep = shown || (!given && (secret || is_locked(sheet, row)));

    if (keep) {
        struct strbuf value = STRBUF_INIT(4 * FORM_TEXT_MAX);
        if (read_set(sheet->host, sheet->user, sheet->address, row, &value))
            change->values[i] = strbuf_detach(&value);
        strbuf_release(&value);
    } else if (given && *given) {
        change->values[i] = bridge_strdup(given);
    }
    change->touched[i] = !keep && (sheet->set[i] || change->values[i]);
    free_secret(given);
}

static void read_others(struct bridge_change *change)
{
    const struct preference_sheet *sheet = change->sheet;
    const struct preference *rows[PREFERENCE_MAX];

    size_t count = collect_rows(sheet->host, sheet->scope, 0, rows);
    for (size_t i = 0; i < count; i++) {
        struct strbuf value = STRBUF_INIT(4 * FORM_TEXT_MAX);
        if (preference_sheet_find(sheet, rows[i]->key) >= 0)
            continue;
        change->others[change->other_count] = rows[i];
        if (read_value(sheet->host, sheet->user, sheet->address, rows[i], &value))
            change->other_values[change->other_count] = strbuf_detach(&value);
        change->other_count++;
    }
}

static bool is_nothing(const struct bridge_change *change)
{
    for (size_t i = 0; i < change->sheet->count; i++) {
        if (change->touched[i])
            return false;
    }
    return !change->registers || (!change->invitation &&
                                  store_account_find(change->sheet->host->core->store,
                                                     change->sheet->host->name,
                                                     change->sheet->user, NULL));
}

/* Only the gateway's own settings do not concern the transport. */
static bool concerns_transport(const struct bridge_change *change)
{
    bool any = change->registers;

    for (size_t i = 0; i < change->sheet->count; i++)
        any = any || (change->touched[i] && !is_gateways(change->sheet->rows[i]));
    return any && change->sheet->host->transport;
}

static void begin(struct bridge_change *change)
{
    const struct bridge_host *host = change->sheet->host;
    struct bridge_error err;

    if (is_nothing(change)) {
        finish(change, NULL);
    } else if (check_locked(change, &err) || check_required(change, &err) ||
               check_traffic(change, &err) || check_unique(change, &err) ||
               check_places(change, &err)) {
        finish(change, &err);
    } else {
        append(change);
        if (concerns_transport(change) && host->transport->check) {
            set_timer(changes_of(change));
            host->transport->check(host->instance, change);
        } else {
            save(change);
        }
    }
}

static struct bridge_change *change_new(struct preference_sheet *sheet, char **values,
                                        preference_done *done, void *arg)
{
    struct bridge_change *change = bridge_alloc(sizeof *change);

    change->sheet = sheet;
    change->done = done;
    change->arg = arg;
    change->since = clock_monotonic();
    for (size_t i = 0; i < sheet->count; i++) {
        take_value(change, i, values[i]);
        values[i] = NULL;
    }
    read_others(change);
    return change;
}

void preference_change(struct preference_sheet *sheet, char **values, preference_done *done,
                       void *arg)
{
    begin(change_new(sheet, values, done, arg));
}

void preference_register(struct preference_sheet *sheet, char **values, const char *invitation,
                         preference_done *done, void *arg)
{
    struct bridge_change *change = change_new(sheet, values, done, arg);

    change->registers = true;
    change->invitation = bridge_strdup(invitation);
    begin(change);
}

/* --- all changes ----------------------------------------------------------------------------- */

void changes_init(struct core *core)
{
    uv_timer_init(core->loop, &core->changes.timer);
    core->changes.timer.data = core;
}

void changes_drop(struct core *core, const char *domain, const char *user)
{
    struct bridge_change *change;
    struct bridge_error why;

    bridge_fail(&why, BRIDGE_RETRY, _("Nothing was changed: what is stored about you is being "
                                      "deleted"));
    while ((change = first_checking(core, domain, user)))
        abandon(change, &why);
}

void changes_stop(struct core *core)
{
    struct bridge_change *change;
    struct bridge_error why;

    bridge_fail(&why, BRIDGE_RETRY, _("The gateway is shutting down; try again later"));
    while ((change = first_checking(core, NULL, NULL)))
        abandon(change, &why);
    uv_close((uv_handle_t *)&core->changes.timer, NULL);
}

void changes_release(struct core *core)
{
    struct bridge_change *change;

    while ((change = core->changes.first)) {
        assert(change->state == CHANGE_ENDED);
        take_out(change);
        change_free(change);
    }
}
