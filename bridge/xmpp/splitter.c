#include "splitter.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bridge/strbuf.h>
#include <expat.h>

#include "stanza.h"

/* Namespace declarations in scope at once: a prefix is looked up among them
 * for each element that has one. Real stanzas have fewer than ten. */
#define BINDINGS_MAX 64

/* Children of one element, texts included. libstrophe walks past all of them
 * to add the next; what a stanza may cost in such steps is bounded, so that
 * there may be any number of small groups. */
#define SIDE_BY_SIDE 2048
#define STEPS_MAX (SIDE_BY_SIDE * SIDE_BY_SIDE / 2)

/* A stanza this many times larger than `bytes` ends the stream: a peer that
 * sends it has no limit of its own, and while we skip it expat keeps every
 * open element and every attribute that is not complete. */
#define HOPELESS 4

/* expat remembers every different name of an element or attribute for as long
 * as a parser lives, and users choose the names: after this many the parser is
 * replaced. */
#define NAMES_MAX 65536

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define SLICE 65536 /* bytes given to expat at once */

struct binding {
    char *prefix;   /* "" for the default namespace; owns the memory of both */
    const char *ns; /* "" for none */
};

/* An open element. */
struct level {
    xmpp_stanza_t *element; /* NULL for the stream */
    const char *ns;         /* default namespace inside */
    size_t bindings;        /* in scope inside */
    size_t children;        /* elements and texts */
};

struct splitter {
    struct splitter_limits limits;
    const struct splitter_events *events;
    void *arg;

    XML_Parser parser;
    size_t fed;      /* bytes given to this parser */
    size_t done;     /* of them, those of complete tokens */
    size_t names;    /* of elements and attributes that it has seen */
    char *root_name; /* of the stream's element, with its prefix */
    bool resuming;   /* the parser reads our own copy of the stream's start tag */

    size_t depth;         /* open elements, the stream included */
    size_t skip;          /* depth at which a subtree to skip began; 0: none */
    struct level *levels; /* [0]: the stream, [1]: the stanza */
    struct binding bindings[BINDINGS_MAX];
    size_t binding_count;

    xmpp_stanza_t *stanza;       /* being built; NULL between stanzas, or if skipped */
    size_t start;                /* where it begins */
    size_t elements;             /* in it */
    size_t steps;                /* past siblings, to build it */
    struct strbuf text;          /* of the innermost element, since its last child */
    bool dropped;                /* it passed a limit: */
    struct bridge_error dropped_why;

    bool ended; /* by its end tag: what follows is ignored */
    bool over;  /* no more events: */
    struct bridge_error why;
};

/* --- libstrophe ------------------------------------------------------------ */

static void *allocate(size_t size, void *arg)
{
    (void)arg;
    return bridge_realloc(NULL, size);
}

static void release(void *p, void *arg)
{
    (void)arg;
    free(p);
}

static void *reallocate(void *p, size_t size, void *arg)
{
    (void)arg;
    return bridge_realloc(p, size);
}

xmpp_ctx_t *stanza_context(void)
{
    /* An allocator that aborts: libstrophe's calls then cannot fail. */
    static const xmpp_mem_t memory = { allocate, release, reallocate, NULL };
    static xmpp_ctx_t *context;

    if (!context)
        context = xmpp_ctx_new(&memory, NULL);
    return context;
}

/* --- the end --------------------------------------------------------------- */

void splitter_stop(struct splitter *s)
{
    s->over = true;
    XML_StopParser(s->parser, XML_FALSE);
}

static void end_with(struct splitter *s, const char *text)
{
    bridge_fail(&s->why, BRIDGE_INVALID, "%s", text);
    splitter_stop(s);
}

/* --- limits ---------------------------------------------------------------- */

/* Attributes that an error answer needs. */
static const char *const addressing[] = { "type", "id", "from", "to" };

static bool is_addressing(const char *name)
{
    for (size_t i = 0; i < COUNT(addressing); i++) {
        if (strcmp(addressing[i], name) == 0)
            return true;
    }
    return false;
}

static xmpp_stanza_t *bare_copy(xmpp_stanza_t *element)
{
    xmpp_stanza_t *copy = xmpp_stanza_new(stanza_context());

    xmpp_stanza_set_name(copy, xmpp_stanza_get_name(element));
    xmpp_stanza_set_ns(copy, xmpp_stanza_get_ns(element));
    for (size_t i = 0; i < COUNT(addressing); i++) {
        const char *value = xmpp_stanza_get_attribute(element, addressing[i]);
        if (value)
            xmpp_stanza_set_attribute(copy, addressing[i], value);
    }
    return copy;
}

/* Forget all of the stanza but its root, and skip to its end. */
static void drop(struct splitter *s, const char *what, size_t limit)
{
    xmpp_stanza_t *copy = bare_copy(s->stanza);

    xmpp_stanza_release(s->stanza);
    s->stanza = copy;
    s->skip = 1;
    s->dropped = true;
    bridge_fail(&s->dropped_why, BRIDGE_REJECTED, "this has too many %s (more than %zu)", what,
                limit);
}

static size_t token_start(const struct splitter *s)
{
    return (size_t)XML_GetCurrentByteIndex(s->parser);
}

static size_t token_end(const struct splitter *s)
{
    return token_start(s) + (size_t)XML_GetCurrentByteCount(s->parser);
}

/* A token ends here: has the stanza, or a token outside of stanzas, become too
 * large? All is decided from where tokens end, never from where a read did, so
 * that every way to cut the stream into reads gives the same result. */
static void advance(struct splitter *s)
{
    s->done = token_end(s);
    size_t size = s->done - (s->depth > 1 ? s->start : token_start(s));
    if (size > HOPELESS * s->limits.bytes)
        end_with(s, "the XMPP server sent a stanza without end");
    else if (size > s->limits.bytes && s->stanza && !s->dropped)
        drop(s, "bytes", s->limits.bytes);
}

/* --- namespaces ------------------------------------------------------------ */

static void pop_bindings(struct splitter *s, size_t count)
{
    while (s->binding_count > count)
        free(s->bindings[--s->binding_count].prefix);
}

static const char *push_binding(struct splitter *s, const char *prefix, const char *ns)
{
    struct binding *b = &s->bindings[s->binding_count++];
    size_t len = strlen(prefix) + 1;

    /* Stanzas are in the namespace of the stream, whichever of the two the
     * server took; so are those forwarded inside others. */
    if (strcmp(ns, XMPP_NS_CLIENT) == 0)
        ns = NS_COMPONENT;
    b->prefix = bridge_realloc(NULL, len + strlen(ns) + 1);
    memcpy(b->prefix, prefix, len);
    b->ns = strcpy(b->prefix + len, ns);
    return b->ns;
}

/* The prefix that the attribute declares, "" for the default namespace, or
 * NULL if it declares nothing. */
static const char *declared_prefix(const char *name)
{
    if (strncmp(name, "xmlns", 5) != 0)
        return NULL;
    if (!name[5])
        return name + 5;
    return name[5] == ':' ? name + 6 : NULL;
}

/* Take in the declarations of an element inside `parent`. Fills level->ns and
 * level->bindings; false if there are too many. */
static bool declare(struct splitter *s, struct level *level, const char **attributes)
{
    for (; *attributes; attributes += 2) {
        const char *prefix = declared_prefix(attributes[0]);
        if (!prefix)
            continue;
        if (s->binding_count == BINDINGS_MAX)
            return false;
        const char *ns = push_binding(s, prefix, attributes[1]);
        if (!*prefix)
            level->ns = ns;
    }
    level->bindings = s->binding_count;
    return true;
}

/* The namespace of an element; *name loses its prefix. NULL if the prefix is
 * not bound, or the name has more colons than it should. */
static const char *resolve(const struct splitter *s, const struct level *level,
                           const char **name)
{
    const char *colon = strchr(*name, ':');

    if (!colon)
        return level->ns;
    size_t len = (size_t)(colon - *name);
    if (!len || !colon[1] || strchr(colon + 1, ':'))
        return NULL;
    for (size_t i = s->binding_count; i-- > 0;) {
        const struct binding *b = &s->bindings[i];
        if (strncmp(b->prefix, *name, len) == 0 && !b->prefix[len]) {
            *name = colon + 1;
            return *b->ns ? b->ns : NULL;
        }
    }
    return NULL;
}

/* --- building -------------------------------------------------------------- */

static void add_child(struct splitter *s, struct level *parent, xmpp_stanza_t *child)
{
    xmpp_stanza_add_child_ex(parent->element, child, 0);
    s->steps += parent->children++;
}

static void flush_text(struct splitter *s)
{
    if (!s->text.len)
        return;
    xmpp_stanza_t *node = xmpp_stanza_new(stanza_context());
    xmpp_stanza_set_text_with_size(node, s->text.data, s->text.len);
    add_child(s, &s->levels[s->depth - 1], node);
    strbuf_reset(&s->text);
}

static xmpp_stanza_t *new_element(const char *name, const char *ns, const char **attributes,
                                  bool only_addressing)
{
    xmpp_stanza_t *element = xmpp_stanza_new(stanza_context());

    xmpp_stanza_set_name(element, name);
    xmpp_stanza_set_ns(element, ns);
    for (; *attributes; attributes += 2) {
        const char *key = attributes[0];
        if (only_addressing && !is_addressing(key))
            continue;
        /* libstrophe knows no attribute namespaces: "x:from" must not come
         * near "from". */
        if (strchr(key, ':') ? strcmp(key, "xml:lang") == 0 : strcmp(key, "xmlns") != 0)
            xmpp_stanza_set_attribute(element, key, attributes[1]);
    }
    return element;
}

/* Put the element that opens at s->depth into the tree. */
static void open_element(struct splitter *s, const char *name, const char **attributes,
                         size_t attribute_count)
{
    struct level *parent = &s->levels[s->depth - 1];
    struct level *level = parent + 1;

    if (s->depth > s->limits.depth) {
        drop(s, "levels of elements", s->limits.depth);
        return;
    }
    *level = (struct level){ .ns = parent->ns };
    bool declared = declare(s, level, attributes);
    const char *ns = resolve(s, level, &name);
    if (!ns) {
        /* Nobody can say what it means, and without its prefix it might mean
         * something else: it goes, with all that is in it. */
        pop_bindings(s, parent->bindings);
        s->skip = s->depth;
        return;
    }
    bool many = attribute_count > s->limits.attributes;
    level->element = new_element(name, ns, attributes, many);
    if (s->depth == 1)
        s->stanza = level->element;
    else
        add_child(s, parent, level->element);
    if (!declared)
        drop(s, "namespaces", BINDINGS_MAX);
    else if (many)
        drop(s, "attributes", s->limits.attributes);
    else if (s->steps > STEPS_MAX)
        drop(s, "elements side by side", SIDE_BY_SIDE);
    else if (++s->elements > s->limits.elements)
        drop(s, "elements", s->limits.elements);
}

static void end_stanza(struct splitter *s)
{
    xmpp_stanza_t *stanza = s->stanza;

    s->stanza = NULL;
    pop_bindings(s, s->levels[0].bindings);
    strbuf_reset(&s->text);
    if (stanza && !s->over) {
        if (!s->dropped)
            s->events->on_stanza(s->arg, stanza);
        else if (s->events->on_dropped)
            s->events->on_dropped(s->arg, stanza, &s->dropped_why);
    }
    if (stanza)
        xmpp_stanza_release(stanza);
    if (s->names > NAMES_MAX && !s->over)
        XML_StopParser(s->parser, XML_TRUE); /* feed_slice() goes on with a new one */
}

/* --- the stream ------------------------------------------------------------ */

static void open_stream(struct splitter *s, const char *name, const char **attributes)
{
    struct level *level = &s->levels[0];
    const char *id = NULL, *from = NULL;

    s->root_name = bridge_strdup(name);
    *level = (struct level){ .ns = "" };
    bool declared = declare(s, level, attributes);
    const char *ns = resolve(s, level, &name);
    if (!declared || !ns || strcmp(ns, NS_STREAM) != 0 || strcmp(name, "stream") != 0) {
        end_with(s, "what answers there is not an XMPP server");
        return;
    }
    if (strcmp(level->ns, NS_COMPONENT) != 0) {
        end_with(s, "the XMPP server does not take components on this port");
        return;
    }
    for (; *attributes; attributes += 2) {
        if (strcmp(attributes[0], "id") == 0)
            id = attributes[1];
        else if (strcmp(attributes[0], "from") == 0)
            from = attributes[1];
    }
    if (s->events->on_open)
        s->events->on_open(s->arg, id, from);
}

static void end_stream(struct splitter *s)
{
    s->ended = true;
    XML_StopParser(s->parser, XML_FALSE);
    if (s->events->on_end)
        s->events->on_end(s->arg);
}

static void on_start(void *arg, const char *name, const char **attributes)
{
    struct splitter *s = arg;
    size_t attribute_count = (size_t)XML_GetSpecifiedAttributeCount(s->parser) / 2;

    if (s->over)
        return;
    s->names += 1 + attribute_count;
    if (s->depth == 0) {
        if (!s->resuming)
            open_stream(s, name, attributes);
    } else if (!s->skip) {
        if (s->depth == 1) {
            s->start = token_start(s);
            s->elements = s->steps = 0;
            s->dropped = false;
        } else {
            flush_text(s);
        }
        open_element(s, name, attributes, attribute_count);
    }
    s->depth++;
    advance(s);
}

static void on_end(void *arg, const char *name)
{
    struct splitter *s = arg;

    (void)name;
    if (s->over)
        return;
    advance(s);
    if (s->over)
        return;
    if (!s->skip && s->depth > 1) {
        flush_text(s);
        pop_bindings(s, s->levels[s->depth - 2].bindings);
    }
    s->depth--;
    if (s->depth == s->skip)
        s->skip = 0;
    if (s->depth == 1)
        end_stanza(s);
    else if (s->depth == 0)
        end_stream(s);
}

static void on_text(void *arg, const char *text, int len)
{
    struct splitter *s = arg;

    if (s->over)
        return;
    if (s->depth < 2) {
        s->done = token_end(s); /* whitespace to keep the connection alive */
        return;
    }
    if (!s->skip)
        strbuf_add(&s->text, text, (size_t)len);
    advance(s);
}

static void on_comment(void *arg, const char *text)
{
    struct splitter *s = arg;

    (void)text;
    if (!s->over)
        advance(s);
}

static void on_instruction(void *arg, const char *target, const char *text)
{
    (void)target;
    on_comment(arg, text);
}

static void on_doctype(void *arg, const char *name, const char *system_id,
                       const char *public_id, int internal)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)internal;
    end_with(arg, "the XMPP server sent a document type declaration");
}

/* --- the parser ------------------------------------------------------------ */

/* Deferral would keep back a stanza whose end came in a small read, until more
 * arrives. Weak, because it came with expat 2.6 and with distributions' later
 * security updates: a version without it has no deferral either, and which one
 * will run is not known when we are built. */
extern XML_Bool XML_SetReparseDeferralEnabled(XML_Parser parser, XML_Bool enabled)
    __attribute__((weak));

static void new_parser(struct splitter *s)
{
    unsigned long salt = 0;
    XML_Parser parser = XML_ParserCreate("UTF-8"); /* whatever the XML declaration says */

    if (!parser || getentropy(&salt, sizeof salt) != 0)
        abort(); /* no memory, or no kernel that we know */
    XML_SetHashSalt(parser, salt);
    if (XML_SetReparseDeferralEnabled)
        XML_SetReparseDeferralEnabled(parser, XML_FALSE);
    XML_SetUserData(parser, s);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    XML_SetCommentHandler(parser, on_comment);
    XML_SetProcessingInstructionHandler(parser, on_instruction);
    XML_SetStartDoctypeDeclHandler(parser, on_doctype);
    s->parser = parser;
    s->fed = s->done = s->names = 0;
}

/* Between two stanzas: as if the stream had just been opened. */
static void renew_parser(struct splitter *s)
{
    struct strbuf tag = STRBUF_INIT(SIZE_MAX / 2);

    strbuf_addch(&tag, '<');
    strbuf_adds(&tag, s->root_name);
    strbuf_addch(&tag, '>');
    XML_ParserFree(s->parser);
    new_parser(s);
    s->resuming = true;
    s->depth = 0;
    s->fed = tag.len;
    XML_Parse(s->parser, tag.data, (int)tag.len, XML_FALSE);
    s->resuming = false;
    strbuf_release(&tag);
}

/* Returns how many bytes were taken: fewer than `len` after a new parser. */
static size_t feed_slice(struct splitter *s, const char *data, size_t len)
{
    s->fed += len;
    enum XML_Status status = XML_Parse(s->parser, data, (int)len, XML_FALSE);
    if (s->over || s->ended)
        return len;
    if (status == XML_STATUS_SUSPENDED) {
        size_t rest = s->fed - s->done;
        renew_parser(s);
        return len - rest;
    }
    if (status == XML_STATUS_ERROR) {
        bridge_fail(&s->why, BRIDGE_INVALID, "the XMPP server sent what is not XML: %s",
                    XML_ErrorString(XML_GetErrorCode(s->parser)));
        splitter_stop(s);
    } else if (s->fed - (s->depth > 1 ? s->start : s->done) > HOPELESS * s->limits.bytes) {
        end_with(s, "the XMPP server sent a stanza without end");
    }
    return len;
}

int splitter_feed(struct splitter *s, const char *data, size_t len, struct bridge_error *err)
{
    while (len && !s->over && !s->ended) {
        size_t used = feed_slice(s, data, len < SLICE ? len : SLICE);
        data += used;
        len -= used;
    }
    if (!s->over)
        return 0;
    *err = s->why;
    return -1;
}

static size_t or_default(size_t limit, size_t value)
{
    return limit ? limit : value;
}

struct splitter *splitter_new(const struct splitter_limits *limits,
                              const struct splitter_events *events, void *arg)
{
    static const struct splitter_limits none;
    struct splitter *s = bridge_alloc(sizeof *s);

    if (!limits)
        limits = &none;
    s->limits = (struct splitter_limits){
        .depth = or_default(limits->depth, 64),
        .bytes = or_default(limits->bytes, 512 * 1024),
        .attributes = or_default(limits->attributes, 64),
        .elements = or_default(limits->elements, 8192),
    };
    s->events = events;
    s->arg = arg;
    s->levels = bridge_alloc((s->limits.depth + 1) * sizeof *s->levels);
    strbuf_init(&s->text, s->limits.bytes + SLICE);
    new_parser(s);
    return s;
}

void splitter_free(struct splitter *s)
{
    if (!s)
        return;
    XML_ParserFree(s->parser);
    if (s->stanza)
        xmpp_stanza_release(s->stanza);
    pop_bindings(s, 0);
    strbuf_release(&s->text);
    free(s->root_name);
    free(s->levels);
    free(s);
}
