/* errand.h - what bridged does for an admin besides running: --export and --forget. */
#ifndef ERRAND_H
#define ERRAND_H

#include "options.h"

/* Write all that is stored about the user to standard output, from the database,
 * whether or not a bridged runs on it. The status to exit with. */
int errand_export(const struct options *options, const char *user);

/* Have the bridged that runs forget the user: contacts leave a roster through it. Does
 * not return but when it failed, with the status to exit with. `config` is the file's. */
int errand_forget(const struct options *options, const char *config, const char *user);

#endif
