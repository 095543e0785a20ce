"""Data forms (XEP-0004) in the two protocols that have them in a query: registration
(XEP-0077) and room configuration (XEP-0045)."""

from xml.sax.saxutils import escape

DATA = "{jabber:x:data}"
REGISTER = "jabber:iq:register"
OWNER = "http://jabber.org/protocol/muc#owner"


class Form:
    """What an answer has to be filled in: `values` by field, a text, or None."""

    def __init__(self, iq):
        self.iq, self.error = iq, iq.error
        fields = list(iq.xml.iter(DATA + "field"))
        self.types = {f.get("var"): f.get("type") for f in fields}
        self.required = {f.get("var") for f in fields if f.find(DATA + "required") is not None}
        self.values = {f.get("var"): "\n".join(v.text or "" for v in f.findall(DATA + "value"))
                       or None for f in fields}

    def plain(self, namespace=REGISTER):
        """The fields that there were before forms."""
        query = self.iq.xml.find(f"{{{namespace}}}query")
        return {e.tag.partition("}")[2]: e.text for e in query
                if e.tag.startswith(f"{{{namespace}}}")}


async def ask(user, jid, namespace=REGISTER):
    return Form(await user.request(jid, f"<query xmlns='{namespace}'/>"))


async def send(user, jid, payload, namespace=REGISTER):
    """The answer, a result or an error."""
    return await user.request(jid, f"<query xmlns='{namespace}'>{payload}</query>", "set")


async def submit(user, jid, namespace=REGISTER, **values):
    """With _ for the - of a name."""
    fields = "".join(f"<field var='{var.replace('_', '-')}'><value>{escape(value)}</value></field>"
                     for var, value in values.items())
    return await send(user, jid, f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>", namespace)
