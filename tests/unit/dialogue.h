/* dialogue.h - tests of the core that read like a conversation:
 *
 *     RECV("<presence .../>");    the XMPP server passes this on
 *     DOWN("join #r jul\n");      the transport was asked exactly this
 *     bridge_room_joined(...);    and answers
 *     SENT("<presence .../>");    exactly this was sent to the XMPP server
 *
 * SENT and DOWN compare everything since the last time, so nothing that should
 * not happen goes unseen; an empty text means nothing. Stanzas are compared as
 * canonical.h writes them: id='*' stands for a new id of the core's own, and
 * the text of an error for any. A test that ends with anything unread, or with
 * a warning in the log that it did not expect, has failed. */
#ifndef DIALOGUE_H
#define DIALOGUE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core_lab.h"
#include "stanza.h"

#define RECV(xml) lab_feed(dialogue_stream, (xml))
#define SENT(xml) dialogue_sent((xml), __FILE__, __LINE__)
/* The first n of what was sent, in any order. */
#define SENT_ANYHOW(n, xml) dialogue_sent_anyhow((n), (xml), __FILE__, __LINE__)
#define DOWN(calls) dialogue_down((calls), __FILE__, __LINE__)
/* A line of the log since the last that was looked for: "warning: part of it" */
#define LOGGED(level, part) dialogue_logged((level), (part), __FILE__, __LINE__)

/* The stream that RECV and SENT are about; LAB_DOMAIN at first. */
extern const char *dialogue_stream;

void dialogue_sent(const char *xml, const char *file, int line);
void dialogue_sent_anyhow(size_t n, const char *xml, const char *file, int line);
void dialogue_down(const char *calls, const char *file, int line);
void dialogue_logged(const char *level, const char *part, const char *file, int line);

/* cmocka's setup and teardown. The stream of LAB_DOMAIN is up; the transport
 * has started. */
int dialogue_setup(void **state);
int dialogue_setup_gateway(void **state); /* with the front door, which is up too */
int dialogue_setup_down(void **state);    /* core_new() only, options set */
int dialogue_teardown(void **state);

#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, dialogue_setup, dialogue_teardown)
#define TEST_GATEWAY(function) \
    cmocka_unit_test_setup_teardown(function, dialogue_setup_gateway, dialogue_teardown)
#define TEST_DOWN(function) \
    cmocka_unit_test_setup_teardown(function, dialogue_setup_down, dialogue_teardown)

/* --- words ------------------------------------------------------------------- */

#define BALCONY "juliet@example.net/balcony"
#define CHAMBER "juliet@example.net/chamber"
#define ROOM "#r@" LAB_DOMAIN

#define MUC "<x xmlns='" NS_MUC "'/>"
#define USER(inside) "<x xmlns='" NS_MUC_USER "'>" inside "</x>"
#define ITEM(affiliation, role) "<item affiliation='" affiliation "' role='" role "'/>"
#define CODE(code) "<status code='" #code "'/>"
#define PING "<ping xmlns='" NS_PING "'/>"

#define ERROR(type, condition) ERROR_TEXT(type, condition, "*")
#define ERROR_TEXT(type, condition, text) \
    "<error type='" type "'><" condition " xmlns='" NS_STANZAS "'/>" \
    "<text xmlns='" NS_STANZAS "'>" text "</text></error>"

/* The room as seen by a client: an occupant, oneself, no subject. */
#define OCCUPANT(client, nick, affiliation, role) \
    "<presence to='" client "' from='" ROOM "/" nick "'>" USER(ITEM(affiliation, role)) \
    "</presence>"
#define SELF(client, nick) \
    "<presence to='" client "' from='" ROOM "/" nick "'>" \
    USER(ITEM("none", "participant") CODE(110)) "</presence>"
#define NO_SUBJECT(client) \
    "<message type='groupchat' id='*' to='" client "' from='" ROOM "'><subject/></message>"
#define SAID(client, nick, id, body) \
    "<message type='groupchat' id='" id "' to='" client "' from='" ROOM "/" nick "'>" \
    "<body>" body "</body></message>"

/* The client's presence that joins ROOM. */
#define JOIN(client, nick) \
    "<presence from='" client "' to='" ROOM "/" nick "'>" MUC "</presence>"

/* juliet's BALCONY is in ROOM as "jul", with romeo, a moderator, and nothing is
 * left to read. */
struct bridge_room *dialogue_join(void);
/* Another client of hers comes in too; nothing is left to read. */
void dialogue_join_too(const char *client);

#endif
