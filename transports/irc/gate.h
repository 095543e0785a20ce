/* gate.h - few links at a time connect to one network, the others wait in
 * order: after a restart all users come at once, and a small server's listen
 * queue overflows without a word to anybody. No I/O, no clock. */
#ifndef IRC_GATE_H
#define IRC_GATE_H

#include <stdbool.h>

#include <bridge/map.h>

#define GATE_PLACES 8 /* ngircd's listen queue has ten */

struct gate;

/* One link's turn; a member of the link, zero-initialised. */
struct gate_turn {
    void *owner;       /* the caller's */
    struct gate *gate; /* NULL: not here, or done */
    struct gate_turn *prev, *next;
    bool open; /* may connect */
};

/* Line up before a network; `open` tells at once whether there is a place.
 * `gates`, empty at first, has a gate for each network that is busy. */
void gate_enter(struct map *gates, const char *network, struct gate_turn *turn);

/* Connected, or given up; nothing if that was known. Returns the owner of the
 * turn that is open because of it, or NULL. */
void *gate_leave(struct map *gates, struct gate_turn *turn);

/* Forget all gates; the turns must not be used any more. */
void gate_release(struct map *gates);

#endif
