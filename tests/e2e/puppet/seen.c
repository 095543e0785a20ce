/* What came down, as text: a line for each field that was set, "key: value", with \ and the
 * ends of lines escaped, so that a test can tell every field from every other. */
#include <stdio.h>
#include <string.h>

#include "puppet.h"

#define NOTE_MAX 65536

const char *const note_names[NOTE_COUNT] = {
#define X(name) #name,
    NOTES(X)
#undef X
};

void note_begin(struct strbuf *note)
{
    note->limit = NOTE_MAX;
    strbuf_reset(note);
}

void note_text(struct strbuf *note, const char *key, const char *value)
{
    if (!value)
        return;
    strbuf_addf(note, "%s%s: ", note->len ? "\n" : "", key);
    for (; *value; value++) {
        if (*value == '\\')
            strbuf_adds(note, "\\\\");
        else if (*value == '\n')
            strbuf_adds(note, "\\n");
        else
            strbuf_addch(note, *value);
    }
}

void note_number(struct strbuf *note, const char *key, int64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)value);
    note_text(note, key, text);
}

static void note_flag(struct strbuf *note, const char *key, bool set)
{
    if (set)
        note_text(note, key, "yes");
}

static void note_file(struct strbuf *note, size_t at, const struct bridge_attachment *file)
{
    char key[64];
#define KEY(name) (snprintf(key, sizeof key, "file%zu.%s", at, name), key)

    note_text(note, KEY("url"), file->url);
    note_text(note, KEY("name"), file->name);
    note_text(note, KEY("type"), file->type);
    note_text(note, KEY("description"), file->description);
    if (file->size >= 0)
        note_number(note, KEY("size"), file->size);
#undef KEY
}

static void note_reactions(struct strbuf *note, const struct bridge_message *message)
{
    char key[32];

    for (size_t i = 0; i < message->reaction_count; i++) {
        snprintf(key, sizeof key, "reaction%zu", i);
        note_text(note, key, message->reactions[i]);
    }
}

void note_message(struct strbuf *note, const char *address,
                  const struct bridge_message *message)
{
    static const char *const kinds[] = { "text", "action", "notice" };

    note_begin(note);
    note_text(note, "address", address);
    note_text(note, "id", message->id);
    note_text(note, "body", message->body);
    note_text(note, "kind", kinds[message->kind]);
    if (message->time)
        note_number(note, "time", message->time);
    note_text(note, "subject", message->subject);
    note_text(note, "thread", message->thread);
    note_text(note, "replaces", message->replaces);
    note_text(note, "retracts", message->retracts);
    note_text(note, "answers", message->answers);
    note_text(note, "answers_to", message->answers_to);
    note_text(note, "quote", message->quote);
    note_text(note, "reacts", message->reacts);
    note_reactions(note, message);
    for (size_t i = 0; i < message->attachment_count; i++)
        note_file(note, i, &message->attachments[i]);
    note_flag(note, "receipt", message->receipt);
    note_flag(note, "displayed", message->displayed);
    note_flag(note, "no_store", message->no_store);
}

void note_signal(struct strbuf *note, const char *address, const struct bridge_signal *signal)
{
    static const char *const kinds[] = { "active", "composing", "paused",   "inactive",
                                         "gone",   "received",  "displayed" };

    note_begin(note);
    note_text(note, "address", address);
    note_text(note, "kind", kinds[signal->kind]);
    note_text(note, "id", signal->id);
}

void note_presence(struct strbuf *note, const struct bridge_presence *presence)
{
    note_begin(note);
    note_text(note, "show", show_names[presence->show]);
    note_text(note, "status", presence->status);
    note_text(note, "nick", presence->nick);
    if (presence->avatar)
        note_number(note, "avatar", (int64_t)presence->avatar->size);
}
