"""A private ngircd 26.1: the bare RFC 2812 network."""

import pathlib
import subprocess

from process import Process, free_ports
from servers.server import Server
from template import render

TLS = """[SSL]
    CertFile = {certificate}
    KeyFile = {key}
    Ports = {port}
"""


class Ngircd(Server):
    name = "ngircd"
    host = "irc.test"

    def __init__(self, directory, tls=False):
        """With TLS its start takes longer: it computes Diffie-Hellman parameters."""
        self.dir, self.tls = pathlib.Path(directory), tls
        self.certificate = self.dir / "irc.crt"
        super().__init__()

    def configure(self):
        self.port, self.tls_port = free_ports(2)
        render("ngircd.conf.in", self.dir / "ngircd.conf", name=self.host, port=self.port,
               tls=self._tls() if self.tls else "")

    def _tls(self):
        key = self.dir / "irc.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", key, "-out", self.certificate],
                       check=True, capture_output=True)
        return TLS.format(certificate=self.certificate, key=key, port=self.tls_port)

    def launch(self):
        self.process = Process(self.name, ["ngircd", "-n", "-f", self.dir / "ngircd.conf"],
                               self.dir)
        self.ready(r"Server \".*\" .* ready")
