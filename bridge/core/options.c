#include "options.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include <bridge/log.h>

#include "endpoint.h"
#include "jid.h"

const char *const options_log_levels[] = { "error", "warning", "info", "debug", NULL };

#define GROUP(member) .offset = offsetof(struct options, member)
#define IN(group, member) \
    .offset = offsetof(struct options, group.member) - offsetof(struct options, group)

static const struct setting xmpp_rows[] = {
    { .key = "server", .type = SETTING_STRING, IN(xmpp, server), .initial = "127.0.0.1",
      .help = "Host name or address of the XMPP server." },
    { .key = "port", .type = SETTING_INT, .min = 1, .max = 65535, IN(xmpp, port),
      .initial = "5347",
      .help = "Its component port (XEP-0114): component_ports in Prosody, the port of "
              "ejabberd_service in ejabberd." },
    { .key = "tls", .type = SETTING_BOOL, IN(xmpp, tls), .initial = "false",
      .help = "Encrypt the connection with TLS from the first byte. Servers do not do that on "
              "their component port by themselves: say true when a TLS proxy stands in front of "
              "it. Without it, keep the connection on this machine or inside a VPN: the "
              "protocol has no encryption of its own." },
    { .key = "tls_name", .type = SETTING_STRING, IN(xmpp, tls_name),
      .example = "xmpp.example.com",
      .help = "Name that the certificate must have, if it is not that of `server`." },
    { .key = "ca_file", .type = SETTING_STRING, IN(xmpp, ca_file),
      .example = "/etc/bridged/ca.pem",
      .help = "Certificates (PEM) of the authorities to trust instead of the system's." },
    { 0 },
};

static const struct setting gateway_rows[] = {
    { .key = "domain", .type = SETTING_STRING, IN(gateway, domain),
      .example = "gateway.example.com",
      .help = "The front door: users who look at this address find the transports listed. "
              "Without it there is none, and each transport is reached by its own domain alone." },
    { .key = "secret", .type = SETTING_SECRET, .flags = SETTING_RELOAD, IN(gateway, secret),
      .example = "change me",
      .help = "Shared with the XMPP server, which has it in its own configuration for this "
              "domain." },
    { .key = "name", .type = SETTING_STRING, .flags = SETTING_RELOAD, IN(gateway, name),
      .initial = "Gateway",
      .help = "What clients show for the front door." },
    { .key = "admins", .type = SETTING_STRINGS, .flags = SETTING_RELOAD,
      IN(gateway, admin_jids), .example = "\"admin@example.com\"",
      .help = "Who may give the commands for administrators, in a client or by writing "
              "\"help\" to one of our domains, and who is told when the database fails: "
              "addresses without a resource." },
    { .key = "admin_addresses", .type = SETTING_STRINGS, .flags = SETTING_RELOAD,
      IN(gateway, admins), .example = "\"xmpp:admin@example.com\", \"mailto:admin@example.com\"",
      .help = "Whom to ask about this service (XEP-0157): addresses as URIs, shown to everybody "
              "who looks at one of our domains." },
    { .key = "support_addresses", .type = SETTING_STRINGS, .flags = SETTING_RELOAD,
      IN(gateway, support), .example = "\"xmpp:support@muc.example.com?join\"",
      .help = "Who helps users." },
    { .key = "abuse_addresses", .type = SETTING_STRINGS, .flags = SETTING_RELOAD,
      IN(gateway, abuse), .example = "\"mailto:abuse@example.com\"",
      .help = "Whom to tell about abuse." },
    { .key = "security_addresses", .type = SETTING_STRINGS, .flags = SETTING_RELOAD,
      IN(gateway, security), .example = "\"mailto:security@example.com\"",
      .help = "Whom to tell about security holes." },
    { 0 },
};

static const struct setting http_rows[] = {
    { .key = "listen", .type = SETTING_STRING, IN(http, listen), .initial = "",
      .help = "Address and port, as \"127.0.0.1:8088\". There monitoring finds /health and "
              "/metrics (for Prometheus). It is HTTP without encryption or passwords: keep it "
              "on this machine, and let a reverse proxy pass on only what the world shall see. "
              "Empty: none." },
    { 0 },
};

static const struct setting log_rows[] = {
    { .key = "level", .type = SETTING_ENUM, .flags = SETTING_RELOAD,
      .words = options_log_levels, IN(log, level), .initial = "info",
      .help = "error: someone must act; warning: we coped, look; info: sessions and streams; "
              "debug: the rest. Message texts and secrets are never logged." },
    { 0 },
};

#define RULE(member) .offset = offsetof(struct allow_rule, member)

static const struct setting allow_rows[] = {
    { .key = "who", .type = SETTING_STRING, .flags = SETTING_REQUIRED | SETTING_RELOAD,
      RULE(who), .example = "*@example.com",
      .help = "One user (\"juliet@example.com\"), everybody of a domain (\"*@example.com\") or "
              "everybody (\"*\")." },
    { .key = "transports", .type = SETTING_STRINGS, .flags = SETTING_REQUIRED | SETTING_RELOAD,
      RULE(transports), .example = "\"irc\"",
      .help = "What is open to them: names of plugins, or domains." },
    { 0 },
};

const struct setting options_rows[] = {
    { .key = "xmpp", .type = SETTING_GROUP, GROUP(xmpp), .rows = xmpp_rows,
      .help = "The XMPP server to which all our domains are attached." },
    { .key = "gateway", .type = SETTING_GROUP, GROUP(gateway), .rows = gateway_rows,
      .help = "The front door, and whom to contact." },
    { .key = "database", .type = SETTING_STRING, GROUP(database),
      .initial = "/var/lib/bridged/bridge.db",
      .help = "The SQLite file that holds everything bridged must remember." },
    { .key = "key_file", .type = SETTING_STRING, GROUP(key_file), .initial = "",
      .help = "The key under which users' passwords are sealed in it, made at the first start. "
              "Keep a copy of it apart from copies of the database: without it they cannot be "
              "read, and users must set them again. Empty: a file beside the database, with "
              "\".key\" after its name." },
    { .key = "control_socket", .type = SETTING_STRING, GROUP(control_socket),
      .initial = BRIDGE_CONTROL_SOCKET,
      .help = "Where bridgectl reaches the running bridged: a Unix socket that only root and "
              "bridged's own user may use. Empty: none." },
    { .key = "http", .type = SETTING_GROUP, GROUP(http), .rows = http_rows,
      .help = "What is reached by HTTP." },
    { .key = "log", .type = SETTING_GROUP, GROUP(log), .rows = log_rows,
      .help = "What is written to standard error, or to the journal under systemd." },
    { .key = "allow", .type = SETTING_LIST, .flags = SETTING_RELOAD, GROUP(allow),
      .rows = allow_rows, .size = sizeof(struct allow_rule),
      .help = "Who may use what. A transport that is named here is open to those it is named "
              "for, and to nobody else. One that is not named is open to everybody; but if it "
              "costs money or sends mail, to nobody." },
    { .key = "ban", .type = SETTING_STRINGS, .flags = SETTING_RELOAD, GROUP(banned),
      .example = "\"tybalt@example.net\", \"*@spam.example\"",
      .help = "Who may use nothing, whatever else is said here. Their sessions end when this "
              "is reloaded." },
    { 0 },
};

#define LIMIT(member) .offset = offsetof(struct permit_limits, member)
#define PER_MINUTE .type = SETTING_INT, .flags = SETTING_RELOAD, .max = PERMIT_PER_MINUTE_MAX

/* Tables with defaults of their own, and perhaps more rows. */
#define LIMIT_ROWS(per_minute, per_day, joins, total, ...) \
    { \
        { .key = "messages_per_minute", PER_MINUTE, LIMIT(messages_per_minute), \
          .initial = per_minute, \
          .help = "Messages that each user may send in a minute, all at once or spread." }, \
        { .key = "messages_per_day", .type = SETTING_INT, .flags = SETTING_RELOAD, \
          .max = INT64_MAX, LIMIT(messages_per_day), .initial = per_day, \
          .help = "Messages that each user may send on a day of UTC. Those that are refused " \
                  "do not count." }, \
        { .key = "joins_per_minute", PER_MINUTE, LIMIT(joins_per_minute), .initial = joins, \
          .help = "Rooms that each user may join, and contacts that each may add, in a " \
                  "minute. A client joins all its rooms at once when it starts." }, \
        { .key = "total_per_minute", PER_MINUTE, LIMIT(total_per_minute), .initial = total, \
          .help = "Messages that all users together may send in a minute." }, \
        __VA_ARGS__ \
        { 0 }, \
    }

/* The network has flood control of its own (IRC), and people talk in lines. */
static const struct setting open_limits[] = LIMIT_ROWS("0", "0", "600", "0", );
/* Each message costs somebody something. */
static const struct setting closed_limits[] = LIMIT_ROWS("30", "300", "600", "300", );
/* And the network sends bills. */
#define SPEND .type = SETTING_INT, .flags = SETTING_RELOAD, .max = PERMIT_SPEND_MAX
static const struct setting charging_limits[] = LIMIT_ROWS("30", "300", "600", "300",
    { .key = "spend_per_day", SPEND, LIMIT(spend_per_day), .initial = "200",
      .help = "What each user may spend on a day of UTC, in hundredths of the currency of the "
              "prices: 200 is 2.00." },
    { .key = "total_spend_per_day", SPEND, LIMIT(total_spend_per_day), .initial = "2000",
      .help = "What all users together may spend on a day of UTC, likewise." }, );

static const char *const registration_words[] = { "open", "invitation", NULL };

#define TRANSPORT(member) .offset = offsetof(struct transport_options, member)

const struct setting options_transport_rows[] = {
    { .key = "plugin", .type = SETTING_STRING, .flags = SETTING_REQUIRED, TRANSPORT(plugin),
      .example = "irc",
      .help = "Which transport this is." },
    { .key = "domain", .type = SETTING_STRING, .flags = SETTING_REQUIRED, TRANSPORT(domain),
      .example = "irc.example.com",
      .help = "The domain it serves." },
    { .key = "secret", .type = SETTING_SECRET, .flags = SETTING_REQUIRED | SETTING_RELOAD,
      TRANSPORT(secret), .example = "change me",
      .help = "Shared with the XMPP server, which has it in its own configuration for this "
              "domain." },
    { .key = "registration", .type = SETTING_ENUM, .flags = SETTING_RELOAD,
      .words = registration_words, TRANSPORT(registration), .initial = "open",
      .help = "Of those who may use it (see `allow`): open, whoever wants can register; "
              "invitation, who registers needs a code, which administrators make with the "
              "command invite, and nobody uses the transport without having registered." },
    { .key = "limits", .type = SETTING_GROUP, .flags = SETTING_RELOAD, TRANSPORT(limits),
      .rows = open_limits,
      .help = "How much may go out. 0: no limit." },
    { .key = "deliver_within", .type = SETTING_INT, .flags = SETTING_RELOAD, .min = 1,
      .max = 24 * 31, TRANSPORT(deliver_within), .initial = "48",
      .help = "Hours for which a message is tried when the network, or the user's server, "
              "cannot take it. Then its sender is told that it failed." },
    { .key = "keep_dead_letters", .type = SETTING_INT, .flags = SETTING_RELOAD, .min = 1,
      .max = 366, TRANSPORT(keep_dead_letters), .initial = "30",
      .help = "Days for which messages to users are kept that their servers have refused; "
              "bridgectl lists them, tries them again and drops them." },
    { 0 },
};

#define TRANSPORT_ROWS (sizeof options_transport_rows / sizeof *options_transport_rows)

static bool is_about_deliveries(const struct setting *row)
{
    return row->offset == offsetof(struct transport_options, deliver_within) ||
           row->offset == offsetof(struct transport_options, keep_dead_letters);
}

static const struct setting *limits_of(const struct bridge_transport *transport)
{
    if (transport->charges)
        return charging_limits;
    return transport->open_by_default ? open_limits : closed_limits;
}

/* With the defaults that suit this transport (NULL: unknown). */
static void copy_transport_rows(struct setting rows[TRANSPORT_ROWS],
                                const struct bridge_transport *transport)
{
    const struct setting *from = options_transport_rows;

    for (; from->key; from++) {
        if (transport && !transport->deliver && is_about_deliveries(from))
            continue; /* nothing waits there */
        *rows = *from;
        if (rows->rows == open_limits && transport)
            rows->rows = limits_of(transport);
        rows++;
    }
    *rows = *from;
}

/* Checks that it is a list of groups; load_transport() reads them. */
static const struct setting list_rows[] = {
    { .key = "transports", .type = SETTING_LIST, .flags = SETTING_REQUIRED },
    { 0 },
};

static bool has_key(const struct setting *rows, const char *key)
{
    size_t len;

    for (; rows && rows->key; rows++) {
        len = strlen(rows->key);
        if (!strcmp(rows->key, key))
            return true;
        if (rows->type == SETTING_SECRET && !strncmp(rows->key, key, len) &&
            (!strcmp(key + len, "_file") || !strcmp(key + len, "_credential")))
            return true;
    }
    return false;
}

static bool is_transports(void *arg, const char *key)
{
    (void)arg;
    return !strcmp(key, "transports");
}

static bool in_rows(void *arg, const char *key)
{
    return has_key(arg, key);
}

static bool anything(void *arg, const char *key)
{
    (void)arg;
    (void)key;
    return true;
}

static bool domain_taken(const struct options *options, const char *domain)
{
    if (options->gateway.domain && !strcasecmp(options->gateway.domain, domain))
        return true;
    for (size_t i = 0; i < options->transport_count; i++) {
        if (options->transports[i].domain && !strcasecmp(options->transports[i].domain, domain))
            return true;
    }
    return false;
}

/* As JIDs have it: so it is compared with others, and with what arrives. */
static void prepare_domain(char **domain, struct config_group *group, const char *key,
                           struct config_faults *faults)
{
    struct bridge_error err;

    if (!*domain)
        return;
    struct jid *jid = jid_new(NULL, *domain, NULL, &err);
    if (jid) {
        free(*domain);
        *domain = bridge_strdup(jid_domain(jid));
    } else {
        config_fault(faults, group, key, "expected a domain name, found \"%s\"", *domain);
    }
    jid_free(jid);
}

/* As the senders of commands are known: bare. */
static void prepare_admins(struct setting_strings *admins, struct config_group *group,
                           struct config_faults *faults)
{
    struct bridge_error err;

    for (size_t i = 0; i < admins->count; i++) {
        struct jid *jid = jid_parse(admins->items[i], &err);
        if (jid && jid_local(jid) && !jid_resource(jid)) {
            free(admins->items[i]);
            admins->items[i] = bridge_strdup(jid_bare(jid));
        } else {
            config_fault(faults, group, "gateway",
                         "expected users as \"admin@example.com\" in admins, found \"%s\"",
                         admins->items[i]);
        }
        jid_free(jid);
    }
}

static void check_control_socket(const char *path, struct config_group *root,
                                 struct config_faults *faults)
{
    const size_t most = sizeof((struct sockaddr_un *)0)->sun_path - 1;

    if (path && *path && (*path != '/' || strlen(path) > most))
        config_fault(faults, root, "control_socket",
                     "expected a path from / on of at most %zu bytes, or \"\", found \"%s\"",
                     most, path);
}

static void check_listen(const char *listen, struct config_group *root,
                         struct config_faults *faults)
{
    struct sockaddr_storage address;
    struct bridge_error err;

    if (listen && *listen && endpoint_parse(listen, &address, &err))
        config_fault(faults, root, "http", "listen: %s", err.text);
}

/* One element of `transports`: its plugin says which rows there are besides
 * the common ones. */
static void load_transport(struct options *options, struct config_group *group,
                           struct plugins *plugins, struct config_faults *faults)
{
    const char *name = config_peek(group, "plugin");
    struct transport_options t = { 0 };
    struct setting common[TRANSPORT_ROWS];
    struct bridge_error err;

    const struct bridge_plugin *plugin = name ? plugins_get(plugins, name, &err) : NULL;
    if (name && !plugin)
        config_fault(faults, group, "plugin", "%s", err.text);
    t.transport = plugin ? plugin->transport : NULL;

    const struct setting *rows = plugin ? plugin->transport->settings : NULL;
    if (rows) {
        t.settings = bridge_alloc(plugin->transport->settings_size);
        config_fill(group, rows, t.settings, in_rows, (void *)options_transport_rows, faults);
    }
    /* What is unknown has been told, unless the plugin has no rows; without
     * the plugin its keys are unknown, which is no fault of theirs. */
    copy_transport_rows(common, t.transport);
    config_fill(group, common, &t, plugin && !rows ? NULL : anything, NULL, faults);
    prepare_domain(&t.domain, group, "domain", faults);
    if (t.domain && domain_taken(options, t.domain))
        config_fault(faults, group, "domain", "each domain can be served once, %s is already",
                     t.domain);

    options->transports = bridge_realloc(options->transports, (options->transport_count + 1) *
                                                                  sizeof *options->transports);
    options->transports[options->transport_count++] = t;
}

static bool names_transport(const struct options *options, const char *name)
{
    for (size_t i = 0; i < options->transport_count; i++) {
        const struct transport_options *t = &options->transports[i];
        if ((t->plugin && !strcmp(t->plugin, name)) ||
            (t->domain && !strcasecmp(t->domain, name)))
            return true;
    }
    return false;
}

static void check_rule(const struct options *options, const struct allow_rule *rule,
                       struct config_group *group, struct config_faults *faults)
{
    struct permit_users users = { 0 };
    struct bridge_error err;

    if (rule->who && permit_users_add(&users, rule->who, &err))
        config_fault(faults, group, "who", "%s", err.text);
    for (size_t i = 0; i < rule->transports.count; i++) {
        if (!names_transport(options, rule->transports.items[i]))
            config_fault(faults, group, "transports",
                         "expected plugins or domains of `transports`, found \"%s\"",
                         rule->transports.items[i]);
    }
    permit_users_release(&users);
}

static void check_rules(const struct options *options, struct config_group *root,
                        struct config_faults *faults)
{
    const struct allow_rule *rules = options->allow.items;
    struct permit_users users = { 0 };
    struct bridge_error err;

    for (size_t i = 0; i < options->allow.count; i++)
        check_rule(options, &rules[i], config_list_group(root, "allow", i), faults);
    for (size_t i = 0; i < options->banned.count; i++) {
        if (permit_users_add(&users, options->banned.items[i], &err))
            config_fault(faults, root, "ban", "%s", err.text);
    }
    permit_users_release(&users);
}

struct options *options_load(const char *path, struct plugins *plugins,
                             struct config_faults *faults)
{
    struct config *config = config_open(path, faults);
    struct setting_list list = { 0 };
    struct config_group *group;

    if (!config)
        return NULL;
    struct options *options = bridge_alloc(sizeof *options);
    struct config_group *root = config_root(config);
    config_fill(root, options_rows, options, is_transports, NULL, faults);
    config_fill(root, list_rows, &list, anything, NULL, faults);
    prepare_domain(&options->gateway.domain, root, "gateway", faults);
    check_control_socket(options->control_socket, root, faults);
    check_listen(options->http.listen, root, faults);
    prepare_admins(&options->gateway.admin_jids, root, faults);
    if (options->gateway.domain && !options->gateway.secret)
        config_fault(faults, root, "gateway", "expected a secret for the domain, found none");
    for (size_t n = 0; (group = config_list_group(root, "transports", n)); n++)
        load_transport(options, group, plugins, faults);
    check_rules(options, root, faults);
    config_close(config);
    if (faults->count) {
        options_free(options);
        return NULL;
    }
    return options;
}

void options_release_transport(struct transport_options *t)
{
    if (t->settings) {
        settings_release(t->transport->settings, t->settings);
        free(t->settings);
    }
    settings_release(options_transport_rows, t);
    *t = (struct transport_options){ 0 };
}

void options_free(struct options *options)
{
    if (!options)
        return;
    for (size_t i = 0; i < options->transport_count; i++)
        options_release_transport(&options->transports[i]);
    free(options->transports);
    settings_release(options_rows, options);
    free(options);
}

static void print_transport(struct strbuf *out, const char *name,
                            const struct bridge_transport *transport)
{
    struct setting common[TRANSPORT_ROWS];
    struct strbuf domain = STRBUF_INIT(256);

    strbuf_addf(&domain, "%s.example.com", name);
    copy_transport_rows(common, transport);
    for (struct setting *row = common; row->key; row++) {
        if (!strcmp(row->key, "plugin"))
            row->example = name;
        else if (!strcmp(row->key, "domain"))
            row->example = strbuf_text(&domain);
    }
    strbuf_addf(out, "    {\n        # --- %s\n\n", transport->description);
    settings_print(out, common, 2);
    if (transport->settings) {
        strbuf_addch(out, '\n');
        settings_print(out, transport->settings, 2);
    }
    strbuf_adds(out, "    }");
    strbuf_release(&domain);
}

int options_print(struct strbuf *out, struct plugins *plugins, const char *const *names,
                  size_t count, struct bridge_error *err)
{
    strbuf_adds(out, "# bridged's configuration. Every key is here, with its default; a line that\n"
                     "# begins with # and a key shows one that is not set. `bridged --check-config`\n"
                     "# tells all faults of a file at once. Values that hold a secret may be given\n"
                     "# as KEY_file = \"/path\" or KEY_credential = \"name\" (systemd) instead.\n\n");
    settings_print(out, options_rows, 0);
    strbuf_adds(out, "\n# The networks to bridge to, each under a domain of its own. A transport may\n"
                     "# be named several times, with different domains.\n"
                     "transports = (\n");
    for (size_t i = 0; i < count; i++) {
        const struct bridge_plugin *plugin = plugins_get(plugins, names[i], err);
        if (!plugin)
            return -1;
        print_transport(out, names[i], plugin->transport);
        strbuf_adds(out, i + 1 < count ? ",\n" : "\n");
    }
    strbuf_adds(out, ");\n");
    return 0;
}
