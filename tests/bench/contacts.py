#!/usr/bin/env python3
"""Start bridged with many users who have many contacts, and see what it does to the server.

  tests/bench/contacts.py [--users N] [--contacts N] [--build DIR]

Plays the XMPP server for the component of the echo transport: everybody whose presence
bridged asks for answers that they are there, and is shown their contacts. All is read from
one clock here, so a stall of this script counts as one of bridged: figures of time are upper
bounds. The same with ten users stands beside it.
"""
import argparse
import asyncio
import json
import os
import pathlib
import re
import signal
import sqlite3
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOMAIN, SECRET, SERVER = "echo.bench.test", "bench", "bench.test"
FEW = 10
BOTH = 3
MESSAGES = 2000
PING_EVERY_S = 0.005
WINDOW_S = 1  # short ones show when this script had its turn, not when bridged had
DEADLINE_S = 300

HEADER = (f"<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
          f"xmlns:stream='http://etherx.jabber.org/streams' id='b1' from='{DOMAIN}'>")
STANZA = re.compile(rb"<(presence|iq|message) ([^>]*?)(/>|>.*?</\1>)", re.S)
ATTRIBUTE = re.compile(rb"([a-z]+)='([^']*)'")


class Server:
    """The server's end of the stream."""

    def __init__(self):
        self.kinds = {"probe": 0, "shown": 0, "refused": 0}
        self.arrivals = []  # (when, how many) contacts shown or probes
        self.round_trips = []
        self.pings, self.echoes = {}, {}
        self.changed = asyncio.Event()
        self.writer = None

    async def start(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 24)
        return server.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer):
        await reader.readuntil(b"streams'")
        writer.write(HEADER.encode())
        await reader.readuntil(b"</handshake>")
        self.up = time.monotonic()
        self.writer = writer
        writer.write(b"<handshake/>")
        self.changed.set()
        rest = b""
        while data := await reader.read(1 << 20):
            rest = self._take(rest + data)
            if rest.endswith(b"</stream:stream>"):
                break
        writer.close()

    def _take(self, data):
        now, end, count, answers = time.monotonic(), 0, 0, []
        for stanza in STANZA.finditer(data):
            end = stanza.end()
            count += self._stanza(stanza, dict(ATTRIBUTE.findall(stanza.group(2))), now,
                                  answers)
        if count:
            self.arrivals.append((now, count))
        self.writer.write(b"".join(answers))
        self.changed.set()
        return data[end:]

    def _stanza(self, stanza, attributes, now, answers):
        name, type_ = stanza.group(1), attributes.get(b"type")
        if name == b"iq":
            sent = self.pings.pop(attributes.get(b"id"), None)
            if sent:
                self.round_trips.append(now - sent)
            return 0
        if name == b"message":
            waiting = self.echoes.pop(re.search(rb"<body>(.*?)</body>", stanza.group(0))[1], None)
            if waiting:
                waiting.set_result(now)
            return 0
        if type_ == b"probe":
            self.kinds["probe"] += 1
            answers.append(b"<presence from='%s/phone' to='%s'/>"
                           % (attributes[b"to"], attributes[b"from"]))
        else:
            self.kinds["shown" if type_ is None else "refused"] += 1
        return 1

    async def until(self, condition):
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def ping(self):
        """Ask all the time whether bridged still answers: a stall of its loop is a long
        round trip."""
        for n in range(1 << 30):
            id_ = b"p%d" % n
            self.pings[id_] = time.monotonic()
            self.writer.write(b"<iq type='get' id='%s' from='%s' to='%s'>"
                              b"<ping xmlns='urn:xmpp:ping'/></iq>"
                              % (id_, SERVER.encode(), DOMAIN.encode()))
            await asyncio.sleep(PING_EVERY_S)

    async def say(self, user, n):
        """A message to a contact, which says the same; returns the time of the round trip."""
        body = b"message %d" % n
        waiting = self.echoes[body] = asyncio.get_running_loop().create_future()
        start = time.monotonic()
        self.writer.write(b"<message type='chat' id='m%d' from='%s/phone' to='contact0@%s'>"
                          b"<body>%s</body></message>"
                          % (n, user.encode(), DOMAIN.encode(), body))
        return await waiting - start


class Daemon:
    def __init__(self, build, directory, port):
        self.log = open(directory / "bridged.log", "w+")
        self.config = directory / "bridge.conf"
        self.database = directory / "bridge.db"
        self.config.write_text(
            f'xmpp = {{ server = "127.0.0.1"; port = {port}; }};\n'
            f'database = "{self.database}";\ncontrol_socket = "";\n'
            f'transports = ( {{ plugin = "echo"; domain = "{DOMAIN}"; secret = "{SECRET}"; }} );\n')
        self.config.chmod(0o600)
        self.argv = [build / "bridged", "-c", self.config, "--plugins", build / "plugins"]

    async def start(self):
        """Returns when it was ready."""
        self.child = await asyncio.create_subprocess_exec(
            *map(str, self.argv), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        ready = asyncio.get_running_loop().create_future()
        self.reading = asyncio.create_task(self._read(ready))
        return await asyncio.wait_for(ready, DEADLINE_S)

    async def _read(self, ready):
        while line := await self.child.stderr.readline():
            self.log.write(line.decode())
            if b"ready" in line and not ready.done():
                ready.set_result(time.monotonic())
        if not ready.done():
            ready.set_exception(RuntimeError("bridged ended; see its log"))

    async def stop(self):
        start = time.monotonic()
        self.child.send_signal(signal.SIGTERM)
        await asyncio.wait_for(self.child.wait(), DEADLINE_S)
        return time.monotonic() - start

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2]
        return sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")

    def memory_kb(self, what):
        status = pathlib.Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(rf"{what}:\s+(\d+)", status)[1])


def fill(database, users, contacts):
    db = sqlite3.connect(database)
    with db:
        db.executemany(
            "INSERT INTO contact(domain, user, address, name, subscription) VALUES(?,?,?,?,?)",
            ((DOMAIN, f"user{n}@{SERVER}", f"contact{k}", None, BOTH)
             for n in range(users) for k in range(contacts)))
    db.close()


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def most_in_window(arrivals):
    most = count = begin = 0
    for end, (when, n) in enumerate(arrivals):
        count += n
        while arrivals[begin][0] < when - WINDOW_S:
            count -= arrivals[begin][1]
            begin += 1
        most = max(most, count)
    return most


async def measure(build, users, contacts):
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        server = Server()
        daemon = Daemon(build, directory, await server.start())
        await daemon.start()  # makes the database
        await daemon.stop()
        fill(daemon.database, users, contacts)

        begin = time.monotonic()
        server.writer = None
        ready = await daemon.start() - begin
        await server.until(lambda: server.writer)
        pinging = asyncio.create_task(server.ping())
        await server.until(lambda: server.kinds["shown"] >= users * contacts)
        shown = time.monotonic() - server.up
        pinging.cancel()
        stalls = list(server.round_trips)
        arrivals, cpu = list(server.arrivals), daemon.cpu_s()
        memory = daemon.memory_kb("VmRSS"), daemon.memory_kb("VmHWM")
        ways = [await server.say(f"user{n % users}@{SERVER}", n) for n in range(MESSAGES)]
        stop = await daemon.stop()
        assert server.kinds == {**server.kinds, "probe": users, "shown": users * contacts}
        return {
            "start to ready, s": ready,
            "probes": server.kinds["probe"],
            "contacts shown": server.kinds["shown"],
            "until all are shown, s": shown,
            "stanzas per second": (users + users * contacts) / shown,
            "most in a second": most_in_window(arrivals),
            "CPU until then, s": cpu,
            "ping meanwhile p50, ms": statistics.median(stalls) * 1000 if stalls else 0,
            "ping meanwhile p99, ms": percentile(stalls, 0.99) * 1000 if stalls else 0,
            "ping meanwhile worst, ms": max(stalls) * 1000 if stalls else 0,
            "memory with all sessions, MB": memory[0] / 1024,
            "memory at most, MB": memory[1] / 1024,
            "message and echo p50, µs": statistics.median(ways) * 1e6,
            "message and echo p99, µs": percentile(ways, 0.99) * 1e6,
            "stop, s": stop,
        }


async def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--contacts", type=int, default=10, help="of each user")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / ".build" / "release")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not (options.build / "plugins" / "echo.so").exists():
        parser.error(f"no plugins/echo.so in {options.build}: build it first "
                     "(cmake --preset release && cmake --build --preset release)")
    few = await measure(options.build, FEW, options.contacts)
    many = await measure(options.build, options.users, options.contacts)
    if options.json:
        print(json.dumps({str(FEW): few, str(options.users): many}, indent=2))
        return
    print(f"{'':32}{FEW:>12} users{options.users:>12} users")
    for name in many:
        print(f"{name:32}{few[name]:>18.3f}{many[name]:>18.3f}")


asyncio.run(main())
