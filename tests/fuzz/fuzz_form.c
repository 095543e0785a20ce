/* A stanza with a form in it. Whatever it is: either a fault is told and there
 * are no values, or every value is one that its field takes, within its bounds. */
#include "form.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <bridge/utf8.h>

#include "splitter.h"
#include "stanza.h"

static const struct form_option sizes[] = { { "small", NULL }, { "large", NULL }, { 0 } };
static const struct form_field fields[] = {
    { .var = "FORM_TYPE", .type = FORM_HIDDEN, .initial = "x" },
    { .var = "t", .type = FORM_TEXT_SINGLE, .label = "T", .required = true },
    { .var = "m", .type = FORM_TEXT_MULTI, .label = "M" },
    { .var = "j", .type = FORM_JID_SINGLE, .label = "J" },
    { .var = "k", .type = FORM_JID_MULTI, .label = "K" },
    { .var = "b", .type = FORM_BOOLEAN, .label = "B" },
    { .var = "l", .type = FORM_LIST_SINGLE, .label = "L", .options = sizes },
    { 0 },
};
#define FIELDS (sizeof fields / sizeof *fields - 1)

static void check_value(const struct form_field *field, const char *value)
{
    struct strbuf again = STRBUF_INIT(1 << 20);
    struct bridge_error err;

    assert(*value && utf8_valid(value, strlen(value)));
    assert(form_check(field, value, &again, &err) == 0);
    assert(!strcmp(strbuf_text(&again), value));
    strbuf_release(&again);
}

static void on_stanza(void *arg, xmpp_stanza_t *stanza)
{
    struct strbuf *out = arg;
    char *values[FIELDS] = { NULL };
    struct bridge_error err;

    int rc = form_read(stanza_child(stanza, "x", NULL), fields, values, &err);
    assert(rc == 0 || *err.text);
    for (size_t i = 0; i < FIELDS; i++) {
        assert(rc == 0 || !values[i]);
        if (values[i])
            check_value(&fields[i], values[i]);
        form_write_field(out, &fields[i], values[i]);
    }
    form_release(values, FIELDS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct splitter_events events = { .on_stanza = on_stanza };
    static const char head[] = "<stream:stream xmlns='jabber:component:accept' "
                               "xmlns:stream='http://etherx.jabber.org/streams'><iq>";
    struct strbuf out = STRBUF_INIT(1 << 24);
    struct splitter *s = splitter_new(NULL, &events, &out);
    struct bridge_error err;

    if (splitter_feed(s, head, sizeof head - 1, &err) == 0 &&
        splitter_feed(s, (const char *)data, size, &err) == 0)
        splitter_feed(s, "</iq>", 5, &err);
    splitter_free(s);
    strbuf_release(&out);
    return 0;
}
