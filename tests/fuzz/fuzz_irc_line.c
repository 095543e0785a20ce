/* Bytes of a server -> lines -> libircclient. Whatever it says, the library
 * agrees with our own parser on every line that it gets, and nothing of a
 * line is left for the next. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "library.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct irc_library *library;
static const struct irc_line *current;

static void compare(void *arg, const struct irc_message *m)
{
    static struct irc_pieces pieces;
    struct irc_message ours;

    (void)arg;
    irc_line_parse(current, &pieces, &ours);
    assert(!strcmp(m->source, ours.source) && !strcmp(m->verb, ours.verb));
    assert(m->count == ours.count && m->tags == ours.tags);
    for (unsigned i = 0; i < m->count; i++)
        assert(!strcmp(m->params[i], ours.params[i]));
}

static bool on_line(void *arg, const struct irc_line *line)
{
    struct strbuf out = STRBUF_INIT(100);

    (void)arg;
    assert(line->len && line->len <= IRC_LINE_MAX && line->tags_len <= IRC_TAGS_MAX);
    assert(!memchr(line->text, 0, line->len) && !memchr(line->text, '\r', line->len) &&
           !memchr(line->text, '\n', line->len));
    current = line;
    irc_library_feed(library, line, compare, NULL);
    assert(irc_library_format(library, &out, IRC_PING, NULL, "x") == 0);
    assert(!strcmp(strbuf_text(&out), "PING :x\r\n"));
    strbuf_release(&out);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct irc_reader reader;
    struct bridge_error err;
    const char *text = (const char *)data;

    if (!library)
        library = irc_library_new(&err);
    if (!size)
        return 0;
    irc_reader_init(&reader);
    size_t cut = data[0] % size; /* one seam between packets */
    irc_reader_feed(&reader, text, cut, on_line, NULL);
    irc_reader_feed(&reader, text + cut, size - cut, on_line, NULL);
    irc_reader_release(&reader);
    return 0;
}
