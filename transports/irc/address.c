#include "address.h"

#include <string.h>

#include <bridge/words.h>

#include "casemap.h"

/* Before a network has said otherwise (RFC 2811 §2.1). */
static const char chantypes[] = "#&+!";

/* Appended, the bytes of `text` in lower case; false if they do not fit. */
static bool put(char out[IRC_NAME_MAX + 1], const char *text, size_t len)
{
    if (len > IRC_NAME_MAX)
        return false;
    casemap_fold(casemap_ascii, out, text, len);
    out[len] = 0;
    return true;
}

/* A name that is one parameter, and one target, of an IRC line. */
static bool is_param(const char *name)
{
    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        if (*p <= 0x20 || *p == 0x7f || *p == ',')
            return false;
    }
    return *name && *name != ':';
}

bool address_nick_ok(const char *nick)
{
    return is_param(nick) && strlen(nick) <= IRC_NAME_MAX && !strpbrk(nick, "!@") &&
           !strchr(chantypes, *nick);
}

static int not_an_address(struct bridge_error *err, const char *localpart, const char *why)
{
    return bridge_fail(err, BRIDGE_ADDRESS,
                       _("'%.80s': %s. Write #channel%%NETWORK for a channel or nick%%NETWORK "
                         "for a person, for example #bridged%%irc.libera.chat"),
                       localpart, why);
}

int address_parse(struct address *address, const char *localpart,
                  const struct irc_settings *settings, struct bridge_error *err)
{
    const char *percent = strrchr(localpart, '%');
    const char *network = percent ? percent + 1 : localpart;
    bool channel = *localpart && strchr(chantypes, *localpart);
    struct network found;

    address->name[0] = 0;
    address->kind = BRIDGE_ADDRESS_NONE;
    if (!percent && channel)
        return not_an_address(err, localpart, _("the network is missing"));
    if (!put(address->network, network, strlen(network)))
        return not_an_address(err, localpart, _("the network's name is too long"));
    if (!*address->network)
        return not_an_address(err, localpart, _("there is no network after the %"));
    if (percent && !put(address->name, localpart, (size_t)(percent - localpart)))
        return not_an_address(err, localpart, _("the name is too long"));
    if (percent && !*address->name)
        return not_an_address(err, localpart, _("there is no name before the %"));
    if (percent && !(channel ? is_param(address->name) : address_nick_ok(address->name)))
        return not_an_address(err, localpart, _("the name has characters that IRC has not"));
    if (network_find(settings, address->network, &found, err))
        return -1;
    if (!percent)
        address->kind = BRIDGE_ADDRESS_SERVICE;
    else
        address->kind = channel ? BRIDGE_ADDRESS_ROOM : BRIDGE_ADDRESS_CONTACT;
    return 0;
}

void address_write(const struct address *address, struct strbuf *out)
{
    if (*address->name) {
        strbuf_adds(out, address->name);
        strbuf_addch(out, '%');
    }
    strbuf_adds(out, address->network);
}

void address_add(struct strbuf *out, const char *name, const char *network)
{
    size_t start = out->len;

    strbuf_adds(out, name);
    if (!out->overflow)
        casemap_fold(casemap_ascii, out->data + start, out->data + start, out->len - start);
    strbuf_addch(out, '%');
    strbuf_adds(out, network);
}
