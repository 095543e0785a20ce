#!/usr/bin/python3
"""Numbered messages both ways while everything dies: what was accepted must arrive, once, and
in order, and who was refused must know. See README.md."""

import argparse
import asyncio
import collections
import pathlib
import random
import resource
import shutil
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from bridged import Bridged                   # noqa: E402
from network import Network                   # noqa: E402
from people import Conversation, Person       # noqa: E402
from servers.ejabberd import Ejabberd         # noqa: E402
from servers.prosody import Prosody           # noqa: E402
from template import DOMAIN, SECRET           # noqa: E402
from wire import Wire                         # noqa: E402

POST = f"post.{DOMAIN}"
USERS, CONTACTS = 4, 5
STUCK = 120  # seconds without any progress: something is lost for good

# The archive is what all clients of a user show in the end.
ARCHIVE = f"""VirtualHost "{DOMAIN}"
    modules_enabled = {{ "mam", "offline" }}
    default_archive_policy = true
"""


class Scene:
    def __init__(self, options, directory):
        self.options, self.dir = options, directory
        self.random = random.Random(options.seed)
        self.people, self.tasks = [], []
        self.done = collections.Counter()  # what was done to them
        self.fell_back = 0

    async def start(self):
        kind = {"prosody": Prosody, "ejabberd": Ejabberd}[self.options.server]
        self.server = kind(self.dir)
        if kind is Prosody:
            self.server.allow_components(
                edit=lambda text: f'{ARCHIVE}{text}\nComponent "{POST}"\n'
                                  f'    component_secret = "{SECRET}"\n')
        accounts = [(f"user{n}", "secret") for n in range(USERS)]
        if kind is Prosody:
            for account in accounts:
                self.server.add_user(*account)
        self.server.start()
        if kind is not Prosody:
            for account in accounts:
                self.server.add_user(*account)
        self.wire = await Wire(self.server.component).start()
        self.network = await Network(random.Random(self.options.seed + 1)).start()
        self.bridged = Bridged(self.dir, self.wire.port)
        self.bridged.config["transports"] = [
            {"plugin": "post", "domain": POST, "secret": SECRET, "port": self.network.port}]
        self.bridged.config["log"] = {"level": "info"}
        await self.bridged.start()
        self.populate(accounts)
        self.tasks = [asyncio.create_task(person.run()) for person in self.people]
        for person in self.people:  # what a server keeps for later may come late: its business
            await person.online.wait()
        self.post_all()

    def populate(self, accounts):
        each = self.options.messages // (USERS * CONTACTS)
        self.total = each * USERS * CONTACTS
        for name, password in accounts:
            person = Person(self.server, f"{name}@{DOMAIN}/client", password)
            for n in range(CONTACTS):
                contact = f"contact{n}"
                bodies = [f"{name} to {contact} {k}" for k in range(each)]
                person.conversations.append(
                    Conversation(person, f"{contact}@{POST}", bodies))
            self.people.append(person)

    def post_all(self):
        for k in range(self.options.messages // (USERS * CONTACTS)):
            for person in self.people:
                name = person.bare.partition("@")[0]
                for n in range(CONTACTS):
                    self.network.post(f"F-{name}-{n}-{k}", f"contact{n}", person.bare,
                                      f"contact{n} to {name} {k}")

    # How far it is

    def conversations(self):
        return [c for person in self.people for c in person.conversations]

    def progress(self):
        ended = sum(len(c.received) + len(c.failed) for c in self.conversations())
        return ended + len(self.network.taken)

    def over(self):
        return not self.network.waiting and all(p.over() for p in self.people)

    # What is done to them

    async def kill_bridged(self):
        await self.bridged.kill()
        self.bridged.launch()

    async def kill_server(self):
        await asyncio.to_thread(self.server.stop, number=signal.SIGKILL)
        self.server.start()

    async def cut_wire(self):
        self.wire.cut()

    async def fill_disk(self):
        """Files of the daemon cannot grow; until senders on both sides have felt it."""
        pid = self.bridged.process.child.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1024, before[1]))
        refused, end = self.refused(), time.monotonic() + 10
        while self.refused() < refused + 5 and time.monotonic() < end:
            await asyncio.sleep(0.05)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

    def refused(self):
        return self.network.refused + sum(c.refused for c in self.conversations())

    def plan(self):
        """(how far it must be, what happens then), in order."""
        o = self.options
        acts = ([self.kill_bridged] * o.kills + [self.kill_server] * o.restarts +
                [self.cut_wire] * o.cuts + [self.fill_disk] * o.full)
        self.random.shuffle(acts)
        places = sorted(self.random.uniform(0.02, 0.95) for _ in acts)
        return [(int(place * 2 * self.total), act) for place, act in zip(places, acts)]

    async def run(self):
        plan, last, moved = self.plan(), -1, time.monotonic()
        while not self.over():
            if plan and self.progress() >= plan[0][0]:
                _, act = plan.pop(0)
                self.say(f"{act.__name__.replace('_', ' ')}")
                self.done[act.__name__] += 1
                await act()
                moved = time.monotonic()
            if self.progress() != last:
                last, moved = self.progress(), time.monotonic()
            if time.monotonic() - moved > STUCK:
                self.say(f"nothing has moved for {STUCK} s")
                return
            await asyncio.sleep(0.02)
        for _, act in plan:
            self.say(f"too late for: {act.__name__}")

    def say(self, text):
        print(f"{self.progress():6} of {2 * self.total}: {text}", flush=True)

    # What came of it

    async def settle(self):
        """Until the last message that the network gave is with its user, or is not."""
        end = time.monotonic() + STUCK
        while (await self.to_users())["lost"] and time.monotonic() < end:
            await asyncio.sleep(1)

    async def shown(self, person):
        """(contact, body, id) of what the user's clients show in the end, in order."""
        if self.options.server == "prosody":
            return [(m.bare, m.body, m.id) for m in await person.read_archive()]
        return [(bare, body, id_) for (bare, body), ids in person.seen.items() for id_ in ids]

    async def to_users(self):
        lost = doubled = disordered = count = 0
        each = self.options.messages // (USERS * CONTACTS)
        for person in self.people:
            ids, order = collections.defaultdict(set), collections.defaultdict(list)
            for bare, body, id_ in await self.shown(person):
                if body not in ids:
                    order[bare].append(int(body.split()[-1]))
                ids[body].add(id_)
            count += len(ids)
            lost += each * CONTACTS - len(ids)
            doubled += sum(len(one) > 1 for one in ids.values())
            disordered += sum(a > b for one in order.values() for a, b in zip(one, one[1:]))
        return {"arrived": count, "lost": lost, "doubled": doubled, "out of order": disordered}

    def to_network(self):
        bodies = collections.Counter(body for _, _, body in self.network.given.values())
        received = set().union(*(c.received for c in self.conversations()))
        failed = set().union(*(c.failed for c in self.conversations()))
        disturbed = set().union(*(c.disturbed for c in self.conversations()))
        arrived = {self.network.given[n][2] for n, how in self.network.answers.items()
                   if how == "arrived"}
        disordered = 0
        for order in self.network.order.values():
            numbers = [int(b.split()[-1]) for b in order if b not in disturbed]
            disordered += sum(a > b for a, b in zip(numbers, numbers[1:]))
        return {"arrived": len(arrived), "reported as failed": len(failed),
                "lost": self.total - len(arrived | failed),
                "doubled": sum(n > 1 for n in bodies.values()),
                "out of order": disordered,
                "receipts that lie": len(received - arrived),
                "errors that lie": len(failed & arrived),
                "without receipt or error": self.total - len(received | failed)}

    async def stop(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.bridged.stop()
        await self.wire.stop()
        await self.network.stop()
        await asyncio.to_thread(self.server.stop)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()  # slixmpp leaves its own behind


FAULTS = ("lost", "doubled", "out of order", "receipts that lie", "errors that lie",
          "without receipt or error")


def report(scene, results, seconds):
    print(f"\n{scene.options.server}, seed {scene.options.seed}: {2 * scene.total} messages in "
          f"{seconds:.0f} s; " + ", ".join(f"{name.replace('_', ' ')} {count}"
                                           for name, count in sorted(scene.done.items())))
    for direction, figures in results.items():
        print(f"  {direction}: " + ", ".join(f"{name} {n}" for name, n in figures.items()))
    sent_again = sum(len(c.disturbed) for c in scene.conversations())
    print(f"  clients sent again or were refused {sent_again} times, the network was refused "
          f"{scene.network.refused} times and was given {scene.network.repeated} messages again "
          "under their numbers")
    return sum(figures.get(name, 0) for figures in results.values() for name in FAULTS)


async def play(options, directory):
    scene = Scene(options, directory)
    start = time.monotonic()
    await scene.start()
    try:
        await scene.run()
        await scene.settle()
        results = {"to the network": scene.to_network(), "to users": await scene.to_users()}
    finally:
        await scene.stop()
    return report(scene, results, time.monotonic() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=("prosody", "ejabberd"), default="prosody")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--messages", type=int, default=2000, help="each way")
    for name, count in (("kills", 10), ("restarts", 5), ("cuts", 10), ("full", 1)):
        parser.add_argument(f"--{name}", type=int, default=count)
    options = parser.parse_args()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="bridged-chaos."))
    directory.chmod(0o755)
    print(f"seed {options.seed}", flush=True)
    faults = asyncio.run(play(options, directory))
    if faults:
        print(f"{faults} faults; what happened is in {directory}")
    else:
        shutil.rmtree(directory)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
