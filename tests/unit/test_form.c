/* Data forms (XEP-0004). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "form.h"
#include "splitter.h"
#include "stanza.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define X "<x xmlns='" NS_DATA "' type='submit'>"

static const struct form_option sizes[] = { { "s", "small" }, { "L", NULL }, { 0 } };
static const struct form_field fields[] = {
    { .var = "FORM_TYPE", .type = FORM_HIDDEN, .initial = "urn:x" },
    { .type = FORM_FIXED, .initial = "Please read <this>" },
    { .var = "name", .type = FORM_TEXT_SINGLE, .label = "Name", .required = true },
    { .var = "who", .type = FORM_JID_SINGLE, .label = "Who" },
    { .var = "all", .type = FORM_JID_MULTI, .label = "All" },
    { .var = "size", .type = FORM_LIST_SINGLE, .label = "Size", .initial = "s",
      .options = sizes },
    { .var = "text", .type = FORM_TEXT_MULTI, .label = "Text" },
    { .var = "sure", .type = FORM_BOOLEAN, .label = "Sure" },
    { 0 },
};
enum { NAME = 2, WHO, ALL, SIZE, TEXT, SURE };

/* --- writing ------------------------------------------------------------------------- */

static void a_form_is_written_as_the_protocol_has_it(void **state)
{
    static const struct form_field secret = { .var = "p", .type = FORM_TEXT_PRIVATE };
    struct strbuf out = STRBUF_INIT(10000);

    (void)state;
    form_open(&out, "form", "T & U", "Do <it>");
    for (size_t i = 0; i < 3; i++)
        form_write_field(&out, &fields[i], NULL);
    form_write_field(&out, &fields[ALL], "a@b\nc@d");
    form_write_field(&out, &fields[SIZE], NULL);
    form_write_field(&out, &secret, "never shown");
    form_close(&out);
    assert_string_equal(strbuf_text(&out),
        "<x xmlns='jabber:x:data' type='form'><title>T &amp; U</title>"
        "<instructions>Do &lt;it&gt;</instructions>"
        "<field type='hidden' var='FORM_TYPE'><value>urn:x</value></field>"
        "<field type='fixed'><value>Please read &lt;this&gt;</value></field>"
        "<field type='text-single' var='name' label='Name'><required/></field>"
        "<field type='jid-multi' var='all' label='All'><value>a@b</value><value>c@d</value>"
        "</field>"
        "<field type='list-single' var='size' label='Size'><value>s</value>"
        "<option label='small'><value>s</value></option>"
        "<option label='L'><value>L</value></option></field>"
        "<field type='text-private' var='p'></field></x>");
    strbuf_release(&out);
}

static void a_table_is_a_line_a_row(void **state)
{
    static const struct form_field columns[] = {
        { .var = "a", .type = FORM_TEXT_SINGLE, .label = "A" },
        { .var = "b", .type = FORM_JID_SINGLE, .label = "B" }, { 0 },
    };
    struct strbuf out = STRBUF_INIT(10000);

    (void)state;
    form_write_rows(&out, columns, (const char *const[]){ "1", "<", "2", "" }, 4);
    assert_string_equal(strbuf_text(&out),
        "<field type='text-multi' var='rows' label='A, B'><value>1, &lt;</value>"
        "<value>2, </value></field>");
    strbuf_release(&out);
}

static void a_boolean_is_shown_in_words(void **state)
{
    static const struct form_field flag = { .var = "f", .type = FORM_BOOLEAN },
                                   text = { .var = "t", .type = FORM_TEXT_SINGLE };

    (void)state;
    assert_string_equal(form_shown(&flag, "1"), "yes");
    assert_string_equal(form_shown(&flag, "0"), "no");
    assert_string_equal(form_shown(&text, "1"), "1");
}

/* --- reading -------------------------------------------------------------------------- */

static struct reading {
    int rc;
    bool seen;
    char *values[COUNT(fields)];
    struct bridge_error err;
} reading;

static void on_stanza(void *arg, xmpp_stanza_t *stanza)
{
    (void)arg;
    reading.seen = true;
    reading.rc = form_read(stanza_child(stanza, "x", NS_DATA), fields, reading.values,
                           &reading.err);
}

static void read_form(const char *xml)
{
    static const struct splitter_events events = { .on_stanza = on_stanza };
    struct splitter *s = splitter_new(NULL, &events, NULL);
    struct strbuf all = STRBUF_INIT(1 << 20);
    struct bridge_error err;

    form_release(reading.values, COUNT(fields));
    reading.seen = false;
    strbuf_addf(&all, "<stream:stream xmlns='jabber:component:accept' xmlns:stream='" NS_STREAM
                      "'><iq>%s</iq>", xml);
    assert_int_equal(splitter_feed(s, strbuf_text(&all), all.len, &err), 0);
    assert_true(reading.seen);
    splitter_free(s);
    strbuf_release(&all);
}

#define FIELD(var, value) "<field var='" var "'><value>" value "</value></field>"
#define ONLY(inside) X FIELD("name", "n") inside "</x>"

static const struct {
    const char *xml;
    int row;
    const char *value; /* NULL: none */
} good[] = {
    { ONLY(""), NAME, "n" },
    { ONLY(""), WHO, NULL },
    { ONLY(""), SIZE, "s" }, /* its default */
    { ONLY("<field var='size'/>"), SIZE, NULL },
    { ONLY(FIELD("size", "l")), SIZE, "L" },
    { ONLY(FIELD("who", "Juliet@Example.NET/b")), WHO, "juliet@example.net" },
    { ONLY(FIELD("all", " A@b, c@d ")), ALL, "a@b\nc@d" },
    { ONLY("<field var='all'><value>a@b</value><value/><value>c@d</value></field>"), ALL,
      "a@b\nc@d" },
    { ONLY("<field var='text'><value>1</value><value>2</value></field>"), TEXT, "1\n2" },
    { ONLY(FIELD("text", "a&#x202;b&#9;c")), TEXT, "a\xc8\x82" "b\tc" },
    { ONLY(FIELD("sure", "true")), SURE, "1" },
    { ONLY(FIELD("sure", "0")), SURE, "0" },
    { ONLY(FIELD("other", "x") FIELD("FORM_TYPE", "y")), 0, NULL },
    { X FIELD("name", "first") FIELD("name", "second") "</x>", NAME, "first" },
    { X "<other var='name'><value>x</value></other>" FIELD("name", "n") "</x>", NAME, "n" },
};

static void values_are_read_by_name_checked_and_cleaned(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        read_form(good[i].xml);
        if (reading.rc)
            fail_msg("%s: %s", good[i].xml, reading.err.text);
        if (good[i].value && reading.values[good[i].row])
            assert_string_equal(reading.values[good[i].row], good[i].value);
        else
            assert_ptr_equal(reading.values[good[i].row], good[i].value);
    }
    form_release(reading.values, COUNT(fields));
}

static const struct {
    const char *xml;
    const char *fault;
} bad[] = {
    { "", "Name: this is missing" },
    { X "</x>", "Name: this is missing" },
    { X FIELD("name", " &#10; ") "</x>", "Name: this is missing" },
    { ONLY(FIELD("who", "@x")), "Who: an address such as user@example.com is needed" },
    { ONLY(FIELD("size", "xl")), "Size: choose one of s, L" },
    { ONLY(FIELD("sure", "perhaps")), "Sure: say yes or no" },
    { ONLY(FIELD("all", "a@b @")), "All: an address such as user@example.com is needed" },
    { ONLY(FIELD("all", ",")), "All: this is missing" },
    { X "<field var='name'><value>a</value><value>b</value></field></x>",
      "Name: one line is enough" },
    { X FIELD("sure", "?") FIELD("size", "?") "</x>",
      "Name: this is missing; Size: choose one of s, L; Sure: say yes or no" },
};

static void every_bad_field_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        read_form(bad[i].xml);
        assert_int_equal(reading.rc, -1);
        assert_string_equal(reading.err.text, bad[i].fault);
        for (size_t k = 0; k < COUNT(fields); k++)
            assert_null(reading.values[k]);
    }
}

static const struct form_field age = { .var = "age", .type = FORM_INTEGER, .label = "Age",
                                       .help = "In years.", .min = -1, .max = 150 };
static const struct form_field pin = { .var = "pin", .type = FORM_TEXT_SINGLE, .max = 4 };

static const struct {
    const struct form_field *field;
    const char *text;
    const char *value; /* NULL: refused */
} bounded[] = {
    { &age, "0", "0" },
    { &age, " +007 ", "7" },
    { &age, "-1", "-1" },
    { &age, "150", "150" },
    { &age, "151", NULL },
    { &age, "-2", NULL },
    { &age, "7x", NULL },
    { &age, "x", NULL },
    { &age, "99999999999999999999", NULL },
    { &pin, "1234", "1234" },
    { &pin, "12345", NULL },
    { &pin, "\xc3\xa4\xc3\xa4\xc3\xa4", NULL },
};

static void numbers_and_texts_stay_within_their_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bounded); i++) {
        struct strbuf value = STRBUF_INIT(100);
        struct bridge_error err;
        int rc = form_check(bounded[i].field, bounded[i].text, &value, &err);
        if (!rc != !!bounded[i].value || (!rc && strcmp(bounded[i].value, strbuf_text(&value))))
            fail_msg("%s: \"%s\"", bounded[i].text, rc ? err.text : strbuf_text(&value));
        strbuf_release(&value);
    }
}

static void a_number_is_asked_for_with_its_range(void **state)
{
    struct strbuf out = STRBUF_INIT(10000);

    (void)state;
    form_write_field(&out, &age, "7");
    assert_string_equal(strbuf_text(&out),
        "<field type='text-single' var='age' label='Age'><desc>In years.</desc>"
        "<validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:integer'>"
        "<range min='-1' max='150'/></validate><value>7</value></field>");
    strbuf_release(&out);
}

static void huge_forms_cost_little(void **state)
{
    struct strbuf xml = STRBUF_INIT(1 << 20);

    (void)state;
    strbuf_adds(&xml, X);
    for (int i = 0; i < 2000; i++)
        strbuf_addf(&xml, "<field var='f%d'><value/></field>", i);
    strbuf_adds(&xml, FIELD("name", "n") "</x>");
    read_form(strbuf_text(&xml));
    assert_int_equal(reading.rc, 0);

    strbuf_reset(&xml);
    strbuf_adds(&xml, X "<field var='name'><value>");
    for (size_t i = 0; i < FORM_VALUE_MAX; i++)
        strbuf_addch(&xml, 'x');
    size_t most = xml.len;
    strbuf_adds(&xml, "</value></field></x>");
    read_form(strbuf_text(&xml));
    assert_int_equal(reading.rc, 0);
    strbuf_cut(&xml, most);
    strbuf_adds(&xml, "x</value></field></x>");
    read_form(strbuf_text(&xml));
    assert_int_equal(reading.rc, -1);
    assert_string_equal(reading.err.text, "Name: this is too long: 3071 bytes are the most");

    strbuf_reset(&xml);
    strbuf_adds(&xml, X FIELD("name", "n") "<field var='text'>");
    for (int i = 0; i < 2000; i++)
        strbuf_addf(&xml, "<value>%0200d</value>", i);
    strbuf_adds(&xml, "</field></x>");
    read_form(strbuf_text(&xml));
    assert_int_equal(reading.rc, -1);
    assert_string_equal(reading.err.text, "Text: this is too long: 16384 bytes are the most");
    strbuf_release(&xml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_written_as_the_protocol_has_it),
        cmocka_unit_test(a_table_is_a_line_a_row),
        cmocka_unit_test(a_boolean_is_shown_in_words),
        cmocka_unit_test(values_are_read_by_name_checked_and_cleaned),
        cmocka_unit_test(every_bad_field_is_named),
        cmocka_unit_test(numbers_and_texts_stay_within_their_bounds),
        cmocka_unit_test(a_number_is_asked_for_with_its_range),
        cmocka_unit_test(huge_forms_cost_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
