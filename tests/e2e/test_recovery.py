"""Servers die and come back; whoever was in the middle of something goes on."""

import signal

import pytest

from bridged import ECHO, IRC, NETWORK
from clients.xmpp import Refused
from servers.scripted import ScriptedServer


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_everybody_comes_back_after_the_xmpp_server_did(
        gateway, xmpp_server, juliet, romeo, people, carol, channel, how):
    await carol.join(channel)
    await juliet.join(channel.jid, "jul")
    await romeo.join(channel.jid, "rom")
    await carol.expect(r"^:rom!\S+ JOIN")

    start = gateway.mark()
    xmpp_server.stop(number=how)
    await gateway.logged(r"component\[.*WAITING", start)
    carol.say(channel, "can you hear me?")
    xmpp_server.start()
    await gateway.components_up(start)

    # Romeo stays away: his place on IRC is not kept for ever. Juliet comes back.
    await carol.expect(r"^:rom!\S+ (PART|QUIT)")
    juliet = await people.client(juliet.jid)
    balcony = await juliet.join(channel.jid, "jul")
    assert balcony.nicks[-1] == "jul"
    assert "carol" in balcony.nicks and "rom" not in balcony.nicks
    balcony.say("here I am")
    await carol.expect(rf"^:jul!\S+ PRIVMSG {channel} :here I am")
    await balcony.message("here I am", "jul")
    carol.say(channel, "welcome back")
    await balcony.message("welcome back", "carol")

    romeo = await people.client(romeo.jid)
    orchard = await romeo.join(channel.jid, "rom")
    orchard.say("so am I")
    await balcony.message("so am I", "rom")
    for user in (juliet, romeo):
        user.message(f"nymph@{ECHO}", "echo")
        await user.received(f"nymph@{ECHO}", "echo")


async def test_a_dead_irc_server_is_told_to_everybody_and_can_be_entered_again(
        gateway, ircd, juliet, romeo, people, channel):
    """XEP-0045 §17.3: 333, a technical problem; oneself last."""
    balcony = await juliet.join(channel.jid, "jul")
    orchard = await romeo.join(channel.jid, "rom")
    await balcony.presence("rom")
    ircd.stop(number=signal.SIGKILL)
    for room in (balcony, orchard):
        gone = await room.presence(room.nick, type="unavailable")
        assert gone.codes == {110, 333}
        assert gone.item[1] == "none"
        assert gone.status or gone.reason

    failed = await juliet.bounced(balcony.say("anybody?"))
    assert failed.error.condition == "not-acceptable"
    with pytest.raises(Refused) as refused:
        await juliet.join(channel.jid, "jul")
    assert refused.value.error.text

    ircd.start()
    carol = await people.irc("carol")
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    balcony.say("again")
    await carol.expect(rf"^:jul!\S+ PRIVMSG {channel} :again")
    orchard = await romeo.join(channel.jid, "rom")
    carol.say(channel, "both?")
    for room in (balcony, orchard):
        await room.message("both?", "carol")


async def test_a_message_for_a_dead_irc_server_comes_back(gateway, ircd, juliet, channel):
    balcony = await juliet.join(channel.jid, "jul")
    ircd.stop(number=signal.SIGKILL)
    await balcony.presence("jul", type="unavailable")
    failed = await juliet.bounced(juliet.message(f"carol%{NETWORK}@{IRC}", "help"))
    assert failed.error.text
    assert failed.error.type in ("wait", "cancel")


async def test_what_a_dying_irc_server_did_not_read_comes_back(gateway, ircd, juliet, carol,
                                                               channel):
    """The kernel takes lines for a server that hangs, and drops them when it dies."""
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    ircd.process.send_signal(signal.SIGSTOP)
    private = juliet.message(f"carol%{NETWORK}@{IRC}", "you?")
    said = balcony.say("is anybody there?")
    await balcony.message("is anybody there?", "jul")
    ircd.stop(number=signal.SIGKILL)
    for message in (private, said):
        failed = await juliet.bounced(message)
        assert failed.error.type == "wait"
        assert "send it again" in failed.error.text


async def test_what_irc_says_while_the_stream_is_down_arrives_when_it_is_up(make_daemon, carol,
                                                                            channel):
    """Nobody has to join again for it: the server was away, the user was not."""
    user, said = "juliet@xmpp.test/one", []

    def answer(link, stanza):
        if stanza.name == "iq" and stanza.type == "get":
            link.send(f"<iq type='result' from='{user}' to='{stanza.from_}' id='{stanza.id}'/>")
        elif stanza.name == "message" and stanza.body is not None:
            said.append(stanza.body)

    server = await ScriptedServer(answer).start()
    daemon = make_daemon(server.port)
    await daemon.start()
    await carol.join(channel)
    (link,) = await server.up(IRC)
    link.send(f"<presence from='{user}' to='{channel.jid}/jul'>"
              "<x xmlns='http://jabber.org/protocol/muc'/></presence>")
    await carol.expect(r"^:jul!\S+ JOIN")

    start = daemon.mark()
    await server.stop()
    await daemon.logged(rf"component\[{IRC}\]: .*refused", start)
    lines = [f"line {n}" for n in range(50)]
    for line in lines:
        carol.say(channel, line)
    await carol.barrier()
    await server.start(server.port)
    await server.until(lambda: len(said) >= len(lines))
    assert said == lines

    (link,) = await server.up(IRC)
    link.send(f"<message type='groupchat' from='{user}' to='{channel.jid}'>"
              "<body>I heard</body></message>")
    await carol.expect(rf"^:jul!\S+ PRIVMSG {channel} :I heard")
    await server.stop()


async def test_a_killed_gateway_starts_again_and_serves(gateway, juliet, carol, channel):
    await carol.join(channel)
    await juliet.join(channel.jid, "jul")
    await gateway.kill()
    await carol.expect(r"^:jul!\S+ QUIT")
    await gateway.start()
    balcony = await juliet.join(channel.jid, "jul")
    balcony.say("risen")
    await carol.expect(rf"^:jul!\S+ PRIVMSG {channel} :risen")
