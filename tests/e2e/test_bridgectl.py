"""The admin's door: bridgectl and the control socket of the running daemon, with Prosody and
the network that repeats what one says."""

import asyncio
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import stat
import tempfile

import pytest

from conftest import channel_jid
from bridged import BUILD, ECHO, GATEWAY, IRC, PLUGINS, SANITIZERS, run
from process import DEADLINE
from template import DOMAIN, SOURCE

NYMPH = f"nymph@{ECHO}"
AGE = r"(\d+-)?(\d\d:)?\d\d:\d\d"
CLIENTS_MAX = 8


@dataclasses.dataclass
class Result:
    status: int
    out: str
    err: str

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def rows(self):
        """Of an answer to -t."""
        return [line.split("\t") for line in self.lines]


async def bridgectl(*words, prefix=(), program=BUILD / "bridgectl", env=None):
    """The client program, to its end."""
    child = await asyncio.create_subprocess_exec(
        *map(str, (*prefix, program, *words)), stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **SANITIZERS, **(env or {})})
    out, err = await asyncio.wait_for(child.communicate(), 2 * DEADLINE)
    return Result(child.returncode, out.decode(), err.decode())


class Control:
    """The socket of a daemon, asked with bridgectl or with bytes."""

    def __init__(self, path):
        self.path = path

    async def ask(self, *words, **how):
        return await bridgectl("-s", self.path, *words, **how)

    async def good(self, *words):
        result = await self.ask(*words)
        assert (result.status, result.err) == (0, ""), result
        return result

    async def rows(self, *words):
        return (await self.good("-t", *words)).rows

    async def raw(self, data, timeout=DEADLINE):
        """All that is answered to these bytes."""
        reader, writer = await asyncio.open_unix_connection(self.path)
        writer.write(data)
        answer = b""
        try:
            while more := await asyncio.wait_for(reader.read(65536), timeout):
                answer += more
        except ConnectionResetError:
            pass  # it was not interested in the rest of what we said
        writer.close()
        return answer.decode()


@pytest.fixture
def place():
    """A directory whose name is short enough for a socket in it."""
    with tempfile.TemporaryDirectory(prefix="bridgectl-", dir="/tmp") as name:
        yield pathlib.Path(name)


@pytest.fixture
def xmpp_server(prosody):
    return prosody


@pytest.fixture
def control(place):
    return Control(place / "control.sock")


@pytest.fixture
def daemon(make_daemon, xmpp_server, control):
    daemon = make_daemon(xmpp_server.component)
    daemon.config["control_socket"] = control.path
    return daemon


async def subscribe(user, jid):
    user.write(f"<presence type='subscribe' to='{jid}'/>")
    await user.contact_presence(jid, "subscribed")
    return await user.contact_presence(jid)


# Status


async def test_status_tells_how_the_daemon_and_each_domain_are(gateway, control, juliet):
    await juliet.join(f"room@{ECHO}", "jul")
    rows = await control.rows("status")
    facts, domains = rows[:rows.index([""])], rows[rows.index([""]) + 1:]
    version = run("--version")[1].split()[1]
    assert [name for name, _ in facts] == ["version", "uptime", "database", "backlog"]
    assert dict(facts)["version"] == version
    assert re.fullmatch(AGE, dict(facts)["uptime"])
    assert (dict(facts)["database"], dict(facts)["backlog"]) == ("well", "0 bytes")
    assert [(d[0], d[1], d[3], d[4]) for d in domains] == [
        (GATEWAY, "up", "0", "0"), (IRC, "up", "0", "0"), (ECHO, "up", "1", "1")]
    assert all(re.fullmatch(AGE, d[2]) for d in domains)


async def test_status_is_aligned_for_people(gateway, control):
    lines = (await control.good("status")).lines
    table = lines[lines.index("") + 1:]
    assert table[0].split() == ["DOMAIN", "STREAM", "SINCE", "SESSIONS", "ROOMS"]
    at = table[0].index("STREAM")
    assert [line[at - 2:at + 3] for line in table[1:]] == ["  up "] * 3
    assert not any("\t" in line or line != line.rstrip() for line in lines)


async def test_status_tells_what_is_down_and_what_waits(gateway, control, juliet, ircd, people,
                                                        xmpp_server, carol, channel):
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    balcony.say("anybody?")
    await carol.expect(r" PRIVMSG \S+ :anybody\?")
    start = gateway.mark()
    xmpp_server.stop(number=signal.SIGKILL)  # nobody leaves before
    for domain in (GATEWAY, IRC, ECHO):
        await gateway.logged(rf"component\[{re.escape(domain)}\].*WAITING", start)
    before = await control.rows("status")
    assert [row[1] for row in before if len(row) == 5] == ["down"] * 3
    carol.say(channel, "wherefore art thou?")
    # IRC has no receipt: ask until what carol said has come here.
    while dict(row for row in await control.rows("status") if len(row) == 2)["backlog"] == \
            "0 bytes":
        pass


# Lists


async def test_sessions_are_listed_by_user(gateway, control, juliet, romeo, people, channel):
    phone = await people.client(f"{juliet.bare}/phone")
    for room in (channel.jid, channel_jid(f"{channel}-2")):
        await juliet.join(room, "jul")
    await phone.join(channel.jid, "jul")
    await juliet.join(f"room@{ECHO}", "jul")
    await subscribe(romeo, NYMPH)
    rows = await control.rows("sessions")
    assert [row[:5] for row in rows] == sorted([
        [juliet.bare, ECHO, "1", "1", "0"], [juliet.bare, IRC, "2", "2", "0"],
        [romeo.bare, ECHO, "0", "0", "1"]])
    assert all(re.fullmatch(AGE, row[5]) for row in rows)
    assert [row[0] for row in await control.rows("sessions", ECHO.upper())] == \
        [juliet.bare, romeo.bare]
    assert await control.rows("sessions", GATEWAY) == []
    assert (await control.good("sessions", GATEWAY)).out.split() == [
        "USER", "DOMAIN", "ROOMS", "CLIENTS", "CONTACTS", "IDLE"]


async def test_users_are_those_with_contacts_or_sessions(gateway, control, juliet, romeo,
                                                         people):
    nurse = await people.xmpp("nurse")
    for name in ("nymph", "faun"):
        await subscribe(juliet, f"{name}@{ECHO}")
    await subscribe(nurse, NYMPH)
    await romeo.join(f"room@{ECHO}", "rom")
    expected = sorted([[juliet.bare, "2", "1"], [nurse.bare, "1", "1"], [romeo.bare, "0", "1"]])
    assert await control.rows("users") == expected
    assert await control.rows("users", ECHO) == expected
    assert await control.rows("users", IRC) == []
    await control.good("disconnect", nurse.bare)
    assert [nurse.bare, "1", "0"] in await control.rows("users")


async def test_long_lists_come_whole(gateway, control):
    """More than one write, and more than the kernel takes at once."""
    await gateway.stop()
    with sqlite3.connect(gateway.dir / "bridge.db") as db:
        db.executemany("INSERT INTO contact(domain, user, address, subscription)"
                       " VALUES(?, ?, 'nymph', 0)",
                       ((ECHO, f"user{n:05}@{DOMAIN}") for n in range(20000)))
    db.close()
    await gateway.start()
    assert await control.rows("users") == [
        [f"user{n:05}@{DOMAIN}", "1", "0"] for n in range(20000)]
    assert len((await control.good("users")).lines) == 20001


# Disconnecting


async def test_disconnect_ends_sessions_and_tells_the_user_why(gateway, control, juliet, romeo):
    balcony = await juliet.join(f"room@{ECHO}", "jul")
    await romeo.join(f"room@{ECHO}", "rom")
    start = gateway.mark()
    result = await control.good("disconnect", juliet.bare.upper())
    assert result.lines == [f"disconnected from {ECHO}"]
    gone = await balcony.presence("jul", type="unavailable")
    assert 110 in gone.codes and "administrator" in (gone.status or gone.reason)
    assert "administrator" in (await juliet.received(ECHO, type="normal")).body
    assert [row[0] for row in await control.rows("sessions")] == [romeo.bare]
    await gateway.logged(r"info: control: user 0 \(process \d+\): disconnect ", start)

    again = await control.ask("disconnect", juliet.bare)
    assert (again.status, again.out) == (1, "")
    assert again.err == f"bridgectl: {juliet.bare} has no session\n"
    await juliet.join(f"room@{ECHO}", "jul")  # it is no ban


async def test_disconnect_keeps_to_the_domain(gateway, control, juliet, carol, channel):
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    await juliet.join(f"room@{ECHO}", "jul")
    assert (await control.good("disconnect", juliet.bare, ECHO)).lines == [
        f"disconnected from {ECHO}"]
    assert [row[1] for row in await control.rows("sessions")] == [IRC]
    balcony.say("still here")
    await carol.expect(rf" PRIVMSG {channel} :still here")
    await control.good("disconnect", juliet.bare)
    await carol.expect(r"^:jul!\S+ QUIT")


# Configuration and log


# One user's data


async def bridged(gateway, *args):
    """Another bridged, with the same configuration, to its end."""
    return await asyncio.to_thread(run, "-c", gateway.config_file, "--plugins", PLUGINS,
                                   *args)


async def test_a_users_data_are_shown_by_who_runs_and_by_who_does_not(gateway, control, juliet,
                                                                      romeo):
    for user in (juliet, romeo):
        await subscribe(user, NYMPH)
    shown = await control.good("export", juliet.bare.upper())
    data = json.loads(shown.out)
    assert data["user"] == juliet.bare
    assert [(row["transport"], row["address"]) for row in data["contacts"]] == [(ECHO, "nymph")]
    assert romeo.bare not in shown.out

    assert await bridged(gateway, "--export", juliet.bare.upper()) == (0, shown.out, "")
    await gateway.stop()
    assert await bridged(gateway, "--export", juliet.bare) == (0, shown.out, "")
    assert sorted(file.name for file in gateway.dir.glob("bridge.db*")) == [
        "bridge.db", "bridge.db.key", "bridge.db.lock"]


@pytest.mark.parametrize("by_bridged", [False, True])
async def test_a_user_is_forgotten_and_the_contacts_leave_the_roster(gateway, control, juliet,
                                                                     romeo, by_bridged):
    for user in (juliet, romeo):
        await subscribe(user, NYMPH)
    await juliet.join(f"room@{ECHO}", "jul")
    if by_bridged:
        assert await bridged(gateway, "--forget", juliet.bare.upper()) == (0, "", "")
    else:
        assert (await control.good("forget", juliet.bare.upper())).out == ""
    await juliet.contact_presence(NYMPH, "unavailable")
    roster = await juliet.request(None, "<query xmlns='jabber:iq:roster'/>")
    assert all(item.get("subscription") in ("none", "from")
               for item in roster.xml.iter("{jabber:iq:roster}item"))
    assert gateway.stored(juliet.bare) == []
    assert [row[0] for row in await control.rows("sessions")] == [romeo.bare]
    assert gateway.stored(romeo.bare)


async def test_without_a_bridged_nobody_is_forgotten_and_it_says_what_to_do(gateway, control,
                                                                            juliet):
    await subscribe(juliet, NYMPH)
    await gateway.stop()
    code, out, err = await bridged(gateway, "--forget", juliet.bare)
    assert (code, out) == (1, "") and "start it and try again" in err
    assert gateway.stored(juliet.bare)
    for option in ("--export", "--forget"):
        code, out, err = await bridged(gateway, option, "a@b@c")
        assert (code, out) == (2, "") and err
    gateway.config["database"] = gateway.dir / "absent.db"
    gateway.write_config()
    code, out, err = await bridged(gateway, "--export", juliet.bare)
    assert (code, out) == (1, "") and "absent.db" in err
    assert not (gateway.dir / "absent.db").exists()


async def test_reload_tells_what_a_signal_only_logs(gateway, control):
    result = await control.good("reload")
    assert result.out == ""

    gateway.config["log"]["level"] = "info"
    gateway.config["xmpp"]["port"] += 1
    gateway.config["transports"].remove(gateway.echo)
    gateway.write_config()
    result = await control.good("reload")
    assert result.lines == [
        "a change of xmpp.port needs a restart",
        f"{ECHO}: removing or replacing a transport needs a restart"]
    assert (await control.good("log")).out == "info\n"

    gateway.config["log"]["level"] = "shouting"
    gateway.config["nonsense"] = 1
    gateway.write_config()
    result = await control.ask("reload")
    assert result.status == 1
    assert result.err == "bridgectl: nothing was changed: mend the configuration first\n"
    assert len(result.lines) == 2
    for key in ("nonsense", "log.level"):
        assert any(re.search(rf"bridge\.conf:\d+: {re.escape(key)}", line)
                   for line in result.lines), result.out
    assert (await control.good("log")).out == "info\n"


async def test_the_log_level_can_be_set_until_the_next_reload(gateway, control, juliet):
    assert (await control.good("log")).out == "debug\n"
    assert (await control.good("log", "warning")).out == "warning\n"
    start = gateway.mark()
    juliet.message(NYMPH, "hush")
    await juliet.received(NYMPH, "hush")
    await control.good("reload")
    assert (await control.good("log")).out == "debug\n"
    # The first to be heard again tells of that reload.
    first, *_ = await gateway.lines(r"\b(info|debug)\b", start)
    assert "reload: the configuration was read again" in first


# Backup


def contacts(path):
    """In a backup, after a look at every page of it."""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    found = db.execute("SELECT domain, user, address FROM contact ORDER BY 1, 2, 3").fetchall()
    db.close()
    return found


async def test_a_backup_has_what_was_there(gateway, control, juliet, place):
    await subscribe(juliet, NYMPH)
    assert (await control.good("backup", place / "of today.db")).out == ""
    assert contacts(place / "of today.db") == [(ECHO, juliet.bare, "nymph")]
    assert sorted(f.name for f in place.iterdir()) == [
        "control.sock", "control.sock.lock", "of today.db"]


async def test_a_backup_can_be_started_from(gateway, control, juliet, place):
    await subscribe(juliet, NYMPH)
    await control.good("backup", place / "copy.db")
    await gateway.stop()
    gateway.config["database"] = place / "copy.db"
    await gateway.start()
    assert await control.rows("users") == [[juliet.bare, "1", "1"]]


async def test_a_large_backup_shows_progress_and_holds_nobody_up(gateway, control, juliet,
                                                                 romeo, place):
    await gateway.stop()
    with sqlite3.connect(gateway.dir / "bridge.db") as db:
        db.executemany("INSERT INTO contact(domain, user, address, name, subscription)"
                       " VALUES(?, ?, ?, ?, 0)",
                       ((ECHO, f"nurse@{DOMAIN}", f"nymph{n}", "x" * 1000)
                        for n in range(40000)))
    db.close()
    await gateway.start()

    backup = asyncio.ensure_future(control.ask("backup", place / "copy.db"))
    said = 0
    while not backup.done() or said < 3:
        said += 1
        juliet.message(NYMPH, f"{said}")
        await juliet.received(NYMPH, f"{said}")
        await subscribe(romeo, f"late{said}@{ECHO}")
    result = await backup
    assert (result.status, result.out) == (0, "")
    percents = [int(line.removesuffix(" %")) for line in result.err.splitlines()]
    assert percents and percents == sorted(set(percents)) and 0 < percents[-1] < 100
    found = contacts(place / "copy.db")
    assert len([one for one in found if one[1].startswith("nurse@")]) == 40000
    assert len(found) <= 40000 + said
    quiet = await control.good("-q", "backup", place / "quiet.db")
    assert quiet.out == ""


async def test_a_backup_replaces_nothing(gateway, control, place):
    (place / "taken").write_text("precious")
    (place / "link").symlink_to(place / "elsewhere")
    for file, status, why in [
            (place / "taken", 1, "there is such a file already"),
            (place / "link", 1, "there is such a file already"),
            (gateway.dir / "bridge.db", 1, "there is such a file already"),
            (place / "nowhere" / "copy.db", 1, "there is no such directory"),
            ("copy.db", 2, "give the whole path")]:
        result = await control.ask("backup", file)
        assert (result.status, result.out) == (status, ""), file
        assert why in result.err and str(file) in result.err
    assert (place / "taken").read_text() == "precious"
    assert not (place / "elsewhere").exists()


async def test_a_backup_that_nobody_waits_for_leaves_nothing(gateway, control, place):
    for n in range(5):
        _, writer = await asyncio.open_unix_connection(control.path)
        writer.write(f"backup\t{place}/copy{n}.db\n".encode())
        await writer.drain()
        writer.close()
    await control.good("status")
    await gateway.stop()
    assert list(place.glob("*.part")) == []


# Who may ask, and how


def as_nobody():
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


async def test_others_are_refused(gateway, control, place):
    prefix = as_nobody()
    program = shutil.copy(BUILD / "bridgectl", place)  # where nobody can reach it
    place.chmod(0o755)
    assert stat.S_IMODE(control.path.stat().st_mode) == 0o600
    result = await control.ask("status", prefix=prefix, program=program)
    assert (result.status, result.out) == (1, "")
    assert "you may not use" in result.err

    control.path.chmod(0o666)  # an admin's mistake: now we have to look ourselves
    start = gateway.mark()
    result = await control.ask("status", prefix=prefix, program=program)
    assert (result.status, result.out) == (1, "")
    assert result.err == \
        "bridgectl: only root and the user that bridged runs as may give commands\n"
    await gateway.logged(r"warning: control: refused user 65534 \(process \d+\)", start)


@pytest.mark.parametrize("request_, answer", [
    (b"status", None),
    (b"\n", "usage the request is empty\n"),
    (b"log\t\n", "usage a word of the request is empty\n"),
    (b"1\t2\t3\t4\t5\t6\t7\t8\t9\n", "usage the request has too many words\n"),
    (b"x" * 100000, "usage the request is too long\n"),
    (b"x" * 9000 + b"\n", "usage the request is too long\n"),
    (b"status\0\n", "usage a request is UTF-8 without control characters\n"),
    (b"caf\xe9\n", "usage a request is UTF-8 without control characters\n"),
    (b"log\x1b[2J\n", "usage a request is UTF-8 without control characters\n"),
    (b"log\nlog\n", "usage a connection is for one request\n"),
    (b"frobnicate\n", 'usage there is no command "frobnicate": "help" lists them\n'),
    (b"status\tnow\n", "usage expected: status\n"),
    (b"disconnect\n", "usage expected: disconnect JID [DOMAIN]\n"),
    (b"disconnect\t@echo.test\n", "usage bad localpart in '@echo.test'\n"),
    (b"forget\t@echo.test\n", "usage bad localpart in '@echo.test'\n"),
    (b"export\n", "usage expected: export JID\n"),
    (b"log\tshout\n", 'usage "shout" is no level: error, warning, info or debug\n'),
    (b"users\tnowhere.example\n", "failed bridged does not serve nowhere.example; "
                                  '"status" lists its domains\n'),
    (b"log\n", "- debug\nok\n"),
])
async def test_every_request_has_its_answer(gateway, control, request_, answer):
    if answer is None:
        _, writer = await asyncio.open_unix_connection(control.path)
        writer.write(request_)
        await writer.drain()
        writer.close()
    else:
        assert await control.raw(request_) == answer
    await control.good("status")


async def test_nobody_keeps_a_place_by_being_slow(gateway, control):
    """All places taken by those who say nothing, and by those who say half of it."""
    idle = [asyncio.ensure_future(control.raw(b"stat" if n % 2 else b"", 3 * DEADLINE))
            for n in range(CLIENTS_MAX)]
    # They connect before whoever is started after them.
    result = await control.ask("status")
    while result.status == 0:
        result = await control.ask("status")
    assert result.err == \
        "bridgectl: too many commands are under way: try again later\n"
    assert await asyncio.gather(*idle) == \
        ["usage there came no whole request in time\n"] * CLIENTS_MAX
    await control.good("status")


async def test_who_hangs_up_harms_nobody(gateway, control):
    for words in ("status", "users", "sessions", "reload", "help", "log", "nothing"):
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(str(control.path))
            one.sendall(words.encode() + b"\n")
    await control.good("status")


# The socket


async def test_a_second_daemon_does_not_take_the_socket(gateway, control):
    gateway.config["database"] = gateway.dir / "other.db"
    gateway.write_config()
    code, _, err = await asyncio.to_thread(run, "-c", gateway.config_file, "--plugins",
                                           BUILD / "plugins")
    assert code == 1
    assert f"{control.path} belongs to another bridged that is running" in err
    await control.good("status")


async def test_a_crash_leaves_a_socket_that_the_next_start_replaces(gateway, control):
    await gateway.kill()
    assert control.path.is_socket()
    result = await control.ask("status")
    assert (result.status, result.err) == (
        1, f"bridgectl: nobody answers at {control.path}: bridged is not running\n")
    await gateway.start()
    await control.good("status")
    await gateway.stop()
    assert not control.path.exists()


@pytest.mark.parametrize("path, why", [
    ("file", "is not a socket"), ("nowhere/control.sock", "No such file")])
async def test_without_its_socket_bridged_serves_all_the_same(daemon, juliet, place, path, why):
    (place / "file").write_text("precious")
    daemon.config["control_socket"] = place / path
    await daemon.start()
    assert await daemon.lines(rf"warning: control: .*{why}.*bridgectl will not find us")
    juliet.message(NYMPH, "echo")
    await juliet.received(NYMPH, "echo")
    assert (place / "file").read_text() == "precious"


async def test_no_socket_if_none_is_wanted(daemon, place):
    daemon.config["control_socket"] = ""
    await daemon.start()
    assert list(place.iterdir()) == []
    result = await bridgectl("-c", daemon.config_file, "status")
    assert (result.status, result.out) == (1, "")
    assert "bridged has no control socket" in result.err


@pytest.mark.parametrize("path", ["control.sock", "/" + "x" * 107, 5])
async def test_a_path_that_cannot_be_a_socket_is_a_fault(daemon, path):
    daemon.config["control_socket"] = path
    daemon.write_config()
    code, _, err = run("-c", daemon.config_file, "--check-config", "--plugins",
                       BUILD / "plugins")
    assert code == 1
    assert re.search(r"bridge\.conf:\d+: control_socket: expected (a path from|text in)", err)


# The client


async def test_the_configuration_says_where_the_socket_is(gateway, control):
    assert (await bridgectl("-c", gateway.config_file, "log")).out == "debug\n"
    gateway.config_file.write_text("database = ")
    result = await bridgectl("-c", gateway.config_file, "log")
    assert (result.status, result.out) == (1, "")
    assert "bridge.conf:1" in result.err
    assert (await control.good("log")).out == "debug\n"  # as -s needs no configuration


@pytest.mark.parametrize("words, status, why", [
    (["-s", "{place}/none.sock", "status"], 1, "there is no {place}/none.sock"),
    (["-s", "{place}/" + "x" * 100, "status"], 1, "File name too long"),
    (["-c", "{place}/none.conf", "status"], 1, "{place}/none.conf"),
    (["-s", "{place}/none.sock"], 2, "Usage: bridgectl"),
    ([], 2, "Usage: bridgectl"),
    (["--frobnicate"], 2, "Usage: bridgectl"),
    (["log", "de\tbug"], 2, "a tab or the end of a line cannot be part of a command"),
])
async def test_the_client_says_what_is_wrong(place, words, status, why):
    result = await bridgectl(*(word.format(place=place) for word in words))
    assert (result.status, result.out) == (status, "")
    assert why.format(place=place) in result.err


@pytest.mark.parametrize("said, status, out, err", [
    (b"", 1, "", "bridged ended the connection before it had answered"),
    (b"- half\n", 1, "half\n", "bridged ended the connection before it had answered"),
    (b"- half", 1, "", "bridged ended the connection before it had answered"),
    (b"HTTP/1.1 400 Bad Request\r\n", 1, "", "this is not bridged's answer: HTTP/1.1 400"),
    (b"- \x1b[2J\xff\x07x\nok\n", 0, "[2J\ufffdx\n", ""),
    (b"# A\tB\n- 1\t2\n- \n- 123\t\t4\nok\n", 0, "A  B\n1  2\n\n123    4\n", ""),
    (b"# A\tB\n- \xe2\x98\x83\tsnow\n- ab\tc\nok\nmore\n", 0,
     "A   B\n\u2603   snow\nab  c\n", ""),
    (b"~ 10 %\n~ 20 %\nok\n", 0, "", "10 %\n20 %\n"),
    (b"- 1\nfailed it broke\n", 1, "1\n", "bridgectl: it broke\n"),
    (b"usage expected: more\n", 2, "", "bridgectl: expected: more\n"),
])
async def test_the_client_shows_any_answer_harmlessly(control, said, status, out, err):
    async def answer(reader, writer):
        await reader.readline()
        writer.write(said)
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(answer, control.path)
    result = await control.ask("status")
    assert (result.status, result.out) == (status, out)
    assert err in result.err if err else result.err == ""
    server.close()
    await server.wait_closed()


async def test_help_names_every_command_and_so_does_the_manual(gateway, control):
    page = (SOURCE / "contrib" / "man" / "bridgectl.8").read_text()
    names = [row[0].split()[0] for row in await control.rows("help")]
    assert {"help", "status", "forget", "backup"} <= set(names)
    assert re.findall(r"^\.It Ic (\S+)", page, re.M) == names
