#include "command_line.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>
#include <bridge/utf8.h>
#include <bridge/words.h>

/* --- words ----------------------------------------------------------------------- */

/* Copy one word to *out; returns what follows it, or NULL if a quote is open.
 * Quotes may begin inside a word: subject="two words". */
static const char *copy_word(const char *text, char **out)
{
    char *to = *out;

    while (*text && !isspace((unsigned char)*text)) {
        if (*text != '"') {
            *to++ = *text++;
            continue;
        }
        for (text++; *text != '"'; text++) {
            if (*text == '\\' && text[1])
                text++;
            if (!*text)
                return NULL;
            *to++ = *text;
        }
        text++;
    }
    *to++ = 0;
    *out = to;
    return text;
}

static const char *skip_space(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

int command_line_parse(const char *text, struct command_line *line, struct bridge_error *err)
{
    size_t len = strlen(text);

    *line = (struct command_line){ 0 };
    if (len > COMMAND_LINE_MAX)
        return bridge_fail(err, BRIDGE_INVALID, _("This is too long for a command"));
    line->block = bridge_alloc(len + 1);
    line->words = bridge_alloc(COMMAND_WORDS_MAX * sizeof *line->words);
    char *end = line->block;
    for (text = skip_space(text); *text; text = skip_space(text)) {
        if (line->count == COMMAND_WORDS_MAX)
            return bridge_fail(err, BRIDGE_INVALID, _("These are too many words for a command"));
        line->words[line->count++] = end;
        text = copy_word(text, &end);
        if (!text)
            return bridge_fail(err, BRIDGE_INVALID,
                               _("A quotation mark is open: close it with a second one"));
    }
    return 0;
}

void command_line_release(struct command_line *line)
{
    free(line->block);
    free(line->words);
    *line = (struct command_line){ 0 };
}

/* --- fields ---------------------------------------------------------------------- */

struct fill {
    const struct form_field *fields;
    struct strbuf *texts; /* as they were typed, one for each field */
    bool *given;          /* perhaps as "" */
    size_t next;          /* field for a word without a name */
};

/* The row that the word names with "var=", or -1; *value is what follows. */
static int named(const struct fill *fill, const char *word, const char **value)
{
    for (int i = 0; fill->fields && fill->fields[i].type; i++) {
        const char *var = fill->fields[i].var;
        size_t len = var ? strlen(var) : 0;
        if (len && fill->fields[i].type != FORM_HIDDEN && !strncmp(word, var, len) &&
            word[len] == '=') {
            *value = word + len + 1;
            return i;
        }
    }
    return -1;
}

static bool takes_words(const struct form_field *field)
{
    return field->type != FORM_HIDDEN && field->type != FORM_FIXED;
}

static bool takes_all(const struct form_field *field)
{
    return field->type == FORM_TEXT_MULTI || field->type == FORM_JID_MULTI;
}

static int add_word(struct fill *fill, const char *word, struct bridge_error *err)
{
    const char *value = word;
    int i = named(fill, word, &value);

    if (i < 0) {
        while (fill->fields && fill->fields[fill->next].type &&
               (!takes_words(&fill->fields[fill->next]) ||
                (fill->texts[fill->next].len && !takes_all(&fill->fields[fill->next]))))
            fill->next++;
        if (!fill->fields || !fill->fields[fill->next].type)
            return bridge_fail(err, BRIDGE_INVALID, _("\"%.*s\" is one word too many"),
                               (int)utf8_cut(word, strlen(word), 60), word);
        i = (int)fill->next;
    }
    struct strbuf *text = &fill->texts[i];
    if (text->len)
        strbuf_addch(text, ' ');
    strbuf_adds(text, value);
    fill->given[i] = true;
    return 0;
}

static int check_all(struct fill *fill, char **values, struct bridge_error *err)
{
    for (size_t i = 0; fill->fields && fill->fields[i].type; i++) {
        struct strbuf value = STRBUF_INIT(2 * FORM_TEXT_MAX);
        struct bridge_error why;
        if (!fill->texts[i].len && !fill->texts[i].overflow) {
            if (fill->given[i] && fill->fields[i].blank)
                values[i] = bridge_strdup("");
            continue;
        }
        if (form_check(&fill->fields[i], strbuf_text(&fill->texts[i]), &value, &why)) {
            strbuf_release(&value);
            form_release(values, i);
            return bridge_fail(err, BRIDGE_INVALID, "%s: %s", _(fill->fields[i].label),
                               why.text);
        }
        values[i] = strbuf_detach(&value);
    }
    return 0;
}

int command_line_fill(const struct command_line *line, const struct form_field *fields,
                      char **values, struct bridge_error *err)
{
    size_t count = form_count(fields);
    struct fill fill = {
        .fields = fields,
        .texts = bridge_alloc((count + 1) * sizeof *fill.texts),
        .given = bridge_alloc((count + 1) * sizeof *fill.given),
    };
    int rc = 0;

    for (size_t i = 0; i < count; i++) {
        strbuf_init(&fill.texts[i], 2 * COMMAND_LINE_MAX);
        values[i] = NULL;
    }
    for (size_t i = 1; i < line->count && !rc; i++)
        rc = add_word(&fill, line->words[i], err);
    if (!rc)
        rc = check_all(&fill, values, err);
    for (size_t i = 0; i < count; i++)
        strbuf_release(&fill.texts[i]);
    free(fill.texts);
    free(fill.given);
    return rc;
}

/* --- the nearest word ---------------------------------------------------------------- */

#define DISTANCE_MAX 32

/* Levenshtein, one row at a time; longer words are as far as can be. */
size_t command_line_distance(const char *a, const char *b)
{
    size_t row[DISTANCE_MAX + 1];
    size_t len = strlen(b);

    if (strlen(a) > DISTANCE_MAX || len > DISTANCE_MAX)
        return DISTANCE_MAX;
    for (size_t k = 0; k <= len; k++)
        row[k] = k;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t k = 0; k < len; k++) {
            bool same = tolower((unsigned char)a[i]) == tolower((unsigned char)b[k]);
            size_t best = diagonal + !same;
            diagonal = row[k + 1];
            if (row[k] + 1 < best)
                best = row[k] + 1;
            if (row[k + 1] + 1 < best)
                best = row[k + 1] + 1;
            row[k + 1] = best;
        }
    }
    return row[len];
}
