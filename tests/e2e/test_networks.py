"""Which IRC networks can be reached, and how their servers prove who they are."""

import subprocess

import pytest

from bridged import IRC
from clients.xmpp import Refused
from servers.ngircd import Ngircd


@pytest.fixture(scope="module")
def tls_ircd(tmp_path_factory):
    """Its certificate is its own authority, and is for `localhost`."""
    server = Ngircd(tmp_path_factory.mktemp("tls"), tls=True).start()
    yield server
    server.stop()


def fingerprint(certificate):
    done = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in",
                           certificate], check=True, capture_output=True, text=True)
    return done.stdout.strip().rpartition("=")[2]


@pytest.fixture
def enter(daemon, juliet, tls_ircd):
    """A function that starts the daemon for a network with these settings, and joins."""

    async def enter_with(**settings):
        daemon.irc["networks"] = [{"name": "secure", "host": "localhost",
                                   "port": tls_ircd.tls_port, **settings}]
        await daemon.start()
        return await juliet.join(f"#c%secure@{IRC}", "jul")

    return enter_with


@pytest.mark.parametrize("how", ["ca_file", "fingerprint", "any_certificate"])
async def test_a_certificate_that_is_vouched_for_is_accepted(enter, tls_ircd, how):
    vouch = {"ca_file": tls_ircd.certificate, "any_certificate": True,
             "fingerprint": fingerprint(tls_ircd.certificate)}
    room = await enter(**{how: vouch[how]})
    room.say("in secret")
    await room.message("in secret", "jul")


@pytest.mark.parametrize("how", ["nobody", "another name", "another fingerprint"])
async def test_a_certificate_that_is_not_is_refused_in_words(enter, tls_ircd, how):
    settings = {"nobody": {}, "another fingerprint": {"fingerprint": "AB" * 32},
                "another name": {"ca_file": tls_ircd.certificate, "host": "127.0.0.1"}}
    with pytest.raises(Refused) as refused:
        await enter(**settings[how])
    assert "certificate" in refused.value.error.text


async def test_users_cannot_name_machines_of_our_own_network(gateway, juliet):
    """Any network on the Internet may be named, unless the admin forbids it; a number or a
    bare name would be a way behind the firewall."""
    for host in ("127.0.0.1", "localhost", "10.1", "0x7f000001", "::1", "[::1]", "a..b"):
        refused = await juliet.bounced(juliet.message(f"nick%{host}@{IRC}", "hello"))
        assert refused.error.text, host
    assert await gateway.lines(r"connecting to") == []


async def test_only_configured_networks_can_be_reached_if_the_admin_says_so(daemon, juliet):
    daemon.irc["open_networks"] = False
    await daemon.start()
    with pytest.raises(Refused) as refused:
        await juliet.join(f"#c%irc.example.org@{IRC}", "jul")
    assert refused.value.error.text
    assert await daemon.lines(r"connecting to") == []
