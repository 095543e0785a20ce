"""The server's end of XEP-0114, as the test writes it: for what no real server can be made
to do, and for more users than real clients could be had for."""

import asyncio
import hashlib
import xml.etree.ElementTree as ET

from clients.stanza import Stanza
from process import DEADLINE
from template import SECRET

STREAM = ("<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
          "xmlns:stream='http://etherx.jabber.org/streams' id='{id}' from='{domain}'>")
COMPONENT = "{jabber:component:accept}"
CLIENT = "{jabber:client}"


class Link:
    """One component's stream, from the handshake on."""

    def __init__(self, domain, writer):
        self.domain, self.writer = domain, writer

    def send(self, text):
        self.writer.write(text.encode())

    def cut(self):
        """As when the machine between us dies: no goodbye."""
        self.writer.transport.abort()


class ScriptedServer:
    def __init__(self, on_stanza=lambda link, stanza: None):
        self.on_stanza = on_stanza
        self.links = {}  # by domain, the living ones
        self._changed = asyncio.Condition()

    async def start(self, port=0):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        self._server.close()
        for link in list(self.links.values()):
            link.cut()

    async def up(self, *domains, timeout=DEADLINE):
        """Wait until they all are connected."""
        await self.until(lambda: set(domains) <= set(self.links), timeout)
        return [self.links[domain] for domain in domains]

    async def until(self, condition, timeout=DEADLINE):
        """Wait until what has arrived makes this true."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(condition), timeout)

    async def _serve(self, reader, writer):
        parser = ET.XMLPullParser(("start", "end"))
        link, depth, root = None, 0, None
        try:
            while data := await reader.read(65536):
                parser.feed(data)
                for event, element in parser.read_events():
                    if event == "start":
                        depth += 1
                        if depth == 1:
                            root, link = element, Link(element.get("to"), writer)
                            link.send(STREAM.format(id="s1", domain=link.domain))
                        continue
                    depth -= 1
                    if depth == 1:
                        await self._child(link, element)
                        root.clear()
        except (OSError, ET.ParseError):
            pass
        if link and self.links.get(link.domain) is link:
            del self.links[link.domain]
        writer.close()

    async def _child(self, link, element):
        if element.tag == COMPONENT + "handshake":
            assert element.text == hashlib.sha1(f"s1{SECRET}".encode()).hexdigest()
            self.links[link.domain] = link
            link.send("<handshake/>")
            async with self._changed:
                self._changed.notify_all()
            return
        for one in element.iter():
            one.tag = one.tag.replace(COMPONENT, CLIENT)
        async with self._changed:
            self.on_stanza(link, Stanza(element))
            self._changed.notify_all()
