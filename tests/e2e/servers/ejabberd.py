"""A private ejabberd 23.01 as root: `erl` itself, since ejabberdctl does `su ejabberd`."""

import glob
import json
import pathlib
import shutil
import urllib.error
import urllib.request

from process import Process, free_ports
from servers.server import XmppServer
from template import DOMAIN, render, server_snippet


class Ejabberd(XmppServer):
    name = "ejabberd"

    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        super().__init__()

    def configure(self):
        self.c2s, self.component, self.http, self.distribution = free_ports(4)
        # What Mnesia has written belongs to the node, which is named after a port.
        shutil.rmtree(self.dir / "spool", ignore_errors=True)
        (self.dir / "spool").mkdir()
        render("ejabberd.yml.in", self.dir / "ejabberd.yml", dir=self.dir, domain=DOMAIN,
               c2s_port=self.c2s, http_port=self.http)
        self.write_components()

    def write_components(self):
        (self.dir / "bridged.yml").write_text(
            self._edit(server_snippet("ejabberd.yml", self.component, self._secret)))

    def forbid_components(self):
        """A server that nobody has told of us. The port is open, for something else."""
        self.allow_components(edit=lambda text: text.replace(
            "password:", f'hosts:\n      "other.{DOMAIN}":\n        password:'))

    def add_user(self, user, password):
        """An account that is there already is left alone. (A killed ejabberd may forget what
        it has just been told.)"""
        try:
            self._call("register", user=user, host=DOMAIN, password=password)
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise

    def _call(self, command, **args):
        """mod_http_api takes milliseconds, ejabberdctl half a second."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http}/api/{command}", json.dumps(args).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def launch(self):
        libraries = glob.glob("/usr/lib/*/ejabberd-*")[0].rsplit("/", 1)[0]
        environment = {
            "ERL_LIBS": libraries, "HOME": str(self.dir), "ERL_CRASH_DUMP_BYTES": "0",
            "EJABBERD_CONFIG_PATH": str(self.dir / "ejabberd.yml"),
            "EJABBERD_LOG_PATH": str(self.dir / "ejabberd-file.log"),
            "CONTRIB_MODULES_PATH": str(self.dir / "modules"),
            "CONTRIB_MODULES_CONF_DIR": str(self.dir / "modules"),
        }
        # A distribution port of our own: no epmd stays behind, no node's name clashes.
        self.process = Process(self.name, [
            "erl", "-noinput", "-sname", f"test{self.distribution}@localhost",
            "-setcookie", "testcookie", "-start_epmd", "false",
            "-erl_epmd_port", self.distribution,
            "-kernel", "inet_dist_use_interface", "{127,0,0,1}",
            "-mnesia", "dir", f'"{self.dir}/spool"', "-s", "ejabberd",
        ], self.dir, environment)
        self.ready("is started in the node", timeout=60)
        for service in ("_c2s", "_http", "_service"):
            self.ready(f"Start accepting TCP .*{service}", timeout=60)
