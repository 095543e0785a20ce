/* What comes through the control socket, in pieces, and how it goes back. The
 * first byte of the input says how large the pieces are. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/utf8.h>

#include "answer.h"
#include "request.h"

static void on_wake(void *arg)
{
    (void)arg;
}

/* Fed into memory of the exact size: reading past its end is seen. */
static enum request_state feed(struct request *r, const uint8_t *data, size_t size,
                               size_t piece, struct bridge_error *err)
{
    enum request_state state = REQUEST_MORE;

    for (size_t at = 0; at < size && state == REQUEST_MORE; at += piece) {
        size_t len = size - at < piece ? size - at : piece;
        char *copy = malloc(len);
        assert(copy);
        memcpy(copy, data + at, len);
        state = request_feed(r, copy, len, err);
        free(copy);
    }
    return state;
}

static void check_words(const struct request *r)
{
    assert(r->count >= 1 && r->count <= REQUEST_WORDS && !r->words[r->count]);
    for (unsigned i = 0; i < r->count; i++) {
        const char *word = r->words[i];
        assert(*word && utf8_valid(word, strlen(word)));
        for (const char *c = word; *c; c++)
            assert((unsigned char)*c >= 0x20 && *c != 0x7f);
    }
}

/* Whatever is said: so many lines of known kinds, and one end. */
static void check_answer(const struct answer *answer, size_t lines)
{
    const char *line = strbuf_text(&answer->out);
    const char *end;
    size_t found = 0;

    assert(utf8_valid(line, answer->out.len));
    assert(strlen(line) == answer->out.len);
    for (; (end = strchr(line, '\n')); line = end + 1, found++) {
        if (found + 1 < lines)
            assert(strchr("#-~", line[0]) && line[1] == ' ');
        else
            assert(!strncmp(line, "failed ", 7));
    }
    assert(!*line && found == lines);
}

static void check_saying(const char *text)
{
    struct answer answer;

    answer_init(&answer, on_wake, NULL);
    answer_heading(&answer, "%s", text);
    answer_line(&answer, "%s\t%s", text, text);
    answer_progress(&answer, "%s", text);
    answer_end(&answer, ANSWER_FAILED, "%s", text);
    check_answer(&answer, 4);
    answer_release(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct request pieces, whole;
    struct bridge_error err;

    if (size < 2)
        return 0;
    pieces = whole = (struct request){ 0 };
    enum request_state state = feed(&pieces, data + 1, size - 1, data[0] + 1, &err);
    if (state == REQUEST_READY) {
        check_words(&pieces);
        /* How the bytes came makes no difference to what was asked, but that
         * nothing may follow in the same piece. */
        size_t len = (size_t)((const uint8_t *)memchr(data + 1, '\n', size - 1) - data);
        assert(request_feed(&whole, (const char *)data + 1, len, &err) == REQUEST_READY);
        assert(whole.count == pieces.count && whole.len == pieces.len);
        assert(!memcmp(whole.line, pieces.line, whole.len));
    }

    char *text = bridge_strndup((const char *)data + 1, size - 1);
    check_saying(text);
    free(text);
    return 0;
}
