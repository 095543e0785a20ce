"""Users as their clients behave: a client that has seen neither receipt nor error sends
again, with the same id; one that was told to wait writes a new message."""

import asyncio
import itertools

from clients.stanza import Stanza
from clients.xmpp import User

PATIENCE = 12  # seconds until a message without receipt is sent again
PAUSE = 1      # seconds after an error of type wait
AHEAD = 4      # messages of one conversation without receipt
ABSENT = ("remote-server-not-found", "service-unavailable")  # the server, while we are dead
RECEIPTS = "urn:xmpp:receipts"
MAM = "urn:xmpp:mam:2"

_ids = itertools.count(1)


class Conversation:
    """What one user writes to one contact, in order."""

    def __init__(self, person, contact, bodies):
        self.person, self.contact = person, contact
        self.left = list(bodies)
        self.open = {}       # stanza id -> (body, when it was sent)
        self.received, self.failed = set(), set()
        self.disturbed = set()  # sent more than once, or refused: not to be looked at for order
        self.refused = 0

    def over(self):
        return not self.left and not self.open

    def go_on(self, now):
        for id_, (body, sent) in list(self.open.items()):
            if now - sent > PATIENCE:
                self.disturbed.add(body)
                self._write(id_, body, now)
        while self.left and len(self.open) < AHEAD:
            self._write(f"c{next(_ids)}", self.left.pop(0), now)

    def _write(self, id_, body, now):
        self.open[id_] = body, now
        self.person.user.write(
            f"<message type='chat' to='{self.contact}' id='{id_}'><body>{body}</body>"
            f"<request xmlns='{RECEIPTS}'/></message>")

    def on_receipt(self, id_):
        if id_ in self.open:
            self.received.add(self.open.pop(id_)[0])

    def on_error(self, id_, later):
        if id_ not in self.open:
            return
        body, _ = self.open[id_]
        again = body in self.disturbed
        self.disturbed.add(body)
        if later and again:
            return  # of what was sent before, with this id: that may have been accepted
        del self.open[id_]
        if later:
            self.refused += 1
            self.left.insert(0, body)
        else:
            self.failed.add(body)


class Person:
    """An account with one client, which comes back whenever the server does."""

    def __init__(self, server, jid, password):
        self.server, self.jid, self.password = server, jid, password
        self.bare = jid.partition("/")[0]
        self.conversations = []
        self.seen = {}       # body -> ids of stanzas that had it
        self.user = None
        self.online = asyncio.Event()  # it was, once
        self._pause_until = 0

    def over(self):
        return all(c.over() for c in self.conversations)

    async def run(self):
        """For ever: connect, talk, connect again."""
        while True:
            try:
                self.user = User(self.server, self.jid, self.password)
                await asyncio.wait_for(self.user.online(), 15)
                self.online.set()
                await self._talk()
            except (ConnectionError, OSError, AssertionError, asyncio.TimeoutError):
                pass
            self.user.abort()
            await asyncio.sleep(0.3)

    async def _talk(self):
        loop = asyncio.get_running_loop()
        while not self.user.lost.done():
            for stanza in self.user.take():
                self._arrived(stanza, loop.time())
            if loop.time() > self._pause_until:
                for conversation in self.conversations:
                    conversation.go_on(loop.time())
            await asyncio.sleep(0.02)

    def _arrived(self, stanza, now):
        if stanza.name != "message":
            return
        if stanza.type == "error":
            later = stanza.error.type == "wait" or stanza.error.condition in ABSENT
            if later:
                self._pause_until = now + PAUSE
            for conversation in self.conversations:
                conversation.on_error(stanza.id, later)
            return
        received = stanza.xml.find(f"{{{RECEIPTS}}}received")
        if received is not None:
            for conversation in self.conversations:
                conversation.on_receipt(received.get("id"))
        elif stanza.body is not None:
            self.note(stanza)
            if stanza.xml.find(f"{{{RECEIPTS}}}request") is not None:
                self.user.write(f"<message to='{stanza.from_}' id='r{next(_ids)}'>"
                                f"<received xmlns='{RECEIPTS}' id='{stanza.id}'/></message>")

    def note(self, stanza):
        self.seen.setdefault((stanza.bare, stanza.body), set()).add(stanza.id)

    async def read_archive(self):
        """All that the server has kept for this user (XEP-0313): what every client of the
        user shows in the end. Returns the messages in order."""
        user, after, messages = User(self.server, f"{self.bare}/reader", self.password), "", []
        await user.online()
        while True:
            answer = await user.request(
                self.bare, f"<query xmlns='{MAM}'><set xmlns='http://jabber.org/protocol/rsm'>"
                f"<max>100</max>{after}</set></query>", type="set")
            for one in user.take(lambda s: s.xml.find(f"{{{MAM}}}result") is not None):
                forwarded = one.xml.find(f"{{{MAM}}}result/{{urn:xmpp:forward:0}}forwarded")
                messages.append(Stanza(forwarded.find("{jabber:client}message")))
            fin = answer.xml.find(f"{{{MAM}}}fin")
            if fin.get("complete") == "true":
                break
            last = fin.find("{http://jabber.org/protocol/rsm}set/"
                            "{http://jabber.org/protocol/rsm}last")
            after = f"<after>{last.text}</after>"
        await user.offline()
        return [m for m in messages if m.body is not None and m.bare != self.bare]


