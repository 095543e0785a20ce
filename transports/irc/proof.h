/* proof.h - lines that went out and that the server has not been seen to read.
 *
 * TCP takes lines for a server that has died, and nobody learns of it. A server
 * answers in order: the PONG to a PING of ours proves that it has read what we
 * sent before. So that this costs little, we ask after a pause or after many
 * lines, and the PING's token says how many it is about. No I/O, no clock. */
#ifndef IRC_PROOF_H
#define IRC_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flood.h"

#define PROOF_PAUSE 2000 /* ms after the last line */
#define PROOF_LINES 16   /* or after so many */

/* Zero-initialised is empty. */
struct proof {
    struct flood_line *first, *last;
    size_t size;      /* bytes held */
    uint64_t sent;    /* lines, ever */
    uint64_t asked;   /* of them, those before our last PING */
    uint64_t proven;  /* of them, those that are read */
    uint64_t sent_at; /* the last of them */
};

void proof_release(struct proof *p);

/* A line with an id was sent; it is ours from here. */
void proof_add(struct proof *p, struct flood_line *line, uint64_t now);

/* So many lines are not proven that no more should be sent. */
bool proof_full(const struct proof *p);

/* When to send a PING; 0: there is nothing to ask. */
uint64_t proof_ask_at(const struct proof *p);

/* The token of a PING that is sent now. */
#define PROOF_TOKEN_MAX 32
void proof_ask(struct proof *p, char token[PROOF_TOKEN_MAX]);

/* A PONG came with this token, which may be anybody's. */
void proof_answer(struct proof *p, const char *token);

/* The message `id` to `address` (compared by `casemap`) is known to have failed:
 * nobody needs to be told again. */
void proof_forget(struct proof *p, const char *address, const char *id,
                  const unsigned char *casemap);

/* Take out the first line that is not proven, the caller's from here; its id is
 * NULL if it was forgotten. NULL when there is none. */
struct flood_line *proof_drop(struct proof *p);

#endif
