"""A private Prosody 0.12."""

import pathlib

from process import Process, free_ports
from servers.server import XmppServer
from template import DOMAIN, PUPPETS, SECRET, render, server_snippet


class Prosody(XmppServer):
    name = "prosody"
    services = ("c2s", "component")  # that have to be up

    def __init__(self, directory, domain=DOMAIN):
        self.dir, self.domain = pathlib.Path(directory), domain
        self.accounts = self.dir / "data" / domain.replace(".", "%2e") / "accounts"
        self.accounts.mkdir(parents=True)
        super().__init__()

    def configure(self):
        self.c2s, self.component = free_ports(2)
        render("prosody.cfg.lua.in", self.dir / "prosody.cfg.lua", dir=self.dir,
               domain=self.domain, c2s_port=self.c2s, component_port=self.component)
        self.write_components()

    def write_components(self):
        """The advice, and a component for each other transport of the tests."""
        text = server_snippet("prosody.cfg.lua", self.component, self._secret)
        for name in ("echo", "post", *PUPPETS):
            text += f'\nComponent "{name}.{DOMAIN}"\n    component_secret = "{self._secret}"\n'
        (self.dir / "bridged.cfg.lua").write_text(self._edit(text))

    def forbid_components(self):
        """A server that nobody has told of us. The port is open, for something else."""
        self.allow_components(edit=lambda _: f'Component "other.{DOMAIN}"\n'
                                             f'    component_secret = "{SECRET}"\n')

    def add_user(self, user, password):
        """Works before the start and while it runs."""
        (self.accounts / f"{user}.dat").write_text(
            f'return {{ ["password"] = "{password}"; }};\n')

    def launch(self):
        self.process = Process(self.name, ["prosody", "-F", "--config",
                                           self.dir / "prosody.cfg.lua"], self.dir)
        # Hosts are activated in no fixed order, so wait for every port.
        for service in self.services:
            self.ready(rf"Activated service '{service}' on \[")
