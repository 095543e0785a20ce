#include "gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "die.h"
#include "loop.h"

#define PATIENCE_S 30

struct gateway gateway;

static struct watch watch;

static void on_exit_event(struct watch *w, uint32_t events)
{
    (void)events;
    if (waitpid(gateway.pid, &gateway.status, WNOHANG) == gateway.pid) {
        gateway.dead = true;
        loop_end(w);
    }
}

static void prepare(const struct adapter *a, const struct offer *o)
{
    if (!a->prepare)
        return;
    char *command = adapter_expand(a, o, a->prepare);
    if (system(command))
        die("this failed: %s", command);
    free(command);
}

/* In the child: never returns. */
static void run(const char *command, const char *log_path)
{
    int null = open("/dev/null", O_RDONLY);
    int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    char *script = NULL;

    prctl(PR_SET_PDEATHSIG, SIGTERM); /* do not outlive the harness */
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    if (asprintf(&script, "exec %s", command) > 0)
        execl("/bin/sh", "sh", "-c", script, (char *)NULL);
    _exit(127);
}

void gateway_start(const struct adapter *a, const struct offer *o)
{
    char log[PATH_MAX];

    adapter_write_config(a, o);
    prepare(a, o);
    char *command = adapter_expand(a, o, a->command);
    snprintf(log, sizeof log, "%s/gateway.log", o->workdir);
    gateway.pid = fork();
    if (gateway.pid < 0)
        die("fork: %s", strerror(errno));
    if (!gateway.pid)
        run(command, log);
    free(command);
    watch.fd = (int)syscall(SYS_pidfd_open, gateway.pid, 0);
    watch.on_event = on_exit_event;
    if (watch.fd < 0)
        die("pidfd_open: %s", strerror(errno));
    loop_add(&watch, EPOLLIN);
}

void gateway_kill(void)
{
    if (!gateway.dead)
        kill(gateway.pid, SIGKILL);
}

void gateway_stop(struct json *j)
{
    uint64_t start = now_ns();
    bool crashed = gateway.dead;
    bool killed = false;

    if (!gateway.dead)
        kill(gateway.pid, SIGTERM);
    while (!gateway.dead) {
        loop_step(20 * NS_PER_MS);
        if (!killed && now_ns() - start > PATIENCE_S * NS_PER_S) {
            gateway_kill();
            killed = true;
        }
    }
    json_open(j, "exit");
    json_number(j, "crashed", crashed);
    json_number(j, "killed", killed);
    json_number(j, "status", WIFEXITED(gateway.status) ? WEXITSTATUS(gateway.status) : -1);
    json_number(j, "signal", WIFSIGNALED(gateway.status) ? WTERMSIG(gateway.status) : 0);
    if (!crashed)
        json_number(j, "stop_s", seconds_between(start, now_ns()));
    json_close(j);
}
