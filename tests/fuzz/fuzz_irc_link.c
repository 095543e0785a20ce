/* A whole link with a server that says anything, and a user who does
 * anything. A line that begins with "<" is the user's; the others are the
 * server's. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fake_host.h"
#include "network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bridge_session *user;

static void act(const char *line)
{
    static const char *const rooms[] = { "#a%net", "#b%net", "#[]%net", "#{}%net" };
    const char *room;
    const char *text;

    if (strlen(line) < 2)
        return;
    room = rooms[line[1] & 3];
    text = line + 2;
    switch (line[0]) {
    case 'j':
        if (!fake_in_room(user, room))
            fake_join(user, room, *text ? text : "me", NULL);
        break;
    case 'l':
        if (fake_in_room(user, room))
            fake_leave(user, room, text);
        break;
    case 's':
        if (fake_in_room(user, room))
            fake_say(user, room, BRIDGE_TEXT, "id", text);
        break;
    case 'a':
        if (fake_in_room(user, room))
            fake_say(user, room, BRIDGE_ACTION, NULL, text);
        break;
    case 'n':
        if (fake_in_room(user, room))
            fake_rename(user, room, text);
        break;
    case 't':
        if (fake_in_room(user, room))
            fake_subject(user, room, "id", text);
        break;
    case 'm':
        fake_send(user, "bob%net", BRIDGE_TEXT, "id", text);
        break;
    case 'w':
        fake_advance((uint64_t)(unsigned char)line[1] * 1000);
        break;
    case 'x':
        fake_close_session(user, "x");
        user = fake_session("user@example.net");
        break;
    case 'p':
        fake_throttle(line[1] & 1);
        break;
    default:
        break;
    }
}

static void serve(const char *line, size_t len)
{
    static struct conn *connected;
    struct conn *conn = fake_conn();

    if (!conn || !fake_conn_is_open(conn))
        return;
    if (conn != connected) {
        connected = conn;
        fake_connected(conn);
    }
    fake_receive(conn, line, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct network net = { .name = (char *)"net",
                           .host = (char *)"irc.example.org",
                           .port = 6697,
                           .tls = true,
                           .burst = 5,
                           .rate = 1 };
    const struct irc_settings settings = { .networks = { &net, 1 },
                                           .quit_message = (char *)"bye" };
    struct bridge_error err;

    if (!fake_start(&settings, &err))
        abort();
    fake_quiet(true);
    user = fake_session("user@example.net");
    while (size) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t len = end ? (size_t)(end - data) + 1 : size;
        char *line = bridge_strndup((const char *)data, len);
        if (line[0] == '<') {
            line[strcspn(line, "\n")] = 0;
            act(line + 1);
        } else {
            serve(line, len);
        }
        free(line);
        data += len;
        size -= len;
    }
    fake_stop();
    return 0;
}
