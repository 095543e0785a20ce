"""What a message carries beside its text: files, corrections, replies, receipts… Through
networks that have all of it (puppet), and none (plain, IRC)."""

import itertools

from bridged import IRC, NETWORK

OOB = "{jabber:x:oob}"
SFS = "{urn:xmpp:sfs:0}"
FILE = "{urn:xmpp:file:metadata:0}"
FALLBACK = "{urn:xmpp:fallback:0}"
URL_DATA = "{http://jabber.org/protocol/url-data}"
REPLY = "{urn:xmpp:reply:0}reply"
REPLACE = "{urn:xmpp:message-correct:0}replace"
RETRACT = "{urn:xmpp:message-retract:1}retract"
REACTIONS = "{urn:xmpp:reactions:0}"
RECEIPTS = "{urn:xmpp:receipts}"
MARKERS = "{urn:xmpp:chat-markers:0}"
STATES = "{http://jabber.org/protocol/chatstates}"
STANZA_ID = "{urn:xmpp:sid:0}stanza-id"

PNG = "https://files.example.org/cat.png"
REQUEST = "<request xmlns='urn:xmpp:receipts'/>"
THUMB = "<reactions xmlns='urn:xmpp:reactions:0' id='n1'><reaction>👍</reaction></reactions>"
MARKABLE = "<markable xmlns='urn:xmpp:chat-markers:0'/>"

_ids = itertools.count(1)


def fallback(of, range_=""):
    return f"<fallback xmlns='urn:xmpp:fallback:0' for='{of}'><body{range_}/></fallback>"


def state(name):
    return f"<{name} xmlns='http://jabber.org/protocol/chatstates'/>"


def write(user, to, inside, type_="chat"):
    """A message with anything in it; returns its id."""
    id_ = f"p{next(_ids)}"
    user.write(f"<message type='{type_}' to='{to}' id='{id_}'>{inside}</message>")
    return id_


# Each way of saying something: what a network with everything is given, and in which words one
# with nothing hears it (None: not at all). `@` stands for the contact's JID.
SAID = {
    "correction": (
        "<body>at eight</body><replace xmlns='urn:xmpp:message-correct:0' id='old'/>",
        {"body": "at eight", "replaces": "old"}, "at eight (corrected)"),
    "retraction": (
        "<retract xmlns='urn:xmpp:message-retract:1' id='old'/><body>/me retracted</body>"
        + fallback("urn:xmpp:message-retract:1"),
        {"body": "", "retracts": "old"},
        "Please ignore an earlier message: I have taken it back."),
    "reply": (
        "<body>&gt; Wie wär's? 👋\nGern!</body><reply xmlns='urn:xmpp:reply:0' id='old' to='@'/>"
        + fallback("urn:xmpp:reply:0", " start='0' end='15'"),
        {"body": "Gern!", "answers": "old", "answers_to": "alice", "quote": "Wie wär's? 👋"},
        "> Wie wär's? 👋\nGern!"),
    "file": (
        f"<body>{PNG}</body><x xmlns='jabber:x:oob'><url>{PNG}</url></x>"
        f"<file-sharing xmlns='urn:xmpp:sfs:0'><file xmlns='urn:xmpp:file:metadata:0'>"
        f"<media-type>image/png</media-type><name>cat.png</name><size>512</size></file>"
        f"<sources><url-data xmlns='http://jabber.org/protocol/url-data' target='{PNG}'/>"
        f"</sources></file-sharing>" + fallback("urn:xmpp:sfs:0"),
        {"body": "", "file0.url": PNG, "file0.name": "cat.png", "file0.type": "image/png",
         "file0.size": "512"}, PNG),
    "subject": (
        "<subject>Tea</subject><body>At five?</body>",
        {"body": "At five?", "subject": "Tea"}, "Subject: Tea\nAt five?"),
    "thread": ("<thread>t1</thread><body>x</body>", {"body": "x", "thread": "t1"}, "x"),
    "questions": (f"<body>x</body>{REQUEST}{MARKABLE}",
                  {"body": "x", "receipt": "yes", "displayed": "yes"}, "x"),
    "off the record": ("<body>x</body><no-store xmlns='urn:xmpp:hints'/>",
                       {"body": "x", "no_store": "yes"}, "x"),
    "an action": ("<body>/me bows</body>", {"body": "bows", "kind": "action"}, "/me bows"),
    "no reactions any more": ("<reactions xmlns='urn:xmpp:reactions:0' id='old'/>",
                              {"body": "", "reacts": "old"}, None),
    "nothing": ("<body></body>", None, None),
}


async def heard(network, user, inside):
    """What the network is given for it, and the id that it was sent with."""
    before = await network.seen(user, "message")
    id_ = write(user, network.jid("alice"), inside.replace("@", network.jid("alice")))
    seen = await network.seen(user, "message")
    return (None if seen == before else seen), id_


async def test_all_of_it_reaches_a_network_that_has_it(gateway, puppet, juliet):
    for what, (inside, fields, _) in SAID.items():
        seen, id_ = await heard(puppet, juliet, inside)
        if fields:
            fields = {"address": "alice", "id": id_, "kind": "text"} | fields
        assert seen == fields, what


async def test_or_is_said_in_words(gateway, plain, juliet):
    for what, (inside, _, words) in SAID.items():
        seen, id_ = await heard(plain, juliet, inside)
        said = None
        if words:
            kind = "action" if words.startswith("/me ") else "text"
            said = {"address": "alice", "id": id_, "kind": kind,
                    "body": words.removeprefix("/me ")}
        if what == "off the record":
            said["no_store"] = "yes"
        assert seen == said, what


async def test_words_on_irc_are_lines(gateway, juliet, carol, channel):
    """The reply's quote, the file's address, what is taken back: and nothing else."""
    await carol.join(channel)
    balcony = await juliet.join(channel.jid, "jul")
    for what in "correction", "retraction", "reply", "file", "nothing", "an action":
        balcony.send(SAID[what][0].replace("@", f"{channel.jid}/carol"))
    balcony.send(state("composing"))
    balcony.send("<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>")
    balcony.say("the end")
    said = await carol.heard(channel, 7)
    assert [text for _, text in said] == [
        "at eight (corrected)", "Please ignore an earlier message: I have taken it back.",
        "> Wie wär's? 👋", "Gern!", PNG, "\x01ACTION bows\x01", "the end"]
    # XEP-0461 without a quote: who is meant, as people on IRC say it
    balcony.send("<body>aye</body>"
                 f"<reply xmlns='urn:xmpp:reply:0' id='old' to='{channel.jid}/carol'/>")
    assert await carol.heard(channel, 1) == [("jul", "carol: aye")]
    juliet.message(f"carol%{NETWORK}@{IRC}", "psst")
    await carol.expect(" PRIVMSG carol :psst$")
    assert await carol.barrier() == []


async def test_a_reaction_goes_where_it_can_be_seen(gateway, puppet, plain, juliet):
    inside = ("<reactions xmlns='urn:xmpp:reactions:0' id='old'><reaction>👍</reaction>"
              "<reaction>❤</reaction></reactions><store xmlns='urn:xmpp:hints'/>")
    id_ = write(juliet, puppet.jid("alice"), inside)
    assert await puppet.seen(juliet, "message") == {
        "address": "alice", "id": id_, "body": "", "kind": "text", "reacts": "old",
        "reaction0": "👍", "reaction1": "❤"}
    # XEP-0444 §4.3: elsewhere the client takes it back.
    refused = await juliet.bounced(write(juliet, plain.jid("alice"), inside))
    assert refused.error.condition == "feature-not-implemented"
    assert "Nobody there has seen your reaction" in refused.error.text
    assert await plain.seen(juliet, "message") is None


async def test_a_chat_state_goes_where_it_can_be_seen(gateway, puppet, plain, juliet):
    for network in puppet, plain:
        juliet.message(network.jid("alice"), "hello")  # a signal alone makes no session
        for name in "active", "composing", "paused", "inactive", "gone":
            write(juliet, network.jid("alice"), state(name))
            seen = {"address": "alice", "kind": name} if network is puppet else None
            assert await network.seen(juliet, "signal") == seen


async def test_her_receipts_and_markers_reach_the_network(gateway, puppet, juliet):
    await puppet.ask(juliet, "alice", "say id=n1 receipt=1 displayed=1 hello")
    write(juliet, puppet.jid("alice"), "<received xmlns='urn:xmpp:receipts' id='n1'/>")
    assert await puppet.seen(juliet, "signal") == {"address": "alice", "kind": "received",
                                                   "id": "n1"}
    write(juliet, puppet.jid("alice"), "<displayed xmlns='urn:xmpp:chat-markers:0' id='n1'/>")
    assert await puppet.seen(juliet, "signal") == {"address": "alice", "kind": "displayed",
                                                   "id": "n1"}


# Up


async def test_who_asks_hears_that_it_arrived_and_was_read(gateway, puppet, plain, juliet):
    """XEP-0184, XEP-0333: once, by the client that asked, and from who can know."""
    id_ = write(juliet, puppet.jid("alice"), f"<body>received</body>{REQUEST}")
    receipt = await juliet.received(puppet.jid("alice"))
    assert receipt.find(RECEIPTS + "received").get("id") == id_
    assert receipt.body is None and receipt.to == juliet.jid
    id_ = write(juliet, puppet.jid("alice"), f"<body>displayed</body>{MARKABLE}")
    marker = await juliet.received(puppet.jid("alice"))
    assert marker.find(MARKERS + "displayed").get("id") == id_

    write(juliet, puppet.jid("alice"), "<body>received</body>")  # nobody asked
    write(juliet, puppet.jid("alice"), f"<body>received {id_}</body>")
    write(juliet, plain.jid("alice"), f"<body>received</body>{REQUEST}")
    for network in puppet, plain:
        assert (await network.seen(juliet, "message"))["address"] == "alice"
    assert juliet.take(lambda s: s.name == "message") == []


async def test_a_failed_message_has_no_receipt(gateway, puppet, juliet):
    id_ = write(juliet, puppet.jid("alice"), f"<body>refuse not-found Gone</body>{REQUEST}")
    assert (await juliet.bounced(id_)).error.condition == "item-not-found"
    await puppet.seen(juliet, "message")
    assert juliet.take(lambda s: s.name == "message") == []


async def test_a_contact_is_seen_typing(gateway, puppet, plain, juliet):
    """XEP-0085 §5.1: by a client that does the same."""
    for line, name in {"active": "active", "typing": "composing", "paused": "paused",
                       "inactive": "inactive", "gone": "gone"}.items():
        write(juliet, puppet.jid("alice"), f"<body>{line}</body>{state('active')}")
        types = await juliet.received(puppet.jid("alice"))
        assert types.find(STATES + name) is not None and types.body is None
    puppet.tell(juliet, "bob", "typing")
    write(juliet, plain.jid("alice"), f"<body>typing</body>{state('active')}")
    for network in puppet, plain:
        await network.seen(juliet, "message")
    assert juliet.take(lambda s: s.name == "message") == []


async def test_a_contacts_messages_carry_what_the_network_has(gateway, puppet, juliet):
    async def says(options):
        puppet.tell(juliet, "alice", f"say {options}")
        return await juliet.received(puppet.jid("alice"))

    said = await says("id=net-7 replaces=net-6 at nine")
    assert (said.id, said.body, said.find(REPLACE).get("id")) == ("net-7", "at nine", "net-6")

    said = await says("retracts=net-7")
    assert said.find(RETRACT).get("id") == "net-7"
    assert said.find(FALLBACK + "fallback").get("for") == "urn:xmpp:message-retract:1"
    assert "taken back" in said.body

    said = await says("reacts=net-7 reactions=👍,❤")
    assert said.body is None and said.find(REACTIONS + "reactions").get("id") == "net-7"
    assert [e.text for e in said.xml.iter(REACTIONS + "reaction")] == ["👍", "❤"]

    said = await says('answers=net-7 answers_to=alice quote="Wie wär\'s? 👋" Gern!')
    reply, part = said.find(REPLY), said.find(f"{FALLBACK}fallback/{FALLBACK}body")
    assert (reply.get("id"), reply.get("to")) == ("net-7", puppet.jid("alice"))
    assert said.body[:int(part.get("end"))] == "> Wie wär's? 👋\n"
    assert said.body[int(part.get("end")):] == "Gern!"

    said = await says("receipt=1 displayed=1 subject=Tea thread=t1 no_store=1 x")
    assert said.find(RECEIPTS + "request") is not None
    assert said.find(MARKERS + "markable") is not None
    assert said.find("{urn:xmpp:hints}no-store") is not None
    assert said.find(STATES + "active") is not None
    assert (said.subject, said.text("thread")) == ("Tea", "t1")


async def test_a_contacts_file_is_shown_as_one(gateway, puppet, juliet):
    """Clients show a picture if its address is all of the body: the text comes behind it."""
    puppet.tell(juliet, "alice", f"say id=net-8 url={PNG} name=cat.png type=image/png size=512 "
                                 "Look")
    file = await juliet.received(puppet.jid("alice"))
    assert (file.body, file.find(f"{OOB}x/{OOB}url").text) == (PNG, PNG)
    shared = file.find(SFS + "file-sharing")
    assert shared.get("disposition") == "inline"
    assert [e.text for e in shared.find(FILE + "file")] == ["image/png", "cat.png", "512"]
    assert shared.find(f"{SFS}sources/{URL_DATA}url-data").get("target") == PNG
    text = await juliet.received(puppet.jid("alice"))
    assert (text.id, text.body) == ("net-8", "Look")


# Rooms


async def test_in_rooms_the_same_goes_both_ways(gateway, puppet, juliet, romeo):
    room = puppet.jid("room-1")
    balcony = await juliet.join(room, "jul")
    id_ = balcony.send("<body>at eight</body>"
                       "<replace xmlns='urn:xmpp:message-correct:0' id='o'/>"
                       f"<reply xmlns='urn:xmpp:reply:0' id='n0' to='{room}/puppet'/>"
                       "<origin-id xmlns='urn:xmpp:sid:0' id='origin'/>")
    own = await balcony.message("at eight", "jul")
    assert (own.id, own.find(REPLACE).get("id")) == (id_, "o")
    assert own.find("{urn:xmpp:sid:0}origin-id").get("id") == "origin"
    assert (own.find(REPLY).get("id"), own.find(REPLY).get("to")) == ("n0", f"{room}/puppet")

    balcony.say("say id=n1 from=puppet soft")
    said = await balcony.message("soft", "puppet")
    assert said.find(STANZA_ID).attrib == {"id": "n1", "by": room}
    assert "urn:xmpp:sid:0" in (await juliet.info(room))[1]  # XEP-0359: or it is not believed
    balcony.send(THUMB)
    mine = await juliet.expect(lambda s: s.find(REACTIONS + "reactions") is not None,
                               "reaction")
    assert (mine.from_, mine.body) == (f"{room}/jul", None)


async def test_in_rooms_without_it_there_are_words(gateway, plain, juliet):
    room = plain.jid("room-1")
    balcony = await juliet.join(room, "jul")
    balcony.send("<body>at eight</body><replace xmlns='urn:xmpp:message-correct:0' id='o'/>")
    own = await balcony.message(nick="jul")
    assert own.body == "at eight (corrected)"
    assert own.find(REPLACE) is None and own.find(STANZA_ID) is None
    assert "urn:xmpp:sid:0" not in (await juliet.info(room))[1]
    refused = await juliet.bounced(balcony.send(THUMB))
    assert refused.error.condition == "feature-not-implemented"


async def test_a_copy_is_not_for_us(gateway, puppet, juliet):
    """XEP-0280: what another client of hers wrote is no message to a contact."""
    write(juliet, puppet.jid("alice"), "<sent xmlns='urn:xmpp:carbons:2'/><body>twice</body>")
    assert await puppet.seen(juliet, "message") is None
