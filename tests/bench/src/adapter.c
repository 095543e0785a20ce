#include "adapter.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "queue.h"

static const struct key {
    const char *name;
    size_t offset;
} keys[] = {
    { "command", offsetof(struct adapter, command) },
    { "irc_host", offsetof(struct adapter, irc_host) },
    { "irc_name", offsetof(struct adapter, irc_name) },
    { "name", offsetof(struct adapter, name) },
    { "prepare", offsetof(struct adapter, prepare) },
    { "template", offsetof(struct adapter, template) },
};

static char **field_of(struct adapter *a, const struct key *key)
{
    return (char **)((char *)a + key->offset);
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len && strchr(" \t\r\n", text[len - 1]))
        text[--len] = 0;
    return text;
}

static void set(struct adapter *a, const char *file, const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!strcmp(name, keys[i].name)) {
            free(*field_of(a, &keys[i]));
            *field_of(a, &keys[i]) = must_strdup(value);
            return;
        }
    }
    die("%s: unknown key '%s'", file, name);
}

void adapter_load(struct adapter *a, const char *file)
{
    char line[2048];
    char path[PATH_MAX];
    FILE *f = fopen(file, "r");

    if (!f || !realpath(file, path))
        die("%s: %s", file, strerror(errno));
    *a = (struct adapter){ .here = must_strdup(dirname(path)) };
    while (fgets(line, sizeof line, f)) {
        char *name = trim(line);
        if (!*name || *name == '#')
            continue;
        char *equals = strchr(name, '=');
        if (!equals)
            die("%s: no '=' in line: %s", file, name);
        *equals = 0;
        set(a, file, trim(name), trim(equals + 1));
    }
    fclose(f);
    if (!a->name || !a->command || !a->irc_host)
        die("%s: name, command and irc_host are needed", file);
    if (!a->irc_name)
        a->irc_name = must_strdup(a->irc_host);
}

void adapter_release(struct adapter *a)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        free(*field_of(a, &keys[i]));
    free(a->here);
    *a = (struct adapter){ 0 };
}

static void config_path(const struct offer *o, char *path, size_t size)
{
    snprintf(path, size, "%s/gateway.conf", o->workdir);
}

char *adapter_expand(const struct adapter *a, const struct offer *o, const char *text)
{
    char xmpp_port[16], irc_port[16], users[16], config[PATH_MAX];
    const struct placeholder {
        const char *name, *value;
    } placeholders[] = {
        { "{config}", config },
        { "{domain}", o->domain },
        { "{here}", a->here },
        { "{irc_host}", a->irc_host },
        { "{irc_name}", a->irc_name },
        { "{irc_port}", irc_port },
        { "{secret}", o->secret },
        { "{users}", users },
        { "{user_domain}", o->user_domain },
        { "{workdir}", o->workdir },
        { "{xmpp_port}", xmpp_port },
        { NULL, NULL },
    };
    struct queue out = { 0 };

    snprintf(xmpp_port, sizeof xmpp_port, "%d", o->xmpp_port);
    snprintf(irc_port, sizeof irc_port, "%d", o->irc_port);
    snprintf(users, sizeof users, "%d", o->users);
    config_path(o, config, sizeof config);
    while (*text) {
        const struct placeholder *ph = placeholders;
        while (ph->name && strncmp(text, ph->name, strlen(ph->name)))
            ph++;
        if (ph->name) {
            queue_puts(&out, ph->value);
            text += strlen(ph->name);
        } else {
            queue_put(&out, text++, 1);
        }
    }
    queue_put(&out, "", 1);
    return out.bytes;
}

/* The caller frees it. */
static char *read_file(const char *path)
{
    struct queue q = { 0 };
    FILE *f = fopen(path, "r");

    if (!f)
        die("%s: %s", path, strerror(errno));
    for (size_t n; (n = fread(queue_reserve(&q, 4096), 1, 4096, f)) > 0;)
        q.end += n;
    fclose(f);
    queue_put(&q, "", 1);
    return q.bytes;
}

void adapter_write_config(const struct adapter *a, const struct offer *o)
{
    char path[PATH_MAX];

    if (!a->template)
        return;
    snprintf(path, sizeof path, "%s/%s", a->here, a->template);
    char *template = read_file(path);
    char *text = adapter_expand(a, o, template);
    config_path(o, path, sizeof path);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f))
        die("%s: %s", path, strerror(errno));
    free(template);
    free(text);
}
