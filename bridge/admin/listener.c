#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <bridge/strbuf.h>

static int fail(struct bridge_error *err, const char *path)
{
    return bridge_fail(err, BRIDGE_INVALID, "cannot use %s: %s", path, strerror(errno));
}

static int fail_taken(struct bridge_error *err, const char *path)
{
    return bridge_fail(err, BRIDGE_CONFLICT,
                       "%s belongs to another bridged that is running: stop that one, or set "
                       "control_socket to another path",
                       path);
}

static int take_lock(struct listener *l, struct bridge_error *err)
{
    struct strbuf path = STRBUF_INIT(4096);
    int rc = 0;

    strbuf_addf(&path, "%s.lock", l->path);
    l->lock = open(strbuf_text(&path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                   0600);
    if (l->lock < 0)
        rc = fail(err, strbuf_text(&path));
    else if (flock(l->lock, LOCK_EX | LOCK_NB))
        rc = fail_taken(err, l->path);
    strbuf_release(&path);
    return rc;
}

static int new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Whoever has the lock is alone among those who know of it; a socket may still
 * be that of another program. */
static int remove_stale(const struct sockaddr_un *name, struct bridge_error *err)
{
    struct stat status;

    if (lstat(name->sun_path, &status))
        return errno == ENOENT ? 0 : fail(err, name->sun_path);
    if (!S_ISSOCK(status.st_mode))
        return bridge_fail(err, BRIDGE_INVALID,
                           "%s is not a socket: remove it, or set control_socket to "
                           "another path",
                           name->sun_path);
    int probe = new_socket();
    int refused = probe >= 0 && connect(probe, (const struct sockaddr *)name, sizeof *name) &&
                  errno == ECONNREFUSED;
    if (probe >= 0)
        close(probe);
    if (!refused)
        return fail_taken(err, name->sun_path);
    return unlink(name->sun_path) ? fail(err, name->sun_path) : 0;
}

static int bind_socket(struct listener *l, const struct sockaddr_un *name,
                       struct bridge_error *err)
{
    l->socket = new_socket();
    /* The file gets the mode that its socket has (unix(7), Linux), less the
     * umask: at no time may others connect. */
    if (l->socket < 0 || fchmod(l->socket, 0600) ||
        bind(l->socket, (const struct sockaddr *)name, sizeof *name))
        return fail(err, l->path);
    return 0;
}

int listener_open(struct listener *l, const char *path, struct bridge_error *err)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };

    *l = (struct listener){ .path = bridge_strdup(path), .lock = -1, .socket = -1 };
    if (strlen(path) >= sizeof name.sun_path) {
        bridge_fail(err, BRIDGE_INVALID, "%s is too long for a socket: %zu characters at most",
                    path, sizeof name.sun_path - 1);
        goto failed;
    }
    strcpy(name.sun_path, path);
    if (!take_lock(l, err) && !remove_stale(&name, err) && !bind_socket(l, &name, err))
        return 0;
failed:
    if (l->socket >= 0)
        close(l->socket);
    if (l->lock >= 0)
        close(l->lock);
    free(l->path);
    return -1;
}

void listener_close(struct listener *l)
{
    unlink(l->path);
    close(l->lock); /* after it: the next owner's socket is not ours to remove */
    free(l->path);
}

bool listener_admits(int connection, struct peer *peer)
{
    struct ucred credentials;
    socklen_t len = sizeof credentials;

    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &len))
        return false;
    *peer = (struct peer){ .uid = credentials.uid, .pid = credentials.pid };
    return peer->uid == 0 || peer->uid == geteuid();
}
