#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/log.h>
#include <bridge/utf8.h>

#include "config_text.h"
#include "file.h"
#include <libconfig.h>
#include <sodium.h>

#define SECRET_LIMIT  65536 /* bytes of a file with a secret: a private key fits */
#define MESSAGE_LIMIT 65536
#define SHOWN_MAX     60    /* bytes of a wrong value that a fault shows */
#define KEY_MAX       64    /* longer ones have no near relation */

struct config {
    config_t tree; /* first: every setting points to it, and so to us */
    struct config_text text;
};

/* A group is libconfig's; its name stays in this file. */
static config_setting_t *setting_of(struct config_group *group)
{
    return (config_setting_t *)group;
}

/* --- where, and what -------------------------------------------------------- */

static const struct config_source *place_of(const config_setting_t *setting, unsigned *line)
{
    const struct config *config = (const struct config *)setting->config;

    return config_text_place(&config->text, config_setting_source_line(setting), line);
}

static void add_path(struct strbuf *out, const config_setting_t *setting)
{
    if (!setting->parent)
        return;
    add_path(out, setting->parent);
    if (!setting->name)
        strbuf_addf(out, "[%d]", config_setting_index(setting));
    else
        strbuf_addf(out, "%s%s", out->len ? "." : "", setting->name);
}

/* A fault at `setting`, or at what it lacks: its member `key` (may be NULL). */
static void fault_at(struct config_faults *faults, const config_setting_t *setting,
                     const char *key, const char *message)
{
    struct strbuf path = STRBUF_INIT(MESSAGE_LIMIT);
    unsigned line;

    add_path(&path, setting);
    if (key)
        strbuf_addf(&path, "%s%s", path.len ? "." : "", key);
    const struct config_source *source = place_of(setting, &line);
    config_fault_add(faults, source->path, line, strbuf_text(&path), message);
    strbuf_release(&path);
}

static void add_shown(struct strbuf *out, const char *text)
{
    size_t len = strlen(text);
    size_t cut = utf8_cut(text, len, SHOWN_MAX);
    size_t from = out->len + 1;

    strbuf_addch(out, '"');
    utf8_add_clean(out, text, cut);
    for (size_t i = from; i < out->len; i++) { /* a fault is one line */
        if (out->data[i] == '\n' || out->data[i] == '\t')
            out->data[i] = ' ';
    }
    strbuf_adds(out, cut < len ? "...\"" : "\"");
}

static void add_found_number(struct strbuf *out, const config_setting_t *setting)
{
    if (setting->type == CONFIG_TYPE_INT64)
        strbuf_addf(out, "%lld", setting->value.llval);
    else if (setting->type == CONFIG_TYPE_FLOAT &&
             (setting->value.fval >= 0x1p63 || setting->value.fval < -0x1p63))
        strbuf_adds(out, setting->value.fval < 0 ? "a number that is too small"
                                                 : "a number that is too large");
    else if (setting->type == CONFIG_TYPE_FLOAT)
        strbuf_adds(out, "a number with a fraction");
    else /* every other whole number became INT64: see config_text.h */
        strbuf_adds(out, "a number that runs into the next word");
}

/* In plain words; what could be a secret is not shown. */
static void add_found(struct strbuf *out, const config_setting_t *setting, bool secret)
{
    switch (setting->type) {
    case CONFIG_TYPE_GROUP:
        strbuf_adds(out, "a group { ... }");
        break;
    case CONFIG_TYPE_LIST:
        strbuf_adds(out, "a list ( ... )");
        break;
    case CONFIG_TYPE_ARRAY:
        strbuf_adds(out, "a list [ ... ]");
        break;
    case CONFIG_TYPE_BOOL:
        strbuf_adds(out, setting->value.ival ? "true" : "false");
        break;
    case CONFIG_TYPE_STRING:
        if (secret)
            strbuf_adds(out, "text");
        else
            add_shown(out, setting->value.sval ? setting->value.sval : "");
        break;
    default:
        if (secret)
            strbuf_adds(out, "a number");
        else
            add_found_number(out, setting);
        break;
    }
}

static void add_expected(struct strbuf *out, const struct setting *row)
{
    static const char *const words[] = {
        [SETTING_STRING] = "text in quotes",
        [SETTING_SECRET] = "text in quotes",
        [SETTING_BOOL] = "true or false",
        [SETTING_STRINGS] = "a list of texts ( \"...\", \"...\" )",
        [SETTING_GROUP] = "a group { ... }",
        [SETTING_LIST] = "a list of groups ( { ... }, { ... } )",
    };

    if (row->type == SETTING_INT && row->max == INT64_MAX) {
        strbuf_addf(out, "a whole number from %" PRId64 " on", row->min);
    } else if (row->type == SETTING_INT) {
        strbuf_addf(out, "a whole number from %" PRId64 " to %" PRId64, row->min, row->max);
    } else if (row->type == SETTING_ENUM) {
        strbuf_adds(out, "one of");
        for (size_t i = 0; row->words[i]; i++)
            strbuf_addf(out, "%s \"%s\"", i ? "," : "", row->words[i]);
    } else {
        strbuf_adds(out, words[row->type]);
    }
}

static void fault_value(struct config_faults *faults, const config_setting_t *found,
                        const struct setting *row, const char *expected)
{
    struct strbuf text = STRBUF_INIT(MESSAGE_LIMIT);

    strbuf_adds(&text, "expected ");
    if (expected)
        strbuf_adds(&text, expected);
    else
        add_expected(&text, row);
    strbuf_adds(&text, ", found ");
    add_found(&text, found, row->type == SETTING_SECRET);
    if (row->type == SETTING_INT && found->type == CONFIG_TYPE_INT64)
        strbuf_adds(&text, found->value.llval > row->max ? " (too large)" : " (too small)");
    fault_at(faults, found, NULL, strbuf_text(&text));
    strbuf_release(&text);
}

/* --- values ----------------------------------------------------------------- */

/* Why a text cannot be a value, or NULL. A secret may have lines: a private
 * key in PEM has. */
static const char *text_fault(const char *text, bool lines)
{
    size_t len = strlen(text);
    size_t used;

    for (size_t i = 0; i < len; i += used) {
        uint32_t c = utf8_decode(text + i, len - i, &used);
        if (c == UTF8_BAD)
            return "the text is not UTF-8";
        if (lines && (c == '\n' || c == '\r' || c == '\t'))
            continue;
        if (c < 0x20 || (c >= 0x7f && c < 0xa0))
            return "the text has a control character or a line break in it";
    }
    return NULL;
}

/* The text of a string setting, or NULL with a fault. */
static const char *get_text(const config_setting_t *found, const struct setting *row,
                            struct config_faults *faults)
{
    if (found->type != CONFIG_TYPE_STRING) {
        fault_value(faults, found, row, "text in quotes");
        return NULL;
    }
    const char *text = found->value.sval ? found->value.sval : "";
    const char *why = text_fault(text, row->type == SETTING_SECRET);
    if (!why && !*text && (row->type == SETTING_SECRET || row->flags & SETTING_REQUIRED))
        why = "this must not be empty";
    if (why)
        fault_at(faults, found, NULL, why);
    return why ? NULL : text;
}

static void read_string(const config_setting_t *found, const struct setting *row, void *field,
                        struct config_faults *faults)
{
    *(char **)field = bridge_strdup(get_text(found, row, faults));
}

static void read_int(const config_setting_t *found, const struct setting *row, void *field,
                     struct config_faults *faults)
{
    long long value = found->value.llval;

    if (found->type == CONFIG_TYPE_INT64 && value >= row->min && value <= row->max)
        *(int64_t *)field = value;
    else
        fault_value(faults, found, row, NULL);
}

static void read_bool(const config_setting_t *found, const struct setting *row, void *field,
                      struct config_faults *faults)
{
    if (found->type == CONFIG_TYPE_BOOL)
        *(bool *)field = found->value.ival != 0;
    else
        fault_value(faults, found, row, NULL);
}

static void read_enum(const config_setting_t *found, const struct setting *row, void *field,
                      struct config_faults *faults)
{
    if (found->type == CONFIG_TYPE_STRING && found->value.sval) {
        for (int i = 0; row->words[i]; i++) {
            if (!strcmp(row->words[i], found->value.sval)) {
                *(int *)field = i;
                return;
            }
        }
    }
    fault_value(faults, found, row, NULL);
}

static bool is_list(const config_setting_t *setting)
{
    return setting->type == CONFIG_TYPE_LIST || setting->type == CONFIG_TYPE_ARRAY;
}

/* The length of a list; an empty one does not do where one is required. */
static unsigned list_length(const config_setting_t *list, const struct setting *row,
                            struct config_faults *faults)
{
    unsigned count = (unsigned)config_setting_length(list);

    if (!count && row->flags & SETTING_REQUIRED)
        fault_at(faults, list, NULL, "this must not be empty");
    return count;
}

static void read_strings(const config_setting_t *found, const struct setting *row, void *field,
                         struct config_faults *faults)
{
    struct setting_strings *strings = field;

    if (!is_list(found)) {
        fault_value(faults, found, row, NULL);
        return;
    }
    unsigned count = list_length(found, row, faults);
    strings->items = bridge_alloc(count * sizeof *strings->items);
    for (unsigned i = 0; i < count; i++) {
        const char *text = get_text(config_setting_get_elem(found, i), row, faults);
        if (text)
            strings->items[strings->count++] = bridge_strdup(text);
    }
}

static void read_rows(config_setting_t *group, const struct setting *rows, void *values,
                      bool (*other)(void *arg, const char *key), void *arg,
                      struct config_faults *faults);

static void read_group(const config_setting_t *found, const struct setting *row, void *field,
                       struct config_faults *faults)
{
    if (found->type == CONFIG_TYPE_GROUP)
        read_rows((config_setting_t *)found, row->rows, field, NULL, NULL, faults);
    else
        fault_value(faults, found, row, NULL);
}

static void read_list(const config_setting_t *found, const struct setting *row, void *field,
                      struct config_faults *faults)
{
    static const struct setting item_row = { .key = "", .type = SETTING_GROUP };
    struct setting_list *list = field;

    if (!is_list(found)) {
        fault_value(faults, found, row, NULL);
        return;
    }
    unsigned count = list_length(found, row, faults);
    if (row->rows)
        list->items = bridge_alloc(count * row->size);
    for (unsigned i = 0; i < count; i++) {
        config_setting_t *item = config_setting_get_elem(found, i);
        if (item->type != CONFIG_TYPE_GROUP)
            fault_value(faults, item, &item_row, NULL);
        else if (row->rows)
            read_rows(item, row->rows, (char *)list->items + list->count++ * row->size, NULL,
                      NULL, faults);
    }
}

/* --- secrets ---------------------------------------------------------------- */

static char *read_secret_file(const config_setting_t *found, const char *path,
                              struct config_faults *faults)
{
    struct strbuf text = STRBUF_INIT(SECRET_LIMIT);
    struct stat status;
    struct bridge_error err;
    const char *why = NULL;
    unsigned line;

    if (file_read(path, SECRET_LIMIT, &text, &status, &err)) {
        why = err.text;
    } else {
        if (text.len && text.data[text.len - 1] == '\n')
            strbuf_cut(&text, text.len - 1);
        if (text.len && text.data[text.len - 1] == '\r')
            strbuf_cut(&text, text.len - 1);
        if (!text.len)
            why = "the file is empty";
        else if (memchr(text.data, 0, text.len))
            why = "the file has a NUL byte";
        else
            why = text_fault(text.data, true);
    }
    if (!why) {
        const struct config_source *source = place_of(found, &line);
        if (status.st_mode & S_IROTH)
            log_warning("config", "%s:%u: %s: every user of this machine can read that file",
                        source->path, line, found->name);
        return strbuf_detach(&text);
    }
    /* Not the path: somebody may have put the secret itself there. */
    fault_at(faults, found, NULL, why);
    if (text.data)
        sodium_memzero(text.data, text.size);
    strbuf_release(&text);
    return NULL;
}

static char *secret_inline(const config_setting_t *found, const char *text,
                           struct config_faults *faults)
{
    unsigned line;
    const struct config_source *source = place_of(found, &line);

    (void)faults;
    if (source->world_readable)
        log_warning("config", "%s:%u: %s: every user of this machine can read this file",
                    source->path, line, found->name);
    return bridge_strdup(text);
}

static char *secret_from_file(const config_setting_t *found, const char *text,
                              struct config_faults *faults)
{
    unsigned line;
    char *path = config_beside(place_of(found, &line)->path, text);
    char *secret = read_secret_file(found, path, faults);

    free(path);
    return secret;
}

static char *secret_from_credential(const config_setting_t *found, const char *text,
                                    struct config_faults *faults)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    struct strbuf path = STRBUF_INIT(MESSAGE_LIMIT);
    char *secret = NULL;

    strbuf_addf(&path, "%s/%s", directory ? directory : "", text);
    if (!*text || strchr(text, '/') || !strcmp(text, ".") || !strcmp(text, ".."))
        fault_at(faults, found, NULL, "expected the name of a credential, without slashes");
    else if (!directory || !*directory)
        fault_at(faults, found, NULL,
                 "$CREDENTIALS_DIRECTORY is not set: systemd sets it (LoadCredential=)");
    else
        secret = read_secret_file(found, strbuf_text(&path), faults);
    strbuf_release(&path);
    return secret;
}

/* The ways to give a secret; the first row is also that of every other key. */
static const struct form {
    const char *suffix;
    char *(*read)(const config_setting_t *found, const char *text,
                  struct config_faults *faults);
} forms[] = {
    { "", secret_inline },
    { "_file", secret_from_file },
    { "_credential", secret_from_credential },
};
#define FORM_COUNT (sizeof forms / sizeof *forms)

static size_t form_count(const struct setting *row)
{
    return row->type == SETTING_SECRET ? FORM_COUNT : 1;
}

static bool is_form(const struct setting *row, const char *suffix, const char *key)
{
    size_t len = strlen(row->key);

    return !strncmp(key, row->key, len) && !strcmp(key + len, suffix);
}

/* How this key gives the row's value; NULL if it does not. */
static const struct form *form_of(const struct setting *row, const char *key)
{
    for (size_t i = 0; i < form_count(row); i++) {
        if (is_form(row, forms[i].suffix, key))
            return &forms[i];
    }
    return NULL;
}

/* The member of the group that gives the row's value, or NULL. */
static const config_setting_t *first_form(const config_setting_t *group,
                                          const struct setting *row)
{
    unsigned count = (unsigned)config_setting_length(group);

    for (unsigned i = 0; i < count; i++) {
        const config_setting_t *member = config_setting_get_elem(group, i);
        if (form_of(row, member->name))
            return member;
    }
    return NULL;
}

static void read_secret(const config_setting_t *found, const struct setting *row, void *field,
                        struct config_faults *faults)
{
    if (first_form(found->parent, row) != found) {
        fault_at(faults, found, NULL, "this secret is given twice, in different ways");
        return;
    }
    const char *text = get_text(found, row, faults);
    if (text)
        *(char **)field = form_of(row, found->name)->read(found, text, faults);
}

/* --- groups ----------------------------------------------------------------- */

typedef void reader(const config_setting_t *found, const struct setting *row, void *field,
                    struct config_faults *faults);

static reader *const readers[] = {
    [SETTING_STRING] = read_string, [SETTING_SECRET] = read_secret,
    [SETTING_INT] = read_int,       [SETTING_BOOL] = read_bool,
    [SETTING_ENUM] = read_enum,     [SETTING_STRINGS] = read_strings,
    [SETTING_GROUP] = read_group,   [SETTING_LIST] = read_list,
};

static const struct setting *row_of(const struct setting *rows, const char *key)
{
    for (const struct setting *row = rows; row->type; row++) {
        if (form_of(row, key))
            return row;
    }
    return NULL;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be added, removed or changed (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
    size_t row[KEY_MAX + 1];
    size_t len = strlen(b);

    if (strlen(a) > KEY_MAX || len > KEY_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < len; j++) {
            size_t change = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = least(change, least(row[j], diagonal) + 1);
        }
    }
    return row[len];
}

static void fault_unknown(struct config_faults *faults, const config_setting_t *found,
                          const struct setting *rows)
{
    size_t nearest = strlen(found->name) / 2 + 1; /* farther is no relation */
    char guess[KEY_MAX * 2] = "";
    char candidate[KEY_MAX * 2];
    char message[sizeof guess + 40] = "unknown key";

    for (const struct setting *row = rows; row->type; row++) {
        for (size_t i = 0; i < form_count(row); i++) {
            snprintf(candidate, sizeof candidate, "%s%s", row->key, forms[i].suffix);
            size_t d = distance(found->name, candidate);
            if (d < nearest) {
                nearest = d;
                memcpy(guess, candidate, sizeof guess);
            }
        }
    }
    if (*guess)
        snprintf(message, sizeof message, "unknown key; did you mean \"%s\"?", guess);
    fault_at(faults, found, NULL, message);
}

static void fault_missing(struct config_faults *faults, const config_setting_t *group,
                          const struct setting *row)
{
    struct strbuf text = STRBUF_INIT(MESSAGE_LIMIT);

    strbuf_adds(&text, "missing; expected ");
    add_expected(&text, row);
    if (row->type == SETTING_SECRET)
        strbuf_addf(&text, " (or %s_file, or %s_credential)", row->key, row->key);
    fault_at(faults, group, row->key, strbuf_text(&text));
    strbuf_release(&text);
}

/* In the file's order, so that faults come in it too; then what is not there. */
static void read_rows(config_setting_t *group, const struct setting *rows, void *values,
                      bool (*other)(void *arg, const char *key), void *arg,
                      struct config_faults *faults)
{
    unsigned count = (unsigned)config_setting_length(group);

    for (unsigned i = 0; i < count; i++) {
        const config_setting_t *found = config_setting_get_elem(group, i);
        const struct setting *row = row_of(rows, found->name);
        if (row)
            readers[row->type](found, row, (char *)values + row->offset, faults);
        else if (!other || !other(arg, found->name))
            fault_unknown(faults, found, rows);
    }
    for (const struct setting *row = rows; row->type; row++) {
        const struct setting alone[] = { *row, { 0 } };
        if (first_form(group, row))
            continue;
        if (row->flags & SETTING_REQUIRED)
            fault_missing(faults, group, row);
        settings_defaults(alone, values);
    }
}

void config_fill(struct config_group *group, const struct setting *rows, void *values,
                 bool (*other)(void *arg, const char *key), void *arg,
                 struct config_faults *faults)
{
    read_rows(setting_of(group), rows, values, other, arg, faults);
}

/* --- files ------------------------------------------------------------------ */

static void fault_syntax(const struct config *config, struct config_faults *faults)
{
    const char *message = config_error_text(&config->tree);
    unsigned line;
    const struct config_source *source =
        config_text_place(&config->text, (unsigned)config_error_line(&config->tree), &line);

    if (!strcmp(message, "syntax error"))
        message =
            "this is not understood; does a ';', a quote or a bracket lack here or above?";
    else if (!strcmp(message, "duplicate setting name"))
        message = "this key is given twice";
    else if (!strcmp(message, "memory exhausted"))
        message = "groups and lists are nested too deep";
    config_fault_add(faults, source->path, line, NULL, message);
}

static struct config *parse(struct config *config, struct config_faults *faults)
{
    config_init(&config->tree);
    if (config_read_string(&config->tree, strbuf_text(&config->text.text)))
        return config;
    fault_syntax(config, faults);
    config_close(config);
    return NULL;
}

struct config *config_open(const char *path, struct config_faults *faults)
{
    struct config *config = bridge_alloc(sizeof *config);

    if (!config_text_open(&config->text, path, faults))
        return parse(config, faults);
    config_text_release(&config->text);
    free(config);
    return NULL;
}

struct config *config_parse(const char *name, const char *text, size_t len,
                            struct config_faults *faults)
{
    struct config *config = bridge_alloc(sizeof *config);

    if (!config_text_parse(&config->text, name, text, len, faults))
        return parse(config, faults);
    config_text_release(&config->text);
    free(config);
    return NULL;
}

static void wipe_texts(config_setting_t *setting)
{
    if (setting->type == CONFIG_TYPE_STRING && setting->value.sval) {
        sodium_memzero(setting->value.sval, strlen(setting->value.sval));
    } else if (config_setting_is_aggregate(setting)) {
        unsigned count = (unsigned)config_setting_length(setting);
        for (unsigned i = 0; i < count; i++)
            wipe_texts(config_setting_get_elem(setting, i));
    }
}

void config_close(struct config *config)
{
    if (!config)
        return;
    wipe_texts(config_root_setting(&config->tree));
    config_destroy(&config->tree);
    config_text_release(&config->text);
    free(config);
}

struct config_group *config_root(struct config *config)
{
    return (struct config_group *)config_root_setting(&config->tree);
}

struct config_group *config_list_group(struct config_group *group, const char *key, size_t n)
{
    const config_setting_t *list = config_setting_get_member(setting_of(group), key);

    if (!list || !is_list(list))
        return NULL;
    unsigned count = (unsigned)config_setting_length(list);
    for (unsigned i = 0; i < count; i++) {
        config_setting_t *item = config_setting_get_elem(list, i);
        if (item->type == CONFIG_TYPE_GROUP && n-- == 0)
            return (struct config_group *)item;
    }
    return NULL;
}

const char *config_peek(struct config_group *group, const char *key)
{
    const config_setting_t *member = config_setting_get_member(setting_of(group), key);

    return member && member->type == CONFIG_TYPE_STRING ? member->value.sval : NULL;
}

void config_fault(struct config_faults *faults, struct config_group *group, const char *key,
                  const char *format, ...)
{
    struct strbuf message = STRBUF_INIT(MESSAGE_LIMIT);
    const config_setting_t *member =
        key ? config_setting_get_member(setting_of(group), key) : NULL;
    va_list args;

    va_start(args, format);
    strbuf_addv(&message, format, args);
    va_end(args);
    if (member)
        fault_at(faults, member, NULL, strbuf_text(&message));
    else
        fault_at(faults, setting_of(group), key, strbuf_text(&message));
    strbuf_release(&message);
}
