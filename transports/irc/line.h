/* line.h - bytes from a server, which may be anything, to lines that can be
 * parsed, and the parser for those that libircclient must not see. No I/O.
 *
 * A line is what IRCv3 message-tags allows: up to 8,191 bytes of tags, and text
 * up to IRC_LINE_MAX. Longer ones, and such with a NUL or a bare CR inside,
 * are dropped and counted: nobody sends them by accident. */
#ifndef IRC_LINE_H
#define IRC_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include <bridge/strbuf.h>

#define IRC_LINE_MAX    4096 /* bytes without tags; servers with LINELEN send more than 512 */
#define IRC_TAGS_MAX    8191 /* bytes of tags, "@" and the space included */
#define IRC_LIBRARY_MAX 1000 /* bytes of a line that libircclient can take */
#define IRC_PARAMS_MAX  32

struct irc_line {
    const char *tags; /* without the "@"; not terminated; NULL: none */
    size_t tags_len;
    const char *text; /* not empty, not terminated */
    size_t len;
};

/* A parsed line. All strings are borrowed. */
struct irc_message {
    const char *tags; /* as in struct irc_line */
    size_t tags_len;
    const char *source; /* "nick!user@host" or a server's name; "" when the line has none */
    const char *verb;   /* "PRIVMSG" or three digits */
    const char *const *params;
    unsigned count;
};

/* --- from bytes to lines --------------------------------------------------- */

struct irc_reader {
    struct strbuf partial; /* a line whose end has not come yet */
    bool skipping;         /* inside a line that is too long */
    unsigned long dropped;
};

void irc_reader_init(struct irc_reader *r);
void irc_reader_release(struct irc_reader *r);

/* Call `line` for each whole line. It returns false to stop: the rest of
 * `data` is then ignored. */
void irc_reader_feed(struct irc_reader *r, const char *data, size_t len,
                     bool (*line)(void *arg, const struct irc_line *line), void *arg);

/* --- the contract with libircclient ---------------------------------------- */

enum irc_verdict {
    IRC_LINE_BAD,   /* no parser can make sense of it */
    IRC_LINE_PLAIN, /* libircclient parses it right */
    IRC_LINE_OURS,  /* valid, but libircclient would crash, cut or act by itself */
};

enum irc_verdict irc_line_judge(const struct irc_line *line);

/* Where irc_line_parse() puts the pieces. */
struct irc_pieces {
    char text[IRC_LINE_MAX + 1];
    const char *params[IRC_PARAMS_MAX];
};

/* Parse a line that is not IRC_LINE_BAD. The verb becomes upper case. What
 * comes after IRC_PARAMS_MAX parameters is left out. */
void irc_line_parse(const struct irc_line *line, struct irc_pieces *pieces,
                    struct irc_message *out);

/* --- sources ---------------------------------------------------------------- */

/* The nick in "nick!user@host". False if it does not fit, or there is none, as
 * in a server's name: that has a dot, which no nick has, and no "!". */
bool irc_source_nick(const char *source, char *nick, size_t size);

#endif
