#include "addressee.h"

#include <string.h>

#include <bridge/host.h>

#include "language.h"
#include "preference.h"
#include "session.h"
#include "stanza.h"

/* "auto" and nothing are the same: as the client says. */
static const char *language_set(struct core *core, const char *user)
{
    static char tag[16]; /* what there is to choose from is short */
    struct strbuf value = STRBUF_INIT(sizeof tag - 1);

    bool any = !core->stopping && preference_of_gateway(core, user, "language", &value) && !value.overflow &&
               strcmp(strbuf_text(&value), "auto") != 0;
    if (any)
        strcpy(tag, strbuf_text(&value));
    strbuf_release(&value);
    return any ? tag : NULL;
}

static const char *said_before(const struct bridge_session *session)
{
    return session && *session->language ? session->language : NULL;
}

static const char *language_of_stanza(const void *who)
{
    const struct inbound *in = who;
    const char *user = jid_bare(in->from);
    const char *tag = language_set(in->host->core, user);

    if (!tag)
        tag = xmpp_stanza_get_attribute(in->stanza, "xml:lang");
    return tag ? tag : said_before(session_find(in->host, user));
}

static const char *language_of_session(const void *who)
{
    const struct bridge_session *session = who;
    const char *tag = language_set(session->host->core, session->user);

    return tag ? tag : said_before(session);
}

void addressee_of_stanza(const struct inbound *in)
{
    language_serve(language_of_stanza, in);
}

static const char *language_of_addressee(const void *who)
{
    const struct addressee *addressee = who;

    return language_set(addressee->core, addressee->user);
}

void addressee_of_user(const struct addressee *who)
{
    language_serve(language_of_addressee, who);
}

void addressee_done(void)
{
    language_serve(NULL, NULL);
}

void addressee_of_session(const struct bridge_session *session)
{
    language_serve(language_of_session, session);
}

void addressee_gone(const struct bridge_session *session)
{
    language_forget(session);
}

void bridge_words_for(const struct bridge_session *session)
{
    addressee_of_session(session);
}
