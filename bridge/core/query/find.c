#include "find.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/words.h>

#include "stanza.h"
#include "xml.h"

/* Longer than any address; what is typed may have more words around it. */
#define TYPED_MAX 4096

/* --- the question -------------------------------------------------------------------- */

static bool is_transport(const struct query *q)
{
    return q->host->transport && q->target->kind == BRIDGE_ADDRESS_NONE;
}

static void refuse_elsewhere(const struct query *q)
{
    query_refuse(q, BRIDGE_NO_SERVICE, _("Nothing here understands this request"));
}

void find_answer_prompt(const struct query *q)
{
    const struct bridge_transport *t = q->host->transport;

    if (!is_transport(q)) {
        refuse_elsewhere(q);
        return;
    }
    struct strbuf *out = query_begin(q);
    strbuf_adds(out, "><query xmlns='" NS_GATEWAY "'>");
    xml_element(out, "desc", t->prompt_help
                                 ? _(t->prompt_help)
                                 : _("Type the address of the person as the network has it."));
    xml_element(out, "prompt", t->prompt ? _(t->prompt) : _("Address"));
    strbuf_adds(out, "</query>");
    query_finish(q, out);
}

/* --- the answer ---------------------------------------------------------------------- */

static int classify(struct bridge_host *host, const char *localpart, struct strbuf *canonical,
                    struct bridge_error *err)
{
    strbuf_reset(canonical);
    return host->transport->classify(host->instance, localpart, canonical, err) ==
                   BRIDGE_ADDRESS_NONE ? -1 : 0;
}

/* Text as people of the network write it. */
static int find_typed(struct bridge_host *host, const char *typed, struct strbuf *canonical,
                      struct bridge_error *err)
{
    struct strbuf localpart = STRBUF_INIT(TYPED_MAX);
    int rc = 0;

    if (host->transport->find)
        rc = host->transport->find(host->instance, typed, &localpart, err);
    else
        strbuf_adds(&localpart, typed);
    if (!rc)
        rc = classify(host, strbuf_text(&localpart), canonical, err);
    strbuf_release(&localpart);
    return rc;
}

/* A localpart as JIDs have it (XEP-0106). */
static int find_localpart(struct bridge_host *host, const char *escaped,
                          struct strbuf *canonical, struct bridge_error *err)
{
    struct strbuf local = STRBUF_INIT(TYPED_MAX);

    jid_unescape(&local, escaped);
    int rc = classify(host, strbuf_text(&local), canonical, err);
    strbuf_release(&local);
    return rc;
}

static struct jid *jid_at(const struct bridge_host *host, const char *typed)
{
    struct bridge_error ignored;
    struct jid *jid = jid_parse(typed, &ignored);

    if (jid && jid_local(jid) && !strcmp(jid_domain(jid), host->name))
        return jid;
    jid_free(jid);
    return NULL;
}

/* The address by which somebody is known here. Many type the whole JID, as they
 * would anywhere else, or its localpart. */
static int find(struct bridge_host *host, const char *typed, struct strbuf *canonical,
                struct bridge_error *err)
{
    struct jid *jid = jid_at(host, typed);
    struct bridge_error ignored;

    if (jid) {
        int rc = find_localpart(host, jid_local(jid), canonical, err);
        jid_free(jid);
        return rc;
    }
    if (!find_typed(host, typed, canonical, err))
        return 0;
    return err->code == BRIDGE_ADDRESS ? find_localpart(host, typed, canonical, &ignored) : -1;
}

/* NULL with *err set. What is known by another address gives that one. */
static struct jid *find_jid(struct bridge_host *host, const char *typed,
                            struct bridge_error *err)
{
    struct strbuf canonical = STRBUF_INIT(TYPED_MAX), local = STRBUF_INIT(TYPED_MAX);
    struct jid *jid = NULL;

    if (!find(host, typed, &canonical, err)) {
        if (!jid_escape(&local, strbuf_text(&canonical), err))
            jid = jid_new(strbuf_text(&local), host->name, NULL, err);
    } else if (err->code == BRIDGE_MOVED) {
        jid = jid_parse(err->text, err);
    }
    strbuf_release(&canonical);
    strbuf_release(&local);
    return jid;
}

/* What was typed, without blanks around it; "" if nothing. The caller's. */
static char *typed_text(xmpp_stanza_t *prompt)
{
    static const char blanks[] = " \t\r\n";
    struct strbuf text = STRBUF_INIT(TYPED_MAX);

    stanza_text(prompt, &text);
    const char *from = strbuf_text(&text) + strspn(strbuf_text(&text), blanks);
    size_t len = strlen(from);
    while (len && strchr(blanks, from[len - 1]))
        len--;
    char *typed = bridge_strndup(from, len);
    strbuf_release(&text);
    return typed;
}

static void answer_jid(const struct query *q, const struct jid *jid)
{
    struct strbuf *out = query_begin(q);

    strbuf_adds(out, "><query xmlns='" NS_GATEWAY "'>");
    xml_element(out, "jid", jid_bare(jid));
    strbuf_adds(out, "</query>");
    query_finish(q, out);
}

void find_answer(const struct query *q)
{
    struct bridge_error err;

    if (!is_transport(q)) {
        refuse_elsewhere(q);
        return;
    }
    char *typed = typed_text(stanza_child(q->payload, "prompt", NS_GATEWAY));
    struct jid *jid = NULL;
    if (!*typed)
        bridge_fail(&err, BRIDGE_INVALID, _("Type whom you are looking for"));
    else
        jid = find_jid(q->host, typed, &err);
    if (jid)
        answer_jid(q, jid);
    else
        query_refuse_with(q, &err);
    jid_free(jid);
    free(typed);
}
