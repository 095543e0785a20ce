#include "listener.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char directory[64];
static char path[100];
static struct listener listener;

static int setup(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/bridge-test-listener-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/control.sock", directory);
    return 0;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

static void open_listener(void)
{
    struct bridge_error err;

    if (listener_open(&listener, path, &err))
        fail_msg("%s", err.text);
    assert_int_equal(listen(listener.socket, 1), 0);
}

/* Without closing the listening socket: its owner does. */
static void end_listener(void)
{
    close(listener.socket);
    listener_close(&listener);
}

static void assert_refused(enum bridge_code code, const char *why)
{
    struct listener other;
    struct bridge_error err = { 0 };

    if (!listener_open(&other, path, &err))
        fail_msg("%s was taken, not refused with '%s'", path, why);
    if (err.code != code || !strstr(err.text, why))
        fail_msg("code %d, '%s' instead of %d, '%s'", err.code, err.text, code, why);
}

static struct sockaddr_un name_of(const char *where)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };

    strcpy(name.sun_path, where);
    return name;
}

/* A connection to `path`, or -1. */
static int dial(void)
{
    struct sockaddr_un name = name_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (!connect(fd, (struct sockaddr *)&name, sizeof name))
        return fd;
    close(fd);
    return -1;
}

/* A socket of somebody who knows nothing of our lock. */
static int bind_foreign(bool listening)
{
    struct sockaddr_un name = name_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    if (listening)
        assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void only_its_owner_may_use_it_whatever_the_umask(void **state)
{
    struct stat status;
    mode_t before = umask(0);

    (void)state;
    open_listener();
    umask(before);
    assert_int_equal(lstat(path, &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 07777, 0600);
    end_listener();
}

static void is_gone_at_the_end_and_can_be_opened_again(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        open_listener();
        assert_int_equal(access(path, F_OK), 0);
        end_listener();
        assert_int_equal(access(path, F_OK), -1);
    }
}

static void refuses_to_take_it_from_one_who_has_it(void **state)
{
    (void)state;
    open_listener();
    assert_refused(BRIDGE_CONFLICT, "belongs to another bridged that is running");
    close(dial()); /* and it still works */
    end_listener();
}

/* Until it listens, nobody answers: only the lock tells. */
static void refuses_to_take_it_from_one_who_is_about_to_have_it(void **state)
{
    struct bridge_error err;

    (void)state;
    assert_int_equal(listener_open(&listener, path, &err), 0);
    assert_refused(BRIDGE_CONFLICT, "belongs to another bridged that is running");
    end_listener();
}

static void replaces_what_a_crash_left(void **state)
{
    (void)state;
    open_listener();
    close(listener.socket); /* all that the kernel does for the dead */
    close(listener.lock);
    free(listener.path);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(dial(), -1);

    open_listener();
    int fd = dial();
    assert_int_not_equal(fd, -1);
    close(fd);
    end_listener();
}

static void leaves_a_socket_alone_that_somebody_answers_on(void **state)
{
    int foreign = bind_foreign(true);

    (void)state;
    assert_refused(BRIDGE_CONFLICT, "belongs to another");
    int fd = dial();
    assert_int_not_equal(fd, -1);
    close(fd);
    close(foreign);
}

static void leaves_a_socket_alone_whose_owner_is_busy(void **state)
{
    int foreign = bind_foreign(true);
    int waiting[4];

    (void)state;
    /* More than its backlog: connect() would wait. */
    for (size_t i = 0; i < COUNT(waiting); i++) {
        struct sockaddr_un name = name_of(path);
        waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(waiting[i], (struct sockaddr *)&name, sizeof name);
    }
    assert_refused(BRIDGE_CONFLICT, "belongs to another");
    for (size_t i = 0; i < COUNT(waiting); i++)
        close(waiting[i]);
    close(foreign);
}

static void touches_nothing_that_is_no_socket(void **state)
{
    char elsewhere[128];

    (void)state;
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_refused(BRIDGE_INVALID, "is not a socket");
    assert_int_equal(unlink(path), 0);

    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", directory);
    assert_int_equal(symlink(elsewhere, path), 0);
    assert_refused(BRIDGE_INVALID, "is not a socket");
    assert_int_equal(access(elsewhere, F_OK), -1);
    assert_int_equal(unlink(path), 0);

    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(BRIDGE_INVALID, "is not a socket");
}

static void says_what_is_wrong_with_a_path(void **state)
{
    char too_long[256];
    struct listener other;
    struct bridge_error err;

    (void)state;
    snprintf(path, sizeof path, "%s/nowhere/control.sock", directory);
    assert_refused(BRIDGE_INVALID, "No such file or directory");

    memset(too_long, '/', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = 0;
    assert_int_equal(listener_open(&other, too_long, &err), -1);
    assert_non_null(strstr(err.text, "is too long for a socket: 107 characters"));
}

static void tells_who_is_at_the_other_end(void **state)
{
    struct peer peer = { 0 };

    (void)state;
    open_listener();
    int fd = dial();
    int connection = accept(listener.socket, NULL, NULL);
    assert_true(listener_admits(connection, &peer));
    assert_int_equal(peer.uid, geteuid());
    assert_int_equal(peer.pid, getpid());
    close(connection);
    close(fd);
    end_listener();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(only_its_owner_may_use_it_whatever_the_umask),
        CASE(is_gone_at_the_end_and_can_be_opened_again),
        CASE(refuses_to_take_it_from_one_who_has_it),
        CASE(refuses_to_take_it_from_one_who_is_about_to_have_it),
        CASE(replaces_what_a_crash_left),
        CASE(leaves_a_socket_alone_that_somebody_answers_on),
        CASE(leaves_a_socket_alone_whose_owner_is_busy),
        CASE(touches_nothing_that_is_no_socket),
        CASE(says_what_is_wrong_with_a_path),
        CASE(tells_who_is_at_the_other_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
