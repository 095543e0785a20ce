"""An XMPP user for tests (slixmpp of Debian 12): every wait has a deadline.

Stanzas are written as text and at once, so that the order in a test is the order on the
stream. What arrives is kept; expect() takes out the first stanza that matches, be it there
already or still to come."""

import asyncio
import itertools
from xml.sax.saxutils import escape

import slixmpp

from clients.stanza import Stanza, attributes
from process import DEADLINE

PING = "<ping xmlns='urn:xmpp:ping'/>"
DISCO_INFO = "http://jabber.org/protocol/disco#info"
DISCO_ITEMS = "http://jabber.org/protocol/disco#items"

_ids = itertools.count(1)


class Refused(Exception):
    """A join, or another request, answered with a stanza error."""

    def __init__(self, stanza):
        super().__init__(repr(stanza))
        self.stanza, self.error = stanza, stanza.error


class Room:
    """One client's view of a room that it has entered."""

    def __init__(self, user, jid, nick, presences, subject):
        self.user, self.jid, self.nick = user, jid, nick
        self.presences = presences  # in the order in which they came, our own included
        self.subject = subject      # the message, not its text

    @property
    def nicks(self):
        return [p.nick for p in self.presences]

    def send(self, payload, **more):
        """Any groupchat message; returns its id."""
        more.setdefault("id", f"m{next(_ids)}")
        self.user.write(f"<message type='groupchat'{attributes(to=self.jid, **more)}>"
                        f"{payload}</message>")
        return more["id"]

    def say(self, body, **more):
        return self.send(f"<body>{escape(body)}</body>", **more)

    def rename(self, nick):
        self.user.write(f"<presence{attributes(to=f'{self.jid}/{nick}')}/>")

    async def message(self, body=None, nick=None, timeout=DEADLINE):
        """The next message of the room (with this body, from this nick)."""
        return await self.user.expect(
            lambda s: s.name == "message" and s.type == "groupchat" and s.bare == self.jid
            and s.body is not None and (body is None or s.body == body)
            and (nick is None or s.nick == nick),
            f"message {body!r} of {nick or 'anybody'} in {self.jid}", timeout)

    async def presence(self, nick=None, timeout=DEADLINE, **attributes_):
        """The next presence from the room (of this nick, with this type)."""
        return await self.user.expect(
            lambda s: s.name == "presence" and s.bare == self.jid
            and (nick is None or s.nick == nick)
            and all(getattr(s, name) == value for name, value in attributes_.items()),
            f"presence of {nick or 'anybody'} in {self.jid} {attributes_}", timeout)

    async def new_subject(self, text=None, timeout=DEADLINE):
        return await self.user.expect(
            lambda s: s.name == "message" and s.bare == self.jid and s.body is None
            and s.subject is not None and (text is None or s.subject == text),
            f"subject {text!r} of {self.jid}", timeout)

    async def leave(self, reason=None):
        """Returns our own unavailable presence."""
        status = f"<status>{escape(reason)}</status>" if reason else ""
        self.user.write(f"<presence type='unavailable'"
                        f"{attributes(to=f'{self.jid}/{self.nick}')}>{status}</presence>")
        return await self.presence(self.nick, type="unavailable")


class User:
    """One client of an account. Its `jid` is full, `bare` is the account's."""

    def __init__(self, server, jid, password):
        self.server, self.jid, self.bare = server, jid, jid.partition("/")[0]
        self.inbox, self._waiting = [], []
        self.lost = asyncio.get_event_loop().create_future()
        self._xmpp = slixmpp.ClientXMPP(jid, password)
        # A subscription is the test's business, not slixmpp's.
        self._xmpp.roster.auto_authorize = None
        self._xmpp.roster.auto_subscribe = False
        self._xmpp["feature_mechanisms"].unencrypted_plain = True
        self._xmpp["feature_mechanisms"].unencrypted_scram = True
        self._xmpp.add_filter("in", self._arrived)
        self._xmpp.add_event_handler("disconnected", lambda _: self._gone())

    # The connection

    async def online(self):
        up = asyncio.get_running_loop().create_future()
        for event in ("session_start", "failed_auth", "connection_failed"):
            self._xmpp.add_event_handler(
                event, lambda data=None, event=event: up.done() or up.set_result((event, data)))
        self._xmpp.connect(address=("127.0.0.1", self.server.c2s), disable_starttls=True)
        event, data = await asyncio.wait_for(up, DEADLINE)
        if event != "session_start":
            raise ConnectionError(f"{self.jid}: {event}: {data}")
        # Like every client; without the roster no subscription is reported (RFC 6121 §2.2).
        await self.request(self.bare, "<query xmlns='jabber:iq:roster'/>")
        self.write("<presence/>")
        await self.barrier(self.bare.partition("@")[2])
        return self

    async def offline(self):
        if not self.lost.done():
            self.write("<presence type='unavailable'/></stream:stream>")
            await asyncio.wait_for(self.lost, DEADLINE)

    def abort(self):
        if self._xmpp.transport:
            self._xmpp.transport.abort()
        self._gone()

    def _gone(self):
        if not self.lost.done():
            self.lost.set_result(None)

    # Stanzas

    def write(self, text):
        self._xmpp.send_raw(text)

    def _arrived(self, element):
        """slixmpp's filter: sees what it hands on. Stream features and the echo of our own
        presence are nobody's business."""
        stanza = Stanza(element.xml)
        if stanza.name not in ("iq", "message", "presence") or (
                stanza.name == "presence" and stanza.bare == self.bare):
            return element
        for wanted, found in self._waiting:
            if not found.done() and wanted(stanza):
                found.set_result(stanza)
                return element
        self.inbox.append(stanza)
        return element

    async def expect(self, wanted, what="such stanza", timeout=DEADLINE):
        for stanza in self.inbox:
            if wanted(stanza):
                self.inbox.remove(stanza)
                return stanza
        found = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, found))
        try:
            return await asyncio.wait_for(found, timeout)
        except asyncio.TimeoutError:
            came = "\n  ".join(repr(s)[:400] for s in self.inbox[-20:])
            raise AssertionError(f"{self.jid}: no {what} in {timeout} s; instead:\n  {came}"
                                 ) from None
        finally:
            self._waiting.remove((wanted, found))

    async def request(self, to, payload, type="get"):
        """An iq and its answer, whatever it is."""
        id_ = f"q{next(_ids)}"
        self.write(f"<iq{attributes(type=type, to=to, id=id_)}>{payload}</iq>")
        return await self.expect(
            lambda s: s.name == "iq" and s.id == id_ and s.type in ("result", "error"),
            f"answer of {to} to {payload}")

    async def barrier(self, to):
        """All that `to` (or what lies behind it) sent us before answering has arrived."""
        return await self.request(to, PING)

    def take(self, wanted=lambda s: True):
        """What has arrived and matches, taken out, without waiting."""
        arrived, self.inbox = self.inbox, []
        taken = []
        for stanza in arrived:
            (taken if wanted(stanza) else self.inbox).append(stanza)
        return taken

    def message(self, to, body, type="chat", **more):
        more.setdefault("id", f"m{next(_ids)}")
        self.write(f"<message{attributes(type=type, to=to, **more)}>"
                   f"<body>{escape(body)}</body></message>")
        return more["id"]

    async def received(self, from_=None, body=None, type="chat", timeout=DEADLINE):
        """The next message to us from this bare or full JID."""
        return await self.expect(
            lambda s: s.name == "message" and s.type == type
            and (from_ is None or from_ in (s.from_, s.bare))
            and (body is None or s.body == body),
            f"{type} message {body!r} from {from_}", timeout)

    async def bounced(self, id_):
        """The stanza error that answers our message or presence with this id."""
        return await self.expect(lambda s: s.type == "error" and s.id == id_,
                                 f"error for {id_}")

    async def contact_presence(self, jid, type=None, timeout=DEADLINE):
        return await self.expect(
            lambda s: s.name == "presence" and s.bare == jid and s.type == type,
            f"presence {type or 'available'} of {jid}", timeout)

    # Rooms

    def knock(self, room, nick, password=None):
        """The presence that asks to enter, without waiting for the outcome; its id."""
        key = f"<password>{escape(password)}</password>" if password else ""
        id_ = f"j{next(_ids)}"
        self.write(f"<presence{attributes(to=f'{room}/{nick}', id=id_)}>"
                   f"<x xmlns='http://jabber.org/protocol/muc'>{key}</x></presence>")
        return id_

    async def join(self, room, nick, password=None, timeout=DEADLINE):
        """Enter; raises Refused with the error presence."""
        self.knock(room, nick, password)
        return await self.entered(room, timeout)

    async def entered(self, room, timeout=DEADLINE):
        """What XEP-0045 §7.1 promises after a knock: presences, our own last, the subject."""
        presences = []
        while not presences or 110 not in presences[-1].codes:
            presence = await self.expect(
                lambda s: s.name == "presence" and s.bare == room, f"presence in {room}",
                timeout)
            if presence.type == "error":
                raise Refused(presence)
            presences.append(presence)
        subject = await self.expect(
            lambda s: s.name == "message" and s.bare == room and s.body is None
            and s.subject is not None, f"subject of {room}", timeout)
        return Room(self, room, presences[-1].nick, presences, subject)

    # Service discovery

    async def info(self, jid, node=None):
        """disco#info as (identities, features, forms); raises Refused."""
        answer = await self._disco(jid, DISCO_INFO, node)
        query = f"{{{DISCO_INFO}}}"
        identities = [(e.get("category"), e.get("type"), e.get("name"))
                      for e in answer.xml.iter(query + "identity")]
        features = {e.get("var") for e in answer.xml.iter(query + "feature")}
        data = "{jabber:x:data}"
        form = {field.get("var"): [v.text for v in field.iter(data + "value")]
                for field in answer.xml.iter(data + "field")}
        return identities, features, form

    async def items(self, jid, node=None):
        """disco#items as {jid: name}; raises Refused."""
        answer = await self._disco(jid, DISCO_ITEMS, node)
        return {e.get("jid"): e.get("name") for e in answer.xml.iter(f"{{{DISCO_ITEMS}}}item")}

    async def _disco(self, jid, namespace, node):
        answer = await self.request(
            jid, f"<query xmlns='{namespace}'{attributes(node=node)}/>")
        if answer.type == "error":
            raise Refused(answer)
        return answer
