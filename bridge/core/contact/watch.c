#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "core.h"
#include "presence_write.h"
#include "xml.h"

/* What is shown of a status. */
#define STATUS_MAX 4096

struct watch {
    char *address;
    enum bridge_show show;
    char *status;
    char *nick;
    char avatar[CARD_HASH_SIZE];
    bool avatar_known;
    unsigned stream; /* host->stream when it was last sent */
};

/* --- presence ------------------------------------------------------------------- */

void watch_write_start(struct strbuf *out, struct bridge_host *host, const char *user,
                       const char *address, const char *type)
{
    struct strbuf jid = STRBUF_INIT(4096);

    if (*address)
        domain_add_jid(host, &jid, address);
    else
        strbuf_adds(&jid, host->name);
    strbuf_adds(out, "<presence");
    xml_attribute(out, "to", user);
    xml_attribute(out, "from", strbuf_text(&jid));
    xml_attribute(out, "type", type);
    strbuf_release(&jid);
}

void watch_send_type(struct bridge_host *host, const char *user, const char *address,
                     const char *type)
{
    struct strbuf *out = core_stanza(host->core);

    watch_write_start(out, host, user, address, type);
    strbuf_adds(out, "/>");
    domain_send(host, out);
}

static void send_presence(struct bridge_host *host, const char *user, struct watch *w)
{
    const struct presence_content content = {
        .show = w->show,
        .status = w->status,
        .nick = w->nick,
        .avatar = w->avatar_known ? w->avatar : NULL,
        .domain = !*w->address,
    };
    struct strbuf *out = core_stanza(host->core);

    watch_write_start(out, host, user, w->address,
                      w->show == BRIDGE_OFFLINE ? "unavailable" : NULL);
    strbuf_addch(out, '>');
    presence_write_content(out, host, &content);
    strbuf_adds(out, "</presence>");
    domain_send(host, out);
    w->stream = host->stream;
}

static void set_presence(struct bridge_session *session, struct watch *w,
                         const struct bridge_presence *presence)
{
    free(w->status);
    free(w->nick);
    w->show = presence->show;
    w->status = core_copy_text(presence->status, STATUS_MAX);
    w->nick = core_copy_text(presence->nick, STATUS_MAX);
    send_presence(session->host, session->user, w);
}

void bridge_contact_presence(struct bridge_session *session, const char *contact,
                             const struct bridge_presence *presence)
{
    struct watch *w = map_finds(&session->watches, contact);

    if (!w || !*contact)
        return;
    /* A network that shows none may still have one in the contact's card: only who
     * had one, and has it no more, is said to have none. */
    if (presence->avatar)
        w->avatar_known = true;
    card_avatar_hash(presence->avatar, w->avatar);
    set_presence(session, w, presence);
}

/* --- watching ------------------------------------------------------------------- */

static void watch_free(struct watch *w)
{
    free(w->address);
    free(w->status);
    free(w->nick);
    free(w);
}

static void show_failure(struct bridge_host *host, const char *user, const char *address,
                         const struct bridge_error *why)
{
    struct watch gone = {
        .address = (char *)address, .show = BRIDGE_OFFLINE, .status = (char *)why->text
    };

    send_presence(host, user, &gone);
}

static void start(struct bridge_session *session, const char *address)
{
    const struct bridge_transport *transport = session->host->transport;
    struct watch *w = bridge_alloc(sizeof *w);
    struct bridge_error err;

    w->address = bridge_strdup(address);
    map_puts(&session->watches, w->address, w);
    session->host->watches++;
    if (!*address || !transport->watch) {
        set_presence(session, w, &(struct bridge_presence){ .show = BRIDGE_ONLINE });
    } else if (transport->watch(session->data, address, &err)) {
        map_removes(&session->watches, address);
        session->host->watches--;
        show_failure(session->host, session->user, address, &err);
        watch_free(w);
    }
}

void watch_begin(struct bridge_host *host, const char *user, const char *address)
{
    struct bridge_error err;

    struct bridge_session *session = session_open(host, user, &err);
    if (!session) {
        show_failure(host, user, address, &err);
        return;
    }
    struct watch *w = map_finds(&session->watches, address);
    if (w)
        send_presence(host, user, w);
    else
        start(session, address);
}

static void end(struct bridge_session *session, struct watch *w)
{
    const struct bridge_transport *transport = session->host->transport;

    if (*w->address && transport->unwatch)
        transport->unwatch(session->data, w->address);
    watch_free(w);
}

void watch_end(struct bridge_session *session, const char *address)
{
    struct watch *w = map_removes(&session->watches, address);

    if (!w)
        return;
    session->host->watches--;
    end(session, w);
}

static void say_goodbye(const struct bridge_session *session, const struct watch *w)
{
    watch_send_type(session->host, session->user, w->address, "unavailable");
}

void watch_end_all(struct bridge_session *session, bool farewell)
{
    struct map all = session->watches;
    struct watch *w;
    size_t i = 0;

    session->watches = (struct map){ 0 };
    session->host->watches -= all.count;
    while ((w = map_next(&all, &i))) {
        if (farewell)
            say_goodbye(session, w);
        end(session, w);
    }
    map_release(&all);
}

void watch_release(struct bridge_session *session)
{
    struct watch *w;
    size_t i = 0;

    while ((w = map_next(&session->watches, &i))) {
        say_goodbye(session, w);
        watch_free(w);
    }
    session->host->watches -= session->watches.count;
    map_release(&session->watches);
}

bool watch_is_shown(const struct bridge_session *session, const char *address)
{
    const struct watch *w = map_finds(&session->watches, address);

    return w && w->stream == session->host->stream;
}

char **watch_list(const struct bridge_session *session, size_t *count)
{
    char **addresses = bridge_alloc((session->watches.count + 1) * sizeof *addresses);
    const struct watch *w;
    size_t i = 0;

    *count = 0;
    while ((w = map_next(&session->watches, &i)))
        addresses[(*count)++] = bridge_strdup(w->address);
    return addresses;
}

const char *watch_nick(const struct bridge_session *session, const char *address)
{
    const struct watch *w = map_finds(&session->watches, address);

    return w ? w->nick : NULL;
}
