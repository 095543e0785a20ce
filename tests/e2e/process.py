"""Child processes whose output is awaited line by line; nothing sleeps or polls a file."""

import asyncio
import collections
import ctypes
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import threading
import time

DEADLINE = 20  # seconds for anything that a healthy machine does in a tenth of one

_reserved = []  # names of our ports
living = []  # what a failed test shows: every process started and not yet forgotten


def _reserve(port):
    """False: another run of tests on this machine has it. Such a name is there as long as
    this process, and leaves nothing behind."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0bridged-tests-port-{port}")
    except OSError:
        name.close()
        return False
    _reserved.append(name)
    return True


def _is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count):
    """Ports nobody listens on, outside the range that the kernel gives to clients, and no
    other test's as long as this process lives."""
    found = []
    while len(found) < count:
        port = random.randrange(10000, 30000)
        if _reserve(port) and _is_free(port):
            found.append(port)
    return found


def _die_with_parent():
    """A pytest killed from outside leaves no server behind (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Process:
    """A foreground child in a session of its own, its output copied to DIR/NAME.log."""

    def __init__(self, name, argv, directory, env=None):
        self.name, self.argv = name, [str(a) for a in argv]
        self.log = pathlib.Path(directory) / f"{name}.log"
        self.lines = collections.deque(maxlen=400_000)
        self._changed, self._eof = threading.Condition(), False
        # The death signal follows the thread that forks: always the main one.
        assert threading.current_thread() is threading.main_thread()
        self.child = subprocess.Popen(
            self.argv, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=_die_with_parent,
            env={**os.environ, **(env or {})})
        self._pump = threading.Thread(target=self._read, daemon=True)
        self._pump.start()
        living.append(self)

    def _read(self):
        with open(self.log, "ab", buffering=0) as copy:
            for raw in self.child.stdout:
                copy.write(raw)
                with self._changed:
                    self.lines.append(raw.decode("utf-8", "replace").rstrip("\r\n"))
                    self._changed.notify_all()
        with self._changed:
            self._eof = True
            self._changed.notify_all()

    def tail(self, count=60):
        with self._changed:
            return "\n".join(list(self.lines)[-count:])

    def mark(self):
        """A place in the output, for wait_line(start=...)."""
        with self._changed:
            return len(self.lines)

    def wait_line(self, pattern, start=0, timeout=DEADLINE):
        """The first line from `start` on that matches; its match object. Raises with the
        end of the log when the process ends or the deadline passes first."""
        seek, end, at = re.compile(pattern), time.monotonic() + timeout, start
        with self._changed:
            while True:
                while at < len(self.lines):
                    match = seek.search(self.lines[at])
                    at += 1
                    if match:
                        return match
                left = end - time.monotonic()
                if self._eof or left <= 0:
                    break
                self._changed.wait(left)
        why = f"ended with {self.child.wait(DEADLINE)}" if self._eof else "said nothing more"
        raise AssertionError(f"{self.name} {why} before /{pattern}/\n{self.tail()}")

    async def logged(self, pattern, start=0, timeout=DEADLINE):
        """wait_line() for tests whose own event loop has to go on meanwhile."""
        return await asyncio.to_thread(self.wait_line, pattern, start, timeout)

    def running(self):
        return self.child.poll() is None

    def send_signal(self, number):
        """To the whole process group: ejabberd has helpers."""
        try:
            os.killpg(self.child.pid, number)
        except ProcessLookupError:
            pass

    def stop(self, number=signal.SIGTERM, timeout=DEADLINE):
        """Signal, wait, return the exit code; SIGKILL (and -9) when it does not end."""
        if self.running():
            self.send_signal(number)
        try:
            self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.send_signal(signal.SIGKILL)
            self.child.wait()
        self._pump.join(DEADLINE)
        if self in living:
            living.remove(self)
        return self.child.returncode

    async def ended(self, timeout=DEADLINE):
        """Wait until it ends by itself (or by a signal already sent); its exit code."""
        code = await asyncio.to_thread(self.child.wait, timeout)
        await asyncio.to_thread(self._pump.join, DEADLINE)
        return code
