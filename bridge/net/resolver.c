#include "resolver.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/map.h>
#include <bridge/strbuf.h>

/* One getaddrinfo() in the pool. */
struct lookup {
    uv_getaddrinfo_t request;
    struct resolver_query *first;
    bool over; /* answered or cancelled: nobody may join */
    size_t key_len;
    char key[]; /* the loop's address, then the name and a NUL */
};

struct resolver_query {
    struct resolver_query *prev, *next;
    struct lookup *lookup;
    resolver_answer *answer;
    void *arg;
};

static struct map lookups; /* those that can be joined */

static const char *lookup_host(const struct lookup *lookup)
{
    return lookup->key + sizeof(uv_loop_t *);
}

static void lookup_end(struct lookup *lookup)
{
    lookup->over = true;
    map_remove(&lookups, lookup->key, lookup->key_len);
    if (!lookups.count)
        map_release(&lookups);
}

static void query_free(struct resolver_query *query)
{
    if (query->prev)
        query->prev->next = query->next;
    else
        query->lookup->first = query->next;
    if (query->next)
        query->next->prev = query->prev;
    free(query);
}

static const struct addrinfo *of_family(const struct addrinfo *info, int family, bool same)
{
    while (info && ((info->ai_family != AF_INET && info->ai_family != AF_INET6) ||
                    (info->ai_family == family) != same))
        info = info->ai_next;
    return info;
}

/* getaddrinfo() sorts by RFC 6724, often all of one family first; if that
 * family is broken here, the other must not wait behind all of it. */
static size_t interleave(const struct addrinfo *info, union net_address *list)
{
    const struct addrinfo *any = of_family(info, AF_UNSPEC, false);
    size_t count = 0;

    if (!any)
        return 0;
    const struct addrinfo *turns[2] = { any, of_family(info, any->ai_family, false) };
    for (unsigned who = 0; (turns[0] || turns[1]) && count < RESOLVER_ADDRESSES; who ^= 1) {
        const struct addrinfo *one = turns[who];
        if (!one)
            continue;
        memcpy(&list[count++], one->ai_addr, one->ai_addrlen);
        turns[who] = of_family(one->ai_next, any->ai_family, who == 0);
    }
    return count;
}

static void explain(struct bridge_error *why, const char *host, int status)
{
    switch (status) {
    case 0: /* an answer without addresses */
    case UV_EAI_NONAME:
    case UV_EAI_NODATA:
    case UV_EAI_ADDRFAMILY:
        bridge_fail(why, BRIDGE_NO_HOST, "there is no host named %s", host);
        break;
    case UV_EAI_AGAIN:
        bridge_fail(why, BRIDGE_RETRY, "no name server answers for %s", host);
        break;
    default:
        bridge_fail(why, BRIDGE_RETRY, "cannot look up %s: %s", host, uv_strerror(status));
    }
}

static void on_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *info)
{
    struct lookup *lookup = request->data;
    union net_address list[RESOLVER_ADDRESSES];
    size_t count = status ? 0 : interleave(info, list);
    struct bridge_error why;

    if (!lookup->over)
        lookup_end(lookup);
    if (!count)
        explain(&why, lookup_host(lookup), status);
    while (lookup->first) { /* an answer may make others forget theirs */
        struct resolver_query one = *lookup->first;
        query_free(lookup->first);
        one.answer(one.arg, list, count, count ? NULL : &why);
    }
    uv_freeaddrinfo(info);
    free(lookup);
}

static struct lookup *lookup_start(uv_loop_t *loop, const char *key, size_t key_len,
                                   struct bridge_error *err)
{
    static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct lookup *lookup = bridge_alloc(sizeof *lookup + key_len);

    memcpy(lookup->key, key, key_len);
    lookup->key_len = key_len;
    lookup->request.data = lookup;
    int rc =
        uv_getaddrinfo(loop, &lookup->request, on_answer, lookup_host(lookup), NULL, &hints);
    if (rc) { /* libuv refuses what cannot be a name */
        bridge_fail(err, BRIDGE_NO_HOST, "there is no host named %s: %s", lookup_host(lookup),
                    uv_strerror(rc));
        free(lookup);
        return NULL;
    }
    map_put(&lookups, lookup->key, key_len, lookup);
    return lookup;
}

struct resolver_query *resolver_ask(uv_loop_t *loop, const char *host, resolver_answer *answer,
                                    void *arg, struct bridge_error *err)
{
    struct strbuf key = STRBUF_INIT(4096);

    strbuf_add(&key, &loop, sizeof loop);
    strbuf_add(&key, host, strlen(host) + 1);
    struct lookup *lookup = key.overflow ? NULL : map_find(&lookups, key.data, key.len);
    if (!lookup && !key.overflow)
        lookup = lookup_start(loop, key.data, key.len, err);
    else if (!lookup)
        bridge_fail(err, BRIDGE_NO_HOST, "a host name cannot be that long");
    strbuf_release(&key);
    if (!lookup)
        return NULL;

    struct resolver_query *query = bridge_alloc(sizeof *query);
    *query = (struct resolver_query){ NULL, lookup->first, lookup, answer, arg };
    if (query->next)
        query->next->prev = query;
    lookup->first = query;
    return query;
}

void resolver_forget(struct resolver_query *query)
{
    struct lookup *lookup = query->lookup;

    query_free(query);
    /* One that still waits for a thread need not run. */
    if (!lookup->first && !lookup->over && !uv_cancel((uv_req_t *)&lookup->request))
        lookup_end(lookup);
}

bool resolver_numeric(const char *text, union net_address *address)
{
    memset(address, 0, sizeof *address);
    return !uv_ip4_addr(text, 0, &address->v4) || !uv_ip6_addr(text, 0, &address->v6);
}

/* A prefix of an address and its length in bits. */
struct range {
    uint8_t prefix[16];
    unsigned bits;
};

/* RFC 6890 and IANA's registries of special addresses. */
static const struct range not_public_v4[] = {
    { { 0 }, 8 },            /* "this network"; 0.0.0.0 is this machine */
    { { 10 }, 8 },           /* private */
    { { 100, 64 }, 10 },     /* a provider's */
    { { 127 }, 8 },          /* this machine */
    { { 169, 254 }, 16 },    /* link-local, and where clouds keep their secrets */
    { { 172, 16 }, 12 },     /* private */
    { { 192, 0, 0 }, 24 },   /* protocols */
    { { 192, 0, 2 }, 24 },   /* documentation */
    { { 192, 88, 99 }, 24 }, /* 6to4 relays, once */
    { { 192, 168 }, 16 },    /* private */
    { { 198, 18 }, 15 },     /* benchmarks */
    { { 198, 51, 100 }, 24 },
    { { 203, 0, 113 }, 24 },
    { { 224 }, 3 }, /* groups, reserved, broadcast */
};

static const struct range public_v6 = { { 0x20 }, 3 };
static const struct range not_public_v6[] = {
    { { 0x20, 0x01, 0x00 }, 23 },       /* protocols, Teredo */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
    { { 0x20, 0x02 }, 16 },             /* 6to4: any IPv4 address */
    { { 0x3f, 0xff }, 20 },             /* documentation */
};

/* The last 32 bits are the IPv4 address that is meant. */
static const struct range v4_in_v6[] = {
    { { [10] = 0xff, [11] = 0xff }, 96 },     /* "::ffff:10.0.0.1" */
    { { 0x00, 0x64, 0xff, 0x9b }, 96 }, /* NAT64 (RFC 6052) */
};

static bool is_in(const uint8_t *address, const struct range *range)
{
    unsigned bytes = range->bits / 8;
    unsigned rest = range->bits % 8;

    return !memcmp(address, range->prefix, bytes) &&
           (!rest || (address[bytes] ^ range->prefix[bytes]) >> (8 - rest) == 0);
}

static bool is_in_any(const uint8_t *address, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_in(address, &ranges[i]))
            return true;
    }
    return false;
}

#define IS_IN_ANY(address, ranges) is_in_any(address, ranges, sizeof ranges / sizeof *ranges)

bool net_address_is_public(const union net_address *address)
{
    const uint8_t *bytes = address->v6.sin6_addr.s6_addr;

    if (address->any.sa_family == AF_INET)
        bytes = (const uint8_t *)&address->v4.sin_addr;
    else if (IS_IN_ANY(bytes, v4_in_v6))
        bytes += 12;
    else
        return is_in(bytes, &public_v6) && !IS_IN_ANY(bytes, not_public_v6);
    return !IS_IN_ANY(bytes, not_public_v4);
}

void net_address_set_port(union net_address *address, uint16_t port)
{
    if (address->any.sa_family == AF_INET)
        address->v4.sin_port = htons(port);
    else
        address->v6.sin6_port = htons(port);
}

socklen_t net_address_size(const union net_address *address)
{
    return address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
}

const char *net_address_text(const union net_address *address, char text[INET6_ADDRSTRLEN])
{
    if (address->any.sa_family == AF_INET)
        uv_ip4_name(&address->v4, text, INET6_ADDRSTRLEN);
    else
        uv_ip6_name(&address->v6, text, INET6_ADDRSTRLEN);
    return text;
}
