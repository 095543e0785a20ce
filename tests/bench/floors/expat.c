/* expat - what it costs only to parse stanzas.
 *
 * Parses a stream that `gwload --dump` saved, again and again, and prints the CPU
 * per stanza (child of <stream:stream>) as JSON, for several uses of libexpat.
 *
 * usage: expat FILE */
#include <expat.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS 0.5 /* of each mode */
#define CHUNK   16384

/* What the handlers leave behind, so that they are not optimised away. */
static unsigned long elements, values, characters;
static int depth;

static struct {
    size_t *ends; /* of the stanzas, as offsets in the stream */
    size_t count;
    size_t size;
} stanzas;

static const struct mode {
    const char *name;
    bool handlers;
    bool one_by_one; /* each stanza fed alone, as at a low rate */
} modes[] = {
    { "null", false, false },
    { "handlers", true, false },
    { "single", true, true },
};

static void XMLCALL on_start(void *arg, const char *name, const char **attributes)
{
    (void)arg;
    elements += name[0] != 0;
    for (; *attributes; attributes += 2)
        values += attributes[1][0] != 0;
    depth++;
}

static void XMLCALL on_end(void *arg, const char *name)
{
    (void)arg;
    (void)name;
    depth--;
}

static void XMLCALL on_text(void *arg, const char *text, int len)
{
    (void)arg;
    (void)text;
    characters += (unsigned long)len;
}

static void XMLCALL note_end(void *parser, const char *name)
{
    on_end(NULL, name);
    if (depth != 1)
        return;
    if (stanzas.count == stanzas.size) {
        stanzas.size = stanzas.size ? stanzas.size * 2 : 1024;
        stanzas.ends = realloc(stanzas.ends, stanzas.size * sizeof *stanzas.ends);
        if (!stanzas.ends)
            exit(3);
    }
    stanzas.ends[stanzas.count++] =
        (size_t)XML_GetCurrentByteIndex(parser) + (size_t)XML_GetCurrentByteCount(parser);
}

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void parse(XML_Parser parser, const char *xml, size_t len)
{
    if (XML_Parse(parser, xml, (int)len, 0) == XML_STATUS_ERROR) {
        fprintf(stderr, "expat: %s\n", XML_ErrorString(XML_GetErrorCode(parser)));
        exit(1);
    }
}

static char *read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "r");
    char *data;

    if (!f || fseek(f, 0, SEEK_END)) {
        perror(path);
        exit(1);
    }
    *len = (size_t)ftell(f);
    rewind(f);
    data = malloc(*len + 1);
    if (!data || fread(data, 1, *len, f) != *len)
        exit(1);
    data[*len] = 0;
    fclose(f);
    return data;
}

static void find_stanzas(const char *xml, size_t len)
{
    XML_Parser parser = XML_ParserCreate(NULL);

    XML_UseParserAsHandlerArg(parser);
    XML_SetElementHandler(parser, on_start, note_end);
    parse(parser, xml, len);
    XML_ParserFree(parser);
    if (!stanzas.count) {
        fputs("expat: no stanza in the file\n", stderr);
        exit(1);
    }
}

static void parse_all(const struct mode *mode, const char *xml, size_t len)
{
    XML_Parser parser = XML_ParserCreate(NULL);
    size_t at = 0;

    if (mode->handlers) {
        XML_SetElementHandler(parser, on_start, on_end);
        XML_SetCharacterDataHandler(parser, on_text);
    }
    for (size_t i = 0; mode->one_by_one && i < stanzas.count; at = stanzas.ends[i++])
        parse(parser, xml + at, stanzas.ends[i] - at);
    for (; at < len; at += CHUNK)
        parse(parser, xml + at, len - at < CHUNK ? len - at : CHUNK);
    XML_ParserFree(parser);
}

static double microseconds_per_stanza(const struct mode *mode, const char *xml, size_t len)
{
    double start = cpu_seconds();
    double used;
    double rounds = 0;

    do {
        parse_all(mode, xml, len);
        rounds++;
        used = cpu_seconds() - start;
    } while (used < SECONDS);
    return used * 1e6 / rounds / (double)stanzas.count;
}

int main(int argc, char **argv)
{
    size_t len;

    if (argc != 2) {
        fputs("usage: expat FILE\n", stderr);
        return 2;
    }
    char *xml = read_file(argv[1], &len);
    find_stanzas(xml, len);
    len = stanzas.ends[stanzas.count - 1]; /* without </stream:stream> */
    printf("{\"bytes_per_stanza\":%.1f", (double)len / (double)stanzas.count);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        printf(",\"%s_us\":%.3f", modes[i].name, microseconds_per_stanza(&modes[i], xml, len));
    printf("}\n");
    return elements + values + characters == 0;
}
