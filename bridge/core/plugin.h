/* plugin.h - finding and checking transport plugins (shared objects that
 * export `bridge_plugin`, include/bridge/transport.h).
 *
 * A plugin is loaded once and never unloaded: callbacks into it may still be
 * queued in the event loop. */
#ifndef PLUGIN_H
#define PLUGIN_H

#include <bridge/error.h>
#include <bridge/transport.h>

struct plugins;

/* `directories`: one, or several with ":" between them, of which the first that has a
 * plugin counts. */
struct plugins *plugins_new(const char *directories);
void plugins_free(struct plugins *plugins); /* forgets; nothing is unloaded */

/* The plugin name.so. Its descriptor is checked before any of its
 * functions is called. NULL with a sentence for the admin in *err. */
const struct bridge_plugin *plugins_get(struct plugins *plugins, const char *name,
                                        struct bridge_error *err);

#endif
