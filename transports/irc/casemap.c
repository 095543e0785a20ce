#include "casemap.h"

#include <string.h>

#define BYTES_4(n)  (n), (n) + 1, (n) + 2, (n) + 3
#define BYTES_16(n) BYTES_4(n), BYTES_4((n) + 4), BYTES_4((n) + 8), BYTES_4((n) + 12)
#define BYTES_64(n) BYTES_16(n), BYTES_16((n) + 16), BYTES_16((n) + 32), BYTES_16((n) + 48)

/* The maps differ in what the bytes [ \ ] ^ stand for, nowhere else. */
#define CASEMAP(open, bar, shut, caret)                                                        \
    {                                                                                          \
        BYTES_64(0), '@', BYTES_16('a'), BYTES_4('q'), BYTES_4('u'), 'y', 'z', (open), (bar),  \
            (shut), (caret), '_', BYTES_16(0x60), BYTES_16(0x70), BYTES_64(0x80),              \
            BYTES_64(0xc0)                                                                     \
    }

const unsigned char casemap_ascii[256] = CASEMAP('[', '\\', ']', '^');
const unsigned char casemap_rfc1459[256] = CASEMAP('{', '|', '}', '~');
const unsigned char casemap_rfc1459_strict[256] = CASEMAP('{', '|', '}', '^');

const unsigned char *casemap_find(const char *name)
{
    static const struct {
        const char *name;
        const unsigned char *map;
    } rows[] = {
        { "ascii", casemap_ascii },
        { "rfc1459", casemap_rfc1459 },
        { "rfc1459-strict", casemap_rfc1459_strict },
        { "strict-rfc1459", casemap_rfc1459_strict }, /* as some servers spell it */
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!strcmp(rows[i].name, name))
            return rows[i].map;
    }
    return NULL;
}

bool casemap_equal(const unsigned char *map, const char *a, const char *b)
{
    while (*a && map[(unsigned char)*a] == map[(unsigned char)*b]) {
        a++;
        b++;
    }
    return map[(unsigned char)*a] == map[(unsigned char)*b];
}

void casemap_fold(const unsigned char *map, char *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (char)map[(unsigned char)text[i]];
}
