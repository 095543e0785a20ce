#include <bridge/backoff.h>

#include <sodium.h>

/* `value` * 2^`times`, at most `most`. */
static uint64_t doubled(uint64_t value, unsigned times, uint64_t most)
{
    while (times && value < most) {
        value = value > most / 2 ? most : value * 2;
        times--;
        if (!value) /* nothing doubled stays nothing */
            break;
    }
    return value < most ? value : most;
}

uint64_t backoff_next(struct backoff *b)
{
    uint64_t wait = doubled(b->first, b->tries, b->most);
    uint64_t dice;

    if (b->tries < UINT32_MAX)
        b->tries++;
    randombytes_buf(&dice, sizeof dice);
    return wait - dice % (wait / 4 + 1);
}

void backoff_reset(struct backoff *b)
{
    b->tries = 0;
}
