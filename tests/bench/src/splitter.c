#include "splitter.h"

#include <string.h>

#include "die.h"

/* `p` is behind '<'. Returns the '>' that ends the tag, or NULL. */
static const char *tag_end(const char *p, const char *end)
{
    char quote = 0;

    for (; p < end; p++) {
        if (quote) {
            if (*p == quote)
                quote = 0;
        } else if (*p == '>') {
            return p;
        } else if (*p == '"' || *p == '\'') {
            quote = *p;
        }
    }
    return NULL;
}

static void eat(struct splitter *s, struct queue *in, size_t len)
{
    queue_eat(in, len);
    s->scanned = 0;
}

/* Takes a tag [lt, gt] into account; what it ends is returned. */
static enum split count_tag(struct splitter *s, const char *lt, const char *gt)
{
    if (!s->depth) {
        s->depth = 1;
        return SPLIT_OPEN;
    }
    if (s->depth == 1)
        s->head = s->scanned;
    if (lt[1] == '/')
        s->depth--;
    else if (gt[-1] != '/')
        s->depth++;
    if (!s->depth)
        return SPLIT_CLOSE;
    return s->depth == 1 ? SPLIT_STANZA : SPLIT_MORE;
}

enum split splitter_next(struct splitter *s, struct queue *in, struct stanza *st)
{
    if (s->used) {
        eat(s, in, s->used);
        s->used = 0;
    }
    for (;;) {
        const char *base = queue_data(in);
        const char *end = base + queue_len(in);
        const char *from = base + s->scanned;
        const char *lt = memchr(from, '<', (size_t)(end - from));
        if (s->depth <= 1 && lt != base) { /* white space between stanzas */
            eat(s, in, (size_t)((lt ? lt : end) - base));
            if (!lt)
                return SPLIT_MORE;
            continue;
        }
        s->scanned = (size_t)((lt ? lt : end) - base);
        const char *gt = lt ? tag_end(lt + 1, end) : NULL;
        if (!gt)
            return SPLIT_MORE;
        if (lt[1] == '!')
            die("the gateway sent a comment or CDATA, which the harness cannot read");
        s->scanned = (size_t)(gt + 1 - base);
        if (lt[1] == '?') { /* <?xml version='1.0'?> */
            eat(s, in, s->scanned);
            continue;
        }
        enum split event = count_tag(s, lt, gt);
        if (event == SPLIT_MORE)
            continue;
        s->used = s->scanned;
        *st = (struct stanza){ base, s->scanned, event == SPLIT_STANZA ? s->head : s->scanned };
        return event;
    }
}
