/* catalogue.h - one file of translations, as msgfmt compiles it (.mo). No I/O but
 * reading the file.
 *
 * libc could read it as well, but chooses the language by the locale of the whole
 * process, or, for each text, by an environment variable; needs a locale that small
 * systems do not have; and in C.UTF-8, which they have, translates nothing any more
 * since glibc 2.39. */
#ifndef CATALOGUE_H
#define CATALOGUE_H

#include <bridge/error.h>

struct catalogue;

/* NULL with *err set. */
struct catalogue *catalogue_open(const char *path, struct bridge_error *err);
void catalogue_free(struct catalogue *catalogue); /* may be NULL */

/* The translation, as long as the catalogue, or NULL. Of a text with plural forms
 * the one with this number. */
const char *catalogue_find(const struct catalogue *catalogue, const char *text, unsigned form);

#endif
