#include "errand.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <bridge/strbuf.h>

#include "export.h"
#include "jid.h"

#define PATH_LIMIT 65536

static struct jid *parse(const char *user)
{
    struct bridge_error err;
    struct jid *jid = jid_parse(user, &err);

    if (!jid)
        fprintf(stderr, "bridged: %s\n", err.text);
    return jid;
}

/* --- export ------------------------------------------------------------------------ */

static bool print_line(void *arg, const char *line)
{
    (void)arg;
    return puts(line) != EOF;
}

int errand_export(const struct options *options, const char *user)
{
    struct bridge_error err;
    struct jid *jid = parse(user);
    int status = EXIT_SUCCESS;

    if (!jid)
        return 2;
    if (export_from(options->database, jid_bare(jid), print_line, NULL, &err)) {
        fprintf(stderr, "bridged: %s\n", err.text);
        status = EXIT_FAILURE;
    } else if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "bridged: cannot write the data: %s\n", strerror(errno));
        status = EXIT_FAILURE;
    }
    jid_free(jid);
    return status;
}

/* --- forget ------------------------------------------------------------------------ */

/* Errors that bridgectl can tell better are none here. */
static bool is_running(const char *path)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return true;
    strcpy(name.sun_path, path); /* it fits: options_load() has seen to that */
    bool absent = connect(fd, (struct sockaddr *)&name, sizeof name) &&
                  (errno == ENOENT || errno == ECONNREFUSED);
    close(fd);
    return !absent;
}

/* It is installed beside us. */
static void add_bridgectl(struct strbuf *out)
{
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self);
    const char *slash = len > 0 ? memrchr(self, '/', (size_t)len) : NULL;

    if (slash)
        strbuf_add(out, self, (size_t)(slash + 1 - self));
    strbuf_adds(out, "bridgectl");
}

int errand_forget(const struct options *options, const char *config, const char *user)
{
    struct strbuf program = STRBUF_INIT(PATH_LIMIT);
    struct jid *jid = parse(user);

    if (!jid)
        return 2;
    if (!*options->control_socket) {
        fputs("bridged: control_socket is empty in the configuration, so the bridged that runs "
              "cannot be asked: set it, and restart bridged\n", stderr);
    } else if (!is_running(options->control_socket)) {
        fprintf(stderr, "bridged: no bridged runs at %s: start it and try again; contacts can "
                        "only leave the user's roster while it runs\n",
                options->control_socket);
    } else {
        add_bridgectl(&program);
        execlp(strbuf_text(&program), "bridgectl", "--config", config, "forget", jid_bare(jid),
               (char *)NULL);
        fprintf(stderr, "bridged: cannot run %s: %s\n", strbuf_text(&program), strerror(errno));
    }
    strbuf_release(&program);
    jid_free(jid);
    return EXIT_FAILURE;
}
