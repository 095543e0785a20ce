#include "health.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bridge/clock.h>
#include <bridge/host.h>
#include <jansson.h>

#include "component.h"
#include "delivery.h"
#include "domain.h"

/* As a stamp of RFC 3339: when it was, by today's clock. */
static json_t *stamp_of(uint64_t monotonic)
{
    time_t then = (time_t)((clock_wall() - (int64_t)(clock_monotonic() - monotonic)) / 1000);
    char text[32];
    struct tm tm;

    gmtime_r(&then, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return json_string(text);
}

static json_t *seconds_since(uint64_t monotonic)
{
    return json_integer((json_int_t)((clock_monotonic() - monotonic) / 1000));
}

static json_t *components(const struct core *core)
{
    json_t *list = json_array();

    for (size_t i = 0; i < core->host_count; i++) {
        const struct bridge_host *host = core->hosts[i];
        json_t *one = json_object();
        json_object_set_new(one, "domain", json_string(host->name));
        json_object_set_new(one, "up", json_boolean(component_is_up(host->component)));
        json_object_set_new(one, "since", stamp_of(host->since));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *database(const struct bridge_error *trouble)
{
    json_t *object = json_object();

    json_object_set_new(object, "well", json_boolean(!trouble));
    if (trouble) /* a path need not be UTF-8; then its words are missing */
        json_object_set_new(object, "trouble", json_string(trouble->text));
    return object;
}

static json_t *deliveries(const struct core *core)
{
    json_t *object = json_object();
    size_t waiting = 0, in_hand = 0;

    for (size_t i = 0; i < core->host_count; i++) {
        struct delivery_counts c;
        deliveries_count(core->hosts[i]->deliveries, &c);
        waiting += c.out_waiting + c.in_waiting;
        in_hand += c.out_hand + c.in_hand;
    }
    json_object_set_new(object, "waiting", json_integer((json_int_t)waiting));
    json_object_set_new(object, "in_hand", json_integer((json_int_t)in_hand));
    return object;
}

bool health_write(const struct core *core, uint64_t started, struct strbuf *out)
{
    const struct bridge_error *trouble = store_trouble(core->store);
    bool well = !trouble && core_streams_up(core) == core->host_count;
    json_t *all = json_object();

    json_object_set_new(all, "status", json_string(well ? "ok" : "degraded"));
    json_object_set_new(all, "version", json_string(bridge_version()));
    json_object_set_new(all, "uptime", seconds_since(started));
    json_object_set_new(all, "components", components(core));
    json_object_set_new(all, "database", database(trouble));
    json_object_set_new(all, "deliveries", deliveries(core));
    char *text = json_dumps(all, JSON_INDENT(2));
    strbuf_adds(out, text);
    strbuf_addch(out, '\n');
    free(text);
    json_decref(all);
    return well;
}
