"""A wire with an ear: passes connections on to a server and keeps what clients sent."""

import asyncio


class Tap:
    def __init__(self, target_port):
        self.target_port = target_port
        self.connections = 0
        self.lines = []  # from all clients, PONG excluded
        self._tasks, self._writers = set(), []
        self._probes = 0

    async def start(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def _accept(self, reader, writer):
        self.connections += 1
        up, down = await asyncio.open_connection("127.0.0.1", self.target_port)
        self._writers += [writer, down]
        for task in (self._to_server(reader, down), self._to_client(up, writer)):
            task = asyncio.create_task(task)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _to_server(self, reader, writer):
        try:
            while line := await reader.readline():
                if not line.startswith(b"PONG"):
                    self.lines.append(line.rstrip(b"\r\n").decode())
                writer.write(line)
        except OSError:
            pass
        writer.close()

    async def _to_client(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
        except OSError:
            pass
        writer.close()

    async def quiet(self, user, room):
        """How many lines have gone to the network, without those said here: something is
        said in the room, and by its echo everything before it has passed."""
        self._probes += 1
        probe = f"probe {self._probes}"
        room.say(probe)
        await room.message(probe, room.nick)
        return len(self.lines) - self._probes

    async def stop(self):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.close()
