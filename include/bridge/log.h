/* log.h - one line an event, for the admin at 3 a.m.
 *
 * The prefix names the object ("irc[juliet@example.net] libera") and is built
 * once, when the object is. Control characters and bad UTF-8 in the finished
 * line are made visible, so remote text can neither forge lines nor reach a
 * terminal. Never pass message bodies or secrets, at any level.
 *
 * error: someone must act; warning: we coped, look; info: sessions and
 * deliveries; debug: the rest. Callable from every thread. */
#ifndef BRIDGE_LOG_H
#define BRIDGE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

extern enum log_level log_threshold; /* set through log_set_level() */

void log_set_level(enum log_level level);

/* Lines go to standard error; under systemd ($JOURNAL_STREAM) with the
 * priority prefix of sd-daemon(3) and without a time stamp. */
void log_write(enum log_level level, const char *prefix, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Tests see the finished lines here instead; NULL restores standard error. */
void log_capture(void (*sink)(enum log_level level, const char *line));

/* The arguments are not evaluated when nobody reads that level. */
#define log_at(level, ...) \
    do { \
        if ((level) <= log_threshold) \
            log_write((level), __VA_ARGS__); \
    } while (0)
#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
