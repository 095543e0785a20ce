/* core.h - the running daemon: its domains, store and event loop. */
#ifndef CORE_H
#define CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bridge/error.h>
#include <bridge/strbuf.h>
#include <uv.h>

#include "guard.h"
#include "options.h"
#include "retention.h"
#include "preference.h"
#include "store.h"

struct core {
    uv_loop_t *loop;
    struct options *options;
    struct store *store;
    struct seal *seal; /* of users' secrets */
    struct bridge_host **hosts;
    size_t host_count;
    size_t closing; /* streams that core_stop() waits for */
    bool stopping;
    bool alarmed; /* the admins know of the store's trouble (alarm.h) */
    struct commands *commands; /* that wait for their users */
    struct chat_budgets *chat;
    struct lookups *lookups; /* what networks are asked about people */
    struct asks *asks; /* requests of ours that wait for their answers */
    struct ability_hashes *abilities;
    struct rosters *rosters;
    uv_timer_t sweep; /* closes sessions that nobody uses any more */
    struct guard guard;
    struct changes changes; /* of settings, on their way */
    struct retention retention;
    struct forgetting *forgettings; /* users whose contacts are being told (forget.h) */

    /* Every stanza is built in one of these; `part` holds what several copies
     * of it share. Nothing keeps them across a call that might write. */
    struct strbuf stanza;
    struct strbuf part;
    size_t backlog; /* bytes kept by all sessions while streams are down */
    char id_prefix[12];
    uint64_t next_id;
    struct strbuf said; /* the id of the last message to a user: what the upcall returned */
    int64_t last_delivery; /* the largest id in the store, or on its way there */

    void (*on_change)(void *arg); /* a stream came up or went down */
    void (*on_stopped)(void *arg);
    /* An admin asks for what SIGHUP does. -1 with *err set: nothing was changed. */
    int (*on_reload)(void *arg, struct bridge_error *err);
    void *arg;
    /* What a reload could not take is added, a line each; NULL: only logged. */
    struct strbuf *notices;
};

/* Takes the options over. The caller sets the callbacks before the loop runs. */
struct core *core_new(uv_loop_t *loop, struct options *options);
/* Open the store, start the transports and begin to connect. After a failure
 * core_stop() lets go of what was started. */
int core_start(struct core *core, struct bridge_error *err);

/* Take what can change without a restart from the fresh options and log what
 * cannot. Takes `fresh` over. */
void core_reload(struct core *core, struct options *fresh);

/* Say goodbye to users and networks, write what is queued, close the streams,
 * then on_stopped. `reason` is for people. Once. */
void core_stop(struct core *core, const char *reason);
/* After on_stopped, when the loop has nothing left to do. */
void core_free(struct core *core);

/* A domain's stream has been closed (domain.c). */
void core_stream_closed(struct core *core);

size_t core_streams_up(const struct core *core);

/* An empty buffer for the next stanza. */
struct strbuf *core_stanza(struct core *core);
/* A copy of a text from a network of which so much is shown, whole characters
 * of at most `max` bytes; NULL gives NULL. What must be told to users is not
 * dropped because of what a network adds to it. */
char *core_copy_text(const char *text, size_t max);
/* Append an id that nobody has used yet. */
void core_new_id(struct core *core, struct strbuf *out);
/* A message to a user goes out under this id, or under a new one if it is NULL.
 * Returns it, borrowed until the next one. */
const char *core_set_said(struct core *core, const char *id);
/* core_new_id() as " id='...'". */
void core_add_id(struct core *core, struct strbuf *out);

#endif
