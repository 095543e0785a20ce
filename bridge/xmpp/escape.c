#include "jid.h"

#include <string.h>

#include <bridge/utf8.h>
#include <bridge/words.h>

/* XEP-0106 §3.2: a localpart has none of these; each becomes a backslash and
 * its code in two hexadecimal digits. */
#define DISALLOWED " \"&'/:<>@"

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, c) : NULL;

    return found ? (int)(found - digits) : -1;
}

/* The character for which text begins with an escape sequence, or 0. */
static char sequence(const char *text)
{
    int high, low;

    if (text[0] != '\\' || (high = hex_digit(text[1])) < 0 || (low = hex_digit(text[2])) < 0)
        return 0;
    char c = (char)(high << 4 | low);
    return c && strchr(DISALLOWED "\\", c) ? c : 0;
}

/* Would a localpart that holds this text as it is be unescaped here? The
 * digits count in either case, because nodeprep lower-cases the localpart
 * before anybody unescapes it: "\2F" arrives as "\2f". */
static bool looks_escaped(const char *text)
{
    char lower[4] = "";

    for (size_t i = 0; i < 3 && text[i]; i++)
        lower[i] = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] + ('a' - 'A')) : text[i];
    return sequence(lower) != 0;
}

static void add_escaped(struct strbuf *out, char c)
{
    static const char digits[] = "0123456789abcdef";
    const char escape[3] = { '\\', digits[c >> 4], digits[c & 15] };

    strbuf_add(out, escape, sizeof escape);
}

int jid_escape(struct strbuf *out, const char *text, struct bridge_error *err)
{
    size_t len = strlen(text);

    if (!len || !utf8_valid(text, len))
        return bridge_fail(err, BRIDGE_ADDRESS, _("'%s' cannot be an address"), text);
    if (text[0] == ' ' || text[len - 1] == ' ')
        return bridge_fail(err, BRIDGE_ADDRESS,
                           _("an address cannot begin or end with a space: '%s'"), text);
    for (;;) {
        size_t plain = strcspn(text, DISALLOWED "\\");
        strbuf_add(out, text, plain);
        text += plain;
        if (!*text)
            return 0;
        /* A backslash is escaped only where it would be misread (§4.2 rule 3). */
        if (*text == '\\' && !looks_escaped(text))
            strbuf_addch(out, '\\');
        else
            add_escaped(out, *text);
        text++;
    }
}

void jid_unescape(struct strbuf *out, const char *localpart)
{
    for (;;) {
        size_t plain = strcspn(localpart, "\\");
        strbuf_add(out, localpart, plain);
        localpart += plain;
        if (!*localpart)
            return;
        char c = sequence(localpart);
        strbuf_addch(out, c ? c : '\\');
        localpart += c ? 3 : 1;
    }
}
