/* file.h - small files read whole (configuration, secrets, keys), and files
 * brought to the disk. */
#ifndef FILE_H
#define FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include <bridge/error.h>
#include <bridge/strbuf.h>

/* Read a regular file of at most `limit` bytes into the empty *out, whose own
 * limit must be as large. *status is the file's. -1 with *err set, without the
 * path: the caller knows whether it may be shown. Never waits: a FIFO or a
 * device is refused. */
int file_read(const char *path, size_t limit, struct strbuf *out, struct stat *status,
              struct bridge_error *err);

/* What was written to a file, or its being in its directory, survives a power
 * cut. -1 with errno set. */
int file_sync(const char *path);
int file_sync_directory(const char *path);

#endif
