"""Contacts in the roster (RFC 6121, XEP-0100), on the network that repeats what one says."""

import pytest

from bridged import ECHO, IRC, NETWORK
from clients.xmpp import Refused

NYMPH = f"nymph@{ECHO}"
ROOM = f"room@{ECHO}"


async def subscribe(user, jid):
    user.write(f"<presence type='subscribe' to='{jid}'/>")
    await user.contact_presence(jid, "subscribed")
    return await user.contact_presence(jid)


async def subscription(user, jid):
    """What the user's own server has in the roster."""
    roster = await user.request(None, "<query xmlns='jabber:iq:roster'/>")
    for item in roster.xml.iter("{jabber:iq:roster}item"):
        if item.get("jid") == jid:
            return item.get("subscription")
    return None


async def test_a_message_comes_back(gateway, juliet):
    juliet.message(NYMPH, "Narcissus <3 & 'co'")
    echo = await juliet.received(NYMPH)
    assert echo.body == "Narcissus <3 & 'co'"
    assert echo.type == "chat"


async def test_a_subscription_is_granted_and_shows_presence(gateway, juliet):
    presence = await subscribe(juliet, NYMPH)
    assert presence.status == "I repeat what you say"
    assert await subscription(juliet, NYMPH) in ("to", "both")


async def test_unsubscribing_ends_it(gateway, juliet):
    await subscribe(juliet, NYMPH)
    juliet.write(f"<presence type='unsubscribe' to='{NYMPH}'/>")
    await juliet.contact_presence(NYMPH, "unavailable")
    await juliet.barrier(NYMPH)
    assert await subscription(juliet, NYMPH) in ("none", "from", None)
    juliet.write(f"<presence type='probe' to='{NYMPH}'/>")
    await juliet.barrier(NYMPH)
    assert juliet.take(lambda s: s.name == "presence" and s.bare == NYMPH
                       and s.type is None) == []


async def test_contacts_show_up_at_every_login(gateway, juliet, people):
    await subscribe(juliet, NYMPH)
    await juliet.offline()
    again = await people.client(juliet.jid)
    await again.contact_presence(NYMPH)


async def test_a_second_client_sees_the_contacts_too(gateway, juliet, people):
    await subscribe(juliet, NYMPH)
    second = await people.client(juliet.bare + "/two")
    await second.contact_presence(NYMPH)


async def test_a_restart_shows_in_every_roster(gateway, juliet):
    """Unavailable when bridged ends, available when it is back: nobody asked anew."""
    await subscribe(juliet, NYMPH)
    await gateway.stop()
    await juliet.contact_presence(NYMPH, "unavailable")
    await gateway.start()
    await juliet.contact_presence(NYMPH)


async def test_a_kill_forgets_no_subscription(gateway, juliet):
    await subscribe(juliet, NYMPH)
    await gateway.kill()
    await gateway.start()
    await juliet.contact_presence(NYMPH)


async def test_a_room_can_be_joined_and_talked_in(gateway, juliet):
    cave = await juliet.join(ROOM, "jul")
    assert cave.nicks == ["echo", "jul"]
    assert cave.subject.subject == "Say something"
    id_ = cave.say("anybody?")
    assert (await cave.message(nick="jul")).id == id_
    assert (await cave.message(nick="echo")).body == "anybody?"
    with pytest.raises(Refused) as refused:
        await juliet.join(f"room2@{ECHO}", "echo")
    assert refused.value.error.condition == "conflict"
    assert 110 in (await cave.leave()).codes


async def test_every_user_has_a_view_of_an_own(gateway, juliet, romeo):
    here, there = await juliet.join(ROOM, "same"), await romeo.join(ROOM, "same")
    here.say("from juliet")
    await here.message("from juliet", "echo")
    await romeo.barrier(ROOM)
    assert romeo.take(lambda s: s.name == "message") == []
    there.say("from romeo")
    await there.message("from romeo", "echo")


async def test_a_room_cannot_be_put_into_the_roster(gateway, juliet):
    juliet.write(f"<presence type='subscribe' id='s1' to='{ROOM}'/>")
    refused = await juliet.expect(
        lambda s: s.name == "presence" and s.bare == ROOM
        and s.type in ("error", "unsubscribed"), "refusal")
    assert refused.type == "unsubscribed" or refused.error.text


async def test_an_irc_user_can_be_put_into_the_roster(gateway, juliet, carol):
    jid = f"carol%{NETWORK}@{IRC}"
    await subscribe(juliet, jid)
    assert await subscription(juliet, jid) in ("to", "both")
    juliet.message(jid, "hello")
    await carol.expect(r"^:\S+ PRIVMSG carol :hello$")
