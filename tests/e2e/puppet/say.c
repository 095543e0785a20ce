/* "say [OPTION=VALUE...] TEXT": a message upward with every payload that there is. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "puppet.h"

#define FILES_MAX 4
#define REACTIONS_MAX 8

struct speech {
    struct bridge_message message;
    struct bridge_attachment files[FILES_MAX];
    const char *reactions[REACTIONS_MAX];
    const char *from; /* who says it, if not the one who was told to */
};

enum option_type { TEXT, FLAG, NUMBER, KIND, FROM, REACTIONS, FILE_URL, FILE_TEXT, FILE_SIZE };

/* The offset is in the message, or in the file that the last url= began. */
static const struct option {
    const char *key;
    enum option_type type;
    size_t offset;
} options[] = {
#define FIELD(member) offsetof(struct bridge_message, member)
#define FILE_FIELD(member) offsetof(struct bridge_attachment, member)
    { "id", TEXT, FIELD(id) },
    { "kind", KIND, 0 },
    { "from", FROM, 0 },
    { "time", NUMBER, FIELD(time) },
    { "subject", TEXT, FIELD(subject) },
    { "thread", TEXT, FIELD(thread) },
    { "replaces", TEXT, FIELD(replaces) },
    { "retracts", TEXT, FIELD(retracts) },
    { "answers", TEXT, FIELD(answers) },
    { "answers_to", TEXT, FIELD(answers_to) },
    { "quote", TEXT, FIELD(quote) },
    { "reacts", TEXT, FIELD(reacts) },
    { "reactions", REACTIONS, 0 },
    { "url", FILE_URL, FILE_FIELD(url) },
    { "name", FILE_TEXT, FILE_FIELD(name) },
    { "type", FILE_TEXT, FILE_FIELD(type) },
    { "description", FILE_TEXT, FILE_FIELD(description) },
    { "size", FILE_SIZE, 0 },
    { "receipt", FLAG, FIELD(receipt) },
    { "displayed", FLAG, FIELD(displayed) },
    { "no_store", FLAG, FIELD(no_store) },
#undef FIELD
#undef FILE_FIELD
};

static const struct option *find_option(const char *line)
{
    size_t len = strcspn(line, "= \n\"");

    for (size_t i = 0; line[len] == '=' && i < sizeof options / sizeof *options; i++) {
        if (strlen(options[i].key) == len && memcmp(options[i].key, line, len) == 0)
            return &options[i];
    }
    return NULL;
}

static enum bridge_message_kind kind_of(const char *name)
{
    return strcmp(name, "action") == 0   ? BRIDGE_ACTION
           : strcmp(name, "notice") == 0 ? BRIDGE_NOTICE
                                         : BRIDGE_TEXT;
}

/* "a,b": one after the other; "": none. */
static void set_reactions(struct speech *speech, char *list)
{
    char *save = NULL;

    for (char *one = strtok_r(list, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
        if (speech->message.reaction_count < REACTIONS_MAX)
            speech->reactions[speech->message.reaction_count++] = one;
    }
    speech->message.reactions = speech->reactions;
}

static struct bridge_attachment *last_file(struct speech *speech)
{
    size_t count = speech->message.attachment_count;

    return &speech->files[count ? count - 1 : 0];
}

static void add_file(struct speech *speech, const char *url)
{
    if (speech->message.attachment_count < FILES_MAX)
        speech->message.attachment_count++;
    speech->message.attachments = speech->files;
    *last_file(speech) = (struct bridge_attachment){ .url = url, .size = -1 };
}

static void set_option(struct speech *speech, const struct option *option, char *value)
{
    void *field = (char *)&speech->message + option->offset;
    void *file_field = (char *)last_file(speech) + option->offset;

    switch (option->type) {
    case TEXT: *(const char **)field = value; break;
    case FLAG: *(bool *)field = *value == '1'; break;
    case NUMBER: *(int64_t *)field = strtoll(value, NULL, 10); break;
    case KIND: speech->message.kind = kind_of(value); break;
    case FROM: speech->from = value; break;
    case REACTIONS: set_reactions(speech, value); break;
    case FILE_URL: add_file(speech, value); break;
    case FILE_TEXT: *(const char **)file_field = value; break;
    case FILE_SIZE: last_file(speech)->size = strtoll(value, NULL, 10); break;
    }
}

int say_play(const struct cue *cue, char *line, struct bridge_error *err)
{
    struct speech speech = { 0 };
    const struct option *option;

    (void)err;
    while ((option = find_option(line)))
        set_option(&speech, option, strchr(script_word(&line), '=') + 1);
    speech.message.body = line;
    script_send(cue, speech.from, &speech.message);
    return 0;
}
