#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int too_large(size_t limit, struct bridge_error *err)
{
    return bridge_fail(err, BRIDGE_INVALID, "the file is larger than %zu bytes", limit);
}

static int read_descriptor(int fd, size_t limit, struct strbuf *out, struct stat *status,
                           struct bridge_error *err)
{
    if (fstat(fd, status))
        return bridge_fail(err, BRIDGE_INVALID, "cannot read it: %s", strerror(errno));
    if (!S_ISREG(status->st_mode))
        return bridge_fail(err, BRIDGE_INVALID, "it is not a regular file");
    if ((uintmax_t)status->st_size > limit)
        return too_large(limit, err);
    /* All at once, so that a secret is not left behind in memory that growing
     * gave back. The file may still grow while we read: hence the loop. */
    strbuf_reserve(out, (size_t)status->st_size);
    for (;;) {
        char chunk[4096];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n >= 0)
            strbuf_add(out, chunk, (size_t)n);
        explicit_bzero(chunk, sizeof chunk);
        if (n < 0)
            return bridge_fail(err, BRIDGE_INVALID, "cannot read it: %s", strerror(errno));
        if (out->overflow || out->len > limit)
            return too_large(limit, err);
        if (n == 0)
            return 0;
    }
}

int file_read(const char *path, size_t limit, struct strbuf *out, struct stat *status,
              struct bridge_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return bridge_fail(err, BRIDGE_INVALID, "cannot open it: %s", strerror(errno));
    int rc = read_descriptor(fd, limit, out, status, err);
    close(fd);
    return rc;
}

static int sync_path(const char *path, int flags)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    int rc = fd < 0 ? -1 : fsync(fd);
    int number = errno;

    if (fd >= 0)
        close(fd);
    errno = number;
    return rc;
}

int file_sync(const char *path)
{
    return sync_path(path, 0);
}

int file_sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash ? bridge_strndup(path, (size_t)(slash + 1 - path))
                            : bridge_strdup(".");
    int rc = sync_path(directory, O_DIRECTORY);
    int number = errno;

    free(directory);
    errno = number;
    return rc;
}
