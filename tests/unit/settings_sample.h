/* settings_sample.h - a table with every type of setting, for the tests of
 * config and settings and the fuzzer. */
#ifndef SETTINGS_SAMPLE_H
#define SETTINGS_SAMPLE_H

#include <bridge/settings.h>

struct sample_network {
    char *name;
    char *password;
    int64_t port;
    bool tls;
};

struct sample {
    char *server;
    char *nick;
    char *secret;
    char *token;
    int64_t port;
    int64_t size;
    int64_t offset;
    bool tls;
    int colour;
    struct setting_strings admins;
    struct setting_strings charsets;
    struct sample_network main;
    struct sample_network spare;
    struct setting_list networks;
};

enum { SAMPLE_RED, SAMPLE_GREEN, SAMPLE_BLUE };

static const char *const sample_colours[] = { "red", "green", "blue", NULL };

static const struct setting sample_network_rows[] = {
    { .key = "name", .type = SETTING_STRING, .flags = SETTING_REQUIRED,
      SETTING_FIELD(struct sample_network, name), .example = "libera",
      .help = "What the network is called here." },
    { .key = "password", .type = SETTING_SECRET, SETTING_FIELD(struct sample_network, password),
      .help = "For networks that ask for one." },
    { .key = "port", .type = SETTING_INT, .min = 1, .max = 65535, .flags = SETTING_RELOAD,
      SETTING_FIELD(struct sample_network, port), .initial = "6697", .help = "TCP port." },
    { .key = "tls", .type = SETTING_BOOL, SETTING_FIELD(struct sample_network, tls),
      .initial = "true", .help = "Encrypt." },
    { 0 },
};

static const struct setting sample_spare_rows[] = {
    { .key = "port", .type = SETTING_INT, .min = 1, .max = 65535,
      SETTING_FIELD(struct sample_network, port), .initial = "7000", .help = "TCP port." },
    { 0 },
};

static const struct setting sample_rows[] = {
    { .key = "server", .type = SETTING_STRING, .flags = SETTING_REQUIRED,
      SETTING_FIELD(struct sample, server), .example = "irc.libera.chat",
      .help = "Host name of the server. This sentence goes on for long enough that it must be "
              "wrapped before the eightieth column.\nAnother line." },
    { .key = "nick", .type = SETTING_STRING, SETTING_FIELD(struct sample, nick),
      .example = "a \"quoted\" \\ nick", .help = "Nick." },
    { .key = "secret", .type = SETTING_SECRET, .flags = SETTING_REQUIRED,
      SETTING_FIELD(struct sample, secret), .help = "The component's secret." },
    { .key = "token", .type = SETTING_SECRET, SETTING_FIELD(struct sample, token),
      .example = "AC0123", .help = "Of the provider." },
    { .key = "port", .type = SETTING_INT, .min = 1, .max = 65535,
      SETTING_FIELD(struct sample, port), .initial = "6697", .help = "TCP port." },
    { .key = "size", .type = SETTING_INT, .min = 0, .max = INT64_MAX, .flags = SETTING_RELOAD,
      SETTING_FIELD(struct sample, size), .initial = "4294967296", .help = "Bytes." },
    { .key = "offset", .type = SETTING_INT, .min = INT64_MIN, .max = INT64_MAX,
      SETTING_FIELD(struct sample, offset), .initial = "-1", .help = "May be negative." },
    { .key = "tls", .type = SETTING_BOOL, SETTING_FIELD(struct sample, tls), .initial = "true",
      .help = "Encrypt." },
    { .key = "colour", .type = SETTING_ENUM, SETTING_FIELD(struct sample, colour),
      .words = sample_colours, .initial = "green", .help = "Of the door." },
    { .key = "admins", .type = SETTING_STRINGS, SETTING_FIELD(struct sample, admins),
      .example = "admin@example.com", .help = "Who may." },
    { .key = "charsets", .type = SETTING_STRINGS, SETTING_FIELD(struct sample, charsets),
      .initial = "UTF-8, ISO-8859-1", .help = "Tried in this order." },
    { .key = "main", .type = SETTING_GROUP, SETTING_FIELD(struct sample, main),
      .rows = sample_network_rows, .help = "The first network." },
    { .key = "spare", .type = SETTING_GROUP, SETTING_FIELD(struct sample, spare),
      .rows = sample_spare_rows, .help = "The second network." },
    { .key = "networks", .type = SETTING_LIST, SETTING_FIELD(struct sample, networks),
      .rows = sample_network_rows, .size = sizeof(struct sample_network),
      .help = "All others." },
    { .key = "transports", .type = SETTING_LIST, .help = "Read by somebody else." },
    { 0 },
};

#endif
