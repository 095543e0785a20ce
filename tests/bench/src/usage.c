#include "usage.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "gateway.h"

/* Below this the kernel's 10 ms steps are too coarse. */
#define ENOUGH_CPU_S 0.5

/* Calls `visit` with the path of every task of a process, "/proc/PID/task/TID". */
static void each_task(pid_t pid, void (*visit)(const char *path, void *arg), void *arg)
{
    char path[PATH_MAX];
    struct dirent *entry;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    if (!dir)
        return;
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.32s", (int)pid, entry->d_name);
        visit(path, arg);
    }
    closedir(dir);
}

struct visitor {
    void (*visit)(pid_t pid, void *arg);
    void *arg;
};

static void each_process(pid_t pid, const struct visitor *v);

static void visit_children(const char *task, void *arg)
{
    char path[PATH_MAX];
    int child;

    snprintf(path, sizeof path, "%s/children", task);
    FILE *f = fopen(path, "r");
    if (!f)
        return;
    while (fscanf(f, "%d", &child) == 1)
        each_process(child, arg);
    fclose(f);
}

/* The process and all its descendants. */
static void each_process(pid_t pid, const struct visitor *v)
{
    v->visit(pid, v->arg);
    each_task(pid, visit_children, (void *)v);
}

/* Adds to *sum each value that follows `key` at the start of a line. */
static void add_value(const char *path, const char *key, double *sum)
{
    char line[256];
    size_t len = strlen(key);
    FILE *f = fopen(path, "r");

    if (!f)
        return;
    while (fgets(line, sizeof line, f))
        if (!strncmp(line, key, len))
            *sum += strtod(line + len, NULL);
    fclose(f);
}

static void add_task(const char *task, void *arg)
{
    struct usage *u = arg;
    char path[PATH_MAX];
    double ns = 0;

    snprintf(path, sizeof path, "%s/schedstat", task);
    add_value(path, "", &ns);
    u->scheduled += ns / 1e9;
    snprintf(path, sizeof path, "%s/status", task);
    add_value(path, "voluntary_ctxt_switches:", &u->switches);
    add_value(path, "nonvoluntary_ctxt_switches:", &u->switches);
}

/* utime and stime of the process and of its children that have ended. */
static double cpu_of(pid_t pid)
{
    char path[64];
    char line[1024];
    double ticks[4] = { 0 };

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    const char *name_end = fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
    if (name_end)
        sscanf(name_end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lf %lf %lf %lf",
               &ticks[0], &ticks[1], &ticks[2], &ticks[3]);
    fclose(f);
    return (ticks[0] + ticks[1] + ticks[2] + ticks[3]) / (double)sysconf(_SC_CLK_TCK);
}

static void add_process(pid_t pid, void *arg)
{
    struct usage *u = arg;
    char path[64];

    u->cpu += cpu_of(pid);
    snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
    add_value(path, "write_bytes:", &u->disk_bytes);
    each_task(pid, add_task, u);
}

static void read_machine(struct usage *u)
{
    double v[8] = { 0 }; /* user nice system idle iowait irq softirq steal */
    FILE *f = fopen("/proc/stat", "r");
    const double hz = (double)sysconf(_SC_CLK_TCK);

    if (!f)
        return;
    if (fscanf(f, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", v, v + 1, v + 2, v + 3, v + 4, v + 5,
               v + 6, v + 7) == 8) {
        u->machine_busy = (v[0] + v[1] + v[2] + v[5] + v[6]) / hz;
        u->machine_stolen = v[7] / hz;
        u->machine_total = u->machine_busy + u->machine_stolen + (v[3] + v[4]) / hz;
    }
    fclose(f);
}

void usage_read(struct usage *u)
{
    struct timespec own;

    *u = (struct usage){ 0 };
    each_process(gateway.pid, &(struct visitor){ add_process, u });
    read_machine(u);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
    u->harness_cpu = (double)own.tv_sec + (double)own.tv_nsec / 1e9;
    u->time = now_ns();
}

void usage_json(struct json *j, const struct usage *a, const struct usage *b, double count,
                const char *unit)
{
    double wall = seconds_between(a->time, b->time);
    double cpu = b->cpu - a->cpu;
    double scheduled = b->scheduled - a->scheduled;
    double harness = b->harness_cpu - a->harness_cpu;
    double total = b->machine_total - a->machine_total;
    double others = b->machine_busy - a->machine_busy - harness - scheduled;

    json_number(j, "wall_s", wall);
    json_number(j, "cpu_s", cpu);
    json_number(j, "cpu_scheduled_s", scheduled);
    if (unit) {
        char key[64];
        snprintf(key, sizeof key, "cpu_us_per_%s", unit);
        json_number(j, key,
                    (cpu >= ENOUGH_CPU_S || scheduled <= 0 ? cpu : scheduled) * 1e6 / count);
    }
    json_number(j, "context_switches", b->switches - a->switches);
    json_number(j, "disk_kB", (b->disk_bytes - a->disk_bytes) / 1024);
    json_number(j, "harness_busy", harness / wall);
    json_number(j, "noise_others", others / total);
    json_number(j, "noise_stolen", (b->machine_stolen - a->machine_stolen) / total);
}

static double count_descriptors(pid_t pid)
{
    char path[64];
    double count = -2; /* "." and ".." */

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    if (!dir)
        return 0;
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static void add_memory(pid_t pid, void *arg)
{
    struct memory *m = arg;
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    add_value(path, "Rss:", &m->rss);
    add_value(path, "Pss:", &m->pss);
    add_value(path, "Private_Clean:", &m->private_);
    add_value(path, "Private_Dirty:", &m->private_);
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    add_value(path, "VmHWM:", &m->peak_rss);
    add_value(path, "Threads:", &m->threads);
    m->descriptors += count_descriptors(pid);
}

void memory_read(struct memory *m)
{
    *m = (struct memory){ 0 };
    each_process(gateway.pid, &(struct visitor){ add_memory, m });
}

static void reset_peak(pid_t pid, void *arg)
{
    char path[64];

    (void)arg;
    snprintf(path, sizeof path, "/proc/%d/clear_refs", (int)pid);
    FILE *f = fopen(path, "w");
    if (!f)
        return;
    fputs("5", f); /* proc(5): reset the peak resident set size */
    fclose(f);
}

void memory_reset_peak(void)
{
    each_process(gateway.pid, &(struct visitor){ reset_peak, NULL });
}

void memory_json(struct json *j, const char *key, const struct memory *m)
{
    json_open(j, key);
    json_number(j, "rss_kB", m->rss);
    json_number(j, "pss_kB", m->pss);
    json_number(j, "private_kB", m->private_);
    json_number(j, "peak_rss_kB", m->peak_rss);
    json_number(j, "threads", m->threads);
    json_number(j, "descriptors", m->descriptors);
    json_close(j);
}
