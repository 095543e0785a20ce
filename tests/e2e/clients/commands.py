"""Ad-hoc commands (XEP-0050) as slixmpp's plugin goes through them."""

import asyncio

from process import DEADLINE


class Command:
    """One command on its way through slixmpp's plugin."""

    def __init__(self, user, jid, node):
        self.xmpp, self.jid, self.node = user._xmpp, jid, node
        self.xmpp.register_plugin("xep_0004")
        self.xmpp.register_plugin("xep_0050")
        self.plugin = self.xmpp["xep_0050"]
        self.session = {"next": self._answered, "error": self._answered}

    def _answered(self, iq, session):
        self.answer.set_result(iq)

    async def _wait(self, act, *args):
        self.answer = asyncio.get_running_loop().create_future()
        act(*args)
        iq = await asyncio.wait_for(self.answer, DEADLINE)
        self.iq, self.status = iq, iq["command"]["status"]
        self.error = iq["error"]["condition"] if iq["type"] == "error" else None
        self.notes = [text for _, text in iq["command"]["notes"]]
        self.values = iq["command"]["form"].get_values() if not self.error else {}
        self.actions = set(iq["command"]["actions"]) if not self.error else set()
        return self

    async def start(self):
        return await self._wait(self.plugin.start_command, self.jid, self.node, self.session)

    def _fill(self, values):
        form = self.xmpp["xep_0004"].make_form(ftype="submit")
        for var, value in values.items():
            form.add_field(var=var, value=value)
        self.session["payload"] = form

    async def next(self, **values):
        self._fill(values)
        return await self._wait(self.plugin.continue_command, self.session)

    async def back(self):
        self.session["payload"] = None
        return await self._wait(self.plugin.continue_command, self.session, "prev")

    async def complete(self, **values):
        self._fill(values)
        return await self._wait(self.plugin.complete_command, self.session)

    async def cancel(self):
        self.session["payload"] = None
        return await self._wait(self.plugin.cancel_command, self.session)


async def start(user, jid, node):
    return await Command(user, jid, node).start()
