/* resolver.h - names to addresses, in the thread pool.
 *
 * One lookup serves all who ask for the same name while it runs: ten thousand
 * sessions of one IRC network that come up together cost one question. A lookup
 * outlives those who forget it, because a running getaddrinfo() cannot be
 * stopped; it then keeps the loop (not the caller) busy until the system's
 * resolver gives up. */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include <bridge/error.h>
#include <uv.h>

union net_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

enum { RESOLVER_ADDRESSES = 16 };

/* `list` is borrowed, without port, in the order in which to try them
 * (RFC 8305 §4: families take turns). With `count` 0, `why` says why. */
typedef void resolver_answer(void *arg, const union net_address *list, size_t count,
                             const struct bridge_error *why);

struct resolver_query;

/* Never answers inside this call. Returns a query that lives until it is
 * answered or forgotten, or NULL with *err set. */
struct resolver_query *resolver_ask(uv_loop_t *loop, const char *host, resolver_answer *answer,
                                    void *arg, struct bridge_error *err);
void resolver_forget(struct resolver_query *query);

/* True, with *address set, when `text` is an address and no name. */
bool resolver_numeric(const char *text, union net_address *address);

/* May it be reached over the Internet? Not so this machine, private and local
 * networks, groups, and what is reserved (RFC 6890). */
bool net_address_is_public(const union net_address *address);

void net_address_set_port(union net_address *address, uint16_t port);
socklen_t net_address_size(const union net_address *address);
const char *net_address_text(const union net_address *address, char text[INET6_ADDRSTRLEN]);

#endif
