/* network.h - the networks that users may reach: those the admin has
 * configured and, if allowed, any by its host name. */
#ifndef IRC_NETWORK_H
#define IRC_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include <bridge/error.h>
#include <bridge/settings.h>

/* One entry of `networks`. */
struct network {
    char *name; /* as it stands in addresses, lower case */
    char *host;
    int64_t port;
    bool tls;
    char *ca_file;
    char *fingerprint;
    bool any_certificate;
    bool public_only; /* not configured: a user has named it */
    char *password;
    int64_t burst; /* lines at once */
    int64_t rate;  /* lines a second afterwards; 0: no limit */
};

/* The transport's settings; filled through the rows. */
struct irc_settings {
    bool open_networks;
    struct setting_list networks; /* struct network */
    char *realname;
    char *quit_message;
};

extern const struct setting irc_setting_rows[];

/* Do the settings make sense as a whole? */
int network_check_settings(const struct irc_settings *settings, struct bridge_error *err);

/* The network of that name in *out, borrowing from `settings` and from `name`.
 * BRIDGE_ADDRESS when there is none. Lower case is expected. */
int network_find(const struct irc_settings *settings, const char *name, struct network *out,
                 struct bridge_error *err);

#endif
