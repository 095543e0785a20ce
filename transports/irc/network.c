#include "network.h"

#include <string.h>

#include <bridge/strbuf.h>
#include <bridge/words.h>

#define HOST_MAX  253 /* RFC 1035 §3.1, as text */
#define LABEL_MAX 63

static const struct setting network_rows[] = {
    { .key = "name",
      .type = SETTING_STRING,
      .flags = SETTING_REQUIRED,
      SETTING_FIELD(struct network, name),
      .example = "libera",
      .help = "How the network is called in addresses: #channel%NAME@irc.example.com. "
              "Letters, digits, dots and hyphens. May be the host name." },
    { .key = "host",
      .type = SETTING_STRING,
      .flags = SETTING_REQUIRED,
      SETTING_FIELD(struct network, host),
      .example = "irc.libera.chat",
      .help = "Host name or address of its server." },
    { .key = "port",
      .type = SETTING_INT,
      .min = 1,
      .max = 65535,
      SETTING_FIELD(struct network, port),
      .initial = "6697",
      .help = "TCP port. 6697 is the usual one with TLS, 6667 without." },
    { .key = "tls",
      .type = SETTING_BOOL,
      SETTING_FIELD(struct network, tls),
      .initial = "true",
      .help = "Encrypt. With false everything, passwords too, can be read on the way: "
              "only for a server on this machine." },
    { .key = "ca_file",
      .type = SETTING_STRING,
      SETTING_FIELD(struct network, ca_file),
      .example = "/etc/bridged/libera-ca.pem",
      .help = "Certificates (PEM) that may vouch for the server, instead of the system's." },
    { .key = "fingerprint",
      .type = SETTING_STRING,
      SETTING_FIELD(struct network, fingerprint),
      .example = "2b:45:...",
      .help = "SHA-256 of the server's certificate: accept this one and no other, whoever "
              "signed it. From: openssl x509 -noout -fingerprint -sha256" },
    { .key = "any_certificate",
      .type = SETTING_BOOL,
      SETTING_FIELD(struct network, any_certificate),
      .initial = "false",
      .help = "Accept every certificate. Whoever is on the way can then read and change "
              "everything; a fingerprint is better." },
    { .key = "password",
      .type = SETTING_SECRET,
      SETTING_FIELD(struct network, password),
      .help = "Password of the server (PASS), the same for all users." },
    { .key = "burst",
      .type = SETTING_INT,
      .min = 1,
      .max = 1000,
      SETTING_FIELD(struct network, burst),
      .initial = "10",
      .help = "Lines that each user may send at once before `rate` holds them back." },
    { .key = "rate",
      .type = SETTING_INT,
      .min = 0,
      .max = 1000,
      SETTING_FIELD(struct network, rate),
      .initial = "1",
      .help = "Lines that each user may send per second after that. Servers disconnect who "
              "sends more. "
              "0: no limit, for a server that trusts us." },
    { 0 },
};

const struct setting irc_setting_rows[] = {
    { .key = "open_networks",
      .type = SETTING_BOOL,
      SETTING_FIELD(struct irc_settings, open_networks),
      .initial = "true",
      .help = "Let users reach any network by the host name of its server "
              "(#channel%irc.example.org), on port 6697 with TLS, unless its address is in "
              "a private network. With false only the networks below." },
    { .key = "networks",
      .type = SETTING_LIST,
      SETTING_FIELD(struct irc_settings, networks),
      .rows = network_rows,
      .size = sizeof(struct network),
      .help = "Networks with a name or with settings of their own." },
    { .key = "realname",
      .type = SETTING_STRING,
      SETTING_FIELD(struct irc_settings, realname),
      .example = "XMPP user of example.com",
      .help = "What IRC users see as everybody's real name. When not set: the part of the "
              "user's address before the @." },
    { .key = "quit_message",
      .type = SETTING_STRING,
      SETTING_FIELD(struct irc_settings, quit_message),
      .initial = "Left the last channel",
      .help = "Said on IRC when a user leaves a network's last channel." },
    { 0 },
};

/* Labels of letters, digits and hyphens (RFC 1123 §2.1), lower case. */
static bool is_host_name(const char *name, size_t *labels)
{
    *labels = 0;
    if (strlen(name) > HOST_MAX)
        return false;
    for (const char *p = name;; p++) {
        size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789-");
        if (!len || len > LABEL_MAX || p[0] == '-' || p[len - 1] == '-')
            return false;
        ++*labels;
        p += len;
        if (!*p)
            return true;
        if (*p != '.')
            return false;
    }
}

/* A user may name a server by its full host name only: a bare name or a
 * number would reach for machines of our own network. */
static bool is_public_name(const char *name)
{
    size_t labels;
    const char *last = strrchr(name, '.');

    return is_host_name(name, &labels) && labels > 1 && last &&
           last[1 + strspn(last + 1, "0123456789")];
}

static const struct network *configured(const struct irc_settings *settings, const char *name)
{
    const struct network *networks = settings->networks.items;

    for (size_t i = 0; i < settings->networks.count; i++) {
        if (!strcmp(networks[i].name, name))
            return &networks[i];
    }
    return NULL;
}

int network_check_settings(const struct irc_settings *settings, struct bridge_error *err)
{
    const struct network *networks = settings->networks.items;
    size_t labels;

    for (size_t i = 0; i < settings->networks.count; i++) {
        const struct network *n = &networks[i];
        if (!is_host_name(n->name, &labels))
            return bridge_fail(err, BRIDGE_INVALID,
                               "networks[%zu].name: '%s' should be lower-case letters, "
                               "digits, dots and hyphens",
                               i, n->name);
        if (configured(settings, n->name) != n)
            return bridge_fail(err, BRIDGE_INVALID, "networks[%zu].name: '%s' is there twice",
                               i, n->name);
        if (!n->tls && (n->ca_file || n->fingerprint || n->any_certificate))
            return bridge_fail(err, BRIDGE_INVALID,
                               "networks[%zu]: certificates mean nothing with tls = false", i);
    }
    if (!settings->open_networks && !settings->networks.count)
        return bridge_fail(err, BRIDGE_INVALID,
                           "open_networks is false and there are no networks: "
                           "nothing could be reached");
    return 0;
}

static int no_such_network(const struct irc_settings *settings, const char *name,
                           struct bridge_error *err)
{
    struct strbuf names = STRBUF_INIT(200);
    const struct network *networks = settings->networks.items;

    if (settings->open_networks)
        return bridge_fail(err, BRIDGE_ADDRESS,
                           _("'%s' is not the host name of an IRC network; one looks like "
                             "irc.libera.chat"),
                           name);
    for (size_t i = 0; i < settings->networks.count; i++)
        strbuf_addf(&names, "%s%s", i ? ", " : "", networks[i].name);
    if (names.overflow)
        bridge_fail(err, BRIDGE_ADDRESS, _("there is no network '%s' here, but many others"),
                    name);
    else
        bridge_fail(err, BRIDGE_ADDRESS,
                    _("there is no network '%s' here; those that there are: %s"), name,
                    strbuf_text(&names));
    strbuf_release(&names);
    return -1;
}

int network_find(const struct irc_settings *settings, const char *name, struct network *out,
                 struct bridge_error *err)
{
    const struct network *n = configured(settings, name);

    if (n) {
        *out = *n;
        return 0;
    }
    if (!settings->open_networks || !is_public_name(name))
        return no_such_network(settings, name, err);
    /* TLS always: a network that offers none has to be configured. */
    *out = (struct network){ .name = (char *)name,
                             .host = (char *)name,
                             .port = 6697,
                             .tls = true,
                             .public_only = true,
                             .burst = 10,
                             .rate = 1 };
    return 0;
}
