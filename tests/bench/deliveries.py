#!/usr/bin/env python3
"""What it costs that no message is lost: bridged with a durable transport.

  tests/bench/deliveries.py [--messages N] [--window N] [--waiting N] [--build DIR]

First the disk: how many transactions of one row it commits in a second, one after the other.
Then an echo (post/main.c is both sides): each message is stored, goes to the network, comes
back, is stored, and goes to its user; both are confirmed. Then a start with many messages that
wait. How long the turns of bridged's event loop are is measured inside of it (post/turns.c).
"""
import argparse
import asyncio
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DOMAIN, SECRET = "post.bench.test", "bench"
USERS, CONTACTS = 100, 10
DISK_S, DEADLINE_S = 2, 300


def single_commits(directory):
    """Per second, on the disk of this directory, as the database of bridged does it."""
    db = sqlite3.connect(directory / "disk.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE one(id INTEGER PRIMARY KEY, body)")
    count, start = 0, time.monotonic()
    while time.monotonic() < start + DISK_S:
        db.execute("INSERT INTO one(body) VALUES(?)", ("x" * 200,))
        count += 1
    rate = count / (time.monotonic() - start)
    db.close()
    return rate


class Load:
    """postload and what it says."""

    async def start(self, *options):
        self.child = await asyncio.create_subprocess_exec(
            HERE / "bin" / "postload", *options, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ports = json.loads(await self.child.stdout.readline())
        return self

    async def up(self):
        assert await asyncio.wait_for(self.child.stdout.readline(), DEADLINE_S) == b"up\n"

    async def ask(self, *words):
        self.child.stdin.write(" ".join(map(str, words)).encode() + b"\n")
        return json.loads(await asyncio.wait_for(self.child.stdout.readline(), DEADLINE_S))

    async def stop(self):
        self.child.stdin.close()
        await self.child.wait()


class Daemon:
    def __init__(self, build, directory):
        self.build, self.dir = build, directory
        self.config, self.log = directory / "bridge.conf", directory / "bridged.log"
        self.database, self.turns = directory / "bridge.db", directory / "turns.json"

    def start(self, ports):
        self.config.write_text(
            f'xmpp = {{ server = "127.0.0.1"; port = {ports["xmpp_port"]}; }};\n'
            f'database = "{self.database}";\ncontrol_socket = "";\n'
            f'transports = ( {{ plugin = "post"; domain = "{DOMAIN}"; secret = "{SECRET}"; '
            f'port = {ports["network_port"]}; }} );\n')
        self.config.chmod(0o600)
        self.child = subprocess.Popen(
            [self.build / "bridged", "-c", self.config, "--plugins",
             self.build / "test_plugins"], stdout=subprocess.DEVNULL, stderr=open(self.log, "w"),
            env={**os.environ, "LD_PRELOAD": str(HERE / "bin" / "turns.so"),
                 "BENCH_TURNS": str(self.turns)})

    def stop(self):
        """Returns the figures of the event loop."""
        self.child.send_signal(signal.SIGTERM)
        assert self.child.wait(DEADLINE_S) == 0, self.log.read_text()[-2000:]
        return json.loads(self.turns.read_text())

    def cpu_s(self):
        """(of the event loop, of all threads)"""
        def spent(path):
            fields = path.read_text().rpartition(")")[2].split()
            return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

        proc = pathlib.Path(f"/proc/{self.child.pid}")
        return spent(proc / "task" / proc.name / "stat"), spent(proc / "stat")


async def echo(build, directory, options):
    load, daemon = await Load().start(), Daemon(build, directory)
    daemon.start(load.ports)
    await load.up()
    loop, cpu = daemon.cpu_s()
    result = await load.ask("echo", options.messages, options.window, USERS, CONTACTS,
                            DEADLINE_S / 2)
    loop, cpu = daemon.cpu_s()[0] - loop, daemon.cpu_s()[1] - cpu
    turns = daemon.stop()
    await load.stop()
    for end in ("sent", "given", "echoed", "receipts", "taken"):
        assert result[end] == options.messages, (end, result)
    assert not result["errors"] and not result["repeated"], result
    deliveries = 2 * options.messages
    return {
        "echoes per second": options.messages / result["seconds"],
        "deliveries per second": deliveries / result["seconds"],
        "CPU µs per delivery": cpu / deliveries * 1e6,
        "- of the event loop": loop / deliveries * 1e6,
        "way there and back p50, ms": result["way_p50_us"] / 1000,
        "way there and back p99, ms": result["way_p99_us"] / 1000,
        **told(turns),
    }


def told(turns):
    return {
        "longest turn of the loop, ms": turns["longest_ms"],
        "- of that CPU at most, ms": turns["longest_cpu_ms"],
        "turns over 10 ms": turns["over_10_ms"],
        "- by CPU": turns["over_10_cpu_ms"],
    }


def multiply(database, count):
    """Of the one message that waits make as many, from all users to all contacts."""
    db = sqlite3.connect(database)
    columns = [row[1] for row in db.execute("PRAGMA table_info(delivery)")]
    row = dict(zip(columns, db.execute("SELECT * FROM delivery WHERE direction = 0").fetchone()))
    with db:
        db.execute("DELETE FROM delivery")
        db.executemany(
            f"INSERT INTO delivery({', '.join(columns)}) VALUES({', '.join('?' * len(columns))})",
            ([{**row, "id": n + 1, "user": f"user{n % USERS}@bench.test",
               "contact": f"contact{n // USERS % CONTACTS}", "state": 0, "next": 0,
               "attempts": 0, "mark": f"{n}", "stanza": f"m{n}",
               "client": f"user{n % USERS}@bench.test/phone"}[c] for c in columns]
             for n in range(count)))
    db.close()


async def one_that_waits(build, directory):
    """The network gives no answer."""
    load, daemon = await Load().start("--hold"), Daemon(build, directory)
    daemon.start(load.ports)
    await load.up()
    await load.ask("echo", 1, 1, USERS, CONTACTS, 0.5)
    daemon.child.kill()
    daemon.child.wait()
    await load.stop()
    return daemon


async def start_with_many(build, directory, options):
    daemon = await one_that_waits(build, directory)
    multiply(daemon.database, options.waiting)
    load = await Load().start("--hold")
    begin = time.monotonic()
    daemon.start(load.ports)
    await load.up()
    up = time.monotonic() - begin
    result = await load.ask("drain", options.waiting, DEADLINE_S / 2)
    turns = daemon.stop()
    await load.stop()
    log = daemon.log.read_text()
    ready, read = (stamp(log, text) for text in ("bridged: ready", "were waiting to be"))
    assert result["given"] == options.waiting, result
    return {
        "messages that waited": options.waiting,
        "start until connected, s": up,
        "ready until all are read, s": read - ready,
        "given while none was answered": result["most_in_hand"],
        "then to the end per second": (options.waiting - result["most_in_hand"]) / result["seconds"],
        **told(turns),
    }


def stamp(log, text):
    """When it was said, in seconds of the day."""
    h, m, s = re.search(rf"T(\d+):(\d+):([\d.]+)\S* .*{text}", log).groups()
    return int(h) * 3600 + int(m) * 60 + float(s)


async def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--window", type=int, default=2000, help="messages under way at most")
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / ".build" / "release")
    parser.add_argument("--directory", type=pathlib.Path, default=HERE / "results",
                        help="on the disk that is measured")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not (options.build / "test_plugins" / "post.so").exists():
        parser.error(f"no test_plugins/post.so in {options.build}: build it first "
                     "(cmake --preset release && cmake --build --preset release)")
    subprocess.run(["make", "-s", "-C", HERE, "post"], check=True)
    options.directory.mkdir(exist_ok=True)
    results = {}
    for name, measure in (("echo", echo), ("start", start_with_many)):
        directory = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}.", dir=options.directory))
        before = single_commits(directory)
        results[name] = await measure(options.build.resolve(), directory, options)
        (directory / "disk.db").unlink()
        results[name]["single commits per second, before"] = before
        results[name]["single commits per second, after"] = single_commits(directory)
        shutil.rmtree(directory)
    disk = results["echo"]
    disk["deliveries for each single commit"] = disk["deliveries per second"] / (
        (disk["single commits per second, before"] + disk["single commits per second, after"]) / 2)
    if options.json:
        print(json.dumps(results, indent=2))
        return
    for name, figures in results.items():
        print(f"\n{name}")
        for what, figure in figures.items():
            print(f"  {what:36}{figure:>14.1f}")


asyncio.run(main())
