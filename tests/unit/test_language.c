/* Whom the core serves, and in which language. */
#include <string.h>

#include <bridge/host.h>
#include <bridge/words.h>

#include "dialogue.h"
#include "language.h"
#include "session.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ROMEO "romeo@" LAB_DOMAIN

static int setup(void **state)
{
    struct bridge_error err;

    return language_load(TRANSLATIONS, &err) || dialogue_setup(state);
}

static int teardown(void **state)
{
    int rc = dialogue_teardown(state);

    language_unload();
    return rc;
}

static void say(const char *attributes, const char *text)
{
    struct strbuf xml = STRBUF_INIT(4096);

    strbuf_addf(&xml, "<message type='chat' from='" BALCONY "' to='" LAB_DOMAIN "' %s><body>%s"
                      "</body></message>", attributes, text);
    RECV(strbuf_text(&xml));
    strbuf_release(&xml);
}

#define HEAR(text) \
    "<message type='chat' id='*' to='" BALCONY "' from='" LAB_DOMAIN "'><body>" text \
    "</body></message>"
#define ENGLISH HEAR("There is nothing to cancel.")
#define GERMAN HEAR("Es gibt nichts abzubrechen.")
#define FRENCH HEAR("Il n’y a rien à annuler.")

static void answers_are_in_the_language_of_the_stanza(void **state)
{
    static const struct {
        const char *attributes;
        const char *answer;
    } rows[] = {
        { "", ENGLISH },
        { "xml:lang='de'", GERMAN },
        { "xml:lang='fr-CA'", FRENCH },
        { "xml:lang='en'", ENGLISH },
        { "xml:lang='tlh'", ENGLISH },
        { "", ENGLISH }, /* nobody is remembered who has no session */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        say(rows[i].attributes, "cancel");
        SENT(rows[i].answer);
    }
}

static void a_user_with_a_session_is_remembered(void **state)
{
    (void)state;
    RECV("<message type='chat' xml:lang='de' from='" BALCONY "' to='" ROMEO "'><body>x</body>"
         "</message>");
    DOWN("open juliet@example.net\nsend romeo id=-: x\n");
    say("", "cancel");
    SENT(GERMAN);
    say("xml:lang='fr'", "cancel"); /* now another client */
    SENT(FRENCH);
    say("", "cancel");
    SENT(FRENCH);
}

static void set_language(const char *language)
{
    const struct store_setting setting = { "", "juliet@example.net", "", "language", language };

    store_settings_put(lab.core->store, &setting, 1, NULL, NULL);
    fake_store_commit();
}

static void what_the_user_has_set_counts_most(void **state)
{
    (void)state;
    set_language("fr");
    say("xml:lang='de'", "cancel");
    SENT(FRENCH);
    set_language("en");
    say("xml:lang='de'", "cancel");
    SENT(ENGLISH);
    set_language("auto");
    say("xml:lang='de'", "cancel");
    SENT(GERMAN);
}

static void errors_menus_and_forms_are_translated_too(void **state)
{
    (void)state;
    RECV("<presence xml:lang='de' from='" BALCONY "' to='" ROOM "'><x xmlns='" NS_MUC "'/>"
         "</presence>");
    SENT("<presence type='error' to='" BALCONY "' from='" ROOM "'>"
         ERROR_TEXT("modify", "jid-malformed", "Ein Nick fehlt: Betreten Sie den Raum als " ROOM
                    "/nick") "</presence>");
    RECV("<iq type='get' id='1' xml:lang='fr' from='" BALCONY "' to='" LAB_DOMAIN "'><query "
         "xmlns='" NS_DISCO_INFO "' node='forget'/></iq>");
    SENT("<iq type='result' id='1' to='" BALCONY "' from='" LAB_DOMAIN "'><query xmlns='"
         NS_DISCO_INFO "' node='forget'><identity category='automation' type='command-node' "
         "name='Effacer mes données'/><feature var='" NS_COMMANDS "'/><feature var='" NS_DATA
         "'/></query></iq>");
}

/* What is done later is told in the language in which it was asked for. */
static void a_command_keeps_its_language(void **state)
{
    (void)state;
    say("xml:lang='de'", "forget");
    struct canonical sent = lab_take(LAB_DOMAIN);
    assert_non_null(strstr(sent.stanzas[0].text, "Ausführen? (ja oder nein)"));
    canonical_release(&sent);
    say("xml:lang='de'", "ja");
    fake_store_commit();
    SENT(HEAR("Alles, was über Sie gespeichert war, ist gelöscht, und Ihre Sitzungen sind "
              "beendet."));
}

static void what_comes_from_the_network_is_told_in_the_users_language(void **state)
{
    (void)state;
    RECV("<message type='chat' xml:lang='de' from='" BALCONY "' to='" ROMEO "'><body>x</body>"
         "</message>");
    DOWN("open juliet@example.net\nsend romeo id=-: x\n");
    assert_string_equal(_("Done."), "Done."); /* whoever's */
    bridge_words_for(fake_transport_session());
    assert_string_equal(_("Done."), "Erledigt.");
    session_close(fake_transport_session(), "bye");
    DOWN("close juliet@example.net: bye\n");
    assert_string_equal(_("Done."), "Done.");
}

#define TEST_IN(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN(answers_are_in_the_language_of_the_stanza),
        TEST_IN(a_user_with_a_session_is_remembered),
        TEST_IN(what_the_user_has_set_counts_most),
        TEST_IN(errors_menus_and_forms_are_translated_too),
        TEST_IN(a_command_keeps_its_language),
        TEST_IN(what_comes_from_the_network_is_told_in_the_users_language),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
