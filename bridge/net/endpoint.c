#include "endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORT_MAX 65535

static int fail(struct bridge_error *err, const char *text)
{
    return bridge_fail(err, BRIDGE_INVALID,
                       "expected an address and a port, as \"127.0.0.1:8088\" or \"[::1]:8088\", "
                       "found \"%s\"",
                       text);
}

static bool parse_port(const char *text, in_port_t *port)
{
    size_t len = strlen(text);

    if (!len || len > 5 || strspn(text, "0123456789") != len)
        return false;
    long number = strtol(text, NULL, 10);
    *port = htons((in_port_t)number);
    return number >= 1 && number <= PORT_MAX;
}

int endpoint_parse(const char *text, struct sockaddr_storage *address, struct bridge_error *err)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
    const char *colon = strrchr(text, ':');
    char host[INET6_ADDRSTRLEN + 2];
    in_port_t port;

    memset(address, 0, sizeof *address);
    size_t len = colon ? (size_t)(colon - text) : 0;
    if (!len || len >= sizeof host || !parse_port(colon + 1, &port))
        return fail(err, text);
    memcpy(host, text, len);
    host[len] = '\0';
    if (*host == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        v6->sin6_family = AF_INET6;
        v6->sin6_port = port;
        return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1 ? 0 : fail(err, text);
    }
    v4->sin_family = AF_INET;
    v4->sin_port = port;
    return inet_pton(AF_INET, host, &v4->sin_addr) == 1 ? 0 : fail(err, text);
}

static socklen_t length_of(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}

static int prepare(int fd, const struct sockaddr_storage *address)
{
    const int on = 1;

    /* What a bridged before us has left in TIME_WAIT is nobody's. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    return bind(fd, (const struct sockaddr *)address, length_of(address)) ||
           listen(fd, SOMAXCONN);
}

int endpoint_listen(const struct sockaddr_storage *address, struct bridge_error *err)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    char host[ENDPOINT_TEXT];

    if (fd >= 0 && !prepare(fd, address))
        return fd;
    enum bridge_code code = errno == EADDRINUSE ? BRIDGE_CONFLICT : BRIDGE_INVALID;
    endpoint_host((const struct sockaddr *)address, host);
    bridge_fail(err, code, "cannot listen on %s port %u: %s", host,
                ntohs(((const struct sockaddr_in *)address)->sin_port), strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

void endpoint_host(const struct sockaddr *address, char text[ENDPOINT_TEXT])
{
    const void *from = address->sa_family == AF_INET6
                           ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                           : (const void *)&((const struct sockaddr_in *)address)->sin_addr;

    if (!inet_ntop(address->sa_family, from, text, ENDPOINT_TEXT))
        strcpy(text, "?");
}
