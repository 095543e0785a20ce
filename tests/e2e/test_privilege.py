"""Contacts that a network lists: put into the roster where the server grants it (XEP-0356),
suggested to a client that takes suggestions (XEP-0144), or asking for a subscription."""

import pytest
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from servers.ejabberd import Ejabberd
from servers.prosody import Prosody
from servers.scripted import ScriptedServer
from template import DOMAIN, roster_snippet

ITEM = "{jabber:iq:roster}item"
NICK = "{http://jabber.org/protocol/nick}nick"
ROSTERX = "http://jabber.org/protocol/rosterx"
BROKEN = "lets us change rosters, but that does not work"


def granting(server, domain):
    """What the admin adds to let this domain change rosters."""
    snippet = {"prosody": "prosody-roster.cfg.lua", "ejabberd": "ejabberd-roster.yml"}
    return lambda text: text + "\n" + roster_snippet(snippet[server.name], domain)


def _server(kind, directory):
    directory.mkdir()
    server = kind(directory)
    yield server
    if server.running():
        server.stop()


@pytest.fixture
def own_prosody(tmp_path):
    yield from _server(Prosody, tmp_path / "server")


@pytest.fixture
def own_ejabberd(tmp_path):
    yield from _server(Ejabberd, tmp_path / "server")


@pytest.fixture(params=["prosody", "ejabberd"])
def xmpp_server(request):
    """In this file, one that a test may configure. Not started."""
    return request.getfixturevalue(f"own_{request.param}")


def only(server):
    return pytest.mark.parametrize("xmpp_server", [server], indirect=True)


async def begin(daemon, server, grant_to=None):
    if grant_to:
        server.allow_components(edit=granting(server, grant_to))
    server.start()
    await daemon.start()


async def roster_item(user, jid):
    """(name, subscription, groups) as the user's server has it, or None."""
    roster = await user.request(None, "<query xmlns='jabber:iq:roster'/>")
    for item in roster.xml.iter(ITEM):
        if item.get("jid") == jid:
            return (item.get("name"), item.get("subscription"),
                    [group.text for group in item])
    return None


async def pushed(user, jid, **attributes):
    """The roster push for this contact that has these attributes."""
    def wanted(stanza):
        item = stanza.find(f".//{ITEM}")
        return (stanza.name == "iq" and stanza.type == "set" and item is not None
                and item.get("jid") == jid
                and all(item.get(name) == value for name, value in attributes.items()))
    return (await user.expect(wanted, f"push for {jid} with {attributes}")).find(f".//{ITEM}")


async def asked(user, jid):
    """The nick in the contact's request for a subscription."""
    return (await user.contact_presence(jid, "subscribe")).xml.findtext(NICK)


@only("prosody")
async def test_where_it_is_granted_the_contact_is_there(daemon, xmpp_server, puppet, people):
    await begin(daemon, xmpp_server, puppet.domain)
    juliet = await people.xmpp("juliet")
    alice = puppet.jid("alice")
    puppet.tell(juliet, "boss", "list alice Alice Friends")
    item = await pushed(juliet, alice, subscription="both")
    assert item.get("name") == "Alice"
    assert [group.text for group in item] == ["Friends"]
    await juliet.contact_presence(alice)
    assert (await puppet.watched(juliet)) == ["alice"]

    puppet.tell(juliet, "boss", 'list alice "Alice Liddell" Friends')
    await pushed(juliet, alice, name="Alice Liddell", subscription="both")
    assert await roster_item(juliet, alice) == ("Alice Liddell", "both", ["Friends"])

    puppet.tell(juliet, "boss", "unlist alice")
    await pushed(juliet, alice, subscription="remove")
    assert await roster_item(juliet, alice) is None
    assert (await puppet.watched(juliet)) == []
    assert juliet.take(lambda s: s.type == "subscribe") == []


@only("prosody")
async def test_what_the_user_has_made_of_a_contact_stays(daemon, xmpp_server, puppet, people):
    await begin(daemon, xmpp_server, puppet.domain)
    juliet = await people.xmpp("juliet")
    alice = puppet.jid("alice")
    puppet.tell(juliet, "boss", "list alice Alice Friends")
    await pushed(juliet, alice, subscription="both")
    await juliet.request(None, "<query xmlns='jabber:iq:roster'>"
                         f"<item jid='{alice}' name='My love'><group>Verona</group></item>"
                         "</query>", type="set")
    await pushed(juliet, alice, name="My love")
    puppet.tell(juliet, "boss", "list alice Ally Work")
    await pushed(juliet, alice, name="My love")
    name, subscription, groups = await roster_item(juliet, alice)
    assert (name, subscription, sorted(groups)) == ("My love", "both", ["Verona", "Work"])


async def test_where_it_is_not_granted_the_contact_asks(daemon, xmpp_server, puppet, people):
    await begin(daemon, xmpp_server)
    juliet = await people.xmpp("juliet")
    alice = puppet.jid("alice")
    puppet.tell(juliet, "boss", "list alice Alice")
    assert await asked(juliet, alice) == "Alice"
    juliet.write(f"<presence type='subscribed' to='{alice}'/>"
                 f"<presence type='subscribe' to='{alice}'/>")
    await juliet.contact_presence(alice, "subscribed")
    await juliet.contact_presence(alice)
    assert (await roster_item(juliet, alice))[1] == "both"
    puppet.tell(juliet, "boss", "list alice Alice")
    await puppet.ask(juliet, "boss", "echo done")
    assert juliet.take(lambda s: s.type == "subscribe") == []


async def test_who_does_not_want_a_contact_is_not_asked_again(daemon, xmpp_server, puppet,
                                                              people):
    await begin(daemon, xmpp_server)
    juliet = await people.xmpp("juliet")
    alice, bob = puppet.jid("alice"), puppet.jid("bob")
    puppet.tell(juliet, "boss", "list alice Alice")
    await asked(juliet, alice)
    juliet.write(f"<presence type='unsubscribed' to='{alice}'/>")
    await juliet.barrier(puppet.domain)
    await daemon.stop()
    await daemon.start()
    puppet.tell(juliet, "boss", "list alice Alice")
    puppet.tell(juliet, "boss", "list bob Bob")
    await asked(juliet, bob)  # whoever comes second
    assert juliet.take(lambda s: s.type == "subscribe") == []


@only("ejabberd")
async def test_a_server_that_grants_it_and_fails_is_survived(daemon, xmpp_server, puppet,
                                                             people):
    """ejabberd 23.01: every change is answered with two errors."""
    await begin(daemon, xmpp_server, puppet.domain)
    juliet = await people.xmpp("juliet")
    for name in ("alice", "bob"):
        puppet.tell(juliet, "boss", f"list {name} {name.title()}")
        assert await asked(juliet, puppet.jid(name)) == name.title()
    assert len(await daemon.lines(BROKEN)) == 1


@only("prosody")
async def test_what_is_granted_late_puts_the_contact_there(daemon, xmpp_server, puppet,
                                                           people):
    await begin(daemon, xmpp_server)
    juliet = await people.xmpp("juliet")
    alice, bob = puppet.jid("alice"), puppet.jid("bob")
    puppet.tell(juliet, "boss", "list alice Alice")
    puppet.tell(juliet, "boss", "list bob Bob")
    await asked(juliet, alice)
    await asked(juliet, bob)
    juliet.write(f"<presence type='unsubscribed' to='{bob}'/>")
    await juliet.barrier(puppet.domain)

    start = daemon.mark()
    xmpp_server.stop()
    xmpp_server.allow_components(edit=granting(xmpp_server, puppet.domain))
    xmpp_server.start()
    await daemon.components_up(start)
    again = await people.client(juliet.jid)
    item = await roster_item(again, alice)
    if item is None or item[1] != "both":
        await pushed(again, alice, subscription="both")
    await again.contact_presence(alice)
    assert (await roster_item(again, alice))[0] == "Alice"
    assert await roster_item(again, bob) is None


async def test_a_client_that_takes_suggestions_gets_them(daemon, xmpp_server, puppet, people):
    await begin(daemon, xmpp_server)
    juliet = await people.xmpp("juliet")
    accept_suggestions(juliet)
    await puppet.ask(juliet, "boss", "echo hello")  # opens the session
    juliet.write(f"<presence to='{puppet.domain}'/>")
    await juliet.barrier(puppet.domain)
    puppet.tell(juliet, "boss", "list alice Alice Friends")
    suggestion = await juliet.expect(
        lambda s: s.name == "iq" and s.find(f"{{{ROSTERX}}}x") is not None, "suggestion")
    assert suggestion.from_ == puppet.domain
    (item,) = suggestion.find(f"{{{ROSTERX}}}x")
    assert item.attrib == {"action": "add", "jid": puppet.jid("alice"), "name": "Alice"}
    assert [group.text for group in item] == ["Friends"]
    await juliet.barrier(puppet.domain)
    assert juliet.take(lambda s: s.type == "subscribe") == []


def accept_suggestions(user):
    """As Gajim does."""
    xmpp = user._xmpp
    xmpp.register_plugin("xep_0030")
    xmpp["xep_0030"].add_feature(ROSTERX)
    xmpp.register_handler(Callback("rosterx", MatchXPath(f"{{jabber:client}}iq/{{{ROSTERX}}}x"),
                                   lambda iq: iq.reply().send()))


# What no real server does


class Liar:
    """Answers all about rosters as it is told."""

    def __init__(self, answer):
        self.answer, self.sets, self.asked = answer, 0, []

    def __call__(self, link, stanza):
        if stanza.name == "presence" and stanza.type == "subscribe":
            self.asked.append(stanza.from_)
        elif stanza.name == "iq" and stanza.find(".//{jabber:iq:roster}query") is not None:
            self.sets += stanza.type == "set"
            link.send(self.answer.format(id=stanza.id, to=stanza.from_, user=stanza.to))


LIES = {
    "an error without a reason": "<iq type='error' id='{id}' from='{user}' to='{to}'/>",
    "two errors": "<iq type='error' id='{id}' from='{user}' to='{to}'><error type='wait'>"
                  "<internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
                  "<error type='cancel'/></iq>",
    "a roster that is none": "<iq type='result' id='{id}' from='{user}' to='{to}'>"
                             "<query xmlns='jabber:iq:roster'><item/><item jid=''/><x/></query>"
                             "</iq>",
    "no result but errors": "<iq type='error' id='{id}' from='{user}' to='{to}'><error>"
                            "<query xmlns='jabber:iq:roster'/></error></iq>",
    "somebody else": "<iq type='result' id='{id}' from='mallory@evil.test' to='{to}'/>"
                     "<iq type='error' id='{id}' from='{user}' to='{to}'><error type='auth'>"
                     "<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    "the same twice": "<iq type='result' id='{id}' from='{user}' to='{to}'/>" * 2,
}
TRUE_ENOUGH = ("a roster that is none", "the same twice")


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.replace(" ", "-"))
async def test_a_server_that_answers_wrongly(make_daemon, puppet, lie):
    liar = Liar(LIES[lie])
    server = await ScriptedServer(liar).start()
    daemon = make_daemon(server.port)
    daemon.add_transport("puppet")
    await daemon.start()
    (link,) = await server.up(puppet.domain)
    link.send(f"<message from='{DOMAIN}' to='{puppet.domain}'>"
              "<privilege xmlns='urn:xmpp:privilege:2'><perm access='roster' type='both'/>"
              "</privilege></message>")
    link.send(f"<message type='chat' from='juliet@{DOMAIN}/one' to='{puppet.jid('boss')}'>"
              "<body>list alice Alice</body></message>")
    if lie in TRUE_ENOUGH:
        await server.until(lambda: liar.sets == 1)
    else:
        await server.until(lambda: liar.asked == [puppet.jid("alice")])
        assert liar.sets <= 1
    await server.stop()
