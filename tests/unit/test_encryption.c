/* What is encrypted from client to client does not reach the network. */
#include <stdio.h>

#include "dialogue.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define ROMEO "romeo@" LAB_DOMAIN
#define NOTICE "<body>This message is encrypted.</body>"
#define UNSUPPORTED \
    "<error type='cancel'><feature-not-implemented xmlns='" NS_STANZAS "'/>" \
    "<text xmlns='" NS_STANZAS "'>*</text></error>"

static const struct {
    const char *what;
    const char *inside;
} encrypted[] = {
    { "OMEMO",
      "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/>"
      "<payload>c2VjcmV0</payload></encrypted>" NOTICE },
    { "OMEMO 2",
      "<encrypted xmlns='urn:xmpp:omemo:2'><header sid='1'/><payload>c2VjcmV0</payload>"
      "</encrypted>" NOTICE },
    { "OMEMO without a notice",
      "<encrypted xmlns='urn:xmpp:omemo:2'><payload>c2VjcmV0</payload></encrypted>" },
    { "OpenPGP", "<openpgp xmlns='urn:xmpp:openpgp:0'>c2VjcmV0</openpgp>" NOTICE },
    { "OpenPGP, the old way", "<x xmlns='jabber:x:encrypted'>c2VjcmV0</x>" NOTICE },
    { "XEP-0380", "<encryption xmlns='urn:xmpp:eme:0' namespace='urn:x'/>" NOTICE },
};

static void its_sender_is_told_and_the_network_hears_nothing(void **state)
{
    char xml[1024];

    (void)state;
    for (size_t i = 0; i < COUNT(encrypted); i++) {
        print_message("%s\n", encrypted[i].what);
        snprintf(xml, sizeof xml,
                 "<message type='chat' id='e' from='" BALCONY "' to='" ROMEO "'>%s</message>",
                 encrypted[i].inside);
        RECV(xml);
        DOWN("");
        SENT("<message type='error' id='e' to='" BALCONY "' from='" ROMEO "'>" UNSUPPORTED
             "</message>");
        snprintf(xml, sizeof xml,
                 "<message type='groupchat' id='g' from='" BALCONY "' to='" ROOM "'>%s</message>",
                 encrypted[i].inside);
        RECV(xml);
        DOWN("");
        SENT("<message type='error' id='g' to='" BALCONY "' from='" ROOM "'>" UNSUPPORTED
             "</message>");
    }
}

static void keys_alone_are_no_message(void **state)
{
    (void)state;
    RECV("<message type='chat' id='k' from='" BALCONY "' to='" ROMEO "'>"
         "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/></encrypted>"
         "<encryption xmlns='urn:xmpp:eme:0' namespace='eu.siacs.conversations.axolotl'/>"
         "</message>");
    RECV("<message type='chat' id='k' from='" BALCONY "' to='" ROMEO "'>"
         "<encrypted xmlns='urn:xmpp:omemo:2'><header sid='1'/></encrypted></message>");
    DOWN("");
    SENT("");
}

static void an_encrypted_error_is_not_answered(void **state)
{
    (void)state;
    RECV("<message type='error' id='e' from='" BALCONY "' to='" ROMEO "'>"
         "<openpgp xmlns='urn:xmpp:openpgp:0'>c2VjcmV0</openpgp>" UNSUPPORTED "</message>");
    DOWN("");
    SENT("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_sender_is_told_and_the_network_hears_nothing),
        TEST(keys_alone_are_no_message),
        TEST(an_encrypted_error_is_not_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
