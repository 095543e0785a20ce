/* reply.h - answering a request (iq) later than at once: what an answer needs
 * of it, kept. */
#ifndef REPLY_H
#define REPLY_H

#include <bridge/error.h>
#include <bridge/strbuf.h>

#include "query.h"

struct reply;

/* NULL with *err set when the request's id is longer than anybody's: who may ask
 * often may not have everything kept. */
struct reply *reply_new(const struct query *q, struct bridge_error *err);
void reply_free(struct reply *reply); /* NULL is fine */

const char *reply_to(const struct reply *reply); /* the JID of ours that was asked */

/* "<iq type='result' from= to= id=>": go on with the payload, then reply_finish().
 * Once. */
struct strbuf *reply_begin(const struct reply *reply);
void reply_finish(const struct reply *reply, struct strbuf *out);
void reply_refuse(const struct reply *reply, const struct bridge_error *why);
/* An empty result, or the error; then it is freed. */
void reply_end(struct reply *reply, const struct bridge_error *why);

#endif
