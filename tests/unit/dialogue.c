#include "dialogue.h"

#include <stdlib.h>
#include <string.h>

const char *dialogue_stream = LAB_DOMAIN;

/* --- what was sent ---------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    const struct canonical_stanza *left = a, *right = b;

    return strcmp(left->text, right->text);
}

static void add_all(struct strbuf *out, struct canonical *c, size_t n, bool sorted)
{
    if (sorted)
        qsort(c->stanzas, n, sizeof *c->stanzas, by_text);
    for (size_t i = 0; i < n; i++)
        strbuf_adds(out, c->stanzas[i].text);
}

/* What SENT_ANYHOW left of the last batch. */
static struct canonical left;

static struct canonical take(void)
{
    struct canonical c = left;

    left = (struct canonical){ 0 };
    return c.count ? c : lab_take(dialogue_stream);
}

static void keep_rest(struct canonical *c, size_t n)
{
    size_t rest = c->count - n;

    left = (struct canonical){ 0 };
    if (!rest)
        return;
    left.stanzas = bridge_alloc(rest * sizeof *left.stanzas);
    memcpy(left.stanzas, c->stanzas + n, rest * sizeof *left.stanzas);
    left.count = rest;
    c->count = n;
}

static void compare(size_t n, const char *xml, bool sorted, const char *file, int line)
{
    struct canonical sent = take();
    struct canonical expected = canonical_parse(xml, strlen(xml), NULL);
    struct strbuf is = STRBUF_INIT(64u << 20), should = STRBUF_INIT(64u << 20);

    if (expected.fault) {
        print_error("%s:%d: this is no XML (%s): %s\n", file, line, expected.fault, xml);
        _fail(file, line);
    }
    if (sent.fault) {
        print_error("--- sent, and %s:\n", sent.fault);
        add_all(&is, &sent, sent.count, false);
        print_error("%s", strbuf_text(&is));
        _fail(file, line);
    }
    n = n < sent.count ? n : sent.count;
    keep_rest(&sent, n);
    add_all(&is, &sent, n, sorted);
    add_all(&should, &expected, expected.count, sorted);
    if (strcmp(strbuf_text(&is), strbuf_text(&should)) != 0) {
        print_error("--- sent:\n%s--- expected:\n%s", strbuf_text(&is), strbuf_text(&should));
        _fail(file, line);
    }
    canonical_release(&sent);
    canonical_release(&expected);
    strbuf_release(&is);
    strbuf_release(&should);
}

void dialogue_sent(const char *xml, const char *file, int line)
{
    compare(SIZE_MAX, xml, false, file, line);
}

void dialogue_sent_anyhow(size_t n, const char *xml, const char *file, int line)
{
    compare(n, xml, true, file, line);
}

/* --- the transport, the log ---------------------------------------------------------- */

void dialogue_down(const char *calls, const char *file, int line)
{
    if (strcmp(fake_transport_calls(), calls) != 0) {
        print_error("--- asked of the transport:\n%s--- expected:\n%s", fake_transport_calls(),
                    calls);
        _fail(file, line);
    }
    fake_transport_forget();
}

/* The first line of this level that has the part in it, cut out of the log. */
static bool cut_line(const char *level, const char *part)
{
    size_t word = strlen(level);

    for (size_t at = 0; at < lab.log.len;) {
        char *line = lab.log.data + at;
        size_t len = strcspn(line, "\n");
        char *found = strstr(line, part);
        if (!strncmp(line, level, word) && line[word] == ':' && found && found < line + len) {
            memmove(line, line + len + 1, lab.log.len - at - len);
            strbuf_cut(&lab.log, lab.log.len - len - 1);
            return true;
        }
        at += len + 1;
    }
    return false;
}

void dialogue_logged(const char *level, const char *part, const char *file, int line)
{
    if (cut_line(level, part))
        return;
    print_error("--- log:\n%s--- expected a line: %s: ... %s\n", strbuf_text(&lab.log), level,
                part);
    _fail(file, line);
}

/* --- setup and teardown ----------------------------------------------------------------- */

static int setup(bool gateway, bool up)
{
    struct bridge_error err;

    dialogue_stream = LAB_DOMAIN;
    lab.transport = fake_transport_reset();
    lab_new(lab_options(gateway));
    if (!up)
        return 0;
    assert_int_equal(lab_start(&err), 0);
    DOWN("start " LAB_DOMAIN " -\n");
    lab_connect(LAB_DOMAIN);
    lab_shake_hands(LAB_DOMAIN);
    if (gateway)
        lab_shake_hands(LAB_GATEWAY);
    return 0;
}

int dialogue_setup(void **state)
{
    (void)state;
    return setup(false, true);
}

int dialogue_setup_gateway(void **state)
{
    (void)state;
    return setup(true, true);
}

int dialogue_setup_down(void **state)
{
    (void)state;
    return setup(false, false);
}

/* What the test has left unread, as text. */
static char *unread(void)
{
    struct strbuf out = STRBUF_INIT(64u << 20);
    struct canonical sent = lab_take(dialogue_stream);

    add_all(&out, &left, left.count, false);
    add_all(&out, &sent, sent.count, false);
    if (sent.fault)
        strbuf_addf(&out, "%s\n", sent.fault);
    strbuf_adds(&out, fake_transport_calls());
    for (const char *line = strbuf_text(&lab.log); *line; line += strcspn(line, "\n") + 1) {
        if (!strncmp(line, "warning:", 8) || !strncmp(line, "error:", 6))
            strbuf_addf(&out, "%.*s\n", (int)strcspn(line, "\n"), line);
    }
    canonical_release(&left);
    canonical_release(&sent);
    return strbuf_detach(&out);
}

int dialogue_teardown(void **state)
{
    char *rest = unread();
    int rc = *rest ? -1 : 0;

    (void)state;
    if (rc)
        print_error("--- at the end, unexpected:\n%s", rest);
    free(rest);
    lab_end();
    return rc;
}

/* --- scenes ------------------------------------------------------------------------------ */

struct bridge_room *dialogue_join(void)
{
    static const struct bridge_occupant romeo = {
        .affiliation = BRIDGE_ADMIN, .role = BRIDGE_MODERATOR
    };

    RECV(JOIN(BALCONY, "jul"));
    DOWN("open juliet@example.net\n"
         "join #r jul\n");
    struct bridge_room *room = fake_transport_room();
    bridge_room_occupant(room, "romeo", &romeo);
    bridge_room_joined(room, "jul");
    SENT(OCCUPANT(BALCONY, "romeo", "admin", "moderator")
         SELF(BALCONY, "jul")
         NO_SUBJECT(BALCONY));
    return room;
}

void dialogue_join_too(const char *client)
{
    struct strbuf xml = STRBUF_INIT(4096);

    strbuf_addf(&xml, "<presence from='%s' to='" ROOM "/jul'>" MUC "</presence>", client);
    RECV(strbuf_text(&xml));
    strbuf_release(&xml);
    DOWN("");
    struct canonical sent = lab_take(LAB_DOMAIN);
    canonical_release(&sent);
}
