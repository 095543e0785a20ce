"""A private ejabberd 23.01 as root: `erl` itself, since ejabberdctl does `su ejabberd`."""

import glob
import json
import pathlib
import urllib.error
import urllib.request

from process import Process, free_ports
from template import DOMAIN, SECRET, render, server_snippet


class Ejabberd:
    name = "ejabberd"

    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        (self.dir / "spool").mkdir()
        self.c2s, self.component, self.http, self.distribution = free_ports(4)
        self.process = None
        render("ejabberd.yml.in", self.dir / "ejabberd.yml", dir=self.dir, domain=DOMAIN,
               c2s_port=self.c2s, http_port=self.http)
        self.allow_components()

    def allow_components(self, secret=SECRET, edit=lambda text: text):
        """What contrib/servers/ tells admins to add, or what `edit` makes of it; counts at
        the next start."""
        (self.dir / "bridged.yml").write_text(
            edit(server_snippet("ejabberd.yml", self.component, secret)))

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

    def start(self):
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
        self.process.wait_line("is started in the node", timeout=60)
        for service in ("_c2s", "_http", "_service"):
            self.process.wait_line(f"Start accepting TCP .*{service}", timeout=60)
        return self

    def running(self):
        return self.process is not None and self.process.running()

    def stop(self, **how):
        return self.process.stop(**how)
