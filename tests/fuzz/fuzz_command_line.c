/* A line of chat as a command. Whatever it is: the words hold no more than the
 * line, and what fills a field is what the field takes. */
#include "command_line.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const struct form_option sizes[] = { { "small", NULL }, { "large", NULL }, { 0 } };
static const struct form_field fields[] = {
    { .var = "FORM_TYPE", .type = FORM_HIDDEN, .initial = "x" },
    { .var = "t", .type = FORM_TEXT_SINGLE, .label = "T", .required = true },
    { .var = "l", .type = FORM_LIST_SINGLE, .label = "L", .options = sizes },
    { .var = "b", .type = FORM_BOOLEAN, .label = "B" },
    { .var = "j", .type = FORM_JID_MULTI, .label = "J" },
    { .var = "m", .type = FORM_TEXT_MULTI, .label = "M" },
    { 0 },
};

#define FIELDS (sizeof fields / sizeof *fields - 1)

static void fill(const struct command_line *line)
{
    char *values[FIELDS];
    struct bridge_error err;

    int rc = command_line_fill(line, fields, values, &err);
    assert(rc == 0 || *err.text);
    for (size_t i = 0; i < FIELDS; i++) {
        struct strbuf again = STRBUF_INIT(1 << 20);
        assert(rc == 0 || !values[i]);
        if (values[i])
            assert(form_check(&fields[i], values[i], &again, &err) == 0);
        strbuf_release(&again);
    }
    form_release(values, FIELDS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = bridge_strndup((const char *)data, size);
    struct command_line line;
    struct bridge_error err;
    size_t total = 0;

    if (command_line_parse(text, &line, &err) == 0) {
        for (size_t i = 0; i < line.count; i++)
            total += strlen(line.words[i]);
        assert(total <= strlen(text) && line.count <= COMMAND_WORDS_MAX);
        fill(&line);
        if (line.count > 1)
            assert(command_line_distance(line.words[0], line.words[1]) ==
                   command_line_distance(line.words[1], line.words[0]));
    }
    command_line_release(&line);
    free(text);
    return 0;
}
