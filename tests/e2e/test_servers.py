"""The servers of these tests: how they come up when a port is taken in between."""

import os
import random
import socket

import pytest

import process
from process import free_ports
from servers.ejabberd import Ejabberd
from servers.ngircd import Ngircd
from servers.prosody import Prosody
from servers.server import TRIES, PortInUse

PORTS = [(Prosody, "c2s"), (Prosody, "component"), (Ngircd, "port"), (Ejabberd, "c2s"),
         (Ejabberd, "component"), (Ejabberd, "distribution")]


@pytest.fixture
def make(tmp_path):
    made = []

    def make(kind):
        made.append(kind(tmp_path))
        return made[-1]

    yield make
    for server in made:
        if server.running():
            server.stop()


@pytest.fixture
def take():
    """Listens on a port, as somebody else."""
    taken = []

    def take(port):
        taken.append(socket.create_server(("127.0.0.1", port)))

    yield take
    for one in taken:
        one.close()


def reaches(port):
    with socket.create_connection(("127.0.0.1", port), 5):
        return True


@pytest.mark.parametrize("kind, which", PORTS)
def test_a_port_in_use_is_changed_for_another(make, take, kind, which):
    server = make(kind)
    port = getattr(server, which)
    take(port)
    server.start()
    assert getattr(server, which) != port and reaches(getattr(server, which))


def test_what_components_are_told_is_kept(make, take):
    """Set before the start; and in the file with the new port."""
    server = make(Prosody)
    server.allow_components(edit=lambda text: text + "\n-- edited\n")
    take(server.c2s)
    server.start()
    told = (server.dir / "bridged.cfg.lua").read_text()
    assert "-- edited" in told and server.process.tail().count(str(server.component))


def test_who_was_up_keeps_the_ports(make, take):
    """The daemon and its users have been told them."""
    server = make(Ngircd).start()
    port = server.port
    server.stop()
    take(port)
    with pytest.raises(PortInUse, match=str(port)):
        server.start()
    assert server.port == port


def test_only_so_often(make, take):
    server = make(Ngircd)
    seen = []
    configure = server.configure

    def unlucky():
        configure()
        take(server.port)
        seen.append(server.port)

    server.configure = unlucky
    take(server.port)
    with pytest.raises(PortInUse):
        server.start()
    assert len(seen) == TRIES - 1


def test_another_failure_is_not_hidden(make):
    server = make(Ngircd)
    config = server.dir / "ngircd.conf"
    config.write_text(config.read_text().replace(f"Name = {server.host}", "Name = no name"))
    with pytest.raises(AssertionError, match="ended with 1") as failure:
        server.start()
    assert not isinstance(failure.value, PortInUse)


def test_no_port_is_drawn_twice(monkeypatch):
    """Nor what another process has drawn, whose sign is the name."""
    (mine,) = free_ports(1)
    theirs = 100_000 + os.getpid()
    draw = random.randrange
    draws = [theirs, mine]
    monkeypatch.setattr(random, "randrange",
                        lambda *limits: draws.pop() if draws else draw(*limits))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(f"\0bridged-tests-port-{theirs}")
        assert process.free_ports(1)[0] not in (mine, theirs) and not draws
