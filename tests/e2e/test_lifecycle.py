"""Signals: an orderly end, whatever is going on; a new configuration without a restart."""

import asyncio
import signal
import socket

import pytest

from bridged import ECHO, IRC, READ_AGAIN

SOON = 5  # seconds that the end may take


@pytest.fixture
def mute():
    """Accepts connections, by way of the kernel, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def end(daemon, number=signal.SIGTERM):
    await asyncio.wait_for(daemon.stop(number), SOON)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_end_is_said_to_both_sides(gateway, juliet, romeo, carol, channel, number):
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    orchard = await romeo.join(channel.jid, "rom")
    juliet.write(f"<presence type='subscribe' to='nymph@{ECHO}'/>")
    await juliet.contact_presence(f"nymph@{ECHO}")

    await end(gateway, number)
    for nick in ("jul", "rom"):
        quit_ = await carol.expect(r"^:(jul|rom)!\S+ QUIT :(.*)")
        assert quit_.group(2), nick
    for room in (balcony, orchard):
        gone = await room.presence(room.nick, type="unavailable")
        assert gone.codes == {110, 332}
        assert gone.status or gone.reason
    await juliet.contact_presence(f"nymph@{ECHO}", "unavailable")


async def test_the_end_does_not_wait_for_an_xmpp_server_that_says_nothing(make_daemon, mute):
    daemon = make_daemon(mute)
    daemon.launch()
    await daemon.logged(r"component\[.*OPENING")
    await end(daemon)


async def test_the_end_does_not_wait_for_an_xmpp_server_that_is_not_there(make_daemon):
    daemon = make_daemon(9)
    daemon.launch()
    await daemon.logged(r"component\[.*WAITING")
    await end(daemon)


async def test_the_end_does_not_wait_for_an_irc_server_that_says_nothing(daemon, mute, juliet):
    daemon.network["port"] = mute
    await daemon.start()
    juliet.knock(f"#c%irc.localhost@{IRC}", "jul")
    await juliet.barrier(IRC)
    await end(daemon)
    gone = await juliet.expect(lambda s: s.name == "presence" and s.bare.startswith("#c%"))
    assert gone.type in ("error", "unavailable")


async def test_giving_up_a_join_leaves_nothing_behind(daemon, mute, juliet):
    """The client goes before the network has answered."""
    daemon.network["port"] = mute
    await daemon.start()
    juliet.knock(f"#c%irc.localhost@{IRC}", "jul")
    await juliet.barrier(IRC)
    juliet.write(f"<presence type='unavailable' to='#c%irc.localhost@{IRC}/jul'/>")
    await juliet.barrier(IRC)
    await end(daemon)


async def test_a_reload_changes_the_log_level_and_drops_nobody(gateway, juliet, people, carol,
                                                             channel):
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    begin = gateway.mark()
    gateway.config["log"]["level"] = "info"
    await gateway.logged(READ_AGAIN, gateway.reload())
    start = gateway.mark()
    silent, heard = await people.xmpp("silent"), await people.xmpp("heard")
    # A session is opened, and that is told at level debug, by the first message.
    silent.message(f"nymph@{ECHO}", "one")
    await silent.received(f"nymph@{ECHO}", "one")
    assert await gateway.lines(r"\bdebug\b", start) == []

    gateway.config["log"]["level"] = "debug"
    start = gateway.reload()
    await gateway.logged(READ_AGAIN, start)
    heard.message(f"nymph@{ECHO}", "two")
    await heard.received(f"nymph@{ECHO}", "two")
    await gateway.logged(rf"debug: .*{heard.bare}", start)

    balcony.say("still here")
    await carol.expect(rf"^:jul!\S+ PRIVMSG {channel} :still here")
    assert not [line for line in carol.lines if " QUIT" in line or " PART" in line]
    assert not await gateway.lines(r"component\[.*(CLOSING|WAITING)", begin)


async def test_a_reload_names_what_needs_a_restart(gateway, juliet):
    gateway.config["xmpp"]["port"] += 1
    gateway.config["transports"].remove(gateway.echo)
    start = gateway.reload()
    await gateway.logged(r"xmpp\.port\b.*restart", start)
    await gateway.logged(rf"{ECHO}.*restart", start)
    await juliet.barrier(ECHO)


async def test_a_reload_of_a_faulty_file_changes_nothing(gateway, juliet):
    gateway.config["log"]["level"] = "shouting"
    gateway.config["nonsense"] = 1
    start = gateway.reload()
    await gateway.logged(r"bridge\.conf:\d+: .*nonsense", start)
    await gateway.logged(r"bridge\.conf:\d+: .*log\.level", start)
    await gateway.logged(r"nothing was changed", start)
    await juliet.barrier(IRC)
