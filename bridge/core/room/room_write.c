#include "room_write.h"

#include "stanza.h"
#include "xml.h"

static const char *const affiliations[] = {
    [BRIDGE_AFFILIATION_NONE] = "none", [BRIDGE_OUTCAST] = "outcast", [BRIDGE_MEMBER] = "member",
    [BRIDGE_ADMIN] = "admin",           [BRIDGE_OWNER] = "owner",
};

static const char *const roles[] = {
    [BRIDGE_ROLE_NONE] = "none",
    [BRIDGE_VISITOR] = "visitor",
    [BRIDGE_PARTICIPANT] = "participant",
    [BRIDGE_MODERATOR] = "moderator",
};

void room_write_from(struct strbuf *out, const char *from, const char *nick)
{
    strbuf_adds(out, " from='");
    strbuf_adds(out, from);
    if (nick) {
        strbuf_addch(out, '/');
        xml_text(out, nick);
    }
    strbuf_addch(out, '\'');
}

/* XEP-0045 §8.2: who did it and why go inside the item. */
static void write_item(struct strbuf *out, const struct room_presence *p)
{
    strbuf_adds(out, "<item affiliation='");
    strbuf_adds(out, affiliations[p->affiliation]);
    strbuf_adds(out, "' role='");
    strbuf_adds(out, roles[p->role]);
    strbuf_addch(out, '\'');
    xml_attribute(out, "nick", p->new_nick);
    const char *reason = p->forced ? p->reason : NULL;
    if (!p->actor && !reason) {
        strbuf_adds(out, "/>");
        return;
    }
    strbuf_addch(out, '>');
    if (p->actor) {
        strbuf_adds(out, "<actor");
        xml_attribute(out, "nick", p->actor);
        strbuf_adds(out, "/>");
    }
    xml_element(out, "reason", reason);
    strbuf_adds(out, "</item>");
}

void room_write_presence(struct strbuf *out, const char *from, const char *nick,
                         const struct room_presence *p)
{
    if (p->unavailable)
        strbuf_adds(out, " type='unavailable'");
    room_write_from(out, from, nick);
    strbuf_addch(out, '>');
    if (p->unavailable)
        xml_element(out, "status", p->reason);
    strbuf_adds(out, "<x xmlns='" NS_MUC_USER "'>");
    write_item(out, p);
    for (const int *code = p->statuses; code && *code; code++)
        strbuf_addf(out, "<status code='%d'/>", *code);
    strbuf_adds(out, "</x></presence>");
}

void room_write_subject(struct strbuf *out, const char *from, const char *who,
                        const char *subject, int64_t time)
{
    room_write_from(out, from, who);
    strbuf_addch(out, '>');
    xml_element(out, "subject", subject ? subject : "");
    message_write_delay(out, from, time); /* XEP-0045 §7.2.15: the room's word */
    strbuf_adds(out, "</message>");
}

void room_write_message(struct strbuf *out, const char *nick,
                        const struct bridge_message *message, size_t part,
                        const struct message_frame *frame)
{
    room_write_from(out, frame->room, nick);
    strbuf_addch(out, '>');
    message_write(out, message, part, frame);
    strbuf_adds(out, "</message>");
}
