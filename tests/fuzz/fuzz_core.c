/* The XMPP server's words, after the handshake, into the real core; the network
 * behind it agrees to everything. Whatever is answered must be whole stanzas
 * with proper addresses, and in the end nothing may be left over. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core_lab.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bridge_error err;

    lab.transport = fake_transport_reset();
    fake_transport_obey(true);
    lab_new(lab_options(false));
    if (lab_start(&err))
        abort();
    lab_connect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    fake_conn_feed(lab_conn(LAB_DOMAIN), (const char *)data, size);
    fake_store_commit();
    fake_timer_advance(3000); /* what is done little by little */
    fake_store_commit();
    check_sent();
    lab_reconnect(LAB_DOMAIN); /* if that was the end of it */
    if (!core_streams_up(lab.core))
        lab_shake_hands(LAB_DOMAIN);
    check_sent();
    core_stop(lab.core, "the end");
    check_sent();
    lab_end();
    return 0;
}
