#include "numeric.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/strbuf.h>
#include <bridge/words.h>

#include "text.h"

struct numeric {
    const char *verb;
    enum bridge_code code;
    const char *words;
};

/* Sorted by verb. */
static const struct numeric rows[] = {
    { "401", BRIDGE_NOT_FOUND, N_("there is nobody of that nick") },
    { "402", BRIDGE_NOT_FOUND, N_("there is no such server") },
    { "403", BRIDGE_NOT_FOUND, N_("there is no such channel") },
    { "404", BRIDGE_FORBIDDEN, N_("you may not speak in this channel") },
    { "405", BRIDGE_BUSY, N_("you are in too many channels") },
    { "406", BRIDGE_NOT_FOUND, N_("there was nobody of that nick") },
    { "407", BRIDGE_INVALID, N_("too many recipients") },
    { "408", BRIDGE_REJECTED, N_("the channel does not take this text") },
    { "411", BRIDGE_INVALID, N_("there is no recipient") },
    { "412", BRIDGE_INVALID, N_("there is no text") },
    { "413", BRIDGE_INVALID, N_("this address is too wide") },
    { "414", BRIDGE_INVALID, N_("this address is too wide") },
    { "417", BRIDGE_INVALID, N_("the line is too long") },
    { "421", BRIDGE_UNSUPPORTED, N_("the server does not know this command") },
    { "432", BRIDGE_INVALID, N_("the network does not allow this nick") },
    { "433", BRIDGE_CONFLICT, N_("the nick is in use on this network") },
    { "435", BRIDGE_FORBIDDEN, N_("the nick cannot change while you are banned in a channel") },
    { "436", BRIDGE_CONFLICT, N_("the nick is in use on this network") },
    { "437", BRIDGE_RETRY, N_("the name cannot be used for the moment") },
    { "438", BRIDGE_BUSY, N_("the nick was changed too often; wait") },
    { "439", BRIDGE_BUSY, N_("too many recipients in a short time; wait") },
    { "442", BRIDGE_FORBIDDEN, N_("you are not in this channel") },
    { "447", BRIDGE_FORBIDDEN, N_("a channel you are in forbids changes of nick") },
    { "464", BRIDGE_AUTH, N_("the server's password is wrong or missing") },
    { "465", BRIDGE_FORBIDDEN, N_("the network has banned this gateway or you") },
    { "471", BRIDGE_BUSY, N_("the channel is full") },
    { "473", BRIDGE_MEMBERSHIP, N_("the channel is by invitation only") },
    { "474", BRIDGE_FORBIDDEN, N_("you are banned from the channel") },
    { "475", BRIDGE_AUTH, N_("the channel needs a password") },
    { "476", BRIDGE_INVALID, N_("this cannot be the name of a channel") },
    { "477", BRIDGE_MEMBERSHIP, N_("the channel is for registered nicks") },
    { "479", BRIDGE_INVALID, N_("this cannot be the name of a channel") },
    { "480", BRIDGE_BUSY, N_("the channel cannot be entered for the moment") },
    { "482", BRIDGE_FORBIDDEN, N_("only operators of the channel may do that") },
    { "484", BRIDGE_FORBIDDEN, N_("the network does not let you do that") },
    { "485", BRIDGE_FORBIDDEN, N_("the network does not let you do that") },
    { "486", BRIDGE_MEMBERSHIP, N_("this person hears registered nicks only") },
    { "489", BRIDGE_FORBIDDEN, N_("the channel or person wants an encrypted connection") },
    { "520", BRIDGE_FORBIDDEN, N_("the channel is for operators of the network") },
    { "531", BRIDGE_FORBIDDEN, N_("this person does not take messages from you") },
    { "716", BRIDGE_FORBIDDEN, N_("this person takes messages only from who was accepted") },
};

static int by_verb(const void *key, const void *row)
{
    return strcmp(key, ((const struct numeric *)row)->verb);
}

bool numeric_is_error(const char *verb)
{
    return verb[0] == '4' || verb[0] == '5' || !strcmp(verb, "716");
}

static const struct numeric *find(const char *verb)
{
    static const struct numeric unknown = { "", BRIDGE_REJECTED, N_("the network refused") };
    const struct numeric *row =
        bsearch(verb, rows, sizeof rows / sizeof *rows, sizeof *rows, by_verb);

    return row ? row : &unknown;
}

static void explain(enum bridge_code code, const char *ours, const char *theirs,
                    struct bridge_error *err)
{
    struct strbuf words = STRBUF_INIT(3 * (strlen(theirs) + 1));

    text_add_clean(&words, theirs, strlen(theirs));
    bridge_fail(err, code, "%s (%s)", ours, strbuf_text(&words));
    strbuf_release(&words);
}

void numeric_explain(const char *verb, const char *server_words, struct bridge_error *err)
{
    explain(find(verb)->code, _(find(verb)->words), server_words, err);
}

void numeric_log(const char *verb, const char *server_words, struct bridge_error *err)
{
    explain(find(verb)->code, find(verb)->words, server_words, err);
}
