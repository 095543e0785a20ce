"""A program for people, in a terminal of its own (tmux): types, and waits for what is shown.

tmux's control mode says when the screen has changed, so nothing here looks at it for no
reason."""

import asyncio
import os
import re
import shlex

from process import DEADLINE


class Terminal:
    """One program, on one screen. `directory` is its home."""

    def __init__(self, name, argv, directory, size=(200, 40)):
        self.name, self.argv, self.dir, self.size = name, argv, directory, size
        self.screen = ""
        self._replies, self._changed = asyncio.Queue(), asyncio.Event()

    async def start(self):
        width, height = self.size
        env = {"PATH": os.environ["PATH"], "HOME": str(self.dir), "LANG": "C.UTF-8",
               "TERM": "screen-256color"}
        for kind in ("CONFIG", "DATA", "CACHE", "STATE"):
            env[f"XDG_{kind}_HOME"] = str(self.dir / kind.lower())
        self._tmux = await asyncio.create_subprocess_exec(
            "tmux", "-S", str(self.dir / "tmux"), "-f", "/dev/null", "-C", "new-session",
            "-x", str(width), "-y", str(height), shlex.join(map(str, self.argv)),
            cwd=self.dir, env=env, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, limit=1 << 20)
        self._reading = asyncio.create_task(self._read())
        await self._reply()  # to new-session
        return self

    async def _read(self):
        """%output: the screen has changed. %begin to %end: the reply to a command."""
        reply = None
        while raw := await self._tmux.stdout.readline():
            line = raw.decode("utf-8", "replace").rstrip("\n")
            if line.startswith("%begin "):
                reply = []
            elif line.startswith(("%end ", "%error ")):
                self._replies.put_nowait(reply)
                reply = None
            elif reply is not None:
                reply.append(line)
            elif line.startswith("%output "):
                self._changed.set()
        self._replies.put_nowait(None)  # the program has ended, and tmux with it
        self._changed.set()

    async def _reply(self):
        reply = await asyncio.wait_for(self._replies.get(), DEADLINE)
        assert reply is not None, f"{self.name} has ended; last it showed:\n{self.screen}"
        return reply

    async def _command(self, *words):
        self._tmux.stdin.write((shlex.join(words) + "\n").encode())
        return await self._reply()

    async def look(self):
        """The screen as it is now."""
        self._changed.clear()
        self.screen = "\n".join(line.rstrip() for line in await self._command("capture-pane",
                                                                              "-p"))
        return self.screen

    async def press(self, *keys):
        """By tmux's names: Enter, Escape, Tab, C-c."""
        await self._command("send-keys", *keys)

    async def write(self, text):
        """Type, and wait until it can be read: a key that follows at once would be taken for
        a part of something that was pasted."""
        await self._command("send-keys", "-l", text)
        await self.shows(re.escape(text[-30:]))

    async def type(self, line, hidden=False):
        """A line and Enter; `hidden`: it does not appear."""
        if hidden:
            await self._command("send-keys", "-l", line)
        else:
            await self.write(line)
        await self.press("Enter")

    async def changed(self):
        """Wait until something has changed since the last look."""
        await asyncio.wait_for(self._changed.wait(), DEADLINE)
        await self.look()

    async def shows(self, pattern, timeout=DEADLINE):
        """Wait until the screen has it; the match."""
        seek, end = re.compile(pattern, re.MULTILINE), asyncio.get_running_loop().time() + timeout
        while True:
            match = seek.search(await self.look())
            if match:
                return match
            left = end - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except asyncio.TimeoutError:
                raise AssertionError(f"{self.name} does not show /{pattern}/ but:\n"
                                     f"{self.screen}") from None

    async def close(self):
        if self._tmux.returncode is None:
            self._tmux.stdin.write(b"kill-server\n")
            try:
                await asyncio.wait_for(self._tmux.wait(), DEADLINE)
            except asyncio.TimeoutError:
                self._tmux.kill()
        await self._reading
