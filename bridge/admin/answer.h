/* answer.h - what a command says, as lines for a client of the control socket.
 * No I/O: the owner writes what is in `out`.
 *
 * The first character of a line is its kind, a space follows:
 *     #  a heading of columns
 *     -  a line of the answer; a TAB in it separates columns
 *     ~  progress
 * and the last line is "ok", "failed SENTENCE" (it could not be done) or
 * "usage SENTENCE" (it was asked wrongly). Whatever is put in, a line has no
 * control characters and is UTF-8: it goes to a terminal. */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>

#include <bridge/strbuf.h>

enum answer_end { ANSWER_FAILED, ANSWER_USAGE };

struct answer;

/* Of a command that does not say everything at once. */
struct answer_source {
    /* All that was said has been written: say some more, until answer_full(),
     * or end. What says nothing here calls answer_wake() when it can. */
    void (*more)(struct answer *answer, void *state);
    /* The answer has ended, or nobody waits for it any more. */
    void (*release)(void *state);
};

struct answer {
    struct strbuf out;
    bool ended; /* the last line has been said */
    const struct answer_source *source;
    void *state;
    void (*on_wake)(void *arg); /* the owner's: there may be something to write */
    void *arg;
};

void answer_init(struct answer *answer, void (*on_wake)(void *arg), void *arg);
void answer_release(struct answer *answer); /* with its source */

void answer_heading(struct answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void answer_line(struct answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void answer_progress(struct answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The last line. The source is released. */
void answer_ok(struct answer *answer);
void answer_end(struct answer *answer, enum answer_end how, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The command goes on after it has returned. */
void answer_go_on(struct answer *answer, const struct answer_source *source, void *state);
/* Enough for one write. */
bool answer_full(const struct answer *answer);
/* Something was said outside of the command and of more(). The answer and the
 * source's state may be gone afterwards. */
void answer_wake(struct answer *answer);

#endif
