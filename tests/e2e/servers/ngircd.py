"""A private ngircd 26.1: the bare RFC 2812 network."""

import pathlib
import subprocess

from process import Process, free_ports
from template import render

TLS = """[SSL]
    CertFile = {certificate}
    KeyFile = {key}
    Ports = {port}
"""


class Ngircd:
    name = "ngircd"
    host = "irc.test"

    def __init__(self, directory, tls=False):
        """With TLS its start takes longer: it computes Diffie-Hellman parameters."""
        self.dir = pathlib.Path(directory)
        self.port, self.tls_port = free_ports(2)
        self.process = None
        self.certificate = self.dir / "irc.crt"
        render("ngircd.conf.in", self.dir / "ngircd.conf", name=self.host, port=self.port,
               tls=self._tls() if tls else "")

    def _tls(self):
        key = self.dir / "irc.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", key, "-out", self.certificate],
                       check=True, capture_output=True)
        return TLS.format(certificate=self.certificate, key=key, port=self.tls_port)

    def start(self):
        self.process = Process(self.name, ["ngircd", "-n", "-f", self.dir / "ngircd.conf"],
                               self.dir)
        self.process.wait_line(r"Server \".*\" .* ready")
        return self

    def running(self):
        return self.process is not None and self.process.running()

    def stop(self, **how):
        return self.process.stop(**how)
