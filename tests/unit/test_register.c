/* Accounts and settings as users and admins ask for them: jabber:iq:register, the
 * room configuration form, commands and chat. */
#include "dialogue.h"

#include <string.h>

#include "dialogue_commands.h"
#include "domain.h"
#include "preference.h"
#include "session.h"

#define IQ(type, inside) \
    "<iq type='" type "' id='r' from='" BALCONY "' to='" LAB_DOMAIN "'>" \
    "<query xmlns='" NS_REGISTER "'>" inside "</query></iq>"
#define RESULT(inside) \
    "<iq type='result' id='r' to='" BALCONY "' from='" LAB_DOMAIN "'>" inside "</iq>"
#define DONE "<iq type='result' id='r' to='" BALCONY "' from='" LAB_DOMAIN "'/>"
#define FAILED(type, condition, text) \
    "<iq type='error' id='r' to='" BALCONY "' from='" LAB_DOMAIN "'>" \
    ERROR_TEXT(type, condition, text) "</iq>"
#define SUBMIT(fields) "<x xmlns='" NS_DATA "' type='submit'>" fields "</x>"
#define GIVEN(var, value) "<field var='" var "'><value>" value "</value></field>"
#define HIDDEN(type) "<field type='hidden' var='FORM_TYPE'><value>" type "</value></field>"

#define SAY_TO(to, text) \
    "<message type='chat' from='" BALCONY "' to='" to "'><body>" text "</body></message>"
#define SAY(text) SAY_TO(LAB_DOMAIN, text)
#define HEAR_FROM(from, text) \
    "<message type='chat' id='*' to='" BALCONY "' from='" from "'><body>" text "</body></message>"
#define HEAR(text) HEAR_FROM(LAB_DOMAIN, text)

static void offer(void)
{
    lab.transport->preferences = fake_preferences;
}

static bool is_registered(void)
{
    return store_account_find(lab.core->store, LAB_DOMAIN, USER_JID, NULL);
}

/* XEP-0100 §4.1: the transport asks to be in the roster of who has registered. */
#define ASKED \
    "<presence type='subscribe' to='" USER_JID "' from='" LAB_DOMAIN "'>" \
    "<nick xmlns='" NS_NICK "'>A fake network</nick></presence>"
#define GOES(type) "<presence type='" type "' to='" USER_JID "' from='" LAB_DOMAIN "'/>"
#define RELEASED GOES("unsubscribe") GOES("unsubscribed") GOES("unavailable")
#define SENT_REQUEST() fake_store_commit(); SENT(ASKED)

/* juliet has an account with these settings, as fields of a form. */
#define REGISTERED(fields) \
    RECV(IQ("set", SUBMIT(GIVEN("username", "jul") fields))); \
    fake_store_commit(); \
    SENT(DONE); \
    SENT_REQUEST(); \
    fake_transport_forget()

/* --- more than a stanza takes ---------------------------------------------------------------- */

#define LONG(n) \
    { .key = "text" #n, .type = PREFERENCE_LINES, .scopes = PREFERENCE_ACCOUNT, \
      .label = "Text", .max = FORM_TEXT_MAX }

/* Whatever is asked for is answered. */
static void settings_that_fit_into_no_form_are_said_to_be_too_many(void **state)
{
    static const struct preference rows[] = { LONG(1), LONG(2), LONG(3), LONG(4), { 0 } };
    char text[FORM_TEXT_MAX];

    (void)state;
    lab.transport->preferences = rows;
    store_account_put(lab.core->store, LAB_DOMAIN, USER_JID, NULL, 0, NULL, NULL, NULL);
    memset(text, '&', sizeof text - 1);
    text[sizeof text - 1] = 0;
    for (size_t i = 0; rows[i].type; i++) {
        const struct store_setting setting = { LAB_DOMAIN, USER_JID, "", rows[i].key, text };
        store_settings_put(lab.core->store, &setting, 1, NULL, NULL);
    }
    fake_store_commit();
    RECV(IQ("get", ""));
    SENT(FAILED("cancel", "not-allowed", "There is too much to show in one message"));
    RECV("<iq type='set' id='r' from='" BALCONY "' to='" LAB_DOMAIN "'>"
         "<command xmlns='" NS_COMMANDS "' node='settings'/></iq>");
    SENT("<iq type='error' id='r' to='" BALCONY "' from='" LAB_DOMAIN "'>"
         "<command xmlns='" NS_COMMANDS "' node='settings'/>"
         ERROR_TEXT("cancel", "not-allowed", "There is too much to show in one message") "</iq>");
}

/* --- jabber:iq:register: reading ------------------------------------------------------------ */

#define NAME_FIELD(value) \
    "<field type='text-single' var='username' label='Name'><required/>" value "</field>"
#define PASSWORD_FIELD "<field type='text-private' var='password' label='Password'/>"
#define FILL_IN "Fill this in to register with " LAB_DOMAIN "."
#define FORM(instructions, fields) \
    "<x xmlns='" NS_DATA "' type='form'><title>A fake network</title><instructions>" \
    instructions "</instructions>" HIDDEN(NS_REGISTER) fields "</x>"

static void what_is_needed_is_asked_for_in_both_ways(void **state)
{
    (void)state;
    offer();
    RECV(IQ("get", ""));
    SENT(RESULT("<query xmlns='" NS_REGISTER "'><instructions>" FILL_IN "</instructions>"
                "<username/><password/>"
                FORM(FILL_IN, NAME_FIELD("") PASSWORD_FIELD) "</query>"));
}

#define CHANGE "You are registered with " LAB_DOMAIN ". Here you can change your settings."

static void an_account_is_read_back_without_its_secrets(void **state)
{
    (void)state;
    offer();
    REGISTERED(GIVEN("password", "R0m30"));
    RECV(IQ("get", ""));
    SENT(RESULT("<query xmlns='" NS_REGISTER "'><registered/><instructions>" CHANGE
                "</instructions><username>jul</username><password/>"
                FORM(CHANGE, NAME_FIELD("<value>jul</value>") PASSWORD_FIELD
                     "<field type='text-multi' var='signature' label='Signature'/>"
                     "<field type='boolean' var='loud' label='Loud'><value>0</value></field>"
                     "<field type='fixed'><value>Credit: -</value></field>") "</query>"));
}

static void where_there_is_nothing_to_set_nobody_registers(void **state)
{
    (void)state;
    RECV(IQ("get", ""));
    SENT(FAILED("cancel", "service-unavailable", "There is nothing to register with at "
                                                 LAB_DOMAIN));
    dialogue_stream = LAB_GATEWAY;
    RECV("<iq type='get' id='r' from='" BALCONY "' to='" LAB_GATEWAY "'>"
         "<query xmlns='" NS_REGISTER "'/></iq>");
    SENT("<iq type='error' id='r' to='" BALCONY "' from='" LAB_GATEWAY "'>"
         ERROR("cancel", "service-unavailable") "</iq>");
}

/* --- jabber:iq:register: registering ---------------------------------------------------------- */

static void a_form_registers_once_it_is_on_the_disk(void **state)
{
    (void)state;
    offer();
    RECV(IQ("set", SUBMIT(GIVEN("username", "jul") GIVEN("password", "R0m30"))));
    DOWN("check juliet@example.net: username=jul password=R0m30 loud=0\n");
    SENT("");
    fake_store_commit();
    SENT(DONE);
    assert_true(is_registered());
}

static void plain_fields_register_too(void **state)
{
    (void)state;
    offer();
    RECV(IQ("set", "<username>jul</username><password>R0m30</password>"));
    DOWN("check juliet@example.net: username=jul password=R0m30 loud=0\n");
    fake_store_commit();
    SENT(DONE);
    SENT_REQUEST();
    RECV(IQ("set", "<username>julia</username><password/>"));
    DOWN("check juliet@example.net: username=julia password=R0m30 loud=0\n");
    fake_store_commit();
    SENT(DONE);
}

static void a_change_leaves_out_what_stays(void **state)
{
    (void)state;
    offer();
    REGISTERED(GIVEN("password", "R0m30") GIVEN("signature", "never asked for yet"));
    RECV(IQ("set", SUBMIT(GIVEN("loud", "1"))));
    DOWN("check juliet@example.net: username=jul password=R0m30 loud=1\n");
    fake_store_commit();
    SENT(DONE);
}

static void a_cancelled_form_changes_nothing(void **state)
{
    (void)state;
    offer();
    RECV(IQ("set", "<x xmlns='" NS_DATA "' type='cancel'/>"));
    SENT(DONE);
    assert_false(is_registered());
}

static const struct {
    const char *xml;
    const char *error;
} bad[] = {
    { IQ("set", ""), FAILED("modify", "not-acceptable", "Name: this is missing") },
    { IQ("set", SUBMIT("")), FAILED("modify", "not-acceptable", "Name: this is missing") },
    { IQ("set", "<password>x</password>"),
      FAILED("modify", "not-acceptable", "Name: this is missing") },
    { IQ("set", SUBMIT(GIVEN("username", "a name that is far too long"))),
      FAILED("modify", "not-acceptable", "Name: this is too long: 20 bytes are the most") },
    { IQ("set", "<username>a name that is far too long</username>"),
      FAILED("modify", "not-acceptable", "Name: this is too long: 20 bytes are the most") },
    { IQ("set", SUBMIT(GIVEN("username", "romeo"))),
      FAILED("cancel", "conflict", "Name: somebody else has this already") },
    { IQ("set", "<remove/>"),
      FAILED("auth", "registration-required", "You are not registered with " LAB_DOMAIN) },
    { IQ("set", "<remove/><username>x</username>"), FAILED("modify", "bad-request", "*") },
};

static void what_is_wrong_is_said_and_nothing_is_stored(void **state)
{
    const struct store_setting romeo = { .domain = LAB_DOMAIN, .user = "romeo@example.net",
                                         .address = "", .key = "username", .value = "romeo" };

    (void)state;
    offer();
    store_account_put(lab.core->store, LAB_DOMAIN, romeo.user, &romeo, 1, NULL, NULL, NULL);
    fake_store_commit();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        RECV(bad[i].xml);
        SENT(bad[i].error);
        assert_false(fake_store_commit());
    }
}

static void what_the_network_refuses_is_not_acceptable(void **state)
{
    (void)state;
    offer();
    fake_transport_fail("check", BRIDGE_AUTH, "the password is wrong");
    RECV(IQ("set", SUBMIT(GIVEN("username", "jul"))));
    SENT(FAILED("modify", "not-acceptable", "Name: the password is wrong"));
    fake_transport_forget();
    assert_false(is_registered());
}

static void a_slow_network_is_not_waited_for(void **state)
{
    (void)state;
    offer();
    fake_transport_hold(true);
    RECV(IQ("set", SUBMIT(GIVEN("username", "jul"))));
    fake_timer_advance(PREFERENCE_CHECK_MS);
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_non_null(strstr(sent.stanzas[sent.count - 1].text, "recipient-unavailable"));
    canonical_release(&sent);
    bridge_change_done(fake_transport_change(), NULL, NULL);
    assert_false(is_registered());
    fake_transport_forget();
}

/* --- jabber:iq:register: leaving ------------------------------------------------------------- */

static void who_leaves_is_gone_with_contacts_and_data(void **state)
{
    (void)state;
    offer();
    REGISTERED(GIVEN("password", "R0m30"));
    RECV(IQ("set", "<remove/>"));
    SENT("");
    fake_store_commit();
    lab_settle();
    SENT(RELEASED DONE);
    assert_false(is_registered());
    assert_int_equal(fake_store_rows(), 0);
}

static void nothing_on_its_way_outlives_it(void **state)
{
    (void)state;
    offer();
    REGISTERED("");
    fake_transport_hold(true);
    RECV(IQ("set", SUBMIT(GIVEN("loud", "1"))));
    RECV(IQ("set", "<remove/>"));
    SENT(FAILED("wait", "recipient-unavailable", "*"));
    bridge_change_done(fake_transport_change(), NULL, NULL);
    fake_store_commit();
    lab_settle();
    SENT(RELEASED DONE);
    assert_int_equal(fake_store_rows(), 0);
    fake_transport_forget();
}

/* --- who may ------------------------------------------------------------------------------------ */

#define MESSAGE \
    "<message type='chat' id='m' from='" BALCONY "' to='romeo@" LAB_DOMAIN "'><body>x</body></message>"

static void without_an_account_nothing_goes_out_where_one_is_needed(void **state)
{
    (void)state;
    offer();
    lab.transport->needs_account = true;
    RECV(MESSAGE);
    SENT("<message type='error' id='m' to='" BALCONY "' from='romeo@" LAB_DOMAIN "'>"
         ERROR_TEXT("auth", "registration-required",
                    "Register with " LAB_DOMAIN " first: your client may have a button for it, or "
                    "write &quot;register&quot; to " LAB_DOMAIN) "</message>");
    REGISTERED("");
    RECV(MESSAGE);
    DOWN("open " USER_JID "\nsend romeo id=m: x\n");
}

#define NEED_CODE \
    "Fill in the form to register with " LAB_DOMAIN ". If your client shows none, write " \
    "&quot;register&quot; to " LAB_DOMAIN "."

static void an_invitation_is_asked_for_where_one_is_needed(void **state)
{
    const struct store_invitation rose = { .code = "rose", .domain = LAB_DOMAIN,
                                           .maker = "admin@example.net", .expires = INT64_MAX };

    (void)state;
    fake_transport_host()->invited_only = true;
    RECV(IQ("get", ""));
    SENT(RESULT("<query xmlns='" NS_REGISTER "'><instructions>" NEED_CODE "</instructions>"
                FORM(NEED_CODE, "<field type='text-single' var='invitation' label='Invitation'>"
                     "<desc>The code that an administrator of this gateway has given to you.</desc>"
                     "<required/></field>") "</query>"));
    RECV(IQ("set", "") IQ("set", SUBMIT("")));
    SENT(FAILED("modify", "not-acceptable", "Invitation: this is missing")
         FAILED("modify", "not-acceptable", "Invitation: this is missing"));
    store_invitation_put(lab.core->store, &rose, NULL, NULL);
    fake_store_commit();
    RECV(IQ("set", SUBMIT(GIVEN("invitation", "daisy"))));
    fake_store_commit();
    SENT(FAILED("auth", "registration-required", "*"));
    RECV(IQ("set", SUBMIT(GIVEN("invitation", "rose"))));
    fake_store_commit();
    SENT(DONE);
    DOWN("check " USER_JID ":\ncheck " USER_JID ":\n");
}

static void an_admin_makes_invitations(void **state)
{
    char code[64] = "";

    (void)state;
    fake_transport_host()->invited_only = true;
    RECV(SAY("invite"));
    SENT(HEAR("This command is for administrators."));
    make_admin(true);
    RECV(SAY("invite 3"));
    fake_store_commit();
    struct canonical sent = lab_take(LAB_DOMAIN);
    const char *at = strstr(sent.stanzas[0].text, "Invitation: ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "Invitation: %20[0-9a-f]", code), 1);
    assert_int_equal(strlen(code), 20);
    canonical_release(&sent);
    struct strbuf line = STRBUF_INIT(1000);
    strbuf_addf(&line, "<message type='chat' from='" BALCONY "' to='" LAB_DOMAIN "'>"
                       "<body>register %s</body></message>", code);
    RECV(strbuf_text(&line));
    strbuf_release(&line);
    fake_store_commit();
    SENT(HEAR("You are registered with " LAB_DOMAIN "."));
    SENT_REQUEST();
    fake_transport_forget();
    RECV(SAY("accounts"));
    SENT(HEAR("Registered with " LAB_DOMAIN ":\n- " USER_JID ", 2023-11-14"));
}

static void who_is_banned_may_still_leave(void **state)
{
    struct bridge_error err;

    (void)state;
    offer();
    REGISTERED("");
    permit_users_add(&lab.core->guard.banned, USER_JID, &err);
    RECV(IQ("get", "") IQ("set", SUBMIT(GIVEN("loud", "1"))));
    SENT(FAILED("auth", "forbidden", "*") FAILED("auth", "forbidden", "*"));
    RECV(IQ("set", "<remove/>"));
    fake_store_commit();
    lab_settle();
    SENT(RELEASED DONE);
}

/* --- chat and commands --------------------------------------------------------------------------- */

static void a_chat_registers_asking_for_what_is_missing(void **state)
{
    (void)state;
    offer();
    RECV(SAY("register password=R0m30"));
    SENT(HEAR("Name? (Write \"cancel\" to stop.)"));
    RECV(SAY("jul"));
    DOWN("check " USER_JID ": username=jul password=R0m30 loud=0\n");
    fake_store_commit();
    SENT(HEAR("You are registered with " LAB_DOMAIN "."));
    SENT_REQUEST();
    RECV(SAY("unregister") SAY("yes"));
    fake_store_commit();
    lab_settle();
    SENT_ANYHOW(1, HEAR("This ends your registration with " LAB_DOMAIN ": its contacts are removed "
        "from your roster, you leave its rooms, and what is stored about you there is deleted. It "
        "cannot be undone. Do it? (yes or no)"));
    SENT(RELEASED HEAR("You are no longer registered with " LAB_DOMAIN "."));
    assert_int_equal(fake_store_rows(), 0);
}

#define LIST(first, volume) \
    "These are the settings here:\n" first "\nvolume = " volume " - Volume\nWrite \"set loud\" and " \
    "a value to change one of them, and \"\" as value to empty it."

static void a_chat_shows_and_changes_settings(void **state)
{
    (void)state;
    offer();
    RECV(SAY("set"));
    SENT(HEAR("These are the settings here:\nusername = (is not set) - Name\n"
              "password = (is not set) - Password\nsignature = (is not set) - Signature\n"
              "loud = no - Loud: yes, no\ncredit = - - Credit\nWrite \"set username\" and a value to change "
              "one of them, and \"\" as value to empty it."));
    RECV(SAY("set signature Yours, \"J.\nC.\""));
    fake_store_commit();
    SENT(HEAR("The settings are stored."));
    RECV(SAY("set signature"));
    SENT(HEAR("signature = Yours, J.\nC. - Signature"));
    RECV(SAY("set signature \"\"") SAY("set signature"));
    fake_store_commit();
    DOWN("check " USER_JID ": signature=Yours, J.\nC. loud=0\ncheck " USER_JID ": loud=0\n");
    SENT(HEAR("signature = Yours, J.\nC. - Signature") HEAR("The settings are stored."));
    RECV(SAY("set loud 1") SAY("set loud"));
    fake_store_commit();
    DOWN("check " USER_JID ": loud=1\n");
    SENT(HEAR("loud = no - Loud: yes, no") HEAR("The settings are stored."));
    RECV(SAY("set loud") SAY("set loud no"));
    fake_store_commit();
    DOWN("check " USER_JID ": loud=0\n");
    SENT(HEAR("loud = yes - Loud: yes, no") HEAR("The settings are stored."));
    RECV(SAY("set loud perhaps") SAY("set credit 5") SAY("set size 3"));
    SENT_ANYHOW(1, HEAR("Loud: say yes or no."));
    SENT(HEAR("Credit: only an administrator can change this.")
         HEAR("There is no setting \"size\" here. Write \"set\" for a list of all."));
}

static void an_example_is_given_where_it_is_one(void **state)
{
    (void)state;
    offer();
    RECV(SAY("help set"));
    SENT(HEAR("set - Shows your settings, or changes one of them.\nBehind the command you can "
              "write, in this order or as name=value; put \"...\" around values with spaces:\n"
              "key - Setting\nvalue - New value"));
    dialogue_stream = LAB_GATEWAY;
    RECV(SAY_TO(LAB_GATEWAY, "help set"));
    SENT(HEAR_FROM(LAB_GATEWAY, "set - Shows your settings, or changes one of them.\nBehind the "
                   "command you can write, in this order or as name=value; put \"...\" around "
                   "values with spaces:\nkey - Setting\nvalue - New value\n"
                   "For example: set language de"));
}

static void the_gateway_has_settings_of_its_own(void **state)
{
    (void)state;
    dialogue_stream = LAB_GATEWAY;
    RECV(SAY_TO(LAB_GATEWAY, "set language DE"));
    fake_store_commit();
    SENT(HEAR_FROM(LAB_GATEWAY, "The settings are stored."));
    RECV(SAY_TO(LAB_GATEWAY, "set language"));
    SENT(HEAR_FROM(LAB_GATEWAY, "language = de - Language: auto, en, de, fr\nThe language in which "
                                "this gateway writes to you."));
}

static void an_admin_sets_what_is_for_admins(void **state)
{
    (void)state;
    offer();
    make_admin(true);
    RECV(SAY("set-user romeo@example.net credit 50"));
    fake_store_commit();
    SENT(HEAR("The settings are stored."));
    DOWN("check romeo@example.net: loud=0 credit=50\n");
    RECV(SAY("set-user romeo@example.net credit"));
    SENT(HEAR("credit = 50 - Credit"));
    RECV(SAY("remove-user romeo@example.net") SAY("yes"));
    fake_store_commit();
    lab_settle();
    SENT_ANYHOW(1, HEAR("This deletes what is stored about romeo@example.net at " LAB_DOMAIN ", and "
                        "ends the session there. It cannot be undone. Do it? (yes or no)"));
    SENT(HEAR("romeo@example.net is removed."));
    assert_int_equal(fake_store_rows(), 0);
}

/* --- room configuration -------------------------------------------------------------------------- */

#define OWNER(type, inside) \
    "<iq type='" type "' id='o' from='" BALCONY "' to='#r@" LAB_DOMAIN "'>" \
    "<query xmlns='" NS_MUC_OWNER "'>" inside "</query></iq>"
#define OWNED(inside) \
    "<iq type='result' id='o' to='" BALCONY "' from='#r@" LAB_DOMAIN "'>" inside "</iq>"
#define ROOM_FORM(loud, colour) \
    "<query xmlns='" NS_MUC_OWNER "'><x xmlns='" NS_DATA "' type='form'><title>#r</title>" \
    "<instructions>Your own settings of this room; nobody else sees them.</instructions>" \
    HIDDEN("http://jabber.org/protocol/muc#roomconfig") \
    "<field type='boolean' var='x-loud' label='Loud'><value>" loud "</value></field>" \
    "<field type='list-single' var='x-colour' label='Colour'><desc>Of the walls.</desc><value>" \
    colour "</value><option label='Red'><value>red</value></option>" \
    "<option label='blue'><value>blue</value></option></field></x></query>"

static void a_room_is_configured_for_oneself(void **state)
{
    (void)state;
    offer();
    RECV(OWNER("get", ""));
    SENT(OWNED(ROOM_FORM("0", "red")));
    RECV(OWNER("set", SUBMIT(GIVEN("x-colour", "blue"))));
    DOWN("check " USER_JID " #r: loud=0 colour=blue\n");
    fake_store_commit();
    SENT(OWNED(""));
    RECV(OWNER("get", ""));
    SENT(OWNED(ROOM_FORM("0", "blue")));
}

static void a_room_is_not_configured_otherwise(void **state)
{
    static const char refused[] = "<iq type='error' id='o' to='" BALCONY "' from='#r@" LAB_DOMAIN "'>";
    struct strbuf expected = STRBUF_INIT(4096);

    (void)state;
    RECV(OWNER("get", ""));
    strbuf_addf(&expected, "%s" ERROR("auth", "forbidden") "</iq>", refused);
    SENT(strbuf_text(&expected));
    offer();
    RECV(OWNER("set", "<x xmlns='" NS_DATA "' type='cancel'/>"));
    SENT(OWNED(""));
    RECV(OWNER("set", "<destroy/>"));
    SENT(strbuf_text(&expected));
    RECV(OWNER("set", SUBMIT(GIVEN("x-colour", "green") GIVEN("x-loud", "?"))));
    strbuf_reset(&expected);
    strbuf_addf(&expected, "%s" ERROR_TEXT("modify", "not-acceptable",
                "Loud: say yes or no; Colour: choose one of red, blue") "</iq>", refused);
    SENT(strbuf_text(&expected));
    strbuf_release(&expected);
}

/* --- the form of all settings ---------------------------------------------------------------------- */

#define COMMAND(attributes, inside) \
    "<iq type='set' id='c' from='" BALCONY "' to='" LAB_DOMAIN "'>" \
    "<command xmlns='" NS_COMMANDS "' node='settings'" attributes ">" inside "</command></iq>"

/* Returns the session of the command that is shown. */
static void open_settings(char session[33])
{
    RECV(COMMAND("", ""));
    struct canonical sent = lab_take(LAB_DOMAIN);
    const char *at = strstr(sent.stanzas[0].text, "sessionid='");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "sessionid='%32[^']", session), 1);
    canonical_release(&sent);
}

static void submit_settings(const char *session, const char *fields)
{
    struct strbuf xml = STRBUF_INIT(4096);

    strbuf_addf(&xml, "<iq type='set' id='c' from='" BALCONY "' to='" LAB_DOMAIN "'>"
                "<command xmlns='" NS_COMMANDS "' node='settings' sessionid='%s'>"
                "<x xmlns='" NS_DATA "' type='submit'>%s</x></command></iq>", session, fields);
    RECV(strbuf_text(&xml));
    strbuf_release(&xml);
    fake_store_commit();
    struct canonical sent = lab_take(LAB_DOMAIN);
    canonical_release(&sent);
}

/* Each client has a form open; what one of them did not touch stays the other's. */
static void two_forms_at_a_time_do_not_undo_each_other(void **state)
{
    char first[33], second[33];

    (void)state;
    offer();
    open_settings(first);
    open_settings(second);
    submit_settings(first, GIVEN("loud", "1") GIVEN("signature", ""));
    submit_settings(second, GIVEN("loud", "0") GIVEN("signature", "J."));
    DOWN("check " USER_JID ": loud=1\ncheck " USER_JID ": signature=J. loud=1\n");
}

/* TEST and TEST_GATEWAY end with nobody an admin. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(settings_that_fit_into_no_form_are_said_to_be_too_many),
        TEST_GATEWAY(what_is_needed_is_asked_for_in_both_ways),
        TEST_GATEWAY(an_account_is_read_back_without_its_secrets),
        TEST_GATEWAY(where_there_is_nothing_to_set_nobody_registers),
        TEST_GATEWAY(a_form_registers_once_it_is_on_the_disk),
        TEST_GATEWAY(plain_fields_register_too),
        TEST_GATEWAY(a_change_leaves_out_what_stays),
        TEST_GATEWAY(a_cancelled_form_changes_nothing),
        TEST_GATEWAY(what_is_wrong_is_said_and_nothing_is_stored),
        TEST_GATEWAY(what_the_network_refuses_is_not_acceptable),
        TEST_GATEWAY(a_slow_network_is_not_waited_for),
        TEST_GATEWAY(who_leaves_is_gone_with_contacts_and_data),
        TEST_GATEWAY(nothing_on_its_way_outlives_it),
        TEST_GATEWAY(without_an_account_nothing_goes_out_where_one_is_needed),
        TEST_GATEWAY(an_invitation_is_asked_for_where_one_is_needed),
        TEST_GATEWAY(an_admin_makes_invitations),
        TEST_GATEWAY(who_is_banned_may_still_leave),
        TEST_GATEWAY(a_chat_registers_asking_for_what_is_missing),
        TEST_GATEWAY(a_chat_shows_and_changes_settings),
        TEST_GATEWAY(an_example_is_given_where_it_is_one),
        TEST_GATEWAY(the_gateway_has_settings_of_its_own),
        TEST_GATEWAY(an_admin_sets_what_is_for_admins),
        TEST_GATEWAY(a_room_is_configured_for_oneself),
        TEST_GATEWAY(a_room_is_not_configured_otherwise),
        TEST_GATEWAY(two_forms_at_a_time_do_not_undo_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
