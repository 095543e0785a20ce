#include "message_pack.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>
#include <bridge/utf8.h>

/* --- the members ----------------------------------------------------------------- */

struct text_member {
    const char *key;
    size_t offset; /* of a const char * */
};

#define MEMBER(type, member) { #member, offsetof(struct type, member) }

/* The names of keys are those of the members, for ever: rows of older versions
 * have them. */
static const struct text_member message_texts[] = {
    MEMBER(bridge_message, id),         MEMBER(bridge_message, body),
    MEMBER(bridge_message, subject),    MEMBER(bridge_message, thread),
    MEMBER(bridge_message, replaces),   MEMBER(bridge_message, retracts),
    MEMBER(bridge_message, answers),    MEMBER(bridge_message, answers_to),
    MEMBER(bridge_message, quote),      MEMBER(bridge_message, reacts),
    { 0 },
};
static const struct text_member attachment_texts[] = {
    MEMBER(bridge_attachment, url),  MEMBER(bridge_attachment, name),
    MEMBER(bridge_attachment, type), MEMBER(bridge_attachment, description),
    { 0 },
};
static const struct {
    const char *key;
    size_t offset; /* of a bool */
} message_flags[] = {
    MEMBER(bridge_message, receipt),
    MEMBER(bridge_message, displayed),
    MEMBER(bridge_message, no_store),
};
static const char *const kinds[] = {
    [BRIDGE_TEXT] = "text", [BRIDGE_ACTION] = "action", [BRIDGE_NOTICE] = "notice",
};

#define FLAGS (sizeof message_flags / sizeof *message_flags)
#define KINDS (sizeof kinds / sizeof *kinds)

static const char **text_at(void *object, const struct text_member *member)
{
    return (const char **)((char *)object + member->offset);
}

/* --- writing --------------------------------------------------------------------- */

static json_t *text_new(const char *text)
{
    struct strbuf clean = STRBUF_INIT(SIZE_MAX / 2);
    json_t *value;

    if (utf8_valid(text, strlen(text))) {
        value = json_string(text);
    } else {
        utf8_add_clean(&clean, text, strlen(text));
        value = json_string(strbuf_text(&clean));
        strbuf_release(&clean);
    }
    return value;
}

/* jansson says -1 when there is no memory. */
static void put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value))
        abort();
}

static void append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value))
        abort();
}

static void put_texts(json_t *object, const void *from, const struct text_member *members)
{
    for (; members->key; members++) {
        const char *text = *text_at((void *)from, members);
        if (text)
            put(object, members->key, text_new(text));
    }
}

static json_t *attachments_new(const struct bridge_message *message)
{
    json_t *array = json_array();

    for (size_t i = 0; i < message->attachment_count; i++) {
        json_t *object = json_object();
        put_texts(object, &message->attachments[i], attachment_texts);
        put(object, "size", json_integer(message->attachments[i].size));
        append(array, object);
    }
    return array;
}

static json_t *reactions_new(const struct bridge_message *message)
{
    json_t *array = json_array();

    for (size_t i = 0; i < message->reaction_count; i++)
        append(array, text_new(message->reactions[i]));
    return array;
}

char *message_pack(const struct bridge_message *message)
{
    json_t *root = json_object();

    put_texts(root, message, message_texts);
    put(root, "kind", json_string(kinds[message->kind]));
    if (message->time)
        put(root, "time", json_integer(message->time));
    for (size_t i = 0; i < FLAGS; i++) {
        if (*(const bool *)((const char *)message + message_flags[i].offset))
            put(root, message_flags[i].key, json_true());
    }
    if (message->reacts)
        put(root, "reactions", reactions_new(message));
    if (message->attachment_count)
        put(root, "attachments", attachments_new(message));
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    if (!text)
        abort();
    return text;
}

/* --- reading --------------------------------------------------------------------- */

static void get_texts(json_t *object, void *to, const struct text_member *members)
{
    for (; members->key; members++)
        *text_at(to, members) = json_string_value(json_object_get(object, members->key));
}

static enum bridge_message_kind get_kind(json_t *root)
{
    const char *word = json_string_value(json_object_get(root, "kind"));

    for (size_t i = 0; word && i < KINDS; i++) {
        if (!strcmp(word, kinds[i]))
            return (enum bridge_message_kind)i;
    }
    return BRIDGE_TEXT;
}

static void get_reactions(struct unpacked_message *out)
{
    json_t *array = json_object_get(out->root, "reactions"), *value;
    size_t i;

    out->reactions = bridge_alloc((json_array_size(array) + 1) * sizeof *out->reactions);
    out->message.reactions = out->reactions;
    json_array_foreach (array, i, value) {
        if (json_is_string(value))
            out->reactions[out->message.reaction_count++] = json_string_value(value);
    }
}

static void get_attachments(struct unpacked_message *out)
{
    json_t *array = json_object_get(out->root, "attachments"), *value;
    size_t i;

    out->attachments = bridge_alloc((json_array_size(array) + 1) * sizeof *out->attachments);
    out->message.attachments = out->attachments;
    json_array_foreach (array, i, value) {
        struct bridge_attachment *a = &out->attachments[out->message.attachment_count];
        json_t *size = json_object_get(value, "size");
        get_texts(value, a, attachment_texts);
        a->size = json_is_integer(size) ? json_integer_value(size) : -1;
        if (a->url)
            out->message.attachment_count++;
    }
}

int message_unpack(const char *text, struct unpacked_message *out, struct bridge_error *err)
{
    json_error_t why;

    *out = (struct unpacked_message){ .root = json_loads(text, 0, &why) };
    if (!out->root)
        /* Not in jansson's words: they quote the text. */
        return bridge_fail(err, BRIDGE_INVALID, "a stored message is damaged at byte %d",
                           why.position);
    get_texts(out->root, &out->message, message_texts);
    if (!out->message.body)
        return bridge_fail(err, BRIDGE_INVALID, "a stored message is damaged: it has no body");
    out->message.kind = get_kind(out->root);
    out->message.time = json_integer_value(json_object_get(out->root, "time"));
    for (size_t i = 0; i < FLAGS; i++)
        *(bool *)((char *)&out->message + message_flags[i].offset) =
            json_is_true(json_object_get(out->root, message_flags[i].key));
    get_reactions(out);
    get_attachments(out);
    return 0;
}

void message_unpack_release(struct unpacked_message *unpacked)
{
    json_decref(unpacked->root);
    free(unpacked->reactions);
    free(unpacked->attachments);
}
