"""The link to the XMPP server: what the admin is told when it cannot be had, and that it
comes up by itself as soon as it can."""

import asyncio
import re

import pytest

from bridged import ECHO, GATEWAY, IRC
from clients.component import impostor
from clients.xmpp import PING
from servers.ejabberd import Ejabberd
from servers.prosody import Prosody
from servers.scripted import ScriptedServer
from template import SECRET

TROUBLE = r"component\[{}\]: .*127\.0\.0\.1:{}"


@pytest.fixture(params=[Prosody, Ejabberd], ids=["prosody", "ejabberd"])
def own_server(request, tmp_path):
    """A server that a test may misconfigure. Not started."""
    directory = tmp_path / "server"
    directory.mkdir()
    server = request.param(directory)
    yield server
    if server.running():
        server.stop()


@pytest.fixture
def daemon(loop, make_daemon, own_server):
    return make_daemon(own_server.component)


async def trouble(daemon, domain, words, start=0):
    """The line that tells the admin, which names the server and has these words."""
    port = daemon.config["xmpp"]["port"]
    told = await daemon.logged(TROUBLE.format(re.escape(domain), port), start)
    for word in words:
        assert re.search(word, told.string), f"no /{word}/ in: {told.string}"
    return told.string


async def test_a_wrong_secret_is_named_and_can_be_mended(daemon, own_server):
    own_server.allow_components(secret="another secret")
    own_server.start()
    daemon.launch()
    for domain in (GATEWAY, IRC, ECHO):
        line = await trouble(daemon, domain, [r"\bsecret\b", r"component_secret|password"])
        assert SECRET not in line
    own_server.stop()
    own_server.allow_components()
    start = daemon.mark()
    own_server.start()
    await daemon.components_up(start)
    assert not await daemon.lines(re.escape(SECRET))


async def test_a_domain_that_the_server_does_not_know_is_named(daemon, own_server):
    own_server.forbid_components()
    own_server.start()
    daemon.launch()
    for domain in (GATEWAY, IRC):
        await trouble(daemon, domain, [r"domain|host", r"Component|hosts"])
    own_server.stop()
    own_server.allow_components()
    start = daemon.mark()
    own_server.start()
    await daemon.components_up(start)


async def test_the_same_trouble_is_told_once(daemon, own_server):
    """A line a minute would hide all others. Further tries are told at level debug."""
    own_server.allow_components(secret="another secret")
    own_server.start()
    daemon.launch()
    told = TROUBLE.format(re.escape(IRC), own_server.component) + ".*secret"
    await daemon.logged("error: " + told)
    await daemon.logged("debug: " + told)
    assert len(await daemon.lines("error: " + told)) == 1


@pytest.mark.parametrize("own_server", [Prosody], ids=["prosody"], indirect=True)
async def test_another_program_under_our_name_is_reported(daemon, own_server):
    """As Prosody does it by itself: who came first stays."""
    own_server.allow_components(edit=lambda text: text.replace("kick_old", "kick_new"))
    own_server.start()
    other = await impostor(own_server.component, IRC, SECRET)
    daemon.launch()
    await trouble(daemon, IRC, [r"another|already", r"stop"])
    start = daemon.mark()
    other.close()
    await daemon.logged(rf"component\[{re.escape(IRC)}\]: up", start)


@pytest.mark.parametrize("own_server", [Prosody], ids=["prosody"], indirect=True)
async def test_being_replaced_is_reported_too(daemon, own_server):
    """With kick_old, as contrib/servers/prosody.cfg.lua has it."""
    own_server.start()
    await daemon.start()
    start = daemon.mark()
    await impostor(own_server.component, IRC, SECRET)
    await trouble(daemon, IRC, [r"another|already", r"stop"], start)
    await daemon.logged(rf"component\[{re.escape(IRC)}\]: up", start)


@pytest.mark.parametrize("own_server", [Prosody], ids=["prosody"], indirect=True)
async def test_the_server_may_start_last(daemon, own_server):
    daemon.launch()
    await trouble(daemon, IRC, [r"refused"])
    own_server.start()
    await daemon.components_up()
    await daemon.logged(r"\bready\b")


async def test_a_port_that_speaks_something_else_is_reported(make_daemon):
    async def web(reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(web, "127.0.0.1", 0)
    daemon = make_daemon(server.sockets[0].getsockname()[1])
    daemon.launch()
    await trouble(daemon, IRC, [r"XML"])
    server.close()


async def test_the_client_port_is_told_apart(make_daemon, xmpp_server):
    daemon = make_daemon(xmpp_server.c2s)
    daemon.launch()
    await trouble(daemon, IRC, [r"xmpp\.port"])


async def test_a_cut_stream_comes_back(make_daemon):
    """No goodbye, no FIN: only the bytes stop."""
    server = await ScriptedServer().start()
    daemon = make_daemon(server.port)
    await daemon.start()
    for _ in range(3):
        start = daemon.mark()
        for link in await server.up(GATEWAY, IRC, ECHO):
            link.cut()
        await daemon.components_up(start)
    await server.stop()


async def test_half_a_stanza_before_the_cut_is_forgotten(make_daemon):
    """libstrophe reused its parser's state here, and crashed."""
    answers = []
    server = await ScriptedServer(lambda link, stanza: answers.append(stanza)).start()
    daemon = make_daemon(server.port)
    await daemon.start()
    for half in (f"<message from='a@b/c' to='x@{ECHO}' type='chat'><body>half a te",
                 "<message from='a@b/c' to='", "<message><", "<!-- ", "<![CDATA["):
        start = daemon.mark()
        (link,) = await server.up(ECHO)
        link.send(half)
        await link.writer.drain()
        link.writer.close()
        await daemon.logged(rf"component\[{re.escape(ECHO)}\]: up", start)
    (link,) = await server.up(ECHO)
    link.send(f"<message from='a@b/c' to='x@{ECHO}' type='chat'><body>whole</body></message>")
    link.send(f"<iq from='a@b/c' to='{ECHO}' type='get' id='p'>{PING}</iq>")
    await server.until(lambda: any(s.id == "p" for s in answers))
    assert [s.body for s in answers if s.name == "message"] == ["whole"]
    await server.stop()


async def test_xml_that_is_none_costs_a_reconnect_only(make_daemon):
    server = await ScriptedServer().start()
    daemon = make_daemon(server.port)
    await daemon.start()
    for nonsense in ("<message></presence>", "<!DOCTYPE x [<!ENTITY e 'x'>]><x>&e;</x>",
                     "<message>&nbsp;</message>", "<message>\x01</message>"):
        start = daemon.mark()
        (link,) = await server.up(ECHO)
        link.send(nonsense)
        await daemon.logged(rf"component\[{re.escape(ECHO)}\]: .*127\.0\.0\.1", start)
        await daemon.logged(rf"component\[{re.escape(ECHO)}\]: up", start)
    await server.stop()
