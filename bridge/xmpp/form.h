/* form.h - data forms (XEP-0004): writing them, and reading what somebody
 * filled in. No I/O.
 *
 * A form is a table of rows that ends with { 0 }; the values that go with it
 * are an array in the order of the rows. The same rows check what is typed
 * elsewhere (form_check()), so a chat and a form take the same answers. */
#ifndef FORM_H
#define FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/error.h>
#include <bridge/strbuf.h>
#include <strophe.h>

enum form_type { /* XEP-0004 §3.3 */
    FORM_END = 0,
    FORM_BOOLEAN,      /* "1" or "0" */
    FORM_FIXED,        /* a text to read; has no value */
    FORM_HIDDEN,       /* not shown, not read: `initial` is its value */
    FORM_INTEGER,      /* decimal, within min..max; a text-single with XEP-0122 */
    FORM_JID_SINGLE,   /* bare, prepared */
    FORM_JID_MULTI,    /* a JID a line */
    FORM_LIST_SINGLE,  /* one of `options` */
    FORM_TEXT_SINGLE,  /* one line */
    FORM_TEXT_MULTI,
    FORM_TEXT_PRIVATE, /* a password: never shown back */
};

struct form_option {
    const char *value;
    const char *label; /* NULL: the value */
};

struct form_field {
    const char *var; /* NULL for FORM_FIXED */
    enum form_type type;
    const char *label; /* for people: N_() */
    const char *help;  /* a sentence more, N_(); or NULL */
    bool required;
    bool blank; /* "", typed in a chat, is an answer, and means to empty it */
    const char *initial; /* or NULL */
    const struct form_option *options; /* FORM_LIST_SINGLE; ends with { 0 } */
    int64_t min, max; /* FORM_INTEGER; for texts `max` is the most bytes (0: the bounds below) */
};

/* The most bytes of one value, and of a FORM_TEXT_MULTI or FORM_JID_MULTI. */
#define FORM_VALUE_MAX 3071
#define FORM_TEXT_MAX 16384

/* <x type='TYPE'> with its title and instructions (either may be NULL); fields,
 * then the table, then form_close(). */
void form_open(struct strbuf *out, const char *type, const char *title,
               const char *instructions);
/* `value` NULL: the field's initial one. Of several lines each is a <value/>. */
void form_write_field(struct strbuf *out, const struct form_field *field, const char *value);
/* A table: the columns' labels, and a line for each row of its `count` cells in all. Not
 * <reported/> and <item/>, XEP-0004 §3.4: clients in terminals show nothing of these, and who
 * shows them would show a second copy in lines as well. */
void form_write_rows(struct strbuf *out, const struct form_field *columns,
                     const char *const *cells, size_t count);
void form_close(struct strbuf *out);

/* Is this text an answer to the field? Appends the value as the rows above have
 * it; otherwise returns -1 with *err set to what is wrong, without the field's
 * name. An empty text is no answer. */
int form_check(const struct form_field *field, const char *text, struct strbuf *value,
               struct bridge_error *err);

/* The value as people write it: of a boolean "yes" or "no". */
const char *form_shown(const struct form_field *field, const char *value);

/* Read a submitted form (NULL: an empty one): values[i], for each row, is the
 * caller's to free; the field's initial one where the form leaves it out, NULL if
 * there is none or it is empty. Fields that
 * no row names are ignored, of two with one name the first counts. With -1 no
 * value is set, and *err (BRIDGE_INVALID) names every bad field and what is
 * wrong with it. */
int form_read(xmpp_stanza_t *x, const struct form_field *fields, char **values,
              struct bridge_error *err);
/* Free what form_read() gave, and forget it. */
void form_release(char **values, size_t count);

size_t form_count(const struct form_field *fields); /* `fields` may be NULL: 0 */
/* Is there anything to fill in? */
bool form_asks(const struct form_field *fields);

#endif
