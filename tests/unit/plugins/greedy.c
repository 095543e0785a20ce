/* Complete, but it calls a function that we do not have. */
#include "complete.c"

void bridge_that_never_was(void);
__attribute__((visibility("default"))) void greedy(void);

void greedy(void)
{
    bridge_that_never_was();
}
