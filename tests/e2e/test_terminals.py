"""Real clients, by script in a terminal: what people see on their screens."""

import os
import re

import pytest

from bridged import GATEWAY, IRC
from clients.terminal import Terminal
from template import DOMAIN


class Profanity(Terminal):
    def __init__(self, directory):
        super().__init__("profanity", ["profanity"], directory)

    async def connect(self, account, password, port):
        await self.start()
        await self.shows("Profanity. Type /help")
        await self.type(f"/connect {account}@{DOMAIN} server 127.0.0.1 port {port} tls disable")
        await self.shows("Enter password:")
        await self.type(password, hidden=True)
        await self.shows("logged in successfully")
        return self

    async def command(self, node, jid, pattern):
        """Until then profanity does not know that there are commands: it asks for what the
        server has when it has already said that it is there."""
        while True:
            await self.type("/clear")
            await self.type(f"/cmd exec {node} {jid}")
            shown = await self.shows(f"{pattern}|Server does not support ad hoc commands")
            if "Server does not" not in shown.group():
                return


CONFIG = """[Poezio]
jid = {account}@{domain}
password = {password}
custom_host = 127.0.0.1
custom_port = {port}
force_encryption = false
ignore_certificate = true
"""


class Poezio(Terminal):
    """It does not want to be run by root, nor looks very closely."""

    def __init__(self, directory):
        argv = ["poezio"] if os.geteuid() else ["unshare", "-U", "--map-user=1000", "poezio"]
        super().__init__("poezio", argv, directory)

    async def connect(self, account, password, port):
        config = self.dir / "config" / "poezio"
        config.mkdir(parents=True)
        (config / "poezio.cfg").write_text(
            CONFIG.format(account=account, domain=DOMAIN, password=password, port=port))
        await self.start()
        await self.shows("Authentication success")
        return self

    async def command(self, line):
        """From the roster, where a slash begins a command."""
        await self.press("/")
        await self.shows(r"│/ *$")
        await self.type(line)

    async def choose(self, node):
        """Go down the list of commands to this one."""
        nodes = re.findall(r"│([a-z]\S*) {2,}\S", await self.look())
        for _ in range(nodes.index(node)):
            await self.press("Down")
            await self.changed()
        for _ in range(3):  # poezio may take two keys that it reads at once for another one
            await self.press("Enter")
            try:
                return await self.shows(r"(?s)\A(?!.*│Node {2,}Description)", timeout=5)
            except AssertionError:
                continue
        raise AssertionError(f"{node} cannot be chosen:\n{self.screen}")


@pytest.fixture
def terminals(loop, xmpp_server, tmp_path):
    """A function from a client's class to such a client, connected."""
    made = []

    async def connected(kind):
        account = f"{kind.__name__.lower()}{os.getpid()}"
        xmpp_server.add_user(account, "pw")
        home = tmp_path / kind.__name__
        home.mkdir()
        made.append(kind(home))
        return await made[-1].connect(account, "pw", xmpp_server.c2s)

    yield connected
    for terminal in made:
        loop.run_until_complete(terminal.close())


async def test_profanity_adds_a_contact_and_talks(gateway, puppet, terminals):
    alice = puppet.jid("alice")
    screen = await terminals(Profanity)
    await screen.type(f"/sub request {alice}")
    await screen.shows(rf"{alice} is online")
    await screen.shows(f"Received authorization request from {alice}")
    await screen.type(f"/sub allow {alice}")
    await screen.shows(f"Accepted subscription for {alice}")
    await screen.type(f"/msg {alice} Good morrow")
    await screen.shows(rf"{alice}: Good morrow")
    await screen.type("seen presence")
    await screen.shows(rf"{alice}: show: online")
    await screen.type("presence away Gone fishing")
    await screen.shows(rf"{alice} \[away\]")


async def test_profanity_joins_a_room(gateway, puppet, terminals):
    screen = await terminals(Profanity)
    await screen.type(f"/join {puppet.jid('room')} nick jul")
    await screen.shows("You have joined the room as jul")
    await screen.shows("The stage")
    await screen.type("say kind=action bows")
    await screen.shows(r"\*puppet bows")
    await screen.type("kick Enough")
    await screen.shows("Enough")


async def test_profanity_registers(gateway, club, terminals):
    screen = await terminals(Profanity)
    await screen.command("register", club.domain, r"Name \(required\)")
    await screen.type("/field1 Juliet")
    await screen.shows("Field updated")
    await screen.type("/form submit")
    await screen.shows(f"You are registered with {club.domain}")
    await screen.shows(f"Received authorization request from {club.domain}")
    await screen.type(f"/msg {club.domain} set volume 11")
    await screen.shows("The settings are stored")
    await screen.type(f"/msg {club.jid('alice')} get volume")
    await screen.shows("alice@.*: volume=11")


async def test_profanity_gives_commands(gateway, puppet, terminals):
    screen = await terminals(Profanity)
    await screen.command("disconnect", puppet.domain, "You were not connected to")
    await screen.type("/clear")
    await screen.type(f"/cmd exec status {puppet.domain}")
    await screen.shows(f"{puppet.domain}, .*, you are not using it")
    await screen.type(f"/msg {GATEWAY} help")
    await screen.shows("forget - Deletes everything")


async def test_terminals_show_tables(daemon, terminals):
    daemon.config["gateway"]["admins"] = [f"{kind}{os.getpid()}@{DOMAIN}"
                                          for kind in ("profanity", "poezio")]
    await daemon.start()
    screen = await terminals(Profanity)
    await screen.command("statistics", GATEWAY, f"{IRC}, up, sessions: 0, rooms: 0")
    screen = await terminals(Poezio)
    await screen.command(f"ad-hoc {GATEWAY}")
    await screen.shows("Show statistics")
    await screen.choose("statistics")
    await screen.shows("Domain, Connection to the XMPP server, Sessions")


async def test_poezio_adds_a_contact_and_talks(gateway, puppet, terminals):
    alice = puppet.jid("alice")
    screen = await terminals(Poezio)
    await screen.command(f"add {alice}")
    await screen.shows(f"{alice} accepted your contact")
    await screen.command(f"accept {alice}")
    await screen.shows(f"{alice} is now authorized")
    await screen.command(f"message {alice} Good morrow")
    await screen.shows("alice> Good morrow")


async def test_poezio_gives_commands(gateway, puppet, terminals):
    screen = await terminals(Poezio)
    await screen.command(f"ad-hoc {puppet.domain}")
    await screen.shows("Disconnect me")
    await screen.choose("status")
    await screen.shows(f"{IRC}, .*, you are not using it +→")  # ... and other lines


async def test_poezio_registers(gateway, club, terminals):
    screen = await terminals(Poezio)
    await screen.command(f"ad-hoc {club.domain}")
    await screen.shows("jabber:iq:register +Register")
    await screen.choose("jabber:iq:register")
    await screen.shows("Edit the text")
    await screen.write("Juliet")
    await screen.press("C-y")
    await screen.shows(f"You are registered with {club.domain}")
