#include "catalogue.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

#define CATALOGUE_MAX (4u << 20)
#define MAGIC 0x950412deu
#define HEAD 20
#define ENTRY 8

/* The GNU MO format: a head, two tables of (length, offset), sorted by the
 * original, and the texts. msgfmt writes it in little endian everywhere. */
struct catalogue {
    struct strbuf data;
    uint32_t count;
    uint32_t originals; /* offsets of the tables */
    uint32_t translations;
};

static uint32_t number_at(const struct catalogue *c, size_t offset)
{
    const unsigned char *p = (const unsigned char *)c->data.data + offset;

    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static const char *text_at(const struct catalogue *c, uint32_t table, uint32_t row)
{
    return c->data.data + number_at(c, table + row * ENTRY + 4);
}

static bool is_inside(const struct catalogue *c, uint64_t offset, uint64_t len)
{
    return offset <= c->data.len && len <= c->data.len - offset;
}

/* Every text is inside, and ends with NUL. */
static bool is_table(const struct catalogue *c, uint32_t table)
{
    if (!is_inside(c, table, (uint64_t)c->count * ENTRY))
        return false;
    for (uint32_t i = 0; i < c->count; i++) {
        uint64_t len = number_at(c, table + i * ENTRY);
        uint64_t offset = number_at(c, table + i * ENTRY + 4);
        if (!is_inside(c, offset, len + 1) || c->data.data[offset + len])
            return false;
    }
    return true;
}

static bool read_head(struct catalogue *c)
{
    if (c->data.len < HEAD || number_at(c, 0) != MAGIC)
        return false;
    c->count = number_at(c, 8);
    c->originals = number_at(c, 12);
    c->translations = number_at(c, 16);
    return is_table(c, c->originals) && is_table(c, c->translations);
}

struct catalogue *catalogue_open(const char *path, struct bridge_error *err)
{
    struct catalogue *c = bridge_alloc(sizeof *c);
    struct stat status;

    strbuf_init(&c->data, CATALOGUE_MAX);
    if (file_read(path, CATALOGUE_MAX, &c->data, &status, err) == 0) {
        if (read_head(c))
            return c;
        bridge_fail(err, BRIDGE_INVALID, "it is no catalogue of translations");
    }
    catalogue_free(c);
    return NULL;
}

void catalogue_free(struct catalogue *catalogue)
{
    if (catalogue)
        strbuf_release(&catalogue->data);
    free(catalogue);
}

/* Plural forms follow each other, each with its NUL. */
static const char *nth_form(const struct catalogue *c, uint32_t row, unsigned form)
{
    const char *text = text_at(c, c->translations, row);
    const char *end = text + number_at(c, c->translations + row * ENTRY);

    while (form-- > 0 && text + strlen(text) < end)
        text += strlen(text) + 1;
    return *text ? text : NULL;
}

const char *catalogue_find(const struct catalogue *catalogue, const char *text, unsigned form)
{
    uint32_t low = 0, high = catalogue->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(text, text_at(catalogue, catalogue->originals, middle));
        if (!order)
            return nth_form(catalogue, middle, form);
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
