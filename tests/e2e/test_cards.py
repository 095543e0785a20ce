"""Who a contact is, and what can be done with it: features (XEP-0030, XEP-0115), names
(XEP-0172), pictures (XEP-0153), vCards (XEP-0054, XEP-0292), and finding people (XEP-0100 §6.3).

What is told is put together again here, from what a client gets."""

import base64
import hashlib

import pytest

from bridged import ECHO, GATEWAY, IRC

DISCO_INFO = "http://jabber.org/protocol/disco#info"
CAPS = "http://jabber.org/protocol/caps"
UPDATE = "{vcard-temp:x:update}"
TEMP = "{vcard-temp}"
FOUR = "{urn:ietf:params:xml:ns:vcard-4.0}"
DATA = "{jabber:x:data}"

ASK = "<vCard xmlns='vcard-temp'/>"
ASK_4 = ("<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
         "<items node='urn:xmpp:vcard4'/></pubsub>")

# What a network may have: enum bridge_feature.
FEATURES = {"urn:xmpp:receipts", "urn:xmpp:chat-markers:0",
            "http://jabber.org/protocol/chatstates", "urn:xmpp:message-correct:0",
            "urn:xmpp:message-retract:1", "urn:xmpp:reactions:0", "urn:xmpp:reply:0",
            "urn:xmpp:sfs:0"}


# What clients do


def verification(query):
    """XEP-0115 §5.1, of an answer as it came."""
    tag = f"{{{DISCO_INFO}}}"
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    parts = ["/".join(part) for part in sorted(
        (i.get("category"), i.get("type"), i.get(lang, ""), i.get("name", ""))
        for i in query.iter(tag + "identity"))]
    parts += sorted(feature.get("var") for feature in query.iter(tag + "feature"))
    forms = {}
    for form in query.iter(DATA + "x"):
        fields = {field.get("var"): sorted(v.text or "" for v in field.iter(DATA + "value"))
                  for field in form.iter(DATA + "field")}
        forms[fields.pop("FORM_TYPE")[0]] = fields
    for form_type, fields in sorted(forms.items()):
        parts.append(form_type)
        for var, values in sorted(fields.items()):
            parts += [var, *values]
    text = "".join(part + "<" for part in parts)
    return base64.b64encode(hashlib.sha1(text.encode()).digest()).decode()


async def described(user, jid, node=None):
    attribute = f" node='{node}'" if node else ""
    answer = await user.request(jid, f"<query xmlns='{DISCO_INFO}'{attribute}/>")
    assert answer.type == "result", answer
    query = answer.find(f"{{{DISCO_INFO}}}query")
    assert query.get("node") == node
    return query


async def check_caps(user, presence):
    """The features of somebody whose presence has come, if the hash is true."""
    caps = presence.find(f"{{{CAPS}}}c")
    assert caps.get("hash") == "sha-1"
    node = f"{caps.get('node')}#{caps.get('ver')}"
    for asked in node, None:
        query = await described(user, presence.from_, asked)
        assert verification(query) == caps.get("ver")
    return {feature.get("var") for feature in query.iter(f"{{{DISCO_INFO}}}feature")}


async def subscribe(user, jid):
    user.write(f"<presence type='subscribe' to='{jid}'/>")
    return await user.contact_presence(jid)


async def picture(user, jid):
    """From both kinds of vCard: the same."""
    temp = (await user.request(jid, ASK)).find(f"{TEMP}vCard/{TEMP}PHOTO")
    four = (await user.request(jid, ASK_4)).find(f".//{FOUR}vcard/{FOUR}photo/{FOUR}uri")
    if temp is None:
        assert four is None
        return None
    kind, _, data = four.text.partition(";base64,")
    assert kind == "data:" + temp.findtext(TEMP + "TYPE")
    assert base64.b64decode(data) == base64.b64decode(temp.findtext(TEMP + "BINVAL"))
    return base64.b64decode(data)


async def shown_picture(user, presence):
    """The picture whose hash presence tells."""
    told = presence.find(f"{UPDATE}x/{UPDATE}photo")
    data = await picture(user, presence.bare)
    assert hashlib.sha1(data).hexdigest() == told.text
    return data


# Features


async def test_contacts_tell_what_their_network_can(gateway, puppet, plain, juliet):
    everything = await check_caps(juliet, await subscribe(juliet, puppet.jid("alice")))
    text = await check_caps(juliet, await subscribe(juliet, plain.jid("alice")))
    assert everything - text == FEATURES
    assert text >= {DISCO_INFO, CAPS, "vcard-temp", "urn:xmpp:ping"}
    for features in everything, text:
        assert not [f for f in features if "omemo" in f or "openpgp" in f or "axolotl" in f]


async def test_all_contacts_of_a_network_share_one_hash(gateway, puppet, juliet):
    """So a client asks once, not for each of a hundred contacts."""
    one, two = [await subscribe(juliet, puppet.jid(name)) for name in ("alice", "queen")]
    assert (one.find(f"{{{CAPS}}}c").attrib == two.find(f"{{{CAPS}}}c").attrib)


async def test_a_gateway_in_the_roster_has_a_hash_too(daemon, puppet, juliet):
    """With the form in it (XEP-0128) that says whom to contact."""
    daemon.config["gateway"].update(admin_addresses=["mailto:b@xmpp.test", "mailto:a@xmpp.test"])
    await daemon.start()
    features = await check_caps(juliet, await subscribe(juliet, puppet.domain))
    assert features >= {"jabber:iq:gateway", "http://jabber.org/protocol/commands"}


async def test_who_is_not_there_tells_nothing(gateway, puppet, juliet):
    await subscribe(juliet, puppet.jid("alice"))
    puppet.tell(juliet, "alice", "presence offline Gone")
    gone = await juliet.contact_presence(puppet.jid("alice"), "unavailable")
    assert gone.find(f"{{{CAPS}}}c") is None and gone.find(f"{UPDATE}x") is None


# Pictures and names


async def test_a_contact_has_a_nick_and_a_picture(gateway, puppet, juliet):
    puppet.tell(juliet, "alice", "nick Alice <3")
    puppet.tell(juliet, "alice", "avatar red")
    presence = await subscribe(juliet, puppet.jid("alice"))
    assert presence.find("{http://jabber.org/protocol/nick}nick").text == "Alice <3"
    red = await shown_picture(juliet, presence)
    assert red.startswith(b"\x89PNG")

    puppet.tell(juliet, "alice", "avatar blue")
    blue = await shown_picture(juliet, await juliet.contact_presence(puppet.jid("alice")))
    assert blue.startswith(b"\x89PNG") and blue != red

    puppet.tell(juliet, "alice", "avatar none")
    bare = await juliet.contact_presence(puppet.jid("alice"))
    assert bare.find(f"{UPDATE}x/{UPDATE}photo").text is None
    assert await picture(juliet, puppet.jid("alice")) is None


async def test_the_largest_picture_arrives(gateway, puppet, juliet):
    """64 KB: a third more in base64, more than some servers' default for clients."""
    puppet.tell(juliet, "alice", "avatar large")
    large = await shown_picture(juliet, await subscribe(juliet, puppet.jid("alice")))
    assert len(large) == 65536


# vCards


async def test_a_card_has_all_that_is_known(gateway, puppet, juliet):
    jid = puppet.jid("alice")
    temp = (await juliet.request(jid, ASK)).find(TEMP + "vCard")
    assert temp.findtext(TEMP + "FN") == "Alice Pleasance Liddell"
    assert temp.findtext(f"{TEMP}TEL/{TEMP}NUMBER") == "+15550100"
    assert temp.findtext(f"{TEMP}EMAIL/{TEMP}USERID") == "alice@example.org"
    assert temp.findtext(TEMP + "DESC") == "Curiouser & <curiouser>"
    assert temp.findtext(TEMP + "JABBERID") == jid
    four = (await juliet.request(jid, ASK_4)).find(f".//{FOUR}vcard")
    assert four.findtext(f"{FOUR}fn/{FOUR}text") == "Alice Pleasance Liddell"
    assert four.findtext(f"{FOUR}tel/{FOUR}uri") == "tel:+15550100"
    assert four.findtext(f"{FOUR}url/{FOUR}uri") == "https://example.org/alice"
    assert four.findtext(f"{FOUR}org/{FOUR}text") == "Wonderland"
    assert four.findtext(f"{FOUR}impp/{FOUR}uri") == f"xmpp:{jid}"


async def test_a_network_may_know_nobody(gateway, puppet, juliet):
    await puppet.ask(juliet, "alice", "who?")
    puppet.tell(juliet, "alice", "lookup nothing")
    card = (await juliet.request(puppet.jid("queen"), ASK)).find(TEMP + "vCard")
    assert card.findtext(TEMP + "FN") == "queen"
    puppet.tell(juliet, "alice", "lookup not-found There is no queen")
    answer = await juliet.request(puppet.jid("queen"), ASK)
    assert answer.error.condition == "item-not-found"
    assert answer.error.text.startswith("There is no queen")


async def test_an_answer_that_takes_its_time_is_everybodys(gateway, puppet, juliet, people):
    """Two clients ask, the network is asked once, and both hear of it."""
    other = await people.client(juliet.bare + "/two")
    puppet.tell(juliet, "alice", "lookup hold")
    jid = puppet.jid("queen")
    for user in juliet, other:
        user.write(f"<iq type='get' id='card' to='{jid}'>{ASK}</iq>")
        await user.barrier(jid)
    assert (await puppet.seen(juliet, "lookup"))["address"] == "queen"
    puppet.tell(juliet, "alice", "answer card")
    for user in juliet, other:
        card = await user.expect(lambda s: s.name == "iq" and s.id == "card", "the card")
        assert card.find(f"{TEMP}vCard/{TEMP}FN").text == "Alice Pleasance Liddell"


async def test_whoever_stops_answers_first(gateway, puppet, juliet):
    """SIGTERM while the network is still looking: the client is not left waiting."""
    puppet.tell(juliet, "alice", "lookup hold")
    jid = puppet.jid("queen")
    juliet.write(f"<iq type='get' id='card' to='{jid}'>{ASK}</iq>")
    await juliet.barrier(jid)
    await gateway.stop()
    card = await juliet.expect(lambda s: s.name == "iq" and s.id == "card", "an answer")
    assert card.error.condition == "recipient-unavailable"


async def test_an_occupant_is_who_is_behind_the_nick(gateway, puppet, juliet):
    room = puppet.jid("room-one")
    outside = await juliet.request(f"{room}/puppet", ASK)
    assert outside.error.condition == "bad-request"
    await juliet.join(room, "jul")
    card = (await juliet.request(f"{room}/puppet", ASK)).find(TEMP + "vCard")
    assert card.findtext(TEMP + "FN") == "Alice Pleasance Liddell"
    assert card.find(TEMP + "JABBERID") is None


async def test_a_network_without_cards_gives_the_address(gateway, juliet):
    card = (await juliet.request(f"nymph@{ECHO}", ASK)).find(TEMP + "vCard")
    assert card.findtext(TEMP + "FN") == "nymph"


async def test_gateways_have_cards(daemon, juliet):
    daemon.config["gateway"].update(support_addresses=["https://xmpp.test/help",
                                                       "mailto:help@xmpp.test"])
    await daemon.start()
    for jid in GATEWAY, IRC:
        card = (await juliet.request(jid, ASK)).find(TEMP + "vCard")
        assert card.findtext(TEMP + "FN")
        assert card.findtext(TEMP + "URL") == "https://xmpp.test/help"
        assert card.findtext(f"{TEMP}EMAIL/{TEMP}USERID") == "help@xmpp.test"
        assert "help" in card.findtext(TEMP + "DESC")


async def test_cards_are_not_to_be_changed(gateway, puppet, juliet):
    for jid in puppet.jid("alice"), puppet.domain, GATEWAY:
        answer = await juliet.request(jid, "<vCard xmlns='vcard-temp'><FN>Me</FN></vCard>", "set")
        assert answer.error.condition == "forbidden" and answer.error.text


# Finding people


async def find(user, domain, typed):
    return await user.request(domain, "<query xmlns='jabber:iq:gateway'>"
                              f"<prompt>{typed}</prompt></query>", "set")


async def test_people_are_found_by_what_one_types(gateway, puppet, juliet):
    prompt = await juliet.request(puppet.domain, "<query xmlns='jabber:iq:gateway'/>")
    query = prompt.find("{jabber:iq:gateway}query")
    assert query.findtext("{jabber:iq:gateway}prompt") == "Name"
    assert query.findtext("{jabber:iq:gateway}desc") == "Type the name of whom you look for."
    for typed in " White Rabbit ", "white.rabbit@puppet.xmpp.test":
        found = await find(juliet, puppet.domain, typed)
        jid = found.find(".//{jabber:iq:gateway}jid").text
        assert jid == puppet.jid("white.rabbit")
    await subscribe(juliet, jid)


@pytest.mark.parametrize("typed", ["unknown person", "nobody", ""])
async def test_who_is_not_found_is_told_in_words(gateway, puppet, juliet, typed):
    answer = await find(juliet, puppet.domain, typed)
    assert answer.type == "error" and answer.error.text


async def test_the_front_door_finds_nobody(gateway, juliet):
    answer = await find(juliet, GATEWAY, "romeo")
    assert answer.error.condition == "service-unavailable"
