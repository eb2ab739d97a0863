"""What all framing cases have in common: bytes that no honest client sends, and a server that is
unmoved by them."""
import re
import time

from harness import PATIENCE, Server, ensure, expect, ledger, route
from senders import github_headers

BODY = b'{"second":true}'
TOKEN = "a token of some length"


PIECES = [b"\r\n", b"\n", b"\0", b": ", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n",
          b"0\r\n\r\n", b" ", b"\t", b"HTTP/1.0", b"\xff", b"%00", b"..",
          b"Expect: 100-continue\r\n", b"X" * 5000, b"\r\n\r\n"]


def mutate(rng, data):
    """One to six small damages."""
    for _ in range(rng.randint(1, 6)):
        at, end = rng.randrange(len(data)), rng.randrange(len(data))
        kind = rng.randrange(4)
        if kind == 0:
            data = data[:at] + rng.choice(PIECES) + data[at:]
        elif kind == 1:
            data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1:]
        elif kind == 2:
            data = data[:at] + data[min(len(data) - 1, at + rng.randrange(40)):]
        else:
            data = data[:at] + data[min(at, end):max(at, end)] + data[at:]
    return data


def signed_request(path="/other", body=BODY):
    """A complete, valid request: what an attacker would smuggle."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in github_headers(body).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def head(*lines, first="POST /hook HTTP/1.1", host="Host: localhost"):
    """A head with the given header lines (bytes or text)."""
    signed = [f"{name}: {value}" for name, value in github_headers(b"hello").items()]
    parts = [first, *([host] if host else []), *signed, *lines]
    return b"\r\n".join(p if isinstance(p, bytes) else p.encode("latin-1")
                        for p in parts) + b"\r\n\r\n"


class Framing:
    """A server with two routes; cases are sent in turn, each on a connection of its own."""

    def __init__(self, **options):
        self.cases = 0
        self.server = Server([route(content="raw", max_body="64KiB", actions=[ledger()], **options),
                              route("other", actions=[ledger()])],
                             plain=True, server={"header_timeout": "5s", "body_timeout": "5s"})

    def __enter__(self):
        self.server.__enter__()
        return self

    def refused(self, name, data, statuses=(400,), seconds=1.5, silent=False):
        """One refusal (MHD may repeat its head), the connection closed, no second request handled.
        `silent`: closing without an answer is right too."""
        self.cases += 1
        begun = time.monotonic()
        with self.server.raw(timeout=seconds * PATIENCE) as raw:
            try:
                raw.send(data)
            except ConnectionError:
                pass  # refused before all was sent
            try:
                said = raw.read_all()
            except TimeoutError:
                ensure(False, f"{name}: not closed after {seconds} s, said {raw.buffer[:200]!r}")
        got = [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3})", said)]
        ensure(got or silent,
               f"{name}: closed without an answer after {time.monotonic() - begun:.2f} s")
        ensure(set(got) <= set(statuses), f"{name}: answered {got}, want {statuses}")
        ensure(len(set(got)) <= 1, f"{name}: more than one answer: {got}")

    def __exit__(self, kind, value, trace):
        if kind is None:
            expect(self.server.count(), 0, "events in the journal after all refusals")
            expect(self.server.post("/hook", b"{}").status, 202, "the next honest request")
            self.server.wait_settled()
            expect(len(self.server.ledger()), 1, "what has run")
            print(f"{self.cases} forms refused, closed, nothing journalled, nothing run")
        return self.server.__exit__(kind, value, trace)
