#include "isupport.h"

#include <stdlib.h>
#include <string.h>

#include "casemap.h"

#define LINELEN_MIN 512 /* RFC 1459 §2.3: what everybody takes */

static uint64_t letter_bit(char letter)
{
    if (letter >= 'a' && letter <= 'z')
        return 1ull << (letter - 'a');
    if (letter >= 'A' && letter <= 'Z')
        return 1ull << (26 + letter - 'A');
    return 0;
}

static uint64_t letter_bits(const char *letters, size_t len)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < len; i++)
        bits |= letter_bit(letters[i]);
    return bits;
}

static void set_casemapping(struct isupport *s, const char *value)
{
    const unsigned char *map = casemap_find(value);

    /* What folds more than ASCII (rfc7613, rfc8265) folds ASCII as well. */
    s->casemap = map ? map : casemap_ascii;
}

/* "beI,k,l,imnt": A a list, B always a parameter, C only to set it, D never. */
static void set_chanmodes(struct isupport *s, const char *value)
{
    uint64_t types[3] = { 0 };

    for (size_t i = 0; i < 3; i++) {
        size_t len = strcspn(value, ",");
        types[i] = letter_bits(value, len);
        value += len;
        if (*value == ',')
            value++;
    }
    s->always_param = types[0] | types[1];
    s->param_when_set = types[2];
}

static void copy_chars(char *to, size_t size, const char *value)
{
    size_t len = strlen(value);

    if (len >= size)
        len = size - 1;
    memcpy(to, value, len);
    to[len] = 0;
}

/* An empty value means that there are no channels; we would be of no use. */
static void set_chantypes(struct isupport *s, const char *value)
{
    if (*value)
        copy_chars(s->chantypes, sizeof s->chantypes, value);
}

static void set_statusmsg(struct isupport *s, const char *value)
{
    copy_chars(s->statusmsg, sizeof s->statusmsg, value);
}

/* "(ov)@+"; empty: no prefixes at all. */
static void set_prefix(struct isupport *s, const char *value)
{
    size_t len = *value == '(' ? strcspn(value, ")") - 1 : 0;

    if (*value && (*value != '(' || value[len + 1] != ')' || strlen(value + len + 2) != len))
        return;
    if (len > ISUPPORT_PREFIXES_MAX)
        return;
    copy_chars(s->prefix_modes, len + 1, value + (len ? 1 : 0));
    copy_chars(s->prefix_symbols, len + 1, value + (len ? len + 2 : 0));
}

/* 0 if it is not a number that could be meant. */
static uint16_t number(const char *value)
{
    char *end;
    unsigned long n = strtoul(value, &end, 10);

    if (*value < '0' || *value > '9' || *end || n > UINT16_MAX)
        return 0;
    return (uint16_t)n;
}

static void set_nicklen(struct isupport *s, const char *value)
{
    s->nicklen = number(value);
}

static void set_topiclen(struct isupport *s, const char *value)
{
    s->topiclen = number(value);
}

static void set_linelen(struct isupport *s, const char *value)
{
    uint16_t n = number(value);

    s->linelen = n < LINELEN_MIN ? LINELEN_MIN : n;
}

/* What RFC 1459 has, which "-NAME" goes back to. */
static const struct row {
    const char *name;
    const char *initial;
    void (*set)(struct isupport *s, const char *value);
} rows[] = {
    { "CASEMAPPING", "rfc1459", set_casemapping },
    { "CHANMODES", "b,k,l,imnpst", set_chanmodes },
    { "CHANTYPES", "#&", set_chantypes },
    { "LINELEN", "512", set_linelen },
    { "NICKLEN", "", set_nicklen },
    { "PREFIX", "(ov)@+", set_prefix },
    { "STATUSMSG", "", set_statusmsg },
    { "TOPICLEN", "", set_topiclen },
};

#define ROWS (sizeof rows / sizeof *rows)

void isupport_init(struct isupport *s)
{
    *s = (struct isupport){ 0 };
    for (size_t i = 0; i < ROWS; i++)
        rows[i].set(s, rows[i].initial);
}

void isupport_apply(struct isupport *s, const char *token)
{
    bool taken_back = *token == '-';
    const char *name = token + taken_back;
    size_t len = strcspn(name, "=");
    const char *value = name[len] ? name + len + 1 : name + len;

    for (size_t i = 0; i < ROWS; i++) {
        if (strlen(rows[i].name) == len && !memcmp(rows[i].name, name, len))
            rows[i].set(s, taken_back ? rows[i].initial : value);
    }
}

bool isupport_is_channel(const struct isupport *s, const char *name)
{
    return *name && strchr(s->chantypes, *name);
}

const char *isupport_bare_target(const struct isupport *s, const char *target)
{
    const char *rest = target;

    /* "+chan" may be a channel itself: a prefix is one only before a channel. */
    while (*rest && strchr(s->statusmsg, *rest) && rest[1])
        rest++;
    while (rest > target && !isupport_is_channel(s, rest))
        rest--;
    return rest;
}

static uint32_t flag_of(const char *list, char c)
{
    const char *at = c ? strchr(list, c) : NULL;

    return at ? 1u << (at - list) : 0;
}

uint32_t isupport_mode_flag(const struct isupport *s, char letter)
{
    return flag_of(s->prefix_modes, letter);
}

uint32_t isupport_symbol_flag(const struct isupport *s, char symbol)
{
    return flag_of(s->prefix_symbols, symbol);
}

bool isupport_mode_has_param(const struct isupport *s, char letter, bool adding)
{
    uint64_t bit = letter_bit(letter);

    return isupport_mode_flag(s, letter) || s->always_param & bit ||
           (adding && s->param_when_set & bit);
}

void isupport_rank(const struct isupport *s, uint32_t flags, bool moderated,
                   enum bridge_affiliation *affiliation, enum bridge_role *role)
{
    static const struct {
        char mode;
        enum bridge_affiliation affiliation;
        enum bridge_role role;
    } ranks[] = {
        { 'Y', BRIDGE_OWNER, BRIDGE_MODERATOR }, /* a network operator at work */
        { 'q', BRIDGE_OWNER, BRIDGE_MODERATOR },    { 'a', BRIDGE_OWNER, BRIDGE_MODERATOR },
        { 'o', BRIDGE_ADMIN, BRIDGE_MODERATOR },    { 'h', BRIDGE_MEMBER, BRIDGE_MODERATOR },
        { 'v', BRIDGE_MEMBER, BRIDGE_PARTICIPANT },
    };

    *affiliation = BRIDGE_AFFILIATION_NONE;
    *role = moderated ? BRIDGE_VISITOR : BRIDGE_PARTICIPANT;
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        if (flags & isupport_mode_flag(s, ranks[i].mode)) {
            *affiliation = ranks[i].affiliation;
            *role = ranks[i].role;
            return;
        }
    }
}
