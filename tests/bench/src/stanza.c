#include "stanza.h"

#include <string.h>

bool text_is(struct text t, const char *word)
{
    return t.len == strlen(word) && !memcmp(t.p, word, t.len);
}

bool stanza_is(const struct stanza *st, const char *element)
{
    size_t len = strlen(element);

    return st->head > len + 1 && !memcmp(st->xml + 1, element, len) &&
           strchr(" \t\r\n/>", st->xml[1 + len]);
}

/* Does the name that ends before `p` equal `name`? */
static bool ends_name(const char *tag, const char *p, const char *name, size_t len)
{
    return (size_t)(p - tag) > len && !memcmp(p - len, name, len) &&
           strchr(" \t\r\n", p[-(ptrdiff_t)len - 1]);
}

struct text stanza_attribute(const struct stanza *st, const char *name)
{
    size_t len = strlen(name);
    const char *p = st->xml;
    const char *end = st->xml + st->head;

    while ((p = memchr(p, '=', (size_t)(end - p)))) {
        const char *quote = p + 1;
        if (quote >= end || (*quote != '"' && *quote != '\''))
            break;
        const char *close = memchr(quote + 1, *quote, (size_t)(end - quote - 1));
        if (!close)
            break;
        if (ends_name(st->xml, p, name, len))
            return (struct text){ quote + 1, (size_t)(close - quote - 1) };
        p = close + 1;
    }
    return (struct text){ NULL, 0 };
}

bool stanza_contains(const struct stanza *st, const char *needle)
{
    return memmem(st->xml, st->len, needle, strlen(needle)) != NULL;
}
