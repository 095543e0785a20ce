/* What a message carries, to a contact and in a room, over networks with any
 * features, which send all of it back: the input is two bytes of features, then
 * what stands in the stanza. Whatever comes of it must be whole stanzas. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core_lab.h"

#define HEAD(type, to) \
    "<message type='" type "' id='1' from='juliet@example.net/b' to='" to "@" LAB_DOMAIN "'>"
#define TAIL "</message>"

static void check_sent(void)
{
    struct canonical sent = lab_take(LAB_DOMAIN);

    if (sent.fault) {
        for (size_t i = 0; i < sent.count; i++)
            fputs(sent.stanzas[i].text, stderr);
        fprintf(stderr, "sent, and %s\n", sent.fault);
        abort();
    }
    canonical_release(&sent);
}

static void feed(const char *head, const uint8_t *inside, size_t size)
{
    struct strbuf xml = STRBUF_INIT(1u << 20);

    strbuf_adds(&xml, head);
    strbuf_add(&xml, inside, size);
    strbuf_adds(&xml, TAIL);
    fake_conn_feed(lab_conn(LAB_DOMAIN), xml.data, xml.len);
    strbuf_release(&xml);
    check_sent();
    if (lab_conn(LAB_DOMAIN))
        return;
    lab_reconnect(LAB_DOMAIN); /* it was no XML, and ended the stream */
    lab_shake_hands(LAB_DOMAIN);
    check_sent();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char join[] =
        "<presence from='juliet@example.net/b' to='#r@" LAB_DOMAIN "/jul'>"
        "<x xmlns='http://jabber.org/protocol/muc'/></presence>";
    struct bridge_error err;

    if (size < 2 || size > 100000)
        return 0;
    lab.transport = fake_transport_reset();
    lab.transport->features = data[0] | (unsigned)data[1] << 8;
    fake_transport_obey(true);
    lab_new(lab_options(false));
    if (lab_start(&err))
        abort();
    lab_connect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    fake_conn_feed(lab_conn(LAB_DOMAIN), join, sizeof join - 1);
    feed(HEAD("chat", "romeo"), data + 2, size - 2);
    feed(HEAD("groupchat", "#r"), data + 2, size - 2);
    core_stop(lab.core, "the end");
    check_sent();
    lab_end();
    return 0;
}
