/* listener.h - the listening end of the control socket: a file that only root
 * and our own user may use, and that only one bridged has at a time.
 *
 * The lock, PATH.lock, says whose the path is; it stays when we end, as who
 * removes it could meet its next owner. A socket that nobody answers on is
 * left by a crash and replaced; anything else at the path is not touched. */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>
#include <sys/types.h>

#include <bridge/error.h>

struct listener {
    char *path;
    int lock;
    int socket; /* bound, not yet listening; the caller takes it over */
};

/* -1 with *err set: BRIDGE_CONFLICT when the path is another's. Does not wait. */
int listener_open(struct listener *listener, const char *path, struct bridge_error *err);
/* Removes the socket. The one taken over is the caller's to close. */
void listener_close(struct listener *listener);

/* Who is at the other end of a connection (SO_PEERCRED), and may that be? */
struct peer {
    uid_t uid;
    pid_t pid;
};
bool listener_admits(int connection, struct peer *peer);

#endif
