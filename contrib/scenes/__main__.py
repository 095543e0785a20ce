"""The part of contrib/quickstart that comes after the build: servers, bridged, and the scenes,
one for each transport. Servers and users are those of the end-to-end tests."""

import asyncio
import logging
import os
import pathlib
import shutil
import signal
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tests" / "e2e")]

logging.getLogger("slixmpp").setLevel(logging.CRITICAL)  # what matters, the scenes say

import process
from bridged import Bridged
from clients.xmpp import Refused, User
from irc import IrcScene
from servers.prosody import Prosody
from template import DOMAIN
from transcript import Transcript

PASSWORD = "quickstart"
VISITOR = "you"  # the account for whoever watches
SCENES = [IrcScene]


def started(name, text):
    print(f"  {name:<10} {text}", flush=True)


class Stage:
    """Everything that runs, in a directory of its own."""

    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.users = []

    def room_for(self, name):
        path = self.dir / name
        path.mkdir()
        return path

    def start_xmpp(self):
        self.prosody = Prosody(self.room_for("prosody"))
        for account in ("juliet", VISITOR):
            self.prosody.add_user(account, PASSWORD)
        self.prosody.start()
        started("prosody", f"serves {DOMAIN} on 127.0.0.1, port {self.prosody.c2s}")

    async def start_bridged(self, scenes):
        self.bridged = Bridged(self.room_for("bridged"), self.prosody.component)
        self.bridged.config["log"]["level"] = "info"
        for scene in scenes:
            scene.configure(self.bridged)
        await self.bridged.start()
        started("bridged", "is ready and serves " + ", ".join(self.bridged.domains()))

    async def user(self, name):
        user = User(self.prosody, f"{name}@{DOMAIN}/quickstart", PASSWORD)
        self.users.append(user)
        return await user.online()

    async def clear(self):
        for user in self.users:
            user.abort()
        for one in reversed(list(process.living)):
            await asyncio.to_thread(one.stop)


def how_to_connect(stage):
    account, port = f"{VISITOR}@{DOMAIN}", stage.prosody.c2s
    return [
        "",
        "Now you. All stays up until you press Ctrl-C. In any XMPP client:",
        "",
        f"  account   {account}, password {PASSWORD}",
        f"  server    127.0.0.1, port {port}, without TLS",
        "",
        "In profanity, for one:",
        "",
        f"  /connect {account} server 127.0.0.1 port {port} tls disable",
    ]


async def until_interrupted():
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


async def perform(stage, check):
    stage.start_xmpp()
    scenes = [kind(stage) for kind in SCENES]
    for scene in scenes:
        started(*scene.start())
    await stage.start_bridged(scenes)
    for scene in scenes:
        await scene.play(Transcript("XMPP", scene.network))
    if check:
        print("\nEverything came out where it should.")
        return
    invitation = how_to_connect(stage)
    for scene in scenes:
        invitation += scene.how_to_take_part()
    print("\n".join(invitation), flush=True)
    await until_interrupted()
    print("\nStopping.", flush=True)


def explain(error, stage):
    """What went wrong, and the end of the log of the one who knows most about it. What came
    instead of what a scene waited for is for those who mend a scene: it is left out."""
    what = str(error).partition("; instead:")[0] or type(error).__name__
    print(f"\nquickstart: this did not work: {what}", file=sys.stderr)
    for one in process.living:
        if one.name == "bridged" and one.tail(1) not in what:
            print(f"\nThe end of bridged's log:\n\n{one.tail(20)}", file=sys.stderr)
    print(f"\nAll logs and configurations are kept in {stage.dir}", file=sys.stderr)


async def main(check):
    stage, failed = Stage(tempfile.mkdtemp(prefix="bridged-quickstart-")), False
    try:
        await perform(stage, check)
    except (AssertionError, OSError, Refused, asyncio.TimeoutError) as error:
        explain(error, stage)
        failed = True
    finally:
        await stage.clear()
        if not failed:
            shutil.rmtree(stage.dir)
    return int(failed)


os.umask(0o077)  # the configurations hold secrets
try:
    sys.exit(asyncio.run(main("--check" in sys.argv[1:])))
except KeyboardInterrupt:  # before until_interrupted(): the servers end with us
    sys.exit(130)
