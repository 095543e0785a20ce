/* Any text as a configuration, read through a table with every type of setting.
 * What it accepts must keep what the rows promise. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bridge/log.h>
#include <bridge/utf8.h>

#include "config.h"
#include "settings_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig's parser forgets a name or a text that a syntax error follows. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig";
}

static void drop_log(enum log_level level, const char *line)
{
    (void)level;
    (void)line;
}

static bool any_key(void *arg, const char *key)
{
    (void)arg;
    return *key == 'x';
}

static void check_text(const char *text)
{
    for (; text && *text; text++)
        assert((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void check_values(const struct sample *values)
{
    assert(values->server && *values->server);
    assert(values->secret && *values->secret);
    check_text(values->server);
    check_text(values->nick);
    assert(values->port >= 1 && values->port <= 65535);
    assert(values->size >= 0);
    assert(values->colour >= SAMPLE_RED && values->colour <= SAMPLE_BLUE);
    for (size_t i = 0; i < values->admins.count; i++)
        check_text(values->admins.items[i]);
}

/* One line a fault. */
static void check_faults(const struct config_faults *faults)
{
    size_t lines = 0;

    for (const char *p = strbuf_text(&faults->text); *p; p++)
        lines += *p == '\n';
    assert(lines == faults->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_faults faults;
    struct sample values = { 0 };
    struct strbuf path = STRBUF_INIT(65536);

    log_capture(drop_log);
    config_faults_init(&faults);
    struct config *config = config_parse("fuzz", (const char *)data, size, &faults);
    if (config) {
        config_fill(config_root(config), sample_rows, &values, any_key, NULL, &faults);
        if (!faults.count)
            check_values(&values);
        assert(!settings_changed(sample_rows, &values, &values, &path));
        struct config_group *first = config_list_group(config_root(config), "transports", 0);
        if (first)
            config_fault(&faults, first, "plugin", "%s", config_peek(first, "plugin")
                             ? "has one" : "has none");
    }
    check_faults(&faults);
    config_close(config);
    settings_release(sample_rows, &values);
    config_faults_release(&faults);
    strbuf_release(&path);
    return 0;
}
