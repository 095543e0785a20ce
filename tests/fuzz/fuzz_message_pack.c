/* A stored message: whatever is in the row, either a fault is told or there is a
 * message, which survives another way there and back. */
#include "message_pack.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = bridge_strndup((const char *)data, size);
    struct unpacked_message first, second;
    struct bridge_error err = { BRIDGE_OK, "" };

    if (message_unpack(text, &first, &err)) {
        assert(err.code == BRIDGE_INVALID && *err.text);
    } else {
        char *again = message_pack(&first.message);
        assert(message_unpack(again, &second, &err) == 0);
        char *last = message_pack(&second.message);
        assert(!strcmp(again, last));
        assert(second.message.attachment_count == first.message.attachment_count);
        message_unpack_release(&second);
        free(last);
        free(again);
    }
    message_unpack_release(&first);
    free(text);
    return 0;
}
