/* address.h - localparts of this transport, the same as biboumi's:
 *
 *     #channel%network   a room
 *     nick%network       a contact
 *     network            the network itself
 *
 * The network is what comes after the last %. The canonical form is lower-case
 * ASCII, as nodeprep leaves it anyway: what a network folds beyond that is not
 * known before one is connected to it. */
#ifndef IRC_ADDRESS_H
#define IRC_ADDRESS_H

#include <bridge/error.h>
#include <bridge/strbuf.h>
#include <bridge/transport.h>

#include "network.h"

#define IRC_NAME_MAX 255 /* bytes in a channel's name, a nick, a host name */

struct address {
    enum bridge_address kind;
    char name[IRC_NAME_MAX + 1]; /* channel or nick; "" for a network */
    char network[IRC_NAME_MAX + 1];
};

/* Take a localpart to pieces and check each. BRIDGE_ADDRESS with a sentence
 * that says what it should look like. */
int address_parse(struct address *address, const char *localpart,
                  const struct irc_settings *settings, struct bridge_error *err);

void address_write(const struct address *address, struct strbuf *out);

/* Append the address of a channel or nick, in lower case. */
void address_add(struct strbuf *out, const char *name, const char *network);

/* May this stand where IRC expects a nick? Servers have rules of their own;
 * this refuses only what would be another command, target or mask. */
bool address_nick_ok(const char *nick);

#endif
