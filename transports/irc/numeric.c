#include "numeric.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>

#include "text.h"

struct numeric {
    const char *verb;
    enum bridge_code code;
    const char *words;
};

/* Sorted by verb. */
static const struct numeric rows[] = {
    { "401", BRIDGE_NOT_FOUND, "there is nobody of that nick" },
    { "402", BRIDGE_NOT_FOUND, "there is no such server" },
    { "403", BRIDGE_NOT_FOUND, "there is no such channel" },
    { "404", BRIDGE_FORBIDDEN, "you may not speak in this channel" },
    { "405", BRIDGE_BUSY, "you are in too many channels" },
    { "406", BRIDGE_NOT_FOUND, "there was nobody of that nick" },
    { "407", BRIDGE_INVALID, "too many recipients" },
    { "408", BRIDGE_REJECTED, "the channel does not take this text" },
    { "411", BRIDGE_INVALID, "there is no recipient" },
    { "412", BRIDGE_INVALID, "there is no text" },
    { "413", BRIDGE_INVALID, "this address is too wide" },
    { "414", BRIDGE_INVALID, "this address is too wide" },
    { "417", BRIDGE_INVALID, "the line is too long" },
    { "421", BRIDGE_UNSUPPORTED, "the server does not know this command" },
    { "432", BRIDGE_INVALID, "the network does not allow this nick" },
    { "433", BRIDGE_CONFLICT, "the nick is in use on this network" },
    { "435", BRIDGE_FORBIDDEN, "the nick cannot change while you are banned in a channel" },
    { "436", BRIDGE_CONFLICT, "the nick is in use on this network" },
    { "437", BRIDGE_RETRY, "the name cannot be used for the moment" },
    { "438", BRIDGE_BUSY, "the nick was changed too often; wait" },
    { "439", BRIDGE_BUSY, "too many recipients in a short time; wait" },
    { "442", BRIDGE_FORBIDDEN, "you are not in this channel" },
    { "447", BRIDGE_FORBIDDEN, "a channel you are in forbids changes of nick" },
    { "464", BRIDGE_AUTH, "the server's password is wrong or missing" },
    { "465", BRIDGE_FORBIDDEN, "the network has banned this gateway or you" },
    { "471", BRIDGE_BUSY, "the channel is full" },
    { "473", BRIDGE_MEMBERSHIP, "the channel is by invitation only" },
    { "474", BRIDGE_FORBIDDEN, "you are banned from the channel" },
    { "475", BRIDGE_AUTH, "the channel needs a password" },
    { "476", BRIDGE_INVALID, "this cannot be the name of a channel" },
    { "477", BRIDGE_MEMBERSHIP, "the channel is for registered nicks" },
    { "479", BRIDGE_INVALID, "this cannot be the name of a channel" },
    { "480", BRIDGE_BUSY, "the channel cannot be entered for the moment" },
    { "482", BRIDGE_FORBIDDEN, "only operators of the channel may do that" },
    { "484", BRIDGE_FORBIDDEN, "the network does not let you do that" },
    { "485", BRIDGE_FORBIDDEN, "the network does not let you do that" },
    { "486", BRIDGE_MEMBERSHIP, "this person hears registered nicks only" },
    { "489", BRIDGE_FORBIDDEN, "the channel or person wants an encrypted connection" },
    { "520", BRIDGE_FORBIDDEN, "the channel is for operators of the network" },
    { "531", BRIDGE_FORBIDDEN, "this person does not take messages from you" },
    { "716", BRIDGE_FORBIDDEN, "this person takes messages only from who was accepted" },
};

static int by_verb(const void *key, const void *row)
{
    return strcmp(key, ((const struct numeric *)row)->verb);
}

bool numeric_is_error(const char *verb)
{
    return verb[0] == '4' || verb[0] == '5' || !strcmp(verb, "716");
}

void numeric_explain(const char *verb, const char *server_words, struct bridge_error *err)
{
    static const struct numeric unknown = { "", BRIDGE_REJECTED, "the network refused" };
    const struct numeric *row =
        bsearch(verb, rows, sizeof rows / sizeof *rows, sizeof *rows, by_verb);
    struct strbuf words = STRBUF_INIT(3 * (strlen(server_words) + 1));

    if (!row)
        row = &unknown;
    text_add_clean(&words, server_words, strlen(server_words));
    bridge_fail(err, row->code, "%s (%s)", row->words, strbuf_text(&words));
    strbuf_release(&words);
}
