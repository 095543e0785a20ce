#include <bridge/words.h>

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <bridge/strbuf.h>

#include "catalogue.h"
#include "language.h"

/* --- the languages --------------------------------------------------------------------- */

static unsigned unless_one(unsigned long n)
{
    return n != 1;
}

static unsigned above_one(unsigned long n)
{
    return n > 1;
}

/* As Plural-Forms in contrib/po says. */
static struct language {
    const char *name;
    unsigned (*plural)(unsigned long n);
    struct catalogue *catalogue; /* NULL: not there */
} languages[] = {
    { "de", unless_one, NULL },
    { "fr", above_one, NULL },
};
#define LANGUAGES (sizeof languages / sizeof *languages)

static int load(struct language *language, const char *directory, struct bridge_error *err)
{
    struct strbuf path = STRBUF_INIT(4096);
    struct bridge_error why;

    strbuf_addf(&path, "%s/%s/LC_MESSAGES/bridged.mo", directory, language->name);
    language->catalogue = catalogue_open(strbuf_text(&path), &why);
    if (!language->catalogue)
        bridge_fail(err, why.code, "%s: %s", strbuf_text(&path), why.text);
    strbuf_release(&path);
    return language->catalogue ? 0 : -1;
}

int language_load(const char *directory, struct bridge_error *err)
{
    int rc = 0;

    language_unload();
    for (size_t i = 0; i < LANGUAGES; i++) {
        if (load(&languages[i], directory, err))
            rc = -1;
    }
    return rc;
}

void language_unload(void)
{
    language_serve(NULL, NULL);
    for (size_t i = 0; i < LANGUAGES; i++) {
        catalogue_free(languages[i].catalogue);
        languages[i].catalogue = NULL;
    }
}

/* By the first subtag: de-AT is German. */
static const struct language *find(const char *tag)
{
    size_t len = tag ? strcspn(tag, "-_") : 0;

    for (size_t i = 0; i < LANGUAGES; i++) {
        if (languages[i].catalogue && len == strlen(languages[i].name) &&
            !strncasecmp(languages[i].name, tag, len))
            return &languages[i];
    }
    return NULL;
}

/* --- who is served ----------------------------------------------------------------------- */

static struct {
    language_of *of;
    const void *who;
    bool asked;
    const struct language *language; /* NULL: English */
} served;

void language_serve(language_of *of, const void *who)
{
    served.of = of;
    served.who = who;
    served.asked = false;
    served.language = NULL;
}

void language_forget(const void *who)
{
    if (served.who == who)
        language_serve(NULL, NULL);
}

static const struct language *language(void)
{
    if (served.of && !served.asked) {
        served.asked = true;
        served.language = find(served.of(served.who));
    }
    return served.language;
}

const char *language_served(void)
{
    return language() ? language()->name : NULL;
}

/* --- texts --------------------------------------------------------------------------------- */

/* The empty text is the head of a catalogue. */
static const char *translate(const char *text, unsigned form)
{
    return *text ? catalogue_find(language()->catalogue, text, form) : NULL;
}

const char *bridge_words(const char *text)
{
    const char *found = language() ? translate(text, 0) : NULL;

    return found ? found : text;
}

const char *bridge_words_n(const char *one, const char *many, unsigned long n)
{
    const char *found = language() ? translate(one, language()->plural(n)) : NULL;

    if (found)
        return found;
    return n == 1 ? one : many;
}
