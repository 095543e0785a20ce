/* bridgectl - gives a command to the running bridged, over its control socket,
 * and shows the answer. What goes over the socket: admin/request.h, answer.h. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <bridge/strbuf.h>
#include <bridge/utf8.h>

#include "config.h"

/* A daemon that says nothing for so long does not work. */
#define PATIENCE_S 60

#define LINE_LIMIT  (4u << 20)
#define TABLE_LIMIT (256u << 20)
#define COLUMNS_MAX 16

enum status { STATUS_OK, STATUS_FAILED, STATUS_USAGE };

struct arguments {
    const char *socket;
    const char *config;
    bool tabs;
    bool quiet;
};

static const char usage[] =
    "Usage: bridgectl [-s SOCKET | -c FILE] [-tq] COMMAND [ARGUMENT...]\n"
    "\n"
    "Gives a command to the running bridged. \"bridgectl help\" lists the commands.\n"
    "\n"
    "  -s, --socket SOCKET  where bridged listens\n"
    "  -c, --config FILE    the configuration that says so (" BRIDGE_CONFIG_FILE ")\n"
    "  -t, --tabs           for scripts: a tab between columns, and no headings\n"
    "  -q, --quiet          show no progress\n"
    "      --version        write the version and exit\n"
    "  -h, --help           write this and exit\n";

__attribute__((format(printf, 1, 2))) static int fail(const char *format, ...)
{
    va_list args;

    fputs("bridgectl: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return STATUS_FAILED;
}

/* Returns the status to exit with, or -1 to go on. */
static int read_arguments(int argc, char **argv, struct arguments *args)
{
    enum { VERSION = 256 };
    static const struct option options[] = {
        { "socket", required_argument, NULL, 's' },
        { "config", required_argument, NULL, 'c' },
        { "tabs", no_argument, NULL, 't' },
        { "quiet", no_argument, NULL, 'q' },
        { "version", no_argument, NULL, VERSION },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    int c;

    while ((c = getopt_long(argc, argv, "+s:c:tqh", options, NULL)) != -1) {
        switch (c) {
        case 's': args->socket = optarg; break;
        case 'c': args->config = optarg; break;
        case 't': args->tabs = true; break;
        case 'q': args->quiet = true; break;
        case VERSION: puts("bridgectl " BRIDGE_VERSION); return STATUS_OK;
        case 'h': fputs(usage, stdout); return STATUS_OK;
        default: fputs(usage, stderr); return STATUS_USAGE;
        }
    }
    if (optind < argc)
        return -1;
    fputs(usage, stderr);
    return STATUS_USAGE;
}

/* --- where bridged listens ----------------------------------------------------------- */

static bool anything(void *arg, const char *key)
{
    (void)arg;
    (void)key;
    return true;
}

/* What the configuration says; NULL, and the faults, if it cannot be read. */
static char *configured_socket(const char *path, struct config_faults *faults)
{
    static const struct setting rows[] = {
        { .key = "control_socket", .type = SETTING_STRING, .initial = BRIDGE_CONTROL_SOCKET },
        { 0 },
    };
    char *socket_path = NULL; /* the struct that the row is about */
    struct config *config = config_open(path, faults);

    if (!config)
        return NULL;
    config_fill(config_root(config), rows, &socket_path, anything, NULL, faults);
    config_close(config);
    return socket_path;
}

/* Whoever names no configuration shall be able to ask why it has faults. */
static char *find_socket(const struct arguments *args)
{
    struct config_faults faults;

    if (args->socket)
        return bridge_strdup(args->socket);
    config_faults_init(&faults);
    char *path = configured_socket(args->config ? args->config : BRIDGE_CONFIG_FILE, &faults);
    if (!path && args->config)
        fputs(strbuf_text(&faults.text), stderr);
    else if (!path)
        path = bridge_strdup(BRIDGE_CONTROL_SOCKET);
    config_faults_release(&faults);
    if (path && !*path) {
        fail("bridged has no control socket: control_socket is empty in its configuration");
        free(path);
        return NULL;
    }
    return path;
}

static int fail_connect(const char *path)
{
    switch (errno) {
    case ENOENT:
        return fail("there is no %s: bridged is not running, or has another control_socket",
                    path);
    case ECONNREFUSED:
        return fail("nobody answers at %s: bridged is not running", path);
    case EACCES:
        return fail("you may not use %s: only root and the user that bridged runs as may",
                    path);
    case EAGAIN:
        return fail("bridged does not answer at %s", path);
    default:
        return fail("cannot use %s: %s", path, strerror(errno));
    }
}

static int connect_to(const char *path)
{
    const struct timeval patience = { .tv_sec = PATIENCE_S };
    struct sockaddr_un name = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof name.sun_path) {
        errno = ENAMETOOLONG;
        fail_connect(path);
        return -1;
    }
    strcpy(name.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) ||
        connect(fd, (struct sockaddr *)&name, sizeof name)) {
        fail_connect(path);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

/* --- showing -------------------------------------------------------------------------- */

/* Rows that wait until it is known how wide their columns are. */
struct table {
    struct strbuf rows; /* lines, each with its newline */
    size_t widths[COLUMNS_MAX];
};

struct screen {
    bool tabs;
    bool quiet;
    bool rewrites; /* progress is shown in one line */
    bool progress; /* there is such a line */
    struct table table;
};

/* The cell that *row begins with; *row goes to the next one, or is NULL. */
static size_t cut_cell(const char **row, const char *end)
{
    const char *cell = *row;
    const char *tab = memchr(cell, '\t', (size_t)(end - cell));

    *row = tab ? tab + 1 : NULL;
    return (size_t)((tab ? tab : end) - cell);
}

static size_t width_of(const char *text, size_t len)
{
    size_t width = 0;
    size_t used;

    for (size_t i = 0; i < len; i += used) {
        utf8_decode(text + i, len - i, &used);
        width++;
    }
    return width;
}

static void table_add(struct table *table, const char *row, size_t len)
{
    const char *next = row;

    strbuf_add(&table->rows, row, len);
    strbuf_addch(&table->rows, '\n');
    for (size_t i = 0; next && i < COLUMNS_MAX; i++) {
        const char *cell = next;
        size_t width = width_of(cell, cut_cell(&next, row + len));
        if (width > table->widths[i])
            table->widths[i] = width;
    }
}

static void print_row(const struct table *table, const char *row, const char *end)
{
    for (size_t i = 0; row; i++) {
        const char *cell = row;
        size_t len = cut_cell(&row, end);
        fwrite(cell, 1, len, stdout);
        if (!row)
            break;
        size_t width = i < COLUMNS_MAX ? table->widths[i] : 0;
        for (size_t n = width_of(cell, len); n < width + 2; n++)
            putchar(' ');
    }
    putchar('\n');
}

static void table_print(struct table *table)
{
    const char *row = strbuf_text(&table->rows);
    const char *end;

    for (; (end = strchr(row, '\n')); row = end + 1)
        print_row(table, row, end);
    strbuf_reset(&table->rows);
    memset(table->widths, 0, sizeof table->widths);
}

static void show_line(struct screen *screen, char kind, const char *text, size_t len)
{
    if (screen->tabs && kind == '#')
        return;
    if (!screen->tabs && memchr(text, '\t', len)) {
        table_add(&screen->table, text, len);
        return;
    }
    table_print(&screen->table);
    fwrite(text, 1, len, stdout);
    putchar('\n');
}

static void show_progress(struct screen *screen, const char *text)
{
    if (screen->quiet)
        return;
    screen->progress = screen->rewrites;
    fprintf(stderr, "%s%s%s", screen->rewrites ? "\r" : "", text, screen->rewrites ? "" : "\n");
}

/* Everything was shown. */
static int show_end(struct screen *screen, int status)
{
    if (screen->progress)
        fputc('\n', stderr);
    screen->progress = false;
    table_print(&screen->table);
    if (screen->table.rows.overflow)
        return fail("the answer is too long for a table: use -t");
    if (fflush(stdout))
        return fail("cannot write the answer: %s", strerror(errno));
    return status;
}

/* One line of the answer. Returns the status to exit with, or -1 to go on. */
static int show(struct screen *screen, const char *line, size_t len)
{
    static const struct {
        const char *word;
        enum status status;
    } ends[] = { { "failed ", STATUS_FAILED }, { "usage ", STATUS_USAGE } };

    if (len >= 2 && strchr("#-", line[0]) && line[1] == ' ') {
        show_line(screen, line[0], line + 2, len - 2);
        return -1;
    }
    if (len >= 2 && !strncmp(line, "~ ", 2)) {
        show_progress(screen, line + 2);
        return -1;
    }
    if (!strcmp(line, "ok"))
        return show_end(screen, STATUS_OK);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t prefix = strlen(ends[i].word);
        if (strncmp(line, ends[i].word, prefix))
            continue;
        show_end(screen, STATUS_OK);
        fail("%s", line + prefix);
        return ends[i].status;
    }
    return fail("this is not bridged's answer: %s", line);
}

/* --- asking ---------------------------------------------------------------------------- */

/* -1 if it cannot be one: a word cannot have what separates words. */
static int make_request(struct strbuf *request, char **words)
{
    for (; *words; words++) {
        if (strpbrk(*words, "\t\n")) {
            fail("a tab or the end of a line cannot be part of a command");
            return -1;
        }
        if (request->len)
            strbuf_addch(request, '\t');
        strbuf_adds(request, *words);
    }
    strbuf_addch(request, '\n');
    if (request->overflow) {
        fail("the command is too long");
        return -1;
    }
    return 0;
}

/* Refusals come without the request having been read: so what cannot be
 * written is no reason not to read. */
static void send_all(int fd, const struct strbuf *request)
{
    size_t sent = 0;

    while (sent < request->len) {
        ssize_t n = write(fd, request->data + sent, request->len - sent);
        if (n < 0 && errno != EINTR)
            return;
        sent += n > 0 ? (size_t)n : 0;
    }
}

/* The whole lines in `input`; what is left of it stays. */
static int show_lines(struct screen *screen, struct strbuf *input)
{
    struct strbuf line = STRBUF_INIT(LINE_LIMIT);
    size_t start = 0;
    int status = -1;
    char *end;

    while (status < 0 && input->len > start &&
           (end = memchr(input->data + start, '\n', input->len - start))) {
        /* Whoever sits at that socket does not control this terminal. */
        strbuf_reset(&line);
        utf8_add_clean(&line, input->data + start, (size_t)(end - input->data) - start);
        status = show(screen, strbuf_text(&line), line.len);
        start = (size_t)(end + 1 - input->data);
    }
    strbuf_drop(input, start);
    strbuf_release(&line);
    return status;
}

static int receive(int fd, struct screen *screen)
{
    struct strbuf input = STRBUF_INIT(LINE_LIMIT);
    char bytes[65536];
    int status = -1;

    while (status < 0 && !input.overflow) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            status = fail("bridged has not answered for %d seconds", PATIENCE_S);
        else if (n <= 0)
            status = fail("bridged ended the connection before it had answered");
        if (n <= 0)
            break;
        strbuf_add(&input, bytes, (size_t)n);
        status = show_lines(screen, &input);
    }
    if (input.overflow)
        status = fail("this is not bridged's answer: a line without an end");
    strbuf_release(&input);
    return status;
}

static int ask(const char *path, const struct strbuf *request, const struct arguments *args)
{
    struct screen screen = {
        .tabs = args->tabs,
        .quiet = args->quiet,
        .rewrites = isatty(STDERR_FILENO),
        .table.rows.limit = TABLE_LIMIT,
    };
    int fd = connect_to(path);

    if (fd < 0)
        return STATUS_FAILED;
    send_all(fd, request);
    int status = receive(fd, &screen);
    strbuf_release(&screen.table.rows);
    close(fd);
    return status;
}

int main(int argc, char **argv)
{
    struct arguments args = { 0 };
    struct strbuf request = STRBUF_INIT(1 << 20);

    int status = read_arguments(argc, argv, &args);
    if (status >= 0)
        return status;
    signal(SIGPIPE, SIG_IGN);
    if (make_request(&request, argv + optind)) {
        strbuf_release(&request);
        return STATUS_USAGE;
    }
    char *path = find_socket(&args);
    status = path ? ask(path, &request, &args) : STATUS_FAILED;
    free(path);
    strbuf_release(&request);
    return status;
}
