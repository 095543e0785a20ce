#include "message_write.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "stanza.h"
#include "xml.h"

/* The end of the year 9999: a stamp has four digits for it. */
#define TIME_MAX INT64_C(253402300799999)

void message_write_body(struct strbuf *out, const struct bridge_message *message)
{
    strbuf_adds(out, "<body>");
    if (message->kind == BRIDGE_ACTION)
        strbuf_adds(out, "/me ");
    xml_text(out, message->body);
    strbuf_adds(out, "</body>");
}

void message_write_delay(struct strbuf *out, const char *from, int64_t time)
{
    time_t seconds = (time_t)(time / 1000);
    struct tm utc;
    char stamp[64];

    if (time <= 0 || time > TIME_MAX || !gmtime_r(&seconds, &utc))
        return;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc); /* XEP-0082 §3.2 */
    strbuf_adds(out, "<delay xmlns='" NS_DELAY "'");
    if (from)
        strbuf_addf(out, " from='%s'", from);
    strbuf_addf(out, " stamp='%s.%03dZ'/>", stamp, (int)(time % 1000));
}

void message_read_body(struct bridge_message *message, const char *text)
{
    bool action = !strncmp(text, "/me ", 4);

    message->kind = action ? BRIDGE_ACTION : BRIDGE_TEXT;
    message->body = action ? text + 4 : text;
}
