/* Users who give commands, in menus and by chat, at every kind of address, in any
 * order, with whatever they fill in. Each byte of the input is a step; texts are
 * taken from it as well. Whatever is answered must be whole stanzas, and in the
 * end nothing may be left over. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "core_lab.h"
#include "xml.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ADMIN "http://jabber.org/protocol/admin"

static const char *const clients[] = { "juliet@example.net/balcony", "juliet@example.net/x",
                                       "romeo@example.net/y" };
static const char *const places[] = { LAB_DOMAIN, "#r@" LAB_DOMAIN, "romeo@" LAB_DOMAIN,
                                      "%net@" LAB_DOMAIN, "#r@" LAB_DOMAIN "/n" };
static const char *const nodes[] = {
    "status", "disconnect", "export", "forget", "settings", "register", "unregister", "invite",
    "user-settings", "statistics", "reload", ADMIN "#announce", ADMIN "#end-user-session",
    ADMIN "#get-online-users-list", ADMIN "#get-online-users-num", "nothing",
};
static const char *const words[] = {
    "help", "/help", "cancel", "/cancel", "yes", "/yes", "no", "forget", "set", "/set", "status",
    "/status", "announce", "end-sessions", "register", "unregister", "invite", "set-user",
    "//help", "/me",
};
static const char *const steps[] = { "execute", "next", "prev", "complete", "cancel", NULL };
static const char *const fields[] = { "sure", "accountjids", "announcement", "language", "user",
                                      "keep-days", "max_items", "key", "value" };
static const char *const values[] = { "1", "0", "romeo@example.net", "de", "25", "", "x" };

static char *admins[] = { "juliet@example.net" };

/* --- the input -------------------------------------------------------------------------- */

struct input {
    const uint8_t *data;
    size_t size;
};

static unsigned next(struct input *in)
{
    if (!in->size)
        return 0;
    in->size--;
    return *in->data++;
}

static const char *pick(struct input *in, const char *const *from, size_t count)
{
    return from[next(in) % count];
}
#define PICK(array) pick(in, array, COUNT(array))

/* Some bytes as they are: XML is what we write around them. */
static void add_text(struct input *in, struct strbuf *out)
{
    size_t len = next(in) % 32;
    char text[32];

    if (len > in->size)
        len = in->size;
    for (size_t i = 0; i < len; i++)
        text[i] = (char)next(in);
    xml_text_n(out, text, len);
}

/* --- what is sent ------------------------------------------------------------------------- */

static char session[64]; /* of the answer before */

static void check_sent(void)
{
    struct canonical sent = lab_take(LAB_DOMAIN);

    if (sent.fault) {
        for (size_t i = 0; i < sent.count; i++)
            fputs(sent.stanzas[i].text, stderr);
        fprintf(stderr, "sent, and %s\n", sent.fault);
        abort();
    }
    for (size_t i = 0; i < sent.count; i++) {
        const char *id = strstr(sent.stanzas[i].text, "sessionid='");
        if (id)
            snprintf(session, sizeof session, "%.*s",
                     (int)strcspn(id + strlen("sessionid='"), "'"), id + strlen("sessionid='"));
    }
    canonical_release(&sent);
}

static void add_fields(struct input *in, struct strbuf *out)
{
    for (unsigned n = next(in) % 4; n; n--) {
        strbuf_addf(out, "<field var='%s'><value>", PICK(fields));
        if (next(in) % 2)
            add_text(in, out);
        else
            strbuf_adds(out, PICK(values));
        strbuf_adds(out, "</value></field>");
    }
}

static void command(struct input *in, struct strbuf *out)
{
    strbuf_addf(out, "<iq type='set' id='c' from='%s'", PICK(clients));
    strbuf_addf(out, " to='%s'><command xmlns='http://jabber.org/protocol/commands'", PICK(places));
    strbuf_addf(out, " node='%s'", PICK(nodes));
    const char *step = PICK(steps);
    if (step)
        strbuf_addf(out, " action='%s'", step);
    if (next(in) % 4)
        strbuf_addf(out, " sessionid='%s'", session);
    strbuf_adds(out, "><x xmlns='jabber:x:data' type='submit'>");
    add_fields(in, out);
    strbuf_adds(out, "</x></command></iq>");
}

/* Most calls go well where they began, with the node that they have. */
static void begin(struct input *in, struct strbuf *out)
{
    strbuf_addf(out, "<iq type='set' id='c' from='%s'", PICK(clients));
    strbuf_addf(out, " to='%s'><command xmlns='http://jabber.org/protocol/commands'", PICK(places));
    strbuf_addf(out, " node='%s' action='execute'/></iq>", PICK(nodes));
}

static void line(struct input *in, struct strbuf *out)
{
    bool groupchat = next(in) % 4 == 0;

    strbuf_addf(out, "<message type='%s' id='m'", groupchat ? "groupchat" : "chat");
    strbuf_addf(out, " from='%s'", PICK(clients));
    strbuf_addf(out, " to='%s'><body>", PICK(places));
    strbuf_adds(out, PICK(words));
    if (next(in) % 2) {
        strbuf_addch(out, ' ');
        strbuf_adds(out, PICK(fields));
        strbuf_addch(out, next(in) % 2 ? '=' : ' ');
        add_text(in, out);
    }
    strbuf_adds(out, "</body></message>");
}

static void join(struct input *in, struct strbuf *out)
{
    strbuf_addf(out, "<presence from='%s' to='#r@" LAB_DOMAIN "/n'>"
                     "<x xmlns='http://jabber.org/protocol/muc'/></presence>", PICK(clients));
}

static void disco(struct input *in, struct strbuf *out)
{
    strbuf_addf(out, "<iq type='get' id='d' from='%s'", PICK(clients));
    strbuf_addf(out, " to='%s'><query xmlns='http://jabber.org/protocol/disco#items' "
                     "node='http://jabber.org/protocol/commands'/></iq>", PICK(places));
}

static void (*const acts[])(struct input *in, struct strbuf *out) = {
    command, command, begin, line, line, join, disco,
};

static void step(struct input *in)
{
    struct strbuf xml = STRBUF_INIT(65536);
    unsigned which = next(in) % (COUNT(acts) + 1);

    if (which == COUNT(acts)) {
        fake_store_commit();
    } else {
        acts[which](in, &xml);
        if (lab_conn(LAB_DOMAIN))
            fake_conn_feed(lab_conn(LAB_DOMAIN), strbuf_text(&xml), xml.len);
    }
    strbuf_release(&xml);
    check_sent();
}

static int refuse_reload(void *arg, struct bridge_error *err)
{
    (void)arg;
    return bridge_fail(err, BRIDGE_INVALID, "It has faults");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct bridge_error err;

    *session = 0;
    lab.transport = fake_transport_reset();
    fake_transport_obey(true);
    lab_new(lab_options(false));
    if (lab_start(&err))
        abort();
    lab.core->on_reload = refuse_reload;
    if (next(&in) % 2)
        lab.core->options->gateway.admin_jids = (struct setting_strings){ admins, 1 };
    lab_connect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    while (in.size)
        step(&in);
    fake_store_commit();
    check_sent();
    lab.core->options->gateway.admin_jids = (struct setting_strings){ 0 };
    core_stop(lab.core, "the end");
    check_sent();
    lab_end();
    return 0;
}
