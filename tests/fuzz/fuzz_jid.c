/* An address, and a legacy address to be escaped. */
#include "jid.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/utf8.h>

static void check_parts(const struct jid *jid)
{
    const char *parts[] = { jid_local(jid), jid_domain(jid), jid_resource(jid) };
    struct strbuf full = STRBUF_INIT(4096);

    for (size_t i = 0; i < 3; i++)
        assert(!parts[i] || (*parts[i] && strlen(parts[i]) <= 1023));
    assert(utf8_valid(jid_full(jid), strlen(jid_full(jid))));
    strbuf_addf(&full, "%s%s%s", parts[0] ? parts[0] : "", parts[0] ? "@" : "", parts[1]);
    assert(strcmp(strbuf_text(&full), jid_bare(jid)) == 0);
    if (parts[2])
        strbuf_addf(&full, "/%s", parts[2]);
    assert(strcmp(strbuf_text(&full), jid_full(jid)) == 0);
    strbuf_release(&full);
}

static void check_address(const char *text)
{
    struct bridge_error err;
    struct jid *jid = jid_parse(text, &err);

    if (!jid)
        return;
    check_parts(jid);
    struct jid *again = jid_parse(jid_full(jid), &err);
    assert(again && strcmp(jid_full(again), jid_full(jid)) == 0);
    struct jid *built = jid_new(jid_local(jid), jid_domain(jid), jid_resource(jid), &err);
    assert(built && strcmp(jid_full(built), jid_full(jid)) == 0);
    jid_free(again);
    jid_free(built);
    jid_free(jid);
}

static void check_escaping(const char *text)
{
    struct strbuf escaped = STRBUF_INIT(1 << 20), back = STRBUF_INIT(1 << 20);
    struct bridge_error err;

    if (jid_escape(&escaped, text, &err) == 0) {
        assert(!strpbrk(strbuf_text(&escaped), " \"&'/:<>@"));
        jid_unescape(&back, strbuf_text(&escaped));
        assert(strcmp(strbuf_text(&back), text) == 0);
    } else {
        assert(escaped.len == 0);
    }
    strbuf_release(&escaped);
    strbuf_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = bridge_strndup((const char *)data, size);

    check_address(text);
    check_escaping(text);
    free(text);
    return 0;
}
