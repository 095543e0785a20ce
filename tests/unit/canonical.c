#include "canonical.h"

#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "stanza.h"

#define NOT_OURS "the network"

struct parse {
    XML_Parser expat;
    struct canonical result;
    const char *ids;
    struct strbuf out;
    struct strbuf text; /* since the last tag */
    bool error_text;    /* inside the <text/> of an error */
    unsigned depth;     /* the stream is 1 */
    char *from, *to;
};

static void indent(struct parse *p)
{
    for (unsigned i = 2; i < p->depth; i++)
        strbuf_adds(&p->out, "  ");
}

static void flush_text(struct parse *p)
{
    if (!p->text.len)
        return;
    if (p->error_text && strncmp(strbuf_text(&p->text), NOT_OURS, strlen(NOT_OURS)) != 0) {
        strbuf_reset(&p->text);
        strbuf_addch(&p->text, '*');
    }
    indent(p);
    strbuf_addch(&p->out, '"');
    strbuf_add(&p->out, p->text.data, p->text.len);
    strbuf_adds(&p->out, "\"\n");
    strbuf_reset(&p->text);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_id_of_ours(const struct parse *p, const char *name, const char *value)
{
    return !strcmp(name, "id") && p->ids && !strncmp(value, p->ids, strlen(p->ids));
}

static bool is_caps(const char *name, const char **attributes)
{
    return !strcmp(name, "c") && attributes[0] && !strcmp(attributes[1], NS_CAPS);
}

static bool is_error_text(const char *name, const char **attributes)
{
    return !strcmp(name, "text") && attributes[0] && !strcmp(attributes[0], "xmlns") &&
           !strcmp(attributes[1], NS_STANZAS);
}

static void add_attributes(struct parse *p, const char **attributes)
{
    size_t count = 0;

    while (attributes[count])
        count += 2;
    qsort(attributes, count / 2, 2 * sizeof *attributes, by_name);
    for (; *attributes; attributes += 2) {
        bool ours = is_id_of_ours(p, attributes[0], attributes[1]);
        strbuf_addf(&p->out, " %s='%s'", attributes[0], ours ? "*" : attributes[1]);
    }
}

static void begin_stanza(struct parse *p, const char **attributes)
{
    p->from = p->to = NULL;
    for (; *attributes; attributes += 2) {
        if (!strcmp(attributes[0], "from"))
            p->from = bridge_strdup(attributes[1]);
        else if (!strcmp(attributes[0], "to"))
            p->to = bridge_strdup(attributes[1]);
    }
}

static void on_start(void *arg, const char *name, const char **attributes)
{
    struct parse *p = arg;

    p->depth++;
    if (p->depth == 1)
        return;
    flush_text(p);
    if (is_caps(name, attributes))
        return;
    if (p->depth == 2)
        begin_stanza(p, attributes);
    p->error_text = is_error_text(name, attributes);
    indent(p);
    strbuf_addf(&p->out, "<%s", name);
    add_attributes(p, attributes);
    strbuf_adds(&p->out, ">\n");
}

static void add_stanza(struct parse *p)
{
    struct canonical *r = &p->result;

    r->stanzas = bridge_realloc(r->stanzas, (r->count + 1) * sizeof *r->stanzas);
    r->stanzas[r->count++] = (struct canonical_stanza){
        .text = strbuf_detach(&p->out), .from = p->from, .to = p->to
    };
    p->from = p->to = NULL;
}

static void on_end(void *arg, const char *name)
{
    struct parse *p = arg;

    (void)name;
    p->depth++; /* text is indented as a child is */
    flush_text(p);
    p->depth -= 2;
    p->error_text = false;
    if (p->depth == 0)
        strbuf_adds(&p->out, "</stream:stream>\n");
    if (p->depth < 2)
        add_stanza(p);
}

static void on_text(void *arg, const char *text, int len)
{
    struct parse *p = arg;

    strbuf_add(&p->text, text, (size_t)len);
}

struct canonical canonical_parse(const char *text, size_t len, const char *ids)
{
    static const char head[] = "<stream:stream xmlns:stream='" NS_STREAM "'>";
    struct parse p = {
        .expat = XML_ParserCreate("UTF-8"),
        .ids = ids,
        .out = STRBUF_INIT(64u << 20),
        .text = STRBUF_INIT(64u << 20),
    };

    XML_SetUserData(p.expat, &p);
    XML_SetElementHandler(p.expat, on_start, on_end);
    XML_SetCharacterDataHandler(p.expat, on_text);
    XML_Parse(p.expat, head, sizeof head - 1, XML_FALSE);
    if (XML_Parse(p.expat, text, (int)len, XML_FALSE) != XML_STATUS_OK)
        p.result.fault = bridge_strdup(XML_ErrorString(XML_GetErrorCode(p.expat)));
    else if (p.depth > 1 || p.text.len)
        p.result.fault = bridge_strdup("it ends within a stanza, or there is text between two");
    XML_ParserFree(p.expat);
    strbuf_release(&p.out);
    strbuf_release(&p.text);
    free(p.from);
    free(p.to);
    return p.result;
}

void canonical_release(struct canonical *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->stanzas[i].text);
        free(c->stanzas[i].from);
        free(c->stanzas[i].to);
    }
    free(c->stanzas);
    free(c->fault);
    *c = (struct canonical){ 0 };
}
