#include "personal.h"

#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "forget.h"

/* Of one user; far more than a stanza takes. */
#define EXPORT_MAX (256u << 20)

/* --- export --------------------------------------------------------------- */

/* Read in the thread pool, as there may be much of it; then told line by line. */
struct export_job {
    uv_work_t work;
    char *database;
    char *user;
    struct strbuf lines;
    size_t said; /* bytes of them */
    bool running, failed;
    struct bridge_error why;
    struct answer *answer; /* NULL: nobody waits for it any more */
};

static bool add_line(void *arg, const char *line)
{
    struct strbuf *lines = arg;

    strbuf_adds(lines, line);
    strbuf_addch(lines, '\n');
    return !lines->overflow;
}

static void read_all(uv_work_t *work)
{
    struct export_job *job = work->data;

    job->failed = export_from(job->database, job->user, add_line, &job->lines, &job->why);
    if (!job->failed && job->lines.overflow)
        job->failed = bridge_fail(&job->why, BRIDGE_INVALID,
                                  "there is too much: use bridged --export");
}

static void job_free(struct export_job *job)
{
    strbuf_release(&job->lines);
    free(job->database);
    free(job->user);
    free(job);
}

static void on_read(uv_work_t *work, int status)
{
    struct export_job *job = work->data;
    struct answer *answer = job->answer;

    (void)status; /* never cancelled in the queue */
    job->running = false;
    if (!answer) {
        job_free(job);
        return;
    }
    if (job->failed)
        answer_end(answer, ANSWER_FAILED, "%s", job->why.text);
    answer_wake(answer);
}

static void say_more(struct answer *answer, void *state)
{
    struct export_job *job = state;

    if (job->running)
        return; /* on_read() wakes it */
    while (job->said < job->lines.len && !answer_full(answer)) {
        char *line = job->lines.data + job->said;
        size_t len = strcspn(line, "\n");
        line[len] = 0;
        answer_line(answer, "%s", line);
        job->said += len + 1;
    }
    if (job->said == job->lines.len)
        answer_ok(answer);
}

static void export_release(void *state)
{
    struct export_job *job = state;

    job->answer = NULL;
    if (!job->running)
        job_free(job);
}

void personal_export(struct core *core, const char *user, struct answer *answer)
{
    static const struct answer_source source = { say_more, export_release };
    struct export_job *job = bridge_alloc(sizeof *job);

    *job = (struct export_job){ .database = bridge_strdup(core->options->database),
                                .user = bridge_strdup(user),
                                .lines = STRBUF_INIT(EXPORT_MAX),
                                .running = true,
                                .answer = answer };
    job->work.data = job;
    uv_queue_work(core->loop, &job->work, read_all, on_read);
    answer_go_on(answer, &source, job);
}

/* --- forget --------------------------------------------------------------- */

struct forget_job {
    bool running;
    struct answer *answer; /* NULL: nobody waits for it any more, and it goes on */
};

static void on_forgotten(void *arg, const struct bridge_error *why)
{
    struct forget_job *job = arg;
    struct answer *answer = job->answer;

    job->running = false;
    if (!answer) {
        free(job);
        return;
    }
    if (why)
        answer_end(answer, ANSWER_FAILED, "nothing was deleted: %s", why->text);
    else
        answer_ok(answer);
    answer_wake(answer);
}

static void forget_release(void *state)
{
    struct forget_job *job = state;

    job->answer = NULL;
    if (!job->running)
        free(job);
}

void personal_forget(struct core *core, const char *user, struct answer *answer)
{
    static const struct answer_source source = { .release = forget_release };
    struct forget_job *job = bridge_alloc(sizeof *job);

    *job = (struct forget_job){ .running = true, .answer = answer };
    answer_go_on(answer, &source, job);
    forget_user(core, NULL, user, on_forgotten, job);
}
