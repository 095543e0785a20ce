/* main.c - gwload: what a gateway between XMPP and IRC costs.
 *
 * One single-threaded process is both neighbours of the gateway: the XMPP server
 * (xmppd.h) and the IRC network (ircd.h). It starts the gateway (gateway.h), runs
 * one scenario (scenario.h), reads the gateway's CPU and memory from /proc
 * (usage.h), and prints one JSON object. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapter.h"
#include "clock.h"
#include "die.h"
#include "gateway.h"
#include "ircd.h"
#include "json.h"
#include "loop.h"
#include "options.h"
#include "pace.h"
#include "scenario.h"
#include "traffic.h"
#include "usage.h"
#include "users.h"
#include "xmppd.h"

#define START_PATIENCE_S 20

/* Fixed work, in ms; how far it spreads over the runs shows the machine's noise. */
static double calibrate(void)
{
    volatile uint64_t result;
    uint64_t x = 88172645463325252ull;
    uint64_t start = now_ns();

    for (int i = 0; i < 50000000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    result = x;
    (void)result;
    return seconds_between(start, now_ns()) * 1e3;
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void make_workdir(struct offer *o)
{
    mkdir(options.workdir, 0777);
    snprintf(o->workdir, sizeof o->workdir, "%.200s/%d", options.workdir, (int)getpid());
    if (mkdir(o->workdir, 0777))
        die("%s: %s", o->workdir, strerror(errno));
}

static void remove_workdir(const struct offer *o)
{
    pid_t pid = fork();

    if (!pid) {
        execlp("rm", "rm", "-rf", "--", o->workdir, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

static FILE *open_dump(const char *name)
{
    char path[512];

    mkdir(options.dump, 0777);
    snprintf(path, sizeof path, "%s/%s", options.dump, name);
    FILE *f = fopen(path, "w");
    if (!f)
        die("%s: %s", path, strerror(errno));
    return f;
}

static void on_privmsg(const char *text, size_t len)
{
    traffic_at_irc(text, len);
}

static void flush_all(void)
{
    ircd_flush();
    xmppd_flush();
}

static void start_neighbours(const struct adapter *a)
{
    loop_init();
    loop_flush = flush_all;
    xmppd.domain = GATEWAY_DOMAIN;
    xmppd.secret = GATEWAY_SECRET;
    xmppd.on_stanza = users_on_stanza;
    if (options.dump) {
        xmppd.dump_in = open_dump("from-gateway.xml");
        xmppd.dump_out = open_dump("to-gateway.xml");
    }
    ircd.fake_members = options.members;
    ircd.on_privmsg = on_privmsg;
    xmppd_start(0);
    ircd_start(a->irc_host, 0);
}

/* Returns how long it took the gateway to connect, in seconds. */
static double start_gateway(const struct adapter *a, const struct offer *o)
{
    uint64_t start = now_ns();

    gateway_start(a, o);
    while (!xmppd.up && !gateway.dead && seconds_between(start, now_ns()) < START_PATIENCE_S)
        loop_step(50 * NS_PER_MS);
    if (!xmppd.up) {
        gateway_kill();
        die("%s did not connect: see %s/gateway.log", a->name, o->workdir);
    }
    double ready = seconds_between(start, now_ns());
    pace_run(0.5);
    pace_settle();
    return ready;
}

static void measure(const struct adapter *a, const struct offer *o, double calibration_ms)
{
    struct json out = { .file = stdout };
    struct memory m;
    double ready = start_gateway(a, o);

    json_open(&out, NULL);
    json_string(&out, "gateway", a->name);
    json_string(&out, "scenario", options.scenario);
    json_number(&out, "calibration_ms", calibration_ms);
    json_number(&out, "ready_s", ready);
    memory_read(&m);
    memory_json(&out, "memory_start", &m);
    scenario_run(options.scenario, &out);
    json_number(&out, "handshakes", (double)xmppd.handshakes);
    json_number(&out, "errors", (double)users.errors);
    json_number(&out, "unasked_stanzas", (double)(users.others + xmppd.side_stanzas));
    gateway_stop(&out);
    json_close(&out);
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct adapter adapter;
    struct offer offer = {
        .domain = GATEWAY_DOMAIN,
        .secret = GATEWAY_SECRET,
        .user_domain = USER_DOMAIN,
    };

    options_parse(argc, argv);
    if (!scenario_exists(options.scenario))
        die("no scenario '%s'", options.scenario);
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    adapter_load(&adapter, options.adapter);
    umask(077); /* there are secrets in what gateways are configured with */
    make_workdir(&offer);
    users_init(options.users, adapter.irc_name);
    double calibration_ms = calibrate();
    start_neighbours(&adapter);
    offer.xmpp_port = xmppd.port;
    offer.irc_port = ircd.port;
    offer.users = options.users;
    measure(&adapter, &offer, calibration_ms);
    if (options.dump) {
        fclose(xmppd.dump_in);
        fclose(xmppd.dump_out);
    }
    if (!options.keep)
        remove_workdir(&offer);
    adapter_release(&adapter);
    return 0;
}
