"""The post office behind post.c: it survives when bridged is killed, and knows what it was
given. README.md has the lines that it speaks."""

import asyncio
import collections
import json

AGAIN = 0.5  # seconds before what was refused is offered again


class Network:
    def __init__(self, random):
        self.random = random
        self.given = {}                          # delivery number -> (user, to, body)
        self.order = collections.defaultdict(list)  # (user, to) -> bodies as they came first
        self.answers = {}                        # delivery number -> how it ended here
        self.repeated = 0                        # deliveries given again under their number
        self.waiting = collections.deque()       # messages for users that nobody has taken
        self.taken = set()
        self.refused = 0
        self._writer, self._tasks = None, set()
        self._offered = {}                       # (from, user) -> name that is offered

    async def start(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0,
                                                  limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        self._server.close()
        for task in list(self._tasks):
            task.cancel()

    def post(self, name, sender, user, body):
        """A message for a user, offered until it is taken."""
        self.waiting.append({"op": "message", "name": name, "user": user, "from": sender,
                             "body": body})
        self._offer()

    async def _accept(self, reader, writer):
        self._writer, self._offered = writer, {}
        self._offer()
        try:
            while line := await reader.readline():
                if self._writer is writer:
                    self._heard(json.loads(line))
        except (OSError, asyncio.IncompleteReadError):
            pass
        if self._writer is writer:
            self._writer = None
        writer.close()

    def _say(self, **line):
        if self._writer is not None:
            self._writer.write(json.dumps(line).encode() + b"\n")

    def _offer(self):
        """One at a time of each conversation, so that it keeps its order."""
        for message in self.waiting:
            place = message["from"], message["user"]
            if place not in self._offered:
                self._offered[place] = message["name"]
                self._say(**message)

    def _heard(self, line):
        if line["op"] == "hello":
            self._report_again()
        elif line["op"] == "send":
            self._given(line)
        elif line["op"] == "taken":
            self._was_taken(line["name"])
        elif line["op"] == "refused":
            self.refused += 1
            self._later(AGAIN, self._offer_again, line["name"])

    def _later(self, seconds, call, *args):
        async def wait():
            await asyncio.sleep(seconds)
            call(*args)

        task = asyncio.create_task(wait())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _offer_again(self, name):
        self._offered = {place: one for place, one in self._offered.items() if one != name}
        self._offer()

    def _was_taken(self, name):
        self.taken.add(name)
        self.waiting = collections.deque(m for m in self.waiting if m["name"] != name)
        self._offer_again(name)

    def _given(self, line):
        number = line["number"]
        if number in self.given:
            self.repeated += 1
        else:
            self.given[number] = line["user"], line["to"], line["body"]
            self.order[line["user"], line["to"]].append(line["body"])
        self._answer(number)

    def _report_again(self):
        """What was said last may have met a dead end: as real networks, which call until they
        are answered, or are asked."""
        for number, ended in self.answers.items():
            if ended != "later":
                self._answer(number)

    def _answer(self, number):
        ended = self.answers.get(number)
        if ended is None and self.random.random() < 0.03:
            self.answers[number] = "later"  # once
            self._say(op="later", number=number)
            return
        if ended in (None, "later"):
            ended = "moved" if self.random.random() < 0.03 else "arrived"
            self.answers[number] = ended
        if ended == "arrived":
            self._say(op="sent", number=number, name=f"N{number}")
        self._say(op=ended, number=number)
