/* bridge/net/web.h without a network: a page is asked for by fake_web_get(). */
#include "fake_web.h"

#include <assert.h>
#include <string.h>

#include "web.h"

static struct {
    const struct web_route *route;
    void *arg;
} routes[8];
static size_t count;

static struct fake_answer *answer;

void web_add_route(struct web *web, const struct web_route *route, void *arg)
{
    (void)web;
    assert(count < sizeof routes / sizeof *routes);
    routes[count].route = route;
    routes[count++].arg = arg;
}

void web_answer(struct web_request *request, unsigned status, const char *type,
                const void *body, size_t len)
{
    (void)request;
    answer->status = status;
    answer->type = type;
    strbuf_add(&answer->body, body, len);
}

void fake_web_get(const char *path, struct fake_answer *out)
{
    *out = (struct fake_answer){ .body = STRBUF_INIT(16u << 20) };
    answer = out;
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(routes[i].route->path, path))
            routes[i].route->on_request(routes[i].arg, NULL);
    }
}

void fake_web_clear(void)
{
    count = 0;
}
