"""Messages that are kept until they arrive, both ways, and what people can do about those that
do not: with Prosody, and a network that does what the test says (clients/post.py)."""

import json
import resource
import sqlite3

import pytest

from bridged import GATEWAY
from clients import commands
from clients.post import PostOffice
from template import DOMAIN, SECRET
from test_bridgectl import Control, place  # noqa: F401: a fixture
from test_web import web  # noqa: F401: a fixture

POST = f"post.{DOMAIN}"
NURSE = f"nurse@{POST}"
RECEIPTS = "urn:xmpp:receipts"
DEAD_COLUMNS = ["ID", "USER", "CONTACT", "AGE", "REASON"]


@pytest.fixture
def xmpp_server(prosody):
    return prosody


@pytest.fixture
def office(loop):
    office = loop.run_until_complete(PostOffice().start())
    yield office
    loop.run_until_complete(office.stop())


@pytest.fixture
def control(place):  # noqa: F811
    return Control(place / "control.sock")


@pytest.fixture
def daemon(make_daemon, xmpp_server, office, control):
    daemon = make_daemon(xmpp_server.component)
    daemon.config["control_socket"] = control.path
    daemon.config["transports"] = [{"plugin": "post", "domain": POST, "secret": SECRET,
                                    "port": office.port}]
    return daemon


def database(daemon):
    return sqlite3.connect(daemon.dir / "bridge.db", isolation_level=None)


def write(user, body, id_="m1"):
    """A message that wants a receipt."""
    user.write(f"<message type='chat' to='{NURSE}' id='{id_}'><body>{body}</body>"
               f"<request xmlns='{RECEIPTS}'/></message>")
    return id_


async def receipt(user, id_):
    def is_receipt(stanza):
        received = stanza.find(f"{{{RECEIPTS}}}received")
        return received is not None and received.get("id") == id_

    return await user.expect(is_receipt, f"receipt for {id_}")


# To the network


async def test_a_message_goes_out_when_it_is_on_the_disk_and_its_receipt_comes_back(
        gateway, office, juliet):
    with database(gateway) as db:
        db.execute("BEGIN IMMEDIATE")  # now bridged cannot commit
        id_ = write(juliet, "Anon, good nurse!")
        await juliet.barrier(POST)
        assert not office.given
        db.execute("ROLLBACK")
    letter = await office.letter()
    assert (letter.user, letter.to, letter.body) == (juliet.bare, "nurse", "Anon, good nurse!")
    assert gateway.stored("Anon, good nurse!")

    letter.ends("sent")
    await juliet.barrier(POST)
    assert not juliet.take(lambda s: s.find(f"{{{RECEIPTS}}}received") is not None)
    letter.ends("arrived")
    assert (await receipt(juliet, id_)).bare == NURSE
    assert not gateway.stored("Anon, good nurse!")  # only that it was there


async def test_what_was_sent_again_goes_out_once_and_its_receipt_comes_again(
        gateway, office, juliet):
    write(juliet, "What, ho!")
    (await office.letter()).ends("sent", "arrived")
    await receipt(juliet, "m1")
    write(juliet, "What, ho!")
    await receipt(juliet, "m1")
    assert len(office.given) == 1


async def test_what_failed_comes_back_as_an_error_with_the_networks_words(
        gateway, office, juliet):
    write(juliet, "Where art thou?")
    (await office.letter()).ends("sent", "moved")
    failed = await juliet.bounced("m1")
    assert failed.bare == NURSE
    assert failed.error.type == "cancel" and "The addressee moved" in failed.error.text
    await juliet.barrier(POST)
    assert not juliet.take(lambda s: s.body is not None and s.type == "chat")


async def test_who_hears_of_a_failure_late_reads_of_it_too(gateway, office, juliet, people):
    """The client that has written may be gone by then."""
    write(juliet, "Come hither!")
    await office.letter()
    await gateway.stop()
    with database(gateway) as db:
        db.execute("UPDATE delivery SET created = created - 11 * 60 * 1000")
    db.close()
    await juliet.offline()
    other = await people.client(f"{juliet.bare}/other")
    await gateway.start()
    (await office.letter()).ends("moved")
    told = await other.received(NURSE)
    assert told.body.startswith("Your message of ") and "The addressee moved" in told.body


async def test_later_means_once_more_under_the_same_number(gateway, office, juliet):
    write(juliet, "Hie you!")
    first = await office.letter()
    first.ends("later")
    again = await office.letter()
    assert again == first
    again.ends("sent", "arrived")
    await receipt(juliet, "m1")


async def test_what_waited_when_bridged_was_killed_goes_on(gateway, office, juliet):
    write(juliet, "O, she is lame!")
    first = await office.letter()
    await gateway.kill()
    await gateway.start()
    again = await office.letter()
    assert again.number == first.number
    again.ends("sent", "arrived")
    await receipt(juliet, "m1")


# To users


async def test_what_a_network_has_is_taken_once(gateway, office, juliet):
    office.post("F1", "nurse", juliet.bare, "Peter, stay at the gate.")
    await office.is_taken("F1")
    first = await juliet.received(NURSE, "Peter, stay at the gate.")
    assert first.id
    office.taken.clear()
    office.post("F1", "nurse", juliet.bare, "Peter, stay at the gate.")
    await office.is_taken("F1")
    await juliet.barrier(POST)
    assert not juliet.take(lambda s: s.body == first.body)


@pytest.fixture
def dead(loop, gateway, office, control, people):
    """Two letters for somebody whom the server does not know; returns the JID."""
    async def write_to(jid):
        for name in ("one", "two"):
            office.post(name, "nurse", jid, f"letter {name}")
        while len(await control.rows("dead", POST)) < 2:
            pass

    jid = people.new_jid("tybalt")
    loop.run_until_complete(write_to(jid.partition("/")[0]))
    return jid


async def test_bridgectl_lists_dead_letters_and_has_them_tried_again(
        gateway, control, people, dead):
    heading, *letters = (await control.good("dead", POST)).lines
    assert heading.split() == DEAD_COLUMNS
    rows = await control.rows("dead", POST)
    assert [row[1:3] for row in rows] == [[dead.partition("/")[0], "nurse"]] * 2
    assert all(row[4] for row in rows)
    counts = await control.rows("deliveries", POST)
    assert [row[1] for row in counts] == ["to the network", "to users"]
    assert counts[1][-1] == "2"

    tybalt = await people.client(dead)
    assert (await control.good("-q", "retry", POST, rows[0][0])).out == "to be tried again: 1\n"
    await tybalt.received(NURSE, "letter one")
    assert (await control.good("-q", "retry", POST, "all")).out == "to be tried again: 1\n"
    await tybalt.received(NURSE, "letter two")
    assert await control.rows("dead", POST) == []


async def test_bridgectl_drops_dead_letters(gateway, control, dead):
    first, second = await control.rows("dead", POST)
    assert (await control.good("-q", "drop", POST, first[0])).out == "dropped: 1\n"
    assert [row[0] for row in await control.rows("dead", POST)] == [second[0]]
    assert (await control.good("-q", "drop", POST, "all")).out == "dropped: 1\n"
    assert not gateway.stored("letter")
    for words, why in [(("drop", POST, "all"), "there are no dead letters"),
                       (("retry", POST, first[0]), "there is no such dead letter"),
                       (("drop", POST, "x"), "expected an ID"),
                       (("dead", "nowhere.example"), "does not serve nowhere.example")]:
        result = await control.ask(*words)
        assert result.status and why in result.err


# Whose they are


async def test_an_export_shows_what_waits_and_forget_leaves_nothing(
        gateway, office, control, juliet):
    write(juliet, "Ay me!")
    await office.letter()
    shown = json.loads((await control.good("export", juliet.bare)).out)
    message, = shown["messages"]
    assert (message["transport"], message["address"], message["direction"]) == (
        POST, "nurse", "sent")
    assert message["message"]["body"] == "Ay me!"

    await control.good("forget", juliet.bare)
    assert not [row for table, row in gateway.stored(juliet.bare) if table == "delivery"]
    assert not gateway.stored("Ay me!")
    counts = await control.rows("deliveries", POST)
    assert [row[2:4] for row in counts] == [["0", "0"]] * 2


# What monitoring sees


async def test_metrics_follow_a_message_to_its_end(daemon, web, office, juliet):  # noqa: F811
    await daemon.start()

    async def counts(**outcomes):
        metrics = await web.metrics()
        for outcome, count in outcomes.items():
            assert metrics("bridged_deliveries_total", domain=POST, direction="to_network",
                           outcome=outcome) == count, outcome
        return metrics

    await counts(accepted=0, sent=0, delivered=0)
    write(juliet, "Anon, good nurse!")
    letter = await office.letter()
    metrics = await counts(accepted=1, sent=0)
    assert metrics("bridged_deliveries_in_hand", domain=POST, direction="to_network") == 1
    assert metrics("bridged_deliveries_oldest_seconds", domain=POST) > 0
    assert (await web.health())[1]["deliveries"] == {"waiting": 0, "in_hand": 1}
    letter.ends("sent", "arrived")
    await receipt(juliet, "m1")
    metrics = await counts(accepted=1, sent=1, delivered=1)
    assert metrics("bridged_deliveries_waiting", domain=POST, direction="to_network") == 0
    assert metrics("bridged_dead_letters_total", domain=POST) == 0


# A disk that is full


def let_grow(daemon, limit):
    pid = daemon.process.child.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, hard))


async def test_on_a_full_disk_the_sender_is_told_and_soon_it_goes_on(gateway, office, juliet):
    start = gateway.mark()
    let_grow(gateway, 1024)
    try:
        for id_ in ("m1", "m2"):  # the first finds it out
            write(juliet, "Full", id_)
            refused = await juliet.bounced(id_)
            assert (refused.error.type, refused.error.condition) == ("wait",
                                                                     "resource-constraint")
            assert "could not store" in refused.error.text or \
                "cannot store" in refused.error.text
    finally:
        let_grow(gateway, resource.RLIM_INFINITY)
    assert not office.given
    await gateway.logged(r"store: is well again", start)
    write(juliet, "Empty", "m3")
    (await office.letter()).ends("sent", "arrived")
    await receipt(juliet, "m3")


# Commands


@pytest.fixture
def daemon_with_admin(daemon, juliet):
    daemon.config["gateway"]["admins"] = (juliet.bare,)
    return daemon


@pytest.fixture
def admin(daemon_with_admin, juliet):
    """Comes before `gateway` in the arguments of a test."""
    return juliet


DATA = "{jabber:x:data}"


def table(command):
    """Rows of an answer: lines, with commas between the cells."""
    names = ("number", "user", "contact", "age", "reason")
    rows = (value.text.split(", ", 4) for value in command.iq.xml.iter(f"{DATA}value"))
    return [dict(zip(names, row)) for row in rows if len(row) == 5]


async def test_an_admin_lists_retries_and_drops_dead_letters_with_forms(
        admin, gateway, dead, people):
    tybalt = dead.partition("/")[0]
    listed = await commands.start(admin, POST, "dead-letters")
    listed = await listed.complete(after="")
    assert listed.status == "completed", listed.iq
    first, second = table(listed)
    assert [first["user"], first["contact"]] == [tybalt, "nurse"]
    assert first["age"].endswith("minutes") and first["reason"]
    rest = await (await commands.start(admin, POST, "dead-letters")).complete(
        after=first["number"])
    assert table(rest) == [second]

    drop = await (await commands.start(admin, POST, "drop-dead-letters")).next(
        letter=first["number"])
    assert drop.status == "executing"  # there is a question
    dropped = await drop.complete(sure="1")
    assert dropped.notes == ["Messages dropped: 1."]

    client = await people.client(dead)
    retried = await (await commands.start(admin, POST, "retry-dead-letters")).complete(
        letter="all")
    assert retried.notes == ["Messages that are tried again: 1."]
    await client.received(NURSE, "letter two")


async def test_an_admin_does_it_in_a_chat_too_and_others_do_not(admin, gateway, dead, romeo):
    async def say(user, line):
        user.message(POST, line)
        return (await user.received(POST)).body

    assert dead.partition("/")[0] in await say(admin, "dead-letters")
    assert "neither the number" in await say(admin, "retry x")
    assert "no dead letter with this number" in await say(admin, "retry 999")
    assert "deleted" in await say(admin, "drop all")
    assert "Messages dropped: 2." in await say(admin, "yes")
    assert "There are no dead letters." in await say(admin, "dead-letters")
    assert "dead" not in await say(romeo, "dead-letters")


async def test_status_and_statistics_say_what_waits(admin, gateway, office, romeo):
    async def say(user, to, line):
        user.message(to, line)
        return (await user.received(to)).body

    write(romeo, "Juliet!")
    letter = await office.letter()
    assert "messages from you that wait: 1" in await say(romeo, GATEWAY, "status")
    assert "that wait" not in await say(admin, GATEWAY, "status")
    assert f"{POST}: 1 to the network, 0 to users" in await say(admin, GATEWAY, "statistics")
    letter.ends("sent", "arrived")
    await receipt(romeo, "m1")
    assert "from you that wait" not in await say(romeo, GATEWAY, "status")
