"""The HTTP listener: what monitoring sees, and that nobody holds it up."""

import asyncio
import http.client
import json

import pytest

from bridged import BUILD, ECHO, run
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

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port)


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
