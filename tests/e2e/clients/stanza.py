"""Stanzas as tests talk about them: `presence.codes`, `message.error.condition`."""

import xml.etree.ElementTree as ET
from xml.sax.saxutils import quoteattr

CLIENT = "{jabber:client}"
MUC_USER = "{http://jabber.org/protocol/muc#user}"
STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"


def attributes(**values):
    """" to='x' id='1'" for those that are not None; a final underscore is cut: from_."""
    return "".join(f" {name.rstrip('_')}={quoteattr(str(value))}"
                   for name, value in values.items() if value is not None)


class Error:
    def __init__(self, element):
        self.type = element.get("type")
        self.by = element.get("by")
        conditions = [e for e in element if e.tag.startswith(STANZAS)
                      and e.tag != STANZAS + "text"]
        assert len(conditions) == 1, f"{len(conditions)} conditions in one error"
        self.condition = conditions[0].tag[len(STANZAS):]
        self.text = element.findtext(STANZAS + "text") or ""

    def __repr__(self):
        return f"{self.type}/{self.condition} “{self.text}”"


class Stanza:
    def __init__(self, xml):
        self.xml = xml
        self.name = xml.tag.rpartition("}")[2]
        self.type = xml.get("type") or ("normal" if self.name == "message" else None)
        self.id = xml.get("id")
        self.from_ = xml.get("from") or ""
        self.to = xml.get("to") or ""
        self.bare, _, self.resource = self.from_.partition("/")

    def find(self, path):
        return self.xml.find(path)

    def text(self, name):
        """Of a child in the stanza's own namespace; None if there is no such child."""
        child = self.xml.find(CLIENT + name)
        return None if child is None else child.text or ""

    @property
    def body(self):
        return self.text("body")

    @property
    def subject(self):
        return self.text("subject")

    @property
    def show(self):
        return self.text("show")

    @property
    def status(self):
        return self.text("status")

    @property
    def error(self):
        element = self.xml.find(CLIENT + "error")
        return None if element is None else Error(element)

    # Of occupants' presence (XEP-0045)

    @property
    def nick(self):
        return self.resource

    @property
    def codes(self):
        return {int(e.get("code")) for e in self.xml.iter(MUC_USER + "status")}

    @property
    def item(self):
        """(affiliation, role)"""
        item = self.xml.find(f"{MUC_USER}x/{MUC_USER}item")
        return None if item is None else (item.get("affiliation"), item.get("role"))

    @property
    def item_nick(self):
        """The new nick, in the presence of a nick change."""
        item = self.xml.find(f"{MUC_USER}x/{MUC_USER}item")
        return None if item is None else item.get("nick")

    @property
    def reason(self):
        return self.xml.findtext(f"{MUC_USER}x/{MUC_USER}item/{MUC_USER}reason")

    def __repr__(self):
        return ET.tostring(self.xml, encoding="unicode")
