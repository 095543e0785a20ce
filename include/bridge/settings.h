/* settings.h - configuration as tables of rows.
 *
 * One row per key: the parser, `bridged --print-config`, `--check-config` and
 * the test that compares bridge.conf.example read the same rows. A transport
 * declares its own rows in its descriptor; the values are written into a struct
 * of its own, at the offset that the row names. Rows end with { 0 }.
 *
 *     struct my_config { char *server; int64_t port; bool tls; };
 *     static const struct setting my_settings[] = {
 *         { .key = "server", .type = SETTING_STRING, .flags = SETTING_REQUIRED,
 *           SETTING_FIELD(struct my_config, server),
 *           .example = "irc.libera.chat", .help = "Host name of the server." },
 *         { .key = "port", .type = SETTING_INT, .min = 1, .max = 65535,
 *           SETTING_FIELD(struct my_config, port), .initial = "6697", .help = "TCP port." },
 *         { 0 },
 *     };
 */
#ifndef BRIDGE_SETTINGS_H
#define BRIDGE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_type {
    SETTING_NONE = 0, /* the row that ends a table */
    SETTING_STRING,   /* char *: owned, or NULL when not set and without `initial` */
    SETTING_SECRET,   /* char *: never printed; may also be given as KEY_file (a path), or
                         as KEY_credential (a file below $CREDENTIALS_DIRECTORY) */
    SETTING_INT,      /* int64_t, within min..max */
    SETTING_BOOL,     /* bool */
    SETTING_ENUM,     /* int: index into `words` */
    SETTING_STRINGS,  /* struct setting_strings: ( "a", "b" ) */
    SETTING_GROUP,    /* rows of their own, a struct at the offset: key = { ... } */
    SETTING_LIST,     /* struct setting_list of such structs: key = ( { ... }, { ... } ) */
};

enum {
    SETTING_REQUIRED = 1, /* missing: a fault */
    SETTING_RELOAD = 2,   /* SIGHUP changes it without a restart */
};

struct setting_strings {
    char **items;
    size_t count;
};

struct setting_list {
    void *items; /* `count` structs of the row's `size` bytes */
    size_t count;
};

struct setting {
    const char *key;
    enum setting_type type;
    unsigned flags;
    size_t offset;
    int64_t min, max;         /* SETTING_INT */
    const char *const *words; /* SETTING_ENUM, ends with NULL */
    const char *initial;      /* default as the file would have it, without quotes; NULL: unset.
                                 SETTING_STRINGS: "a, b". None for secrets, groups and lists */
    const char *example;      /* shown in bridge.conf.example where there is no default */
    const char *help;         /* whole sentences; \n breaks lines */
    const struct setting *rows; /* SETTING_GROUP, SETTING_LIST (NULL: read by other means) */
    size_t size;              /* SETTING_LIST: bytes of one struct */
};

#define SETTING_FIELD(type, member) .offset = offsetof(type, member)

#endif
