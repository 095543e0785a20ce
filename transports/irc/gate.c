#include "gate.h"

#include <stdlib.h>

#include <bridge/strbuf.h>

struct gate {
    char *network;
    unsigned places; /* taken */
    struct gate_turn *first, *last; /* who waits */
};

static struct gate *get_gate(struct map *gates, const char *network)
{
    struct gate *gate = map_finds(gates, network);

    if (gate)
        return gate;
    gate = bridge_alloc(sizeof *gate);
    gate->network = bridge_strdup(network);
    map_puts(gates, gate->network, gate);
    return gate;
}

static void free_gate(struct gate *gate)
{
    free(gate->network);
    free(gate);
}

static void append(struct gate *gate, struct gate_turn *turn)
{
    turn->prev = gate->last;
    *(gate->last ? &gate->last->next : &gate->first) = turn;
    gate->last = turn;
}

static void unlink_turn(struct gate *gate, struct gate_turn *turn)
{
    *(turn->prev ? &turn->prev->next : &gate->first) = turn->next;
    *(turn->next ? &turn->next->prev : &gate->last) = turn->prev;
    turn->prev = turn->next = NULL;
}

void gate_enter(struct map *gates, const char *network, struct gate_turn *turn)
{
    struct gate *gate = get_gate(gates, network);

    turn->gate = gate;
    turn->open = gate->places < GATE_PLACES;
    if (turn->open)
        gate->places++;
    else
        append(gate, turn);
}

/* The place passes to the next in line. */
static struct gate_turn *pass_on(struct gate *gate)
{
    struct gate_turn *next = gate->first;

    if (next) {
        unlink_turn(gate, next);
        next->open = true;
    } else {
        gate->places--;
    }
    return next;
}

void *gate_leave(struct map *gates, struct gate_turn *turn)
{
    struct gate *gate = turn->gate;
    struct gate_turn *next = NULL;

    if (!gate)
        return NULL;
    turn->gate = NULL;
    if (turn->open)
        next = pass_on(gate);
    else
        unlink_turn(gate, turn);
    if (!gate->places) {
        map_removes(gates, gate->network);
        free_gate(gate);
    }
    return next ? next->owner : NULL;
}

void gate_release(struct map *gates)
{
    struct gate *gate;
    size_t i = 0;

    while ((gate = map_next(gates, &i)))
        free_gate(gate);
    map_release(gates);
}
