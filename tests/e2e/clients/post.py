"""The network behind the transport `post` (tests/chaos): it keeps what it is given, and a test
says what becomes of each letter."""

import asyncio
import dataclasses
import pathlib
import sys

from process import DEADLINE

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "chaos"))
from network import Network  # noqa: E402


@dataclasses.dataclass
class Letter:
    office: "PostOffice"
    number: int
    user: str
    to: str
    body: str

    def ends(self, *how):
        """"sent", "arrived", "later" or "moved", one after the other."""
        for op in how:
            self.office._say(op=op, number=self.number, name=f"N{self.number}")


class PostOffice(Network):
    def __init__(self):
        super().__init__(None)
        self.letters = asyncio.Queue()
        self.answered = asyncio.Condition()

    def _answer(self, number):
        self.letters.put_nowait(Letter(self, number, *self.given[number]))

    def _was_taken(self, name):
        super()._was_taken(name)
        asyncio.ensure_future(self._tell())

    async def _tell(self):
        async with self.answered:
            self.answered.notify_all()

    async def letter(self):
        """The next that we are given, for the first time or again."""
        return await asyncio.wait_for(self.letters.get(), DEADLINE)

    async def is_taken(self, name):
        """Until bridged has said that it keeps this message."""
        async with self.answered:
            await asyncio.wait_for(self.answered.wait_for(lambda: name in self.taken), DEADLINE)
