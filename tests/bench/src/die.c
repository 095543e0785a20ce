#include "die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WARNINGS 20

static void say(const char *format, va_list args)
{
    fputs("gwload: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, args);
    va_end(args);
    exit(2);
}

void warn(const char *format, ...)
{
    static int warnings;
    va_list args;

    if (++warnings > MAX_WARNINGS)
        return;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

void *must_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);

    if (!p)
        die("out of memory");
    return p;
}

void *must_realloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);

    if (!p)
        die("out of memory");
    return p;
}

char *must_strdup(const char *text)
{
    char *p = strdup(text);

    if (!p)
        die("out of memory");
    return p;
}
