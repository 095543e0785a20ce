#include "recent.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>

#include "casemap.h"

#define RING          8
#define ANSWER_WITHIN 60000 /* ms: what comes later is about something else */

struct recent_message {
    char *address; /* followed by the id, in one block; NULL: empty */
    const char *id;
    uint64_t at;
    unsigned lines; /* that have not failed yet */
    bool failed;
};

void recent_release(struct recent *r)
{
    for (unsigned i = 0; r->ring && i < RING; i++)
        free(r->ring[i].address);
    free(r->ring);
    *r = (struct recent){ 0 };
}

/* The i-th last message. */
static struct recent_message *last(struct recent *r, unsigned i)
{
    return &r->ring[(r->next + RING - 1 - i) % RING];
}

void recent_add(struct recent *r, const char *address, const char *id, uint64_t now)
{
    if (!r->ring)
        r->ring = bridge_alloc(RING * sizeof *r->ring);
    struct recent_message *m = last(r, 0);
    if (m->address && !strcmp(m->id, id) && !strcmp(m->address, address)) {
        m->lines++;
        m->at = now;
        return;
    }
    size_t size = strlen(address) + 1;
    m = &r->ring[r->next++ % RING];
    free(m->address);
    *m = (struct recent_message){ .at = now, .lines = 1 };
    m->address = bridge_realloc(NULL, size + strlen(id) + 1);
    memcpy(m->address, address, size);
    m->id = strcpy(m->address + size, id);
}

const char *recent_fail(struct recent *r, const char *address, const unsigned char *casemap,
                        uint64_t now)
{
    for (unsigned i = 0; r->ring && i < RING; i++) {
        struct recent_message *m = last(r, i);
        if (!m->address || !m->lines || now - m->at > ANSWER_WITHIN ||
            !casemap_equal(casemap, m->address, address))
            continue;
        bool first = !m->failed;
        m->lines--;
        m->failed = true;
        return first ? m->id : NULL;
    }
    return NULL;
}
