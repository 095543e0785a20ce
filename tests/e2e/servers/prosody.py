"""A private Prosody 0.12."""

import pathlib

from process import Process, free_ports
from template import DOMAIN, PUPPETS, SECRET, render, server_snippet


class Prosody:
    name = "prosody"
    services = ("c2s", "component")  # that have to be up

    def __init__(self, directory, domain=DOMAIN):
        self.dir = pathlib.Path(directory)
        self.accounts = self.dir / "data" / domain.replace(".", "%2e") / "accounts"
        self.accounts.mkdir(parents=True)
        self.c2s, self.component = free_ports(2)
        self.process = None
        render("prosody.cfg.lua.in", self.dir / "prosody.cfg.lua", dir=self.dir, domain=domain,
               c2s_port=self.c2s, component_port=self.component)
        self.allow_components()

    def allow_components(self, secret=SECRET, edit=lambda text: text):
        """What contrib/servers/ tells admins to add, or what `edit` makes of it, and a
        component for each other transport of the tests; counts at the next start."""
        text = server_snippet("prosody.cfg.lua", self.component, secret)
        for name in ("echo", "post", *PUPPETS):
            text += f'\nComponent "{name}.{DOMAIN}"\n    component_secret = "{secret}"\n'
        (self.dir / "bridged.cfg.lua").write_text(edit(text))

    def forbid_components(self):
        """A server that nobody has told of us. The port is open, for something else."""
        (self.dir / "bridged.cfg.lua").write_text(
            f'Component "other.{DOMAIN}"\n    component_secret = "{SECRET}"\n')

    def add_user(self, user, password):
        """Works before the start and while it runs."""
        (self.accounts / f"{user}.dat").write_text(
            f'return {{ ["password"] = "{password}"; }};\n')

    def start(self):
        self.process = Process(self.name, ["prosody", "-F", "--config",
                                           self.dir / "prosody.cfg.lua"], self.dir)
        # Hosts are activated in no fixed order, so wait for every port.
        for service in self.services:
            self.process.wait_line(rf"Activated service '{service}' on \[")
        return self

    def running(self):
        return self.process is not None and self.process.running()

    def stop(self, **how):
        return self.process.stop(**how)
