"""Registration with a transport: XEP-0077 and XEP-0100 §4.1 to §4.3, by form, by plain fields,
by command and in a chat."""

import pytest

from clients import forms
from clients.commands import start


@pytest.fixture
def admin(loop, people, daemon):
    """An administrator; the daemon is not yet started."""
    admin = loop.run_until_complete(people.xmpp("admin"))
    daemon.config["gateway"]["admins"] = [admin.bare]
    return admin


async def tell(user, jid, text):
    user.message(jid, text)
    return (await user.received(jid)).body


def good(answer):
    assert answer.type == "result", answer
    return answer


async def test_a_form_registers_and_is_read_back(gateway, club, juliet):
    _, features, _ = await juliet.info(club.domain)
    assert "jabber:iq:register" in features
    form = await forms.ask(juliet, club.domain)
    assert form.values["FORM_TYPE"] == "jabber:iq:register"
    assert form.required == {"name"} and "signature" not in form.types
    assert "registered" not in form.plain() and form.plain()["instructions"]

    good(await forms.submit(juliet, club.domain, name="Juliet", password="R0m30"))
    form = await forms.ask(juliet, club.domain)
    assert "registered" in form.plain()
    assert (form.values["name"], form.values["password"]) == ("Juliet", None)
    assert form.values["colour"] == "red" and form.types["loud"] == "boolean"
    assert await club.ask(juliet, "alice", "get password") == "password=R0m30"


async def test_plain_fields_register_and_change(gateway, club, juliet):
    good(await forms.send(juliet, club.domain, "<name>Juliet</name><password>R0m30</password>"))
    assert (await forms.ask(juliet, club.domain)).plain()["name"] == "Juliet"
    good(await forms.send(juliet, club.domain, "<name>Julia</name><password/>"))
    assert await club.ask(juliet, "alice", "get name") == "name=Julia"
    assert await club.ask(juliet, "alice", "get password") == "password=R0m30"


async def test_the_transport_asks_to_be_in_the_roster(gateway, club, juliet):
    good(await forms.submit(juliet, club.domain, name="Juliet"))
    await juliet.contact_presence(club.domain, "subscribe")
    juliet.write(f"<presence to='{club.domain}' type='subscribed'/>"
                 f"<presence to='{club.domain}' type='subscribe'/>")
    await juliet.contact_presence(club.domain, "subscribed")
    await juliet.contact_presence(club.domain)


async def test_without_an_account_nothing_goes_out(gateway, club, juliet):
    error = (await juliet.bounced(club.tell(juliet, "alice", "hello"))).error
    assert error.condition == "registration-required" and club.domain in error.text
    good(await forms.submit(juliet, club.domain, name="Juliet"))
    assert await club.ask(juliet, "alice", "hello") == "hello"


@pytest.mark.parametrize("payload, condition, text", [
    ("", "not-acceptable", "Name"),
    ("<x xmlns='jabber:x:data' type='submit'/>", "not-acceptable", "Name"),
    ("<name>" + "x" * 41 + "</name>", "not-acceptable", "Name"),
    ("<name>Juliet</name><password>wrong</password>", "not-acceptable", "Password"),
    ("<remove/>", "registration-required", "not registered"),
    ("<remove/><name>x</name>", "bad-request", "nothing else"),
])
async def test_what_is_wrong_is_named(gateway, club, juliet, payload, condition, text):
    answer = await forms.send(juliet, club.domain, payload)
    assert answer.error.condition == condition and text in answer.error.text
    assert not gateway.stored(juliet.bare)


async def test_nobody_takes_what_is_anothers(gateway, club, juliet, romeo):
    good(await forms.submit(juliet, club.domain, name="Juliet", number="1"))
    answer = await forms.submit(romeo, club.domain, name="Romeo", number="1")
    assert answer.error.condition == "conflict" and "Number" in answer.error.text
    good(await forms.submit(romeo, club.domain, name="Romeo", number="2"))


async def test_a_network_that_thinks_keeps_nobody_waiting(gateway, puppet, juliet, romeo):
    juliet.write(f"<iq type='set' to='{puppet.domain}' id='slow'>"
                 "<query xmlns='jabber:iq:register'><name>Juliet</name>"
                 "<password>held</password></query></iq>")
    good(await forms.submit(romeo, puppet.domain, name="Romeo"))
    answer = await forms.submit(juliet, puppet.domain, name="J.")
    assert answer.error.condition == "resource-constraint"
    puppet.tell(romeo, "alice", "verdict")
    answer = await juliet.expect(lambda s: s.name == "iq" and s.id == "slow", "the answer")
    assert answer.type == "result"


async def unregistered(gateway, club, juliet):
    """Her contacts are gone from the roster, and nothing is left of her."""
    await juliet.contact_presence(club.jid("alice"), "unsubscribed")
    await juliet.contact_presence(club.domain, "unsubscribed")
    assert not gateway.stored(juliet.bare)


@pytest.fixture
def member(loop, gateway, club, juliet):
    """juliet, with an account at the club, its transport in her roster, and a contact."""

    async def join():
        good(await forms.submit(juliet, club.domain, name="Juliet", password="R0m30"))
        await juliet.contact_presence(club.domain, "subscribe")
        juliet.write(f"<presence to='{club.domain}' type='subscribed'/>"
                     f"<presence to='{club.domain}' type='subscribe'/>"
                     f"<presence to='{club.jid('alice')}' type='subscribe'/>")
        await juliet.contact_presence(club.domain)
        await juliet.contact_presence(club.jid("alice"))
        good(await forms.submit(juliet, club.jid("room"), forms.OWNER, x_colour="blue"))
        assert len(gateway.stored(juliet.bare)) > 3
        return juliet

    return loop.run_until_complete(join())


async def test_remove_leaves_nothing(gateway, club, member):
    good(await forms.send(member, club.domain, "<remove/>"))
    await unregistered(gateway, club, member)
    assert "registered" not in (await forms.ask(member, club.domain)).plain()


async def test_a_command_registers_and_unregisters(gateway, club, juliet):
    command = await start(juliet, club.domain, "jabber:iq:register")
    assert command.status == "executing"
    await command.complete(name="Juliet", password="wrong")
    assert command.error or "wrong" not in command.notes
    command = await start(juliet, club.domain, "jabber:iq:register")
    await command.complete(name="Juliet", password="R0m30")
    assert command.status == "completed", command.iq
    assert await club.ask(juliet, "alice", "get name") == "name=Juliet"
    command = await start(juliet, club.domain, "unregister")
    await command.complete(sure=True)
    assert command.status == "completed" and not gateway.stored(juliet.bare)


async def test_a_chat_registers_and_unregisters(gateway, club, juliet):
    assert "Name?" in await tell(juliet, club.domain, "register password=R0m30")
    assert "registered" in await tell(juliet, club.domain, "Juliet")
    assert await club.ask(juliet, "alice", "get password") == "password=R0m30"
    assert "(yes or no)" in await tell(juliet, club.domain, "unregister")
    assert "no longer" in await tell(juliet, club.domain, "yes")
    assert not gateway.stored(juliet.bare)


async def test_an_invitation_lets_one_user_in(daemon, puppet, admin, juliet, romeo):
    daemon.config["transports"][-1]["registration"] = "invitation"
    await daemon.start()
    form = await forms.ask(juliet, puppet.domain)
    assert "invitation" in form.required
    error = (await juliet.bounced(puppet.tell(juliet, "alice", "hello"))).error
    assert error.condition == "registration-required"

    command = await start(admin, puppet.domain, "invite")
    await command.complete(days="3")
    code = command.values["invitation"]
    answer = await forms.submit(juliet, puppet.domain, name="Juliet", invitation="guessed")
    assert answer.error.condition == "registration-required"
    good(await forms.submit(juliet, puppet.domain, name="Juliet", invitation=code))
    assert await puppet.ask(juliet, "alice", "hello") == "hello"
    answer = await forms.submit(romeo, puppet.domain, name="Romeo", invitation=code)
    assert answer.error.condition == "registration-required"
    assert juliet.bare in await tell(admin, puppet.domain, "accounts")


async def test_an_admin_removes_a_user(daemon, club, admin, juliet):
    await daemon.start()
    good(await forms.submit(juliet, club.domain, name="Juliet"))
    command = await start(admin, club.domain, "remove-user")
    await command.next(user=juliet.bare)
    await command.complete(sure=True)
    assert command.status == "completed" and not daemon.stored(juliet.bare)
    assert (await juliet.bounced(club.tell(juliet, "alice", "hello"))).error.condition == \
        "registration-required"


async def test_accounts_and_secrets_outlive_a_restart(gateway, club, juliet):
    good(await forms.submit(juliet, club.domain, name="Juliet", password="R0m30"))
    assert not gateway.stored("R0m30")
    await gateway.stop()
    await gateway.start()
    assert await club.ask(juliet, "alice", "get password") == "password=R0m30"
    assert not await gateway.lines("R0m30")
