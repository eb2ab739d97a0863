"""A storm of bad connections: every way that we know of to begin one and not to end it well.

    storm = Storm(server.addresses, server.certificate)
    storm.run(1500)     # the kinds in turn, on each address; some are held until they are cut
    storm.left_open     # how many of those it has not cut in time, by kind
    storm.refused       # how many were not let in: expected if the server is killed meanwhile

KINDS is the table. A kind is what is sent, and how the client leaves then. Footprint says what a
storm may not change: descriptors, private memory and the processor time of an idle server.
"""
import collections
import os
import random
import re
import resource
import select
import socket
import ssl
import struct
import time

from client import format_request, open_socket, tls_context
from senders import github_headers

STAYS, CLOSES, RESETS, HALVES, DEAF = "stays", "closes", "resets", "halves", "deaf"
Kind = collections.namedtuple("Kind", "name data leaves")

HEAD = b"POST /hook HTTP/1.1\r\nHost: a\r\n"
# the right form, so that the body is waited for, and the wrong signature
SIGNED = (HEAD
          + (b"Content-Type: application/json\r\nX-GitHub-Event: push\r\nX-GitHub-Delivery: d\r\n"
             b"X-Hub-Signature-256: sha256=" + b"0" * 64 + b"\r\n"))
CHUNKED = SIGNED + b"Transfer-Encoding: chunked\r\n\r\n"
ENDED = CHUNKED + b"2\r\n{}\r\n0\r\n"


def sized(length, body=b"", *lines):
    return SIGNED + b"".join(line + b"\r\n" for line in (b"Content-Length: %d" % length,
                                                         *lines)) + b"\r\n" + body


def target(text):
    return b"POST /hook" + text + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"


def accepted():
    return format_request("POST", "/hook", b"{}", github_headers(b"{}"))


def full(before):
    """Fills a buffer of the server's; where it ends in it is left to chance."""
    return lambda: before + b"e" * random.randrange(9000, 31000)


def hello():
    """A ClientHello, always the same."""
    if not HELLO:
        outgoing = ssl.MemoryBIO()
        session = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing,
                                                        server_hostname="localhost")
        try:
            session.do_handshake()
        except ssl.SSLWantReadError:
            HELLO.append(outgoing.read())
    return HELLO[0]


HELLO = []


EACH_END = (STAYS, CLOSES, RESETS, HALVES)
WHAT = [  # name, bytes, how the client leaves
    ("nothing", b"", EACH_END),
    ("half a request line", b"POST /ho", EACH_END),
    ("half a head", HEAD + b"X: y", EACH_END),
    ("20,000 empty lines", b"\r\n" * 20000, (STAYS,)),
    ("a header without end", full(HEAD + b"X: "), EACH_END),
    ("a header of 40 KiB", HEAD + b"X: " + b"x" * 40000, (STAYS, CLOSES)),
    ("a target of 40 KiB", target(b"/" + b"x" * 40000), (STAYS,)),
    ("500 headers", HEAD + b"X: y\r\n" * 500 + b"\r\n", (STAYS,)),
    ("1,000 cookies", HEAD + b"Cookie: " + b"a=b; " * 1000 + b"\r\n\r\n", (STAYS,)),
    ("500 parameters", target(b"?" + b"&".join([b"a=b"] * 500)), EACH_END),
    ("1,300 parameters", target(b"?" + b"&".join([b"a"] * 1300)), EACH_END),
    ("1,300 parameters behind NUL", target(b"\0?" + b"&".join([b"a"] * 1300)), EACH_END),
    ("a line that begins with NUL", HEAD + b"\0: x\r\n\r\n" + HEAD, (STAYS,)),
    ("no HTTP", b"\0\xff\r\n" * 500, (STAYS, CLOSES)),
    ("a length, and no body", sized(1000), EACH_END),
    ("half a body", sized(1 << 20, b"x" * 900), EACH_END),
    ("much of a body", sized(1 << 20, b"x" * 70000), (CLOSES, RESETS, HALVES)),
    ("half a body that was asked for", sized(1000, b"x" * 500, b"Expect: 100-continue"), EACH_END),
    ("more body than is taken", sized(1 << 21, b"x" * 3000), (STAYS, RESETS)),
    ("a chunk's extension without end", full(CHUNKED + b"1;"), EACH_END),
    ("a later one", full(CHUNKED + b"2\r\n{}\r\n1;"), EACH_END),
    ("a chunk's extension of 30 KB", CHUNKED + b"1;" + b"e" * 30000, EACH_END),
    ("a chunk's size of 30,000 digits", CHUNKED + b"0" * 30000, (STAYS,)),
    ("half a chunk", CHUNKED + b"400\r\nxx", EACH_END),
    ("chunks without end", CHUNKED + (b"400\r\n" + b"x" * 1024 + b"\r\n") * 100,
     (CLOSES, RESETS, HALVES)),
    ("a chunk's size that is none", CHUNKED + b"-5\r\nhello", (STAYS,)),
    ("half a trailer", ENDED + b"X: y", EACH_END),
    ("a trailer without end", full(ENDED + b"X: "), EACH_END),
    ("2,000 trailers", ENDED + b"X: y\r\n" * 2000, (STAYS,)),
    ("a request, and a bit of the next", lambda: accepted() + b"POS", EACH_END),
    ("a request, and half the next", lambda: accepted() + HEAD + b"X: y", EACH_END),
    ("a request, nobody waits for the answer", accepted, (CLOSES, RESETS, HALVES)),
    ("a refused one, and more and more", target(b"/none") + b"x" * 100000, (STAYS, RESETS)),
    ("requests, and no answer is read", target(b"/none") + sized(2, b"{}") * 3000, (DEAF,)),
]
WHAT_TLS = [  # before the handshake is over
    ("half a ClientHello", lambda: hello()[:200], EACH_END),
    ("a ClientHello", hello, EACH_END),
    ("a ClientHello, and no TLS then", lambda: hello() + b"x" * 2000, (STAYS,)),
    ("HTTP in the clear", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", (STAYS,)),
    ("a record that is announced", b"\x16\x03\x01\x40\x00" + b"\0" * 100, EACH_END),
    ("16 KiB of 0xff", b"\xff" * 16384, (STAYS,)),
]


def kinds(rows):
    return [Kind(f"{name}, {leaves}", data, leaves) for name, data, ways in rows for leaves in ways]


KINDS, KINDS_TLS = kinds(WHAT), kinds(WHAT_TLS)


class Storm:
    """`patience`: how long after the last of a batch has been opened the server may take to cut
    those that stay."""

    def __init__(self, addresses, certificate=None, patience=8, batch=2000, only=None):
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        self.certificate, self.patience, self.batch = certificate, patience, batch
        self.sent, self.refused, self.left_open = (collections.Counter() for _ in range(3))
        self.plan = [(address, kind, True) for address in addresses for kind in KINDS]
        self.plan += [(address, kind, False) for address in addresses
                      if address.startswith("https:") for kind in KINDS_TLS]
        self.plan = [row for row in self.plan if not only or re.search(only, row[1].name)]

    def run(self, count):
        done = 0
        while done < count:
            held = [self.send(*self.plan[number % len(self.plan)])
                    for number in range(done, min(done + self.batch, count))]
            done += self.batch
            self.wait({stays.fileno(): (stays, name) for stays, name in filter(None, held)})

    def open(self, address, kind, handshake):
        """None where there is no server at the moment, or one that does not take connections."""
        client = None
        try:
            client = open_socket(address, 10, receive_buffer=1024 if kind.leaves == DEAF else None)
            if handshake and address.startswith("https:"):
                return tls_context(self.certificate).wrap_socket(client,
                                                                 server_hostname="localhost")
            return client
        except OSError:
            if client:
                client.close()
            self.refused[kind.name] += 1
            return None

    def send(self, address, kind, handshake):
        """Opens one and sends; returns it where it is to be held."""
        self.sent[kind.name] += 1
        client = self.open(address, kind, handshake)
        if not client:
            return None
        try:
            client.settimeout(0.02 if kind.leaves == DEAF else 2)
            client.sendall(kind.data() if callable(kind.data) else kind.data)
        except OSError:  # refused before all was sent, or nobody reads
            pass
        if kind.leaves == RESETS:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if kind.leaves == HALVES:
            try:
                client.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        if kind.leaves in (CLOSES, RESETS):
            client.close()
            return None
        return client, kind.name

    def wait(self, held):
        """Until the server has closed them all, or patience is over; then they are closed here."""
        deaf = [held.pop(descriptor)[0] for descriptor in list(held) if DEAF in held[descriptor][1]]
        poll = select.poll()
        for descriptor in held:
            poll.register(descriptor, select.POLLIN)
        deadline = time.monotonic() + self.patience
        while held and time.monotonic() < deadline:
            for descriptor, _ in poll.poll(100):
                if self.has_ended(descriptor):
                    poll.unregister(descriptor)
                    held.pop(descriptor)[0].close()
        for client, name in held.values():
            self.left_open[name] += 1
            client.close()
        for client in deaf:  # who do not notice
            client.close()

    @staticmethod
    def has_ended(descriptor):
        try:
            return os.read(descriptor, 65536) == b""  # of a session too: only its end is looked for
        except BlockingIOError:
            return False
        except OSError:
            return True


Footprint = collections.namedtuple("Footprint", "descriptors private_kib idle_share")


def footprint(pids, seconds=1.0):
    """Of all `pids` together; the share of a core is measured over `seconds`."""
    def ticks():
        total = 0
        for pid in pids:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total

    def private(pid):
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return sum(int(size) for size in re.findall(r"^Private_\w+:\s+(\d+) kB", file.read(),
                                                        re.M))

    begun, before = time.monotonic(), ticks()
    time.sleep(seconds)
    share = (ticks() - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - begun)
    return Footprint(sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids),
                     sum(map(private, pids)), share)
