/* What a network may tell about somebody: texts and a picture, parted by zero
 * bytes. Both kinds of vCard must be one element with the parts that it may have,
 * fit into a stanza, and give the picture back. */
#include "vcard.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "splitter.h"
#include "stanza.h"
#include "xml.h"

#define TEXTS 8

/* Cut off what is before the next zero byte; "" at the end. */
static char *next_text(const uint8_t **data, size_t *size)
{
    const uint8_t *end = memchr(*data, 0, *size);
    size_t len = end ? (size_t)(end - *data) : *size;
    char *text = bridge_strndup((const char *)*data, len);

    *data += len + (end != NULL);
    *size -= len + (end != NULL);
    return text;
}

static xmpp_stanza_t *descend(xmpp_stanza_t *s, const char *const *path)
{
    for (; s && *path; path++)
        s = stanza_child(s, *path, NULL);
    return s;
}

static void check_names(xmpp_stanza_t *card)
{
    static const char names[] = " FN N PHOTO NICKNAME TEL EMAIL ORG URL DESC JABBERID "
                                "kind fn photo nickname tel email org url note impp ";
    xmpp_stanza_t *s = xmpp_stanza_get_children(card);

    for (; s; s = xmpp_stanza_get_next(s)) {
        struct strbuf word = STRBUF_INIT(100);
        assert(xmpp_stanza_is_tag(s));
        strbuf_addf(&word, " %s ", xmpp_stanza_get_name(s));
        assert(strstr(names, strbuf_text(&word)));
        strbuf_release(&word);
    }
}

/* `text` is base64, perhaps behind a "data:TYPE;base64,". */
static void check_data(const char *text, const struct bridge_picture *picture)
{
    const char *comma = strchr(text, ',');
    const char *coded = comma ? comma + 1 : text;
    size_t len = strlen(coded);
    unsigned char *data = bridge_alloc(len + 1);

    int size = EVP_DecodeBlock(data, (const unsigned char *)coded, (int)len);
    for (const char *p = coded + len; p > coded && p[-1] == '='; p--)
        size--;
    assert((size_t)size == picture->size && !memcmp(data, picture->data, picture->size));
    free(data);
}

static void check_photo(xmpp_stanza_t *card, const struct bridge_picture *picture)
{
    static const char *const paths[][3] = { { "PHOTO", "BINVAL" }, { "photo", "uri" } };
    bool found = false;

    for (size_t i = 0; i < 2; i++) {
        struct strbuf text = STRBUF_INIT(XML_STANZA_MAX);
        if (stanza_text(descend(card, paths[i]), &text)) {
            found = true;
            check_data(strbuf_text(&text), picture);
        }
        strbuf_release(&text);
    }
    assert(found == vcard_shows(picture));
}

static void check_links(xmpp_stanza_t *card)
{
    static const char *const paths[][3] = { { "URL" }, { "url", "uri" } };

    for (size_t i = 0; i < 2; i++) {
        struct strbuf text = STRBUF_INIT(XML_STANZA_MAX);
        if (stanza_text(descend(card, paths[i]), &text))
            assert(!strncasecmp(strbuf_text(&text), "http", 4));
        strbuf_release(&text);
    }
}

static const struct bridge_picture *told;
static unsigned seen;

static void on_stanza(void *arg, xmpp_stanza_t *stanza)
{
    xmpp_stanza_t *card = stanza_payload(stanza);

    (void)arg;
    seen++;
    check_names(card);
    check_photo(card, told);
    check_links(card);
}

/* Through the splitter, which takes what a server would. */
static void check(const struct strbuf *xml)
{
    static const struct splitter_events events = { .on_stanza = on_stanza };
    static const char head[] = "<stream:stream xmlns='jabber:component:accept' "
                               "xmlns:stream='http://etherx.jabber.org/streams'><iq>";
    struct bridge_error err;

    assert(!xml->overflow);
    struct splitter *s = splitter_new(NULL, &events, NULL);
    int rc = splitter_feed(s, head, sizeof head - 1, &err);
    rc |= splitter_feed(s, xml->data, xml->len, &err);
    rc |= splitter_feed(s, "</iq>", 5, &err);
    assert(!rc);
    splitter_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strbuf out = STRBUF_INIT(XML_STANZA_MAX);
    char *t[TEXTS];

    for (size_t i = 0; i < TEXTS; i++)
        t[i] = next_text(&data, &size);
    const struct bridge_picture picture = { t[7], data, size };
    const struct bridge_card card = { t[0], t[1], t[2], t[3], t[4], t[5], t[6], &picture };
    const struct vcard vcard = { VCARD_PERSON, "romeo@t.example.net", "romeo", &card };
    told = &picture;
    seen = 0;
    vcard_write_temp(&out, &vcard);
    check(&out);
    strbuf_reset(&out);
    vcard_write_4(&out, &vcard);
    check(&out);
    assert(seen == 2);
    strbuf_release(&out);
    for (size_t i = 0; i < TEXTS; i++)
        free(t[i]);
    return 0;
}
