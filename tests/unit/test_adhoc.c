/* Commands as XEP-0050 has them. */
#include <stdlib.h>
#include <string.h>

#include <bridge/clock.h>

#include "adhoc.h"
#include "command.h"
#include "dialogue.h"
#include "dialogue_commands.h"
#include "session.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ADMIN "http://jabber.org/protocol/admin"

/* --- asking --------------------------------------------------------------------------- */

/* The session id that was seen last; in what follows, '$' stands for it. */
static char session[64];

static char *put_session(const char *xml)
{
    struct strbuf out = STRBUF_INIT(1 << 20);

    for (; *xml; xml++) {
        if (*xml == '$')
            strbuf_adds(&out, session);
        else
            strbuf_addch(&out, *xml);
    }
    return strbuf_detach(&out);
}

static void ask_as(const char *client, const char *inside)
{
    struct strbuf iq = STRBUF_INIT(1 << 20);
    char *payload = put_session(inside);

    strbuf_addf(&iq, "<iq type='set' id='c' from='%s' to='%s'>%s</iq>", client,
                dialogue_stream, payload);
    RECV(strbuf_text(&iq));
    strbuf_release(&iq);
    free(payload);
}

static void ask(const char *inside)
{
    ask_as(BALCONY, inside);
}

/* Errors say which command they are about: one test looks at it. */
static void cut_request(char *text)
{
    static const char error[] = "type='error'>\n  <command ";
    char *root = strstr(text, error);
    char *line = root ? strchr(root, '\n') : NULL;
    char *end = line ? strchr(line + 1, '\n') : NULL;

    if (end)
        memmove(line, end, strlen(end) + 1);
}

/* Exactly this was the answer; its session id is remembered. */
static void answered(const char *xml)
{
    struct canonical sent = lab_take(dialogue_stream);

    assert_int_equal(sent.count, 1);
    cut_request(sent.stanzas[0].text);
    const char *id = strstr(sent.stanzas[0].text, "sessionid='");
    if (id) {
        id += strlen("sessionid='");
        snprintf(session, sizeof session, "%.*s", (int)strcspn(id, "'"), id);
    }
    char *should = put_session(xml);
    struct canonical expected = canonical_parse(should, strlen(should), NULL);
    if (expected.fault)
        fail_msg("%s: %s", expected.fault, should);
    assert_string_equal(sent.stanzas[0].text, expected.stanzas[0].text);
    free(should);
    canonical_release(&sent);
    canonical_release(&expected);
}

#define COMMAND(node, more, inside) \
    "<command xmlns='" NS_COMMANDS "' node='" node "' " more ">" inside "</command>"
#define START(node) COMMAND(node, "action='execute'", "")
#define STEP(node, action, inside) \
    COMMAND(node, "sessionid='$' action='" action "'", inside)
#define SUBMIT(fields) "<x xmlns='" NS_DATA "' type='submit'>" fields "</x>"
#define VALUE(var, value) "<field var='" var "'><value>" value "</value></field>"
#define SURE(value) SUBMIT(VALUE("sure", value))

#define ANSWER_FROM(domain, node, status, inside) \
    "<iq type='result' id='c' to='" BALCONY "' from='" domain "'>" \
    COMMAND(node, "sessionid='$' status='" status "'", inside) "</iq>"
#define ANSWER(node, status, inside) ANSWER_FROM(LAB_DOMAIN, node, status, inside)
#define DONE(node, text) ANSWER(node, "completed", "<note type='info'>" text "</note>")
#define FAILED(node, text) ANSWER(node, "completed", "<note type='error'>" text "</note>")
#define REFUSED(type, condition, detail) REFUSED_TEXT(type, condition, "*", detail)
#define REFUSED_TEXT(type, condition, text, detail) \
    "<iq type='error' id='c' to='" BALCONY "' from='" LAB_DOMAIN "'>" \
    "<error type='" type "'><" condition " xmlns='" NS_STANZAS "'/>" \
    "<text xmlns='" NS_STANZAS "'>" text "</text>" detail "</error></iq>"
#define DETAIL(name) "<" name " xmlns='" NS_COMMANDS "'/>"
#define FORM(title, instructions, fields) \
    "<x xmlns='" NS_DATA "' type='form'><title>" title "</title>" \
    "<instructions>" instructions "</instructions>" fields "</x>"
#define HIDDEN "<field type='hidden' var='FORM_TYPE'><value>" ADMIN "</value></field>"

/* --- steps, as a table ----------------------------------------------------------------- */

#define BITS(a, b) (COMMAND_BIT(COMMAND_CANCEL) | COMMAND_BIT(a) | (b))
#define PREV COMMAND_BIT(COMMAND_PREV)

static void run_nothing(struct command_call *call)
{
    command_done(call);
}

static void ask_nothing(const struct command_call *call, struct strbuf *question)
{
    (void)call;
    strbuf_adds(question, "?");
}

static const struct form_field one_field[] = {
    { .var = "x", .type = FORM_TEXT_SINGLE, .label = "X" }, { 0 },
};
static const struct form_field nothing_to_fill_in[] = {
    { .var = "FORM_TYPE", .type = FORM_HIDDEN, .initial = "y" }, { 0 },
};

/* Three forms, the second of which asks for nothing. */
static int build_more(struct command_call *call, struct bridge_error *err)
{
    const char *x = command_value(call, "x");

    if (x && !strcmp(x, "bad"))
        return bridge_fail(err, BRIDGE_INVALID, "X is bad");
    if (call->form_count < 3)
        command_add_field(call, call->form_count == 1 ? &nothing_to_fill_in[0] : &one_field[0]);
    return 0;
}

static int not_now(struct command_call *call, struct bridge_error *err)
{
    command_add_field(call, &one_field[0]);
    return bridge_fail(err, BRIDGE_RETRY, "Not now");
}

static const struct command plain = { .run = run_nothing };
static const struct command asks = { .ask = ask_nothing, .run = run_nothing };
static const struct command form = { .fields = one_field, .run = run_nothing };
static const struct command both = { .fields = one_field, .ask = ask_nothing,
                                     .run = run_nothing };
static const struct command hidden = { .fields = nothing_to_fill_in, .ask = ask_nothing,
                                       .run = run_nothing };
static const struct command long_one = { .fields = one_field, .more = build_more,
                                         .run = run_nothing };
static const struct command never = { .prepare = not_now, .run = run_nothing };

static struct command_call *open_call(const struct command *command, struct bridge_error *err)
{
    const struct command_place place = { lab.core->hosts[0], BRIDGE_ADDRESS_NONE, "",
                                         LAB_DOMAIN };
    struct jid *from = jid_parse(BALCONY, err);
    struct command_call *call = command_open(&place, from, command, NULL, err);

    jid_free(from);
    return call;
}

static void is_at(const struct command_call *call, enum command_step step, size_t number,
                  unsigned actions)
{
    assert_int_equal(call->step, step);
    if (step == COMMAND_FIELDS)
        assert_int_equal(call->form, number);
    assert_int_equal(command_actions(call), actions);
}

static void each_step_allows_what_makes_sense(void **state)
{
    static const struct {
        const struct command *command;
        enum command_step first;
        unsigned allowed;
        enum command_action otherwise; /* what "execute" means */
    } rows[] = {
        { &plain, COMMAND_RUN, 0, COMMAND_COMPLETE },
        { &asks, COMMAND_SURE, BITS(COMMAND_COMPLETE, 0), COMMAND_COMPLETE },
        { &form, COMMAND_FIELDS, BITS(COMMAND_COMPLETE, 0), COMMAND_COMPLETE },
        { &both, COMMAND_FIELDS, BITS(COMMAND_NEXT, 0), COMMAND_NEXT },
        { &hidden, COMMAND_SURE, BITS(COMMAND_COMPLETE, 0), COMMAND_COMPLETE },
        { &long_one, COMMAND_FIELDS, BITS(COMMAND_NEXT, 0), COMMAND_NEXT },
    };
    struct bridge_error err;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct command_call *call = open_call(rows[i].command, &err);
        is_at(call, rows[i].first, 0, rows[i].allowed);
        assert_int_equal(command_default(call), rows[i].otherwise);
        command_cancel(call);
    }
    assert_null(open_call(&never, &err));
    assert_string_equal(err.text, "Not now");
}

static void fill_in(struct command_call *call, const char *x)
{
    char *value = bridge_strdup(x);
    struct bridge_error err;

    assert_int_equal(command_fill(call, &value, &err), 0);
}

static void forms_follow_each_other_and_go_back(void **state)
{
    struct bridge_error err;

    (void)state;
    struct command_call *call = open_call(&long_one, &err);
    fill_in(call, "bad");
    assert_int_equal(command_forward(call, &err), -1);
    assert_string_equal(err.text, "X is bad");
    is_at(call, COMMAND_FIELDS, 0, BITS(COMMAND_NEXT, 0));
    fill_in(call, "one");
    assert_int_equal(command_forward(call, &err), 0);
    is_at(call, COMMAND_FIELDS, 2, BITS(COMMAND_NEXT, PREV));
    assert_null(command_value(call, "x"));
    fill_in(call, "two");
    assert_string_equal(command_value(call, "x"), "two");
    command_back(call);
    is_at(call, COMMAND_FIELDS, 0, BITS(COMMAND_NEXT, 0));
    assert_string_equal(command_current(call)->values[0], "one");
    assert_int_equal(command_forward(call, &err), 0); /* what follows is built anew */
    is_at(call, COMMAND_FIELDS, 2, BITS(COMMAND_NEXT, PREV));
    assert_null(command_value(call, "x"));
    assert_int_equal(command_forward(call, &err), 0);
    is_at(call, COMMAND_RUN, 0, 0);
    command_cancel(call);

    call = open_call(&both, &err);
    assert_int_equal(command_forward(call, &err), 0);
    is_at(call, COMMAND_SURE, 0, BITS(COMMAND_COMPLETE, PREV));
    command_back(call);
    is_at(call, COMMAND_FIELDS, 0, BITS(COMMAND_NEXT, 0));
    command_cancel(call);
}

static struct command_call *waiting(const struct command_place *place, const char *id)
{
    return command_find(place, BALCONY, id);
}

static void a_call_waits_at_the_place_that_it_was_given_at(void **state)
{
    struct bridge_host *host = lab.core->hosts[0];
    const struct command_place other = { host, BRIDGE_ADDRESS_ROOM, "#r", ROOM };
    struct bridge_error err;

    (void)state;
    struct command_call *call = open_call(&form, &err);
    const struct command_place place = command_place(call);
    assert_int_equal(command_keep(call, &err), 0);
    assert_ptr_equal(waiting(&place, call->id), call);
    assert_null(waiting(&other, call->id));
    assert_true(command_was(&place, BALCONY, call->id));
    assert_false(command_was(&other, BALCONY, call->id));
}

static int answers;
static char answered_with[BRIDGE_ERROR_MAX];

static void take_answer(struct command_call *call)
{
    answers++;
    snprintf(answered_with, sizeof answered_with, "%s",
             call->again ? call->again->text : strbuf_text(&call->text));
}

static void run_refused(struct command_call *call)
{
    static const struct bridge_error why = { BRIDGE_INVALID, "X does not fit" };

    command_again(call, &why);
}

static void what_does_not_fit_can_be_mended_in_the_form(void **state)
{
    static const struct command refused = { .fields = one_field, .run = run_refused };
    struct bridge_error err;

    (void)state;
    answers = 0;
    struct command_call *call = open_call(&refused, &err);
    call->answer = take_answer;
    fill_in(call, "no");
    command_forward(call, &err);
    command_run(call);
    assert_int_equal(answers, 1);
    assert_string_equal(answered_with, "X does not fit");
    is_at(call, COMMAND_FIELDS, 0, BITS(COMMAND_COMPLETE, 0));
    assert_string_equal(command_current(call)->values[0], "no");
    assert_true(call->waiting);
    command_forward(call, &err);
    call->chat = true; /* there are no forms: it ends */
    command_run(call);
    assert_int_equal(answers, 2);
    assert_string_equal(answered_with, "X does not fit.");
}

static void a_call_holds_so_much(void **state)
{
    char *value = bridge_alloc(COMMAND_BYTES_MAX + 2);
    struct bridge_error err;

    (void)state;
    struct command_call *call = open_call(&form, &err);
    memset(value, 'x', COMMAND_BYTES_MAX + 1);
    assert_int_equal(command_fill(call, &value, &err), -1);
    assert_string_equal(err.text, "This is too long for one command");
    assert_null(value);
    command_cancel(call);
}

/* --- disco ------------------------------------------------------------------------------- */

static void ask_disco(const char *ns, const char *node)
{
    struct strbuf iq = STRBUF_INIT(4096);

    strbuf_addf(&iq, "<iq type='get' id='c' from='" BALCONY "' to='%s'>"
                     "<query xmlns='%s' node='%s'/></iq>", dialogue_stream, ns, node);
    RECV(strbuf_text(&iq));
    strbuf_release(&iq);
}

#define ENTRY(domain, node, name) "<item jid='" domain "' node='" node "' name='" name "'/>"
#define LIST(domain, items) \
    "<iq type='result' id='c' to='" BALCONY "' from='" domain "'>" \
    "<query xmlns='" NS_DISCO_ITEMS "' node='" NS_COMMANDS "'>" items "</query></iq>"
#define FOR_ALL(domain) \
    ENTRY(domain, "export", "Export my data") ENTRY(domain, "forget", "Delete my data")

static void the_list_has_what_this_user_may_do_here(void **state)
{
    (void)state;
    ask_disco(NS_DISCO_ITEMS, NS_COMMANDS);
    SENT(LIST(LAB_DOMAIN, ENTRY(LAB_DOMAIN, "status", "Show what I use")
              ENTRY(LAB_DOMAIN, "disconnect", "Disconnect me") FOR_ALL(LAB_DOMAIN)));
    make_admin(true);
    dialogue_stream = LAB_GATEWAY;
    ask_disco(NS_DISCO_ITEMS, NS_COMMANDS);
    SENT(LIST(LAB_GATEWAY, ENTRY(LAB_GATEWAY, "status", "Show what I use")
              FOR_ALL(LAB_GATEWAY)
              ENTRY(LAB_GATEWAY, "remove-user", "Remove a user")
              ENTRY(LAB_GATEWAY, "settings", "Settings")
              ENTRY(LAB_GATEWAY, "user-settings", "Settings of a user")
              ENTRY(LAB_GATEWAY, ADMIN "#get-online-users-num", "Count connected users")
              ENTRY(LAB_GATEWAY, ADMIN "#get-online-users-list", "List connected users")
              ENTRY(LAB_GATEWAY, ADMIN "#announce", "Send an announcement")
              ENTRY(LAB_GATEWAY, ADMIN "#end-user-session", "End users&apos; sessions")
              ENTRY(LAB_GATEWAY, "statistics", "Show statistics")
              ENTRY(LAB_GATEWAY, "reload", "Read the configuration again")));
}

static void each_command_says_what_it_is(void **state)
{
    (void)state;
    ask_disco(NS_DISCO_INFO, "forget");
    SENT("<iq type='result' id='c' to='" BALCONY "' from='" LAB_DOMAIN "'>"
         "<query xmlns='" NS_DISCO_INFO "' node='forget'>"
         "<identity category='automation' type='command-node' name='Delete my data'/>"
         "<feature var='" NS_COMMANDS "'/><feature var='" NS_DATA "'/></query></iq>");
    ask_disco(NS_DISCO_INFO, NS_COMMANDS);
    SENT("<iq type='result' id='c' to='" BALCONY "' from='" LAB_DOMAIN "'>"
         "<query xmlns='" NS_DISCO_INFO "' node='" NS_COMMANDS "'>"
         "<identity category='automation' type='command-list' name='Commands'/>"
         "<feature var='" NS_COMMANDS "'/><feature var='" NS_DATA "'/></query></iq>");
    /* what is not for this user is not there */
    ask_disco(NS_DISCO_INFO, "reload");
    SENT(REFUSED("cancel", "item-not-found", ""));
    ask_disco(NS_DISCO_ITEMS, "reload");
    SENT(REFUSED("cancel", "item-not-found", ""));
}

/* --- steps -------------------------------------------------------------------------------- */

#define FORGET_TEXT(contacts) \
    "This deletes everything that is stored about you at this gateway, on all its " \
    "transports: contacts in your roster (" contacts " now) are removed from it, you leave " \
    "all rooms, and " \
    "your sessions are closed. Only how many messages you have sent today is kept until " \
    "tomorrow, where that is limited. It cannot be undone."
#define FORGET_FORM(contacts) \
    ANSWER("forget", "executing", "<actions execute='complete'><complete/></actions>" \
           FORM("Delete my data", FORGET_TEXT(contacts), \
                "<field type='boolean' var='sure' label='Yes, do it'><required/>" \
                "<value>0</value></field>"))
#define FORGOTTEN \
    DONE("forget", "Everything that was stored about you is deleted, and your sessions are " \
         "closed.")

static void subscribe(const char *address)
{
    struct strbuf xml = STRBUF_INIT(4096);

    strbuf_addf(&xml, "<presence type='subscribe' from='" USER_JID "' to='%s@" LAB_DOMAIN "'/>",
                address);
    RECV(strbuf_text(&xml));
    strbuf_release(&xml);
    fake_store_commit();
    struct canonical sent = lab_take(LAB_DOMAIN);
    canonical_release(&sent);
}

static void forgetting_takes_a_yes_and_leaves_nothing(void **state)
{
    (void)state;
    subscribe("romeo");
    DOWN("open " USER_JID "\nwatch romeo of " USER_JID "\n");
    store_contact_put(lab.core->store,
                      &(struct store_contact){ LAB_DOMAIN, "romeo@example.net", "x", NULL, 1 },
                      NULL, NULL);
    store_contact_put(lab.core->store,
                      &(struct store_contact){ "gone.example.net", USER_JID, "x", NULL, 1 },
                      NULL, NULL);
    fake_store_commit();
    ask(START("forget"));
    answered(FORGET_FORM("2"));
    ask(STEP("forget", "complete", SURE("0")));
    answered(REFUSED("modify", "bad-request", DETAIL("bad-payload")));
    ask(STEP("forget", "complete", ""));
    answered(REFUSED_TEXT("modify", "bad-request", "Yes, do it: this is missing",
                          DETAIL("bad-payload")));
    assert_int_equal(fake_store_contacts(), 3);
    ask(STEP("forget", "complete", SURE("1")));
    SENT("");
    fake_store_commit();
    DOWN("unwatch romeo of " USER_JID "\nclose " USER_JID ": The user has left\n");
    assert_int_equal(fake_store_contacts(), 1);
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 4);
    assert_non_null(strstr(sent.stanzas[0].text, "type='unsubscribe'"));
    assert_non_null(strstr(sent.stanzas[1].text, "type='unsubscribed'"));
    assert_non_null(strstr(sent.stanzas[2].text, "type='unavailable'"));
    assert_non_null(strstr(sent.stanzas[3].text, "status='completed'"));
    canonical_release(&sent);
    ask(STEP("forget", "complete", SURE("1"))); /* a replay */
    answered(REFUSED("cancel", "not-allowed", DETAIL("session-expired")));
}

static void what_cannot_be_deleted_is_said(void **state)
{
    (void)state;
    ask(START("forget"));
    answered(FORGET_FORM("0"));
    ask(STEP("forget", "execute", SURE("true")));
    fake_store_fail("the disk is full");
    fake_store_commit();
    answered(FAILED("forget", "Nothing could be deleted: the disk is full. Try again "
                              "later."));
}

static void forgetting_ends_with_the_gateway(void **state)
{
    (void)state;
    ask(START("forget"));
    answered(FORGET_FORM("0"));
    ask(STEP("forget", "execute", SURE("1")));
    core_stop(lab.core, "the end");
    fake_store_commit();
    struct canonical sent = lab_take(LAB_DOMAIN);
    canonical_release(&sent);
}

#define END ADMIN "#end-user-session"
#define END_FORM(value) \
    ANSWER(END, "executing", "<actions execute='next'><next/></actions>" \
           FORM("End users&apos; sessions", "Ends the sessions of users, after a question.", \
                HIDDEN "<field type='jid-multi' var='accountjids' " \
                "label='Users whose sessions end'><required/>" value "</field>"))
#define END_SURE(users) \
    ANSWER(END, "executing", "<actions execute='complete'><prev/><complete/></actions>" \
           FORM("End users&apos; sessions", \
                "These users leave all rooms, and may come back at once: " users ".", \
                "<field type='boolean' var='sure' label='Yes, do it'><required/>" \
                "<value>0</value></field>"))

static void steps_go_forward_and_back(void **state)
{
    (void)state;
    make_admin(true);
    dialogue_join();
    ask(START(END));
    answered(END_FORM(""));
    ask(STEP(END, "prev", ""));
    answered(REFUSED("modify", "bad-request", DETAIL("bad-action")));
    ask(STEP(END, "complete", ""));
    answered(REFUSED("modify", "bad-request", DETAIL("bad-action")));
    ask(STEP(END, "next", SUBMIT(VALUE("accountjids", "@"))));
    answered(REFUSED_TEXT("modify", "bad-request", "Users whose sessions end: an address such "
                          "as user@example.com is needed", DETAIL("bad-payload")));
    ask(STEP(END, "next", SUBMIT(VALUE("accountjids", "X@y"))));
    answered(END_SURE("x@y"));
    ask(STEP(END, "prev", ""));
    answered(END_FORM("<value>x@y</value>"));
    ask(STEP(END, "execute", SUBMIT("<field var='accountjids'><value>x@y</value><value>"
                                    USER_JID "/a</value></field>")));
    answered(END_SURE("x@y, " USER_JID));
    ask(STEP(END, "next", SURE("0"))); /* what else: this is the last step */
    answered(REFUSED_TEXT("modify", "bad-request",
                          "Nothing was done: say \"yes\", or cancel the command",
                          DETAIL("bad-payload")));
    ask(STEP(END, "next", SURE("1")));
    DOWN("close " USER_JID ": An administrator has ended the session\n");
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 2); /* out of the room; the answer */
    assert_non_null(strstr(sent.stanzas[1].text, "x@y had no session. Sessions ended: 1."));
    canonical_release(&sent);
}

static void canceling_ends_it(void **state)
{
    (void)state;
    ask(START("forget"));
    answered(FORGET_FORM("0"));
    ask(STEP("forget", "cancel", ""));
    answered(ANSWER("forget", "canceled", ""));
    ask(STEP("forget", "cancel", ""));
    answered(REFUSED("cancel", "not-allowed", DETAIL("session-expired")));
}

/* --- what goes wrong -------------------------------------------------------------------- */

static const struct {
    const char *request;
    const char *answer;
} wrong[] = {
    { START("nothing"), REFUSED("cancel", "item-not-found", "") },
    { START("reload"), REFUSED("auth", "forbidden", "") },
    { "<command xmlns='" NS_COMMANDS "'/>", REFUSED("modify", "bad-request", "") },
    { COMMAND("forget", "action='dance'", ""),
      REFUSED("modify", "bad-request", DETAIL("malformed-action")) },
    { COMMAND("forget", "action='complete'", ""),
      REFUSED("modify", "bad-request", DETAIL("bad-action")) },
    { COMMAND("forget", "action='cancel'", ""),
      REFUSED("modify", "bad-request", DETAIL("bad-action")) },
    { COMMAND("forget", "sessionid=''", ""),
      REFUSED("modify", "bad-request", DETAIL("bad-sessionid")) },
    { COMMAND("forget", "sessionid='00000000000000000000000000000000'", ""),
      REFUSED("modify", "bad-request", DETAIL("bad-sessionid")) },
};

static void errors_are_those_of_the_protocol(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        ask(wrong[i].request);
        answered(wrong[i].answer);
    }
    ask(START("forget"));
    answered(FORGET_FORM("0"));
    ask(STEP("export", "complete", ""));
    answered(REFUSED("modify", "bad-request", DETAIL("bad-sessionid")));
}

static void errors_say_what_they_are_about(void **state)
{
    (void)state;
    ask(COMMAND("&lt;x>", "action='execute'", "<y/>"));
    SENT("<iq type='error' id='c' to='" BALCONY "' from='" LAB_DOMAIN "'>"
         "<command xmlns='" NS_COMMANDS "' node='&lt;x>'/>"
         ERROR("cancel", "item-not-found") "</iq>");
    ask(COMMAND("x", "sessionid='s'", ""));
    SENT("<iq type='error' id='c' to='" BALCONY "' from='" LAB_DOMAIN "'>"
         "<command xmlns='" NS_COMMANDS "' node='x' sessionid='s'/>"
         "<error type='modify'><bad-request xmlns='" NS_STANZAS "'/><text xmlns='" NS_STANZAS
         "'>*</text><bad-sessionid xmlns='" NS_COMMANDS "'/></error></iq>");
}

static void a_session_is_of_the_client_that_opened_it(void **state)
{
    static const char *const others[] = { CHAMBER, USER_JID, "romeo@example.net/x" };

    (void)state;
    ask(START("forget"));
    answered(FORGET_FORM("0"));
    for (size_t i = 0; i < COUNT(others); i++) {
        ask_as(others[i], STEP("forget", "complete", SURE("1")));
        struct canonical sent = lab_take(LAB_DOMAIN);
        assert_int_equal(sent.count, 1);
        assert_non_null(strstr(sent.stanzas[0].text, "bad-sessionid"));
        canonical_release(&sent);
    }
    ask(STEP("forget", "cancel", ""));
    answered(ANSWER("forget", "canceled", ""));
}

static void a_session_is_of_the_domain_that_opened_it(void **state)
{
    (void)state;
    ask(START("forget"));
    answered(FORGET_FORM("0"));
    dialogue_stream = LAB_GATEWAY;
    ask(STEP("forget", "complete", SURE("1")));
    struct canonical sent = lab_take(LAB_GATEWAY);
    assert_non_null(strstr(sent.stanzas[0].text, "bad-sessionid"));
    canonical_release(&sent);
}

static void sessions_wait_for_some_time(void **state)
{
    (void)state;
    ask(START("forget"));
    answered(FORGET_FORM("0"));
    let_pass(COMMAND_WAIT_MS);
    ask(STEP("forget", "complete", SURE("0")));
    answered(REFUSED("modify", "bad-request", DETAIL("bad-payload")));
    let_pass(COMMAND_WAIT_MS + 1); /* no matter whether the sweep was here */
    ask(STEP("forget", "complete", SURE("1")));
    answered(REFUSED("cancel", "not-allowed", DETAIL("session-expired")));
}

static void a_user_has_so_many_sessions_and_loses_the_oldest(void **state)
{
    char first[64];

    (void)state;
    ask(START("forget"));
    answered(FORGET_FORM("0"));
    memcpy(first, session, sizeof first);
    for (int i = 0; i < COMMAND_USER_MAX; i++) {
        ask(START("forget"));
        answered(FORGET_FORM("0"));
        assert_string_not_equal(session, first);
    }
    ask(STEP("forget", "cancel", ""));
    answered(ANSWER("forget", "canceled", ""));
    memcpy(session, first, sizeof first);
    ask(STEP("forget", "cancel", ""));
    answered(REFUSED("cancel", "not-allowed", DETAIL("session-expired")));
}

static void all_users_have_so_many_sessions(void **state)
{
    (void)state;
    for (int i = 0; i < COMMAND_TOTAL_MAX; i++) {
        struct strbuf client = STRBUF_INIT(64);
        strbuf_addf(&client, "u%d@example.net/x", i);
        ask_as(strbuf_text(&client), START("forget"));
        strbuf_release(&client);
    }
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, COMMAND_TOTAL_MAX);
    canonical_release(&sent);
    ask(START("forget"));
    answered(REFUSED("wait", "resource-constraint", ""));
    let_pass(COMMAND_WAIT_MS + 1);
    ask(START("forget"));
    answered(FORGET_FORM("0"));
}

static void who_is_no_admin_any_more_cannot_go_on(void **state)
{
    (void)state;
    make_admin(true);
    ask(START(END));
    answered(END_FORM(""));
    make_admin(false);
    ask(STEP(END, "next", SUBMIT(VALUE("accountjids", "x@y"))));
    answered(REFUSED("auth", "forbidden", ""));
    make_admin(true);
    ask(STEP(END, "next", SUBMIT(VALUE("accountjids", "x@y"))));
    answered(REFUSED("cancel", "not-allowed", DETAIL("session-expired")));
}

static void an_endless_id_is_refused(void **state)
{
    struct strbuf xml = STRBUF_INIT(1 << 20);

    (void)state;
    strbuf_adds(&xml, "<iq type='set' from='" BALCONY "' to='" LAB_DOMAIN "' id='");
    for (int i = 0; i < 100000; i++)
        strbuf_addch(&xml, 'x');
    strbuf_adds(&xml, "'>" START("forget") "</iq>");
    RECV(strbuf_text(&xml));
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 1);
    assert_non_null(strstr(sent.stanzas[0].text, "bad-request"));
    canonical_release(&sent);
    strbuf_release(&xml);
}

#define AT(address) address "@" LAB_DOMAIN
#define STATUS_AT(address, text) \
    ANSWER_FROM(AT(address), "status", "completed", "<note type='info'>" text "</note>")

static void ask_at(const char *address, const char *inside)
{
    struct strbuf xml = STRBUF_INIT(4096);

    strbuf_addf(&xml, "<iq type='set' id='c' from='" BALCONY "' to='%s'>%s</iq>", address, inside);
    RECV(strbuf_text(&xml));
    strbuf_release(&xml);
}

static void addresses_have_commands_of_their_own(void **state)
{
    static const struct {
        const char *address;
        const char *answer;
    } rows[] = {
        { AT("romeo"), STATUS_AT("romeo", "romeo is not in your contact list; you can write "
                                          "nevertheless.") },
        { AT("romeo") "/x", ANSWER_FROM(AT("romeo") "/x", "status", "completed",
          "<note type='info'>romeo is not in your contact list; you can write nevertheless."
          "</note>") },
        { ROOM, STATUS_AT("#r", "You are not in the room #r.") },
        { AT("%net"), STATUS_AT("%net", "State of " LAB_DOMAIN " for you: you are not using "
                                        "it.") },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        ask_at(rows[i].address, START("status"));
        answered(rows[i].answer);
    }
    dialogue_join();
    dialogue_join_too(CHAMBER);
    ask_at(ROOM, START("status"));
    answered(STATUS_AT("#r", "You are in the room #r as jul. 2 of your clients are in it."));
    subscribe("romeo");
    fake_transport_forget();
    ask_at(AT("romeo"), START("status"));
    answered(STATUS_AT("romeo", "romeo is in your contact list."));
}

static void what_is_at_no_address_is_refused(void **state)
{
    static const struct {
        const char *address;
        const char *node;
        const char *condition;
    } rows[] = {
        { ROOM "/romeo", "status", "service-unavailable" },
        { ROOM "/romeo", "forget", "service-unavailable" },
        { ROOM, "forget", "item-not-found" },
        { "bad@" LAB_DOMAIN, "status", "jid-malformed" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct strbuf start = STRBUF_INIT(4096);
        strbuf_addf(&start, START("%s"), rows[i].node);
        ask_at(rows[i].address, strbuf_text(&start));
        struct canonical sent = lab_take(LAB_DOMAIN);
        if (!strstr(sent.stanzas[0].text, rows[i].condition))
            fail_msg("%s", sent.stanzas[0].text);
        canonical_release(&sent);
        strbuf_release(&start);
    }
}

static void disco_lists_the_commands_of_an_address(void **state)
{
    (void)state;
    RECV("<iq type='get' id='c' from='" BALCONY "' to='" ROOM "'><query xmlns='" NS_DISCO_ITEMS
         "' node='" NS_COMMANDS "'/></iq>");
    SENT(LIST(ROOM, ENTRY(ROOM, "status", "Show what I use")));
    RECV("<iq type='get' id='c' from='" BALCONY "' to='" ROOM "'><query xmlns='" NS_DISCO_INFO
         "' node='status'/></iq>");
    SENT("<iq type='result' id='c' to='" BALCONY "' from='" ROOM "'>"
         "<query xmlns='" NS_DISCO_INFO "' node='status'>"
         "<identity category='automation' type='command-node' name='Show what I use'/>"
         "<feature var='" NS_COMMANDS "'/><feature var='" NS_DATA "'/></query></iq>");
    RECV("<iq type='get' id='c' from='" BALCONY "' to='" ROOM "'><query xmlns='" NS_DISCO_ITEMS
         "' node='forget'/></iq>");
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_non_null(strstr(sent.stanzas[0].text, "feature-not-implemented"));
    canonical_release(&sent);
}

/* --- the commands ----------------------------------------------------------------------- */

#define STATUS(lines) \
    ANSWER("status", "completed", \
           "<note type='info'>What you have in use at this gateway.</note>" \
           "<x xmlns='" NS_DATA "' type='result'><title>Show what I use</title>" \
           "<field type='text-multi' var='use' label='Transports and rooms'>" lines \
           "</field></x>")
#define USE(text) "<value>" text "</value>"

static void status_shows_what_is_in_use(void **state)
{
    (void)state;
    ask(START("status"));
    answered(STATUS(USE(LAB_DOMAIN ", A fake network, you are not using it")));
    dialogue_join();
    ask(START("status"));
    answered(STATUS(USE(LAB_DOMAIN ", A fake network, in use: rooms 1, contacts 0")
                    USE(LAB_DOMAIN ", #r, in the room as jul")));
}

static void export_shows_what_is_stored(void **state)
{
    const struct store_contact contacts[] = {
        { LAB_DOMAIN, USER_JID, "a\"\\\n<b>", "N", STORE_SUB_TO },
        { LAB_DOMAIN, "romeo@example.net", "secret", NULL, STORE_SUB_TO },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(contacts); i++)
        store_contact_put(lab.core->store, &contacts[i], NULL, NULL);
    store_counter_put(lab.core->store, &(struct store_counter){ LAB_DOMAIN, USER_JID, 7, 9 },
                      NULL, NULL);
    fake_store_commit();
    ask(START("export"));
    answered(ANSWER("export", "completed",
        "<note type='info'>This is all that is stored about you.</note>"
        "<x xmlns='" NS_DATA "' type='result'><title>Export my data</title>"
        "<field type='text-multi' var='data' label='Your data (JSON)'>"
        "<value>{</value><value>  \"user\": \"" USER_JID "\",</value>"
        "<value>  \"accounts\": [</value><value>  ],</value>"
        "<value>  \"settings\": [</value><value>  ],</value>"
        "<value>  \"contacts\": [</value>"
        "<value>    {\"transport\": \"" LAB_DOMAIN "\", "
        "\"address\": \"a\\\"\\\\\\n&lt;b>\", "
        "\"name\": \"N\", \"subscription\": \"to\"}</value><value>  ],</value>"
        "<value>  \"messages\": [</value><value>  ],</value>"
        "<value>  \"sent\": [</value>"
        "<value>    {\"transport\": \"" LAB_DOMAIN "\", \"day\": \"1970-01-08\", "
        "\"messages\": 9}</value><value>  ],</value>"
        "<value>  \"spent\": [</value><value>  ],</value>"
        "<value>  \"invitations\": [</value><value>  ],</value>"
        "<value>  \"last_used\": null</value><value>}</value></field></x>"));
}

static void too_much_to_export_is_said(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        char address[32];
        snprintf(address, sizeof address, "a%d", i);
        store_contact_put(lab.core->store,
                          &(struct store_contact){ LAB_DOMAIN, USER_JID, address, NULL, 1 },
                          NULL, NULL);
    }
    fake_store_commit();
    ask(START("export"));
    answered(FAILED("export", "There is too much to show in one message: ask the "
                              "administrator of this gateway for a copy of your data."));
}

static void disconnecting_ends_the_session_here(void **state)
{
    (void)state;
    ask(START("disconnect"));
    answered(DONE("disconnect", "You were not connected to " LAB_DOMAIN "."));
    dialogue_join();
    ask(START("disconnect"));
    DOWN("close " USER_JID ": The user has disconnected\n");
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_int_equal(sent.count, 2);
    assert_non_null(strstr(sent.stanzas[1].text, "You are disconnected from"));
    canonical_release(&sent);
    ask_disco(NS_DISCO_INFO, "disconnect");
    sent = lab_take(LAB_DOMAIN);
    canonical_release(&sent);
    dialogue_stream = LAB_GATEWAY;
    ask_disco(NS_DISCO_INFO, "disconnect"); /* there is nothing to disconnect from */
    sent = lab_take(LAB_GATEWAY);
    assert_non_null(strstr(sent.stanzas[0].text, "item-not-found"));
    canonical_release(&sent);
}

static void join_as(const char *client)
{
    struct strbuf xml = STRBUF_INIT(4096);

    strbuf_addf(&xml, JOIN("%s", "n"), client);
    RECV(strbuf_text(&xml));
    strbuf_release(&xml);
    bridge_room_joined(fake_transport_room(), "n");
    struct canonical sent = lab_take(LAB_DOMAIN);
    canonical_release(&sent);
    fake_transport_forget();
}

static void admins_see_who_is_there(void **state)
{
    (void)state;
    make_admin(true);
    join_as("b@example.net/x");
    join_as("a@example.net/x");
    ask(START(ADMIN "#get-online-users-num"));
    answered(ANSWER(ADMIN "#get-online-users-num", "completed",
        "<x xmlns='" NS_DATA "' type='result'><title>Count connected users</title>" HIDDEN
        "<field type='text-single' var='onlineusersnum' label='Users who are connected'>"
        "<value>2</value></field></x>"));
    ask(START(ADMIN "#get-online-users-list"));
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_non_null(strstr(sent.stanzas[0].text, "max_items"));
    const char *id = strstr(sent.stanzas[0].text, "sessionid='") + strlen("sessionid='");
    snprintf(session, sizeof session, "%.*s", (int)strcspn(id, "'"), id);
    canonical_release(&sent);
    ask(STEP(ADMIN "#get-online-users-list", "complete", SUBMIT(VALUE("max_items", "25"))));
    answered(ANSWER(ADMIN "#get-online-users-list", "completed",
        "<note type='info'>2 of 2.</note>"
        "<x xmlns='" NS_DATA "' type='result'><title>List connected users</title>" HIDDEN
        "<field type='text-multi' var='onlineuserjids' label='Users who are connected'>"
        "<value>a@example.net</value><value>b@example.net</value></field></x>"));
}

static void admins_write_to_everybody(void **state)
{
    (void)state;
    make_admin(true);
    join_as("b@example.net/x");
    join_as("a@example.net/x");
    ask(START(ADMIN "#announce"));
    struct canonical sent = lab_take(LAB_DOMAIN);
    const char *id = strstr(sent.stanzas[0].text, "sessionid='") + strlen("sessionid='");
    snprintf(session, sizeof session, "%.*s", (int)strcspn(id, "'"), id);
    canonical_release(&sent);
    ask(STEP(ADMIN "#announce", "complete",
             SUBMIT(VALUE("subject", "S") VALUE("announcement", "Down &lt;at> noon"))));
#define ANNOUNCED(to) \
    "<message id='*' to='" to "' from='" LAB_DOMAIN "'><subject>S</subject>" \
    "<body>Down &lt;at> noon</body></message>"
    char *answer = put_session(ANNOUNCED("a@example.net") ANNOUNCED("b@example.net")
                               DONE(ADMIN "#announce", "Sent to 2 users."));
    SENT(answer);
    free(answer);
}

static int reload_result;

static int on_reload(void *arg, struct bridge_error *err)
{
    (void)arg;
    return reload_result ? bridge_fail(err, BRIDGE_INVALID, "It has faults") : 0;
}

static void admins_reload(void **state)
{
    (void)state;
    make_admin(true);
    lab.core->on_reload = on_reload;
    ask(START("reload"));
    answered(DONE("reload", "The configuration was read again. What needs a restart is in the "
                            "log."));
    reload_result = -1;
    ask(START("reload"));
    answered(FAILED("reload", "It has faults."));
}

/* As people type it; disco has the node alone. */
static void the_word_of_a_chat_is_understood_too(void **state)
{
    (void)state;
    ask(START("count-users"));
    answered(REFUSED("auth", "forbidden", ""));
    make_admin(true);
    ask(START("count-users"));
    answered(ANSWER("count-users", "completed",
        "<x xmlns='" NS_DATA "' type='result'><title>Count connected users</title>" HIDDEN
        "<field type='text-single' var='onlineusersnum' label='Users who are connected'>"
        "<value>0</value></field></x>"));
    ask(START("end-sessions"));
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_non_null(strstr(sent.stanzas[0].text, "node='end-sessions'"));
    const char *id = strstr(sent.stanzas[0].text, "sessionid='") + strlen("sessionid='");
    snprintf(session, sizeof session, "%.*s", (int)strcspn(id, "'"), id);
    canonical_release(&sent);
    ask(STEP("end-sessions", "cancel", ""));
    answered(ANSWER("end-sessions", "canceled", ""));
    ask(START("help"));
    answered(REFUSED("cancel", "item-not-found", ""));
    ask(START("set")); /* only for chats */
    answered(REFUSED("cancel", "item-not-found", ""));
    ask_disco(NS_DISCO_INFO, "count-users");
    sent = lab_take(LAB_DOMAIN);
    assert_null(strstr(sent.stanzas[0].text, "type='result'"));
    canonical_release(&sent);
}

#define LINE(domain, stream, sessions, rooms) \
    "<value>" domain ", " stream ", " sessions ", " rooms "</value>"

static void statistics_show_the_domains(void **state)
{
    struct strbuf xml = STRBUF_INIT(65536);

    (void)state;
    make_admin(true);
    join_as("a@example.net/x");
    ask(START("statistics"));
    strbuf_addf(&xml, ANSWER("statistics", "completed",
        "<x xmlns='" NS_DATA "' type='result'><title>Show statistics</title>"
        "<field type='text-single' var='version' label='Version'><value>%s</value></field>"
        "<field type='text-single' var='database' label='Database'><value>well</value></field>"
        "<field type='text-multi' var='rows' "
        "label='Domain, Connection to the XMPP server, Sessions, Rooms'>"
        LINE(LAB_DOMAIN, "up", "sessions: 1", "rooms: 1") "</field></x>"), bridge_version());
    answered(strbuf_text(&xml));
    strbuf_release(&xml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_step_allows_what_makes_sense),
        TEST(forms_follow_each_other_and_go_back),
        TEST(a_call_holds_so_much),
        TEST(a_call_waits_at_the_place_that_it_was_given_at),
        TEST(what_does_not_fit_can_be_mended_in_the_form),
        TEST_GATEWAY(the_list_has_what_this_user_may_do_here),
        TEST(each_command_says_what_it_is),
        TEST(the_word_of_a_chat_is_understood_too),
        TEST(forgetting_takes_a_yes_and_leaves_nothing),
        TEST(what_cannot_be_deleted_is_said),
        TEST(forgetting_ends_with_the_gateway),
        TEST(steps_go_forward_and_back),
        TEST(canceling_ends_it),
        TEST(errors_are_those_of_the_protocol),
        TEST(errors_say_what_they_are_about),
        TEST(a_session_is_of_the_client_that_opened_it),
        TEST_GATEWAY(a_session_is_of_the_domain_that_opened_it),
        TEST(sessions_wait_for_some_time),
        TEST(a_user_has_so_many_sessions_and_loses_the_oldest),
        TEST(all_users_have_so_many_sessions),
        TEST(who_is_no_admin_any_more_cannot_go_on),
        TEST(an_endless_id_is_refused),
        TEST(addresses_have_commands_of_their_own),
        TEST(what_is_at_no_address_is_refused),
        TEST(disco_lists_the_commands_of_an_address),
        TEST(status_shows_what_is_in_use),
        TEST(export_shows_what_is_stored),
        TEST(too_much_to_export_is_said),
        TEST_GATEWAY(disconnecting_ends_the_session_here),
        TEST(admins_see_who_is_there),
        TEST(admins_write_to_everybody),
        TEST(admins_reload),
        TEST(statistics_show_the_domains),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
