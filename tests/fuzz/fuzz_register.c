/* What a user who has an account says to a transport with settings of every type:
 * registration forms, room configuration, commands, chat; a NUL lets the disk catch
 * up, and the network answer what it was asked. Whatever comes: what is answered are
 * whole stanzas, in which the secret is not; and what is stored is what each setting
 * takes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "core_lab.h"
#include "form.h"
#include "jid.h"
#include "preference.h"
#include "seal.h"

#define USER "juliet@example.net"

static char secret[33]; /* by chance, so that the input cannot have it */

static void check_sent(void)
{
    struct canonical sent = lab_take(LAB_DOMAIN);

    for (size_t i = 0; i < sent.count; i++) {
        if (sent.fault || strstr(sent.stanzas[i].text, secret)) {
            fprintf(stderr, "%s\n%s\n", sent.fault ? sent.fault : "a secret",
                    sent.stanzas[i].text);
            abort();
        }
    }
    if (sent.fault)
        abort();
    canonical_release(&sent);
}

static bool is_number(const char *value, int64_t min, int64_t max)
{
    char *end;
    long long number = strtoll(value, &end, 10);

    return *value && !*end && number >= min && number <= max;
}

/* By other means than the code that let it in. */
static bool is_good(const struct preference *row, const char *value)
{
    switch (row->type) {
    case PREFERENCE_BOOL: return !strcmp(value, "0") || !strcmp(value, "1");
    case PREFERENCE_INT: return is_number(value, row->min, row->max);
    case PREFERENCE_CHOICE:
        for (const struct preference_choice *c = row->choices; c->value; c++) {
            if (!strcmp(c->value, value))
                return true;
        }
        return false;
    case PREFERENCE_SECRET: return !strncmp(value, "sealed:", 7);
    case PREFERENCE_TEXT: return *value && !strchr(value, '\n') && strlen(value) <= 1000;
    default: return *value;
    }
}

static bool check_stored(void *arg, const struct store_setting *setting)
{
    (void)arg;
    for (const struct preference *row = fake_preferences; row->type; row++) {
        if (strcmp(row->key, setting->key) != 0)
            continue;
        bool admins = row->flags & PREFERENCE_BY_ADMIN;
        if (admins || !is_good(row, setting->value)) {
            fprintf(stderr, "stored %s=%s\n", setting->key, setting->value);
            abort();
        }
        return true;
    }
    abort(); /* no such setting */
}

static void sign_up(void)
{
    struct strbuf sealed = STRBUF_INIT(1000);
    unsigned char random[16];

    randombytes_buf(random, sizeof random);
    sodium_bin2hex(secret, sizeof secret, random, sizeof random);
    seal_add(&sealed, NULL, secret);
    const struct store_setting settings[] = {
        { LAB_DOMAIN, USER, "", "username", "jul" },
        { LAB_DOMAIN, USER, "", "password", strbuf_text(&sealed) },
    };
    store_account_put(lab.core->store, LAB_DOMAIN, USER, settings, 2, NULL, NULL, NULL);
    fake_store_commit();
    strbuf_release(&sealed);
}

static void catch_up(void)
{
    struct bridge_change *change = fake_transport_take_change();

    if (change)
        bridge_change_done(change, NULL, NULL);
    while (fake_store_commit())
        lab_settle();
    check_sent();
    store_setting_each(lab.core->store, LAB_DOMAIN, USER, NULL, check_stored, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct bridge_error err;

    lab.transport = fake_transport_reset();
    lab.transport->preferences = fake_preferences;
    lab_new(lab_options(true));
    if (lab_start(&err))
        abort();
    lab_connect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    sign_up();
    while (size && lab_conn(LAB_DOMAIN)) {
        size_t len = strnlen(text, size);
        fake_transport_hold(len % 2);
        fake_conn_feed(lab_conn(LAB_DOMAIN), text, len);
        catch_up();
        len += len < size;
        text += len;
        size -= len;
    }
    core_stop(lab.core, "the end");
    lab_end();
    return 0;
}
