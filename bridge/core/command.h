/* command.h - what people can ask of the gateway itself: one table of commands,
 * with two faces, ad-hoc commands (adhoc.h) and chat (chat.h).
 *
 * A call is one command on its way: opened by a face, kept while it waits for
 * its user to fill in fields or to say yes, then run once. It belongs to the
 * client (full JID) that opened it. Calls that wait are bounded in time and in
 * number. */
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
/* Rows of a table that an answer may have. */
#define COMMAND_ROWS_MAX 200

struct command_call;
struct commands; /* the calls that wait */

enum { /* where a command can be given */
    COMMAND_AT_DOOR = 1,
    COMMAND_AT_TRANSPORT = 2,
    COMMAND_ANYWHERE = 3,
};

struct command {
    const char *node; /* NULL: only in chats */
    const char *word; /* what starts it in a chat */
    const char *title;
    const char *help; /* one sentence */
    unsigned scope;
    bool admin; /* only for those in gateway.admins */
    const struct form_field *fields; /* or NULL */
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

struct command_call {
    const struct command *command;
    struct bridge_host *host; /* where it was given */
    char *client;             /* full JID */
    char *user;               /* bare */
    char id[33];
    enum command_step step;
    char *values[FORM_FIELDS_MAX]; /* in the order of the fields; NULL: none */

    void (*answer)(struct command_call *call); /* of the face: called when done */
    char *request; /* the face's: id of the stanza to answer, or NULL */
    bool chat;     /* the face's */
    bool waiting;  /* kept */
    uint64_t used; /* clock_monotonic() of the last word of the user */

    /* the outcome, for answer() */
    bool failed;
    struct strbuf text; /* sentences */
    struct {
        const struct form_field *field;
        char *value;
    } facts[FORM_FIELDS_MAX];
    size_t fact_count;
    const struct form_field *columns; /* of a table, or NULL */
    char **cells;
    size_t cell_count; /* a multiple of the columns */
};

/* --- which there are -------------------------------------------------------------- */

/* The commands that this user may give at this domain, one after the other:
 * NULL after the last. *cursor is 0 at first. */
const struct command *command_next(const struct bridge_host *host, const char *user,
                                   size_t *cursor);
/* By node or word, whoever asks; NULL if there is none at this domain. */
const struct command *command_by_node(const struct bridge_host *host, const char *node);
const struct command *command_by_word(const struct bridge_host *host, const char *word);
bool command_is_allowed(const struct bridge_host *host, const char *user,
                        const struct command *command);

/* --- steps ------------------------------------------------------------------------- */

enum command_step command_first(const struct command *command);
/* The actions that make sense in a step, as bits; and what "execute" means. */
unsigned command_actions(const struct command *command, enum command_step step);
enum command_action command_default(const struct command *command, enum command_step step);
/* Where an action leads that is among them. */
enum command_step command_after(const struct command *command, enum command_step step,
                                enum command_action action);

/* The question whose answer must be yes, as a field. */
extern const struct form_field command_sure_fields[];

/* --- calls ------------------------------------------------------------------------- */

struct commands *commands_new(void);
void commands_free(struct commands *commands);
/* Forget the calls that have waited for too long. */
void commands_expire(struct commands *commands);

struct command_call *command_open(struct bridge_host *host, const struct jid *from,
                                  const struct command *command,
                                  void (*answer)(struct command_call *call));
/* Wait for the user (again). -1 with *err set when too many wait: then the call
 * is still the caller's. */
int command_keep(struct command_call *call, struct bridge_error *err);
/* A call that waits here for this client; by id, or the one chat (id NULL). */
struct command_call *command_find(struct bridge_host *host, const char *client,
                                  const char *id);
/* Was this id ever that of a call of this client? */
bool command_was(const struct bridge_host *host, const char *client, const char *id);
/* Run it: it waits no more, and is gone after its answer. */
void command_run(struct command_call *call);
void command_cancel(struct command_call *call); /* forget it, kept or not */

/* --- for the commands themselves ------------------------------------------------------ */

/* A sentence more. */
void command_say(struct command_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* It did not work: this is the answer. */
void command_fail(struct command_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A value with a name; `field` is static. */
void command_fact(struct command_call *call, const struct form_field *field, const char *value);
/* One row of a table, a cell for each of the columns, which are static and the
 * same each time. False, and nothing is added, after COMMAND_ROWS_MAX. */
bool command_row(struct command_call *call, const struct form_field *columns,
                 const char *const *cells);
void command_done(struct command_call *call);

/* The rows (command_user.c, command_admin.c); each list ends with { 0 }. */
extern const struct command command_user_rows[], command_admin_rows[];

#endif
