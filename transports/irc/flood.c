/* The bucket is one number: the time at which it will be full again. A line
 * moves that time by `gap`; it may go while the time is less than a whole
 * burst ahead. */
#include "flood.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>

void flood_init(struct flood *f, uint64_t burst, uint64_t rate)
{
    *f = (struct flood){ .burst = burst, .gap = rate ? 1000 / rate : 0 };
}

void flood_release(struct flood *f)
{
    struct flood_line *line;

    while ((line = flood_drop(f)))
        free(line);
}

size_t flood_line_size(size_t len, const char *address, const char *id)
{
    size_t names = id ? strlen(id) + 1 + strlen(address) + 1 : 0;

    return sizeof(struct flood_line) + names + len;
}

void flood_add(struct flood *f, const char *text, size_t len, const char *address,
               const char *id)
{
    size_t size = flood_line_size(len, address, id);
    struct flood_line *line = bridge_alloc(size);
    char *p = (char *)(line + 1);

    line->size = size;
    line->len = len;
    line->text = memcpy(p, text, len);
    if (id) {
        line->id = strcpy(p + len, id);
        line->address = strcpy(p + len + strlen(id) + 1, address);
    }
    if (f->last)
        f->last->next = line;
    else
        f->first = line;
    f->last = line;
    f->queued += size;
}

struct flood_line *flood_drop(struct flood *f)
{
    struct flood_line *line = f->first;

    if (!line)
        return NULL;
    f->first = line->next;
    if (!f->first)
        f->last = NULL;
    f->queued -= line->size;
    line->next = NULL;
    return line;
}

uint64_t flood_next_at(const struct flood *f, uint64_t now)
{
    uint64_t ahead = (f->burst - 1) * f->gap;
    uint64_t at = f->full_at > ahead ? f->full_at - ahead : 0;

    return at > now ? at : now;
}

void flood_spend(struct flood *f, uint64_t now)
{
    f->full_at = (f->full_at > now ? f->full_at : now) + f->gap;
}

struct flood_line *flood_take(struct flood *f, uint64_t now)
{
    if (!f->first || flood_next_at(f, now) > now)
        return NULL;
    flood_spend(f, now);
    return flood_drop(f);
}
