/* Text both ways: pieces lie within the budget, and within the text, in order,
 * and not inside a character; cleaned text is fit for XML. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/utf8.h>

#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void split(const char *text, size_t budget)
{
    bool valid = utf8_valid(text, strlen(text));
    const char *rest = text;
    const char *piece;
    const char *last = text;
    size_t len;

    while ((len = text_next_piece(&rest, budget, &piece))) {
        assert(len <= budget && piece >= last && piece + len <= rest);
        assert(!memchr(piece, '\n', len) && !memchr(piece, '\r', len));
        assert(!valid || utf8_valid(piece, len));
        last = piece + len;
    }
    assert(!*rest);
}

static void clean(const char *text, size_t len)
{
    struct strbuf out = STRBUF_INIT(4 * len);
    size_t used;

    text_add_clean(&out, text, len);
    assert(!out.overflow);
    for (size_t i = 0; i < out.len; i += used)
        assert(utf8_is_xml(utf8_decode(out.data + i, out.len - i, &used)));
    strbuf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text_ctcp ctcp;

    if (size < 1)
        return 0;
    char *text = bridge_strndup((const char *)data + 1, size - 1);
    split(text, 4 + data[0]);
    clean(text, strlen(text));
    if (text_parse_ctcp(text, &ctcp))
        assert(ctcp.rest >= text && ctcp.rest + ctcp.rest_len <= text + strlen(text));
    free(text);
    return 0;
}
