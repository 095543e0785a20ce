"""Between bridged and the XMPP server: passes everything on, until it is cut."""

import asyncio


class Wire:
    def __init__(self, target_port):
        self.target_port = target_port
        self._writers, self._tasks = set(), set()

    async def start(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        self._server.close()
        self.cut()

    async def _accept(self, reader, writer):
        try:
            up, down = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, down}
        for task in (self._pass(reader, down), self._pass(up, writer)):
            task = asyncio.create_task(task)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()
        self._writers.discard(writer)

    def cut(self):
        """What is on its way is lost, and both ends see a reset."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers = set()
