#include "pages.h"

#include <bridge/clock.h>
#include <bridge/strbuf.h>

#include "health.h"
#include "metrics.h"

#define PAGE_MAX (4u << 20)

static void on_health(void *arg, struct web_request *request)
{
    const struct pages *pages = arg;
    struct strbuf page = STRBUF_INIT(PAGE_MAX);

    bool well = health_write(pages->core, pages->started, &page);
    web_answer(request, well ? 200 : 503, "application/json", page.data, page.len);
    strbuf_release(&page);
}

static void on_metrics(void *arg, struct web_request *request)
{
    const struct pages *pages = arg;
    const struct metrics_source source = { pages->core, &pages->pulse, pages->started };
    struct strbuf page = STRBUF_INIT(PAGE_MAX);

    metrics_write(&source, &page);
    web_answer(request, 200, METRICS_TYPE, page.data, page.len);
    strbuf_release(&page);
}

static const struct web_route routes[] = {
    { .path = "/health", .methods = WEB_GET, .on_request = on_health },
    { .path = "/metrics", .methods = WEB_GET, .on_request = on_metrics },
};

void pages_open(struct pages *pages, struct core *core, struct web *web)
{
    *pages = (struct pages){ .core = core, .started = clock_monotonic() };
    pulse_start(&pages->pulse, core->loop);
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        web_add_route(web, &routes[i], pages);
}

void pages_close(struct pages *pages)
{
    pulse_stop(&pages->pulse);
}
