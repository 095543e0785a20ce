#include "vcard.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include <bridge/utf8.h>

#include "digest.h"
#include "stanza.h"
#include "xml.h"

/* Bytes of a text that are shown. The worst that XML makes of all of them, and of
 * the largest picture, is less than a stanza may have. */
#define TEXT_MAX 512
#define NOTE_MAX 4096

/* --- what may be in ----------------------------------------------------------------- */

bool vcard_shows(const struct bridge_picture *picture)
{
    static const char *const types[] = { "image/png", "image/jpeg", "image/gif", "image/webp" };

    if (!picture || !picture->type || !picture->size || picture->size > BRIDGE_PICTURE_MAX)
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!strcmp(types[i], picture->type))
            return true;
    }
    return false;
}

/* It becomes a URI, in which a ";" or "?" would say something. */
static bool is_phone(const char *text)
{
    const char *digits = text + (*text == '+');
    size_t len = strspn(digits, "0123456789");

    return len && !digits[len];
}

/* Clients make a link of it. */
static bool is_web_address(const char *text)
{
    return (!strncasecmp(text, "https://", 8) || !strncasecmp(text, "http://", 7)) &&
           strlen(text) <= TEXT_MAX && !strpbrk(text, " \t\r\n<>\"");
}

/* --- properties ---------------------------------------------------------------------- */

/* What stands around a text in one of the two forms. */
struct around {
    const char *before;
    const char *after;
};

/* In the order of XEP-0054's DTD. */
static const struct property {
    size_t field; /* of struct bridge_card */
    size_t max;
    bool (*fits)(const char *text); /* NULL: any text does */
    struct around temp;
    struct around four;
} properties[] = {
#define FIELD(name) offsetof(struct bridge_card, name)
    { FIELD(nick), TEXT_MAX, NULL,
      { "<NICKNAME>", "</NICKNAME>" }, { "<nickname><text>", "</text></nickname>" } },
    { FIELD(phone), TEXT_MAX, is_phone,
      { "<TEL><VOICE/><NUMBER>", "</NUMBER></TEL>" }, { "<tel><uri>tel:", "</uri></tel>" } },
    { FIELD(email), TEXT_MAX, NULL,
      { "<EMAIL><INTERNET/><USERID>", "</USERID></EMAIL>" },
      { "<email><text>", "</text></email>" } },
    { FIELD(organisation), TEXT_MAX, NULL,
      { "<ORG><ORGNAME>", "</ORGNAME></ORG>" }, { "<org><text>", "</text></org>" } },
    { FIELD(url), TEXT_MAX, is_web_address,
      { "<URL>", "</URL>" }, { "<url><uri>", "</uri></url>" } },
    { FIELD(note), NOTE_MAX, NULL, /* XEP-0292: DESC is what became NOTE */
      { "<DESC>", "</DESC>" }, { "<note><text>", "</text></note>" } },
#undef FIELD
};

static void write_text(struct strbuf *out, const struct around *around, const char *text,
                       size_t max)
{
    strbuf_adds(out, around->before);
    xml_text_n(out, text, utf8_cut(text, strlen(text), max));
    strbuf_adds(out, around->after);
}

static void write_property(struct strbuf *out, const struct property *p,
                           const struct around *around, const struct bridge_card *card)
{
    const char *text = *(const char *const *)((const char *)card + p->field);

    if (text && *text && (!p->fits || p->fits(text)))
        write_text(out, around, text, p->max);
}

static bool is_empty(const char *text)
{
    return !text || !*text;
}

static void write_name(struct strbuf *out, const struct around *around,
                       const struct vcard *vcard)
{
    const struct bridge_card *card = vcard->card;

    write_text(out, around,
               card && !is_empty(card->name)   ? card->name
               : card && !is_empty(card->nick) ? card->nick
                                               : vcard->name,
               TEXT_MAX);
}

/* --- vcard-temp ------------------------------------------------------------------------ */

static void write_photo_temp(struct strbuf *out, const struct bridge_picture *picture)
{
    strbuf_adds(out, "<PHOTO>");
    xml_element(out, "TYPE", picture->type);
    strbuf_adds(out, "<BINVAL>");
    base64_add(out, picture->data, picture->size);
    strbuf_adds(out, "</BINVAL></PHOTO>");
}

void vcard_write_temp(struct strbuf *out, const struct vcard *vcard)
{
    const struct bridge_card *card = vcard->card;

    strbuf_adds(out, "<vCard xmlns='" NS_VCARD "'>");
    write_name(out, &(struct around){ "<FN>", "</FN><N/>" }, vcard);
    if (card && vcard_shows(card->avatar))
        write_photo_temp(out, card->avatar);
    for (size_t i = 0; card && i < sizeof properties / sizeof *properties; i++)
        write_property(out, &properties[i], &properties[i].temp, card);
    xml_element(out, "JABBERID", vcard->jid);
    strbuf_adds(out, "</vCard>");
}

/* --- vCard4 ---------------------------------------------------------------------------- */

static void write_photo_4(struct strbuf *out, const struct bridge_picture *picture)
{
    strbuf_adds(out, "<photo><uri>data:");
    xml_text(out, picture->type);
    strbuf_adds(out, ";base64,");
    base64_add(out, picture->data, picture->size);
    strbuf_adds(out, "</uri></photo>");
}

static void write_impp(struct strbuf *out, const char *jid)
{
    strbuf_adds(out, "<impp><uri>");
    stanza_write_uri(out, jid);
    strbuf_adds(out, "</uri></impp>");
}

void vcard_write_4(struct strbuf *out, const struct vcard *vcard)
{
    static const char *const kinds[] = {
        [VCARD_PERSON] = "individual",
        [VCARD_GROUP] = "group",
        [VCARD_APPLICATION] = "application",
    };
    const struct bridge_card *card = vcard->card;

    strbuf_adds(out, "<vcard xmlns='" NS_VCARD_4 "'><kind>");
    xml_element(out, "text", kinds[vcard->kind]);
    strbuf_adds(out, "</kind>");
    write_name(out, &(struct around){ "<fn><text>", "</text></fn>" }, vcard);
    if (card && vcard_shows(card->avatar))
        write_photo_4(out, card->avatar);
    for (size_t i = 0; card && i < sizeof properties / sizeof *properties; i++)
        write_property(out, &properties[i], &properties[i].four, card);
    if (vcard->jid)
        write_impp(out, vcard->jid);
    strbuf_adds(out, "</vcard>");
}
