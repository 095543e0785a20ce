/* bridged - arguments, signals and the order of starting and stopping. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <bridge/host.h>
#include <bridge/log.h>
#include <bridge/strbuf.h>
#include <uv.h>

#include "config.h"
#include "control.h"
#include "core.h"
#include "endpoint.h"
#include "errand.h"
#include "language.h"
#include "notify.h"
#include "options.h"
#include "pages.h"
#include "plugin.h"
#include "web.h"

/* An orderly end is over by then, or it is not orderly. */
#define STOP_MS 4500

/* Name servers that do not answer hold a thread each. */
#define POOL_THREADS "16"

/* In the order of the sections of bridge.conf.example. */
static const char *const shipped_plugins[] = { "irc" };

struct arguments {
    const char *config;
    const char *plugins;
    const char *translations;
    const char *export; /* whose data */
    const char *forget; /* whom */
    bool check;
    bool print;
};

struct daemon {
    uv_loop_t loop;
    const char *config;
    struct plugins *plugins;
    struct core *core;
    struct control *control; /* NULL: none */
    struct web *web;         /* NULL: none */
    struct pages pages;
    struct notify *notify;
    uv_signal_t signals[3]; /* TERM, INT, HUP */
    uv_timer_t deadline;
    bool ready;
    int status;
};

static const char usage[] =
    "Usage: bridged [-c FILE] [--plugins DIRECTORY[:DIRECTORY...]]\n"
    "       bridged [-c FILE] --check-config | --print-config | --version | --help\n"
    "       bridged [-c FILE] --export JID | --forget JID\n"
    "\n"
    "XMPP gateway to other networks. Runs in the foreground and logs to standard\n"
    "error. SIGHUP reads the configuration again, SIGTERM ends in order.\n"
    "\n"
    "  -c, --config FILE        the configuration (" BRIDGE_CONFIG_FILE ")\n"
    "      --plugins DIRECTORY  where the transports are (" BRIDGE_PLUGIN_DIR ");\n"
    "                           several with colons between them\n"
    "      --translations DIRECTORY\n"
    "                           where the languages are (" BRIDGE_LOCALE_DIR ")\n"
    "      --check-config       tell all faults of the configuration and exit\n"
    "      --print-config       write an example with every key explained and exit\n"
    "      --export JID         write all that is stored about a user, as JSON, and exit\n"
    "      --forget JID         have the running bridged delete it, and exit\n"
    "      --version            write the version and exit\n"
    "  -h, --help               write this and exit\n";

/* Returns the status to exit with, or -1 to go on. */
static int read_arguments(int argc, char **argv, struct arguments *args)
{
    enum { PLUGINS = 256, TRANSLATIONS, CHECK, PRINT, EXPORT, FORGET, VERSION };
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "plugins", required_argument, NULL, PLUGINS },
        { "translations", required_argument, NULL, TRANSLATIONS },
        { "check-config", no_argument, NULL, CHECK },
        { "print-config", no_argument, NULL, PRINT },
        { "export", required_argument, NULL, EXPORT },
        { "forget", required_argument, NULL, FORGET },
        { "version", no_argument, NULL, VERSION },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    int c;

    while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (c) {
        case 'c': args->config = optarg; break;
        case PLUGINS: args->plugins = optarg; break;
        case TRANSLATIONS: args->translations = optarg; break;
        case CHECK: args->check = true; break;
        case PRINT: args->print = true; break;
        case EXPORT: args->export = optarg; break;
        case FORGET: args->forget = optarg; break;
        case VERSION: printf("bridged %s\n", bridge_version()); return 0;
        case 'h': fputs(usage, stdout); return 0;
        default: fputs(usage, stderr); return 2;
        }
    }
    if (optind == argc)
        return -1;
    fprintf(stderr, "bridged: unexpected argument '%s'\n\n%s", argv[optind], usage);
    return 2;
}

/* --- configuration ----------------------------------------------------------------- */

/* The faults are added to `report` as well, unless it is NULL. */
static struct options *load_options(const char *path, struct plugins *plugins,
                                    struct strbuf *report)
{
    struct config_faults faults;

    config_faults_init(&faults);
    struct options *options = options_load(path, plugins, &faults);
    if (!options) {
        fputs(strbuf_text(&faults.text), stderr);
        fprintf(stderr, "bridged: %zu fault%s in %s\n", faults.count,
                faults.count == 1 ? "" : "s", path);
        if (report)
            strbuf_adds(report, strbuf_text(&faults.text));
    }
    config_faults_release(&faults);
    return options;
}

static int check_config(const struct arguments *args, struct plugins *plugins)
{
    struct options *options = load_options(args->config, plugins, NULL);

    if (!options)
        return EXIT_FAILURE;
    options_free(options);
    printf("%s: no faults found\n", args->config);
    return EXIT_SUCCESS;
}

static int run_errand(const struct arguments *args, struct plugins *plugins)
{
    struct options *options = load_options(args->config, plugins, NULL);

    if (!options)
        return EX_CONFIG;
    log_set_level(LOG_LEVEL_WARNING);
    int status = args->export ? errand_export(options, args->export)
                              : errand_forget(options, args->config, args->forget);
    options_free(options);
    return status;
}

static int print_config(struct plugins *plugins)
{
    struct strbuf out = STRBUF_INIT(1 << 20);
    struct bridge_error err;
    int status = EXIT_SUCCESS;

    if (options_print(&out, plugins, shipped_plugins,
                      sizeof shipped_plugins / sizeof *shipped_plugins, &err)) {
        fprintf(stderr, "bridged: %s\n", err.text);
        status = EXIT_FAILURE;
    } else {
        fputs(strbuf_text(&out), stdout);
    }
    strbuf_release(&out);
    return status;
}

/* --- stopping ----------------------------------------------------------------------- */

static void on_deadline(uv_timer_t *timer)
{
    (void)timer;
    log_error("bridged", "could not end in order within %d s; what the store had not written "
              "was never confirmed to anybody", STOP_MS / 1000);
    _exit(EXIT_FAILURE);
}

static void on_stopped(void *arg)
{
    struct daemon *d = arg;

    for (size_t i = 0; i < sizeof d->signals / sizeof *d->signals; i++)
        uv_close((uv_handle_t *)&d->signals[i], NULL);
    notify_free(d->notify);
    d->notify = NULL;
}

static void stop(struct daemon *d, const char *reason)
{
    if (d->core->stopping) { /* asked twice: at once */
        log_warning("bridged", "ending at once");
        _exit(EXIT_FAILURE);
    }
    log_info("bridged", "stopping");
    notify_stopping(d->notify);
    /* Not a reason for the loop to go on: with everything else it ends. */
    uv_timer_start(&d->deadline, on_deadline, STOP_MS, 0);
    uv_unref((uv_handle_t *)&d->deadline);
    if (d->control)
        control_close(d->control);
    d->control = NULL;
    if (d->web) {
        web_close(d->web);
        pages_close(&d->pages);
    }
    d->web = NULL;
    core_stop(d->core, reason);
}

/* --- running ------------------------------------------------------------------------ */

/* -1: nothing was changed. Either way `report`, if it is not NULL, has why. */
static int read_again(struct daemon *d, struct strbuf *report)
{
    struct options *fresh = load_options(d->config, d->plugins, report);

    if (!fresh)
        return -1;
    d->core->notices = report;
    core_reload(d->core, fresh);
    d->core->notices = NULL;
    return 0;
}

static int on_control_reload(void *arg, struct strbuf *report)
{
    return read_again(arg, report);
}

static int on_reload(void *arg, struct bridge_error *err)
{
    struct daemon *d = arg;

    if (read_again(d, NULL))
        return bridge_fail(err, BRIDGE_INVALID, "Nothing was changed: the configuration has "
                                                "faults, which the log names");
    return 0;
}

static void reload(struct daemon *d)
{
    struct bridge_error err;

    if (on_reload(d, &err))
        log_error("reload", "nothing was changed: mend the configuration and send SIGHUP again");
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct daemon *d = handle->data;

    if (number != SIGHUP)
        stop(d, "The gateway is shutting down");
    else if (!d->core->stopping)
        reload(d);
}

static void on_change(void *arg)
{
    struct daemon *d = arg;
    size_t up = core_streams_up(d->core);

    notify_status(d->notify, up, d->core->host_count);
    if (up == d->core->host_count && !d->ready) {
        d->ready = true;
        log_info("bridged", "ready");
    }
}

static void watch_signals(struct daemon *d)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };

    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is a full disk, not the end */
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        uv_signal_init(&d->loop, &d->signals[i]);
        d->signals[i].data = d;
        uv_signal_start(&d->signals[i], on_signal, numbers[i]);
    }
}

/* Without it users are served all the same; but when somebody has it, two
 * daemons run where one was meant. */
static int open_control(struct daemon *d, struct bridge_error *err)
{
    const struct control_options options = {
        .path = d->core->options->control_socket,
        .core = d->core,
        .reload = on_control_reload,
        .arg = d,
    };

    if (!*options.path)
        return 0;
    d->control = control_open(&d->loop, &options, err);
    if (d->control)
        return 0;
    if (err->code == BRIDGE_CONFLICT)
        return -1;
    log_warning("control", "%s; bridgectl will not find us", err->text);
    return 0;
}

static int open_web(struct daemon *d, struct bridge_error *err)
{
    struct web_options options = { 0 };
    const char *listen = d->core->options->http.listen;

    if (!*listen)
        return 0;
    if (endpoint_parse(listen, &options.listen, err))
        return -1;
    d->web = web_open(&d->loop, &options, err);
    if (!d->web)
        return -1;
    pages_open(&d->pages, d->core, d->web);
    log_info("http", "listening on %s", listen);
    return 0;
}

static int run(struct daemon *d, struct options *options)
{
    struct bridge_error err;

    uv_loop_init(&d->loop);
    watch_signals(d);
    uv_timer_init(&d->loop, &d->deadline);
    d->notify = notify_new(&d->loop);
    d->core = core_new(&d->loop, options);
    d->core->on_change = on_change;
    d->core->on_reload = on_reload;
    d->core->on_stopped = on_stopped;
    d->core->arg = d;
    if (open_control(d, &err) || open_web(d, &err) || core_start(d->core, &err)) {
        log_error("bridged", "%s", err.text);
        d->status = EXIT_FAILURE;
        stop(d, "The gateway could not start");
    } else {
        notify_ready(d->notify);
        on_change(d);
    }
    uv_run(&d->loop, UV_RUN_DEFAULT);

    uv_close((uv_handle_t *)&d->deadline, NULL);
    uv_run(&d->loop, UV_RUN_DEFAULT);
    core_free(d->core);
    uv_loop_close(&d->loop);
    log_info("bridged", "stopped");
    return d->status;
}

/* One descriptor a connection: take as many as we may have. */
static void raise_limits(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files))
        return;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files))
        log_warning("bridged", "cannot raise the limit of open files: %s", strerror(errno));
}

/* Without them everybody is written to in English. */
static void load_translations(const char *directory)
{
    struct bridge_error err;

    if (language_load(directory, &err))
        log_info("bridged", "not everybody is written to in their language: %s", err.text);
}

int main(int argc, char **argv)
{
    struct arguments args = { .config = BRIDGE_CONFIG_FILE, .plugins = BRIDGE_PLUGIN_DIR,
                              .translations = BRIDGE_LOCALE_DIR };
    struct daemon d = { 0 };

    int status = read_arguments(argc, argv, &args);
    if (status >= 0)
        return status;
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    setenv("UV_THREADPOOL_SIZE", POOL_THREADS, 0);

    struct plugins *plugins = plugins_new(args.plugins);
    if (args.check) {
        status = check_config(&args, plugins);
    } else if (args.print) {
        status = print_config(plugins);
    } else if (args.export || args.forget) {
        status = run_errand(&args, plugins);
    } else {
        struct options *options = load_options(args.config, plugins, NULL);
        if (options) {
            log_set_level((enum log_level)options->log.level);
            raise_limits();
            load_translations(args.translations);
            d.config = args.config;
            d.plugins = plugins;
            status = run(&d, options);
        } else {
            status = EX_CONFIG; /* the unit file: do not try again */
        }
    }
    language_unload();
    plugins_free(plugins);
    return status;
}
