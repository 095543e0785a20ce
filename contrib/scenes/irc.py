"""A channel on IRC, from both sides: juliet in an XMPP room, romeo on an IRC server."""

import re

from bridged import IRC, NETWORK
from clients.irc import IrcUser
from servers.ngircd import Ngircd

CHANNEL = "#balcony"
ROOM = f"{CHANNEL}%{NETWORK}@{IRC}"


class IrcScene:
    network = "IRC"

    def __init__(self, stage):
        self.stage = stage

    def start(self):
        self.ircd = Ngircd(self.stage.room_for("ngircd")).start()
        return "ngircd", f"is an IRC server on 127.0.0.1, port {self.ircd.port}"

    def configure(self, bridged):
        bridged.network["port"] = self.ircd.port

    async def play(self, out):
        self.out = out
        await self.enter()
        await self.talk()
        await self.talk_in_private()
        await self.change_nick()

    async def enter(self):
        self.romeo = await IrcUser("romeo").connect(self.ircd.port)
        await self.romeo.join(CHANNEL)
        self.romeo.send(f"TOPIC {CHANNEL} :Verona, at night")
        topic = await self.heard(rf"TOPIC {CHANNEL} :(.*)")
        self.out.seen_on_network(f"romeo is in {CHANNEL},")
        self.out.seen_on_network(f"and has set the topic: {topic[1]}")

        self.juliet = await self.stage.user("juliet")
        self.room = await self.juliet.join(ROOM, "juliet")
        joined = await self.heard(r":(\w+)!\S+ JOIN :?(\S+)")
        self.out.to_network("juliet joins the room", f"{joined[1]} has joined {joined[2]}")
        self.out.seen_in_xmpp(ROOM)
        self.out.seen_in_xmpp(f"where she finds {' and '.join(self.room.nicks)},")
        self.out.seen_in_xmpp(f"and the subject: {self.room.subject.subject}")

    async def talk(self):
        await self.from_romeo("But soft, what light ...")
        await self.from_juliet("Ay me!")
        await self.from_romeo("She speaks.")

    async def from_romeo(self, text):
        self.romeo.say(CHANNEL, text)
        message = await self.room.message(text)
        self.out.to_xmpp(f"<{message.nick}> {message.body}", f"romeo: {text}")

    async def from_juliet(self, text):
        self.room.say(text)
        line = await self.heard(rf":(\w+)!\S+ PRIVMSG {CHANNEL} :(.*)")
        await self.room.message(text, self.room.nick)  # her own copy
        self.out.to_network(f"juliet: {text}", f"<{line[1]}> {line[2]}")

    async def talk_in_private(self):
        self.romeo.say("juliet", "Shall I speak at this?")
        message = await self.juliet.expect(
            lambda s: s.name == "message" and s.type == "chat" and s.body, "a private message")
        self.out.to_xmpp(f"[private] {message.body}", "romeo, to juliet alone")
        self.out.seen_in_xmpp(f"from {message.bare},")
        self.juliet.message(message.from_, "What man art thou?")
        line = await self.heard(r":(\w+)!\S+ PRIVMSG romeo :(.*)")
        self.out.to_network("whom she answers", f"[private] <{line[1]}> {line[2]}")

    async def change_nick(self):
        self.room.rename("capulet")
        line = await self.heard(r":(\w+)!\S+ NICK :?(\S+)")
        await self.room.presence("capulet", type=None)
        self.room.nick = "capulet"
        self.out.to_network("juliet takes the nick capulet", f"{line[1]} is now {line[2]}")

    async def heard(self, pattern):
        """What romeo's IRC client receives."""
        return await self.romeo.expect(re.compile(pattern))

    def how_to_take_part(self):
        return [
            f"  /join {ROOM}",
            "",
            "And in an IRC client:",
            "",
            f"  server    127.0.0.1, port {self.ircd.port}, without TLS",
            f"  channel   {CHANNEL}",
            "",
            "romeo and juliet are still there, but have said all that they had to say.",
        ]
