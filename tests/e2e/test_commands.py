"""Commands: in clients with ad-hoc commands (XEP-0050, slixmpp's), and by chat."""

import pytest

from bridged import ECHO, GATEWAY, IRC, NETWORK
from clients.commands import start

ADMIN = "http://jabber.org/protocol/admin"
NYMPH = f"nymph@{ECHO}"


async def nodes(user, jid):
    answer = await user.request(jid, "<query xmlns='http://jabber.org/protocol/disco#items' "
                                     "node='http://jabber.org/protocol/commands'/>")
    return {e.get("node") for e in
            answer.xml.iter("{http://jabber.org/protocol/disco#items}item")}


async def tell(user, jid, text):
    """What is said to that."""
    user.message(jid, text)
    return (await user.received(jid)).body


@pytest.fixture
def admin(loop, people, daemon):
    """An administrator of a daemon that is serving."""
    admin = loop.run_until_complete(people.xmpp("admin"))
    daemon.config["gateway"]["admins"] = [admin.bare]
    loop.run_until_complete(daemon.start())
    return admin


async def test_each_domain_lists_what_the_user_may_do(admin, juliet):
    everybody = {"status", "export", "forget"}
    assert await nodes(juliet, GATEWAY) == everybody | {"settings"}
    assert await nodes(juliet, IRC) == everybody | {"disconnect"}
    assert await nodes(admin, GATEWAY) == everybody | {
        "settings", "user-settings", "remove-user", "statistics", "reload", f"{ADMIN}#get-online-users-num",
        f"{ADMIN}#get-online-users-list", f"{ADMIN}#announce", f"{ADMIN}#end-user-session"}
    for jid in (GATEWAY, IRC):
        _, features, _ = await juliet.info(jid)
        assert "http://jabber.org/protocol/commands" in features
        identities, features, _ = await juliet.info(jid, "forget")
        assert ("automation", "command-node", "Delete my data") in identities
        assert "jabber:x:data" in features


async def test_only_admins_may_give_the_commands_for_admins(admin, juliet):
    for node, condition in ("reload", "forbidden"), ("nothing", "item-not-found"):
        answer = await juliet.request(
            GATEWAY, f"<command xmlns='http://jabber.org/protocol/commands' node='{node}'/>",
            "set")
        assert answer.error.condition == condition
    assert "administrators" in await tell(juliet, GATEWAY, "reload")
    assert (await start(admin, GATEWAY, "statistics")).status == "completed"


async def test_status_shows_rooms(gateway, juliet, channel):
    await juliet.join(channel.jid, "jul")
    command = await start(juliet, GATEWAY, "status")
    assert command.status == "completed"
    assert f"{IRC}, {channel}%{NETWORK}, in the room as jul" in str(command.values["use"])


async def test_steps_go_forward_and_back(admin, juliet, channel):
    await juliet.join(channel.jid, "jul")
    command = await start(admin, GATEWAY, f"{ADMIN}#end-user-session")
    assert (command.status, command.actions) == ("executing", {"next"})
    await command.next(accountjids=[juliet.bare])
    assert (command.status, command.actions) == ("executing", {"prev", "complete"})
    await command.back()
    assert (command.status, command.actions) == ("executing", {"next"})
    assert command.values["accountjids"] in ([juliet.bare], juliet.bare)
    await command.next(accountjids=[juliet.bare])
    await command.complete(sure=True)
    assert command.status == "completed" and "1" in command.notes[0], command.notes
    gone = await juliet.expect(lambda s: s.name == "presence" and s.bare == channel.jid
                               and s.type == "unavailable", "unavailable presence")
    assert 110 in gone.codes


async def test_a_canceled_command_does_nothing(gateway, juliet):
    command = await start(juliet, GATEWAY, "forget")
    assert command.status == "executing"
    await command.cancel()
    assert command.status == "canceled"


async def test_bad_answers_are_named(admin, juliet):
    command = await start(admin, GATEWAY, f"{ADMIN}#announce")
    await command.complete(subject="no text")
    assert command.error == "bad-request"
    assert "Announcement: this is missing" in command.iq["error"]["text"]
    assert command.iq["error"].xml.find(
        "{http://jabber.org/protocol/commands}bad-payload") is not None


async def test_admins_write_to_who_is_connected(admin, juliet, romeo, channel):
    await juliet.join(channel.jid, "jul")
    command = await start(admin, GATEWAY, f"{ADMIN}#announce")
    await command.complete(announcement="Down at <noon>", subject="Maintenance")
    assert command.status == "completed"
    message = await juliet.received(GATEWAY, type="normal")
    assert (message.body, message.subject) == ("Down at <noon>", "Maintenance")
    await romeo.barrier(GATEWAY)
    assert romeo.take(lambda s: s.name == "message") == []
    number = await start(admin, GATEWAY, f"{ADMIN}#get-online-users-num")
    assert number.values["onlineusersnum"] == "1"


async def test_admins_reload_the_configuration(admin, daemon):
    daemon.config["gateway"]["name"] = "Another name"
    daemon.write_config()
    command = await start(admin, GATEWAY, "reload")
    assert command.status == "completed", command.iq
    identities, _, _ = await admin.info(GATEWAY)
    assert identities[0][2] == "Another name"
    daemon.config_file.write_text("this is no configuration")
    assert "Nothing was changed" in await tell(admin, GATEWAY, "reload")
    assert (await start(admin, GATEWAY, "statistics")).status == "completed"


async def test_help_teaches(admin, juliet):
    told = await tell(juliet, IRC, "help")
    assert "disconnect - " in told and "reload" not in told
    assert "reload - " in await tell(admin, IRC, "help")
    assert (await tell(juliet, GATEWAY, "help forget")).startswith("forget - ")
    assert "Did you mean \"status\"?" in await tell(juliet, GATEWAY, "statsu")


async def test_a_dialogue_by_chat(admin, juliet, channel):
    await juliet.join(channel.jid, "jul")
    assert "Users whose sessions end?" in await tell(admin, IRC, "end-sessions")
    assert "yes or no" in await tell(admin, IRC, juliet.bare)
    assert "nothing was done" in await tell(admin, IRC, "cancel")
    assert "1" in await tell(admin, IRC, "count-users")
    assert juliet.bare in await tell(admin, IRC, "list-users max_items=25")


async def subscribe(user, jid):
    user.write(f"<presence type='subscribe' to='{jid}'/>")
    await user.contact_presence(jid, "subscribed")
    await user.contact_presence(jid)


async def test_forgetting_leaves_nothing(gateway, juliet, romeo):
    for user in (juliet, romeo):
        await subscribe(user, NYMPH)
    assert gateway.stored(juliet.bare)
    told = await start(juliet, GATEWAY, "export")
    assert NYMPH.partition("@")[0] in str(told.values["data"])

    command = await start(juliet, GATEWAY, "forget")
    await command.complete(sure=False)
    assert command.error == "bad-request"
    await command.complete(sure=True)
    assert command.status == "completed", command.iq
    await juliet.contact_presence(NYMPH, "unavailable")
    roster = await juliet.request(None, "<query xmlns='jabber:iq:roster'/>")
    assert all(item.get("subscription") in ("none", "from")
               for item in roster.xml.iter("{jabber:iq:roster}item"))
    assert gateway.stored(juliet.bare) == []
    assert gateway.stored(romeo.bare)

    await gateway.stop()
    for file in gateway.dir.glob("bridge.db*"):
        assert juliet.bare.encode() not in file.read_bytes(), file
