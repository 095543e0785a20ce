/* config.h - a libconfig file read through tables of settings
 * (include/bridge/settings.h). */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include <bridge/error.h>
#include <bridge/settings.h>
#include <bridge/strbuf.h>

/* All faults of a file, a line each:
 *     bridge.conf:12: transports[0].port: expected a whole number from 1 to 65535, found "x" */
struct config_faults {
    struct strbuf text; /* lines, each with its \n */
    size_t count;
};

void config_faults_init(struct config_faults *faults);
void config_faults_release(struct config_faults *faults);

struct config; /* an open file */

/* Read and parse `path`. Includes are found relative to the file's directory.
 * NULL when it cannot be read or parsed; the fault is added. */
struct config *config_open(const char *path, struct config_faults *faults);
/* The same of a text in memory, which cannot include files; `name` stands for
 * its path in faults. */
struct config *config_parse(const char *name, const char *text, size_t len,
                            struct config_faults *faults);
void config_close(struct config *config); /* may be NULL; wipes what it read */

/* A group of the open file; borrowed until config_close(). */
struct config_group;
struct config_group *config_root(struct config *config);

/* Fill `values` (zeroed by the caller, freed with settings_release()) from a
 * group; rows that it lacks take their defaults. Every fault is added, none
 * stops the rest. Keys without a row are faults, with the nearest known key
 * named, except those accepted by `other` (may be NULL). Secrets that files
 * hold are read here. (Not config_read(): libconfig has one.) */
void config_fill(struct config_group *group, const struct setting *rows, void *values,
                 bool (*other)(void *arg, const char *key), void *arg,
                 struct config_faults *faults);

/* The groups of the list `key` below `group`: the n-th, or NULL past the end.
 * For lists whose rows depend on a member, such as transports: a row of type
 * SETTING_LIST with `rows` NULL lets config_fill() check that it is a list of
 * groups, and no more. */
struct config_group *config_list_group(struct config_group *group, const char *key, size_t n);

/* A string member of a group, or NULL if it is absent or no string; borrowed. */
const char *config_peek(struct config_group *group, const char *key);

/* Add a fault of our own, placed at `key` of the group (or the group). */
void config_fault(struct config_faults *faults, struct config_group *group, const char *key,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Fill `values` with the defaults of the rows alone. */
void settings_defaults(const struct setting *rows, void *values);
/* Free what config_fill() or settings_defaults() put in (secrets are wiped). */
void settings_release(const struct setting *rows, void *values);

/* First row without SETTING_RELOAD whose value differs between two structs:
 * its key as a path, borrowed from `path`; NULL when there is none. */
const char *settings_changed(const struct setting *rows, const void *before, const void *after,
                             struct strbuf *path);

/* The commented example: every row with its help, default and example, in the
 * file's own syntax; `indent` in levels of 4 spaces. What has no default is
 * written as a comment: such keys, lists, and groups that would ask for
 * something; required ones stand there with their example. Secrets never print
 * a value. The range of a number, the words of an enum and the other forms of a
 * secret are told without being in the row's help. */
void settings_print(struct strbuf *out, const struct setting *rows, unsigned indent);

#endif
