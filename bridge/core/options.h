/* options.h - bridge.conf as structs: the core's own rows, and for each
 * transport the common rows and those of its plugin. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/settings.h>
#include <bridge/strbuf.h>

#include "config.h"
#include "permit.h"
#include "plugin.h"

struct options {
    struct {
        char *server;
        int64_t port;
        bool tls;
        char *tls_name;
        char *ca_file;
    } xmpp;
    struct {
        char *domain; /* NULL: no front door */
        char *secret;
        char *name;
        struct setting_strings admin_jids; /* bare, prepared */
        /* XEP-0157 */
        struct setting_strings admins, support, abuse, security;
    } gateway;
    char *database;
    char *key_file; /* "": beside the database */
    char *control_socket; /* "": none */
    struct {
        char *listen; /* net/endpoint.h; "": no listener */
    } http;
    struct {
        int level; /* enum log_level */
    } log;
    struct setting_list allow; /* struct allow_rule */
    struct setting_strings banned;
    struct transport_options *transports;
    size_t transport_count;
};

/* Whom these transports are open to. */
struct allow_rule {
    char *who;                         /* a pattern of permit.h */
    struct setting_strings transports; /* plugins or domains */
};

/* How one gets an account with a transport. */
enum registration { REGISTRATION_OPEN, REGISTRATION_INVITATION };

struct transport_options {
    char *plugin;
    char *domain;
    char *secret;
    int registration; /* enum registration */
    struct permit_limits limits;
    int64_t deliver_within;    /* hours; only where the transport has deliver(), */
    int64_t keep_dead_letters; /* days; as is this */
    const struct bridge_transport *transport;
    void *settings; /* struct of the plugin's rows, or NULL */
};

/* The words for enum log_level; ends with NULL. */
extern const char *const options_log_levels[];

/* The core's rows, without the list of transports. */
extern const struct setting options_rows[];
/* What every transport has. The limits' defaults are those of a transport that
 * is open to everybody. */
extern const struct setting options_transport_rows[];

/* Read everything and load the plugins that are named. NULL when there is any
 * fault. */
struct options *options_load(const char *path, struct plugins *plugins,
                             struct config_faults *faults);
void options_free(struct options *options); /* may be NULL */

/* Give one transport's settings away or back: options_free() frees what is left. */
void options_release_transport(struct transport_options *t);

/* The text of bridge.conf.example, with a section for each named plugin that
 * can be loaded. -1 with *err set if one cannot. */
int options_print(struct strbuf *out, struct plugins *plugins, const char *const *names,
                  size_t count, struct bridge_error *err);

#endif
