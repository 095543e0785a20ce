#include "caps_verify.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>
#include <openssl/evp.h>

#include "stanza.h"

/* Of the splitter's stanzas, the largest is below this. */
#define TEXT_MAX (1u << 20)

struct list {
    char **texts;
    size_t count, size;
};

static void list_add(struct list *list, struct strbuf *text)
{
    if (list->count == list->size) {
        list->size = list->size ? 2 * list->size : 32;
        list->texts = bridge_realloc(list->texts, list->size * sizeof(char *));
    }
    list->texts[list->count++] = strbuf_detach(text);
}

/* i;octet, as §5.1 wants it. */
static int by_octets(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_sort(struct list *list)
{
    if (list->count)
        qsort(list->texts, list->count, sizeof(char *), by_octets);
}

static void list_release(struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->texts[i]);
    free(list->texts);
}

/* --- the verification string ------------------------------------------------------ */

/* A part of it. With a '<' inside it might be read as two (§5.1, the note). */
static bool add(struct strbuf *out, const char *text)
{
    strbuf_adds(out, text ? text : "");
    return !text || !strchr(text, '<');
}

/* Append them in order, "<" behind each. False if two are the same: §5.4 calls
 * that ill-formed. */
static bool add_sorted(struct strbuf *out, struct list *list)
{
    bool distinct = true;

    list_sort(list);
    for (size_t i = 0; i < list->count; i++) {
        distinct = distinct && (!i || strcmp(list->texts[i - 1], list->texts[i]) != 0);
        strbuf_adds(out, list->texts[i]);
        strbuf_addch(out, '<');
    }
    return distinct;
}

static bool is_a(xmpp_stanza_t *e, const char *name, const char *ns)
{
    const char *own = xmpp_stanza_is_tag(e) ? xmpp_stanza_get_ns(e) : NULL;

    return own && !strcmp(own, ns) && !strcmp(xmpp_stanza_get_name(e), name);
}

static bool add_identity(struct strbuf *out, xmpp_stanza_t *e)
{
    static const char *const names[] = { "category", "type", "xml:lang", "name" };
    bool good = true;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (i)
            strbuf_addch(out, '/');
        good = add(out, xmpp_stanza_get_attribute(e, names[i])) && good;
    }
    return good;
}

static bool add_feature(struct strbuf *out, xmpp_stanza_t *e)
{
    return add(out, xmpp_stanza_get_attribute(e, "var"));
}

/* All identities, or all features. */
static bool add_all(struct strbuf *out, xmpp_stanza_t *query, const char *name,
                    bool (*add_one)(struct strbuf *out, xmpp_stanza_t *e))
{
    struct list list = { 0 };
    bool good = true;

    for (xmpp_stanza_t *e = xmpp_stanza_get_children(query); e; e = xmpp_stanza_get_next(e)) {
        struct strbuf text = STRBUF_INIT(TEXT_MAX);
        if (!is_a(e, name, NS_DISCO_INFO))
            continue;
        good = add_one(&text, e) && good;
        list_add(&list, &text);
    }
    good = add_sorted(out, &list) && good;
    list_release(&list);
    return good;
}

/* --- forms (XEP-0128) ------------------------------------------------------------- */

static bool is_form_type(xmpp_stanza_t *field)
{
    const char *var = xmpp_stanza_get_attribute(field, "var");

    return var && !strcmp(var, "FORM_TYPE");
}

/* "value<value<", in order; the same one twice is no fault. */
static bool add_values(struct strbuf *out, xmpp_stanza_t *field, size_t most)
{
    struct list values = { 0 };
    bool good = true;

    for (xmpp_stanza_t *e = xmpp_stanza_get_children(field); e; e = xmpp_stanza_get_next(e)) {
        struct strbuf text = STRBUF_INIT(TEXT_MAX);
        if (!is_a(e, "value", NS_DATA))
            continue;
        stanza_text(e, &text);
        good = !strchr(strbuf_text(&text), '<') && good;
        list_add(&values, &text);
    }
    add_sorted(out, &values);
    good = good && values.count <= most;
    list_release(&values);
    return good;
}

static bool add_field(struct strbuf *out, xmpp_stanza_t *field)
{
    bool good = add(out, xmpp_stanza_get_attribute(field, "var"));

    strbuf_addch(out, '<');
    return add_values(out, field, SIZE_MAX) && good;
}

/* Append "FORM_TYPE<field..", or nothing for a form that has no (hidden)
 * FORM_TYPE, which is none that counts. */
static bool add_form(struct strbuf *out, xmpp_stanza_t *form)
{
    struct list fields = { 0 };
    struct strbuf form_type = STRBUF_INIT(TEXT_MAX);
    bool good = true;

    for (xmpp_stanza_t *e = xmpp_stanza_get_children(form); e; e = xmpp_stanza_get_next(e)) {
        struct strbuf text = STRBUF_INIT(TEXT_MAX);
        const char *type = is_a(e, "field", NS_DATA) ? xmpp_stanza_get_type(e) : NULL;
        if (!is_a(e, "field", NS_DATA))
            continue;
        if (!is_form_type(e)) {
            good = add_field(&text, e) && good;
            list_add(&fields, &text);
        } else if (type && !strcmp(type, "hidden") && !form_type.len) {
            good = add_values(&form_type, e, 1) && good;
        }
    }
    list_sort(&fields);
    if (form_type.len)
        strbuf_adds(out, strbuf_text(&form_type));
    for (size_t i = 0; form_type.len && i < fields.count; i++)
        strbuf_adds(out, fields.texts[i]);
    strbuf_release(&form_type);
    list_release(&fields);
    return good;
}

/* What two forms have in common if they have the same FORM_TYPE. */
static bool same_form_type(const char *a, const char *b)
{
    size_t len = strcspn(a, "<");

    return len == strcspn(b, "<") && !strncmp(a, b, len);
}

static bool add_forms(struct strbuf *out, xmpp_stanza_t *query)
{
    struct list forms = { 0 };
    bool good = true;

    for (xmpp_stanza_t *e = xmpp_stanza_get_children(query); e; e = xmpp_stanza_get_next(e)) {
        struct strbuf text = STRBUF_INIT(TEXT_MAX);
        if (!is_a(e, "x", NS_DATA))
            continue;
        good = add_form(&text, e) && good;
        list_add(&forms, &text);
    }
    list_sort(&forms);
    for (size_t i = 0; i < forms.count; i++) {
        bool twice = i && *forms.texts[i] && same_form_type(forms.texts[i - 1], forms.texts[i]);
        good = good && !twice;
        strbuf_adds(out, forms.texts[i]);
    }
    list_release(&forms);
    return good;
}

/* --- the hash --------------------------------------------------------------------- */

static const EVP_MD *find_hash(const char *name)
{
    static const struct {
        const char *name; /* of XEP-0300 */
        const EVP_MD *(*get)(void);
    } hashes[] = {
        { "sha-1", EVP_sha1 },     { "sha-224", EVP_sha224 }, { "sha-256", EVP_sha256 },
        { "sha-384", EVP_sha384 }, { "sha-512", EVP_sha512 },
    };

    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        if (!strcmp(hashes[i].name, name))
            return hashes[i].get();
    }
    return NULL;
}

bool caps_verify(xmpp_stanza_t *query, const char *hash, const char *ver)
{
    const EVP_MD *md = find_hash(hash);
    struct strbuf text = STRBUF_INIT(TEXT_MAX);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char base64[EVP_MAX_MD_SIZE * 4 / 3 + 4];
    unsigned len = 0;

    bool good = add_all(&text, query, "identity", add_identity);
    good = add_all(&text, query, "feature", add_feature) && good;
    good = add_forms(&text, query) && good && !text.overflow && md;
    good = good && EVP_Digest(strbuf_text(&text), text.len, digest, &len, md, NULL);
    strbuf_release(&text);
    if (!good)
        return false;
    EVP_EncodeBlock(base64, digest, (int)len);
    return !strcmp((char *)base64, ver);
}
