#include "room_config.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/words.h>

#include "core.h"
#include "preference.h"
#include "register.h"
#include "reply.h"
#include "stanza.h"
#include "xml.h"

/* XEP-0068 §3.4: names that nobody has registered for this form begin so. */
#define PREFIX "x-"

static const struct form_field form_type = {
    .var = "FORM_TYPE", .type = FORM_HIDDEN, .initial = NS_MUC "#roomconfig",
};

/* A sheet under the names that the form has for its fields. */
struct config_form {
    struct preference_sheet *sheet;
    struct form_field fields[PREFERENCE_MAX + 1];
    char *names[PREFERENCE_MAX];
};

static void form_init(struct config_form *form, const struct query *q)
{
    const struct preference_of of = {
        .host = q->host, .user = jid_bare(q->from), .kind = BRIDGE_ADDRESS_ROOM,
        .address = strbuf_text(&q->target->address),
    };

    form->sheet = preference_sheet_new(&of, 0);
    memcpy(form->fields, form->sheet->fields, sizeof form->fields);
    for (size_t i = 0; i < form->sheet->count; i++) {
        struct strbuf name = STRBUF_INIT(256);
        strbuf_addf(&name, PREFIX "%s", form->sheet->rows[i]->key);
        form->names[i] = strbuf_detach(&name);
        if (form->fields[i].var)
            form->fields[i].var = form->names[i];
    }
}

static void answer_get(const struct query *q)
{
    struct config_form form = { 0 };

    form_init(&form, q);
    struct strbuf *out = query_begin(q);
    strbuf_adds(out, "><query xmlns='" NS_MUC_OWNER "'>");
    form_open(out, "form", strbuf_text(&q->target->address),
              _("Your own settings of this room; nobody else sees them."));
    form_write_field(out, &form_type, NULL);
    for (size_t i = 0; form.fields[i].type; i++)
        form_write_field(out, &form.fields[i], NULL);
    form_close(out);
    strbuf_adds(out, "</query>");
    query_finish(q, out);
    form_release(form.names, form.sheet->count);
    preference_sheet_free(form.sheet);
}

static void on_stored(void *arg, const struct bridge_error *why)
{
    reply_end(arg, why);
}

static void take_form(const struct query *q, xmpp_stanza_t *x, struct reply *reply)
{
    struct config_form form = { 0 };
    char *values[PREFERENCE_MAX] = { NULL };
    struct bridge_error err;

    form_init(&form, q);
    size_t count = form.sheet->count;
    if (!form_read(x, form.fields, values, &err)) {
        preference_change(form.sheet, values, on_stored, reply);
    } else {
        err.code = BRIDGE_INCOMPLETE; /* XEP-0045 §10.2: not-acceptable */
        reply_end(reply, &err);
        preference_sheet_free(form.sheet);
    }
    form_release(form.names, count);
}

static void answer_set(const struct query *q)
{
    xmpp_stanza_t *x = stanza_child(q->payload, "x", NS_DATA);
    const char *type = x ? xmpp_stanza_get_type(x) : NULL;
    struct bridge_error err;

    struct reply *reply = reply_new(q, &err);
    if (!reply) {
        query_refuse(q, err.code, err.text);
    } else if (type && !strcmp(type, "cancel")) {
        reply_end(reply, NULL);
    } else if (x) {
        take_form(q, x, reply);
    } else {
        bool destroy = stanza_child(q->payload, "destroy", NS_MUC_OWNER) != NULL;
        bridge_fail(&err, destroy ? BRIDGE_FORBIDDEN : BRIDGE_INVALID, "%s",
                    destroy ? _("A room of the network cannot be destroyed from here; you can "
                                "leave it")
                            : _("The form is missing"));
        reply_end(reply, &err);
    }
}

void room_config_answer(const struct query *q)
{
    bool room = q->target->kind == BRIDGE_ADDRESS_ROOM && !jid_resource(q->to);
    struct bridge_error err;

    if (!room)
        query_refuse(q, BRIDGE_NO_SERVICE, _("Nothing here understands this request"));
    else if (register_admit(q->host, jid_bare(q->from), &err))
        query_refuse(q, err.code, err.text);
    else if (!preference_any(q->host, BRIDGE_ADDRESS_ROOM))
        query_refuse(q, BRIDGE_FORBIDDEN, _("There is nothing that you could set of this room"));
    else if (!strcmp(xmpp_stanza_get_type(q->iq), "set"))
        answer_set(q);
    else
        answer_get(q);
}
