/* The IRC plugin as the core and a server see it: dialogues. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <bridge/clock.h>
#include <bridge/strbuf.h>

#include "casemap.h"
#include "fake_host.h"
#include "network.h"

static struct network networks[2];
static struct irc_settings settings;
static struct bridge_session *juliet;
static struct conn *conn; /* to the server that talks */

/* The server says this. */
static void recv_line(const char *line)
{
    struct strbuf b = STRBUF_INIT(1u << 20);

    strbuf_addf(&b, "%s\r\n", line);
    fake_receive(conn, b.data, b.len);
    strbuf_release(&b);
}

#define RECV(line)  recv_line(line)
#define CHECK(line) assert_string_equal(fake_upcall(), line)   /* the core hears */
#define SENT(line)  assert_string_equal(fake_sent(conn), line) /* the server hears */
#define QUIET()     CHECK(""), SENT("")

static int set_up(void **state)
{
    struct bridge_error err;

    (void)state;
    networks[0] = (struct network){ .name = (char *)"net",
                                    .host = (char *)"irc.example.org",
                                    .port = 6697,
                                    .tls = true,
                                    .burst = 100,
                                    .rate = 0 };
    networks[1] = (struct network){ .name = (char *)"slow",
                                    .host = (char *)"::1",
                                    .port = 6667,
                                    .burst = 3,
                                    .rate = 2,
                                    .password = (char *)"s3cret" };
    settings = (struct irc_settings){ .open_networks = true,
                                      .networks = { networks, 2 },
                                      .quit_message = (char *)"bye" };
    assert_true(fake_start(&settings, &err));
    juliet = fake_session("juliet@example.net");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_on_upcall(NULL);
    fake_stop();
    return 0;
}

static void skip_upcalls(void)
{
    while (*fake_upcall())
        ;
}

static void skip_sent(void)
{
    while (*fake_sent(conn))
        ;
}

static const char *const isupport =
    "CHANTYPES=#& PREFIX=(qaohv)~&@%+ CHANMODES=beI,k,l,imnpst STATUSMSG=@+";

/* Bring the connection that was just opened up, as `nick`. */
static void welcome(const char *nick, const char *more)
{
    struct strbuf b = STRBUF_INIT(4096);

    conn = fake_conn();
    fake_connected(conn);
    strbuf_addf(&b, ":srv.example.org 001 %s :Welcome\r\n", nick);
    strbuf_addf(&b, ":srv.example.org 005 %s %s %s :are supported\r\n", nick, isupport, more);
    strbuf_addf(&b, ":srv.example.org 422 %s :No message of the day\r\n", nick);
    fake_receive(conn, b.data, b.len);
    strbuf_release(&b);
}

/* Juliet is in #c%net as jul, with op, who is one. */
static void in_channel(void)
{
    assert_int_equal(fake_join(juliet, "#c%net", "jul", NULL), 0);
    welcome("jul", "");
    RECV(":jul!juliet@client.example JOIN #c");
    RECV(":srv.example.org 353 jul = #c :jul @op");
    RECV(":srv.example.org 366 jul #c :End");
    skip_upcalls();
    skip_sent();
}

/* --- addresses --------------------------------------------------------------- */

static void tells_rooms_people_and_networks_apart(void **state)
{
    static const char *const cases[][2] = {
        { "#c%net", "room #c%net" },
        { "#C%NET", "room #c%net" },
        { "&local%net", "room &local%net" },
        { "!abcde%net", "room !abcde%net" },
        { "+modeless%net", "room +modeless%net" },
        { "#50%off%net", "room #50%off%net" },
        { "nick%net", "contact nick%net" },
        { "Nick[a]%net", "contact nick[a]%net" },
        { "*status%net", "contact *status%net" },
        { "net", "service net" },
        { "#c%irc.libera.chat", "room #c%irc.libera.chat" },
        { "irc.libera.chat", "service irc.libera.chat" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(fake_classify(cases[i][0]), cases[i][1]);
}

static void refuses_what_is_no_address_and_says_how_one_looks(void **state)
{
    static const char *const cases[][2] = {
        { "#c", "'#c': the network is missing" },
        { "%net", "'%net': there is no name before the %" },
        { "#c%", "'#c%': there is no network after the %" },
        { "", "'': there is no network after the %" },
        { "two words%net", "'two words%net': the name has characters" },
        { "#a,#b%net", "'#a,#b%net': the name has characters" },
        { "a!b@c%net", "'a!b@c%net': the name has characters" },
        { ":x%net", "':x%net': the name has characters" },
        { "#c%localhost", "'localhost' is not the host name" },
        { "#c%127.0.0.1", "'127.0.0.1' is not the host name" },
        { "#c%-x.org", "'-x.org' is not the host name" },
        { "#c%a..org", "'a..org' is not the host name" },
        { "#c%ex ample.org", "'ex ample.org' is not the host name" },
        { "#c%\xc3\xa9.org", "'\xc3\xa9.org' is not the host name" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *answer = fake_classify(cases[i][0]);
        if (strncmp(answer, "error ", 6) != 0 ||
            strncmp(answer + 6, cases[i][1], strlen(cases[i][1])) != 0)
            fail_msg("%s: %s", cases[i][0], answer);
    }
    assert_non_null(strstr(fake_classify("#c"), "#channel%NETWORK"));
}

static void names_the_networks_when_no_others_are_allowed(void **state)
{
    (void)state;
    settings.open_networks = false;
    assert_string_equal(
        fake_classify("#c%irc.libera.chat"),
        "error there is no network 'irc.libera.chat' here; those that there are: net, slow");
    settings.networks.count = 1;
    assert_string_equal(fake_classify("libera"),
                        "error there is no network 'libera' here; those that there are: net");
}

static void refuses_settings_that_make_no_sense(void **state)
{
    struct bridge_error err;

    (void)state;
    networks[1].name = (char *)"net";
    assert_int_equal(network_check_settings(&settings, &err), -1);
    assert_string_equal(err.text, "networks[1].name: 'net' is there twice");
    networks[1].name = (char *)"Net%1";
    assert_int_equal(network_check_settings(&settings, &err), -1);
    networks[1].name = (char *)"slow";
    networks[1].fingerprint = (char *)"ab";
    assert_int_equal(network_check_settings(&settings, &err), -1);
    assert_string_equal(err.text, "networks[1]: certificates mean nothing with tls = false");
    settings.networks.count = 0;
    settings.open_networks = false;
    assert_int_equal(network_check_settings(&settings, &err), -1);
}

/* --- introducing ourselves ------------------------------------------------------- */

static void introduces_itself_at_once_and_joins_when_let_in(void **state)
{
    (void)state;
    fake_join(juliet, "#c%net", "jul", NULL);
    CHECK("conn_open irc.example.org 6697 tls");
    conn = fake_conn();
    SENT("");
    fake_connected(conn);
    SENT("CAP LS :302");
    SENT("NICK jul");
    SENT("USER juliet 0 * :juliet");
    RECV("NOTICE * :*** Looking up your hostname");
    RECV(":srv.example.org CAP * LS * :sasl=PLAIN,EXTERNAL multi-prefix");
    SENT("");
    RECV(":srv.example.org CAP * LS :userhost-in-names server-time");
    SENT("CAP REQ :multi-prefix userhost-in-names");
    RECV(":srv.example.org CAP jul ACK :multi-prefix userhost-in-names");
    SENT("CAP END");
    RECV(":srv.example.org 001 jul :Welcome");
    RECV(":srv.example.org 375 jul :- Message of the day");
    SENT("");
    RECV(":srv.example.org 376 jul :End");
    SENT("JOIN #c");
    QUIET();
}

static void needs_no_capabilities(void **state)
{
    (void)state;
    fake_join(juliet, "#c%net", "jul", NULL);
    conn = fake_conn();
    fake_connected(conn);
    skip_sent();
    RECV(":srv.example.org CAP * LS :sasl");
    SENT("CAP END");
    RECV(":srv.example.org CAP * LS :multi-prefix");
    SENT("CAP REQ :multi-prefix");
    RECV(":srv.example.org CAP * NAK :multi-prefix");
    SENT("CAP END");
    RECV(":srv.example.org 421 * CAP :Unknown command");
    SENT("");
    RECV(":srv.example.org 422 jul :No message of the day");
    SENT("JOIN #c");
}

static void gives_the_servers_password_first(void **state)
{
    (void)state;
    fake_join(juliet, "#c%slow", "jul", NULL);
    CHECK("conn_open ::1 6667 plain");
    conn = fake_conn();
    fake_connected(conn);
    SENT("CAP LS :302");
    SENT("PASS :s3cret");
    SENT("NICK jul");
}

static void networks_by_host_name_are_public_and_use_tls(void **state)
{
    (void)state;
    fake_join(juliet, "#c%irc.libera.chat", "jul", NULL);
    CHECK("conn_open irc.libera.chat 6697 tls public");
}

static void user_names_are_letters_and_digits(void **state)
{
    (void)state;
    fake_join(fake_session("r.o-m\xc3\xa9o_99monTague@example.net"), "#c%net", "rom", NULL);
    conn = fake_conn();
    fake_connected(conn);
    SENT("CAP LS :302");
    SENT("NICK rom");
    SENT("USER romo99mona 0 * :r.o-m\xc3\xa9o_99monTague");
    fake_join(fake_session("--@example.net"), "#c%net", "x", NULL);
    conn = fake_conn();
    fake_connected(conn);
    SENT("CAP LS :302");
    SENT("NICK x");
    SENT("USER user 0 * :--");
}

static void a_nick_in_use_refuses_the_join_and_another_one_is_tried(void **state)
{
    (void)state;
    fake_join(juliet, "#c%net", "jul", NULL);
    conn = fake_conn();
    fake_connected(conn);
    skip_upcalls();
    skip_sent();
    RECV(":srv.example.org 433 * jul :Nickname is already in use.");
    CHECK("room_refused #c%net CONFLICT the nick is in use on this network "
          "(Nickname is already in use.)");
    assert_true(fake_conn_is_open(conn));
    fake_join(juliet, "#c%net", "jul2", NULL);
    SENT("NICK jul2");
    RECV(":srv.example.org 432 * jul2 :Erroneous nickname");
    CHECK("room_refused #c%net INVALID the network does not allow this nick "
          "(Erroneous nickname)");
    fake_join(juliet, "#c%net", "jul3", NULL);
    SENT("NICK jul3");
    RECV(":srv.example.org 001 jul3 :Welcome");
    RECV(":srv.example.org 376 jul3 :End");
    SENT("JOIN #c");
    QUIET();
    assert_int_equal(fake_open_conns(), 1);
}

static void a_refused_nick_is_waited_for_only_so_long(void **state)
{
    (void)state;
    fake_join(juliet, "#c%net", "jul", NULL);
    conn = fake_conn();
    fake_connected(conn);
    RECV(":srv.example.org 433 * jul :In use");
    skip_upcalls();
    fake_advance(59000);
    assert_int_equal(fake_open_conns(), 1);
    fake_advance(1000);
    assert_int_equal(fake_open_conns(), 0);
    CHECK("");
}

static void the_server_may_give_another_nick(void **state)
{
    (void)state;
    fake_join(juliet, "#c%net", "julietcapulet", NULL);
    welcome("julietcap", "");
    skip_upcalls();
    RECV(":julietcap!juliet@h JOIN :#c");
    CHECK("room_occupant #c%net julietcap none participant 0");
    RECV(":srv.example.org 353 julietcap = #c :julietcap");
    RECV(":srv.example.org 366 julietcap #c :End");
    CHECK("room_occupant #c%net julietcap none participant 0");
    CHECK("room_joined #c%net julietcap");
}

static void a_wrong_password_of_the_server_says_so(void **state)
{
    (void)state;
    fake_join(juliet, "#c%slow", "jul", NULL);
    conn = fake_conn();
    fake_connected(conn);
    skip_upcalls();
    RECV(":srv.example.org 464 jul :Password incorrect");
    CHECK("room_refused #c%slow AUTH slow: the server's password is wrong or missing "
          "(Password incorrect)");
    assert_false(fake_conn_is_open(conn));
}

static void failures_of_the_connection_refuse_the_join(void **state)
{
    (void)state;
    fake_join(juliet, "#a%net", "jul", NULL);
    fake_join(juliet, "#b%net", "jul", NULL);
    skip_upcalls();
    fake_lost(fake_conn(), BRIDGE_NO_HOST, "there is no host irc.example.org");
    CHECK("room_refused #b%net NO_HOST net: there is no host irc.example.org");
    CHECK("room_refused #a%net NO_HOST net: there is no host irc.example.org");
    CHECK("");
    fake_join(juliet, "#a%net", "jul", NULL);
    CHECK("conn_open irc.example.org 6697 tls");
}

static void registration_has_a_deadline(void **state)
{
    (void)state;
    fake_join(juliet, "#c%net", "jul", NULL);
    conn = fake_conn();
    fake_connected(conn);
    skip_upcalls();
    fake_advance(30000);
    RECV("NOTICE * :*** still looking");
    fake_advance(30000);
    CHECK("room_refused #c%net RETRY net did not let us in within 60 seconds");
    assert_int_equal(fake_open_conns(), 0);
}

static void errors_of_the_server_before_we_are_in_are_told(void **state)
{
    (void)state;
    fake_join(juliet, "#c%net", "jul", NULL);
    conn = fake_conn();
    fake_connected(conn);
    skip_upcalls();
    RECV("ERROR :Closing Link: 192.0.2.1 (Throttled: Reconnecting too fast)");
    CHECK("room_refused #c%net RETRY net: Closing Link: 192.0.2.1 "
          "(Throttled: Reconnecting too fast)");
    fake_settle();
    CHECK("");
}

/* --- many at once ------------------------------------------------------------------- */

/* user0 to user9 enter: a connection each, of which eight are begun. */
static void ten_users_enter(struct bridge_session *users[10], struct conn *conns[8])
{
    for (unsigned i = 0; i < 10; i++) {
        char jid[] = "user0@example.net", nick[] = "user0";
        jid[4] = nick[4] = (char)('0' + i);
        users[i] = fake_session(jid);
        assert_int_equal(fake_join(users[i], "#c%slow", nick, NULL), 0);
        if (i < 8)
            conns[i] = fake_conn();
    }
    assert_int_equal(fake_open_conns(), 8);
    skip_upcalls();
}

static void few_connect_at_a_time_and_the_others_wait_in_order(void **state)
{
    struct bridge_session *users[10];
    struct conn *conns[8];

    (void)state;
    ten_users_enter(users, conns);
    fake_connected(conns[3]); /* in the listen queue, for all we know */
    fake_advance(1000);
    assert_int_equal(fake_open_conns(), 8);
    conn = conns[3];
    RECV("NOTICE * :*** Looking up your hostname");
    fake_advance(1);
    CHECK("conn_open ::1 6667 plain");
    CHECK("");
    fake_lost(conns[5], BRIDGE_RETRY, "connection refused");
    CHECK("room_refused #c%slow RETRY slow: connection refused");
    fake_advance(1);
    CHECK("conn_open ::1 6667 plain");
    conn = fake_conn();
    fake_connected(conn);
    SENT("CAP LS :302");
    SENT("PASS :s3cret");
    SENT("NICK user9");
    SENT("USER user9 0 * :user9");
    RECV("NOTICE * :*** Looking up your hostname");
    fake_advance(1);
    QUIET();
}

static void other_networks_do_not_wait(void **state)
{
    struct bridge_session *users[10];
    struct conn *conns[8];

    (void)state;
    ten_users_enter(users, conns);
    fake_join(juliet, "#c%net", "jul", NULL);
    CHECK("conn_open irc.example.org 6697 tls");
}

static void a_handshake_is_an_answer(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 9; i++) {
        char jid[] = "user0@example.net";
        jid[4] = (char)('0' + i);
        fake_join(fake_session(jid), "#c%net", "nick", NULL);
    }
    assert_int_equal(fake_open_conns(), 8);
    fake_connected(fake_conn());
    fake_advance(1);
    assert_int_equal(fake_open_conns(), 9);
}

static void who_gives_up_waiting_is_not_waited_for(void **state)
{
    struct bridge_session *users[10];
    struct conn *conns[8];

    (void)state;
    ten_users_enter(users, conns);
    assert_int_equal(
        fake_send(users[9], "bob%slow", BRIDGE_TEXT, "m1", "a message waits as well"), 0);
    fake_leave(users[8], "#c%slow", NULL);
    fake_close_session(users[0], "bye"); /* its place becomes free */
    fake_advance(1);
    CHECK("conn_open ::1 6667 plain");
    conn = fake_conn();
    fake_connected(conn);
    SENT("CAP LS :302");
    SENT("PASS :s3cret");
    SENT("NICK user9");
    SENT("USER user9 0 * :user9");
    fake_join(users[8], "#c%slow", "user8", NULL);
    fake_close_session(users[8], "bye");
    fake_advance(1);
    QUIET();
    assert_int_equal(fake_open_conns(), 8);
}

static void waiting_to_connect_has_an_end(void **state)
{
    struct bridge_session *users[10];
    struct conn *conns[8];

    (void)state;
    ten_users_enter(users, conns);
    fake_advance(300000);
    for (unsigned i = 0; i < 2; i++)
        CHECK("room_refused #c%slow BUSY too many people connect to slow at the moment; try "
              "again in a few minutes");
    CHECK("");
    fake_lost(conns[0], BRIDGE_RETRY, "timeout");
    skip_upcalls();
    fake_join(users[9], "#c%slow", "user9", NULL);
    CHECK("conn_open ::1 6667 plain");
}

static void a_place_that_cannot_be_used_is_passed_on(void **state)
{
    struct bridge_session *users[10];
    struct conn *conns[8];

    (void)state;
    ten_users_enter(users, conns);
    settings.networks.count = 1; /* "slow" is no more */
    fake_lost(conns[0], BRIDGE_RETRY, "timeout");
    skip_upcalls();
    fake_advance(1);
    CHECK("room_refused #c%slow ADDRESS slow: 'slow' is not the host name of an IRC network; "
          "one looks like irc.libera.chat");
    fake_advance(1);
    CHECK("room_refused #c%slow ADDRESS slow: 'slow' is not the host name of an IRC network; "
          "one looks like irc.libera.chat");
    settings.networks.count = 2;
    fake_join(users[9], "#c%slow", "user9", NULL);
    CHECK("conn_open ::1 6667 plain");
}

/* --- rooms -------------------------------------------------------------------------- */

static void names_everybody_before_the_user_is_in(void **state)
{
    (void)state;
    fake_join(juliet, "#c%net", "jul", "key");
    welcome("jul", "");
    skip_upcalls();
    while (strcmp(fake_sent(conn), "USER juliet 0 * :juliet") != 0)
        ;
    SENT("JOIN #c :key");
    RECV(":jul!juliet@client.example JOIN #c");
    RECV(":srv.example.org 332 jul #c :\x02"
         "A\x0f topic");
    RECV(":srv.example.org 333 jul #c op!o@h 1700000000");
    CHECK("room_occupant #c%net jul none participant 0");
    CHECK("room_subject #c%net op 1700000000000 A topic");
    RECV(":srv.example.org 353 jul @ #c :jul ~&@owner!u@host @+both");
    RECV(":srv.example.org 353 jul @ #c :%half!u@h +voice  plain @ @!u@h");
    CHECK("room_occupant #c%net jul none participant 0");
    CHECK("room_occupant #c%net owner owner moderator 7");
    CHECK("room_occupant #c%net both admin moderator 20");
    CHECK("room_occupant #c%net half member moderator 8");
    CHECK("room_occupant #c%net voice member participant 16");
    CHECK("room_occupant #c%net plain none participant 0");
    RECV(":late!u@h JOIN #c");
    CHECK("room_occupant #c%net late none participant 0");
    RECV(":srv.example.org 366 jul #c :End of /NAMES list.");
    CHECK("room_joined #c%net jul");
    RECV(":srv.example.org 366 jul #c :End of /NAMES list.");
    SENT("MODE #c");
    QUIET();
}

static void a_topic_without_its_author_is_told_at_the_end(void **state)
{
    (void)state;
    fake_join(juliet, "#c%net", "jul", NULL);
    welcome("jul", "");
    RECV(":jul!juliet@client.example JOIN #c");
    RECV(":srv.example.org 332 jul #c :A topic");
    RECV(":srv.example.org 353 jul = #c :jul");
    skip_upcalls();
    RECV(":srv.example.org 366 jul #c :End");
    CHECK("room_subject #c%net - 0 A topic");
    CHECK("room_joined #c%net jul");
}

static void refusals_to_let_in_keep_their_reason(void **state)
{
    static const char *const cases[][2] = {
        { "403", "NOT_FOUND there is no such channel (words)" },
        { "405", "BUSY you are in too many channels (words)" },
        { "437", "RETRY the name cannot be used for the moment (words)" },
        { "471", "BUSY the channel is full (words)" },
        { "473", "MEMBERSHIP the channel is by invitation only (words)" },
        { "474", "FORBIDDEN you are banned from the channel (words)" },
        { "475", "AUTH the channel needs a password (words)" },
        { "476", "INVALID this cannot be the name of a channel (words)" },
        { "477", "MEMBERSHIP the channel is for registered nicks (words)" },
        { "499", "REJECTED the network refused (words)" },
    };

    in_channel();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf b = STRBUF_INIT(500);
        fake_join(juliet, "#d%net", "jul", NULL);
        SENT("JOIN #d");
        strbuf_addf(&b, ":srv.example.org %s jul #D :words", cases[i][0]);
        RECV(strbuf_text(&b));
        strbuf_reset(&b);
        strbuf_addf(&b, "room_refused #d%%net %s", cases[i][1]);
        CHECK(strbuf_text(&b));
        strbuf_release(&b);
    }
    QUIET();
}

static void a_forward_to_another_channel_is_refused_and_undone(void **state)
{
    (void)state;
    in_channel();
    fake_join(juliet, "#d%net", "jul", NULL);
    SENT("JOIN #d");
    RECV(":srv.example.org 470 jul #d ##d :Forwarding to another channel");
    CHECK("room_refused #d%net REJECTED #d sends you on to ##d; enter ##d%net if you like");
    RECV(":jul!juliet@client.example JOIN ##d");
    SENT("PART ##d");
    QUIET();
}

static void a_join_without_an_answer_is_refused(void **state)
{
    (void)state;
    in_channel();
    fake_join(juliet, "#d%net", "jul", NULL);
    fake_advance(59000);
    CHECK("");
    fake_advance(1000);
    CHECK("room_refused #d%net RETRY net did not answer within 60 seconds");
}

static void joining_twice_in_other_letters_is_refused(void **state)
{
    (void)state;
    fake_join(juliet, "#c[]%net", "jul", NULL);
    skip_upcalls();
    fake_join(juliet, "#c{}%net", "jul", NULL); /* RFC 1459 until we know better */
    CHECK("error CONFLICT you are in this channel already, as #c[]%net");
    fake_join(juliet, "#c~%net", "jul", NULL);
    welcome("jul", "CASEMAPPING=rfc1459");
    skip_upcalls();
    fake_join(juliet, "#c^%net", "jul", NULL);
    CHECK("error CONFLICT you are in this channel already, as #c~%net");
    RECV(":jul!j@h JOIN #C{}");
    CHECK("room_occupant #c[]%net jul none participant 0");
}

static void a_network_may_fold_less_than_we_feared(void **state)
{
    (void)state;
    fake_join(juliet, "#c[]%net", "jul", NULL);
    welcome("jul", "CASEMAPPING=ascii");
    skip_upcalls();
    assert_int_equal(fake_join(juliet, "#c{}%net", "jul", NULL), 0);
    RECV(":jul!j@h JOIN #C{}");
    CHECK("room_occupant #c{}%net jul none participant 0");
    CHECK("");
}

static void people_come_go_and_change(void **state)
{
    (void)state;
    in_channel();
    RECV(":Bob!b@h JOIN #C");
    CHECK("room_occupant #c%net Bob none participant 0");
    RECV(":bob!b@h NICK :robert");
    CHECK("room_renamed #c%net bob robert");
    RECV(":robert!b@h PART #c :\x03"
         "4,1gone\x03, really");
    CHECK("room_departed #c%net robert left - gone, really");
    RECV(":Bob!b@h JOIN #c");
    RECV(":op!o@h KICK #c bob :out");
    CHECK("room_occupant #c%net Bob none participant 0");
    CHECK("room_departed #c%net bob kicked op out");
    RECV(":Bob!b@h JOIN #c");
    RECV(":BOB!b@h QUIT :Ping timeout");
    CHECK("room_occupant #c%net Bob none participant 0");
    CHECK("room_departed #c%net BOB left - Ping timeout");
    RECV(":op!o@h QUIT");
    CHECK("room_departed #c%net op left - -");
    RECV(":stranger!s@h PART #c");
    RECV(":stranger!s@h QUIT :x");
    RECV(":stranger!s@h NICK :other");
    RECV(":stranger!s@h JOIN #elsewhere");
    RECV(":stranger!s@h PART #elsewhere");
    QUIET();
}

static void nothing_is_lost_in_mode_lines(void **state)
{
    (void)state;
    in_channel();
    RECV(":Bob!b@h JOIN #c");
    CHECK("room_occupant #c%net Bob none participant 0");
    RECV(":op!o@h MODE #c +bo *!*@bad.example Bob");
    CHECK("room_occupant #c%net Bob admin moderator 4");
    RECV(":op!o@h MODE #c +kl-o+v key 10 bob bob");
    CHECK("room_occupant #c%net bob none participant 0");
    CHECK("room_occupant #c%net bob member participant 16");
    RECV(":op!o@h MODE #c -lk+o key bob"); /* -l takes none */
    CHECK("room_occupant #c%net bob admin moderator 20");
    RECV(":op!o@h MODE #c -o bob");
    CHECK("room_occupant #c%net bob member participant 16");
    RECV(":op!o@h MODE #c +nt-s");
    RECV(":op!o@h MODE #c +o");        /* its parameter is missing */
    RECV(":op!o@h MODE #c +o nobody"); /* not here */
    RECV(":jul MODE jul :+i");
    RECV(":op!o@h MODE #c +vvvvvvvvvvv bob bob bob bob bob bob bob bob bob bob op");
    for (int i = 0; i < 10; i++)
        CHECK("room_occupant #c%net bob member participant 16");
    CHECK("room_occupant #c%net op admin moderator 20");
    QUIET();
}

static void who_may_not_speak_in_a_moderated_channel_is_a_visitor(void **state)
{
    (void)state;
    fake_join(juliet, "#c%net", "jul", NULL);
    welcome("jul", "");
    skip_sent();
    RECV(":jul!juliet@client.example JOIN #c");
    SENT("MODE #c");
    RECV(":srv.example.org 353 jul = #c :jul @op +eve bob");
    RECV(":srv.example.org 366 jul #c :End");
    skip_upcalls();
    RECV(":srv.example.org 324 jul #c +mnt");
    SENT("NAMES #c");
    CHECK("");
    RECV(":srv.example.org 353 jul = #c :jul @op +eve bob");
    CHECK("room_occupant #c%net jul none visitor 0");
    CHECK("room_occupant #c%net op admin moderator 4");
    CHECK("room_occupant #c%net eve member participant 16");
    CHECK("room_occupant #c%net bob none visitor 0");
    RECV(":srv.example.org 366 jul #c :End");
    RECV(":zoe!z@h JOIN #c");
    CHECK("room_occupant #c%net zoe none visitor 0");
    RECV(":op!o@h MODE #c +v-v jul eve");
    CHECK("room_occupant #c%net jul member participant 16");
    CHECK("room_occupant #c%net eve none visitor 0");
    RECV(":op!o@h MODE #c +m");
    SENT("");
    RECV(":op!o@h MODE #c -m+v op");
    CHECK("room_occupant #c%net op admin moderator 20");
    SENT("NAMES #c");
    RECV(":srv.example.org 353 jul = #c :@op bob");
    CHECK("room_occupant #c%net op admin moderator 20");
    CHECK("room_occupant #c%net bob none participant 0");
    QUIET();
}

static void channels_that_are_not_moderated_are_not_named_again(void **state)
{
    (void)state;
    in_channel();
    RECV(":srv.example.org 324 jul #c +nt");
    RECV(":srv.example.org 324 jul #other +m");
    QUIET();
}

static void topics_go_both_ways(void **state)
{
    (void)state;
    in_channel();
    RECV(":op!o@h TOPIC #c :New \x1dtopic");
    CHECK("room_subject #c%net op 0 New topic");
    RECV(":op!o@h TOPIC #c :");
    CHECK("room_subject #c%net op 0 ");
    fake_subject(juliet, "#c%net", "s1", "one\nline\r\nQUIT :x");
    SENT("TOPIC #c :one line  QUIT :x");
    RECV(":srv.example.org 482 jul #c :You're not a channel operator");
    CHECK("message_failed #c%net s1 FORBIDDEN only operators of the channel may do that "
          "(You're not a channel operator)");
    RECV(":srv.example.org 005 jul TOPICLEN=10 :are supported");
    fake_subject(juliet, "#c%net", "s2", "12345678901");
    CHECK("error INVALID a topic on net has at most 10 bytes");
    QUIET();
}

static void nick_changes_of_the_user(void **state)
{
    (void)state;
    in_channel();
    fake_rename(juliet, "#c%net", "capulet");
    SENT("NICK capulet");
    fake_rename(juliet, "#c%net", "other");
    CHECK("error BUSY net has not yet answered the last change of nick");
    RECV(":jul!juliet@client.example NICK :capulet");
    CHECK("room_renamed #c%net jul capulet");
    fake_rename(juliet, "#c%net", "op");
    SENT("NICK op");
    RECV(":srv.example.org 433 capulet op :Nickname is already in use.");
    CHECK("room_nick_failed #c%net op CONFLICT the nick is in use on this network "
          "(Nickname is already in use.)");
    fake_rename(juliet, "#c%net", "silent");
    SENT("NICK silent");
    fake_advance(60000);
    CHECK("room_nick_failed #c%net silent RETRY net did not answer");
    fake_rename(juliet, "#c%net", "two words");
    CHECK("error INVALID 'two words' cannot be a nick on IRC");
    RECV(":srv.example.org 005 capulet NICKLEN=9 :are supported");
    fake_rename(juliet, "#c%net", "montaguecapulet");
    CHECK("error INVALID nicks on net have at most 9 letters");
    QUIET();
}

static void the_server_may_change_our_nick(void **state)
{
    (void)state;
    in_channel();
    RECV(":jul!juliet@client.example NICK Guest123");
    CHECK("room_renamed #c%net jul Guest123");
    RECV(":bob!b@h PRIVMSG guest123 :hello");
    CHECK("message bob%net TEXT hello");
    QUIET();
}

static void a_kick_of_the_user_ends_the_room(void **state)
{
    (void)state;
    in_channel();
    fake_send(juliet, "bob%net", BRIDGE_TEXT, NULL, "x"); /* holds the link */
    SENT("PRIVMSG bob :x");
    RECV(":op!o@h KICK #c JUL :enough");
    CHECK("room_departed #c%net jul kicked op enough");
    assert_false(fake_in_room(juliet, "#c%net"));
    RECV(":bob!b@h PRIVMSG #c :are you there");
    QUIET();
}

static void a_kick_while_entering_refuses(void **state)
{
    (void)state;
    in_channel();
    fake_join(juliet, "#d%net", "jul", NULL);
    RECV(":jul!juliet@client.example JOIN #d");
    skip_upcalls();
    RECV(":op!o@h KICK #d jul :go");
    CHECK("room_refused #d%net FORBIDDEN #d was left at once: go");
}

static void coming_back_at_once_is_not_taken_for_leaving(void **state)
{
    (void)state;
    in_channel();
    fake_join(juliet, "#d%net", "jul", NULL);
    SENT("JOIN #d");
    fake_leave(juliet, "#d%net", NULL);
    SENT("PART #d");
    fake_join(juliet, "#d%net", "jul", NULL);
    SENT("JOIN #d");
    RECV(":jul!juliet@client.example JOIN #d"); /* to the first */
    RECV(":srv.example.org 353 jul = #d :jul");
    RECV(":srv.example.org 366 jul #d :End");
    CHECK("");
    RECV(":jul!juliet@client.example PART #d");
    CHECK("");
    RECV(":jul!juliet@client.example JOIN #d"); /* to the second */
    RECV(":srv.example.org 353 jul = #d :jul");
    RECV(":srv.example.org 366 jul #d :End");
    CHECK("room_occupant #d%net jul none participant 0");
    CHECK("room_occupant #d%net jul none participant 0");
    CHECK("room_joined #d%net jul");
    SENT("MODE #d");
    QUIET();
}

static void leaving_what_was_not_entered_needs_no_answer(void **state)
{
    (void)state;
    in_channel();
    fake_join(juliet, "#d%net", "jul", NULL);
    fake_leave(juliet, "#d%net", "bye");
    fake_join(juliet, "#d%net", "jul", NULL);
    skip_sent();
    RECV(":srv.example.org 473 jul #d :Cannot join channel (+i)");
    RECV(":srv.example.org 442 jul #d :You're not on that channel");
    CHECK("");
    RECV(":srv.example.org 473 jul #d :Cannot join channel (+i)");
    CHECK("room_refused #d%net MEMBERSHIP the channel is by invitation only "
          "(Cannot join channel (+i))");
    QUIET();
}

static void the_end_of_the_connection_ends_every_room(void **state)
{
    (void)state;
    in_channel();
    fake_join(juliet, "#d%net", "jul", NULL);
    fake_lost(conn, BRIDGE_RETRY, "connection reset");
    CHECK("room_refused #d%net RETRY net: connection reset");
    CHECK("room_departed #c%net jul cut - net: connection reset");
    CHECK("");
    fake_join(juliet, "#c%net", "jul", NULL);
    CHECK("conn_open irc.example.org 6697 tls");
}

static void an_orderly_end_is_one_too(void **state)
{
    (void)state;
    in_channel();
    fake_hung_up(conn);
    CHECK("room_departed #c%net jul cut - net closed the connection");
}

static void leaving_the_last_room_leaves_the_network(void **state)
{
    (void)state;
    in_channel();
    fake_join(juliet, "#d%net", "jul", NULL);
    fake_leave(juliet, "#c%net", "bye");
    SENT("JOIN #d");
    SENT("PART #c :bye");
    assert_true(fake_conn_is_open(conn));
    fake_leave(juliet, "#d%net", NULL);
    SENT("PART #d");
    SENT("QUIT :bye");
    assert_false(fake_conn_is_open(conn));
    CHECK("");
}

static void goodbyes_are_as_short_as_a_line(void **state)
{
    struct strbuf reason = STRBUF_INIT(2000);

    (void)state;
    in_channel();
    fake_send(juliet, "bob%net", BRIDGE_TEXT, NULL, "x"); /* holds the link */
    skip_sent();
    while (reason.len < 1500)
        strbuf_adds(&reason, "\xc3\xa4");
    fake_leave(juliet, "#c%net", strbuf_text(&reason));
    /* ":jul!juliet@client.example PART #c :" and CR LF in 512, and no half letter */
    assert_int_equal(strlen(fake_sent(conn)), strlen("PART #c :") + 474);
    fake_close_session(juliet, strbuf_text(&reason));
    assert_int_equal(strlen(fake_sent(conn)), strlen("QUIT :") + 400);
    strbuf_release(&reason);
}

static void a_user_who_gives_up_before_the_link_is_up_closes_it(void **state)
{
    (void)state;
    fake_join(juliet, "#c%net", "jul", NULL);
    fake_leave(juliet, "#c%net", NULL);
    assert_int_equal(fake_open_conns(), 0);
    fake_settle();
    fake_join(juliet, "#c%net", "jul", NULL);
    welcome("jul", "");
    skip_upcalls();
    assert_int_equal(fake_open_conns(), 1);
}

static void closing_a_session_says_goodbye_and_tells_nothing(void **state)
{
    (void)state;
    in_channel();
    fake_say(juliet, "#c%net", BRIDGE_TEXT, "m1", "last words");
    skip_upcalls();
    fake_close_session(juliet, "offline");
    SENT("PRIVMSG #c :last words");
    SENT("QUIT :offline");
    assert_false(fake_conn_is_open(conn));
    fake_settle();
    CHECK("");
}

static void closing_a_session_sends_what_waited(void **state)
{
    (void)state;
    fake_join(juliet, "#c%slow", "jul", NULL);
    welcome("jul", "");
    RECV(":jul!juliet@client.example JOIN #c");
    RECV(":srv.example.org 366 jul #c :End");
    skip_sent();
    fake_say(juliet, "#c%slow", BRIDGE_TEXT, "m1", "1\n2\n3");
    fake_close_session(juliet, "offline");
    SENT("PRIVMSG #c :1");
    SENT("PRIVMSG #c :2");
    SENT("PRIVMSG #c :3");
    SENT("QUIT :offline");
}

static void keys_that_would_be_more_than_a_key_are_refused(void **state)
{
    (void)state;
    in_channel();
    fake_join(juliet, "#d%net", "jul", "a,b");
    CHECK("error AUTH no password on IRC is so long, or has a space or a comma in it");
    fake_join(juliet, "#d%net", "jul", "k\r\nQUIT");
    SENT("JOIN #d :kQUIT");
}

/* --- messages ------------------------------------------------------------------------ */

static void messages_reach_rooms_and_contacts(void **state)
{
    (void)state;
    in_channel();
    RECV(":op!o@h PRIVMSG #C :hello");
    CHECK("room_message #c%net op TEXT - hello");
    RECV("@time=2024-01-01T00:00:00Z;x=\\s :op!o@h PRIVMSG #c :with tags");
    CHECK("room_message #c%net op TEXT - with tags");
    RECV(":op!o@h NOTICE #c :listen");
    CHECK("room_message #c%net op NOTICE - listen");
    RECV(":op!o@h PRIVMSG @#c :operators only");
    CHECK("room_message #c%net op TEXT - operators only");
    RECV(":srv.example.org NOTICE #c :from the server");
    CHECK("room_message #c%net - NOTICE - from the server");
    RECV(":Bob[x]!b@h PRIVMSG Jul :psst");
    CHECK("message bob[x]%net TEXT psst");
    RECV(":NickServ!s@services. NOTICE jul :identify");
    CHECK("message nickserv%net NOTICE identify");
    RECV(":srv.example.org NOTICE jul :going down");
    CHECK("message net NOTICE going down");
    RECV(":op!o@h PRIVMSG #elsewhere :not for us");
    RECV(":op!o@h PRIVMSG #c :");
    RECV(":op!o@h PRIVMSG #c :\x02\x0f");
    QUIET();
}

static void text_is_cleaned(void **state)
{
    (void)state;
    in_channel();
    RECV(":op!o@h PRIVMSG #c :\x02"
         "b\x02 \x03"
         "04,12red\x03 \x04"
         "ff0000hex\x04 \x1f"
         "u\x0f 1\x03"
         ",2");
    CHECK("room_message #c%net op TEXT - b red hex u 1,2");
    RECV(":op!o@h PRIVMSG #c :caf\xe9 \xff");
    CHECK("room_message #c%net op TEXT - caf\xc3\xa9 \xc3\xbf");
    RECV(":op!o@h PRIVMSG #c :caf\xc3\xa9");
    CHECK("room_message #c%net op TEXT - caf\xc3\xa9");
}

static void actions_of_any_length(void **state)
{
    struct strbuf line = STRBUF_INIT(2000);
    struct strbuf want = STRBUF_INIT(2000);

    (void)state;
    in_channel();
    RECV(":op!o@h PRIVMSG #c :\x01"
         "ACTION waves\x01");
    CHECK("room_message #c%net op ACTION - waves");
    RECV(":op!o@h PRIVMSG jul :\x01"
         "action waves"); /* the end was cut off */
    CHECK("message op%net ACTION waves");
    strbuf_adds(&line, ":op!o@h PRIVMSG #c :\x01"
                       "ACTION ");
    strbuf_adds(&want, "room_message #c%net op ACTION - ");
    for (int i = 0; i < 400; i++) {
        strbuf_addch(&line, 'x');
        strbuf_addch(&want, 'x');
    }
    strbuf_addch(&line, '\1');
    RECV(strbuf_text(&line));
    CHECK(strbuf_text(&want));
    strbuf_release(&line);
    strbuf_release(&want);
    fake_say(juliet, "#c%net", BRIDGE_ACTION, "m1", "waves back");
    SENT("PRIVMSG #c :\x01"
         "ACTION waves back\x01");
    CHECK("room_message #c%net jul ACTION m1 waves back");
}

static void ctcp_requests_are_answered_a_few_times(void **state)
{
    (void)state;
    in_channel();
    RECV(":bob!b@h PRIVMSG jul :\x01VERSION\x01");
    SENT("NOTICE bob :\x01VERSION bridged 0.0\x01");
    RECV(":bob!b@h PRIVMSG #c :\x01PING 12345 678\x01");
    SENT("NOTICE bob :\x01PING 12345 678\x01");
    RECV(":bob!b@h PRIVMSG jul :\x01TIME\x01");
    SENT("NOTICE bob :\x01TIME 1970-01-01T00:16:40Z\x01");
    RECV(":bob!b@h PRIVMSG jul :\x01VERSION\x01");
    RECV(":eve!b@h PRIVMSG jul :\x01PING x\x01");
    SENT("");
    fake_advance(30000);
    RECV(":bob!b@h PRIVMSG jul :\x01"
         "CLIENTINFO\x01");
    SENT("NOTICE bob :\x01"
         "CLIENTINFO ACTION CLIENTINFO PING TIME VERSION\x01");
    RECV(":bob!b@h PRIVMSG jul :\x01"
         "DCC SEND file 2130706433 1 1\x01");
    RECV(":bob!b@h PRIVMSG jul :\x01"
         "AVERYLONGREQUESTOFNOMEANING x\x01");
    RECV(":bob!b@h PRIVMSG jul :\x01\x01");
    RECV(":bob!b@h PRIVMSG jul :\x01");
    RECV(":bob!b@h NOTICE jul :\x01VERSION someclient\x01");
    RECV(":srv.example.org PRIVMSG jul :\x01VERSION\x01");
    QUIET();
}

static void what_went_out_is_reflected_line_by_line(void **state)
{
    (void)state;
    in_channel();
    fake_say(juliet, "#c%net", BRIDGE_TEXT, "m1", "one\n\n  two\r\nthree");
    SENT("PRIVMSG #c :one");
    SENT("PRIVMSG #c :  two");
    SENT("PRIVMSG #c :three");
    CHECK("room_message #c%net jul TEXT m1 one");
    CHECK("room_message #c%net jul TEXT -   two");
    CHECK("room_message #c%net jul TEXT - three");
    fake_say(juliet, "#c%net", BRIDGE_NOTICE, NULL, "beep");
    SENT("NOTICE #c :beep");
    CHECK("room_message #c%net jul NOTICE - beep");
    fake_say(juliet, "#c%net", BRIDGE_TEXT, "m2", "\n \n");
    CHECK("error INVALID there is no text in the message");
    QUIET();
}

static void lines_are_as_long_as_others_can_receive_them(void **state)
{
    static const char head[] = "PRIVMSG #c :";
    struct strbuf text = STRBUF_INIT(2000);
    /* ":jul!juliet@client.example PRIVMSG #c :" and CR LF in 512 */
    size_t most = 512 - strlen(":jul!juliet@client.example PRIVMSG #c :\r\n");

    (void)state;
    in_channel();
    for (size_t i = 0; i < most + 1; i++)
        strbuf_addch(&text, 'x');
    fake_say(juliet, "#c%net", BRIDGE_TEXT, NULL, strbuf_text(&text));
    assert_int_equal(strlen(fake_sent(conn)), strlen(head) + most);
    SENT("PRIVMSG #c :x");
    RECV(":srv.example.org 005 jul LINELEN=600 :are supported");
    fake_say(juliet, "#c%net", BRIDGE_TEXT, NULL, strbuf_text(&text));
    assert_int_equal(strlen(fake_sent(conn)), strlen(head) + most + 1);
    SENT("");
    strbuf_release(&text);
}

static void nobody_adds_commands(void **state)
{
    (void)state;
    in_channel();
    fake_say(juliet, "#c%net", BRIDGE_TEXT, NULL, "hi\r\nQUIT :pwned\rNICK x\n\1VERSION\1");
    SENT("PRIVMSG #c :hi");
    SENT("PRIVMSG #c :QUIT :pwned");
    SENT("PRIVMSG #c :NICK x");
    SENT("PRIVMSG #c :VERSION");
    SENT("");
    fake_leave(juliet, "#c%net", "bye\r\nOPER root toor");
    SENT("PART #c :byeOPER root toor");
    SENT("QUIT :bye");
    SENT("");
}

static void private_messages_open_a_link_and_wait_for_it(void **state)
{
    (void)state;
    fake_send(juliet, "bob%net", BRIDGE_TEXT, "m1", "hello");
    CHECK("conn_open irc.example.org 6697 tls");
    conn = fake_conn();
    fake_connected(conn);
    SENT("CAP LS :302");
    SENT("NICK juliet");
    SENT("USER juliet 0 * :juliet");
    RECV(":srv.example.org 433 * juliet :In use");
    SENT("NICK juliet_");
    RECV(":srv.example.org 001 juliet_ :Welcome");
    RECV(":srv.example.org 376 juliet_ :End");
    SENT("PRIVMSG bob :hello");
    QUIET();
}

static void wait_with_pings(unsigned minutes)
{
    while (minutes--) {
        fake_advance(60000);
        RECV("PING :x");
    }
    skip_sent();
}

static void a_link_without_a_room_ends_after_the_conversation(void **state)
{
    (void)state;
    fake_send(juliet, "bob%net", BRIDGE_TEXT, "m1", "hello");
    welcome("juliet", "");
    wait_with_pings(9);
    RECV(":bob!b@h PRIVMSG juliet :hi");
    wait_with_pings(9);
    assert_true(fake_conn_is_open(conn));
    wait_with_pings(1);
    assert_int_equal(fake_open_conns(), 0);
}

static void waiting_messages_fail_with_the_link_once_each(void **state)
{
    (void)state;
    fake_send(juliet, "bob%net", BRIDGE_TEXT, "m1", "a\nb\nc");
    fake_send(juliet, "eve%net", BRIDGE_TEXT, "m2", "x");
    fake_send(juliet, "eve%net", BRIDGE_TEXT, NULL, "y");
    skip_upcalls();
    fake_lost(fake_conn(), BRIDGE_NO_HOST, "refused");
    CHECK("message_failed bob%net m1 NO_HOST net: refused");
    CHECK("message_failed eve%net m2 NO_HOST net: refused");
    CHECK("");
}

/* Juliet has said this in #c%net and the server has got it. */
static void say(const char *id, const char *body)
{
    assert_int_equal(fake_say(juliet, "#c%net", BRIDGE_TEXT, id, body), 0);
    skip_upcalls();
}

#define UNPROVEN                                                                            \
    "the connection to net was lost before it was known to have read this; send it again " \
    "if nobody has seen it"

static void what_the_server_may_not_have_read_comes_back(void **state)
{
    (void)state;
    in_channel();
    say("m1", "one");
    fake_send(juliet, "bob%net", BRIDGE_TEXT, "m2", "two\nlines");
    skip_sent();
    fake_advance(1999);
    SENT("");
    fake_advance(1);
    SENT("PING :bridged3");
    say("m3", "three");
    SENT("PRIVMSG #c :three");
    RECV(":srv.example.org PONG srv.example.org :bridged3");
    RECV("PONG :bridged99"); /* nothing that we asked for */
    say("m4", "four\nlines\nof text\nare one message");
    fake_lost(conn, BRIDGE_RETRY, "connection reset");
    CHECK("room_departed #c%net jul cut - net: connection reset");
    CHECK("message_failed #c%net m3 RETRY " UNPROVEN);
    CHECK("message_failed #c%net m4 RETRY " UNPROVEN);
    CHECK("");
}

static void many_lines_are_asked_about_at_once(void **state)
{
    (void)state;
    in_channel();
    for (int i = 0; i < 15; i++)
        say("m", "text");
    skip_sent();
    say("m", "the last");
    SENT("PRIVMSG #c :the last");
    SENT("PING :bridged16");
    SENT("");
    fake_advance(10000);
    SENT("");
}

static void what_came_back_already_does_not_come_again(void **state)
{
    (void)state;
    in_channel();
    say("m1", "hello");
    RECV(":srv.example.org 404 jul #C :Cannot send to channel");
    skip_upcalls();
    fake_lost(conn, BRIDGE_RETRY, "connection reset");
    CHECK("room_departed #c%net jul cut - net: connection reset");
    CHECK("");
}

static void a_message_that_went_out_in_part_fails_once(void **state)
{
    (void)state;
    fake_send(juliet, "bob%slow", BRIDGE_TEXT, "m1", "1\n2\n3\n4\n5");
    welcome("juliet", "");
    SENT("CAP LS :302");
    skip_sent();
    skip_upcalls();
    fake_lost(conn, BRIDGE_RETRY, "connection reset");
    CHECK("message_failed bob%slow m1 RETRY the connection to slow was lost before it was known "
          "to have read this; send it again if nobody has seen it");
    CHECK("");
}

static void a_server_that_does_not_answer_about_lines_gets_only_so_many(void **state)
{
    char text[401] = "";
    size_t lines = 0;

    (void)state;
    in_channel();
    memset(text, 'x', 400);
    while (fake_say(juliet, "#c%net", BRIDGE_TEXT, "m1", text) == 0)
        lines++;
    skip_upcalls();
    size_t sent = 0;
    for (const char *line; *(line = fake_sent(conn));)
        sent += !strncmp(line, "PRIVMSG", 7);
    assert_true(sent > 50 && sent < lines);
    RECV("PONG :bridged99999");
    while (sent < lines && *fake_sent(conn))
        RECV("PONG :bridged99999"), sent++;
    assert_int_equal(fake_say(juliet, "#c%net", BRIDGE_TEXT, "m2", text), 0);
}

static void the_question_costs_a_place_in_the_burst(void **state)
{
    (void)state;
    fake_send(juliet, "bob%slow", BRIDGE_TEXT, "m1", "1");
    welcome("juliet", "");
    skip_sent();
    fake_advance(2000);
    SENT("PING :bridged1");
    RECV("PONG :bridged1");
    fake_send(juliet, "bob%slow", BRIDGE_TEXT, "m2", "1\n2\n3");
    SENT("PRIVMSG bob :1");
    SENT("PRIVMSG bob :2");
    SENT("");
    fake_advance(500);
    SENT("PRIVMSG bob :3");
}

static void a_question_without_an_answer_ends_the_link(void **state)
{
    (void)state;
    in_channel();
    say("m1", "hello");
    fake_advance(61999);
    CHECK("");
    fake_advance(1);
    CHECK("room_departed #c%net jul cut - net does not answer any more");
    CHECK("message_failed #c%net m1 RETRY " UNPROVEN);
}

static void refused_messages_are_told_to_their_sender(void **state)
{
    (void)state;
    in_channel();
    fake_send(juliet, "nobody%net", BRIDGE_TEXT, "m1", "a\nb");
    fake_send(juliet, "bob%net", BRIDGE_TEXT, "m2", "x");
    fake_say(juliet, "#c%net", BRIDGE_TEXT, "m3", "y");
    skip_upcalls();
    skip_sent();
    RECV(":srv.example.org 401 jul Nobody :No such nick/channel");
    CHECK("message_failed nobody%net m1 NOT_FOUND there is nobody of that nick "
          "(No such nick/channel)");
    RECV(":srv.example.org 401 jul Nobody :No such nick/channel"); /* its second line */
    CHECK("message net NOTICE No such nick/channel");
    RECV(":srv.example.org 404 jul #c :Cannot send to channel (+m)");
    CHECK("message_failed #c%net m3 FORBIDDEN you may not speak in this channel "
          "(Cannot send to channel (+m))");
    RECV(":srv.example.org 401 jul Nobody :No such nick/channel");
    CHECK("message net NOTICE No such nick/channel");
    RECV(":srv.example.org 461 jul JOIN :Not enough parameters");
    CHECK("message net NOTICE Not enough parameters");
    QUIET();
}

static void the_network_itself_takes_no_messages(void **state)
{
    (void)state;
    fake_send(juliet, "net", BRIDGE_TEXT, "m1", "JOIN #c");
    CHECK("error UNSUPPORTED nobody reads what is written to net; write to NICK%net or enter "
          "#CHANNEL%net");
    CHECK("");
}

static void invitations_are_told(void **state)
{
    (void)state;
    in_channel();
    RECV(":op!o@h INVITE jul :#Secret");
    CHECK("message op%net NOTICE invites you to #secret%net@" FAKE_DOMAIN);
    RECV(":op!o@h INVITE bob :#Secret"); /* invite-notify: somebody else */
    CHECK("");
}

static void occupants_have_an_address(void **state)
{
    (void)state;
    in_channel();
    assert_string_equal(fake_occupant(juliet, "#c%net", "OP"), "op%net");
    assert_string_equal(fake_occupant(juliet, "#c%net", "bob"),
                        "error NOT_FOUND bob is not in #c");
}

/* --- limits -------------------------------------------------------------------------- */

static void a_burst_and_then_so_many_a_second(void **state)
{
    (void)state;
    fake_join(juliet, "#c%slow", "jul", NULL);
    welcome("jul", "");
    RECV(":jul!juliet@client.example JOIN #c"); /* with MODE two of the burst of three */
    RECV(":srv.example.org 366 jul #c :End");
    skip_sent();
    skip_upcalls();
    fake_say(juliet, "#c%slow", BRIDGE_TEXT, "m1", "2\n3\n4\n5");
    SENT("PRIVMSG #c :2");
    SENT("");
    RECV("PING :now"); /* is not kept waiting */
    SENT("PONG :now");
    fake_advance(499);
    SENT("");
    fake_advance(1);
    SENT("PRIVMSG #c :3");
    SENT("");
    fake_advance(1000);
    SENT("PRIVMSG #c :4");
    SENT("PRIVMSG #c :5");
    SENT("");
    fake_advance(1500); /* the burst is back */
    fake_say(juliet, "#c%slow", BRIDGE_TEXT, "m2", "1\n2\n3\n4");
    SENT("PRIVMSG #c :1");
    SENT("PRIVMSG #c :2");
    SENT("PRIVMSG #c :3");
    SENT("");
}

static void leaving_waits_for_what_was_said(void **state)
{
    (void)state;
    fake_join(juliet, "#c%slow", "jul", NULL);
    welcome("jul", "");
    RECV(":jul!juliet@client.example JOIN #c");
    RECV(":srv.example.org 366 jul #c :End");
    skip_sent();
    fake_say(juliet, "#c%slow", BRIDGE_TEXT, "m1", "2\n3");
    fake_leave(juliet, "#c%slow", NULL);
    SENT("PRIVMSG #c :2");
    SENT("");
    fake_advance(1000);
    SENT("PRIVMSG #c :3");
    SENT("PART #c");
    SENT("QUIT :bye");
    SENT("");
}

static void a_full_queue_refuses_at_once_and_whole(void **state)
{
    struct strbuf text = STRBUF_INIT(200000);
    int accepted = 0;

    (void)state;
    fake_join(juliet, "#c%slow", "jul", NULL);
    welcome("jul", "");
    RECV(":jul!juliet@client.example JOIN #c");
    RECV(":srv.example.org 366 jul #c :End");
    skip_upcalls();
    for (int i = 0; i < 10000; i++)
        strbuf_adds(&text, "x\n");
    fake_say(juliet, "#c%slow", BRIDGE_TEXT, "m1", strbuf_text(&text));
    CHECK("error BUSY slow takes no more at the moment, too much waits to be sent");
    skip_sent();
    strbuf_cut(&text, 200);
    while (fake_say(juliet, "#c%slow", BRIDGE_TEXT, "m1", strbuf_text(&text)) == 0)
        assert_true(++accepted < 100);
    assert_true(accepted > 0);
    strbuf_release(&text);
}

static void a_silent_server_is_asked_and_then_given_up(void **state)
{
    (void)state;
    in_channel();
    fake_advance(119000);
    SENT("");
    RECV(":op!o@h PRIVMSG #c :x");
    skip_upcalls();
    fake_advance(119000);
    SENT("");
    fake_advance(1000);
    SENT("PING :bridged0");
    RECV(":srv.example.org PONG srv.example.org :bridged0");
    fake_advance(120000);
    SENT("PING :bridged0");
    CHECK("");
    fake_advance(60000);
    CHECK("room_departed #c%net jul cut - net does not answer any more");
    assert_int_equal(fake_open_conns(), 0);
}

static void a_throttle_stops_reading_and_no_server_is_blamed(void **state)
{
    (void)state;
    in_channel();
    fake_throttle(true);
    assert_true(fake_conn_is_paused(conn));
    fake_join(juliet, "#c%slow", "jul", NULL);
    assert_true(fake_conn_is_paused(fake_conn()));
    fake_advance(600000);
    assert_true(fake_conn_is_open(conn));
    fake_throttle(false);
    assert_false(fake_conn_is_paused(conn));
    SENT("");
    fake_advance(120000);
    SENT("PING :bridged0");
}

static void one_user_may_be_on_so_many_networks(void **state)
{
    struct strbuf address = STRBUF_INIT(100);

    (void)state;
    for (int i = 0; i < 32; i++) {
        strbuf_reset(&address);
        strbuf_addf(&address, "#c%%n%d.example.org", i);
        assert_int_equal(fake_join(juliet, strbuf_text(&address), "jul", NULL), 0);
    }
    skip_upcalls();
    assert_int_equal(fake_join(juliet, "#c%net", "jul", NULL), -1);
    CHECK("error BUSY you are on 32 networks already; leave one first");
    strbuf_release(&address);
}

/* --- hostile servers ----------------------------------------------------------------- */

static void lines_that_crash_or_stall_libircclient(void **state)
{
    static const char *const lines[] = {
        "NICK foo",
        "N",
        "NICK",
        "NOTICE",
        ":a!u@h NOTICE",
        ":a!u@h NOTICE bob",
        ":abc",
        ":",
        ": ",
        ": NICK x",
        ":a!u@h QUIT",
        ":a!u@h QUIT ",
        "PING",
        "MODE jul",
        "MODE #c",
        ":a!u@h MODE jul",
        ":x 000 jul :zero",
        ":x 0001 jul",
        ":x 00 jul",
        "",
        "\r",
        "@",
        "@tag",
        "@tag ",
        "@tag :",
        "@a=b :srv 001 other :Welcome",
        ":srv 001",
        ":srv 005",
        ":srv 005 jul",
        ":srv 353 jul",
        ":srv 366",
        ":srv 433 jul",
        ":srv 470 jul #c",
        ":jul!j@h NICK",
        ":jul!j@h NICK :",
        ":!u@h NICK x",
        ":a!u@h PRIVMSG",
        ":a!u@h PRIVMSG jul",
        ":a!u@h PRIVMSG jul :\1",
        ":op!o@h KICK #c",
        ":op!o@h MODE #c +",
        ":op!o@h MODE #c :",
        ":op!o@h TOPIC #c",
        ":op!o@h JOIN",
        ":op!o@h JOIN :",
        "CAP",
        "CAP *",
        "ERROR",
        "\x80\xff\xfe",
    };

    (void)state;
    in_channel();
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        RECV(lines[i]);
        if (!fake_conn_is_open(conn))
            fail_msg("closed by: %s", lines[i]);
    }
    CHECK("");
    RECV(":op!o@h PRIVMSG #c :still here");
    CHECK("room_message #c%net op TEXT - still here");
    RECV(":bob!b@h PRIVMSG jul :and still jul");
    CHECK("message bob%net TEXT and still jul");
    QUIET();
}

static void nothing_of_one_line_is_left_in_the_next(void **state)
{
    (void)state;
    in_channel();
    RECV(":bob!b@h JOIN #c");
    RECV(":op!o@h PRIVMSG #c :secret words of somebody");
    skip_upcalls();
    RECV(":bob!b@h QUIT");
    CHECK("room_departed #c%net bob left - -");
    RECV(":op!o@h PART #c");
    CHECK("room_departed #c%net op left - -");
    QUIET();
}

static void very_long_lines_are_dropped_and_long_ones_are_not(void **state)
{
    struct strbuf line = STRBUF_INIT(20000);

    (void)state;
    in_channel();
    strbuf_adds(&line, ":op!o@h PRIVMSG #c :");
    while (line.len < 3000)
        strbuf_addch(&line, 'x');
    RECV(strbuf_text(&line));
    assert_int_equal(strlen(fake_upcall()),
                     strlen("room_message #c%net op TEXT - ") + 3000 - 20);
    while (line.len < 15000)
        strbuf_addch(&line, 'x');
    RECV(strbuf_text(&line));
    CHECK("");
    RECV(":op!o@h PRIVMSG #c :short");
    CHECK("room_message #c%net op TEXT - short");
    strbuf_release(&line);
}

static void bytes_may_come_one_at_a_time(void **state)
{
    static const char text[] = "@a=b :op!o@h PRIVMSG #c :one\r\n\r\n:op!o@h PRIVMSG #c :two\n";

    (void)state;
    in_channel();
    for (const char *p = text; *p; p++)
        fake_receive(conn, p, 1);
    CHECK("room_message #c%net op TEXT - one");
    CHECK("room_message #c%net op TEXT - two");
    CHECK("");
}

static void a_server_cannot_make_us_part_of_anothers_room(void **state)
{
    struct bridge_session *romeo = fake_session("romeo@example.net");

    (void)state;
    in_channel();
    struct conn *juliets = conn;
    fake_join(romeo, "#c%slow", "jul", NULL);
    welcome("jul", "");
    skip_upcalls();
    RECV(":jul!r@h NICK :romeo"); /* libircclient would follow it for both */
    RECV(":x!r@h PRIVMSG romeo :for romeo");
    CHECK("message x%slow TEXT for romeo");
    conn = juliets;
    RECV(":x!r@h PRIVMSG jul :for juliet");
    CHECK("message x%net TEXT for juliet");
    RECV(":jul!juliet@client.example PART #c");
    CHECK("room_departed #c%net jul left - -");
}

/* --- the core calls back ------------------------------------------------------------- */

/* What the core does within the first upcall of a test. */
static void leave_within(const char *line)
{
    (void)line;
    fake_on_upcall(NULL);
    fake_leave(juliet, "#c%net", NULL);
}

static void close_within(const char *line)
{
    (void)line;
    fake_on_upcall(NULL);
    fake_close_session(juliet, "gone");
}

static void a_room_may_be_left_within_an_upcall(void **state)
{
    static const char text[] = ":op!o@h PRIVMSG #c :one\r\n:op!o@h PRIVMSG #c :two\r\n"
                               ":op!o@h QUIT :x\r\n";

    (void)state;
    in_channel();
    fake_on_upcall(leave_within);
    fake_receive(conn, text, strlen(text));
    CHECK("room_message #c%net op TEXT - one");
    SENT("PART #c");
    SENT("QUIT :bye");
    QUIET();
}

static void a_room_may_be_left_while_it_is_spoken_in(void **state)
{
    (void)state;
    in_channel();
    fake_on_upcall(leave_within);
    fake_say(juliet, "#c%net", BRIDGE_TEXT, "m1", "one\ntwo");
    CHECK("room_message #c%net jul TEXT m1 one");
    CHECK("");
}

static void a_room_may_be_left_while_it_is_named(void **state)
{
    static const char text[] = ":srv.example.org 353 jul = #c :a b c\r\n"
                               ":srv.example.org 353 jul = #c :d\r\n"
                               ":srv.example.org 366 jul #c :End\r\n";

    (void)state;
    in_channel();
    fake_join(juliet, "#d%net", "jul", NULL); /* holds the link */
    fake_on_upcall(leave_within);
    fake_receive(conn, text, strlen(text));
    CHECK("room_occupant #c%net a none participant 0");
    CHECK("");
}

static void a_room_may_be_left_while_another_ends(void **state)
{
    (void)state;
    in_channel();
    fake_join(juliet, "#b%net", "jul", NULL);
    fake_join(juliet, "#d%net", "jul", NULL);
    fake_on_upcall(leave_within); /* #d is first, #c last */
    RECV("ERROR :gone");
    CHECK("room_refused #d%net RETRY net: gone");
    CHECK("room_refused #b%net RETRY net: gone");
    CHECK("");
    fake_settle();
    CHECK("");
}

static void leave_next_within(const char *line)
{
    (void)line;
    fake_on_upcall(NULL);
    fake_leave(juliet, "#b%net", NULL);
}

static void a_room_may_be_left_while_others_have_no_answer(void **state)
{
    (void)state;
    in_channel();
    fake_join(juliet, "#b%net", "jul", NULL);
    fake_join(juliet, "#d%net", "jul", NULL);
    fake_on_upcall(leave_next_within);
    fake_advance(60000);
    CHECK("room_refused #d%net RETRY net did not answer within 60 seconds");
    CHECK("");
    assert_true(fake_in_room(juliet, "#c%net"));
}

static void a_session_may_be_closed_within_an_upcall(void **state)
{
    static const char text[] = ":op!o@h PRIVMSG #c :one\r\n:bob!o@h PRIVMSG jul :two\r\n";

    (void)state;
    in_channel();
    fake_on_upcall(close_within);
    fake_receive(conn, text, strlen(text));
    CHECK("room_message #c%net op TEXT - one");
    SENT("QUIT :gone");
    QUIET();
}

static void a_session_may_be_closed_while_its_link_fails(void **state)
{
    (void)state;
    in_channel();
    fake_join(juliet, "#d%net", "jul", NULL);
    fake_send(juliet, "bob%net", BRIDGE_TEXT, "m1", "x");
    fake_on_upcall(close_within);
    fake_lost(conn, BRIDGE_RETRY, "reset");
    CHECK("room_refused #d%net RETRY net: reset");
    CHECK("");
}

static void a_session_may_be_closed_while_joins_have_no_answer(void **state)
{
    (void)state;
    in_channel();
    fake_join(juliet, "#b%net", "jul", NULL);
    fake_join(juliet, "#d%net", "jul", NULL);
    fake_on_upcall(close_within);
    fake_advance(60000);
    CHECK("room_refused #d%net RETRY net did not answer within 60 seconds");
    CHECK("");
}

static void a_session_may_be_closed_while_messages_fail(void **state)
{
    (void)state;
    fake_send(juliet, "bob%net", BRIDGE_TEXT, "m1", "x");
    fake_send(juliet, "bob%net", BRIDGE_TEXT, "m2", "x");
    CHECK("conn_open irc.example.org 6697 tls");
    fake_on_upcall(close_within);
    fake_lost(fake_conn(), BRIDGE_RETRY, "reset");
    CHECK("message_failed bob%net m1 RETRY net: reset");
    CHECK("");
}

static void join_within(const char *line)
{
    if (strncmp(line, "room_departed", 13) != 0)
        return;
    fake_on_upcall(NULL);
    fake_join(juliet, "#new%net", "jul", NULL);
}

static void a_link_that_fails_takes_no_new_rooms(void **state)
{
    (void)state;
    in_channel();
    fake_on_upcall(join_within);
    fake_lost(conn, BRIDGE_RETRY, "reset");
    CHECK("room_departed #c%net jul cut - net: reset");
    CHECK("error RETRY the connection to net has just been lost");
    CHECK("");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(tells_rooms_people_and_networks_apart),
        TEST(refuses_what_is_no_address_and_says_how_one_looks),
        TEST(names_the_networks_when_no_others_are_allowed),
        TEST(refuses_settings_that_make_no_sense),
        TEST(introduces_itself_at_once_and_joins_when_let_in),
        TEST(needs_no_capabilities),
        TEST(gives_the_servers_password_first),
        TEST(networks_by_host_name_are_public_and_use_tls),
        TEST(user_names_are_letters_and_digits),
        TEST(a_nick_in_use_refuses_the_join_and_another_one_is_tried),
        TEST(a_refused_nick_is_waited_for_only_so_long),
        TEST(the_server_may_give_another_nick),
        TEST(a_wrong_password_of_the_server_says_so),
        TEST(failures_of_the_connection_refuse_the_join),
        TEST(registration_has_a_deadline),
        TEST(errors_of_the_server_before_we_are_in_are_told),
        TEST(few_connect_at_a_time_and_the_others_wait_in_order),
        TEST(other_networks_do_not_wait),
        TEST(a_handshake_is_an_answer),
        TEST(who_gives_up_waiting_is_not_waited_for),
        TEST(waiting_to_connect_has_an_end),
        TEST(a_place_that_cannot_be_used_is_passed_on),
        TEST(names_everybody_before_the_user_is_in),
        TEST(a_topic_without_its_author_is_told_at_the_end),
        TEST(refusals_to_let_in_keep_their_reason),
        TEST(a_forward_to_another_channel_is_refused_and_undone),
        TEST(a_join_without_an_answer_is_refused),
        TEST(joining_twice_in_other_letters_is_refused),
        TEST(a_network_may_fold_less_than_we_feared),
        TEST(people_come_go_and_change),
        TEST(nothing_is_lost_in_mode_lines),
        TEST(who_may_not_speak_in_a_moderated_channel_is_a_visitor),
        TEST(channels_that_are_not_moderated_are_not_named_again),
        TEST(topics_go_both_ways),
        TEST(nick_changes_of_the_user),
        TEST(the_server_may_change_our_nick),
        TEST(a_kick_of_the_user_ends_the_room),
        TEST(a_kick_while_entering_refuses),
        TEST(coming_back_at_once_is_not_taken_for_leaving),
        TEST(leaving_what_was_not_entered_needs_no_answer),
        TEST(the_end_of_the_connection_ends_every_room),
        TEST(an_orderly_end_is_one_too),
        TEST(leaving_the_last_room_leaves_the_network),
        TEST(goodbyes_are_as_short_as_a_line),
        TEST(a_user_who_gives_up_before_the_link_is_up_closes_it),
        TEST(closing_a_session_says_goodbye_and_tells_nothing),
        TEST(closing_a_session_sends_what_waited),
        TEST(keys_that_would_be_more_than_a_key_are_refused),
        TEST(messages_reach_rooms_and_contacts),
        TEST(text_is_cleaned),
        TEST(actions_of_any_length),
        TEST(ctcp_requests_are_answered_a_few_times),
        TEST(what_went_out_is_reflected_line_by_line),
        TEST(lines_are_as_long_as_others_can_receive_them),
        TEST(nobody_adds_commands),
        TEST(private_messages_open_a_link_and_wait_for_it),
        TEST(a_link_without_a_room_ends_after_the_conversation),
        TEST(waiting_messages_fail_with_the_link_once_each),
        TEST(what_the_server_may_not_have_read_comes_back),
        TEST(many_lines_are_asked_about_at_once),
        TEST(what_came_back_already_does_not_come_again),
        TEST(a_message_that_went_out_in_part_fails_once),
        TEST(a_server_that_does_not_answer_about_lines_gets_only_so_many),
        TEST(the_question_costs_a_place_in_the_burst),
        TEST(a_question_without_an_answer_ends_the_link),
        TEST(refused_messages_are_told_to_their_sender),
        TEST(the_network_itself_takes_no_messages),
        TEST(invitations_are_told),
        TEST(occupants_have_an_address),
        TEST(a_burst_and_then_so_many_a_second),
        TEST(leaving_waits_for_what_was_said),
        TEST(a_full_queue_refuses_at_once_and_whole),
        TEST(a_silent_server_is_asked_and_then_given_up),
        TEST(a_throttle_stops_reading_and_no_server_is_blamed),
        TEST(one_user_may_be_on_so_many_networks),
        TEST(lines_that_crash_or_stall_libircclient),
        TEST(nothing_of_one_line_is_left_in_the_next),
        TEST(very_long_lines_are_dropped_and_long_ones_are_not),
        TEST(bytes_may_come_one_at_a_time),
        TEST(a_server_cannot_make_us_part_of_anothers_room),
        TEST(a_room_may_be_left_within_an_upcall),
        TEST(a_room_may_be_left_while_it_is_spoken_in),
        TEST(a_room_may_be_left_while_it_is_named),
        TEST(a_room_may_be_left_while_another_ends),
        TEST(a_room_may_be_left_while_others_have_no_answer),
        TEST(a_session_may_be_closed_within_an_upcall),
        TEST(a_session_may_be_closed_while_its_link_fails),
        TEST(a_session_may_be_closed_while_joins_have_no_answer),
        TEST(a_session_may_be_closed_while_messages_fail),
        TEST(a_link_that_fails_takes_no_new_rooms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
