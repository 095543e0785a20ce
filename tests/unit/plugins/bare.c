/* A plugin without a vtable. */
#include <bridge/transport.h>

BRIDGE_PLUGIN("0.1", NULL);
