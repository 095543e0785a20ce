#include "privilege.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/log.h>
#include <bridge/words.h>

#include "roster.h"
#include "stanza.h"

struct grant {
    unsigned granted; /* bits of enum privilege */
    unsigned broken;  /* those that do not work */
    char domain[];
};

/* --- what a server says ----------------------------------------------------------- */

static unsigned read_type(const char *type)
{
    static const struct {
        const char *type;
        unsigned granted;
    } types[] = {
        { "get", PRIVILEGE_ROSTER_GET },
        { "set", PRIVILEGE_ROSTER_SET },
        { "both", PRIVILEGE_ROSTER_GET | PRIVILEGE_ROSTER_SET },
    };

    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++) {
        if (!strcmp(types[i].type, type))
            return types[i].granted;
    }
    return 0;
}

/* ejabberd names an access twice when it grants two kinds of it one by one. */
static unsigned read_grants(xmpp_stanza_t *privilege)
{
    unsigned granted = 0;

    for (xmpp_stanza_t *e = xmpp_stanza_get_children(privilege); e; e = xmpp_stanza_get_next(e)) {
        const char *name = xmpp_stanza_is_tag(e) ? xmpp_stanza_get_name(e) : "";
        const char *access = strcmp(name, "perm") ? NULL : xmpp_stanza_get_attribute(e, "access");
        if (access && !strcmp(access, "roster"))
            granted |= read_type(xmpp_stanza_get_type(e));
    }
    return granted;
}

static void forget(struct bridge_host *host, const char *domain)
{
    free(map_removes(&host->grants, domain));
}

static void set(struct bridge_host *host, const char *domain, unsigned granted)
{
    forget(host, domain);
    if (!granted)
        return;
    if (host->grants.count >= PRIVILEGE_DOMAINS_MAX) {
        log_debug(host->name, "%s grants privileges, and too many others do", domain);
        return;
    }
    struct grant *grant = bridge_alloc(sizeof *grant + strlen(domain) + 1);
    grant->granted = granted;
    strcpy(grant->domain, domain);
    map_puts(&host->grants, grant->domain, grant);
    log_debug(host->name, "%s lets us %s%s%s rosters", domain,
              granted & PRIVILEGE_ROSTER_GET ? "read" : "",
              granted == (PRIVILEGE_ROSTER_GET | PRIVILEGE_ROSTER_SET) ? " and " : "",
              granted & PRIVILEGE_ROSTER_SET ? "change" : "");
}

/* Only a server speaks for its users: who has a localpart is one of them. Nothing
 * else makes it more than another server's word about its own users. */
static bool is_from_server(const struct inbound *in)
{
    return !jid_local(in->from) && !jid_resource(in->from) && !jid_local(in->to) &&
           !jid_resource(in->to) && strcmp(in->type, "error") != 0;
}

bool privilege_receive(const struct inbound *in)
{
    static const char *const versions[] = { NS_PRIVILEGE_2, NS_PRIVILEGE_1 };
    xmpp_stanza_t *privilege = NULL;

    for (size_t i = 0; !privilege && i < sizeof versions / sizeof *versions; i++)
        privilege = stanza_child(in->stanza, "privilege", versions[i]);
    if (!privilege || !is_from_server(in))
        return false;
    set(in->host, jid_domain(in->from), read_grants(privilege));
    if (in->host->transport)
        roster_granted(in->host);
    return true;
}

/* --- what holds ------------------------------------------------------------------- */

static struct grant *find(const struct bridge_host *host, const char *user)
{
    const char *at = strchr(user, '@');

    return map_finds(&host->grants, at ? at + 1 : user);
}

bool privilege_granted(const struct bridge_host *host, const char *user,
                       enum privilege privilege)
{
    const struct grant *grant = find(host, user);

    return grant && grant->granted & ~grant->broken & privilege;
}

void privilege_broken(struct bridge_host *host, const char *user, enum privilege privilege,
                      const struct bridge_error *why)
{
    static const char *const words[] = {
        [PRIVILEGE_ROSTER_GET] = "read",
        [PRIVILEGE_ROSTER_SET] = "change",
    };
    struct grant *grant = find(host, user);

    if (!grant || grant->broken & privilege)
        return;
    grant->broken |= privilege;
    log_info(host->name, "%s lets us %s rosters, but that does not work (%s): doing without",
             grant->domain, words[privilege], why->text);
}

void privilege_answer_push(const struct query *q)
{
    struct strbuf *out;

    if (jid_resource(q->from) || q->target->kind != BRIDGE_ADDRESS_NONE ||
        !privilege_granted(q->host, jid_bare(q->from), PRIVILEGE_ROSTER_GET)) {
        query_refuse(q, BRIDGE_NO_SERVICE, _("Nothing here understands this request"));
        return;
    }
    out = query_begin(q);
    strbuf_addch(out, '>');
    query_finish(q, out);
}

void privilege_lost(struct bridge_host *host)
{
    struct grant *grant;
    size_t i = 0;

    while ((grant = map_next(&host->grants, &i)))
        free(grant);
    map_release(&host->grants);
}
