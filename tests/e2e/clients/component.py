"""Another program that connects as one of our domains."""

import asyncio
import hashlib
import re

from process import DEADLINE


async def impostor(port, domain, secret):
    """Connect and shake hands; returns the writer: close it to go away."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"<stream:stream xmlns='jabber:component:accept' to='{domain}' "
                 "xmlns:stream='http://etherx.jabber.org/streams'>".encode())
    opened = await asyncio.wait_for(reader.readuntil(b">"), DEADLINE)
    while b"stream:stream" not in opened:
        opened = await asyncio.wait_for(reader.readuntil(b">"), DEADLINE)
    stream = re.search(rb"\bid=['\"]([^'\"]+)", opened).group(1).decode()
    digest = hashlib.sha1((stream + secret).encode()).hexdigest()
    writer.write(f"<handshake>{digest}</handshake>".encode())
    answer = await asyncio.wait_for(reader.readuntil(b">"), DEADLINE)
    assert b"handshake" in answer, answer
    return writer
