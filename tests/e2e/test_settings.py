"""Settings of users: each of the four faces shows them, changes them, and the plugin sees it."""

import pytest

from bridged import GATEWAY
from clients import forms
from clients.commands import start
from test_registration import good, tell

ROOM, SERVICE = "room1", "service1"


async def test_a_form_changes_what_was_filled_in(gateway, puppet, juliet):
    assert await puppet.ask(juliet, "alice", "get volume") == "volume=5"
    command = await start(juliet, puppet.domain, "settings")
    assert command.status == "executing" and command.values["volume"] == "5"
    await command.complete(volume="11", signature="So long,\nJ.", friend="Romeo@Localhost/x")
    assert command.status == "completed", command.iq
    assert await puppet.ask(juliet, "alice", "get volume") == "volume=11"
    assert await puppet.ask(juliet, "alice", "get signature") == "signature=So long,\nJ."
    assert await puppet.ask(juliet, "alice", "get friend") == "friend=romeo@localhost"
    assert await puppet.seen(juliet, "changed") is not None
    command = await start(juliet, puppet.domain, "settings")
    await command.complete(volume="")
    assert await puppet.ask(juliet, "alice", "get volume") == "volume=5"
    assert await puppet.ask(juliet, "alice", "get friend") == "friend=romeo@localhost"


async def test_every_bad_value_is_named_and_none_is_taken(gateway, puppet, juliet):
    command = await start(juliet, puppet.domain, "settings")
    await command.complete(loud="1", volume="12", colour="pink")
    assert command.error == "bad-request"
    for label in "Volume", "Colour":
        assert label in command.iq["error"]["text"]
    assert not gateway.stored(juliet.bare)


@pytest.mark.parametrize("name, key, value", [
    (ROOM, "colour", "green"), (SERVICE, "volume", "3"), ("alice", "volume", "7"),
])
async def test_rooms_networks_and_contacts_have_settings(gateway, puppet, juliet, name, key,
                                                         value):
    command = await start(juliet, puppet.jid(name), "settings")
    await command.complete(**{key: value})
    assert command.status == "completed", command.iq
    assert await puppet.ask(juliet, "alice", f"get {key} {name}") == f"{key}={value}"
    assert await puppet.ask(juliet, "alice", f"get {key} {name}2") != f"{key}={value}"


async def test_a_room_is_configured_for_oneself(gateway, puppet, juliet, romeo):
    form = await forms.ask(juliet, puppet.jid(ROOM), forms.OWNER)
    assert form.values["FORM_TYPE"] == "http://jabber.org/protocol/muc#roomconfig"
    assert form.values["x-colour"] == "red"
    good(await forms.submit(juliet, puppet.jid(ROOM), forms.OWNER, x_colour="blue"))
    assert await puppet.ask(juliet, "alice", f"get colour {ROOM}") == "colour=blue"
    assert await puppet.ask(romeo, "alice", f"get colour {ROOM}") == "colour=red"
    answer = await forms.submit(juliet, puppet.jid(ROOM), forms.OWNER, x_colour="pink")
    assert answer.error.condition == "not-acceptable" and "Colour" in answer.error.text
    good(await forms.send(juliet, puppet.jid(ROOM), "<x xmlns='jabber:x:data' type='cancel'/>",
                          forms.OWNER))
    answer = await forms.send(juliet, puppet.jid(ROOM), "<destroy/>", forms.OWNER)
    assert answer.error.condition == "forbidden"


async def test_a_chat_shows_and_sets(gateway, puppet, juliet):
    assert "volume = 5" in await tell(juliet, puppet.domain, "set")
    assert "stored" in await tell(juliet, puppet.domain, "set volume 9")
    assert await puppet.ask(juliet, "alice", "get volume") == "volume=9"
    assert "volume = 9" in await tell(juliet, puppet.domain, "set volume")
    assert "0 to 11" in await tell(juliet, puppet.domain, "set volume 12")
    assert "stored" in await tell(juliet, puppet.domain, 'set volume ""')
    assert await puppet.ask(juliet, "alice", "get volume") == "volume=5"
    assert "stored" in await tell(juliet, puppet.jid("bob"), "/set volume 1")
    assert await puppet.ask(juliet, "alice", "get volume bob") == "volume=1"


async def test_the_registration_form_is_the_same_settings(gateway, puppet, juliet):
    await tell(juliet, puppet.domain, "set name Juliet")
    good(await forms.submit(juliet, puppet.domain))
    good(await forms.submit(juliet, puppet.domain, colour="green"))
    assert "colour = green" in await tell(juliet, puppet.domain, "set colour")
    assert await puppet.ask(juliet, "alice", "get colour") == "colour=green"


async def test_the_gateway_has_settings_of_its_own(gateway, juliet):
    command = await start(juliet, GATEWAY, "settings")
    assert command.values["language"] == "auto"
    await command.complete(language="de", **{"keep-days": "30"})
    assert command.status == "completed"
    assert "de" in await tell(juliet, GATEWAY, "set language")
    assert len(gateway.stored(juliet.bare)) == 3  # two settings, a day


async def test_what_is_for_admins_is_theirs(daemon, puppet, people, juliet):
    admin = await people.xmpp("admin")
    daemon.config["gateway"]["admins"] = [admin.bare]
    await daemon.start()
    assert "administrator" in await tell(juliet, puppet.domain, "set credit 100")
    command = await start(admin, puppet.domain, "user-settings")
    await command.next(user=juliet.bare)
    assert command.values["credit"] == "0"
    await command.next(credit="100")
    assert command.status == "completed", command.iq
    assert await puppet.ask(juliet, "alice", "get credit") == "credit=100"
    assert "stored" in await tell(admin, puppet.domain, f"set-user {juliet.bare} credit 5")
    assert await puppet.ask(juliet, "alice", "get credit") == "credit=5"
