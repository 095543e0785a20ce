"""Who may use what, how much, and what the others are told."""

import asyncio
import sqlite3

import pytest

from bridged import ECHO, GATEWAY, IRC
from clients.xmpp import Refused
from process import DEADLINE
from template import DOMAIN

NYMPH = f"nymph@{ECHO}"


@pytest.fixture
def xmpp_server(prosody):
    """One server will do: nothing here depends on which."""
    return prosody


async def echoed(user, text):
    """The message goes out and comes back."""
    user.message(NYMPH, text)
    await user.received(NYMPH, text)


async def reload(daemon):
    await daemon.logged(r"reload.*read again", daemon.reload())


async def refused(user, text="one too many"):
    """The stanza error that a message is answered with."""
    return (await user.bounced(user.message(NYMPH, text))).error


async def test_users_who_are_not_allowed_are_told_whom_to_ask(daemon, juliet, romeo, carol,
                                                              channel):
    daemon.config["gateway"]["admin_addresses"] = ["xmpp:admin@xmpp.test"]
    daemon.config["allow"] = [{"who": juliet.bare, "transports": ["echo", IRC]}]
    await daemon.start()

    await echoed(juliet, "hello")
    balcony = await juliet.join(channel.jid, "jul")
    await carol.join(channel)
    balcony.say("hello")
    await carol.expect(rf"^:jul!\S+ PRIVMSG {channel} :hello")

    error = await refused(romeo)
    assert (error.type, error.condition) == ("auth", "forbidden")
    assert error.text == f"{ECHO} is not open to {romeo.bare}; ask admin@xmpp.test"
    with pytest.raises(Refused) as join:
        await romeo.join(channel.jid, "rom")
    assert join.value.error.condition == "forbidden"
    assert join.value.error.text == f"{IRC} is not open to {romeo.bare}; ask admin@xmpp.test"
    romeo.write(f"<presence type='subscribe' to='{NYMPH}' id='s'/>")
    assert (await romeo.contact_presence(NYMPH, "error")).error.condition == "forbidden"

    # But who looks is answered.
    assert IRC in await romeo.items(GATEWAY)
    for jid in (IRC, NYMPH, channel.jid):
        await romeo.info(jid)
        assert (await romeo.barrier(jid)).type == "result"


async def test_users_of_other_servers_are_told_so(daemon, juliet):
    daemon.config["allow"] = [{"who": "*@elsewhere.test", "transports": ["echo"]}]
    await daemon.start()
    error = await refused(juliet)
    assert error.condition == "forbidden"
    assert error.text == f"{ECHO} is not open to {juliet.bare}"
    # A transport that no rule names stays as it was.
    assert (await juliet.join(f"#free%irc.localhost@{IRC}", "jul")).nick == "jul"


async def test_a_domain_is_allowed_by_its_name(daemon, juliet):
    daemon.config["allow"] = [{"who": f"*@{DOMAIN}", "transports": ["echo"]}]
    await daemon.start()
    await echoed(juliet, "hello")


async def test_a_ban_ends_the_session_and_can_be_lifted(gateway, juliet, romeo, carol, channel):
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    orchard = await romeo.join(channel.jid, "rom")
    await carol.expect(r"^:rom!\S+ JOIN")

    gateway.config["ban"] = [juliet.bare]
    await reload(gateway)
    await carol.expect(r"^:jul!\S+ QUIT")
    gone = await balcony.presence("jul", type="unavailable")
    assert 110 in gone.codes
    assert "no longer open" in (gone.status or gone.reason)
    error = await refused(juliet)
    assert error.condition == "forbidden"
    assert error.text == f"{ECHO} has banned {juliet.bare}"
    with pytest.raises(Refused) as join:
        await juliet.join(channel.jid, "jul")
    assert join.value.error.condition == "forbidden"

    # Nobody else is disturbed.
    orchard.say("where is she?")
    await carol.expect(rf"^:rom!\S+ PRIVMSG {channel} :where is she\?")

    del gateway.config["ban"]
    await reload(gateway)
    balcony = await juliet.join(channel.jid, "jul")
    balcony.say("here")
    await carol.expect(rf"^:jul!\S+ PRIVMSG {channel} :here")


async def test_a_limit_of_a_minute_says_when_it_goes_on(gateway, juliet, romeo):
    gateway.echo["limits"] = {"messages_per_minute": 2}
    await reload(gateway)
    await echoed(juliet, "one")
    await echoed(juliet, "two")
    error = await refused(juliet)
    assert (error.type, error.condition) == ("wait", "resource-constraint")
    assert error.text.startswith("You may send 2 messages a minute here; try again in ")
    assert error.text.endswith(" s")
    await echoed(romeo, "one")


async def test_a_limit_of_a_day_survives_a_restart(daemon, juliet, romeo):
    over = ("You have sent 3 messages today, the most that is allowed here; "
            "it goes on at 00:00 UTC")
    daemon.echo["limits"] = {"messages_per_day": 3}
    await daemon.start()
    for text in ("one", "two", "three"):
        await echoed(juliet, text)
    await echoed(romeo, "one")
    error = await refused(juliet)
    assert (error.type, error.condition, error.text) == ("wait", "resource-constraint", over)

    await daemon.stop()
    await daemon.start()
    assert (await refused(juliet)).text == over
    await echoed(romeo, "two")
    await echoed(romeo, "three")
    assert (await refused(romeo)).text == over

    daemon.echo["limits"]["messages_per_day"] = 4
    await reload(daemon)
    await echoed(juliet, "four")
    assert (await refused(juliet)).text == over.replace("3", "4")


def count_of(daemon, user):
    """What is in the database already."""
    db = sqlite3.connect(f"file:{daemon.config['database']}?mode=ro", uri=True)
    try:
        rows = db.execute("SELECT messages FROM counter WHERE user = ?",
                          (user.bare,)).fetchall()
    finally:
        db.close()
    return rows[0][0] if rows else 0


async def test_a_limit_of_a_day_survives_a_crash(daemon, juliet):
    """All but the last two seconds."""
    daemon.echo["limits"] = {"messages_per_day": 2}
    await daemon.start()
    await echoed(juliet, "one")
    await echoed(juliet, "two")

    async def saved():
        while count_of(daemon, juliet) < 2:
            await asyncio.sleep(0.1)

    await asyncio.wait_for(saved(), DEADLINE)
    await daemon.kill()
    await daemon.start()
    assert (await refused(juliet)).condition == "resource-constraint"


async def test_pasted_lines_meet_no_limit_by_default(gateway, juliet, carol, channel):
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    for n in range(500):
        balcony.say(f"line {n}")
    assert [text for _, text in await carol.heard(channel, 500)] == [f"line {n}"
                                                                     for n in range(500)]
