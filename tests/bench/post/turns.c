/* turns.c - how long each turn of a program's event loop takes: preloaded into bridged. A turn
 * is what happens between two waits of the thread that waits first. At the end of the process
 * its figures are written to $BENCH_TURNS, as JSON. */
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MARK_MS 10

static struct {
    uint64_t wall, cpu; /* when the turn began; 0: it has not */
    uint64_t most_wall, most_cpu, turns, long_wall, long_cpu;
} loop;

static uint64_t now(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void note(uint64_t took, uint64_t *most, uint64_t *count)
{
    *count += took > MARK_MS * 1000000ull;
    if (took > *most)
        *most = took;
}

static void turn_ends(void)
{
    if (!loop.wall)
        return;
    note(now(CLOCK_MONOTONIC) - loop.wall, &loop.most_wall, &loop.long_wall);
    note(now(CLOCK_THREAD_CPUTIME_ID) - loop.cpu, &loop.most_cpu, &loop.long_cpu);
    loop.turns++;
}

static bool is_loop(void)
{
    return syscall(SYS_gettid) == getpid();
}

int epoll_pwait(int fd, struct epoll_event *events, int count, int timeout,
                const sigset_t *mask)
{
    static int (*next)(int, struct epoll_event *, int, int, const sigset_t *);

    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "epoll_pwait");
    if (is_loop())
        turn_ends();
    int n = next(fd, events, count, timeout, mask);
    if (is_loop()) {
        loop.wall = now(CLOCK_MONOTONIC);
        loop.cpu = now(CLOCK_THREAD_CPUTIME_ID);
    }
    return n;
}

int epoll_wait(int fd, struct epoll_event *events, int count, int timeout)
{
    return epoll_pwait(fd, events, count, timeout, NULL);
}

/* Before the program's own end, which takes as long as the disk likes. */
__attribute__((destructor)) static void write_figures(void)
{
    const char *path = getenv("BENCH_TURNS");
    FILE *f = path ? fopen(path, "w") : NULL;

    if (!f)
        return;
    fprintf(f,
            "{\"turns\": %llu, \"longest_ms\": %.3f, \"longest_cpu_ms\": %.3f, "
            "\"over_10_ms\": %llu, \"over_10_cpu_ms\": %llu}\n",
            (unsigned long long)loop.turns, (double)loop.most_wall / 1e6,
            (double)loop.most_cpu / 1e6, (unsigned long long)loop.long_wall,
            (unsigned long long)loop.long_cpu);
    fclose(f);
}
