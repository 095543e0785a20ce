#include "plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bridge/map.h>
#include <bridge/strbuf.h>

#include "preference.h"

struct loaded {
    char *name;
    const struct bridge_plugin *plugin;
};

struct plugins {
    char *directories; /* "A:B" */
    struct map loaded; /* by name */
};

struct plugins *plugins_new(const char *directories)
{
    struct plugins *plugins = bridge_alloc(sizeof *plugins);

    plugins->directories = bridge_strdup(directories);
    return plugins;
}

void plugins_free(struct plugins *plugins)
{
    struct loaded *one;
    size_t i = 0;

    if (!plugins)
        return;
    while ((one = map_next(&plugins->loaded, &i))) {
        free(one->name);
        free(one);
    }
    map_release(&plugins->loaded);
    free(plugins->directories);
    free(plugins);
}

/* A name becomes part of a path. */
static int check_name(const char *name, struct bridge_error *err)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

    if (!len || name[len] || len > 64)
        return bridge_fail(err, BRIDGE_INVALID,
                           "'%.64s' is no plugin name: use lower-case letters, digits, - and _", name);
    return 0;
}

/* Whoever marks a setting as one that SIGHUP changes must take the change. */
static bool has_reloaded(const struct setting *rows)
{
    for (; rows && rows->key; rows++) {
        if (rows->flags & SETTING_RELOAD || has_reloaded(rows->rows))
            return true;
    }
    return false;
}

static bool is_complete(const struct bridge_transport *t)
{
    return t && t->type && t->description && t->start && t->stop && t->classify && t->open &&
           t->close && (t->send || t->deliver) && !t->watch == !t->unwatch &&
           (!t->join || (t->leave && t->say)) && (!t->settings || t->settings_size) &&
           (t->reload || !has_reloaded(t->settings));
}

static int check_abi(const struct bridge_plugin *plugin, const char *path,
                     struct bridge_error *err)
{
    if (plugin->abi == BRIDGE_ABI)
        return 0;
    return bridge_fail(err, BRIDGE_INVALID,
                       "%s is built for another bridged (plugin interface %u, this one has %u): "
                       "install the plugin's version for bridged %s, or build it again",
                       path, plugin->abi, BRIDGE_ABI, BRIDGE_VERSION);
}

/* Why it cannot be loaded. A plugin for another ABI may want functions that we
 * do not have, and shall be told apart by its number, not by a missing symbol:
 * lazily bound, it loads. It is let go again, or else it would count as loaded
 * when it is asked for once more. */
static void explain(const char *path, const char *problem, struct bridge_error *err)
{
    void *handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    const struct bridge_plugin *plugin = handle ? dlsym(handle, "bridge_plugin") : NULL;

    if (!plugin || !check_abi(plugin, path, err))
        bridge_fail(err, BRIDGE_INVALID, "%s cannot be loaded as a plugin: %s", path, problem);
    if (handle)
        dlclose(handle);
}

/* The first directory that has it. -1 if none has. */
static int locate(const struct plugins *plugins, const char *name, struct strbuf *path,
                  struct bridge_error *err)
{
    const char *at = plugins->directories;

    for (;;) {
        size_t len = strcspn(at, ":");

        strbuf_reset(path);
        strbuf_addf(path, "%.*s/%s.so", (int)len, at, name);
        if (access(strbuf_text(path), F_OK) == 0)
            return 0;
        if (!at[len])
            break;
        at += len + 1;
    }
    return bridge_fail(err, BRIDGE_NOT_FOUND,
                       "there is no plugin %s.so in %s: check the name, or where bridged looks "
                       "(--plugins)", name, plugins->directories);
}

static const struct bridge_plugin *load(const char *path, struct bridge_error *err)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        char *problem = bridge_strdup(dlerror());
        explain(path, problem, err);
        free(problem);
        return NULL;
    }
    const struct bridge_plugin *plugin = dlsym(handle, "bridge_plugin");
    if (!plugin) {
        bridge_fail(err, BRIDGE_INVALID, "%s is no bridged plugin: it does not export "
                    "bridge_plugin (see BRIDGE_PLUGIN in include/bridge/transport.h)", path);
        return NULL;
    }
    if (check_abi(plugin, path, err))
        return NULL;
    if (!is_complete(plugin->transport)) {
        bridge_fail(err, BRIDGE_INVALID,
                    "%s is incomplete: it leaves out a call that include/bridge/transport.h does "
                    "not mark as optional", path);
        return NULL;
    }
    struct bridge_error fault;
    if (preference_check_rows(plugin->transport->preferences, &fault)) {
        bridge_fail(err, BRIDGE_INVALID, "%s is no good plugin: %s", path, fault.text);
        return NULL;
    }
    return plugin;
}

const struct bridge_plugin *plugins_get(struct plugins *plugins, const char *name,
                                        struct bridge_error *err)
{
    struct strbuf path = STRBUF_INIT(4096);
    struct loaded *one = map_finds(&plugins->loaded, name);

    if (one)
        return one->plugin;
    if (check_name(name, err))
        return NULL;
    const struct bridge_plugin *plugin =
        locate(plugins, name, &path, err) ? NULL : load(strbuf_text(&path), err);
    strbuf_release(&path);
    if (plugin) {
        one = bridge_alloc(sizeof *one);
        one->name = bridge_strdup(name);
        one->plugin = plugin;
        map_puts(&plugins->loaded, one->name, one);
    }
    return plugin;
}
