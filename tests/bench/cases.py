"""The cases: what gwload is told to do, and which of its figures are shown.

A case is a scenario with arguments; {S} is --seconds. Labels that start with "+"
are of figures where more is better.
"""

CASES = {
    "irc2xmpp": "--scenario irc2xmpp --users 1 --seconds {S} --count 2000000",
    "irc2xmpp_100": "--scenario irc2xmpp --users 1 --seconds {S} --count 0 --rate 100",
    "irc2xmpp_u50": "--scenario irc2xmpp --users 50 --seconds {S} --count 2000000",
    "xmpp2irc": "--scenario xmpp2irc --users 1 --seconds {S} --count 2000000",
    "xmpp2irc_100": "--scenario xmpp2irc --users 1 --seconds {S} --count 0 --rate 100",
    "xmpp2irc_u50": "--scenario xmpp2irc --users 50 --seconds {S} --count 2000000",
    "join2000": "--scenario join --members 2000 --users 5",
    "join10000": "--scenario join --members 10000 --users 5",
    "sessions100": "--scenario sessions --users 100 --seconds {S} --idle 30",
    "sessions900": "--scenario sessions --users 900 --seconds {S} --idle 30",
    "sessions3000": "--scenario sessions --users 3000 --seconds {S} --idle 30",
    "fanout_irc": "--scenario fanout --source irc --users 200 --seconds {S} --count 2000000",
    "fanout_xmpp": "--scenario fanout --source xmpp --users 200 --seconds {S} --count 2000000",
    "stall_irc": "--scenario stall --source irc --users 1 --count 200000 --seconds 30",
    "stall_xmpp": "--scenario stall --source xmpp --users 1 --count 200000 --seconds 30",
}

GROUPS = {
    "quick": ["irc2xmpp", "xmpp2irc", "join10000"],
    "all": list(CASES),
}

_MESSAGES = {
    "saturated.messages_per_s": "+messages/s, saturated",
    "saturated.cpu_us_per_message": "CPU µs/message, saturated",
    "paced.cpu_us_per_message": "CPU µs/message, paced",
    "paced.to_xmpp_p50_us": "latency to XMPP p50 µs, paced",
    "paced.to_xmpp_p99_us": "latency to XMPP p99 µs, paced",
    "paced.to_irc_p50_us": "latency to IRC p50 µs, paced",
    "paced.to_irc_p99_us": "latency to IRC p99 µs, paced",
    "saturated.disk_kB_per_message": "disk written kB/message",
    "memory_saturated.peak_rss_kB": "peak RSS kB, saturated",
}

FIGURES = {
    "irc2xmpp": _MESSAGES,
    "xmpp2irc": _MESSAGES,
    "join": {
        "join.first_presence_ms": "first presence ms",
        "join.complete_ms": "all presences ms",
        "join.cpu_us_per_join": "CPU µs/join",
        "join.cpu_us_per_member": "CPU µs/member",
        "join.private_bytes_per_member": "private bytes/member",
    },
    "sessions": {
        "connect.joined": "+users joined",
        "connect.time_s": "connect storm s",
        "connect.cpu_us_per_user": "CPU µs/connect",
        "connect.private_kB_per_user": "private kB/session",
        "memory_connected.rss_kB": "RSS kB, all connected",
        "idle.cpu_percent": "idle CPU %",
        "paced.cpu_us_per_message": "CPU µs/message amid idle sessions",
        "paced.to_xmpp_p50_us": "latency p50 µs",
        "paced.to_xmpp_p99_us": "latency p99 µs",
        "exit.stop_s": "stop s",
    },
    "fanout": {
        "connect.cpu_us_per_user": "CPU µs/connect",
        "saturated.arrivals_per_s": "+stanzas out/s, saturated",
        "saturated.cpu_us_per_arrival": "CPU µs/stanza out, saturated",
        "paced.cpu_us_per_arrival": "CPU µs/stanza out, paced",
        "paced.to_all_p50_us": "last copy p50 µs, paced",
        "paced.to_all_p99_us": "last copy p99 µs, paced",
        "saturated.disk_kB_per_message": "disk written kB/message in",
    },
    "stall": {
        "stalled.sent": "messages taken while the receiver stalls",
        "stalled.held_back": "sender held back (1 = yes)",
        "drain.refused": "messages answered with an error",
        "stalled.rss_kB_grown": "RSS growth kB",
        "drain.time_s": "drain s",
        "drain.cpu_us_per_message": "CPU µs/message, drain",
        "drain.rss_kB_left": "RSS growth kB after the drain",
    },
}

# Anything above zero in any run is shown under the table.
INTEGRITY = [
    *(f"{phase}.{fault}" for phase in ("saturated", "paced", "drain")
      for fault in ("lost", "duplicates", "reordered")),
    "saturated.refused", "paced.refused",
    "join.incomplete", "errors", "exit.crashed", "exit.killed", "exit.status",
]


def scenario_of(case):
    return CASES[case].split()[1]
