/* language.h - in which language texts for people are (<bridge/words.h>): the
 * translations that there are, and who is being served. */
#ifndef LANGUAGE_H
#define LANGUAGE_H

#include <bridge/error.h>

/* Read DIRECTORY/LANGUAGE/LC_MESSAGES/bridged.mo for each language that we know.
 * -1 with *err set when one cannot be read; the others are there all the same. */
int language_load(const char *directory, struct bridge_error *err);
void language_unload(void);

/* The language of somebody: an RFC 5646 tag ("de-AT"), or NULL. Borrowed until
 * the next call. */
typedef const char *language_of(const void *who);

/* From now on `who` is served. Asked once, and only when there is something to be
 * said; `who` must stay until somebody else is served. NULL: nobody; English. */
void language_serve(language_of *of, const void *who);
/* Nobody, if it is this one who is served: `who` goes. */
void language_forget(const void *who);
/* The language that is being served now; NULL: English. Static. */
const char *language_served(void);

#endif
