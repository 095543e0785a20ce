"""Channels as rooms: XEP-0045 as XMPP clients expect it, IRC as its users do."""

import re

import pytest

from clients.xmpp import Refused
from conftest import channel_jid
from process import free_ports


async def test_the_others_come_first_then_oneself_then_the_subject(gateway, juliet, people,
                                                                   carol, channel):
    """XEP-0045 §7.1."""
    dave = await people.irc("dave")
    await carol.join(channel)
    await dave.join(channel)
    carol.send(f"TOPIC {channel} :Wherefore")
    await dave.expect(" TOPIC ")

    balcony = await juliet.join(channel.jid, "jul")
    assert sorted(balcony.nicks[:-1]) == ["carol", "dave"]
    assert balcony.nicks[-1] == "jul"
    assert [110 in p.codes for p in balcony.presences] == [False, False, True]
    items = {p.nick: p.item for p in balcony.presences}
    assert items["carol"][1] == "moderator"
    assert items["dave"] == items["jul"] == ("none", "participant")
    assert balcony.subject.subject == "Wherefore"
    await carol.expect(rf"^:jul!\S+ JOIN :?{channel}")


async def test_an_empty_subject_is_sent_too(gateway, juliet, carol, channel):
    """XEP-0045 §7.2.15: clients wait for it to know that the join is over."""
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    assert balcony.subject.subject == ""
    assert balcony.subject.type == "groupchat"


async def test_people_coming_and_going_on_irc_are_seen(gateway, juliet, people, carol, channel):
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    dave = await people.irc("dave")
    await dave.join(channel)
    assert (await balcony.presence("dave", type=None)).item == ("none", "participant")
    carol.send(f"MODE {channel} +o dave")
    assert (await balcony.presence("dave", type=None)).item[1] == "moderator"
    dave.send(f"PART {channel} :so long")
    gone = await balcony.presence("dave", type="unavailable")
    assert gone.status == "so long"
    await dave.join(channel)
    await balcony.presence("dave", type=None)
    dave.send("QUIT :and thanks")
    assert "and thanks" in (await balcony.presence("dave", type="unavailable")).status


async def test_who_may_not_speak_in_a_moderated_channel_is_a_visitor(gateway, juliet, people,
                                                                      carol, channel):
    """XEP-0045 §5.1.1; IRC tells of +m when it is set, and to those who enter if they ask."""
    dave = await people.irc("dave")
    await carol.join(channel)
    await dave.join(channel)
    carol.send(f"MODE {channel} +mv dave")
    await carol.expect(" MODE ")
    balcony = await juliet.join(channel.jid, "jul")
    assert (await balcony.presence("jul", type=None)).item == ("none", "visitor")
    refused = await juliet.bounced(balcony.say("may I?"))
    assert refused.error.text

    carol.send(f"MODE {channel} +v-v jul dave")
    assert (await balcony.presence("jul", type=None)).item == ("member", "participant")
    assert (await balcony.presence("dave", type=None)).item == ("none", "visitor")
    balcony.say("thank you")
    await carol.expect(rf"^:jul!\S+ PRIVMSG {channel} :thank you")
    carol.send(f"MODE {channel} -m")
    assert (await balcony.presence("dave", type=None)).item == ("none", "participant")


async def test_a_subject_set_on_irc_is_shown(gateway, juliet, carol, channel):
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    carol.send(f"TOPIC {channel} :Tybalt’s \x02cousin\x02")
    changed = await balcony.new_subject()
    assert (changed.nick, changed.subject) == ("carol", "Tybalt’s cousin")
    carol.send(f"TOPIC {channel} :")
    assert (await balcony.new_subject()).subject == ""


async def test_a_subject_set_in_xmpp_reaches_irc(gateway, juliet, romeo, carol, channel):
    balcony = await juliet.join(channel.jid, "jul")
    orchard = await romeo.join(channel.jid, "rom")
    await carol.join(channel)
    balcony.send("<subject>A &lt;new&gt; subject</subject>")
    await carol.expect(rf"^:jul!\S+ TOPIC {channel} :A <new> subject$")
    for room in (balcony, orchard):
        assert (await room.new_subject("A <new> subject")).nick == "jul"


async def test_a_subject_that_irc_refuses_comes_back(gateway, juliet, carol, channel):
    await carol.join(channel)
    carol.send(f"MODE {channel} +t")
    await carol.expect(" MODE ")
    balcony = await juliet.join(channel.jid, "jul")
    refused = await juliet.bounced(balcony.send("<subject>mine</subject>"))
    assert refused.error.text
    assert refused.error.condition in ("forbidden", "not-allowed")


async def test_a_nick_change_is_303_for_all_and_110_for_oneself(gateway, juliet, romeo, carol,
                                                               channel):
    """XEP-0045 §7.6."""
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    orchard = await romeo.join(channel.jid, "rom")
    await balcony.presence("rom")

    balcony.rename("capulet")
    await carol.expect(r"^:jul!\S+ NICK :?capulet")
    for room, own in ((balcony, {110}), (orchard, set())):
        left = await room.presence("jul", type="unavailable")
        assert left.codes == {303} | own
        assert left.item_nick == "capulet"
        assert (await room.presence("capulet", type=None)).codes == own

    carol.send("NICK caroline")
    for room in (balcony, orchard):
        left = await room.presence("carol", type="unavailable")
        assert (left.codes, left.item_nick) == ({303}, "caroline")
        assert (await room.presence("caroline", type=None)).item[1] == "moderator"


async def test_a_nick_in_use_is_a_conflict(gateway, juliet, carol, channel):
    """XEP-0045 §7.2.8 and §7.6."""
    await carol.join(channel)
    with pytest.raises(Refused) as refused:
        await juliet.join(channel.jid, "carol")
    assert refused.value.error.condition == "conflict"
    assert refused.value.error.text

    balcony = await juliet.join(channel.jid, "jul")
    balcony.rename("carol")
    failed = await balcony.presence(type="error")
    assert failed.error.condition == "conflict"
    balcony.say("still here")
    await carol.expect(rf"^:jul!\S+ PRIVMSG {channel} :still here")


async def test_leaving_is_confirmed_and_seen_on_irc(gateway, juliet, carol, channel):
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    gone = await balcony.leave("it is the east")
    assert 110 in gone.codes
    assert gone.item[1] == "none"
    left = await carol.expect(r"^:jul!\S+ (PART|QUIT)( .*|$)")
    assert left.group(1) == "QUIT" or "it is the east" in left.group(2)
    assert await carol.names(channel) == ["@carol"]


async def test_a_client_that_goes_offline_has_left(gateway, juliet, romeo, carol, channel):
    await carol.join(channel)
    await juliet.join(channel.jid, "jul")
    orchard = await romeo.join(channel.jid, "rom")
    await juliet.offline()
    await carol.expect(r"^:jul!\S+ (PART|QUIT)")
    await orchard.presence("jul", type="unavailable")


async def test_two_clients_of_a_user_share_one_nick(daemon, tap, juliet, people, carol,
                                                    channel):
    """The second one's entry is answered from what we know: no line goes to the network."""
    daemon.network["port"] = tap.port
    await daemon.start()
    await carol.join(channel)
    carol.send(f"TOPIC {channel} :Verona")
    first = await juliet.join(channel.jid, "jul")
    other = await people.client(juliet.bare + "/two")
    before = await tap.quiet(juliet, first)

    second = await other.join(channel.jid, "jul")
    assert second.nicks == ["carol", "jul"]
    assert second.subject.subject == "Verona"
    assert await tap.quiet(juliet, first) == before
    assert tap.connections == 1
    assert sorted(await carol.names(channel)) == ["@carol", "jul"]

    second.say("from the second")
    for room in (first, second):
        assert (await room.message("from the second")).nick == "jul"
    carol.say(channel, "to both")
    for room in (first, second):
        await room.message("to both", "carol")

    await first.leave()
    await carol.barrier()
    assert sorted(await carol.names(channel)) == ["@carol", "jul"]
    second.say("alone")
    await carol.expect(rf"^:jul!\S+ PRIVMSG {channel} :alone")
    await second.leave()
    await carol.expect(r"^:jul!\S+ (PART|QUIT)")


async def test_two_channels_of_a_user_share_one_connection(daemon, tap, juliet, carol, channel):
    daemon.network["port"] = tap.port
    await daemon.start()
    other = f"{channel}b"
    await carol.join(channel)
    await carol.join(other)
    here = await juliet.join(channel.jid, "jul")
    there = await juliet.join(channel_jid(other), "jul")
    assert tap.connections == 1
    carol.say(other, "there")
    await there.message("there", "carol")
    await here.leave()
    await carol.expect(rf"^:jul!\S+ PART :?{channel}")
    there.say("still there")
    await carol.expect(rf"^:jul!\S+ PRIVMSG {other} :still there")


async def test_a_kick_on_irc_is_307(gateway, juliet, romeo, carol, channel):
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    orchard = await romeo.join(channel.jid, "rom")
    carol.send(f"KICK {channel} jul :banished")
    for room, own in ((balcony, {110}), (orchard, set())):
        kicked = await room.presence("jul", type="unavailable")
        assert kicked.codes == {307} | own
        assert kicked.item[1] == "none"
        assert kicked.reason == "banished"
    refused = await juliet.bounced(balcony.say("am I?"))
    assert refused.error.condition == "not-acceptable"


async def test_who_is_not_inside_cannot_speak(gateway, juliet, carol, channel):
    """XEP-0045 §7.4."""
    await carol.join(channel)
    refused = await juliet.bounced(juliet.message(channel.jid, "hello?", "groupchat"))
    assert refused.error.condition == "not-acceptable"
    assert await carol.barrier() == []


async def test_a_channel_key_is_the_room_password(gateway, juliet):
    room = channel_jid("#keyed")
    for wrong in (None, "swordfish"):
        with pytest.raises(Refused) as refused:
            await juliet.join(room, "jul", wrong)
        assert refused.value.error.condition == "not-authorized"
        assert refused.value.error.text
    inside = await juliet.join(room, "jul", "sesame")
    assert inside.subject.subject == "A channel with a key"


async def test_a_banned_user_is_told_so(gateway, juliet, carol, channel):
    await carol.join(channel)
    carol.send(f"MODE {channel} +b jul!*@*")
    await carol.expect(" MODE ")
    with pytest.raises(Refused) as refused:
        await juliet.join(channel.jid, "jul")
    assert refused.value.error.condition == "forbidden"
    assert refused.value.error.text


async def test_a_port_where_nobody_listens_is_said_in_words(daemon, juliet):
    (port,) = free_ports(1)
    daemon.irc["networks"].append({"name": "dead.localhost", "host": "127.0.0.1", "port": port,
                                   "tls": False})
    await daemon.start()
    with pytest.raises(Refused) as refused:
        await juliet.join(f"#c%dead.localhost@{daemon.irc['domain']}", "jul")
    error = refused.value.error
    assert error.condition in ("remote-server-not-found", "recipient-unavailable")
    assert re.search(r"\b(refused|reach|connect)", error.text), error.text
    assert "\n" not in error.text


async def test_a_room_without_a_nick_is_refused(gateway, juliet, channel):
    """XEP-0045 §7.2.1."""
    juliet.write(f"<presence to='{channel.jid}' id='no-nick'>"
                 "<x xmlns='http://jabber.org/protocol/muc'/></presence>")
    assert (await juliet.bounced("no-nick")).error.condition == "jid-malformed"


async def test_a_room_is_the_same_in_capitals(gateway, juliet, romeo, carol, channel):
    await carol.join(channel.upper())
    balcony = await juliet.join(channel.jid, "jul")
    romeo.knock(channel_jid(channel.upper()), "rom")
    orchard = await romeo.entered(channel.jid)
    orchard.say("one room")
    await balcony.message("one room", "rom")
    await carol.expect(rf"(?i)^:rom!\S+ PRIVMSG {channel} :one room")
