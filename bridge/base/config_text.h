/* config_text.h - the text of a configuration file, made ready for libconfig.
 *
 * Included files stand where their @include stood, and every whole number has
 * the suffix L: libconfig 1.5 cuts numbers without it to 32 bits, silently. A
 * number that does not fit into 64 bits becomes a huge fraction, which no row
 * of settings takes. Every line remembers where it came from. */
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <bridge/strbuf.h>

#include "config.h"

struct config_source {
    char *path; /* as the admin would write it */
    bool world_readable;
};

struct config_place {
    size_t source; /* index into `sources` */
    unsigned line; /* from 1 */
};

struct config_text {
    struct strbuf text;
    struct config_place *places; /* of each line of `text` */
    size_t place_count;
    struct config_source *sources;
    size_t source_count;
};

/* The file at `path` with what it includes. -1 when something cannot be read,
 * or when a text or a comment has no end; the fault is added. Release it in
 * both cases. */
int config_text_open(struct config_text *text, const char *path, struct config_faults *faults);

/* The same from memory, without includes; `name` stands for the path. */
int config_text_parse(struct config_text *text, const char *name, const char *data, size_t len,
                      struct config_faults *faults);

void config_text_release(struct config_text *text); /* wipes: there may be secrets in it */

/* Where a line of `text` came from; lines count from 1. Past the end the last
 * one is meant, and 0 is the first file as a whole. */
const struct config_source *config_text_place(const struct config_text *text, unsigned line,
                                              unsigned *source_line);

/* `name` as seen from the file `from`: absolute, or beside it. The caller frees it. */
char *config_beside(const char *from, const char *name);

/* Add "file:line: key: message"; `key` may be NULL. The one place that builds
 * a fault. */
void config_fault_add(struct config_faults *faults, const char *file, unsigned line,
                      const char *key, const char *message);

#endif
