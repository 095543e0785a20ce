#include "endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

static void takes_addresses_with_ports(void **state)
{
    static const struct {
        const char *text;
        const char *host;
        unsigned port;
    } cases[] = {
        { "127.0.0.1:8088", "127.0.0.1", 8088 },
        { "0.0.0.0:1", "0.0.0.0", 1 },
        { "[::1]:65535", "::1", 65535 },
        { "[2001:db8::1]:080", "2001:db8::1", 80 },
    };
    struct sockaddr_storage address;
    struct bridge_error err;
    char host[ENDPOINT_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(endpoint_parse(cases[i].text, &address, &err), 0);
        endpoint_host((struct sockaddr *)&address, host);
        assert_string_equal(host, cases[i].host);
        assert_int_equal(ntohs(((struct sockaddr_in *)&address)->sin_port), cases[i].port);
    }
}

static void refuses_everything_else(void **state)
{
    static const char *const cases[] = {
        "", ":", "8088", ":8088", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
        "127.0.0.1:+80", "127.0.0.1: 80", "127.0.0.1:80 ", "127.0.0.1:000080", "127.1:80",
        "localhost:80", "::1:80", "[::1]", "[::1]80", "[]:80", "[:80", "[127.0.0.1]:80",
        "[::1:80", "[fe80::1%lo]:80", "*:80",
        "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:80",
    };
    struct sockaddr_storage address;
    struct bridge_error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!endpoint_parse(cases[i], &address, &err))
            fail_msg("\"%s\" was taken", cases[i]);
        assert_int_equal(err.code, BRIDGE_INVALID);
    }
    assert_non_null(strstr(err.text, "found \"[1111:"));
}

static void one_listens_and_the_next_is_told(void **state)
{
    struct sockaddr_storage address = { .ss_family = AF_INET };
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
    socklen_t len = sizeof address;
    struct bridge_error err;

    (void)state;
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int first = endpoint_listen(&address, &err);
    assert_true(first >= 0);
    getsockname(first, (struct sockaddr *)&address, &len);
    assert_int_equal(endpoint_listen(&address, &err), -1);
    assert_int_equal(err.code, BRIDGE_CONFLICT);
    assert_non_null(strstr(err.text, "cannot listen on 127.0.0.1 port "));
    v4->sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 is nobody's */
    assert_int_equal(endpoint_listen(&address, &err), -1);
    assert_int_equal(err.code, BRIDGE_INVALID);
    close(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_addresses_with_ports),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(one_listens_and_the_next_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
