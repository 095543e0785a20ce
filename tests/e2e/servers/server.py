"""What the servers of the tests have in common: a start that a port in use does not spoil."""

import re

from template import SECRET

TRIES = 4
# Prosody goes on without the port; ngircd and ejabberd end, Erlang itself with its own word.
IN_USE = r"[Aa]ddress already in use|this port is in use|eaddrinuse"


class PortInUse(AssertionError):
    """Somebody took the port between its being drawn and its being opened."""


class Server:
    """A kind of server has configure(), which draws ports and writes the files that name
    them, and launch(), which makes self.process and waits with ready()."""

    def __init__(self):
        self.process = None
        self._settled = False
        self.configure()

    def start(self):
        """On other ports if one is in use, but only the first time: once it has been up, the
        daemon and its users have been told them. Any other failure is the caller's."""
        for left in reversed(range(TRIES)):
            try:
                self.launch()
            except PortInUse:
                self.stop()
                if self._settled or not left:
                    raise
                self.configure()
            else:
                self._settled = True
                break
        return self

    def ready(self, pattern, **how):
        """Wait until the log says so."""
        found = self.process.wait_line(f"{IN_USE}|{pattern}", **how)
        if re.search(IN_USE, found.string):
            raise PortInUse(f"{self.name}: {found.string}\n{self.process.tail()}")

    def running(self):
        return self.process is not None and self.process.running()

    def stop(self, **how):
        return self.process.stop(**how)


class XmppServer(Server):
    """One that lets components in: write_components() writes the file that says which."""

    _secret, _edit = SECRET, staticmethod(lambda text: text)

    def allow_components(self, secret=SECRET, edit=lambda text: text):
        """What contrib/servers/ tells admins to add, or what `edit` makes of it; counts at
        the next start."""
        self._secret, self._edit = secret, edit
        self.write_components()
