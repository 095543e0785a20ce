"""Who sees whom, and when (RFC 6121 §3 and §4, XEP-0100 §4 and §5): alice is on a network that
knows presence, juliet has her in the roster. Each story is told with juliet at Prosody, at
ejabberd, and at a server that is not ours."""

import asyncio
import signal

import pytest

from clients import forms
from conftest import People
from process import DEADLINE
from servers.federated import REMOTE_DOMAIN, federation
from template import DOMAIN
from test_contacts import subscription

ALICE = "alice"


# juliet's server, and ours


@pytest.fixture(scope="session")
def _federation(tmp_path_factory):
    servers = federation(tmp_path_factory.mktemp("federation"))
    yield servers
    for server in servers:
        if server.running():
            server.stop()


HOMES = ["prosody", "ejabberd", "remote"]


@pytest.fixture(params=HOMES)
def home(request):
    """The server where juliet has her account."""
    if request.param != "remote":
        return request.getfixturevalue(request.param)
    for server in request.getfixturevalue("_federation"):
        if not server.running():
            server.start()
    return request.getfixturevalue("_federation")[1]


@pytest.fixture
def xmpp_server(request, home):
    """The server that bridged is a component of."""
    return request.getfixturevalue("_federation")[0] if "there" in str(home.dir) else home


@pytest.fixture
def people(loop, home, ircd):
    people = People(home, ircd, loop)
    yield people
    people.release()


@pytest.fixture
def juliet_jid(home, people):
    domain = REMOTE_DOMAIN if "there" in str(home.dir) else DOMAIN
    return people.new_jid("juliet", domain)


class Story:
    """What juliet, her server and bridged do, a word each. Every step waits for what it has
    to bring about."""

    def __init__(self, gateway, puppet, people, home, jid):
        self.gateway, self.puppet, self.people, self.home = gateway, puppet, people, home
        self.jid, self.alice = jid, puppet.jid(ALICE)
        self.bare = jid.partition("/")[0]
        self.accepted = False

    async def begin(self):
        self.juliet = await self.people.client(self.jid)
        return self

    def presence(self, type):
        self.juliet.write(f"<presence type='{type}' to='{self.alice}'/>")

    async def add(self):
        self.presence("subscribe")
        await self.juliet.contact_presence(self.alice, "subscribed")
        await self.juliet.contact_presence(self.alice)
        request = await self.juliet.contact_presence(self.alice, "subscribe")
        assert request.xml.findtext("{http://jabber.org/protocol/nick}nick") == ALICE

    async def accept(self):
        start = self.gateway.mark()
        self.presence("subscribed")
        await self.is_there(start)
        self.accepted = True

    async def deny(self):
        self.presence("unsubscribed")
        await self.juliet.barrier(self.puppet.domain)
        self.accepted = False

    async def remove(self):
        await self.juliet.request(None, "<query xmlns='jabber:iq:roster'>"
                                  f"<item jid='{self.alice}' subscription='remove'/></query>",
                                  type="set")
        await self.juliet.contact_presence(self.alice, "unavailable")
        await self.juliet.barrier(self.puppet.domain)
        self.accepted = False

    async def away(self):
        self.juliet.write("<presence><show>away</show></presence>")
        await self.juliet.barrier(self.puppet.domain)

    async def hers_away(self):
        await self.tell("presence away out")
        await self.juliet.expect(lambda s: s.name == "presence" and s.bare == self.alice
                                 and s.show == "away", "alice being away")

    async def tell(self, line):
        self.puppet.tell(self.juliet, ALICE, line)
        await self.juliet.barrier(self.puppet.domain)

    # Coming and going

    async def is_there(self, start):
        await self.gateway.logged(rf"{self.bare} is there", start)

    async def is_gone(self, start):
        await self.gateway.logged(rf"{self.bare} is not there any more", start)

    async def logout(self):
        start = self.gateway.mark()
        await self.juliet.offline()
        await self.is_gone(start)

    async def crash(self):
        start = self.gateway.mark()
        self.juliet.abort()
        await self.is_gone(start)

    async def login(self):
        """With everything as it was."""
        start = self.gateway.mark()
        self.juliet = await self.people.client(self.jid)
        await self.juliet.contact_presence(self.alice)
        if self.accepted:
            await self.is_there(start)

    async def second(self):
        """A second client, which then is all that there is."""
        second = await self.people.client(f"{self.bare}/second")
        await second.contact_presence(self.alice)
        await self.juliet.offline()
        self.juliet = second
        await second.barrier(self.puppet.domain)

    async def probe(self):
        self.presence("probe")
        await self.juliet.barrier(self.puppet.domain)

    # Servers

    async def bridged_restart(self):
        await self.gateway.stop()
        await self.juliet.contact_presence(self.alice, "unavailable")
        await self._bridged_starts()

    async def bridged_killed(self):
        await self.gateway.kill()
        await self._bridged_starts()

    async def _bridged_starts(self):
        self.juliet.take(lambda s: s.name == "presence")
        await self.gateway.start()
        await self.juliet.contact_presence(self.alice)
        if self.accepted:
            await self.is_there(0)

    async def server_restart(self):
        await self._server_ends(signal.SIGTERM)

    async def server_killed(self):
        await self._server_ends(signal.SIGKILL)

    async def _server_ends(self, how):
        start = self.gateway.mark()
        self.home.stop(number=how)
        if self.gateway.config["xmpp"]["port"] == self.home.component:
            await self.gateway.logged(r"component\[.*WAITING", start)
        self.home.start()
        if self.gateway.config["xmpp"]["port"] == self.home.component:
            await self.gateway.components_up(start)
        await self.login_again()

    async def login_again(self):
        self.juliet = await self.people.client(self.jid)
        await self.juliet.contact_presence(self.alice)
        await self.juliet.barrier(self.puppet.domain)

    # What has come of it

    async def watched(self):
        return ALICE in await self.puppet.watched(self.juliet)

    async def told(self):
        presence = await self.puppet.seen(self.juliet, "presence")
        return presence and presence["show"]


async def settled(question, answer):
    """Ask until that is the answer: what the store has to write first takes its time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + DEADLINE
    while (found := await question()) != answer and loop.time() < end:
        pass
    return found


@pytest.fixture
def story(loop, gateway, puppet, people, home, juliet_jid):
    return loop.run_until_complete(Story(gateway, puppet, people, home, juliet_jid).begin())


# What happens, and then: alice in the roster of juliet's server, whether alice's network is
# asked for her presence, and what it has been told of juliet's last.
MATRIX = {
    "added": ("add", "to", True, None),
    "accepted": ("add accept", "both", True, "online"),
    "refused": ("add deny", "to", True, None),
    "refused later": ("add accept deny", "to", True, "offline"),
    "removed": ("add accept remove", None, False, "offline"),
    "removed unanswered": ("add remove", None, False, None),
    "added again": ("add accept remove add accept", "both", True, "online"),
    "juliet is away": ("add accept away", "both", True, "away"),
    "alice is away": ("add accept hers_away", "both", True, "online"),
    "logged out": ("add accept logout login", "both", True, "online"),
    "logged out unseen": ("add login", "to", True, None),
    "crashed": ("add accept crash login", "both", True, "online"),
    "crashed away": ("add accept away crash login", "both", True, "online"),
    "a second client": ("add accept away second", "both", True, "online"),
    "bridged restarts": ("add accept away bridged_restart", "both", True, "away"),
    "bridged restarts unseen": ("add deny bridged_restart", "to", True, None),
    "bridged is killed": ("add accept away bridged_killed", "both", True, "away"),
    "server restarts": ("add accept away server_restart", "both", True, "online"),
    "server is killed": ("add accept away server_killed", "both", True, "online"),
}


# A killed ejabberd forgets rosters that it has not written yet.
STORIES = [(name, home) for name in MATRIX for home in HOMES
           if (name, home) != ("server is killed", "ejabberd")]


@pytest.mark.parametrize("name, home", STORIES, indirect=["home"])
async def test_what_each_side_sees(story, name):
    steps, roster, watched, network = MATRIX[name]
    for step in steps.split():
        await getattr(story, step)()
    assert await subscription(story.juliet, story.alice) == roster
    assert await settled(story.watched, watched) == watched
    assert await settled(story.told, network) == network


async def test_who_has_an_account_anywhere_registers(gateway, club, people, juliet_jid):
    """XEP-0077 asks nothing of the user's server."""
    juliet = await people.client(juliet_jid)
    answer = await forms.submit(juliet, club.domain, name="Juliet", password="R0m30")
    assert answer.type == "result", answer
    assert await club.ask(juliet, ALICE, "get name") == "name=Juliet"
    form = await forms.ask(juliet, club.domain)
    assert "registered" in form.plain() and form.values["name"] == "Juliet"
    answer = await forms.send(juliet, club.domain, "<remove/>")
    assert answer.type == "result" and not gateway.stored(juliet.bare)
