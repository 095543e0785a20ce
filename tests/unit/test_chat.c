/* Commands as a conversation with a domain. */
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>

#include "chat.h"
#include "chat_speak.h"
#include "command.h"
#include "dialogue.h"
#include "dialogue_commands.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TO(to, attributes, inside) \
    "<message from='" BALCONY "' to='" to "' " attributes ">" inside "</message>"
#define SAY(text) TO(LAB_DOMAIN, "type='chat'", "<body>" text "</body>")
#define HEAR_FROM(domain, text) \
    "<message type='chat' id='*' to='" BALCONY "' from='" domain "'><body>" text \
    "</body></message>"
#define HEAR(text) HEAR_FROM(LAB_DOMAIN, text)
#define AGAIN "Write \"help\" for a list of all."

/* --- help --------------------------------------------------------------------------------- */

#define HELP_STATUS "\nstatus - Shows which transports you use, your rooms and contacts."
#define HELP_REST \
    "\nexport - Shows everything that is stored about you." \
    "\nforget - Deletes everything that is stored about you, after a question."
#define HELP_SET \
    "\nset - Shows your settings, or changes one of them. For example: set language de"
#define HELP_END "\nWrite \"help\" and a command to learn more about it."

static void help_lists_what_the_user_may_do_here(void **state)
{
    (void)state;
    RECV(SAY("help") SAY(" HELP ") SAY(" \t"));
    for (int i = 0; i < 3; i++)
        SENT_ANYHOW(1, HEAR("You can write these commands to " LAB_DOMAIN ":" HELP_STATUS
             "\ndisconnect - Ends your session here: you leave the rooms and the network."
             HELP_REST HELP_END));
    dialogue_stream = LAB_GATEWAY;
    RECV(TO(LAB_GATEWAY, "", "<body>help</body>"));
    SENT(HEAR_FROM(LAB_GATEWAY, "You can write these commands to " LAB_GATEWAY ":" HELP_STATUS
                   HELP_REST HELP_SET HELP_END));
}

static void help_explains_a_command(void **state)
{
    (void)state;
    RECV(SAY("help Forget"));
    SENT(HEAR("forget - Deletes everything that is stored about you, after a question."));
    RECV(SAY("help announce"));
    SENT(HEAR("This command is for administrators."));
    make_admin(true);
    RECV(SAY("help list-users"));
    SENT(HEAR("list-users - Shows the users who are connected.\nBehind the command you can "
              "write, in this order or as name=value; put \"...\" around values with spaces:"
              "\nmax_items - How many users to show: 25, 50, 75, 100, 150, 200, none\nFor example: list-users 50"));
    RECV(SAY("help announce"));
    SENT(HEAR("announce - Writes to all users who are connected.\nBehind the command you can "
              "write, in this order or as name=value; put \"...\" around values with spaces:"
              "\nannouncement - Announcement (needed)\nsubject - Subject"
              "\nFor example: announce We are down at noon"));
}

static void a_slip_gets_the_nearest_word(void **state)
{
    static const struct {
        const char *said;
        const char *heard;
    } rows[] = {
        { "statsu", "There is no command \"statsu\" here. Did you mean \"status\"? " AGAIN },
        { "forgot", "There is no command \"forgot\" here. Did you mean \"forget\"? " AGAIN },
        { "relaod", "There is no command \"relaod\" here. " AGAIN }, /* for admins */
        { "good morning", "There is no command \"good\" here. " AGAIN },
        { "help stats", "There is no command \"stats\" here. Did you mean \"status\"? " AGAIN },
        { "\"&lt;a b>\"", "There is no command \"&lt;a b>\" here. " AGAIN },
        { "a \"b", "A quotation mark is open: close it with a second one." },
        { "cancel", "There is nothing to cancel." },
        { "reload", "This command is for administrators." },
        { "status now", "\"now\" is one word too many. Write \"help status\" to see what it "
                        "takes." },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct strbuf in = STRBUF_INIT(4096), out = STRBUF_INIT(4096);
        strbuf_addf(&in, SAY("%s"), rows[i].said);
        strbuf_addf(&out, HEAR("%s"), rows[i].heard);
        RECV(strbuf_text(&in));
        SENT(strbuf_text(&out));
        strbuf_release(&in);
        strbuf_release(&out);
    }
}

/* --- dialogues -------------------------------------------------------------------------- */

static void results_are_told_in_lines(void **state)
{
    (void)state;
    RECV(SAY("STATUS"));
    SENT(HEAR("What you have in use at this gateway.\nTransports and rooms: " LAB_DOMAIN
              ", A fake network, you are not using it"));
    RECV(SAY("export"));
    SENT(HEAR("This is all that is stored about you.\nYour data (JSON):\n{\n  \"user\": \""
              USER_JID "\",\n  \"accounts\": [\n  ],\n  \"settings\": [\n  ],\n"
              "  \"contacts\": [\n  ],\n  \"messages\": [\n  ],\n  \"sent\": [\n  ],\n"
              "  \"spent\": [\n  ],\n"
              "  \"invitations\": [\n  ],\n  \"last_used\": null\n}"));
}

#define FORGET \
    "This deletes everything that is stored about you at this gateway, on all its " \
    "transports: contacts in your roster (0 now) are removed from it, you leave all rooms, " \
    "and your sessions are closed. Only how many messages you have sent today is kept until " \
    "tomorrow, where that is limited. It cannot be undone. Do it? (yes or no)"
#define CANCELED "Canceled; nothing was done."

static void what_cannot_be_undone_is_asked_for(void **state)
{
    (void)state;
    RECV(SAY("forget"));
    SENT(HEAR(FORGET));
    RECV(SAY("hm"));
    SENT(HEAR("Please write yes or no."));
    RECV(SAY("no"));
    SENT(HEAR(CANCELED));
    RECV(SAY("yes"));
    SENT(HEAR("There is no command \"yes\" here. " AGAIN));
    RECV(SAY("forget") SAY("cancel"));
    SENT(HEAR(FORGET) HEAR(CANCELED));
    RECV(SAY("forget") SAY("YES"));
    SENT(HEAR(FORGET));
    fake_store_commit();
    SENT(HEAR("Everything that was stored about you is deleted, and your sessions are "
              "closed."));
}

static void another_client_has_another_dialogue(void **state)
{
    (void)state;
    RECV(SAY("forget"));
    SENT(HEAR(FORGET));
    RECV("<message type='chat' from='" CHAMBER "' to='" LAB_DOMAIN "'><body>yes</body>"
         "</message>");
    SENT("<message type='chat' id='*' to='" CHAMBER "' from='" LAB_DOMAIN "'><body>There is no "
         "command \"yes\" here. " AGAIN "</body></message>");
    let_pass(COMMAND_WAIT_MS + 1); /* and it does not wait for ever */
    RECV(SAY("yes"));
    SENT(HEAR("There is no command \"yes\" here. " AGAIN));
}

static void what_is_missing_is_asked_for(void **state)
{
    (void)state;
    make_admin(true);
    RECV(SAY("end-sessions"));
    SENT(HEAR("Users whose sessions end? (Write \"cancel\" to stop.)"));
    RECV(SAY("@"));
    SENT(HEAR("Users whose sessions end: an address such as user@example.com is needed. Try "
              "again, or write \"cancel\" to stop."));
    RECV(SAY("x@y, Z@y"));
    SENT(HEAR("These users leave all rooms, and may come back at once: x@y, z@y. Do it? (yes "
              "or no)"));
    RECV(SAY("y"));
    SENT(HEAR("x@y had no session. z@y had no session. Sessions ended: 0."));
    RECV(SAY("end-sessions @"));
    SENT(HEAR("Users whose sessions end: an address such as user@example.com is needed. Write "
              "\"help end-sessions\" to see what it takes."));
    RECV(SAY("list-users"));
    SENT(HEAR("0 of 0."));
    RECV(SAY("count-users"));
    SENT(HEAR("Users who are connected: 0"));
}

static void announcing_goes_by_plain_words(void **state)
{
    (void)state;
    make_admin(true);
    dialogue_join();
    RECV(SAY("announce subject=\"The &lt;end>\" at  noon"));
    SENT("<message id='*' to='" USER_JID "' from='" LAB_DOMAIN "'>"
         "<subject>The &lt;end></subject><body>at noon</body></message>"
         HEAR("Sent to 1 user."));
    RECV(SAY("announce") SAY("two\nlines"));
    SENT(HEAR("Announcement? (Write \"cancel\" to stop.)")
         "<message id='*' to='" USER_JID "' from='" LAB_DOMAIN "'><body>two\nlines</body>"
         "</message>" HEAR("Sent to 1 user."));
}

static void who_is_no_admin_any_more_is_told(void **state)
{
    (void)state;
    make_admin(true);
    RECV(SAY("announce"));
    SENT(HEAR("Announcement? (Write \"cancel\" to stop.)"));
    make_admin(false);
    RECV(SAY("text") SAY("text"));
    SENT(HEAR("This command is for administrators.")
         HEAR("There is no command \"text\" here. " AGAIN));
}

/* --- who is answered -------------------------------------------------------------------- */

static const char *const unanswered[] = {
    TO(LAB_DOMAIN, "type='error'", "<body>help</body><error type='cancel'/>"),
    TO(LAB_DOMAIN, "type='headline'", "<body>help</body>"),
    TO(LAB_DOMAIN, "type='strange'", "<body>help</body>"),
    TO(LAB_DOMAIN, "type='chat'", "<composing xmlns='http://jabber.org/protocol/chatstates'/>"),
    TO(LAB_DOMAIN, "type='chat'", "<subject>help</subject>"),
    TO(LAB_DOMAIN, "type='chat'", "<body>help</body><delay xmlns='" NS_DELAY
       "' stamp='2020-01-01T00:00:00Z'/>"),
    TO(LAB_DOMAIN, "type='chat'", "<body>help</body><x xmlns='jabber:x:delay' "
       "stamp='20200101T00:00:00'/>"),
    "<message type='chat' from='example.net' to='" LAB_DOMAIN "'><body>help</body></message>",
    "<message type='chat' from='example.net/x' to='" LAB_DOMAIN "'><body>help</body></message>",
    "<message type='chat' from='a@" LAB_DOMAIN "' to='" LAB_DOMAIN "'><body>help</body>"
    "</message>",
    "<message type='chat' from='" LAB_GATEWAY "' to='" LAB_DOMAIN "'><body>help</body>"
    "</message>",
};

static void loops_find_no_partner(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(unanswered); i++) {
        RECV(unanswered[i]);
        SENT("");
    }
}

/* --- among lines for people --------------------------------------------------------------- */

#define CONTACT "romeo@" LAB_DOMAIN
#define NETWORK "%net@" LAB_DOMAIN
#define NOT_LISTED "romeo is not in your contact list; you can write nevertheless."
#define HELP_AT(jid, who) \
    "You can write these commands to " jid ":\n/status - Shows whether you are using this " \
    "address, and how.\nWrite \"/help\" and a command to learn more about it.\n" \
    "Everything else is " who " To "
#define SECOND_SLASH \
    " a line that begins with one of these commands, put a second \"/\" before it."

static void say_to(const char *to, const char *type, const char *text)
{
    struct strbuf xml = STRBUF_INIT(65536);

    strbuf_addf(&xml, TO("%s", "type='%s' id='1'", "<body>%s</body>"), to, type, text);
    RECV(strbuf_text(&xml));
    strbuf_release(&xml);
}

static void contacts_have_commands_that_begin_with_a_slash(void **state)
{
    (void)state;
    say_to(CONTACT, "chat", "/status");
    SENT(HEAR_FROM(CONTACT, NOT_LISTED));
    say_to(CONTACT, "chat", "/STATUS");
    SENT(HEAR_FROM(CONTACT, NOT_LISTED));
    say_to(CONTACT, "chat", "/help");
    SENT(HEAR_FROM(CONTACT, HELP_AT(CONTACT, "sent to this contact.") "send" SECOND_SLASH));
    say_to(CONTACT, "chat", "/help status");
    SENT(HEAR_FROM(CONTACT, "/status - Shows whether you are using this address, and how."));
    say_to(CONTACT, "chat", "/help stats");
    SENT(HEAR_FROM(CONTACT, "There is no command \"stats\" here. Did you mean \"/status\"? "
                            "Write \"/help\" for a list of all."));
}

/* What people write to people arrives as they wrote it, whatever it looks like. */
static void everything_else_is_for_people(void **state)
{
    static const struct {
        const char *said;
        const char *arrives; /* after "send romeo id=1" */
    } rows[] = {
        { "help", ": help" },
        { "status", ": status" },
        { "/stat", ": /stat" },
        { "/forget", ": /forget" }, /* not here */
        { "/statuses", ": /statuses" },
        { " /status", ":  /status" },
        { "/", ": /" },
        { "//", ": //" },
        { "/ status", ": / status" },
        { "/cancel", ": /cancel" },
        { "/reload", ": /reload" },
        { "/me waves", " action: waves" },
        { "/usr/bin/status", ": /usr/bin/status" },
        { "//status", ": /status" },
        { "///status", ": //status" },
        { "//help me", ": /help me" },
        { "// a comment", ": // a comment" },
        { "//unknown", ": //unknown" },
    };

    (void)state;
    say_to(CONTACT, "chat", "hello");
    DOWN("open " USER_JID "\nsend romeo id=1: hello\n");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct strbuf down = STRBUF_INIT(4096);
        strbuf_addf(&down, "send romeo id=1%s\n", rows[i].arrives);
        say_to(CONTACT, "chat", rows[i].said);
        DOWN(strbuf_text(&down));
        strbuf_release(&down);
    }
    SENT("");
}

static void a_network_takes_a_plain_help(void **state)
{
    (void)state;
    say_to(NETWORK, "chat", "HELP");
    SENT(HEAR_FROM(NETWORK, HELP_AT(NETWORK, "sent to the network.") "send" SECOND_SLASH));
    say_to(NETWORK, "chat", "help me");
    DOWN("open " USER_JID "\nsend %net id=1: help me\n");
    say_to(NETWORK, "normal", "/status");
    SENT(HEAR_FROM(NETWORK, "State of " LAB_DOMAIN " for you: in use: rooms 0, contacts 0."));
    say_to(NETWORK, "chat", "//help");
    DOWN("send %net id=1: /help\n");
}

/* The client that asked has its line back, as the room would give it, and the
 * answer aside; nobody else has either. */
#define REFLECTED(text) SAID(BALCONY, "jul", "1", text)

static void a_room_answers_aside(void **state)
{
    (void)state;
    dialogue_join();
    dialogue_join_too(CHAMBER);
    say_to(ROOM, "groupchat", "/status");
    SENT(REFLECTED("/status")
         HEAR_FROM(ROOM, "You are in the room #r as jul. 2 of your clients are in it."));
    RECV(TO(ROOM, "type='groupchat' id='1'", "<body>/status</body><origin-id xmlns='" NS_SID
            "' id='o'/>"));
    SENT("<message type='groupchat' id='1' to='" BALCONY "' from='" ROOM "/jul'>"
         "<body>/status</body><origin-id xmlns='" NS_SID "' id='o'/></message>"
         HEAR_FROM(ROOM, "You are in the room #r as jul. 2 of your clients are in it."));
    say_to(ROOM, "groupchat", "/help");
    SENT(REFLECTED("/help")
         HEAR_FROM(ROOM, HELP_AT(ROOM, "said in the room.") "say" SECOND_SLASH));
    DOWN("");
    say_to(ROOM, "groupchat", "/join #other");
    DOWN("say #r id=1: /join #other\n");
    say_to(ROOM, "groupchat", "//status");
    DOWN("say #r id=1: /status\n");
    say_to(ROOM, "groupchat", "help");
    DOWN("say #r id=1: help\n");
}

static void a_room_takes_commands_from_outside(void **state)
{
    (void)state;
    say_to(ROOM, "chat", "help");
    SENT(HEAR_FROM(ROOM, HELP_AT(ROOM, "said in the room.") "say" SECOND_SLASH));
    say_to(ROOM, "chat", "/status");
    SENT(HEAR_FROM(ROOM, "You are not in the room #r."));
    say_to(ROOM, "chat", "hello");
    SENT("<message type='error' id='1' to='" BALCONY "' from='" ROOM "'>"
         ERROR("modify", "bad-request") "</message>");
    say_to(ROOM, "groupchat", "/status"); /* nobody speaks in a room from outside */
    SENT("<message type='error' id='1' to='" BALCONY "' from='" ROOM "'>"
         ERROR("cancel", "not-acceptable") "</message>");
    say_to(ROOM "/romeo", "chat", "/status");
    SENT("<message type='error' id='1' to='" BALCONY "' from='" ROOM "/romeo'>"
         ERROR("cancel", "not-acceptable") "</message>");
}

/* A command that asks, as one that waits at a contact; there is none of the kind yet. */
static const struct form_field who_fields[] = {
    { .var = "who", .type = FORM_JID_SINGLE, .label = "Who", .required = true }, { 0 },
};

static void ask_who(const struct command_call *call, struct strbuf *question)
{
    strbuf_addf(question, "It will be %s.", command_value(call, "who"));
}

static void run_who(struct command_call *call)
{
    command_say(call, "It is %s.", command_value(call, "who"));
    command_done(call);
}

static const struct command who = { .word = "who", .scope = COMMAND_EVERYWHERE,
                                    .fields = who_fields, .ask = ask_who, .run = run_who };

static void begin_at_contact(void)
{
    const struct command_place place = { lab.core->hosts[0], BRIDGE_ADDRESS_CONTACT, "romeo",
                                         CONTACT };
    struct bridge_error err;
    struct jid *from = jid_parse(BALCONY, &err);
    struct command_call *call = command_open(&place, from, &who, chat_tell_outcome, &err);

    jid_free(from);
    call->chat = true;
    assert_int_equal(command_keep(call, &err), 0);
}

static void answers_among_lines_for_people_have_a_slash_too(void **state)
{
    (void)state;
    begin_at_contact();
    say_to(CONTACT, "chat", "hello");
    DOWN("open " USER_JID "\nsend romeo id=1: hello\n");
    say_to(CONTACT, "chat", "/me waves");
    DOWN("send romeo id=1 action: waves\n");
    say_to(CONTACT, "chat", "//a comment");
    DOWN("send romeo id=1: //a comment\n");
    say_to(CONTACT, "chat", "/@");
    SENT(HEAR_FROM(CONTACT, "Who: an address such as user@example.com is needed. Try again, or "
                            "write \"/cancel\" to stop."));
    say_to(CONTACT, "chat", "/a@b");
    SENT(HEAR_FROM(CONTACT, "It will be a@b. Do it? (/yes or /no)"));
    say_to(CONTACT, "chat", "yes");
    DOWN("send romeo id=1: yes\n");
    say_to(CONTACT, "chat", "/perhaps");
    SENT(HEAR_FROM(CONTACT, "Please write /yes or /no."));
    say_to(CONTACT, "chat", "/yes");
    SENT(HEAR_FROM(CONTACT, "It is a@b."));
    say_to(CONTACT, "chat", "/yes");
    DOWN("send romeo id=1: /yes\n");
}

static void another_command_ends_a_dialogue_that_was_forgotten(void **state)
{
    (void)state;
    begin_at_contact();
    say_to(CONTACT, "chat", "/status");
    SENT(HEAR_FROM(CONTACT, NOT_LISTED));
    say_to(CONTACT, "chat", "/a@b");
    DOWN("open " USER_JID "\nsend romeo id=1: /a@b\n");
    begin_at_contact();
    say_to(CONTACT, "chat", "/cancel");
    SENT(HEAR_FROM(CONTACT, CANCELED));
}

static void automatic_lines_are_no_commands(void **state)
{
    (void)state;
    RECV(TO(CONTACT, "type='chat' id='1'", "<body>/status</body><delay xmlns='" NS_DELAY
            "' stamp='2020-01-01T00:00:00Z'/>"));
    DOWN("open " USER_JID "\nsend romeo id=1 time=1577836800000: /status\n");
    RECV(TO(CONTACT, "type='headline' id='1'", "<body>/status</body>"));
    DOWN("send romeo id=1: /status\n");
    RECV(TO(CONTACT, "type='error' id='1'", "<body>/status</body><error type='cancel'/>"));
    SENT("");
}

static void too_many_commands_are_refused_not_passed_on(void **state)
{
    (void)state;
    for (int i = 0; i < CHAT_BURST; i++)
        say_to(CONTACT, "chat", "/status");
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, CHAT_BURST);
    canonical_release(&sent);
    say_to(CONTACT, "chat", "/status");
    SENT("<message type='error' id='1' to='" BALCONY "' from='" CONTACT "'>"
         ERROR("wait", "resource-constraint") "</message>");
    say_to(CONTACT, "chat", "hello");
    DOWN("open " USER_JID "\nsend romeo id=1: hello\n");
}

static void answers_come_at_the_pace_of_people(void **state)
{
    (void)state;
    for (int i = 0; i < CHAT_BURST + 5; i++)
        RECV(SAY("cancel"));
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, CHAT_BURST);
    canonical_release(&sent);
    let_pass(CHAT_PAUSE_MS);
    RECV(SAY("cancel") SAY("cancel"));
    SENT(HEAR("There is nothing to cancel."));
    RECV("<message from='romeo@example.net/x' to='" LAB_DOMAIN "'><body>cancel</body>"
         "</message>");
    SENT("<message type='chat' id='*' to='romeo@example.net/x' from='" LAB_DOMAIN "'>"
         "<body>There is nothing to cancel.</body></message>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_GATEWAY(help_lists_what_the_user_may_do_here),
        TEST(help_explains_a_command),
        TEST(a_slip_gets_the_nearest_word),
        TEST(results_are_told_in_lines),
        TEST(what_cannot_be_undone_is_asked_for),
        TEST(another_client_has_another_dialogue),
        TEST(what_is_missing_is_asked_for),
        TEST(announcing_goes_by_plain_words),
        TEST(who_is_no_admin_any_more_is_told),
        TEST_GATEWAY(loops_find_no_partner),
        TEST(contacts_have_commands_that_begin_with_a_slash),
        TEST(everything_else_is_for_people),
        TEST(a_network_takes_a_plain_help),
        TEST(a_room_answers_aside),
        TEST(a_room_takes_commands_from_outside),
        TEST(answers_among_lines_for_people_have_a_slash_too),
        TEST(another_command_ends_a_dialogue_that_was_forgotten),
        TEST(automatic_lines_are_no_commands),
        TEST(too_many_commands_are_refused_not_passed_on),
        TEST(answers_come_at_the_pace_of_people),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
