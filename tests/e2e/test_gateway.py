"""The gateway as one user meets it, from the first form to the last trace."""

import base64
import hashlib
from xml.sax.saxutils import escape

from clients.commands import start
from clients.stanza import attributes

REGISTER = "jabber:iq:register"
OWNER = "http://jabber.org/protocol/muc#owner"
DATA = "{jabber:x:data}"
RECEIPTS = "urn:xmpp:receipts"
CAPS = "{http://jabber.org/protocol/caps}c"
PHOTO = "{vcard-temp:x:update}x/{vcard-temp:x:update}photo"
NICK = "{http://jabber.org/protocol/nick}nick"


def fields(stanza):
    """{name: value} of a data form."""
    return {field.get("var"): field.findtext(f"{DATA}value") or ""
            for field in stanza.xml.iter(f"{DATA}field") if field.get("var")}


def submission(namespace, **values):
    filled = "".join(f"<field{attributes(var=var)}><value>{escape(value)}</value></field>"
                     for var, value in values.items())
    return (f"<query xmlns='{namespace}'><x xmlns='jabber:x:data' type='submit'>"
            f"{filled}</x></query>")


async def submit(user, jid, namespace, **values):
    """Fill in the form and leave out the rest."""
    return await user.request(jid, submission(namespace, **values), "set")


async def form_at(user, jid, namespace):
    answer = await user.request(jid, f"<query xmlns='{namespace}'/>")
    assert answer.type == "result", answer
    return answer


async def registers(club, juliet):
    refused = await juliet.bounced(club.tell(juliet, "alice", "Anybody there?"))
    assert refused.error.condition == "registration-required", refused

    form = await form_at(juliet, club.domain, REGISTER)
    assert {"name", "number", "password"} <= set(fields(form))
    denied = await submit(juliet, club.domain, REGISTER, name="Juliet", password="wrong")
    assert "this is not your password" in denied.error.text, denied
    done = await submit(juliet, club.domain, REGISTER, name="Juliet", number="+15550101",
                        password="wherefore")
    assert done.type == "result", done

    # XEP-0100 §4.1: the gateway wants to see the user, and shows itself.
    await juliet.contact_presence(club.domain, "subscribe")
    juliet.write(f"<presence type='subscribed' to='{club.domain}'/>"
                 f"<presence type='subscribe' to='{club.domain}'/>")
    await juliet.contact_presence(club.domain)

    form = await form_at(juliet, club.domain, REGISTER)
    assert form.xml.find(f"{{{REGISTER}}}query/{{{REGISTER}}}registered") is not None
    known = fields(form)
    assert (known["name"], known["number"], known["password"]) == ("Juliet", "+15550101", "")


async def finds(club, juliet, name):
    """The address of somebody whose name was typed into "Add contact"."""
    answer = await juliet.request(
        club.domain, f"<query xmlns='jabber:iq:gateway'><prompt>{name}</prompt></query>", "set")
    return answer.xml.findtext("{jabber:iq:gateway}query/{jabber:iq:gateway}jid")


async def adds(club, juliet, alice):
    name = alice.partition("@")[0]
    for line in "avatar red", "nick Alice":
        club.tell(juliet, name, line)
    juliet.write(f"<presence type='subscribe' to='{alice}'/>")
    await juliet.contact_presence(alice, "subscribed")
    shown = await juliet.contact_presence(alice)
    assert shown.xml.findtext(NICK) == "Alice"

    caps = shown.find(CAPS)
    _, features, _ = await juliet.info(alice, f"{caps.get('node')}#{caps.get('ver')}")
    assert RECEIPTS in features and "vcard-temp" in features, features

    card = await juliet.request(alice, "<vCard xmlns='vcard-temp'/>")
    picture = base64.b64decode(card.xml.findtext(".//{vcard-temp}PHOTO/{vcard-temp}BINVAL"))
    assert hashlib.sha1(picture).hexdigest() == shown.xml.findtext(PHOTO)

    # And the other way round: she wants to see the user, who lets her.
    await juliet.contact_presence(alice, "subscribe")
    juliet.write(f"<presence type='subscribed' to='{alice}'/>")
    juliet.write("<presence><show>away</show><status>On the balcony</status></presence>")
    await juliet.barrier(alice)
    seen = await club.seen(juliet, "presence")
    assert (seen["show"], seen["status"]) == ("away", "On the balcony")


async def talks(club, juliet, alice):
    juliet.write(f"<message to='{alice}' type='chat' id='r1'><body>received</body>"
                 f"<request xmlns='{RECEIPTS}'/></message>")
    receipt = await juliet.expect(
        lambda s: s.name == "message" and s.bare == alice
        and s.find(f"{{{RECEIPTS}}}received") is not None, "receipt")
    assert receipt.find(f"{{{RECEIPTS}}}received").get("id") == "r1"

    club.tell(juliet, alice.partition("@")[0], "say id=a1 receipt=1 Good morrow")
    greeting = await juliet.received(alice, "Good morrow")
    assert greeting.find(f"{{{RECEIPTS}}}request") is not None
    juliet.write(f"<message to='{greeting.from_}' type='chat' id='r2'>"
                 f"<received xmlns='{RECEIPTS}' id='{greeting.id}'/></message>")
    seen = await club.seen(juliet, "signal")
    assert (seen["kind"], seen["id"], seen["address"] + "@" + club.domain) == (
        "received", greeting.id, alice)


async def holds(club, juliet, setting, value, of=""):
    """What the plugin reads, and that it was told."""
    told = await club.ask(juliet, "prompter", f"get {setting} {of}".strip())
    assert told == f"{setting}={value}"
    assert (await club.seen(juliet, "changed"))["address"] == (of or "(account)")


async def edits(club, juliet):
    """One schema, four faces."""
    command = await start(juliet, club.domain, "settings")
    assert command.values["colour"] == "red"
    await command.complete(colour="blue")
    assert command.status == "completed", command.iq
    await holds(club, juliet, "colour", "blue")

    done = await submit(juliet, club.domain, REGISTER, name="Juliet Capulet")
    assert done.type == "result", done
    await holds(club, juliet, "name", "Juliet Capulet")
    await holds(club, juliet, "number", "+15550101")  # was left out

    balcony = await juliet.join(club.jid("room-balcony"), "jul")
    form = fields(await form_at(juliet, balcony.jid, OWNER))
    loud = next(var for var in form if var.endswith("loud"))
    done = await submit(juliet, balcony.jid, OWNER,
                        FORM_TYPE="http://jabber.org/protocol/muc#roomconfig", **{loud: "1"})
    assert done.type == "result", done
    await holds(club, juliet, "loud", "1", "room-balcony")
    await balcony.leave()

    juliet.message(club.domain, "set volume 11")
    await juliet.received(club.domain)
    await holds(club, juliet, "volume", "11")


async def unregisters(gateway, club, juliet, alice):
    assert gateway.stored(juliet.bare)
    done = await juliet.request(club.domain,
                                f"<query xmlns='{REGISTER}'><remove/></query>", "set")
    assert done.type == "result", done
    await juliet.contact_presence(alice, "unsubscribed")
    await juliet.contact_presence(alice, "unavailable")
    refused = await juliet.bounced(club.tell(juliet, "alice", "Still there?"))
    assert refused.error.condition == "registration-required", refused
    roster = await juliet.request(None, "<query xmlns='jabber:iq:roster'/>")
    for item in roster.xml.iter("{jabber:iq:roster}item"):
        assert item.get("subscription") == "none", roster
    assert gateway.stored(juliet.bare) == []


async def test_from_the_first_form_to_the_last_trace(gateway, club, juliet):
    await registers(club, juliet)
    alice = await finds(club, juliet, "Alice Liddell")
    assert alice == club.jid("alice.liddell")
    await adds(club, juliet, alice)
    await talks(club, juliet, alice)
    await edits(club, juliet)
    await unregisters(gateway, club, juliet, alice)
