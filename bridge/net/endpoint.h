/* endpoint.h - an address to listen on, as it stands in a configuration:
 * "127.0.0.1:8088", "[::1]:8088". No names: nobody is asked what they mean. */
#ifndef NET_ENDPOINT_H
#define NET_ENDPOINT_H

#include <sys/socket.h>

#include <bridge/error.h>

int endpoint_parse(const char *text, struct sockaddr_storage *address, struct bridge_error *err);

/* A socket that listens there; -1 with *err set (BRIDGE_CONFLICT: somebody else does). */
int endpoint_listen(const struct sockaddr_storage *address, struct bridge_error *err);

#define ENDPOINT_TEXT 64
/* "192.0.2.1", "2001:db8::1"; without the port. */
void endpoint_host(const struct sockaddr *address, char text[ENDPOINT_TEXT]);

#endif
