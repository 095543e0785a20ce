#include "jid.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <stringprep.h>

#define PART_MAX 1023

struct jid {
    const char *full;
    const char *bare;     /* `full` itself if there is no resourcepart */
    const char *local;    /* NULL if there is none */
    const char *domain;   /* inside `bare` */
    const char *resource; /* inside `full`; NULL if there is none */
    char text[];
};

/* A piece of somebody else's text, to be prepared. */
struct part {
    const char *text; /* NULL: there is no such part */
    size_t len;
};

/* What stringprep would make of each ASCII character, so that libidn is only
 * asked about the others. A space stands for what the part may not hold. */
static const char local_ascii[] =
    "                                "
    " ! #$%  ()*+,-. 0123456789 ; = ?"
    " abcdefghijklmnopqrstuvwxyz[\\]^_"
    "`abcdefghijklmnopqrstuvwxyz{|}~ ";
static const char domain_ascii[] =
    "                                "
    "             -. 0123456789      "
    " abcdefghijklmnopqrstuvwxyz     "
    " abcdefghijklmnopqrstuvwxyz     ";
_Static_assert(sizeof local_ascii == 129 && sizeof domain_ascii == 129, "128 characters");

struct profile {
    const char *ascii; /* NULL: printable ASCII stays as it is */
    const Stringprep_profile *other;
};

static const struct profile nodeprep = { local_ascii, stringprep_xmpp_nodeprep };
static const struct profile nameprep = { domain_ascii, stringprep_nameprep };
static const struct profile resourceprep = { NULL, stringprep_xmpp_resourceprep };

static size_t prepare_unicode(const struct profile *profile, char *out, const char *text,
                              size_t len)
{
    memcpy(out, text, len);
    out[len] = 0;
    /* libidn checks that it is UTF-8. No flags: characters newer than Unicode
     * 3.2, such as most emoji, pass unchanged, as they do in the servers. */
    if (stringprep(out, PART_MAX + 1, 0, profile->other) != STRINGPREP_OK)
        return 0;
    return strlen(out);
}

/* Write the prepared text to out[PART_MAX + 1]. Returns its length, or 0 if
 * it is not allowed; no part may be empty. */
static size_t prepare(const struct profile *profile, char *out, const char *text, size_t len)
{
    if (len > PART_MAX)
        return 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x80)
            return prepare_unicode(profile, out, text, len);
        if (profile->ascii ? profile->ascii[c] == ' ' : c < ' ' || c == 0x7f)
            return 0;
        out[i] = profile->ascii ? profile->ascii[c] : text[i];
    }
    out[len] = 0;
    return len;
}

static size_t prepare_ip_literal(char *out, const char *text, size_t len)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr binary;

    if (len < 2 || len - 2 >= sizeof address || text[len - 1] != ']')
        return 0;
    memcpy(address, text + 1, len - 2);
    address[len - 2] = 0;
    if (inet_pton(AF_INET6, address, &binary) != 1)
        return 0;
    /* One text for one address, however it was abbreviated. */
    inet_ntop(AF_INET6, &binary, address, sizeof address);
    out[0] = '[';
    strcpy(out + 1, address);
    strcat(out, "]");
    return strlen(out);
}

/* nameprep folds some characters into ASCII ones ("／" into "/"), so its result
 * is checked too. */
static bool is_domain(const char *text)
{
    char before = '.';

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x80 && (c == ' ' || domain_ascii[c] != *text))
            return false;
        if (*text == '.' && before == '.')
            return false; /* an empty label */
        before = *text;
    }
    return before != '.';
}

static size_t prepare_domain(char *out, const char *text, size_t len)
{
    if (len && text[len - 1] == '.') /* RFC 7622 §3.2: the root's dot is stripped */
        len--;
    if (len && text[0] == '[')
        return prepare_ip_literal(out, text, len);
    len = prepare(&nameprep, out, text, len);
    return len && is_domain(out) ? len : 0;
}

/* Put prepared parts together; a part of length 0 is absent. The allocation
 * holds "local@domain/resource", then what cannot be found inside it: the bare
 * address and the localpart. */
static struct jid *assemble(const struct part *local, const struct part *domain,
                            const struct part *resource)
{
    size_t bare = (local->len ? local->len + 1 : 0) + domain->len;
    size_t full = bare + (resource->len ? 1 + resource->len : 0);
    struct jid *jid = bridge_realloc(NULL, sizeof *jid + full + 1 + bare + 1 + local->len + 1);
    char *p = jid->text;

    jid->full = p;
    if (local->len) {
        p = mempcpy(p, local->text, local->len);
        *p++ = '@';
    }
    p = mempcpy(p, domain->text, domain->len);
    jid->bare = jid->full;
    jid->resource = NULL;
    if (resource->len) {
        *p++ = '/';
        jid->resource = p;
        p = mempcpy(p, resource->text, resource->len);
        *p++ = 0;
        jid->bare = p;
        p = mempcpy(p, jid->full, bare);
    }
    *p++ = 0;
    jid->domain = jid->bare + (bare - domain->len);
    jid->local = NULL;
    if (local->len) {
        jid->local = p;
        p = mempcpy(p, local->text, local->len);
        *p = 0;
    }
    return jid;
}

/* The address, or NULL with the name of the part that is wrong in *bad. */
static struct jid *build(struct part local, struct part domain, struct part resource,
                         const char **bad)
{
    char local_text[PART_MAX + 1], domain_text[PART_MAX + 1], resource_text[PART_MAX + 1];

    *bad = "domain";
    domain.len = prepare_domain(domain_text, domain.text, domain.len);
    if (!domain.len)
        return NULL;
    *bad = "localpart";
    if (local.text) {
        local.len = prepare(&nodeprep, local_text, local.text, local.len);
        if (!local.len)
            return NULL;
    }
    *bad = "resource";
    if (resource.text) {
        resource.len = prepare(&resourceprep, resource_text, resource.text, resource.len);
        if (!resource.len)
            return NULL;
    }
    local.text = local_text;
    domain.text = domain_text;
    resource.text = resource_text;
    return assemble(&local, &domain, &resource);
}

struct jid *jid_parse(const char *text, struct bridge_error *err)
{
    /* RFC 7622 §3.2: cut at the first slash, then at the first "@". */
    size_t bare = strcspn(text, "/");
    const char *at = memchr(text, '@', bare);
    const char *start = at ? at + 1 : text;
    struct part domain = { start, bare - (size_t)(start - text) };
    struct part local = { NULL, 0 };
    struct part resource = { NULL, 0 };
    const char *bad;

    if (at)
        local = (struct part){ text, (size_t)(at - text) };
    if (text[bare])
        resource = (struct part){ text + bare + 1, strlen(text + bare + 1) };
    struct jid *jid = build(local, domain, resource, &bad);
    if (!jid)
        bridge_fail(err, BRIDGE_ADDRESS, "bad %s in '%s'", bad, text);
    return jid;
}

static struct part whole(const char *text)
{
    return (struct part){ text, text ? strlen(text) : 0 };
}

struct jid *jid_new(const char *local, const char *domain, const char *resource,
                    struct bridge_error *err)
{
    const char *bad;
    struct jid *jid = build(whole(local), whole(domain), whole(resource), &bad);

    if (!jid)
        bridge_fail(err, BRIDGE_ADDRESS, "bad %s in '%s%s%s%s%s'", bad, local ? local : "",
                    local ? "@" : "", domain, resource ? "/" : "", resource ? resource : "");
    return jid;
}

void jid_free(struct jid *jid)
{
    free(jid);
}

const char *jid_full(const struct jid *jid)
{
    return jid->full;
}

const char *jid_bare(const struct jid *jid)
{
    return jid->bare;
}

const char *jid_local(const struct jid *jid)
{
    return jid->local;
}

const char *jid_domain(const struct jid *jid)
{
    return jid->domain;
}

const char *jid_resource(const struct jid *jid)
{
    return jid->resource;
}

int jid_prepare_resource(struct strbuf *out, const char *text, struct bridge_error *err)
{
    char prepared[PART_MAX + 1];
    size_t len = prepare(&resourceprep, prepared, text, strlen(text));

    if (!len)
        return bridge_fail(err, BRIDGE_ADDRESS, "'%s' cannot be a nickname here", text);
    strbuf_add(out, prepared, len);
    return 0;
}
