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


# Networks, rooms and contacts


def address(kind, channel):
    return {"network": f"{NETWORK}@{IRC}", "room": channel.jid,
            "contact": f"somebody%{NETWORK}@{IRC}"}[kind]


@pytest.mark.parametrize("kind", ["network", "room", "contact"])
async def test_every_address_has_commands_in_menus(gateway, juliet, channel, kind):
    jid = address(kind, channel)
    assert "status" in await nodes(juliet, jid)
    _, features, _ = await juliet.info(jid)
    assert "http://jabber.org/protocol/commands" in features
    command = await start(juliet, jid, "status")
    assert command.status == "completed" and command.notes, command.iq
    answer = await juliet.request(
        jid, "<command xmlns='http://jabber.org/protocol/commands' node='forget'/>", "set")
    assert answer.error.condition == "item-not-found"


@pytest.mark.parametrize("kind", ["network", "room", "contact"])
async def test_every_address_takes_commands_by_chat(gateway, juliet, channel, kind):
    jid = address(kind, channel)
    told = await tell(juliet, jid, "/help")
    assert "/status - " in told and "second \"/\"" in told
    assert "Did you mean \"/status\"?" in await tell(juliet, jid, "/help statsu")
    if kind != "contact":
        assert await tell(juliet, jid, "help") == told


async def test_commands_in_a_room_are_answered_aside(gateway, people, juliet, carol, channel):
    """The room does not hear them; the client that asked has its line back."""
    await carol.join(channel)
    chamber = await people.client(f"{juliet.bare}/chamber")
    balcony = await juliet.join(channel.jid, "jul")
    other = await chamber.join(channel.jid, "jul")
    line = balcony.say("/status")
    assert (await balcony.message("/status", nick="jul")).id == line
    assert "2 of your clients" in (await juliet.received(channel.jid)).body
    balcony.say("//status")
    balcony.say("/unknown words")
    assert [text for _, text in await carol.heard(channel, 2)] == ["/status", "/unknown words"]
    assert (await other.message()).body == "/status"  # the one that was said
    assert (await other.message()).body == "/unknown words"
    await chamber.barrier(IRC)
    assert chamber.take(lambda s: s.name == "message" and s.body) == []


async def test_people_get_what_is_not_a_command(gateway, juliet, carol):
    jid = f"{carol.nick}%{NETWORK}@{IRC}"
    assert "not in your contact list" in await tell(juliet, jid, "/status")
    for line in "//status", "help", "/stat", "/me":
        juliet.message(jid, line)
    said = [text for _, text in await carol.heard(carol.nick, 4)]
    assert said == ["/status", "help", "/stat", "/me"]


# Languages

CANCEL = {None: "There is nothing to cancel.", "de-AT": "Es gibt nichts abzubrechen.",
          "fr": "Il n’y a rien à annuler."}


@pytest.mark.parametrize("language", ["de-AT", "fr"])
async def test_everything_is_in_the_language_of_the_client(gateway, juliet, language):
    juliet.message(GATEWAY, "cancel", **{"xml:lang": language})
    assert (await juliet.received(GATEWAY)).body == CANCEL[language]
    juliet.message(GATEWAY, "cancel", **{"xml:lang": "en"})
    assert (await juliet.received(GATEWAY)).body == CANCEL[None]
    id_ = juliet.message(f"#x@{IRC}", "hi", **{"xml:lang": language})
    text = (await juliet.bounced(id_)).error.text
    assert "Kanal" in text or "canal" in text
    juliet.write(f"<iq type='get' id='lang' to='{GATEWAY}' xml:lang='{language}'><query "
                 "xmlns='http://jabber.org/protocol/disco#items' "
                 "node='http://jabber.org/protocol/commands'/></iq>")
    menu = await juliet.expect(lambda s: s.name == "iq" and s.id == "lang", "menu")
    names = {e.get("node"): e.get("name") for e in
             menu.xml.iter("{http://jabber.org/protocol/disco#items}item")}
    assert names["forget"] in ("Meine Daten löschen", "Effacer mes données")


async def test_what_comes_from_the_network_is_in_the_users_language(gateway, juliet, carol,
                                                                    channel):
    """The server's refusal arrives later, with no stanza to say the language."""
    await carol.join(channel)
    carol.send(f"MODE {channel} +i")
    await carol.barrier()
    juliet.write(f"<presence to='{channel.jid}/jul' xml:lang='de'>"
                 "<x xmlns='http://jabber.org/protocol/muc'/></presence>")
    refused = await juliet.expect(lambda s: s.name == "presence" and s.type == "error",
                                  "refusal")
    assert "nur mit Einladung" in refused.error.text


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
