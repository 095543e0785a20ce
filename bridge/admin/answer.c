#include "answer.h"

#include <stddef.h>

#include <bridge/utf8.h>

/* Lists come in pieces (answer_full()); this is for the faults of a large
 * configuration. */
#define ANSWER_LIMIT (4u << 20)
#define PIECE        (32u << 10)

void answer_init(struct answer *answer, void (*on_wake)(void *arg), void *arg)
{
    *answer = (struct answer){ .on_wake = on_wake, .arg = arg };
    strbuf_init(&answer->out, ANSWER_LIMIT);
}

static void release_source(struct answer *answer)
{
    const struct answer_source *source = answer->source;

    answer->source = NULL;
    if (source)
        source->release(answer->state);
}

void answer_release(struct answer *answer)
{
    release_source(answer);
    strbuf_release(&answer->out);
}

/* In pieces a client could take half an answer for a whole one. */
static void give_up(struct answer *answer)
{
    strbuf_reset(&answer->out);
    strbuf_adds(&answer->out, "failed the answer is too long to be told here: see the log\n");
    answer->ended = true;
}

__attribute__((format(printf, 3, 0)))
static void add(struct answer *answer, const char *kind, const char *format, va_list args)
{
    struct strbuf text = STRBUF_INIT(ANSWER_LIMIT);
    struct strbuf *out = &answer->out;

    strbuf_addv(&text, format, args);
    strbuf_adds(out, kind);
    size_t start = out->len;
    utf8_add_clean(out, strbuf_text(&text), text.len);
    for (size_t i = start; i < out->len; i++) {
        if (out->data[i] == '\n')
            out->data[i] = ' ';
    }
    strbuf_addch(out, '\n');
    if (out->overflow || text.overflow)
        give_up(answer);
    strbuf_release(&text);
}

#define ADD(kind) \
    do { \
        va_list args; \
        va_start(args, format); \
        if (!answer->ended) \
            add(answer, kind, format, args); \
        va_end(args); \
    } while (0)

void answer_heading(struct answer *answer, const char *format, ...)
{
    ADD("# ");
}

void answer_line(struct answer *answer, const char *format, ...)
{
    ADD("- ");
}

void answer_progress(struct answer *answer, const char *format, ...)
{
    ADD("~ ");
}

void answer_ok(struct answer *answer)
{
    if (!answer->ended)
        strbuf_adds(&answer->out, "ok\n");
    if (answer->out.overflow)
        give_up(answer);
    answer->ended = true;
    release_source(answer);
}

void answer_end(struct answer *answer, enum answer_end how, const char *format, ...)
{
    static const char *const words[] = { "failed ", "usage " };

    ADD(words[how]);
    answer->ended = true;
    release_source(answer);
}

void answer_go_on(struct answer *answer, const struct answer_source *source, void *state)
{
    answer->source = source;
    answer->state = state;
}

bool answer_full(const struct answer *answer)
{
    return answer->ended || answer->out.len >= PIECE;
}

void answer_wake(struct answer *answer)
{
    answer->on_wake(answer->arg);
}
