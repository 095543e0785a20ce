/* main.c - postload: the XMPP server and the network on both sides of a bridged that keeps
 * messages (tests/chaos/post.c is its transport; the lines are in the README there).
 *
 * It prints {"xmpp_port", "network_port"}, and "up" when both sides are connected. Then it
 * takes commands, a line each, and prints one JSON object when each is done:
 *
 *   echo COUNT WINDOW USERS CONTACTS SECONDS
 *       Each message goes to the network, which says that it has arrived, and sends it back;
 *       the user's client answers that with a receipt. At most WINDOW are under way.
 *   drain COUNT SECONDS
 *       Wait until so many that were waiting have gone to the network, and their senders have
 *       receipts; with --hold the network answers none in the first second. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "die.h"
#include "json.h"
#include "loop.h"
#include "queue.h"
#include "samples.h"
#include "xmppd.h"

#define DOMAIN    "post.bench.test"
#define SERVER    "bench.test"
#define READ_SIZE 65536
#define HOLD_S    1

/* --- what is under way --------------------------------------------------------------- */

static struct run {
    uint64_t count, sent;
    uint64_t given, echoed, receipts, taken, errors, repeated;
    unsigned users, contacts;
    uint64_t *sent_at; /* 0: its echo has arrived */
    bool *was_given;
    struct samples ways_us;
    uint64_t most_in_hand; /* given while none was answered */
} run;

/* --- the network --------------------------------------------------------------------- */

static struct watch listener;
static struct link {
    struct watch watch;
    struct queue in, out;
    bool there;
} network;
static int network_port;

static void network_flush(void)
{
    if (!network.there)
        return;
    if (queue_write(&network.out, network.watch.fd))
        die("the network's connection ended: %s", strerror(errno));
    loop_change(&network.watch, EPOLLIN | (queue_len(&network.out) ? EPOLLOUT : 0));
}

/* The value after a key, in JSON of jansson without escapes; up to `end`. */
static struct text value(const char *line, size_t len, const char *key, char end)
{
    const char *at = memmem(line, len, key, strlen(key));
    struct text t = { 0 };

    if (!at)
        return t;
    t.p = at + strlen(key);
    while (t.p + t.len < line + len && t.p[t.len] != end)
        t.len++;
    return t;
}

/* Answers that wait. */
static struct {
    bool on;
    struct queue answers;
} held;

static void release_held(void)
{
    held.on = false;
    queue_put(&network.out, queue_data(&held.answers), queue_len(&held.answers));
    queue_release(&held.answers);
}

static void count_given(struct text body)
{
    uint64_t n = strtoull(body.p, NULL, 10);

    run.given++;
    if (run.was_given && n < run.count) {
        run.repeated += run.was_given[n];
        run.was_given[n] = true;
    }
}

static void on_letter(const char *line, size_t len)
{
    struct text number = value(line, len, "\"number\":", ',');
    struct text user = value(line, len, "\"user\":\"", '"');
    struct text to = value(line, len, "\"to\":\"", '"');
    struct text body = value(line, len, "\"body\":\"", '"');
    char out[1024];
    int n = (int)number.len, size;

    count_given(body);
    size = snprintf(out, sizeof out,
                    "{\"op\":\"sent\",\"number\":%.*s,\"name\":\"N%.*s\"}\n"
                    "{\"op\":\"arrived\",\"number\":%.*s}\n", n, number.p, n, number.p, n,
                    number.p);
    queue_put(held.on ? &held.answers : &network.out, out, (size_t)size);
    if (!run.sent_at) /* nobody waits for an echo */
        return;
    size = snprintf(out, sizeof out,
                    "{\"op\":\"message\",\"name\":\"F%.*s\",\"user\":\"%.*s\",\"from\":\"%.*s\","
                    "\"body\":\"%.*s\"}\n", n, number.p, (int)user.len, user.p, (int)to.len,
                    to.p, (int)body.len, body.p);
    queue_put(&network.out, out, (size_t)size);
}

static void on_line(const char *line, size_t len)
{
    struct text op = value(line, len, "\"op\":\"", '"');

    if (text_is(op, "send"))
        on_letter(line, len);
    else if (text_is(op, "taken"))
        run.taken++;
    else if (text_is(op, "refused"))
        run.errors++;
}

static void on_network(struct watch *w, uint32_t events)
{
    if (events & EPOLLIN) {
        char *room = queue_reserve(&network.in, READ_SIZE);
        ssize_t n = read(w->fd, room, READ_SIZE);
        if (n <= 0 && errno != EAGAIN) {
            network.there = false;
            loop_end(w);
            return;
        }
        network.in.end += n > 0 ? (size_t)n : 0;
        for (char *end; queue_len(&network.in) &&
                        (end = memchr(queue_data(&network.in), '\n', queue_len(&network.in)));) {
            size_t len = (size_t)(end - queue_data(&network.in));
            on_line(queue_data(&network.in), len);
            queue_eat(&network.in, len + 1);
        }
    }
    network_flush();
}

static void on_connection(struct watch *w, uint32_t events)
{
    (void)events;
    int fd = loop_accept(w->fd);

    if (fd < 0)
        return;
    network.watch = (struct watch){ .fd = fd, .on_event = on_network };
    network.there = true;
    loop_add(&network.watch, EPOLLIN);
}

/* --- the users ------------------------------------------------------------------------ */

static void answer_receipt(const struct stanza *st)
{
    struct text from = stanza_attribute(st, "from"), to = stanza_attribute(st, "to");
    struct text id = stanza_attribute(st, "id");
    char xml[512];
    int len = snprintf(xml, sizeof xml,
                       "<message from='%.*s/phone' to='%.*s'><received "
                       "xmlns='urn:xmpp:receipts' id='%.*s'/></message>", (int)to.len, to.p,
                       (int)from.len, from.p, (int)id.len, id.p);

    xmppd_send(xml, (size_t)len);
}

static void on_stanza(const struct stanza *st)
{
    const char *body = memmem(st->xml, st->len, "<body>", 6);

    if (!stanza_is(st, "message"))
        return;
    if (text_is(stanza_attribute(st, "type"), "error")) {
        warn("%.*s", (int)st->len, st->xml);
        run.errors++;
    } else if (!body) {
        run.receipts++;
    } else {
        uint64_t n = strtoull(body + 6, NULL, 10);
        if (n >= run.count || !run.sent_at[n]) {
            run.repeated++;
            return;
        }
        samples_add(&run.ways_us, seconds_between(run.sent_at[n], now_ns()) * 1e6);
        run.sent_at[n] = 0;
        run.echoed++;
        answer_receipt(st);
    }
}

static void send_one(uint64_t n)
{
    char xml[512];
    int len = snprintf(xml, sizeof xml,
                       "<message type='chat' id='m%llu' from='user%llu@" SERVER "/phone' "
                       "to='contact%llu@" DOMAIN "'><body>%llu "
                       "but soft, what light through yonder window breaks</body>"
                       "<request xmlns='urn:xmpp:receipts'/></message>", (unsigned long long)n,
                       (unsigned long long)(n % run.users),
                       (unsigned long long)(n / run.users % run.contacts),
                       (unsigned long long)n);

    run.sent_at[n] = now_ns();
    xmppd_send(xml, (size_t)len);
}

/* --- commands ------------------------------------------------------------------------- */

static uint64_t ended(void)
{
    uint64_t least = run.echoed < run.receipts ? run.echoed : run.receipts;

    return least < run.taken ? least : run.taken;
}

static void print_result(double seconds)
{
    struct json out = { .file = stdout };

    json_open(&out, NULL);
    json_number(&out, "seconds", seconds);
    json_number(&out, "sent", (double)run.sent);
    json_number(&out, "given", (double)run.given);
    json_number(&out, "echoed", (double)run.echoed);
    json_number(&out, "receipts", (double)run.receipts);
    json_number(&out, "taken", (double)run.taken);
    json_number(&out, "errors", (double)run.errors);
    json_number(&out, "repeated", (double)run.repeated);
    json_number(&out, "most_in_hand", (double)run.most_in_hand);
    json_percentiles(&out, "way", &run.ways_us);
    json_close(&out);
    putchar('\n');
    fflush(stdout);
}

static void echo(uint64_t count, uint64_t window, unsigned users, unsigned contacts,
                 double seconds)
{
    uint64_t start = now_ns();

    run = (struct run){ .count = count, .users = users, .contacts = contacts };
    run.sent_at = must_alloc(count * sizeof *run.sent_at);
    run.was_given = must_alloc(count * sizeof *run.was_given);
    while (ended() + run.errors < count && seconds_between(start, now_ns()) < seconds) {
        while (run.sent < count && run.sent - run.echoed < window)
            send_one(run.sent++);
        loop_step(10 * NS_PER_MS);
    }
    print_result(seconds_between(start, now_ns()));
    free(run.sent_at);
    free(run.was_given);
    samples_release(&run.ways_us);
    run = (struct run){ 0 };
}

/* The network answers nothing for a while: so it shows how much bridged lets out of its hands
 * at once. Then all goes as fast as it can. */
static void drain(uint64_t count, double seconds)
{
    uint64_t start = now_ns();

    while ((run.given < count || run.receipts < count) &&
           seconds_between(start, now_ns()) < seconds) {
        loop_step(10 * NS_PER_MS);
        if (held.on && seconds_between(start, now_ns()) > HOLD_S) {
            run.most_in_hand = run.given;
            start = now_ns();
            release_held();
        }
    }
    print_result(seconds_between(start, now_ns()));
}

static bool connected(void)
{
    return xmppd.up && network.there;
}

static void command(const char *line)
{
    unsigned long long count, window;
    unsigned users, contacts;
    double seconds;

    if (sscanf(line, "echo %llu %llu %u %u %lf", &count, &window, &users, &contacts,
               &seconds) == 5)
        echo(count, window, users, contacts, seconds);
    else if (sscanf(line, "drain %llu %lf", &count, &seconds) == 2)
        drain(count, seconds);
    else
        die("no command: %s", line);
}

static void flush_all(void)
{
    network_flush();
    xmppd_flush();
}

static struct watch input;

static void on_input(struct watch *w, uint32_t events)
{
    char line[256];

    (void)events;
    ssize_t n = read(w->fd, line, sizeof line - 1);
    if (n <= 0)
        exit(0);
    line[n] = '\0';
    command(line);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    held.on = argc > 1 && !strcmp(argv[1], "--hold");
    loop_init();
    loop_flush = flush_all;
    xmppd.domain = DOMAIN;
    xmppd.secret = "bench";
    xmppd.on_stanza = on_stanza;
    xmppd_start(0);
    listener.fd = loop_listen("127.0.0.1", 0, &network_port);
    listener.on_event = on_connection;
    loop_add(&listener, EPOLLIN);
    printf("{\"xmpp_port\": %d, \"network_port\": %d}\n", xmppd.port, network_port);
    fflush(stdout);
    while (!connected())
        loop_step(100 * NS_PER_MS);
    puts("up");
    fflush(stdout);
    input.fd = STDIN_FILENO;
    input.on_event = on_input;
    loop_add(&input, EPOLLIN);
    for (;;)
        loop_step(100 * NS_PER_MS);
}
