#include <bridge/log.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bridge/strbuf.h>
#include <bridge/utf8.h>

#define TEXT_MAX   4096 /* bytes; what is longer is cut */
#define PREFIX_MAX 512
#define LINE_LIMIT (4 * (TEXT_MAX + PREFIX_MAX) + 64) /* every byte may become \xNN */

enum log_level log_threshold = LOG_LEVEL_INFO;

static void (*capture)(enum log_level level, const char *line);

void log_set_level(enum log_level level)
{
    log_threshold = level;
}

void log_capture(void (*sink)(enum log_level level, const char *line))
{
    capture = sink;
}

/* Make visible what would move a terminal's cursor or begin a line of its own. */
static void add_printable(struct strbuf *out, const char *text, size_t max)
{
    size_t len = utf8_cut(text, strlen(text), max);
    size_t used;

    for (size_t i = 0; i < len; i += used) {
        uint32_t c = utf8_decode(text + i, len - i, &used);
        if (c == UTF8_BAD || c < 0x20 || (c >= 0x7f && c < 0xa0)) {
            for (size_t k = 0; k < used; k++)
                strbuf_addf(out, "\\x%02x", (unsigned char)text[i + k]);
        } else {
            strbuf_add(out, text + i, used);
        }
    }
}

static void add_head(struct strbuf *out, enum log_level level, bool journal)
{
    static const char *const words[] = { "error", "warning", "info", "debug" };
    static const char *const priorities[] = { "<3>", "<4>", "<6>", "<7>" };

    if (journal) {
        strbuf_adds(out, priorities[level]);
    } else {
        struct timespec now;
        struct tm local;
        char stamp[32];

        clock_gettime(CLOCK_REALTIME, &now);
        localtime_r(&now.tv_sec, &local);
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &local);
        strbuf_addf(out, "%s.%03ld %s: ", stamp, now.tv_nsec / 1000000, words[level]);
    }
}

void log_write(enum log_level level, const char *prefix, const char *format, ...)
{
    char text[TEXT_MAX + 4]; /* a character at the end is whole when it is cut */
    struct strbuf line = STRBUF_INIT(LINE_LIMIT);
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);

    if (!capture)
        add_head(&line, level, getenv("JOURNAL_STREAM") != NULL);
    if (prefix && *prefix) {
        add_printable(&line, prefix, PREFIX_MAX);
        strbuf_adds(&line, ": ");
    }
    add_printable(&line, text, TEXT_MAX);
    if (capture) {
        capture(level, strbuf_text(&line));
    } else {
        strbuf_addch(&line, '\n');
        /* One write a line: lines of two threads do not mix. What standard
         * error does not take has nowhere else to go. */
        ssize_t n = write(STDERR_FILENO, line.data, line.len);
        (void)n;
    }
    strbuf_release(&line);
}
