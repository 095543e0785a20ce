"""The daemon under test: a configuration, a process, and what its log has to say."""

import os
import pathlib
import re
import signal
import sqlite3
import subprocess

from process import DEADLINE, Process
from template import DOMAIN, SECRET, SOURCE

BUILD = pathlib.Path(os.environ.get("BRIDGED_BUILD", SOURCE / ".build" / "asan")).resolve()
PLUGINS = f"{BUILD / 'plugins'}:{BUILD / 'test_plugins'}"
GATEWAY, IRC, ECHO = (f"{name}.{DOMAIN}" for name in ("gateway", "irc", "echo"))
NETWORK = "irc.localhost"

READ_AGAIN = r"reload: the configuration was read again"

# A sanitizer's report ends the process with this code, whichever sanitizer it is.
REPORT = 99
SANITIZERS = {
    "ASAN_OPTIONS": f"detect_leaks=1:exitcode={REPORT}:strict_string_checks=1",
    "LSAN_OPTIONS": f"exitcode={REPORT}",
    "UBSAN_OPTIONS": f"print_stacktrace=1:exitcode={REPORT}",
}


def executable():
    for path in (BUILD / "bridged", BUILD / "bridge" / "bridged"):
        if path.exists():
            return path
    raise AssertionError(f"no bridged in {BUILD}: build it first, or set BRIDGED_BUILD")


def run(*args, timeout=DEADLINE, env=None):
    """A short run of the program, to its end: (exit code, standard output, errors)."""
    done = subprocess.run([executable(), *map(str, args)], capture_output=True, text=True,
                          timeout=timeout, env={**os.environ, **SANITIZERS, **(env or {})})
    assert done.returncode != REPORT, done.stderr
    return done.returncode, done.stdout, done.stderr


def libconfig(value, depth=0):
    """A Python value in the syntax of bridge.conf."""
    pad = "    " * (depth + 1)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        lines = (f"{pad}{key} = {libconfig(one, depth + 1)};\n" for key, one in value.items())
        return "{\n" + "".join(lines) + pad[4:] + "}"
    if isinstance(value, (list, tuple)):
        return "( " + ", ".join(libconfig(one, depth) for one in value) + " )"
    if isinstance(value, (str, pathlib.Path)):
        text = str(value).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{text}"'
    return str(value)


class Bridged:
    def __init__(self, directory, component_port, irc_port=1):
        self.dir = pathlib.Path(directory)
        self.config_file = self.dir / "bridge.conf"
        self.process = None
        network = {"name": NETWORK, "host": "127.0.0.1", "port": irc_port, "tls": False,
                   "rate": 0}
        self.config = {
            "xmpp": {"server": "127.0.0.1", "port": component_port},
            "gateway": {"domain": GATEWAY, "secret": SECRET},
            "database": self.dir / "bridge.db",
            "control_socket": "",  # that of a bridged which serves this machine is its own
            "log": {"level": "debug"},
            "transports": [
                {"plugin": "irc", "domain": IRC, "secret": SECRET, "networks": [network]},
                {"plugin": "echo", "domain": ECHO, "secret": SECRET},
            ],
        }
        self.irc, self.echo = self.config["transports"]
        self.network = network

    def add_transport(self, plugin):
        """Before the start. Its domain is named like the plugin."""
        transport = {"plugin": plugin, "domain": f"{plugin}.{DOMAIN}", "secret": SECRET}
        self.config["transports"].append(transport)
        return transport

    def domains(self):
        return [self.config["gateway"]["domain"],
                *(one["domain"] for one in self.config["transports"])]

    def write_config(self):
        text = "".join(f"{key} = {libconfig(value)};\n" for key, value in self.config.items())
        self.config_file.write_text(text)
        self.config_file.chmod(0o600)  # it holds secrets, and bridged warns

    def launch(self):
        """Start it, without waiting for anything."""
        self.write_config()
        self.process = Process("bridged", [executable(), "-c", self.config_file, "--plugins",
                                           PLUGINS, "--translations", BUILD / "locale"],
                               self.dir, SANITIZERS)
        return self

    async def start(self):
        """Start it and wait until every component is up."""
        self.launch()
        await self.process.logged(r"\bready\b")
        await self.components_up()
        return self

    async def components_up(self, start=0, timeout=DEADLINE):
        for domain in self.domains():
            await self.process.logged(rf"component\[{re.escape(domain)}\]: up", start, timeout)

    async def logged(self, pattern, start=0, timeout=DEADLINE):
        return await self.process.logged(pattern, start, timeout)

    def mark(self):
        return self.process.mark()

    async def lines(self, pattern, start=0):
        """The lines up to now that match; a reload that changes nothing shows where the log
        has got to."""
        await self.logged(READ_AGAIN, self.reload())
        return [line for line in list(self.process.lines)[start:] if re.search(pattern, line)]

    def stored(self, text):
        """(table, row) for every row of the database that has this text in any cell."""
        db = sqlite3.connect(f"file:{self.dir / 'bridge.db'}?mode=ro", uri=True)
        try:
            tables = [name for name, in db.execute("SELECT name FROM sqlite_schema "
                                                   "WHERE type = 'table'")]
            return [(table, row) for table in tables
                    for row in db.execute(f"SELECT * FROM {table}")
                    if any(text in str(cell) for cell in row)]
        finally:
            db.close()

    def reload(self):
        """SIGHUP with the configuration as it is now. Returns the place in the log."""
        self.write_config()
        start = self.mark()
        self.process.send_signal(signal.SIGHUP)
        return start

    async def stop(self, number=signal.SIGTERM):
        """SIGTERM; the end has to come soon and in order."""
        if self.process.running():
            self.process.send_signal(number)
        code = await self.process.ended()
        self.process.stop()
        assert code != REPORT, f"a sanitizer's report:\n{self.process.tail(120)}"
        assert code == 0, f"exit code {code}:\n{self.process.tail()}"

    async def kill(self):
        self.process.send_signal(signal.SIGKILL)
        await self.process.ended()
        self.process.stop()
