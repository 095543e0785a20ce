"""Two private Prosody, in domains of their own, that find each other: for users of other
servers. Names are looked up in a file (Debian's lua-unbound), and what is not in it does not
exist, so nothing leaves the machine. Such a file has no SRV records: each server has port
5269, on a loopback address of its own. Dialback alone says who is who (XEP-0220)."""

import pathlib
import random

from servers.prosody import Prosody
from template import DOMAIN

REMOTE_DOMAIN = "verona.test"
COMPONENTS = ("gateway", "irc", "echo", "puppet", "plain", "club")

SETTINGS = """
s2s_ports = {{ 5269 }}
s2s_interfaces = {{ "{address}" }}
s2s_require_encryption = false
s2s_secure_auth = false
modules_disabled = {{ "tls" }}
unbound = {{ resolvconf = false; hoststxt = "{hosts}"; options = {{ ["local-zone:"] = "test. static" }} }}
"""


class Federated(Prosody):
    def __init__(self, directory, domain, address, hosts):
        directory.mkdir()
        self.settings = SETTINGS.format(address=address, hosts=hosts)
        # The other one has no components.
        self.services = ("c2s", "s2s") + (("component",) if domain == DOMAIN else ())
        super().__init__(directory, domain)
        if domain != DOMAIN:
            self.allow_components(edit=lambda _: "")

    def configure(self):
        super().configure()
        config = self.dir / "prosody.cfg.lua"
        text = config.read_text()
        for old, new in (('modules_disabled = { "s2s", "tls" }', self.settings),
                         ('"saslauth", ', '"saslauth", "dialback", ')):
            assert old in text, f"no {old} in the template"
            text = text.replace(old, new)
        config.write_text(text)


def federation(directory):
    """(the server of our domain, another one), not yet started."""
    directory = pathlib.Path(directory)
    hosts = directory / "hosts"
    here, there = (f"127.{random.randint(1, 254)}.{random.randint(0, 254)}."
                   f"{random.randint(2, 254)}" for _ in range(2))
    names = [DOMAIN, *(f"{name}.{DOMAIN}" for name in COMPONENTS)]
    hosts.write_text(f"{here} {' '.join(names)}\n{there} {REMOTE_DOMAIN}\n")
    return (Federated(directory / "here", DOMAIN, here, hosts),
            Federated(directory / "there", REMOTE_DOMAIN, there, hosts))
