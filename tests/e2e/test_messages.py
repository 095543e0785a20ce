"""What is said in channels and in private, in every direction."""

import pytest

from bridged import IRC, NETWORK
from clients.stanza import MUC_USER

COUNT = 200
UMLAUTS = "Grüße, 你好, 👋🏽 <b>&amp;</b> ' \" ]]> \\"


def contact(nick):
    return f"{nick}%{NETWORK}@{IRC}"


def numbered(who):
    return [f"{who} says {n}" for n in range(COUNT)]


async def heard(room, nicks):
    """What each of these said in the room, COUNT messages of each."""
    said = {nick: [] for nick in nicks}
    for _ in range(COUNT * len(nicks)):
        message = await room.message()
        said[message.nick].append(message)
    return said


async def test_everybody_hears_everything_in_order(gateway, juliet, romeo, carol, channel):
    """Two XMPP users and one on IRC talk all at once: nothing lost, doubled or swapped."""
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    orchard = await romeo.join(channel.jid, "rom")
    await carol.expect(r"^:rom!\S+ JOIN")

    ids = {"jul": [], "rom": []}
    for n in range(COUNT):
        ids["jul"].append(balcony.say(numbered("jul")[n]))
        ids["rom"].append(orchard.say(numbered("rom")[n]))
        carol.say(channel, numbered("carol")[n])

    on_irc = await carol.heard(channel, 2 * COUNT)
    for nick in ("jul", "rom"):
        assert [text for who, text in on_irc if who == nick] == numbered(nick)
    for room in (balcony, orchard):
        said = await heard(room, ("jul", "rom", "carol"))
        for nick, messages in said.items():
            assert [m.body for m in messages] == numbered(nick)
        # XEP-0045 §7.4: the sender knows its own message by the id.
        assert [m.id for m in said[room.nick]] == ids[room.nick]

    # And nothing more comes behind them.
    for user in (juliet, romeo):
        await user.barrier(channel.jid)
        assert user.take(lambda s: s.name == "message") == []
    assert await carol.barrier() == []


async def test_actions_go_both_ways(gateway, juliet, carol, channel):
    """XEP-0245 and CTCP ACTION."""
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    balcony.say("/me sighs")
    await carol.expect(rf"^:jul!\S+ PRIVMSG {channel} :\x01ACTION sighs\x01$")
    await balcony.message("/me sighs", "jul")
    carol.say(channel, "\x01ACTION waves\x01")
    await balcony.message("/me waves", "carol")
    juliet.message(contact("carol"), "/me whispers")
    await carol.expect(r"^:jul!\S+ PRIVMSG carol :\x01ACTION whispers\x01$")


async def test_text_arrives_as_it_was_written(gateway, juliet, romeo, carol, channel):
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    orchard = await romeo.join(channel.jid, "rom")
    balcony.say(UMLAUTS)
    assert (await carol.expect(rf"^:jul!\S+ PRIVMSG {channel} :(.*)")).group(1) == UMLAUTS
    await orchard.message(UMLAUTS, "jul")
    carol.say(channel, UMLAUTS)
    await balcony.message(UMLAUTS, "carol")


async def test_several_lines_are_several_messages_on_irc(gateway, juliet, carol, channel):
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    balcony.say("one\ntwo\r\n\nQUIT :three")
    said = await carol.heard(channel, 3)
    assert said == [("jul", "one"), ("jul", "two"), ("jul", "QUIT :three")]
    assert await carol.barrier() == []


async def test_a_long_message_arrives_whole_in_pieces(gateway, juliet, carol, channel):
    """IRC's lines have 512 bytes; a character is never cut in two."""
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    words = " ".join(f"żółć{n}👋" for n in range(200))
    balcony.say(words + "\nthe end")
    pieces = []
    while not pieces or pieces[-1] != "the end":
        pieces.append((await carol.heard(channel, 1))[0][1])
    assert len(pieces) > 4
    assert "\ufffd" not in "".join(pieces)
    assert "".join(pieces[:-1]).replace(" ", "") == words.replace(" ", "")


async def test_private_messages_go_both_ways(gateway, juliet, carol, channel):
    await carol.join(channel)
    await juliet.join(channel.jid, "jul")
    juliet.message(contact("carol"), "just you")
    await carol.expect(r"^:jul!\S+ PRIVMSG carol :just you$")
    carol.say("jul", "just me?")
    assert (await juliet.received(body="just me?")).bare == contact("carol")


async def test_a_private_message_to_an_occupant_arrives(gateway, juliet, carol, channel):
    """XEP-0045 §7.5."""
    await carol.join(channel)
    await juliet.join(channel.jid, "jul")
    juliet.write(f"<message to='{channel.jid}/carol' type='chat' id='pm'><body>psst</body>"
                 f"<x xmlns='{MUC_USER[1:-1]}'/></message>")
    await carol.expect(r"^:jul!\S+ PRIVMSG carol :psst$")
    carol.say("jul", "what?")
    answer = await juliet.received(body="what?")
    assert answer.from_ in (f"{channel.jid}/carol", contact("carol"))


@pytest.mark.parametrize("address", ["contact", "occupant"])
async def test_a_message_to_a_nick_that_does_not_exist_comes_back(
        gateway, juliet, carol, channel, address):
    await carol.join(channel)
    await juliet.join(channel.jid, "jul")
    to = contact("nobody") if address == "contact" else f"{channel.jid}/nobody"
    failed = await juliet.bounced(juliet.message(to, "anybody?"))
    assert failed.error.condition == "item-not-found"
    assert failed.error.text
    assert failed.from_ == to


async def test_a_message_that_the_channel_refuses_comes_back(gateway, juliet, carol, channel):
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    carol.send(f"MODE {channel} +m")
    await carol.expect(" MODE ")
    failed = await juliet.bounced(balcony.say("muted"))
    assert failed.error.text
    carol.send(f"MODE {channel} +v jul")
    await balcony.presence("jul", type=None)
    balcony.say("heard")
    await carol.expect(rf"^:jul!\S+ PRIVMSG {channel} :heard")


async def test_notices_are_shown_and_ctcp_is_not(gateway, juliet, carol, channel):
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    carol.say(channel, "\x01VERSION\x01")
    carol.say("jul", "\x01VERSION\x01")
    carol.send(f"NOTICE {channel} :hear ye")
    shown = await balcony.message()
    assert (shown.nick, shown.body) == ("carol", "hear ye")


async def test_nothing_that_irc_sends_breaks_the_stream(gateway, juliet, carol, channel):
    """Bytes that XML does not allow, and what is not UTF-8, would end everybody's stream."""
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    start = gateway.mark()
    for ugly in (bytes(range(2, 32)).replace(b"\n", b"").replace(b"\r", b""), b"caf\xe9",
                 b"\xff\xfe\xed\xa0\x80", "\ufffe\uffff\U0001fffe".encode(), b"\x01", b"]]>",
                 b"<message from='x'/>", b"&#0;"):
        carol.writer.write(b"PRIVMSG %s :a%sb\r\n" % (channel.encode(), ugly))
        carol.writer.write(b"TOPIC %s :%s\r\n" % (channel.encode(), ugly))
    carol.say(channel, "enough")
    await balcony.message("enough", "carol")
    assert any(m.body == "acaféb" for m in juliet.take(lambda s: s.body))
    assert await gateway.lines(r"component\[.*WAITING", start) == []


async def test_leaving_while_being_flooded_loses_nobody(gateway, juliet, romeo, carol, channel):
    await carol.join(channel)
    orchard = await romeo.join(channel.jid, "rom")
    for n in range(20):
        balcony = await juliet.join(channel.jid, f"jul{n}")
        for text in numbered("carol")[:20]:
            carol.say(channel, text)
        await balcony.leave()
    for n in range(20):
        for text in numbered("carol")[:20]:
            assert (await orchard.message(nick="carol")).body == text
