"""What clients may ask of every address: discovery, version, ping; and what is never said."""

import pytest

from bridged import ECHO, GATEWAY, IRC, NETWORK
from clients.xmpp import PING, Refused
from conftest import channel_jid

VERSION = "<query xmlns='jabber:iq:version'/>"

# One of each kind of address, none of them needing to exist.
ADDRESSES = {
    "front door": GATEWAY,
    "transport": IRC,
    "network": f"{NETWORK}@{IRC}",
    "channel": channel_jid("#somewhere"),
    "contact": f"somebody%{NETWORK}@{IRC}",
    "echo contact": f"anything@{ECHO}",
    "echo room": f"room@{ECHO}",
}
BASIC = {"http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items",
         "urn:xmpp:ping", "jabber:iq:version"}
MUC = "http://jabber.org/protocol/muc"


async def test_the_front_door_lists_the_transports(gateway, juliet):
    items = await juliet.items(GATEWAY)
    assert set(items) == {IRC, ECHO}
    assert all(items.values())


async def test_every_address_says_what_it_is(gateway, juliet):
    """XEP-0030: identities of the registry, and at least what every entity has."""
    expected = {
        "front door": ("component", "generic"),
        "transport": ("gateway", "irc"),
        "network": ("conference", "irc"),
        "channel": ("conference", "text"),
        "contact": ("account", "registered"),
        "echo contact": ("account", "registered"),
        "echo room": ("conference", "text"),
    }
    for kind, jid in ADDRESSES.items():
        identities, features, _ = await juliet.info(jid)
        assert expected[kind] in {identity[:2] for identity in identities}, kind
        assert features >= BASIC, kind
        assert (MUC in features) == (kind in ("transport", "network", "channel", "echo room")
                                     ), kind
        assert await juliet.items(jid) is not None


async def test_an_unknown_node_is_not_found(gateway, juliet):
    """XEP-0030 §7."""
    for ask in (juliet.info, juliet.items):
        with pytest.raises(Refused) as refused:
            await ask(IRC, node="no-such-node")
        assert refused.value.error.condition == "item-not-found"


async def test_every_address_answers_ping_and_version(gateway, juliet):
    for kind, jid in ADDRESSES.items():
        pong = await juliet.request(jid, PING)
        assert (pong.type, pong.from_) == ("result", jid), kind
        version = await juliet.request(jid, VERSION)
        query = version.find("{jabber:iq:version}query")
        assert query.findtext("{jabber:iq:version}name") == "bridged", kind
        assert query.findtext("{jabber:iq:version}version"), kind


async def test_a_ping_to_oneself_in_a_room_tells_whether_one_is_inside(gateway, juliet, channel):
    """XEP-0410: an error that is not "outside" would let clients believe that they are in."""
    outside = await juliet.request(f"{channel.jid}/jul", PING)
    assert (outside.type, outside.error.condition) == ("error", "not-acceptable")
    await juliet.join(channel.jid, "jul")
    assert (await juliet.request(f"{channel.jid}/jul", PING)).type == "result"


async def test_contact_addresses_are_published(daemon, juliet):
    """XEP-0157."""
    daemon.config["gateway"].update(
        admin_addresses=["xmpp:admin@xmpp.test", "mailto:admin@xmpp.test"],
        abuse_addresses=["mailto:abuse@xmpp.test"])
    await daemon.start()
    for jid in (GATEWAY, IRC):
        _, _, form = await juliet.info(jid)
        assert form["FORM_TYPE"] == ["http://jabber.org/network/serverinfo"]
        assert form["admin-addresses"] == ["xmpp:admin@xmpp.test", "mailto:admin@xmpp.test"]
        assert form["abuse-addresses"] == ["mailto:abuse@xmpp.test"]
        assert "security-addresses" not in form


async def test_without_contact_addresses_there_is_no_form(gateway, juliet):
    assert (await juliet.info(GATEWAY))[2] == {}


@pytest.mark.parametrize("type", ["get", "set"])
async def test_what_nobody_understands_is_refused(gateway, juliet, type):
    """RFC 6120 §8.4."""
    for kind, jid in ADDRESSES.items():
        answer = await juliet.request(jid, "<query xmlns='urn:example:unknown'/>", type)
        assert answer.type == "error", kind
        assert answer.error.condition in ("service-unavailable", "feature-not-implemented"), kind
        assert answer.from_ == jid


async def test_what_is_no_address_is_said_to_be_none(gateway, juliet):
    for jid in (f"#chan@{IRC}", f"nobody@{GATEWAY}"):
        answer = await juliet.request(jid, PING)
        assert answer.error.condition in ("jid-malformed", "item-not-found"), jid
        assert answer.error.text, jid


async def test_errors_and_results_are_never_answered(gateway, juliet):
    """RFC 6120 §8.3.1: two servers that answer errors do so for ever."""
    juliet.take()
    condition = ("<error type='cancel'><item-not-found "
                 "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")
    for jid in ADDRESSES.values():
        for error in ("<iq type='error' id='e1' to='{}'>{}</iq>",
                      "<iq type='error' id='e2' to='{}'/>",
                      "<iq type='result' id='e3' to='{}'/>",
                      "<message type='error' id='e4' to='{}'><body>hm</body>{}</message>",
                      "<message type='error' id='e5' to='{}'/>",
                      "<presence type='error' id='e6' to='{}'>{}</presence>"):
            juliet.write(error.format(jid, condition))
        await juliet.barrier(jid)
    assert juliet.take() == []


async def test_messages_that_need_no_answer_get_none(gateway, juliet):
    """Chat states and receipts are for people with XMPP clients."""
    juliet.take()
    for jid in ADDRESSES.values():
        juliet.write(f"<message type='chat' id='s' to='{jid}'>"
                     "<composing xmlns='http://jabber.org/protocol/chatstates'/></message>")
        juliet.write(f"<message id='r' to='{jid}'>"
                     "<received xmlns='urn:xmpp:receipts' id='x'/></message>")
        await juliet.barrier(jid)
    assert juliet.take() == []


async def test_a_message_to_the_front_door_is_answered_in_words(gateway, juliet):
    juliet.message(GATEWAY, "hello?")
    assert "help" in (await juliet.received(GATEWAY)).body
