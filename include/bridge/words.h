/* words.h - texts for people in their own language.
 *
 * Everything that a user reads is written in English in the code, marked with
 * _(), and translated with gettext (contrib/po). The core sets the language of
 * the user whom it is serving before it calls a transport; what comes from the
 * network a transport begins with bridge_words_for() (host.h). Logs stay English. Whole sentences only, so that they can be
 * translated: no text is put together from parts of sentences. */
#ifndef BRIDGE_WORDS_H
#define BRIDGE_WORDS_H

/* The text in the language that is being served; itself if there is no
 * translation. Static. */
const char *bridge_words(const char *text) __attribute__((format_arg(1)));

/* As bridge_words(), for texts with a number. */
const char *bridge_words_n(const char *one, const char *many, unsigned long n)
    __attribute__((format_arg(1), format_arg(2)));

#define _(text) bridge_words(text)
#define N_(text) (text) /* only marked: in tables, translated where it is shown */

#endif
