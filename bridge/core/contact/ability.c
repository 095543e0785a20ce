#include "ability.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/log.h>

#include "ask.h"
#include "caps_verify.h"
#include "core.h"
#include "stanza.h"
#include "xml.h"

/* What a longer attribute of <c/> announces is none of the hashes that we know. */
#define ATTRIBUTE_MAX 256

enum knowledge { UNKNOWN, ASKING, KNOWN };

struct able_client {
    struct bridge_session *session;
    char *jid;             /* full */
    char *node;            /* of <c/>; "": it announced nothing, as with the others */
    char *hash;
    char *ver;
    enum knowledge knowledge;
    unsigned abilities;
    struct ask *ask;
    struct able_client *next; /* an earlier one */
};

/* --- hashes that were true -------------------------------------------------------- */

struct known {
    unsigned abilities;
    char key[];
};

struct ability_hashes {
    struct map known;
};

struct ability_hashes *ability_hashes_new(void)
{
    return bridge_alloc(sizeof(struct ability_hashes));
}

static void forget_hashes(struct ability_hashes *hashes)
{
    struct known *known;
    size_t i = 0;

    while ((known = map_next(&hashes->known, &i)))
        free(known);
    map_release(&hashes->known);
}

void ability_hashes_free(struct ability_hashes *hashes)
{
    forget_hashes(hashes);
    free(hashes);
}

static void add_key(struct strbuf *key, const struct able_client *client)
{
    strbuf_addf(key, "%s %s", client->hash, client->ver);
}

static void remember(struct ability_hashes *hashes, const struct able_client *client)
{
    struct strbuf key = STRBUF_INIT(4 * ATTRIBUTE_MAX);

    add_key(&key, client);
    if (hashes->known.count >= ABILITY_HASHES_MAX)
        forget_hashes(hashes); /* those in use come back with their next client */
    struct known *known = bridge_alloc(sizeof *known + key.len + 1);
    known->abilities = client->abilities;
    strcpy(known->key, strbuf_text(&key));
    free(map_puts(&hashes->known, known->key, known));
    strbuf_release(&key);
}

static void recall(const struct ability_hashes *hashes, struct able_client *client)
{
    struct strbuf key = STRBUF_INIT(4 * ATTRIBUTE_MAX);

    add_key(&key, client);
    const struct known *known = map_finds(&hashes->known, strbuf_text(&key));
    if (known) {
        client->abilities = known->abilities;
        client->knowledge = KNOWN;
    }
    strbuf_release(&key);
}

/* --- presence --------------------------------------------------------------------- */

static void client_free(struct able_client *client)
{
    ask_cancel(client->ask);
    free(client->jid);
    free(client->node);
    free(client->hash);
    free(client->ver);
    free(client);
}

static struct able_client **find(struct bridge_session *session, const char *jid)
{
    struct able_client **link = &session->able_clients;

    while (*link && strcmp((*link)->jid, jid) != 0)
        link = &(*link)->next;
    return link;
}

static void cut(struct able_client **link)
{
    struct able_client *gone = *link;

    *link = gone->next;
    client_free(gone);
}

static char *copy_attribute(xmpp_stanza_t *c, const char *name)
{
    const char *value = c ? xmpp_stanza_get_attribute(c, name) : NULL;

    return bridge_strdup(value && strlen(value) <= ATTRIBUTE_MAX ? value : "");
}

static struct able_client *client_new(struct bridge_session *session, const char *jid,
                                 xmpp_stanza_t *presence)
{
    struct able_client *client = bridge_alloc(sizeof *client);
    xmpp_stanza_t *c = stanza_child(presence, "c", NS_CAPS);

    client->session = session;
    client->jid = bridge_strdup(jid);
    client->node = copy_attribute(c, "node");
    client->hash = copy_attribute(c, "hash");
    client->ver = copy_attribute(c, "ver");
    return client;
}

static bool same_announcement(const struct able_client *a, const struct able_client *b)
{
    return !strcmp(a->ver, b->ver) && !strcmp(a->hash, b->hash) && !strcmp(a->node, b->node);
}

/* The user's latest; the earliest goes when there are too many. */
static void add(struct bridge_session *session, struct able_client *client)
{
    struct able_client **link = &session->able_clients;
    size_t count = 0;

    client->next = session->able_clients;
    session->able_clients = client;
    for (; *link; link = &(*link)->next) {
        if (++count > ABILITY_CLIENTS_MAX) {
            cut(link);
            return;
        }
    }
}

/* What a room is told concerns the room alone. */
void ability_presence(const struct inbound *in)
{
    struct bridge_session *session = session_find(in->host, jid_bare(in->from));
    bool gone = !strcmp(in->type, "unavailable") || !strcmp(in->type, "error");
    const char *jid = jid_full(in->from);

    if (!session || !jid_resource(in->from) || in->target.kind == BRIDGE_ADDRESS_ROOM ||
        (*in->type && !gone))
        return;
    struct able_client **found = find(session, jid);
    struct able_client *client = gone ? NULL : client_new(session, jid, in->stanza);
    if (client && *found && same_announcement(*found, client)) {
        client_free(client);
        return;
    }
    if (*found)
        cut(found);
    if (client)
        add(session, client);
}

/* --- asking ----------------------------------------------------------------------- */

static unsigned read_abilities(xmpp_stanza_t *query)
{
    static const struct {
        const char *var;
        enum ability ability;
    } wanted[] = {
        { NS_ROSTERX, ABILITY_ROSTERX },
    };
    unsigned abilities = 0;

    for (xmpp_stanza_t *e = xmpp_stanza_get_children(query); e; e = xmpp_stanza_get_next(e)) {
        const char *name = xmpp_stanza_is_tag(e) ? xmpp_stanza_get_name(e) : "";
        const char *var = strcmp(name, "feature") ? NULL : xmpp_stanza_get_attribute(e, "var");
        for (size_t i = 0; var && i < sizeof wanted / sizeof *wanted; i++) {
            if (!strcmp(wanted[i].var, var))
                abilities |= wanted[i].ability;
        }
    }
    return abilities;
}

static void on_info(void *arg, xmpp_stanza_t *iq, const struct bridge_error *why)
{
    struct able_client *client = arg;
    struct bridge_host *host = client->session->host;
    xmpp_stanza_t *query = iq ? stanza_child(iq, "query", NS_DISCO_INFO) : NULL;

    client->ask = NULL;
    client->knowledge = KNOWN;
    if (why)
        log_debug(host->name, "%s does not say what it can do: %s", client->jid, why->text);
    if (!query)
        return;
    client->abilities = read_abilities(query);
    if (caps_verify(query, client->hash, client->ver))
        remember(host->core->abilities, client);
    else if (*client->ver)
        log_debug(host->name, "%s can do other things than it has announced", client->jid);
}

static void ask(struct able_client *client)
{
    struct bridge_host *host = client->session->host;
    struct strbuf payload = STRBUF_INIT(8192), node = STRBUF_INIT(2 * ATTRIBUTE_MAX + 2);
    struct bridge_error err;

    strbuf_addf(&node, "%s#%s", client->node, client->ver);
    strbuf_adds(&payload, "<query xmlns='" NS_DISCO_INFO "'");
    xml_attribute(&payload, "node", *client->ver ? strbuf_text(&node) : NULL);
    strbuf_adds(&payload, "/>");
    const struct ask_request request = { .type = "get", .to = client->jid,
                                         .payload = strbuf_text(&payload) };
    client->ask = ask_send(host, &request, on_info, client, &err);
    if (client->ask)
        client->knowledge = ASKING;
    strbuf_release(&payload);
    strbuf_release(&node);
}

const char *ability_find(struct bridge_session *session, enum ability ability,
                        bool *pending)
{
    *pending = false;
    for (struct able_client *client = session->able_clients; client; client = client->next) {
        if (client->knowledge == UNKNOWN)
            recall(session->host->core->abilities, client);
        if (client->knowledge == UNKNOWN)
            ask(client);
        if (client->knowledge == KNOWN && client->abilities & ability)
            return client->jid;
        *pending = *pending || client->knowledge == ASKING;
    }
    return NULL;
}

void ability_deny(struct bridge_session *session, const char *jid, enum ability ability)
{
    struct able_client *client = *find(session, jid);

    if (client)
        client->abilities &= ~(unsigned)ability;
}

void ability_forget_all(struct bridge_session *session)
{
    while (session->able_clients)
        cut(&session->able_clients);
}
