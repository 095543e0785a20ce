"""An IRC user for tests: bare lines, every wait with a deadline, nothing hidden."""

import asyncio
import re

from process import DEADLINE


class IrcUser:
    def __init__(self, nick):
        self.nick = nick
        self.lines = []   # everything received, PINGs excluded
        self._seen = 0    # lines that expect() has passed
        self._more = asyncio.Event()
        self._closed = False

    async def connect(self, port, host="127.0.0.1"):
        self.reader, self.writer = await asyncio.open_connection(host, port)
        self._reading = asyncio.create_task(self._read())
        self.send(f"NICK {self.nick}", f"USER {self.nick} 0 * :Test User")
        await self.expect(r" (376|422) ")
        return self

    async def _read(self):
        try:
            while raw := await self.reader.readline():
                line = raw.rstrip(b"\r\n").decode("utf-8", "replace")
                if line.startswith("PING"):
                    self.send("PONG" + line[4:])
                else:
                    self.lines.append(line)
                self._more.set()
        except OSError:
            pass
        self._closed = True
        self._more.set()

    def send(self, *lines):
        self.writer.write("".join(line + "\r\n" for line in lines).encode())

    async def expect(self, pattern, timeout=DEADLINE):
        """The first line that matches, after the one found last; its match object."""
        seek, start = re.compile(pattern), self._seen
        end = asyncio.get_running_loop().time() + timeout
        while True:
            while self._seen < len(self.lines):
                self._seen += 1
                match = seek.search(self.lines[self._seen - 1])
                if match:
                    return match
            left = end - asyncio.get_running_loop().time()
            if self._closed or left <= 0:
                why = "connection closed" if self._closed else f"nothing in {timeout} s"
                came = "\n  ".join(self.lines[start:][-30:])
                raise AssertionError(f"irc {self.nick}: {why} for /{pattern}/; instead:\n"
                                     f"  {came}")
            self._more.clear()
            try:
                await asyncio.wait_for(self._more.wait(), left)
            except asyncio.TimeoutError:
                pass

    async def heard(self, target, count):
        """(nick, text) of the next so many PRIVMSGs to that target."""
        said = []
        for _ in range(count):
            line = await self.expect(rf"^:([^!]+)!\S+ PRIVMSG {re.escape(target)} :(.*)$")
            said.append(line.groups())
        return said

    async def barrier(self):
        """The lines that the server had for us up to now, from the one found last on: what
        makes "nothing came" provable without a pause."""
        start = self._seen
        self.send("PING :barrier")
        await self.expect(r" PONG .*barrier")
        return self.lines[start:self._seen - 1]

    async def join(self, channel, key=""):
        """Returns the nicks with their prefixes, ourselves included."""
        self.send(f"JOIN {channel} {key}".rstrip())
        nicks, wanted = [], re.escape(channel)
        answer = rf"(?i) (?:353 .*{wanted} :(.*)|(366|4[067]\d) .*{wanted} )"
        while True:
            names = await self.expect(answer)
            if names.group(1) is not None:
                nicks += names.group(1).split()
            elif names.group(2) == "366":
                return nicks
            else:
                raise AssertionError(f"irc {self.nick}: cannot join: {names.string}")

    async def names(self, channel):
        self.send(f"NAMES {channel}")
        nicks = []
        while True:
            names = await self.expect(rf" (?:353 .*{re.escape(channel)} :(.*)|366 )")
            if names.group(1) is None:
                return nicks
            nicks += names.group(1).split()

    def say(self, target, text):
        self.send(f"PRIVMSG {target} :{text}")

    async def close(self):
        self._reading.cancel()
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            pass
