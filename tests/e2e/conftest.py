"""Fixtures: real servers, the real daemon, users.

Servers live as long as the session and are started again when a test has ended them; the
daemon, the accounts and the clients are each test's own. Tests are coroutines; they and the
fixtures share one event loop per test."""

import asyncio
import itertools
import resource

import pytest

import process
from bridged import IRC, NETWORK, REPORT, Bridged
from clients.irc import IrcUser
from clients.puppet import Puppet
from clients.xmpp import User
from servers.ejabberd import Ejabberd
from servers.ngircd import Ngircd
from servers.prosody import Prosody
from servers.tap import Tap
from template import DOMAIN, PUPPETS

FILES = 8192
TEST_DEADLINE = 120  # of one test; pytest-timeout, if there, stands behind it


def pytest_configure(config):
    """Servers and daemon inherit it; root may go beyond the hard limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = max(hard, FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (enough, enough))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Run coroutine tests on the loop that their fixtures used."""
    if not asyncio.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in wanted}
    loop = pyfuncitem.funcargs["loop"]
    loop.run_until_complete(asyncio.wait_for(pyfuncitem.obj(**arguments), TEST_DEADLINE))
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of the log of every process that it used."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for one in process.living:
            report.sections.append((f"log of {one.name}", one.tail()))


@pytest.fixture(autouse=True)
def loop():
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    leftover = asyncio.all_tasks(loop)
    for task in leftover:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*leftover, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_default_executor())
    asyncio.set_event_loop(None)
    loop.close()


# Servers


def _server(kind, tmp_path_factory):
    server = kind(tmp_path_factory.mktemp(kind.name))
    yield server
    if server.running():
        server.stop()


@pytest.fixture(scope="session")
def _prosody(tmp_path_factory):
    yield from _server(Prosody, tmp_path_factory)


@pytest.fixture(scope="session")
def _ejabberd(tmp_path_factory):
    yield from _server(Ejabberd, tmp_path_factory)


@pytest.fixture(scope="session")
def _ngircd(tmp_path_factory):
    yield from _server(Ngircd, tmp_path_factory)


def _running(server):
    return server if server.running() else server.start()


@pytest.fixture
def prosody(_prosody):
    return _running(_prosody)


@pytest.fixture
def ejabberd(_ejabberd):
    return _running(_ejabberd)


@pytest.fixture(params=["prosody", "ejabberd"])
def xmpp_server(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def ircd(_ngircd):
    return _running(_ngircd)


@pytest.fixture
def tap(loop, ircd):
    """In front of ircd, listening to what comes from the gateway."""
    tap = loop.run_until_complete(Tap(ircd.port).start())
    yield tap
    loop.run_until_complete(tap.stop())


# The daemon


@pytest.fixture
def make_daemon(loop, tmp_path, ircd):
    """A function from a component port to a daemon, not yet started. At the end of every
    test, whatever it did, SIGTERM must work and no sanitizer complain."""
    made = []

    def make(component_port):
        made.append(Bridged(tmp_path, component_port, ircd.port))
        return made[-1]

    yield make
    for daemon in made:
        if daemon.process is None:
            continue
        if daemon.process.running():
            loop.run_until_complete(daemon.stop())
        assert daemon.process.child.returncode != REPORT, daemon.process.tail(120)


@pytest.fixture
def daemon(make_daemon, xmpp_server, request):
    """Configured for xmpp_server and ircd, and for the puppets that the test wants; not yet
    started."""
    daemon = make_daemon(xmpp_server.component)
    for name in PUPPETS:
        if name in request.fixturenames:
            daemon.add_transport(name)
    return daemon


@pytest.fixture
def gateway(loop, daemon):
    """The daemon, serving."""
    loop.run_until_complete(daemon.start())
    return daemon


# Networks that do what they are told (puppet/README.md); the test starts `daemon`, or has
# `gateway` beside them.


@pytest.fixture
def puppet():
    """Has every feature; nobody needs an account."""
    return Puppet("puppet")


@pytest.fixture
def plain():
    """Has no feature but text."""
    return Puppet("plain")


@pytest.fixture
def club():
    """Has every feature, for those who have registered."""
    return Puppet("club")


# People


_numbers = itertools.count(1)


class People:
    """XMPP users, IRC users; each gone when the test ends. Accounts are new in every test
    (a roster outlives its test); another client of the same user is made by client()."""

    def __init__(self, server, ircd, loop):
        self.server, self.ircd, self.loop = server, ircd, loop
        self._users, self._irc = [], []

    def new_jid(self, name, domain=DOMAIN):
        return f"{name}{next(_numbers)}@{domain}/one"

    async def xmpp(self, name):
        return await self.client(self.new_jid(name))

    async def client(self, jid):
        self.server.add_user(jid.partition("@")[0], "pw")
        user = User(self.server, jid, "pw")
        self._users.append(user)
        return await user.online()

    async def irc(self, nick, ircd=None):
        user = await IrcUser(nick).connect((ircd or self.ircd).port)
        self._irc.append(user)
        return user

    def release(self):
        for user in self._users:
            user.abort()
        for user in self._irc:
            self.loop.run_until_complete(user.close())


@pytest.fixture
def people(loop, xmpp_server, ircd):
    people = People(xmpp_server, ircd, loop)
    yield people
    people.release()


@pytest.fixture
def juliet(loop, people):
    return loop.run_until_complete(people.xmpp("juliet"))


@pytest.fixture
def romeo(loop, people):
    return loop.run_until_complete(people.xmpp("romeo"))


@pytest.fixture
def carol(loop, people):
    """On IRC with a plain client."""
    return loop.run_until_complete(people.irc("carol"))


def channel_jid(channel):
    return f"{channel}%{NETWORK}@{IRC}"


class Channel(str):
    @property
    def jid(self):
        return channel_jid(self)


@pytest.fixture
def channel():
    """A channel of the test's own, as IRC calls it; str, with its JID in `.jid`."""
    return Channel(f"#c{next(_numbers)}")
