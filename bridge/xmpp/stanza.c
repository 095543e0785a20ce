#include "stanza.h"

#include <string.h>

static bool in_namespace(xmpp_stanza_t *s, const char *ns)
{
    const char *own = xmpp_stanza_get_ns(s);

    return own && strcmp(own, ns) == 0;
}

static xmpp_stanza_t *find(xmpp_stanza_t *s, const char *name, const char *ns)
{
    for (s = xmpp_stanza_get_children(s); s; s = xmpp_stanza_get_next(s)) {
        if (!xmpp_stanza_is_tag(s))
            continue;
        if ((!name || strcmp(xmpp_stanza_get_name(s), name) == 0) &&
            (!ns || in_namespace(s, ns)))
            return s;
    }
    return NULL;
}

xmpp_stanza_t *stanza_child(xmpp_stanza_t *s, const char *name, const char *ns)
{
    return find(s, name, ns);
}

xmpp_stanza_t *stanza_child_ns(xmpp_stanza_t *s, const char *ns)
{
    return find(s, NULL, ns);
}

xmpp_stanza_t *stanza_payload(xmpp_stanza_t *s)
{
    return find(s, NULL, NULL);
}

bool stanza_text(xmpp_stanza_t *s, struct strbuf *out)
{
    if (!s)
        return false;
    for (s = xmpp_stanza_get_children(s); s; s = xmpp_stanza_get_next(s)) {
        if (xmpp_stanza_is_text(s))
            strbuf_adds(out, xmpp_stanza_get_text_ptr(s));
    }
    return true;
}
