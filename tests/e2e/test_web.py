"""The HTTP listener: what monitoring sees, and that nobody holds it up."""

import asyncio
import http.client
import json
import re
import resource

import pytest

from bridged import BUILD, ECHO, GATEWAY, run
from process import DEADLINE, free_ports

NYMPH = f"nymph@{ECHO}"


class Web:
    def __init__(self):
        self.port = free_ports(1)[0]
        self.listen = f"127.0.0.1:{self.port}"

    def fetch(self, path, method="GET"):
        """(status, Content-Type, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type"), answer.read().decode()
        finally:
            connection.close()

    async def get(self, path, method="GET"):
        return await asyncio.to_thread(self.fetch, path, method)

    async def health(self):
        status, kind, body = await self.get("/health")
        assert kind == "application/json"
        health = json.loads(body)
        assert (status, health["status"]) in ((200, "ok"), (503, "degraded"))
        return status, health

    async def metrics(self):
        status, kind, body = await self.get("/metrics")
        assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
        return Metrics(body)

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port)


class Metrics:
    """The text format, 0.0.4, read as strictly as promtool does: anything odd is a failure."""

    NAME = r"[a-z_][a-z0-9_]*"
    LABEL = rf'({NAME})="((?:[^"\\\n]|\\["\\n])*)"'
    SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)")

    def __init__(self, text):
        assert text.endswith("\n")
        self.values, self.types, helped = {}, {}, None
        lines = iter(text[:-1].split("\n"))
        for line in lines:
            if help_ := re.fullmatch(rf"# HELP ({self.NAME}) (\S.*\.)", line):
                helped = help_[1]
                kind = re.fullmatch(rf"# TYPE {helped} (gauge|counter|histogram)", next(lines))
                assert kind and helped not in self.types, line
                self.types[helped] = kind[1]
                continue
            name, labels, value = self.sample(line)
            suffix = name.removeprefix(helped)
            allowed = ("_bucket", "_sum", "_count") if self.types[helped] == "histogram" else ("",)
            assert suffix in allowed, line
            assert (name, labels) not in self.values, line
            self.values[name, labels] = value
        for name, kind in self.types.items():
            assert (kind == "counter") == name.endswith("_total"), name
            assert re.match("(bridged|process)_", name), name
            assert not re.search("_(milliseconds|ms|kilobytes|count|sum|bucket)(_|$)", name), name
            if kind == "histogram":
                self.check_histogram(name)

    def sample(self, line):
        match = self.SAMPLE.fullmatch(line)
        assert match, line
        labels = re.findall(self.LABEL, match[2] or "")
        assert len(dict(labels)) == len(labels), line
        return match[1], frozenset(labels), float(match[match.lastindex])

    def check_histogram(self, name):
        buckets = sorted((float(dict(labels)["le"]), value) for (one, labels), value
                         in self.values.items() if one == f"{name}_bucket")
        counts = [value for _, value in buckets]
        assert counts == sorted(counts)
        assert buckets[-1] == (float("inf"), self[f"{name}_count"])

    def __call__(self, name, **labels):
        return self.values[name, frozenset(labels.items())]

    def __getitem__(self, name):
        return self(name)


@pytest.fixture
def web(daemon):
    """Where the daemon listens, once it runs."""
    web = Web()
    daemon.config["http"] = {"listen": web.listen}
    return web


async def echo(user, text):
    user.message(NYMPH, text)
    await user.received(NYMPH, text)


# Health


async def test_health_follows_the_streams(daemon, web, xmpp_server):
    await daemon.start()
    status, health = await web.health()
    assert status == 200
    assert {one["domain"] for one in health["components"]} == set(daemon.domains())
    assert all(one["up"] for one in health["components"])
    assert health["database"] == {"well": True}
    assert health["deliveries"]["waiting"] == 0

    start = daemon.mark()
    xmpp_server.stop()
    for domain in daemon.domains():
        await daemon.logged(rf"component\[{domain}\].*WAITING", start)
    status, health = await web.health()
    assert status == 503
    assert not any(one["up"] for one in health["components"])
    xmpp_server.start()
    await daemon.components_up(start)
    assert (await web.health())[0] == 200


async def test_health_before_the_first_stream(daemon, web, xmpp_server):
    daemon.config["xmpp"]["port"] = free_ports(1)[0]
    daemon.launch()
    await daemon.logged(r"trying again in")
    status, health = await web.health()
    assert (status, health["database"]) == (503, {"well": True})


# Metrics


async def test_metrics_count_what_happens(daemon, web, juliet):
    await daemon.start()
    before = await web.metrics()
    for domain in daemon.domains():
        assert before("bridged_component_up", domain=domain) == 1
        assert before("bridged_rooms", domain=domain) == 0
    assert before["bridged_store_degraded"] == 0
    assert before["bridged_uptime_seconds"] < DEADLINE
    assert before["process_resident_memory_bytes"] > 1e6

    juliet.write(f"<presence type='subscribe' to='{NYMPH}'/>")
    await juliet.contact_presence(NYMPH)
    await echo(juliet, "one")
    after = await web.metrics()
    assert after("bridged_sessions", domain=ECHO) == 1
    assert after("bridged_contacts_watched", domain=ECHO) == 1
    for direction in ("in", "out"):
        count = [m("bridged_stanzas_total", domain=ECHO, direction=direction)
                 for m in (before, after)]
        assert count[1] >= count[0] + 2
    assert after["bridged_store_writes_total"] > before["bridged_store_writes_total"]
    assert after["bridged_store_commit_seconds_count"] == after["bridged_store_commits_total"]
    assert after["bridged_loop_busy_seconds_total"] > before["bridged_loop_busy_seconds_total"]
    assert after["bridged_loop_longest_turn_seconds"] > 0
    assert after.types == before.types


async def test_a_full_disk_is_seen_and_admins_are_told(daemon, web, juliet):
    """Juliet is an admin."""
    daemon.config["gateway"]["admins"] = [juliet.jid.partition("/")[0]]
    await daemon.start()
    pid = daemon.process.child.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1024, hard))
    try:
        juliet.write(f"<presence type='subscribe' to='{NYMPH}'/>")
        told = await juliet.received(GATEWAY)
        assert "cannot write to its database" in told.body
        status, health = await web.health()
        assert (status, health["database"]["well"]) == (503, False)
        assert health["database"]["trouble"]
        metrics = await web.metrics()
        assert metrics["bridged_store_degraded"] == 1
        assert metrics["bridged_store_failures_total"] >= 1
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))
    told = await juliet.received(GATEWAY)
    assert "can write to its database again" in told.body
    assert (await web.health())[0] == 200
    assert (await web.metrics())["bridged_store_degraded"] == 0


# Nobody holds it up


async def test_what_is_not_there(daemon, web):
    await daemon.start()
    assert (await web.get("/"))[0] == 404
    assert (await web.get("/health", "POST"))[0] == 405
    assert (await web.get("/health", "HEAD"))[::2] == (200, "")


async def test_slow_and_huge_requests_hold_nothing_up(daemon, web, juliet):
    """More of them than there are places, and an endless body: messages go through."""
    await daemon.start()
    slow = [await web.connect() for _ in range(200)]
    for _, writer in slow:
        writer.write(b"POST /health HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    reader, huge = await web.connect()
    huge.write(b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n")

    async def flood():
        try:
            while True:
                huge.write(b"x" * 65536)
                await huge.drain()
        except ConnectionError:
            pass

    flooding = asyncio.ensure_future(flood())
    for n in range(20):
        for _, writer in slow:
            writer.write(b"x")
        await echo(juliet, f"message {n}")
        assert (await web.health())[0] == 200
    await asyncio.wait_for(flooding, DEADLINE)  # it is cut, long before its end
    for _, writer in [*slow, (reader, huge)]:
        writer.close()


# Its address


async def test_an_address_in_use_stops_the_start(daemon, web):
    await daemon.start()
    other = daemon.config_file.parent / "other.conf"
    other.write_text(daemon.config_file.read_text().replace("bridge.db", "other.db"))
    other.chmod(0o600)
    code, _, err = await asyncio.to_thread(run, "-c", other, "--plugins",
                                           f"{BUILD / 'plugins'}:{BUILD / 'test_plugins'}")
    assert code == 1
    assert f"cannot listen on 127.0.0.1 port {web.port}: Address already in use" in err
    assert (await web.health())[0] == 200


@pytest.mark.parametrize("listen", ["8088", "localhost:8088", "127.0.0.1:0", "::1:8088", 5])
async def test_no_address_is_a_fault(daemon, listen):
    daemon.config["http"] = {"listen": listen}
    daemon.write_config()
    code, _, err = await asyncio.to_thread(run, "-c", daemon.config_file, "--check-config",
                                           "--plugins", BUILD / "plugins")
    assert code == 1
    assert "bridge.conf:" in err and "http" in err
    assert "expected an address and a port" in err or "expected text" in err
