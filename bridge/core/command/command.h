/* command.h - what people can ask of the gateway itself: one table of commands,
 * with two faces, ad-hoc commands (adhoc.h) and chat (chat.h).
 *
 * A command is given at a place: a domain of ours, or a network, room or contact
 * of a transport. A call is one command on its way: opened by a face, kept while
 * it waits for its user to fill in forms or to say yes, then run once. It belongs
 * to the client (full JID) and the place that it was opened with. Calls that wait
 * are bounded in time, in number and in size.
 *
 * Texts of the rows are marked with N_() and shown in the user's language; what a
 * command says by itself is marked with _(). */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/error.h>
#include <bridge/strbuf.h>

#include "domain.h"
#include "form.h"
#include "jid.h"

/* A call waits so long, in ms, for the next answer of its user. */
#define COMMAND_WAIT_MS (10 * 60 * 1000)
/* Calls that may wait: of one user (bare JID), of all. A user who opens one
 * more loses the oldest. */
#define COMMAND_USER_MAX 5
#define COMMAND_TOTAL_MAX 1000
/* Forms that one call may have, and bytes that may be filled into all of them. */
#define COMMAND_FORMS_MAX 16
#define COMMAND_BYTES_MAX (64u << 10)
/* Rows of a table that an answer may have. */
#define COMMAND_ROWS_MAX 200

struct command_call;
struct commands; /* the calls that wait */

enum { /* where a command can be given */
    COMMAND_AT_DOOR = 1 << 0,
    COMMAND_AT_TRANSPORT = 1 << 1,
    COMMAND_AT_SERVICE = 1 << 2,
    COMMAND_AT_ROOM = 1 << 3,
    COMMAND_AT_CONTACT = 1 << 4,
    COMMAND_AT_DOMAINS = COMMAND_AT_DOOR | COMMAND_AT_TRANSPORT,
    COMMAND_AT_ADDRESSES = COMMAND_AT_SERVICE | COMMAND_AT_ROOM | COMMAND_AT_CONTACT,
    COMMAND_EVERYWHERE = COMMAND_AT_DOMAINS | COMMAND_AT_ADDRESSES,
};

struct command_place {
    struct bridge_host *host;
    enum bridge_address kind; /* NONE: the domain itself */
    const char *address;      /* canonical; "" for the domain */
    const char *jid;          /* as it was written to: answers come from it */
};

struct command {
    const char *node; /* NULL: only in chats */
    const char *word; /* what starts it in a chat; NULL: only in forms */
    const char *title;
    const char *help;    /* one sentence */
    const char *example; /* a line of chat: "set nick juliet"; NULL: the word alone */
    /* Is the example one here? NULL: always. */
    bool (*fits)(const struct command_place *place);
    unsigned scope;
    bool admin; /* only for those in gateway.admins */
    /* Is there any use for it here? NULL: always. */
    bool (*when)(const struct command_place *place);
    /* The first form, where it is the same for everybody; or NULL. */
    const struct form_field *fields;
    /* The call has been opened: build its first form (command_add_field()), perhaps
     * with what is set now, or say why not now: -1 with *err set. NULL: `fields`. */
    int (*prepare)(struct command_call *call, struct bridge_error *err);
    /* A form was filled in: build the next one; adding none means that it was the
     * last. -1 with *err set: what was filled in is not good, and can be mended.
     * Going back and forward again builds it anew. NULL: there is but one form. */
    int (*more)(struct command_call *call, struct bridge_error *err);
    /* Append what will happen, for the user to agree. NULL: there is no need. */
    void (*ask)(const struct command_call *call, struct strbuf *question);
    /* Everything is there: do it and end with command_done(), now or later. */
    void (*run)(struct command_call *call);
};

enum command_step { COMMAND_FIELDS, COMMAND_SURE, COMMAND_RUN };

enum command_action { /* XEP-0050 §3.3 */
    COMMAND_EXECUTE,
    COMMAND_NEXT,
    COMMAND_PREV,
    COMMAND_COMPLETE,
    COMMAND_CANCEL,
};
#define COMMAND_BIT(action) (1u << (action))

struct command_form {
    struct form_field *fields; /* ends with { 0 } */
    char **values;             /* as many; NULL: none */
    size_t count;
};

struct command_fact {
    struct form_field field;
    char *value;
};

struct command_call {
    const struct command *command;
    struct bridge_host *host;
    enum bridge_address kind; /* as struct command_place has them */
    char *address;
    char *jid;
    char *client; /* full JID */
    char *user;   /* bare */
    char id[33];
    enum command_step step;
    struct command_form forms[COMMAND_FORMS_MAX];
    size_t form_count;
    size_t form; /* COMMAND_FIELDS: the one that is being filled in */

    void (*answer)(struct command_call *call); /* of the face: called when done */
    char *request; /* the face's: id of the stanza to answer, or NULL */
    const char *node; /* the face's: the name that it was asked for by, or NULL */
    bool chat;     /* the face's */
    const char *language; /* language_served() when it was opened */
    bool waiting;  /* kept */
    uint64_t used; /* clock_monotonic() of the last word of the user */

    /* the outcome, for answer() */
    const struct bridge_error *again; /* no outcome: a form is to be mended */
    bool failed;
    struct strbuf text; /* sentences */
    struct command_fact *facts;
    size_t fact_count;
    const struct form_field *columns; /* of a table, or NULL */
    char **cells;
    size_t cell_count; /* a multiple of the columns */
};

/* --- which there are -------------------------------------------------------------- */

/* The commands that this user may give here, one after the other: NULL after the
 * last. *cursor is 0 at first. */
const struct command *command_next(const struct command_place *place, const char *user,
                                   size_t *cursor);
/* By node or word, whoever asks; NULL if there is none here. */
const struct command *command_by_node(const struct command_place *place, const char *node);
const struct command *command_by_word(const struct command_place *place, const char *word);
bool command_is_allowed(const struct command_place *place, const char *user,
                        const struct command *command);
/* NULL: there is none that fits here. */
const char *command_example(const struct command_place *place, const struct command *command);

/* --- calls ------------------------------------------------------------------------- */

struct commands *commands_new(void);
void commands_free(struct commands *commands);
/* Forget the calls that have waited for too long. */
void commands_expire(struct commands *commands);

/* At its first step. NULL with *err set: not now. */
struct command_call *command_open(const struct command_place *place, const struct jid *from,
                                  const struct command *command,
                                  void (*answer)(struct command_call *call),
                                  struct bridge_error *err);
/* Wait for the user (again). -1 with *err set when too many wait: then the call
 * is still the caller's. */
int command_keep(struct command_call *call, struct bridge_error *err);
/* A call that waits here for this client; by id, or the one chat (id NULL). */
struct command_call *command_find(const struct command_place *place, const char *client,
                                  const char *id);
/* Was this id ever that of a call of this client here? */
bool command_was(const struct command_place *place, const char *client, const char *id);
/* Run it: it waits no more, and is gone after its answer. */
void command_run(struct command_call *call);
void command_cancel(struct command_call *call); /* forget it, kept or not */

/* Where the call was given; borrowed from it. */
struct command_place command_place(const struct command_call *call);

/* --- steps ------------------------------------------------------------------------- */

/* The question whose answer must be yes, as a field. */
extern const struct form_field command_sure_fields[];

/* The actions that make sense in the call's step, as bits; and what "execute" means. */
unsigned command_actions(const struct command_call *call);
enum command_action command_default(const struct command_call *call);

/* The form of the step COMMAND_FIELDS. */
struct command_form *command_current(struct command_call *call);
/* Take what was filled in, one value for each field, in place of what was there.
 * The values are moved. -1 with *err set: too much for one call. */
int command_fill(struct command_call *call, char **values, struct bridge_error *err);
/* From the step's form, or question, to what comes next. -1 with *err set: stay. */
int command_forward(struct command_call *call, struct bridge_error *err);
/* Back to the form before. Only where COMMAND_PREV makes sense. */
void command_back(struct command_call *call);

/* --- for the commands themselves ------------------------------------------------------ */

/* In prepare() and more(): one more field of the form that is being built. The
 * value that it has now is `initial`: copied, as are the options; other texts
 * must outlive the call. A field that the user leaves out of a submitted form has
 * this value, one that is emptied has none. */
void command_add_field(struct command_call *call, const struct form_field *field);
/* What was filled in, in the last form with such a field; NULL: nothing. */
const char *command_value(const struct command_call *call, const char *var);

/* Later than in run(), before anything is said: texts are in the language of the
 * call's user again. */
void command_resume(const struct command_call *call);
/* A sentence more. */
void command_say(struct command_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* It did not work: this is the answer. */
void command_fail(struct command_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A value with a name; the texts of `field` are static. */
void command_fact(struct command_call *call, const struct form_field *field, const char *value);
/* One row of a table, a cell for each of the columns, which are static and the
 * same each time. False, and nothing is added, after COMMAND_ROWS_MAX. */
bool command_row(struct command_call *call, const struct form_field *columns,
                 const char *const *cells);
void command_done(struct command_call *call);
/* Instead: nothing was done, because of what was filled in. The user is told, and
 * may mend it where there is a form; then run() comes again. */
void command_again(struct command_call *call, const struct bridge_error *why);

/* The rows (command_user.c, ...); each list ends with { 0 }. */
extern const struct command command_user_rows[], command_settings_rows[], command_account_rows[],
    command_admin_rows[], command_delivery_rows[];

#endif
