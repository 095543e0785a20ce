"""The network that does what it is told does so: other tests build on it."""

import pytest

from clients.xmpp import Refused


async def test_it_repeats_and_tells_what_it_saw(gateway, puppet, juliet):
    assert await puppet.ask(juliet, "alice", "who are you?") == "who are you?"
    id_ = puppet.tell(juliet, "alice", "two\nlines with a \\n")
    seen = await puppet.seen(juliet, "message")
    assert (seen["address"], seen["id"], seen["kind"]) == ("alice", id_, "text")
    assert seen["body"] == "two\nlines with a \\n"
    assert await puppet.seen(juliet, "rename") is None


async def test_it_refuses_and_fails(gateway, puppet, juliet):
    for line in "refuse not-found Gone away", "fail not-found Gone away", \
                "delay 1 refuse not-found Gone away":
        bounced = await juliet.bounced(puppet.tell(juliet, "alice", line))
        assert bounced.error.condition == "item-not-found"
        assert "Gone away" in bounced.error.text


async def test_what_is_delayed_ends_with_the_session(gateway, puppet, juliet):
    """SIGTERM while a timer runs: a leak, or a crash, would be reported."""
    puppet.tell(juliet, "alice", "delay 3600000 too late")
    await puppet.seen(juliet, "message")


async def test_presence_reaches_all_who_watch(gateway, puppet, juliet):
    juliet.write(f"<presence type='subscribe' to='{puppet.jid('alice')}'/>")
    await juliet.contact_presence(puppet.jid("alice"))
    assert await puppet.watched(juliet) == ["alice"]
    puppet.tell(juliet, "alice", "presence away Down the hole")
    presence = await juliet.contact_presence(puppet.jid("alice"))
    assert (presence.show, presence.status) == ("away", "Down the hole")


async def test_rooms_hold_and_admit(gateway, puppet, juliet):
    room = puppet.jid("room-held")
    juliet.knock(room, "jul")
    assert (await puppet.seen(juliet, "join"))["nick"] == "jul"
    puppet.tell(juliet, "alice", "admit room-held")
    stage = await juliet.entered(room)
    assert stage.nicks == ["puppet", "jul"]
    stage.say("say from=puppet kind=action bows")
    assert (await stage.message(nick="puppet")).body == "/me bows"
    stage.say("kick Out")
    assert 307 in (await stage.presence("jul", type="unavailable")).codes
    with pytest.raises(Refused) as refused:
        await juliet.join(puppet.jid("room-no-membership"), "jul")
    assert refused.value.error.condition == "registration-required"


async def test_the_plain_one_answers_too(gateway, plain, juliet):
    assert await plain.ask(juliet, "alice", "hello") == "hello"
