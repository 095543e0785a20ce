"""More users than file descriptors that select() could count, in one process."""

import collections

from bridged import ECHO, GATEWAY, IRC, NETWORK
from clients.irc import IrcUser
from process import DEADLINE
from servers.scripted import ScriptedServer

USERS, PER_CHANNEL = 1200, 20
LONG = 3 * DEADLINE


class Crowd:
    """Everybody's clients at once: what the users of a server would see and say."""

    def __init__(self):
        self.inside = set()                       # users whose own presence has come
        self.heard = collections.Counter()        # bodies, over all users
        self.trouble = []

    def on_stanza(self, link, stanza):
        if stanza.name == "iq" and stanza.type == "get":
            link.send(f"<iq type='result' from='{stanza.to}' to='{stanza.from_}' "
                      f"id='{stanza.id}'/>")
        elif stanza.type == "error" or stanza.name == "presence" and stanza.type:
            self.trouble.append(stanza)
        elif stanza.name == "presence" and 110 in stanza.codes:
            self.inside.add(stanza.to)
        elif stanza.name == "message" and stanza.body is not None:
            self.heard[stanza.body] += 1


def room(n):
    return f"#crowd{n // PER_CHANNEL}%{NETWORK}@{IRC}"


def user(n):
    return f"user{n}@xmpp.test/client"


def join(n):
    return (f"<presence from='{user(n)}' to='{room(n)}/user{n}'>"
            "<x xmlns='http://jabber.org/protocol/muc'/></presence>")


def say(n, what):
    return (f"<message type='groupchat' from='{user(n)}' to='{room(n)}' id='{what}{n}'>"
            f"<body>{what} {n}</body></message>")


async def test_twelve_hundred_people_talk_before_and_after_a_cut(make_daemon, ircd):
    crowd = Crowd()
    server = await ScriptedServer(crowd.on_stanza).start()
    daemon = make_daemon(server.port)
    daemon.config["log"]["level"] = "info"
    await daemon.start()
    witness = await IrcUser("witness").connect(ircd.port)
    (link,) = await server.up(IRC)

    for n in range(USERS):
        link.send(join(n))
    await server.until(lambda: len(crowd.inside) == USERS or crowd.trouble, LONG)
    assert crowd.trouble == []
    await witness.join("#crowd0")

    async def everybody_talks(what):
        (link,) = await server.up(IRC)
        for n in range(USERS):
            link.send(say(n, what))
        await server.until(lambda: crowd.heard.total() == USERS * PER_CHANNEL or crowd.trouble,
                           LONG)
        assert crowd.trouble == []
        assert crowd.heard == {f"{what} {n}": PER_CHANNEL for n in range(USERS)}
        crowd.heard.clear()
        on_irc = await witness.heard("#crowd0", PER_CHANNEL)
        assert sorted(on_irc) == sorted((f"user{n}", f"{what} {n}") for n in range(PER_CHANNEL))

    await everybody_talks("before")
    start = daemon.mark()
    for link in await server.up(GATEWAY, IRC, ECHO):
        link.cut()
    await daemon.components_up(start)
    await everybody_talks("after")
    assert await daemon.lines(r"\b(error|warning)\b.*(dropped|lost)", start) == []
    await witness.close()
    await server.stop()
