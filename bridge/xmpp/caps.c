#include "caps.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* --- order: "i;octet", as strcmp() has it ---------------------------------------- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *text_or_nothing(const char *text)
{
    return text ? text : "";
}

static int compare_identities(const void *a, const void *b)
{
    const struct disco_identity *x = a, *y = b;
    int by_category = strcmp(x->category, y->category);
    int by_type = strcmp(x->type, y->type);

    if (by_category || by_type)
        return by_category ? by_category : by_type;
    return strcmp(text_or_nothing(x->lang), text_or_nothing(y->lang));
}

static int compare_fields(const void *a, const void *b)
{
    return strcmp(((const struct disco_field *)a)->var, ((const struct disco_field *)b)->var);
}

static int compare_forms(const void *a, const void *b)
{
    return strcmp(((const struct disco_form *)a)->form_type,
                  ((const struct disco_form *)b)->form_type);
}

/* A copy in order; the caller's. */
static void *sorted(const void *items, size_t count, size_t size,
                    int (*compare)(const void *, const void *))
{
    void *copy = bridge_alloc(count * size + 1);

    if (count) {
        memcpy(copy, items, count * size);
        qsort(copy, count, size, compare);
    }
    return copy;
}

/* --- the text, step by step (§5.1) ------------------------------------------------ */

static void add_texts(struct strbuf *out, const char *const *texts, size_t count)
{
    const char **all = sorted(texts, count, sizeof *texts, compare_texts);

    for (size_t i = 0; i < count; i++)
        strbuf_addf(out, "%s<", all[i]);
    free(all);
}

static void add_identities(struct strbuf *out, const struct disco_info *info)
{
    struct disco_identity *all = sorted(info->identities, info->identity_count, sizeof *all,
                                        compare_identities);

    for (size_t i = 0; i < info->identity_count; i++)
        strbuf_addf(out, "%s/%s/%s/%s<", all[i].category, all[i].type,
                    text_or_nothing(all[i].lang), text_or_nothing(all[i].name));
    free(all);
}

static void add_features(struct strbuf *out, const struct disco_info *info)
{
    size_t count = 0;

    while (info->features[count])
        count++;
    add_texts(out, info->features, count);
}

static void add_form(struct strbuf *out, const struct disco_form *form)
{
    struct disco_field *all = sorted(form->fields, form->field_count, sizeof *all,
                                     compare_fields);

    strbuf_addf(out, "%s<", form->form_type);
    for (size_t i = 0; i < form->field_count; i++) {
        if (!all[i].count)
            continue;
        strbuf_addf(out, "%s<", all[i].var);
        add_texts(out, all[i].values, all[i].count);
    }
    free(all);
}

static void add_forms(struct strbuf *out, const struct disco_info *info)
{
    struct disco_form *all = sorted(info->forms, info->form_count, sizeof *all, compare_forms);

    for (size_t i = 0; i < info->form_count; i++) {
        if (!disco_form_is_empty(&all[i]))
            add_form(out, &all[i]);
    }
    free(all);
}

void caps_ver(const struct disco_info *info, char ver[CAPS_VER_SIZE])
{
    struct strbuf text = STRBUF_INIT(SIZE_MAX / 2);

    add_identities(&text, info);
    add_features(&text, info);
    add_forms(&text, info);
    digest_base64(strbuf_text(&text), text.len, ver);
    strbuf_release(&text);
}
