"""Floors beside the gateway: what its work costs when nothing else is done.

  expat  parse captured stanzas with libexpat, and do nothing with them
  http   POST texts to a local server, as the sms transport does
  mail   postfix's smtp-source to its smtp-sink, as the email transport does
"""
import json
import os
import pathlib
import socket
import statistics
import subprocess
import tempfile
import time

from report import row

HERE = pathlib.Path(__file__).resolve().parent
BIN = HERE / "bin"
REQUESTS = 20000
MAILS = 10000
TIMEOUT_S = 120


def cpu_seconds(pid):
    """As the scheduler counts it: /proc/PID/stat has steps of 10 ms."""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def stop(process):
    process.terminate()
    process.wait(10)


def output_of(*command):
    done = subprocess.run(command, check=True, capture_output=True, text=True,
                          timeout=TIMEOUT_S)
    return json.loads(done.stdout)


def table(title, header, rows):
    """`rows`: {first cells: [figures of each run]}; the figures' medians are shown."""
    lines = [f"### {title}", "", row(header), "|---|" + "---:|" * (len(header) - 1)]
    for cells, runs in rows.items():
        medians = [statistics.median(values) for values in zip(*runs)]
        lines.append(row([*map(str, cells), *(f"{m:.4g}" for m in medians)]))
    return "\n".join(lines) + "\n"


def expat(runs):
    peer = HERE / "adapters" / "biboumi-nohist.adapter"
    talk = "--users 50 --count 0 --rate 1000 --seconds 3"
    captures = {
        "room message, user to gateway": (f"--scenario xmpp2irc {talk}", "to-gateway.xml"),
        "room message, gateway to user": (f"--scenario irc2xmpp {talk}", "from-gateway.xml"),
        "presence, gateway to user": ("--scenario join --members 5000", "from-gateway.xml"),
    }
    rows = {}
    for stanza, (scenario, file) in captures.items():
        with tempfile.TemporaryDirectory() as directory:
            subprocess.run([BIN / "gwload", "--adapter", peer, *scenario.split(),
                            "--dump", directory], check=True, stdout=subprocess.DEVNULL)
            for _ in range(runs):
                r = output_of(BIN / "expat", f"{directory}/{file}")
                rows.setdefault((stanza,), []).append(
                    [r["bytes_per_stanza"], r["null_us"], r["handlers_us"], r["single_us"]])
    return table("expat", ["stanza", "bytes", "no handlers µs", "handlers µs",
                           "fed one by one µs"], rows)


def http(runs):
    rows = {}
    server = subprocess.Popen([BIN / "http_server"], stdout=subprocess.PIPE, text=True)
    port = server.stdout.readline().strip()
    try:
        for _ in range(runs):
            for mode in ("raw", "curl"):
                for connections in (1, 10, 50):
                    before = cpu_seconds(server.pid)
                    r = output_of(BIN / "http_client", port, mode, str(connections),
                                  str(REQUESTS))
                    served = (cpu_seconds(server.pid) - before) * 1e6 / REQUESTS
                    rows.setdefault((mode, connections), []).append(
                        [r["requests_per_s"], r["cpu_us_per_request"], served, r["p50_us"],
                         r["p99_us"]])
    finally:
        stop(server)
    return table("http", ["client", "connections", "POSTs/s", "client CPU µs",
                          "server CPU µs", "p50 µs", "p99 µs"], rows)


def start_sink():
    """A mail server that takes everything, and its port."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    sink = subprocess.Popen(
        ["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "1000"])
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return sink, port
        except OSError:
            time.sleep(0.02)
    stop(sink)
    raise SystemExit("smtp-sink did not start")


def send_mails(sessions, keep):
    sink, port = start_sink()
    try:
        before = cpu_seconds(sink.pid)
        start = time.monotonic()
        source = subprocess.Popen(
            ["/usr/sbin/smtp-source", "-s", str(sessions), "-m", str(MAILS), "-l", "1024",
             "-f", "a@gw.test", "-t", "b@example.test", *(["-d"] if keep else []),
             f"127.0.0.1:{port}"])
        _, source.returncode, used = os.wait4(source.pid, 0)
        if source.returncode:
            raise SystemExit("smtp-source failed")
        seconds = time.monotonic() - start
        return [MAILS / seconds, (used.ru_utime + used.ru_stime) * 1e6 / MAILS,
                (cpu_seconds(sink.pid) - before) * 1e6 / MAILS]
    finally:
        stop(sink)


def mail(runs):
    rows = {}
    for _ in range(runs):
        for sessions in (1, 5):
            for keep in (False, True):
                connection = "kept" if keep else "new for each mail"
                rows.setdefault((sessions, connection), []).append(send_mails(sessions, keep))
    return table("mail", ["sessions", "connection", "mails/s", "source CPU µs",
                          "sink CPU µs"], rows)


# What measures it, and what it needs besides the libraries.
FLOORS = {
    "expat": (expat, []),
    "http": (http, []),
    "mail": (mail, ["postfix"]),
}

LIBRARIES = ["libexpat1-dev", "libcurl4-openssl-dev"]


def packages(names):
    return LIBRARIES + [package for name in names for package in FLOORS[name][1]]


def run(name, runs):
    return FLOORS[name][0](runs)
