/* What monitoring fetches, from the core between fakes. */
#include "pages.h"

#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>
#include <bridge/host.h>
#include <jansson.h>

#include "dialogue.h"
#include "domain.h"
#include "fake_web.h"
#include "metrics.h"

#define STARTED 1700000000000

static struct pages pages;
static struct fake_answer answer;

static int open_pages(int (*setup)(void **), void **state)
{
    if (setup(state))
        return -1;
    clock_freeze(1000000, STARTED);
    pages_open(&pages, lab.core, NULL);
    return 0;
}

static int setup_alone(void **state)
{
    return open_pages(dialogue_setup, state);
}

static int setup_gateway(void **state)
{
    return open_pages(dialogue_setup_gateway, state);
}

static int teardown(void **state)
{
    strbuf_release(&answer.body);
    pages_close(&pages);
    fake_web_clear();
    fake_store_figures = (struct store_figures){ 0 };
    return dialogue_teardown(state);
}

static void get(const char *path)
{
    strbuf_release(&answer.body);
    fake_web_get(path, &answer);
}

/* The line is there, whole. */
static void has(const char *line)
{
    const char *page = strbuf_text(&answer.body);
    size_t len = strlen(line);

    for (const char *at = page; (at = strstr(at, line)); at += len) {
        if ((at == page || at[-1] == '\n') && at[len] == '\n')
            return;
    }
    fail_msg("expected %s in\n%s", line, page);
}

static void fail_the_store(void)
{
    const struct store_contact contact = {
        .domain = LAB_DOMAIN, .user = "romeo@example.net", .address = "alice"
    };

    fake_store_fail("the disk is \"full\"");
    store_contact_put(lab.core->store, &contact, NULL, NULL);
    fake_store_commit();
}

/* --- health ----------------------------------------------------------------------------- */

static void well_is_200(void **state)
{
    (void)state;
    clock_freeze(1065000, STARTED + 65000);
    lab.core->hosts[0]->since = 1005000;
    get("/health");
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.type, "application/json");
    json_t *health = json_loads(strbuf_text(&answer.body), JSON_REJECT_DUPLICATES, NULL);
    json_t *expected = json_pack("{s:s s:s s:i s:[{s:s s:b s:s}] s:{s:b} s:{s:i s:i}}",
        "status", "ok", "version", bridge_version(), "uptime", 65,
        "components", "domain", LAB_DOMAIN, "up", 1, "since", "2023-11-14T22:13:25Z",
        "database", "well", 1, "deliveries", "waiting", 0, "in_hand", 0);
    assert_true(json_equal(health, expected));
    json_decref(health);
    json_decref(expected);
}

static void one_stream_down_is_503(void **state)
{
    (void)state;
    lab_cut(LAB_DOMAIN);
    LOGGED("error", "connection reset by peer");
    get("/health");
    assert_int_equal(answer.status, 503);
    assert_non_null(strstr(strbuf_text(&answer.body), "\"status\": \"degraded\""));
    assert_non_null(strstr(strbuf_text(&answer.body), "\"up\": true"));
    assert_non_null(strstr(strbuf_text(&answer.body), "\"up\": false"));
}

static void a_store_in_trouble_is_503(void **state)
{
    (void)state;
    fail_the_store();
    get("/health");
    assert_int_equal(answer.status, 503);
    assert_non_null(strstr(strbuf_text(&answer.body), "\"trouble\": \"the disk is \\\"full\\\"\""));
}

/* --- metrics ------------------------------------------------------------------------------ */

static void streams_and_their_stanzas_are_counted(void **state)
{
    (void)state;
    get("/metrics");
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.type, METRICS_TYPE);
    has("bridged_component_up{domain=\"" LAB_DOMAIN "\"} 1");
    has("bridged_component_up{domain=\"" LAB_GATEWAY "\"} 1");
    has("bridged_stanzas_total{domain=\"" LAB_DOMAIN "\",direction=\"in\"} 0");

    RECV("<iq type='get' id='1' from='" BALCONY "' to='" LAB_DOMAIN "'>" PING "</iq>");
    SENT("<iq type='result' id='1' from='" LAB_DOMAIN "' to='" BALCONY "'/>");
    get("/metrics");
    has("bridged_stanzas_total{domain=\"" LAB_DOMAIN "\",direction=\"in\"} 1");
    has("bridged_stanzas_total{domain=\"" LAB_DOMAIN "\",direction=\"out\"} 1");
    has("bridged_stanzas_total{domain=\"" LAB_GATEWAY "\",direction=\"in\"} 0");
}

static void rooms_and_contacts_are_counted_until_they_end(void **state)
{
    (void)state;
    dialogue_join();
    get("/metrics");
    has("bridged_sessions{domain=\"" LAB_DOMAIN "\"} 1");
    has("bridged_rooms{domain=\"" LAB_DOMAIN "\"} 1");
    RECV("<presence type='unavailable' from='" BALCONY "' to='" ROOM "/jul'/>");
    struct canonical sent = lab_take(LAB_DOMAIN);
    canonical_release(&sent);
    fake_transport_forget();
    get("/metrics");
    has("bridged_rooms{domain=\"" LAB_DOMAIN "\"} 0");
    has("bridged_contacts_watched{domain=\"" LAB_DOMAIN "\"} 0");
}

static void what_waits_for_a_stream_is_counted_when_it_goes(void **state)
{
    (void)state;
    struct bridge_room *room = dialogue_join();
    lab_cut(LAB_DOMAIN);
    LOGGED("error", "connection reset by peer");
    get("/metrics");
    has("bridged_backlog_bytes 0");
    has("bridged_component_up{domain=\"" LAB_DOMAIN "\"} 0");
    const struct bridge_message hello = { .kind = BRIDGE_TEXT, .body = "hello" };
    bridge_room_message(room, "romeo", &hello);
    bridge_room_message(room, "romeo", &hello);
    char before[128];
    get("/metrics");
    assert_null(strstr(strbuf_text(&answer.body), "bridged_backlog_bytes 0\n"));
    const char *line = strstr(strbuf_text(&answer.body), "domain=\"" LAB_DOMAIN
                                                         "\",direction=\"out\"} ");
    unsigned long out = strtoul(strchr(line, '}') + 2, NULL, 10);
    clock_release();
    lab_reconnect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    struct canonical sent = lab_take(LAB_DOMAIN);
    snprintf(before, sizeof before,
             "bridged_stanzas_total{domain=\"" LAB_DOMAIN "\",direction=\"out\"} %lu",
             out + sent.count);
    canonical_release(&sent);
    get("/metrics");
    has("bridged_backlog_bytes 0");
    has(before);
}

static void the_store_is_measured(void **state)
{
    (void)state;
    fake_store_figures = (struct store_figures){
        .commits = 7, .failed = 2, .writes = 70, .seconds = 0.125, .waiting = 3,
        .within = { [0] = 4, [3] = 2, [STORE_COMMIT_BOUNDS] = 1 },
    };
    get("/metrics");
    has("bridged_store_commits_total 7");
    has("bridged_store_failures_total 2");
    has("bridged_store_writes_total 70");
    has("bridged_store_writes_waiting 3");
    has("bridged_store_degraded 0");
    has("# TYPE bridged_store_commit_seconds histogram");
    has("bridged_store_commit_seconds_bucket{le=\"0.0005\"} 4");
    has("bridged_store_commit_seconds_bucket{le=\"0.005\"} 6");
    has("bridged_store_commit_seconds_bucket{le=\"2.5\"} 6");
    has("bridged_store_commit_seconds_bucket{le=\"+Inf\"} 7");
    has("bridged_store_commit_seconds_sum 0.125000000");
    has("bridged_store_commit_seconds_count 7");
    fail_the_store();
    get("/metrics");
    has("bridged_store_degraded 1");
}

/* A transport that keeps nothing has no figures of that. */
static void labels_are_escaped(void **state)
{
    struct bridge_host *host = lab.core->hosts[0];
    char *name = host->name, odd[] = "a\"b\\c\nd";

    (void)state;
    host->name = odd;
    get("/metrics");
    host->name = name;
    has("bridged_sessions{domain=\"a\\\"b\\\\c\\nd\"} 0");
    assert_null(strstr(strbuf_text(&answer.body), "bridged_dead_letters_total{"));
}

static void the_loop_is_measured(void **state)
{
    (void)state;
    pages.pulse.stalls = 3;
    pages.pulse.longest = 25000000;
    pages.pulse.busy = 1500000000;
    get("/metrics");
    has("bridged_loop_stalls_total 3");
    has("bridged_loop_longest_turn_seconds 0.025");
    has("bridged_loop_busy_seconds_total 1.5");
    has("bridged_uptime_seconds 0");
    has("process_start_time_seconds 1700000000");
}

#define ALONE(function) cmocka_unit_test_setup_teardown(function, setup_alone, teardown)
#define GATEWAY(function) cmocka_unit_test_setup_teardown(function, setup_gateway, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALONE(well_is_200),
        GATEWAY(one_stream_down_is_503),
        ALONE(a_store_in_trouble_is_503),
        GATEWAY(streams_and_their_stanzas_are_counted),
        ALONE(rooms_and_contacts_are_counted_until_they_end),
        ALONE(what_waits_for_a_stream_is_counted_when_it_goes),
        ALONE(the_store_is_measured),
        ALONE(labels_are_escaped),
        ALONE(the_loop_is_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
