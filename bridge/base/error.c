#include <bridge/error.h>

#include <stdio.h>
#include <string.h>

#include <bridge/utf8.h>

int bridge_fail(struct bridge_error *err, enum bridge_code code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int rc = bridge_failv(err, code, format, args);
    va_end(args);
    return rc;
}

int bridge_failv(struct bridge_error *err, enum bridge_code code, const char *format,
                 va_list args)
{
    /* A local buffer: the arguments may point into *err. It is larger, so that
     * a character at the end is whole when we decide where to cut. */
    char text[BRIDGE_ERROR_MAX + 4];

    vsnprintf(text, sizeof text, format, args);

    size_t len = utf8_cut(text, strlen(text), BRIDGE_ERROR_MAX - 1);
    text[len] = 0;
    for (char *p = text; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    }
    err->code = code;
    memcpy(err->text, text, len + 1);
    return -1;
}
