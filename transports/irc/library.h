/* library.h - libircclient as parser, dispatcher and formatter of lines.
 *
 * The library believes that it owns a socket. It gets an in-memory pair
 * instead: its socket calls are redirected when we are linked (--wrap, see
 * CMakeLists.txt) to functions that, while it runs, serve two buffers; at all
 * other times they pass through. So it never sees a descriptor, and cannot
 * block, spin, or reach anybody.
 *
 * One struct irc_library serves all links of the plugin, because nothing of
 * one line can reach the next: a line goes in whole and is consumed whole (both
 * buffers are empty between calls), lines on which the library would keep or
 * reuse state never go in (irc_line_judge() in line.h), and the nick by which it
 * would follow "us" is one that no line can contain. Two of its sessions are
 * used, one that only parses and one that only formats, so that a handler may
 * format while its line is still being parsed. */
#ifndef IRC_LIBRARY_H
#define IRC_LIBRARY_H

#include <stdbool.h>

#include <bridge/error.h>
#include <bridge/strbuf.h>

#include "line.h"

struct irc_library;

/* NULL with *err set if the library, or its linkage, does not work: both
 * directions are tried. */
struct irc_library *irc_library_new(struct bridge_error *err);
void irc_library_free(struct irc_library *library); /* may be NULL; not from a handler */

/* Parse a line and hand it to `handler`, at most once, within the call. False
 * if the line is malformed. Handlers do not feed. */
bool irc_library_feed(struct irc_library *library, const struct irc_line *line,
                      void (*handler)(void *arg, const struct irc_message *message), void *arg);

/* The commands that we send: verb, target, text. `required` parts are there,
 * optional ones may be NULL. */
enum irc_command {
    IRC_CAP,     /* subcommand, [list] */
    IRC_JOIN,    /* channel, [key] */
    IRC_MODE,    /* channel: what are its modes? */
    IRC_NAMES,   /* channel */
    IRC_NICK,    /* nick */
    IRC_NOTICE,  /* target, text */
    IRC_PART,    /* channel, [reason] */
    IRC_PASS,    /* NULL, password */
    IRC_PING,    /* NULL, token */
    IRC_PONG,    /* NULL, token */
    IRC_PRIVMSG, /* target, text */
    IRC_QUIT,    /* NULL, reason */
    IRC_TOPIC,   /* channel, text */
    IRC_USER,    /* user name, real name */
};

/* Append the command as one line with CR LF. This is the only place where
 * text becomes a line of IRC: CR, LF and NUL are taken out of both parts, so
 * nobody can add a command of his own. Returns -1, with nothing appended, if
 * `target` is not one parameter or the line is longer than IRC_LIBRARY_MAX. */
int irc_library_format(struct irc_library *library, struct strbuf *out,
                       enum irc_command command, const char *target, const char *text);

#endif
