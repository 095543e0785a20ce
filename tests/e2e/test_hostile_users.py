"""Any user of the XMPP server may write what XML parsers disagree about."""

import asyncio

from bridged import ECHO, IRC

NYMPH = f"nymph@{ECHO}"


async def test_attributes_with_a_prefix_forge_nothing(gateway, juliet, romeo, carol, channel):
    """A parser that drops the prefix takes the last of `from` and `x:from`. Their order is
    chance, hence forty of them."""
    await carol.join(channel)
    await juliet.join(channel.jid, "jul")
    await romeo.join(channel.jid, "rom")
    start = gateway.mark()
    for n in range(40):
        forged = (f"<message xmlns:e='urn:evil' e:from='{juliet.jid}' from='{romeo.jid}' "
                  f"e:to='{channel.jid}' e:type='groupchat' e:id='forged' "
                  f"to='{NYMPH}' type='chat' id='real{n}'><body>{n}</body></message>")
        romeo.write(forged)
    for n in range(40):
        assert (await romeo.received(NYMPH)).body == str(n)

    for n in range(40):
        romeo.write(f"<message xmlns:e='urn:evil' e:from='{juliet.jid}' e:type='error' "
                    f"to='{channel.jid}' type='groupchat' id='say{n}'>"
                    f"<body>{n}</body></message>")
    assert await carol.heard(channel, 40) == [("rom", str(n)) for n in range(40)]

    await juliet.barrier(NYMPH)
    assert juliet.take(lambda s: s.name == "message" and s.bare == NYMPH) == []
    assert await gateway.lines(r"component\[.* (WAITING|CLOSING)", start) == []


async def test_unbound_prefixes_do_not_end_the_stream(gateway, juliet, romeo):
    """ejabberd drops root's xmlns:e and forwards the child that needs it."""
    start = gateway.mark()
    for payload in ("<foo e:a='1'/>", "<foo xmlns='urn:x' e:a='1' e:b='2'><bar e:c='3'/></foo>",
                    "<e:foo/>", "<e:foo e:a='1'>text</e:foo>"):
        romeo.write(f"<message xmlns:e='urn:evil' to='{NYMPH}' type='chat'>"
                    f"<body>{len(payload)}</body>{payload}</message>")
        romeo.write(f"<presence xmlns:e='urn:evil' to='{NYMPH}'>{payload}</presence>")
        assert (await romeo.received(NYMPH)).body == str(len(payload))
    juliet.message(NYMPH, "still up")
    await juliet.received(NYMPH, "still up")
    assert await gateway.lines(r"component\[.* (WAITING|CLOSING)", start) == []


async def test_large_deep_and_odd_stanzas_cost_only_themselves(gateway, juliet, romeo):
    """Whatever the servers let through: the gateway answers it or not, and goes on."""
    start = gateway.mark()
    deep = "<x xmlns='urn:deep'>" * 2000 + "</x>" * 2000
    wide = "<x xmlns='urn:wide'>" + "<y/>" * 20000 + "</x>"
    many = "<x xmlns='urn:many' " + " ".join(f"a{n}='1'" for n in range(2000)) + "/>"
    text = "\n" * 100_000
    for payload in (deep, wide, many, f"<body>{text}</body>", "<body/>",
                    "<body xmlns='urn:x'>no</body>",
                    "<!-- comment --><body><![CDATA[<b>]]></body>"):
        if not await survives(romeo, f"<message to='{NYMPH}' type='chat'>{payload}</message>"):
            break
    juliet.message(NYMPH, "still up")
    await juliet.received(NYMPH, "still up")
    assert await gateway.lines(r"component\[.* (WAITING|CLOSING)", start) == []


async def survives(user, text):
    """False when the user's own server has thrown the user out for it."""
    user.write(text)
    ping = asyncio.ensure_future(user.barrier(NYMPH))
    done, _ = await asyncio.wait({ping, user.lost}, return_when=asyncio.FIRST_COMPLETED)
    if ping in done:
        return True
    ping.cancel()
    return False


async def test_addresses_that_are_no_addresses_are_answered(gateway, juliet):
    for local in ("%", "%%", "#", "#%", "a%", "ß", "%irc.localhost", "#a,b%irc.localhost",
                  "a\\20b%irc.localhost", "x" * 1000 + "%irc.localhost", "#ü%irc.localhost",
                  "nick:evil%irc.localhost", "*!*%irc.localhost", "@%irc.localhost"):
        id_ = juliet.message(f"{local}@{IRC}", "hm?")
        answer = await juliet.expect(lambda s: s.id == id_ or s.body is not None, local)
        assert answer.type == "error" or answer.body, local
