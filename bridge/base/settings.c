/* What can be done with a table of rows without a file: defaults, release,
 * comparison, and the commented example. */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define LINE_WIDTH 79

static void *field_of(const struct setting *row, void *values)
{
    return (char *)values + row->offset;
}

static const void *field_in(const struct setting *row, const void *values)
{
    return (const char *)values + row->offset;
}

static void *list_item(const struct setting *row, const struct setting_list *list, size_t n)
{
    return (char *)list->items + n * row->size;
}

/* --- defaults --------------------------------------------------------------- */

static int word_index(const struct setting *row, const char *word)
{
    int i = 0;

    while (row->words[i] && strcmp(row->words[i], word))
        i++;
    assert(row->words[i]); /* the row's own default must be one of its words */
    return i;
}

/* Call `each` with every item of ( "a", "b" ), written with or without
 * brackets and quotes. */
static void each_initial(const char *text,
                         void (*each)(void *arg, const char *item, size_t len), void *arg)
{
    static const char around[] = "( \",\")";

    for (text += strspn(text, around); *text; text += strspn(text, around)) {
        size_t len = strcspn(text, ",\")");
        while (len && text[len - 1] == ' ')
            len--;
        each(arg, text, len);
        text += len;
    }
}

static void add_item(void *arg, const char *item, size_t len)
{
    struct setting_strings *strings = arg;

    strings->items =
        bridge_realloc(strings->items, (strings->count + 1) * sizeof *strings->items);
    strings->items[strings->count++] = bridge_strndup(item, len);
}

static int64_t parse_initial_int(const struct setting *row)
{
    char *end;
    int64_t value = strtoll(row->initial, &end, 0);

    assert(*row->initial && !*end && value >= row->min && value <= row->max);
    return value;
}

static void default_row(const struct setting *row, void *field)
{
    if (row->type == SETTING_GROUP) {
        settings_defaults(row->rows, field);
        return;
    }
    if (!row->initial)
        return;
    switch (row->type) {
    case SETTING_STRING:
        *(char **)field = bridge_strdup(row->initial);
        break;
    case SETTING_INT:
        *(int64_t *)field = parse_initial_int(row);
        break;
    case SETTING_BOOL:
        *(bool *)field = !strcmp(row->initial, "true");
        assert(*(bool *)field || !strcmp(row->initial, "false"));
        break;
    case SETTING_ENUM:
        *(int *)field = word_index(row, row->initial);
        break;
    case SETTING_STRINGS:
        each_initial(row->initial, add_item, field);
        break;
    default:
        assert(false); /* secrets and lists have no default */
    }
}

void settings_defaults(const struct setting *rows, void *values)
{
    for (const struct setting *row = rows; row->type; row++)
        default_row(row, field_of(row, values));
}

/* --- release ---------------------------------------------------------------- */

static void release_strings(struct setting_strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->items[i]);
    free(strings->items);
    *strings = (struct setting_strings){ 0 };
}

static void release_list(const struct setting *row, struct setting_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        settings_release(row->rows, list_item(row, list, i));
    free(list->items);
    *list = (struct setting_list){ 0 };
}

static void release_text(char **text, bool secret)
{
    if (*text && secret)
        sodium_memzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

void settings_release(const struct setting *rows, void *values)
{
    for (const struct setting *row = rows; row->type; row++) {
        void *field = field_of(row, values);
        if (row->type == SETTING_STRING || row->type == SETTING_SECRET)
            release_text(field, row->type == SETTING_SECRET);
        else if (row->type == SETTING_STRINGS)
            release_strings(field);
        else if (row->type == SETTING_GROUP)
            settings_release(row->rows, field);
        else if (row->type == SETTING_LIST && row->rows)
            release_list(row, field);
    }
}

/* --- comparison ------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static bool same_strings(const struct setting_strings *a, const struct setting_strings *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]))
            return false;
    }
    return true;
}

static bool changed_rows(const struct setting *rows, const void *before, const void *after,
                         struct strbuf *path);

static bool changed_list(const struct setting *row, const struct setting_list *before,
                         const struct setting_list *after, struct strbuf *path)
{
    size_t len = path->len;

    if (before->count != after->count)
        return true;
    for (size_t i = 0; i < before->count; i++) {
        strbuf_addf(path, "[%zu]", i);
        if (changed_rows(row->rows, list_item(row, before, i), list_item(row, after, i), path))
            return true;
        strbuf_cut(path, len);
    }
    return false;
}

static bool changed_row(const struct setting *row, const void *before, const void *after,
                        struct strbuf *path)
{
    switch (row->type) {
    case SETTING_STRING:
    case SETTING_SECRET:
        return !same_text(*(char *const *)before, *(char *const *)after);
    case SETTING_INT:
        return *(const int64_t *)before != *(const int64_t *)after;
    case SETTING_BOOL:
        return *(const bool *)before != *(const bool *)after;
    case SETTING_ENUM:
        return *(const int *)before != *(const int *)after;
    case SETTING_STRINGS:
        return !same_strings(before, after);
    case SETTING_GROUP:
        return changed_rows(row->rows, before, after, path);
    case SETTING_LIST:
        return row->rows && changed_list(row, before, after, path);
    case SETTING_NONE:
        break;
    }
    return false;
}

/* True with the key's path in *path, or false with *path as it was. */
static bool changed_rows(const struct setting *rows, const void *before, const void *after,
                         struct strbuf *path)
{
    size_t len = path->len;

    for (const struct setting *row = rows; row->type; row++) {
        if (row->flags & SETTING_RELOAD)
            continue;
        if (len)
            strbuf_addch(path, '.');
        strbuf_adds(path, row->key);
        if (changed_row(row, field_in(row, before), field_in(row, after), path))
            return true;
        strbuf_cut(path, len);
    }
    return false;
}

const char *settings_changed(const struct setting *rows, const void *before, const void *after,
                             struct strbuf *path)
{
    strbuf_reset(path);
    return changed_rows(rows, before, after, path) ? strbuf_text(path) : NULL;
}

/* --- the example ------------------------------------------------------------ */

/* Where lines go. `prefix` is what they begin with: spaces, and "# " inside of
 * what is commented out. */
struct printer {
    struct strbuf *out;
    struct strbuf prefix;
};

static void put_line(struct printer *p, const char *text)
{
    strbuf_adds(p->out, strbuf_text(&p->prefix));
    strbuf_adds(p->out, text);
    strbuf_addch(p->out, '\n');
}

/* One paragraph as comment lines, broken at blanks. */
static void put_paragraph(struct printer *p, const char *text, size_t len)
{
    size_t width = LINE_WIDTH - p->prefix.len - 2;

    do {
        size_t take = len;
        if (len > width) {
            for (take = width; take && text[take] != ' ';)
                take--;
            if (!take) /* a word longer than the line */
                take = strcspn(text, " \n");
        }
        strbuf_addf(p->out, "%s#%s%.*s\n", strbuf_text(&p->prefix), take ? " " : "", (int)take,
                    text);
        for (text += take, len -= take; len && *text == ' '; len--)
            text++;
    } while (len);
}

static void put_comment(struct printer *p, const char *text)
{
    for (;;) {
        size_t len = strcspn(text, "\n");
        put_paragraph(p, text, len);
        if (!text[len])
            return;
        text += len + 1;
    }
}

static void add_quoted(struct strbuf *out, const char *text, size_t len)
{
    strbuf_addch(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            strbuf_addch(out, '\\');
        strbuf_addch(out, text[i]);
    }
    strbuf_addch(out, '"');
}

static void add_quoted_item(void *arg, const char *item, size_t len)
{
    struct strbuf *out = arg;

    strbuf_adds(out, out->data[out->len - 1] == '(' ? " " : ", ");
    add_quoted(out, item, len);
}

static void add_value(struct strbuf *out, const struct setting *row)
{
    const char *text =
        row->type != SETTING_SECRET && row->initial ? row->initial : row->example;

    switch (row->type) {
    case SETTING_INT:
        if (text)
            strbuf_adds(out, text);
        else
            strbuf_addf(out, "%" PRId64, row->min);
        break;
    case SETTING_BOOL:
        strbuf_adds(out, text ? text : "false");
        break;
    case SETTING_STRINGS:
        strbuf_adds(out, "(");
        each_initial(text ? text : "", add_quoted_item, out);
        strbuf_adds(out, " )");
        break;
    case SETTING_ENUM:
        text = text ? text : row->words[0];
        add_quoted(out, text, strlen(text));
        break;
    default:
        text = text ? text : row->type == SETTING_SECRET ? "change me" : "...";
        add_quoted(out, text, strlen(text));
        break;
    }
}

static void put_scalar(struct printer *p, const struct setting *row)
{
    struct strbuf line = STRBUF_INIT(65536);

    if (!row->initial && !(row->flags & SETTING_REQUIRED))
        strbuf_adds(&line, "# ");
    strbuf_addf(&line, "%s = ", row->key);
    add_value(&line, row);
    strbuf_addch(&line, ';');
    put_line(p, strbuf_text(&line));
    strbuf_release(&line);
}

static void put_rows(struct printer *p, const struct setting *rows);

/* The lines of `key = OPEN rows CLOSE`, commented out if `off`. */
static void put_block(struct printer *p, const struct setting *row, bool off, const char *open,
                      const char *close)
{
    size_t len = p->prefix.len;
    struct strbuf first = STRBUF_INIT(4096);

    strbuf_addf(&first, "%s =", row->key);
    if (off)
        strbuf_adds(&p->prefix, "# ");
    put_line(p, strbuf_text(&first));
    put_line(p, open);
    size_t inner = p->prefix.len;
    strbuf_adds(&p->prefix, "    ");
    put_rows(p, row->rows);
    strbuf_cut(&p->prefix, inner);
    put_line(p, close);
    strbuf_cut(&p->prefix, len);
    strbuf_release(&first);
}

static bool requires_something(const struct setting *rows)
{
    for (const struct setting *row = rows; row->type; row++) {
        if (row->flags & SETTING_REQUIRED)
            return true;
        if (row->type == SETTING_GROUP && requires_something(row->rows))
            return true;
    }
    return false;
}

static void put_value(struct printer *p, const struct setting *row)
{
    bool required = row->flags & SETTING_REQUIRED;

    /* Written out, a list has an item that its default has not, and a group
     * may ask for what its absence does not. */
    if (row->type == SETTING_GROUP)
        put_block(p, row, !required && requires_something(row->rows), "{", "};");
    else if (row->type == SETTING_LIST)
        put_block(p, row, !required, "( {", "} );");
    else
        put_scalar(p, row);
}

/* What the row itself knows about the values it takes. */
static void put_choice(struct printer *p, const struct setting *row)
{
    struct strbuf text = STRBUF_INIT(65536);

    if (row->type == SETTING_INT && row->max < INT64_MAX) {
        strbuf_addf(&text, "From %" PRId64 " to %" PRId64 ".", row->min, row->max);
    } else if (row->type == SETTING_ENUM) {
        strbuf_adds(&text, "One of");
        for (size_t i = 0; row->words[i]; i++)
            strbuf_addf(&text, "%s \"%s\"", i ? "," : "", row->words[i]);
        strbuf_addch(&text, '.');
    } else if (row->type == SETTING_SECRET) {
        strbuf_addf(&text, "Or %s_file = \"path\", or %s_credential = \"name\".", row->key,
                    row->key);
    }
    if (text.len)
        put_comment(p, strbuf_text(&text));
    strbuf_release(&text);
}

static void put_rows(struct printer *p, const struct setting *rows)
{
    bool first = true;

    for (const struct setting *row = rows; row->type; row++) {
        if (row->type == SETTING_LIST && !row->rows)
            continue; /* whoever reads it prints it */
        if (!first)
            strbuf_addch(p->out, '\n');
        first = false;
        if (row->help)
            put_comment(p, row->help);
        put_choice(p, row);
        put_value(p, row);
    }
}

void settings_print(struct strbuf *out, const struct setting *rows, unsigned indent)
{
    struct printer p = { .out = out, .prefix = STRBUF_INIT(4096) };

    while (indent--)
        strbuf_adds(&p.prefix, "    ");
    put_rows(&p, rows);
    strbuf_release(&p.prefix);
}
