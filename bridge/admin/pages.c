#include "pages.h"

#include <bridge/clock.h>
#include <bridge/strbuf.h>

#include "health.h"

#define PAGE_MAX (4u << 20)

static void on_health(void *arg, struct web_request *request)
{
    const struct pages *pages = arg;
    struct strbuf page = STRBUF_INIT(PAGE_MAX);

    bool well = health_write(pages->core, pages->started, &page);
    web_answer(request, well ? 200 : 503, "application/json", page.data, page.len);
    strbuf_release(&page);
}

static const struct web_route routes[] = {
    { .path = "/health", .methods = WEB_GET, .on_request = on_health },
};

void pages_init(struct pages *pages, struct core *core)
{
    *pages = (struct pages){ .core = core, .started = clock_monotonic() };
}

void pages_add(struct pages *pages, struct web *web)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        web_add_route(web, &routes[i], pages);
}
