"""The networks of puppet/: contacts that do what they are told.

    await puppet.ask(juliet, "alice", "get colour")          # what alice says to that
    puppet.tell(juliet, "alice", "typing")                   # whatever comes of it
    (await puppet.seen(juliet, "message"))["replaces"]       # what the plugin was given
"""

from template import DOMAIN

PROMPTER = "prompter"  # answers questions, so that they do not mix with what others say


class Puppet:
    def __init__(self, name):
        self.domain = f"{name}.{DOMAIN}"

    def jid(self, name):
        return f"{name}@{self.domain}"

    def tell(self, user, name, line):
        """Returns the id of the message."""
        return user.message(self.jid(name), line)

    async def ask(self, user, name, line):
        self.tell(user, name, line)
        return (await user.received(self.jid(name))).body

    async def seen(self, user, kind):
        """The fields of the last such call for this user, as text; None: none came. What the
        user sent before has been handled."""
        told = await self.ask(user, PROMPTER, f"seen {kind}")
        if told == "nothing":
            return None
        return {key: _unescape(value) for key, _, value in
                (line.partition(": ") for line in told.split("\n"))}

    async def watched(self, user):
        """The contacts whose presence the core wants to know for this user."""
        told = await self.ask(user, PROMPTER, "watched")
        return [] if told == "nobody" else told.split(" ")


def _unescape(value):
    return "\\".join(part.replace("\\n", "\n") for part in value.split("\\\\"))
