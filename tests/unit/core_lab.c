#include "core_lab.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/log.h>

#include "config.h"
#include "jid.h"

struct lab lab;

/* --- options -------------------------------------------------------------------- */

static void set(char **to, const char *text)
{
    free(*to);
    *to = bridge_strdup(text);
}

struct options *lab_options(bool gateway)
{
    struct options *o = bridge_alloc(sizeof *o);
    struct transport_options *t = bridge_alloc(sizeof *t);

    settings_defaults(options_rows, o);
    set(&o->xmpp.server, "xmpp.example.net");
    o->xmpp.port = 5347;
    set(&o->database, "bridge.db");
    if (gateway) {
        set(&o->gateway.domain, LAB_GATEWAY);
        set(&o->gateway.secret, LAB_SECRET);
    }
    t->plugin = bridge_strdup("fake");
    t->domain = bridge_strdup(LAB_DOMAIN);
    t->secret = bridge_strdup(LAB_SECRET);
    t->transport = lab.transport;
    t->deliver_within = 48;
    t->keep_dead_letters = 30;
    o->transports = t;
    o->transport_count = 1;
    return o;
}

/* --- streams -------------------------------------------------------------------- */

static struct conn *find_conn(const char *domain, bool closing_too)
{
    for (size_t i = 0; i < fake_conn_count(); i++) {
        struct conn *conn = fake_conn_at(i);
        if (!strcmp(fake_conn_label(conn), domain) &&
            (closing_too || !fake_conn_closing(conn)))
            return conn;
    }
    return NULL;
}

struct conn *lab_conn(const char *domain)
{
    return find_conn(domain, false);
}

/* XEP-0114 §3. The header is all there is, and `to` names the domain. */
static void read_header(struct conn *conn)
{
    static const char before[] = "<?xml version='1.0'?><stream:stream xmlns='jabber:component:"
                                 "accept' xmlns:stream='http://etherx.jabber.org/streams' to='";
    struct strbuf *written = fake_conn_written(conn);
    const char *to = strbuf_text(written) + strlen(before);
    char *name = fake_conn_label(conn);

    assert(!strncmp(strbuf_text(written), before, strlen(before)));
    size_t len = strcspn(to, "'");
    assert(!strcmp(to + len, "'>") && len < FAKE_CONN_LABEL_MAX);
    memcpy(name, to, len);
    name[len] = 0;
    strbuf_reset(written);
}

static void connect_all(void)
{
    for (size_t i = 0; i < fake_conn_count(); i++) {
        struct conn *conn = fake_conn_at(i);
        if (*fake_conn_label(conn) || fake_conn_closing(conn))
            continue;
        fake_conn_connect(conn);
        read_header(conn);
    }
}

void lab_connect(const char *domain)
{
    connect_all();
    assert(lab_conn(domain));
}

void lab_shake_hands(const char *domain)
{
    struct strbuf *written = fake_conn_written(lab_conn(domain));

    lab_feed(domain, "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
                     "xmlns:stream='http://etherx.jabber.org/streams' id='" LAB_STREAM_ID "'>");
    assert(!strcmp(strbuf_text(written), "<handshake>" LAB_HANDSHAKE "</handshake>"));
    strbuf_reset(written);
    lab_feed(domain, "<handshake/>");
}

void lab_reconnect(const char *domain)
{
    lab_settle();
    connect_all();
    while (!lab_conn(domain)) {
        assert(fake_timer_next() != UINT64_MAX);
        fake_timer_advance(fake_timer_next());
        connect_all();
    }
}

void lab_cut(const char *domain)
{
    static const struct bridge_error why = { BRIDGE_RETRY, "connection reset by peer" };

    fake_conn_end(lab_conn(domain), &why);
}

void lab_feed(const char *domain, const char *xml)
{
    struct conn *conn = lab_conn(domain);

    assert(conn);
    fake_conn_feed(conn, xml, strlen(xml));
}

static bool is_ours(const char *from, const char *domain)
{
    struct bridge_error err;
    struct jid *jid = jid_parse(from, &err);
    bool ours = jid && !strcmp(jid_domain(jid), domain);

    jid_free(jid);
    return ours;
}

static bool is_jid(const char *to)
{
    struct bridge_error err;
    struct jid *jid = jid_parse(to, &err);

    jid_free(jid);
    return jid != NULL;
}

static bool is_addressed(const struct canonical_stanza *stanza, const char *domain)
{
    return !strcmp(stanza->text, "</stream:stream>\n") ||
           (stanza->from && stanza->to && is_ours(stanza->from, domain) && is_jid(stanza->to));
}

struct canonical lab_take(const char *domain)
{
    struct conn *conn = find_conn(domain, true);
    struct canonical c = { 0 };

    if (!conn)
        return c;
    struct strbuf *written = fake_conn_written(conn);
    c = canonical_parse(strbuf_text(written), written->len, lab.core->id_prefix);
    for (size_t i = 0; i < c.count && !c.fault; i++) {
        if (!is_addressed(&c.stanzas[i], domain))
            c.fault = bridge_strdup("its addresses are such as no server takes");
    }
    strbuf_reset(written);
    return c;
}

/* --- life ------------------------------------------------------------------------ */

static void on_log(enum log_level level, const char *line)
{
    static const char *const words[] = { "error", "warning", "info", "debug" };

    strbuf_addf(&lab.log, "%s: %s\n", words[level], line);
}

static void on_change(void *arg)
{
    (void)arg;
    lab.changes++;
}

static void on_stopped(void *arg)
{
    (void)arg;
    assert(!lab.stopped);
    lab.stopped = true;
}

void lab_new(struct options *options)
{
    fake_timer_reset();
    strbuf_init(&lab.log, 64u << 20);
    log_set_level(LOG_LEVEL_DEBUG);
    log_capture(on_log);
    lab.changes = 0;
    lab.stopped = false;
    uv_loop_init(&lab.loop);
    lab.core = core_new(&lab.loop, options);
    lab.core->on_change = on_change;
    lab.core->on_stopped = on_stopped;
}

int lab_start(struct bridge_error *err)
{
    return core_start(lab.core, err);
}

void lab_settle(void)
{
    do {
        uv_run(&lab.loop, UV_RUN_NOWAIT);
    } while (fake_conn_settle());
}

void lab_end(void)
{
    if (!lab.core->stopping)
        core_stop(lab.core, "the end");
    fake_store_commit();
    lab_settle();
    lab_settle();
    assert(lab.stopped && !lab.core->backlog);
    assert(!fake_conn_count() && !fake_timer_count() && !fake_transport_sessions());
    core_free(lab.core);
    lab.core = NULL;
    int rc = uv_loop_close(&lab.loop);
    assert(!rc);
    (void)rc;
    log_capture(NULL);
    clock_release();
    strbuf_release(&lab.log);
}
