#include "proof.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casemap.h"

#define TOKEN "bridged"

void proof_release(struct proof *p)
{
    struct flood_line *line;

    while ((line = proof_drop(p)))
        free(line);
}

void proof_add(struct proof *p, struct flood_line *line, uint64_t now)
{
    line->next = NULL;
    *(p->last ? &p->last->next : &p->first) = line;
    p->last = line;
    p->size += line->size;
    p->sent++;
    p->sent_at = now;
}

bool proof_full(const struct proof *p)
{
    return p->size >= FLOOD_QUEUE_MAX;
}

uint64_t proof_ask_at(const struct proof *p)
{
    if (p->sent == p->asked)
        return 0;
    return p->sent - p->asked >= PROOF_LINES ? p->sent_at : p->sent_at + PROOF_PAUSE;
}

void proof_ask(struct proof *p, char token[PROOF_TOKEN_MAX])
{
    p->asked = p->sent;
    snprintf(token, PROOF_TOKEN_MAX, TOKEN "%" PRIu64, p->asked);
}

void proof_answer(struct proof *p, const char *token)
{
    uint64_t upto;

    if (strncmp(token, TOKEN, strlen(TOKEN)) != 0)
        return;
    upto = strtoull(token + strlen(TOKEN), NULL, 10);
    while (p->proven < upto && p->proven < p->asked && p->first)
        free(proof_drop(p));
}

void proof_forget(struct proof *p, const char *address, const char *id,
                  const unsigned char *casemap)
{
    for (struct flood_line *line = p->first; line; line = line->next) {
        if (line->id && !strcmp(line->id, id) &&
            casemap_equal(casemap, line->address, address))
            line->id = NULL;
    }
}

struct flood_line *proof_drop(struct proof *p)
{
    struct flood_line *line = p->first;

    if (!line)
        return NULL;
    p->first = line->next;
    if (!p->first)
        p->last = NULL;
    p->size -= line->size;
    p->proven++;
    line->next = NULL;
    return line;
}
