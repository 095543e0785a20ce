#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "casemap.h"
#include "flood.h"
#include "proof.h"

/* A line of the message `id` goes out. */
static void send_line(struct proof *p, const char *id, uint64_t now)
{
    struct flood f;

    flood_init(&f, 1, 0);
    flood_add(&f, "x\r\n", 3, "bob%net", id);
    proof_add(p, flood_drop(&f), now);
}

static const char *ask(struct proof *p)
{
    static char token[PROOF_TOKEN_MAX];

    proof_ask(p, token);
    return token;
}

/* The ids of what is not proven, joined; "-" is one that is forgotten. */
static const char *lost(struct proof *p)
{
    static char text[100];
    struct flood_line *line;

    *text = 0;
    while ((line = proof_drop(p))) {
        strcat(text, line->id ? line->id : "-");
        free(line);
    }
    assert_int_equal(p->size, 0);
    return text;
}

static void a_question_waits_for_a_pause_or_for_many_lines(void **state)
{
    struct proof p = { 0 };

    (void)state;
    assert_int_equal(proof_ask_at(&p), 0);
    send_line(&p, "a", 1000);
    assert_int_equal(proof_ask_at(&p), 1000 + PROOF_PAUSE);
    for (int i = 1; i < PROOF_LINES; i++)
        send_line(&p, "a", 1001);
    assert_int_equal(proof_ask_at(&p), 1001);
    ask(&p);
    assert_int_equal(proof_ask_at(&p), 0);
    proof_release(&p);
}

static void an_answer_proves_what_was_asked_about(void **state)
{
    struct proof p = { 0 };

    (void)state;
    send_line(&p, "a", 0);
    send_line(&p, "b", 0);
    assert_string_equal(ask(&p), "bridged2");
    send_line(&p, "c", 0);
    assert_string_equal(ask(&p), "bridged3");
    send_line(&p, "d", 0);
    proof_answer(&p, "bridged2");
    proof_answer(&p, "bridged2");
    assert_string_equal(lost(&p), "cd");
}

static void other_answers_prove_nothing_or_not_too_much(void **state)
{
    static const char *const tokens[] = { "", "irc.example.org", "bridged", "bridged-", "2" };
    struct proof p = { 0 };

    (void)state;
    send_line(&p, "a", 0);
    ask(&p);
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        proof_answer(&p, tokens[i]);
    send_line(&p, "b", 0);
    assert_int_equal(p.proven, 0);
    proof_answer(&p, "bridged-1"); /* the largest of all numbers */
    assert_string_equal(lost(&p), "b");
}

static void what_failed_otherwise_is_forgotten(void **state)
{
    struct proof p = { 0 };

    (void)state;
    for (const char *id = "abac"; *id; id++)
        send_line(&p, (char[]){ *id, 0 }, 0);
    proof_forget(&p, "BOB%net", "a", casemap_rfc1459);
    proof_forget(&p, "eve%net", "c", casemap_rfc1459);
    assert_string_equal(lost(&p), "-b-c");
}

static void only_so_much_is_held(void **state)
{
    struct proof p = { 0 };

    (void)state;
    while (!proof_full(&p))
        send_line(&p, "a", 0);
    assert_true(p.size < FLOOD_QUEUE_MAX + 1000);
    ask(&p);
    proof_answer(&p, "bridged1");
    assert_false(proof_full(&p));
    proof_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_waits_for_a_pause_or_for_many_lines),
        cmocka_unit_test(an_answer_proves_what_was_asked_about),
        cmocka_unit_test(other_answers_prove_nothing_or_not_too_much),
        cmocka_unit_test(what_failed_otherwise_is_forgotten),
        cmocka_unit_test(only_so_much_is_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
